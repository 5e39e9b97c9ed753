//! Asks a running emulator whether it serves.

use std::time::Duration;

use hyper::StatusCode;
use thiserror::Error;
use tokio::time::{Instant, sleep_until};

use crate::client::http::{self, ClientError, HttpRequest};
use crate::model::sandbox::CONTROL_BASE;

/// How long one request may take, and no longer than what is left of the wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two requests.
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
    #[error("no answer came from {address} within {within:?}")]
    Timeout {
        /// Where it was asked.
        address: String,
        /// How long was waited.
        within: Duration,
    },
}

/// Asks the control listener at `address` (`HOST:PORT`) whether the emulator serves, again and again for as long as
/// `wait`.
///
/// # Errors
/// What the last request met.
pub async fn check(address: &str, wait: Duration) -> Result<(), HealthError> {
    let within = if wait.is_zero() { PATIENCE } else { wait };
    // A wait that has no end in sight has no deadline.
    let deadline = Instant::now().checked_add(within);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let patience = left.unwrap_or(PATIENCE).clamp(PAUSE, PATIENCE);
        let result = ask(address, patience, within).await;
        let next = Instant::now() + PAUSE;
        if result.is_ok() || wait.is_zero() || deadline.is_some_and(|deadline| next > deadline) {
            return result;
        }
        sleep_until(next).await;
    }
}

/// Asks once; `within` is for the error that no answer came.
async fn ask(address: &str, patience: Duration, within: Duration) -> Result<(), HealthError> {
    let address = || address.to_owned();
    let request = HttpRequest::get(format!("{CONTROL_BASE}/health"));
    match http::send_and_read(&address(), request, patience).await {
        Ok(answer) if answer.status == StatusCode::OK => Ok(()),
        Ok(answer) => Err(HealthError::Other {
            address: address(),
            what: format!("HTTP status {}", answer.status),
        }),
        Err(ClientError::Connect(source)) => Err(HealthError::Connect {
            address: address(),
            source,
        }),
        Err(ClientError::Broken(what)) => Err(HealthError::Other {
            address: address(),
            what,
        }),
        Err(ClientError::Timeout(_)) => Err(HealthError::Timeout {
            address: address(),
            within,
        }),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_listener_that_never_answers_is_asked_no_longer_than_the_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let begin = Instant::now();
        let error = check(&address, Duration::from_millis(200)).await.unwrap_err();
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
        assert_eq!(error.to_string(), format!("no answer came from {address} within 200ms"));
    }
}
