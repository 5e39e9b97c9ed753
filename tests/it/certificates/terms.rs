//! What an order says of its certificate: the product, the CA, whom it names, and whether the key is kept.

use super::desk::Desk;
use crate::harness::{Control, Form, STATES, Server, invalid, run, write_file};

/// Product and its code, and the policies and usages of its certificates, as openssl names them.
const PRODUCTS: &[(&str, u16, [&str; 2], &[&str])] = &[
    (
        "smime",
        794,
        ["1.3.6.1.4.1.6449.1.2.1.10.1", "2.23.140.1.5.1.2"],
        &["TLS Web Client Authentication", "E-mail Protection"],
    ),
    (
        "smime",
        795,
        ["1.3.6.1.4.1.6449.1.2.1.10.2", "2.23.140.1.5.1.3"],
        &["E-mail Protection"],
    ),
    (
        "smime",
        796,
        ["1.3.6.1.4.1.6449.1.2.1.10.3", "2.23.140.1.5.2.2"],
        &["TLS Web Client Authentication", "E-mail Protection"],
    ),
    (
        "code-signing",
        8,
        ["1.3.6.1.4.1.6449.1.2.1.3.2", "2.23.140.1.4.1"],
        &["Code Signing"],
    ),
    (
        "code-signing",
        530,
        ["1.3.6.1.4.1.6449.1.2.1.6.1", "2.23.140.1.3"],
        &["Code Signing"],
    ),
];

#[test]
fn the_product_code_chooses_the_profile() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for (product, code, policies, usages) in PRODUCTS {
        let number = desk.order(&format!(
            r#"{{"loginName":"login_name","product":"{product}","productCode":{code},"email":"a@example.com",
                "organization":"Müller & Söhne"}}"#
        ));
        desk.collect(number);
        let printed = desk.x509(number, "-ext certificatePolicies");
        let found: Vec<_> = printed
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Policy: "))
            .collect();
        assert_eq!(found, policies, "{code}");
        let printed = desk.x509(number, "-ext extendedKeyUsage");
        assert_eq!(printed.lines().last().unwrap().trim(), usages.join(", "), "{code}");
        let subject = desk.x509(number, "-subject -nameopt utf8,sep_multiline");
        let names_it = subject.contains("O=Müller & Söhne\n");
        assert_eq!(names_it, !matches!(code, 794 | 795), "{code} {subject}");
        assert!(desk.x509(number, "-text").contains("email:a@example.com\n"), "{code}");
        assert_eq!(
            subject.contains("emailAddress"),
            *product == "smime",
            "{code} {subject}"
        );
        assert_eq!(desk.told(number), "good", "{code}");
    }
    for (product, code) in [("smime", 8), ("code-signing", 794), ("smime", 1)] {
        let order = format!(r#"{{"loginName":"login_name","product":"{product}","productCode":{code}}}"#);
        desk.control
            .expect(("POST", "/orders", &order), 422, &[r#""field":"productCode""#]);
    }
}

#[test]
fn a_ca_certificate_id_chooses_the_ca() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    assert_eq!(
        desk.client.get("/crl/smime-1.crl").status,
        404,
        "it has issued nothing yet"
    );
    let form = Form::replace().order(1_100_101).by("agreement_account");
    desk.replace(&form.clone().set("caCertificateID", "2"))
        .assert_text(&invalid("caCertificateID"));
    let number = desk.replace(&form.set("caCertificateID", "1")).order_number();
    desk.collect(number);
    desk.collect(1_100_101);
    let described = desk.control.get(&format!("/orders/{number}/certificate?format=json"));
    assert_eq!(described["issuer"], "smime-1");
    assert_ne!(desk.x509(number, "-issuer"), desk.x509(1_100_101, "-issuer"));
    assert!(
        desk.x509(number, "-ext crlDistributionPoints")
            .contains("/crl/smime-1.crl\n")
    );
    assert!(desk.control.get("/ca").to_string().contains(r#""issuer":"smime-1""#));
    assert_eq!(desk.told(number), "good");

    let form = Form::replace().order(number).by("agreement_account");
    let next = desk.replace(&form.set("revokeOldOrder", "Y")).order_number();
    assert_eq!(desk.told(number), "revoked: superseded");
    desk.collect(next);
    assert_eq!(
        desk.x509(next, "-issuer"),
        desk.x509(1_100_101, "-issuer"),
        "it named none"
    );
    let crl = desk.crl(next);
    assert_eq!(desk.crl_entry(number, &crl), None, "each CA has its own CRL");
}

#[test]
fn a_kept_key_signs_and_decrypts() {
    let fixtures = r#"
        [[accounts]]
        loginName = "login_name"
        loginPassword = "login_password"
        [[orders]]
        orderNumber = 7
        loginName = "login_name"
        product = "smime"
        state = "issued"
        email = "a@example.com"
        keepKey = true
        [[orders]]
        orderNumber = 8
        loginName = "login_name"
        product = "code-signing"
        state = "issued"
        keepKey = true
    "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut desk = Desk::of(&server);
    let made = desk.order(r#"{"loginName":"login_name","product":"smime","keepKey":true}"#);
    for (number, purpose) in [(7, "smimesign"), (8, "any"), (made, "smimesign")] {
        desk.collect(number);
        let path = format!("/orders/{number}/key");
        let answer = desk.control.read(&path, "");
        assert_eq!(answer.header("content-type"), Some("application/x-pem-file"));
        desk.openssl.write("key.pem", answer.text());
        assert_eq!(desk.control.read(&path, "").text(), answer.text(), "it stays");

        let openssl = &desk.openssl;
        openssl.write("message", "Attack at dawn.\n");
        openssl.expect(&format!(
            "cms -sign -in message -signer {number}.pem -inkey key.pem -certfile {number}-chain.pem -out signed"
        ));
        openssl.expect(&format!(
            "cms -verify -in signed -CAfile root.pem -purpose {purpose} -out verified"
        ));
        assert_eq!(openssl.read("verified").trim_end(), "Attack at dawn.");
        openssl.write("signed", openssl.read("signed").replace("dawn", "noon"));
        openssl.expect_failure(&format!("cms -verify -in signed -CAfile root.pem -purpose {purpose}"));
        if purpose == "smimesign" {
            openssl.expect(&format!("cms -encrypt -in message -out sealed {number}.pem"));
            let opened = openssl.expect(&format!("cms -decrypt -in sealed -recip {number}.pem -inkey key.pem"));
            assert_eq!(opened.trim_end(), "Attack at dawn.");
        }
    }
}

#[test]
fn a_key_that_is_not_kept_is_not_to_be_had() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(1_234_567);
    desk.control
        .expect(("GET", "/orders/1234567/key", ""), 404, &["keepKey"]);
    desk.patch(1_234_567, r#"{"keepKey":true}"#);
    desk.control
        .expect(("GET", "/orders/1234567/key", ""), 200, &["PRIVATE KEY"]);
    // The replacement has a CSR, so its key is elsewhere.
    let number = desk.replace(&Form::replace()).order_number();
    desk.control
        .expect(("GET", &format!("/orders/{number}/key"), ""), 404, &["CSR"]);
    let order = serde_json::json!({"loginName": "login_name", "product": "smime", "keepKey": true,
        "csr": include_str!("../../../fixtures/csr/p256-sha256.pem")});
    desk.control
        .expect(("POST", "/orders", &order.to_string()), 422, &[r#""field":"keepKey""#]);
}

/// What an order may say of its certificate, none of which can stand in one, and the field that says it.
const UNFIT: &[(&str, &str)] = &[
    (r#""product":"smime","email":"nobody""#, "email"),
    (r#""product":"smime","email":"""#, "email"),
    (r#""product":"smime","email":"a@b@example.com""#, "email"),
    (r#""product":"smime","email":"a@bücher.example""#, "email"),
    (r#""product":"smime","email":"a\u0000@example.com""#, "email"),
    (r#""product":"smime","email":"a..b@example.com""#, "email"),
    (r#""product":"smime","email":"\"a b\"@example.com""#, "email"),
    (
        r#""product":"smime","productCode":796,"organization":" ""#,
        "organization",
    ),
    (r#""product":"code-signing","organization":"""#, "organization"),
    (
        r#""product":"smime","organization":"1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567 9""#,
        "organization",
    ),
];

#[test]
fn what_cannot_stand_in_a_certificate_is_refused_with_the_order() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(1_234_567);
    let book = desk.control.get("/orders").to_string();
    for state in STATES {
        for (order, field) in UNFIT {
            let expected = format!(r#""field":"{field}""#);
            let order = format!(r#"{{"loginName":"login_name","state":"{state}",{order}}}"#);
            desk.control.expect(("POST", "/orders", &order), 422, &[&expected]);
        }
    }
    assert_eq!(desk.control.get("/orders").to_string(), book);

    let email = desk.order(r#"{"loginName":"login_name","product":"smime","email":"a@example.com"}"#);
    let organization = desk.order(r#"{"loginName":"login_name","product":"code-signing","organization":"A"}"#);
    // What no certificate of the product names is not looked at, until another product does.
    let unused = desk.order(
        r#"{"loginName":"login_name","product":"smime","productCode":794,"organization":"\n","email":"a@b.example"}"#,
    );
    for (number, patch, field) in [
        (email, r#"{"email":"nobody"}"#, "email"),
        (organization, r#"{"organization":" "}"#, "organization"),
        (unused, r#"{"productCode":796}"#, "organization"),
    ] {
        let before = desk.collect(number);
        let path = format!("/orders/{number}");
        desk.control
            .expect(("PATCH", &path, patch), 422, &[&format!(r#""field":"{field}""#)]);
        assert_eq!(desk.collect(number), before, "{patch}");
        assert_eq!(desk.told(number), "good");
    }
    server.assert_well();
}

#[test]
fn what_cannot_stand_in_a_certificate_is_refused_with_the_fixtures() {
    let fixtures = r#"
        [[accounts]]
        loginName = "login_name"
        loginPassword = "login_password"
        [[orders]]
        orderNumber = 7
        loginName = "login_name"
        product = "smime"
        state = "pending"
        email = "a.@example.com"
    "#;
    let dir = tempfile::TempDir::new().unwrap();
    let path = write_file(&dir, "fixtures.toml", fixtures);
    run(&["--fixtures", path.to_str().unwrap()], &[]).assert_refused(2, &["line 10", "a.@example.com"]);
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut snapshot = control.get("/snapshot");
    snapshot["orders"][3]["email"] = "a.@example.com".into();
    control.expect(
        ("PUT", "/snapshot", &snapshot.to_string()),
        422,
        &[r#""field":"orders.3.email""#],
    );
}
