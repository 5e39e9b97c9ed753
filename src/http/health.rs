//! Asks a running emulator whether it serves.

use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(25);

/// Why an emulator is not known to serve.
#[derive(Debug, Error)]
pub enum HealthError {
    /// Nothing answers there.
    #[error("nothing answers at {address}: {source}")]
    Connect {
        /// Where it was asked.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something answers there, but not as an emulator does.
    #[error("what answers at {address} is no emulator's control listener: {what}")]
    Other {
        /// Where it was asked.
        address: String,
        /// What it answered.
        what: String,
    },
    /// No answer came.
    #[error("no answer came from {address} within {PATIENCE:?}")]
    Timeout {
        /// Where it was asked.
        address: String,
    },
}

/// Asks the control listener at `address` (`HOST:PORT`) whether the emulator serves, again and again for as long as
/// `wait`.
///
/// # Errors
/// What the last question met.
pub async fn check(address: &str, wait: Duration) -> Result<(), HealthError> {
    // A wait that has no end in sight has no deadline.
    let deadline = Instant::now().checked_add(wait);
    loop {
        let result = match timeout(PATIENCE, ask(address)).await {
            Ok(result) => result,
            Err(_) => Err(HealthError::Timeout {
                address: address.to_owned(),
            }),
        };
        let next = Instant::now() + PAUSE;
        if result.is_ok() || deadline.is_some_and(|deadline| next > deadline) {
            return result;
        }
        sleep_until(next).await;
    }
}

async fn ask(address: &str) -> Result<(), HealthError> {
    let other = |what: String| HealthError::Other {
        address: address.to_owned(),
        what,
    };
    let tcp = TcpStream::connect(address)
        .await
        .map_err(|source| HealthError::Connect {
            address: address.to_owned(),
            source,
        })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
        .await
        .map_err(|error| other(error.to_string()))?;
    let request = Request::get("/control/v1/health")
        .header(HOST, address)
        .body(Empty::<Bytes>::new())
        .map_err(|error| other(error.to_string()))?;
    // Its error, if it has one, is the request's as well.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    match answer.map_err(|error| other(error.to_string()))?.status() {
        StatusCode::OK => Ok(()),
        status => Err(other(format!("HTTP status {status}"))),
    }
}
