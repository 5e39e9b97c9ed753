//! What the world is told of a certificate while its order changes: by OCSP, the CRL and the certificate itself.

use std::thread;

use super::desk::{Desk, asn1_seconds, line, seconds, uri};
use crate::harness::{Control, Form, Server};

const PENDING: u64 = 1_100_001;
const SMIME: u64 = 1_100_003;
const CODE_SIGNING: u64 = 2_200_003;

/// The reasons of `codeReason`, as the world is told them. The first is none at all.
const REASONS: &[(&str, &str)] = &[
    ("0", "revoked"),
    ("1", "revoked: keyCompromise"),
    ("3", "revoked: affiliationChanged"),
    ("4", "revoked: superseded"),
    ("5", "revoked: cessationOfOperation"),
];

#[test]
fn a_revocation_is_told_with_its_reason_and_time() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for (reason, told) in REASONS {
        let number = desk.order(r#"{"loginName":"login_name","product":"code-signing"}"#);
        let certificate = desk.collect(number);
        assert_eq!(desk.told(number), "good");

        let revoke = Form::revoke().order(number).set("codeReason", reason);
        desk.revoke(&revoke.clone().set("test", "Y"));
        assert_eq!(desk.told(number), "good", "test=Y changes nothing");

        desk.advance("3h");
        desk.revoke(&revoke);
        desk.advance("2h");
        assert_eq!(desk.told(number), *told);
        let revocation = desk.control.get(&format!("/orders/{number}"))["revocation"].clone();
        assert_eq!(
            told_since(&mut desk, number),
            seconds(revocation["at"].as_str().unwrap())
        );
        assert_eq!(desk.collect(number), certificate, "it stays");
    }
}

/// The certificates of test orders have a CA of their own, and so a CRL and a responder.
#[test]
fn a_test_order_is_revoked_by_its_own_ca() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for product in ["smime", "code-signing"] {
        let order = format!(r#"{{"loginName":"login_name","product":"{product}","test":true}}"#);
        let (number, other) = (desk.order(&order), desk.order(&order));
        for number in [number, other] {
            desk.collect(number);
            assert!(uri(&desk.x509(number, "-ext crlDistributionPoints")).ends_with("/crl/test.crl"));
            assert!(desk.x509(number, "-ocsp_uri").trim_end().ends_with("/ocsp/test"));
            assert_eq!(desk.told(number), "good");
        }
        let form = Form::revoke().order(number);
        let answer = desk.client.post("/products/!autoRevokeCertificate", &form.encode());
        answer.assert_text("0\n");
        assert_eq!(desk.told(number), "revoked: keyCompromise");
        assert_eq!(desk.told(other), "good");
    }
    let crl = desk.client.get("/crl/smime.crl");
    desk.openssl.write("smime.crl", crl.bytes());
    let crl = desk.openssl.expect("crl -inform DER -in smime.crl -noout -text");
    let before = crl.matches("Serial Number: ").count();
    assert_eq!(before, 1, "only that of the fixtures: {crl}");
}

#[test]
fn a_reason_that_is_left_out_is_none() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(CODE_SIGNING);
    desk.revoke(&Form::revoke().without("codeReason"));
    assert_eq!(desk.told(CODE_SIGNING), "revoked");
}

#[test]
fn without_include_in_crl_it_stays_good_until_it_is_included() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let certificate = desk.collect(CODE_SIGNING);
    desk.revoke(&Form::revoke().set("includeInCRL", "N"));
    assert_eq!(desk.control.get("/orders/2200003")["state"], "replaced");
    assert_eq!(desk.told(CODE_SIGNING), "good");
    desk.revoke(&Form::revoke().set("includeInCRL", "Y").set("codeReason", "4"));
    assert_eq!(desk.told(CODE_SIGNING), "revoked: superseded");
    assert_eq!(desk.collect(CODE_SIGNING), certificate);
}

#[test]
fn a_replacement_leaves_the_old_certificate_or_revokes_it() {
    for (args, revoke_old, state, told) in [
        (&[][..], "N", "replaced", "good"),
        (&[], "Y", "revoked", "revoked: superseded"),
        (&["--assume", "old-order=issued"], "N", "issued", "good"),
    ] {
        let server = Server::plain(args);
        let mut desk = Desk::of(&server);
        let old = desk.collect(SMIME);
        desk.advance("3h");
        let before = desk.now();
        let form = Form::replace().order(SMIME).set("revokeOldOrder", revoke_old);
        let new = desk.replace(&form).order_number();
        assert_ne!(desk.collect(new), old);
        assert_ne!(desk.serial(new), desk.serial(SMIME));
        assert_eq!(desk.told(new), "good");
        assert_eq!(desk.control.get(&format!("/orders/{SMIME}"))["state"], state);
        desk.advance("3h");
        assert_eq!(desk.told(SMIME), told);
        assert_eq!(desk.collect(SMIME), old, "the replaced order keeps its certificate");
        if told != "good" {
            let since = told_since(&mut desk, SMIME);
            assert!((before..before + 60).contains(&since), "{since} {before}");
        }
    }
}

#[test]
fn an_order_that_is_pending_is_issued_for_the_csr_that_took_the_place() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.replace(&Form::replace().order(PENDING)).assert_text("0\n");
    assert_eq!(desk.certificate_status(PENDING), 409);
    let csr = desk
        .control
        .read(&format!("/orders/{PENDING}/csr"), "")
        .text()
        .to_owned();
    desk.openssl.write("x.csr", csr);
    desk.patch(PENDING, r#"{"state":"issued"}"#);
    desk.collect(PENDING);
    let key = desk.openssl.expect("req -in x.csr -noout -pubkey");
    assert_eq!(desk.x509(PENDING, "-pubkey"), key);
    assert_eq!(desk.told(PENDING), "good");
}

#[test]
fn what_is_rejected_before_it_is_issued_never_has_a_certificate() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(CODE_SIGNING);
    let before = desk.crl(CODE_SIGNING);
    desk.revoke(&Form::revoke().order(2_200_001));
    assert_eq!(desk.control.get("/orders/2200001")["state"], "rejected");
    assert_eq!(desk.certificate_status(2_200_001), 409);
    let revoked = |crl: &str| crl.matches("Serial Number: ").count();
    assert_eq!(revoked(&desk.crl(CODE_SIGNING)), revoked(&before));
    desk.revoke(&Form::revoke());
    assert_eq!(revoked(&desk.crl(CODE_SIGNING)), revoked(&before) + 1);
}

/// Each state, and the OCSP status of a certificate that is read in it; empty if there is no certificate to read.
const STATES: &[(&str, &str)] = &[
    ("pending", ""),
    ("being-issued", ""),
    ("issued", "good"),
    ("replaced", "good"),
    ("revoked", "revoked"),
    ("rejected", ""),
    ("expired", "good, expired"),
    ("on-hold", ""),
    ("unpaid", ""),
];

#[test]
fn a_state_that_is_set_is_told() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for from in ["issued", "revoked", "on-hold"] {
        for (to, told) in STATES {
            let number = desk.order(r#"{"loginName":"login_name","product":"smime"}"#);
            desk.collect(number);
            for state in [from, *to] {
                desk.patch(number, &format!(r#"{{"state":"{state}"}}"#));
            }
            if told.is_empty() {
                assert_eq!(desk.certificate_status(number), 409, "{from} {to}");
                assert_eq!(desk.told(number), "unauthorized", "{from} {to}");
            } else {
                desk.collect(number);
                assert_eq!(desk.told(number), *told, "{from} {to}");
            }
        }
    }
}

#[test]
fn what_is_being_issued_has_a_certificate_when_it_is_due_and_until_its_end() {
    let server = Server::plain(&["--issuance-delay", "10m"]);
    let mut desk = Desk::of(&server);
    let number = desk.replace(&Form::replace()).order_number();
    assert_eq!(desk.certificate_status(number), 409);
    desk.advance("9m");
    assert_eq!(desk.certificate_status(number), 409);
    desk.advance("1m");
    let certificate = desk.collect(number);
    assert_eq!(desk.told(number), "good");
    let order = desk.control.get(&format!("/orders/{number}"));
    let left = seconds(order["expires"].as_str().unwrap()) - desk.now();
    desk.advance(&format!("{}s", left - 60));
    assert_eq!(desk.told(number), "good");
    desk.advance("61s");
    assert_eq!(desk.told(number), "good, expired");
    assert_eq!(desk.collect(number), certificate);
}

#[test]
fn the_times_of_crls_and_answers_are_the_sandboxs() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let mut ahead = Desk::of_new_sandbox(&server, "ahead");
    ahead.advance("365d");
    for desk in [&mut desk, &mut ahead] {
        let order = r#"{"loginName":"login_name","product":"smime","expires":"+600d"}"#;
        let number = desk.order(order);
        desk.collect(number);
        assert_eq!(desk.told(number), "good");
        let now = desk.now();
        let (crl, ocsp) = (desk.crl(number), desk.ocsp(number));
        let crl_times = [line(&crl, "Last Update: "), line(&crl, "Next Update: ")];
        let ocsp_times = [line(&ocsp, "This Update: "), line(&ocsp, "Next Update: ")];
        for times in [crl_times, ocsp_times] {
            let [this, next] = times.map(|time| asn1_seconds(time.expect("a time")));
            assert!((now - 60..now + 60).contains(&this), "{this} {now}");
            assert!(next >= this + 600, "{this} {next}");
        }
    }
    assert!(ahead.now() > desk.now() + 364 * 24 * 3600);
}

#[test]
fn a_deleted_order_takes_its_certificate_along() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(CODE_SIGNING);
    desk.revoke(&Form::revoke());
    assert_eq!(desk.told(CODE_SIGNING), "revoked: keyCompromise");
    desk.control.expect(("DELETE", "/orders/2200003", ""), 204, &[]);
    assert_eq!(desk.certificate_status(CODE_SIGNING), 404);
    assert_eq!(desk.told(CODE_SIGNING), "unauthorized");
}

#[test]
fn a_reset_makes_what_was_revoked_good_again() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(CODE_SIGNING);
    desk.revoke(&Form::revoke());
    let new = desk.replace(&Form::replace()).order_number();
    desk.collect(new);
    desk.control.expect(("POST", "/reset", ""), 200, &[]);
    assert_eq!(desk.told(new), "unauthorized");
    // The old one is of an order that began at another time.
    assert_eq!(desk.told(CODE_SIGNING), "unauthorized");
    desk.collect(CODE_SIGNING);
    assert_eq!(desk.told(CODE_SIGNING), "good");
}

#[test]
fn a_snapshot_brings_certificates_and_revocations_back() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let certificate = desk.collect(SMIME);
    desk.collect(CODE_SIGNING);
    desk.revoke(&Form::revoke());
    let snapshot = desk.control.get("/snapshot").to_string();

    desk.replace(&Form::replace().order(SMIME).set("revokeOldOrder", "Y"))
        .order_number();
    assert_eq!(desk.told(SMIME), "revoked: superseded");
    desk.patch(CODE_SIGNING, r#"{"state":"issued"}"#);
    assert_eq!(desk.told(CODE_SIGNING), "good");

    desk.control.expect(("PUT", "/snapshot", &snapshot), 200, &[]);
    assert_eq!(desk.told(SMIME), "good");
    assert_eq!(desk.told(CODE_SIGNING), "revoked: keyCompromise");
    assert_eq!(desk.collect(SMIME), certificate);
}

#[test]
fn numbers_of_crls_rise_whatever_happens() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(CODE_SIGNING);
    let snapshot = desk.control.get("/snapshot").to_string();
    let mut last = desk.crl_number(CODE_SIGNING);
    assert_eq!(desk.crl_number(CODE_SIGNING), last, "nothing has changed");
    let changes: &[&dyn Fn(&mut Desk)] = &[
        &|desk| desk.revoke(&Form::revoke()),
        &|desk| desk.advance("2h"),
        &|desk| desk.patch(CODE_SIGNING, r#"{"state":"issued"}"#),
        &|desk| drop(desk.control.expect(("DELETE", "/orders/2200003", ""), 204, &[])),
        &|desk| drop(desk.control.expect(("PUT", "/snapshot", &snapshot), 200, &[])),
        &|desk| drop(desk.control.expect(("PUT", "/clock", r#"{"now":"-700d"}"#), 200, &[])),
        &|desk| drop(desk.control.expect(("POST", "/reset", ""), 200, &[])),
    ];
    for (index, change) in changes.iter().enumerate() {
        change(&mut desk);
        let number = desk.crl_number(CODE_SIGNING);
        assert!(number > last, "change {index}: {number} after {last}");
        last = number;
    }
}

#[test]
fn sandboxes_have_certificates_and_crls_of_their_own() {
    let server = Server::plain(&[]);
    let (mut here, mut there) = (Desk::of(&server), Desk::of_new_sandbox(&server, "there"));
    // Two of the same moment, so that nothing but the sandbox tells them apart.
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"code-signing","issued":"2026-01-01T00:00:00Z",
        "expires":"2046-01-01T00:00:00Z"}"#;
    for desk in [&mut here, &mut there] {
        desk.order(order);
        desk.collect(7);
    }
    assert_ne!(here.serial(7), there.serial(7));
    here.revoke(&Form::revoke().order(7));
    assert_eq!(here.told(7), "revoked: keyCompromise");
    assert_eq!(there.told(7), "good");
    let now = here.now();
    here.openssl.write("theirs.pem", there.openssl.read("7.pem"));
    let asked = here.openssl.expect_failure(&format!(
        "ocsp -issuer 7-chain.pem -cert theirs.pem -url http://{}/ocsp/code-signing -CAfile root.pem -attime {now}",
        server.http()
    ));
    assert!(asked.contains("unauthorized (6)"), "{asked}");
}

#[test]
fn a_crl_is_for_the_certificates_of_its_sandbox_alone() {
    let server = Server::plain(&[]);
    let (mut here, mut there) = (Desk::of(&server), Desk::of_new_sandbox(&server, "there"));
    for desk in [&mut here, &mut there] {
        desk.collect(CODE_SIGNING);
        let crl = desk.crl(CODE_SIGNING);
        let url = uri(&desk.x509(CODE_SIGNING, "-ext crlDistributionPoints"));
        let (_, point) = crl
            .split_once("X509v3 Issuing Distribution Point: critical\n")
            .unwrap_or_else(|| panic!("none in {crl}"));
        let lines: Vec<_> = point.lines().map(str::trim).take(2).collect();
        assert_eq!(lines, ["Full Name:", &format!("URI:{url}")]);
        let (is_fine, printed) = desk.verify(CODE_SIGNING, "-crl_check -CRLfile crl.pem ");
        assert!(is_fine, "{printed}");
    }
    // Both have the same issuer and the same key, and neither says anything of the other's certificates.
    let crls = [&here, &there].map(|desk| desk.openssl.read("crl.pem"));
    for (desk, other) in [(&mut here, &crls[1]), (&mut there, &crls[0])] {
        desk.openssl.write("other.pem", other);
        let (is_fine, printed) = desk.verify(CODE_SIGNING, "-crl_check -CRLfile other.pem ");
        assert!(!is_fine && printed.contains("different CRL scope"), "{printed}");
    }
}

#[test]
fn all_who_read_at_once_get_the_same_certificate() {
    let server = Server::plain(&[]);
    let address = server.control();
    for number in [SMIME, CODE_SIGNING] {
        let path = format!("/orders/{number}/certificate");
        let read = || Control::at(address, "default").read(&path, "").text().to_owned();
        let certificates: Vec<String> = thread::scope(|scope| {
            let readers: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
            readers.into_iter().map(|reader| reader.join().unwrap()).collect()
        });
        assert!(certificates[0].starts_with("-----BEGIN CERTIFICATE-----\n"));
        assert!(certificates.iter().all(|certificate| *certificate == certificates[0]));
    }
}

#[test]
fn a_change_of_what_it_says_is_another_certificate() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for patch in [
        r#"{"email":"other@example.com"}"#,
        r#"{"productCode":795}"#,
        r#"{"expires":"+100d"}"#,
        r#"{"organization":"Other Ltd"}"#,
    ] {
        let number = desk.order(r#"{"loginName":"login_name","product":"smime","email":"a@example.com"}"#);
        let old = desk.collect(number);
        desk.patch(number, patch);
        assert_eq!(desk.told(number), "unauthorized", "{patch}");
        assert_ne!(desk.collect(number), old, "{patch}");
        assert_eq!(desk.told(number), "good", "{patch}");
    }
}

/// Since when the world is told that a certificate is revoked.
#[track_caller]
fn told_since(desk: &mut Desk, number: u64) -> u64 {
    let ocsp = desk.ocsp(number);
    asn1_seconds(line(&ocsp, "Revocation Time: ").expect("it is revoked"))
}
