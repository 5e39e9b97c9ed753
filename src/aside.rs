//! Runs work that blocks or takes long on other threads, so that no task waits for it.

use std::any::Any;
use std::io;
use std::panic::resume_unwind;
use std::thread;

use thiserror::Error;
use tokio::task::spawn_blocking;

/// Runs work that may block or take long on a thread for it. Work that has begun is finished, even if nobody waits for
/// it any more.
///
/// # Errors
/// The work panicked, or the runtime is ending.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BrokenOff> {
    // One type for all work, so that tokio's code for a task is not compiled anew for each.
    let work: Box<dyn FnOnce() -> Box<dyn Any + Send> + Send> = Box::new(|| Box::new(work()));
    match spawn_blocking(work).await {
        Ok(done) => Ok(*done.downcast().expect("it is what the work returned")),
        Err(error) => Err(BrokenOff(error.try_into_panic().ok())),
    }
}

/// As [`aside`], for work that takes much memory for a while: on a thread that ends with it, as a thread that lives on keeps
/// much of what it has freed.
///
/// # Errors
/// The system starts no more threads; or, later, as [`aside`].
pub(crate) fn aside_alone<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<impl Future<Output = Result<T, BrokenOff>>> {
    let worker = thread::Builder::new().spawn(work)?;
    Ok(async {
        let done = aside(|| worker.join()).await?;
        done.map_err(|panic| BrokenOff(Some(panic)))
    })
}

/// What is said of work that was not finished.
pub(crate) const INTERRUPTED: &str = "the work was interrupted";

/// Work that was not finished, and its panic if it had one. The message of that is not repeated, as it may contain a secret.
#[derive(Debug, Error)]
#[error("{}", INTERRUPTED)]
pub(crate) struct BrokenOff(Option<Box<dyn Any + Send>>);

impl BrokenOff {
    /// Continues the panic of the work, for callers that cannot go on without its result.
    pub(crate) async fn resume<T>(self) -> T {
        match self.0 {
            Some(panic) => resume_unwind(panic),
            // Only a runtime that is ending cancels the work, and then it also ends the task that waits here.
            None => std::future::pending().await,
        }
    }
}
