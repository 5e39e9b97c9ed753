//! What a sandbox assumes.

use std::collections::BTreeMap;

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::sandbox::AssumptionList;

/// The assumptions of a sandbox; see [`Control::assumptions`].
#[derive(Clone, Copy, Debug)]
pub struct Assumptions<'c>(pub(super) &'c Control);

impl Assumptions<'_> {
    /// All of them with their values, by name.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<BTreeMap<String, String>, ControlError> {
        let answer: AssumptionList = self.0.remote().get(&self.0.at("/assumptions")).await?;
        Ok(answer.assumptions)
    }

    /// Sets one.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// emulator.control().assumptions().set("spelling", "british").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no such assumption, or it does not take that value.
    pub async fn set(self, name: &str, value: &str) -> Result<(), ControlError> {
        self.set_all([(name, value)]).await
    }

    /// Sets several at once.
    ///
    /// # Errors
    /// There is no such assumption, or it does not take that value; then none is set.
    pub async fn set_all<'a>(self, values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), ControlError> {
        let change: BTreeMap<_, _> = values.into_iter().collect();
        let _all: AssumptionList = self
            .0
            .remote()
            .send(Method::PATCH, &self.0.at("/assumptions"), &change)
            .await?;
        Ok(())
    }
}
