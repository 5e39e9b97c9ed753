//! Accounts: who is let in, what they may do, and how often.

use crate::harness::{Form, PASSWORD, REPLACE_DENIED, REVOKE_DENIED, SUCCESS, Server, eventually, invalid};

const LIMITED: &str = "-42\nCall limit reached, please try again later!\n";

/// A replacement that can be repeated, because it is done in place.
fn again() -> Form {
    Form::replace().order(1_100_001)
}

#[test]
fn login_name_and_password_are_case_sensitive_and_whole() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (name, password) in [
        ("Login_Name", PASSWORD),
        ("LOGIN_NAME", PASSWORD),
        ("login_name", "LOGIN_PASSWORD"),
        ("login_name", "login_passwor"),
        ("login_name", "login_password "),
        (" login_name", PASSWORD),
        ("login_name\0", PASSWORD),
        ("nobody", PASSWORD),
        ("locked_account", PASSWORD),
        ("locked_account", "wrong"),
    ] {
        let replace = again().by(name).set("loginPassword", password);
        client.replace(&replace).assert_text(REPLACE_DENIED);
        let revoke = Form::revoke().by(name).set("loginPassword", password);
        client.revoke(&revoke).assert_text(REVOKE_DENIED);
    }
    client.replace(&again()).assert_text(SUCCESS);
}

#[test]
fn the_longest_names_and_passwords_open_their_account() {
    let name = "😀".repeat(64);
    let password = "ß€".repeat(64);
    let fixtures = format!(
        r#"
        [[accounts]]
        loginName = "{name}"
        loginPassword = "{password}"

        [[orders]]
        orderNumber = 999999999999999999
        loginName = "{name}"
        product = "code-signing"
        state = "issued"
        "#
    );
    let server = Server::plain_with_fixtures(&fixtures, &[]);
    let form = Form::revoke()
        .by(&name)
        .set("loginPassword", &password)
        .order(999_999_999_999_999_999)
        .set("revocationReason", "😀".repeat(497));
    server.client().revoke(&form).assert_text(SUCCESS);
}

#[test]
fn an_account_may_use_the_endpoints_that_it_is_permitted() {
    let fixtures = r#"
        [[accounts]]
        loginName = "replaces"
        loginPassword = "login_password"
        permissions = ["!AutoReplaceSMIME"]

        [[accounts]]
        loginName = "revokes"
        loginPassword = "login_password"
        permissions = ["!autoRevokeCS"]

        [[orders]]
        orderNumber = 1
        loginName = "replaces"
        product = "smime"
        state = "issued"

        [[orders]]
        orderNumber = 2
        loginName = "revokes"
        product = "code-signing"
        state = "issued"
        "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut client = server.client();
    client
        .revoke(&Form::revoke().by("replaces"))
        .assert_text("-91\nPermission denied for '!autoRevokeCS'\n");
    client
        .replace(&Form::replace().by("revokes"))
        .assert_text("-91\nPermission denied for '!AutoReplaceSMIME'\n");
    client.replace(&Form::replace().by("replaces").order(1)).order_number();
    client
        .revoke(&Form::revoke().by("revokes").order(2))
        .assert_text(SUCCESS);
}

#[test]
fn a_voucher_pays_for_replacements_and_not_for_revocations() {
    let fixtures = r#"
        [[accounts]]
        loginName = "a"
        loginPassword = "login_password"
        voucher = true

        [[orders]]
        orderNumber = 1
        loginName = "a"
        product = "smime"
        state = "issued"

        [[orders]]
        orderNumber = 2
        loginName = "a"
        product = "code-signing"
        state = "issued"
        "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut client = server.client();
    client.replace(&Form::replace().by("a").order(1)).order_number();
    client
        .revoke(&Form::revoke().by("a").order(2))
        .assert_text("-90\nPermission denied for using “voucher” with '!autoRevokeCS'\n");
}

#[test]
fn a_call_limit_ends_with_its_window() {
    let fixtures = r#"
        [[accounts]]
        loginName = "a"
        loginPassword = "login_password"
        callLimit = { calls = 3, per = "3s" }

        [[accounts]]
        loginName = "b"
        loginPassword = "login_password"

        [[orders]]
        orderNumber = 1
        loginName = "a"
        product = "smime"
        state = "pending"

        [[orders]]
        orderNumber = 2
        loginName = "b"
        product = "smime"
        state = "pending"
        "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut client = server.client();
    let form = Form::replace().by("a").order(1);
    // Whoever is not let in uses up nothing.
    for _ in 0..5 {
        client
            .replace(&form.clone().set("loginPassword", "wrong"))
            .assert_text(REPLACE_DENIED);
        client
            .replace(&form.clone().set("orderNumber", ""))
            .assert_text(&invalid("orderNumber"));
    }
    for _ in 0..3 {
        client.replace(&form).assert_text(SUCCESS);
    }
    client.replace(&form).assert_text(LIMITED);
    // The others are not limited by it.
    client.replace(&Form::replace().by("b").order(2)).assert_text(SUCCESS);
    eventually("the window has passed", || client.replace(&form).text() == SUCCESS);
}

#[test]
fn a_limit_of_nothing_is_over_from_the_start() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for _ in 0..3 {
        client.replace(&again().by("limited_account")).assert_text(LIMITED);
    }
}

#[test]
fn a_limit_holds_for_calls_at_the_same_time() {
    let server = Server::plain_with_fixtures(
        &include_str!("../../fixtures/default.toml").replace("calls = 0", "calls = 5"),
        &[],
    );
    let form = Form::replace().by("limited_account");
    // CSRs that take long to judge, among some that do not, let calls overtake each other.
    let slow = form.clone().set(
        "csr",
        include_str!("../../fixtures/csr/rsa-8192-pss-sha224-bad-signature.pem"),
    );
    let answers: Vec<String> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..24)
            .map(|number| {
                let (server, form) = (&server, if number % 2 == 0 { &slow } else { &form });
                scope.spawn(move || server.client().replace(form).text().to_owned())
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|answer| *answer != LIMITED).count(),
        5,
        "{answers:?}"
    );
}
