//! Calls that wait, and whose clients have gone.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::tls::connect;
use super::{LIMITS, assert_api_answers, assert_connections_go, assert_control_answers, limited_server};
use crate::harness::{Client, Control, Form, JSON, REVOKE, SUCCESS, Server, eventually};

/// The order whose calls wait, longer than any test.
const DELAYED: u64 = 2_200_004;

fn delayed_server(delay: &str) -> Server {
    let server = limited_server(&[]);
    let fault = format!(r#"{{"orderNumber":{DELAYED},"then":{{"delay":"{delay}"}}}}"#);
    Control::of(&server).expect(("POST", "/faults", &fault), 201, &[]);
    server
}

fn delayed_call() -> String {
    let form = Form::revoke().order(DELAYED).encode();
    format!("POST {REVOKE}?{form} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
}

/// Sends a request again and again, each on a connection that is closed at once.
fn abandon(address: SocketAddr, request: &str) {
    for _ in 0..LIMITS.files {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(request.as_bytes()).unwrap();
    }
}

#[test]
fn calls_under_a_delay_go_with_their_clients() {
    let server = delayed_server("10m");
    let before = server.open_files();
    abandon(server.http(), &delayed_call());
    assert_api_answers(&server);
    assert_connections_go(&server, before);
    server.assert_well();
}

#[test]
fn calls_under_a_delay_go_with_their_clients_over_tls() {
    let server = delayed_server("10m");
    let before = server.open_files();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = connect(&server, b"http/1.1");
            client.write_all(delayed_call().as_bytes()).unwrap();
            client
        })
        .collect();
    drop(clients);
    assert_connections_go(&server, before);
    server.assert_well();
}

#[test]
fn counts_and_streams_of_calls_go_with_their_clients() {
    let server = limited_server(&[]);
    // What stays open of a client that is there is not counted.
    let before = server.open_files();
    let question = r#"{"atLeast":1,"within":"60s"}"#;
    let count = format!(
        "POST /control/v1/calls/count HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: {}\r\n\r\n{question}",
        question.len()
    );
    abandon(server.control(), &count);
    assert_control_answers(&server);
    assert_connections_go(&server, before);
    abandon(
        server.control(),
        "GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_control_answers(&server);
    assert_connections_go(&server, before);
    server.assert_well();
}

#[test]
fn a_silent_stream_goes_soon_after_its_follower() {
    let server = limited_server(&[]);
    let before = server.open_files();
    let request = "GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for wait in [0, 200, 400, 600] {
        let mut follower = TcpStream::connect(server.control()).unwrap();
        follower.write_all(request.as_bytes()).unwrap();
        follower.read_exact(&mut [0; 64]).unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let left = Instant::now();
        drop(follower);
        assert_connections_go(&server, before);
        // Two comments, and what a busy machine adds.
        assert!(left.elapsed() < Duration::from_millis(1800), "{:?}", left.elapsed());
    }
    server.assert_well();
}

#[test]
fn a_reset_ends_a_call_at_once() {
    let server = delayed_server("10m");
    let before = server.open_files();
    let mut clients: Vec<_> = (0..20).map(|_| TcpStream::connect(server.http()).unwrap()).collect();
    for client in &mut clients {
        client.write_all(delayed_call().as_bytes()).unwrap();
        let socket = socket2::SockRef::from(&*client);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
    eventually("the calls wait", || {
        server.log().matches("order=2200004").count() == clients.len()
    });
    drop(clients);
    assert_connections_go(&server, before);
}

#[test]
fn a_client_that_has_only_finished_sending_gets_its_answer() {
    let server = delayed_server("3s");
    let mut client = server.client();
    let start = Instant::now();
    client.write(delayed_call());
    client.finish();
    let answer = client.read().unwrap();
    assert_eq!((answer.status, answer.version.as_str()), (200, "HTTP/1.1"));
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert_eq!(client.read_to_end(), b"");

    // HTTP/1.0, which is answered in its own version.
    let mut client = server.client();
    client.write(delayed_call().replace("HTTP/1.1", "HTTP/1.0"));
    client.finish();
    assert_eq!(client.read().unwrap().version, "HTTP/1.0");

    // Two calls at once: the second waits when the first is answered.
    let mut client = server.client();
    client.write(delayed_call().replace(&DELAYED.to_string(), "2200003"));
    client.write(delayed_call());
    client.finish();
    client.read().unwrap().assert_text(SUCCESS);
    assert_eq!(client.read().unwrap().status, 200);
}

#[test]
fn a_client_that_has_only_finished_sending_gets_its_answer_over_tls() {
    let server = delayed_server("2s");
    let mut client = connect(&server, b"http/1.1");
    client.write_all(delayed_call().as_bytes()).unwrap();
    client.conn.send_close_notify();
    client.flush().unwrap();
    client.sock.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{answer:?}");
}

#[test]
fn a_stream_of_calls_goes_on_for_a_client_that_has_only_finished_sending() {
    let server = limited_server(&[]);
    let mut client = TcpStream::connect(server.control()).unwrap();
    client
        .write_all(b"GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    let mut caller: Client = server.client();
    caller.revoke(&Form::revoke().set("test", "Y")).assert_text(SUCCESS);
    let mut seen = Vec::new();
    eventually("the call in the stream", || {
        let mut piece = [0; 4096];
        let read = client.read(&mut piece).unwrap();
        assert_ne!(read, 0, "the stream ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..read]);
        String::from_utf8_lossy(&seen).contains("event: call")
    });
}
