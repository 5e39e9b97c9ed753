//! Every route, in the default sandbox and in another.

use crate::harness::Control;
use crate::harness::{Client, Form, STATES, Server};

#[test]
fn two_sandboxes_do_not_meet() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(
        ("POST", "/sandboxes", r#"{"name":"t1","ttl":"10m"}"#),
        201,
        &[r#""path":"/sandboxes/t1""#],
    );
    control.expect(("POST", "/sandboxes", r#"{"name":"t1"}"#), 409, &[r#""field":"name""#]);
    control.expect(("POST", "/sandboxes/t1/clock/advance", r#"{"by":"400d"}"#), 200, &[]);
    control.expect(
        ("GET", "/sandboxes/t1/orders/1234567", ""),
        200,
        &[r#""state":"expired""#],
    );
    control.expect(("GET", "/orders/1234567", ""), 200, &[r#""state":"issued""#]);
    let mut client = server.client();
    client.replace(&Form::replace()).order_number();
    let elsewhere = client.post("/sandboxes/t1/products/!AutoReplaceSMIME", &Form::replace().encode());
    assert_eq!(elsewhere.code(), -122);
    control.expect(
        ("POST", "/calls/count", r#"{"code":-122}"#),
        200,
        &[r#""count":0"#, r#""field":"code""#],
    );
    control.expect(
        ("POST", "/sandboxes/t1/calls/count", r#"{"code":-122}"#),
        200,
        &[r#""count":1"#],
    );
    control.expect(("DELETE", "/sandboxes/t1", ""), 204, &[]);
    control.expect(
        ("GET", "/sandboxes/t1/orders", ""),
        404,
        &["POST /control/v1/sandboxes"],
    );
    control.expect(("DELETE", "/sandboxes/default", ""), 409, &[]);
}

#[test]
fn claimed_logins_are_the_sandboxs() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(
        ("POST", "/sandboxes", r#"{"name":"a","logins":["login_name"]}"#),
        201,
        &[],
    );
    control.expect(
        ("POST", "/sandboxes", r#"{"logins":["login_name"]}"#),
        409,
        &["`a`", r#""field":"logins""#],
    );
    assert_eq!(server.client().revoke(&Form::revoke()).code(), 0);
    control.expect(("GET", "/sandboxes/a/orders/2200003", ""), 200, &["revoked"]);
    control.expect(("GET", "/orders/2200003", ""), 200, &["issued"]);
}

#[test]
fn a_claimed_login_without_its_account_names_the_sandbox() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/sandboxes", r#"{"name":"a","logins":["mine"]}"#), 201, &[]);
    let account = r#"{"loginName":"mine","loginPassword":"login_password"}"#;
    control.expect(("POST", "/accounts", account), 201, &[]);
    let call = Form::revoke().by("mine");
    assert_eq!(server.client().revoke(&call).code(), -16);
    server.wait_for_log(&[
        "code=-16",
        "no account has that loginName",
        "the sandbox `a` claims this loginName",
    ]);
    control.expect(
        ("GET", "/sandboxes/a/calls", ""),
        200,
        &["the sandbox `a` claims this loginName"],
    );

    // Whoever names the sandbox in the path knows it.
    assert_eq!(
        server
            .client()
            .post("/sandboxes/a/products/!autoRevokeCS", &call.encode())
            .code(),
        -16
    );
    control.expect(("POST", "/sandboxes/a/accounts", account), 201, &[]);
    assert_eq!(server.client().revoke(&call).code(), -4);
    assert_eq!(
        server.log().matches("claims this loginName").count(),
        1,
        "{}",
        server.log()
    );
}

#[test]
fn orders_take_any_state() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for from in STATES {
        for to in STATES {
            for state in [from, to] {
                let patch = format!(r#"{{"state":"{state}"}}"#);
                let expected = format!(r#""state":"{state}""#);
                control.expect(("PATCH", "/orders/1234567", &patch), 200, &[&expected]);
                control.expect(("GET", "/orders/1234567", ""), 200, &[&expected]);
            }
        }
    }
    let refused = r#"{"state":"pending","due":"+1d"}"#;
    control.expect(("PATCH", "/orders/1234567", refused), 422, &[r#""field":"due""#]);
    control.expect(
        ("PATCH", "/orders/1234567", r#"{"sate":"issued"}"#),
        400,
        &[r#""field":"sate""#],
    );
    let problem = control.ask(("PATCH", "/orders/1234567", r#"{"state":"s3cret"}"#), 400);
    assert_eq!(problem["field"], "state");
    let detail = problem["detail"].to_string();
    assert!(
        detail.contains("expected one of") && !detail.contains("s3cret"),
        "{detail}"
    );
    control.expect(
        ("PATCH", "/orders/1234567", r#"{"state":"being-issued","due":"+1h"}"#),
        200,
        &["due"],
    );
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    control.expect(("GET", "/orders/1234567", ""), 200, &[r#""state":"issued""#]);
    control.expect(("DELETE", "/orders/1234567", ""), 204, &[]);
    control.expect(("GET", "/orders/1234567", ""), 404, &[]);
    let new = r#"{"orderNumber":9,"loginName":"login_name","product":"smime"}"#;
    control.expect(("POST", "/orders", new), 201, &[r#""state":"issued""#]);
    control.expect(("POST", "/orders", new), 409, &["orderNumber"]);
    control.expect(("GET", "/orders?limit=1", ""), 200, &[r#""next":9"#]);
    control.expect(("GET", "/orders?limt=1", ""), 400, &[r#""field":"limt""#, "limit"]);
}

#[test]
fn an_order_without_a_number_is_judged_by_the_number_that_it_gets() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let order = |more: &str| format!(r#"{{"loginName":"login_name","product":"smime",{more}}}"#);
    let first = order(r#""orderNumber":1,"certificateID":77"#);
    let code = control.ask(("POST", "/orders", &first), 201)["collectionCode"].clone();
    let taken = order(r#""certificateID":77"#);
    control.expect(("POST", "/orders", &taken), 409, &[r#""field":"certificateID""#]);
    let foreign = order(&format!(r#""collectionCode":{code}"#));
    control.expect(("POST", "/orders", &foreign), 422, &[r#""field":"collectionCode""#]);
    // The certificateID that the order with the number 1 would have without one of its own.
    let id = r#""certificateID":9999999999999999"#;
    let made = control.ask(("POST", "/orders", &order(id)), 201);
    control.expect(("GET", &format!("/orders/{}", made["orderNumber"]), ""), 200, &[id]);
    control.expect(("POST", "/orders", &order(id)), 409, &[r#""field":"certificateID""#]);
    // What was refused has taken no number.
    let next = control.ask(("POST", "/orders", &order(r#""state":"issued""#)), 201);
    assert_eq!(
        next["orderNumber"].as_u64(),
        made["orderNumber"].as_u64().map(|number| number + 1)
    );
}

#[test]
fn accounts_keep_their_passwords_and_their_orders() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let secret = "Xq7zKeeperXq7z";
    let new = format!(r#"{{"loginName":"keeper","loginPassword":"{secret}"}}"#);
    let mut texts = vec![control.expect(("POST", "/accounts", &new), 201, &["keeper"])];
    control.expect(("POST", "/accounts", &new), 409, &["loginName"]);
    let order = r#"{"orderNumber":5,"loginName":"keeper","product":"code-signing"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    control.expect(("DELETE", "/accounts/keeper", ""), 409, &["order"]);
    texts.push(control.expect(
        ("PATCH", "/accounts/keeper", r#"{"locked":true}"#),
        200,
        &[r#""locked":true"#],
    ));
    let form = Form::revoke().order(5).by("keeper").set("loginPassword", secret);
    assert_eq!(server.client().revoke(&form).code(), -16);
    control.expect(
        ("PATCH", "/accounts/keeper", r#"{"locked":null,"reseller":"nobody"}"#),
        422,
        &["reseller"],
    );
    control.expect(
        ("PATCH", "/accounts/keeper", r#"{"locked":null}"#),
        200,
        &[r#""locked":false"#],
    );
    assert_eq!(server.client().revoke(&form).code(), 0);
    texts.push(control.expect(("GET", "/calls", ""), 200, &["***", "keeper"]));
    texts.push(control.expect(("GET", "/accounts", ""), 200, &["keeper"]));
    texts.push(control.expect(("POST", "/calls/count", r#"{"orderNumber":7}"#), 200, &["nearest"]));
    texts.push(server.log());
    assert!(texts.iter().all(|text| !text.contains(secret)));
    control.expect(("DELETE", "/orders/5", ""), 204, &[]);
    control.expect(("DELETE", "/accounts/keeper", ""), 204, &[]);
}

#[test]
fn to_remove_what_is_not_there_is_nothing() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let new =
        r#"{"loginName":"a","loginPassword":"login_password","callLimit":{"calls":5,"per":"1h","counted":["-1m"]}}"#;
    control.expect(("POST", "/accounts", new), 201, &[]);
    let order = r#"{"orderNumber":5,"loginName":"a","product":"smime","state":"revoked","revocation":{"at":"-1d","codeReason":4,"revocationReason":"lost"}}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    for (path, patch) in [
        ("/accounts/a", r#"{"callLimit":{"counted":null}}"#),
        ("/accounts/a", r#"{"callLimit":null}"#),
        ("/orders/5", r#"{"revocation":{"revocationReason":null}}"#),
        ("/orders/5", r#"{"email":null}"#),
    ] {
        let once = control.expect(("PATCH", path, patch), 200, &[]);
        assert_eq!(control.expect(("PATCH", path, patch), 200, &[]), once, "{patch}");
    }
    // A revocation says of a state how it came, and does not bring it.
    let revoked = r#""revocation":{"at":"-1d","codeReason":1}"#;
    for (method, path, sent) in [
        (
            "POST",
            "/orders",
            format!(r#"{{"loginName":"a","product":"smime",{revoked}}}"#),
        ),
        ("PATCH", "/orders/1234567", format!("{{{revoked}}}")),
        (
            "PATCH",
            "/orders/1100002",
            format!(r#"{{{revoked},"state":"on-hold"}}"#),
        ),
    ] {
        let problem = control.ask((method, path, &sent), 422);
        assert_eq!(problem["field"], "revocation", "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains("say its `state`"),
            "{problem}"
        );
    }
    let patch = format!(r#"{{{revoked},"state":"replaced"}}"#);
    control.expect(("PATCH", "/orders/1234567", &patch), 200, &[]);
    // It goes with the state, and stays when it expires.
    control.expect(("POST", "/clock/advance", r#"{"by":"400d"}"#), 200, &[]);
    let expired = control.get("/orders/1234567");
    assert_eq!(
        (&expired["state"], &expired["revocation"]["codeReason"]),
        (&"expired".into(), &1.into())
    );
    let issued = control.ask(("PATCH", "/orders/1234567", r#"{"state":"issued"}"#), 200);
    assert!(issued.get("revocation").is_none(), "{issued}");
    // A name that is none stays refused, also below a field and if it shall be removed.
    for (path, patch, field) in [
        ("/accounts/a", r#"{"callLimit":{"colour":null}}"#, "callLimit.colour"),
        ("/accounts/a", r#"{"colour":null}"#, "colour"),
        ("/orders/5", r#"{"revocation":{"colour":null}}"#, "revocation.colour"),
        ("/orders/5", r#"{"revocation":{"colour":1}}"#, "revocation.colour"),
    ] {
        let problem = control.ask(("PATCH", path, patch), 400);
        assert_eq!(problem["field"], field, "{problem}");
    }
}

#[test]
fn a_snapshot_makes_the_same_world_again() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(
        ("PUT", "/clock", r#"{"now":"2030-01-01T00:00:00Z","frozen":true}"#),
        200,
        &["2030-01-01"],
    );
    control.expect(("POST", "/faults", r#"{"times":3,"then":{"code":-14}}"#), 201, &[]);
    control.expect(
        ("PATCH", "/assumptions", r#"{"spelling":"british"}"#),
        200,
        &[r#""spelling":"british""#],
    );
    control.expect(
        ("PATCH", "/assumptions", r#"{"spelling":"welsh"}"#),
        422,
        &[r#""field":"spelling""#],
    );
    let snapshot = control.expect(("GET", "/snapshot", ""), 200, &["2030"]);
    control.expect(("POST", "/sandboxes", r#"{"name":"copy"}"#), 201, &[]);
    control.expect(("PUT", "/sandboxes/copy/snapshot", &snapshot), 200, &[r#""orders":22"#]);
    assert_eq!(
        control.expect(("GET", "/sandboxes/copy/snapshot", ""), 200, &[]),
        snapshot
    );
    let other = Server::plain_with_fixtures(&snapshot, &[]);
    assert_eq!(Control::of(&other).expect(("GET", "/snapshot", ""), 200, &[]), snapshot);
    control.expect(("POST", "/reset", ""), 200, &[]);
    control.expect(("GET", "/clock", ""), 200, &[r#""frozen":false"#]);
}

#[test]
fn a_count_waits_for_what_it_counts() {
    let server = Server::plain(&[]);
    let address = server.control();
    let waiting = std::thread::spawn(move || {
        let body = r#"{"endpoint":"!autoRevokeCS","atLeast":2,"within":"20s"}"#;
        Client::connect(address).send("POST", "/control/v1/calls/count", crate::harness::JSON, body)
    });
    let mut client = server.client();
    client.revoke(&Form::revoke());
    client.revoke(&Form::revoke());
    let answer = waiting.join().unwrap();
    assert_eq!(answer.text(), r#"{"count":2,"reached":true}"#);
}

#[test]
fn an_order_that_is_set_issued_keeps_its_foreseen_end() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","state":"being-issued","due":"+1h","expires":"+10d"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let expires = control.get("/orders/7")["expires"].clone();
    for state in ["issued", "replaced"] {
        let body = format!(r#"{{"state":"{state}"}}"#);
        let changed = control.ask(("PATCH", "/orders/7", &body), 200);
        assert_eq!((&changed["state"], &changed["expires"]), (&state.into(), &expires));
    }
    // An end that is past is none for it.
    control.expect(("PATCH", "/orders/7", r#"{"state":"expired"}"#), 200, &[]);
    control.expect(
        ("PATCH", "/orders/7", r#"{"state":"issued"}"#),
        200,
        &[r#""state":"issued""#],
    );
}

#[test]
fn an_order_follows_its_times_where_no_state_is_told() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut change = |body: &str, status: u16| control.ask(("PATCH", "/orders/1234567", body), status);
    for (body, state) in [
        (r#"{"expires":"-1d"}"#, "expired"),
        (r#"{"expires":"+30d"}"#, "issued"),
        // An end before it was issued leaves nothing of when that was.
        (r#"{"expires":"-400d"}"#, "expired"),
        (r#"{"issued":"-10d","expires":"+30d"}"#, "issued"),
        (r#"{"state":"replaced"}"#, "replaced"),
        (r#"{"expires":"-1d"}"#, "expired"),
        // A state that it is in already changes nothing.
        (r#"{"state":"expired"}"#, "expired"),
        (r#"{"expires":"+30d"}"#, "replaced"),
        (
            r#"{"state":"being-issued","due":"+1h","expires":"+10d"}"#,
            "being-issued",
        ),
        (r#"{"due":"-1h"}"#, "issued"),
        (r#"{"expires":"-1m"}"#, "expired"),
        (r#"{"expires":"+10d"}"#, "issued"),
        (r#"{"state":"revoked"}"#, "revoked"),
        (r#"{"expires":"-1m"}"#, "revoked"),
    ] {
        assert_eq!(change(body, 200)["state"], state, "{body}");
    }
    for (body, field) in [
        (r#"{"state":"issued","expires":"-1d"}"#, "expires"),
        (r#"{"state":"expired","expires":"+1d"}"#, "expires"),
        (r#"{"stage":"replaced"}"#, "stage"),
    ] {
        assert_eq!(change(body, 422)["field"], field, "{body}");
    }
    change(r#"{"state":"issued"}"#, 200);
    // Nor may the state that it is in.
    assert_eq!(change(r#"{"state":"issued","expires":"-1d"}"#, 422)["field"], "expires");
    assert_eq!(change(r#"{"issued":"-10d","expires":"-20d"}"#, 422)["field"], "expires");
    assert_eq!(change(r#"{"due":"+1d"}"#, 422)["field"], "due");
}

#[test]
fn an_order_that_came_due_is_being_issued_again_with_an_earlier_time() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","state":"being-issued","due":"+1h"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let back = control.get("/clock")["now"].to_string();
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    // A change of something else does not make it forget how it came to be issued.
    for body in [
        r#"{"email":"x@example.com"}"#,
        r#"{"state":"issued"}"#,
        r#"{"expires":"+9d"}"#,
    ] {
        control.expect(("PATCH", "/orders/7", body), 200, &[r#""state":"issued""#]);
    }
    control.expect(("PUT", "/clock", &format!(r#"{{"now":{back}}}"#)), 200, &[]);
    assert_eq!(control.get("/orders/7")["state"], "being-issued");
    // To say when it was issued is to say that it was.
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    control.expect(("PATCH", "/orders/7", r#"{"issued":"-1m"}"#), 200, &[]);
    control.expect(("PUT", "/clock", &format!(r#"{{"now":{back}}}"#)), 200, &[]);
    assert_eq!(control.get("/orders/7")["state"], "issued");
}
