//! Every value of every assumption, by `--assume` and by a fixtures file.

use crate::harness::{
    ALREADY_REVOKED, Answer, Client, Form, PASSWORD, REPLACE, REPLACE_DENIED, REVOKE_DENIED, SUCCESS, Server,
    WRONG_STATE, invalid, missing, run, unrecognized,
};

/// An assumption, one of its values, and what a client sees then.
type Case = (&'static str, &'static str, fn(&mut Client));

const APPLY: &str = "/products/!AutoApplyOrder";
const REQUEST: &str = "/products/download/RequestAndCollectSMIME";
const RSA_2048: &str = include_str!("../../fixtures/csr/rsa-2048-sha256.pem");

/// A code-signing order with a CSR.
fn apply(product: &str) -> Form {
    Form::replace()
        .without("orderNumber")
        .add("product", product)
        .add("days", "365")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", "jane@example.com")
        .add("organizationName", "Example Ltd")
        .add("countryName", "GB")
        .add("localityName", "Leeds")
}

/// A CSR for an order that has one and is issued.
fn given_twice() -> Form {
    Form::replace().add("queryType", "1")
}

const CASES: &[Case] = &[
    ("argument-names", "any-case", |client| {
        client.revoke(&test().rename(str::to_uppercase)).assert_text(SUCCESS);
    }),
    ("argument-names", "exact", |client| {
        client.revoke(&test()).assert_text(SUCCESS);
        client
            .revoke(&test().rename(str::to_uppercase))
            .assert_text(&unrecognized("LOGINNAME"));
        // The format as well is asked for only in the exact spelling.
        let form = Form::default().add("RESPONSEFORMAT", "2");
        client.replace(&form).assert_text(&unrecognized("RESPONSEFORMAT"));
    }),
    ("duplicate-argument", "reject", |client| {
        client.revoke(&twice()).assert_text(&invalid("orderNumber"));
    }),
    ("duplicate-argument", "first", |client| {
        client.revoke(&twice()).assert_text(SUCCESS);
        let formats = Form::default().add("responseFormat", "1").add("responseFormat", "2");
        assert!(client.replace(&formats).text().starts_with("errorCode=-3&"));
    }),
    ("duplicate-argument", "last", |client| {
        client.revoke(&twice()).assert_text(ALREADY_REVOKED);
        let formats = Form::default().add("responseFormat", "1").add("responseFormat", "2");
        assert!(client.replace(&formats).text().starts_with("{\"errorCode\":-3,"));
    }),
    ("spelling", "american", |client| {
        client
            .revoke(&test().add("a", "b"))
            .assert_text("-2\n'a' is an unrecognized argument!\n");
    }),
    ("spelling", "british", |client| {
        client
            .revoke(&test().add("a", "b"))
            .assert_text("-2\n'a' is an unrecognised argument!\n");
        client
            .replace(&Form::replace().add("a", "b"))
            .assert_text("-2\n'a' is an unrecognised argument!\n");
    }),
    ("final-newline", "yes", |client| {
        client.revoke(&test()).assert_text("0\n");
        client
            .replace(&Form::default())
            .assert_text("-3\nThe 'loginName' argument is missing!\n");
    }),
    ("final-newline", "no", |client| {
        client.revoke(&test()).assert_text("0");
        client
            .replace(&Form::default())
            .assert_text("-3\nThe 'loginName' argument is missing!");
        client
            .replace(&Form::default().add("responseFormat", "1"))
            .assert_reply(
                "application/x-www-form-urlencoded",
                "errorCode=-3&errorMessage=The+%27loginName%27+argument+is+missing%21",
            );
        call(client, &collect("0")).assert_text("1");
        call(client, &collect("0").order(1_100_001)).assert_text("0");
        let attached = call(client, &collect("2"));
        assert!(attached.text().ends_with("-----END CERTIFICATE-----\n"), "{attached:?}");
    }),
    ("charset", "none", |client| {
        assert_eq!(
            content_types(client),
            ["text/plain", "application/x-www-form-urlencoded", "application/json"]
        );
    }),
    ("charset", "utf-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain; charset=utf-8",
                "application/x-www-form-urlencoded; charset=utf-8",
                "application/json; charset=utf-8"
            ]
        );
    }),
    ("json-order-number", "number", |client| {
        let answer = client.replace(&Form::replace().add("responseFormat", "2"));
        let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert!(json["orderNumber"].is_u64() && json["errorCode"] == 0, "{answer:?}");
    }),
    ("json-order-number", "string", |client| {
        let answer = client.replace(&Form::replace().add("responseFormat", "2"));
        let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        let number = json["orderNumber"].as_str().expect("a string");
        answer.assert_reply(
            "application/json",
            &format!(r#"{{"errorCode":0,"orderNumber":"{number}"}}"#),
        );
        client
            .replace(&Form::replace().order(number.parse().unwrap()))
            .order_number();
    }),
    ("foreign-order", "-4", |client| {
        client
            .revoke(&test().order(2_200_101))
            .assert_text(&invalid("orderNumber"));
        client
            .replace(&Form::replace().order(1_100_101))
            .assert_text(&invalid("orderNumber"));
    }),
    ("foreign-order", "-16", |client| {
        client.revoke(&test().order(2_200_101)).assert_text(REVOKE_DENIED);
        client
            .replace(&Form::replace().order(1_100_101))
            .assert_text(REPLACE_DENIED);
        // One that nobody has is nobody's secret.
        client
            .revoke(&test().order(9_999_999))
            .assert_text(&invalid("orderNumber"));
    }),
    ("code-reason", "optional", |client| {
        client.revoke(&test().without("codeReason")).assert_text(SUCCESS);
    }),
    ("code-reason", "required", |client| {
        client
            .revoke(&test().without("codeReason"))
            .assert_text(&missing("codeReason"));
        client.revoke(&test()).assert_text(SUCCESS);
    }),
    ("old-order", "replaced", |client| {
        client.replace(&Form::replace()).order_number();
        client.replace(&Form::replace()).assert_text(WRONG_STATE);
    }),
    ("old-order", "issued", |client| {
        let first = client.replace(&Form::replace()).order_number();
        let second = client.replace(&Form::replace()).order_number();
        assert_ne!(first, second);
        client
            .replace(&Form::replace().set("revokeOldOrder", "Y"))
            .order_number();
        client.replace(&Form::replace()).assert_text(ALREADY_REVOKED);
    }),
    ("csr-errors", "documented", |client| {
        client
            .replace(&Form::replace().set("csr", "?"))
            .assert_text(&invalid("csr"));
    }),
    ("csr-errors", "sibling", |client| {
        client
            .replace(&Form::replace().set("csr", "?"))
            .assert_text("-9\nThe CSR is not valid Base-64 data!\n");
        client
            .replace(&Form::replace().set("csr", "AAAA"))
            .assert_text("-10\nThe CSR cannot be decoded!\n");
    }),
    ("replace-cs-reply", "url-encoded", |client| {
        let answer = client.post("/products/!AutoReplaceCS", "");
        assert!(answer.text().starts_with("errorCode=-3&"), "{answer:?}");
    }),
    ("replace-cs-reply", "text", |client| {
        client
            .post("/products/!AutoReplaceCS", "")
            .assert_text(&missing("loginName"));
    }),
    ("unknown-arguments", "known-tables", |client| {
        client.revoke(&test().add("a", "b")).assert_text(&unrecognized("a"));
        client.post(APPLY, "a=b").assert_text(&missing("loginName"));
    }),
    ("unknown-arguments", "reject", |client| {
        client.revoke(&test().add("a", "b")).assert_text(&unrecognized("a"));
        client.post(APPLY, "a=b").assert_text(&unrecognized("a"));
    }),
    ("unknown-arguments", "ignore", |client| {
        client.revoke(&test().add("a", "b")).assert_text(SUCCESS);
        client.post(APPLY, "a=b").assert_text(&missing("loginName"));
    }),
    ("apply-order-json", "given", |client| {
        let answer = client.post(APPLY, &apply("8").add("responseFormat", "2").encode());
        assert!(answer.text().starts_with("{\"errorCode\":0,"), "{answer:?}");
    }),
    ("apply-order-json", "refused", |client| {
        let answer = client.post(APPLY, &apply("8").add("responseFormat", "2").encode());
        answer.assert_text(&invalid("responseFormat"));
    }),
    ("code-signing-rsa", "3072", |client| {
        client
            .post(APPLY, &apply("8").set("csr", RSA_2048).encode())
            .assert_text("-13\nThe CSR uses an unsupported key size!\n");
    }),
    ("code-signing-rsa", "2048", |client| {
        let answer = client.post(APPLY, &apply("8").set("csr", RSA_2048).encode());
        assert!(answer.text().starts_with("0\n"), "{answer:?}");
    }),
    ("csr-given-twice", "-122", |client| {
        client.post(REQUEST, &given_twice().encode()).assert_text(WRONG_STATE);
    }),
    ("csr-given-twice", "-4", |client| {
        client
            .post(REQUEST, &given_twice().encode())
            .assert_text(&invalid("csr"));
    }),
    ("collect-method", "post", |client| {
        let query = collect("0").encode();
        client
            .get(&format!("{COLLECT}?{query}"))
            .assert_text("-17\nRequest used GET rather than POST!\n");
    }),
    ("collect-method", "any", |client| {
        let query = collect("0").encode();
        for method in ["GET", "POST", "PUT"] {
            client
                .send(method, &format!("{COLLECT}?{query}"), "", "")
                .assert_text("1\n");
        }
        client
            .get(&format!("{REPLACE}?{query}"))
            .assert_text("-17\nRequest used GET rather than POST!\n");
    }),
    ("collect-status-newline", "yes", |client| {
        call(client, &collect("0")).assert_text("1\n");
        call(client, &collect("1").order(1_100_001)).assert_text("0\n");
    }),
    ("collect-status-newline", "no", |client| {
        call(client, &collect("0")).assert_text("1");
        call(client, &collect("1").order(1_100_001)).assert_text("0");
        // Neither what follows a status, nor an error, nor another endpoint.
        let dated = call(client, &collect("0").add("showValidityPeriod", "Y"));
        assert!(dated.text().ends_with("Z\n"), "{dated:?}");
        let attached = call(client, &collect("2"));
        assert!(attached.text().ends_with("-----END CERTIFICATE-----\n"), "{attached:?}");
        call(client, &collect("0").order(1_100_005)).assert_text("-21\nThe certificate has been revoked!\n");
        client.revoke(&test()).assert_text(SUCCESS);
    }),
    ("collect-dates", "rfc-3339", |client| {
        for date in dates(client) {
            assert!(
                date.len() == 20 && &date[10..11] == "T" && date.ends_with('Z'),
                "{date}"
            );
        }
    }),
    ("collect-dates", "unix-seconds", |client| {
        let [from, until] = dates(client).map(|date| date.parse::<u64>().unwrap());
        assert!(from > 1_700_000_000 && until - from > 300 * 86_400, "{from} {until}");
    }),
    ("collect-dates", "date", |client| {
        for date in dates(client) {
            assert!(date.len() == 10 && date.matches('-').count() == 2, "{date}");
        }
    }),
    ("collect-pem", "yes", |client| {
        let answer = call(client, &collect("1").add("responseType", "2"));
        assert!(answer.text().starts_with("2\n-----BEGIN PKCS7-----\nMII"), "{answer:?}");
        assert!(answer.text().ends_with("\n-----END PKCS7-----\n"), "{answer:?}");
    }),
    ("collect-pem", "no", |client| {
        for response_type in ["0", "1", "2", "4"] {
            let answer = call(client, &collect("1").add("responseType", response_type));
            let lines = answer.text().strip_prefix("2\n").unwrap();
            assert!(!lines.contains('-') && lines.ends_with('\n'), "{answer:?}");
        }
        // Single certificates have their lines.
        let answer = call(client, &collect("1").add("responseType", "3"));
        assert_eq!(answer.text().matches("BEGIN CERTIFICATE").count(), 3);
    }),
    ("collect-zip", "given", |client| {
        let form = collect("1").add("responseType", "0").add("responseEncoding", "1");
        assert!(call(client, &form).bytes().starts_with(b"PK"));
    }),
    ("collect-zip", "refused", |client| {
        let form = collect("1").add("responseType", "0");
        call(client, &form).assert_text(&invalid("responseType"));
        call(client, &form.add("responseEncoding", "1")).assert_text(&invalid("responseType"));
    }),
    ("collect-rare-types", "given", |client| {
        for response_type in ["1", "4"] {
            let answer = call(client, &collect("1").add("responseType", response_type));
            assert_eq!(answer.code(), 2);
        }
    }),
    ("collect-rare-types", "refused", |client| {
        for response_type in ["1", "4"] {
            let form = collect("1").add("responseType", response_type);
            call(client, &form).assert_text(&invalid("responseType"));
        }
        for response_type in ["2", "3"] {
            let answer = call(client, &collect("1").add("responseType", response_type));
            assert_eq!(answer.code(), 2);
        }
    }),
];

const COLLECT: &str = "/products/download/CollectSMIME";

/// A call that collects the issued order 1234567.
fn collect(query_type: &str) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", "1234567")
        .add("queryType", query_type)
}

fn call(client: &mut Client, form: &Form) -> Answer {
    client.post(COLLECT, &form.encode())
}

/// From when and until when the certificate of the order 1234567 is valid, as the reply says it.
fn dates(client: &mut Client) -> [String; 2] {
    let answer = call(client, &collect("0").add("showValidityPeriod", "Y"));
    let lines: Vec<_> = answer.text().split('\n').collect();
    match lines[..] {
        ["1", from, until, ""] => [from.to_owned(), until.to_owned()],
        _ => panic!("{answer:?}"),
    }
}

fn test() -> Form {
    Form::revoke().set("test", "Y")
}

/// An issued order and a revoked one.
fn twice() -> Form {
    test().add("orderNumber", "2200005")
}

fn content_types(client: &mut Client) -> [String; 3] {
    ["0", "1", "2"].map(|format| {
        let answer = client.post(REPLACE, &format!("responseFormat={format}"));
        answer.header("content-type").unwrap().to_owned()
    })
}

#[test]
fn by_the_command_line() {
    for (name, value, check) in CASES {
        let server = Server::plain(&["--assume", &format!("{name}={value}")]);
        check(&mut server.client());
    }
}

#[test]
fn by_the_fixtures() {
    let default = include_str!("../../fixtures/default.toml");
    for (name, value, check) in CASES {
        let fixtures = format!("{default}\n[assumptions]\n{name} = \"{value}\"\n");
        let server = Server::plain_with_fixtures(&fixtures, &[]);
        check(&mut server.client());
    }
}

#[test]
fn the_first_value_is_the_default() {
    let mut seen = Vec::new();
    for (name, _, check) in CASES {
        if !seen.contains(name) {
            seen.push(name);
            check(&mut Server::plain(&[]).client());
        }
    }
    assert_eq!(seen.len(), 21);
}

#[test]
fn the_command_line_outweighs_the_fixtures() {
    let fixtures = "[assumptions]\nspelling = \"british\"\nfinal-newline = \"no\"\n";
    let server = Server::plain_with_fixtures(fixtures, &["--assume", "spelling=american"]);
    let answer = server.client().replace(&Form::default().add("a", "b"));
    answer.assert_text("-2\n'a' is an unrecognized argument!");
}

#[test]
fn several_at_once() {
    let server = Server::plain(&["--assume", "spelling=british", "--assume", "final-newline=no"]);
    let answer = server.client().replace(&Form::default().add("a", "b"));
    answer.assert_text("-2\n'a' is an unrecognised argument!");
}

#[test]
fn what_is_no_assumption_is_refused() {
    run(&["--assume", "speling=british"], &[]).assert_refused(2, &["speling", "argument-names", "csr-errors"]);
    run(&["--assume", "spelling=scots"], &[]).assert_refused(2, &["scots", "american", "british"]);
    run(&["--assume", "spelling"], &[]).assert_refused(2, &["NAME=VALUE"]);
}
