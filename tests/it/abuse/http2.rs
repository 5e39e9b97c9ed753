//! Attacks with frames of HTTP/2, each written by hand.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use super::tls::{Stream, connect};
use super::{SetAtEnd, assert_api_answers, assert_memory_comes_back, assert_soon, limited_server};
use crate::harness::{Curl, Form, REVOKE, SUCCESS, Server, Url};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The setting of how many streams there may be.
const MAX_CONCURRENT_STREAMS: [u8; 2] = [0, 3];

/// The setting of the window with which each stream begins.
const INITIAL_WINDOW_SIZE: [u8; 2] = [0, 4];

/// The window with which each connection begins, by RFC 9113.
const CONNECTION_WINDOW: u32 = 65_535;

/// How much an attack may send. What is refused is refused long before.
const MUCH: usize = 4 << 20;

/// How much memory an attack may cost for good.
const SLACK: usize = 48 << 20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A head as HPACK writes it: `:scheme https`, this method, this path, `:authority localhost`.
fn head(method: u8, path: &str) -> Vec<u8> {
    let literal = |index: u8, text: &str| [&[index, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0x87, method], literal(0x04, path), literal(0x01, "localhost")].concat()
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

/// A connection on which the client has sent its preface and its settings.
fn start(server: &Server, settings: &[u8]) -> Stream {
    let mut client = connect(server, b"h2");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    client
        .write_all(&[preface.as_slice(), &frame(SETTINGS, 0, 0, settings)].concat())
        .unwrap();
    client.flush().unwrap();
    client
}

/// Streams begin with a window of zero bytes: no answer's body can be sent.
fn without_windows() -> Vec<u8> {
    [INITIAL_WINDOW_SIZE.as_slice(), &0u32.to_be_bytes()].concat()
}

/// Sends the same frames until the server closes; true if it does before [`MUCH`] was sent.
fn is_closed_while_sending(client: &mut Stream, mut next: impl FnMut() -> Vec<u8>) -> bool {
    client.sock.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut sent = 0;
    while sent < MUCH {
        let bytes = next();
        sent += bytes.len();
        match client.write_all(&bytes).and_then(|()| client.flush()) {
            Ok(()) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
    false
}

/// Reads what the server sends until it closes or says goodbye; true if it did.
fn says_goodbye(client: &mut Stream) -> bool {
    client.sock.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    loop {
        match read_frame(client) {
            Ok((GOAWAY, _)) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

/// The next frame of the server: its kind and its payload.
fn read_frame(client: &mut Stream) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    client.read_exact(&mut head)?;
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    client.read_exact(&mut payload)?;
    Ok((head[3], payload))
}

/// A client with HTTP/2 and one with HTTP/1 are answered.
#[track_caller]
fn assert_answers(server: &Server) {
    assert_soon("a call over HTTP/2", || {
        let form = Form::revoke().set("test", "Y");
        let answer = Curl::new(server, &Url::Https(REVOKE)).form(&form).answer();
        answer.assert_text(SUCCESS);
    });
    assert_api_answers(server);
}

#[test]
fn half_sent_streams_without_a_window() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = start(&server, &without_windows());
            for stream in (1..32).step_by(2) {
                let begun = frame(HEADERS, END_HEADERS, stream, &head(POST, REVOKE));
                let part = frame(DATA, 0, stream, &[b'a'; 4096]);
                client.write_all(&[begun, part].concat()).unwrap();
            }
            client.flush().unwrap();
            client
        })
        .collect();
    assert_answers(&server);
    drop(clients);
    assert_memory_comes_back(&server, before, SLACK);
    server.assert_well();
}

#[test]
fn answers_that_nobody_takes() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = start(&server, &without_windows());
            for stream in (1..32).step_by(2) {
                let call = frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(GET, "/nothing"));
                client.write_all(&call).unwrap();
            }
            client.flush().unwrap();
            client
        })
        .collect();
    assert_answers(&server);
    drop(clients);
    assert_memory_comes_back(&server, before, SLACK);
    server.assert_well();
}

/// As many connections as a listener may have, and more.
const DRIBBLERS: usize = 96;

#[test]
fn answers_that_are_taken_byte_by_byte_make_room() {
    let server = limited_server(&["--read-timeout", "1h"]);
    let is_over = AtomicBool::new(false);
    scope(|scope| {
        for _ in 0..DRIBBLERS {
            scope.spawn(|| {
                let mut client = connect(&server, b"h2");
                let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
                let settings = frame(SETTINGS, 0, 0, &without_windows());
                let call = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(GET, "/ca/root.cer"));
                let mut next = [preface.as_slice(), &settings, &call].concat();
                while !is_over.load(Ordering::Relaxed) && client.write_all(&next).and_then(|()| client.flush()).is_ok()
                {
                    next = frame(WINDOW_UPDATE, 0, 1, &1u32.to_be_bytes());
                    sleep(Duration::from_millis(100));
                }
            });
        }
        let _end = SetAtEnd(&is_over);
        for _ in 0..3 {
            assert_answers(&server);
        }
    });
    server.assert_well();
}

#[test]
fn streams_that_are_reset_as_soon_as_they_begin() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let mut client = start(&server, &[]);
    let mut stream = 1;
    let is_closed = is_closed_while_sending(&mut client, || {
        let mut frames = Vec::new();
        for _ in 0..100 {
            frames.extend(frame(HEADERS, END_HEADERS, stream, &head(POST, REVOKE)));
            frames.extend(frame(RST_STREAM, 0, stream, &8u32.to_be_bytes()));
            stream += 2;
        }
        frames
    });
    assert!(is_closed || says_goodbye(&mut client), "it takes them all");
    assert_answers(&server);
    assert_memory_comes_back(&server, before, SLACK);
    server.assert_well();
}

#[test]
fn pings_and_settings_whose_answers_nobody_reads() {
    let server = limited_server(&[]);
    for flood in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &without_windows())] {
        let before = server.resident_memory();
        let mut client = start(&server, &[]);
        is_closed_while_sending(&mut client, || flood.repeat(100));
        assert_answers(&server);
        // Also while the connection stays: its answers do not pile up.
        assert_memory_comes_back(&server, before, SLACK);
    }
    server.assert_well();
}

#[test]
fn heads_that_go_on_and_on() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    // A header `a: bbb...`, not to be kept, of which each frame brings one.
    let header = [&[0, 1, b'a', 100][..], &[b'b'; 100]].concat();
    for piece in [header.repeat(100), Vec::new()] {
        let mut client = start(&server, &[]);
        client.write_all(&frame(HEADERS, 0, 1, &head(GET, REVOKE))).unwrap();
        let more = frame(CONTINUATION, 0, 1, &piece).repeat(10);
        let is_closed = is_closed_while_sending(&mut client, || more.clone());
        assert!(is_closed || says_goodbye(&mut client), "it takes heads without an end");
        assert_answers(&server);
    }
    assert_memory_comes_back(&server, before, SLACK);
    server.assert_well();
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let server = limited_server(&[]);
    let header = [&[0, 1, b'a', 100][..], &[b'b'; 100]].concat();
    let mut client = start(&server, &[]);
    client
        .write_all(&frame(HEADERS, END_STREAM, 1, &head(GET, REVOKE)))
        .unwrap();
    for number in 0..10 {
        let flags = if number == 9 { END_HEADERS } else { 0 };
        client
            .write_all(&frame(CONTINUATION, flags, 1, &header.repeat(150)))
            .unwrap();
    }
    client.flush().unwrap();
    loop {
        let (kind, payload) = read_frame(&mut client).expect("it was closed without a word");
        match kind {
            // HPACK has a byte of its own for status 200, which the same head without the long header is answered with.
            HEADERS => assert_ne!(payload[0], 0x88, "it was taken"),
            RST_STREAM | GOAWAY => {}
            _ => continue,
        }
        break;
    }
    assert_answers(&server);
    server.assert_well();
}

#[test]
fn streams_that_wait_leave_the_connection_to_the_others() {
    let server = limited_server(&[]);
    let mut client = start(&server, &[]);
    let (mut streams, mut stream_window, mut connection_window) = (None, None, CONNECTION_WINDOW);
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    while streams.is_none() || connection_window == CONNECTION_WINDOW {
        match read_frame(&mut client).unwrap() {
            (SETTINGS, payload) => {
                for setting in payload.chunks(6) {
                    match &setting[..2] {
                        name if name == MAX_CONCURRENT_STREAMS => streams = Some(number(&setting[2..])),
                        name if name == INITIAL_WINDOW_SIZE => stream_window = Some(number(&setting[2..])),
                        _ => {}
                    }
                }
            }
            (WINDOW_UPDATE, payload) => connection_window += number(&payload),
            _ => {}
        }
    }
    // All of them full, and none of them read, there is no stream for which there is no room.
    let all = streams.unwrap() * stream_window.unwrap();
    assert!(connection_window >= all, "{connection_window} for {all}");
    server.assert_well();
}
