//! `ca init` and `env`: a client trusts the CA before and after the emulator starts.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Server, run};

#[test]
fn a_ca_that_is_made_first_is_the_one_that_serves() {
    let dir = TempDir::new().unwrap();
    let ca_dir = dir.path().join("below/ca");
    let ca_dir = ca_dir.to_str().unwrap();
    let init = run(&["ca", "init", "--dir", ca_dir], &[]);
    assert_eq!(
        (init.code, &*init.stdout, &*init.stderr),
        (Some(0), &*format!("{ca_dir}/ca.pem\n"), "")
    );
    let made = fs::read_to_string(init.stdout.trim_end()).unwrap();

    let again = run(&["ca", "init"], &[("SECTIGO_EMULATOR_CA_DIR", ca_dir)]);
    assert_eq!((again.code, &again.stdout), (Some(0), &init.stdout));
    let server = Server::start(&["--ca-dir", ca_dir]);
    assert_eq!(fs::read_to_string(server.ca_file()).unwrap(), made);

    fs::write(dir.path().join("below/ca/ca.pem"), "x").unwrap();
    run(&["ca", "init", "--dir", ca_dir], &[]).assert_refused(2, &["ca.pem", "no certificate"]);
    run(&["ca", "init"], &[]).assert_refused(2, &["--dir"]);
}

/// What `env` prints, evaluated in a shell in the directory, followed by a script.
fn in_shell(dir: &Path, printed: &str, script: &str) -> String {
    let ran = Command::new("sh")
        .args(["-euc", &format!("{printed}\n{script}")])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap().trim_end().to_owned()
}

/// A call without arguments; it is told that they are missing.
const CURL: &str = "curl --silent --show-error --data '' \"$SECTIGO_BASE_URL/products/!autoRevokeCS\" | head -n 1";

#[test]
fn a_shell_that_evaluates_it_reaches_the_sandbox_over_trusted_tls() {
    let server = Server::start(&[]);
    let control = server.control().to_string();
    let dir = TempDir::new().unwrap();
    let files = dir.path().join("it's here");
    let files = files.to_str().unwrap();
    run(&["ctl", "--control", &control, "sandboxes", "create", "t1"], &[]);
    let env = run(&["env", "--control", &control, "--sandbox", "t1", "--dir", files], &[]);
    assert_eq!((env.code, &*env.stderr), (Some(0), ""));

    assert_eq!(in_shell(dir.path(), &env.stdout, CURL), "-3");
    let base_url = in_shell(dir.path(), &env.stdout, "echo \"$SECTIGO_BASE_URL\"");
    assert_eq!(base_url, format!("https://{}/sandboxes/t1", server.https()));
    let called = in_shell(
        dir.path(),
        &env.stdout,
        "curl --silent \"$SECTIGO_CONTROL_URL/control/v1/sandboxes/t1/calls\"",
    );
    assert!(called.contains("!autoRevokeCS"), "{called}");
    let ca = fs::read_to_string(format!("{files}/ca.pem")).unwrap();
    assert_eq!(ca, fs::read_to_string(server.ca_file()).unwrap());
    assert_eq!(fs::read_to_string(format!("{files}/.gitignore")).unwrap(), "*\n");
}

#[test]
fn version_control_ignores_a_directory_that_has_nothing_else() {
    let server = Server::start(&[]);
    let control = server.control().to_string();
    let dir = TempDir::new().unwrap();
    let written_into = |name: &str| {
        let files = dir.path().join(name);
        let env = run(&["env", "--control", &control, "--dir", files.to_str().unwrap()], &[]);
        assert_eq!((env.code, &*env.stderr), (Some(0), ""), "{name}");
        assert!(files.join("ca.pem").is_file(), "{name}");
        fs::read_to_string(files.join(".gitignore")).ok()
    };
    for name in ["empty", "full", "own"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("full/main.rs"), "").unwrap();
    fs::write(dir.path().join("own/.gitignore"), "target\n").unwrap();
    for (name, expected) in [
        ("new", Some("*\n")),
        ("empty", Some("*\n")),
        ("full", None),
        ("own", Some("target\n")),
    ] {
        assert_eq!(written_into(name).as_deref(), expected, "{name}");
        assert_eq!(written_into(name).as_deref(), expected, "{name}, once more");
    }
}

#[test]
fn its_variables_are_its_own() {
    let server = Server::start(&[]);
    let control = server.control().to_string();
    let dir = TempDir::new().unwrap();
    let files = dir.path().join("files");
    let files = files.to_str().unwrap();
    let environment = [
        ("SECTIGO_EMULATOR_CONTROL", control.as_str()),
        ("SECTIGO_EMULATOR_ENV_DIR", files),
        ("SECTIGO_EMULATOR_ENV_FORMAT", "json"),
        ("SECTIGO_EMULATOR_FORMAT", "markdown"),
    ];
    let env = run(&["env"], &environment);
    let json: serde_json::Value = serde_json::from_str(&env.stdout).unwrap();
    assert_eq!(json["SSL_CERT_FILE"], format!("{files}/ca.pem"));
    let endpoints = run(&["endpoints"], &environment);
    assert_eq!(endpoints.code, Some(0), "{endpoints:?}");
    assert!(endpoints.stdout.contains("\n| "), "{}", endpoints.stdout);
}

#[test]
fn the_other_formats_have_the_same_variables() {
    let server = Server::start(&[]);
    let control = server.control().to_string();
    let dir = TempDir::new().unwrap();
    let files = dir.path().join("files");
    let files = files.to_str().unwrap();
    let printed = |format| {
        let env = run(&["env", "--control", &control, "--dir", files, "--format", format], &[]);
        assert_eq!((env.code, &*env.stderr), (Some(0), ""), "{format}");
        env.stdout
    };
    let json: serde_json::Map<_, _> = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!(json["SECTIGO_BASE_URL"], format!("https://{}", server.https()));
    assert_eq!(json.len(), 8, "{json:?}");
    for name in [
        "SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ] {
        assert_eq!(json[name], format!("{files}/ca.pem"), "{name}");
    }
    for (format, before, quote) in [("sh", "export ", "'"), ("dotenv", "", "'"), ("github", "", "")] {
        let printed = printed(format);
        assert_eq!(printed.lines().count(), json.len(), "{printed}");
        for (name, value) in &json {
            let line = format!("{before}{name}={quote}{}{quote}", value.as_str().unwrap());
            assert!(printed.lines().any(|printed| printed == line), "{format}: no {line}");
        }
    }
}

#[test]
fn java_and_php_trust_the_ca_by_what_is_written_beside() {
    let server = Server::start(&[]);
    let dir = TempDir::new().unwrap();
    let args = ["env", "--control", &server.control().to_string(), "--dir"];
    let files = dir.path().join("a b");
    let env = run(&[&args[..], &[files.to_str().unwrap()]].concat(), &[]);
    assert_eq!(env.code, Some(0), "{env:?}");

    // A stranger reads the truststore, and its MAC fits.
    let openssl = "openssl pkcs12 -in 'a b/truststore.p12' -passin pass:changeit -nokeys";
    let read = in_shell(dir.path(), &env.stdout, openssl);
    let certificate = fs::read_to_string(server.ca_file()).unwrap();
    assert!(read.contains(certificate.trim_end()), "{read}");
    let wrong = Command::new("openssl")
        .args(["pkcs12", "-passin", "pass:wrong", "-nokeys", "-in"])
        .arg(files.join("truststore.p12"))
        .output()
        .unwrap();
    assert!(!wrong.status.success());

    // A language that is not on the machine is not tried.
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if is_there("java") {
        fs::write(dir.path().join("Call.java"), JAVA).unwrap();
        let said = in_shell(
            dir.path(),
            &env.stdout,
            "java Call.java 2> errors || { cat errors >&2; exit 1; }",
        );
        assert_eq!(said.lines().next(), Some("-3"), "{said}");
    }
    if is_there("php") {
        fs::write(dir.path().join("call.php"), PHP).unwrap();
        assert_eq!(in_shell(dir.path(), &env.stdout, "php call.php"), "-3");
    }
}

const JAVA: &str = r#"
import java.net.URI;
import java.net.http.*;

class Call {
    public static void main(String[] none) throws Exception {
        var url = URI.create(System.getenv("SECTIGO_BASE_URL") + "/products/!autoRevokeCS");
        var request = HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofString("")).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
"#;

const PHP: &str = r#"<?php
$how = ["http" => ["method" => "POST", "content" => "", "header" => "Content-Type: application/x-www-form-urlencoded"]];
$body = file_get_contents(getenv("SECTIGO_BASE_URL") . "/products/!autoRevokeCS", false, stream_context_create($how));
echo strtok($body, "\n"), "\n";
"#;

#[test]
fn what_cannot_be_said_is_an_error() {
    let server = Server::start(&[]);
    let plain = Server::plain(&["--https", "off"]);
    let dir = TempDir::new().unwrap();
    let files = dir.path().join("files");
    let files = files.to_str().unwrap();
    let control = server.control().to_string();
    run(
        &["env", "--control", &control, "--dir", files, "--sandbox", "nobody"],
        &[],
    )
    .assert_refused(1, &["nobody", "Make one: `sectigo-emulator ctl sandboxes create NAME`"]);
    run(&["env", "--control", &control, "--dir", "a\"b"], &[]).assert_refused(1, &["quotation mark"]);
    let control = plain.control().to_string();
    run(&["env", "--control", &control, "--dir", files], &[]).assert_refused(1, &["--base-url"]);
    let given = run(
        &[
            "env",
            "--control",
            &control,
            "--dir",
            files,
            "--base-url",
            "https://emulator/",
        ],
        &[],
    );
    assert!(
        given.stdout.contains("export SECTIGO_BASE_URL='https://emulator'\n"),
        "{given:?}"
    );
    run(&["env", "--control", &control, "--base-url", "emulator"], &[]).assert_refused(2, &["https://HOST:PORT"]);
}

#[test]
fn a_token_is_asked_for_and_not_printed() {
    let server = Server::plain(&["--control-token", "s3cret"]);
    let control = server.control().to_string();
    let dir = TempDir::new().unwrap();
    let dir = dir.path().to_str().unwrap();
    let args = [
        "env",
        "--control",
        &control,
        "--dir",
        dir,
        "--base-url",
        "https://emulator",
    ];
    run(&args, &[]).assert_refused(1, &["401"]);
    let given = run(&args, &[("SECTIGO_EMULATOR_CONTROL_TOKEN", "s3cret")]);
    assert_eq!(given.code, Some(0), "{given:?}");
    assert!(!given.stdout.contains("s3cret"), "{}", given.stdout);
}
