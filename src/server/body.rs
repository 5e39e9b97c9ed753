//! From the bytes of a request of the API to the list of its arguments.
//!
//! `control/receive.rs` bounds the bodies of the control API by itself, for they are of another kind: those of the API are
//! short, need one piece of memory and take turns, of which whoever is slow loses theirs; those of the control API are up
//! to gigabytes long, come from the owner of the machine, and share memory by their bytes.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, iter};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::body::{Body as _, Frame};
use hyper::header::CONTENT_TYPE;
use memchr::memchr;
use multer::Multipart;
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use crate::api::protocol::argument::is_same_but_for_case;
use crate::api::protocol::form::Form;

/// The longest body that is read: the API's longest arguments, each character escaped, stay well below it.
const MAX_BODY: usize = 1 << 20;

/// A body up to this length is read as it comes; longer ones take turns, or a share of the memory for bodies.
pub(super) const SMALL_BODY: usize = 16 << 10;

/// How many longer bodies are in memory at a time. What counts is what has arrived, not what was announced.
const LARGE_BODIES: usize = 16;

/// How long a body waits for its turn before it may take its allowance: short, so that the call is answered within a
/// second.
const PATIENCE: Duration = Duration::from_millis(500);

/// A body up to this length is read without a turn if it waits too long for one. No usual call is longer, so whoever
/// takes all the turns holds up no usual call.
const ALLOWANCE: usize = 128 << 10;

/// How fast what has a turn must come or go while others wait for one: so many bytes in each [`PACE_TIME`].
pub(crate) const PACE: usize = 16 << 10;

/// See [`PACE`].
pub(crate) const PACE_TIME: Duration = Duration::from_secs(1);

/// Reads bodies, within bounds of length, of time, and of memory for the long ones together.
#[derive(Debug)]
pub(crate) struct BodyReader {
    time_limit: Duration,
    large_bodies: Semaphore,
    /// How many bodies wait for a turn.
    waiting: AtomicUsize,
}

impl BodyReader {
    /// A reader that gives each body `time_limit` to arrive.
    pub(crate) fn new(time_limit: Duration) -> Self {
        Self {
            time_limit,
            large_bodies: Semaphore::new(LARGE_BODIES),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Reads a body to its end.
    pub(crate) async fn read(&self, body: &mut Body) -> Result<ReadBody<'_>, BodyError> {
        if body.is_end_stream() {
            return Ok(ReadBody::default());
        }
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(BodyError::TooLarge);
        }
        let mut progress = Progress::default();
        let mut whole = Bytes::new();
        let mut parts = BytesMut::new();
        loop {
            // Nearly every body has come with its head. What waits is boxed, so that the other calls need no room for it.
            let frame = match body.frame().now_or_never() {
                Some(frame) => frame,
                None => Box::pin(self.await_frame(body, &mut progress)).await?,
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|error| BodyError::of(&error))?.into_data() else {
                continue;
            };
            let length = whole.len() + parts.len() + data.len();
            if length > MAX_BODY {
                return Err(BodyError::TooLarge);
            }
            progress.length = length;
            if length > SMALL_BODY && progress.turn.is_none() {
                Box::pin(self.take_turn(&mut progress)).await;
            }
            // Nearly every body comes in one piece, which then needs no copy.
            if length == data.len() {
                whole = data;
            } else {
                if parts.is_empty() {
                    parts.extend_from_slice(&std::mem::take(&mut whole));
                }
                parts.extend_from_slice(&data);
            }
        }
        let bytes = if parts.is_empty() { whole } else { parts.freeze() };
        Ok(ReadBody {
            bytes,
            _turn: progress.turn,
        })
    }

    /// Waits for a turn, or goes on without one within the allowance.
    async fn take_turn<'r>(&'r self, progress: &mut Progress<'r>) {
        let patience = match progress.has_waited {
            _ if progress.length > ALLOWANCE => None,
            true => Some(Duration::ZERO),
            false => Some(PATIENCE),
        };
        let asked = Instant::now();
        let waiting = WaitingBody::new(&self.waiting);
        let turn = self.large_bodies.acquire();
        let turn = match patience {
            None => Some(turn.await),
            Some(patience) => timeout(patience, turn).await.ok(),
        };
        drop(waiting);
        progress.turn = turn.map(|turn| turn.expect("the semaphore is never closed"));
        progress.has_waited = true;
        // Waiting for the others is not the client's fault.
        progress.deadline = progress.deadline.map(|deadline| deadline + asked.elapsed());
        progress.look = None;
    }

    /// Waits for the next frame, within the time limit and at the pace that is asked for.
    async fn await_frame(
        &self,
        body: &mut Body,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Result<Frame<Bytes>, axum::Error>>, BodyError> {
        let deadline = *progress
            .deadline
            .get_or_insert_with(|| Instant::now() + self.time_limit);
        loop {
            let length = progress.length;
            let (time, length_before) = *progress
                .look
                .get_or_insert_with(|| (Instant::now() + PACE_TIME, length));
            if let Ok(frame) = timeout_at(time.min(deadline), body.frame()).await {
                return Ok(frame);
            }
            if deadline <= time {
                return Err(BodyError::TooSlow);
            }
            let is_needed = progress.turn.is_some() && self.waiting.load(Ordering::Relaxed) > 0;
            if is_needed && length < length_before + PACE {
                return Err(BodyError::Stalled);
            }
            progress.look = None;
        }
    }
}

/// How far the reading of a body has come.
#[derive(Debug, Default)]
struct Progress<'r> {
    /// So much has arrived.
    length: usize,
    /// When it must have arrived, once it had to be waited for.
    deadline: Option<Instant>,
    turn: Option<SemaphorePermit<'r>>,
    /// Whether it has waited for a turn.
    has_waited: bool,
    /// When its pace is looked at next, and how much had arrived at the last look.
    look: Option<(Instant, usize)>,
}

/// For as long as it is there, a body waits for a turn.
struct WaitingBody<'c>(&'c AtomicUsize);

impl<'c> WaitingBody<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for WaitingBody<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that was read; a long one holds its turn until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct ReadBody<'r> {
    pub(crate) bytes: Bytes,
    _turn: Option<SemaphorePermit<'r>>,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum BodyError {
    #[error("the body is longer than {MAX_BODY} bytes")]
    TooLarge,
    #[error("the body did not arrive in time (--read-timeout)")]
    TooSlow,
    #[error("the body came too slowly while others waited for their turn")]
    Stalled,
    #[error("the client went away, or broke off, before the body's end")]
    Broken,
    #[error(
        "the body is not in chunks, as its Transfer-Encoding says: a chunk is a line with its length in hexadecimal digits, so \
         many bytes, and the end of a line"
    )]
    NotChunked,
}

impl BodyError {
    /// Why no more of a body can be read.
    pub(super) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = iter::successors(Some(error), |error| error.source());
        match causes.find_map(|cause| cause.downcast_ref::<io::Error>()) {
            Some(error) if is_of_chunks(error) => Self::NotChunked,
            Some(_) | None => Self::Broken,
        }
    }

    /// The HTTP status that says so.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow | Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::Broken | Self::NotChunked => StatusCode::BAD_REQUEST,
        }
    }
}

/// Whether hyper says by this error that a body is not in chunks. An error of TLS may be of the same kind.
fn is_of_chunks(error: &io::Error) -> bool {
    let is_of_tls = error.get_ref().is_some_and(|error| error.is::<rustls::Error>());
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) && !is_of_tls
}

/// Types of bodies that clients send by mistake.
const OTHER_TYPES: [&str; 6] = [
    "application/json",
    "application/octet-stream",
    "application/xml",
    "text/html",
    "text/plain",
    "text/xml",
];

/// The arguments of the query string and of the body, in this order, and what is odd about the body.
pub(crate) async fn read_form<'a>(
    query: Option<&'a str>,
    headers: &HeaderMap,
    body: &'a Bytes,
) -> (Form<'a>, Option<String>) {
    let mut form = query.map(Form::of_query).unwrap_or_default();
    if body.is_empty() {
        return (form, None);
    }
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return (
            form,
            Some("the body has no Content-Type, so its arguments are not read".to_owned()),
        );
    };
    let content_type = content_type.as_bytes();
    let essence = &content_type[..memchr(b';', content_type).unwrap_or(content_type.len())];
    let is_it = |known: &str| is_same_but_for_case(essence.trim_ascii(), known);
    if is_it("application/x-www-form-urlencoded") {
        form.push_urlencoded(body);
        return (form, None);
    }
    if is_it("multipart/form-data") {
        let content_type = String::from_utf8_lossy(content_type);
        // Boxed, so that the other calls need no room for it.
        return match Box::pin(read_multipart(&content_type, body)).await {
            Ok(pairs) => {
                pairs.into_iter().for_each(|(name, value)| form.push(name, value));
                (form, None)
            }
            // What is missing may be `test=Y`, so nothing is done with the rest, nor with what is in the query.
            Err(error) => (
                Form::default(),
                Some(format!(
                    "the multipart body is broken, so no argument is read: {}",
                    what_is_broken(&error)
                )),
            ),
        };
    }
    // Whatever else stands there may be a form in the wrong place.
    let named = OTHER_TYPES.iter().find(|known| is_it(known));
    let named = named.map_or_else(|| "another one".to_owned(), |known| format!("`{known}`"));
    let oddity = format!(
        "the body's Content-Type is {named}, so its arguments are not read; application/x-www-form-urlencoded and \
         multipart/form-data are"
    );
    (form, Some(oddity))
}

/// What is broken. The error's own text may name a part, and the name of one may be a password in the wrong place.
fn what_is_broken(error: &multer::Error) -> &'static str {
    match error {
        multer::Error::NoBoundary | multer::Error::NoMultipart | multer::Error::DecodeContentType(_) => {
            "no boundary can be read from its Content-Type"
        }
        multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream => "it ends before its last boundary",
        _ => "the headers of a part cannot be read",
    }
}

/// The arguments of a multipart body. One that is cut off has none.
async fn read_multipart(content_type: &str, body: &Bytes) -> Result<Vec<(Vec<u8>, Vec<u8>)>, multer::Error> {
    let boundary = multer::parse_boundary(content_type)?;
    let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
    let mut parts = Multipart::new(whole, boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().as_bytes().to_vec();
        pairs.push((name, part.bytes().await?.to_vec()));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(
        query: Option<&str>,
        content_type: Option<&str>,
        body: &str,
    ) -> (Vec<(String, String)>, Option<String>) {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let (form, oddity) = read_form(query, &headers, &body).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let pairs = form
            .pairs()
            .iter()
            .map(|pair| (text(&pair.name), text(&pair.value)))
            .collect();
        (pairs, oddity)
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[tokio::test]
    async fn query_and_body_are_one_list_with_the_query_first() {
        let (read, oddity) = read(
            Some("a=1&b=2"),
            Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
            "a=3",
        )
        .await;
        assert_eq!(read, pairs(&[("a", "1"), ("b", "2"), ("a", "3")]));
        assert_eq!(oddity, None);
    }

    #[tokio::test]
    async fn multipart_is_read_part_by_part() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1+2\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"b\"; filename=\"f\"\r\n\r\n\r\n--x--\r\n";
        let (read, oddity) = read(None, Some("multipart/form-data; boundary=x"), body).await;
        assert_eq!(read, pairs(&[("a", "1+2"), ("b", "")]));
        assert_eq!(oddity, None);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told() {
        for (content_type, body, expected) in [
            (None, "a=1", "no Content-Type"),
            (Some("application/json"), "{}", "`application/json`"),
            (Some("multipart/form-data"), "a", "multipart body is broken"),
            (
                Some("multipart/form-data; boundary=x"),
                "--x\r\nContent-Disp",
                "multipart body is broken",
            ),
            (
                Some("multipart/form-data; boundary=x"),
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\nContent-Disp",
                "no argument is read: it ends before its last boundary",
            ),
            // A password in the place of a name is not told.
            (
                Some("multipart/form-data; boundary=x"),
                "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nlogin",
                "no argument is read: it ends before its last boundary",
            ),
        ] {
            let (read, oddity) = read(None, content_type, body).await;
            assert_eq!(read, []);
            let oddity = oddity.unwrap_or_default();
            assert!(oddity.contains(expected) && !oddity.contains("secret"), "{oddity}");
        }
    }
}
