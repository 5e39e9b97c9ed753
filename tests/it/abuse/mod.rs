//! Attacks on the running program, each bounded: while one goes on, a good client is answered soon, and the memory that
//! it cost comes back when it is over.
//!
//! The program runs under limits of file descriptors and of address space, so that an attack needs few connections and
//! a leak ends the program and not the machine.

mod abandoned;
mod bodies;
mod http2;
mod idle;
mod journal;
mod long_answers;
mod many_readers;
mod stalled;
mod stop;
mod tls;
mod unread;
mod waiters;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Client, DEADLINE, Form, Limits, SUCCESS, Server};

/// How long a good client may wait for its answer while an attack goes on. A second is what users are promised; the
/// rest is for a debug build on a machine that is busy with other tests. What the attacks block, they block for longer.
const SOON: Duration = Duration::from_secs(5);

/// The usual limits: few file descriptors, and more address space than any test needs.
const LIMITS: Limits = Limits {
    files: 256,
    address_space: 2 << 30,
};

/// With these variables glibc gives back what is freed. Otherwise it may keep 64 MiB of each of its heaps once long pieces of
/// memory were freed, so that the resident memory does not tell what the program still holds.
const GIVES_BACK: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
];

/// A server under the usual limits, all listeners on, plain HTTP accepted.
#[track_caller]
fn limited_server(args: &[&str]) -> Server {
    Server::limited(&LIMITS, &[&["--plain-http", "accept"], args].concat())
}

/// Makes a call within [`SOON`].
#[track_caller]
fn assert_soon(what: &str, call: impl FnOnce()) {
    let start = Instant::now();
    call();
    let took = start.elapsed();
    assert!(took < SOON, "{what} takes {took:?}");
}

/// A client of the plain listener that connects anew is answered soon.
#[track_caller]
fn assert_api_answers(server: &Server) {
    assert_soon("a call of the API", || {
        server
            .client()
            .revoke(&Form::revoke().set("test", "Y"))
            .assert_text(SUCCESS);
    });
}

/// A client of the control listener that connects anew is answered soon.
#[track_caller]
fn assert_control_answers(server: &Server) {
    assert_soon("a call of the control API", || {
        let answer = Client::connect(server.control()).get("/control/v1/clock");
        assert_eq!(answer.status, 200, "{answer:?}");
    });
}

/// The connections of an attack, whose peers have gone, are gone as well: at most so many files more than before it are
/// open. Far sooner than what the attack waits for would come.
#[track_caller]
fn assert_connections_go(server: &Server, before: usize) {
    let start = Instant::now();
    while server.open_files() > before {
        assert!(
            start.elapsed() < SOON,
            "{} files open before, {} after",
            before,
            server.open_files()
        );
        sleep(Duration::from_millis(20));
    }
}

/// The memory goes back to at most this many bytes above what it was.
#[track_caller]
fn assert_memory_comes_back(server: &Server, before: usize, slack: usize) {
    let start = Instant::now();
    while server.resident_memory() > before + slack {
        assert!(
            start.elapsed() < DEADLINE,
            "{} MiB before the attack, {} MiB long after it",
            before >> 20,
            server.resident_memory() >> 20
        );
        sleep(Duration::from_millis(50));
    }
}

/// Sets the flag when the scope ends, also by a panic.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
