//! Faults, as a raw socket sees them.

use super::Control;
use crate::harness::{Form, REVOKE, Server};

/// All bytes that come back until the connection ends.
fn bytes_of(server: &Server) -> String {
    let body = Form::revoke().add("responseFormat", "0").encode();
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    String::from_utf8_lossy(&client.read_to_end()).into_owned()
}

#[test]
fn each_action_shows_on_the_wire() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut with = |then: &str| {
        control.expect(
            ("POST", "/faults", &format!(r#"{{"times":1,"then":{then}}}"#)),
            201,
            &[],
        );
        bytes_of(&server)
    };
    assert_eq!(with(r#"{"disconnect":"before"}"#), "");
    let cut = with(r#"{"disconnect":"mid-body"}"#);
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert!(body.len() < length.parse().unwrap(), "{cut}");
    assert!(with(r#"{"status":502,"body":"gateway"}"#).ends_with("\r\n\r\ngateway"));
    assert!(with(r#"{"code":-14}"#).contains("\r\n\r\n-14\n"));
    let whole = bytes_of(&server);
    assert_ne!(
        with(r#"{"garble":true}"#).split_once("\r\n\r\n").unwrap().1,
        whole.split_once("\r\n\r\n").unwrap().1
    );
    let start = std::time::Instant::now();
    with(r#"{"delay":"300ms"}"#);
    assert!(start.elapsed().as_millis() >= 300);
    let start = std::time::Instant::now();
    with(r#"{"throttle":20}"#);
    assert!(start.elapsed().as_millis() >= 300);
    // Each was gone after its one call; what is left is the built-in fixtures' own.
    control.expect(("GET", "/faults", ""), 200, &[r#"{"faults":[{"id":1,"#]);
    control.expect(("DELETE", "/faults", ""), 204, &[]);
    control.expect(("GET", "/faults", ""), 200, &[r#"{"faults":[]}"#]);
}

#[test]
fn a_fault_heals() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(
        ("POST", "/faults", r#"{"ttl":"50ms","then":{"status":500}}"#),
        201,
        &[r#""id":"#],
    );
    crate::harness::eventually("the fault heals", || bytes_of(&server).starts_with("HTTP/1.1 200"));
    control.expect(
        ("POST", "/faults", r#"{"then":{"code":-14,"delay":"1s"}}"#),
        422,
        &["exactly one"],
    );
    control.expect(("DELETE", "/faults/77", ""), 404, &[]);
}
