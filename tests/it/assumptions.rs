//! Every value of every assumption, by `--assume` and by a fixtures file.

use tempfile::TempDir;

use crate::harness::{
    ALREADY_REVOKED, Answer, Client, Form, PASSWORD, REPLACE, REPLACE_DENIED, REVOKE, REVOKE_DENIED, SUCCESS, Server,
    WRONG_STATE, invalid, missing, run, unrecognized, write_file,
};

/// An assumption, one of its values, and what a client sees then.
type Case = (&'static str, &'static str, fn(&mut Client));

const APPLY: &str = "/products/!AutoApplyOrder";
const RESEND: &str = "/products/!ResendCollectionEmailSMIME";
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

/// A CSR whose `+` have become spaces, for an order that does not exist.
fn unescaped() -> Form {
    let csr = RSA_2048.replace('+', " ");
    assert_ne!(csr, RSA_2048);
    Form::replace().set("csr", csr).order(9_999_999)
}

/// A CSR for an order that has one and is issued.
fn given_twice() -> Form {
    Form::replace().add("queryType", "1")
}

const CASES: &[Case] = &[
    ("endpoint-names", "any-case", |client| {
        for path in ["/products/!AUTOREVOKECS", "/products/Download/!autorevokecs"] {
            client.post(path, &test().encode()).assert_text(SUCCESS);
        }
    }),
    ("endpoint-names", "exact", |client| {
        for name in ["!autoRevokeCS", "%21autoRevokeCS", "download/!autoRevokeCS"] {
            let path = format!("/products/{name}");
            client.post(&path, &test().encode()).assert_text(SUCCESS);
        }
        call(client, &collect("0")).assert_text("1\n");
        for name in ["!AutoRevokeCS", "Download/!autoRevokeCS", "download/collectSMIME"] {
            let answer = client.post(&format!("/products/{name}"), &test().encode());
            assert_eq!(answer.status, 404, "{name}");
        }
    }),
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
    ("number-sign", "refused", |client| {
        for (name, value) in [("orderNumber", "+2200003"), ("codeReason", "+1")] {
            client.revoke(&test().set(name, value)).assert_text(&invalid(name));
        }
    }),
    ("number-sign", "accepted", |client| {
        for (name, value) in [("orderNumber", "+2200003"), ("codeReason", "+1")] {
            client.revoke(&test().set(name, value)).assert_text(SUCCESS);
        }
        // It is a number also where the endpoint's page calls it a string.
        client
            .replace(&Form::replace().set("orderNumber", "+1234567"))
            .order_number();
        client
            .revoke(&test().set("orderNumber", "-2200003"))
            .assert_text(&invalid("orderNumber"));
    }),
    ("number-spaces", "refused", |client| {
        for (name, value) in [("orderNumber", " 2200003\n"), ("codeReason", " 1\n")] {
            client.revoke(&test().set(name, value)).assert_text(&invalid(name));
        }
    }),
    ("number-spaces", "accepted", |client| {
        for (name, value) in [("orderNumber", " 2200003\n"), ("codeReason", " 1\n")] {
            client.revoke(&test().set(name, value)).assert_text(SUCCESS);
        }
        // It is a number also where the endpoint's page calls it a string.
        client
            .replace(&Form::replace().set("orderNumber", " 1234567\n"))
            .order_number();
        client
            .revoke(&test().set("orderNumber", "-2200003"))
            .assert_text(&invalid("orderNumber"));
    }),
    ("number-zeros", "refused", |client| {
        for (name, value) in [("orderNumber", "002200003"), ("codeReason", "001")] {
            client.revoke(&test().set(name, value)).assert_text(&invalid(name));
        }
    }),
    ("number-zeros", "accepted", |client| {
        for (name, value) in [("orderNumber", "002200003"), ("codeReason", "001")] {
            client.revoke(&test().set(name, value)).assert_text(SUCCESS);
        }
        // It is a number also where the endpoint's page calls it a string.
        client
            .replace(&Form::replace().set("orderNumber", "001234567"))
            .order_number();
        client
            .revoke(&test().set("orderNumber", "-2200003"))
            .assert_text(&invalid("orderNumber"));
    }),
    ("query-arguments", "read", |client| {
        let target = format!("{REVOKE}?{}", test().encode());
        client.post(&target, "").assert_text(SUCCESS);
    }),
    ("query-arguments", "ignored", |client| {
        let target = format!("{REVOKE}?{}", test().encode());
        client.post(&target, "").assert_text(&missing("loginName"));
        // They are neither duplicates nor unknown, and choose no format.
        let target = format!("{REPLACE}?orderNumber=7&a=b&responseFormat=2");
        client
            .post(&target, "loginName=a")
            .assert_text(&missing("loginPassword"));
        let answer = client.post(&target, "a=b");
        answer.assert_text(&unrecognized("a"));
    }),
    ("yes-no-values", "exact", |client| {
        client.revoke(&test().set("test", "y")).assert_text(&invalid("test"));
    }),
    ("yes-no-values", "any-case", |client| {
        let form = test().set("test", "y").add("includeInCRL", "n");
        client.revoke(&form).assert_text(SUCCESS);
        client.revoke(&test().set("test", "x")).assert_text(&invalid("test"));
        // It was a test.
        client.revoke(&Form::revoke().add("test", "n")).assert_text(SUCCESS);
        client.revoke(&test()).assert_text(ALREADY_REVOKED);
    }),
    ("empty-value", "present", |client| {
        client
            .revoke(&test().set("orderNumber", ""))
            .assert_text(&invalid("orderNumber"));
        client
            .revoke(&test().add("accountID", ""))
            .assert_text(&invalid("accountID"));
    }),
    ("empty-value", "missing", |client| {
        client
            .revoke(&test().set("orderNumber", ""))
            .assert_text(&missing("orderNumber"));
        client.revoke(&test().add("accountID", "")).assert_text(SUCCESS);
        // It is no second value either, but an unknown name stays unknown.
        client.revoke(&test().add("orderNumber", "")).assert_text(SUCCESS);
        client.revoke(&test().add("a", "")).assert_text(&unrecognized("a"));
    }),
    ("login-check", "after-arguments", |client| {
        client
            .revoke(&stranger().set("orderNumber", "x"))
            .assert_text(&invalid("orderNumber"));
        client.revoke(&stranger()).assert_text(REVOKE_DENIED);
    }),
    ("login-check", "before-values", |client| {
        client
            .revoke(&stranger().set("orderNumber", "x"))
            .assert_text(REVOKE_DENIED);
        client
            .revoke(&stranger().set("loginName", ""))
            .assert_text(REVOKE_DENIED);
        client.revoke(&stranger().add("a", "b")).assert_text(&unrecognized("a"));
        let form = stranger().without("orderNumber");
        client.revoke(&form).assert_text(&missing("orderNumber"));
        client
            .revoke(&test().set("orderNumber", "x"))
            .assert_text(&invalid("orderNumber"));
        client.revoke(&test()).assert_text(SUCCESS);
    }),
    ("login-check", "before-arguments", |client| {
        for form in [
            stranger().set("orderNumber", "x"),
            stranger().add("a", "b"),
            stranger().without("orderNumber"),
            stranger().set("loginName", ""),
            test().set("loginPassword", b"\xFF"),
        ] {
            client.revoke(&form).assert_text(REVOKE_DENIED);
        }
        client
            .revoke(&stranger().without("loginPassword"))
            .assert_text(&missing("loginPassword"));
        client.revoke(&test().add("a", "b")).assert_text(&unrecognized("a"));
        client.revoke(&test()).assert_text(SUCCESS);
        client
            .replace(&Form::replace().by("nobody").add("a", "b"))
            .assert_text(REPLACE_DENIED);
    }),
    ("unknown-check", "before-missing", |client| {
        client
            .revoke(&Form::default().add("a", "b"))
            .assert_text(&unrecognized("a"));
    }),
    ("unknown-check", "after-missing", |client| {
        client
            .revoke(&Form::default().add("a", "b"))
            .assert_text(&missing("loginName"));
        // Before the values all the same.
        let form = test().set("orderNumber", "x").add("a", "b");
        client.revoke(&form).assert_text(&unrecognized("a"));
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
    ("message-quotes", "single", |client| {
        client
            .revoke(&test().set("orderNumber", "x"))
            .assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
    }),
    ("message-quotes", "back-ticks", |client| {
        client
            .revoke(&test().set("orderNumber", "x"))
            .assert_text("-4\nThe value of the `orderNumber` argument is invalid!\n");
        client
            .revoke(&test().add("'a'", "b"))
            .assert_text("-2\n`'a'` is an unrecognized argument!\n");
        client
            .replace(&Form::default())
            .assert_text("-3\nThe `loginName` argument is missing!\n");
        client
            .revoke(&test().by("no_permission"))
            .assert_text("-91\nPermission denied for `!autoRevokeCS`\n");
    }),
    ("https-spelling", "documented", |client| {
        assert_not_https(client, ["HTTPS!", "https!"]);
    }),
    ("https-spelling", "upper", |client| {
        assert_not_https(client, ["HTTPS!", "HTTPS!"]);
    }),
    ("https-spelling", "lower", |client| {
        assert_not_https(client, ["https!", "https!"]);
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
    ("text-charset", "same", |client| {
        assert_eq!(
            content_types(client),
            ["text/plain", "application/x-www-form-urlencoded", "application/json"]
        );
    }),
    ("text-charset", "utf-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain; charset=utf-8",
                "application/x-www-form-urlencoded",
                "application/json"
            ]
        );
    }),
    ("text-charset", "UTF-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain; charset=UTF-8",
                "application/x-www-form-urlencoded",
                "application/json"
            ]
        );
    }),
    ("url-encoded-charset", "same", |client| {
        assert_eq!(
            content_types(client),
            ["text/plain", "application/x-www-form-urlencoded", "application/json"]
        );
    }),
    ("url-encoded-charset", "utf-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain",
                "application/x-www-form-urlencoded; charset=utf-8",
                "application/json"
            ]
        );
    }),
    ("url-encoded-charset", "UTF-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain",
                "application/x-www-form-urlencoded; charset=UTF-8",
                "application/json"
            ]
        );
    }),
    ("json-charset", "same", |client| {
        assert_eq!(
            content_types(client),
            ["text/plain", "application/x-www-form-urlencoded", "application/json"]
        );
    }),
    ("json-charset", "utf-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/json; charset=utf-8"
            ]
        );
    }),
    ("json-charset", "UTF-8", |client| {
        assert_eq!(
            content_types(client),
            [
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/json; charset=UTF-8"
            ]
        );
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
    ("json-order-number", "number", |client| {
        let answer = client.replace(&Form::replace().add("responseFormat", "2"));
        let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert!(json["orderNumber"].is_u64() && json["errorCode"] == 0, "{answer:?}");
    }),
    ("json-success-message", "absent", |client| {
        let form = Form::replace().order(1_100_001).add("responseFormat", "2");
        client
            .replace(&form)
            .assert_reply("application/json", r#"{"errorCode":0}"#);
    }),
    ("json-success-message", "empty", |client| {
        let form = Form::replace().order(1_100_001).add("responseFormat", "2");
        client
            .replace(&form)
            .assert_reply("application/json", r#"{"errorCode":0,"errorMessage":""}"#);
        let answer = client.post(APPLY, &apply("8").add("responseFormat", "2").encode());
        let start = r#"{"errorCode":0,"errorMessage":"","#;
        assert!(answer.text().starts_with(start), "{answer:?}");
        // Neither another format, nor what is refused.
        let url_encoded = Form::replace().order(1_100_001).add("responseFormat", "1");
        client
            .replace(&url_encoded)
            .assert_reply("application/x-www-form-urlencoded", "errorCode=0");
        let refused = client.replace(&Form::default().add("responseFormat", "2"));
        refused.assert_reply(
            "application/json",
            r#"{"errorCode":-3,"errorMessage":"The 'loginName' argument is missing!"}"#,
        );
    }),
    ("refusal-status", "200", |client| {
        assert_refusal_status(client, 200);
    }),
    ("refusal-status", "400", |client| {
        assert_refusal_status(client, 400);
    }),
    ("refusal-status", "500", |client| {
        assert_refusal_status(client, 500);
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
    ("denied-name", "endpoint", |client| {
        assert_denied(client, ["!autoRevokeCS", "download/CollectSSL"]);
    }),
    ("denied-name", "bare-endpoint", |client| {
        assert_denied(client, ["autoRevokeCS", "CollectSSL"]);
    }),
    ("denied-name", "login-name", |client| {
        assert_denied(client, ["no_permission", "voucher_account"]);
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
    ("csr-plus", "mended", |client| {
        client.replace(&unescaped()).assert_text(&invalid("orderNumber"));
    }),
    ("csr-plus", "lost", |client| {
        client.replace(&unescaped()).assert_text(&invalid("csr"));
        let form = unescaped().order(2_200_003);
        let answer = client.post("/products/!AutoReplaceCS", &form.encode());
        assert!(answer.text().starts_with("errorCode=-9&"), "{answer:?}");
        client.replace(&Form::replace()).order_number();
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

/// A login that nobody has.
fn stranger() -> Form {
    test().by("nobody")
}

/// An issued order and a revoked one.
fn twice() -> Form {
    test().add("orderNumber", "2200005")
}

/// What is refused has that status, and the reply that it always has; what is done has 200.
fn assert_refusal_status(client: &mut Client, status: u16) {
    let refused = [
        (client.revoke(&Form::default()), missing("loginName")),
        (client.revoke(&test().order(9_999_999)), invalid("orderNumber")),
        (
            client.get(REVOKE),
            "-17\nRequest used GET rather than POST!\n".to_owned(),
        ),
        (call(client, &collect("0").order(1)), invalid("orderNumber")),
    ];
    for (answer, text) in &refused {
        assert_eq!((answer.status, answer.text()), (status, &**text));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    client.revoke(&test()).assert_text(SUCCESS);
    call(client, &collect("0")).assert_text("1\n");
}

/// What -91 at `!autoRevokeCS` and -90 at `download/CollectSSL` name.
fn assert_denied(client: &mut Client, names: [&str; 2]) {
    client
        .revoke(&test().by("no_permission"))
        .assert_text(&format!("-91\nPermission denied for '{}'\n", names[0]));
    let collect = collect("0").order(2_200_003).by("voucher_account");
    client
        .post("/products/download/CollectSSL", &collect.encode())
        .assert_text(&format!(
            "-90\nPermission denied for using “voucher” with '{}'\n",
            names[1]
        ));
}

fn content_types(client: &mut Client) -> [String; 3] {
    ["0", "1", "2"].map(|format| {
        let answer = client.post(REPLACE, &format!("responseFormat={format}"));
        answer.header("content-type").unwrap().to_owned()
    })
}

/// The message of -1 at an endpoint whose page prints `HTTPS!`, and at one whose page prints `https!`.
fn assert_not_https(client: &mut Client, words: [&str; 2]) {
    for (path, word) in [REVOKE, RESEND].into_iter().zip(words) {
        let answer = client.post(path, "");
        answer.assert_text(&format!("-1\nRequest was not made over {word}\n"));
    }
}

/// A server that shows a client of its plain listener what is assumed.
fn start(name: &str, args: &[&str]) -> Server {
    let plain_http = match name {
        "https-spelling" => "refuse",
        _ => "accept",
    };
    Server::start(&[&["--https", "off", "--plain-http", plain_http], args].concat())
}

#[test]
fn by_the_command_line() {
    for (name, value, check) in CASES {
        let server = start(name, &["--assume", &format!("{name}={value}")]);
        check(&mut server.client());
    }
}

#[test]
fn by_the_fixtures() {
    let default = include_str!("../../fixtures/default.toml");
    let dir = TempDir::new().unwrap();
    for (name, value, check) in CASES {
        let fixtures = format!("{default}\n[assumptions]\n{name} = \"{value}\"\n");
        let path = write_file(&dir, "fixtures.toml", &fixtures);
        let server = start(name, &["--fixtures", path.to_str().unwrap()]);
        check(&mut server.client());
    }
}

#[test]
fn the_first_value_is_the_default() {
    let mut seen = Vec::new();
    for (name, _, check) in CASES {
        if !seen.contains(name) {
            seen.push(name);
            check(&mut start(name, &[]).client());
        }
    }
    assert_eq!(seen.len(), 39);
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
fn a_format_may_have_another_charset_than_the_rest() {
    let server = Server::plain(&["--assume", "charset=utf-8", "--assume", "json-charset=UTF-8"]);
    assert_eq!(
        content_types(&mut server.client()),
        [
            "text/plain; charset=utf-8",
            "application/x-www-form-urlencoded; charset=utf-8",
            "application/json; charset=UTF-8"
        ]
    );
}

#[test]
fn what_is_no_assumption_is_refused() {
    run(&["--assume", "speling=british"], &[]).assert_refused(2, &["speling", "argument-names", "csr-errors"]);
    run(&["--assume", "spelling=scots"], &[]).assert_refused(2, &["scots", "american", "british"]);
    run(&["--assume", "spelling"], &[]).assert_refused(2, &["NAME=VALUE"]);
}
