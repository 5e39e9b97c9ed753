//! The log: one line for each call, on stderr, as text or as JSON.

use serde_json::Value;

use crate::harness::{Client, Control, Form, Server, eventually};

fn json_lines(server: &Server) -> Vec<Value> {
    let log = server.log();
    // The last line may still be on its way.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    whole.lines().map(parse).collect()
}

#[test]
fn a_line_of_json_for_each_call() {
    let server = Server::plain(&["--log-format", "json"]);
    let mut client = server.client();
    client.revoke(&Form::revoke().set("test", "Y"));
    client.revoke(&Form::revoke().order(1_234_567));
    client.replace(&Form::replace().by("nobody").add("responseFormat", "2"));
    client.replace(&Form::replace().set("csr", include_str!("../../../fixtures/csr/rsa-1024.pem")));
    client.replace(&Form::default());

    let calls = || -> Vec<Value> {
        let lines = json_lines(&server);
        lines
            .into_iter()
            .filter(|line| line.get("endpoint").is_some())
            .collect()
    };
    eventually("five lines", || calls().len() >= 5);
    let calls = calls();
    assert_eq!(calls.len(), 5);
    for (line, endpoint, login, order, code, hint) in [
        (&calls[0], "!autoRevokeCS", "login_name", 2_200_003, 0, "test=Y"),
        (&calls[1], "!autoRevokeCS", "login_name", 1_234_567, -4, "S/MIME"),
        // A loginName that no account has may be a password in the wrong place.
        (&calls[2], "!AutoReplaceSMIME", "", 1_234_567, -16, "loginName"),
        (&calls[3], "!AutoReplaceSMIME", "login_name", 1_234_567, -13, "1024"),
    ] {
        assert_eq!(line["endpoint"], endpoint, "{line}");
        assert_eq!(line["login"].as_str().unwrap_or_default(), login, "{line}");
        assert_eq!(line["order"], order, "{line}");
        assert_eq!(line["code"], code, "{line}");
        assert!(line["took_us"].is_u64(), "{line}");
        assert!(line["hint"].as_str().unwrap().contains(hint), "{line}");
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    // What was not sent is not there.
    assert_eq!(calls[4]["code"], -3);
    assert!(
        calls[4].get("login").is_none() && calls[4].get("order").is_none(),
        "{}",
        calls[4]
    );
}

#[test]
fn a_line_of_text_for_each_call() {
    let server = Server::plain(&[]);
    server.client().revoke(&Form::revoke().order(2_200_005));
    let line = server.wait_for_log(&["!autoRevokeCS"]);
    for word in [
        "INFO",
        "login_name",
        "2200005",
        "code=-21",
        "took_us=",
        "hint=",
        "order 2200005 is revoked",
    ] {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    assert!(!line.contains('\u{1b}'), "no colours in a file: {line}");
}

#[test]
fn what_a_client_sends_cannot_forge_a_line() {
    for format in ["text", "json"] {
        let server = Server::plain(&["--log-format", format]);
        let forged = "x\n2026-01-01T00:00:00Z INFO forged";
        let mut client = server.client();
        client.revoke(&Form::revoke().by(forged));
        client.revoke(&Form::revoke().set("orderNumber", "1\r\n2\u{1b}[2J"));
        client.revoke(&Form::revoke().add(forged, "x"));
        client.send(
            "POST",
            "/products/!autoRevokeCS",
            "Content-Type: text/\tforged\r\n",
            "x",
        );
        eventually("four lines", || server.log().lines().count() >= 4);
        let log = server.log();
        assert_eq!(log.lines().count(), 4, "{log}");
        assert!(!log.contains('\u{1b}') && !log.contains('\r'), "{log:?}");
        assert!(
            log.lines()
                .all(|line| !line.starts_with("2026-01-01T00:00:00Z INFO forged"))
        );
    }
}

#[test]
fn off_is_silent() {
    let mut server = Server::start(&["--log", "off", "--plain-http", "accept"]);
    server.client().revoke(&Form::revoke());
    server.client().get("/nothing");
    let mut garbage = server.client();
    garbage.write(b"\x16\x03\x01\x02\x00\x01");
    garbage.finish();
    garbage.read_to_end();
    assert_eq!(server.stop("TERM").0.code(), Some(0));
    assert_eq!(server.whole_log(), "");
}

#[test]
fn a_filter_chooses_lines() {
    let mut server = Server::plain(&["--log", "warn"]);
    server.client().revoke(&Form::revoke());
    server.stop("TERM");
    assert_eq!(server.whole_log(), "");

    let mut server = Server::plain(&["--log", "off,sectigo_emulator::call=info"]);
    server.client().revoke(&Form::revoke());
    server.stop("TERM");
    assert_eq!(server.whole_log().lines().count(), 1, "{}", server.whole_log());
}

#[test]
fn every_line_is_there_at_the_end() {
    let mut server = Server::plain(&[]);
    let mut client = server.client();
    for _ in 0..2000 {
        client.revoke(&Form::default());
    }
    server.stop("TERM");
    let lines = server.log().lines().filter(|line| line.contains("code=-3")).count();
    assert_eq!(lines, 2000);
}

#[test]
fn actions_of_the_control_api_leave_a_line_each() {
    let server = Server::plain(&["--log", "debug"]);
    let mut control = Control::of_new_sandbox(&server, "t1");
    control.expect(("POST", "/clock/advance", r#"{"by":"1d"}"#), 200, &[]);
    control.expect(("PATCH", "/orders/1100003", r#"{"state":"revoked"}"#), 200, &[]);
    assert_eq!(control.send("GET", "/accounts/s3cret", "").status, 404);
    server.wait_for_log(&[
        "INFO sectigo_emulator::control: sandbox=\"t1\" method=POST path=\"/control/v1/sandboxes/{sandbox}/clock/advance\"",
        "status=200",
    ]);
    server.wait_for_log(&["method=PATCH", "/orders/{orderNumber}\" order=1100003 status=200"]);
    server.wait_for_log(&[
        "DEBUG sectigo_emulator::control: sandbox=\"t1\" method=GET",
        "/accounts/{loginName}\" status=404",
    ]);
    assert!(!server.log().contains("s3cret"), "{}", server.log());
}

/// What was sent may be a password in the wrong place.
#[test]
fn a_refused_action_of_the_control_api_says_why_and_repeats_nothing() {
    let server = Server::plain(&["--log", "debug", "--log-format", "json"]);
    let mut control = Control::of(&server);
    let account = r#""loginName":"a","loginPassword":"s3cret""#;
    let order = r#""loginName":"login_name","product":"smime""#;
    let requests = [
        ("GET", "/orders/7", String::new(), "there is no such order"),
        ("GET", "/orders/s3cret", String::new(), "there is no such order"),
        ("GET", "/sandboxes/s3cret", String::new(), "there is no such sandbox"),
        ("GET", "/s3cret", String::new(), "There is nothing here. "),
        ("GET", "/orders?s3cret=1", String::new(), "unknown field"),
        ("GET", "/orders?limit=s3cret", String::new(), "Bad Request"),
        (
            "GET",
            "/clock?s3cret=1",
            String::new(),
            "unknown parameter: this takes none in the query",
        ),
        (
            "DELETE",
            "/faults/s3cret",
            String::new(),
            "no fault of this sandbox has that id, or it is over",
        ),
        (
            "DELETE",
            "/sandboxes/default",
            String::new(),
            "the default sandbox cannot be deleted; ",
        ),
        (
            "PUT",
            "/clock",
            r#"{"now":"s3cret"}"#.to_owned(),
            "invalid value: string, expected a time: ",
        ),
        (
            "PATCH",
            "/assumptions",
            r#"{"s3cret":"x"}"#.to_owned(),
            "Unprocessable Entity",
        ),
        (
            "PATCH",
            "/assumptions",
            r#"{"spelling":"s3cret"}"#.to_owned(),
            "Unprocessable Entity, in `spelling`",
        ),
        (
            "PATCH",
            "/orders/1234567",
            r#"{"s3cret":"x"}"#.to_owned(),
            "unknown field",
        ),
        ("POST", "/accounts", "s3cret".to_owned(), "the body is no JSON"),
        ("POST", "/accounts", "{} s3cret".to_owned(), "missing field `loginName`"),
        (
            "POST",
            "/clock/advance",
            r#"{"by":"1d"} s3cret"#.to_owned(),
            "the body is no JSON",
        ),
        (
            "DELETE",
            "/accounts/login_name",
            String::new(),
            "the account has orders",
        ),
        (
            "POST",
            "/accounts",
            "[]".to_owned(),
            "the body is a list; send an object",
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{{account},"s3cret":1}}"#),
            "unknown field",
        ),
        (
            "POST",
            "/accounts",
            r#"{"loginName":"s3cret"}"#.to_owned(),
            "missing field `loginPassword`",
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{{account},"locked":"s3cret, expected s3cret"}}"#),
            "invalid type: string, expected a boolean",
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{{account},"reseller":"s3cret"}}"#),
            "Unprocessable Entity, in `reseller`",
        ),
        (
            "POST",
            "/orders",
            format!(r#"{{{order},"state":"s3cret"}}"#),
            "unknown variant, expected ",
        ),
        (
            "PATCH",
            "/orders/1234567",
            r#"{"state":"s3cret"}"#.to_owned(),
            "unknown variant, expected ",
        ),
        (
            "POST",
            "/orders",
            r#"{"loginName":"s3cret","product":"smime"}"#.to_owned(),
            "the value of `loginName` does not fit",
        ),
        (
            "POST",
            "/orders",
            format!(r#"{{{order},"due":"+1d"}}"#),
            "the value of `due` does not fit",
        ),
        (
            "POST",
            "/orders",
            format!(r#"{{{order},"orderNumber":1234567}}"#),
            "Conflict, in `orderNumber`",
        ),
        (
            "POST",
            "/sandboxes",
            r#"{"name":"s3 cret","logins":["s3cret"]}"#.to_owned(),
            "Unprocessable Entity, in `name`",
        ),
        (
            "POST",
            "/reset",
            r#"{"fixtures":{"accounts":[{"loginName":"s3cret","loginPassword":""}]}}"#.to_owned(),
            "the fixtures are wrong; the response says where",
        ),
    ];
    for (method, path, body, _) in &requests {
        let status = control.send(method, path, body).status;
        assert!(status >= 400, "{method} {path} {body}: {status}");
    }
    let refused = || -> Vec<Value> {
        let lines = json_lines(&server).into_iter();
        lines.filter(|line| line["status"].as_u64() >= Some(400)).collect()
    };
    eventually("a line for each", || refused().len() >= requests.len());
    for (line, (method, path, body, hint)) in refused().iter().zip(&requests) {
        assert_eq!(line["method"], *method, "{line}");
        // The number in the path may be a password too.
        assert!(line.get("order").is_none(), "{line}");
        assert!(
            line["hint"].as_str().is_some_and(|said| said.starts_with(hint)),
            "{method} {path} {body}: {line}"
        );
    }
    let log = server.log();
    assert!(!log.contains("s3cret") && !log.contains("s3 cret"), "{log}");
    for (header, status, hint) in [
        ("Host: s3cret.example", 403, "The Host header names"),
        ("Origin: http://s3cret.example", 403, "The Origin header says"),
        ("Content-Type: text/s3cret", 415, "Send the body as JSON"),
    ] {
        let own_host = if header.starts_with("Host") {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let mut client = Client::connect(server.control());
        client.write(format!(
            "POST /control/v1/accounts HTTP/1.1\r\n{own_host}{header}\r\nContent-Length: 2\r\n\r\n{{}}"
        ));
        assert_eq!(client.read().map(|answer| answer.status), Some(status), "{header}");
        server.wait_for_log(&[&format!("\"status\":{status}"), hint]);
    }
    let log = server.log();
    assert!(!log.contains("s3cret"), "{log}");
    // The place would say how long a value is.
    assert!(!log.contains(" column "), "{log}");
    control.expect(("GET", "/clock", ""), 200, &[]);
    server.wait_for_log(&["/control/v1/clock", "\"status\":200"]);
    let done = json_lines(&server).into_iter().filter(|line| line["status"] == 200);
    assert!(
        done.into_iter().all(|line| line.get("hint").is_none()),
        "{}",
        server.log()
    );
}
