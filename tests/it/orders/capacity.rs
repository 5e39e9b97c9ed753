//! The bound on orders, and the seed of their numbers.

use crate::harness::{ALREADY_REVOKED, Form, SUCCESS, Server, WRONG_STATE};

const FIXTURES: &str = r#"
[[accounts]]
loginName = "login_name"
loginPassword = "login_password"

[[orders]]
orderNumber = 1
loginName = "login_name"
product = "smime"
state = "issued"

[[orders]]
orderNumber = 2
loginName = "login_name"
product = "smime"
state = "pending"

[[orders]]
orderNumber = 3
loginName = "login_name"
product = "code-signing"
state = "issued"
"#;

#[test]
fn a_book_that_is_full_takes_no_more_and_loses_nothing() {
    let server = Server::plain_with_fixtures(FIXTURES, &["--max-orders", "4"]);
    let mut client = server.client();
    let new = client.replace(&Form::replace().order(1)).order_number();

    for format in ["0", "1", "2"] {
        let form = Form::replace()
            .order(new)
            .set("revokeOldOrder", "Y")
            .set("responseFormat", format);
        let answer = client.replace(&form);
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    server.wait_for_log(&["WARN", "!AutoReplaceSMIME", "503", &new.to_string()]);

    // What needs no room works, and the order that was not replaced is what it was: not replaced, not revoked.
    client.replace(&Form::replace().order(2)).assert_text(SUCCESS);
    client.replace(&Form::replace().order(1)).assert_text(WRONG_STATE);
    client.revoke(&Form::revoke().order(3)).assert_text(SUCCESS);
    client.revoke(&Form::revoke().order(3)).assert_text(ALREADY_REVOKED);
    assert_eq!(client.replace(&Form::replace().order(new)).status, 503);
    server.assert_well();
}

#[test]
fn fixtures_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = crate::harness::write_file(&dir, "fixtures.toml", FIXTURES);
    let run = crate::harness::run(
        &[
            "--https",
            "off",
            "--http",
            "127.0.0.1:0",
            "--control",
            "off",
            "--max-orders",
            "2",
            "--fixtures",
            path.to_str().unwrap(),
        ],
        &[],
    );
    run.assert_refused(2, &["fixtures.toml", "line 19, column 15"]);
}

#[test]
fn a_seed_gives_the_same_numbers_again() {
    let numbers = |args: &[&str]| {
        let server = Server::plain(args);
        let mut client = server.client();
        let first = client.replace(&Form::replace()).order_number();
        let second = client.replace(&Form::replace().order(1_100_003)).order_number();
        [first, second]
    };
    let seeded = numbers(&["--seed", "7"]);
    assert_eq!(seeded, numbers(&["--seed", "7"]));
    assert_ne!(seeded, numbers(&["--seed", "8"]));
    assert_ne!(numbers(&[]), numbers(&[]));
}
