//! A password is nowhere but where it belongs: not in the log, however it was sent and whatever else went wrong.

use sectigo_emulator::catalogue::ENDPOINTS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Control, Curl, Form, REPLACE, REVOKE, Server, Url, run, run_on_a_free_port, write_file};

/// Nobody says this by accident.
const SECRET: &str = "Xq7zHunterXq7z";

/// The account whose password it is, beside those of the documents.
fn fixtures() -> String {
    format!(
        "{}\n[[accounts]]\nloginName = \"keeper\"\nloginPassword = \"{SECRET}\"\n\
         [[orders]]\norderNumber = 5\nloginName = \"keeper\"\nproduct = \"code-signing\"\nstate = \"issued\"\n\
         [[orders]]\norderNumber = 6\nloginName = \"keeper\"\nproduct = \"smime\"\nstate = \"issued\"\n",
        include_str!("../../fixtures/default.toml")
    )
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn make_every_kind_of_call(server: &Server) {
    let mut client = server.client();
    let right = |form: Form| form.by("keeper").set("loginPassword", SECRET);
    let (revoke, replace) = (right(Form::revoke().order(5)), right(Form::replace().order(6)));
    // Right and wrong, in calls that go well and in calls that do not.
    client.revoke(&revoke.clone().set("test", "Y")).assert_text("0\n");
    client.revoke(&revoke).assert_text("0\n");
    client.revoke(&revoke);
    client.replace(&replace).order_number();
    client.replace(&replace.clone().set("csr", "nonsense"));
    for (login, password) in [
        (SECRET, "keeper"),
        (SECRET, ""),
        ("Xq7z.typo", SECRET),
        ("Xq7z typo", "x"),
    ] {
        client.revoke(&Form::revoke().by(login).set("loginPassword", password));
        client.replace(&Form::replace().by(login).set("loginPassword", password));
    }
    for form in [
        Form::revoke(),
        Form::replace(),
        Form::revoke().by("locked_account"),
        Form::revoke().by("nobody"),
    ] {
        for password in [
            SECRET.to_owned(),
            SECRET.repeat(20),
            format!("\n{SECRET}\0"),
            format!("{SECRET}\u{ff}"),
        ] {
            client.revoke(&form.clone().set("loginPassword", &password));
            client.replace(&form.clone().set("loginPassword", &password));
        }
        client.revoke(&form.clone().add("loginPassword", SECRET));
        client.revoke(&form.clone().without("loginPassword").add("LOGINPASSWORD", SECRET));
        client.revoke(&form.clone().without("loginPassword").add("password", SECRET));
    }
    // Pieces that were put together with the wrong sign.
    for sign in [";", "\n", ",", " "] {
        client.post(
            REVOKE,
            &format!("loginName=keeper{sign}loginPassword={SECRET}{sign}orderNumber=5"),
        );
        client.post(
            REVOKE,
            &format!("orderNumber=5{sign}loginPassword={SECRET}{sign}loginName=keeper"),
        );
    }
    client.post(&format!("{REVOKE}&loginPassword={SECRET}"), "");
    client.post(&format!("{REVOKE};{SECRET}"), "");
    // An `&` that was not escaped makes a name of the rest.
    client.post(REVOKE, &revoke.encode().replace(SECRET, &format!("a&{SECRET}")));
    client.post(REVOKE, &revoke.encode().replace(SECRET, &format!("a&{SECRET}=")));
    client.post(REVOKE, &format!("{SECRET}=x"));
    client.post(REVOKE, SECRET);
    // Encoded twice, or not as a form at all.
    let twice: String = form_urlencoded::byte_serialize(revoke.encode().as_bytes()).collect();
    client.post(REVOKE, &twice);
    let json = format!("{{\"loginName\":\"keeper\",\"loginPassword\":\"{SECRET}\"}}");
    client.post(REVOKE, &json);
    let misplaced = [
        SECRET.to_owned(),
        format!("loginPassword={SECRET}"),
        format!("x/{SECRET}; a=b"),
    ];
    let usual = ["application/json", "text/plain", "multipart/form-data; boundary=x", ""].map(str::to_owned);
    for content_type in usual.iter().chain(&misplaced) {
        let header = format!("Content-Type: {content_type}\r\n");
        client.send("POST", REVOKE, &header, &json);
        client.send("POST", REVOKE, &header, &revoke.encode());
    }
    client.send("POST", REVOKE, "", &revoke.encode());
    let part = format!("--x\r\nContent-Disposition: form-data; name=\"loginPassword\"\r\n\r\n{SECRET}");
    for end in ["\r\n--x--\r\n", "", "\r\n--"] {
        let body = format!("{part}{end}");
        client.send(
            "POST",
            REVOKE,
            "Content-Type: multipart/form-data; boundary=x\r\n",
            &body,
        );
    }
    // In the query string, of endpoints and of what is none, by every method.
    for method in ["GET", "POST", "PUT", "HEAD", "OPTIONS"] {
        for path in [REVOKE, REPLACE, "/", "/products/!Nothing", "/control/v1/health"] {
            client.send(method, &format!("{path}?{}", revoke.encode()), "", "");
        }
    }
    // In calls that break off, and in what is no call.
    for text in [
        format!("POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 9999\r\n\r\nloginPassword={SECRET}"),
        format!("POST {REVOKE} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 9999999\r\n\r\nloginPassword={SECRET}"),
        format!("POST {REVOKE}?loginPassword={SECRET} HTTP/7\r\n\r\n"),
        format!("loginPassword={SECRET}\r\n\r\n"),
        format!("\x16\x03\x01{SECRET}"),
    ] {
        for address in [server.http(), server.https(), server.control()] {
            let mut broken = crate::harness::Client::connect(address);
            broken.write(&text);
            broken.finish();
            broken.read_to_end();
        }
    }
    for version in ["--http1.1", "--http2"] {
        let https = |options: &[&str]| Curl::new(server, &Url::Https(REVOKE)).args(&[version]).args(options);
        https(&[]).form(&revoke).answer();
        https(&["--get"]).form(&revoke).answer();
        https(&[]).multipart(&revoke).answer();
        https(&["--user", &format!("keeper:{SECRET}")])
            .form(&Form::revoke())
            .answer();
        https(&["--cookie", SECRET]).form(&Form::revoke()).answer();
    }
}

#[track_caller]
fn assert_kept(args: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "fixtures.toml", &fixtures());
    let fixtures = ["--plain-http", "accept", "--fixtures", path.to_str().unwrap()];
    let mut server = Server::start(&[&fixtures[..], args].concat());
    make_every_kind_of_call(&server);
    assert_eq!(server.stop("TERM").0.code(), Some(0));
    let said = server.stdout() + &server.log();
    assert!(said.lines().count() > 50 || args.contains(&"off"), "{said}");
    for line in said.lines() {
        let is_told = line.contains(SECRET) || line.contains("Xq7z");
        assert!(!is_told, "{line}");
    }
}

#[test]
fn a_password_is_not_in_the_log() {
    assert_kept(&[]);
}

#[test]
fn a_password_is_not_in_a_log_in_json() {
    assert_kept(&["--log-format", "json", "--log", "debug"]);
}

#[test]
fn a_password_is_not_in_the_log_that_tells_everything() {
    assert_kept(&["--log", "trace"]);
}

#[test]
fn a_password_is_not_in_what_is_said_of_a_bad_fixtures_file() {
    let dir = TempDir::new().unwrap();
    for text in [
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = \"{SECRET}\"\nlocked = 7\n"),
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = \"{SECRET}\n"),
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = {SECRET}\n"),
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = [\"{SECRET}\"]\n"),
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = {{ {SECRET} = 1 }}\n"),
        format!(
            "[[accounts]]\nloginName = \"a\"\nloginPassword = \"{}\"\n",
            SECRET.repeat(20)
        ),
        format!("[[accounts]]\nloginName = \"a\"\nloginPassword = \"{SECRET}\"\nloginPassword = \"{SECRET}\"\n"),
        format!("{{\"accounts\": [{{\"loginName\": \"a\", \"loginPassword\": [\"{SECRET}\"]}}]}}"),
        format!("{{\"accounts\": [{{\"loginName\": \"a\", \"loginPassword\": \"{SECRET}}}]}}"),
        format!("{{\"accounts\": [{{\"loginName\": \"a\", \"loginPassword\": \"{SECRET}\", \"x\": 1}}]}}"),
    ] {
        let path = write_file(&dir, "fixtures", &text);
        let run = run_on_a_free_port(&["--fixtures", path.to_str().unwrap()]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(!run.stderr.contains("Xq7z"), "{text:?}: {run:?}");
    }
}

/// Tables with a value at the place of `@`, TOML, that takes no such text or number.
const WRONG_PLACES: [&str; 24] = [
    "accounts = @",
    "issuanceDelay = @",
    "nextOrderNumber = @",
    "[clock]\nnow = @",
    "[clock]\nfrozen = @",
    "[assumptions]\nspelling = @",
    "[[accounts]]\nlocked = @",
    "[[accounts]]\naccountID = @",
    "[[accounts]]\npermissions = @",
    "[[accounts]]\npermissions = [@]",
    "[[accounts]]\ntemplateIDs = [@]",
    "[[accounts]]\ncallLimit = @",
    "[[accounts]]\ncallLimit = { calls = @ }",
    "[[accounts]]\ncallLimit = { calls = 1, per = @ }",
    "[[orders]]\norderNumber = @",
    "[[orders]]\norderNumber = 1\nproduct = @",
    "[[orders]]\nstate = @",
    "[[orders]]\nissued = @",
    "[[orders]]\nsignatureHash = @",
    "[[orders]]\nkeepKey = @",
    "[[messages]]\nendpoint = @\ncode = 0\nmessage = \"\"",
    "[[faults]]\nendpoint = @\nthen = { garble = true }",
    "[[faults]]\nthen = { code = @ }",
    "[[faults]]\nthen = { disconnect = @ }",
];

/// Whoever mistakes a line writes the password to any place.
#[test]
fn a_password_in_the_wrong_place_of_fixtures_is_not_told() {
    let dir = TempDir::new().unwrap();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    // It reads like a message of the reader of the file.
    let tricky = format!("\"{SECRET}`, expected \\\"{SECRET}\"");
    let values = [format!("\"{SECRET}\""), tricky, "987654321987".to_owned()];
    for (place, value) in WRONG_PLACES
        .iter()
        .flat_map(|place| values.iter().map(move |value| (place, value)))
    {
        let toml = format!("{}\n", place.replace('@', value));
        let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(&toml).unwrap()).unwrap();
        // A number is right there.
        if json == r#"{"nextOrderNumber":987654321987}"# {
            continue;
        }
        for text in [&toml, &json] {
            let path = write_file(&dir, "fixtures", text);
            let args = ["--https", "off", "--http", "127.0.0.1:0", "--control", "off"];
            let run = run(&[&args, &["--fixtures", path.to_str().unwrap()][..]].concat(), &[]);
            run.assert_refused(2, &["line ", "column "]);
            assert!(
                !run.stderr.contains("Xq7z") && !run.stderr.contains("9876543"),
                "{text}: {run:?}"
            );
        }
        let text = json!({"fixtures": toml}).to_string();
        let object = format!("{{\"fixtures\":{json}}}");
        for (method, path, body) in [
            ("POST", "/reset", &text),
            ("POST", "/reset", &object),
            ("POST", "/sandboxes", &object),
            ("PUT", "/snapshot", &json),
        ] {
            let answer = control.send(method, path, body);
            assert!(matches!(answer.status, 400 | 422), "{method} {path} {body}: {answer:?}");
            let told = answer.text();
            assert!(!told.contains("Xq7z") && !told.contains("9876543"), "{body}: {told}");
        }
    }
    let log = server.log();
    assert!(!log.contains("Xq7z") && !log.contains("9876543"), "{log}");
}

/// Fixtures that are right but for one loginName, which is the password of an account, at the place of `@`.
const WRONG_NAMES: [&str; 6] = [
    "[[accounts]]\nloginName = \"keeper\"\nloginPassword = \"@\"\n\
     [[orders]]\norderNumber = 5\nloginName = \"@\"\nproduct = \"smime\"\nstate = \"issued\"",
    "[[accounts]]\nloginName = \"keeper\"\nloginPassword = \"@\"\n\
     [[orders]]\norderNumber = 5\nloginName = \" @ \"\nproduct = \"smime\"\nstate = \"issued\"",
    "[[accounts]]\nloginName = \"keeper\"\nloginPassword = \"@\"\nreseller = \"@\"",
    "[[accounts]]\nloginName = \"a\"\nloginPassword = \"b\"\nreseller = \"@\"\n\
     [[accounts]]\nloginName = \"keeper\"\nloginPassword = \"@\"",
    "[[accounts]]\nloginName = \"@\"\nloginPassword = \"@\"\n\
     [[accounts]]\nloginName = \"@\"\nloginPassword = \"b\"",
    "[[accounts]]\nloginName = \"@\"\nloginPassword = \"a\"\n\
     [[accounts]]\nloginName = \"@\"\nloginPassword = \"b\"\n\
     [[accounts]]\nloginName = \"keeper\"\nloginPassword = \"@\"",
];

/// A loginName that no account has is told, so that its line is found; but not if it is a password.
#[test]
fn a_password_in_the_place_of_a_login_name_is_not_told() {
    let dir = TempDir::new().unwrap();
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for place in WRONG_NAMES {
        let toml = format!("{}\n", place.replace('@', SECRET));
        let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(&toml).unwrap()).unwrap();
        for text in [&toml, &json] {
            let path = write_file(&dir, "fixtures", text);
            let args = ["--https", "off", "--http", "127.0.0.1:0", "--control", "off"];
            for option in ["--fixtures", "--state"] {
                // A saved state is read as fixtures are.
                let run = run(&[&args, &[option, path.to_str().unwrap()][..]].concat(), &[]);
                run.assert_refused(2, &["line ", "account has this loginName"]);
                assert!(!run.stderr.contains("Xq7z"), "{text}: {run:?}");
            }
        }
        for (method, path, body) in [
            ("POST", "/reset", format!("{{\"fixtures\":{json}}}")),
            ("POST", "/sandboxes", format!("{{\"fixtures\":{json}}}")),
            ("PUT", "/snapshot", json.clone()),
        ] {
            let answer = control.send(method, path, &body);
            assert!(matches!(answer.status, 400 | 422), "{method} {path} {body}: {answer:?}");
            assert!(!answer.text().contains("Xq7z"), "{body}: {}", answer.text());
        }
    }
    for (path, body) in [
        (
            "/accounts",
            format!(r#"{{"loginName": "keeper", "loginPassword": "{SECRET}", "reseller": "{SECRET}"}}"#),
        ),
        (
            "/orders",
            r#"{"loginName": "login_password", "product": "smime", "state": "issued"}"#.to_owned(),
        ),
    ] {
        let answer = control.send("POST", path, &body);
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
        let told = answer.text();
        assert!(told.contains("no account has this loginName"), "{told}");
        assert!(!told.contains("Xq7z") && !told.contains("login_password"), "{told}");
    }
    let log = server.log();
    assert!(!log.contains("Xq7z"), "{log}");
}

/// A password of digits, written without quotes.
#[test]
fn a_password_that_is_a_number_is_not_told_either() {
    let dir = TempDir::new().unwrap();
    for text in [
        "[[accounts]]\nloginName = \"a\"\nloginPassword = 987654321987\n",
        "{\"accounts\": [{\"loginName\": \"a\", \"loginPassword\": 987654321987}]}",
    ] {
        let path = write_file(&dir, "fixtures", text);
        let run = run_on_a_free_port(&["--fixtures", path.to_str().unwrap()]);
        run.assert_refused(2, &["line"]);
        assert!(!run.stderr.contains("987654321987"), "{run:?}");
    }
}

/// A password of digits, sent as a number whose sign and zeros mean nothing.
#[test]
fn a_password_in_the_place_of_a_number_is_not_told() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let account = r#"{"loginName": "digits", "loginPassword": "7654321987"}"#;
    assert_eq!(control.send("POST", "/accounts", account).status, 201);
    for assumption in ["number-zeros", "number-sign", "number-spaces"] {
        let change = format!(r#"{{"{assumption}": "accepted"}}"#);
        assert_eq!(control.send("PATCH", "/assumptions", &change).status, 200);
    }
    for number in ["7654321987", "007654321987", "+7654321987", " +07654321987 "] {
        let call = json!({"endpoint": "!autoRevokeCS", "arguments": [
            {"name": "loginName", "value": "digits"}, {"name": "orderNumber", "value": number},
        ]});
        let answer = control.send("POST", "/calls", &call.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(!answer.text().contains("7654321987"), "{}", answer.text());
    }
    let calls = control.send("GET", "/calls", "");
    assert!(!calls.text().contains("7654321987"), "{}", calls.text());
    assert!(!server.log().contains("7654321987"));
}

/// A password of digits in the place of any argument, of a call that is right otherwise.
#[test]
fn a_password_in_the_place_of_any_argument_is_not_told() {
    const SECRET: &str = "7654321987";
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let account = format!(r#"{{"loginName": "digits", "loginPassword": "{SECRET}"}}"#);
    assert_eq!(control.send("POST", "/accounts", &account).status, 201);
    let agreed = r#"{"caCertificateIDs": [1], "templateIDs": [1]}"#;
    assert_eq!(control.send("PATCH", "/accounts/login_name", agreed).status, 200);
    let credentials = [("loginName", "login_name"), ("loginPassword", "login_password")];
    let mut calls = 0;
    for endpoint in ENDPOINTS {
        for wrong in endpoint.arguments {
            let sent = |name: &str| if name == wrong.name { Some(SECRET) } else { None };
            let known = endpoint.example.iter().filter(|(name, _)| !name.starts_with("login"));
            let mut arguments: Vec<_> = credentials
                .iter()
                .chain(known)
                .map(|(name, value)| json!({"name": name, "value": sent(name).unwrap_or(value)}))
                .collect();
            if !arguments.iter().any(|argument| argument["name"] == wrong.name) {
                arguments.push(json!({"name": wrong.name, "value": SECRET}));
            }
            let call = json!({"endpoint": endpoint.name, "arguments": arguments});
            let answer = control.send("POST", "/calls", &call.to_string());
            assert_eq!(answer.status, 200, "{answer:?}");
            let made: Value = serde_json::from_str(answer.text()).unwrap();
            let shown = made["call"].to_string();
            assert!(!shown.contains(SECRET), "{} {}: {shown}", endpoint.name, wrong.name);
            calls += 1;
        }
    }
    assert!(calls > 100, "{calls}");
    assert!(!control.send("GET", "/calls?limit=1000", "").text().contains(SECRET));
    let log = server.log();
    let line = log.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None);
}
