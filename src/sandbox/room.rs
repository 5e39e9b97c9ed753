//! Memory that all sandboxes of an emulator share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that the calls in all journals of an emulator take, and may take.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: usize,
    taken: AtomicUsize,
}

impl Room {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            taken: AtomicUsize::new(0),
        }
    }

    pub(super) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn is_overfull(&self) -> bool {
        self.taken() > self.bytes
    }

    /// How many bytes are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}
