//! The clock of a sandbox, and what depends on it.

use serde_json::Value;

use crate::harness::{BEING_ISSUED, Client, Control, Form, REPLACE, REVOKE, SUCCESS, Server, eventually, in_sandbox};

const LIMITED: &str = r#"{"loginName":"twice","loginPassword":"login_password","callLimit":{"calls":2,"per":"1h"}}"#;

fn advance(control: &mut Control, by: &str) {
    control.expect(("POST", "/clock/advance", &format!(r#"{{"by":"{by}"}}"#)), 200, &[]);
}

/// Milliseconds between two times of the API, both of them in UTC.
fn millis_between(earlier: &Value, later: &Value) -> i128 {
    let read = |text: &Value| {
        let text = text.as_str().expect("a time is a string");
        assert!(text.ends_with('Z'), "{text}");
        humantime::parse_rfc3339(text).expect("a time is RFC 3339")
    };
    let (earlier, later) = (read(earlier), read(later));
    match later.duration_since(earlier) {
        Ok(span) => span.as_millis().cast_signed(),
        Err(error) => -error.duration().as_millis().cast_signed(),
    }
}

const YEAR: i128 = 365 * 24 * 3600 * 1000;

/// More than any test takes, and less than any step of a clock here.
const MINUTE: i128 = 60_000;

#[test]
fn windows_of_call_limits_roll_with_the_clock() {
    let server = Server::plain(&[]);
    let mut ahead = Control::of_new_sandbox(&server, "ahead");
    let mut client = server.client();
    let mut call = |sandbox: &str| {
        let form = Form::replace().by("twice").set("orderNumber", "7");
        client.post(&in_sandbox(sandbox, REPLACE), &form.encode()).code()
    };
    for control in [&mut Control::of(&server), &mut ahead] {
        control.expect(("POST", "/accounts", LIMITED), 201, &[]);
        // Nothing may slip out of the window while the test runs.
        control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    }
    for sandbox in ["default", "ahead"] {
        assert_eq!([(); 3].map(|()| call(sandbox)), [-4, -4, -42], "{sandbox}");
    }
    advance(&mut ahead, "59m");
    assert_eq!(call("ahead"), -42);
    advance(&mut ahead, "1m");
    assert_eq!([(); 3].map(|()| call("ahead")), [-4, -4, -42]);
    assert_eq!(call("default"), -42);
}

#[test]
fn a_limited_account_succeeds_again_after_its_hour() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/accounts", LIMITED), 201, &[]);
    for number in [1, 2, 3] {
        let order = format!(r#"{{"orderNumber":{number},"loginName":"twice","product":"smime"}}"#);
        control.expect(("POST", "/orders", &order), 201, &[]);
    }
    let mut client = server.client();
    let mut replace = |number| client.replace(&Form::replace().by("twice").order(number)).code();
    assert_eq!([replace(1), replace(2), replace(3)], [0, 0, -42]);
    advance(&mut control, "1h");
    assert_eq!(replace(3), 0);
}

#[test]
fn orders_come_due_and_expire_without_waiting() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut there = Control::of_new_sandbox(&server, "t1");
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime",
        "state":"being-issued","due":"+10m","expires":"+365d"}"#;
    let mut client = server.client();
    for control in [&mut control, &mut there] {
        control.expect(("POST", "/orders", order), 201, &[]);
    }
    let form = Form::replace().order(7).encode();
    let replace = |client: &mut Client, sandbox: &str| client.post(&in_sandbox(sandbox, REPLACE), &form);
    replace(&mut client, "default").assert_text(BEING_ISSUED);
    advance(&mut control, "9m");
    replace(&mut client, "default").assert_text(BEING_ISSUED);
    advance(&mut control, "1m");
    assert_eq!(control.get("/orders/7")["state"], "issued");
    // A revocation says more of an order than a replacement does.
    let signing = r#"{"orderNumber":8,"loginName":"login_name","product":"code-signing","expires":"+365d"}"#;
    for control in [&mut control, &mut there] {
        control.expect(("POST", "/orders", signing), 201, &[]);
    }
    let revoke = Form::revoke().order(8).encode();
    client.post(REVOKE, &format!("{revoke}&test=Y")).assert_text(SUCCESS);
    advance(&mut control, "365d");
    client
        .post(REVOKE, &revoke)
        .assert_text("-35\nThe Certificate does not allow revocation after expiry!\n");
    assert_eq!(control.get("/orders/7")["state"], "expired");
    assert_eq!(replace(&mut client, "default").code(), -122);
    // The other sandbox did not notice.
    replace(&mut client, "t1").assert_text(BEING_ISSUED);
    client.post(&in_sandbox("t1", REVOKE), &revoke).assert_text(SUCCESS);
}

#[test]
fn a_clock_is_set_frozen_and_let_go() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut other = Control::of_new_sandbox(&server, "t1");
    let start = control.get("/clock");
    assert_eq!(start["frozen"], false);
    assert_eq!(start["now"], start["realNow"]);

    let frozen = control.ask(
        ("PUT", "/clock", r#"{"now":"2031-05-06T07:08:09Z","frozen":true}"#),
        200,
    );
    assert_eq!(
        (frozen["now"].as_str(), &frozen["frozen"]),
        (Some("2031-05-06T07:08:09Z"), &Value::Bool(true))
    );
    // Real time goes on, the sandbox's does not.
    eventually("the real time passes", || {
        let clock = control.get("/clock");
        assert_eq!(clock["now"], frozen["now"]);
        millis_between(&frozen["realNow"], &clock["realNow"]) >= 20
    });
    advance(&mut control, "1h 30m");
    assert_eq!(control.get("/clock")["now"], "2031-05-06T08:38:09Z");
    let relative = control.ask(("PUT", "/clock", r#"{"now":"-30m"}"#), 200);
    assert_eq!(relative["now"], "2031-05-06T08:08:09Z");
    assert_eq!(relative["frozen"], true);

    control.expect(("PUT", "/clock", r#"{"frozen":false}"#), 200, &[]);
    eventually("the clock runs", || control.get("/clock")["now"] != relative["now"]);
    let running = control.get("/clock");
    let passed = millis_between(&relative["now"], &running["now"]);
    assert!(
        (0..MINUTE).contains(&passed),
        "it did not go on from where it stood: {running}"
    );

    let clock = other.get("/clock");
    assert_eq!(
        (&clock["now"], &clock["frozen"]),
        (&clock["realNow"], &Value::Bool(false))
    );
}

#[test]
fn a_clock_names_what_it_does_not_take() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for (request, status, field) in [
        (("PUT", "/clock", r#"{"now":"1969-12-31T23:59:59Z"}"#), 422, "now"),
        (("PUT", "/clock", r#"{"now":"tomorrow"}"#), 400, "now"),
        (("PUT", "/clock", r#"{"frozen":"yes"}"#), 400, "frozen"),
        (("PUT", "/clock", r#"{"offset":"+1d"}"#), 400, "offset"),
        (("PUT", "/clock", r#"{"frozen":true,"frozen":true}"#), 400, "frozen"),
        (("GET", "/calls?code=0&code=1", ""), 400, "code"),
        (("POST", "/clock/advance", r#"{"by":"soon"}"#), 400, "by"),
        (("POST", "/clock/advance", r#"{"by":"-1d"}"#), 400, "by"),
        (("POST", "/clock/advance", "{}"), 400, "by"),
    ] {
        assert_eq!(control.ask(request, status)["field"], field, "{request:?}");
    }
    let clock = control.get("/clock");
    assert_eq!(
        (&clock["now"], &clock["frozen"]),
        (&clock["realNow"], &Value::Bool(false))
    );
}

#[test]
fn the_journal_carries_both_times() {
    let server = Server::plain(&[]);
    let mut ahead = Control::of_new_sandbox(&server, "ahead");
    advance(&mut ahead, "365d");
    let mut client = server.client();
    for (sandbox, expected) in [("default", 0), ("ahead", YEAR)] {
        let before = ahead.get("/clock");
        client.post(&in_sandbox(sandbox, REVOKE), &Form::revoke().set("test", "Y").encode());
        let after = ahead.get("/clock");
        let calls = Control::at(server.control(), sandbox).get("/calls");
        let call = &calls["calls"][0];
        assert_eq!(millis_between(&call["realTime"], &call["time"]), expected, "{call}");
        assert!(
            millis_between(&before["realNow"], &call["realTime"]) >= 0,
            "{before} {call}"
        );
        assert!(
            millis_between(&call["realTime"], &after["realNow"]) >= 0,
            "{call} {after}"
        );
    }
}

#[test]
fn fixtures_do_not_show_a_time_before_1970() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for (field, when) in [
        ("now", "1969-12-31T23:59:59Z"),
        ("now", "-36500d"),
        ("offset", "-36500d"),
    ] {
        let body = format!(r#"{{"fixtures":{{"clock":{{"{field}":"{when}"}}}}}}"#);
        let problem = control.ask(("POST", "/reset", &body), 422);
        assert_eq!(problem["field"], format!("fixtures.clock.{field}"), "{problem}");
    }
    control.expect(
        (
            "POST",
            "/reset",
            r#"{"fixtures":{"clock":{"now":"1970-01-01T00:00:00Z"}}}"#,
        ),
        200,
        &[],
    );
}
