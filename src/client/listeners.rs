//! Where the emulator listens.

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::listeners::ListenersInfo;

impl Control {
    /// Where the emulator listens, as URLs.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let listeners = emulator.control().listeners().await?;
    /// assert_eq!(listeners.https, Some(emulator.url()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn listeners(&self) -> Result<ListenersInfo, ControlError> {
        self.remote().get("/listeners").await
    }
}
