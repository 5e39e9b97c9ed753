//! Bodies that begin and do not go on.

use std::time::Duration;

use super::{assert_api_answers, assert_memory_comes_back, assert_soon, limited_server};
use crate::harness::{Client, Form, REVOKE, Server, unrecognized};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// The longest body that is read.
const MAX_BODY: usize = 1 << 20;

/// As many bodies as once took all turns, of each so many bytes of a mebibyte.
fn stall(server: &Server, arrived: usize) -> Vec<Client> {
    let start = || {
        let mut client = server.client();
        client.write(format!(
            "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: {MAX_BODY}\r\n\r\n"
        ));
        client.write("a".repeat(arrived));
        client
    };
    (0..17).map(|_| start()).collect()
}

#[track_caller]
fn assert_call_of(server: &Server, length: usize) {
    assert_soon("a long call", || {
        let form = Form::revoke().add("padding", "x".repeat(length));
        server.client().revoke(&form).assert_text(&unrecognized("padding"));
    });
}

#[test]
fn short_starts_of_long_bodies_hold_up_nobody() {
    let server = limited_server(&[]);
    let stalled = stall(&server, 20 << 10);
    assert_call_of(&server, 20 << 10);
    assert_call_of(&server, 500 << 10);
    drop(stalled);
    server.assert_well();
}

#[test]
fn bodies_that_lack_one_byte_give_way_to_others() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let stalled = stall(&server, MAX_BODY - 1);
    assert_call_of(&server, 20 << 10);
    assert_api_answers(&server);
    assert_call_of(&server, 500 << 10);
    server.wait_for_log(&["status=408", "while others waited"]);
    drop(stalled);
    assert_memory_comes_back(&server, before, 48 << 20);
    server.assert_well();
}

#[test]
fn bodies_that_trickle_give_way_to_others() {
    let server = limited_server(&[]);
    let mut stalled = stall(&server, 100 << 10);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..15 {
                for client in &mut stalled {
                    client.write_into_the_closing_door("a");
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        assert_call_of(&server, 20 << 10);
        assert_call_of(&server, 500 << 10);
    });
    server.assert_well();
}

#[test]
fn a_slow_body_is_taken_where_nobody_waits() {
    let server = limited_server(&[]);
    let mut client = server.client();
    let form = Form::revoke().add("padding", "x".repeat(100 << 10)).encode();
    let (start, end) = form.split_at(90 << 10);
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: {}\r\n\r\n{start}",
        form.len()
    ));
    std::thread::sleep(Duration::from_millis(2500));
    client.write(end);
    client.read().unwrap().assert_text(&unrecognized("padding"));
}
