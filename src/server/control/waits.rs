//! Requests that wait for something to happen: they may hold some of the listener's connections, but not all.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Problem;

/// The turns of requests that wait. Each is held until the wait ends.
#[derive(Clone, Debug)]
pub(crate) struct WaitTurns(Arc<Semaphore>);

impl WaitTurns {
    /// Turns for half of so many connections, so that the other half answers what needs no wait.
    pub(crate) fn of_half(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new((connections / 2).max(1))))
    }

    /// Takes a turn.
    ///
    /// # Errors
    /// All turns are taken.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.0.clone().try_acquire_owned().map_err(|_| {
            Problem::busy(
                "Half of the connections that this listener may have (ulimit -n) wait or stream already, and the others \
                 are kept for requests that do not: ask without waiting, close a stream that nobody needs, or ask again.",
            )
            .closing()
        })
    }
}
