//! Requests that are refused before their body was read.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{assert_soon, limited_server};
use crate::harness::{Client, JSON, REVOKE, Server};

/// Listener, request line and headers, and the status of the answer.
fn refused(server: &Server) -> [(Client, &'static str, String, u16); 4] {
    let api = || server.client();
    let control = || Client::connect(server.control());
    [
        (api(), "POST /nothing/here", String::new(), 404),
        (control(), "POST /control/v1/nothing", JSON.to_owned(), 404),
        (control(), "PUT /control/v1/health", JSON.to_owned(), 405),
        (
            control(),
            "POST /control/v1/orders",
            "Content-Type: text/plain\r\n".to_owned(),
            415,
        ),
    ]
}

fn head(start: &str, headers: &str, length: usize) -> String {
    format!("{start} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n")
}

#[test]
fn a_body_in_a_packet_of_its_own_does_not_cost_the_connection() {
    let server = limited_server(&[]);
    for (mut client, start, headers, status) in refused(&server) {
        for _ in 0..3 {
            client.write(head(start, &headers, 10));
            sleep(Duration::from_millis(20));
            client.write("0123456789");
            let answer = client.read().expect("the connection ended");
            assert_eq!((answer.status, answer.header("connection")), (status, None), "{start}");
        }
    }
    server.assert_well();
}

#[test]
fn an_answer_after_which_the_connection_closes_says_so() {
    let server = limited_server(&[]);
    // A body that does not come, one that is too long to wait for, and one that waits to be asked for.
    for (length, more) in [(10, ""), (1 << 20, ""), (10, "Expect: 100-continue\r\n")] {
        for (mut client, start, headers, status) in refused(&server) {
            assert_soon(start, || {
                client.write(head(start, &format!("{headers}{more}"), length));
                let answer = client.read().expect("closed without an answer");
                assert_eq!(
                    (answer.status, answer.header("connection")),
                    (status, Some("close")),
                    "{start} {length} {more}"
                );
                client.finish();
                assert_eq!(client.read_to_end(), b"");
            });
        }
    }
    server.assert_well();
}

#[test]
fn an_answer_that_read_its_body_keeps_the_connection() {
    let server = limited_server(&[]);
    let mut client = server.client();
    let start = Instant::now();
    for _ in 0..3 {
        client.write(format!("{}a=1", head(&format!("POST {REVOKE}"), "", 3)));
        let answer = client.read().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}
