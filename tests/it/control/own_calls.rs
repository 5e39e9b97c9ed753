//! Calls that the emulator makes itself: they go the way of those that clients send.

use serde_json::{Value, json};

use crate::harness::{Client, Control, Form, REVOKE, Server, in_sandbox};

/// The arguments of a call that revokes an order, if it may.
fn revocation(order: u64) -> Value {
    let argument = |name: &str, value: &str| json!({"name": name, "value": value});
    json!([
        argument("loginName", "login_name"),
        argument("loginPassword", "login_password"),
        argument("orderNumber", &order.to_string()),
        argument("revocationReason", "a & b = ü"),
        argument("codeReason", "1"),
    ])
}

fn revoke(order: u64) -> Value {
    json!({"endpoint": "!AUTOREVOKECS", "arguments": revocation(order)})
}

#[track_caller]
fn make(control: &mut Control, call: &Value) -> Value {
    control.ask(("POST", "/calls", &call.to_string()), 200)
}

/// Fields of a call that are the same whoever made it.
fn lasting(call: &Value) -> Value {
    let mut call = call.clone();
    for changing in ["id", "time", "realTime", "tookMicros"] {
        assert!(call.as_object_mut().unwrap().remove(changing).is_some(), "{changing}");
    }
    call
}

#[test]
fn a_call_is_made_as_if_a_client_had_sent_it() {
    let server = Server::start(&["--https", "off", "--plain-http", "accept"]);
    for sandbox in ["default", "t1"] {
        let mut control = match sandbox {
            "default" => Control::of(&server),
            name => Control::of_new_sandbox(&server, name),
        };
        let made = make(&mut control, &revoke(2_200_003));
        assert_eq!(
            made["sent"],
            json!({"status": 200, "contentType": "text/plain", "body": "0\n", "complete": true})
        );
        let of_client = Form::revoke().set("revocationReason", "a & b = ü").encode();
        server.client().post(&in_sandbox(sandbox, REVOKE), &of_client);
        let again = make(&mut control, &revoke(2_200_003));
        assert_eq!(again["call"]["code"], -21);
        assert_eq!(again["sent"]["body"], again["call"]["reply"]);
        let journal = control.get("/calls");
        let calls = journal["calls"].as_array().unwrap();
        assert_eq!(calls.len(), 3);
        assert_eq!((&calls[0], &calls[2]), (&made["call"], &again["call"]));
        assert_eq!(control.get(&format!("/calls/{}", calls[1]["id"])), calls[1]);
        assert_eq!(lasting(&calls[1]), lasting(&calls[2]));
        assert_eq!(made["call"]["arguments"][1]["value"], "***");
        assert_eq!(made["call"]["arguments"][3]["value"], "a & b = ü");
    }
    let log = server.wait_for_log(&["sandbox=\"t1\"", "code=0"]);
    assert!(log.contains("order=2200003"), "{log}");
    assert!(!server.log().contains("login_password"));
}

#[test]
fn a_call_may_come_by_get_and_over_plain_http() {
    let refusing = Server::start(&["--https", "off"]);
    let accepting = Server::plain(&[]);
    for (server, http, method, code) in [
        (&refusing, false, "POST", -4),
        (&refusing, true, "POST", -1),
        (&accepting, true, "POST", -4),
        (&refusing, false, "GET", -17),
        (&refusing, true, "GET", -1),
    ] {
        let mut call = revoke(1);
        call["http"] = json!(http);
        call["method"] = json!(method);
        let made = make(&mut Control::of(server), &call);
        assert_eq!(made["call"]["code"], code, "{call}");
        let path = format!("/calls/{}/again", made["call"]["id"]);
        let again = Control::of(server).ask(("POST", &path, ""), 200);
        assert_eq!(lasting(&again["call"]), lasting(&made["call"]));
    }
}

#[test]
fn what_a_fault_does_is_done_to_it() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("DELETE", "/faults", ""), 204, &[]);
    for (then, expected) in [
        (json!({"disconnect": "before"}), json!({"complete": false})),
        (
            json!({"disconnect": "mid-body"}),
            json!({"status": 200, "contentType": "text/plain", "body": "-4\nThe value of the 'orderN", "complete": false}),
        ),
        (
            json!({"status": 502, "body": "no upstream"}),
            json!({"status": 502, "contentType": "text/plain", "body": "no upstream", "complete": true}),
        ),
        (
            json!({"status": 304}),
            json!({"status": 304, "contentType": "text/plain", "body": "", "complete": true}),
        ),
        (
            json!({"code": -21}),
            json!({"status": 200, "contentType": "text/plain", "complete": true,
                   "body": "-21\nThe certificate has already been Revoked!\n"}),
        ),
        (
            json!({"delay": "1ms"}),
            json!({"status": 200, "contentType": "text/plain", "complete": true,
                   "body": "-4\nThe value of the 'orderNumber' argument is invalid!\n"}),
        ),
    ] {
        let fault = json!({"times": 1, "then": then}).to_string();
        let fault = control.ask(("POST", "/faults", &fault), 201);
        let made = make(&mut control, &revoke(1));
        assert_eq!(made["sent"], expected, "{then}");
        assert_eq!(made["call"]["fault"], fault["id"], "{made}");
    }
    let fault = json!({"times": 1, "then": {"garble": true}}).to_string();
    control.expect(("POST", "/faults", &fault), 201, &[]);
    let made = make(&mut control, &revoke(1));
    let sent = &made["sent"];
    assert_ne!(sent["body"], made["call"]["reply"], "{made}");
    assert!(sent["body"].is_string() != sent["bodyBase64"].is_string(), "{made}");
}

#[test]
fn a_stop_ends_the_wait_for_a_reply() {
    for (then, sent) in [
        (json!({"delay": "50s"}), json!({"complete": false})),
        (
            json!({"throttle": 1}),
            json!({"status": 200, "contentType": "text/plain", "complete": false}),
        ),
    ] {
        for again in [false, true] {
            let mut server = Server::plain(&[]);
            let mut control = Control::of(&server);
            let (target, body) = if again {
                server.client().revoke(&Form::revoke());
                ("/control/v1/calls/1/again", String::new())
            } else {
                ("/control/v1/calls", revoke(1).to_string())
            };
            let fault = json!({"times": 1, "then": then}).to_string();
            control.ask(("POST", "/faults", &fault), 201);
            let mut client = Client::connect(server.control());
            client.write(format!(
                "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            // It is in the journal before its reply is sent.
            let wanted = json!({"atLeast": 1 + u32::from(again), "within": "30s"}).to_string();
            assert_eq!(control.ask(("POST", "/calls/count", &wanted), 200)["reached"], true);
            assert_eq!(server.stop("TERM").0.code(), Some(0));
            let answer = client.read().expect("an answer");
            assert_eq!(answer.status, 200, "{answer:?}");
            let mut made: Value = serde_json::from_str(answer.text()).unwrap();
            made["sent"].as_object_mut().unwrap().remove("body");
            assert_eq!(made["sent"], sent, "{again}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_come_in_base64() {
    let server = Server::plain(&[]);
    let argument = |name: &str, value: &str| json!({"name": name, "value": value});
    let call = json!({"endpoint": "download/CollectSMIME", "arguments": [
        argument("loginName", "login_name"),
        argument("loginPassword", "login_password"),
        argument("orderNumber", "1234567"),
        argument("queryType", "1"),
        argument("responseType", "0"),
        argument("responseEncoding", "1"),
    ]});
    let made = make(&mut Control::of(&server), &call);
    assert_eq!(made["sent"]["contentType"], "application/zip", "{made}");
    let zip = made["sent"]["bodyBase64"].as_str().unwrap();
    assert!(zip.starts_with("UEsDB") && made["sent"].get("body").is_none(), "{made}");
}

#[test]
fn a_call_is_made_again_with_its_own_password() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    client.revoke(&Form::revoke());
    client.revoke(&Form::revoke().set("loginPassword", "not-it"));
    for (id, code) in [(1, -21), (2, -16)] {
        let made = control.ask(("POST", &format!("/calls/{id}/again"), ""), 200);
        assert_eq!(made["call"]["code"], code);
        assert_eq!(made["call"]["arguments"][1]["value"], "***");
        let text = made.to_string();
        assert!(!text.contains("login_password") && !text.contains("not-it"), "{text}");
    }
    assert_eq!(control.get("/calls")["calls"].as_array().unwrap().len(), 4);
}

#[test]
fn a_call_that_is_not_kept_whole_is_not_made_again() {
    let server = Server::plain(&["--journal", "3"]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    client.revoke(&Form::revoke());
    client.revoke(&Form::revoke().add("notAnArgument", "s3cret-value"));
    client.post(REVOKE, &"orderNumber=1&".repeat(65));
    client.revoke(&Form::revoke().set("revocationReason", "x".repeat(50_000)));
    for (id, status) in [
        ("1", 404),
        ("2", 409),
        ("3", 409),
        ("4", 409),
        ("5", 404),
        ("x", 404),
        ("0", 404),
    ] {
        let problem = control.ask(("POST", &format!("/calls/{id}/again"), ""), status);
        assert!(!problem.to_string().contains("s3cret"), "{problem}");
    }
    assert_eq!(control.get("/calls")["calls"][2]["id"], 4, "none was made");
}

#[test]
fn arguments_of_a_query_that_is_ignored_are_ignored_again() {
    let server = Server::plain(&["--assume", "query-arguments=ignored", "--assume", "collect-method=any"]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    let whole = Form::revoke().encode();
    let rest = Form::revoke().without("orderNumber").encode();
    for (query, body, code) in [
        (whole.as_str(), "", -3),
        ("orderNumber=2200003", rest.as_str(), -3),
        ("orderNumber=1", whole.as_str(), 0),
    ] {
        client.post(&format!("{REVOKE}?{query}"), body);
        let calls = control.get("/calls");
        let sent = calls["calls"].as_array().unwrap().last().unwrap();
        assert_eq!(sent["code"], code, "{query}");
        let again = control.ask(("POST", &format!("/calls/{}/again", sent["id"]), ""), 200);
        let expected = if code == 0 { -21 } else { code };
        assert_eq!(again["call"]["code"], expected, "{query}");
    }
    let mut collect = json!({"endpoint": "download/CollectSMIME", "arguments": [
        {"name": "loginName", "value": "login_name"},
        {"name": "loginPassword", "value": "login_password"},
        {"name": "orderNumber", "value": "1234567"},
        {"name": "queryType", "value": "0"},
        {"name": "responseType", "value": "3"},
    ]});
    for (method, code) in [("POST", 1), ("GET", -3)] {
        collect["method"] = json!(method);
        let made = make(&mut control, &collect);
        assert_eq!(made["call"]["code"], code, "{method}: {made}");
        let again = control.ask(("POST", &format!("/calls/{}/again", made["call"]["id"]), ""), 200);
        assert_eq!(lasting(&again["call"]), lasting(&made["call"]), "{method}");
    }
}

#[test]
fn a_call_with_a_name_that_was_misspelled_is_not_made_again_where_that_counts() {
    for (names, code, status) in [("exact", -2, 409), ("any-case", 0, 200)] {
        let server = Server::plain(&["--assume", &format!("argument-names={names}")]);
        let mut control = Control::of(&server);
        let misspelled = Form::revoke().encode().replace("orderNumber=", "ordernumber=");
        server.client().post(REVOKE, &misspelled);
        assert_eq!(control.get("/calls/1")["code"], code, "{names}");
        let again = control.ask(("POST", "/calls/1/again", ""), status);
        match status {
            200 => assert_eq!(again["call"]["code"], -21, "{again}"),
            _ => assert_eq!(control.get("/calls")["calls"].as_array().unwrap().len(), 1, "{again}"),
        }
    }
}

#[test]
fn what_cannot_be_a_call_is_refused() {
    let server = Server::start_with(&["--https", "off"], &[("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken")]);
    let mut client = Client::connect(server.control());
    let json = "Content-Type: application/json\r\n";
    assert_eq!(client.send("POST", "/control/v1/calls", json, "{}").status, 401);
    assert_eq!(client.send("POST", "/control/v1/calls/1/again", "", "").status, 401);
    for (body, status, field) in [
        (r#"{}"#, 400, "endpoint"),
        (r#"{"endpoint":"!None"}"#, 422, "endpoint"),
        (r#"{"endpoint":"!autoRevokeCS","arguments":{}}"#, 400, "arguments"),
        (
            r#"{"endpoint":"!autoRevokeCS","arguments":[{"name":"a"}]}"#,
            400,
            "arguments.0.value",
        ),
        (
            r#"{"endpoint":"!autoRevokeCS","arguments":[{"name":"a","value":"b","c":1}]}"#,
            400,
            "arguments.0.c",
        ),
        (r#"{"endpoint":"!autoRevokeCS","method":"PUT"}"#, 400, "method"),
        (r#"{"endpoint":"!autoRevokeCS","more":1}"#, 400, "more"),
    ] {
        let headers = format!("{json}Authorization: Bearer t0ken\r\n");
        let refused = client.send("POST", "/control/v1/calls", &headers, body);
        assert_eq!(refused.status, status, "{body}: {refused:?}");
        let problem: Value = serde_json::from_str(refused.text()).unwrap();
        assert_eq!(problem["field"], field, "{body}: {problem}");
    }
    let bad = format!("{json}Authorization: Bearer t0ken\r\n");
    let long = format!(
        r#"{{"endpoint":"!autoRevokeCS","arguments":[{{"name":"a","value":"{}"}}]}}"#,
        "x".repeat(1 << 20)
    );
    assert_eq!(client.send("POST", "/control/v1/calls", &bad, &long).status, 413);
}
