//! Locks a mutex, also one that a thread held while it panicked.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex. Nothing that runs under a lock panics by design, nor leaves its data half changed: should a thread panic
/// that holds it, the data is still the best there is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
