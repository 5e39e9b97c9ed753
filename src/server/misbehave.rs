//! What faults do on the wire: replies that come late, slowly, broken, in part or not at all.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::header::CONTENT_LENGTH;
use thiserror::Error;
use tokio::time::sleep;

use crate::api::fault::Action;

/// The connection shall be closed without a reply; over HTTP/2, which has many calls on a connection, the call's stream
/// is reset.
#[derive(Clone, Copy, Debug, Error)]
#[error("a fault closed the connection")]
pub(crate) struct Disconnect;

/// By then the first half of a cut reply is on its way.
const FLUSHED: Duration = Duration::from_millis(20);

/// How often a throttled reply sends a piece.
const TICKS_A_SECOND: u32 = 10;

/// Does to a reply what a fault says. While it waits it holds neither a lock nor a thread.
///
/// # Errors
/// The connection shall be closed.
pub(crate) async fn misbehave(action: Action, response: Response<Body>) -> Result<Response<Body>, Disconnect> {
    match action {
        // These are answered in the endpoint's place.
        Action::Answer { .. } | Action::Status { .. } => Ok(response),
        Action::Delay(delay) => {
            sleep(delay).await;
            Ok(response)
        }
        Action::DisconnectBefore => Err(Disconnect),
        Action::DisconnectMidBody => Ok(with_body(response, |body| cut(&body)).await),
        Action::Garble => Ok(with_body(response, |body| Body::from(garble(&body))).await),
        Action::Throttle { bytes_per_second } => Ok(with_body(response, |body| throttle(body, bytes_per_second)).await),
    }
}

/// The reply with another body under the length that its own would have had.
async fn with_body(response: Response<Body>, change: impl FnOnce(Bytes) -> Body) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, change(body))
}

/// The first half, and then the end of the connection.
fn cut(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    // hyper drops what it has not written yet when a body fails, so the failure comes a moment later.
    let failure = stream::once(async {
        sleep(FLUSHED).await;
        Err(io::Error::other("a fault cut the reply"))
    });
    Body::from_stream(stream::iter([Ok(half)]).chain(failure))
}

/// Every third byte is another one, the first among them.
fn garble(body: &[u8]) -> Vec<u8> {
    body.iter()
        .enumerate()
        .map(|(place, byte)| if place % 3 == 0 { byte ^ 0x55 } else { *byte })
        .collect()
}

/// The body in pieces, so many bytes a second.
fn throttle(body: Bytes, bytes_per_second: u32) -> Body {
    let (piece, tick) = pace(bytes_per_second);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(tick).await;
        let piece = rest.split_to(rest.len().min(piece as usize));
        Some((Ok::<_, io::Error>(piece), rest))
    });
    Body::from_stream(pieces)
}

/// The bytes of a piece, and how long it takes: about ten pieces a second, or one byte each where that is more.
fn pace(bytes_per_second: u32) -> (u32, Duration) {
    let piece = (bytes_per_second / TICKS_A_SECOND).max(1);
    (piece, Duration::from_secs(1) * piece / bytes_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_bytes_come_in_a_second_as_were_asked_for() {
        for bytes_per_second in [1, 3, 9, 10, 11, 19, 50, 999, 1_000_003, u32::MAX] {
            let (piece, tick) = pace(bytes_per_second);
            let rate = f64::from(piece) / tick.as_secs_f64();
            let wanted = f64::from(bytes_per_second);
            assert!(
                (rate / wanted - 1.0).abs() < 0.001,
                "{rate} bytes a second, not {wanted}"
            );
        }
    }

    #[test]
    fn garbled_bytes_are_others_and_as_many() {
        let body = b"errorCode=0";
        let garbled = garble(body);
        assert_eq!(garbled.len(), body.len());
        assert_ne!(garbled, body);
        assert_ne!(garble(b"0\n"), b"0\n");
    }
}
