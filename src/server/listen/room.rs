//! Which connections make room while a listener has all that it may have: those that wait for their peer, and on which nothing
//! or too little happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How many bytes must have come or gone in the shortest [time](Awaited::look_after): less than one packet, and a third of what a
/// modem sends.
const LEAST_BYTES: u64 = 512;

/// How many bytes of a response must have gone in its time: as many as at that pace.
const LEAST_READ: u64 = 12 * LEAST_BYTES;

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
    /// it. `awaited` is None while the connection is at work. Connections of different peers' ports wait for different times, so
    /// that not all of them make room for a single new one.
    pub(super) async fn until_in_the_way(&self, peer: SocketAddr, awaited: impl Fn() -> Option<Awaited>) {
        let more = Duration::from_millis(u64::from(peer.port() % 256));
        let mut is_full = self.is_full.subscribe();
        // The sender is a field of `self`, so it is not dropped.
        while is_full.wait_for(|is_full| *is_full).await.is_ok() {
            let before = awaited();
            sleep(before.map_or(SHORTEST, Awaited::look_after) + more).await;
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
    /// More of a body, or that it closes.
    Bytes(Progress),
    /// More of its TLS handshake.
    Handshake(Progress),
    /// That it reads a response.
    Reading(Progress),
}

/// How far something has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// How many of the connection's calls, or steps of them, are done.
    pub(super) done: u64,
    /// How many bytes have come and gone.
    pub(super) bytes: u64,
}

impl Progress {
    fn has_stalled_since(self, before: Self, least: u64) -> bool {
        self.done == before.done && self.bytes.saturating_sub(before.bytes) < least
    }
}

/// The shortest time after which it is looked at what has happened.
const SHORTEST: Duration = Duration::from_millis(250);

impl Awaited {
    /// After how much time it is looked at how far it has come, while the listener is full.
    pub(super) fn look_after(self) -> Duration {
        match self {
            Self::Call(_) | Self::Bytes(_) => SHORTEST,
            // The peer may have to compute.
            Self::Handshake(_) => Duration::from_secs(1),
            // Systems tell that a peer has read something when it has read tens of KiB.
            Self::Reading(_) => Duration::from_secs(3),
        }
    }

    /// Whether less has come since `before` than must come in that time.
    pub(super) fn has_stalled_since(self, before: Self) -> bool {
        match (before, self) {
            (Self::Call(before), Self::Call(now)) => before == now,
            (Self::Bytes(before), Self::Bytes(now)) | (Self::Handshake(before), Self::Handshake(now)) => {
                now.has_stalled_since(before, LEAST_BYTES)
            }
            (Self::Reading(before), Self::Reading(now)) => now.has_stalled_since(before, LEAST_READ),
            (Self::Call(_) | Self::Bytes(_) | Self::Handshake(_) | Self::Reading(_), _) => false,
        }
    }
}
