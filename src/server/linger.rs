//! A TCP stream that closes politely: it lingers until the peer has read the last answer.
//!
//! A socket that is closed while bytes of the peer lie unread makes the kernel send a reset, and a reset throws away
//! what the peer had not read yet. A client that is still sending its body when it is answered 413 would then see
//! "connection reset" in place of the answer. So closing means: say that nothing more comes, then read and discard
//! until the peer has closed too, within bounds.
//!
//! It sits below TLS, so that discarding costs no decryption and the close_notify goes out first.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::HttpBody as Body;
use bytes::Buf;
use http_body_util::BodyExt as _;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

use super::stop::Stop;

/// How long a closed connection waits for its peer to close.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes a closed connection discards before it gives up on its peer.
const DISCARD: usize = 64 << 20;

/// Reads the rest of a body of HTTP/2 in the background and forgets it, within the same bounds.
///
/// The connection lives on: the stream of a body that is dropped unread is reset, and a client in the middle of sending
/// (curl 7.88, for one) takes that for a failure and drops the answer that came before.
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

/// A TCP stream whose shutdown lingers and whose writes do not wait for ever.
pub(crate) struct Linger {
    tcp: Arc<TcpStream>,
    stop: Stop,
    write_timeout: Duration,
    phase: Phase,
    discarded: usize,
    /// Runs while a write makes no progress, then while the closed connection waits for its peer.
    timer: Option<Pin<Box<Sleep>>>,
}

enum Phase {
    Open,
    Discarding,
    Closed,
}

impl Linger {
    /// Wraps a stream. A write that makes no progress for `write_timeout` fails; once `stop` fired, nothing lingers.
    pub(crate) fn new(tcp: Arc<TcpStream>, write_timeout: Duration, stop: Stop) -> Self {
        Self {
            tcp,
            stop,
            write_timeout,
            phase: Phase::Open,
            discarded: 0,
            timer: None,
        }
    }

    /// Fails a write that has waited too long: a peer that sends requests and reads no answer would stay for ever,
    /// because hyper limits the time of heads only.
    fn bound<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.timer.is_some() {
                self.timer = None;
            }
            return written;
        }
        ready!(self.poll_timer(cx, self.write_timeout));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, after: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(after)));
        timer.as_mut().poll(cx)
    }

    /// Reads and forgets until the peer closes, the time or the bytes are used up, or the emulator stops.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Before the reads: a peer that always has more to send must not keep the timer from being looked at.
        if self.timer.is_some() && self.poll_timer(cx, LINGER).is_ready() {
            return Poll::Ready(());
        }
        let mut space = [const { MaybeUninit::uninit() }; 16 << 10];
        loop {
            let mut buffer = ReadBuf::uninit(&mut space);
            match poll_read(&self.tcp, cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
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

fn poll_read(tcp: &TcpStream, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    loop {
        ready!(tcp.poll_read_ready(cx))?;
        match tcp.try_read_buf(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read.map(|_| ())),
        }
    }
}

fn poll_write(tcp: &TcpStream, cx: &mut Context<'_>, write: impl Fn() -> io::Result<usize>) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_write_ready(cx))?;
        match write() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}

impl AsyncRead for Linger {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll_read(&self.tcp, cx, buffer)
    }
}

impl AsyncWrite for Linger {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = poll_write(&self.tcp, cx, || self.tcp.try_write(bytes));
        self.bound(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = poll_write(&self.tcp, cx, || self.tcp.try_write_vectored(slices));
        self.bound(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is written is the kernel's.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Phase::Open = self.phase {
            // A peer that is already gone needs no farewell.
            let Ok(()) = SockRef::from(&*self.tcp).shutdown(Shutdown::Write) else {
                self.phase = Phase::Closed;
                return Poll::Ready(Ok(()));
            };
            self.timer = None;
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
