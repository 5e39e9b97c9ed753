//! The listeners: accept, look at the first byte, shake hands, serve, close.
//!
//! Written on hyper's connections and not on `axum::serve` or `axum-server`, because their loops swallow the
//! connection's error (so a client that speaks TLS to the plain port leaves no trace), leave no place for a lingering
//! close (see [`linger`](super::linger)), set no time limit on heads, and do not bound the number of connections.
//!
//! What bounds a connection:
//! - [`Limits::read_timeout`] limits the wait for the first byte, the TLS handshake, each HTTP/1 head (counted from the
//!   end of the previous answer, so it closes idle connections too), an HTTP/2 connection on which nothing goes on, and a
//!   write that makes no progress. The time of a request's body is the service's matter.
//! - [`Limits::connections`] bounds their number; it is chosen so that a full listener takes no file descriptor from
//!   the others. While a listener is full, connections on which nothing was ever sent make room for those that wait.
//! - An HTTP/1 call ends when its peer has gone, also while it waits (see `peer`).
//! - An answer after which the connection closes says so (see `calls`).
//! - 96 KiB limit a head; hyper answers 431 past it (414 for a target of more than 65534 bytes) and closes.
//! - HTTP/2 gets modest windows and few streams, and is closed when it leaves a ping unanswered.
//!
//! Every connection that is refused leaves one line in the log; a peer that merely goes away leaves one at debug level.

mod calls;
mod connection;
mod peer;
mod received;

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

/// Connections that the kernel keeps for us before we accept them.
const BACKLOG: u32 = 1024;

/// The pause after a failed accept: when file descriptors ran out, the next try fails as well.
const BACK_OFF: Duration = Duration::from_millis(50);

/// The target of this file's log lines.
const LOG: &str = "sectigo_emulator::http";

/// What bounds the connections of a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest wait for a peer: for its first byte, its TLS handshake, its next head, its reading. Not zero, and no
    /// longer than can be added to the present time.
    pub(crate) read_timeout: Duration,
    /// Connections at a time; more of them wait in the backlog.
    pub(crate) connections: usize,
    /// What calls in flight are given to finish once the stop has fired.
    pub(crate) grace: Duration,
}

/// A bound socket that does not serve yet; clients that connect wait.
#[derive(Debug)]
pub(crate) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds; port 0 takes a free one. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// Those of the operating system: the port is in use, the address is not this machine's.
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

    /// The address it is bound to, with the real port.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` fires: over TLS if there is a configuration for it, else plain HTTP/1.1.
    ///
    /// On the stop, no more connections are taken, idle ones close, calls in flight are answered; what is left after
    /// the grace is aborted. Dropping the future aborts all at once. `name` stands in the log lines.
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
            shared.note_whether_full(tasks.len() >= limits.connections);
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => report_panic(name, ended),
                accepted = self.tcp.accept(), if tasks.len() < limits.connections => match accepted {
                    Ok((tcp, peer)) => {
                        failing = false;
                        let connection = Connection::new(shared.clone(), peer, stop.clone());
                        tasks.spawn(connection.run(tcp, service.clone()));
                    }
                    Err(error) => {
                        // One line for a row of failures, however long.
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

fn report_panic(listener: &str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        error!(target: LOG, listener, %error, "a connection's task failed");
    }
}

#[cfg(test)]
mod tests;
