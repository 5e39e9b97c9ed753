//! Sandboxes, and what concerns one as a whole: snapshot, restore, reset.

use std::fmt;
use std::time::Duration;

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::remote::escape;
use crate::client::time::{self, span};

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
    /// Its name or a login name is taken, its fixtures do not hold together, or there are too many.
    pub async fn create(self, new: NewSandbox) -> Result<Control, ControlError> {
        let made: SandboxInfo = self.0.remote().send(Method::POST, "/sandboxes", &new).await?;
        Ok(self.0.sandbox(&made.name))
    }

    /// Every sandbox, the default one first.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn list(self) -> Result<Vec<SandboxInfo>, ControlError> {
        #[derive(Deserialize)]
        struct Answer {
            sandboxes: Vec<SandboxInfo>,
        }
        let answer: Answer = self.0.remote().get("/sandboxes").await?;
        Ok(answer.sandboxes)
    }

    /// Deletes a sandbox.
    ///
    /// # Errors
    /// There is none of that name, or it is the default one.
    pub async fn delete(self, name: &str) -> Result<(), ControlError> {
        let path = format!("/sandboxes/{}", escape(name));
        self.0.remote().tell(Method::DELETE, &path).await
    }
}

impl Control {
    /// The sandbox at a glance.
    ///
    /// # Errors
    /// There is none of that name.
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
    /// As every question: [`ControlError`].
    pub async fn snapshot(&self) -> Result<Snapshot, ControlError> {
        let json = self.remote().exchange(Method::GET, &self.at("/snapshot"), None).await?;
        Ok(Snapshot::from_json(json))
    }

    /// Makes the sandbox what a snapshot says, one of this or of any other.
    ///
    /// # Errors
    /// It is no snapshot.
    pub async fn restore(&self, snapshot: &Snapshot) -> Result<RestoreInfo, ControlError> {
        let body = Some(snapshot.json().as_bytes().to_vec());
        let answer = self.remote().exchange(Method::PUT, &self.at("/snapshot"), body).await?;
        serde_json::from_str(&answer).map_err(|error| self.remote().unexpected(error.to_string()))
    }

    /// Goes back to the fixtures that the sandbox started with, to their clock and their faults; the journal is empty.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn reset(&self) -> Result<SandboxInfo, ControlError> {
        self.remote().send(Method::POST, &self.at("/reset"), &json!({})).await
    }

    /// Starts the sandbox again with other fixtures, TOML or JSON.
    ///
    /// # Errors
    /// They do not hold together.
    pub async fn reset_to(&self, fixtures: &str) -> Result<SandboxInfo, ControlError> {
        let path = self.at("/reset");
        self.remote()
            .send(Method::POST, &path, &json!({"fixtures": fixtures}))
            .await
    }
}

/// A sandbox to make.
///
/// ```
/// use sectigo_emulator::control::{NewSandbox, minutes};
///
/// let new = NewSandbox::named("t1").ttl(minutes(10)).claim("login");
/// # drop(new);
/// ```
#[derive(Clone, Default, PartialEq, Serialize)]
#[must_use]
pub struct NewSandbox {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixtures: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logins: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

impl NewSandbox {
    /// One that is given a readable name.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// One of that name.
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// With these fixtures, TOML or JSON, in place of the emulator's.
    pub fn fixtures(mut self, text: impl Into<String>) -> Self {
        self.fixtures = Some(text.into());
        self
    }

    /// As the snapshot says.
    pub fn from_snapshot(self, snapshot: &Snapshot) -> Self {
        self.fixtures(snapshot.json())
    }

    /// It goes away when it was not used for so long.
    pub fn ttl(mut self, unused_for: Duration) -> Self {
        self.ttl = Some(span(unused_for));
        self
    }

    /// Calls at the plain path with that loginName are its.
    pub fn claim(mut self, login_name: &str) -> Self {
        self.logins.push(login_name.to_owned());
        self
    }
}

impl fmt::Debug for NewSandbox {
    /// Not its fixtures, which have passwords in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSandbox")
            .field("name", &self.name)
            .field("logins", &self.logins)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// A sandbox at a glance.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct SandboxInfo {
    /// Its name.
    pub name: String,
    /// What stands before the path of an endpoint to call it there: `/sandboxes/t1`, nothing for the default one.
    pub path: String,
    /// The login names whose calls at the plain path are its.
    pub logins: Vec<String>,
    /// How long it lives since its last use.
    #[serde(default, deserialize_with = "time::read_some_span")]
    pub ttl: Option<Duration>,
    /// How long it lives if it is not used.
    #[serde(default, deserialize_with = "time::read_some_span")]
    pub expires_in: Option<Duration>,
    /// How many orders it has.
    pub orders: usize,
    /// How many accounts it has.
    pub accounts: usize,
    /// How many calls its journal has.
    pub calls: usize,
}

/// All that a sandbox is: a fixtures file, JSON. It holds passwords, so it is never printed.
#[derive(Clone, Eq, PartialEq)]
pub struct Snapshot(String);

impl Snapshot {
    /// The snapshot that was written so; whether it is one shows when it is put to use.
    pub fn from_json(json: impl Into<String>) -> Self {
        Self(json.into())
    }

    /// The snapshot as JSON; `--fixtures` takes it as well.
    pub fn json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot(..)")
    }
}

/// What a restored sandbox has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct RestoreInfo {
    /// So many orders.
    pub orders: usize,
    /// So many accounts.
    pub accounts: usize,
}
