//! What is found first when several things are wrong.

use crate::harness::{Answer, Client, Form, OpenSsl, REPLACE, REVOKE, Server};

const RSA_1024: &str = include_str!("../../../fixtures/csr/rsa-1024.pem");

/// An account that is limited and may do nothing, one that is only limited, one that may do nothing.
const FIXTURES: &str = r#"
[[accounts]]
loginName = "both"
loginPassword = "login_password"
callLimit = { calls = 0, per = "1h" }
permissions = []
voucher = "prepaid"

[[accounts]]
loginName = "denied"
loginPassword = "login_password"
permissions = []

[[accounts]]
loginName = "allowed"
loginPassword = "login_password"

[[orders]]
orderNumber = 1
loginName = "allowed"
product = "smime"
state = "revoked"

[[orders]]
orderNumber = 2
loginName = "allowed"
product = "code-signing"
state = "revoked"
"#;

/// Everything is wrong: then one thing after the other is put right, and the next is found.
#[test]
fn auto_replace_smime() {
    let refusing = Server::start(&["--https", "off"]);
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let bad = Form::replace()
        .without("orderNumber")
        .by("nobody")
        .set("csr", RSA_1024)
        .set("signatureHash", "MD5")
        .add("colour", "red");

    let get = |mut client: Client| client.get(&format!("{REPLACE}?{}", bad.encode()));
    assert_eq!(get(refusing.client()).code(), -1);
    assert_eq!(get(server.client()).code(), -17);

    assert_eq!(client.replace(&bad).code(), -2);
    let bad = bad.without("colour");
    assert_eq!(client.replace(&bad).code(), -3);
    let bad = bad.set("orderNumber", "77");
    assert_eq!(client.replace(&bad).code(), -4);
    let bad = bad.without("signatureHash");
    assert_eq!(client.replace(&bad).code(), -16);
    let bad = bad.by("both");
    assert_eq!(client.replace(&bad).code(), -42);
    let bad = bad.by("denied");
    assert_eq!(client.replace(&bad).code(), -91);
    let bad = bad.by("allowed");
    assert_eq!(client.replace(&bad).code(), -13);
    let bad = bad.set("csr", "AAAA");
    client
        .replace(&bad)
        .assert_text("-4\nThe value of the 'csr' argument is invalid!\n");
    let bad = bad.set("csr", include_str!("../../../fixtures/csr/p256-sha256.pem"));
    client
        .replace(&bad)
        .assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
    let bad = bad.order(1);
    assert_eq!(client.replace(&bad).code(), -21);
}

#[test]
fn auto_revoke_cs() {
    let refusing = Server::start(&["--https", "off"]);
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let bad = Form::revoke()
        .without("revocationReason")
        .by("nobody")
        .set("orderNumber", "77")
        .set("test", "maybe")
        .add("responseFormat", "2");

    let get = |mut client: Client| client.get(&format!("{REVOKE}?{}", bad.encode()));
    assert_eq!(get(refusing.client()).code(), -1);
    assert_eq!(get(server.client()).code(), -17);

    assert_eq!(client.revoke(&bad).code(), -2);
    let bad = bad.without("responseFormat");
    assert_eq!(client.revoke(&bad).code(), -3);
    let bad = bad.set("revocationReason", "lost");
    client
        .revoke(&bad)
        .assert_text("-4\nThe value of the 'test' argument is invalid!\n");
    let bad = bad.without("test");
    assert_eq!(client.revoke(&bad).code(), -16);
    let bad = bad.by("denied");
    assert_eq!(client.revoke(&bad).code(), -91);
    let bad = bad.by("allowed");
    client
        .revoke(&bad)
        .assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
    let bad = bad.order(2);
    assert_eq!(client.revoke(&bad).code(), -21);
}

#[test]
fn collect_smime() {
    const COLLECT: &str = "/products/download/CollectSMIME";
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let bad = Form::default()
        .add("loginName", "nobody")
        .add("loginPassword", "login_password")
        .add("orderNumber", "77")
        .add("responseType", "2")
        .add("colour", "red");

    let get = |mut client: Client| client.get(&format!("{COLLECT}?{}", bad.encode()));
    assert_eq!(get(server.client()).code(), -17);

    let mut call = |form: &Form| client.post(COLLECT, &form.encode());
    assert_eq!(call(&bad).code(), -2);
    let bad = bad.without("colour");
    assert_eq!(call(&bad).code(), -3);
    let bad = bad.set("queryType", "9");
    call(&bad).assert_text("-4\nThe value of the 'queryType' argument is invalid!\n");
    // The rules between arguments come after the form of each.
    let bad = bad.set("queryType", "2");
    call(&bad).assert_text("-4\nThe value of the 'responseType' argument is invalid!\n");
    let bad = bad.set("queryType", "1");
    assert_eq!(call(&bad).code(), -16);
    let bad = bad.by("denied");
    assert_eq!(call(&bad).code(), -91);
    let bad = bad.by("allowed");
    call(&bad).assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
    let bad = bad.order(1);
    assert_eq!(call(&bad).code(), -21);
}

#[test]
fn auto_apply_order() {
    const APPLY: &str = "/products/!AutoApplyOrder";
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let mut call = |form: &Form| client.post(APPLY, &form.encode());
    let bad = Form::default()
        .add("loginName", "nobody")
        .add("loginPassword", "login_password")
        .add("days", "9")
        .add("csr", RSA_1024);
    assert_eq!(call(&bad).code(), -3);

    let smime = bad.clone().add("product", "794");
    call(&smime).assert_text("-3\nThe 'sanEmailAddress' argument is missing!\n");
    let smime = smime.add("sanEmailAddress", "jane@example.com");
    call(&smime).assert_text("-4\nThe value of the 'days' argument is invalid!\n");

    let bad = bad.add("product", "8");
    call(&bad).assert_text("-3\nThe 'isCustomerValidated' argument is missing!\n");
    let bad = bad.add("isCustomerValidated", "N").add("countryName", "D-");
    call(&bad).assert_text("-3\nThe 'appRepEmailAddress' argument is missing!\n");
    let bad = bad.add("appRepEmailAddress", "jane@example.com");
    call(&bad.clone().without("csr")).assert_text("-3\nThe 'organizationName' argument is missing!\n");
    let bad = bad.add("organizationName", "Beispiel GmbH");
    call(&bad).assert_text("-4\nThe value of the 'days' argument is invalid!\n");
    let bad = bad.set("days", "365");
    call(&bad).assert_text("-7\n'D-' is not a valid ISO-3166 country!\n");
    let bad = bad.set("countryName", "DE");
    assert_eq!(call(&bad).code(), -16);
    let bad = bad.by("denied");
    assert_eq!(call(&bad).code(), -91);
    let bad = bad.by("allowed");
    assert_eq!(call(&bad).code(), -13);
}

/// The country of a CSR is no argument: it is looked at with the CSR, behind the login.
#[test]
fn the_country_of_a_csr_comes_after_the_login() {
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let openssl = OpenSsl::new();
    openssl.expect(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out csr.pem -subj /C=XX/O=o",
    );
    let form = Form::default()
        .add("loginName", "nobody")
        .add("loginPassword", "login_password")
        .add("product", "8")
        .add("days", "365")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", "jane@example.com")
        .add("csr", openssl.read("csr.pem"));
    let mut call = |form: &Form| client.post("/products/!AutoApplyOrder", &form.encode());
    assert_eq!(call(&form).code(), -16);
    call(&form.by("allowed")).assert_text("-7\n'XX' is not a valid ISO-3166 country!\n");
}

#[test]
fn request_and_collect_smime() {
    const REQUEST: &str = "/products/download/RequestAndCollectSMIME";
    let server = Server::plain_with_fixtures(FIXTURES, &[]);
    let mut client = server.client();
    let mut call = |form: &Form| client.post(REQUEST, &form.encode());
    call(&Form::default()).assert_text("-3\nThe 'loginName' argument is missing!\n");
    let bad = Form::default()
        .add("loginName", "nobody")
        .add("queryType", "9")
        .add("csr", "AAAA");
    call(&bad).assert_text("-3\nThe 'loginPassword' argument is missing!\n");
    let bad = bad.add("loginPassword", "login_password");
    call(&bad).assert_text("-3\nThe 'orderNumber' argument is missing!\n");
    let bad = bad.add("orderNumber", "77");
    call(&bad).assert_text("-4\nThe value of the 'queryType' argument is invalid!\n");
    let bad = bad.set("queryType", "0");
    assert_eq!(call(&bad).code(), -16);
    let bad = bad.by("denied");
    assert_eq!(call(&bad).code(), -91);
    let bad = bad.by("allowed");
    assert_eq!(call(&bad).code(), -10);
    let bad = bad.set("csr", RSA_1024);
    assert_eq!(call(&bad).code(), -13);
    let bad = bad.without("csr");
    call(&bad).assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
}

/// Where one of several must be sent, that none was is found before what is wrong with the others.
#[test]
fn one_of_several() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (path, name, value, missing) in [
        ("/products/!autoRevokeCertificate", "codeReason", "9", "orderNumber"),
        ("/products/!AutoReplaceCS", "signatureHash", "X", "csr"),
        ("/products/download/CollectSSL", "queryType", "9", "orderNumber"),
    ] {
        let form = Form::default()
            .add("loginName", "login_name")
            .add("loginPassword", "login_password")
            .add(name, value);
        let form = match missing {
            "csr" => form.add("orderNumber", "2200003"),
            _ => form,
        };
        let answer = client.post(path, &form.encode());
        let text = answer.text();
        assert!(text.contains("-3") && text.contains(missing), "{path}: {text}");
    }
}

/// Of two findings of one kind: an unrecognized argument in the order of the form, the others in that of the table.
#[test]
fn the_first_of_a_kind_is_told() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let unknown = Form::default().add("zebra", "1").add("apple", "1");
    client
        .revoke(&unknown)
        .assert_text("-2\n'zebra' is an unrecognized argument!\n");
    client
        .replace(&Form::default())
        .assert_text("-3\nThe 'loginName' argument is missing!\n");
    let empty = Form::revoke().set("revocationReason", "").set("loginPassword", "");
    client
        .revoke(&empty)
        .assert_text("-4\nThe value of the 'loginPassword' argument is invalid!\n");
}

/// Asks for a format.
type Ask<'a> = &'a dyn Fn(&str) -> Answer;

#[test]
fn an_early_error_is_answered_in_the_format_that_was_asked_for() {
    let refusing = Server::start(&["--https", "off"]);
    let accepting = Server::plain(&[]);
    let cases: [(i32, Ask<'_>); 5] = [
        (-1, &|format| {
            refusing.client().post(REPLACE, &format!("responseFormat={format}"))
        }),
        (-1, &|format| {
            refusing.client().get(&format!("{REPLACE}?responseFormat={format}"))
        }),
        (-17, &|format| {
            accepting
                .client()
                .get(&format!("{REPLACE}?colour=red&responseFormat={format}"))
        }),
        (-2, &|format| {
            accepting
                .client()
                .post(REPLACE, &format!("colour=red&responseformat={format}"))
        }),
        (-3, &|format| {
            accepting.client().post(REPLACE, &format!("RESPONSEFORMAT={format}"))
        }),
    ];
    for (code, call) in cases {
        assert_eq!(call("0").code(), code);
        let start = format!("errorCode={code}&errorMessage=");
        let answer = call("1");
        assert_eq!(answer.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert!(answer.text().starts_with(&start), "{answer:?}");
        let answer = call("2");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(json["errorCode"], code);
    }
}

#[test]
fn a_response_format_that_is_bad_is_answered_in_format_0() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for format in ["3", "", "x", "2 ", "02", "-1", "\u{ff12}"] {
        let form = Form::replace().add("responseFormat", format);
        client
            .replace(&form)
            .assert_text("-4\nThe value of the 'responseFormat' argument is invalid!\n");
        let form = form.add("colour", "red");
        client
            .replace(&form)
            .assert_text("-2\n'colour' is an unrecognized argument!\n");
    }
    let twice = Form::replace().add("responseFormat", "2").add("responseFormat", "2");
    client
        .replace(&twice)
        .assert_text("-4\nThe value of the 'responseFormat' argument is invalid!\n");
}
