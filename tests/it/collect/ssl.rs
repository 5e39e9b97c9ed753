//! `download/CollectSSL` for code-signing orders: its statuses, its codes, and both its formats.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{assert_chain, certificates, openssl};
use crate::harness::{Answer, Client, Control, Curl, Form, PASSWORD, REPLACE_DENIED, Server, Url, invalid, missing};

const COLLECT_SSL: &str = "/products/download/CollectSSL";
const URL_ENCODED: &str = "application/x-www-form-urlencoded";

/// A call for everything about an order.
fn collect(order: u64) -> Form {
    by("orderNumber", order)
}

/// The same with the order named by that argument.
fn by(argument: &str, order: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("queryType", "1")
        .add(argument, order.to_string())
}

fn url_encoded(order: u64) -> Form {
    collect(order).add("responseFormat", "1")
}

#[track_caller]
fn send(client: &mut Client, form: &Form) -> Answer {
    let answer = client.post(COLLECT_SSL, &form.encode());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// The fields of a URL-encoded reply, in their order.
#[track_caller]
fn fields(client: &mut Client, form: &Form) -> Vec<(String, String)> {
    let answer = send(client, form);
    assert_eq!(answer.header("content-type"), Some(URL_ENCODED), "{answer:?}");
    // A client that decodes once reads every value whole: nothing but these characters stands in the reply as it is.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "&=%+*-._".contains(c);
    assert!(answer.text().chars().all(is_plain), "{answer:?}");
    form_urlencoded::parse(answer.bytes()).into_owned().collect()
}

fn names(fields: &[(String, String)]) -> Vec<&str> {
    fields.iter().map(|(name, _)| name.as_str()).collect()
}

/// The certificate in PEM that stands in a field as bare Base64.
fn pem(base64: &str) -> String {
    assert!(!base64.contains(['\n', '-', ' ']), "{base64}");
    let der = STANDARD.decode(base64).unwrap();
    String::from_utf8(openssl(&["x509", "-inform", "DER"], &der)).unwrap()
}

/// The certificates of the order 2200003, the root first.
fn expected(server: &Server) -> Vec<String> {
    let mut control = Control::of(server);
    let own = control.expect(("GET", "/orders/2200003/certificate", ""), 200, &[]);
    let mut all = certificates(&control.expect(("GET", "/orders/2200003/chain", ""), 200, &[]));
    all.reverse();
    all.push(own);
    all
}

#[test]
fn a_status_says_how_far_an_order_has_come() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    const REVOKED: &str = "The certificate has been revoked!";
    const REJECTED: &str = "The certificate request has been rejected!";
    for (order, status, message) in [
        (2_200_001, 0, None),
        (2_200_002, 0, None),
        (2_200_003, 1, None),
        (2_200_004, 1, None),
        (2_200_005, -21, Some(REVOKED)),
        (2_200_006, -20, Some(REJECTED)),
        (2_200_007, 1, None),
        (2_200_008, 0, None),
    ] {
        let form = |query| collect(order).set("queryType", query);
        let text = match message {
            Some(message) => format!("{status}\n{message}\n"),
            None => format!("{status}\n"),
        };
        send(&mut client, &form("0")).assert_text(&text);
        let encoded = match message {
            Some(message) => {
                let message = form_urlencoded::byte_serialize(message.as_bytes()).collect::<String>();
                format!("errorCode={status}&errorMessage={message}")
            }
            None => format!("errorCode={status}&orderNumber={order}"),
        };
        send(&mut client, &form("0").add("responseFormat", "1")).assert_reply(URL_ENCODED, &encoded);
        for query in ["1", "2", "3"] {
            let (plain, encoded_reply) = (
                send(&mut client, &form(query)),
                send(&mut client, &form(query).add("responseFormat", "1")),
            );
            if status == 1 {
                assert!(
                    plain.text().starts_with("2\n-----BEGIN CERTIFICATE-----\n"),
                    "{plain:?}"
                );
                let start = format!("errorCode=2&orderNumber={order}&");
                assert!(encoded_reply.text().starts_with(&start), "{encoded_reply:?}");
            } else {
                plain.assert_text(&text);
                encoded_reply.assert_reply(URL_ENCODED, &encoded);
            }
        }
    }
}

#[test]
fn every_code_in_both_formats() {
    let server = Server::start(&[]);
    let mut control = Control::of(&server);
    let issued = || collect(2_200_003);
    let denied = REPLACE_DENIED.lines().nth(1).unwrap();
    let cases = [
        (
            issued().add("colour", "red"),
            -2,
            "'colour' is an unrecognized argument!",
        ),
        (
            issued().without("queryType"),
            -3,
            "The 'queryType' argument is missing!",
        ),
        (
            issued().without("orderNumber"),
            -3,
            "The 'orderNumber' argument is missing!",
        ),
        (
            collect(1_234_567),
            -4,
            "The value of the 'orderNumber' argument is invalid!",
        ),
        (
            collect(2_200_101),
            -4,
            "The value of the 'orderNumber' argument is invalid!",
        ),
        (
            by("baseOrderNumber", 1),
            -4,
            "The value of the 'baseOrderNumber' argument is invalid!",
        ),
        (issued().set("loginPassword", "x"), -16, denied),
        (collect(2_200_006), -20, "The certificate request has been rejected!"),
        (collect(2_200_005), -21, "The certificate has been revoked!"),
        (
            issued().by("voucher_account"),
            -90,
            "Permission denied for using “voucher” with 'download/CollectSSL'",
        ),
        (
            issued().by("no_permission"),
            -91,
            "Permission denied for 'download/CollectSSL'",
        ),
    ];
    let check = |form: &Form, code: i32, message: &str, url: &Url<'_>, args: &[&str]| {
        let curl = |form: &Form| Curl::new(&server, url).args(args).form(form).answer();
        curl(form).assert_text(&format!("{code}\n{message}\n"));
        let message = form_urlencoded::byte_serialize(message.as_bytes()).collect::<String>();
        curl(&form.clone().add("responseFormat", "1"))
            .assert_reply(URL_ENCODED, &format!("errorCode={code}&errorMessage={message}"));
    };
    for (form, code, message) in &cases {
        let assumption = if *code == -2 { "reject" } else { "known-tables" };
        let assumption = format!(r#"{{"unknown-arguments":"{assumption}"}}"#);
        control.expect(("PATCH", "/assumptions", &assumption), 200, &[]);
        check(form, *code, message, &Url::Https(COLLECT_SSL), &[]);
    }
    let http = Url::Http(COLLECT_SSL);
    check(&issued(), -1, "Request was not made over https!", &http, &[]);
    let https = Url::Https(COLLECT_SSL);
    check(&issued(), -17, "Request used GET rather than POST!", &https, &["--get"]);
    for (code, message) in [(-14, "An unknown error occurred!"), (-22, "Still awaiting payment!")] {
        let fault = format!(r#"{{"endpoint":"download/CollectSSL","times":2,"then":{{"code":{code}}}}}"#);
        control.expect(("POST", "/faults", &fault), 201, &[]);
        check(&issued(), code, message, &https, &[]);
    }
}

#[test]
fn format_0_gives_the_certificates_root_first() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let all = expected(&server);
    for (query, expected) in [("1", &all[..]), ("2", &all[2..]), ("3", &all[..2])] {
        let form = collect(2_200_003).set("queryType", query);
        send(&mut client, &form).assert_text(&format!("2\n{}", expected.concat()));
    }
    assert_chain(&all);
    let text = openssl(&["x509", "-noout", "-text"], all[2].as_bytes());
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("Code Signing") && text.contains("O = Example Ltd"),
        "{text}"
    );
}

#[test]
fn format_1_gives_each_certificate_in_a_field_of_its_own() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let all = expected(&server);
    let cases: [(&str, &[&str], &[String]); 3] = [
        ("1", &["caCertificate", "caCertificate", "certificate"], &all),
        ("2", &["certificate"], &all[2..]),
        ("3", &["caCertificate", "caCertificate"], &all[..2]),
    ];
    for (query, expected_names, expected) in cases {
        let fields = fields(&mut client, &url_encoded(2_200_003).set("queryType", query));
        let (head, rest) = fields.split_at(2);
        assert_eq!(names(head), ["errorCode", "orderNumber"]);
        assert_eq!((&*head[0].1, &*head[1].1), ("2", "2200003"));
        assert_eq!(names(rest), expected_names);
        let found: Vec<_> = rest.iter().map(|(_, base64)| pem(base64)).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn format_1_gives_each_structure() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (response_type, name) in [("0", "zipFile"), ("1", "netscapeCertificateSequence"), ("2", "pkcs7")] {
        let form = collect(2_200_003).add("responseType", response_type);
        let fields = fields(&mut client, &form.clone().add("responseFormat", "1"));
        assert_eq!(names(&fields), ["errorCode", "orderNumber", name]);
        let structure = STANDARD.decode(&fields[2].1).unwrap();
        // The same as in the other format.
        let text = send(&mut client, &form);
        let lines: String = text
            .text()
            .lines()
            .skip(1)
            .filter(|line| !line.starts_with('-'))
            .collect();
        assert_eq!(STANDARD.decode(lines).unwrap(), structure, "{name}");
    }
}

#[test]
fn a_binary_reply_is_the_same_in_both_formats() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (response_type, content_type) in [("0", "application/zip"), ("2", "application/x-pkcs7-certificates")] {
        let form = collect(2_200_003)
            .add("responseType", response_type)
            .add("responseEncoding", "1")
            .add("showExtStatus", "Y")
            .add("showValidityPeriod", "Y");
        let plain = send(&mut client, &form);
        let encoded = send(&mut client, &form.clone().add("responseFormat", "1"));
        for answer in [&plain, &encoded] {
            assert_eq!(answer.header("content-type"), Some(content_type));
        }
        assert_eq!(plain.bytes(), encoded.bytes());
        // Without a certificate, the format counts.
        let pending = form.order(2_200_001);
        let answer = send(&mut client, &pending.add("responseFormat", "1"));
        assert_eq!(answer.header("content-type"), Some(URL_ENCODED));
    }
    let der = send(
        &mut client,
        &collect(2_200_003).add("responseType", "2").add("responseEncoding", "1"),
    );
    let printed = openssl(&["pkcs7", "-inform", "DER", "-print_certs"], der.bytes());
    let mut found = certificates(&String::from_utf8(printed).unwrap());
    found.reverse();
    assert_eq!(found, expected(&server));
}

#[test]
fn the_validity_period_is_in_unix_seconds_in_format_1() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"now":"2026-02-01T00:00:00Z"}"#), 200, &[]);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"code-signing",
        "issued":"2026-01-02T03:04:05Z","expires":"2026-10-02T03:04:05Z"}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
    let mut client = server.client();
    let form = url_encoded(7).set("queryType", "0").add("showValidityPeriod", "Y");
    send(&mut client, &form).assert_reply(
        URL_ENCODED,
        "errorCode=1&orderNumber=7&notBefore=1767323045&notAfter=1790910244",
    );
    let form = collect(7).set("queryType", "0").add("showValidityPeriod", "Y");
    send(&mut client, &form).assert_text("1\n2026-01-02T03:04:05Z\n2026-10-02T03:04:04Z\n");
    let attached = fields(
        &mut client,
        &url_encoded(7).set("queryType", "2").add("showValidityPeriod", "Y"),
    );
    assert_eq!(
        names(&attached),
        ["errorCode", "orderNumber", "notBefore", "notAfter", "certificate"]
    );
    // A stranger reads the same times.
    let dates = openssl(
        &["x509", "-noout", "-dates", "-dateopt", "iso_8601"],
        pem(&attached[4].1).as_bytes(),
    );
    assert_eq!(
        String::from_utf8(dates).unwrap(),
        "notBefore=2026-01-02 03:04:05Z\nnotAfter=2026-10-02 03:04:04Z\n"
    );
}

#[test]
fn the_extended_status_comes_last() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (order, status, states) in [
        (2_200_001, 0, ["Awaiting Validation", "Awaiting Validation"]),
        (2_200_002, 0, ["Awaiting Issuance", "Validated"]),
        (2_200_003, 1, ["Issued", "Validated"]),
        (2_200_004, 1, ["Replaced", "Validated"]),
        (2_200_007, 1, ["Expired", "Validated"]),
        (2_200_008, 0, ["On Hold", "Awaiting Validation"]),
    ] {
        let form = collect(order).set("queryType", "0").add("showExtStatus", "Y");
        let [certificate, validation] = states;
        send(&mut client, &form).assert_text(&format!("{status}\n\n{certificate}\n{validation}\n"));
        let fields = fields(&mut client, &form.add("responseFormat", "1"));
        let last = &fields[fields.len() - 2..];
        assert_eq!(names(last), ["certificateStatus", "validationStatus"]);
        assert_eq!([&*last[0].1, &*last[1].1], states);
    }
    let form = collect(2_200_003).set("queryType", "2").add("showExtStatus", "Y");
    let leaf = &expected(&server)[2];
    send(&mut client, &form).assert_text(&format!("2\n{leaf}\nIssued\nValidated\n"));
    // An error is an error.
    let revoked = collect(2_200_005).add("showExtStatus", "Y");
    send(&mut client, &revoked).assert_text("-21\nThe certificate has been revoked!\n");
}

#[test]
fn an_order_is_named_in_three_ways() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut certificate_id = |number: u64| {
        let order = Control::of(&server).get(&format!("/orders/{number}"));
        order["certificateID"].as_u64().unwrap()
    };
    let [own, other, smime] = [2_200_003, 2_200_004, 1_100_003].map(&mut certificate_id);
    let whole = send(&mut client, &collect(2_200_003));
    for form in [
        by("baseOrderNumber", 2_200_003),
        collect(2_200_003).add("baseOrderNumber", "2200003"),
        by("certificateID", own),
        collect(2_200_003).add("certificateID", own.to_string()),
    ] {
        assert_eq!(send(&mut client, &form).bytes(), whole.bytes());
    }
    for (form, expected) in [
        (
            collect(2_200_003).add("baseOrderNumber", "2200004"),
            invalid("baseOrderNumber"),
        ),
        (by("baseOrderNumber", 9), invalid("baseOrderNumber")),
        (
            collect(2_200_003).add("certificateID", other.to_string()),
            invalid("certificateID"),
        ),
        (collect(9).add("certificateID", own.to_string()), invalid("orderNumber")),
        (by("certificateID", 5), invalid("certificateID")),
        (by("certificateID", smime), invalid("certificateID")),
        (collect(9).without("orderNumber"), missing("orderNumber")),
        // Of an unknown name nothing is known: the public table ends before its end.
        (by("orderNo", 9), missing("orderNumber")),
    ] {
        send(&mut client, &form).assert_text(&expected);
    }
    for value in [
        "",
        "x",
        "-1",
        "02200003",
        " 2200003",
        "2200003.0",
        "9999999999999999999",
    ] {
        for name in ["baseOrderNumber", "certificateID"] {
            let form = by(name, 1).set(name, value);
            send(&mut client, &form).assert_text(&invalid(name));
        }
    }
    let denied = by("baseOrderNumber", 2_200_003).set("loginPassword", "x");
    send(&mut client, &denied).assert_text(REPLACE_DENIED);
}

#[test]
fn a_call_by_certificate_id_is_of_its_order() {
    let server = Server::plain(&[]);
    let (mut client, mut control) = (server.client(), Control::of(&server));
    let id = control.get("/orders/2200003")["certificateID"].as_u64().unwrap();
    let fault = r#"{"orderNumber":2200003,"then":{"code":-14}}"#;
    control.expect(("POST", "/faults", fault), 201, &[]);
    send(&mut client, &by("certificateID", id)).assert_text("-14\nAn unknown error occurred!\n");
    let calls = control.get("/calls?orderNumber=2200003");
    assert_eq!(calls["calls"].as_array().map(Vec::len), Some(1), "{calls}");
    server.wait_for_log(&["CollectSSL", "order=2200003", "code=-14"]);
}

#[test]
fn what_is_about_domains_is_taken_and_changes_nothing() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for form in [collect(2_200_003), url_encoded(2_200_003)] {
        let plain = send(&mut client, &form);
        let more = [
            "showFQDN",
            "showMDCDomainDetails",
            "showMDCDomainDetails2",
            "showStatusDetails",
        ]
        .into_iter()
        .fold(form.add("behaviourVersion", "2"), |form, name| form.add(name, "Y"));
        assert_eq!(send(&mut client, &more).bytes(), plain.bytes());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for query in ["0", "2", "3"] {
        for response_type in ["0", "1", "2"] {
            let form = collect(2_200_003)
                .set("queryType", query)
                .add("responseType", response_type);
            send(&mut client, &form).assert_text(&invalid("responseType"));
        }
    }
    for response_type in ["1", "3"] {
        let form = collect(2_200_003)
            .add("responseType", response_type)
            .add("responseEncoding", "1");
        send(&mut client, &form).assert_text(&invalid("responseEncoding"));
    }
    // It has two formats, so an error about a third comes in the first.
    let form = collect(2_200_003).add("responseFormat", "2");
    send(&mut client, &form).assert_text(&invalid("responseFormat"));
}
