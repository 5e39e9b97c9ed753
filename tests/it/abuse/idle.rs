//! Connections on which nothing is ever said.

use std::net::TcpStream;

use super::{LIMITS, assert_api_answers, assert_control_answers, assert_memory_comes_back, limited_server};

/// As many connections as there are file descriptors, and some more.
fn flood(address: std::net::SocketAddr) -> Vec<TcpStream> {
    (0..LIMITS.files + 44)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect()
}

#[test]
fn idle_connections_on_one_listener_leave_the_others_alone() {
    let server = limited_server(&[]);
    let before = server.resident_memory();
    let on_https = flood(server.https());
    assert_api_answers(&server);
    assert_control_answers(&server);
    drop(on_https);
    let on_http = flood(server.http());
    assert_control_answers(&server);
    // They make room on their own listener as well.
    assert_api_answers(&server);
    drop(on_http);
    let on_control = flood(server.control());
    assert_api_answers(&server);
    assert_control_answers(&server);
    drop(on_control);
    assert_api_answers(&server);
    assert_control_answers(&server);
    assert_memory_comes_back(&server, before, 16 << 20);
    server.assert_well();
}

#[test]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let server = limited_server(&[]);
    let files = LIMITS.files.to_string();
    assert_eq!(server.limit("Max open files"), [files.as_str(), files.as_str()]);
}
