//! Probes: calls that tell something about a server and can change nothing there.
//!
//! A [`Probe`] is made only by the types of this file, and each of them makes calls of one class:
//!
//! - [`Anonymous`], inert: a call without a loginName that could exist and without a password, so the server does not know
//!   whose order it would be about;
//! - [`OfNoOrder`], inert: a call with the credentials, but with an order number that no order can have, or with none;
//! - [`Test`]: `!autoRevokeCS` with `test=Y`, for an order that the user names;
//! - [`Read`]: the endpoints that collect, for an order that the user names.
//!
//! There is no way to write another one. The password is never sent over plain HTTP or in a URL, and never a wrong one: an
//! account may be locked for that.

use std::fmt;

use crate::api::endpoints::Endpoint;
use crate::api::order::product::Product;
use crate::api::protocol::argument::Argument;
use crate::check::credentials::{Credentials, encode};

/// The arguments that say who calls.
const CREDENTIALS: [&str; 2] = [LOGIN_NAME, LOGIN_PASSWORD];
const LOGIN_NAME: &str = "loginName";
const LOGIN_PASSWORD: &str = "loginPassword";

/// The argument that names an order.
pub(super) const ORDER_NUMBER: &str = "orderNumber";

/// The other arguments by which an order, a certificate or another account could be named, or something be ordered.
const SELECTORS: [&str; 7] = [
    ORDER_NUMBER,
    "baseOrderNumber",
    "certificateID",
    "serialNumber",
    "collectionCode",
    "accountID",
    "product",
];

/// An argument that no endpoint has.
pub(super) const UNKNOWN: &str = "notAnArgument";

/// The argument that keeps a call from changing anything, where an endpoint has it.
const TEST: &str = "test";

/// The arguments of the calls that collect: what is asked for, and how it is answered.
const QUERY_TYPE: &str = "queryType";
const RESPONSE_TYPE: &str = "responseType";
const SHOW_VALIDITY_PERIOD: &str = "showValidityPeriod";

/// A loginName that is longer than any: nobody's account can be locked by it.
const NOBODY: &str = "nobody-nobody-nobody-nobody-nobody-nobody-nobody-nobody-nobody-nobody";

/// What a probe can do at the server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Class {
    /// It is refused before any order is looked at.
    Inert,
    /// `test=Y` on a code-signing order that the user named.
    Test,
    /// Reads the status of an order that the user named.
    Read,
}

impl Class {
    /// Every class.
    pub(crate) const ALL: [Self; 3] = [Self::Inert, Self::Test, Self::Read];

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inert => "inert",
            Self::Test => "test",
            Self::Read => "read",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which of the orders that the user names a probe is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Subject {
    /// The order of `--smime-order`.
    Smime,
    /// The order of `--smime-order`, whose certificate is fetched (`--collect`).
    SmimeCertificate,
    /// The order of `--code-signing-order`.
    CodeSigning,
    /// The order of another account, `--foreign-order`.
    Foreign,
}

impl Subject {
    /// The options that name it.
    pub(crate) fn options(self) -> &'static str {
        match self {
            Self::Smime => "--smime-order",
            Self::SmimeCertificate => "--smime-order and --collect",
            Self::CodeSigning => "--code-signing-order",
            Self::Foreign => "--foreign-order",
        }
    }
}

/// What a probe is about, and what is expected of it: the catalogue's row that it tells about.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tells {
    /// The argument whose rule it is about.
    pub(crate) argument: Option<&'static str>,
    /// The code that the endpoint's table has for it.
    pub(crate) code: Option<i32>,
}

/// A call that tells something about a server and can change nothing there.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    id: String,
    endpoint: &'static Endpoint,
    class: Class,
    subject: Option<Subject>,
    request: Request,
    tells: Tells,
}

impl Probe {
    /// Its name, such as `!autoRevokeCS/orderNumber/missing`. Never used again for another probe.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The endpoint that it calls.
    pub(crate) fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    /// What it can do.
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    /// The order that it is about, if the user named one for it.
    pub(crate) fn subject(&self) -> Option<Subject> {
        self.subject
    }

    /// The call.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// What it tells.
    pub(crate) fn tells(&self) -> Tells {
        self.tells
    }

    /// This probe, which tells about the rule of an argument.
    pub(super) fn of_argument(mut self, name: &'static str) -> Self {
        self.tells.argument = Some(name);
        self
    }

    /// This probe, for which the endpoint's table has that code.
    pub(super) fn expecting(mut self, code: i32) -> Self {
        self.tells.code = Some(code);
        self
    }
}

/// The call of a probe. It does not contain the credentials, only their places.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Request {
    method: &'static str,
    over_https: bool,
    path: String,
    in_query: bool,
    arguments: Vec<(String, Value)>,
}

/// The value of an argument.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    /// A text, which is percent-encoded when it is sent.
    Text(String),
    /// A text that is sent as it is.
    Raw(String),
    /// The user's loginName.
    LoginName,
    /// The user's password.
    LoginPassword,
}

impl Request {
    fn post(endpoint: &Endpoint) -> Self {
        Self {
            method: "POST",
            over_https: true,
            path: format!("/products/{}", endpoint.name),
            in_query: false,
            arguments: Vec::new(),
        }
    }

    /// The method.
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// Whether it goes over HTTPS.
    pub(crate) fn is_over_https(&self) -> bool {
        self.over_https
    }

    /// Whether it carries the credentials.
    pub(crate) fn has_credentials(&self) -> bool {
        self.arguments
            .iter()
            .any(|(_, value)| matches!(value, Value::LoginPassword))
    }

    /// The path, and the query if it has one.
    pub(crate) fn target(&self, credentials: &Credentials) -> String {
        match self.in_query && !self.arguments.is_empty() {
            true => format!("{}?{}", self.path, self.encoded(credentials)),
            false => self.path.clone(),
        }
    }

    /// The body.
    pub(crate) fn body(&self, credentials: &Credentials) -> String {
        match self.in_query {
            true => String::new(),
            false => self.encoded(credentials),
        }
    }

    /// The arguments, with the places of the credentials.
    pub(crate) fn arguments(&self) -> &[(String, Value)] {
        &self.arguments
    }

    /// The request as one line that holds no credentials, for a transcript.
    pub(crate) fn shown(&self) -> String {
        let scheme = if self.over_https { "https" } else { "http" };
        let pairs: Vec<_> = self
            .arguments
            .iter()
            .map(|(name, value)| match value {
                Value::Text(text) => format!("{}={}", encode(name), encode(text)),
                Value::Raw(text) => format!("{}={text}", encode(name)),
                Value::LoginName => format!("{}={}", encode(name), Credentials::LOGIN_PLACE),
                Value::LoginPassword => format!("{}={}", encode(name), Credentials::PASSWORD_PLACE),
            })
            .collect();
        let sign = if self.in_query { '?' } else { ' ' };
        let line = format!("{} {scheme} {}{sign}{}", self.method, self.path, pairs.join("&"));
        line.trim_end_matches([' ', '?']).to_owned()
    }

    fn encoded(&self, credentials: &Credentials) -> String {
        let pairs: Vec<_> = self
            .arguments
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => encode(text),
                    Value::Raw(text) => text.clone(),
                    Value::LoginName => encode(&credentials.login_name),
                    Value::LoginPassword => encode(&credentials.login_password),
                };
                format!("{}={value}", encode(name))
            })
            .collect();
        pairs.join("&")
    }

    /// Puts an argument in place of the one of that name, or behind the others.
    fn set(&mut self, name: &str, value: Value) {
        match self
            .arguments
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some(known) => *known = (name.to_owned(), value),
            None => self.arguments.push((name.to_owned(), value)),
        }
    }

    fn remove(&mut self, name: &str) {
        self.arguments.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    fn add_credentials(&mut self) {
        self.arguments.push((LOGIN_NAME.to_owned(), Value::LoginName));
        self.arguments.push((LOGIN_PASSWORD.to_owned(), Value::LoginPassword));
    }

    fn into_probe(self, endpoint: &'static Endpoint, id: &str, class: Class, subject: Option<Subject>) -> Probe {
        Probe {
            id: format!("{}/{id}", endpoint.name),
            endpoint,
            class,
            subject,
            request: self,
            tells: Tells::default(),
        }
    }
}

/// An argument with a value, which names no order and no account and orders nothing.
#[derive(Clone, Debug)]
pub(super) struct Harmless {
    name: String,
    value: Value,
}

impl Harmless {
    /// An argument of a table with a value; none if the argument names an order or an account, or orders something.
    pub(super) fn new(argument: &Argument, value: impl Into<String>) -> Option<Self> {
        is_harmless(argument.name).then(|| Self {
            name: argument.name.to_owned(),
            value: Value::Text(value.into()),
        })
    }

    /// An argument that no endpoint has.
    pub(super) fn unknown() -> Self {
        Self {
            name: UNKNOWN.to_owned(),
            value: Value::Text("1".to_owned()),
        }
    }

    /// This argument with the name in capital letters.
    pub(super) fn in_capitals(self) -> Self {
        Self {
            name: self.name.to_uppercase(),
            ..self
        }
    }

    /// This argument with the value sent as it is, not percent-encoded. What separates arguments is.
    pub(super) fn raw(self) -> Self {
        let value = match self.value {
            Value::Text(text) => Value::Raw(text.replace('%', "%25").replace('&', "%26").replace('#', "%23")),
            value => value,
        };
        Self { value, ..self }
    }
}

fn is_harmless(name: &str) -> bool {
    let mut harmful = CREDENTIALS.iter().chain(&SELECTORS);
    !harmful.any(|harmful| harmful.eq_ignore_ascii_case(name))
}

/// An inert call without credentials.
#[derive(Clone, Debug)]
pub(super) struct Anonymous {
    endpoint: &'static Endpoint,
    request: Request,
}

impl Anonymous {
    /// A POST over HTTPS without any argument.
    pub(super) fn post(endpoint: &'static Endpoint) -> Self {
        Self {
            endpoint,
            request: Request::post(endpoint),
        }
    }

    /// This call by another method.
    pub(super) fn by(mut self, method: &'static str) -> Self {
        self.request.method = method;
        self.request.in_query = true;
        self
    }

    /// This call over plain HTTP.
    pub(super) fn over_plain_http(mut self) -> Self {
        self.request.over_https = false;
        self
    }

    /// This call with its arguments in the query.
    pub(super) fn in_query(mut self) -> Self {
        self.request.in_query = true;
        self
    }

    /// This call with the endpoint's name in the path changed; it still is this endpoint's name to whoever reads it so.
    pub(super) fn spelled(mut self, spell: impl Fn(&str) -> String) -> Self {
        self.request.path = format!("/products/{}", spell(self.endpoint.name));
        self
    }

    /// This call with a loginName that cannot be one, and without a password.
    pub(super) fn by_nobody(mut self) -> Self {
        self.request.set(LOGIN_NAME, Value::Text(NOBODY.to_owned()));
        self
    }

    /// This call with an argument more.
    pub(super) fn with(mut self, argument: Harmless) -> Self {
        self.request.arguments.push((argument.name, argument.value));
        self
    }

    /// The probe of that name.
    pub(super) fn probe(self, id: &str) -> Probe {
        self.request.into_probe(self.endpoint, id, Class::Inert, None)
    }
}

/// An order number that no order can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ImpossibleOrder {
    Zero,
    Letters,
    Empty,
    TooLong,
    Negative,
    Signed,
    Spaced,
    LeadingZeros,
}

impl ImpossibleOrder {
    /// All of them but zero, with their names.
    pub(super) const ODD: [(&'static str, Self); 7] = [
        ("letters", Self::Letters),
        ("empty", Self::Empty),
        ("too-long", Self::TooLong),
        ("negative", Self::Negative),
        ("signed", Self::Signed),
        ("spaced", Self::Spaced),
        ("leading-zeros", Self::LeadingZeros),
    ];

    fn text(self) -> String {
        match self {
            Self::Zero => "0".to_owned(),
            Self::Letters => "none".to_owned(),
            Self::Empty => String::new(),
            // Zeros: whoever cuts it reads zero.
            Self::TooLong => "0".repeat(129),
            Self::Negative => "-1".to_owned(),
            Self::Signed => "+0".to_owned(),
            Self::Spaced => " 0 ".to_owned(),
            Self::LeadingZeros => "000".to_owned(),
        }
    }
}

/// An inert call with credentials, about no order.
#[derive(Clone, Debug)]
pub(super) struct OfNoOrder {
    endpoint: &'static Endpoint,
    request: Request,
}

impl OfNoOrder {
    /// A POST with the credentials and the order number 0; none if the endpoint does not work on an order, as the one that
    /// makes orders. Where the endpoint has the argument `test`, it is sent as well.
    pub(super) fn post(endpoint: &'static Endpoint) -> Option<Self> {
        let has = |name| endpoint.arguments.iter().any(|argument| argument.name == name);
        let mut request = Request::post(endpoint);
        request.add_credentials();
        request.set(ORDER_NUMBER, Value::Text(ImpossibleOrder::Zero.text()));
        if has(TEST) {
            request.set(TEST, Value::Text("Y".to_owned()));
        }
        has(ORDER_NUMBER).then_some(Self { endpoint, request })
    }

    /// This call with another order number that cannot be.
    pub(super) fn number(mut self, number: ImpossibleOrder) -> Self {
        self.request.set(ORDER_NUMBER, Value::Text(number.text()));
        self
    }

    /// This call with an order number twice, neither of which can be.
    pub(super) fn number_twice(mut self) -> Self {
        let number = Value::Text(ImpossibleOrder::Zero.text());
        self.request.arguments.push((ORDER_NUMBER.to_owned(), number));
        self
    }

    /// This call without an order number.
    pub(super) fn without_number(mut self) -> Self {
        self.request.remove(ORDER_NUMBER);
        self
    }

    /// This call with an argument of this value, in place of the one of the same name.
    pub(super) fn with(mut self, argument: Harmless) -> Self {
        self.request.set(&argument.name, argument.value);
        self
    }

    /// This call with an argument more, even if it is there already.
    pub(super) fn and(mut self, argument: Harmless) -> Self {
        self.request.arguments.push((argument.name, argument.value));
        self
    }

    /// This call without an argument. The credentials stay.
    pub(super) fn without(mut self, name: &str) -> Self {
        if is_harmless(name) {
            self.request.remove(name);
        }
        self
    }

    /// The probe of that name.
    pub(super) fn probe(self, id: &str) -> Probe {
        self.request.into_probe(self.endpoint, id, Class::Inert, None)
    }
}

/// `!autoRevokeCS` with `test=Y`, which checks everything and changes nothing, as its document says.
#[derive(Clone, Debug)]
pub(super) struct Test {
    request: Request,
}

impl Test {
    const ENDPOINT: &'static str = "!autoRevokeCS";

    /// For a code-signing order that the user named.
    pub(super) fn of(order: u64) -> Self {
        let mut request = Request::post(Self::endpoint());
        request.add_credentials();
        for (name, value) in [
            (ORDER_NUMBER, &*order.to_string()),
            ("revocationReason", "a test of sectigo-emulator check"),
            ("codeReason", "0"),
            (TEST, "Y"),
        ] {
            request.set(name, Value::Text(value.to_owned()));
        }
        Self { request }
    }

    /// This call with `includeInCRL=N`.
    pub(super) fn out_of_crl(mut self) -> Self {
        self.request.set("includeInCRL", Value::Text("N".to_owned()));
        self
    }

    /// This call without the argument `codeReason`.
    pub(super) fn without_reason(mut self) -> Self {
        self.request.remove("codeReason");
        self
    }

    /// The probe of that name.
    pub(super) fn probe(self, id: &str) -> Probe {
        let subject = Some(Subject::CodeSigning);
        self.request.into_probe(Self::endpoint(), id, Class::Test, subject)
    }

    fn endpoint() -> &'static Endpoint {
        Endpoint::named(Self::ENDPOINT).expect("the endpoint is in the catalogue")
    }
}

/// A call of an endpoint that collects.
#[derive(Clone, Debug)]
pub(super) struct Read {
    endpoint: &'static Endpoint,
    subject: Subject,
    request: Request,
}

impl Read {
    /// Asks for the status of an order that the user named.
    pub(super) fn status(order: u64, subject: Subject) -> Self {
        let product = match subject {
            Subject::CodeSigning => Product::CodeSigning,
            Subject::Smime | Subject::SmimeCertificate | Subject::Foreign => Product::Smime,
        };
        let name = match product {
            Product::Smime => "download/CollectSMIME",
            Product::CodeSigning => "download/CollectSSL",
        };
        let endpoint = Endpoint::named(name).expect("the endpoint is in the catalogue");
        let mut request = Request::post(endpoint);
        request.add_credentials();
        request.set(ORDER_NUMBER, Value::Text(order.to_string()));
        request.set(QUERY_TYPE, Value::Text("0".to_owned()));
        Self {
            endpoint,
            subject,
            request,
        }
    }

    /// This call with the time for which the certificate is valid.
    pub(super) fn with_period(mut self) -> Self {
        self.request.set(SHOW_VALIDITY_PERIOD, Value::Text("Y".to_owned()));
        self
    }

    /// The certificates of the CAs instead.
    pub(super) fn chain(mut self) -> Self {
        self.request.set(QUERY_TYPE, Value::Text("3".to_owned()));
        self
    }

    /// The certificate and its chain as PKCS#7 instead.
    pub(super) fn pkcs7(mut self) -> Self {
        self.request.set(QUERY_TYPE, Value::Text("1".to_owned()));
        self.request.set(RESPONSE_TYPE, Value::Text("2".to_owned()));
        self
    }

    /// The probe of that name.
    pub(super) fn probe(self, id: &str) -> Probe {
        self.request
            .into_probe(self.endpoint, id, Class::Read, Some(self.subject))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::endpoints::ENDPOINTS;

    #[test]
    fn what_names_an_order_or_an_account_is_not_harmless() {
        for name in CREDENTIALS.iter().chain(&SELECTORS) {
            assert!(!is_harmless(name) && !is_harmless(&name.to_uppercase()), "{name}");
        }
        assert!(is_harmless("responseFormat") && is_harmless(UNKNOWN));
    }

    #[test]
    fn the_arguments_are_those_of_the_tables() {
        let is_argument = |name: &str| {
            let mut all = ENDPOINTS.iter().flat_map(|endpoint| endpoint.arguments);
            all.any(|argument| argument.name == name)
        };
        let others = [TEST, QUERY_TYPE, RESPONSE_TYPE, SHOW_VALIDITY_PERIOD];
        for name in CREDENTIALS.iter().chain(&SELECTORS).chain(&others) {
            assert!(is_argument(name), "{name}");
        }
        assert!(!is_argument(UNKNOWN));
    }

    /// Every argument of the tables but the credentials: a new one must be put here or among the selectors, by whoever knows
    /// whether it names an order, a certificate or an account, or orders something.
    #[rustfmt::skip]
    const HARMLESS: &[&str] = &[
        "appRepEmailAddress", "appRepForename", "appRepSurname", "appRepTelephone", "behaviourVersion",
        "caCertificateID", "codeReason", "companyNumber", "contactEmailAddress", "countryName", "csr", "days",
        "disableSWP", "dunsNumber", "emailAddress", "foreignOrderNumber", "hsmType", "includeInCRL",
        "isAppRepValidated", "isCustomerValidated", "keyAttestation", "languageName", "localityName",
        "organizationalUnitName", "organizationIdentifier", "organizationName", "pkcs10", "postalCode",
        "postOfficeBox", "prioritiseCSRValues", "privateKeyFilename", "productCode", "queryType", "responseEncoding",
        "responseFormat", "responseMimeType", "responseType", "returnCertificate", "revocationReason",
        "revokeOldOrder", "sanEmailAddress", "shippingEmailAddress", "shippingForename", "shippingSurname",
        "shippingTelephone", "shippingTemplateID", "shippingTitle", "showCertificateID", "showCertificateState",
        "showCollectionCode", "showExtStatus", "showFQDN", "showMDCDomainDetails", "showMDCDomainDetails2",
        "showStatusDetails", "showValidityPeriod", "signatureHash", "SMIMECollectionTemplateID",
        "SMIMERequestTemplateID", "SMIMEVerificationTemplateID", "spkac", "stateOrProvinceName", "streetAddress1",
        "streetAddress2", "streetAddress3", "test", "uniqueValue",
    ];

    #[test]
    fn of_every_argument_it_is_known_whether_it_is_harmless() {
        let all: BTreeSet<_> = ENDPOINTS
            .iter()
            .flat_map(|endpoint| endpoint.arguments)
            .map(|argument| argument.name)
            .collect();
        let sorted: BTreeSet<_> = HARMLESS.iter().chain(&CREDENTIALS).chain(&SELECTORS).copied().collect();
        assert_eq!(all, sorted);
        assert_eq!(sorted.len(), HARMLESS.len() + CREDENTIALS.len() + SELECTORS.len());
    }
}
