//! Notices that the peer of a waiting HTTP/1 call has gone.
//!
//! hyper reads nothing while a call waits, for the sake of peers that close their side and still want the answer
//! (`printf ... | nc`). So a peer that has gone would keep its connection for as long as a delay lasts.
//!
//! A reset shows by itself. A close does not: it looks like the end of a peer's sending, and TCP tells the two apart
//! only when the peer is sent something, which a closed socket answers with a reset. (Keep-alive probes do not help:
//! the kernel acknowledges them for a closed socket for another minute.) So, once a peer has closed its side, its
//! answer is begun early: every answer begins with `HTTP/1.`, and these bytes go out one by one while the call waits. A
//! peer that reads gets the same bytes as ever, the first of them sooner. A stream of events finds out by itself: where it is
//! silent, it sends comments.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How every answer of HTTP/1 begins.
const START: &[u8] = b"HTTP/1.";

/// How long a call waits before its peer is looked for; each later look comes after twice the time.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// The peer of an HTTP/1 connection.
pub(super) struct Peer {
    tcp: Arc<TcpStream>,
    /// A call waits, and nothing of its answer was written.
    waits: AtomicBool,
}

impl Peer {
    pub(super) fn new(tcp: Arc<TcpStream>) -> Self {
        Self {
            tcp,
            waits: AtomicBool::new(false),
        }
    }

    /// Marks that a call waits, until the guard is dropped.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waits.store(true, Ordering::Relaxed);
        Waiting(self.clone())
    }

    /// Resolves when the peer has reset the connection.
    pub(super) async fn reset(&self) {
        while let Ok(ready) = self.tcp.ready(Interest::ERROR).await
            && !ready.is_error()
        {}
    }

    /// Whether a call waits, so that hyper does not look at the socket.
    pub(super) fn is_waiting(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Whether it has closed the connection, or at least its side of it.
    fn has_closed_its_side(&self) -> bool {
        let ready = self.tcp.ready(Interest::READABLE).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed()))
    }
}

/// For as long as it is there, a call waits.
pub(super) struct Waiting(Arc<Peer>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waits.store(false, Ordering::Relaxed);
    }
}

/// A stream that begins the answer to a peer that has closed its side early.
pub(super) struct Early<I> {
    io: I,
    peer: Arc<Peer>,
    /// How many bytes of [`START`] are sent and still to come from hyper.
    sent: usize,
    next_look: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl<I: AsyncWrite + Unpin> Early<I> {
    pub(super) fn new(io: I, peer: Arc<Peer>) -> Self {
        Self {
            io,
            peer,
            sent: 0,
            next_look: None,
        }
    }

    pub(super) fn into_inner(self) -> I {
        self.io
    }

    /// Called when hyper has written all that it has.
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.peer.waits.load(Ordering::Relaxed) {
            self.next_look = None;
            return Poll::Ready(Ok(()));
        }
        while self.sent < START.len() {
            let (wait, timer) = self
                .next_look
                .get_or_insert_with(|| (FIRST_LOOK, Box::pin(sleep(FIRST_LOOK))));
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
            let mut wait = *wait;
            if self.peer.has_closed_its_side() {
                let byte = &START[self.sent..=self.sent];
                self.sent += ready!(Pin::new(&mut self.io).poll_write(cx, byte))?;
                wait *= 2;
            }
            self.next_look = Some((wait, Box::pin(sleep(wait))));
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// How many of these bytes are sent already.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let known = self.sent.min(bytes.len());
        self.sent -= known;
        known
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Early<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Early<I> {
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
        self.look(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
