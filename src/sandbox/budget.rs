//! Budgets of memory, which all sandboxes of an emulator share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::api::order::book::{BookFull, CountedMemory};

/// A limit of bytes for one kind of data, shared by all sandboxes, and how many are in use.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: usize,
    taken: AtomicUsize,
    /// Whether something was refused since the last time that this was asked.
    has_refused: AtomicBool,
}

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            taken: AtomicUsize::new(0),
            has_refused: AtomicBool::new(false),
        }
    }

    /// Whether something was refused since the last time that this was asked.
    pub(super) fn take_refused(&self) -> bool {
        self.has_refused.load(Ordering::Relaxed) && self.has_refused.swap(false, Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.taken() > self.bytes
    }

    /// How many bytes are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl CountedMemory for Budget {
    fn check(&self, bytes: usize) -> Result<(), BookFull> {
        // What needs nothing is not refused, not even where more is taken than there is.
        if bytes == 0 || self.taken().saturating_add(bytes) <= self.bytes {
            return Ok(());
        }
        self.has_refused.store(true, Ordering::Relaxed);
        Err(BookFull::Memory { bytes: self.bytes })
    }
}

/// What somebody takes of a budget. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    taken: usize,
}

impl Share {
    /// Nothing yet, of that budget.
    pub(super) fn of(budget: Arc<Budget>) -> Self {
        Self { budget, taken: 0 }
    }

    /// How many bytes it takes.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes so many bytes instead of those that it takes, and returns whether the budget is exceeded with them.
    pub(super) fn set(&mut self, bytes: usize) -> bool {
        let before = std::mem::replace(&mut self.taken, bytes);
        match bytes.checked_sub(before) {
            Some(more) => self.budget.take(more),
            None => self.budget.give_back(before - bytes),
        }
        self.budget.is_exceeded()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}
