//! The load: keep-alive HTTP/1.1 connections on one blocking thread, every answer checked.
//!
//! Two system calls a call and next to nothing else, so that the client takes as little as it can of the processor
//! that it shares with the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How many connections a [`Load`] keeps busy.
pub(crate) const LANES: usize = 16;

/// What is sent, and what must come back. A lane is a connection's number.
pub(crate) trait Exchange {
    /// The whole request, head and body.
    fn request(&mut self, lane: usize) -> &[u8];

    /// Looks at the answer's body, and panics if it is wrong.
    fn check(&mut self, lane: usize, body: &[u8]);
}

/// Connections to one server, and the calls they make.
pub(crate) struct Load<E> {
    connections: Vec<Connection>,
    pub(crate) exchange: E,
}

#[derive(Clone, Copy)]
pub(crate) enum Until {
    Calls(u64),
    Elapsed(Duration),
}

pub(crate) struct Done {
    pub(crate) calls: u64,
    pub(crate) took: Duration,
    /// The longest that one call waited for its answer, or for the client to read it.
    pub(crate) slowest: Duration,
}

impl<E: Exchange> Load<E> {
    pub(crate) fn new(address: SocketAddr, lanes: usize, exchange: E) -> Self {
        Self {
            connections: (0..lanes).map(|_| Connection::open(address)).collect(),
            exchange,
        }
    }

    /// Calls on all connections, at least as long as said; the last answers are waited for.
    pub(crate) fn run(&mut self, until: Until) -> Done {
        let lanes = self.connections.len() as u64;
        let started = Instant::now();
        let mut done = Done {
            calls: 0,
            took: Duration::ZERO,
            slowest: Duration::ZERO,
        };
        for (lane, connection) in self.connections.iter_mut().enumerate() {
            connection.send(self.exchange.request(lane));
        }
        loop {
            let last = match until {
                Until::Calls(calls) => done.calls + lanes >= calls,
                Until::Elapsed(time) => started.elapsed() >= time,
            };
            for (lane, connection) in self.connections.iter_mut().enumerate() {
                let (body, waited) = connection.receive();
                self.exchange.check(lane, body);
                done.slowest = done.slowest.max(waited);
                if !last {
                    connection.send(self.exchange.request(lane));
                }
            }
            done.calls += lanes;
            if last {
                done.took = started.elapsed();
                return done;
            }
        }
    }

    /// How long each of `calls` calls took, one after the other on the first connection.
    pub(crate) fn latencies(&mut self, calls: usize) -> Vec<Duration> {
        let connection = &mut self.connections[0];
        (0..calls)
            .map(|_| {
                connection.send(self.exchange.request(0));
                let (body, waited) = connection.receive();
                self.exchange.check(0, body);
                waited
            })
            .collect()
    }
}

/// One connection, with at most one call under way.
pub(crate) struct Connection {
    stream: TcpStream,
    sent: Instant,
    buffer: [u8; 4096],
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP option");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a TCP option");
        Self {
            stream,
            sent: Instant::now(),
            buffer: [0; 4096],
        }
    }

    fn send(&mut self, request: &[u8]) {
        self.sent = Instant::now();
        self.stream.write_all(request).expect("the server reads");
    }

    fn receive(&mut self) -> (&[u8], Duration) {
        let body = read_answer(&mut self.stream, &mut self.buffer).expect("the server answers");
        (body, self.sent.elapsed())
    }
}

/// Reads one answer with status 200 or 201 and returns its body.
///
/// # Panics
/// If it is no such answer, or if anything follows it.
pub(crate) fn read_answer<'a>(stream: &mut impl Read, buffer: &'a mut [u8]) -> std::io::Result<&'a [u8]> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let Some(head) = find(&buffer[..filled], b"\r\n\r\n") else {
            continue;
        };
        assert!(
            buffer.starts_with(b"HTTP/1.1 200 ") || buffer.starts_with(b"HTTP/1.1 201 "),
            "neither 200 nor 201: {}",
            buffer[..filled].escape_ascii()
        );
        let length = find(&buffer[..head], LENGTH).expect("the answer says its length") + LENGTH.len();
        let digits = buffer[length..head].iter().take_while(|octet| octet.is_ascii_digit());
        let start = head + 4;
        let end = start + digits.fold(0, |length, digit| 10 * length + usize::from(digit - b'0'));
        if filled >= end {
            assert_eq!(filled, end, "more than one answer: {}", buffer[..filled].escape_ascii());
            return Ok(&buffer[start..end]);
        }
    }
}

const LENGTH: &[u8] = b"content-length: ";

/// Where `needle` starts in `haystack`.
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
