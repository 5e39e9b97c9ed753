//! Long answers of the control API that nobody reads.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use super::{assert_control_answers, assert_soon, limited_server};
use crate::harness::{Client, Form, REVOKE, Server};

/// Calls in the journal, each with so many bytes.
const CALLS: usize = 1000;
const LONG: usize = 40 << 10;

/// How many clients ask for them at once.
const CLIENTS: usize = 10;

/// A server whose journal is full of long calls.
fn server_with_calls() -> Server {
    let server = limited_server(&["--journal-bytes", "67108864", "--log", "off"]);
    let form = Form::revoke().set("revocationReason", "x".repeat(LONG)).encode();
    let mut client = server.client();
    for _ in 0..CALLS {
        assert_eq!(client.post(REVOKE, &form).code(), -4);
    }
    server
}

/// Clients that send this request, and read no more of the answer than its first byte.
fn ask_and_read_nothing(server: &Server, request: &str) -> Vec<TcpStream> {
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| TcpStream::connect(server.control()).unwrap())
        .collect();
    for client in &mut clients {
        client.write_all(request.as_bytes()).unwrap();
    }
    for client in &mut clients {
        client.read_exact(&mut [0]).unwrap();
    }
    sleep(Duration::from_millis(300));
    clients
}

#[test]
fn followers_who_read_nothing_cost_little() {
    let server = server_with_calls();
    let before = server.resident_memory();
    let request = "GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n";
    let clients = ask_and_read_nothing(&server, request);
    let more = server.resident_memory().saturating_sub(before);
    assert!(more < CLIENTS * (1 << 20) * 3, "{} MiB", more >> 20);
    assert_control_answers(&server);
    drop(clients);
    server.assert_well();
}

#[test]
fn few_long_lists_are_in_memory_at_a_time() {
    let server = server_with_calls();
    let before = server.resident_memory();
    let clients = ask_and_read_nothing(&server, "GET /control/v1/calls HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let more = server.resident_memory().saturating_sub(before);
    // Four of them, and what it takes to write them.
    assert!(more < 6 * (16 << 20), "{} MiB", more >> 20);
    // Whoever asks for less is answered all the same; whoever asks for as much is told to come again.
    assert_soon("a short list", || {
        let answer = Client::connect(server.control()).get("/control/v1/calls?limit=1");
        assert_eq!(answer.status, 200, "{answer:?}");
    });
    let busy = Client::connect(server.control()).get("/control/v1/calls");
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("1")));
    drop(clients);
    server.assert_well();
}
