//! `!AutoReplaceCS` on orders of every state, with a CSR in each form.

use std::collections::HashMap;

use crate::harness::{Client, Control, Form, OpenSsl, PASSWORD, Server};

const REPLACE_CS: &str = "/products/!AutoReplaceCS";
const CSR: &str = include_str!("../../../fixtures/csr/p256-sha256.pem");
const SPKAC: &str = include_str!("../../../fixtures/spkac/p256-sha256.txt");

fn form(order: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", order.to_string())
}

/// The fields of the URL-encoded reply.
#[track_caller]
fn call(client: &mut Client, form: &Form) -> HashMap<String, String> {
    let answer = client.post(REPLACE_CS, &form.encode());
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/x-www-form-urlencoded")),
        "{answer:?}"
    );
    form_urlencoded::parse(answer.text().as_bytes()).into_owned().collect()
}

#[track_caller]
fn assert_refused(client: &mut Client, form: &Form, code: i32, message: &str) {
    let fields = call(client, form);
    let expected = HashMap::from([
        ("errorCode".to_owned(), code.to_string()),
        ("errorMessage".to_owned(), message.to_owned()),
    ]);
    assert_eq!(fields, expected);
}

#[test]
fn every_state_answers_as_the_table_says() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (number, code, message) in [
        (2_200_002, -26, "The certificate is currently being Issued!"),
        (2_200_004, -122, "The Certificate is in wrong state."),
        (2_200_005, -21, "The certificate has already been Revoked!"),
        (2_200_006, -20, "The certificate request has already been Rejected!"),
        (
            2_200_007,
            -35,
            "The Certificate does not allow revocation after expiry!",
        ),
        (2_200_008, -43, "Certificate is not in a revocable state."),
        (1_100_003, -4, "The value of the 'orderNumber' argument is invalid!"),
        (1, -4, "The value of the 'orderNumber' argument is invalid!"),
    ] {
        assert_refused(&mut client, &form(number).add("pkcs10", CSR), code, message);
    }
    let in_place = call(&mut client, &form(2_200_001).add("pkcs10", CSR));
    assert_eq!(in_place, HashMap::from([("errorCode".to_owned(), "0".to_owned())]));
}

#[test]
fn the_new_certificate_has_the_key_of_each_form_of_csr() {
    for (argument, csr) in [
        ("pkcs10", CSR),
        ("csr", CSR),
        ("spkac", SPKAC),
        ("spkac", SPKAC.trim().strip_prefix("SPKAC=").unwrap()),
    ] {
        let server = Server::plain(&[]);
        let (mut client, mut control) = (server.client(), Control::of(&server));
        let fields = call(&mut client, &form(2_200_003).add(argument, csr));
        assert_eq!((fields.len(), &*fields["errorCode"]), (2, "0"), "{argument}");
        let new = &fields["orderNumber"];
        assert_eq!(control.get("/orders/2200003")["state"], "replaced");
        let described = control.get(&format!("/orders/{new}"));
        assert_eq!(
            (&described["state"], &described["product"]),
            (&"issued".into(), &"code-signing".into())
        );

        let files = OpenSsl::new();
        files.write(
            "leaf.pem",
            control.read(&format!("/orders/{new}/certificate"), "").text(),
        );
        files.write("request.txt", csr);
        let key = files.expect("x509 -in leaf.pem -noout -pubkey");
        let asked = if argument == "spkac" {
            files.write(
                "request.txt",
                format!("SPKAC={}\n", csr.trim().trim_start_matches("SPKAC=")),
            );
            files.expect("spkac -in request.txt -noout -pubkey")
        } else {
            files.expect("req -in request.txt -noout -pubkey")
        };
        assert_eq!(key, asked, "{argument}");

        // A snapshot keeps it, in whichever form it came.
        let snapshot = control.get("/snapshot").to_string();
        control.expect(("PUT", "/snapshot", &snapshot), 200, &[]);
        assert_eq!(control.get(&format!("/orders/{new}"))["csr"], described["csr"]);
    }
}

#[test]
fn a_csr_is_sent_once_and_must_be_good() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    assert_refused(&mut client, &form(2_200_003), -3, "The 'csr' argument is missing!");
    for (first, second) in [("pkcs10", "spkac"), ("pkcs10", "csr"), ("spkac", "csr")] {
        let both = form(2_200_003).add(second, CSR).add(first, CSR);
        let message = format!("The value of the '{second}' argument is invalid!");
        assert_refused(&mut client, &both, -4, &message);
    }
    let broken = SPKAC.trim().replace("MI", "MJ");
    for (argument, text, code, message) in [
        ("pkcs10", "!", -9, "The CSR is not valid Base-64 data!"),
        ("spkac", "!", -9, "The CSR is not valid Base-64 data!"),
        ("pkcs10", "MAA=", -10, "The CSR cannot be decoded!"),
        ("pkcs10", SPKAC, -9, "The CSR is not valid Base-64 data!"),
        ("spkac", CSR, -10, "The CSR cannot be decoded!"),
        ("spkac", &broken, -10, "The CSR cannot be decoded!"),
    ] {
        assert_refused(&mut client, &form(2_200_003).add(argument, text), code, message);
    }
    for (file, code, message) in [
        (
            include_str!("../../../fixtures/csr/signature-tampered.pem"),
            -12,
            "The CSR has an invalid signature!",
        ),
        (
            include_str!("../../../fixtures/csr/rsa-1024.pem"),
            -13,
            "The CSR uses an unsupported key size!",
        ),
        (
            include_str!("../../../fixtures/csr/ed25519.pem"),
            -11,
            "The CSR uses an unsupported algorithm!",
        ),
    ] {
        assert_refused(&mut client, &form(2_200_003).add("csr", file), code, message);
    }
}

#[test]
fn the_contact_address_is_set_taken_away_or_kept() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let pending = || form(2_200_001).add("pkcs10", CSR);
    let mut email_after = |form: Form| {
        assert_eq!(call(&mut client, &form)["errorCode"], "0");
        control.get("/orders/2200001")["email"].clone()
    };
    assert_eq!(
        email_after(pending().add("contactEmailAddress", "a@example.com")),
        "a@example.com"
    );
    assert_eq!(email_after(pending()), "a@example.com");
    let both = pending()
        .add("sanEmailAddress", "c@example.com")
        .add("contactEmailAddress", "b@example.com");
    assert_eq!(email_after(both), "b@example.com");
    assert_eq!(
        email_after(pending().add("sanEmailAddress", "c@example.com")),
        "c@example.com"
    );
    // An address that no certificate can name is not kept, so that the world can be restored and the order collected.
    for none in ["bad", " ", "a@b.c,d@e.f"] {
        assert_eq!(email_after(pending().add("contactEmailAddress", none)), "c@example.com");
    }
    assert!(email_after(pending().add("contactEmailAddress", "")).is_null());
}
