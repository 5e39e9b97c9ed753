//! `download/CollectSMIME`: its statuses, its codes, its certificates, and how it is called.

use super::{COLLECT_SMIME, assert_chain, certificates, collect, openssl, send};
use crate::harness::{Control, Form, REPLACE, REPLACE_DENIED, Server, invalid, missing, unrecognized};

#[test]
fn a_status_says_how_far_an_order_has_come() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (order, expected) in [
        (1_100_001, "0\n"),
        (1_100_002, "0\n"),
        (1_100_003, "1\n"),
        (1_100_004, "1\n"),
        (1_100_005, "-21\nThe certificate has been revoked!\n"),
        (1_100_006, "-20\nThe certificate request has been rejected!\n"),
        (1_100_007, "1\n"),
        (1_100_008, "0\n"),
    ] {
        send(&mut client, &collect(order).set("queryType", "0")).assert_text(expected);
        for query in ["1", "2", "3"] {
            let answer = send(&mut client, &collect(order).set("queryType", query));
            if expected == "1\n" {
                assert!(
                    answer.text().starts_with("2\n-----BEGIN CERTIFICATE-----\n"),
                    "{answer:?}"
                );
            } else {
                answer.assert_text(expected);
            }
        }
        // What is not there yet is no binary structure, and has no times.
        if expected != "1\n" {
            let form = collect(order)
                .add("responseType", "2")
                .add("responseEncoding", "1")
                .add("showValidityPeriod", "Y");
            send(&mut client, &form).assert_text(expected);
        }
    }
}

#[test]
fn every_code() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let issued = || collect(1_234_567);
    for (form, expected) in [
        (issued().add("colour", "red"), unrecognized("colour")),
        (issued().add("responseFormat", "1"), unrecognized("responseFormat")),
        (issued().without("queryType"), missing("queryType")),
        (collect(2_200_003), invalid("orderNumber")),
        (collect(1), invalid("orderNumber")),
        (collect(1_100_101), invalid("orderNumber")),
        (issued().set("loginPassword", "x"), REPLACE_DENIED.to_owned()),
        (issued().by("locked_account"), REPLACE_DENIED.to_owned()),
        (
            collect(1_100_006),
            "-20\nThe certificate request has been rejected!\n".to_owned(),
        ),
        (
            collect(1_100_005),
            "-21\nThe certificate has been revoked!\n".to_owned(),
        ),
        (
            issued().by("no_permission"),
            "-91\nPermission denied for 'download/CollectSMIME'\n".to_owned(),
        ),
    ] {
        send(&mut client, &form).assert_text(&expected);
    }
    client
        .get(&format!("{COLLECT_SMIME}?{}", issued().encode()))
        .assert_text("-17\nRequest used GET rather than POST!\n");
    let mut control = Control::of(&server);
    for (code, expected) in [
        (-14, "-14\nAn unknown error occurred!\n"),
        (-22, "-22\nStill awaiting payment!\n"),
    ] {
        let fault = format!(r#"{{"endpoint":"download/CollectSMIME","times":1,"then":{{"code":{code}}}}}"#);
        control.expect(("POST", "/faults", &fault), 201, &[]);
        send(&mut client, &issued()).assert_text(expected);
    }
    server.assert_well();
}

#[test]
fn the_root_comes_first_and_the_leaf_last() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut control = Control::of(&server);
    let leaf = control.expect(("GET", "/orders/1234567/certificate", ""), 200, &[]);
    // The control API gives the chain in the order in which it is walked.
    let chain = certificates(&control.expect(("GET", "/orders/1234567/chain", ""), 200, &[]));
    let [issuing, root] = &chain[..] else {
        panic!("{chain:?}")
    };
    for (query, expected) in [
        ("1", format!("2\n{root}{issuing}{leaf}")),
        ("2", format!("2\n{leaf}")),
        ("3", format!("2\n{root}{issuing}")),
    ] {
        let form = collect(1_234_567).set("queryType", query);
        send(&mut client, &form).assert_text(&expected);
        send(&mut client, &form.add("responseType", "3")).assert_text(&expected);
    }
    let answer = send(&mut client, &collect(1_234_567));
    assert_chain(&certificates(answer.text()));
    let reply = control.get("/calls")["calls"][0]["reply"].clone();
    assert_eq!(reply, format!("2\n{root}{issuing}{leaf}"));
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
    // A binary structure has no lines before it.
    let der = send(&mut client, &form.set("responseType", "2").add("responseEncoding", "1"));
    assert!(der.bytes().starts_with(b"\x30\x82"), "{der:?}");

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
        String::from_utf8(dates).unwrap().trim_end(),
        "notBefore=Jan  2 03:04:05 2026 GMT\nnotAfter=Oct  2 03:04:04 2026 GMT"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for query in ["0", "2", "3"] {
        for response_type in ["0", "1", "2", "4"] {
            let form = collect(1_234_567)
                .set("queryType", query)
                .add("responseType", response_type);
            send(&mut client, &form).assert_text(&invalid("responseType"));
        }
        let form = collect(1_234_567).set("queryType", query).add("responseEncoding", "1");
        send(&mut client, &form).assert_text(&invalid("responseEncoding"));
    }
    for response_type in ["1", "3", "4"] {
        let form = collect(1_234_567)
            .add("responseType", response_type)
            .add("responseEncoding", "1");
        send(&mut client, &form).assert_text(&invalid("responseEncoding"));
    }
    // Without a type, certificates are encoded individually.
    let form = collect(1_234_567).add("responseEncoding", "1");
    send(&mut client, &form).assert_text(&invalid("responseEncoding"));
}

#[test]
fn it_is_served_over_plain_http() {
    let server = Server::start(&["--https", "off"]);
    let mut client = server.client();
    client
        .post(REPLACE, &Form::replace().encode())
        .assert_text("-1\nRequest was not made over HTTPS!\n");
    let status = collect(1_234_567).set("queryType", "0");
    send(&mut client, &status).assert_text("1\n");
    for path in ["/products/%64ownload/collectsmime", "/PRODUCTS/download/CollectSMIME"] {
        let answer = client.post(path, &status.encode());
        assert_eq!(answer.status == 200, path.starts_with("/products"), "{path} {answer:?}");
    }
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
