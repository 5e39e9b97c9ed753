//! Runs work that blocks or takes long on other threads, so that no task waits for it.

use std::panic::resume_unwind;

use thiserror::Error;
use tokio::task::{JoinError, spawn_blocking};

/// Runs work that may block or take long on a thread for it. Work that has begun is finished, even if nobody waits for
/// it any more.
///
/// # Errors
/// The work panicked, or the runtime is ending.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BrokenOff> {
    spawn_blocking(work).await.map_err(BrokenOff)
}

/// Work that was not finished. The message of its panic is not repeated, as it may contain a secret.
#[derive(Debug, Error)]
#[error("the work was interrupted")]
pub(crate) struct BrokenOff(JoinError);

impl BrokenOff {
    /// Continues the panic of the work, for callers that cannot go on without its result.
    pub(crate) async fn resume<T>(self) -> T {
        match self.0.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only a runtime that is ending cancels the work, and then it also ends the task that waits here.
            Err(_) => std::future::pending().await,
        }
    }
}
