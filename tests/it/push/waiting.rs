//! Waiting for a certificate: by polls, strictly, and in vain.

use serde_json::json;

use super::{COLLECT_SMIME, change, collect, push_to, receiver::Receiver};
use crate::harness::{Control, Form, Server};

const COLLECT_SSL: &str = "/products/download/CollectSSL";

#[test]
fn an_order_is_issued_at_the_poll_that_it_says() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/"), "collection": false}));
    change(&mut control, 1_100_002, &json!({"issuedAfterPolls": 3}));
    change(&mut control, 2_200_002, &json!({"issuedAfterPolls": 1}));
    let mut client = server.client();
    let mut poll = |path: &str, order| client.post(path, &collect(order).encode()).code();
    assert_eq!(poll(COLLECT_SMIME, 1_100_002), 0);
    assert_eq!(control.get("/orders/1100002")["issuedAfterPolls"], 2);
    // What is left of them is in a snapshot.
    let snapshot = control.get("/snapshot").to_string();
    control.expect(("PUT", "/snapshot", &snapshot), 200, &[]);
    assert_eq!([(); 3].map(|()| poll(COLLECT_SMIME, 1_100_002)), [0, 2, 2]);
    assert_eq!(poll(COLLECT_SSL, 2_200_002), 2);
    let mut pushed = receiver.next_of::<2>();
    pushed.sort_unstable();
    assert_eq!(pushed, [(1_100_002, 9), (2_200_002, 9)]);
    let order = control.get("/orders/1100002");
    assert_eq!(
        (&order["state"], order.get("issuedAfterPolls")),
        (&json!("issued"), None)
    );
    assert!(!receiver.has_more());
    control.expect(
        ("PATCH", "/orders/1100001", r#"{"issuedAfterPolls":0}"#),
        422,
        &["1 poll or more"],
    );
}

#[test]
fn new_orders_of_an_account_wait_for_polls() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("PATCH", "/accounts/login_name", r#"{"issuedAfterPolls":2}"#), 200, &[]);
    let mut client = server.client();
    let new = client.replace(&Form::replace()).order_number();
    assert_eq!(control.get(&format!("/orders/{new}"))["state"], "being-issued");
    let mut poll = || client.post(COLLECT_SMIME, &collect(new).encode()).code();
    assert_eq!([(); 3].map(|()| poll()), [0, 2, 2]);
}

#[test]
fn an_issuance_fails_when_it_is_due_or_at_the_last_poll() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/"), "certificate": true}));
    change(
        &mut control,
        1_100_002,
        &json!({"due": "+1m", "issuanceFails": "pre-sign"}),
    );
    control.expect(("POST", "/clock/advance", r#"{"by":"1m"}"#), 200, &[]);
    let failed = receiver.next();
    assert_eq!((failed.what(), failed.parameter("certificate")), ((1_100_002, 3), None));
    assert_eq!(failed.parameter("status").unwrap(), "failed");
    assert_eq!(
        failed.parameter("statusDesc").unwrap(),
        "PRE-SIGN FAILED: CAA: Not authorized to issue"
    );
    change(
        &mut control,
        2_200_002,
        &json!({"issuedAfterPolls": 2, "issuanceFails": "post-sign"}),
    );
    let mut client = server.client();
    let mut poll = || client.post(COLLECT_SSL, &collect(2_200_002).encode()).code();
    assert_eq!([(); 3].map(|()| poll()), [0, 0, 0]);
    let failed = receiver.next();
    assert_eq!(
        (failed.what(), failed.parameter("statusDesc").unwrap()),
        ((2_200_002, 5), "POST-SIGN FAILED".to_owned())
    );
    assert_eq!(control.get("/orders/2200002")["state"], "being-issued");
    // Once it no longer fails, it is issued.
    change(&mut control, 1_100_002, &json!({"issuanceFails": null}));
    assert_eq!(receiver.next().what(), (1_100_002, 9));
    assert_eq!(control.get("/orders/1100002")["state"], "issued");
    assert!(!receiver.has_more());
}

#[test]
fn strict_polling_refuses_who_asks_too_soon() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    control.expect(("PATCH", "/accounts/login_name", r#"{"strictPolling":"1m"}"#), 200, &[]);
    let mut client = server.client();
    for (path, order, other) in [
        (COLLECT_SMIME, 1_100_002, 1_100_003),
        (COLLECT_SSL, 2_200_002, 2_200_003),
    ] {
        let mut poll = |order| client.post(path, &collect(order).encode());
        assert_eq!([order, other].map(|order| poll(order).code()), [0, 2]);
        poll(order).assert_text("-42\nCall limit reached, please try again later!\n");
        assert_eq!(poll(other).code(), -42);
        control.expect(("POST", "/clock/advance", r#"{"by":"1m"}"#), 200, &[]);
        assert_eq!(poll(order).code(), 0);
        control.expect(("POST", "/clock/advance", r#"{"by":"1m"}"#), 200, &[]);
    }
    control.expect(("PATCH", "/accounts/login_name", r#"{"strictPolling":null}"#), 200, &[]);
    let mut poll = || client.post(COLLECT_SMIME, &collect(1_100_002).encode()).code();
    assert_eq!([(); 3].map(|()| poll()), [0, 0, 0]);
    control.expect(
        ("PATCH", "/accounts/login_name", r#"{"strictPolling":"0s"}"#),
        422,
        &["longer than zero"],
    );
}
