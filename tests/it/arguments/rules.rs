//! Rules that a table cannot say: what an account may ask for, and what excludes what.

use crate::harness::{Form, SUCCESS, Server, invalid};

/// A replacement that can be repeated, because it is done in place.
fn again() -> Form {
    Form::replace().order(1_100_001)
}

#[test]
fn a_language_and_a_template_exclude_each_other() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.replace(&again().set("languageName", "de")).assert_text(SUCCESS);
    for name in [
        "SMIMEVerificationTemplateID",
        "SMIMERequestTemplateID",
        "SMIMECollectionTemplateID",
    ] {
        client.replace(&again().set(name, "11")).assert_text(SUCCESS);
        let both = again().set(name, "11").set("languageName", "de");
        client.replace(&both).assert_text(&invalid("languageName"));
    }
    let three = again()
        .set("SMIMEVerificationTemplateID", "11")
        .set("SMIMERequestTemplateID", "12")
        .set("SMIMECollectionTemplateID", "13");
    client.replace(&three).assert_text(SUCCESS);
}

#[test]
fn a_template_is_one_of_the_accounts() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for name in [
        "SMIMEVerificationTemplateID",
        "SMIMERequestTemplateID",
        "SMIMECollectionTemplateID",
    ] {
        client.replace(&again().set(name, "14")).assert_text(&invalid(name));
        let other = Form::replace().by("agreement_account").order(1_100_101).set(name, "11");
        client.replace(&other).assert_text(&invalid(name));
    }
}

#[test]
fn a_ca_certificate_needs_an_agreement() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client
        .replace(&again().set("caCertificateID", "1"))
        .assert_text("-91\nPermission denied for 'caCertificateID'\n");
    let agreed = Form::replace().by("agreement_account").order(1_100_101);
    client
        .replace(&agreed.clone().set("caCertificateID", "2"))
        .assert_text(&invalid("caCertificateID"));
    client.replace(&agreed.set("caCertificateID", "1")).order_number();
}

#[test]
fn every_signature_hash_is_taken() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for hash in ["NO_PREFERENCE", "INFER_FROM_CSR", "PREFER_SHA2", "REQUIRE_SHA2"] {
        client.replace(&again().set("signatureHash", hash)).assert_text(SUCCESS);
    }
}

#[test]
fn every_code_reason_is_taken_and_none_is_needed() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let test = || Form::revoke().set("test", "Y");
    for reason in ["0", "1", "3", "4", "5"] {
        client.revoke(&test().set("codeReason", reason)).assert_text(SUCCESS);
    }
    client.revoke(&test().without("codeReason")).assert_text(SUCCESS);
}

#[test]
fn revoke_old_order_may_be_sent_where_it_means_nothing() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for value in ["Y", "N", "Y"] {
        client
            .replace(&again().set("revokeOldOrder", value))
            .assert_text(SUCCESS);
    }
}

#[test]
fn names_in_any_case_do_what_they_say() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let shouted = Form::revoke().set("test", "Y").rename(str::to_uppercase);
    client.revoke(&shouted).assert_text(SUCCESS);
    let whispered = again().rename(str::to_lowercase);
    client.replace(&whispered).assert_text(SUCCESS);
}
