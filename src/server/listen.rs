//! The listeners: they accept connections, check the first byte, do the TLS handshake, serve HTTP, and close.
//!
//! They use hyper's connections and not `axum::serve` or `axum-server`, because those ignore the errors of connections
//! (so nothing is logged when a client speaks TLS to the plain port), have no lingering close (see
//! [`linger`](super::linger)), set no time limit for heads, and do not limit the number of connections.
//!
//! The limits of a connection:
//! - [`Limits::read_timeout`] limits the wait for the first byte, the TLS handshake, each HTTP/1 head (counted from the
//!   end of the previous response, so it closes idle connections too, up to an eighth later), an HTTP/2 connection on
//!   which nothing happens, and a write that makes no progress. The service limits the time for the body of a request.
//! - [`Limits::connections`] limits their number, so that a full listener takes no file descriptor from the others.
//!   While a listener is full, connections that wait for their peer are closed if too little happens on them (see `room`), to
//!   make room for those that are still to be accepted. A peer is waited for until it has sent its first byte, its handshake, a
//!   head and a body, has taken the answer, and has closed. Connections whose calls are at work stay.
//! - An HTTP/1 call ends when its peer closes the connection, also while the call waits (see `peer`).
//! - A response after which the connection is closed has the header `Connection: close` (see `calls`).
//! - A head may have 96 KiB; for a longer one, hyper responds 431 (414 for a target of more than 65534 bytes) and
//!   closes.
//! - HTTP/2 has small windows and few streams, and a connection that does not answer a ping is closed.
//!
//! Each refused connection is one line in the log; a peer that closes a connection early is one line at debug level.

mod activity;
mod calls;
mod connection;
mod peer;
mod received;
mod room;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use hyper::service::Service;
use hyper::{Request, Response};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use connection::{Connection, Shared};
pub(crate) use received::Received;

use crate::server::stop::Stop;

/// How many connections the kernel keeps before they are accepted.
const BACKLOG: u32 = 1024;

/// The pause after a failed accept: without file descriptors, the next try would fail at once too.
const BACK_OFF: Duration = Duration::from_millis(50);

/// The target of this file's log lines.
const LOG: &str = "sectigo_emulator::http";

/// The limits of the connections of a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a peer may take: to send its first byte, for its TLS handshake, to send its next head, to read. Not
    /// zero, and not so long that the present time plus it overflows.
    pub(crate) read_timeout: Duration,
    /// How many connections there may be at a time; others wait in the backlog.
    pub(crate) connections: usize,
    /// How long calls in progress may take to finish after the stop.
    pub(crate) grace: Duration,
}

/// A bound socket. Clients can connect, and wait until it serves.
#[derive(Debug)]
pub(crate) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address; port 0 takes a free port. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Those of the operating system, for example if the port is in use or the address is not one of this machine.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let tcp = socket.listen(BACKLOG)?;
        let address = tcp.local_addr()?;
        Ok(Self { tcp, address })
    }

    /// The bound address, with the real port.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`: over TLS if there is a configuration for it, or plain HTTP/1.1.
    ///
    /// At the stop, no more connections are accepted, idle ones are closed, and calls in progress are finished; what is
    /// left after [`Limits::grace`] is aborted. Dropping the future aborts everything at once. `name` is in the log
    /// lines.
    pub(crate) async fn serve<S>(
        self,
        name: &'static str,
        tls: Option<Arc<ServerConfig>>,
        service: S,
        limits: Limits,
        mut stop: Stop,
    ) where
        S: Service<Request<Received>, Response = Response<Body>, Error: Into<BoxError> + 'static>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let shared = Arc::new(Shared::new(name, tls, &limits));
        let mut tasks = JoinSet::new();
        let mut failing = false;
        loop {
            shared.room.note_whether_full(tasks.len() >= limits.connections);
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => report_panic(name, &ended),
                accepted = self.tcp.accept(), if tasks.len() < limits.connections => match accepted {
                    Ok((tcp, peer)) => {
                        failing = false;
                        let connection = Connection::new(shared.clone(), peer, stop.clone());
                        tasks.spawn(connection.run(tcp, service.clone()));
                    }
                    Err(error) => {
                        // Only one line for any number of failures in succession.
                        if !failing {
                            warn!(target: LOG, listener = name, %error, "cannot accept connections");
                        }
                        failing = true;
                        sleep(BACK_OFF).await;
                    }
                },
            }
        }
        drop(self.tcp);
        let finished = async { while tasks.join_next().await.is_some() {} };
        if timeout(limits.grace, finished).await.is_err() {
            debug!(target: LOG, listener = name, connections = tasks.len(), "aborted what was left after the grace");
            tasks.abort_all();
        }
    }
}

fn report_panic(listener: &str, ended: &Result<(), tokio::task::JoinError>) {
    // The message of a panic is not repeated, as it may contain a secret.
    if ended.is_err() {
        error!(target: LOG, listener, "a connection's task panicked; where and why is on stderr, before this line");
    }
}

#[cfg(test)]
mod tests;
