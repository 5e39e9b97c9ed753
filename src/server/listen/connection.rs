//! One connection, from its first byte to its close.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, info};

use super::activity::{Activity, CountedService};
use super::calls::Calls;
use super::peer::{EarlyResponse, Peer};
use super::room::{Awaited, Progress, Room};
use super::{LOG, Limits, Received};
use crate::server::linger::{Linger, Traffic};
use crate::server::stop::Stop;

/// The longest head of a request, in bytes: a target of hyper's own limit of 64 KiB, which may contain arguments, and
/// headers.
const MAX_HEAD: usize = 96 << 10;

/// How many bytes the system takes of a response that it has not sent yet.
#[cfg(target_os = "linux")]
const MAX_UNSENT: u32 = 128 << 10;

/// The most bytes that a connection buffers in each direction.
const MAX_BUFFER: usize = 128 << 10;

/// How many calls an HTTP/2 connection may make at a time.
const STREAMS: u32 = 16;

/// How many bytes of an HTTP/2 body may be sent before they are read.
const STREAM_WINDOW: u32 = 64 << 10;

/// What all connections of a listener share.
pub(super) struct Shared {
    name: &'static str,
    tls: Option<TlsAcceptor>,
    read_timeout: Duration,
    pub(super) room: Room,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(name: &'static str, tls: Option<Arc<ServerConfig>>, limits: &Limits) -> Self {
        let read_timeout = limits.read_timeout;
        let mut http1 = http1::Builder::new();
        // No `pipeline_flush`: it would delay a response while a part of the next head has arrived.
        // Nor a `header_read_timeout`: see `Peer::head_is_overdue`.
        http1
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_BUFFER)
            // `printf ... | nc` closes its sending side at once and still reads the response.
            .half_close(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(read_timeout)
            .keep_alive_timeout(read_timeout)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(MAX_HEAD as u32)
            .initial_stream_window_size(STREAM_WINDOW)
            // Large enough for all streams, so that bodies that wait for their turn do not block the one that is read.
            .initial_connection_window_size(STREAMS * STREAM_WINDOW)
            .max_send_buf_size(64 << 10);
        Self {
            name,
            tls: tls.map(TlsAcceptor::from),
            read_timeout,
            room: Room::default(),
            http1,
            http2,
        }
    }
}

/// Has the system take little of a response ahead of what it sends. It would take megabytes, and tell of no progress until many of
/// them are sent, so that a client that reads steadily and slowly would look like one that does not read.
#[cfg(target_os = "linux")]
fn limit_unsent(tcp: &TcpStream) {
    // Without it, slow clients may be taken for stuck ones; all else is as before.
    let _ = SockRef::from(tcp).set_tcp_notsent_lowat(MAX_UNSENT);
}

/// Other systems buffer less.
#[cfg(not(target_os = "linux"))]
fn limit_unsent(_: &TcpStream) {}

/// What may happen to an HTTP/1 connection besides its calls.
enum Event {
    /// The peer has reset it.
    Reset,
    /// The peer has taken too long for a head, or has not begun one.
    NoHead,
    /// The listener is full, and it waits for its peer.
    InTheWay,
    /// The emulator stops.
    Stopped,
}

/// One accepted connection.
pub(super) struct Connection {
    shared: Arc<Shared>,
    peer: SocketAddr,
    traffic: Arc<Traffic>,
    stop: Stop,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, peer: SocketAddr, stop: Stop) -> Self {
        let traffic = Arc::default();
        Self {
            shared,
            peer,
            traffic,
            stop,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run<S>(mut self, tcp: TcpStream, service: S)
    where
        S: Service<Request<Received>, Response = Response<Body>, Error: Into<BoxError> + 'static> + Send + 'static,
        S::Future: Send + 'static,
    {
        // Responses are small and written at once, so waiting for more to send would only delay them.
        if tcp.set_nodelay(true).is_err() {
            return;
        }
        limit_unsent(&tcp);
        let Some(first) = self.first_byte(&tcp).await else {
            return;
        };
        let (reader, writer) = tcp.into_split();
        let writer = Arc::new(writer);
        let peer = Arc::new(Peer::new(writer.clone(), self.traffic.clone()));
        let service = Calls::new(service, peer.clone());
        let (traffic, stop) = (self.traffic.clone(), self.stop.clone());
        let io = Linger::new(reader, writer, traffic, self.shared.read_timeout, stop);
        let shared = self.shared.clone();
        let Some(acceptor) = &shared.tls else {
            return match check_http(first) {
                Ok(()) => self.http1(io, peer, service).await,
                Err(what) => self.refuse(io, what, first).await,
            };
        };
        if let Err(what) = check_tls(first) {
            return self.refuse(io, what, first).await;
        }
        // On the heap, so that the task of a plain connection stays small.
        let Some(io) = Box::pin(self.handshake(acceptor, io)).await else {
            return;
        };
        if io.get_ref().1.alpn_protocol() == Some(b"h2") {
            Box::pin(self.http2(io, peer, service)).await;
        } else {
            Box::pin(self.http1(io, peer, service)).await;
        }
    }

    /// The peer's first byte, which stays in the socket. None if it sent nothing in time, closed the connection, or the
    /// emulator stops.
    async fn first_byte(&mut self, tcp: &TcpStream) -> Option<u8> {
        let mut first = [0];
        let peeked = tokio::select! {
            biased;
            peeked = timeout(self.shared.read_timeout, tcp.peek(&mut first)) => peeked,
            () = self.stop.stopped() => return None,
            // The first byte is all that is waited for.
            () = self.shared.room.until_in_the_way(self.peer, || Some(Awaited::Call(0))) => {
                return self.log_end(&io::Error::other("the listener is full and the peer had sent nothing"));
            }
        };
        match peeked {
            Ok(Ok(1)) => Some(first[0]),
            Ok(Ok(_)) => None,
            Ok(Err(error)) => self.log_end(&error),
            Err(elapsed) => self.log_end(&elapsed),
        }
    }

    async fn handshake(&self, acceptor: &TlsAcceptor, io: Linger) -> Option<TlsStream<Linger>> {
        let done = tokio::select! {
            biased;
            done = timeout(self.shared.read_timeout, acceptor.accept(io).into_fallible()) => done,
            () = self.shared.room.until_in_the_way(self.peer, || Some(Awaited::Handshake(self.traffic()))) => {
                self.log_closed_for_room();
                return None;
            }
        };
        match done {
            Ok(Ok(io)) => Some(io),
            Ok(Err((error, io))) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.log("failed the TLS handshake", &why_handshake_failed(&error));
                } else {
                    self.log_end::<()>(&error);
                }
                self.close(io).await;
                None
            }
            Err(_) => {
                self.log("did not finish the TLS handshake in time", "timeout");
                None
            }
        }
    }

    async fn http1<I, S>(self, io: I, peer: Arc<Peer>, service: S)
    where
        I: AsyncRead + AsyncWrite + Unpin,
        S: Service<Request<Incoming>, Response = Response<Body>, Error: Into<BoxError> + 'static>,
    {
        let mut connection = self
            .shared
            .http1
            .serve_connection(TokioIo::new(EarlyResponse::new(io, peer.clone())), service);
        let mut events = self.events(&peer);
        let mut leaving = false;
        let served = loop {
            let event = tokio::select! {
                biased;
                served = &mut connection => break Some(served),
                Some(event) = events.next() => event,
            };
            match event {
                Event::Reset if peer.is_waiting() => {
                    self.log_end::<()>(&io::Error::from(io::ErrorKind::ConnectionReset));
                    return;
                }
                // While it reads or writes, hyper notices it too.
                Event::Reset => continue,
                Event::NoHead => {
                    self.log_end::<()>(&io::Error::from(io::ErrorKind::TimedOut));
                    break None;
                }
                Event::InTheWay => {
                    // hyper would wait for the rest of its first head.
                    if !matches!(peer.awaited(), Some(Awaited::Call(1..))) {
                        return self.log_closed_for_room();
                    }
                    events.push(self.in_the_way(&peer));
                }
                Event::Stopped => {}
            }
            if !leaving {
                // A call that has begun is answered; what has come of another head is given up.
                leaving = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        };
        match served {
            Some(Ok(())) => return,
            Some(Err(error)) if error.is_parse() => {
                self.log("sent what is not a request of HTTP/1.1", &reason(&error));
            }
            Some(Err(error)) => {
                self.log_end::<()>(&error);
            }
            None => {}
        }
        // After some errors hyper does not close the connection. If it has, this does nothing.
        self.close(connection.into_parts().io.into_inner().into_inner()).await;
    }

    /// What may happen to an HTTP/1 connection. Each is looked at only when it may have happened, not with each packet.
    fn events<'c>(&'c self, peer: &'c Peer) -> FuturesUnordered<BoxFuture<'c, Event>> {
        let mut stop = self.stop.clone();
        let events = FuturesUnordered::<BoxFuture<'c, Event>>::new();
        events.push(Box::pin(peer.reset().map(|()| Event::Reset)));
        events.push(Box::pin(
            peer.head_is_overdue(self.shared.read_timeout).map(|()| Event::NoHead),
        ));
        events.push(self.in_the_way(peer));
        events.push(Box::pin(async move {
            stop.stopped().await;
            Event::Stopped
        }));
        events
    }

    fn in_the_way<'c>(&'c self, peer: &'c Peer) -> BoxFuture<'c, Event> {
        let room = &self.shared.room;
        let in_the_way = room.until_in_the_way(self.peer, || peer.awaited());
        Box::pin(in_the_way.map(|()| Event::InTheWay))
    }

    async fn http2<S>(self, io: TlsStream<Linger>, peer: Arc<Peer>, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<Body>, Error: Into<BoxError> + 'static>,
        S::Future: Send + 'static,
    {
        let mut stop = self.stop.clone();
        let activity = peer.activity();
        let service = CountedService {
            service,
            activity: activity.clone(),
        };
        let mut connection = self.shared.http2.serve_connection(TokioIo::new(io), service);
        // hyper limits neither the time for the HTTP/2 preface nor that of idle connections. A connection on which
        // nothing happened for a whole period gets a GOAWAY, and is dropped one period later. A call that the service
        // is still working on continues; a response that the peer does not read does not count. Nor do further calls make a
        // connection stay that was sent a GOAWAY, for whatever reason: it has two more periods at most.
        let period = self.shared.read_timeout;
        let mut ticks = interval_at(Instant::now() + period, period);
        let mut seen = 0;
        let mut leaving = false;
        let mut periods_since_then = 0;
        let awaited = |leaving| self.awaited_over_http2(&peer, activity, leaving);
        let is_in_the_way = |leaving| self.shared.room.until_in_the_way(self.peer, move || awaited(leaving));
        let mut in_the_way = pin!(is_in_the_way(false));
        let mut makes_room = false;
        let served = loop {
            tokio::select! {
                biased;
                served = &mut connection => break served,
                () = stop.stopped(), if !leaving => leaving = true,
                () = &mut in_the_way => {
                    if makes_room {
                        return self.log_closed_for_room();
                    }
                    (makes_room, leaving) = (true, true);
                    in_the_way.set(is_in_the_way(true));
                }
                _ = ticks.tick() => {
                    if activity.in_progress() > 0 {
                        continue;
                    }
                    let before = seen;
                    seen = activity.steps();
                    periods_since_then += u32::from(leaving);
                    if leaving && (seen == before || periods_since_then == 2) {
                        return;
                    }
                    if seen != before {
                        continue;
                    }
                    leaving = true;
                }
            }
            Pin::new(&mut connection).graceful_shutdown();
        };
        if let Err(error) = served {
            self.log_http2_error(&error);
        }
    }

    /// What an HTTP/2 connection waits for its peer to do; none while the service is at work for it. If the peer was told to leave,
    /// each byte counts, as it may be reading its last responses; otherwise those of bodies alone.
    fn awaited_over_http2(&self, peer: &Peer, activity: &Activity, leaving: bool) -> Option<Awaited> {
        let is_at_work = activity.in_progress() > peer.awaited_bodies();
        let done = activity.steps();
        let awaited = match leaving {
            true => Awaited::Reading(Progress {
                done,
                bytes: self.traffic.bytes(),
            }),
            false => Awaited::Bytes(Progress {
                done,
                bytes: peer.body_bytes(),
            }),
        };
        (!is_at_work).then_some(awaited)
    }

    async fn refuse(&self, io: Linger, what: &str, first: u8) {
        self.log(what, &format!("its first byte was 0x{first:02x}"));
        self.close(io).await;
    }

    /// Closes it. It does not linger for a peer that is silent while the listener is full.
    async fn close(&self, mut io: impl AsyncWrite + Unpin) {
        tokio::select! {
            biased;
            // An error means that the peer has closed it already.
            _ = io.shutdown() => {}
            () = self.shared.room.until_in_the_way(self.peer, || Some(Awaited::Bytes(self.traffic()))) => {}
        }
    }

    /// What has come and gone, where anything that does is waited for.
    fn traffic(&self) -> Progress {
        let bytes = self.traffic.bytes();
        Progress { done: 0, bytes }
    }

    /// Logs that a connection is closed because the listener is full.
    fn log_closed_for_room(&self) {
        let why = "the listener is full and the peer neither sends nor reads, or too little";
        self.log_end::<()>(&io::Error::other(why));
    }

    /// Logs that a connection was refused.
    fn log(&self, what: &str, reason: &str) {
        info!(target: LOG, listener = self.shared.name, peer = %self.peer, reason, "closed a connection that {what}");
    }

    /// Logs that an HTTP/2 connection ended with an error. hyper keeps those of the socket apart from those of the protocol.
    fn log_http2_error(&self, error: &hyper::Error) {
        if error.is_timeout() || error.source().is_none_or(|source| source.is::<io::Error>()) {
            self.log_end::<()>(error);
        } else {
            self.log("broke the HTTP/2 protocol", &reason(error));
        }
    }

    /// Logs, at debug level, that a connection ended: nothing unusual. Always returns None.
    fn log_end<T>(&self, error: &dyn std::error::Error) -> Option<T> {
        debug!(target: LOG, listener = self.shared.name, peer = %self.peer, reason = %error, "a connection ended");
        None
    }
}

/// Whether HTTP can begin with this byte: one of a method, or of the empty lines that may come before it.
fn check_http(first: u8) -> Result<(), &'static str> {
    match first {
        TLS_HANDSHAKE => Err("spoke TLS to the plain HTTP port"),
        b'\r' | b'\n' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' => Ok(()),
        _ if first.is_ascii_alphanumeric() => Ok(()),
        _ => Err("sent what is not HTTP"),
    }
}

/// Whether TLS can begin with this byte.
fn check_tls(first: u8) -> Result<(), &'static str> {
    match first {
        TLS_HANDSHAKE => Ok(()),
        _ if first.is_ascii_alphabetic() => Err("spoke plain HTTP to the TLS port"),
        _ => Err("sent what is not TLS"),
    }
}

/// The type of the first TLS record.
const TLS_HANDSHAKE: u8 = 0x16;

/// The error of a TLS handshake; of the commonest, also what to do.
fn why_handshake_failed(error: &io::Error) -> String {
    use rustls::AlertDescription::{BadCertificate, CertificateUnknown, UnknownCA};
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::AlertReceived(UnknownCA | BadCertificate | CertificateUnknown)) => format!(
            "{error}: the client does not trust the CA, which GET /control/v1/tls/ca.pem of the control listener returns"
        ),
        Some(_) | None => error.to_string(),
    }
}

/// An error of hyper with its source, which its own text leaves out.
fn reason(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
