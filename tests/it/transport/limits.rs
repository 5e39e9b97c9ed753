//! Bodies that are too long, peers that are too slow.

use std::time::{Duration, Instant};

use crate::harness::{Client, Form, REVOKE, SUCCESS, Server};

const MIB: usize = 1 << 20;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A form that succeeds, padded to a length.
fn padded(length: usize) -> String {
    let form = Form::revoke().set("test", "Y").encode();
    form.clone() + &"&".repeat(length - form.len())
}

#[test]
fn a_mebibyte_is_taken() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.post(REVOKE, &padded(MIB)).assert_text(SUCCESS);
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n"
    ));
    for piece in padded(MIB).as_bytes().chunks(1 << 16) {
        client.write(format!(
            "{:x}\r\n{}\r\n",
            piece.len(),
            std::str::from_utf8(piece).unwrap()
        ));
    }
    client.write("0\r\n\r\n");
    client.read().unwrap().assert_text(SUCCESS);
}

#[track_caller]
fn assert_413_and_closed(client: &mut Client) {
    let answer = client.read().expect("closed without an answer");
    assert_eq!(
        (answer.status, answer.header("connection")),
        (413, Some("close")),
        "{answer:?}"
    );
    client.finish();
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn one_byte_more_is_refused_and_the_connection_closed() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let head = format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: {}\r\n\r\n",
        MIB + 1
    );
    client.write(format!("{head}{}", padded(MIB + 1)));
    assert_413_and_closed(&mut client);

    // It is not even waited for.
    let mut client = server.client();
    client.write(head);
    assert_413_and_closed(&mut client);

    server.wait_for_log(&["!autoRevokeCS", "413"]);
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn chunks_that_go_on_and_on_are_refused_and_the_connection_closed() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n"
    ));
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(1 << 16));
    for _ in 0..17 {
        client.write_into_the_closing_door(&chunk);
    }
    assert_413_and_closed(&mut client);
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn a_length_beyond_all_numbers_is_refused() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n"
    ));
    assert_413_and_closed(&mut client);
    // What is no length at all is HTTP's own matter.
    for length in ["18446744073709551615", "99999999999999999999999", "-1", "1, 2"] {
        let mut client = server.client();
        client.write(format!(
            "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        ));
        if let Some(answer) = client.read() {
            assert!([400, 413, 431].contains(&answer.status), "{answer:?}");
        }
        client.finish();
        client.read_to_end();
    }
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

/// Sends a start, then nothing; gives the status of the answer, if there is one, once the connection is closed.
#[track_caller]
fn stall(server: &Server, start: &str) -> Option<u16> {
    let mut client = server.client();
    let begun = Instant::now();
    client.write(start);
    let status = client.read().map(|answer| answer.status);
    assert_eq!(client.read_to_end(), b"");
    assert!(begun.elapsed() > Duration::from_millis(400), "cut too soon");
    status
}

#[test]
fn a_peer_that_is_too_slow_is_cut() {
    let server = Server::plain(&["--read-timeout", "500ms"]);
    let head = format!("POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}");
    // No head, half a head, half a body, half a chunk.
    assert_eq!(stall(&server, ""), None);
    assert!(matches!(stall(&server, &head), None | Some(408)));
    assert!(matches!(
        stall(&server, &format!("{head}Content-Length: 100\r\n\r\nlogin")),
        None | Some(408)
    ));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\nlogin\r\n5\r\nNa");
    assert!(matches!(stall(&server, &chunked), None | Some(408)));
    server.wait_for_log(&["!autoRevokeCS", "408"]);
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn a_peer_that_trickles_is_cut_as_well() {
    let server = Server::plain(&["--read-timeout", "500ms"]);
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 100000\r\n\r\n"
    ));
    // A byte now and then does not buy more time.
    for _ in 0..40 {
        client.write_into_the_closing_door("a");
        std::thread::sleep(Duration::from_millis(25));
    }
    if let Some(answer) = client.read() {
        assert_eq!(answer.status, 408);
    }
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_tls_handshake_that_stalls_is_cut() {
    let server = Server::start(&["--read-timeout", "500ms"]);
    let mut client = Client::connect(server.https());
    // The head of a record, and a byte of what it announces.
    client.write(b"\x16\x03\x01\x02\x00\x01");
    client.read_to_end();
    let mut silent = Client::connect(server.https());
    silent.read_to_end();
    server.assert_well();
}

#[test]
fn a_head_has_its_bounds() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.write(format!("GET {REVOKE} HTTP/1.1\r\nHost: x\r\n"));
    for number in 0..4096 {
        client.write_into_the_closing_door(format!("X-{number}: {}\r\n", "a".repeat(100)));
    }
    client.write_into_the_closing_door("\r\n");
    if let Some(answer) = client.read() {
        assert!([400, 431].contains(&answer.status), "{answer:?}");
    }
    client.finish();
    client.read_to_end();
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}
