//! Names and methods: what is an endpoint, and what is asked of it.

use crate::harness::{Client, Curl, Form, REPLACE, REVOKE, SUCCESS, Server, Url};

const NOT_HTTPS: &str = "-1\nRequest was not made over HTTPS!\n";
const NOT_POST: &str = "-17\nRequest used GET rather than POST!\n";

#[test]
fn an_endpoint_is_found_however_its_name_is_written() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let body = Form::revoke().set("test", "Y").encode();
    for path in [
        "/products/!autoRevokeCS",
        "/products/!AutoRevokeCS",
        "/products/!autorevokecs",
        "/products/!AUTOREVOKECS",
        "/products/%21autoRevokeCS",
        "/products/%21AUTOREVOKECS",
        "/products/%21%61utoRevokeCS",
        "/products/download/!autoRevokeCS",
        "/products/Download/!AUTOREVOKECS",
        "/products/download/%21autoRevokeCS",
        "/products/%64ownload%2F%21autorevokecs",
    ] {
        client.post(path, &body).assert_text(SUCCESS);
    }
    for path in [
        "/products/download/autoRevokeCS",
        "/products/download/download/!autoRevokeCS",
        "/products/download/!CollectSMIME",
        "/products/CollectSMIME",
        "/products/!download/!autoRevokeCS",
    ] {
        let answer = client.post(path, &body);
        assert_eq!(answer.status, 404, "{path} {answer:?}");
    }
    let body = Form::replace().order(1_100_001).encode();
    for path in ["/products/!autoreplacesmime", "/products/%21AUTOREPLACESMIME"] {
        client.post(path, &body).assert_text(SUCCESS);
    }
}

#[test]
fn a_url_that_names_the_host_is_a_url_as_well() {
    let server = Server::plain(&[]);
    let target = format!("http://secure.trust-provider.com{REVOKE}");
    let answer = server.client().post(&target, &Form::revoke().set("test", "Y").encode());
    answer.assert_text(SUCCESS);
}

#[test]
fn every_other_method_is_answered_as_get_is() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let arguments = Form::revoke().encode();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY", "post"] {
        client.send(method, REVOKE, "", "").assert_text(NOT_POST);
        client
            .send(method, &format!("{REVOKE}?{arguments}"), "", "")
            .assert_text(NOT_POST);
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        client.send(method, REVOKE, form, &arguments).assert_text(NOT_POST);
        client.send(method, REPLACE, form, "responseFormat=2").assert_reply(
            "application/json",
            r#"{"errorCode":-17,"errorMessage":"Request used GET rather than POST!"}"#,
        );
    }
    // None of them revoked anything.
    client.revoke(&Form::revoke()).assert_text(SUCCESS);
}

#[test]
fn head_is_answered_without_a_body() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let answer = client.send("HEAD", REVOKE, "", "");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain"))
    );
    if let Some(length) = answer.header("content-length") {
        assert_eq!(length, NOT_POST.len().to_string());
    }
    // Had there been a body, it would be taken for the next answer.
    client.revoke(&Form::revoke()).assert_text(SUCCESS);
    let server = Server::start(&[]);
    for version in ["--http1.1", "--http2"] {
        for path in [REVOKE, "/nothing"] {
            let output = Curl::new(&server, &Url::Https(path))
                .args(&[version, "--head"])
                .output();
            assert!(output.status.success(), "{version} {path}: {output:?}");
        }
    }
}

#[test]
fn there_is_nothing_elsewhere() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for path in [
        "/",
        "/products",
        "/products/",
        "/products/!Nothing",
        "/products/autoRevokeCS",
        "/products/!autoRevokeCS/",
        "/products/!autoRevokeCS/x",
        "/products//!autoRevokeCS",
        "/products/../products/!autoRevokeCS",
        "/products/%2521autoRevokeCS",
        "/products/%FFautoRevokeCS",
        "/products/!autoRevokeCS%00",
        "/Products/!autoRevokeCS",
        "/!autoRevokeCS",
        "/control/v1/health",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = client.send(method, path, "", "");
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
    }
    server.assert_well();
}

#[test]
fn plain_http_is_refused_in_each_format_and_by_each_method() {
    let server = Server::start(&["--https", "off"]);
    let mut client = server.client();
    client.revoke(&Form::revoke()).assert_text(NOT_HTTPS);
    client.replace(&Form::replace()).assert_text(NOT_HTTPS);
    client
        .replace(&Form::replace().add("responseFormat", "1"))
        .assert_reply(
            "application/x-www-form-urlencoded",
            "errorCode=-1&errorMessage=Request+was+not+made+over+HTTPS%21",
        );
    client
        .replace(&Form::replace().add("responseFormat", "2"))
        .assert_reply(
            "application/json",
            r#"{"errorCode":-1,"errorMessage":"Request was not made over HTTPS!"}"#,
        );
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        client.send(method, REVOKE, "", "").assert_text(NOT_HTTPS);
    }
    assert_eq!(client.get("/").status, 404);
}

#[test]
fn plain_http_that_is_refused_changes_nothing() {
    let server = Server::start(&[]);
    server.client().revoke(&Form::revoke()).assert_text(NOT_HTTPS);
    let revoke = Curl::new(&server, &Url::Https(REVOKE)).form(&Form::revoke());
    revoke.answer().assert_text(SUCCESS);
}

#[test]
fn the_control_listener_carries_what_it_should_and_no_more() {
    let server = Server::start(&[]);
    let mut client = Client::connect(server.control());
    let health = client.get("/control/v1/health");
    assert_eq!(
        (health.status, health.header("content-type")),
        (200, Some("application/json"))
    );
    let endpoints = client.get("/control/v1/endpoints");
    assert_eq!(endpoints.header("content-type"), Some("application/json"));
    let catalogue: serde_json::Value = serde_json::from_str(endpoints.text()).unwrap();
    assert_eq!(catalogue["endpoints"][0]["path"], REPLACE);
    let ca = client.get("/control/v1/tls/ca.pem");
    assert!(ca.text().starts_with("-----BEGIN CERTIFICATE-----\n"), "{ca:?}");
    for path in ["/other", "/control", "/control/v1", "/control/v1/nothing", REVOKE] {
        let answer = client.get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, Some("application/problem+json")),
            "{path}"
        );
    }
    assert_eq!(client.send("POST", "/control/v1/health", "", "").status, 405);
    for (path, is_base) in [
        ("/control/v1", true),
        ("/control/v1/", true),
        ("/control/v1/nothing", false),
    ] {
        let answer = client.get(path);
        let detail = answer.text();
        assert!(
            detail.contains("There is nothing here. /control/v1/openapi.json tells "),
            "{path}: {answer:?}"
        );
        let names_both = detail.contains("try /control/v1/orders") && detail.contains("open / for the console");
        assert_eq!((answer.status, names_both), (404, is_base), "{path}: {answer:?}");
    }
}
