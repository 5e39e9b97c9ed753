//! The command `check`, with an emulator of other settings in the place of the real service.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Control, Run, Server, run, write_file};

/// A password of which each form differs: plain, percent-encoded, in JSON and in HTML.
const PASSWORD: &str = "s3cret & \"pass\" <wörd>";

/// The server that stands in for the real one, and files beside it.
struct Stage {
    server: Server,
    dir: TempDir,
}

impl Stage {
    /// An account, its orders, and more of a fixtures file.
    fn new(more: &str) -> Self {
        let fixtures = format!(
            "{more}\n\
             [[accounts]]\nloginName = \"jane\"\nloginPassword = {}\n\
             [[accounts]]\nloginName = \"other\"\nloginPassword = \"x\"\n\
             [[orders]]\norderNumber = 11\nloginName = \"jane\"\nproduct = \"smime\"\nstate = \"issued\"\nemail = \"a@example.com\"\n\
             [[orders]]\norderNumber = 12\nloginName = \"jane\"\nproduct = \"code-signing\"\nstate = \"issued\"\norganization = \"A\"\n\
             [[orders]]\norderNumber = 13\nloginName = \"other\"\nproduct = \"smime\"\nstate = \"issued\"\nemail = \"b@example.com\"\n",
            toml::Value::from(PASSWORD)
        );
        let dir = TempDir::new().unwrap();
        let path = write_file(&dir, "fixtures.toml", &fixtures);
        write_file(&dir, "password", &format!("{PASSWORD}\n"));
        let server = Server::start(&["--fixtures", path.to_str().unwrap()]);
        Self { server, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `check` against the server; a word that begins with `@` is a file of this stage.
    #[track_caller]
    fn check(&self, more: &[&str]) -> Run {
        let (https, http) = (self.server.https(), self.server.http());
        let (https, http) = (format!("https://{https}"), format!("http://{http}"));
        let ca = self.server.ca_file().to_str().unwrap();
        let own = [
            "--against",
            &https,
            "--against-http",
            &http,
            "--ca",
            ca,
            "--login",
            "jane",
        ];
        let more = [&["--password-file", "@password", "--pause", "0s"], more].concat();
        self.run(&[&own[..], &more].concat())
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Run {
        let args: Vec<_> = args
            .iter()
            .map(|word| match word.strip_prefix('@') {
                Some(name) => self.path(name).to_str().unwrap().to_owned(),
                None => (*word).to_owned(),
            })
            .collect();
        let args: Vec<_> = std::iter::once("check")
            .chain(args.iter().map(String::as_str))
            .collect();
        let run = run(&args, &[]);
        for text in [&run.stdout, &run.stderr] {
            assert_no_password(text);
        }
        run
    }

    fn calls(&self) -> usize {
        let calls = Control::of(&self.server).get("/calls");
        calls["calls"].as_array().unwrap().len()
    }
}

#[track_caller]
fn assert_no_password(text: &str) {
    for form in [PASSWORD, "s3cret", "p%22ass", "pass%22"] {
        assert!(!text.contains(form), "the password is in {text}");
    }
}

const ORDERS: &[&str] = &[
    "--smime-order",
    "11",
    "--code-signing-order",
    "12",
    "--foreign-order",
    "13",
    "--collect",
];

#[test]
fn what_differs_is_explained_written_and_gone() {
    let stage = Stage::new(
        "assumptions = { charset = \"utf-8\", collect-dates = \"date\", foreign-order = \"-16\" }\n\
         [[messages]]\nendpoint = \"!autoRevokeCS\"\ncode = -3\nmessage = \"xxxx? \\\"Nothing\\\" there\"\n",
    );
    let files = ["--write", "@out.toml", "--record", "@out.jsonl", "--junit", "@out.xml"];
    let found = stage.check(&[&["--yes"], ORDERS, &files].concat());
    assert_eq!(found.code, Some(1), "{found:?}");
    for words in [
        "\nassumption charset=utf-8\n",
        "\nassumption collect-dates=date\n",
        "\nassumption foreign-order=-16\n",
        "\nmessage !autoRevokeCS -3: xxxx? \"Nothing\" there\n",
        "the order of --smime-order was taken to be issued",
        "not decided: old-order=replaced could be issued; no call that changes nothing decides it",
        ", 0 differ\n",
    ] {
        assert!(found.stdout.contains(words), "no {words:?} in {}", found.stdout);
    }
    let [toml, transcript, junit] = ["out.toml", "out.jsonl", "out.xml"].map(|name| stage.text(name));
    for text in [&toml, &transcript, &junit] {
        assert_no_password(text);
        assert!(!text.contains("jane"), "{text}");
    }
    assert!(transcript.contains("loginName=$LOGIN&loginPassword=$PASSWORD&orderNumber=0"));
    assert!(
        junit.contains("<failure message=\"explained by assumption charset=utf-8\">"),
        "{junit}"
    );

    // With what was written, nothing differs, online and offline; without it, as much as before.
    let again = stage.check(&[&["--yes", "--fixtures", "@out.toml"], ORDERS].concat());
    assert_eq!((again.code, &*again.stderr), (Some(0), ""), "{again:?}");
    let replayed = stage.run(&["--replay", "@out.jsonl", "--fixtures", "@out.toml"]);
    assert_eq!((replayed.code, &*replayed.stderr), (Some(0), ""), "{replayed:?}");
    let replayed = stage.run(&["--replay", "@out.jsonl", "--write", "@again.toml"]);
    // Above stand certificates, of which no two are the same.
    let conclusion = |run: &Run| run.stdout.split_once("\n\n").map(|(_, text)| text.to_owned());
    assert_eq!((replayed.code, conclusion(&replayed)), (Some(1), conclusion(&found)));
    assert_eq!(stage.text("again.toml"), toml);

    // What the transcript confirms is said beside the marks.
    let path = stage.path("out.jsonl");
    let printed = run(&["endpoints", "--checked", path.to_str().unwrap()], &[]).stdout;
    assert!(printed.contains("documented, checked ("), "{printed}");
    assert!(printed.contains("documented, contradicted ("), "{printed}");
    let serving = Server::start(&["--https", "off", "--checked", path.to_str().unwrap()]);
    let catalogue = Control::of(&serving).get("/endpoints").to_string();
    assert!(catalogue.contains("documented, checked ("), "{catalogue}");
    let fidelity = run(&["endpoints", "--fidelity", "--checked", path.to_str().unwrap()], &[]).stdout;
    let row = fidelity
        .lines()
        .find(|line| line.starts_with("| `!autoRevokeCS` |"))
        .unwrap();
    assert!(!row.ends_with("| 0 | 0 |"), "{row}");
}

#[test]
fn the_result_is_given_to_programs() {
    let stage = Stage::new("assumptions = { spelling = \"british\" }");
    let found = stage.check(&["--yes", "--json", "--only", "!autoRevokeCS"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    let result: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(result["assumptions"]["spelling"], "british");
    assert_eq!(result["same"], false);
    let probes = result["probes"].as_array().unwrap();
    let unknown = probes
        .iter()
        .find(|row| row["probe"] == "!autoRevokeCS/arguments/unknown")
        .unwrap();
    assert_eq!(
        (&unknown["result"], &unknown["class"]),
        (&"explained".into(), &"inert".into())
    );
    assert_eq!(
        unknown["server"]["body"],
        "-2\n'notAnArgument' is an unrecognised argument!\n"
    );
    assert!(
        probes
            .iter()
            .all(|row| row["probe"].as_str().unwrap().starts_with("!autoRevokeCS/"))
    );
    let open = result["notDecided"].as_array().unwrap();
    let foreign = open.iter().find(|open| open["assumption"] == "foreign-order").unwrap();
    assert_eq!(foreign["why"], "name an order with --foreign-order");
}

#[test]
fn nothing_is_sent_unless_somebody_agrees() {
    let stage = Stage::new("");
    let planned = stage.check(&[&["--dry-run", "--record", "@out.jsonl"], ORDERS].concat());
    assert_eq!((planned.code, &*planned.stderr), (Some(0), ""), "{planned:?}");
    let refused = stage.check(&[&["--write", "@out.toml"], ORDERS].concat());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    // The overview is short, and says how to see the whole plan, which begins with the same line.
    assert_eq!(refused.stdout.lines().count(), 6, "{refused:?}");
    assert!(
        planned.stdout[2..].starts_with(refused.stdout.lines().next().unwrap()),
        "{refused:?}"
    );
    for words in [
        "\n  inert: ",
        "\n  test: ",
        "\n  read: ",
        "out.toml would be written: fixtures",
        "--dry-run",
    ] {
        assert!(refused.stdout.contains(words), "no {words:?} in {refused:?}");
    }
    assert!(refused.stderr.contains("nothing was sent: give --yes"), "{refused:?}");
    assert_eq!(refused.stderr.lines().count(), 1);
    assert!(!stage.path("out.jsonl").exists() && !stage.path("out.toml").exists());
    let bounded = stage.check(&["--yes", "--max-calls", "3"]);
    bounded.assert_refused(2, &["more than --max-calls 3"]);
    assert_eq!(stage.calls(), 0);

    // The plan is of commands that do what they say.
    let plan = &planned.stdout;
    assert!(
        plan.contains("\n# test: test=Y") && plan.contains("\n# read: "),
        "{plan}"
    );
    let command = plan
        .split("# !autoRevokeCS/orderNumber/unknown\n")
        .nth(1)
        .and_then(|rest| rest.lines().next())
        .unwrap();
    assert!(command.contains("\"loginPassword=$PASSWORD\""), "{command}");
    let output = Command::new("bash")
        .args(["-c", &format!("{command} --cacert \"$CA\"")])
        .env("CA", stage.server.ca_file())
        .env("LOGIN", "jane")
        .env("PASSWORD", PASSWORD)
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        answer.ends_with("-4\nThe value of the 'orderNumber' argument is invalid!\n"),
        "{answer}"
    );
}

#[test]
fn it_ends_at_the_first_refused_login_or_call_limit() {
    for (more, code) in [
        ("locked = true", "-16"),
        ("callLimit = { calls = 2, per = \"1h\" }", "-42"),
    ] {
        let stage = Stage::new(&format!(
            "[[accounts]]\nloginName = \"busy\"\nloginPassword = {}\n{more}\n",
            toml::Value::from(PASSWORD)
        ));
        let ended = stage.check(&[
            "--yes",
            "--login",
            "busy",
            "--write",
            "@out.toml",
            "--record",
            "@out.jsonl",
        ]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(&format!("answered {code} to ")), "{ended:?}");
        assert!(!stage.path("out.toml").exists() && !stage.path("out.jsonl").exists());
        let calls = Control::of(&stage.server).get("/calls");
        let answered = calls["calls"].as_array().unwrap().iter();
        let refused = answered.filter(|call| call["code"].as_i64() == code.parse().ok());
        assert_eq!(refused.count(), 1, "{code}");
    }
}

#[test]
fn a_running_emulator_is_compared_in_a_sandbox_of_its_own() {
    let stage = Stage::new("assumptions = { charset = \"utf-8\" }");
    let emulator = Server::start(&["--assume", "charset=utf-8"]);
    let (https, control) = (format!("https://{}", emulator.https()), emulator.control().to_string());
    let of_emulator = [
        "--yes",
        "--only",
        "!autoRevokeCS,download/CollectSMIME",
        "--emulator",
        &https,
        "--control",
        &control,
    ];
    let same = stage.check(&[&of_emulator, ORDERS].concat());
    assert_eq!((same.code, &*same.stderr), (Some(0), ""), "{same:?}");
    let sandboxes = Control::of(&emulator).get("/sandboxes");
    assert_eq!(sandboxes["sandboxes"].as_array().unwrap().len(), 1, "{sandboxes}");
    let elsewhere = stage.check(&["--yes", "--emulator", &https, "--control", "127.0.0.1:1"]);
    elsewhere.assert_refused(2, &["the emulator: nothing answers at", "--control says where one is"]);
}

#[test]
fn a_sandbox_in_a_running_emulator_is_deleted_however_it_ends() {
    let stage = Stage::new("");
    let emulator = Server::start(&[]);
    let (https, control) = (format!("https://{}", emulator.https()), emulator.control().to_string());
    let of_emulator = ["--emulator", &https, "--control", &control];
    fs::write(stage.path("empty"), "").unwrap();
    let recorded = ["--yes", "--only", "!autoRevokeCS", "--record", "@transcript"];
    assert_eq!(stage.check(&recorded).code, Some(0));
    for (words, expected) in [
        // Nothing of the transcript is about that endpoint.
        (
            &["--replay", "@transcript", "--only", "download/CollectSMIME"][..],
            "there is nothing to compare",
        ),
        (
            &["--replay", "@empty"],
            " is no transcript of `check --record`: it is empty",
        ),
    ] {
        stage
            .run(&[words, &of_emulator].concat())
            .assert_refused(2, &[expected]);
    }
    // The emulator refuses to make that order.
    let unprepared = ["--yes", "--smime-order", "9000000000000000000"];
    stage
        .check(&[&unprepared[..], &of_emulator].concat())
        .assert_refused(2, &["an order number is between 1 and"]);
    let sandboxes = Control::of(&emulator).get("/sandboxes");
    assert_eq!(sandboxes["sandboxes"].as_array().unwrap().len(), 1, "{sandboxes}");
}

#[test]
fn an_order_that_the_server_does_not_know_is_named_first() {
    let stage = Stage::new("");
    for number in ["999", "11", "13"] {
        let run = stage.check(&["--yes", "--only", "!autoRevokeCS", "--code-signing-order", number]);
        assert_eq!(run.code, Some(1), "{run:?}");
        let first = run.stdout.lines().next().unwrap();
        assert!(
            first.starts_with("The server answers -4 for the order of --code-signing-order: "),
            "{first}"
        );
    }
    let run = stage.check(&["--yes", "--only", "!autoRevokeCS", "--code-signing-order", "12"]);
    assert!(!run.stdout.contains("The server answers"), "{run:?}");
}

#[test]
fn what_a_server_does_wrong_is_said() {
    let stage = Stage::new("");
    let long = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}",
        "x".repeat(2_000_000)
    );
    for (response, words) in [
        (
            "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            "answered with HTTP status 500 (text/html), which is not an answer of the API",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://example.com/login\r\nContent-Length: 0\r\n\r\n",
            "redirects (HTTP status 302) to https://example.com/login, which is not followed",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n-3\n",
            "broke off or is not HTTP",
        ),
        ("", "broke off or is not HTTP"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "broke off or is not HTTP"),
        (&long, "is longer than 1048576 bytes"),
        (SILENCE, "sent no whole response within 100ms (--timeout)"),
    ] {
        let address = broken_server(&stage.path("broken.pem"), response);
        let url = format!("https://{address}");
        let run = stage.run(&[
            "--against",
            &url,
            "--ca",
            "@broken.pem",
            "--login",
            "jane",
            "--password-file",
            "@password",
            "--yes",
            "--timeout",
            if response == SILENCE { "100ms" } else { "30s" },
            "--write",
            "@out.toml",
            "--record",
            "@out.jsonl",
            "--junit",
            "@out.xml",
        ]);
        run.assert_refused(2, &[words, "no file was written"]);
        for name in ["out.toml", "out.jsonl", "out.xml"] {
            assert!(!stage.path(name).exists(), "{name}: {words}");
        }
    }
}

#[test]
fn a_server_that_is_not_trusted_gets_nothing() {
    let stage = Stage::new("");
    let url = format!("https://{}", stage.server.https());
    let own = [
        "--against",
        &url,
        "--login",
        "jane",
        "--password-file",
        "@password",
        "--yes",
    ];
    stage
        .run(&own)
        .assert_refused(2, &["TLS with 127.0.0.1:", "--ca names the certificates"]);
    stage
        .run(&[&own[..], &["--ca", "@password"]].concat())
        .assert_refused(2, &["(--ca)"]);
    assert_eq!(stage.calls(), 0);
    let nobody = [
        "--against",
        "https://127.0.0.1:1",
        "--login",
        "jane",
        "--password-file",
        "@password",
        "--yes",
    ];
    stage.run(&nobody).assert_refused(2, &["cannot connect to 127.0.0.1:1"]);
}

#[test]
fn what_cannot_be_used_is_refused() {
    let stage = Stage::new("");
    write_file(&stage.dir, "empty", "");
    write_file(&stage.dir, "lines", "a\nb\n");
    for (args, words) in [
        (
            &["--yes", "--password-file", "@missing"][..],
            "error: --password-file: ",
        ),
        (&["--yes", "--password-file", "@missing"], "there is no such file"),
        (
            &["--yes", "--password-file", "@empty"],
            "must contain the password, in one line",
        ),
        (
            &["--yes", "--password-file", "@lines"],
            "must contain the password, in one line",
        ),
        (&["--yes", "--only", "!nothing"], "--only names no endpoint"),
        (
            &["--yes", "--only", "autoRevokCS"],
            "lists them; a similar name exists: `!autoRevokeCS`",
        ),
        (&["--yes", "--write", "@fixtures.toml/x"], "fixtures.toml"),
    ] {
        stage.check(args).assert_refused(2, &[words]);
    }
    for (args, words) in [
        (&["--replay", "@missing"][..], "cannot read the transcript"),
        (
            &["--replay", "@empty"],
            "is no transcript of `check --record`: it is empty",
        ),
        (
            &["--replay", "@lines"],
            "is no transcript of `check --record`: expected value",
        ),
        (&["--against", "http://a"], "give a URL such as https://"),
        (&["--against", "https://a"], "--login"),
        (&["--against", "https://a", "--replay", "@empty"], "cannot be used with"),
    ] {
        stage.run(args).assert_refused(2, &[words]);
    }
    assert_eq!(stage.calls(), 0);
}

/// What a server sends that sends nothing, and keeps the connection.
const SILENCE: &str = "...";

/// A TLS server that answers every request with these bytes and closes. Its certificate is written to `ca`.
fn broken_server(ca: &Path, response: &str) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(ca, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let response = response.to_owned();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = Stream::new(&mut connection, &mut tcp);
            // The client may be gone; then the next one is awaited.
            let mut request = [0; 4096];
            let read = stream.read(&mut request);
            if read.is_ok() && response != SILENCE {
                let _ = stream.write_all(response.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            } else {
                kept.push(tcp);
            }
        }
    });
    address
}
