//! What every call of a connection goes through before and after the service.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response, Version};
use tokio::time::timeout;

use super::peer::Peer;
use super::received::Received;
use crate::server::linger;

/// The longest rest of a body that is read after its answer is known, so that the connection can go on.
const MAX_REST: u64 = 64 << 10;

/// How long such a rest may take to arrive: it holds back the answer. Most rests are a packet that is on its way.
const REST_TIME: Duration = Duration::from_millis(100);

/// A service whose answers say it when the connection closes after them, and whose peers are looked for while a call
/// waits.
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
        // Such a client may have no rest to send, and reading would ask it for one.
        let asks_first = request.headers().contains_key(EXPECT);
        let (head, body) = request.into_parts();
        let (body, unread) = Received::new(body);
        let waiting = self.peer.wait();
        let answer = self.service.call(Request::from_parts(head, body));
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(rest) = unread.take() {
                if version == Version::HTTP_2 {
                    linger::discard(rest);
                } else if !says_close(&response) && (asks_first || !skip(rest).await) {
                    // RFC 9112, 9.6; hyper closes without it as well.
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
            }
            drop(waiting);
            Ok(response)
        })
    }
}

fn says_close(response: &Response<Body>) -> bool {
    response.headers().get(CONNECTION).is_some_and(|value| value == "close")
}

/// Reads a short rest of a body and forgets it. Whether the body is then at its end.
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
