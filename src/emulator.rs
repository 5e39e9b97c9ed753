//! Starts and stops an emulator in this process: for the command line, and for tests in Rust.

mod builder;
mod error;
mod start;

use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tracing::info;

use crate::aside::aside;
use crate::files::FileError;
use crate::sandbox::list::Sandboxes;
use crate::sandbox::state_file::StateFile;
use crate::server::stop::Stopper;
use crate::token::Token;

pub use builder::Builder;
pub use error::{StartError, Unbound};
use start::LOG;
#[cfg(feature = "cli")]
pub(crate) use start::{check_host_name, check_http_url};

/// A running emulator. Dropping it stops it at once; [`stop`](Self::stop) lets calls in progress finish.
///
/// ```
/// use sectigo_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
///
/// // Point the client under test at it, and let it trust the emulator's CA.
/// let revoke = format!("{}/products/!autoRevokeCS", emulator.url());
/// assert!(revoke.starts_with("https://127.0.0.1:"));
/// assert!(emulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
///
/// emulator.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Emulator {
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    control: Option<SocketAddr>,
    ca_pem: Option<Arc<str>>,
    stopper: Stopper,
    /// The listeners, the task that sends pushes, and the one that saves the state from time to time.
    tasks: JoinSet<()>,
    sandboxes: Arc<Sandboxes>,
    state_file: Option<Arc<StateFile>>,
    control_token: Option<Token>,
    /// Its own runtime, if it was started with one. Declared last, so that it ends after the listeners.
    runtime: Option<OwnRuntime>,
}

/// A runtime of the emulator's own, which ends without waiting for its tasks: dropping a tokio runtime inside of
/// another one panics otherwise.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Emulator {
    /// Starts an emulator on free ports of 127.0.0.1, with the built-in fixtures.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// As [`start`](Self::start), on a runtime of its own; see [`Builder::start_blocking`].
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// Sets options before the emulator starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL of the API: `https://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The HTTPS listener was turned off.
    pub fn url(&self) -> String {
        let address = self.https_addr().expect("the HTTPS listener was turned off");
        format!("https://{address}")
    }

    /// The base URL of the API over plain HTTP: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The HTTP listener was turned off.
    pub fn http_url(&self) -> String {
        let address = self.http_addr().expect("the HTTP listener was turned off");
        format!("http://{address}")
    }

    /// The base URL of the control API: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The control listener was turned off.
    pub fn control_url(&self) -> String {
        let address = self.control_addr().expect("the control listener was turned off");
        format!("http://{address}")
    }

    /// The address of the HTTPS listener, unless it is off.
    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.https
    }

    /// The address of the HTTP listener, unless it is off.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The address of the control listener, unless it is off.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The certificate that clients should trust, in PEM: the root of the listener's certificate and of those of the
    /// orders. If the listener has a certificate of yours, it is the last one of its file, if this is a CA or
    /// self-signed, or empty.
    ///
    /// [`Control::ca_pem`](crate::Control::ca_pem) asks an emulator elsewhere for the same.
    pub fn ca_pem(&self) -> &str {
        self.ca_pem.as_deref().unwrap_or_default()
    }

    /// A client of its control API: orders, accounts, clock, faults and journal of the default sandbox, and other
    /// sandboxes.
    ///
    /// # Panics
    /// The control listener was turned off.
    pub fn control(&self) -> crate::client::Control {
        let control = crate::client::Control::connect(&self.control_url());
        match &self.control_token {
            Some(token) => control.given_token(token.clone().into()),
            None => control,
        }
    }

    /// Stops: accepts no new calls, finishes those in progress, and ends within a second. With a
    /// [state file](Builder::state_file) it then saves the state, which may take longer.
    ///
    /// # Errors
    /// The state cannot be saved. The file is unchanged, unless it is one that is overwritten in place: this may
    /// contain a part of the new state, and the error names the file that contains all of it, if there is one.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.stopper.stop();
        while self.tasks.join_next().await.is_some() {}
        let Some(state_file) = self.state_file.take() else {
            return Ok(());
        };
        let sandbox = self.sandboxes.default_sandbox().clone();
        let file = state_file.clone();
        match aside(move || state_file.save(&sandbox)).await {
            Ok(saved) => {
                saved?;
                info!(target: LOG, file = %file.path().display(), "the state is saved");
                Ok(())
            }
            Err(interrupted) => interrupted.resume().await,
        }
    }
}

/// The state could not be saved at the stop; see [`Emulator::stop`].
#[derive(Debug, Error)]
#[error("cannot save the state: {0}")]
pub struct StopError(String);

impl From<FileError> for StopError {
    fn from(error: FileError) -> Self {
        Self(error.to_string())
    }
}

/// The OpenAPI document of the control API of an emulator without a token: JSON in one line.
#[cfg(feature = "cli")]
pub(crate) fn openapi_document() -> String {
    crate::server::control::openapi_document(false)
}
