//! Which connections make room while a listener has all that it may have: those that wait for their peer, and on which nothing
//! happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How long nothing may happen on a connection that waits for its peer, while the listener is full.
pub(super) const SILENCE: Duration = Duration::from_millis(250);

/// The same for a TLS handshake, in which a peer may have to compute.
pub(super) const SILENCE_IN_HANDSHAKE: Duration = Duration::from_secs(1);

/// Whether a listener has room for another connection.
#[derive(Default)]
pub(super) struct Room {
    is_full: watch::Sender<bool>,
}

impl Room {
    pub(super) fn note_whether_full(&self, is_full: bool) {
        self.is_full
            .send_if_modified(|known| std::mem::replace(known, is_full) != is_full);
    }

    /// Waits until a connection should be closed to make room, because it waits for its peer and nothing has happened on it
    /// for `silence`. `awaited` changes with what happens; it is None while the connection is at work. Connections of
    /// different peers' ports wait for different times, so that not all of them make room for a single new one.
    pub(super) async fn until_in_the_way<A: PartialEq>(
        &self,
        peer: SocketAddr,
        silence: Duration,
        awaited: impl Fn() -> Option<A>,
    ) {
        let silence = silence + Duration::from_millis(u64::from(peer.port() % 256));
        let mut is_full = self.is_full.subscribe();
        // The sender is a field of `self`, so it is not dropped.
        while is_full.wait_for(|is_full| *is_full).await.is_ok() {
            let before = awaited();
            sleep(silence).await;
            if *is_full.borrow() && before.is_some() && awaited() == before {
                return;
            }
        }
    }
}
