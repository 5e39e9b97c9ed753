//! Every documented code of both endpoints, and of those that decide unpaid orders, from the built-in fixtures, in every format, to the byte, by curl.

use crate::harness::{Answer, Control, Curl, Form, REPLACE, REVOKE, Server, Url};

/// How a call gets its code.
#[derive(Clone, Copy)]
enum Via {
    Post,
    Get,
    PlainHttp,
}

/// A refused call: how it differs from one that succeeds, and what is answered.
struct Case {
    code: i32,
    via: Via,
    set: &'static [(&'static str, &'static str)],
    without: Option<&'static str>,
    message: &'static str,
    url_encoded: &'static str,
}

const fn refused(code: i32, message: &'static str, url_encoded: &'static str) -> Case {
    Case {
        code,
        via: Via::Post,
        set: &[],
        without: None,
        message,
        url_encoded,
    }
}

impl Case {
    const fn via(self, via: Via) -> Self {
        Self { via, ..self }
    }

    const fn set(self, set: &'static [(&'static str, &'static str)]) -> Self {
        Self { set, ..self }
    }

    const fn without(self, name: &'static str) -> Self {
        Self {
            without: Some(name),
            ..self
        }
    }

    #[track_caller]
    fn call(&self, server: &Server, path: &str, form: Form) -> Answer {
        let form = self.set.iter().fold(form, |form, (name, value)| form.set(name, value));
        let form = match self.without {
            Some(name) => form.without(name),
            None => form,
        };
        match self.via {
            Via::Post => Curl::new(server, &Url::Https(path)).form(&form),
            Via::Get => Curl::new(server, &Url::Https(path)).args(&["--get"]).form(&form),
            Via::PlainHttp => Curl::new(server, &Url::Http(path)).form(&form),
        }
        .answer()
    }
}

const RSA_1024: &str = include_str!("../../fixtures/csr/rsa-1024.pem");

const REPLACE_REFUSED: &[Case] = &[
    refused(
        -1,
        "Request was not made over HTTPS!",
        "Request+was+not+made+over+HTTPS%21",
    )
    .via(Via::PlainHttp),
    refused(
        -2,
        "'colour' is an unrecognized argument!",
        "%27colour%27+is+an+unrecognized+argument%21",
    )
    .set(&[("colour", "red")]),
    refused(
        -3,
        "The 'csr' argument is missing!",
        "The+%27csr%27+argument+is+missing%21",
    )
    .without("csr"),
    refused(
        -4,
        "The value of the 'orderNumber' argument is invalid!",
        "The+value+of+the+%27orderNumber%27+argument+is+invalid%21",
    )
    .set(&[("orderNumber", "9999999")]),
    refused(
        -13,
        "The CSR uses an unsupported key size!",
        "The+CSR+uses+an+unsupported+key+size%21",
    )
    .set(&[("csr", RSA_1024)]),
    refused(
        -16,
        "Incorrect login details, account is locked, password has expired, or your source IP is blocked!",
        "Incorrect+login+details%2C+account+is+locked%2C+password+has+expired%2C+or+your+source+IP+is+blocked%21",
    )
    .set(&[("loginName", "locked_account")]),
    refused(
        -17,
        "Request used GET rather than POST!",
        "Request+used+GET+rather+than+POST%21",
    )
    .via(Via::Get),
    refused(
        -21,
        "The certificate has already been Revoked!",
        "The+certificate+has+already+been+Revoked%21",
    )
    .set(&[("orderNumber", "1100005")]),
    refused(
        -26,
        "The certificate is currently being Issued!",
        "The+certificate+is+currently+being+Issued%21",
    )
    .set(&[("orderNumber", "1100002")]),
    refused(
        -42,
        "Call limit reached, please try again later!",
        "Call+limit+reached%2C+please+try+again+later%21",
    )
    .set(&[("loginName", "limited_account")]),
    refused(
        -91,
        "Permission denied for '!AutoReplaceSMIME'",
        "Permission+denied+for+%27%21AutoReplaceSMIME%27",
    )
    .set(&[("loginName", "no_permission")]),
    refused(
        -122,
        "The Certificate is in wrong state.",
        "The+Certificate+is+in+wrong+state.",
    )
    .set(&[("orderNumber", "1100006")]),
];

const REVOKE_REFUSED: &[Case] = &[
    refused(-1, "Request was not made over HTTPS!", "").via(Via::PlainHttp),
    refused(-2, "'responseFormat' is an unrecognized argument!", "").set(&[("responseFormat", "0")]),
    refused(-3, "The 'revocationReason' argument is missing!", "").without("revocationReason"),
    refused(-4, "The value of the 'orderNumber' argument is invalid!", "").set(&[("orderNumber", "order_number")]),
    refused(-14, "An unknown error occurred!", "").set(&[("orderNumber", "2200009")]),
    refused(-16, "Permission denied!", "").set(&[("loginName", "locked_account")]),
    refused(-17, "Request used GET rather than POST!", "").via(Via::Get),
    refused(-20, "The certificate request has already been Rejected!", "").set(&[("orderNumber", "2200006")]),
    refused(-21, "The certificate has already been Revoked!", "").set(&[("orderNumber", "2200005")]),
    refused(-26, "The certificate is currently being Issued!", "").set(&[("orderNumber", "2200002")]),
    refused(-34, "The certificate has already been Replaced!", "")
        .set(&[("orderNumber", "2200004"), ("includeInCRL", "N")]),
    refused(-35, "The Certificate does not allow revocation after expiry!", "").set(&[("orderNumber", "2200007")]),
    refused(-43, "Certificate is not in a revocable state.", "").set(&[("orderNumber", "2200008")]),
    refused(-90, "Permission denied for using “voucher” with '!autoRevokeCS'", "")
        .set(&[("loginName", "voucher_account")]),
    refused(-91, "Permission denied for '!autoRevokeCS'", "").set(&[("loginName", "no_permission")]),
];

/// What `!AutoAuthorize` and `!AutoReject` are both refused with; they answer in format 1 alone.
const BOTH_REFUSED: &[Case] = &[
    refused(-1, "", "Request+was+not+made+over+HTTPS%21").via(Via::PlainHttp),
    refused(-2, "", "%27responseFormat%27+is+an+unrecognized+argument%21").set(&[("responseFormat", "0")]),
    refused(-3, "", "The+%27orderNumber%27+argument+is+missing%21").without("orderNumber"),
    refused(-4, "", "The+value+of+the+%27orderNumber%27+argument+is+invalid%21").set(&[("orderNumber", "9999999")]),
    refused(
        -16,
        "",
        "Incorrect+login+details%2C+account+is+locked%2C+password+has+expired%2C+or+your+source+IP+is+blocked%21",
    )
    .set(&[("loginName", "locked_account")]),
    refused(-17, "", "Request+used+GET+rather+than+POST%21").via(Via::Get),
    refused(-20, "", "The+certificate+request+has+been+rejected%21").set(&[("orderNumber", "1100006")]),
    refused(-21, "", "The+certificate+has+been+revoked%21").set(&[("orderNumber", "1100005")]),
    refused(-122, "", "The+Certificate+is+in+wrong+state.").set(&[("orderNumber", "1100003")]),
];

const AUTHORIZE_REFUSED: &[Case] = &[
    refused(-15, "", "Not+enough+credit%21").set(&[("loginName", "no_credit")]),
    refused(-91, "", "Permission+denied+for+%27%21AutoAuthorize%27").set(&[("loginName", "no_permission")]),
];

const REJECT_REFUSED: &[Case] = &[
    refused(-26, "", "The+certificate+is+currently+being+Issued%21").set(&[("orderNumber", "1100002")]),
    refused(-91, "", "Permission+denied+for+%27%21AutoReject%27").set(&[("loginName", "no_permission")]),
];

/// A call about the unpaid order 1100009.
fn about_an_unpaid_order() -> Form {
    Form::revoke()
        .order(1_100_009)
        .without("revocationReason")
        .without("codeReason")
}

#[test]
fn auto_authorize_and_auto_reject_answer_every_code_in_format_1() {
    const URL_ENCODED: &str = "application/x-www-form-urlencoded";
    for (name, own) in [("!AutoAuthorize", AUTHORIZE_REFUSED), ("!AutoReject", REJECT_REFUSED)] {
        let server = Server::start(&[]);
        let path = format!("/products/{name}");
        for case in BOTH_REFUSED.iter().chain(own) {
            let expected = format!("errorCode={}&errorMessage={}", case.code, case.url_encoded);
            case.call(&server, &path, about_an_unpaid_order())
                .assert_reply(URL_ENCODED, &expected);
        }
        let fault = format!(r#"{{"endpoint":"{name}","times":1,"then":{{"code":-14}}}}"#);
        Control::of(&server).expect(("POST", "/faults", &fault), 201, &[]);
        for expected in ["errorCode=-14&errorMessage=An+unknown+error+occurred%21", "errorCode=0"] {
            Curl::new(&server, &Url::Https(&path))
                .form(&about_an_unpaid_order())
                .answer()
                .assert_reply(URL_ENCODED, expected);
        }
    }
}

#[test]
fn auto_replace_smime_refuses_in_format_0() {
    let server = Server::start(&[]);
    for case in REPLACE_REFUSED {
        let expected = format!("{}\n{}\n", case.code, case.message);
        case.call(&server, REPLACE, Form::replace()).assert_text(&expected);
        let asked = Form::replace().set("responseFormat", "0");
        case.call(&server, REPLACE, asked).assert_text(&expected);
    }
}

#[test]
fn auto_replace_smime_refuses_in_format_1() {
    let server = Server::start(&[]);
    for case in REPLACE_REFUSED {
        case.call(&server, REPLACE, Form::replace().set("responseFormat", "1"))
            .assert_reply(
                "application/x-www-form-urlencoded",
                &format!("errorCode={}&errorMessage={}", case.code, case.url_encoded),
            );
    }
}

#[test]
fn auto_replace_smime_refuses_in_format_2() {
    let server = Server::start(&[]);
    for case in REPLACE_REFUSED {
        case.call(&server, REPLACE, Form::replace().set("responseFormat", "2"))
            .assert_reply(
                "application/json",
                &format!(r#"{{"errorCode":{},"errorMessage":"{}"}}"#, case.code, case.message),
            );
    }
}

#[test]
fn auto_replace_smime_succeeds_in_each_format() {
    let server = Server::start(&[]);
    let call = |form: Form| Curl::new(&server, &Url::Https(REPLACE)).form(&form).answer();

    let first = call(Form::replace());
    let number = first.order_number();
    first.assert_text(&format!("0\n{number}\n"));

    let second = call(Form::replace().order(number).set("responseFormat", "1"));
    let number: u64 = second.text().rsplit('=').next().unwrap().parse().unwrap();
    second.assert_reply(
        "application/x-www-form-urlencoded",
        &format!("errorCode=0&orderNumber={number}"),
    );

    let third = call(Form::replace().order(number).set("responseFormat", "2"));
    let json: serde_json::Value = serde_json::from_str(third.text()).unwrap();
    let number = json["orderNumber"].as_str().unwrap();
    third.assert_reply(
        "application/json",
        &format!(r#"{{"errorCode":0,"orderNumber":"{number}"}}"#),
    );
    call(Form::replace().set("orderNumber", number)).order_number();
}

#[test]
fn auto_replace_smime_leaves_out_a_number_that_there_is_not() {
    let server = Server::start(&[]);
    let call = |format: &str| {
        let form = Form::replace().order(1_100_001).set("responseFormat", format);
        Curl::new(&server, &Url::Https(REPLACE)).form(&form).answer()
    };
    call("0").assert_text("0\n");
    call("1").assert_reply("application/x-www-form-urlencoded", "errorCode=0");
    call("2").assert_reply("application/json", r#"{"errorCode":0}"#);
}

#[test]
fn auto_revoke_cs_answers_every_code() {
    let server = Server::start(&[]);
    for case in REVOKE_REFUSED {
        case.call(&server, REVOKE, Form::revoke())
            .assert_text(&format!("{}\n{}\n", case.code, case.message));
    }
    Curl::new(&server, &Url::Https(REVOKE))
        .form(&Form::revoke())
        .answer()
        .assert_text("0\n");
}

#[test]
fn the_tables_above_are_whole() {
    let codes = |cases: &[Case]| cases.iter().map(|case| case.code).collect::<Vec<_>>();
    assert_eq!(
        codes(REPLACE_REFUSED),
        [-1, -2, -3, -4, -13, -16, -17, -21, -26, -42, -91, -122]
    );
    assert_eq!(
        codes(REVOKE_REFUSED),
        [-1, -2, -3, -4, -14, -16, -17, -20, -21, -26, -34, -35, -43, -90, -91]
    );
    // Beside -14, which a fault answers.
    assert_eq!(codes(BOTH_REFUSED), [-1, -2, -3, -4, -16, -17, -20, -21, -122]);
    assert_eq!(
        (codes(AUTHORIZE_REFUSED), codes(REJECT_REFUSED)),
        (vec![-15, -91], vec![-26, -91])
    );
}

#[test]
fn the_sample_requests_of_the_documents_are_answered() {
    let server = Server::start(&[]);
    let sample = Form::replace().add("responseFormat", "2").add("REVOKEOLDORDER", "Y");
    let answer = Curl::new(&server, &Url::Https(REPLACE))
        .args(&["--location"])
        .form(&sample)
        .answer();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    assert!(
        answer.text().starts_with(r#"{"errorCode":0,"orderNumber":"#),
        "{answer:?}"
    );

    let dots = Form::replace().set("csr", include_str!("../../fixtures/csr/sample.txt"));
    Curl::new(&server, &Url::Https(REPLACE))
        .form(&dots)
        .answer()
        .assert_text("-4\nThe value of the 'csr' argument is invalid!\n");

    let words = Form::revoke()
        .set("orderNumber", "order_number")
        .set("revocationReason", "revocation_reason");
    Curl::new(&server, &Url::Https(REVOKE))
        .form(&words)
        .answer()
        .assert_text("-4\nThe value of the 'orderNumber' argument is invalid!\n");
}
