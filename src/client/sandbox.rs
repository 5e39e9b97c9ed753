//! Sandboxes, and what concerns one as a whole: snapshot, restore, reset.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::remote::escape;
use crate::model::answer::read_answer;
use crate::model::fixtures::FixturesOrText;
use crate::model::sandbox::{NewSandbox, Reset, RestoreInfo, SandboxInfo, SandboxList, Snapshot};

/// The sandboxes of an emulator; see [`Control::sandboxes`].
#[derive(Clone, Copy, Debug)]
pub struct Sandboxes<'c>(pub(super) &'c Control);

impl Sandboxes<'_> {
    /// Makes a sandbox, and gives what drives it.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::{NewSandbox, minutes};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let new = NewSandbox::named("t1").ttl(minutes(10));
    /// let sandbox = emulator.control().sandboxes().create(new).await?;
    ///
    /// // The base URL for the client under test.
    /// let url = emulator.url() + &sandbox.path();
    /// assert!(url.ends_with("/sandboxes/t1"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Its name or a login name is taken, its fixtures cannot be read or contradict themselves, or there are too many.
    pub async fn create(self, new: NewSandbox) -> Result<Control, ControlError> {
        let made: SandboxInfo = self.0.remote().send(Method::POST, "/sandboxes", &new).await?;
        Ok(self.0.sandbox(&made.name))
    }

    /// Every sandbox, the default one first.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<Vec<SandboxInfo>, ControlError> {
        let answer: SandboxList = self.0.remote().get("/sandboxes").await?;
        Ok(answer.sandboxes)
    }

    /// Deletes a sandbox.
    ///
    /// # Errors
    /// No sandbox has that name, or it is the default one.
    pub async fn delete(self, name: &str) -> Result<(), ControlError> {
        let path = format!("/sandboxes/{}", escape(name));
        self.0.remote().send_empty(Method::DELETE, &path).await
    }
}

impl Control {
    /// The sandbox at a glance.
    ///
    /// # Errors
    /// No sandbox has that name.
    pub async fn info(&self) -> Result<SandboxInfo, ControlError> {
        let path = format!("/sandboxes/{}", escape(self.name()));
        self.remote().get(&path).await
    }

    /// All that the sandbox is, to be made again with [`restore`](Self::restore).
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let before = emulator.control().snapshot().await?;
    /// emulator.control().orders().delete(1234567).await?;
    /// emulator.control().restore(&before).await?;
    /// assert!(emulator.control().orders().show(1234567).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn snapshot(&self) -> Result<Snapshot, ControlError> {
        let json = self.remote().exchange(Method::GET, &self.at("/snapshot"), None).await?;
        Ok(Snapshot::from_json(json))
    }

    /// Makes the sandbox what a snapshot says, one of this or of any other.
    ///
    /// # Errors
    /// The text is not a snapshot.
    pub async fn restore(&self, snapshot: &Snapshot) -> Result<RestoreInfo, ControlError> {
        let body = Some(snapshot.json().to_owned().into());
        let answer = self.remote().exchange(Method::PUT, &self.at("/snapshot"), body).await?;
        read_answer(answer.as_bytes()).map_err(|error| self.remote().unexpected(error.to_string()))
    }

    /// Goes back to the fixtures that the sandbox started with, to their clock and their faults; the journal is empty.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn reset(&self) -> Result<SandboxInfo, ControlError> {
        self.remote()
            .send(Method::POST, &self.at("/reset"), &Reset::default())
            .await
    }

    /// Starts the sandbox again with other fixtures, TOML or JSON.
    ///
    /// # Errors
    /// The fixtures cannot be read, or contradict themselves.
    pub async fn reset_to(&self, fixtures: &str) -> Result<SandboxInfo, ControlError> {
        let reset = Reset {
            fixtures: Some(FixturesOrText::Text(fixtures.to_owned())),
        };
        self.remote().send(Method::POST, &self.at("/reset"), &reset).await
    }
}
