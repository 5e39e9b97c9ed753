//! The whole life of an order of each product, in each format of the replies, by the clocks of two sandboxes at once:
//! ordered, authorized, waited for, collected, replaced, revoked, expired. At each step OCSP, the CRL and openssl agree.

use std::thread;

use serde_json::Value;

use super::desk::Desk;
use crate::harness::{Answer, Form, PASSWORD, Server, in_sandbox};

const FIRST_CSR: &str = include_str!("../../../fixtures/csr/p256-sha256.pem");
const SECOND_CSR: &str = include_str!("../../../fixtures/csr/rsa-3072.pem");

/// Who orders: its orders are paid for later.
const ACCOUNT: &str = "pays_later";

struct Product {
    /// The argument `product`.
    ordered: &'static str,
    /// What the order is of.
    code: u64,
    is_smime: bool,
    /// A policy that only its certificates have.
    policy: &'static str,
}

const fn smime(ordered: &'static str, code: u64, policy: &'static str) -> Product {
    Product {
        ordered,
        code,
        is_smime: true,
        policy,
    }
}

const fn code_signing(ordered: &'static str, code: u64, policy: &'static str) -> Product {
    Product {
        is_smime: false,
        ..smime(ordered, code, policy)
    }
}

const PRODUCTS: [Product; 6] = [
    smime("794", 794, "2.23.140.1.5.1.2"),
    smime("795", 795, "2.23.140.1.5.1.3"),
    smime("796", 796, "2.23.140.1.5.2.2"),
    code_signing("8", 8, "2.23.140.1.4.1"),
    code_signing("530", 530, "2.23.140.1.3"),
    code_signing("551", 8, "2.23.140.1.4.1"),
];

/// The values of `responseFormat`: lines, URL-encoded, JSON.
const FORMATS: [&str; 3] = ["0", "1", "2"];

#[test]
fn the_life_of_each_product_in_each_format_in_two_sandboxes() {
    let server = Server::plain(&["--issuance-delay", "2h"]);
    thread::scope(|scope| {
        for (sandbox, ahead) in [("one", "1s"), ("other", "90d")] {
            let server = &server;
            scope.spawn(move || {
                for (place, format) in FORMATS.into_iter().enumerate() {
                    // A new one for each, because the years of all of them are more than the CAs live.
                    let sandbox = &format!("{sandbox}-{format}");
                    let mut desk = Desk::of_new_sandbox(server, sandbox);
                    desk.control
                        .expect(("PATCH", "/accounts/pays_later", r#"{"unpriced":null}"#), 200, &[]);
                    let reply = if format == "0" { "text" } else { "url-encoded" };
                    let assumption = format!(r#"{{"replace-cs-reply":"{reply}"}}"#);
                    desk.control.expect(("PATCH", "/assumptions", &assumption), 200, &[]);
                    desk.advance(ahead);
                    for (product, turn) in PRODUCTS.iter().zip(place..) {
                        let desk = &mut desk;
                        Life {
                            desk,
                            sandbox,
                            product,
                            format,
                            is_judged: turn % FORMATS.len() == 0,
                        }
                        .live();
                    }
                }
            });
        }
    });
    server.assert_well();
}

struct Life<'l> {
    desk: &'l mut Desk,
    sandbox: &'l str,
    product: &'static Product,
    format: &'static str,
    /// Whether openssl judges its certificates: what they say does not depend on the format of the replies.
    is_judged: bool,
}

impl Life<'_> {
    fn live(&mut self) {
        let first = self.order();
        self.assert_collects(first, -22);
        let authorized = self.call("!AutoAuthorize", &of(first));
        authorized.assert_reply("application/x-www-form-urlencoded", "errorCode=0");
        self.assert_collects(first, 0);
        self.desk.advance("2h");
        self.collect(first);
        self.assert_told(first, "good");
        let policies = self.desk.x509(first, "-ext certificatePolicies");
        assert!(
            policies.contains(&format!("Policy: {}\n", self.product.policy)),
            "{policies}"
        );

        let second = self.replace(first);
        self.assert_collects(second, 0);
        self.desk.advance("2h");
        self.collect(second);
        assert_ne!(self.desk.x509(second, "-pubkey"), self.desk.x509(first, "-pubkey"));
        self.assert_told(second, "good");

        self.revoke(second);
        self.assert_collects(second, -21);
        self.assert_told(second, "revoked: keyCompromise");
        self.collect(first);
        // It was replaced, and not revoked.
        self.assert_told(first, "good");

        self.desk.advance("366d");
        assert_eq!(self.desk.control.get(&format!("/orders/{first}"))["state"], "expired");
        self.collect(first);
        self.assert_told(first, "good, expired");
        // Its entry stays.
        self.assert_told(second, "revoked: keyCompromise");
        let refused = self.call("!autoRevokeCertificate", &of(first).add("revocationReason", "too late"));
        assert_eq!(refused.code(), -35, "{refused:?}");
    }

    /// The CRL, OCSP and the certificate itself tell this of the order.
    fn assert_told(&mut self, number: u64, expected: &str) {
        if self.is_judged {
            assert_eq!(self.desk.told(number), expected, "{}", self.product.ordered);
        }
    }

    /// Orders the product; the reply says that it is to be paid for.
    fn order(&mut self) -> u64 {
        let form = login()
            .add("product", self.product.ordered)
            .add("days", "365")
            .add("csr", FIRST_CSR)
            .add("sanEmailAddress", "jane@example.com")
            .add("organizationName", "Beispiel GmbH")
            .add("countryName", "DE")
            .add("localityName", "Bonn")
            .add("isCustomerValidated", "Y")
            .add("appRepEmailAddress", "joe@example.com")
            .add("responseFormat", self.format);
        let answer = self.call("!AutoApplyOrder", &form);
        let (status, number) = read(&answer, self.format);
        assert_eq!(status, 1, "{answer:?}");
        let number = number.unwrap_or_else(|| panic!("no order number: {answer:?}"));
        let order = self.desk.control.get(&format!("/orders/{number}"));
        assert_eq!(
            (&order["state"], &order["productCode"]),
            (&"unpaid".into(), &self.product.code.into())
        );
        number
    }

    /// Replaces it, and returns the number of the new order.
    fn replace(&mut self, number: u64) -> u64 {
        let form = of(number).add("csr", SECOND_CSR);
        let (answer, format) = match self.product.is_smime {
            true => {
                let form = form.add("responseFormat", self.format);
                (self.call("!AutoReplaceSMIME", &form), self.format)
            }
            false => {
                let format = if self.format == "0" { "0" } else { "1" };
                (self.call("!AutoReplaceCS", &form), format)
            }
        };
        let (status, new) = read(&answer, format);
        assert_eq!(status, 0, "{answer:?}");
        new.filter(|new| *new != number)
            .unwrap_or_else(|| panic!("no new order number: {answer:?}"))
    }

    fn revoke(&mut self, number: u64) {
        let format = if self.format == "0" { "0" } else { "1" };
        let form = of(number)
            .add("revocationReason", "the key was lost")
            .add("codeReason", "1")
            .add("responseFormat", format);
        let answer = self.call("!autoRevokeCertificate", &form);
        assert_eq!(read(&answer, format), (0, None), "{answer:?}");
    }

    /// Collects what the endpoint has for the order, in text.
    fn collected(&mut self, number: u64, query: &str) -> Answer {
        let endpoint = match self.product.is_smime {
            true => "download/CollectSMIME",
            false => "download/CollectSSL",
        };
        self.call(endpoint, &of(number).add("queryType", query))
    }

    /// Collecting it answers that code, and hands out nothing.
    fn assert_collects(&mut self, number: u64, code: i32) {
        let answer = self.collected(number, "1");
        assert_eq!(answer.code(), code, "{answer:?}");
        assert!(!answer.text().contains("BEGIN"), "{answer:?}");
    }

    /// Collects its certificate, which is the one that the emulator's owner sees.
    fn collect(&mut self, number: u64) {
        let expected = self.desk.collect(number);
        let answer = self.collected(number, "2");
        assert_eq!(answer.text(), format!("2\n{expected}"), "{}", self.product.ordered);
        if !self.product.is_smime {
            let form = of(number).add("queryType", "2").add("responseFormat", "1");
            let answer = self.call("download/CollectSSL", &form);
            let base64: String = expected.lines().filter(|line| !line.starts_with('-')).collect();
            let fields: Vec<_> = form_urlencoded::parse(answer.bytes()).collect();
            assert!(
                fields
                    .iter()
                    .any(|(name, value)| name == "certificate" && *value == base64),
                "{answer:?}"
            );
        }
    }

    fn call(&mut self, endpoint: &str, form: &Form) -> Answer {
        let path = in_sandbox(self.sandbox, &format!("/products/{endpoint}"));
        let answer = self.desk.client.post(&path, &form.encode());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }
}

fn login() -> Form {
    Form::default().add("loginName", ACCOUNT).add("loginPassword", PASSWORD)
}

fn of(number: u64) -> Form {
    login().add("orderNumber", number.to_string())
}

/// The status and the order number of a reply in that format.
#[track_caller]
fn read(answer: &Answer, format: &str) -> (i32, Option<u64>) {
    let (status, number): (Option<String>, Option<String>) = match format {
        "0" => {
            let mut lines = answer.text().lines().map(str::to_owned);
            (lines.next(), lines.next())
        }
        "1" => {
            let field = |wanted: &str| {
                let mut fields = form_urlencoded::parse(answer.bytes());
                fields.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
            };
            (field("errorCode"), field("orderNumber"))
        }
        _ => {
            let json: Value = serde_json::from_str(answer.text()).expect("it is JSON");
            let field = |name: &str| json.get(name).map(|value| value.to_string().replace('"', ""));
            (field("errorCode"), field("orderNumber"))
        }
    };
    let number = number.map(|number| number.parse().unwrap_or_else(|_| panic!("{answer:?}")));
    let status = status.and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer:?}")), number)
}
