//! Peers that speak something else, break off, or come all at once.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;

use crate::harness::{Client, Curl, Form, REVOKE, SUCCESS, Server, Url};

/// Says these bytes and nothing more; gives all that comes back.
fn say(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut client = Client::connect(address);
    client.write(bytes);
    client.read_to_end()
}

/// The connection is closed without a word, one line is logged, and the server goes on.
#[track_caller]
fn assert_refused(server: &Server, address: SocketAddr, bytes: &[u8], words: &[&str]) {
    let before = server.log().lines().count();
    let said = say(address, bytes);
    assert_eq!(
        said,
        b"",
        "{:?} was answered to {bytes:?}",
        String::from_utf8_lossy(&said)
    );
    server.wait_for_log(words);
    // A call that is logged after it: were there a second line, it would stand between the two.
    let health = server.client().get(&format!("{REVOKE}?marker={before}"));
    assert_eq!(health.status, 200);
    crate::harness::eventually("the line after it", || server.log().lines().count() >= before + 2);
    let log = server.log();
    let new: Vec<_> = log.lines().skip(before).collect();
    assert_eq!(new.len(), 2, "{new:#?}");
    assert!(new[1].contains(" code=-"), "{new:#?}");
    server.assert_well();
}

/// A ClientHello as far as its first 16 bytes.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x01\x02\x03\x04";

#[test]
fn tls_to_the_plain_port() {
    let server = Server::start(&[]);
    assert_refused(&server, server.http(), CLIENT_HELLO, &["TLS"]);
    let output = Curl::new(&server, &Url::Https(REVOKE))
        .url(format!("https://{}{REVOKE}", server.http()))
        .output();
    assert_eq!(output.status.code(), Some(35), "{output:?}");
    server.assert_well();
}

#[test]
fn plain_http_to_the_tls_port() {
    let server = Server::start(&[]);
    let request = format!("POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert_refused(&server, server.https(), request.as_bytes(), &["plain"]);
    let output = Curl::new(&server, &Url::Http(REVOKE))
        .url(format!("http://{}{REVOKE}", server.https()))
        .output();
    assert!([Some(52), Some(56)].contains(&output.status.code()), "{output:?}");
    server.assert_well();
}

#[test]
fn garbage_to_the_plain_port() {
    let server = Server::start(&[]);
    for garbage in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        &[0xFF; 4096],
        b"\x05\x01\x00",
        b"{\"a\": 1}\r\n\r\n",
    ] {
        let server_is_quiet = Server::start(&["--https", "off"]);
        assert_refused(&server_is_quiet, server_is_quiet.http(), garbage, &[]);
    }
    server.assert_well();
}

#[test]
fn garbage_to_the_tls_port() {
    for garbage in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        &[0xFF; 4096],
        b"SSH-2.0-x\r\n",
        b"\x80\x2e\x01\x03\x01",
    ] {
        let server = Server::start(&[]);
        assert_refused(&server, server.https(), garbage, &[]);
    }
}

/// What begins as TLS and goes on as nonsense may be answered with an alert, and with nothing else.
#[test]
fn tls_that_goes_wrong() {
    let server = Server::start(&[]);
    for bytes in [
        &[b"\x16\x03\x01\x00\x10".as_slice(), &[0xFF; 16]].concat(),
        &b"\x16\x03\x01\xff\xff\x01".to_vec(),
        &b"\x16\x16\x16\x16\x16\x16\x16\x16".to_vec(),
    ] {
        let mut client = Client::connect(server.https());
        client.write(bytes);
        client.finish();
        let said = client.read_to_end();
        assert!(said.is_empty() || said[0] == 0x15, "{said:?}");
    }
    let call = Curl::new(&server, &Url::Https(REVOKE)).form(&Form::revoke());
    call.answer().assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn http_that_goes_wrong_is_refused_and_leaves_a_line() {
    for request in [
        "GET / HTTP/9.9\r\n\r\n",
        "GET\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \0\r\n\r\n",
        "GET \u{1f600} HTTP/1.1\r\n\r\n",
    ] {
        let server = Server::plain(&[]);
        let mut client = server.client();
        client.write(request);
        client.finish();
        if let Some(answer) = Some(client.read_to_end()).filter(|bytes| !bytes.is_empty()) {
            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(text.starts_with("HTTP/1.1 4"), "{request:?}: {text}");
        }
        crate::harness::eventually("a line in the log", || !server.log().is_empty());
        server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
        server.assert_well();
    }
}

#[test]
fn a_client_that_goes_away_harms_nobody() {
    let server = Server::plain(&[]);
    let body = Form::revoke().encode();
    let whole = format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // At any byte but the last: then the call has not been made.
    for end in (0..whole.len()).step_by(7) {
        let mut client = server.client();
        client.write(&whole[..end]);
        if end % 2 == 0 {
            client.finish();
            let answer = client.read_to_end();
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "after {end} bytes");
        }
    }
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn a_client_that_closes_its_side_is_answered() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE}?{} HTTP/1.1\r\nHost: x\r\n\r\n",
        Form::revoke().encode()
    ));
    client.finish();
    assert_eq!(client.read().unwrap().text(), SUCCESS);
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let request = |order: u64| {
        let form = Form::revoke().order(order).set("test", "Y").encode();
        format!("POST {REVOKE}?{form} HTTP/1.1\r\nHost: x\r\n\r\n")
    };
    let orders = [2_200_003, 2_200_005, 2_200_006, 2_200_007, 2_200_008];
    client.write(orders.map(request).concat().repeat(20));
    for expected in [0, -21, -20, -35, -43].repeat(20) {
        assert_eq!(client.read().unwrap().code(), expected);
    }
}

#[test]
fn many_connections_at_the_same_time() {
    const CONNECTIONS: usize = 64;
    let server = Server::plain(&[]);
    let start = Barrier::new(CONNECTIONS);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut client = server.client();
                start.wait();
                for _ in 0..20 {
                    client.revoke(&Form::revoke().set("test", "Y")).assert_text(SUCCESS);
                    client
                        .revoke(&Form::revoke().order(2_200_005))
                        .assert_text(crate::harness::ALREADY_REVOKED);
                }
            });
        }
    });
    server.assert_well();
}
