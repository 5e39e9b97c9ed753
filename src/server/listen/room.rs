//! Which connections make room while a listener has all that it may have: those that wait for their peer, and on which nothing
//! or too little happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// After how much time it is looked at what has happened on a connection that waits for its peer, while the listener is full.
pub(super) const LOOK_AFTER: Duration = Duration::from_millis(250);

/// The same for a TLS handshake, in which a peer may have to compute.
pub(super) const LOOK_AFTER_IN_HANDSHAKE: Duration = Duration::from_secs(1);

/// How many bytes must have come or gone by then: less than one packet, and a third of what a modem sends in that time.
const LEAST_BYTES: u64 = 512;

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

    /// Waits until a connection should be closed to make room, because it waits for its peer and too little has happened on
    /// it for `time`. `awaited` is None while the connection is at work. Connections of different peers' ports wait for
    /// different times, so that not all of them make room for a single new one.
    pub(super) async fn until_in_the_way(
        &self,
        peer: SocketAddr,
        time: Duration,
        awaited: impl Fn() -> Option<Awaited>,
    ) {
        let time = time + Duration::from_millis(u64::from(peer.port() % 256));
        let mut is_full = self.is_full.subscribe();
        // The sender is a field of `self`, so it is not dropped.
        while is_full.wait_for(|is_full| *is_full).await.is_ok() {
            let before = awaited();
            sleep(time).await;
            if *is_full.borrow()
                && let (Some(before), Some(now)) = (before, awaited())
                && now.has_stalled_since(before)
            {
                return;
            }
        }
    }
}

/// What of its peer a connection waits for, and how far that has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Awaited {
    /// The whole head of its next call; the number is that of its calls so far.
    Call(u64),
    /// Anything else: more of a body, that it reads the response, or that it closes.
    Bytes {
        /// How many of its calls, or steps of them, are done.
        done: u64,
        /// How many bytes have come and gone.
        bytes: u64,
    },
}

impl Awaited {
    /// Whether less has come since `before` than must come in that time.
    pub(super) fn has_stalled_since(self, before: Self) -> bool {
        match (before, self) {
            (Self::Call(before), Self::Call(now)) => before == now,
            (
                Self::Bytes { done, bytes },
                Self::Bytes {
                    done: now_done,
                    bytes: now,
                },
            ) => done == now_done && now.saturating_sub(bytes) < LEAST_BYTES,
            (Self::Call(_), Self::Bytes { .. }) | (Self::Bytes { .. }, Self::Call(_)) => false,
        }
    }
}
