//! What is done before and after the service for each call of a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::TryFutureExt as _;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response, Version};
use tokio::time::timeout;

use super::activity::counted;
use super::peer::Peer;
use super::received::Received;
use crate::server::linger;

/// How many bytes of an unread body are read after the service has responded, so that the connection can be kept.
const MAX_REST: u64 = 64 << 10;

/// How long this may take, as it delays the response. Usually the rest is one packet that is already on its way.
const REST_TIME: Duration = Duration::from_millis(100);

/// A body of a known length up to this is taken to be there as a whole, as nearly all are.
const WHOLE_BODY: u64 = 64 << 10;

/// A service that adds `Connection: close` to a response after which the connection closes, and that marks the peer as
/// waiting during a call.
pub(super) struct Calls<S> {
    service: S,
    peer: Arc<Peer>,
}

impl<S> Calls<S> {
    pub(super) fn new(service: S, peer: Arc<Peer>) -> Self {
        Self { service, peer }
    }
}

impl<S> Service<Request<Incoming>> for Calls<S>
where
    S: Service<Request<Received>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let version = request.version();
        // A client that sends `Expect: 100-continue` may wait to be asked for its body, and reading would ask for it.
        let expects_continue = request.headers().contains_key(EXPECT);
        let (head, body) = request.into_parts();
        let (body, unread) = Received::new(body, &self.peer);
        let waiting = self.peer.wait();
        let answered = self.service.call(Request::from_parts(head, body));
        // Not `answered.await` in an async block: that would have room for the future twice.
        Box::pin(answered.and_then(async move |mut response| {
            if let Some(rest) = unread.take() {
                if version == Version::HTTP_2 {
                    linger::discard(rest);
                } else if !says_close(&response) && (expects_continue || !skip(rest).await) {
                    // RFC 9112, section 9.6. hyper closes the connection even without it.
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
            }
            if version != Version::HTTP_2 && is_perhaps_made_slowly(response.body()) {
                let activity = waiting.peer().activity().clone();
                response = response.map(|body| counted(body, activity));
            }
            drop(waiting);
            Ok(response)
        }))
    }
}

fn says_close(response: &Response<Body>) -> bool {
    response.headers().get(CONNECTION).is_some_and(|value| value == "close")
}

/// Whether the connection may have to wait for the service in the midst of the body.
fn is_perhaps_made_slowly(body: &Body) -> bool {
    body.size_hint().exact().is_none_or(|bytes| bytes > WHOLE_BODY)
}

/// Reads and discards a short rest of a body. Returns whether the end of the body was reached.
async fn skip(mut rest: Incoming) -> bool {
    if rest.size_hint().lower() > MAX_REST {
        return false;
    }
    let to_the_end = async {
        let mut skipped = 0;
        while let Some(frame) = rest.frame().await {
            let Ok(frame) = frame else { return false };
            skipped += frame.data_ref().map_or(0, |data| data.len() as u64);
            if skipped > MAX_REST {
                return false;
            }
        }
        true
    };
    timeout(REST_TIME, to_the_end).await.unwrap_or(false)
}
