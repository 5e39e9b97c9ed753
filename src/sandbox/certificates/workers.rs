//! Runs work of the CA that may take long, such as RSA signatures and long CRLs, on threads of its own: no other call
//! waits for it. Few of these threads run at a time, so many requests need neither many threads nor much memory.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use crate::aside::aside;
use crate::ca::CaError;

/// A limited number of threads for such work: as many as there are processors, and at least two.
#[derive(Debug)]
pub(super) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors.max(2))))
    }

    /// Waits for a free worker, then does the work. Work that has begun is finished, even if nobody waits for it any more.
    ///
    /// # Errors
    /// The work panicked, or the emulator is stopping.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, CaError> {
        let worker = self.0.clone().acquire_owned().await.map_err(|_| CaError::Interrupted)?;
        aside(move || {
            let _worker = worker;
            work()
        })
        .await
        .map_err(|_| CaError::Interrupted)
    }

    /// Takes all workers, so that no work begins until the result is dropped.
    #[cfg(test)]
    pub(super) fn hold_all(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.hold_all_but(0)
    }

    /// Takes all workers except `left` of them, until the result is dropped.
    #[cfg(test)]
    pub(super) fn hold_all_but(&self, left: usize) -> tokio::sync::OwnedSemaphorePermit {
        let held = self.free() - left;
        self.0
            .clone()
            .try_acquire_many_owned(held as u32)
            .expect("nobody works")
    }

    /// How many workers are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.0.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn few_work_at_a_time_also_when_nobody_waits_for_them() {
        let workers = Arc::new(Workers::new());
        let most = workers.0.available_permits();
        let (at_work, highest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (workers, at_work, highest) = (workers.clone(), at_work.clone(), highest.clone());
                tokio::spawn(async move {
                    workers
                        .run(move || {
                            highest.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::thread::sleep(Duration::from_millis(5));
                            at_work.fetch_sub(1, Ordering::SeqCst);
                        })
                        .await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(12)).await;
        // Some of them go away in the middle of it.
        for caller in &callers[..25] {
            caller.abort();
        }
        for caller in callers {
            let _ = caller.await;
        }
        assert!(highest.load(Ordering::SeqCst) <= most, "{highest:?}");
        assert!(matches!(
            workers.run(|| panic!("on purpose")).await,
            Err::<(), _>(CaError::Interrupted)
        ));
        assert_eq!(workers.run(|| 7).await.unwrap(), 7);
    }
}
