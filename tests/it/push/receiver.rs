//! A receiver of pushes that does what a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Channel, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::harness::DEADLINE;

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    /// Answers with this.
    Answer(&'static str),
    /// Answers nothing, and keeps the connection open.
    Hang,
    /// Sends the same header again and again, for ever.
    Pour,
    /// Closes the connection.
    Close,
}

pub(super) const OK: Reaction = Reaction::Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    body: String,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameters: those of the query, or of the body.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let encoded = if self.method == "POST" { &self.body } else { query };
        form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = self.parameters().into_iter();
        parameters.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The order and the status code.
    #[track_caller]
    pub(super) fn what(&self) -> (u64, i32) {
        let number = |name| self.parameter(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        (
            number("orderNumber").parse().unwrap(),
            number("statusCode").parse().unwrap(),
        )
    }
}

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    requests: Channel<Received>,
}

impl Receiver {
    /// Reacts to each request by what `react` says to it; `react` sees how many came before.
    pub(super) fn start(react: impl Fn(usize, &Received) -> Reaction + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for (count, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                let Some(stopped) = serve(stream, count, &react, &sender, &mut kept) else {
                    continue;
                };
                if stopped {
                    return;
                }
            }
        });
        Self { address, requests }
    }

    /// Takes every request.
    pub(super) fn willing() -> Self {
        Self::start(|_, _| OK)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request.
    #[track_caller]
    pub(super) fn next(&self) -> Received {
        self.requests.recv_timeout(DEADLINE).expect("nothing was pushed")
    }

    /// The orders and the status codes of the next requests.
    #[track_caller]
    pub(super) fn next_of<const COUNT: usize>(&self) -> [(u64, i32); COUNT] {
        [(); COUNT].map(|()| self.next().what())
    }

    /// Whether a request came that nobody has seen.
    pub(super) fn has_more(&self) -> bool {
        self.requests.try_recv().is_ok()
    }
}

/// Serves one connection. Whether the test is over; none if there was no request.
fn serve(
    stream: TcpStream,
    count: usize,
    react: &impl Fn(usize, &Received) -> Reaction,
    sender: &Sender<Received>,
    kept: &mut Vec<TcpStream>,
) -> Option<bool> {
    let request = read(&stream)?;
    let reaction = react(count, &request);
    let is_over = sender.send(request).is_err();
    let mut stream = stream;
    match reaction {
        Reaction::Answer(text) => drop(stream.write_all(text.as_bytes())),
        Reaction::Hang => kept.push(stream),
        Reaction::Pour => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n"));
            while stream.write_all(b"X: y\r\n").is_ok() {}
        }
        Reaction::Close => {}
    }
    Some(is_over)
}

fn read(stream: &TcpStream) -> Option<Received> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).ok().filter(|count| *count > 0)?;
        Some(text.trim_end().to_owned())
    };
    let start = line()?;
    let mut words = start.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        match header.split_once(": ") {
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        method,
        target,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
