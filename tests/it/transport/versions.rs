//! HTTP/1.1 and HTTP/2, TLS 1.2 and 1.3, judged by curl.

use crate::harness::{Answer, Curl, Form, REPLACE, REVOKE, SUCCESS, Server, Url};

fn call(server: &Server, options: &[&str], form: &Form) -> Answer {
    Curl::new(server, &Url::Https(REVOKE)).args(options).form(form).answer()
}

#[test]
fn both_versions_of_http_answer_alike() {
    let server = Server::start(&[]);
    let test = Form::revoke().set("test", "Y");
    for (option, version) in [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2")] {
        let answer = call(&server, &[option], &test);
        answer.assert_text(SUCCESS);
        assert_eq!(answer.version, version);
    }
    // Whoever can speak HTTP/2 does.
    assert_eq!(call(&server, &[], &test).version, "HTTP/2");
}

#[test]
fn both_versions_of_tls_are_spoken() {
    let server = Server::start(&[]);
    let test = Form::revoke().set("test", "Y");
    for version in [&["--tlsv1.3"][..], &["--tlsv1.2", "--tls-max", "1.2"]] {
        call(&server, version, &test).assert_text(SUCCESS);
    }
    let old = Curl::new(&server, &Url::Https(REVOKE))
        .args(&["--tls-max", "1.1"])
        .output();
    assert!(!old.status.success());
    server.assert_well();
}

#[test]
fn http_2_has_what_http_1_has() {
    let server = Server::start(&[]);
    let http2 = |path, options: &[&str]| Curl::new(&server, &Url::Https(path)).args(&["--http2"]).args(options);
    http2(REPLACE, &["--get"])
        .form(&Form::replace().add("responseFormat", "2"))
        .answer()
        .assert_reply(
            "application/json",
            r#"{"errorCode":-17,"errorMessage":"Request used GET rather than POST!"}"#,
        );
    http2(REVOKE, &["--request", "DELETE"])
        .answer()
        .assert_text("-17\nRequest used GET rather than POST!\n");
    http2("/products/%21AUTOREVOKECS", &[])
        .multipart(&Form::revoke().set("test", "Y"))
        .answer()
        .assert_text(SUCCESS);
    assert_eq!(http2("/nothing", &[]).answer().status, 404);
    let csr = Form::replace().order(1_100_001);
    http2(REPLACE, &[]).form(&csr).answer().assert_text(SUCCESS);
}

#[test]
fn a_body_that_is_too_long_is_refused_over_tls_as_well() {
    let server = Server::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let path = crate::harness::write_file(&dir, "body", &"a".repeat((1 << 20) + 1));
    let body = format!("@{}", path.to_str().unwrap());
    for version in ["--http1.1", "--http2"] {
        let answer = Curl::new(&server, &Url::Https(REVOKE))
            .args(&[version, "--data-binary", &body])
            .answer();
        assert_eq!(answer.status, 413, "{version}: {answer:?}");
    }
    call(&server, &[], &Form::revoke()).assert_text(SUCCESS);
    server.assert_well();
}

#[test]
fn the_hosts_of_the_documents_can_be_stood_in_for() {
    let server = Server::start(&[]);
    let port = server.https().port();
    for host in [
        "secure.trust-provider.com",
        "secure.sectigo.com",
        "secure.comodo.net",
        "secure.comodo.com",
        "sectigo-emulator",
        "localhost",
    ] {
        let resolve = format!("{host}:{port}:127.0.0.1");
        Curl::new(&server, &Url::Https(REVOKE))
            .args(&["--resolve", &resolve])
            .url(format!("https://{host}:{port}{REVOKE}"))
            .form(&Form::revoke().set("test", "Y"))
            .answer()
            .assert_text(SUCCESS);
    }
    // A name that the certificate does not have is not trusted, or all of this would prove nothing.
    let output = Curl::new(&server, &Url::Https(REVOKE))
        .args(&["--resolve", &format!("example.com:{port}:127.0.0.1")])
        .url(format!("https://example.com:{port}{REVOKE}"))
        .output();
    assert_eq!(output.status.code(), Some(60), "{output:?}");
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let form = Form::revoke().set("test", "Y").encode();
    client.write(format!("POST {REVOKE}?{form} HTTP/1.0\r\n\r\n"));
    let answer = client.read().unwrap();
    assert_eq!((answer.status, answer.text()), (200, SUCCESS));
    assert_eq!(client.read_to_end(), b"");
}
