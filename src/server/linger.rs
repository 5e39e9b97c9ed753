//! A TCP stream that, when it is closed, waits until the peer has read the last response (a lingering close).
//!
//! If a socket is closed while bytes from the peer are unread, the kernel sends a reset, and a reset discards what the
//! peer has not read yet. A client that is still sending its body when the response is 413 would then see "connection
//! reset" instead of the response. So closing here means: shut down the sending side, then read and discard until the
//! peer has closed its side too, within limits of time and bytes.
//!
//! It is below TLS, so that discarded bytes need no decryption and the close_notify is sent first.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::HttpBody as Body;
use bytes::Buf;
use http_body_util::BodyExt as _;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Sleep, sleep, timeout};

use super::stop::Stop;

/// How long a closed connection waits until its peer closes.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes a closed connection discards at most.
const DISCARD: usize = 64 << 20;

/// Reads and discards the rest of an HTTP/2 body in the background, within the same limits.
///
/// If a body is dropped unread, hyper resets its stream. Some clients that are still sending (curl 7.88, for example)
/// take this for a failure and drop the response that they already have.
pub(crate) fn discard<B>(mut body: B)
where
    B: Body<Error: Send> + Send + Unpin + 'static,
    B::Data: Send,
{
    tokio::spawn(timeout(LINGER, async move {
        let mut discarded = 0;
        while let Some(Ok(frame)) = body.frame().await
            && discarded < DISCARD
        {
            discarded += frame.data_ref().map_or(0, Buf::remaining);
        }
    }));
}

/// What happens on the socket of a connection.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    bytes: AtomicU64,
    awaits_read: AtomicBool,
    awaits_close: AtomicBool,
}

impl Traffic {
    /// How many bytes have come and gone.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the peer is to read what was written.
    pub(crate) fn awaits_read(&self) -> bool {
        self.awaits_read.load(Ordering::Relaxed)
    }

    /// Whether the peer is to close the connection.
    pub(crate) fn awaits_close(&self) -> bool {
        self.awaits_close.load(Ordering::Relaxed)
    }

    fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A TCP stream whose shutdown lingers and whose writes have a time limit.
pub(crate) struct Linger {
    /// Its own `poll_read` knows from a read that did not fill the buffer that the socket is empty, and saves the system
    /// call that would tell so.
    reader: OwnedReadHalf,
    writer: Arc<OwnedWriteHalf>,
    traffic: Arc<Traffic>,
    stop: Stop,
    write_timeout: Duration,
    phase: Phase,
    discarded: usize,
    /// Runs while a write makes no progress, and later while the closed connection waits for its peer.
    timer: Option<Pin<Box<Sleep>>>,
}

enum Phase {
    Open,
    Discarding,
    Closed,
}

impl Linger {
    /// Wraps a stream, and notes its traffic. A write that makes no progress for `write_timeout` fails. After `stop`,
    /// closing does not linger.
    pub(crate) fn new(
        reader: OwnedReadHalf,
        writer: Arc<OwnedWriteHalf>,
        traffic: Arc<Traffic>,
        write_timeout: Duration,
        stop: Stop,
    ) -> Self {
        Self {
            reader,
            writer,
            traffic,
            stop,
            write_timeout,
            phase: Phase::Open,
            discarded: 0,
            timer: None,
        }
    }

    fn tcp(&self) -> &TcpStream {
        (*self.writer).as_ref()
    }

    /// Fails a write that has waited too long. Otherwise a peer that sends requests and reads no responses would stay
    /// for ever, because a head is not waited for meanwhile.
    fn limit_time(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = &written {
            self.traffic.count(result.as_ref().copied().unwrap_or_default());
            if self.timer.is_some() {
                self.timer = None;
                self.traffic.awaits_read.store(false, Ordering::Relaxed);
            }
            return written;
        }
        self.traffic.awaits_read.store(true, Ordering::Relaxed);
        ready!(self.poll_timer(cx, self.write_timeout));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, after: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(after)));
        timer.as_mut().poll(cx)
    }

    /// Reads and discards until the peer closes, a limit is reached, or the emulator stops.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Checked before the reads, so that a peer that always sends more cannot prevent it.
        if self.timer.is_some() && self.poll_timer(cx, LINGER).is_ready() {
            return Poll::Ready(());
        }
        let mut space = [const { MaybeUninit::uninit() }; 16 << 10];
        loop {
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.reader).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.traffic.count(buffer.filled().len());
                    self.discarded += buffer.filled().len();
                    if self.discarded >= DISCARD {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if self.stop.is_stopped() => return Poll::Ready(()),
                Poll::Pending => return self.poll_timer(cx, LINGER),
            }
        }
    }
}

fn poll_write(
    tcp: &TcpStream,
    cx: &mut Context<'_>,
    write: impl Fn(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_write_ready(cx))?;
        match write(tcp) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}

impl AsyncRead for Linger {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.reader).poll_read(cx, buffer);
        self.traffic.count(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Linger {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = poll_write(self.tcp(), cx, |tcp| tcp.try_write(bytes));
        self.limit_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = poll_write(self.tcp(), cx, |tcp| tcp.try_write_vectored(slices));
        self.limit_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Written bytes are already in the buffer of the kernel.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Phase::Open = self.phase {
            // If the peer has closed the connection already, nothing is left to do.
            let Ok(()) = SockRef::from(self.tcp()).shutdown(Shutdown::Write) else {
                self.phase = Phase::Closed;
                return Poll::Ready(Ok(()));
            };
            self.timer = None;
            self.traffic.awaits_close.store(true, Ordering::Relaxed);
            self.phase = Phase::Discarding;
        }
        if let Phase::Discarding = self.phase {
            ready!(self.poll_discard(cx));
            self.timer = None;
            self.phase = Phase::Closed;
        }
        Poll::Ready(Ok(()))
    }
}
