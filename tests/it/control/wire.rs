//! Faults, as a raw socket sees them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{Control, DEADLINE, Form, REVOKE, SUCCESS, Server, eventually, unrecognized};

/// What a socket got until its connection ended.
struct Received {
    bytes: Vec<u8>,
    /// How many reads it took.
    pieces: usize,
    took: Duration,
}

impl Received {
    /// The head and the body.
    #[track_caller]
    fn parts(&self) -> (&str, &[u8]) {
        let end = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let (head, body) = self.bytes.split_at(end.expect("no head") + 4);
        (std::str::from_utf8(head).unwrap(), body)
    }

    /// The length that the head announces.
    #[track_caller]
    fn announced(&self) -> usize {
        let mut lines = self.parts().0.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        length.expect("no length").parse().unwrap()
    }
}

/// Sends a revocation of this order that succeeds.
fn send(server: &Server, order: u64) -> TcpStream {
    send_form(server, &Form::revoke().order(order).set("test", "Y"))
}

fn send_form(server: &Server, form: &Form) -> TcpStream {
    let body = form.encode();
    let mut socket = TcpStream::connect(server.http()).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        socket,
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    socket
}

fn receive(server: &Server) -> Received {
    receive_from(send(server, 2_200_008), Instant::now())
}

fn receive_from(mut socket: TcpStream, start: Instant) -> Received {
    let (mut bytes, mut pieces) = (Vec::new(), 0);
    let mut buffer = [0; 4096];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
        pieces += 1;
    }
    Received {
        bytes,
        pieces,
        took: start.elapsed(),
    }
}

/// A server whose calls are answered `-43` with its message, and what the fault makes of that once.
fn with_fault(then: &str) -> (Received, Received) {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let healthy = receive(&server);
    assert!(healthy.parts().1.starts_with(b"-43\n"));
    assert_eq!(healthy.parts().1.len(), healthy.announced());
    control.expect(
        ("POST", "/faults", &format!(r#"{{"times":1,"then":{then}}}"#)),
        201,
        &[],
    );
    let faulty = receive(&server);
    let journal = control.get("/calls?limit=1");
    assert_eq!(journal["calls"][0]["fault"], 2, "{journal}");
    // It was gone after its one call.
    assert_eq!(receive(&server).parts().1, healthy.parts().1);
    server.assert_well();
    (healthy, faulty)
}

#[test]
fn a_disconnect_before_sends_nothing() {
    assert_eq!(with_fault(r#"{"disconnect":"before"}"#).1.bytes, b"");
}

#[test]
fn a_disconnect_in_the_body_cuts_it_under_its_length() {
    let (healthy, cut) = with_fault(r#"{"disconnect":"mid-body"}"#);
    let (whole, half) = (healthy.parts().1, cut.parts().1);
    assert_eq!(cut.announced(), whole.len());
    assert!(!half.is_empty() && half.len() < whole.len(), "{half:?}");
    assert!(whole.starts_with(half), "{half:?}");
}

#[test]
fn a_garbled_reply_is_another_one_of_the_same_length() {
    let (healthy, garbled) = with_fault(r#"{"garble":true}"#);
    let (clear, garbled_body) = (healthy.parts().1, garbled.parts().1);
    assert_ne!(clear, garbled_body);
    assert_eq!(clear.len(), garbled_body.len());
    assert_eq!(garbled.announced(), clear.len());
}

#[test]
fn a_throttled_reply_comes_in_pieces_and_whole() {
    let (healthy, slow) = with_fault(r#"{"throttle":50}"#);
    assert_eq!(slow.parts().1, healthy.parts().1);
    assert_eq!(slow.announced(), healthy.announced());
    // The last piece comes no sooner than its share of the time.
    let length = u32::try_from(slow.announced()).unwrap();
    assert!(
        slow.took >= Duration::from_secs(1) * (length - 5) / 50,
        "{length} bytes in {:?}",
        slow.took
    );
    assert!(slow.pieces > 2, "{} pieces", slow.pieces);
}

#[test]
fn a_gateway_answers_its_status_and_body() {
    for (then, status, body) in [
        (r#"{"status":502,"body":"bad gateway"}"#, "502 ", "bad gateway"),
        (r#"{"status":503}"#, "503 ", ""),
        (r#"{"status":200,"body":"<html>"}"#, "200 ", "<html>"),
    ] {
        let (_, answer) = with_fault(then);
        let (head, sent) = answer.parts();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert_eq!(sent, body.as_bytes());
    }
}

#[test]
fn a_code_is_answered_in_the_endpoints_place() {
    let (_, answer) = with_fault(r#"{"code":-14}"#);
    assert_eq!(answer.parts().1, b"-14\nAn unknown error occurred!\n");
}

#[test]
fn a_delayed_reply_comes_late_and_whole() {
    let (healthy, late) = with_fault(r#"{"delay":"300ms"}"#);
    assert_eq!(late.parts().1, healthy.parts().1);
    assert!(late.took >= Duration::from_millis(300), "{:?}", late.took);
}

/// More delayed calls than there are threads to wait in.
const DELAYED: u64 = 100;

#[test]
fn a_delay_holds_no_lock_and_no_thread() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(
        ("POST", "/faults", r#"{"orderNumber":2200008,"then":{"delay":"10m"}}"#),
        201,
        &[],
    );
    // Longer than what is read without waiting for a turn.
    let long = Form::revoke().order(2_200_008).add("padding", "x".repeat(20 << 10));
    let waiting: Vec<_> = (0..DELAYED).map(|_| send_form(&server, &long)).collect();
    eventually("every delayed call is in the journal", || {
        control.ask(("POST", "/calls/count", r#"{"orderNumber":2200008}"#), 200)["count"] == DELAYED
    });
    // Others are answered meanwhile, the control API too, and the call itself is done.
    let mut client = server.client();
    client
        .revoke(&long.order(2_200_004))
        .assert_text(&unrecognized("padding"));
    client.revoke(&Form::revoke()).assert_text(SUCCESS);
    control.expect(("PATCH", "/orders/2200008", r#"{"state":"rejected"}"#), 200, &[]);
    for socket in waiting {
        socket.set_nonblocking(true).unwrap();
        let nothing = socket.peek(&mut [0]).expect_err("it was answered");
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn what_a_broken_reply_tells_of_is_done() {
    for then in [
        r#"{"disconnect":"before"}"#,
        r#"{"disconnect":"mid-body"}"#,
        r#"{"garble":true}"#,
    ] {
        let server = Server::plain(&[]);
        let mut control = Control::of(&server);
        control.expect(("POST", "/faults", &format!(r#"{{"then":{then}}}"#)), 201, &[]);
        let mut client = server.client();
        let body = Form::revoke().encode();
        client.write(format!(
            "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        client.read_to_end();
        assert_eq!(control.get("/orders/2200003")["state"], "revoked", "{then}");
    }
}
