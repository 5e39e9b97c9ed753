//! Answers that may be long: written where no other request waits for them, and few of the long ones at a time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::blocks::Blocks;
use super::{App, Problem};
use crate::aside::aside;

/// An answer up to this length needs no turn.
const SHORT: usize = 64 << 10;

/// How many long answers are in memory at a time.
const TURNS: usize = 4;

/// How long a request waits for a turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// The turns of long answers. Each is held until the answer is sent.
#[derive(Clone, Debug)]
pub(crate) struct AnswerTurns(Arc<Semaphore>);

impl Default for AnswerTurns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TURNS)))
    }
}

impl AnswerTurns {
    /// Takes a turn.
    ///
    /// # Errors
    /// There was none within [`PATIENCE`].
    async fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        match timeout(PATIENCE, self.0.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Problem::busy(
                "Other long answers are being sent, and within a second there was no memory for this one: ask again, \
                 or ask for fewer at the same time.",
            )),
        }
    }
}

/// Writes an answer in JSON. `bytes` is its length, near enough, if that is known.
///
/// # Errors
/// It is long, and there was no turn for it.
pub(super) async fn answer<T: Serialize>(
    app: &App,
    bytes: Option<usize>,
    make: impl FnOnce() -> T + Send + 'static,
) -> Result<Response, Problem> {
    let turn = match bytes {
        Some(bytes) if bytes <= SHORT => None,
        _ => Some(app.answer_turns.take().await?),
    };
    let body = aside(move || {
        let mut blocks = Blocks::default();
        serde_json::to_writer(&mut blocks, &make()).map(|()| AnswerBody {
            _turn: turn.filter(|_| blocks.len() > SHORT),
            blocks,
        })
    })
    .await?
    .expect("strings and numbers always serialize, and memory takes them");
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::new(body)).into_response())
}

/// The body of an answer, and its turn if it is long.
struct AnswerBody {
    blocks: Blocks,
    _turn: Option<OwnedSemaphorePermit>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.blocks).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.blocks.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.blocks.size_hint()
    }
}
