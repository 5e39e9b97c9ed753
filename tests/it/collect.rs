//! `download/CollectSMIME`: how far an order has come, and its certificate in each form, read by openssl.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::harness::{Answer, Client, Control, Form, PASSWORD, Server};

const COLLECT: &str = "/products/download/CollectSMIME";

fn collect(order: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", order.to_string())
        .add("queryType", "1")
}

fn send(client: &mut Client, form: &Form) -> Answer {
    let answer = client.post(COLLECT, &form.encode());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// What openssl prints of a text.
#[track_caller]
fn openssl(args: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot run openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The subjects of certificates in PKCS#7.
fn subjects(form: &str, pkcs7: &[u8]) -> usize {
    openssl(&["pkcs7", "-inform", form, "-print_certs", "-noout"], pkcs7)
        .lines()
        .filter(|line| line.starts_with("subject="))
        .count()
}

#[test]
fn a_status_says_how_far_an_order_has_come() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (order, expected) in [
        (1_100_001, "0\n"),
        (1_100_002, "-26\nThe certificate is currently being Issued!\n"),
        (1_100_003, "1\n"),
        (1_100_004, "1\n"),
        (1_100_005, "-21\nThe certificate has already been Revoked!\n"),
        (1_100_006, "-20\nThe certificate request has already been Rejected!\n"),
        (1_100_007, "1\n"),
        (1_100_008, "-22\nThe certificate request is awaiting payment!\n"),
    ] {
        let answer = send(&mut client, &collect(order).set("queryType", "0"));
        assert_eq!(answer.text(), expected, "{order}");
        let answer = send(&mut client, &collect(order));
        let status = if expected == "1\n" {
            Some("2")
        } else {
            expected.lines().next()
        };
        assert_eq!(answer.text().lines().next(), status, "{order}");
        let has_certificate = answer.text().contains("BEGIN CERTIFICATE");
        assert_eq!(has_certificate, expected == "1\n", "{order}");
    }
}

#[test]
fn it_is_the_certificate_that_the_order_has() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut control = Control::of(&server);
    let certificate = control.expect(("GET", "/orders/1234567/certificate", ""), 200, &[]);
    let chain = control.expect(("GET", "/orders/1234567/chain", ""), 200, &[]);
    for (query, expected) in [
        ("1", format!("2\n{certificate}{chain}")),
        ("2", format!("2\n{certificate}")),
        ("3", format!("2\n{chain}")),
    ] {
        for response_type in ["0", "3"] {
            let form = collect(1_234_567)
                .set("queryType", query)
                .add("responseType", response_type);
            assert_eq!(send(&mut client, &form).text(), expected, "{query} {response_type}");
        }
    }
    let form = collect(1_234_567).add("responseType", "2");
    let answer = send(&mut client, &form);
    let pkcs7 = answer.text().strip_prefix("2\n").unwrap().to_owned();
    assert_eq!(subjects("PEM", pkcs7.as_bytes()), 3, "{pkcs7}");
    for response_type in ["0", "2"] {
        let form = collect(1_234_567)
            .add("responseType", response_type)
            .add("responseEncoding", "1");
        let answer = send(&mut client, &form);
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert_eq!(subjects("DER", answer.bytes().strip_prefix(b"2\n").unwrap()), 3);
    }
    let journal = control.get("/calls");
    let replies: Vec<_> = journal["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["reply"].as_str().unwrap())
        .collect();
    assert!(
        replies[0].contains(&certificate) && replies.last() == Some(&"2\n"),
        "{replies:?}"
    );
}

#[test]
fn the_validity_period_is_shown_on_request() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"now":"2026-02-01T00:00:00Z"}"#), 200, &[]);
    // A certificate is of whole seconds, and its last one is that before the order expires.
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime",
        "issued":"2026-01-02T03:04:05.678Z","expires":"2026-10-02T03:04:05.678Z"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let mut client = server.client();
    let form = collect(7).add("showValidityPeriod", "Y");
    let lines = "2026-01-02T03:04:05Z\n2026-10-02T03:04:04Z\n";
    let status = send(&mut client, &form.clone().set("queryType", "0"));
    assert_eq!(status.text(), format!("1\n{lines}"));
    let pem = send(&mut client, &form.clone().set("responseType", "3"));
    let start = format!("2\n{lines}-----BEGIN CERTIFICATE-----\n");
    assert!(pem.text().starts_with(&start), "{pem:?}");
    let der = send(&mut client, &form.set("responseType", "2").add("responseEncoding", "1"));
    assert!(der.bytes().starts_with(format!("2\n{lines}\x30").as_bytes()), "{der:?}");

    let certificate = control.get("/orders/7/certificate?format=json");
    let period = format!(
        "{}\n{}\n",
        certificate["notBefore"].as_str().unwrap(),
        certificate["notAfter"].as_str().unwrap()
    );
    assert_eq!(period, lines);
    let pem = certificate["pem"].as_str().unwrap();
    let dates = openssl(&["x509", "-noout", "-dates"], pem.as_bytes());
    assert_eq!(
        dates.trim_end(),
        "notBefore=Jan  2 03:04:05 2026 GMT\nnotAfter=Oct  2 03:04:04 2026 GMT"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let issued = || collect(1_234_567);
    let invalid = |name: &str| format!("-4\nThe value of the '{name}' argument is invalid!\n");
    for (form, expected) in [
        (issued().add("responseType", "1"), invalid("responseType")),
        (issued().add("responseType", "4"), invalid("responseType")),
        (
            issued().set("queryType", "2").add("responseType", "2"),
            invalid("responseType"),
        ),
        (
            issued().add("responseType", "3").add("responseEncoding", "1"),
            invalid("responseEncoding"),
        ),
        (
            issued().set("queryType", "3").add("responseEncoding", "1"),
            invalid("responseEncoding"),
        ),
        (issued().set("queryType", "4"), invalid("queryType")),
        (issued().add("showValidityPeriod", "y"), invalid("showValidityPeriod")),
        (collect(2_200_003), invalid("orderNumber")),
        (collect(1), invalid("orderNumber")),
        (
            issued().without("queryType"),
            "-3\nThe 'queryType' argument is missing!\n".to_owned(),
        ),
        (
            issued().add("colour", "red"),
            "-2\n'colour' is an unrecognized argument!\n".to_owned(),
        ),
        (
            issued().by("no_permission"),
            "-91\nPermission denied for 'download/CollectSMIME'\n".to_owned(),
        ),
    ] {
        assert_eq!(send(&mut client, &form).text(), expected, "{form:?}");
    }
    assert_eq!(send(&mut client, &issued().set("loginPassword", "x")).code(), -16);
    assert_eq!(client.get(&format!("{COLLECT}?{}", issued().encode())).code(), -17);
}

#[test]
fn a_ca_that_cannot_be_made_is_an_unknown_error() {
    let dir = tempfile::TempDir::new().unwrap();
    let ca = dir.path().join("ca");
    let server = Server::plain(&["--ca-dir", ca.to_str().unwrap()]);
    // Unreadable for everybody, root included.
    std::fs::create_dir(ca.join("smime.key")).unwrap();
    let mut control = Control::of(&server);
    let answer = send(&mut server.client(), &collect(1_100_003));
    assert_eq!(answer.text(), "-14\nAn unknown error occurred!\n");
    let hint = control.get("/calls")["calls"][0]["hint"].clone();
    assert!(hint.as_str().unwrap().contains("smime.key: cannot read"), "{hint}");
}
