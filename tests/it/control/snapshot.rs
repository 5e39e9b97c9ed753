//! A snapshot makes the same world again, wherever it is put.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Client, Control, Form, REPLACE, REVOKE, Server, default_fixtures, in_sandbox, write_file};

/// Changes all that a sandbox holds.
fn change_everything(server: &Server, sandbox: &str) {
    let mut control = Control::at(server.control(), sandbox);
    for (method, path, body) in [
        (
            "PATCH",
            "/assumptions",
            r#"{"spelling":"british","foreign-order":"-16"}"#,
        ),
        (
            "POST",
            "/accounts",
            r#"{"loginName":"twice","loginPassword":"login_password","accountID":7,"reseller":"login_name",
                "permissions":["!autoRevokeCS"],"caCertificateIDs":[5],"templateIDs":[6],"voucher":"prepaid",
                "callLimit":{"calls":2,"per":"1h"}}"#,
        ),
        (
            "POST",
            "/accounts",
            r#"{"loginName":"r","loginPassword":"é ü\"\\","callLimit":{"calls":2,"per":"1h 30m"}}"#,
        ),
        (
            "POST",
            "/orders",
            r#"{"orderNumber":1,"loginName":"r","product":"smime","email":"a@example.com"}"#,
        ),
        (
            "POST",
            "/orders",
            r#"{"orderNumber":2,"loginName":"r","product":"smime","state":"being-issued","due":"+10m"}"#,
        ),
        (
            "PATCH",
            "/orders/1100003",
            r#"{"state":"issued","issued":"-1d","expires":"+2d"}"#,
        ),
        ("DELETE", "/orders/1100006", ""),
        ("DELETE", "/accounts/voucher_account", ""),
        (
            "POST",
            "/faults",
            r#"{"endpoint":"!autoRevokeCS","loginName":"a","skip":3,"times":4,"then":{"code":-91,"argument":"x"}}"#,
        ),
        (
            "POST",
            "/faults",
            r#"{"orderNumber":5,"probability":0.25,"then":{"delay":"1m 30s"}}"#,
        ),
        (
            "POST",
            "/faults",
            r#"{"loginName":"a","then":{"status":503,"body":"<b>"}}"#,
        ),
        (
            "POST",
            "/faults",
            r#"{"loginName":"a","then":{"disconnect":"mid-body"}}"#,
        ),
        ("POST", "/faults", r#"{"loginName":"a","then":{"garble":true}}"#),
        ("POST", "/faults", r#"{"loginName":"a","then":{"throttle":9}}"#),
    ] {
        let answer = control.send(method, path, body);
        assert!(
            matches!(answer.status, 200 | 201 | 204),
            "{method} {path} {body}: {answer:?}"
        );
    }
    let mut client = server.client();
    let mut call = |path, form: Form| client.post(&in_sandbox(sandbox, path), &form.encode()).code();
    assert_eq!(call(REVOKE, Form::revoke()), 0);
    assert_eq!(call(REVOKE, Form::revoke().order(2_200_009)), -14);
    assert_eq!(call(REPLACE, Form::replace()), 0);
    let by_r = Form::replace().by("r").set("loginPassword", "é ü\"\\");
    assert_eq!(call(REPLACE, by_r.order(1)), 0);
}

/// Calls whose answers tell the one world from the other, and the answers, and then the world again.
fn behaviour(server: &Server, sandbox: &str) -> (Vec<String>, Value) {
    let mut control = Control::at(server.control(), sandbox);
    let mut client = server.client();
    let mut answers = Vec::new();
    let mut call = |client: &mut Client, path, form: &Form| {
        let answer = client.post(&in_sandbox(sandbox, path), &form.encode());
        answers.push(format!("{} {}", answer.status, answer.text()));
    };
    let by_r = Form::replace().by("r").set("loginPassword", "é ü\"\\");
    call(&mut client, REPLACE, &by_r.clone().order(2));
    control.expect(("POST", "/clock/advance", r#"{"by":"30m"}"#), 200, &[]);
    for _ in 0..2 {
        call(&mut client, REPLACE, &by_r.clone().order(2));
    }
    control.expect(("POST", "/clock/advance", r#"{"by":"3d"}"#), 200, &[]);
    for form in [
        Form::replace(),
        Form::replace().order(1_100_003),
        Form::replace().order(1_100_004),
        Form::replace().order(1_100_101),
        Form::replace().add("colour", "red"),
        Form::replace().by("voucher_account"),
        // The new order's number is part of the answer.
        Form::replace().by("agreement_account").order(1_100_101),
    ] {
        call(&mut client, REPLACE, &form);
    }
    for order in (2_200_001..=2_200_009).chain([2_200_101]) {
        call(&mut client, REVOKE, &Form::revoke().order(order));
    }
    call(&mut client, REVOKE, &Form::revoke().by("twice").order(2_200_001));
    for _ in 0..5 {
        call(&mut client, REVOKE, &Form::revoke().by("a"));
    }
    (answers, control.get("/snapshot"))
}

#[test]
fn it_makes_the_same_world_wherever_it_is_put() {
    let server = Server::plain(&[]);
    let mut fixtures = default_fixtures();
    // Where the clock stands, nothing changes by itself.
    fixtures["clock"] = json!({"now": "2031-05-06T07:08:09.123Z", "frozen": true});
    let body = json!({"name": "original", "fixtures": fixtures}).to_string();
    Control::of(&server).expect(("POST", "/sandboxes", &body), 201, &[]);
    change_everything(&server, "original");
    let mut original = Control::at(server.control(), "original");
    let text = original.expect(("GET", "/snapshot", ""), 200, &[]);
    let snapshot: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        snapshot["clock"],
        json!({"now": "2031-05-06T07:08:09.123Z", "frozen": true})
    );
    assert_eq!(snapshot["faults"].as_array().map(Vec::len), Some(7));

    let other = Server::plain(&["--seed", "5"]);
    let started = Server::plain_with_fixtures(&text, &[]);
    Control::of_new_sandbox(&server, "put");
    Control::at(server.control(), "put").expect(("PUT", "/snapshot", &text), 200, &[]);
    Control::of(&other).expect(("PUT", "/snapshot", &text), 200, &[]);
    for (name, fixtures) in [("object", text.clone()), ("text", json!(text).to_string())] {
        let body = format!(r#"{{"name":"{name}","fixtures":{fixtures}}}"#);
        Control::of(&other).expect(("POST", "/sandboxes", &body), 201, &[]);
    }
    Control::of_new_sandbox(&other, "reset");
    let body = format!(r#"{{"fixtures":{text}}}"#);
    Control::at(other.control(), "reset").expect(("POST", "/reset", &body), 200, &[]);

    let places = [
        (&server, "put"),
        (&other, "default"),
        (&other, "object"),
        (&other, "text"),
        (&other, "reset"),
        (&started, "default"),
    ];
    for (server, sandbox) in places {
        assert_eq!(
            Control::at(server.control(), sandbox).get("/snapshot"),
            snapshot,
            "{sandbox}"
        );
        for list in ["/accounts", "/orders", "/assumptions"] {
            assert_eq!(
                Control::at(server.control(), sandbox).get(list),
                original.get(list),
                "{sandbox}"
            );
        }
    }
    let expected = behaviour(&server, "original");
    for code in ["-42", "-122", "-16", "-91", "-90", "0", "-21", "-14"] {
        let start = format!("200 {code}\n");
        assert!(
            expected.0.iter().any(|answer| answer.starts_with(&start)),
            "no {code}: {:?}",
            expected.0
        );
    }
    for (server, sandbox) in places {
        assert_eq!(behaviour(server, sandbox), expected, "{sandbox}");
    }
}

#[test]
fn a_clock_that_runs_keeps_its_distance() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    // Far enough behind that orders are from the future.
    for (name, now) in [("behind", "-40d"), ("ahead", "+1000d")] {
        control.expect(("PUT", "/clock", &format!(r#"{{"now":"{now}"}}"#)), 200, &[]);
        control.expect(("PATCH", "/orders/1234567", r#"{"email":"x@example.com"}"#), 200, &[]);
        let text = control.expect(("GET", "/snapshot", ""), 200, &[]);
        let snapshot: Value = serde_json::from_str(&text).unwrap();
        let other = Server::plain_with_fixtures(&text, &[]);
        let mut there = Control::of_new_sandbox(&server, name);
        there.expect(("PUT", "/snapshot", &text), 200, &[]);
        for copy in [&mut there, &mut Control::of(&other)] {
            assert_eq!(copy.get("/snapshot"), snapshot, "{name}");
            assert_eq!(copy.get("/orders"), control.get("/orders"), "{name}");
        }
    }
}

#[test]
fn an_order_that_ran_out_comes_back_with_an_earlier_time() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut copy = Control::of_new_sandbox(&server, "copy");
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","expires":"2030-01-03T00:00:00Z"}"#;
    let set = |control: &mut Control, day: u32| {
        let body = format!(r#"{{"now":"2030-01-0{day}T12:00:00Z","frozen":true}}"#);
        control.expect(("PUT", "/clock", &body), 200, &[]);
    };
    set(&mut control, 2);
    control.expect(("POST", "/orders", order), 201, &[]);
    set(&mut control, 3);
    let text = control.expect(("GET", "/snapshot", ""), 200, &[]);
    copy.expect(("PUT", "/snapshot", &text), 200, &[]);
    for (day, state) in [(3, "expired"), (2, "issued")] {
        for control in [&mut control, &mut copy] {
            set(control, day);
            assert_eq!(control.get("/orders/7")["state"], state, "on day {day}");
        }
    }
}

#[test]
fn it_holds_what_was_done_and_not_only_what_it_looks_like() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut copy = Control::of_new_sandbox(&server, "copy");
    let set = |control: &mut Control, day: u32| {
        let body = format!(r#"{{"now":"2030-01-{day:02}T12:00:00Z","frozen":true}}"#);
        control.expect(("PUT", "/clock", &body), 200, &[]);
    };
    set(&mut control, 5);
    for order in [
        r#"{"orderNumber":1,"loginName":"login_name","product":"smime","state":"being-issued",
            "due":"2030-01-10T00:00:00Z","expires":"2030-01-20T00:00:00Z"}"#,
        r#"{"orderNumber":2,"loginName":"login_name","product":"smime","state":"replaced",
            "issued":"2030-01-04T00:00:00Z","expires":"2030-01-20T00:00:00Z"}"#,
        r#"{"orderNumber":3,"loginName":"login_name","product":"smime","state":"issued",
            "issued":"2030-01-04T00:00:00Z","expires":"2030-01-20T00:00:00Z"}"#,
    ] {
        control.expect(("POST", "/orders", order), 201, &[]);
    }
    let states = [
        (5, ["being-issued", "replaced", "issued"]),
        (15, ["issued", "replaced", "issued"]),
        (25, ["expired", "expired", "expired"]),
    ];
    for (taken, _) in states {
        set(&mut control, taken);
        let text = control.expect(("GET", "/snapshot", ""), 200, &[]);
        let started = Server::plain_with_fixtures(&text, &[]);
        copy.expect(("PUT", "/snapshot", &text), 200, &[]);
        for control in [&mut control, &mut copy, &mut Control::of(&started)] {
            for (day, expected) in states {
                set(control, day);
                let found = [1, 2, 3].map(|order| control.get(&format!("/orders/{order}"))["state"].clone());
                assert_eq!(found, expected, "on day {day}, from a snapshot of day {taken}");
            }
        }
    }
}

#[test]
fn it_is_read_after_its_orders_have_ended() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","state":"issued","expires":"+1d"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let mut snapshot = control.get("/snapshot");
    // As if it were put to use two days later.
    snapshot["clock"] = json!({"offset": "+2d"});
    control.expect(("PUT", "/snapshot", &snapshot.to_string()), 200, &[]);
    assert_eq!(control.get("/orders/7")["state"], "expired");
    // What a file says without a stage, it says of the present.
    for entry in snapshot["orders"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("stage");
    }
    let problem = control.ask(("PUT", "/snapshot", &snapshot.to_string()), 422);
    assert_eq!(problem["field"], "orders.0.expires");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("one past its end is expired")
    );
}

#[test]
fn a_snapshot_from_before_there_were_stages_is_read() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    let mut snapshot = control.get("/snapshot");
    let orders = control.get("/orders");
    for entry in snapshot["orders"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("stage");
    }
    control.expect(("PUT", "/snapshot", &snapshot.to_string()), 200, &[]);
    assert_eq!(control.get("/orders"), orders);
    assert!(!orders.to_string().contains("stage"));
}

#[test]
fn a_snapshot_outweighs_the_options_where_it_is_put() {
    let snapshot = Control::of(&Server::plain(&[])).get("/snapshot");
    assert_eq!(snapshot["issuanceDelay"], "0s");
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "state.json", &snapshot.to_string());
    let options = ["--issuance-delay", "10m", "--assume", "spelling=british"];
    let server = Server::plain(&options);
    let saved = Server::plain(&[&options[..], &["--state", path.to_str().unwrap()]].concat());
    let mut there = Control::of(&server);
    there.expect(("PUT", "/snapshot", &snapshot.to_string()), 200, &[]);
    for (name, control) in [("put", &mut there), ("saved", &mut Control::of(&saved))] {
        assert_eq!(control.get("/snapshot"), snapshot, "{name}");
        // Fixtures do not.
        let body = json!({"fixtures": default_fixtures()}).to_string();
        for body in ["", &body] {
            control.expect(("POST", "/reset", body), 200, &[]);
            let begun = control.get("/snapshot");
            assert_eq!(begun["assumptions"]["spelling"], "british", "{name}");
            assert_eq!(begun["issuanceDelay"], "10m", "{name}");
        }
    }
}

#[test]
fn an_order_that_is_over_once_it_is_issued_comes_back() {
    let server = Server::plain(&["--issuance-delay", "10m"]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","expires":"+5m"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let number = server.client().replace(&Form::replace().order(7)).order_number();
    let path = format!("/orders/{number}");
    let made = control.get(&path);
    assert_eq!(
        (&made["state"], &made["due"]),
        (&json!("being-issued"), &made["expires"])
    );
    let put_back = |control: &mut Control| {
        let text = control.expect(("GET", "/snapshot", ""), 200, &[]);
        control.expect(("PUT", "/snapshot", &text), 200, &[]);
        assert_eq!(control.expect(("GET", "/snapshot", ""), 200, &[]), text);
        control.expect(("PATCH", &path, r#"{"email":"x@example.com"}"#), 200, &[]);
    };
    put_back(&mut control);
    assert_eq!(control.get(&path)["state"], "being-issued");
    control.expect(("POST", "/clock/advance", r#"{"by":"10m"}"#), 200, &[]);
    put_back(&mut control);
    assert_eq!(control.get(&path)["state"], "expired");
    control.expect(("GET", &format!("{path}/certificate"), ""), 200, &["BEGIN CERTIFICATE"]);
    server.assert_well();
}

#[test]
fn a_snapshot_that_does_not_hold_together_changes_nothing() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let before = control.get("/snapshot");
    for (change, status, field) in [
        (
            json!({"orders": [{"orderNumber": 1, "loginName": "nobody", "product": "smime", "state": "issued"}]}),
            422,
            "orders.0.loginName",
        ),
        (
            json!({"orders": [{"orderNumber": 1, "product": "smime", "state": "issued"}]}),
            400,
            "orders.0.loginName",
        ),
        (
            json!({"accounts": [{"loginName": "a", "loginPassword": 7}]}),
            400,
            "accounts.0.loginPassword",
        ),
        (json!({"faults": [{"then": {"code": 7}}]}), 422, "faults.0.then.code"),
        (
            json!({"assumptions": {"spelling": "welsh"}}),
            422,
            "assumptions.spelling",
        ),
        (json!({"clock": {"now": "-1d", "offset": "-1d"}}), 422, "clock.offset"),
        (json!({"people": []}), 400, "people"),
    ] {
        let problem = control.ask(("PUT", "/snapshot", &change.to_string()), status);
        assert_eq!(problem["field"], field, "{change}: {problem}");
        let body = json!({"fixtures": change}).to_string();
        let problem = control.ask(("POST", "/reset", &body), status);
        assert_eq!(problem["field"], format!("fixtures.{field}"), "{change}: {problem}");
    }
    assert_eq!(control.get("/snapshot"), before);
}
