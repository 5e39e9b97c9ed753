//! The outbox: the mails that would have been sent, and the endpoints that send them again.

use sectigo_emulator::Emulator;
use sectigo_emulator::control::{MailKind, Order};
use serde_json::{Value, json};

use crate::harness::{
    Client, Control, Form, PASSWORD, REPLACE_DENIED, STATES, SUCCESS, Server, WRONG_STATE, default_fixtures, invalid,
    missing, unrecognized,
};

const COLLECTION: &str = "/products/!ResendCollectionEmailSMIME";
const VERIFICATION: &str = "/products/!ResendVerificationEmailSMIME";
const INVITATION: &str = "/products/!ResendInvitationEmailSMIME";
const APPLY: &str = "/products/!AutoApplyOrder";
const REQUEST: &str = "/products/download/RequestAndCollectSMIME";
const CSR: &str = include_str!("../../fixtures/csr/p256-sha256.pem");
const KINDS: [(&str, &str); 3] = [
    (VERIFICATION, "verification"),
    (INVITATION, "invitation"),
    (COLLECTION, "collection"),
];

/// A template of the account `login_name`, by the built-in fixtures.
fn template() -> u64 {
    let accounts = default_fixtures()["accounts"].clone();
    let mut accounts = accounts.as_array().unwrap().iter();
    let account = accounts.find(|account| account["loginName"] == "login_name").unwrap();
    account["templateIDs"][0].as_u64().unwrap()
}

fn resend(number: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", number.to_string())
}

/// The mails of a sandbox, each without its number and its time.
fn mails(control: &mut Control, query: &str) -> Vec<Value> {
    let mut list = control.get(&format!("/outbox{query}"))["mails"].take();
    let mails = list.as_array_mut().unwrap();
    for mail in &mut *mails {
        let mail = mail.as_object_mut().unwrap();
        assert!(mail.remove("id").unwrap().is_u64() && mail.remove("time").unwrap().is_string());
    }
    std::mem::take(mails)
}

#[test]
fn each_state_allows_its_mails_alone() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    for (endpoint, kind) in KINDS {
        for (state, number) in STATES.into_iter().zip(1_100_001..) {
            control.expect(("DELETE", "/outbox", ""), 204, &[]);
            let is_sent = match kind {
                "collection" => state == "issued",
                _ => state == "pending",
            };
            let expected = if is_sent { SUCCESS } else { WRONG_STATE };
            client.post(endpoint, &resend(number).encode()).assert_text(expected);
            let order = control.get(&format!("/orders/{number}"));
            let expected = json!({
                "kind": kind, "to": order["email"], "orderNumber": number, "collectionCode": order["collectionCode"],
                "languageName": "en",
            });
            let expected = if is_sent { vec![expected] } else { vec![] };
            assert_eq!(mails(&mut control, ""), expected, "{kind} {state}");
        }
    }
}

#[test]
fn without_an_email_the_mail_goes_to_what_the_certificate_names() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    control.expect(("PATCH", "/orders/1100003", r#"{"email":null}"#), 200, &[]);
    client
        .post(COLLECTION, &resend(1_100_003).encode())
        .assert_text(SUCCESS);
    let to = mails(&mut control, "")[0]["to"].as_str().unwrap().to_owned();
    assert_eq!(to, "order-1100003@example.com");
    let described = control.get("/orders/1100003/certificate?format=json").to_string();
    assert!(described.contains(&to), "{described}");
}

#[test]
fn nobody_is_invited_to_send_a_csr_that_is_there() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let call = resend(1_100_001).encode();
    client.post(INVITATION, &call).assert_text(SUCCESS);
    client.replace(&Form::replace().order(1_100_001)).assert_text(SUCCESS);
    client.post(INVITATION, &call).assert_text(WRONG_STATE);
    client.post(VERIFICATION, &call).assert_text(SUCCESS);
}

#[test]
fn what_is_wrong_with_a_call_is_answered() {
    let server = Server::start(&[]);
    let mut plain = server.client();
    for (endpoint, _) in KINDS {
        plain
            .post(endpoint, &resend(1_100_001).encode())
            .assert_text("-1\nRequest was not made over https!\n");
    }
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    for (endpoint, _) in KINDS {
        let form = resend(1_100_001);
        client
            .get(&format!("{endpoint}?{}", form.encode()))
            .assert_text("-17\nRequest used GET rather than POST!\n");
        for (form, expected) in [
            (form.clone().add("responseFormat", "1"), unrecognized("responseFormat")),
            (form.clone().without("orderNumber"), missing("orderNumber")),
            (form.clone().order(1), invalid("orderNumber")),
            // Of the other product, and somebody else's.
            (form.clone().order(2_200_001), invalid("orderNumber")),
            (form.clone().by("reseller_account"), invalid("orderNumber")),
            (form.clone().set("orderNumber", "x"), invalid("orderNumber")),
            (form.clone().by("nobody"), REPLACE_DENIED.to_owned()),
            (form.clone().by("locked_account"), REPLACE_DENIED.to_owned()),
            (
                form.clone().by("no_permission"),
                format!(
                    "-91\nPermission denied for '{}'\n",
                    endpoint.trim_start_matches("/products/")
                ),
            ),
        ] {
            client.post(endpoint, &form.encode()).assert_text(&expected);
        }
        let fault = json!({"endpoint": endpoint.trim_start_matches("/products/"), "times": 1, "then": {"code": -14}});
        control.expect(("POST", "/faults", &fault.to_string()), 201, &[]);
        client
            .post(endpoint, &form.encode())
            .assert_text("-14\nAn unknown error occurred!\n");
    }
    assert_eq!(mails(&mut control, ""), [json!(null); 0]);
}

#[test]
fn a_verification_goes_to_the_address_of_the_order_alone() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    control.expect(("PATCH", "/orders/1100001", r#"{"email":"Ann@example.com"}"#), 200, &[]);
    let mut send = |addresses: &str| {
        let form = resend(1_100_001).add("emailAddress", addresses);
        client.post(VERIFICATION, &form.encode()).text().to_owned()
    };
    for own in ["Ann@example.com", "ann@EXAMPLE.com", "Ann@example.com, Ann@example.com"] {
        assert_eq!(send(own), SUCCESS, "{own}");
        assert_eq!(mails(&mut control, "")[0]["to"], "Ann@example.com", "{own}");
        assert_eq!(mails(&mut control, "").len(), 1, "{own}");
        control.expect(("DELETE", "/outbox", ""), 204, &[]);
    }
    for other in [
        "bob@example.com",
        "Ann@example.com,bob@example.com",
        "Ann@example.com,",
        ",",
        " ",
    ] {
        assert_eq!(send(other), invalid("emailAddress"), "{other}");
    }
    assert_eq!(mails(&mut control, "").len(), 0);
}

#[test]
fn a_replacement_sends_its_mails_in_its_language_or_by_its_templates() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let template = template();
    // Before it is issued: two mails about the request.
    for (name, value, verification, invitation) in [
        ("signatureHash", "NO_PREFERENCE".to_owned(), json!("en"), json!("en")),
        ("languageName", "de".to_owned(), json!("de"), json!("de")),
        (
            "SMIMEVerificationTemplateID",
            template.to_string(),
            json!(template),
            json!("en"),
        ),
        (
            "SMIMERequestTemplateID",
            template.to_string(),
            json!("en"),
            json!(template),
        ),
        (
            "SMIMECollectionTemplateID",
            template.to_string(),
            json!("en"),
            json!("en"),
        ),
    ] {
        let form = Form::replace().order(1_100_001).add(name, value);
        client.replace(&form).assert_text(SUCCESS);
        let sent: Vec<_> = mails(&mut control, "?orderNumber=1100001")
            .iter()
            .map(|mail| (mail["kind"].clone(), worded(mail)))
            .collect();
        let expected = [(json!("verification"), verification), (json!("invitation"), invitation)];
        assert_eq!(sent, expected, "{name}");
        control.expect(("DELETE", "/outbox", ""), 204, &[]);
    }
    // After: one about the new certificate, to the new order's address.
    let mut number = 1_234_567;
    for (name, value, expected) in [
        ("languageName", "fr".to_owned(), json!("fr")),
        ("SMIMECollectionTemplateID", template.to_string(), json!(template)),
        ("SMIMEVerificationTemplateID", template.to_string(), json!("en")),
    ] {
        let form = Form::replace().order(number).add(name, value);
        number = client.replace(&form).order_number();
        let sent = mails(&mut control, &format!("?orderNumber={number}&kind=collection"));
        assert_eq!(sent.len(), 1, "{name}");
        assert_eq!(worded(&sent[0]), expected, "{name}");
    }
    assert_eq!(mails(&mut control, "").len(), 3);
    assert_eq!(mails(&mut control, "?kind=verification").len(), 0);
}

/// An order by `!AutoApplyOrder`, without a CSR.
fn order() -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("product", "794")
        .add("days", "365")
        .add("sanEmailAddress", "jane@example.com")
}

/// The same with a CSR.
fn order_with_csr() -> Form {
    order().add("csr", CSR)
}

/// The number of the order that a call makes.
#[track_caller]
fn apply(client: &mut Client, form: &Form) -> u64 {
    let answer = client.post(APPLY, &form.encode());
    let number = answer.text().lines().nth(1).and_then(|line| line.parse().ok());
    number.unwrap_or_else(|| panic!("{answer:?}"))
}

/// Kind and wording of each mail about an order.
fn about(control: &mut Control, number: u64) -> Vec<(String, Value)> {
    mails(control, &format!("?orderNumber={number}"))
        .iter()
        .map(|mail| {
            assert_eq!(mail["to"], "jane@example.com");
            (mail["kind"].as_str().unwrap().to_owned(), worded(mail))
        })
        .collect()
}

fn kinds(kinds: &[&str], wording: impl Into<Value>) -> Vec<(String, Value)> {
    let wording = wording.into();
    kinds.iter().map(|kind| ((*kind).to_owned(), wording.clone())).collect()
}

#[test]
fn an_order_sends_its_mails_and_those_that_follow_are_written_alike() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let number = apply(&mut client, &order().add("languageName", "de"));
    let mut expected = kinds(&["verification", "invitation"], "de");
    assert_eq!(about(&mut control, number), expected);
    client.post(INVITATION, &resend(number).encode()).assert_text(SUCCESS);
    expected.extend(kinds(&["invitation"], "de"));
    assert_eq!(about(&mut control, number), expected);

    // What it is written with is part of the order, so a snapshot has it.
    let snapshot = control.expect(("GET", "/snapshot", ""), 200, &["\"languageName\":\"de\""]);
    control.expect(("PUT", "/snapshot", &snapshot), 200, &[]);
    let request = resend(number).add("queryType", "0").add("csr", CSR);
    client.post(REQUEST, &request.encode()).assert_text("0\n");
    assert_eq!(about(&mut control, number), []);
    let request = request.without("csr").add("returnCertificate", "Y");
    client.post(REQUEST, &request.encode()).assert_text("0\n");
    assert_eq!(about(&mut control, number), [], "it is being issued");
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    let mut expected = kinds(&["collection"], "de");
    assert_eq!(about(&mut control, number), expected);
    client.post(REQUEST, &request.encode()).assert_text("1\n");
    assert_eq!(about(&mut control, number), expected, "it is not said twice");
    let change = ("PATCH", &*format!("/orders/{number}"), r#"{"languageName":"fr"}"#);
    control.expect(change, 200, &[]);
    client.post(COLLECTION, &resend(number).encode()).assert_text(SUCCESS);
    expected.extend(kinds(&["collection"], "fr"));
    assert_eq!(about(&mut control, number), expected);
}

#[test]
fn an_order_with_a_csr_sends_a_mail_when_it_is_issued() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let template = template();
    let by_template = order_with_csr().add("SMIMECollectionTemplateID", template.to_string());
    let number = apply(&mut client, &by_template);
    let later = apply(
        &mut client,
        &order_with_csr().by("pays_later").add("languageName", "fr"),
    );
    assert_eq!(mails(&mut control, "").len(), 0);
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    assert_eq!(about(&mut control, number), kinds(&["collection"], template));
    assert_eq!(about(&mut control, later), [], "it is unpaid");
    let authorized = client.post("/products/!AutoAuthorize", &resend(later).by("pays_later").encode());
    assert_eq!(authorized.text(), "errorCode=0");
    assert_eq!(about(&mut control, later), [], "it is being issued");
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    assert_eq!(about(&mut control, later), kinds(&["collection"], "fr"));

    let later = apply(&mut client, &order().by("pays_later"));
    assert_eq!(about(&mut control, later), []);
    client.post("/products/!AutoAuthorize", &resend(later).by("pays_later").encode());
    assert_eq!(about(&mut control, later), kinds(&["verification", "invitation"], "en"));
}

#[test]
fn who_waits_for_polls_is_told_by_the_last_of_them() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    control.expect(("PATCH", "/accounts/login_name", r#"{"issuedAfterPolls":2}"#), 200, &[]);
    let ordered = apply(&mut client, &order_with_csr());
    let replaced = client
        .replace(&Form::replace().add("languageName", "de"))
        .order_number();
    for number in [ordered, replaced] {
        let collect = resend(number).add("queryType", "0").encode();
        for (answer, count) in [("0\n", 0), ("1\n", 1), ("1\n", 1)] {
            client
                .post("/products/download/CollectSMIME", &collect)
                .assert_text(answer);
            let sent = mails(&mut control, &format!("?orderNumber={number}"));
            assert!(
                sent.len() == count && sent.iter().all(|mail| mail["kind"] == "collection"),
                "{sent:?}"
            );
        }
    }
}

#[test]
fn a_poll_that_issues_an_order_before_it_is_due_sends_its_mail_once() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    control.expect(("PATCH", "/accounts/login_name", r#"{"issuedAfterPolls":1}"#), 200, &[]);
    let number = apply(&mut client, &order_with_csr());
    assert_eq!(about(&mut control, number), []);
    let collect = resend(number).add("queryType", "0").encode();
    client
        .post("/products/download/CollectSMIME", &collect)
        .assert_text("1\n");
    assert_eq!(about(&mut control, number), kinds(&["collection"], "en"));
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    assert_eq!(about(&mut control, number), kinds(&["collection"], "en"));
}

#[test]
fn a_mail_that_is_to_come_follows_its_order_and_one_that_was_sent_stays() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let [issued, deleted, held, later, failing, sent] = [(); 6].map(|()| apply(&mut client, &order_with_csr()));
    let mut change = |number: u64, fields: &str| {
        control.expect(("PATCH", &format!("/orders/{number}"), fields), 200, &[]);
    };
    change(issued, r#"{"state":"issued"}"#);
    change(held, r#"{"state":"on-hold"}"#);
    change(later, r#"{"due":"+3h"}"#);
    change(failing, r#"{"issuanceFails":"pre-sign"}"#);
    control.expect(("DELETE", &format!("/orders/{deleted}"), ""), 204, &[]);
    assert_eq!(about(&mut control, issued), kinds(&["collection"], "en"));
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    for number in [deleted, held, later, failing] {
        assert_eq!(about(&mut control, number), [], "{number}");
    }
    control.expect(("DELETE", &format!("/orders/{sent}"), ""), 204, &[]);
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    for number in [issued, later, sent] {
        assert_eq!(about(&mut control, number), kinds(&["collection"], "en"), "{number}");
    }
}

#[test]
fn what_is_wrong_about_mails_is_refused_where_they_are_sent() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    for (name, value) in [
        ("languageName", "xx"),
        ("languageName", "DE"),
        ("SMIMEVerificationTemplateID", "99"),
        ("SMIMERequestTemplateID", "99"),
        ("SMIMECollectionTemplateID", "99"),
    ] {
        let form = order_with_csr().add(name, value);
        client.post(APPLY, &form.encode()).assert_text(&invalid(name));
        let change = format!(
            r#"{{"{name}":{}}}"#,
            value.parse().map_or(json!(value), |id: u64| json!(id))
        );
        let status = if name == "languageName" { 422 } else { 200 };
        control.expect(("PATCH", "/orders/1100001", &change), status, &[]);
    }
    let both = order()
        .add("languageName", "de")
        .add("SMIMERequestTemplateID", template().to_string());
    client.post(APPLY, &both.encode()).assert_text(&invalid("languageName"));
    control.expect(
        ("PATCH", "/orders/1100001", r#"{"languageName":"de"}"#),
        422,
        &["templates"],
    );
    assert_eq!(mails(&mut control, "").len(), 0);
    // A code-signing order has no such mails.
    let form = order_with_csr()
        .set("product", "8")
        .add("organizationName", "Example Ltd")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", "joe@example.com")
        .add("languageName", "xx");
    apply(&mut client, &form);
    assert_eq!(mails(&mut control, "").len(), 0);
}

/// The language of a mail, or its template.
fn worded(mail: &Value) -> Value {
    assert!(mail["languageName"].is_null() != mail["templateID"].is_null(), "{mail}");
    match &mail["templateID"] {
        Value::Null => mail["languageName"].clone(),
        id => id.clone(),
    }
}

#[test]
fn what_is_refused_sends_no_mail() {
    let server = Server::plain(&["--max-orders", "22"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    assert_eq!(client.replace(&Form::replace()).status, 503);
    for form in [
        Form::replace().order(1_100_005),
        Form::replace().order(1_100_001).set("csr", "x"),
    ] {
        assert!(client.replace(&form).code() < 0);
    }
    assert_eq!(mails(&mut control, "").len(), 0);
}

#[test]
fn a_mail_about_a_certificate_comes_when_it_is_issued() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let frozen = r#"{"now":"2031-02-03T04:05:06Z","frozen":true}"#;
    control.expect(("PUT", "/clock", frozen), 200, &[]);
    control.expect(
        ("PATCH", "/orders/1234567", r#"{"state":"issued","expires":"+100d"}"#),
        200,
        &[],
    );
    let number = client.replace(&Form::replace()).order_number();
    assert_eq!(mails(&mut control, "").len(), 0);
    let call = resend(number).encode();
    client.post(COLLECTION, &call).assert_text(WRONG_STATE);
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    assert_eq!(control.get("/outbox")["mails"][0]["time"], "2031-02-03T05:05:06Z");
    control.expect(("POST", "/clock/advance", r#"{"by":"1m"}"#), 200, &[]);
    client.post(COLLECTION, &call).assert_text(SUCCESS);
    assert_eq!(control.get("/outbox")["mails"][1]["time"], "2031-02-03T05:06:06Z");
}

#[test]
fn each_sandbox_has_its_own_until_it_begins_again() {
    let server = Server::plain(&[]);
    let mut default = Control::of(&server);
    let mut other = Control::of_new_sandbox(&server, "t1");
    other.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    let before = other.get("/snapshot");
    let call = resend(1_234_567).encode();
    server
        .client()
        .post(&format!("/sandboxes/t1{COLLECTION}"), &call)
        .assert_text(SUCCESS);
    assert_eq!((mails(&mut default, "").len(), mails(&mut other, "").len()), (0, 1));
    // A snapshot leaves the mails out.
    assert_eq!(other.get("/snapshot"), before);
    other.expect(("PUT", "/snapshot", &before.to_string()), 200, &[]);
    assert_eq!(mails(&mut other, "").len(), 0);
    server
        .client()
        .post(&format!("/sandboxes/t1{COLLECTION}"), &call)
        .assert_text(SUCCESS);
    other.expect(("POST", "/reset", ""), 200, &[]);
    assert_eq!(mails(&mut other, "").len(), 0);
}

#[test]
fn the_last_thousand_are_kept() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let call = resend(1_234_567).encode();
    for _ in 0..1003 {
        client.post(COLLECTION, &call).assert_text(SUCCESS);
    }
    let list = control.get("/outbox");
    assert_eq!(list["mails"].as_array().unwrap().len(), 1000);
    assert_eq!((&list["mails"][0]["id"], &list["forgotten"]), (&json!(4), &json!(3)));
    control.expect(("DELETE", "/outbox", ""), 204, &[]);
    assert_eq!(control.get("/outbox"), json!({"mails": []}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_reads_it() {
    let emulator = Emulator::builder().accept_plain_http(true).start().await.unwrap();
    let control = emulator.control();
    let now = control.clock().freeze().await.unwrap().now;
    let order = Order::smime("login_name").issued().email("ann@example.com");
    let number = control.orders().create(order).await.unwrap().order_number;
    let mut client = Client::connect(emulator.http_addr().unwrap());
    client.post(COLLECTION, &resend(number).encode()).assert_text(SUCCESS);
    client
        .post(VERIFICATION, &resend(1_100_001).encode())
        .assert_text(SUCCESS);
    let all = control.outbox().list().await.unwrap();
    assert_eq!(all.len(), 2);
    let mails = control.outbox().order(number).kind(MailKind::Collection);
    let found = mails.list().await.unwrap();
    assert_eq!(found, all[..1]);
    let mail = &found[0];
    assert_eq!(
        (&*mail.to, mail.order_number, mail.template_id),
        ("ann@example.com", number, None)
    );
    assert_eq!(mail.language_name.as_deref(), Some("en"));
    assert_eq!(mail.time, now);
    assert!(control.outbox().order(7).list().await.unwrap().is_empty());
    control.outbox().clear().await.unwrap();
    assert!(control.outbox().list().await.unwrap().is_empty());
    assert_eq!(control.outbox().forgotten().await.unwrap(), 0);
}
