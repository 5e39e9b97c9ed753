//! The clock of a sandbox.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::time::{self, span};
use crate::clock::Timestamp;

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

/// What a clock shows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct ClockInfo {
    /// The sandbox's present.
    #[serde(deserialize_with = "time::read")]
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// The emulator's own present.
    #[serde(deserialize_with = "time::read")]
    pub real_now: Timestamp,
}

impl Clock<'_> {
    /// Looks at it.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn show(self) -> Result<ClockInfo, ControlError> {
        self.0.remote().get(&self.0.at("/clock")).await
    }

    /// Sets it; one that stands still stands there then.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn set(self, now: Timestamp) -> Result<ClockInfo, ControlError> {
        self.put(json!({"now": now.to_string()})).await
    }

    /// Lets it stand still.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn freeze(self) -> Result<ClockInfo, ControlError> {
        self.put(json!({"frozen": true})).await
    }

    /// Lets it stand still at a time.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn freeze_at(self, now: Timestamp) -> Result<ClockInfo, ControlError> {
        self.put(json!({"now": now.to_string(), "frozen": true})).await
    }

    /// Lets it go on from where it stands.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn unfreeze(self) -> Result<ClockInfo, ControlError> {
        self.put(json!({"frozen": false})).await
    }

    /// Moves it on: being-issued orders come due, issued ones expire, call limits roll.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn advance(self, by: Duration) -> Result<ClockInfo, ControlError> {
        let path = self.0.at("/clock/advance");
        self.0
            .remote()
            .send(Method::POST, &path, &json!({"by": span(by)}))
            .await
    }

    async fn put(self, clock: serde_json::Value) -> Result<ClockInfo, ControlError> {
        self.0.remote().send(Method::PUT, &self.0.at("/clock"), &clock).await
    }
}
