//! The bodies of requests: how long they may be, how they are read, and how much of them is in memory at a time.
//!
//! `server/body.rs` does so for the API, whose bodies are of another kind: it says in what they differ.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::blocks::{BLOCK, Blocks};
use super::{App, PATIENCE, Problem};
use crate::server::body::{BodyError, SMALL_BODY};

/// How much memory the bodies that are not small take together, beside the one that may go beyond it.
const MEMORY: usize = 32 << 20;

/// How long a body may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum MaxBody {
    /// That of a route that takes no fixtures.
    Usual,
    /// That of a route whose body may hold fixtures.
    WithFixtures,
    /// That of a snapshot, in bytes (`--max-snapshot`).
    Snapshot(u64),
}

impl MaxBody {
    fn bytes(self) -> u64 {
        match self {
            Self::Usual => 1 << 20,
            Self::WithFixtures => 16 << 20,
            Self::Snapshot(bytes) => bytes,
        }
    }

    fn problem(self) -> Problem {
        let hint = match self {
            Self::Usual => "",
            Self::WithFixtures => "; PUT .../snapshot takes longer ones, and --fixtures any",
            Self::Snapshot(_) => " (--max-snapshot)",
        };
        let detail = format!(
            "the body is longer than the {} bytes that this takes{hint}",
            self.bytes()
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }
}

/// The memory that the bodies of requests take together.
///
/// A body takes its share as its bytes arrive, so a client that announces much and sends nothing takes nothing. One body
/// at a time may go beyond the memory that all others share: it always comes to its end, so bodies never wait for one
/// another for ever, and a snapshot may be longer than that memory.
#[derive(Clone, Debug)]
pub(crate) struct BodyMemory {
    bytes: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
}

impl Default for BodyMemory {
    fn default() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(MEMORY)),
            beyond: Arc::new(Semaphore::new(1)),
        }
    }
}

/// What a body has of that memory. To be kept for as long as the body, or what was read from it.
#[derive(Debug, Default)]
pub(super) struct BodyShare {
    bytes: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
    waited: Duration,
}

impl BodyShare {
    /// Takes what a body of that length needs.
    ///
    /// # Errors
    /// There was none within [`PATIENCE`].
    pub(super) async fn cover(&mut self, length: usize, memory: &BodyMemory) -> Result<(), Problem> {
        while length > SMALL_BODY && self.beyond.is_none() && self.bytes() < length {
            let asked = Instant::now();
            let patience = PATIENCE.saturating_sub(self.waited);
            let taken = timeout(patience, self.take(length, memory)).await;
            self.waited += asked.elapsed();
            match taken {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => {
                    return Err(Problem::busy(
                        "Other long bodies are being read, and within a second there was no memory for this one: send \
                         it again, or send fewer at the same time.",
                    ));
                }
            }
        }
        Ok(())
    }

    async fn take(&mut self, length: usize, memory: &BodyMemory) -> Result<(), AcquireError> {
        let is_beyond = length > MEMORY;
        tokio::select! {
            biased;
            block = memory.bytes.clone().acquire_many_owned(BLOCK as u32), if !is_beyond => {
                let block = block?;
                match &mut self.bytes {
                    Some(bytes) => bytes.merge(block),
                    None => self.bytes = Some(block),
                }
            }
            beyond = memory.beyond.clone().acquire_owned() => {
                self.beyond = Some(beyond?);
                self.bytes = None;
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

/// Reads the body of a request to its end.
///
/// # Errors
/// It is too long, breaks off, does not arrive in time, or there is no memory for it.
pub(super) async fn receive(request: Request, app: &App, max: MaxBody) -> Result<(Blocks, BodyShare), Problem> {
    let mut body = request.into_body();
    if body.size_hint().lower() > max.bytes() {
        return Err(max.problem());
    }
    let start = Instant::now();
    let mut blocks = Blocks::default();
    let mut share = BodyShare::default();
    loop {
        // Waiting for memory is not the client's fault.
        let deadline = start + time_for(blocks.len(), max, app) + share.waited;
        let Some(data) = next_data(&mut body, deadline).await? else {
            return Ok((blocks, share));
        };
        let length = blocks.len() + data.len();
        if length as u64 > max.bytes() {
            return Err(max.problem());
        }
        share.cover(length, &app.body_memory).await?;
        blocks.push(&data);
    }
}

/// How long a body of which so many bytes have come may take: that of a snapshot, a second more for each MiB of it.
fn time_for(arrived: usize, max: MaxBody, app: &App) -> Duration {
    let more = match max {
        MaxBody::Usual | MaxBody::WithFixtures => 0,
        MaxBody::Snapshot(_) => arrived as u64 >> 20,
    };
    app.read_timeout + Duration::from_secs(more)
}

fn refusal(error: BodyError) -> Problem {
    Problem::new(error.status(), error.to_string()).logged(error.to_string())
}

async fn next_data(body: &mut Body, deadline: Instant) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = timeout_at(deadline, body.frame())
            .await
            .map_err(|_| refusal(BodyError::TooSlow))?;
        let Some(frame) = frame else { return Ok(None) };
        let frame = frame.map_err(|error| refusal(BodyError::of(&error)))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_share_is_taken_by_what_arrived_and_one_body_goes_beyond() {
        let memory = BodyMemory::default();
        let mut shares: Vec<_> = (0..3).map(|_| BodyShare::default()).collect();
        // What is small takes nothing.
        shares[0].cover(SMALL_BODY, &memory).await.unwrap();
        assert_eq!(memory.bytes.available_permits(), MEMORY);
        shares[0].cover(SMALL_BODY + 1, &memory).await.unwrap();
        assert_eq!(memory.bytes.available_permits(), MEMORY - BLOCK);
        shares[0].cover(MEMORY, &memory).await.unwrap();
        shares[1].cover(MEMORY, &memory).await.unwrap();
        assert!(shares[1].beyond.is_some() && shares[0].beyond.is_none());
        shares[1].cover(100 * MEMORY, &memory).await.unwrap();
        // Then nothing is left, and it is refused when its second is over: the shares that are held never come back.
        let start = Instant::now();
        let error = shares[2].cover(SMALL_BODY + 1, &memory).await.unwrap_err();
        assert!(start.elapsed() >= PATIENCE);
        assert!(format!("{error:?}").contains("503"), "{error:?}");
        shares.clear();
        assert_eq!(
            (memory.bytes.available_permits(), memory.beyond.available_permits()),
            (MEMORY, 1)
        );
    }
}
