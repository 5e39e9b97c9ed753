//! The live stream of calls, as curl and as a reader that sleeps see it.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Client, Control, DEADLINE, Form, PASSWORD, REVOKE, Server, eventually, in_sandbox};

/// The events that a server sends.
struct Stream<R>(R);

/// An event as it was sent.
#[derive(Debug, Default)]
struct Event {
    id: Option<u64>,
    kind: String,
    data: String,
    comment: String,
}

impl Stream<BufReader<TcpStream>> {
    /// Opens a stream from the call after that number, and comes back when it stands.
    #[track_caller]
    fn open(server: &Server, sandbox: &str, last_event_id: Option<u64>) -> Self {
        Self::open_for(server, sandbox, "", last_event_id)
    }

    /// Opens a stream of the calls that a query asks for.
    #[track_caller]
    fn open_for(server: &Server, sandbox: &str, query: &str, last_event_id: Option<u64>) -> Self {
        let seen = last_event_id.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        Self::open_with(server, sandbox, query, &seen)
    }

    /// The same with these header lines.
    #[track_caller]
    fn open_with(server: &Server, sandbox: &str, query: &str, headers: &str) -> Self {
        let base = match sandbox {
            "default" => String::new(),
            name => format!("/sandboxes/{name}"),
        };
        let mut socket = TcpStream::connect(server.control()).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        // HTTP/1.0 has no chunks: the bytes are the events.
        write!(
            socket,
            "GET /control/v1{base}/calls/stream{query} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n"
        )
        .unwrap();
        let mut stream = Self(BufReader::new(socket));
        let head: Vec<_> = std::iter::from_fn(|| stream.line().filter(|line| !line.is_empty())).collect();
        assert!(head[0].ends_with(" 200 OK"), "{head:?}");
        assert!(head.contains(&"content-type: text/event-stream".to_owned()), "{head:?}");
        stream
    }
}

impl<R: BufRead> Stream<R> {
    /// The next event or comment; None at the end.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some(("id", value)) => event.id = Some(value.trim().parse().unwrap()),
                Some(("event", value)) => value.trim().clone_into(&mut event.kind),
                Some(("data", value)) => value.trim().clone_into(&mut event.data),
                Some(("", value)) => value.trim().clone_into(&mut event.comment),
                // A comment that only keeps the connection alive says nothing.
                None if event.id.is_none() && event.comment.is_empty() => {}
                None => return Some(event),
                Some(_) => panic!("no line of an event: {line:?}"),
            }
        }
    }

    /// The next call.
    #[track_caller]
    fn call(&mut self) -> Value {
        let event = self.next().expect("the stream ended");
        assert_eq!(event.kind, "call", "{event:?}");
        let call: Value = serde_json::from_str(&event.data).expect("an event is no JSON");
        assert_eq!(call["id"].as_u64(), event.id, "{event:?}");
        call
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("nothing came for a long time");
        line.ends_with('\n').then(|| line.trim_end().to_owned())
    }
}

fn revoke_in(server: &Server, sandbox: &str, form: &Form) {
    let answer = server.client().post(&in_sandbox(sandbox, REVOKE), &form.encode());
    assert_eq!(answer.status, 200);
}

#[test]
fn an_id_that_was_never_given_begins_at_the_start() {
    let server = Server::plain(&[]);
    for order in [1, 2] {
        revoke_in(&server, "default", &Form::revoke().order(order));
    }
    for (seen, first) in [(0, 1), (1, 2), (7, 1), (u64::MAX, 1)] {
        assert_eq!(
            Stream::open(&server, "default", Some(seen)).call()["id"],
            first,
            "{seen}"
        );
    }
    for id in ["x", "-1", ""] {
        let headers = format!("Last-Event-ID: {id}\r\n");
        let answer = Client::connect(server.control()).send("GET", "/control/v1/calls/stream", &headers, "");
        assert_eq!(answer.status, 400, "{id:?}: {answer:?}");
    }
}

#[test]
fn a_call_arrives_as_the_journal_has_it() {
    let server = Server::plain(&[]);
    revoke_in(&server, "default", &Form::revoke().order(1));
    let mut stream = Stream::open(&server, "default", None);
    for form in [
        Form::revoke(),
        Form::revoke(),
        Form::revoke().set("loginPassword", "wrong, but secret"),
    ] {
        revoke_in(&server, "default", &form);
    }
    let mut control = Control::of(&server);
    let journal = control.get("/calls");
    for (place, code) in [(1, 0), (2, -21), (3, -16)] {
        let call = stream.call();
        assert_eq!(call, journal["calls"][place], "the stream and the journal differ");
        assert_eq!(call["code"], code);
        let text = call.to_string();
        assert!(
            text.contains("***") && !text.contains(PASSWORD) && !text.contains("secret"),
            "{text}"
        );
    }
}

/// As the page in a browser reads it, by its own script: with the token, from the last call on that it has.
#[test]
fn thousands_of_calls_arrive_in_their_order_while_others_do_not_read() {
    const CALLERS: u64 = 4;
    const CALLS: u64 = 1000;
    let environment = [("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken")];
    let args = [
        "--https",
        "off",
        "--plain-http",
        "accept",
        "--journal",
        "10000",
        "--log",
        "off",
    ];
    let server = Server::start_with(&args, &environment);
    let of_page = |seen: u64| {
        let headers = format!(
            "Authorization: bearer t0ken\r\nLast-Event-ID: {seen}\r\nAccept: text/event-stream\r\n\
             Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
        );
        Stream::open_with(&server, "default", "", &headers)
    };
    let sleepers: Vec<_> = (0..20).map(|_| of_page(0)).collect();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let mut client = server.client();
                for _ in 0..CALLS {
                    assert_eq!(client.revoke(&Form::default()).code(), -3);
                }
            });
        }
        let mut page = of_page(0);
        for expected in 1..=CALLERS * CALLS / 2 {
            assert_eq!(page.call()["id"], expected);
        }
        // The connection breaks, and the page goes on from there.
        drop(page);
        let mut page = of_page(CALLERS * CALLS / 2);
        for expected in CALLERS * CALLS / 2 + 1..=CALLERS * CALLS {
            assert_eq!(page.call()["id"], expected);
        }
    });
    drop(sleepers);
    let refused = Client::connect(server.control()).get("/control/v1/calls/stream");
    assert_eq!(refused.status, 401);
    server.assert_well();
}

#[test]
fn a_stream_is_narrowed_as_a_list_is() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for form in [
        Form::revoke().order(7),
        Form::revoke().set("loginName", "nobody").order(7),
        Form::revoke().set("orderNumber", "007"),
        Form::revoke().set("orderNumber", "x"),
        Form::revoke(),
    ] {
        revoke_in(&server, "default", &form);
    }
    control.expect(("POST", "/clock/advance", r#"{"by":"1d"}"#), 200, &[]);
    server.client().replace(&Form::replace().order(1));
    for (query, ids) in [
        ("", &[1, 2, 3, 4, 5, 6][..]),
        // Such a name is masked in the journal, but known again.
        ("?loginName=nobody", &[2]),
        ("?orderNumber=7", &[1, 2]),
        ("?orderNumber=007", &[3]),
        ("?orderNumber=x", &[4]),
        ("?code=0", &[5]),
        ("?endpoint=!autoreplacesmime", &[6]),
        ("?endpoint=!autoReplaceSMIME&loginName=nobody", &[]),
        ("?since=-1h", &[6]),
    ] {
        let list = control.get(&format!("/calls{query}"));
        let listed: Vec<_> = list["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| &call["id"])
            .collect();
        assert_eq!(listed, ids, "{query}");
        let mut stream = Stream::open_for(&server, "default", query, Some(0));
        // What was not asked for is neither sent nor said to be missing.
        for id in ids {
            assert_eq!(stream.call()["id"], *id, "{query}");
        }
    }
    // Also of the calls that come.
    let mut stream = Stream::open_for(&server, "default", "?code=-21", None);
    for form in [Form::revoke().order(7), Form::revoke()] {
        revoke_in(&server, "default", &form);
    }
    assert_eq!(stream.call()["id"], 8);
    for (query, named) in [("limit=1", "limit"), ("code=x", "code"), ("colour=red", "colour")] {
        let problem = control.ask(("GET", &format!("/calls/stream?{query}"), ""), 400);
        assert_eq!(problem["field"], named);
    }
}

#[test]
fn streams_of_two_sandboxes_do_not_meet() {
    let server = Server::plain(&[]);
    let mut streams = Vec::new();
    for sandbox in ["t1", "t2"] {
        Control::of_new_sandbox(&server, sandbox);
        streams.push((sandbox, Stream::open(&server, sandbox, None)));
    }
    streams.push(("default", Stream::open(&server, "default", None)));
    for round in 1..=5 {
        for (sandbox, _) in &streams {
            let comment = format!("{sandbox} {round}");
            revoke_in(&server, sandbox, &Form::revoke().set("revocationReason", comment));
        }
    }
    for (sandbox, stream) in &mut streams {
        for round in 1..=5 {
            let call = stream.call();
            assert_eq!(call["sandbox"], **sandbox);
            assert_eq!(call["id"], round);
            assert!(call.to_string().contains(&format!("\"{sandbox} {round}\"")), "{call}");
        }
    }
}

#[test]
fn a_reader_that_comes_back_gets_what_it_missed() {
    let server = Server::plain(&["--journal", "3"]);
    for number in 1..=5 {
        revoke_in(&server, "default", &Form::revoke().order(number));
    }
    let mut stream = Stream::open(&server, "default", Some(3));
    assert_eq!([(); 2].map(|()| stream.call()["id"].as_u64()), [Some(4), Some(5)]);
    // What the journal has forgotten is told to be missing.
    let mut stream = Stream::open(&server, "default", Some(1));
    assert_eq!(stream.next().unwrap().comment, "skipped 1");
    assert_eq!(
        [(); 3].map(|()| stream.call()["id"].as_u64()),
        [Some(3), Some(4), Some(5)]
    );
    revoke_in(&server, "default", &Form::revoke().order(6));
    assert_eq!(stream.call()["id"], 6);
}

/// More bytes of calls than the sockets between the two can hold.
const MANY: u64 = 1000;
const LONG: usize = 40 << 10;

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_missed() {
    let server = Server::plain(&["--journal", "10", "--log", "off"]);
    let mut stream = Stream::open(&server, "default", None);
    let form = Form::revoke().set("revocationReason", "x".repeat(LONG)).encode();
    let mut client = server.client();
    for _ in 0..MANY {
        assert_eq!(client.post(REVOKE, &form).code(), -4);
    }
    let (mut seen, mut skipped) = (0, 0);
    while seen + skipped < MANY {
        let event = stream.next().expect("the stream ended");
        match event.comment.strip_prefix("skipped ") {
            Some(count) => {
                let count: u64 = count.parse().unwrap();
                assert!(count > 0);
                skipped += count;
            }
            None => {
                seen += 1;
                assert_eq!(event.id, Some(seen + skipped));
            }
        }
    }
    assert!(skipped > 0, "the reader was not slow enough");
    assert!(seen >= 10, "what the journal holds is told: {seen}");
}

#[test]
fn a_stream_ends_with_its_sandbox() {
    let server = Server::plain(&[]);
    Control::of_new_sandbox(&server, "t1");
    let mut stream = Stream::open(&server, "t1", None);
    revoke_in(&server, "t1", &Form::revoke());
    assert_eq!(stream.call()["code"], 0);
    Control::of(&server).expect(("DELETE", "/sandboxes/t1", ""), 204, &[]);
    assert!(stream.next().is_none());
}

#[test]
fn a_sandbox_that_is_followed_is_in_use() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/sandboxes", r#"{"name":"t1","ttl":"1s"}"#), 201, &[]);
    let mut stream = Stream::open(&server, "t1", None);
    // The list is no use of it.
    let mut expires_in = || {
        let sandboxes = control.get("/sandboxes");
        let mut sandboxes = sandboxes["sandboxes"].as_array().unwrap().iter();
        sandboxes
            .find(|sandbox| sandbox["name"] == "t1")
            .map(|sandbox| sandbox["expiresIn"].clone())
    };
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        assert_eq!(expires_in(), Some("1s".into()));
        sleep(Duration::from_millis(20));
    }
    revoke_in(&server, "t1", &Form::revoke());
    assert_eq!(stream.call()["code"], 0);
    drop(stream);
    eventually("its time is over once nobody follows it", || expires_in().is_none());
    let gone = Control::at(server.control(), "t1").send("GET", "/calls", "");
    assert_eq!(gone.status, 404, "{gone:?}");
}

#[test]
fn a_waiting_count_ends_with_its_sandbox() {
    let server = Server::plain(&[]);
    Control::of_new_sandbox(&server, "t1");
    let address = server.control();
    let waiting =
        thread::spawn(move || Control::at(address, "t1").ask(("POST", "/calls/count", r#"{"within":"60s"}"#), 404));
    // It is there before the sandbox goes, or finds none: the answer is the same.
    sleep(Duration::from_millis(200));
    let start = Instant::now();
    Control::of(&server).expect(("DELETE", "/sandboxes/t1", ""), 204, &[]);
    let problem = waiting.join().unwrap();
    assert!(
        problem["detail"].as_str().unwrap().contains("There is no sandbox"),
        "{problem}"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_stream_ends_at_a_graceful_stop() {
    let mut server = Server::plain(&[]);
    revoke_in(&server, "default", &Form::revoke());
    let mut curl = Command::new("curl")
        .args([
            "-q",
            "-sS",
            "-N",
            "--noproxy",
            "*",
            "-H",
            "Last-Event-ID: 0",
            "--max-time",
        ])
        .arg(DEADLINE.as_secs().to_string())
        .arg(format!("http://{}/control/v1/calls/stream", server.control()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("cannot run curl");
    let mut stream = Stream(BufReader::new(curl.stdout.take().unwrap()));
    assert_eq!(stream.call()["code"], 0);
    assert!(server.stop("TERM").0.success());
    assert!(stream.next().is_none());
    // A stream that was cut off would be an error of curl's.
    assert!(curl.wait().unwrap().success());
}
