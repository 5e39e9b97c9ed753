//! Connections on which nothing is said, ever or any more.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::{LIMITS, assert_api_answers, assert_control_answers, assert_memory_comes_back, limited_server};
use crate::harness::{Client, JSON};

/// As many connections as there are file descriptors, and some more.
fn flood(address: std::net::SocketAddr) -> Vec<TcpStream> {
    (0..LIMITS.files + 44)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect()
}

#[test]
fn idle_connections_on_one_listener_leave_the_others_alone() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let on_https = flood(server.https());
    assert_api_answers(&server);
    assert_control_answers(&server);
    drop(on_https);
    let on_http = flood(server.http());
    assert_control_answers(&server);
    // They make room on their own listener as well.
    assert_api_answers(&server);
    drop(on_http);
    let on_control = flood(server.control());
    assert_api_answers(&server);
    assert_control_answers(&server);
    drop(on_control);
    assert_api_answers(&server);
    assert_control_answers(&server);
    assert_memory_comes_back(&server, before, 16 << 20);
    server.assert_well();
}

/// More connections than a listener may have, each kept open after its answer.
fn keep_alive(address: std::net::SocketAddr) -> Vec<TcpStream> {
    (0..LIMITS.files)
        .map(|_| {
            let mut connection = TcpStream::connect(address).unwrap();
            connection
                .write_all(b"GET /control/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .unwrap();
            let mut start = [0; 9];
            connection.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 ");
            connection
        })
        .collect()
}

#[test]
fn connections_that_are_idle_after_an_answer_make_room() {
    let server = limited_server(&["--read-timeout", "1h"]);
    for address in [server.http(), server.control()] {
        let kept = keep_alive(address);
        assert_api_answers(&server);
        assert_control_answers(&server);
        drop(kept);
    }
    server.assert_well();
}

/// Connections that begin with these bytes, and send no more, make room on each of the plain listeners.
#[track_caller]
fn assert_makes_room(begin: &str) {
    let server = limited_server(&["--read-timeout", "1h"]);
    for address in [server.http(), server.control()] {
        let begun = flood(address);
        for mut connection in &begun {
            // Those for which there was no room may be closed already.
            let _ = connection.write_all(begin.as_bytes());
        }
        assert_api_answers(&server);
        assert_control_answers(&server);
        drop(begun);
    }
    server.assert_well();
}

#[test]
fn connections_that_never_send_a_whole_head_make_room() {
    assert_makes_room("POST /products/!autoRevokeCS HTTP/1.1\r\nHost: ");
}

#[test]
fn connections_that_never_send_a_whole_body_make_room() {
    for path in ["/products/!autoRevokeCS", "/control/v1/orders"] {
        assert_makes_room(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 9\r\n\r\n{{"
        ));
    }
}

#[test]
fn streams_and_waiting_requests_stay_while_others_make_room() {
    let server = limited_server(&["--read-timeout", "1h"]);
    let question = r#"{"atLeast":1,"within":"30s"}"#;
    let mut count = Client::connect(server.control());
    count.write(format!(
        "POST /control/v1/calls/count HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: {}\r\n\r\n{question}",
        question.len()
    ));
    let mut stream = TcpStream::connect(server.control()).unwrap();
    stream
        .write_all(b"GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let begun = flood(server.control());
    for mut connection in &begun {
        let _ = connection.write_all(b"POST /control/v1/orders HTTP/1.1\r\nContent-Length: 9\r\n\r\n");
    }
    assert_control_answers(&server);
    assert_api_answers(&server);
    assert!(count.read().expect("it stays").text().contains(r#""reached":true"#));
    let events = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(events.into_iter().any(|line| line.starts_with("data:")), "it stays");
    server.assert_well();
}

#[test]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let server = limited_server(&[]);
    let files = LIMITS.files.to_string();
    assert_eq!(server.limit("Max open files"), [files.as_str(), files.as_str()]);
}
