//! Whether anything happens on an HTTP/2 connection, and whether the service is at work on a response of HTTP/1.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper::{Request, Response};

/// Counts what happens on a connection. With HTTP/1, only responses are counted that may be made slowly.
#[derive(Debug, Default)]
pub(super) struct Activity {
    steps: AtomicU64,
    in_progress: AtomicUsize,
}

impl Activity {
    /// How many events there were: calls, and pieces of responses that the peer has read.
    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// On how many responses, or next pieces of them, the service is working, or waits for a body.
    pub(super) fn in_progress(&self) -> usize {
        self.in_progress.load(Ordering::Relaxed)
    }

    fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }
}

/// Marks that the service is working on a response, as long as it exists.
struct WorkInProgress(Arc<Activity>);

impl WorkInProgress {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.in_progress.fetch_add(1, Ordering::Relaxed);
        Self(activity.clone())
    }
}

impl Drop for WorkInProgress {
    fn drop(&mut self) {
        self.0.step();
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A service whose calls and responses are counted.
pub(super) struct CountedService<S> {
    pub(super) service: S,
    pub(super) activity: Arc<Activity>,
}

impl<S> Service<Request<Incoming>> for CountedService<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let at_work = WorkInProgress::new(&self.activity);
        let answer = self.service.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let activity = at_work.0.clone();
            Ok(response.map(|body| counted(body, activity)))
        })
    }
}

/// The body of a response, whose pieces are counted.
pub(super) fn counted(body: Body, activity: Arc<Activity>) -> Body {
    Body::new(CountedBody {
        body,
        activity,
        at_work: None,
    })
}

/// The body of a response, whose pieces are counted.
struct CountedBody {
    body: Body,
    activity: Arc<Activity>,
    /// Set while the next piece was asked for and is not ready. If None, the peer has to read the last piece.
    at_work: Option<WorkInProgress>,
}

impl hyper::body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_pending() {
            this.at_work.get_or_insert_with(|| WorkInProgress::new(&this.activity));
        } else {
            this.at_work = None;
            this.activity.step();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
