//! The body of a request, as the service gets it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

use super::peer::{AwaitedBody, Peer};

/// The body of a request. If the service does not read all of it, the rest goes back to the connection.
#[derive(Debug)]
pub(crate) struct Received {
    /// None after the end of the body.
    incoming: Option<Incoming>,
    connection: Option<Connection>,
}

/// What a body that has not ended has of its connection.
#[derive(Debug)]
struct Connection {
    back: oneshot::Sender<Incoming>,
    peer: Arc<Peer>,
    /// Set while more of the body was asked for and has not come.
    awaited: Option<AwaitedBody>,
}

/// Receives the unread rest of a body.
#[derive(Debug)]
pub(super) struct Unread(Option<oneshot::Receiver<Incoming>>);

impl Received {
    /// The body for the service, and the receiver of its unread rest.
    pub(super) fn new(incoming: Incoming, peer: &Arc<Peer>) -> (Self, Unread) {
        if incoming.is_end_stream() {
            let none = Self {
                incoming: None,
                connection: None,
            };
            return (none, Unread(None));
        }
        let (back, unread) = oneshot::channel();
        let connection = Connection {
            back,
            peer: peer.clone(),
            awaited: None,
        };
        let body = Self {
            incoming: Some(incoming),
            connection: Some(connection),
        };
        (body, Unread(Some(unread)))
    }
}

impl Connection {
    fn note(&mut self, polled: &Poll<Option<Result<Frame<Bytes>, hyper::Error>>>) {
        if polled.is_pending() {
            self.awaited.get_or_insert_with(|| self.peer.await_body());
            return;
        }
        self.awaited = None;
        if let Poll::Ready(Some(Ok(frame))) = polled {
            self.peer.add_body_bytes(frame.data_ref().map_or(0, Bytes::len));
        }
    }
}

impl Unread {
    /// The rest of the body, if the service dropped it before its end.
    pub(super) fn take(self) -> Option<Incoming> {
        self.0?.try_recv().ok()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let (Some(incoming), Some(connection)) = (self.incoming.take(), self.connection.take())
            && !incoming.is_end_stream()
        {
            // An error means that the whole call was dropped.
            let _ = connection.back.send(incoming);
        }
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(incoming).poll_frame(cx);
        if let Some(connection) = &mut self.connection {
            connection.note(&polled);
        }
        // After the end or an error, there is no rest.
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.incoming = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
