//! Answers of the control API that are very long, and many who ask for them and do not read: no more is in memory than a few
//! pieces of each, and others are answered.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{GIVES_BACK, LIMITS, assert_control_answers};
use crate::harness::{Client, Control, Server, eventually};

const MIB: usize = 1 << 20;

/// How many ask and read nothing.
const READERS: usize = 20;

/// How many faults there are. Each has a body of 64 kB, and six times as much in an answer: 80 MB in all.
const FAULTS: usize = 200;

const LIST: &str = "/control/v1/faults";

#[test]
fn unread_answers_cost_little_and_delay_nobody() {
    let server = Server::limited_with(&LIMITS, &[], &GIVES_BACK);
    let fault = json!({"then": {"status": 503, "body": "\u{1}".repeat(64 << 10)}}).to_string();
    let mut control = Control::of(&server);
    for _ in 0..FAULTS {
        control.expect(("POST", "/faults", &fault), 201, &[]);
    }
    let before = server.resident_memory();
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let mut client = Client::connect(server.control());
            client.write(format!("GET {LIST} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            client
        })
        .collect();
    for _ in 0..20 {
        assert_control_answers(&server);
        let more = server.resident_memory().saturating_sub(before);
        assert!(more < 200 * MIB, "{} MiB", more / MIB);
        thread::sleep(Duration::from_millis(50));
    }
    // There is no turn for one more until others leave.
    assert_eq!(Client::connect(server.control()).get(LIST).status, 503);
    drop(readers);
    eventually("a whole list", || {
        let answer = Client::connect(server.control()).get(LIST);
        if answer.status != 200 {
            return false;
        }
        let list: Value = serde_json::from_slice(answer.bytes()).expect("it is whole");
        list["faults"].as_array().is_some_and(|faults| faults.len() > FAULTS)
    });
    server.assert_well();
}
