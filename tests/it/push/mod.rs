//! Pushes: what a receiver is told, and that no receiver can do harm.

mod receiver;
mod waiting;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use self::receiver::{OK, Reaction, Received, Receiver};
use crate::harness::{Control, DEADLINE, Form, Limits, OpenSsl, PASSWORD, SUCCESS, Server, eventually};

const COLLECT_SMIME: &str = "/products/download/CollectSMIME";

/// Options under which failures come soon.
const SOON: &[&str] = &["--push-retry-delay", "10ms", "--push-timeout", "500ms"];

/// Has the changes of an account's orders pushed there.
#[track_caller]
fn push_to(control: &mut Control, push: &Value) {
    let change = json!({ "push": push }).to_string();
    control.expect(("PATCH", "/accounts/login_name", &change), 200, &[]);
}

#[track_caller]
fn change(control: &mut Control, order: u64, change: &Value) {
    let path = format!("/orders/{order}");
    control.expect(("PATCH", &path, &change.to_string()), 200, &[]);
}

/// Waits until so many pushes are in the journal, and takes them.
#[track_caller]
fn wait_for(control: &mut Control, count: usize) -> Vec<Value> {
    let wanted = json!({"kind": "push", "atLeast": count, "within": "30s"}).to_string();
    let counted = control.ask(("POST", "/calls/count", &wanted), 200);
    assert_eq!(counted["count"], count, "{}", control.get("/calls?kind=push"));
    control.get("/calls?kind=push")["calls"].as_array().unwrap().clone()
}

fn texts<'v>(calls: &'v [Value], field: &str) -> Vec<&'v str> {
    calls.iter().map(|call| call[field].as_str().unwrap()).collect()
}

#[test]
fn a_status_alone_is_pushed_by_get() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/hook?key=1")}));
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    let pushed = receiver.next();
    assert_eq!(pushed.method, "GET");
    let id = control.get("/orders/2200003")["certificateID"].as_u64().unwrap();
    let expected = format!(
        "/hook?key=1&orderNumber=2200003&certificateID={id}&eventType=Certificate&status=revoked&statusCode=8\
         &statusDesc=Revoked&revocationReasonCode=1&revocationReasonName=keyCompromise"
    );
    assert_eq!(pushed.target, expected);
    assert_eq!(pushed.header("host"), Some(&*receiver.address.to_string()));
    assert_eq!(
        (pushed.header("authorization"), pushed.header("content-type")),
        (None, None)
    );

    let calls = wait_for(&mut control, 1);
    assert_eq!(calls[0]["kind"], "push");
    assert_eq!(calls[0]["url"], receiver.url("/hook"));
    assert_eq!(
        (&calls[0]["status"], &calls[0]["code"], &calls[0]["try"]),
        (&json!(200), &json!(8), &json!(1))
    );
    assert_eq!(
        (&calls[0]["orderNumber"], &calls[0]["loginName"], &calls[0]["endpoint"]),
        (&json!(2_200_003), &json!("login_name"), &json!("push"))
    );
    assert_eq!(calls[0]["arguments"][3], json!({"name": "status", "value": "revoked"}));
    // Calls and pushes are numbered apart.
    assert_eq!(control.get("/calls/1?kind=push"), calls[0]);
    assert_eq!(control.get("/calls/1?kind=call"), control.get("/calls/1"));
    assert_eq!(control.get("/calls/1")["kind"], "call");
    control.expect(("GET", "/calls/2?kind=push", ""), 404, &["no push of that id"]);
    control.expect(("GET", "/calls/1?kind=mail", ""), 400, &["kind"]);
    // What asks for calls gets calls alone, as ever.
    let calls = control.get("/calls");
    assert_eq!(texts(calls["calls"].as_array().unwrap(), "kind"), ["call"]);
    assert_eq!(control.ask(("POST", "/calls/count", "{}"), 200)["count"], 1);
    assert_eq!(control.get("/sandboxes")["sandboxes"][0]["calls"], 1);
    assert_eq!(control.get("/calls?kind=push&code=9")["calls"], json!([]));
    control.expect(
        ("GET", "/calls?kind=push&endpoint=!autoRevokeCS", ""),
        422,
        &["a push is of no endpoint"],
    );
    control.expect(("DELETE", "/calls", ""), 204, &[]);
    assert_eq!(control.get("/calls?kind=push")["calls"], json!([]));
}

#[test]
fn a_certificate_is_delivered_by_post() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let push = json!({"url": receiver.url("/"), "user": "u", "password": "Xq7z&pä", "certificate": true});
    push_to(&mut control, &push);
    change(&mut control, 1_100_002, &json!({"due": "+10m"}));
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    let pushed = receiver.next();
    assert_eq!((&*pushed.method, &*pushed.target), ("POST", "/"));
    assert_eq!(pushed.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(pushed.header("authorization"), Some("Basic dTpYcTd6JnDDpA=="));
    let names: Vec<_> = pushed.parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "orderNumber",
            "certificateID",
            "eventType",
            "certificate",
            "caCertificate",
            "status",
            "statusCode",
            "statusDesc"
        ]
    );
    assert_eq!(pushed.what(), (1_100_002, 9));
    assert_eq!(pushed.parameter("statusDesc").unwrap(), "Issued but not yet collected");
    let files = OpenSsl::new();
    let chain = pushed.parameter("caCertificate").unwrap();
    let root_end = chain.find("-----END").unwrap();
    files.write("root.pem", &chain);
    files.write("issuing.pem", &chain[root_end + 20..]);
    files.write("leaf.pem", pushed.parameter("certificate").unwrap());
    let printed = files.expect("verify -no_check_time -x509_strict -CAfile root.pem -untrusted issuing.pem leaf.pem");
    assert_eq!(printed, "leaf.pem: OK\n");
    // It is the one that is collected.
    let collected = server.client().post(COLLECT_SMIME, &collect(1_100_002).encode());
    assert!(collected.text().contains(&files.read("leaf.pem")), "{collected:?}");
    let first_collection = receiver.next();
    assert_eq!(first_collection.what(), (1_100_002, 6));
    assert_eq!(first_collection.parameter("certificate"), Some(files.read("leaf.pem")));
    // A revocation, a rejection and a replacement come without one.
    change(&mut control, 1_100_002, &json!({"state": "revoked"}));
    let revoked = receiver.next();
    assert_eq!(
        (revoked.what(), revoked.parameter("certificate")),
        ((1_100_002, 8), None)
    );
    assert_eq!(revoked.method, "POST");
}

fn collect(order: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", order.to_string())
        .add("queryType", "2")
}

#[test]
fn each_change_is_pushed_once_and_in_order() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    let mut client = server.client();
    let new = client.replace(&Form::replace()).order_number();
    let mut pushed = receiver.next_of::<2>();
    pushed.sort_unstable();
    assert_eq!(
        pushed,
        [
            (1_234_567.min(new), if new < 1_234_567 { 9 } else { 14 }),
            (1_234_567.max(new), if new < 1_234_567 { 14 } else { 9 })
        ]
    );
    client.revoke(&Form::revoke().order(2_200_001)).assert_text(SUCCESS);
    let rejected = receiver.next();
    assert_eq!(rejected.parameter("statusDesc").unwrap(), "Rejected: the key was lost");
    let states = [
        ("issued", Some(9)),
        ("on-hold", None),
        ("pending", None),
        ("issued", Some(9)),
        ("replaced", Some(14)),
        ("expired", None),
        ("revoked", Some(8)),
        ("rejected", Some(7)),
        ("being-issued", None),
        ("issued", Some(9)),
    ];
    for (state, _) in states {
        change(&mut control, 1_100_001, &json!({ "state": state }));
    }
    for code in states.iter().filter_map(|(_, code)| *code) {
        assert_eq!(receiver.next().what(), (1_100_001, code));
    }
    // What is put there, or what a test argument spares, is no change; nor is what others own.
    control.expect(
        ("POST", "/orders", r#"{"loginName":"login_name","product":"smime"}"#),
        201,
        &[],
    );
    client.revoke(&Form::revoke().set("test", "Y")).assert_text(SUCCESS);
    change(&mut control, 1_100_001, &json!({"email": "b@example.com"}));
    change(&mut control, 1_100_001, &json!({"state": "revoked"}));
    assert_eq!(receiver.next().what(), (1_100_001, 8));
    assert!(!receiver.has_more());
}

#[test]
fn due_times_come_by_the_clock_however_it_moves() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    change(&mut control, 1_100_002, &json!({"due": "+200ms"}));
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    // By itself, while nobody calls.
    assert_eq!(receiver.next().what(), (1_100_002, 9));
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    change(&mut control, 2_200_002, &json!({"due": "+1m"}));
    change(&mut control, 1_100_001, &json!({"state": "being-issued", "due": "+2m"}));
    control.expect(("POST", "/clock/advance", r#"{"by":"3650d"}"#), 200, &[]);
    let mut pushed = receiver.next_of::<2>();
    pushed.sort_unstable();
    assert_eq!(pushed, [(1_100_001, 9), (2_200_002, 9)]);
    // Back, and there once more.
    let now = control.get("/clock")["now"].clone();
    control.expect(("PUT", "/clock", r#"{"now":"-3650d"}"#), 200, &[]);
    control.expect(("PUT", "/clock", &json!({ "now": now }).to_string()), 200, &[]);
    assert!(receiver.next_of::<2>().iter().all(|(_, code)| *code == 9));
    // A clock that goes on goes on with them.
    change(
        &mut control,
        1_100_001,
        &json!({"state": "being-issued", "due": "+100ms"}),
    );
    control.expect(("PUT", "/clock", r#"{"frozen":false}"#), 200, &[]);
    assert_eq!(receiver.next().what(), (1_100_001, 9));
}

#[test]
fn a_failure_is_tried_again_three_times() {
    let answers = [
        "HTTP/1.1 500 Internal Server Error\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ];
    let receiver = Receiver::start(move |count, _| Reaction::Answer(answers[count % 4]));
    let server = Server::plain(SOON);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    let calls = wait_for(&mut control, 4);
    assert_eq!(
        texts(&calls, "hint"),
        [
            "try 1 of 4: HTTP status 500; tried again in 10ms",
            "try 2 of 4: HTTP status 401; tried again in 10ms",
            "try 3 of 4: HTTP status 302; tried again in 10ms",
            "try 4 of 4: HTTP status 204; delivered",
        ]
    );
    assert!(receiver.next_of::<4>().iter().all(|what| *what == (1_100_001, 7)));
    assert_eq!(calls[2]["status"], 302);
    assert!(!receiver.has_more());
}

#[test]
fn a_receiver_that_does_not_answer_is_given_up() {
    for (reaction, problem) in [
        (Reaction::Hang, "no response within 500ms"),
        (Reaction::Close, "HTTP failed"),
        (Reaction::Pour, "HTTP failed"),
        (Reaction::Answer("no HTTP\r\n\r\n"), "HTTP failed"),
    ] {
        let reacts = reaction.clone();
        let receiver = Receiver::start(move |_, _| reacts.clone());
        let server = Server::plain(SOON);
        let mut control = Control::of(&server);
        push_to(&mut control, &json!({"url": receiver.url("/")}));
        change(&mut control, 1_100_001, &json!({"state": "rejected"}));
        let calls = wait_for(&mut control, 4);
        for (place, hint) in texts(&calls, "hint").into_iter().enumerate() {
            let end = if place == 3 { "given up" } else { "tried again in 10ms" };
            assert!(hint.contains(problem) && hint.ends_with(end), "{reaction:?}: {hint}");
        }
        assert_eq!(calls[0]["status"], 0);
        server.assert_well();
    }
}

#[test]
fn what_is_too_long_for_a_url_is_given_up() {
    let receiver = Receiver::willing();
    let server = Server::plain(SOON);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    let comment = "ü".repeat(20_000);
    let revocation = json!({"at": "-1s", "codeReason": 0, "revocationReason": comment});
    change(
        &mut control,
        1_100_001,
        &json!({"state": "rejected", "revocation": revocation}),
    );
    let calls = wait_for(&mut control, 1);
    let hint = calls[0]["hint"].as_str().unwrap();
    assert!(
        hint.contains("do not fit into a URL") && hint.ends_with("given up"),
        "{hint}"
    );
    assert_eq!(calls[0]["status"], 0);
    // As a body it is sent, and pushes go on.
    push_to(&mut control, &json!({"url": receiver.url("/"), "certificate": true}));
    change(
        &mut control,
        2_200_001,
        &json!({"state": "rejected", "revocation": revocation}),
    );
    let pushed = receiver.next();
    assert_eq!(pushed.method, "POST");
    assert_eq!(pushed.parameter("statusDesc"), Some(format!("Rejected: {comment}")));
    server.assert_well();
}

#[test]
fn nobody_waits_for_a_push_but_the_next_of_its_order() {
    let receiver = Receiver::start(|_, pushed: &Received| match pushed.what() {
        (1_100_001, 7) => Reaction::Hang,
        _ => OK,
    });
    let server = Server::plain(&["--push-timeout", "1h"]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    assert_eq!(receiver.next().what(), (1_100_001, 7));
    change(&mut control, 1_100_001, &json!({"state": "issued"}));
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    assert_eq!(receiver.next().what(), (2_200_003, 8));
    assert_eq!(
        texts(&wait_for(&mut control, 1), "hint"),
        ["try 1 of 4: HTTP status 200; delivered"]
    );
    assert!(!receiver.has_more());
    // A reset gives up what waits and what is on its way, and begins with pushes of its own.
    let account = json!({"loginName": "login_name", "loginPassword": "p", "push": {"url": receiver.url("/again")}});
    let order = json!({"orderNumber": 1, "loginName": "login_name", "product": "smime", "state": "pending"});
    let fixtures = json!({"fixtures": {"accounts": [account], "orders": [order]}}).to_string();
    control.expect(("POST", "/reset", &fixtures), 200, &[]);
    assert_eq!(control.get("/calls?kind=push")["calls"], json!([]));
    change(&mut control, 1, &json!({"state": "rejected"}));
    let pushed = receiver.next();
    assert_eq!(pushed.what(), (1, 7));
    assert!(pushed.target.starts_with("/again?"), "{pushed:?}");
    wait_for(&mut control, 1);
    assert!(!receiver.has_more());
}

#[test]
fn a_deleted_sandbox_and_a_stop_give_pushes_up() {
    let receiver = Receiver::start(|_, _| Reaction::Hang);
    let mut server = Server::plain(&["--push-timeout", "1h"]);
    let mut other = Control::of_new_sandbox(&server, "other");
    let mut control = Control::of(&server);
    for control in [&mut control, &mut other] {
        push_to(control, &json!({"url": receiver.url("/")}));
        change(control, 1_100_001, &json!({"state": "rejected"}));
        change(control, 1_100_001, &json!({"state": "issued"}));
        assert_eq!(receiver.next().what(), (1_100_001, 7));
    }
    control.expect(("DELETE", "/sandboxes/other", ""), 204, &[]);
    let (status, took) = server.stop("TERM");
    assert!(status.success() && took < Duration::from_secs(5), "{status} {took:?}");
    let log = server.log();
    assert!(log.contains("pushes=2"), "{log}");
    assert!(!receiver.has_more());
}

/// Options under which what hangs is never given up, and limits under which 16 pushes may be on their way.
fn few_places() -> Server {
    let limits = Limits {
        files: 256,
        address_space: 2 << 30,
    };
    Server::limited(&limits, &["--push-timeout", "1h"])
}

/// Has changes of these orders pushed there, from each of so many new sandboxes.
#[track_caller]
fn push_from_sandboxes(server: &Server, name: &str, count: usize, orders: &[u64], url: &str) {
    for number in 0..count {
        let mut control = Control::of_new_sandbox(server, &format!("{name}{number}"));
        push_to(&mut control, &json!({ "url": url }));
        for order in orders {
            change(&mut control, *order, &json!({"state": "rejected"}));
        }
    }
}

#[test]
fn sandboxes_whose_receivers_hang_leave_places_to_others() {
    let hanging: Vec<_> = (0..4).map(|_| Receiver::start(|_, _| Reaction::Hang)).collect();
    let server = few_places();
    let orders = [1_100_001, 1_100_002, 1_100_003, 2_200_001];
    for (number, receiver) in hanging.iter().enumerate() {
        push_from_sandboxes(&server, &format!("hanging{number}-"), 1, &orders, &receiver.url("/"));
    }
    // Half of the places for whoever comes, and one for each of those that have none.
    for (receiver, expected) in hanging.iter().zip([4, 4, 1, 1]) {
        (0..expected).for_each(|_| drop(receiver.next()));
    }
    let receiver = Receiver::willing();
    push_from_sandboxes(&server, "other", 1, &orders, &receiver.url("/"));
    let mut pushed = receiver.next_of::<4>();
    pushed.sort_unstable();
    assert_eq!(pushed, orders.map(|order| (order, 7)));
}

#[test]
fn a_receiver_that_hangs_leaves_places_to_others() {
    let hanging = Receiver::start(|_, _| Reaction::Hang);
    let server = few_places();
    push_from_sandboxes(&server, "hanging", 16, &[1_100_001], &hanging.url("/"));
    (0..8).for_each(|_| drop(hanging.next()));
    let receiver = Receiver::willing();
    push_from_sandboxes(&server, "other", 1, &[1_100_001, 1_100_002], &receiver.url("/"));
    let mut pushed = receiver.next_of::<2>();
    pushed.sort_unstable();
    assert_eq!(pushed, [(1_100_001, 7), (1_100_002, 7)]);
    // What was held back takes its turn when there are places again.
    for number in 0..8 {
        Control::of(&server).expect(("DELETE", &format!("/sandboxes/hanging{number}"), ""), 204, &[]);
    }
    (0..8).for_each(|_| drop(hanging.next()));
}

#[test]
fn many_pushes_of_a_receiver_that_hangs_are_bounded() {
    let receiver = Receiver::start(|_, _| Reaction::Hang);
    let server = Server::plain(&["--push-timeout", "1h", "--journal", "10"]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    for _ in 0..600 {
        for state in ["rejected", "issued"] {
            change(&mut control, 1_100_001, &json!({ "state": state }));
        }
    }
    let answer = control.get("/calls?kind=push");
    let calls = answer["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 10);
    assert_eq!(calls[0]["hint"], "never sent: 1000 pushes of the sandbox wait already");
    assert_eq!((&calls[0]["try"], &calls[0]["status"]), (&json!(0), &json!(0)));
    server.assert_well();
}

#[test]
fn tls_is_verified_against_the_own_ca_and_a_given_one() {
    let receiver = Server::start(&["--plain-http", "accept"]);
    let url = format!("https://{}/products/!autoRevokeCS", receiver.https());
    // To itself: its own CA has issued the certificate.
    let mut own = Control::of(&receiver);
    push_to(&mut own, &json!({"url": url, "certificate": true}));
    change(&mut own, 1_100_001, &json!({"state": "rejected"}));
    assert_eq!(wait_for(&mut own, 1)[0]["status"], 200);
    assert_eq!(own.get("/calls")["calls"][0]["endpoint"], "!autoRevokeCS");

    let stranger = Server::plain(SOON);
    let mut control = Control::of(&stranger);
    push_to(&mut control, &json!({"url": url, "certificate": true}));
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    let calls = wait_for(&mut control, 4);
    assert!(texts(&calls, "hint")[3].contains("TLS failed"), "{calls:?}");

    let friend = Server::plain(&["--push-ca", receiver.ca_file().to_str().unwrap()]);
    let mut control = Control::of(&friend);
    push_to(
        &mut control,
        &json!({"url": url.replace("127.0.0.1", "localhost"), "certificate": true}),
    );
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    assert_eq!(wait_for(&mut control, 1)[0]["status"], 200);
}

#[test]
fn only_near_addresses_are_connected_to() {
    for (url, address) in [
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://169.254.169.254/latest", "169.254.169.254"),
        ("http://[2001:db8::1]:8080/", "2001:db8::1"),
        ("http://[::ffff:8.8.8.8]/", "8.8.8.8"),
        ("http://0.0.0.0:9/", "0.0.0.0"),
        ("http://134744072/", "8.8.8.8"),
    ] {
        let server = Server::plain(SOON);
        let mut control = Control::of(&server);
        push_to(&mut control, &json!({ "url": url }));
        change(&mut control, 1_100_001, &json!({"state": "rejected"}));
        let calls = wait_for(&mut control, 1);
        let hint = texts(&calls, "hint")[0];
        let expected = "is neither this machine nor in a private network (--push-anywhere allows it); given up";
        assert!(hint.contains(address) && hint.ends_with(expected), "{url}: {hint}");
    }
    let server = Server::plain(&[&["--push-anywhere"], SOON].concat());
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": "http://0.0.0.0:1/"}));
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    let calls = wait_for(&mut control, 4);
    assert!(
        texts(&calls, "hint")[0].contains("cannot connect to 0.0.0.0:1"),
        "{calls:?}"
    );
}

#[test]
fn credentials_are_in_snapshots_alone() {
    const SECRET: &str = "Xq7zHunterXq7z";
    let receiver = Receiver::start(|_, _| Reaction::Answer("HTTP/1.1 403 Forbidden\r\n\r\n"));
    let server = Server::plain(&[SOON, &["--log", "trace"]].concat());
    let mut control = Control::of(&server);
    let push = json!({"url": receiver.url("/"), "user": "Xq7zUser", "password": SECRET});
    let patch = json!({ "push": push }).to_string();
    let mut told = vec![control.expect(("PATCH", "/accounts/login_name", &patch), 200, &[])];
    // A field of it changes, and the others stay.
    told.push(control.expect(
        ("PATCH", "/accounts/login_name", r#"{"push":{"certificate":true}}"#),
        200,
        &[],
    ));
    let comment = Form::revoke()
        .order(2_200_001)
        .set("revocationReason", format!("it is {SECRET}"));
    server.client().revoke(&comment).assert_text(SUCCESS);
    wait_for(&mut control, 4);
    assert!(receiver.next().header("authorization").is_some());
    for path in ["/accounts", "/accounts/login_name", "/calls?kind=push"] {
        told.push(control.expect(("GET", path, ""), 200, &[]));
    }
    assert!(told[4].contains(r#""value":"***""#), "{}", told[4]);
    for (push, problem) in [
        (
            json!({"url": format!("http://u:{SECRET}@127.0.0.1/")}),
            "no credentials here",
        ),
        (json!({"url": format!("ftp://{SECRET}/")}), "give a URL"),
        (json!({"user": format!("{SECRET}:"), "password": "p"}), "no colon"),
        (json!({"user": null}), "needs a user name"),
        (json!({"password": 7, "user": SECRET}), "string"),
        (json!({"password": [SECRET]}), "password"),
    ] {
        let patch = json!({ "push": push }).to_string();
        let answer = control.send("PATCH", "/accounts/login_name", &patch);
        assert!(
            (400..500).contains(&answer.status) && answer.text().contains(problem),
            "{answer:?}"
        );
        told.push(answer.text().to_owned());
    }
    told.push(server.log());
    for text in &told {
        assert!(!text.contains("Xq7z"), "{text}");
    }
    // The snapshot makes the same account again.
    let snapshot = control.get("/snapshot");
    assert_eq!(
        snapshot["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|account| account["loginName"] == "login_name")
            .unwrap()["push"],
        json!({"url": receiver.url("/"), "user": "Xq7zUser", "password": SECRET, "certificate": true})
    );
    control.expect(("PUT", "/snapshot", &snapshot.to_string()), 200, &[]);
    assert_eq!(control.get("/snapshot")["accounts"], snapshot["accounts"]);
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    control.expect(("PATCH", "/accounts/login_name", r#"{"push":null}"#), 200, &[]);
    assert_eq!(control.get("/accounts/login_name")["push"], Value::Null);
}

#[test]
fn ctl_the_stream_and_the_log_show_pushes() {
    let receiver = Receiver::willing();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    push_to(&mut control, &json!({"url": receiver.url("/")}));
    change(&mut control, 1_100_001, &json!({"state": "rejected"}));
    wait_for(&mut control, 1);
    let address = server.control().to_string();
    let ctl = |args: &[&str]| {
        crate::harness::run(&[&["ctl"], args].concat(), &[("SECTIGO_EMULATOR_CONTROL", &address)]).stdout
    };
    assert!(ctl(&["calls", "--kind", "push"]).contains("1100001"));
    assert!(!ctl(&["calls"]).contains("1100001"));
    let mut stream = TcpStream::connect(server.control()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let request = "GET /control/v1/calls/stream?kind=push HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let event = lines.into_iter().find(|line| line.starts_with("data:"));
    assert!(event.is_some_and(|event| event.contains(r#""kind":"push""#)));
    eventually("the log has a line of it", || server.log().contains("delivered"));
}
