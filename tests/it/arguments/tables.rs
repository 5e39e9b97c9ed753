//! Every row of every table: missing, empty, at its limit and past it, not allowed, written in another way.
//!
//! Every call has a wrong password, which is looked at after the form: so a form that is taken is answered with -16,
//! and one that is not with what is wrong with it. Nothing is ever changed.

use crate::harness::{
    Answer, Client, Form, REPLACE, REPLACE_DENIED, REVOKE, REVOKE_DENIED, Server, invalid, missing, unrecognized,
};

struct Endpoint {
    path: &'static str,
    form: fn() -> Form,
    /// What a wrong password is answered with, in format 0, as are all texts here.
    denied: &'static str,
    /// Whether its replies are URL-encoded, where the call does not say how they shall be.
    is_url_encoded: bool,
    rows: &'static [Row],
}

struct Row {
    name: &'static str,
    is_required: bool,
    max: Option<usize>,
    /// Values that are taken.
    good: &'static [&'static str],
    /// Values that are not.
    bad: &'static [&'static str],
    /// Whether any text is taken that is not among `bad`.
    is_free: bool,
    /// The name that is missing without it, if that is another one.
    missing: Option<&'static str>,
}

const fn text(name: &'static str, max: usize) -> Row {
    Row {
        name,
        is_required: true,
        max: Some(max),
        good: &["x", " ", "a b", "ü", "&", "%", "'", "\"", "+"],
        bad: &[],
        is_free: true,
        missing: None,
    }
}

const fn integer(name: &'static str) -> Row {
    Row {
        name,
        is_required: false,
        max: None,
        good: &["0", "1", "1234567"],
        bad: &[
            "x",
            "-1",
            "+1",
            "1.0",
            "1e3",
            "0x1",
            " 1",
            "1 ",
            "1,000",
            "١",
            "99999999999999999999999999999999999",
        ],
        is_free: false,
        missing: None,
    }
}

const fn choice(name: &'static str, good: &'static [&'static str], bad: &'static [&'static str]) -> Row {
    Row {
        name,
        is_required: false,
        max: None,
        good,
        bad,
        is_free: false,
        missing: None,
    }
}

const YES_OR_NO: Row = choice("", &["Y", "N"], &["y", "n", "X", "YES", "YY", "1", " Y", "😀"]);

/// A call that orders, with what each product needs.
fn apply() -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", "wrong")
        .add("days", "365")
        .add("product", "794")
        .add("sanEmailAddress", "a@b.test")
        .add("isCustomerValidated", "N")
        .add("appRepEmailAddress", "a@b.test")
        .add("organizationName", "Example")
}

/// A call that collects.
fn collect() -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", "wrong")
        .add("orderNumber", "1234567")
        .add("queryType", "1")
}

/// A call that authorizes or rejects an order.
fn authorize() -> Form {
    revoke_certificate().add("orderNumber", "1100009")
}

const AUTHORIZE_ROWS: &[Row] = &[
    text("loginName", 64),
    text("loginPassword", 128),
    integer("orderNumber").required(),
    YES_OR_NO.named("test"),
    YES_OR_NO.named("disableSWP"),
];

const REVOKE_CERTIFICATE: &str = "/products/!autoRevokeCertificate";

/// A call that sends a mail again.
fn resend() -> Form {
    revoke_certificate().add("orderNumber", "1100001")
}

/// A call that revokes, without what names the order.
fn revoke_certificate() -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", "wrong")
}

impl Row {
    /// One whose absence is told as that of the `orderNumber`.
    const fn or_order_number(self) -> Self {
        Self {
            is_required: true,
            missing: Some("orderNumber"),
            ..self
        }
    }

    const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    const fn optional(self) -> Self {
        Self {
            is_required: false,
            ..self
        }
    }

    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }
}

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: REPLACE,
        form: || Form::replace().set("loginPassword", "wrong"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
            text("csr", 32767),
            choice(
                "signatureHash",
                &["NO_PREFERENCE", "INFER_FROM_CSR", "PREFER_SHA2", "REQUIRE_SHA2"],
                &["no_preference", "Prefer_SHA2", "SHA256", "PREFER_SHA2 ", "0"],
            ),
            integer("caCertificateID"),
            choice(
                "revokeOldOrder",
                &["Y", "N"],
                &["y", "n", "X", "YES", "YY", "1", " Y", "😀"],
            ),
            choice(
                "responseFormat",
                &["0"],
                &["3", "-1", "00", "x", " 0", "0 ", "10", "JSON"],
            ),
            choice(
                "languageName",
                &["en", "de", "fr", "ro", "zh"],
                &["EN", "En", "e", "eng", "xx", "qq", "12", "😀😀"],
            ),
            integer("SMIMEVerificationTemplateID"),
            integer("SMIMERequestTemplateID"),
            integer("SMIMECollectionTemplateID"),
        ],
    },
    Endpoint {
        path: REVOKE,
        form: || Form::revoke().set("loginPassword", "wrong"),
        denied: REVOKE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            integer("accountID"),
            integer("orderNumber").required(),
            text("revocationReason", 497),
            choice(
                "codeReason",
                &["0", "1", "3", "4", "5"],
                &["2", "6", "-1", "10", "01", "x", "keyCompromise"],
            ),
            choice("test", &["Y", "N"], &["y", "n", "X", "YES", "true", "0", " Y"]),
            choice("includeInCRL", &["Y", "N"], &["y", "n", "X", "NO", "false", "1", "N "]),
        ],
    },
    Endpoint {
        path: REVOKE_CERTIFICATE,
        form: || revoke_certificate().add("orderNumber", "1234567"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            integer("orderNumber").required(),
            integer("accountID"),
            Row {
                is_required: false,
                ..text("revocationReason", 1024)
            },
            choice(
                "codeReason",
                &["0", "1", "3", "4", "5"],
                &["2", "6", "-1", "10", "01", "x", "keyCompromise"],
            ),
            Row {
                is_required: false,
                ..text("productCode", 50)
            },
            integer("product"),
            YES_OR_NO.named("test"),
            YES_OR_NO.named("includeInCRL"),
            choice("responseFormat", &["0"], &["2", "3", "-1", "00", "x", " 0", "10"]),
        ],
    },
    // Each of the other names of an order.
    Endpoint {
        path: REVOKE_CERTIFICATE,
        form: || revoke_certificate().add("certificateID", "1"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[integer("certificateID").or_order_number()],
    },
    Endpoint {
        path: REVOKE_CERTIFICATE,
        form: || revoke_certificate().add("serialNumber", "4A"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[text("serialNumber", 34).or_order_number()],
    },
    Endpoint {
        path: "/products/!ResendCollectionEmailSMIME",
        form: resend,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
        ],
    },
    Endpoint {
        path: "/products/!ResendVerificationEmailSMIME",
        form: resend,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
            Row {
                is_required: false,
                ..text("emailAddress", 32000)
            },
        ],
    },
    Endpoint {
        path: "/products/!ResendInvitationEmailSMIME",
        form: resend,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
        ],
    },
    Endpoint {
        path: "/products/download/CollectSMIME",
        form: collect,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            integer("orderNumber").required(),
            choice("queryType", &["0", "1", "2", "3"], &["4", "-1", "01", "x", "1 ", "10"]).required(),
            choice(
                "responseType",
                &["0", "1", "2", "3", "4"],
                &["5", "-1", "03", "x", " 3", "30"],
            ),
            choice("responseEncoding", &["0"], &["2", "-1", "00", "x", "0 ", "10"]),
            YES_OR_NO.named("showValidityPeriod"),
        ],
    },
    Endpoint {
        path: "/products/!AutoApplyOrder",
        form: apply,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            choice(
                "days",
                &["365", "730", "1095"],
                &["0", "366", "0365", "x", "365 ", "-365"],
            )
            .required(),
            choice(
                "product",
                &["794", "795", "8", "530", "551", "8,163", "530, 577", "551,706,163"],
                &["1", "0794", "794,795", "794,163", "163", "x", ",", "+8"],
            )
            .required(),
            choice(
                "sanEmailAddress",
                &["a@b.test", "ü@b.test"],
                &["x", "@", "a@b@c", " a@b.test"],
            )
            .required(),
            choice("countryName", &["GB", "DE"], &["GBR"]),
            YES_OR_NO.named("showCollectionCode"),
            YES_OR_NO.named("showCertificateID"),
            YES_OR_NO.named("showCertificateState"),
            YES_OR_NO.named("prioritiseCSRValues"),
            YES_OR_NO.named("test"),
            YES_OR_NO.named("isCustomerValidated"),
            YES_OR_NO.named("isAppRepValidated"),
            integer("caCertificateID"),
            choice("languageName", &["en", "de"], &["EN", "e", "eng", "xx", "12"]),
            integer("SMIMEVerificationTemplateID"),
            integer("SMIMERequestTemplateID"),
            integer("SMIMECollectionTemplateID"),
            integer("shippingTemplateID"),
            text("appRepForename", 64).optional(),
            text("appRepSurname", 64).optional(),
            text("appRepTelephone", 32).optional(),
            text("contactEmailAddress", 255).optional(),
            text("organizationalUnitName", 64).optional(),
            text("postOfficeBox", 40).optional(),
            text("streetAddress1", 128).optional(),
            text("streetAddress2", 128).optional(),
            text("streetAddress3", 128).optional(),
            text("dunsNumber", 20).optional(),
            text("companyNumber", 64).optional(),
            text("hsmType", 64).optional(),
            text("shippingTitle", 64).optional(),
            text("shippingForename", 64).optional(),
            text("shippingSurname", 64).optional(),
            text("shippingEmailAddress", 255).optional(),
            text("shippingTelephone", 32).optional(),
            text("csr", 32767).optional(),
            text("postalCode", 40).optional(),
            // The reply repeats it in a line, so that it cannot have control characters.
            Row {
                bad: &["a\nb", "\t", "a\u{85}", "\0", "a\0b", "\r\n", "\u{1b}[31m"],
                ..text("foreignOrderNumber", 64).optional()
            },
            text("keyAttestation", 32767).optional(),
            choice(
                "uniqueValue",
                &["TnerFu0d", "12345678901234567890"],
                &["a-b", " ", "123456789012345678901"],
            ),
            choice("signatureHash", &["PREFER_SHA2"], &["prefer_sha2", "SHA256"]),
            choice("responseFormat", &["0"], &["3", "x", "00", "-1"]),
        ],
    },
    Endpoint {
        path: "/products/!AutoAuthorize",
        form: authorize,
        denied: REPLACE_DENIED,
        is_url_encoded: true,
        rows: AUTHORIZE_ROWS,
    },
    Endpoint {
        path: "/products/!AutoReject",
        form: authorize,
        denied: REPLACE_DENIED,
        is_url_encoded: true,
        rows: AUTHORIZE_ROWS,
    },
    Endpoint {
        path: "/products/!AutoReplaceCS",
        form: || authorize().add("csr", "x"),
        denied: REPLACE_DENIED,
        is_url_encoded: true,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
            text("privateKeyFilename", 255).optional(),
            text("csr", 32767),
            choice(
                "signatureHash",
                &["NO_PREFERENCE", "INFER_FROM_CSR", "PREFER_SHA2", "REQUIRE_SHA2"],
                &["no_preference", "SHA256", "PREFER_SHA2 ", "0"],
            ),
            integer("caCertificateID"),
        ],
    },
    Endpoint {
        path: "/products/download/RequestAndCollectSMIME",
        form: || collect().set("orderNumber", "1"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            text("orderNumber", 128),
            choice("queryType", &["0", "1", "2", "3"], &["4", "-1", "01", "x"]).required(),
            choice("responseType", &["1", "2", "3", "4"], &["0", "5", "x"]),
            choice("responseEncoding", &["0"], &["2", "-1", "x"]),
            choice(
                "responseMimeType",
                &["a/b", "text/plain; charset=utf-8"],
                &["a", "a/b/c", "a/ü"],
            ),
            YES_OR_NO.named("returnCertificate"),
            YES_OR_NO.named("showValidityPeriod"),
        ],
    },
    Endpoint {
        path: "/products/download/CollectSSL",
        form: || collect().without("orderNumber").add("baseOrderNumber", "1"),
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[
            text("loginName", 64),
            text("loginPassword", 128),
            choice("queryType", &["0", "1", "2", "3"], &["4", "-1", "01", "x", "1 ", "10"]).required(),
            choice(
                "responseType",
                &["0", "1", "2", "3"],
                &["4", "-1", "03", "x", " 3", "30"],
            ),
            choice("responseEncoding", &["0"], &["2", "-1", "00", "x", "0 ", "10"]),
            choice("responseFormat", &["0"], &["2", "3", "-1", "00", "x", " 0", "10"]),
            YES_OR_NO.named("showValidityPeriod"),
            YES_OR_NO.named("showExtStatus"),
            YES_OR_NO.named("showFQDN"),
            YES_OR_NO.named("showMDCDomainDetails"),
            YES_OR_NO.named("showMDCDomainDetails2"),
            YES_OR_NO.named("showStatusDetails"),
        ],
    },
    // Required where the other name of the order's number is not sent.
    Endpoint {
        path: "/products/download/CollectSSL",
        form: collect,
        denied: REPLACE_DENIED,
        is_url_encoded: false,
        rows: &[text("orderNumber", 128)],
    },
];

/// What a call was answered.
struct Told {
    answer: Answer,
    is_url_encoded: bool,
}

impl Told {
    /// It is this reply in format 0, or the same in the endpoint's format.
    #[track_caller]
    fn assert_text(&self, body: &str) {
        if !self.is_url_encoded {
            return self.answer.assert_text(body);
        }
        let (code, message) = body.split_once('\n').expect("each reply here has a message");
        let message = message.strip_suffix('\n').expect("a reply ends in a line feed");
        let message: String = form_urlencoded::byte_serialize(message.as_bytes()).collect();
        self.answer.assert_reply(
            "application/x-www-form-urlencoded",
            &format!("errorCode={code}&errorMessage={message}"),
        );
    }
}

/// Calls once for each row.
fn for_each_row(mut check: impl FnMut(&Endpoint, &Row, &mut dyn FnMut(&Form) -> Told)) {
    let server = Server::plain(&["--assume", "unknown-arguments=reject"]);
    let mut client: Client = server.client();
    for endpoint in ENDPOINTS {
        for row in endpoint.rows {
            check(endpoint, row, &mut |form| Told {
                answer: client.post(endpoint.path, &form.encode()),
                is_url_encoded: endpoint.is_url_encoded,
            });
        }
    }
    server.assert_well();
}

#[test]
fn each_row_missing() {
    for_each_row(|endpoint, row, call| {
        let expected = if row.is_required {
            missing(row.missing.unwrap_or(row.name))
        } else {
            endpoint.denied.to_owned()
        };
        call(&(endpoint.form)().without(row.name)).assert_text(&expected);
    });
}

#[test]
fn each_row_empty() {
    for_each_row(|endpoint, row, call| {
        call(&(endpoint.form)().set(row.name, "")).assert_text(&invalid(row.name));
    });
}

#[test]
fn each_row_with_values_that_are_taken() {
    for_each_row(|endpoint, row, call| {
        for value in row.good {
            // The one that is wrong must stay so.
            call(&(endpoint.form)().set(row.name, value)).assert_text(endpoint.denied);
        }
    });
}

#[test]
fn each_row_with_values_that_are_not_taken() {
    for_each_row(|endpoint, row, call| {
        for value in row.bad {
            call(&(endpoint.form)().set(row.name, value)).assert_text(&invalid(row.name));
        }
    });
}

#[test]
fn each_limit_is_counted_in_characters() {
    for_each_row(|endpoint, row, call| {
        let Some(max) = row.max else { return };
        for character in ["a", "é", "€", "😀"] {
            let full = (endpoint.form)().set(row.name, character.repeat(max));
            call(&full).assert_text(endpoint.denied);
            let over = (endpoint.form)().set(row.name, character.repeat(max + 1));
            call(&over).assert_text(&invalid(row.name));
        }
        // Far beyond it, and ended by the one wide character.
        let over = format!("{}😀", "a".repeat(max));
        call(&(endpoint.form)().set(row.name, over)).assert_text(&invalid(row.name));
    });
}

#[test]
fn each_row_named_in_another_case() {
    for_each_row(|endpoint, row, call| {
        let value = row.good[0];
        let form = |name: &str| (endpoint.form)().without(row.name).add(name, value);
        call(&form(&row.name.to_uppercase())).assert_text(endpoint.denied);
        call(&form(&row.name.to_lowercase())).assert_text(endpoint.denied);
        // What is wrong with it is said under the documented name.
        let empty = (endpoint.form)().without(row.name).add(&row.name.to_uppercase(), "");
        call(&empty).assert_text(&invalid(row.name));
    });
}

#[test]
fn each_row_with_a_name_that_is_nearly_right() {
    for_each_row(|endpoint, row, call| {
        for name in [
            format!("{} ", row.name),
            format!("{}s", row.name),
            row.name[1..].to_owned(),
        ] {
            let form = (endpoint.form)().without(row.name).add(&name, "1");
            call(&form).assert_text(&unrecognized(&name));
        }
    });
}

#[test]
fn each_row_twice() {
    for_each_row(|endpoint, row, call| {
        let value = row.good[0];
        let form = (endpoint.form)().set(row.name, value);
        call(&form.clone().add(row.name, value)).assert_text(&invalid(row.name));
        call(&form.add(&row.name.to_uppercase(), value)).assert_text(&invalid(row.name));
    });
}

#[test]
fn each_row_with_bytes_that_are_no_text() {
    for_each_row(|endpoint, row, call| {
        for bytes in [&b"\xFF"[..], b"a\x80", b"\xC3", b"\xED\xA0\x80", b"\xC0\x80"] {
            call(&(endpoint.form)().set(row.name, bytes)).assert_text(&invalid(row.name));
        }
    });
}

#[test]
fn each_row_with_nul_and_control_characters() {
    for_each_row(|endpoint, row, call| {
        for value in ["\0", "a\0b", "\r\n", "\u{1b}[31m", "\u{202e}"] {
            let expected = if row.is_free && !row.bad.contains(&value) {
                endpoint.denied.to_owned()
            } else {
                invalid(row.name)
            };
            call(&(endpoint.form)().set(row.name, value)).assert_text(&expected);
        }
    });
}
