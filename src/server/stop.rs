//! The signal to stop serving, with a sender ([`Stopper`]) and any number of receivers ([`Stop`]).

use tokio::sync::watch;

/// Sends the signal: [`Stopper::stop`] or dropping it stops every [`Stop`] that was made by it.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// A stopper that has not sent the signal yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// A receiver of the signal.
    pub(crate) fn signal(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// Sends the signal.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Receives the signal to stop serving.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits for the signal.
    pub(crate) async fn stopped(&mut self) {
        // An error means that the stopper was dropped, which is a stop as well.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Whether the signal was sent.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
