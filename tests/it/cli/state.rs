//! A state that outlives the process.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::harness::{ALREADY_REVOKED, Form, SUCCESS, Server, run, write_file};

#[test]
fn is_saved_on_a_graceful_stop_and_loaded_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deep").join("state.json");
    let state = ["--state", path.to_str().unwrap()];

    let mut server = Server::plain(&state);
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    let new_order = server.client().replace(&Form::replace()).order_number();
    assert!(!path.exists());
    assert!(server.stop("TERM").0.success());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let server = Server::plain(&state);
    server.client().revoke(&Form::revoke()).assert_text(ALREADY_REVOKED);
    let next = server
        .client()
        .replace(&Form::replace().order(new_order))
        .order_number();
    assert_eq!(next, new_order + 1);
    drop(server);

    // Killed, it saves nothing: what was saved before is whole.
    let server = Server::plain(&state);
    server
        .client()
        .replace(&Form::replace().order(new_order))
        .order_number();
}

#[test]
fn that_is_broken_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "state.json", "{\n  \"orders\": [7]\n}\n");
    let path = path.to_str().unwrap();
    run(
        &[
            "--https",
            "off",
            "--http",
            "127.0.0.1:0",
            "--control",
            "off",
            "--state",
            path,
        ],
        &[],
    )
    .assert_refused(2, &["state.json", "line 2"]);
    assert_eq!(fs::read_to_string(path).unwrap(), "{\n  \"orders\": [7]\n}\n");
}

#[test]
fn that_cannot_be_saved_is_told() {
    let mut server = Server::plain(&["--state", "/proc/no-such-place/state.json"]);
    let (status, _) = server.stop("TERM");
    assert_eq!(status.code(), Some(2));
}
