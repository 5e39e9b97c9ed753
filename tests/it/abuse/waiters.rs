//! Requests of the control API that wait: they never hold all connections of its listener.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{assert_control_answers, limited_server};
use crate::harness::{Answer, Control, eventually};

const STREAM: &str = "GET /control/v1/calls/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Half of the connections that 256 files leave to the control listener.
const WAITERS: usize = 24;

fn is_let_in(answer: &Answer) -> bool {
    match answer.status {
        200 => true,
        503 => {
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
            assert!(answer.text().contains("Half of the connections"), "{answer:?}");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

#[test]
fn half_of_the_connections_are_kept_for_requests_that_do_not_wait() {
    let server = limited_server(&[]);
    let mut control = Control::of(&server);
    let mut streams: Vec<_> = (0..WAITERS)
        .map(|_| {
            let mut stream = TcpStream::connect(server.control()).unwrap();
            stream.write_all(STREAM.as_bytes()).unwrap();
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 200");
            stream
        })
        .collect();
    let count = |within: &str| format!(r#"{{"atLeast": 9, "within": "{within}"}}"#);
    let is_full = |control: &mut Control| {
        let wait = control.send("POST", "/calls/count", &count("1ms"));
        let stream = control.send("GET", "/calls/stream", "");
        assert_eq!(is_let_in(&wait), is_let_in(&stream));
        !is_let_in(&wait)
    };
    assert!(is_full(&mut control));
    // What does not wait is answered.
    for _ in 0..WAITERS {
        assert_control_answers(&server);
    }
    let answer = control.send("POST", "/calls/count", &count("0s"));
    assert!(is_let_in(&answer), "{answer:?}");
    let call = r#"{"endpoint": "!autoRevokeCS"}"#;
    assert!(is_let_in(&control.send("POST", "/calls", call)));
    let answer = control.send("POST", "/faults", r#"{"then": {"delay": "10m"}}"#);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(!is_let_in(&control.send("POST", "/calls", call)));
    // Who leaves makes room.
    drop(streams.pop());
    eventually("a turn that is given back", || {
        is_let_in(&control.send("POST", "/calls/count", &count("1ms")))
    });
    drop(streams);
    server.assert_well();
}
