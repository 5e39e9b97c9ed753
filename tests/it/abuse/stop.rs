//! The end, in the middle of an attack.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use super::limited_server;
use crate::harness::{Control, Form, REVOKE};

#[test]
fn a_stop_waits_for_no_attacker() {
    let mut times = Vec::new();
    for _ in 0..4 {
        let mut server = limited_server(&[]);
        Control::of(&server).expect(("POST", "/faults", r#"{"then":{"delay":"10m"}}"#), 201, &[]);
        let call = format!("GET {REVOKE}?{} HTTP/1.1\r\nHost: x\r\n\r\n", Form::revoke().encode());
        let body = format!(
            "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{}",
            "a".repeat(80_000)
        );
        let stream = "GET /control/v1/calls/stream HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut peers = Vec::new();
        for (address, bytes) in [
            (server.http(), ""),
            (server.http(), "GET / HT"),
            (server.http(), &call),
            (server.http(), &body),
            (server.control(), stream),
            (server.https(), "\x16\x03\x01\x02\x00\x01"),
        ] {
            for _ in 0..30 {
                let mut peer = TcpStream::connect(address).unwrap();
                peer.write_all(bytes.as_bytes()).unwrap();
                peers.push(peer);
            }
        }
        let (status, took) = server.stop("TERM");
        assert_eq!(status.code(), Some(0), "{}", server.log());
        assert!(!server.log().contains("panicked"), "{}", server.log());
        if took < Duration::from_secs(1) {
            return;
        }
        times.push(took);
    }
    panic!("a stop takes {times:?}");
}
