//! Work that may block: it is done where no other task waits for it.

use std::panic::resume_unwind;

use thiserror::Error;
use tokio::task::{JoinError, spawn_blocking};

/// Does what may block, or take long, on a thread of its own. Work that has begun is done to its end, even if nobody
/// waits for it any more.
///
/// # Errors
/// The work panicked, or the runtime ends.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BrokenOff> {
    spawn_blocking(work).await.map_err(BrokenOff)
}

/// Work that did not come to its end. What it said when it panicked is not repeated: it may hold a secret.
#[derive(Debug, Error)]
#[error("the work broke off")]
pub(crate) struct BrokenOff(JoinError);

impl BrokenOff {
    /// Goes on with the panic of the work, for those who can do nothing without what it makes.
    pub(crate) async fn resume<T>(self) -> T {
        match self.0.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only a runtime that ends cancels the work, and it ends whoever waits here as well.
            Err(_) => std::future::pending().await,
        }
    }
}
