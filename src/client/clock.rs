//! The clock of a sandbox.

use std::time::Duration;

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::clock::Timestamp;
use crate::model::clock::{ClockInfo, ClockSetting, ClockStep};
use crate::model::next::{DueFilter, DueList};
use crate::model::when::Span;

/// The clock of a sandbox; see [`Control::clock`].
///
/// ```
/// # use sectigo_emulator::{Emulator, control::days};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = Emulator::start().await?;
/// let before = emulator.control().clock().show().await?;
/// let after = emulator.control().clock().advance(days(400)).await?;
/// assert!(after.now.since(before.now) >= days(400));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock<'c>(pub(super) &'c Control);

impl Clock<'_> {
    /// What it shows.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn show(self) -> Result<ClockInfo, ControlError> {
        self.0.remote().get(&self.0.at("/clock")).await
    }

    /// Sets it; one that stands still stands there then.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn set(self, now: Timestamp) -> Result<ClockInfo, ControlError> {
        self.put(Some(now), None).await
    }

    /// Lets it stand still.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn freeze(self) -> Result<ClockInfo, ControlError> {
        self.put(None, Some(true)).await
    }

    /// Lets it stand still at a time.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn freeze_at(self, now: Timestamp) -> Result<ClockInfo, ControlError> {
        self.put(Some(now), Some(true)).await
    }

    /// Lets it go on from where it stands.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn unfreeze(self) -> Result<ClockInfo, ControlError> {
        self.put(None, Some(false)).await
    }

    /// Moves it on: being-issued orders come due, issued ones expire, call limits roll.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn advance(self, by: Duration) -> Result<ClockInfo, ControlError> {
        let step = ClockStep { by: Span(by) };
        let path = self.0.at("/clock/advance");
        self.0.remote().send(Method::POST, &path, &step).await
    }

    /// What comes due or expires next, the soonest first, at most so many of it (1 to 1000).
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let control = emulator.control();
    /// let next = control.clock().due(1).await?.events.remove(0);
    /// assert!(control.clock().set(next.time).await?.now >= next.time);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn due(self, limit: usize) -> Result<DueList, ControlError> {
        let filter = DueFilter { limit: Some(limit) };
        let path = self.0.at(&format!("/clock/due{}", filter.query()));
        self.0.remote().get(&path).await
    }

    async fn put(self, now: Option<Timestamp>, frozen: Option<bool>) -> Result<ClockInfo, ControlError> {
        let setting = ClockSetting { now, frozen };
        self.0.remote().send(Method::PUT, &self.0.at("/clock"), &setting).await
    }
}
