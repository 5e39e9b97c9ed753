//! The signal to stop serving, and who gives it.

use tokio::sync::watch;

/// The hand on the brake: [`Stopper::stop`], or dropping it, fires every [`Stop`] that belongs to it.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// A stopper that has not fired.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// A signal that fires when this stopper does.
    pub(crate) fn signal(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// Fires.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// The signal to stop serving.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves once the signal has fired.
    pub(crate) async fn stopped(&mut self) {
        // An error means that the stopper is gone, which is a stop as well.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Whether the signal has fired.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
