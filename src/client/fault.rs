//! The faults of a sandbox.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::fault::{Fault, FaultInfo, FaultList};

/// The faults of a sandbox; see [`Control::faults`].
#[derive(Clone, Copy, Debug)]
pub struct Faults<'c>(pub(super) &'c Control);

impl Faults<'_> {
    /// Adds a fault after the others; a call meets the first that fits it.
    ///
    /// # Errors
    /// A field has a value that is not accepted.
    pub async fn add(self, fault: Fault) -> Result<FaultInfo, ControlError> {
        self.0.remote().send(Method::POST, &self.0.at("/faults"), &fault).await
    }

    /// Every fault, in the order in which they are tried.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<Vec<FaultInfo>, ControlError> {
        let answer: FaultList = self.0.remote().get(&self.0.at("/faults")).await?;
        Ok(answer.faults)
    }

    /// Takes a fault away.
    ///
    /// # Errors
    /// No fault has that number.
    pub async fn remove(self, id: u64) -> Result<(), ControlError> {
        let path = self.0.at(&format!("/faults/{id}"));
        self.0.remote().send_empty(Method::DELETE, &path).await
    }

    /// Takes every fault away.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn clear(self) -> Result<(), ControlError> {
        self.0.remote().send_empty(Method::DELETE, &self.0.at("/faults")).await
    }
}
