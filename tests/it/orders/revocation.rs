//! `!autoRevokeCS` and `!autoRevokeCertificate` on orders of every state.

use crate::harness::{ALREADY_REVOKED, BEING_ISSUED, Control, Form, REVOKE_DENIED, SUCCESS, Server, invalid};

const REJECTED: &str = "-20\nThe certificate request has already been Rejected!\n";
const REPLACED: &str = "-34\nThe certificate has already been Replaced!\n";
const EXPIRED: &str = "-35\nThe Certificate does not allow revocation after expiry!\n";
const ON_HOLD: &str = "-43\nCertificate is not in a revocable state.\n";

/// For each order: the answer with includeInCRL=Y, the answer with N.
const STATES: [(u64, &str, &str); 8] = [
    (2_200_001, SUCCESS, SUCCESS),
    (2_200_002, BEING_ISSUED, BEING_ISSUED),
    (2_200_003, SUCCESS, SUCCESS),
    (2_200_004, SUCCESS, REPLACED),
    (2_200_005, ALREADY_REVOKED, ALREADY_REVOKED),
    (2_200_006, REJECTED, REJECTED),
    (2_200_007, EXPIRED, EXPIRED),
    (2_200_008, ON_HOLD, ON_HOLD),
];

/// For each order: what a second call with Y, and then one with N, find after one that succeeded.
const AFTER: [(u64, &str, &str, &str); 5] = [
    (2_200_001, "Y", REJECTED, REJECTED),
    (2_200_001, "N", REJECTED, REJECTED),
    (2_200_003, "Y", ALREADY_REVOKED, ALREADY_REVOKED),
    (2_200_003, "N", REPLACED, SUCCESS),
    (2_200_004, "Y", ALREADY_REVOKED, ALREADY_REVOKED),
];

fn revoke(number: u64, include_in_crl: &str) -> Form {
    Form::revoke().order(number).set("includeInCRL", include_in_crl)
}

#[test]
fn every_state_answers_as_the_table_says() {
    for include_in_crl in ["Y", "N"] {
        let server = Server::plain(&[]);
        let mut client = server.client();
        for (number, with, without) in STATES {
            let expected = if include_in_crl == "Y" { with } else { without };
            client.revoke(&revoke(number, include_in_crl)).assert_text(expected);
        }
    }
}

#[test]
fn included_is_what_counts_when_nothing_is_said() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (number, with, _) in STATES {
        client.revoke(&Form::revoke().order(number)).assert_text(with);
    }
    client.revoke(&revoke(2_200_003, "N")).assert_text(ALREADY_REVOKED);
}

#[test]
fn a_second_call_sees_what_the_first_one_did() {
    for (number, first, then_n, then_y) in AFTER {
        let server = Server::plain(&[]);
        let mut client = server.client();
        client.revoke(&revoke(number, first)).assert_text(SUCCESS);
        client.revoke(&revoke(number, "N")).assert_text(then_n);
        client.revoke(&revoke(number, "Y")).assert_text(then_y);
        let end = if then_y == SUCCESS { ALREADY_REVOKED } else { then_y };
        client.revoke(&revoke(number, "Y")).assert_text(end);
    }
}

#[test]
fn a_test_answers_the_same_and_changes_nothing() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for _ in 0..2 {
        for (number, with, without) in STATES {
            for (include_in_crl, expected) in [("Y", with), ("N", without)] {
                let form = revoke(number, include_in_crl).set("test", "Y");
                client.revoke(&form).assert_text(expected);
            }
        }
    }
    // A test checks the rest of the call as well.
    let test = Form::revoke().set("test", "Y");
    client
        .revoke(&test.clone().set("loginPassword", "wrong"))
        .assert_text(REVOKE_DENIED);
    client
        .revoke(&test.set("codeReason", "2"))
        .assert_text(&invalid("codeReason"));
    client
        .revoke(&revoke(2_200_003, "Y").set("test", "N"))
        .assert_text(SUCCESS);
    client.revoke(&revoke(2_200_003, "Y")).assert_text(ALREADY_REVOKED);
}

#[test]
fn a_reseller_works_on_the_orders_of_the_account_that_it_names() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let theirs = || Form::revoke().order(2_200_101).set("test", "Y");
    client.revoke(&theirs()).assert_text(&invalid("orderNumber"));
    client
        .revoke(&theirs().set("accountID", "1000"))
        .assert_text(&invalid("orderNumber"));
    client
        .revoke(&theirs().set("accountID", "3000"))
        .assert_text(REVOKE_DENIED);
    client.revoke(&theirs().set("accountID", "2000")).assert_text(SUCCESS);
    client.revoke(&theirs().by("reseller_account")).assert_text(SUCCESS);
    client
        .revoke(&theirs().by("reseller_account").set("accountID", "2000"))
        .assert_text(SUCCESS);

    let own = || Form::revoke().set("test", "Y");
    client.revoke(&own().set("accountID", "1000")).assert_text(SUCCESS);
    client
        .revoke(&own().set("accountID", "2000"))
        .assert_text(&invalid("orderNumber"));
    // Upwards there is no way.
    client
        .revoke(&own().by("reseller_account"))
        .assert_text(&invalid("orderNumber"));
    client
        .revoke(&own().by("reseller_account").set("accountID", "1000"))
        .assert_text(REVOKE_DENIED);

    client
        .revoke(&theirs().set("test", "N").set("accountID", "2000"))
        .assert_text(SUCCESS);
    client
        .revoke(&theirs().by("reseller_account"))
        .assert_text(ALREADY_REVOKED);
}

#[test]
fn an_order_that_is_not_there_or_of_another_product_is_invalid() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for number in [9_999_999, 1_234_567, 1_100_001, 1_100_101, 0, 999_999_999_999_999_999] {
        client
            .revoke(&Form::revoke().order(number))
            .assert_text(&invalid("orderNumber"));
    }
}

const REVOKE_CERTIFICATE: &str = "/products/!autoRevokeCertificate";

/// The orders of both products, in the order of [`STATES`].
fn of_both_products() -> impl Iterator<Item = (u64, &'static str, &'static str)> {
    STATES.into_iter().flat_map(|(number, with, without)| {
        let smime = number - 2_200_000 + 1_100_000;
        [(number, with, without), (smime, with, without)]
    })
}

fn revoke_certificate(name: &str, value: &str) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", "login_password")
        .add(name, value)
}

#[test]
fn a_certificate_of_either_product_is_revoked_by_each_of_its_numbers() {
    for include_in_crl in ["Y", "N"] {
        for key in ["orderNumber", "certificateID", "serialNumber"] {
            let server = Server::plain(&[]);
            let (mut client, mut control) = (server.client(), Control::of(&server));
            for (number, with, without) in of_both_products() {
                let order = control.get(&format!("/orders/{number}"));
                let value = match key {
                    "orderNumber" => number.to_string(),
                    "certificateID" => order["certificateID"].to_string(),
                    _ if ["issued", "replaced", "revoked", "expired"].contains(&order["state"].as_str().unwrap()) => {
                        let described = control.get(&format!("/orders/{number}/certificate?format=json"));
                        described["serialNumber"].as_str().unwrap().to_lowercase()
                    }
                    // Without a certificate there is no serial number.
                    _ => continue,
                };
                let expected = if include_in_crl == "Y" { with } else { without };
                let form = revoke_certificate(key, &value).add("includeInCRL", include_in_crl);
                let test = form.clone().add("test", "Y");
                client.post(REVOKE_CERTIFICATE, &test.encode()).assert_text(expected);
                client.post(REVOKE_CERTIFICATE, &form.encode()).assert_text(expected);
                let state = control.get(&format!("/orders/{number}"))["state"].clone();
                let becomes = match (order["state"].as_str().unwrap(), include_in_crl) {
                    ("pending", _) => "rejected",
                    ("issued" | "replaced", "Y") => "revoked",
                    ("issued", _) => "replaced",
                    (stays, _) => stays,
                };
                assert_eq!(state, becomes, "{key} {number}");
            }
        }
    }
}

#[test]
fn an_order_is_named_once() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut call = |form: Form| client.post(REVOKE_CERTIFICATE, &form.add("test", "Y").encode());
    let both = revoke_certificate("orderNumber", "1100003").add("certificateID", "1");
    call(both).assert_text(&invalid("certificateID"));
    let both = revoke_certificate("serialNumber", "4A").add("certificateID", "1");
    call(both).assert_text(&invalid("serialNumber"));
    let url_encoded = revoke_certificate("orderNumber", "1100003").add("responseFormat", "1");
    let answer = call(url_encoded);
    assert_eq!(
        (answer.header("content-type"), answer.text()),
        (Some("application/x-www-form-urlencoded"), "errorCode=0")
    );
}

#[test]
fn no_other_number_is_taken_for_one_of_a_certificate() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let described = control.get("/orders/1100003/certificate?format=json");
    let serial = described["serialNumber"].as_str().unwrap();
    let last = if serial.starts_with("4A") { "4B" } else { "4A" };
    let forged = format!("{last}{}", &serial[2..]);
    for (name, value) in [
        ("serialNumber", &*forged),
        ("serialNumber", &serial[2..]),
        ("serialNumber", "x"),
        ("serialNumber", "é"),
        ("certificateID", "1"),
        ("orderNumber", "1"),
        // Somebody else's.
        ("orderNumber", "2200101"),
    ] {
        let answer = client.post(REVOKE_CERTIFICATE, &revoke_certificate(name, value).encode());
        answer.assert_text(&invalid(name));
    }
}
