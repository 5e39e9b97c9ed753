//! `!AutoApplyOrder`, `!AutoAuthorize`, `!AutoReject` and `download/RequestAndCollectSMIME`: from an order to its certificate.

use serde_json::json;

use crate::harness::{Answer, Client, Control, Form, OpenSsl, PASSWORD, REPLACE_DENIED, Server, invalid, missing};

const APPLY: &str = "/products/!AutoApplyOrder";
const AUTHORIZE: &str = "/products/!AutoAuthorize";
const REJECT: &str = "/products/!AutoReject";
const REQUEST: &str = "/products/download/RequestAndCollectSMIME";
const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const P256: &str = include_str!("../../fixtures/csr/p256-sha256.pem");

fn login(name: &str) -> Form {
    Form::default().add("loginName", name).add("loginPassword", PASSWORD)
}

/// An S/MIME order with a CSR.
fn smime() -> Form {
    login("login_name")
        .add("product", "794")
        .add("days", "365")
        .add("sanEmailAddress", "jane@example.com")
        .add("csr", P256)
}

/// A code-signing order with a CSR.
fn code_signing() -> Form {
    login("login_name")
        .add("product", "8")
        .add("days", "1095")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", "jane@example.com")
        .add("organizationName", "Beispiel GmbH")
        .add("countryName", "DE")
        .add("localityName", "Köln")
        .add("csr", P256)
}

fn request(number: u64) -> Form {
    login("login_name")
        .add("orderNumber", number.to_string())
        .add("queryType", "2")
}

#[track_caller]
fn send(client: &mut Client, path: &str, form: &Form) -> Answer {
    let answer = client.post(path, &form.encode());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// The number of the order that a call makes.
#[track_caller]
fn apply(client: &mut Client, form: &Form) -> u64 {
    let answer = send(client, APPLY, form);
    answer
        .text()
        .lines()
        .nth(1)
        .and_then(|line| line.parse().ok())
        .unwrap_or_else(|| panic!("{answer:?}"))
}

/// What openssl prints of the certificate in a text.
fn x509(text: &str, args: &str) -> String {
    let files = OpenSsl::new();
    files.write("leaf.pem", text.trim_start_matches(|c| c != '-'));
    files.expect(&format!("x509 -in leaf.pem -noout {args}"))
}

#[test]
fn an_order_is_answered_in_each_format() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let form = smime()
        .add("showCertificateID", "Y")
        .add("showCertificateState", "Y")
        .add("uniqueValue", "TnerFu0d")
        .add("foreignOrderNumber", "f-1")
        .add("showCollectionCode", "Y");
    let lines = send(&mut client, APPLY, &form);
    let lines: Vec<_> = lines.text().lines().collect();
    let id = |number: u64| (10_000_000_000_000_000 - number).to_string();
    let number: u64 = lines[1].parse().unwrap();
    let own = id(number);
    assert_eq!(
        lines[..8],
        ["0", lines[1], "20.00", "1", &own, "Issued", "TnerFu0d", "f-1"]
    );
    assert!(lines.len() == 9 && lines[8].len() <= 16 && lines[8].bytes().all(|byte| byte.is_ascii_alphanumeric()));

    let encoded = send(&mut client, APPLY, &form.clone().add("responseFormat", "1"));
    assert_eq!(encoded.header("content-type"), Some(URL_ENCODED));
    let fields: Vec<(String, String)> = form_urlencoded::parse(encoded.bytes()).into_owned().collect();
    let names: Vec<_> = fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "errorCode",
            "orderNumber",
            "totalCost",
            "expectedDeliveryTime",
            "certificateID",
            "certificateStatus",
            "uniqueValue",
            "foreignOrderNumber",
            "collectionCode"
        ]
    );
    let json = send(&mut client, APPLY, &smime().add("responseFormat", "2"));
    assert_eq!(json.header("content-type"), Some("application/json"));
    let json: serde_json::Value = serde_json::from_str(json.text()).unwrap();
    assert_eq!((&json["errorCode"], &json["totalCost"]), (&0.into(), &"20.00".into()));

    let bare = send(&mut client, APPLY, &smime());
    assert_eq!(bare.text().lines().count(), 4, "{bare:?}");
    let mut control = Control::of(&server);
    control.expect(("PATCH", "/assumptions", r#"{"apply-order-json":"refused"}"#), 200, &[]);
    let refused = send(&mut client, APPLY, &smime().add("responseFormat", "2"));
    refused.assert_text(&invalid("responseFormat"));
    let refused = send(&mut client, APPLY, &smime().without("days").add("responseFormat", "2"));
    refused.assert_text(&missing("days"));
}

#[test]
fn each_code() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let csr = |text: &str| smime().set("csr", text);
    let file =
        |name: &str| std::fs::read_to_string(format!("{}/fixtures/csr/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let size = "-13\nThe CSR uses an unsupported key size!\n";
    for (form, expected) in [
        (smime().without("product"), missing("product")),
        (smime().without("days"), missing("days")),
        (smime().without("sanEmailAddress"), missing("sanEmailAddress")),
        (
            code_signing().without("isCustomerValidated"),
            missing("isCustomerValidated"),
        ),
        (
            code_signing().without("appRepEmailAddress"),
            missing("appRepEmailAddress"),
        ),
        (code_signing().without("organizationName"), missing("organizationName")),
        (smime().set("product", "796"), missing("organizationName")),
        (smime().set("product", "9"), invalid("product")),
        (smime().set("product", "0794"), invalid("product")),
        (smime().set("product", "794,795"), invalid("product")),
        (smime().set("product", "794,163"), invalid("product")),
        (smime().set("product", "163"), invalid("product")),
        (smime().set("product", ""), invalid("product")),
        (smime().set("days", "366"), invalid("days")),
        (smime().set("sanEmailAddress", "nobody"), invalid("sanEmailAddress")),
        (
            smime().set("sanEmailAddress", format!("{}@example.com", "l".repeat(244))),
            invalid("sanEmailAddress"),
        ),
        (smime().add("uniqueValue", "a-b"), invalid("uniqueValue")),
        (smime().add("uniqueValue", "a".repeat(21)), invalid("uniqueValue")),
        (smime().add("test", "y"), invalid("test")),
        (smime().add("countryName", "DEU"), invalid("countryName")),
        (code_signing().set("organizationName", " "), invalid("organizationName")),
        (
            code_signing().set("organizationName", "x".repeat(65)),
            invalid("organizationName"),
        ),
        (
            smime().add("countryName", "UK"),
            "-7\n'UK' is not a valid ISO-3166 country!\n".to_owned(),
        ),
        (
            code_signing().set("countryName", "xx"),
            "-7\n'xx' is not a valid ISO-3166 country!\n".to_owned(),
        ),
        (csr("!"), "-9\nThe CSR is not valid Base-64 data!\n".to_owned()),
        (csr("aGVsbG8="), "-10\nThe CSR cannot be decoded!\n".to_owned()),
        (
            csr(&file("ed25519.pem")),
            "-11\nThe CSR uses an unsupported algorithm!\n".to_owned(),
        ),
        (
            csr(&file("signature-tampered.pem")),
            "-12\nThe CSR has an invalid signature!\n".to_owned(),
        ),
        (csr(&file("rsa-1024.pem")), size.to_owned()),
        (code_signing().set("csr", file("rsa-2048-sha256.pem")), size.to_owned()),
        (smime().by("no_credit"), "-15\nNot enough credit!\n".to_owned()),
        (smime().by("locked_account"), REPLACE_DENIED.to_owned()),
        (
            smime().by("no_permission"),
            "-91\nPermission denied for '!AutoApplyOrder'\n".to_owned(),
        ),
        (
            smime().set("days", "1095"),
            "-115\nNo price found for product 794\n".to_owned(),
        ),
        (
            smime()
                .by("pays_later")
                .set("product", "796")
                .add("organizationName", "x"),
            "-115\nNo price found for product 796\n".to_owned(),
        ),
    ] {
        send(&mut client, APPLY, &form).assert_text(&expected);
    }
    for form in [
        smime().set("csr", file("rsa-2048-sha256.pem")),
        code_signing().set("csr", file("rsa-3072.pem")),
        code_signing().set("product", "551"),
        code_signing().set("product", "530, 577").without("csr"),
        smime().by("no_credit").add("test", "Y"),
        smime().add("colour", "red"),
        smime().set("sanEmailAddress", format!("{}@example.com", "l".repeat(64))),
        smime().set("sanEmailAddress", format!("{}@example.com", "l".repeat(243))),
    ] {
        assert_eq!(send(&mut client, APPLY, &form).code(), 0, "{form:?}");
    }
    let mut control = Control::of(&server);
    control.expect(
        (
            "PATCH",
            "/assumptions",
            r#"{"code-signing-rsa":"2048","unknown-arguments":"reject"}"#,
        ),
        200,
        &[],
    );
    let form = code_signing().set("csr", file("rsa-2048-sha256.pem"));
    assert_eq!(send(&mut client, APPLY, &form).code(), 0);
    assert_eq!(send(&mut client, APPLY, &smime().add("colour", "red")).code(), -2);
    for (name, hint) in [
        ("sanEmailAdress", "a similar name exists: `sanEmailAddress`"),
        ("csr@csr.pem", "by --data-urlencode csr@FILE"),
    ] {
        let form = smime().without("csr").without("sanEmailAddress").add(name, "");
        assert_eq!(send(&mut client, APPLY, &form).code(), -2);
        server.wait_for_log(&["argument 5 of the request", hint]);
        control.expect(("PATCH", "/assumptions", r#"{"unknown-arguments":"ignore"}"#), 200, &[]);
        send(&mut client, APPLY, &form).assert_text(&missing("sanEmailAddress"));
        server.wait_for_log(&[
            "order needs sanEmailAddress; argument 5 of the request is none",
            "was ignored",
            hint,
        ]);
        control.expect(("PATCH", "/assumptions", r#"{"unknown-arguments":"reject"}"#), 200, &[]);
    }
}

#[test]
fn the_certificate_says_what_was_ordered() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut control = Control::of(&server);
    let days = |control: &mut Control, number: u64| {
        let order = control.get(&format!("/orders/{number}"));
        let time = |field: &str| {
            time::OffsetDateTime::parse(
                order[field].as_str().unwrap(),
                &time::format_description::well_known::Rfc3339,
            )
        };
        (time("expires").unwrap() - time("issued").unwrap()).whole_days()
    };
    let certificate = |number: u64| control_certificate(&server, number);
    let ordered = apply(&mut client, &code_signing().add("sanEmailAddress", "code@example.com"));
    let printed = x509(
        &certificate(ordered),
        "-subject -ext subjectAltName -nameopt utf8,sep_comma_plus_space,sname",
    );
    assert!(
        printed.contains("C=DE, L=Köln, O=Beispiel GmbH, CN=Beispiel GmbH"),
        "{printed}"
    );
    assert!(printed.contains("email:code@example.com"), "{printed}");
    assert_eq!(days(&mut control, ordered), 460, "what the CPS allows");

    let organization = smime()
        .set("product", "796")
        .set("days", "730")
        .add("organizationName", "Example Ltd")
        .add("countryName", "GB")
        .add("stateOrProvinceName", "Kent")
        .add("organizationIdentifier", "NTRGB-1");
    let ordered = apply(&mut client, &organization);
    let printed = x509(
        &certificate(ordered),
        "-subject -nameopt utf8,sep_comma_plus_space,sname",
    );
    let printed = printed.replace("2.5.4.97", "organizationIdentifier");
    assert!(
        printed.contains("C=GB, ST=Kent, O=Example Ltd, organizationIdentifier=NTRGB-1, CN=Example Ltd"),
        "{printed}"
    );
    assert_eq!(days(&mut control, ordered), 730);

    let files = OpenSsl::new();
    files.expect(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /O=In-the-CSR/C=FR -out c.pem",
    );
    let form = organization.set("csr", files.read("c.pem"));
    for (form, expected) in [
        (form.clone(), "C=FR, ST=Kent, O=In-the-CSR"),
        (form.clone().without("organizationName"), "C=FR, ST=Kent, O=In-the-CSR"),
        (form.add("prioritiseCSRValues", "N"), "C=GB, ST=Kent, O=Example Ltd"),
    ] {
        let ordered = apply(&mut client, &form);
        let printed = x509(
            &certificate(ordered),
            "-subject -nameopt utf8,sep_comma_plus_space,sname",
        );
        assert!(printed.contains(expected), "{printed}");
    }
}

fn control_certificate(server: &Server, number: u64) -> String {
    Control::of(server).expect(("GET", &format!("/orders/{number}/certificate"), ""), 200, &["BEGIN"])
}

#[test]
fn a_spkac_is_taken_as_the_csr() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let file = |name: &str| {
        let path = format!("{}/fixtures/spkac/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let files = OpenSsl::new();
    files.write("spkac.txt", file("p256-sha256"));
    let key = files.expect("spkac -in spkac.txt -pubkey -noout");
    for name in ["p256-sha256", "p256-bare"] {
        for form in [smime(), code_signing()] {
            let number = apply(&mut client, &form.set("csr", file(name)));
            assert_eq!(x509(&control_certificate(&server, number), "-pubkey"), key, "{name}");
        }
    }
    apply(&mut client, &smime().set("csr", file("rsa-2048-md5")));
    let bare = |name: &str| file(name).replacen("SPKAC=", "", 1);
    for (name, expected) in [
        ("trailing", "-10\nThe CSR cannot be decoded!\n"),
        ("p256-sha1", "-11\nThe CSR uses an unsupported algorithm!\n"),
        ("bad-signature", "-12\nThe CSR has an invalid signature!\n"),
        ("rsa-1024", "-13\nThe CSR uses an unsupported key size!\n"),
    ] {
        for text in [file(name), bare(name)] {
            send(&mut client, APPLY, &smime().set("csr", text)).assert_text(expected);
        }
    }
    let number = apply(&mut client, &smime().without("csr"));
    send(&mut client, REQUEST, &request(number).add("csr", file("p256-bare")))
        .assert_text("-10\nThe CSR cannot be decoded!\n");
}

#[test]
fn a_request_that_comes_too_soon_changes_nothing() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    let number = apply(&mut client, &smime().without("csr"));
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    control.expect(("PATCH", "/accounts/login_name", r#"{"strictPolling":"1m"}"#), 200, &[]);
    send(&mut client, REQUEST, &request(number)).assert_text("0\n");
    let mails = control.get("/outbox");
    let with_csr = request(number).add("csr", P256).add("returnCertificate", "Y");
    send(&mut client, REQUEST, &with_csr).assert_text("-42\nCall limit reached, please try again later!\n");
    let order = control.get(&format!("/orders/{number}"));
    assert_eq!(
        (&order["state"], &order["csr"]),
        (&json!("pending"), &json!(null)),
        "{order}"
    );
    assert_eq!(control.get("/outbox"), mails);
    control.expect(("POST", "/clock/advance", r#"{"by":"1m"}"#), 200, &[]);
    let collected = send(&mut client, REQUEST, &with_csr);
    assert!(
        collected.text().starts_with("2\n-----BEGIN CERTIFICATE-----\n"),
        "{collected:?}"
    );
}

#[test]
fn a_test_order_is_signed_by_the_test_ca() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for form in [smime(), code_signing()] {
        let answer = send(&mut client, APPLY, &form.by("pays_later").add("test", "Y"));
        assert!(
            answer.text().starts_with("0\n") && answer.text().contains("\n0.00\n"),
            "{answer:?}"
        );
        let number = answer.text().lines().nth(1).unwrap().parse().unwrap();
        let mut control = Control::of(&server);
        assert_eq!(control.get(&format!("/orders/{number}"))["test"], true);
        let printed = x509(&control_certificate(&server, number), "-issuer");
        assert!(printed.contains("Test Orders CA"), "{printed}");
        let chain = control.expect(("GET", &format!("/orders/{number}/chain"), ""), 200, &[]);
        let files = OpenSsl::new();
        files.write("chain.pem", chain);
        files.write("leaf.pem", control_certificate(&server, number));
        files.expect("verify -partial_chain -trusted chain.pem leaf.pem");
    }
}

#[test]
fn who_pays_later_authorizes_or_rejects() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let of = |number: u64| login("pays_later").add("orderNumber", number.to_string());
    let collect = |number: u64| of(number).add("queryType", "0");
    let ok = "errorCode=0";
    for (form, state) in [
        (smime(), "issued"),
        (smime().without("csr"), "pending"),
        (code_signing(), "issued"),
    ] {
        let answer = send(&mut client, APPLY, &form.by("pays_later"));
        assert!(answer.text().starts_with("1\n"), "{answer:?}");
        let number: u64 = answer.text().lines().nth(1).unwrap().parse().unwrap();
        let mut control = Control::of(&server);
        let mut assert_state =
            |expected: &str| assert_eq!(control.get(&format!("/orders/{number}"))["state"], expected);
        assert_state("unpaid");
        send(
            &mut client,
            AUTHORIZE,
            &of(number).add("test", "Y").add("disableSWP", "Y"),
        )
        .assert_reply(URL_ENCODED, ok);
        assert_state("unpaid");
        send(&mut client, AUTHORIZE, &of(number)).assert_reply(URL_ENCODED, ok);
        assert_state(state);
        let again = "errorCode=-122&errorMessage=The+Certificate+is+in+wrong+state.";
        send(&mut client, AUTHORIZE, &of(number)).assert_reply(URL_ENCODED, again);
    }
    let number: u64 = {
        let answer = send(&mut client, APPLY, &smime().by("pays_later"));
        answer.text().lines().nth(1).unwrap().parse().unwrap()
    };
    send(&mut client, REQUEST, &collect(number)).assert_text("-22\nStill awaiting payment!\n");
    send(&mut client, "/products/download/CollectSMIME", &collect(number))
        .assert_text("-22\nStill awaiting payment!\n");
    send(&mut client, REJECT, &of(number).add("test", "Y")).assert_reply(URL_ENCODED, ok);
    send(&mut client, REJECT, &of(number)).assert_reply(URL_ENCODED, ok);
    let rejected = "errorCode=-20&errorMessage=The+certificate+request+has+been+rejected%21";
    send(&mut client, AUTHORIZE, &of(number)).assert_reply(URL_ENCODED, rejected);
    send(&mut client, REJECT, &of(number)).assert_reply(URL_ENCODED, rejected);
    let revoked = "errorCode=-21&errorMessage=The+certificate+has+been+revoked%21";
    let issuing = "errorCode=-26&errorMessage=The+certificate+is+currently+being+Issued%21";
    let own = |number: u64| login("login_name").add("orderNumber", number.to_string());
    send(&mut client, AUTHORIZE, &own(1_100_005)).assert_reply(URL_ENCODED, revoked);
    send(&mut client, REJECT, &own(2_200_005)).assert_reply(URL_ENCODED, revoked);
    send(&mut client, REJECT, &own(1_100_002)).assert_reply(URL_ENCODED, issuing);
    send(&mut client, REJECT, &own(1_100_001)).assert_reply(URL_ENCODED, ok);
    for number in [1_100_003, 1_100_004, 1_100_007, 1_100_008] {
        for path in [AUTHORIZE, REJECT] {
            assert!(
                send(&mut client, path, &own(number))
                    .text()
                    .starts_with("errorCode=-122&"),
                "{number}"
            );
        }
    }
}

#[test]
fn an_order_without_a_csr_gets_one_and_is_collected() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let number = apply(&mut client, &smime().without("csr"));
    send(&mut client, REQUEST, &request(number)).assert_text("0\n");
    send(&mut client, REQUEST, &request(number).add("returnCertificate", "Y")).assert_text("0\n");
    send(&mut client, REQUEST, &request(number).add("csr", "!"))
        .assert_text("-9\nThe CSR is not valid Base-64 data!\n");
    send(&mut client, REQUEST, &request(number).add("csr", P256)).assert_text("0\n");
    let again = request(number).add("csr", P256);
    send(&mut client, REQUEST, &again).assert_text("-122\nThe Certificate is in wrong state.\n");
    let collected = send(&mut client, REQUEST, &request(number).add("returnCertificate", "Y"));
    assert!(
        collected.text().starts_with("2\n-----BEGIN CERTIFICATE-----\n"),
        "{collected:?}"
    );
    assert!(x509(collected.text(), "-text").contains("email:jane@example.com"));
    let typed = request(number).add("responseMimeType", "application/x-pem-file");
    assert_eq!(
        send(&mut client, REQUEST, &typed).header("content-type"),
        Some("application/x-pem-file")
    );
    for bad in ["pem", "a/b/c", "/", "a/b\r\nX: y", "a/ü"] {
        let form = request(number).add("responseMimeType", bad);
        send(&mut client, REQUEST, &form).assert_text(&invalid("responseMimeType"));
    }
    let mut control = Control::of(&server);
    control.expect(("PATCH", "/assumptions", r#"{"csr-given-twice":"-4"}"#), 200, &[]);
    send(&mut client, REQUEST, &again).assert_text(&invalid("csr"));
    for (order, expected) in [
        (1_100_005, "-21\nThe certificate has been revoked!\n"),
        (1_100_006, "-20\nThe certificate request has been rejected!\n"),
        (1_100_008, "-122\nThe Certificate is in wrong state.\n"),
        (1_100_009, "-22\nStill awaiting payment!\n"),
    ] {
        send(&mut client, REQUEST, &request(order).add("csr", P256)).assert_text(expected);
    }
}

#[test]
fn a_collection_code_needs_no_login() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let answer = send(
        &mut client,
        APPLY,
        &smime().without("csr").add("showCollectionCode", "Y"),
    );
    let code = answer.text().lines().last().unwrap().to_owned();
    let number = answer.text().lines().nth(1).unwrap().to_owned();
    let order = Control::of(&server).get(&format!("/orders/{number}"));
    assert_eq!(order["collectionCode"], code, "the emulator's owner sees it");
    let by_code = Form::default().add("collectionCode", &code).add("queryType", "2");
    send(&mut client, REQUEST, &by_code).assert_text("0\n");
    let form = by_code.clone().add("csr", P256).add("returnCertificate", "Y");
    assert!(
        send(&mut client, REQUEST, &form)
            .text()
            .starts_with("2\n-----BEGIN CERTIFICATE-----\n")
    );
    for (form, expected) in [
        (by_code.clone().set("collectionCode", "XYZ"), invalid("collectionCode")),
        (
            by_code.clone().set("collectionCode", "X".repeat(17)),
            invalid("collectionCode"),
        ),
        (by_code.clone().add("orderNumber", "1"), invalid("collectionCode")),
        (by_code.clone().without("collectionCode"), missing("loginName")),
        (request(1_100_003).without("orderNumber"), missing("orderNumber")),
        (request(1_100_003).without("loginPassword"), missing("loginPassword")),
        (request(2_200_003), invalid("orderNumber")),
    ] {
        send(&mut client, REQUEST, &form).assert_text(&expected);
    }
    let stranger = by_code
        .add("loginName", "agreement_account")
        .add("loginPassword", PASSWORD);
    send(&mut client, REQUEST, &stranger).assert_text(&invalid("collectionCode"));
}

#[test]
fn the_issuance_delay_counts_from_the_order() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let mut client = server.client();
    let number = apply(&mut client, &smime());
    send(&mut client, REQUEST, &request(number)).assert_text("0\n");
    let mut control = Control::of(&server);
    control.expect(("POST", "/clock/advance", r#"{"by":"2h"}"#), 200, &[]);
    assert!(send(&mut client, REQUEST, &request(number)).text().starts_with("2\n"));
}
