//! `!AutoReplaceSMIME` on orders of every state.

use crate::harness::{ALREADY_REVOKED, BEING_ISSUED, Form, SUCCESS, Server, WRONG_STATE, invalid};

#[test]
fn every_state_answers_as_the_table_says() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (number, expected) in [
        (1_100_001, SUCCESS),
        (1_100_002, BEING_ISSUED),
        (1_100_004, WRONG_STATE),
        (1_100_005, ALREADY_REVOKED),
        (1_100_006, WRONG_STATE),
        (1_100_007, WRONG_STATE),
        (1_100_008, WRONG_STATE),
    ] {
        // Twice, because nothing of this changes a state; and whatever becomes of the old order.
        for revoke in ["Y", "N"] {
            let form = Form::replace().order(number).set("revokeOldOrder", revoke);
            client.replace(&form).assert_text(expected);
        }
    }
    assert!(client.replace(&Form::replace().order(1_100_003)).order_number() > 0);
}

#[test]
fn an_order_that_is_replaced_with_revocation_is_revoked() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let form = Form::replace().set("revokeOldOrder", "Y");
    let new = client.replace(&form).order_number();
    assert_ne!(new, 1_234_567);
    client.replace(&form).assert_text(ALREADY_REVOKED);
    let newer = client.replace(&Form::replace().order(new)).order_number();
    assert_ne!(newer, new);
}

#[test]
fn an_order_that_is_replaced_without_revocation_is_replaced() {
    for without in [Form::replace(), Form::replace().set("revokeOldOrder", "N")] {
        let server = Server::plain(&[]);
        let mut client = server.client();
        let new = client.replace(&without).order_number();
        client.replace(&without).assert_text(WRONG_STATE);
        client
            .replace(&without.clone().set("revokeOldOrder", "Y"))
            .assert_text(WRONG_STATE);
        client.replace(&without.order(new)).order_number();
    }
}

#[test]
fn a_chain_of_replacements_gives_a_new_number_each_time() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut numbers = vec![1_234_567];
    for _ in 0..50 {
        let number = client
            .replace(&Form::replace().order(numbers[numbers.len() - 1]))
            .order_number();
        assert!(!numbers.contains(&number));
        numbers.push(number);
    }
    for number in &numbers[..50] {
        client.replace(&Form::replace().order(*number)).assert_text(WRONG_STATE);
    }
}

#[test]
fn a_refused_call_changes_nothing() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let refused = [
        Form::replace().set("csr", "nonsense"),
        Form::replace().set("loginPassword", "wrong"),
        Form::replace().set("caCertificateID", "1"),
        Form::replace().set("SMIMERequestTemplateID", "99"),
        Form::replace().add("colour", "red"),
    ];
    for form in refused {
        assert!(client.replace(&form.set("revokeOldOrder", "Y")).code() < 0);
    }
    client.replace(&Form::replace()).order_number();
}

#[test]
fn an_order_that_is_not_there_or_somebody_elses_or_of_another_product_is_invalid() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for number in [
        "9999999",
        "1100101",
        "2200003",
        "2200101",
        "0",
        "01234567",
        "1234567 ",
        "+1234567",
        "1234567.0",
        "-1234567",
        "order",
        "18446744073710786183",
        "\u{ff11}",
    ] {
        let form = Form::replace().set("orderNumber", number);
        client.replace(&form).assert_text(&invalid("orderNumber"));
    }
    let theirs = Form::replace().by("agreement_account");
    client.replace(&theirs).assert_text(&invalid("orderNumber"));
}
