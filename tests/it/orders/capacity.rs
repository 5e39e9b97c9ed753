//! The bound on orders, and the seed of their numbers.

use serde_json::json;

use crate::harness::{ALREADY_REVOKED, Control, Form, SUCCESS, Server, WRONG_STATE, eventually};

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
fn the_memory_of_all_orders_is_bounded() {
    let server = Server::plain_with_fixtures(FIXTURES, &["--max-order-bytes", "10000"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let mut newest = 1;
    let mut made = Vec::new();
    let refused = loop {
        let answer = client.replace(&Form::replace().order(newest));
        if answer.status != 200 {
            break answer;
        }
        newest = answer.order_number();
        made.push(newest);
        assert!(made.len() < 40, "{made:?}");
    };
    // Those of the fixtures do not count.
    assert!(made.len() > 3, "{made:?}");
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("(--max-order-bytes)"), "{refused:?}");
    server.wait_for_log(&["WARN", "!AutoReplaceSMIME", "503", "--max-order-bytes"]);

    // Neither is there room for a CSR that an order does not have yet, for orders of the control API, or in other sandboxes.
    let fixtures = format!("{{\"fixtures\":{}}}", serde_json::json!(FIXTURES));
    let long = format!(
        r#"{{"loginName":"login_name","product":"smime","email":"{}@a.de"}}"#,
        "x".repeat(64)
    );
    let fill = |control: &mut Control| while control.send("POST", "/orders", &long).status == 201 {};
    fill(&mut control);
    // What is left after whole orders goes to longer addresses of those that there are.
    let email = format!(r#"{{"email":"{}@a.de"}}"#, "x".repeat(64));
    let lengthen = |number: &u64| control.send("PATCH", &format!("/orders/{number}"), &email).status;
    assert!(made.iter().map(lengthen).any(|status| status == 503));
    assert_eq!(client.replace(&Form::replace().order(2)).status, 503);
    control.expect(("POST", "/orders", &long), 503, &["--max-order-bytes"]);
    control.expect(("POST", "/sandboxes", &fixtures), 503, &["--max-order-bytes"]);
    let mut other = Control::of_new_sandbox(&server, "other");
    other.expect(("POST", "/orders", &long), 503, &["--max-order-bytes"]);
    assert_eq!(other.get("/orders")["orders"].as_array().map(Vec::len), Some(3));

    // Nor for a long comment.
    let wordy = Form::revoke().order(3).set("revocationReason", "x".repeat(400));
    assert_eq!(client.revoke(&wordy).status, 503);

    // What needs no room works, even where more is taken than there is, and what is deleted makes room, wherever that is.
    assert_eq!(control.read("/orders/3/certificate", "").status, 200);
    let mut pristine = Control::of_new_sandbox(&server, "pristine");
    pristine.expect(("POST", "/reset", ""), 200, &[]);
    control.expect(("DELETE", "/sandboxes/pristine", ""), 204, &[]);
    for number in &made {
        control.expect(("DELETE", &format!("/orders/{number}"), ""), 204, &[]);
    }
    client.replace(&Form::replace().order(2)).assert_text(SUCCESS);
    fill(&mut other);
    control.expect(("POST", "/orders", &long), 503, &["--max-order-bytes"]);
    control.expect(("DELETE", "/sandboxes/other", ""), 204, &[]);
    control.expect(("POST", "/orders", &long), 201, &[]);
    control.expect(("POST", "/sandboxes", &fixtures), 201, &[]);
    server.assert_well();
}

#[test]
fn a_sandbox_that_is_over_leaves_its_memory_to_others() {
    let server = Server::plain_with_fixtures(FIXTURES, &["--max-order-bytes", "10000"]);
    let mut control = Control::of(&server);
    let order = r#"{"loginName":"login_name","product":"smime"}"#;
    let fixtures = format!("{{\"fixtures\":{}}}", serde_json::json!(FIXTURES));
    let mut fill_another = || {
        control.expect(("POST", "/sandboxes", r#"{"name":"short","ttl":"1s"}"#), 201, &[]);
        let mut short = Control::at(server.control(), "short");
        while short.send("POST", "/orders", order).status == 201 {}
        control.expect(("POST", "/orders", order), 503, &["--max-order-bytes"]);
    };
    // When the sandbox is over, its memory is freed for whoever makes another, and for whoever makes an order.
    for (path, body) in [("/sandboxes", &*fixtures), ("/orders", order)] {
        fill_another();
        eventually("there is memory", || {
            Control::of(&server).send("POST", path, body).status == 201
        });
    }
    server.assert_well();
}

#[test]
fn orders_that_are_restored_count_as_little_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state.json");
    let options = ["--max-order-bytes", "2000", "--state", state.to_str().unwrap()];
    let order = r#"{"loginName":"login_name","product":"smime"}"#;
    let mut server = Server::plain_with_fixtures(FIXTURES, &options);
    let mut control = Control::of(&server);
    let snapshot = control.get("/snapshot").to_string();
    control.expect(("PUT", "/snapshot", &snapshot), 200, &[]);
    control.expect(("POST", "/orders", order), 201, &[]);
    server.stop("TERM");
    let server = Server::plain_with_fixtures(FIXTURES, &options);
    Control::of(&server).expect(("POST", "/orders", order), 201, &[]);
    Control::of(&server).expect(("POST", "/sandboxes", "{}"), 201, &[]);
}

#[test]
fn fixtures_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = crate::harness::write_file(&dir, "fixtures.toml", FIXTURES);
    let run = crate::harness::run_on_a_free_port(&["--max-orders", "2", "--fixtures", path.to_str().unwrap()]);
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

/// Accounts count as orders do, wherever they are.
#[test]
fn the_accounts_of_all_sandboxes_together_are_bounded() {
    let server = Server::plain(&["--max-order-bytes", "220000"]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/sandboxes", r#"{"name":"other"}"#), 201, &[]);
    let account = |name: &str, lists: usize| {
        let numbers: Vec<_> = (0..lists).collect();
        let counted = vec!["2030-01-01T00:00:00Z"; 5 * lists];
        json!({"loginName": name, "loginPassword": "p", "templateIDs": numbers, "caCertificateIDs": numbers,
            "callLimit": {"calls": 1_000_000, "per": "1d", "counted": counted}})
        .to_string()
    };
    // 56 kB each.
    for (path, name) in [("", "one"), ("/sandboxes/other", "one"), ("", "two")] {
        control.expect(("POST", &format!("{path}/accounts"), &account(name, 1000)), 201, &[]);
    }
    control.expect(
        ("POST", "/accounts", &account("three", 1000)),
        503,
        &["(--max-order-bytes)"],
    );
    control.expect(("POST", "/accounts", &account("three", 0)), 201, &[]);
    let longer = json!({"push": {"url": format!("http://a.example/{}", "x".repeat(1900))}}).to_string();
    control.expect(("PATCH", "/accounts/three", &longer), 200, &[]);
    let much = json!({"callLimit": {"calls": 1_000_000, "per": "1d", "counted": vec!["2030-01-01T00:00:00Z"; 7000]}});
    control.expect(
        ("PATCH", "/accounts/three", &much.to_string()),
        503,
        &["(--max-order-bytes)"],
    );
    control.expect(("DELETE", "/accounts/two", ""), 204, &[]);
    control.expect(("PATCH", "/accounts/three", &much.to_string()), 200, &[]);
    server.assert_well();
}

/// The bodies of faults count as orders do, wherever they are.
#[test]
fn the_bodies_of_faults_are_bounded_in_all_sandboxes_together() {
    let server = Server::plain(&["--max-order-bytes", "200000"]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/sandboxes", r#"{"name":"other"}"#), 201, &[]);
    let fault = json!({"then": {"status": 502, "body": "x".repeat(60_000)}}).to_string();
    for path in ["/faults", "/sandboxes/other/faults", "/faults"] {
        control.expect(("POST", path, &fault), 201, &[]);
    }
    control.expect(("POST", "/faults", &fault), 503, &["(--max-order-bytes)"]);
    control.expect(("POST", "/faults", r#"{"then":{"status":502}}"#), 201, &[]);
    control.expect(("DELETE", "/faults", ""), 204, &[]);
    control.expect(("POST", "/sandboxes/other/faults", &fault), 201, &[]);
}
