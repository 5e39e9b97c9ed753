//! From the bytes of a request to the list of its arguments.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::body::{Body as _, Frame};
use hyper::header::CONTENT_TYPE;
use multer::Multipart;
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::http::listen::Received;
use crate::protocol::form::Form;

/// The longest body that is read: the API's longest arguments, each character escaped, stay well below it.
const MAX_BODY: usize = 1 << 20;

/// A body up to this length is read as it comes; longer ones take turns.
const SMALL_BODY: usize = 16 << 10;

/// How many longer bodies are in memory at a time.
const LARGE_BODIES: usize = 16;

/// Reads bodies, within bounds of length, of time, and of memory for the long ones together.
#[derive(Debug)]
pub(crate) struct BodyReader {
    time_limit: Duration,
    large_bodies: Semaphore,
}

impl BodyReader {
    /// A reader that gives each body `time_limit` to arrive.
    pub(crate) fn new(time_limit: Duration) -> Self {
        Self {
            time_limit,
            large_bodies: Semaphore::new(LARGE_BODIES),
        }
    }

    /// Reads a body to its end.
    pub(crate) async fn read(&self, body: &mut Received) -> Result<ReadBody<'_>, BodyError> {
        if body.is_end_stream() {
            return Ok(ReadBody::default());
        }
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(BodyError::TooLarge);
        }
        let mut deadline = None;
        let mut whole = Bytes::new();
        let mut parts = BytesMut::new();
        let mut turn = None;
        while let Some(frame) = self.next_frame(body, &mut deadline).await? {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            let length = whole.len() + parts.len() + data.len();
            if length > MAX_BODY {
                return Err(BodyError::TooLarge);
            }
            if length > SMALL_BODY && turn.is_none() {
                // Waiting for the others is not the client's fault.
                let asked = Instant::now();
                turn = Some(
                    self.large_bodies
                        .acquire()
                        .await
                        .expect("the semaphore is never closed"),
                );
                deadline = deadline.map(|deadline| deadline + asked.elapsed());
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
        Ok(ReadBody { bytes, _turn: turn })
    }

    /// Nearly every body has come with its head: only one that has not sets the clock going.
    async fn next_frame(
        &self,
        body: &mut Received,
        deadline: &mut Option<Instant>,
    ) -> Result<Option<Result<Frame<Bytes>, hyper::Error>>, BodyError> {
        if let Some(frame) = body.frame().now_or_never() {
            return Ok(frame);
        }
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.time_limit);
        timeout_at(deadline, body.frame()).await.map_err(|_| BodyError::TooSlow)
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
    #[error("the client went away, or broke off, before the body's end")]
    Broken,
}

/// The arguments of the query string and of the body, in this order, and what is odd about the body.
pub(crate) async fn read_form<'a>(
    query: Option<&'a str>,
    headers: &HeaderMap,
    body: &'a Bytes,
) -> (Form<'a>, Option<String>) {
    let mut form = Form::default();
    if let Some(query) = query {
        form.push_urlencoded(query.as_bytes());
    }
    if body.is_empty() {
        return (form, None);
    }
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return (
            form,
            Some("the body has no Content-Type, so its arguments are not read".to_owned()),
        );
    };
    let content_type = String::from_utf8_lossy(content_type.as_bytes());
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        form.push_urlencoded(body);
        return (form, None);
    }
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        let oddity = read_multipart(&mut form, &content_type, body).await.err();
        return (
            form,
            oddity.map(|error| format!("the multipart body is broken: {error}")),
        );
    }
    let shown: String = essence.chars().take(64).collect();
    let oddity = format!(
        "the body's Content-Type is {shown:?}, so its arguments are not read; application/x-www-form-urlencoded and \
         multipart/form-data are"
    );
    (form, Some(oddity))
}

async fn read_multipart(form: &mut Form<'_>, content_type: &str, body: &Bytes) -> Result<(), multer::Error> {
    let boundary = multer::parse_boundary(content_type)?;
    let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
    let mut parts = Multipart::new(whole, boundary);
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().as_bytes().to_vec();
        form.push(name, part.bytes().await?.to_vec());
    }
    Ok(())
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
            (Some("application/json"), "{}", "\"application/json\""),
            (Some("multipart/form-data"), "a", "multipart body is broken"),
            (
                Some("multipart/form-data; boundary=x"),
                "--x\r\nContent-Disp",
                "multipart body is broken",
            ),
        ] {
            let (read, oddity) = read(None, content_type, body).await;
            assert_eq!(read, []);
            assert!(oddity.as_deref().unwrap_or_default().contains(expected), "{oddity:?}");
        }
    }
}
