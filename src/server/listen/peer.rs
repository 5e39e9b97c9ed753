//! What a connection knows of its peer: what it waits for, and, where an HTTP/1 call is in progress, whether the peer has closed
//! the connection.
//!
//! hyper reads nothing while a call waits, because some peers close their sending side and still read the response
//! (`printf ... | nc`). So without this, a connection that the peer has closed would stay for as long as a delay lasts.
//!
//! A reset is reported by the system. A close is not: it looks the same as the end of sending, and TCP shows the
//! difference only when something is sent to the peer, which a closed socket answers with a reset. (Keep-alive probes
//! do not help: the kernel acknowledges them for a closed socket for another minute.) So, once a peer has closed its
//! sending side, its response is begun early: every response begins with `HTTP/1.`, and these bytes are sent one by one
//! while the call waits. A peer that reads gets the same bytes as always, the first of them earlier. A stream of events
//! needs none of this, since it sends comments when it has no events.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Instant, Sleep, sleep};

use super::activity::Activity;
use super::room::{Awaited, Progress};
use crate::server::linger::Traffic;

/// The beginning of every HTTP/1 response.
const START: &[u8] = b"HTTP/1.";

/// How long a call waits before its peer is checked; the time before each later check is twice as long.
const FIRST_CHECK: Duration = Duration::from_millis(500);

/// The peer of a connection. `call_in_progress` and `calls` mean something with HTTP/1 alone, which has one call at a time.
#[derive(Debug)]
pub(super) struct Peer {
    tcp: Arc<OwnedWriteHalf>,
    traffic: Arc<Traffic>,
    activity: Arc<Activity>,
    /// Whether a call is in progress, so that hyper has written nothing of its response.
    call_in_progress: AtomicBool,
    /// How many calls it has made.
    calls: AtomicU64,
    /// How many bodies are waited for.
    awaited_bodies: AtomicUsize,
    /// How many bytes of bodies have come.
    body_bytes: AtomicU64,
}

impl Peer {
    pub(super) fn new(tcp: Arc<OwnedWriteHalf>, traffic: Arc<Traffic>) -> Self {
        Self {
            tcp,
            traffic,
            activity: Arc::default(),
            call_in_progress: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            awaited_bodies: AtomicUsize::new(0),
            body_bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Marks that a call waits, until the result is dropped.
    pub(super) fn wait(self: &Arc<Self>) -> WaitingCall {
        self.call_in_progress.store(true, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        WaitingCall(self.clone())
    }

    /// Waits until the peer resets the connection.
    pub(super) async fn reset(&self) {
        while let Ok(ready) = self.tcp.ready(Interest::ERROR).await
            && !ready.is_error()
        {}
    }

    /// Waits until the peer has taken that long for the head of a call, or up to an eighth longer: it only looks now and then.
    /// hyper's own limit would set a timer and clear it for each call.
    pub(super) async fn head_is_overdue(&self, time: Duration) {
        // How many calls there were when a head was last seen to be waited for, and since when.
        let mut awaited = Some((0, Instant::now()));
        loop {
            sleep(time / 8).await;
            awaited = match (self.awaited(), awaited) {
                (Some(Awaited::Call(now)), Some((before, since))) if now == before => {
                    if since.elapsed() >= time {
                        return;
                    }
                    awaited
                }
                (Some(Awaited::Call(now)), Some(_) | None) => Some((now, Instant::now())),
                (Some(Awaited::Bytes(_) | Awaited::Handshake(_) | Awaited::Reading(_)) | None, _) => None,
            };
        }
    }

    /// Whether a call waits, so that hyper does not read from the socket.
    pub(super) fn is_waiting(&self) -> bool {
        self.call_in_progress.load(Ordering::Relaxed)
    }

    /// What it is waited for, with HTTP/1. None while the service is working on a call of it.
    pub(super) fn awaited(&self) -> Option<Awaited> {
        let calls = self.calls.load(Ordering::Relaxed);
        let progress = Progress {
            done: calls,
            bytes: self.traffic.bytes(),
        };
        if self.is_waiting() {
            (self.awaited_bodies() > 0).then_some(Awaited::Bytes(progress))
        } else if self.traffic.awaits_read() {
            Some(Awaited::Reading(progress))
        } else if self.traffic.awaits_close() {
            Some(Awaited::Bytes(progress))
        } else if self.activity.in_progress() > 0 {
            // A response is being made. Its next call may have come already, and is read after it.
            None
        } else {
            Some(Awaited::Call(calls))
        }
    }

    /// Marks that more of a body is waited for, until the result is dropped.
    pub(super) fn await_body(self: &Arc<Self>) -> AwaitedBody {
        self.awaited_bodies.fetch_add(1, Ordering::Relaxed);
        AwaitedBody(self.clone())
    }

    /// How many bodies are waited for.
    pub(super) fn awaited_bodies(&self) -> usize {
        self.awaited_bodies.load(Ordering::Relaxed)
    }

    /// Notes that so many bytes of a body have come.
    pub(super) fn add_body_bytes(&self, bytes: usize) {
        self.body_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// How many bytes of bodies have come.
    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes.load(Ordering::Relaxed)
    }

    /// Whether it has closed the connection, or at least its sending side.
    fn has_closed_its_side(&self) -> bool {
        let ready = self.tcp.ready(Interest::READABLE).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed()))
    }
}

/// Marks that a call waits, as long as it exists.
pub(super) struct WaitingCall(Arc<Peer>);

impl WaitingCall {
    pub(super) fn peer(&self) -> &Peer {
        &self.0
    }
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        self.0.call_in_progress.store(false, Ordering::Relaxed);
    }
}

/// Marks that more of a body is waited for, as long as it exists.
#[derive(Debug)]
pub(super) struct AwaitedBody(Arc<Peer>);

impl Drop for AwaitedBody {
    fn drop(&mut self) {
        self.0.awaited_bodies.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that sends the beginning of a response early, if the peer has closed its sending side.
pub(super) struct EarlyResponse<I> {
    io: I,
    peer: Arc<Peer>,
    /// How many bytes of [`START`] were sent early. hyper will write them again, and then they are skipped.
    sent: usize,
    next_check: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl<I: AsyncWrite + Unpin> EarlyResponse<I> {
    pub(super) fn new(io: I, peer: Arc<Peer>) -> Self {
        Self {
            io,
            peer,
            sent: 0,
            next_check: None,
        }
    }

    pub(super) fn into_inner(self) -> I {
        self.io
    }

    /// Checks the peer. Called when hyper has nothing more to write.
    fn check(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.peer.call_in_progress.load(Ordering::Relaxed) {
            self.next_check = None;
            return Poll::Ready(Ok(()));
        }
        while self.sent < START.len() {
            let (wait, timer) = self
                .next_check
                .get_or_insert_with(|| (FIRST_CHECK, Box::pin(sleep(FIRST_CHECK))));
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
            let mut wait = *wait;
            if self.peer.has_closed_its_side() {
                let byte = &START[self.sent..=self.sent];
                self.sent += ready!(Pin::new(&mut self.io).poll_write(cx, byte))?;
                wait *= 2;
            }
            self.next_check = Some((wait, Box::pin(sleep(wait))));
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// How many of these bytes, which hyper writes, were sent early.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let known = self.sent.min(bytes.len());
        self.sent -= known;
        known
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for EarlyResponse<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for EarlyResponse<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.skip(bytes) {
            0 => Pin::new(&mut self.io).poll_write(cx, bytes),
            skipped => Poll::Ready(Ok(skipped)),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        match first.map_or(0, |first| self.skip(first)) {
            0 => Pin::new(&mut self.io).poll_write_vectored(cx, slices),
            skipped => Poll::Ready(Ok(skipped)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.check(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
