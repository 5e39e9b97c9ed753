//! Passwords and the token are nowhere but in snapshots, which make the same world again.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::harness::{Client, Form, REPLACE, REVOKE, Run, Server, default_fixtures, in_sandbox, run, write_file};

/// Each secret holds this, and nothing else does.
const MARK: &str = "Xq7z";
const SECRET: &str = "Xq7zHunterXq7z";
const CHANGED: &str = "Xq7zChangedXq7z";
const TOKEN: &str = "Xq7zTokenXq7z";

/// A server whose secrets all hold the mark, and what bears its token.
struct Kept {
    server: Server,
    headers: String,
    /// What was asked so far, and what was told.
    told: Vec<(String, String)>,
}

impl Kept {
    #[track_caller]
    fn start(log: &[&str]) -> Self {
        let mut fixtures = default_fixtures();
        for account in fixtures["accounts"].as_array_mut().unwrap() {
            account["loginPassword"] = format!("{MARK}{}", account["loginName"].as_str().unwrap()).into();
        }
        let dir = TempDir::new().unwrap();
        let path = write_file(&dir, "fixtures.json", &fixtures.to_string());
        let args = [
            "--https",
            "off",
            "--plain-http",
            "accept",
            "--fixtures",
            path.to_str().unwrap(),
        ];
        let server = Server::start_with(&[&args, log].concat(), &[("SECTIGO_EMULATOR_CONTROL_TOKEN", TOKEN)]);
        Self {
            server,
            headers: format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"),
            told: Vec::new(),
        }
    }

    /// Asks the control API, and keeps what it tells.
    #[track_caller]
    fn ask(&mut self, method: &str, path: &str, body: &str) -> u16 {
        let target = format!("/control/v1{path}");
        let answer = Client::connect(self.server.control()).send(method, &target, &self.headers, body);
        if answer.status != 204 {
            self.told
                .push((format!("{method} {path} {body}"), answer.text().to_owned()));
        }
        answer.status
    }

    /// Runs `ctl`, and keeps what it prints.
    #[track_caller]
    fn ctl(&mut self, args: &[&str]) -> Run {
        let control = self.server.control().to_string();
        let environment = [
            ("SECTIGO_EMULATOR_CONTROL", &*control),
            ("SECTIGO_EMULATOR_CONTROL_TOKEN", TOKEN),
        ];
        let run = run(&[&["ctl"], args].concat(), &environment);
        self.told
            .push((format!("ctl {args:?}"), format!("{}{}", run.stdout, run.stderr)));
        run
    }

    /// The mark is in nothing that was told, nor in the log.
    #[track_caller]
    fn assert_kept(&self, at_least: usize) {
        assert!(self.told.len() >= at_least, "{}", self.told.len());
        for (asked, told) in &self.told {
            assert!(!told.contains(MARK), "{asked}: {told}");
        }
        for line in self.server.log().lines() {
            assert!(!line.contains(MARK), "{line}");
        }
    }
}

/// Calls that go well, calls that do not, and calls that were put together wrongly.
fn call_in_every_way(server: &Server, sandbox: &str) -> usize {
    let revoke = Form::revoke().by("keeper").set("loginPassword", SECRET).order(5);
    let plain = revoke.encode();
    let forms = [
        plain.clone(),
        plain.clone(),
        revoke.clone().set("loginPassword", format!("{SECRET}x")).encode(),
        revoke.clone().by(SECRET).encode(),
        revoke.clone().by("nobody").encode(),
        revoke.clone().by(SECRET).set("loginPassword", "keeper").encode(),
        revoke
            .clone()
            .by(&format!("{SECRET}x"))
            .set("loginPassword", "keeper")
            .encode(),
        revoke
            .clone()
            .by(&format!("{SECRET}."))
            .without("loginPassword")
            .encode(),
        // With the password of another account in the wrong place.
        Form::revoke().set("revocationReason", SECRET).encode(),
        Form::revoke().set("revocationReason", format!("\t{SECRET} ")).encode(),
        Form::revoke().set("test", SECRET).encode(),
        Form::revoke().add("loginName", SECRET).encode(),
        Form::revoke().set("orderNumber", SECRET).encode(),
        revoke.clone().rename(str::to_uppercase).encode(),
        revoke
            .clone()
            .set("revocationReason", format!("by keeper with {SECRET}"))
            .encode(),
        revoke.clone().add("loginPassword", SECRET.repeat(20)).encode(),
        revoke.clone().add(SECRET, "x").encode(),
        revoke.clone().without("loginPassword").add("password", SECRET).encode(),
        plain.replace(SECRET, &format!("a&{SECRET}")),
        plain.replace(SECRET, &format!("a&{SECRET}=")),
        plain.replace('&', ";"),
        plain.replace('&', "\n"),
        plain.replace('=', ":"),
        format!("{{\"loginName\":\"keeper\",\"loginPassword\":\"{SECRET}\"}}"),
        form_urlencoded::byte_serialize(plain.as_bytes()).collect(),
    ];
    let mut client = server.client();
    for form in &forms {
        for path in [REVOKE, REPLACE] {
            client.post(&in_sandbox(sandbox, path), form);
        }
        client.send(
            "POST",
            &in_sandbox(sandbox, REVOKE),
            "Content-Type: text/plain\r\n",
            form,
        );
    }
    client.get(&format!("{}?{plain}", in_sandbox(sandbox, REVOKE)));
    3 * forms.len() + 1
}

fn assert_secrets_are_kept(log: &[&str]) {
    let mut kept = Kept::start(log);
    let account = format!(r#"{{"loginName":"keeper","loginPassword":"{SECRET}"}}"#);
    let order = r#"{"orderNumber":5,"loginName":"keeper","product":"code-signing"}"#;
    assert_eq!(kept.ask("POST", "/sandboxes", r#"{"name":"t1"}"#), 201);
    for base in ["", "/sandboxes/t1"] {
        assert_eq!(kept.ask("POST", &format!("{base}/accounts"), &account), 201);
        assert_eq!(kept.ask("POST", &format!("{base}/orders"), order), 201);
    }

    let mut stream = TcpStream::connect(kept.server.control()).unwrap();
    let request = format!(
        "GET /control/v1/calls/stream HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: 0\r\n{}\r\n",
        kept.headers
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut made = 0;
    for sandbox in ["default", "t1"] {
        made = call_in_every_way(&kept.server, sandbox);
        let base = if sandbox == "default" { "" } else { "/sandboxes/t1" };
        kept.ask("GET", &format!("{base}/calls"), "");
        let (_, calls) = kept.told.last().unwrap();
        assert_eq!(calls.matches("\"realTime\"").count(), made, "{sandbox}");
        assert!(calls.contains("***") && calls.contains("keeper"));
        // The nearest calls are whole calls too.
        kept.ask("POST", &format!("{base}/calls/count"), r#"{"orderNumber":5,"code":7}"#);
        for list in [
            "/accounts",
            "/accounts/keeper",
            "/orders",
            "/orders/5",
            "/faults",
            "/assumptions",
            "/clock",
        ] {
            assert_eq!(kept.ask("GET", &format!("{base}{list}"), ""), 200, "{list}");
        }
        let patch = format!(r#"{{"loginPassword":"{CHANGED}"}}"#);
        assert_eq!(kept.ask("PATCH", &format!("{base}/accounts/keeper"), &patch), 200);
    }
    kept.ask("GET", "/sandboxes", "");
    kept.ask("GET", "/openapi.json", "");
    kept.ask("GET", "/endpoints", "");

    // Requests that are refused, with a password at the wrong place.
    for (method, path, body) in [
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":["{SECRET}"]}}"#),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":{{"{SECRET}":1}}}}"#),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":"{SECRET}","locked":7}}"#),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":"{SECRET}"#),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":{SECRET}}}"#),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"a","loginPassword":"{}"}}"#, SECRET.repeat(20)),
        ),
        (
            "POST",
            "/accounts",
            format!(r#"{{"loginName":"keeper","loginPassword":"{SECRET}"}}"#),
        ),
        (
            "PATCH",
            "/accounts/keeper",
            format!(r#"{{"loginPassword":["{SECRET}"]}}"#),
        ),
        (
            "PATCH",
            "/accounts/nobody",
            format!(r#"{{"loginPassword":"{SECRET}"}}"#),
        ),
        (
            "PUT",
            "/snapshot",
            format!(r#"{{"accounts":[{{"loginName":"a","loginPassword":["{SECRET}"]}}]}}"#),
        ),
        (
            "PUT",
            "/snapshot",
            format!(r#"{{"accounts":[{{"loginName":"","loginPassword":"{SECRET}"}}]}}"#),
        ),
        (
            "POST",
            "/reset",
            format!(r#"{{"fixtures":{{"accounts":[{{"loginName":"","loginPassword":"{SECRET}"}}]}}}}"#),
        ),
        (
            "POST",
            "/reset",
            format!(r#"{{"fixtures":"[[accounts]]\nloginPassword = {SECRET}"}}"#),
        ),
        (
            "POST",
            "/sandboxes",
            format!(r#"{{"fixtures":"[[accounts]]\nloginName = 7\nloginPassword = \"{SECRET}\""}}"#),
        ),
    ] {
        let status = kept.ask(method, path, &body);
        assert!((400..500).contains(&status), "{method} {path} {body}: {status}");
    }
    assert!(kept.server.stop("TERM").0.success());
    let mut events = String::new();
    stream.read_to_string(&mut events).unwrap();
    assert_eq!(events.matches("event: call").count(), made, "{events}");
    kept.told.push(("the stream".to_owned(), events));
    kept.assert_kept(40);
}

#[test]
fn no_answer_entry_or_line_tells_a_secret() {
    assert_secrets_are_kept(&["--log", "trace"]);
}

#[test]
fn no_line_in_json_tells_a_secret() {
    assert_secrets_are_kept(&["--log-format", "json", "--log", "debug"]);
}

#[test]
fn what_ctl_prints_for_people_tells_no_secret() {
    let mut kept = Kept::start(&[]);
    assert_eq!(kept.ctl(&["accounts", "create", "keeper", SECRET]).code, Some(0));
    assert_eq!(
        kept.ctl(&["accounts", "set", "keeper", &format!("loginPassword={CHANGED}")])
            .code,
        Some(0)
    );
    let form = Form::revoke().by("keeper").set("loginPassword", CHANGED);
    assert_eq!(kept.server.client().revoke(&form).code(), -4);
    for command in [
        &["accounts", "list"][..],
        &["accounts", "show", "keeper"],
        &["orders", "list"],
        &["orders", "show", "1234567"],
        &["calls"],
        &["faults", "list"],
        &["sandbox", "list"],
        &["clock", "show"],
        &["assumptions"],
        &["reset"],
    ] {
        for json in [&[][..], &["--json"]] {
            let run = kept.ctl(&[command, json].concat());
            assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{command:?}");
            assert!(!run.stdout.is_empty(), "{command:?}");
        }
    }
    // Refused, with a secret in what was given.
    for command in [
        &["accounts", "create", "a", SECRET, "locked=7"][..],
        &["accounts", "create", "login_name", SECRET],
        &["accounts", "set", "nobody", "loginPassword=Xq7zHunterXq7z"],
        &["accounts", "create", "a", "--password", SECRET],
    ] {
        let run = kept.ctl(command);
        assert!(matches!(run.code, Some(1 | 2)), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    }
    kept.assert_kept(20);
}

/// In calls that lack the password, so that nothing but the accounts says what it is.
#[test]
fn a_password_that_others_sent_is_masked_wherever_it_stands() {
    let mut kept = Kept::start(&["--log", "debug"]);
    let account = format!(r#"{{"loginName":"keeper","loginPassword":"{SECRET}"}}"#);
    assert_eq!(kept.ask("POST", "/accounts", &account), 201);
    let mut client = kept.server.client();
    let own = |form: Form| form.set("loginPassword", format!("{MARK}login_name"));
    let longer = format!("by keeper, with {SECRET}, as usual");
    let reason = own(Form::revoke()).set("revocationReason", &longer);
    client.revoke(&reason).assert_text("0\n");
    client.revoke(&own(Form::revoke()).order(2_200_002).set("codeReason", &longer));
    client.revoke(&own(Form::revoke()).set("orderNumber", format!("2200003 {SECRET}")));
    // The reply repeats it, to the caller alone.
    let apply = own(Form::default().add("loginName", "login_name").add("loginPassword", ""))
        .add("product", "8")
        .add("days", "365")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", format!("{SECRET}@example.com"))
        .add("organizationName", format!("{SECRET} GmbH"))
        .add("countryName", "DE")
        .add("localityName", format!("at {SECRET}"));
    for secret in [SECRET, &format!("no. {SECRET}")] {
        for format in ["0", "1", "2"] {
            let form = apply
                .clone()
                .add("foreignOrderNumber", secret)
                .add("responseFormat", format);
            let answer = client.post("/products/!AutoApplyOrder", &form.encode());
            assert!(answer.text().contains(SECRET), "{answer:?}");
        }
    }
    let smime = own(Form::default().add("loginName", "login_name").add("loginPassword", ""))
        .add("product", "794")
        .add("days", "365")
        .add("sanEmailAddress", format!("{SECRET}@example.com"));
    let answer = client.post("/products/!AutoApplyOrder", &smime.encode());
    assert!(answer.text().starts_with("0\n"), "{answer:?}");
    for path in [
        format!("/products/{SECRET}"),
        format!("/products/x{SECRET}/y"),
        "/products/%58q7z%48unterXq7z".to_owned(),
        format!("/{SECRET}"),
        format!("/ca/{SECRET}.cer"),
        format!("/sandboxes/{SECRET}{REVOKE}"),
        format!("/sandboxes/{SECRET}/ca/root.cer"),
    ] {
        assert_eq!(client.get(&path).status, 404, "{path}");
    }
    for path in ["/orders", "/accounts", "/calls"].map(|list| format!("{list}/{SECRET}")) {
        assert_eq!(kept.ask("GET", &path, ""), 404, "{path}");
    }
    assert_eq!(kept.ask("DELETE", &format!("/sandboxes/{SECRET}"), ""), 404);
    kept.told.clear();

    let look = |kept: &mut Kept| {
        for list in [
            "/orders",
            "/orders/2200003",
            "/orders?search=login",
            "/calls",
            "/calls/1",
        ] {
            assert_eq!(kept.ask("GET", list, ""), 200, "{list}");
            let (_, told) = kept.told.last().unwrap();
            assert!(told.contains("\"***\""), "{list}: {told}");
        }
        kept.ask("POST", "/calls/count", r#"{"orderNumber":7,"code":7}"#);
        assert_eq!(kept.ask("PATCH", "/orders/2200003", "{}"), 200);
    };
    look(&mut kept);
    assert_eq!(kept.ask("GET", "/outbox", ""), 200);
    assert!(kept.told.last().unwrap().1.contains(r#""to":"***""#));
    // What was a password then is none to be told of calls that came then.
    assert_eq!(kept.ask("GET", "/snapshot", ""), 200);
    let (_, snapshot) = kept.told.pop().unwrap();
    assert_eq!(kept.ask("PUT", "/snapshot", &snapshot), 200);
    look(&mut kept);
    let patch = format!(r#"{{"loginPassword":"{CHANGED}"}}"#);
    assert_eq!(kept.ask("PATCH", "/accounts/keeper", &patch), 200);
    look(&mut kept);
    kept.assert_kept(20);
    kept.server.wait_for_log(&["there is no endpoint at `/products/***`"]);
    kept.server.wait_for_log(&["there is no sandbox `***`"]);
}

#[test]
fn a_snapshot_alone_has_the_passwords() {
    let mut kept = Kept::start(&[]);
    assert_eq!(kept.ask("GET", "/snapshot", ""), 200);
    let (_, snapshot) = kept.told.pop().unwrap();
    for login in ["login_name", "locked_account", "reseller_account"] {
        assert!(
            snapshot.contains(&format!("\"loginPassword\":\"{MARK}{login}\"")),
            "{snapshot}"
        );
    }
    assert!(!snapshot.contains(TOKEN));
    // A file that holds them is its owner's alone.
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("snapshot.json");
    let run = kept.ctl(&["snapshot", "--output", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains(&format!("{MARK}login_name"))
    );
    kept.assert_kept(1);
}
