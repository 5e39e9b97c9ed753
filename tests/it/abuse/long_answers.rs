//! Answers of the control API that are very long, and many who ask for them and do not read: no more is in memory than a few
//! pieces of each, and others are answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{GIVES_BACK, LIMITS, assert_control_answers};
use crate::harness::{Client, Control, DEADLINE, Server, eventually};

const MIB: usize = 1 << 20;

/// How many ask and read nothing.
const READERS: usize = 20;

/// How many faults there are. Each has a body of 64 kB, and six times as much in an answer: 80 MB in all.
const FAULTS: usize = 200;

const LIST: &str = "/control/v1/faults";

const SNAPSHOT: &str = "/control/v1/snapshot";

/// What the log says of a reader who loses the turn.
const BROKEN_OFF: &str = "read too slowly while others waited for a turn";

/// The same for those who read slowly, of which the kernel buffers only a part: 24 MB.
const FEWER_FAULTS: usize = 60;

/// How many bytes each of them takes in an answer, at least.
const FAULT_BYTES: usize = 6 * (64 << 10);

/// A server with so many faults, whose clients may read as slowly as they like.
fn server_with_faults(count: usize) -> Server {
    let server = Server::limited_with(&LIMITS, &["--read-timeout", "1h"], &GIVES_BACK);
    let fault = json!({"then": {"status": 503, "body": "\u{1}".repeat(64 << 10)}}).to_string();
    let mut control = Control::of(&server);
    for _ in 0..count {
        control.expect(("POST", "/faults", &fault), 201, &[]);
    }
    server
}

/// Asks for an answer, and leaves it unread.
fn ask(server: &Server, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.control()).unwrap();
    client
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    client
}

#[track_caller]
fn assert_comes_whole(server: &Server, path: &str, count: usize) {
    eventually("a whole answer", || {
        let answer = Client::connect(server.control()).get(path);
        if answer.status != 200 {
            return false;
        }
        let whole: Value = serde_json::from_slice(answer.bytes()).expect("it is whole");
        whole["faults"].as_array().is_some_and(|faults| faults.len() > count)
    });
}

#[test]
fn unread_answers_cost_little_and_delay_nobody() {
    let server = server_with_faults(FAULTS);
    let before = server.resident_memory();
    let readers: Vec<_> = (0..READERS).map(|_| ask(&server, LIST)).collect();
    for _ in 0..20 {
        assert_control_answers(&server);
        let more = server.resident_memory().saturating_sub(before);
        assert!(more < 200 * MIB, "{} MiB", more / MIB);
        thread::sleep(Duration::from_millis(50));
    }
    // There is no turn for one more until others leave, or lose theirs.
    let refused = Client::connect(server.control()).get(LIST).status;
    assert!(refused == 503 || server.log().contains(BROKEN_OFF), "{refused}");
    drop(readers);
    assert_comes_whole(&server, LIST, FAULTS);
    server.assert_well();
}

#[test]
fn readers_who_take_nothing_or_little_give_way_to_others() {
    let server = server_with_faults(FEWER_FAULTS);
    // As many readers as there are turns.
    for (path, turns, each) in [(SNAPSHOT, 2, 0), (LIST, 4, 1)] {
        let mut readers: Vec<_> = (0..turns).map(|_| ask(&server, path)).collect();
        // Each has its turn once its answer begins.
        for reader in &mut readers {
            reader.read_exact(&mut [0; 64]).unwrap();
        }
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let end = Instant::now() + DEADLINE;
                while !is_over.load(Ordering::Relaxed) && Instant::now() < end {
                    for reader in &mut readers {
                        let _ = reader.read(&mut vec![0; each]);
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            });
            assert_comes_whole(&server, path, FEWER_FAULTS);
            is_over.store(true, Ordering::Relaxed);
        });
        server.wait_for_log(&[BROKEN_OFF]);
        // Who lost the turn learns of it: the connection ends before the answer does.
        let is_broken_off = |reader: &mut TcpStream| {
            let mut rest = Vec::new();
            let _ = reader.read_to_end(&mut rest);
            rest.len() < FEWER_FAULTS * FAULT_BYTES
        };
        assert!(readers.iter_mut().any(is_broken_off));
    }
    server.assert_well();
}

#[test]
fn a_slow_reader_is_sent_the_whole_answer_where_nobody_waits() {
    let server = server_with_faults(FEWER_FAULTS);
    let mut client = Client::connect(server.control());
    client.write(format!("GET {SNAPSHOT} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    thread::sleep(Duration::from_secs(5));
    let answer = client.read().expect("it is whole");
    assert!(answer.bytes().len() > FEWER_FAULTS * FAULT_BYTES);
    assert!(!server.log().contains(BROKEN_OFF), "{}", server.log());
}

#[test]
fn a_stop_does_not_wait_for_unread_answers() {
    let mut server = server_with_faults(FEWER_FAULTS);
    let mut readers = [SNAPSHOT, LIST].map(|path| ask(&server, path));
    for reader in &mut readers {
        reader.read_exact(&mut [0; 64]).unwrap();
    }
    let (status, _) = server.stop("TERM");
    assert!(
        status.success() && !server.log().contains("panicked"),
        "{}",
        server.log()
    );
}
