//! Every row of the contract, by curl, in the default sandbox and in another.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Client, Control, Server};

/// A request and the status that it is answered with.
type Row = (&'static str, &'static str, &'static str, u16);

/// What stands beside the sandboxes.
const BESIDE: &[Row] = &[
    ("GET", "/health", "", 200),
    ("GET", "/endpoints", "", 200),
    ("GET", "/openapi.json", "", 200),
    ("GET", "/tls/ca.pem", "", 200),
    ("GET", "/sandboxes", "", 200),
    ("POST", "/sandboxes", r#"{"name":"x"}"#, 201),
    ("POST", "/sandboxes", r#"{"name":"x"}"#, 409),
    ("POST", "/sandboxes", r#"{"name":"../x"}"#, 422),
    ("POST", "/sandboxes", r#"{"name":7}"#, 400),
    ("POST", "/sandboxes", "", 201),
    ("GET", "/sandboxes/x", "", 200),
    ("GET", "/sandboxes/nobody", "", 404),
    ("DELETE", "/sandboxes/x", "", 204),
    ("DELETE", "/sandboxes/x", "", 404),
    ("GET", "/sandboxes/x", "", 404),
    ("DELETE", "/sandboxes/default", "", 409),
    ("GET", "/nothing", "", 404),
    ("PUT", "/sandboxes", "{}", 405),
];

/// What each sandbox has. Each row finds what those above it left.
const IN_SANDBOX: &[Row] = &[
    ("GET", "/accounts", "", 200),
    ("GET", "/accounts?search=a&offset=1&limit=1", "", 200),
    ("GET", "/accounts?limit=x", "", 400),
    ("POST", "/accounts", r#"{"loginName":"a/b é","loginPassword":"x"}"#, 201),
    ("POST", "/accounts", r#"{"loginName":"a/b é","loginPassword":"x"}"#, 409),
    ("POST", "/accounts", r#"{"loginName":"b"}"#, 400),
    (
        "POST",
        "/accounts",
        r#"{"loginName":"b","loginPassword":"x","reseller":"c"}"#,
        422,
    ),
    ("GET", "/accounts/a%2Fb%20%C3%A9", "", 200),
    ("GET", "/accounts/nobody", "", 404),
    ("PATCH", "/accounts/a%2Fb%20%C3%A9", r#"{"locked":true}"#, 200),
    ("PATCH", "/accounts/a%2Fb%20%C3%A9", r#"{"locked":7}"#, 400),
    ("PATCH", "/accounts/nobody", "{}", 404),
    ("DELETE", "/accounts/a%2Fb%20%C3%A9", "", 204),
    ("DELETE", "/accounts/a%2Fb%20%C3%A9", "", 404),
    ("DELETE", "/accounts/login_name", "", 409),
    ("GET", "/orders", "", 200),
    (
        "GET",
        "/orders?state=issued&product=smime&loginName=login_name&after=1&limit=1",
        "",
        200,
    ),
    ("GET", "/orders?state=lost", "", 400),
    (
        "POST",
        "/orders",
        r#"{"loginName":"login_name","product":"smime"}"#,
        201,
    ),
    (
        "POST",
        "/orders",
        r#"{"orderNumber":1234567,"loginName":"login_name","product":"smime"}"#,
        409,
    ),
    ("POST", "/orders", r#"{"loginName":"nobody","product":"smime"}"#, 422),
    ("POST", "/orders", r#"{"loginName":"login_name"}"#, 400),
    ("GET", "/orders/1234567", "", 200),
    ("GET", "/orders/1", "", 404),
    ("GET", "/orders/x", "", 404),
    ("GET", "/orders/1234567/history", "", 200),
    ("GET", "/orders/1/history", "", 404),
    ("GET", "/orders/1234567/next", "", 200),
    ("GET", "/orders/1/next", "", 404),
    ("GET", "/orders?search=a&sort=-issued&offset=1", "", 200),
    ("GET", "/orders?sort=csr", "", 400),
    (
        "PATCH",
        "/orders/1234567",
        r#"{"state":"expired","expires":"-1d"}"#,
        200,
    ),
    ("PATCH", "/orders/1234567", r#"{"state":"lost"}"#, 400),
    ("PATCH", "/orders/1", "{}", 404),
    ("DELETE", "/orders/1234567", "", 204),
    ("DELETE", "/orders/1234567", "", 404),
    ("GET", "/clock", "", 200),
    ("PUT", "/clock", r#"{"now":"2030-01-01T00:00:00Z","frozen":true}"#, 200),
    ("PUT", "/clock", "", 400),
    ("POST", "/clock/advance", r#"{"by":"30d"}"#, 200),
    ("POST", "/clock/advance", r#"{"by":"soon"}"#, 400),
    ("GET", "/clock/due?limit=3", "", 200),
    ("GET", "/clock/due?limit=0", "", 400),
    ("GET", "/faults", "", 200),
    ("POST", "/faults", r#"{"then":{"code":-14}}"#, 201),
    ("POST", "/faults", r#"{"then":{"code":1}}"#, 422),
    ("DELETE", "/faults/2", "", 204),
    ("DELETE", "/faults/2", "", 404),
    ("DELETE", "/faults", "", 204),
    ("GET", "/calls", "", 200),
    (
        "GET",
        "/calls?endpoint=!autoRevokeCS&loginName=a&orderNumber=1&code=0&since=-1h&limit=1",
        "",
        200,
    ),
    ("GET", "/calls?endpoint=!autoRevoke", "", 422),
    ("POST", "/calls", r#"{"endpoint":"!autoRevokeCS"}"#, 200),
    ("POST", "/calls", r#"{"endpoint":"!autoRevoke"}"#, 422),
    ("POST", "/calls", r#"{"arguments":[]}"#, 400),
    ("GET", "/calls/1", "", 200),
    ("GET", "/calls/7", "", 404),
    ("GET", "/calls/x", "", 404),
    ("POST", "/calls/1/again", "", 200),
    ("POST", "/calls/7/again", "", 404),
    ("DELETE", "/calls", "", 204),
    // GET calls/stream has no end: the tests of the stream have it by curl.
    ("HEAD", "/calls/stream", "", 200),
    (
        "POST",
        "/calls/count",
        r#"{"endpoint":"!autoRevokeCS","atLeast":1,"within":"1ms"}"#,
        200,
    ),
    ("POST", "/calls/count", r#"{"within":"61s"}"#, 422),
    ("GET", "/outbox", "", 200),
    ("GET", "/outbox?orderNumber=1100001&kind=verification", "", 200),
    ("GET", "/outbox?kind=letter", "", 400),
    ("GET", "/outbox?orderNumber=x", "", 400),
    ("DELETE", "/outbox", "", 204),
    ("GET", "/snapshot", "", 200),
    ("PUT", "/snapshot", r#"{"accounts":[],"orders":[]}"#, 200),
    ("PUT", "/snapshot", r#"{"orders":[{}]}"#, 400),
    ("POST", "/reset", "", 200),
    ("POST", "/reset", r#"{"fixtures":{"accounts":[]}}"#, 200),
    ("POST", "/reset", r#"{"fixtures":"accounts = 7"}"#, 422),
    ("GET", "/assumptions", "", 200),
    ("PATCH", "/assumptions", r#"{"spelling":"british"}"#, 200),
    ("PATCH", "/assumptions", r#"{"spelling":"welsh"}"#, 422),
];

/// The status and the Content-Type that curl is answered with, and the body.
#[track_caller]
fn curl(url: &str, method: &str, body: &str) -> (u16, String, String) {
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "--noproxy", "*", "--max-time", "25", "--path-as-is"]);
    command.args(["-w", "\n%{http_code} %{content_type}"]);
    match method {
        "HEAD" => command.arg("--head"),
        method => command.args(["-X", method]),
    };
    if !body.is_empty() {
        command.args(["-H", "Content-Type: application/json", "--data-binary", body]);
    }
    let output = command.arg(url).output().expect("cannot run curl");
    assert!(output.status.success(), "{method} {url}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (answer, told) = text.rsplit_once('\n').unwrap();
    let (status, content_type) = told.split_once(' ').unwrap();
    (status.parse().unwrap(), content_type.to_owned(), answer.to_owned())
}

#[track_caller]
fn assert_rows(server: &Server, base: &str, rows: &[Row]) {
    for (method, path, body, expected) in rows {
        let url = format!("http://{}/control/v1{base}{path}", server.control());
        let (status, content_type, answer) = curl(&url, method, body);
        assert_eq!(status, *expected, "{method} {base}{path} {body}: {answer}");
        match status {
            204 => assert_eq!(answer, ""),
            400.. => {
                assert_eq!(content_type, "application/problem+json", "{method} {base}{path}");
                let problem: Value = serde_json::from_str(&answer).unwrap();
                assert_eq!(problem["status"], status, "{problem}");
                assert!(
                    problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
                    "{problem}"
                );
                // A body that is missing has no field that could be wrong.
                let has_field = matches!(status, 400 | 422) && (*method == "GET" || !body.is_empty());
                assert!(!has_field || problem["field"].is_string(), "{method} {path}: {problem}");
            }
            _ if path.ends_with(".pem") => assert!(answer.starts_with("-----BEGIN CERTIFICATE-----"), "{answer}"),
            _ if *method == "HEAD" => assert_eq!(content_type, "text/event-stream"),
            _ => {
                assert_eq!(content_type, "application/json", "{method} {base}{path}");
                assert!(serde_json::from_str::<Value>(&answer).unwrap().is_object(), "{answer}");
            }
        }
    }
}

#[test]
fn every_row_is_answered() {
    let server = Server::start(&["--http", "off"]);
    assert_rows(&server, "", BESIDE);
    assert_rows(&server, "", IN_SANDBOX);
    server.assert_well();
}

#[test]
fn every_row_is_answered_in_another_sandbox() {
    let server = Server::start(&["--https", "off"]);
    Control::of_new_sandbox(&server, "t1");
    let before = Control::of(&server).get("/snapshot");
    assert_rows(&server, "/sandboxes/t1", IN_SANDBOX);
    assert_eq!(
        Control::of(&server).get("/snapshot"),
        before,
        "it was done to the default sandbox"
    );
    for (method, path, body, _) in IN_SANDBOX {
        let url = format!("http://{}/control/v1/sandboxes/nobody{path}", server.control());
        let (status, _, answer) = curl(&url, method, body);
        let is_told = *method == "HEAD" || answer.contains("POST /control/v1/sandboxes");
        // A body that cannot be read may be named first.
        assert!(
            status == 404 && is_told || status == 400,
            "{method} {path}: {status} {answer}"
        );
    }
}

#[test]
fn what_was_made_is_where_its_location_says() {
    let server = Server::plain(&[]);
    for base in ["", "/sandboxes/t1"] {
        for (path, body) in [
            ("/sandboxes", r#"{"name":"t1"}"#),
            ("/orders", r#"{"loginName":"login_name","product":"smime"}"#),
            ("/accounts", r#"{"loginName":"a/b é","loginPassword":"x"}"#),
        ] {
            if path == "/sandboxes" && !base.is_empty() {
                continue;
            }
            let made = Control::of(&server).send("POST", &format!("{base}{path}"), body);
            assert_eq!(made.status, 201, "{made:?}");
            let location = made.header("location").expect("no location");
            assert!(location.starts_with(&format!("/control/v1{base}{path}/")), "{location}");
            let read = Client::connect(server.control()).get(location);
            let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
            let (mut made, mut read) = (json(made.text()), json(read.text()));
            for sandbox in [&mut made, &mut read] {
                sandbox.as_object_mut().unwrap().remove("expiresIn");
            }
            assert_eq!(read, made);
        }
    }
}
