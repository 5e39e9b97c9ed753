//! The list of all probes, made from the catalogue's tables, and which of them decide an assumption.

use crate::api::endpoints::{ENDPOINTS, EXAMPLE_CSR, Endpoint};
use crate::api::protocol::argument::{Argument, Kind, Need};
use crate::api::protocol::code;
use crate::api::protocol::format::RESPONSE_FORMAT;
use crate::check::probe::{Anonymous, Harmless, ImpossibleOrder, ORDER_NUMBER, OfNoOrder, Probe, Read, Subject, Test};

/// The version of this list. It rises whenever a probe is added, taken away or changed.
pub(crate) const VERSION: u32 = 1;

/// The end of the name of the probe in which nothing is wrong but that the order cannot be.
pub(super) const WHOLE_CALL: &str = "/orderNumber/unknown";

/// CSRs that are refused, each with the reason as a name.
const BAD_CSRS: [(&str, &str); 5] = [
    ("not-base64", "?"),
    ("not-pkcs10", "AAAA"),
    (
        "ed25519",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/csr/ed25519.pem")),
    ),
    (
        "wrong-signature",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/csr/signature-other-key.pem"
        )),
    ),
    (
        "rsa-1024",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/csr/rsa-1024.pem")),
    ),
];

/// The arguments whose value is a CSR.
const CSR_ARGUMENTS: [&str; 2] = ["csr", "pkcs10"];

/// The orders that the user names for probes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Orders {
    /// An S/MIME order of the account.
    pub(crate) smime: Option<u64>,
    /// A code-signing order of the account.
    pub(crate) code_signing: Option<u64>,
    /// An order of another account.
    pub(crate) foreign: Option<u64>,
    /// Whether the certificate of the S/MIME order may be fetched.
    pub(crate) collect: bool,
}

impl Orders {
    /// All of them, to see what the user could name.
    pub(crate) const ALL: Self = Self {
        smime: Some(1),
        code_signing: Some(2),
        foreign: Some(3),
        collect: true,
    };
}

/// How an assumption can be decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deciding {
    /// By these probes: each value is told from each other one by at least one of them.
    By(&'static [&'static str]),
    /// Not by a call that changes nothing, for this reason.
    Never(&'static str),
}

/// The probes that decide each assumption.
pub(crate) const DECIDING: &[(&str, Deciding)] = &[
    (
        "endpoint-names",
        Deciding::By(&["!autoRevokeCS/transport/name-in-other-case"]),
    ),
    (
        "argument-names",
        Deciding::By(&["!AutoReplaceSMIME/responseFormat/in-capitals"]),
    ),
    (
        "duplicate-argument",
        Deciding::By(&[
            "!AutoReplaceSMIME/responseFormat/two-values-alone",
            "!AutoReplaceSMIME/responseFormat/twice-alone",
        ]),
    ),
    (
        "query-arguments",
        Deciding::By(&["!AutoReplaceSMIME/responseFormat/in-query"]),
    ),
    (
        "yes-no-values",
        Deciding::By(&["!autoRevokeCS/includeInCRL/lower-case"]),
    ),
    ("number-sign", Deciding::By(&["download/CollectSMIME/queryType/signed"])),
    (
        "number-spaces",
        Deciding::By(&["download/CollectSMIME/queryType/spaced"]),
    ),
    (
        "number-zeros",
        Deciding::By(&["download/CollectSMIME/queryType/leading-zero"]),
    ),
    ("empty-value", Deciding::By(&["!autoRevokeCS/revocationReason/empty"])),
    (
        "login-check",
        Deciding::Never("it takes a wrong password, for which an account may be locked"),
    ),
    ("unknown-check", Deciding::By(&["!autoRevokeCS/arguments/unknown"])),
    (
        "unknown-arguments",
        Deciding::By(&[
            "!autoRevokeCS/arguments/unknown-in-whole-call",
            "!AutoReplaceCS/arguments/unknown-in-whole-call",
        ]),
    ),
    (
        "spelling",
        Deciding::By(&["!autoRevokeCS/arguments/unknown-in-whole-call"]),
    ),
    ("message-quotes", Deciding::By(&["!autoRevokeCS/arguments/none"])),
    (
        "https-spelling",
        Deciding::By(&[
            "!autoRevokeCS/transport/plain-http",
            "!ResendCollectionEmailSMIME/transport/plain-http",
        ]),
    ),
    ("final-newline", Deciding::By(&["!autoRevokeCS/arguments/none"])),
    (
        "charset",
        Deciding::By(&[
            "!autoRevokeCS/arguments/none",
            "!AutoReplaceSMIME/responseFormat/1",
            "!AutoReplaceSMIME/responseFormat/2",
        ]),
    ),
    ("text-charset", Deciding::By(&["!autoRevokeCS/arguments/none"])),
    (
        "url-encoded-charset",
        Deciding::By(&["!AutoReplaceSMIME/responseFormat/1"]),
    ),
    ("json-charset", Deciding::By(&["!AutoReplaceSMIME/responseFormat/2"])),
    (
        "json-order-number",
        Deciding::Never("only a call that makes an order answers its number in JSON"),
    ),
    (
        "json-success-message",
        Deciding::Never("only a call that changes an order succeeds in JSON"),
    ),
    ("refusal-status", Deciding::By(&["!autoRevokeCS/arguments/none"])),
    ("foreign-order", Deciding::By(&["download/CollectSMIME/foreign/status"])),
    (
        "denied-name",
        Deciding::Never("it shows only where the account may not use an endpoint; then it is found"),
    ),
    ("code-reason", Deciding::By(&["!autoRevokeCS/codeReason/missing"])),
    (
        "old-order",
        Deciding::Never("it shows only after a certificate was really replaced"),
    ),
    ("csr-errors", Deciding::By(&["!AutoReplaceSMIME/csr/not-base64"])),
    ("csr-plus", Deciding::By(&["!AutoReplaceSMIME/csr/plus-not-encoded"])),
    ("replace-cs-reply", Deciding::By(&["!AutoReplaceCS/arguments/none"])),
    ("apply-order-json", Deciding::By(&["!AutoApplyOrder/responseFormat/2"])),
    (
        "code-signing-rsa",
        Deciding::Never("it shows only in a call that could order a certificate"),
    ),
    (
        "csr-given-twice",
        Deciding::Never("the same call gives an order its CSR if it has none"),
    ),
    ("collect-method", Deciding::By(&["download/CollectSMIME/transport/get"])),
    (
        "collect-status-newline",
        Deciding::By(&["download/CollectSMIME/order/status"]),
    ),
    ("collect-dates", Deciding::By(&["download/CollectSMIME/order/period"])),
    ("collect-pem", Deciding::By(&["download/CollectSMIME/order/pkcs7"])),
    ("collect-zip", Deciding::By(&["download/CollectSMIME/responseType/zip"])),
    (
        "collect-rare-types",
        Deciding::By(&["download/CollectSMIME/responseType/netscape"]),
    ),
];

/// How an assumption can be decided.
pub(crate) fn deciding(assumption: &str) -> Deciding {
    DECIDING
        .iter()
        .find(|(name, _)| *name == assumption)
        .map_or(Deciding::Never("no probe was written for it"), |(_, deciding)| {
            *deciding
        })
}

/// Every probe, for the orders that the user names. Those that may be answered -16 come last.
pub(crate) fn probes(orders: &Orders) -> Vec<Probe> {
    let mut probes: Vec<_> = ENDPOINTS.iter().flat_map(of_endpoint).collect();
    if let Some(order) = orders.code_signing {
        probes.push(Test::of(order).probe("order/test"));
        probes.push(Test::of(order).out_of_crl().probe("order/test-out-of-crl"));
        probes.push(Test::of(order).without_reason().probe("order/test-without-reason"));
        probes.push(Read::status(order, Subject::CodeSigning).probe("order/status"));
    }
    if let Some(order) = orders.smime {
        let read = || Read::status(order, Subject::Smime);
        probes.push(read().probe("order/status"));
        probes.push(read().with_period().probe("order/period"));
        probes.push(read().chain().probe("order/chain"));
        if orders.collect {
            let read = Read::status(order, Subject::SmimeCertificate);
            probes.push(read.pkcs7().probe("order/pkcs7"));
        }
    }
    if let Some(order) = orders.foreign {
        probes.push(Read::status(order, Subject::Foreign).probe("foreign/status"));
    }
    probes
}

/// The inert probes of an endpoint.
fn of_endpoint(endpoint: &'static Endpoint) -> Vec<Probe> {
    let mut probes = of_transport(endpoint);
    probes.extend(of_form(endpoint));
    probes.extend(of_format(endpoint));
    if let Some(call) = whole_call(endpoint) {
        probes.extend(of_order_number(endpoint, &call));
        let is_named = |argument: &&Argument| argument.name != ORDER_NUMBER;
        for argument in endpoint.arguments.iter().filter(is_named) {
            probes.extend(of_argument(argument, &call));
        }
        probes.push(call.and(Harmless::unknown()).probe("arguments/unknown-in-whole-call"));
    }
    probes
}

/// How a call may come.
fn of_transport(endpoint: &'static Endpoint) -> Vec<Probe> {
    let call = || Anonymous::post(endpoint);
    let swap_case = |name: &str| match name == name.to_lowercase() {
        true => name.to_uppercase(),
        false => name.to_lowercase(),
    };
    vec![
        call()
            .over_plain_http()
            .probe("transport/plain-http")
            .expecting(code::NOT_HTTPS.number),
        call().by("GET").probe("transport/get").expecting(code::NOT_POST.number),
        call().spelled(swap_case).probe("transport/name-in-other-case"),
        call()
            .spelled(|name| name.replace('!', "%21"))
            .probe("transport/name-encoded"),
    ]
}

/// The names of arguments.
fn of_form(endpoint: &'static Endpoint) -> Vec<Probe> {
    let call = || Anonymous::post(endpoint);
    let mut probes = vec![
        call()
            .probe("arguments/none")
            .of_argument("loginName")
            .expecting(code::MISSING_ARGUMENT.number),
        call()
            .by_nobody()
            .probe("loginPassword/missing")
            .of_argument("loginPassword")
            .expecting(code::MISSING_ARGUMENT.number),
        call()
            .with(Harmless::unknown())
            .probe("arguments/unknown")
            .expecting(code::UNRECOGNIZED_ARGUMENT.number),
    ];
    probes.push(
        call()
            .with(Harmless::unknown())
            .in_query()
            .probe("arguments/unknown-in-query"),
    );
    probes
}

/// The formats of a reply, which need no login.
fn of_format(endpoint: &'static Endpoint) -> Vec<Probe> {
    let Some(row) = endpoint.arguments.iter().find(|row| row.name == RESPONSE_FORMAT) else {
        return Vec::new();
    };
    let call = |values: &[&str]| {
        let arguments = values.iter().filter_map(|value| Harmless::new(row, *value));
        arguments.fold(Anonymous::post(endpoint), Anonymous::with)
    };
    let probe = |values: &[&str], id: &str| {
        call(values)
            .probe(&format!("{RESPONSE_FORMAT}/{id}"))
            .of_argument(RESPONSE_FORMAT)
    };
    let mut probes: Vec<_> = row
        .choices
        .iter()
        .map(|choice| probe(&[choice], choice).expecting(code::MISSING_ARGUMENT.number))
        .collect();
    probes.push(probe(&["9"], "unknown"));
    probes.push(probe(&[""], "empty-alone"));
    probes.push(probe(&["+1"], "signed-alone"));
    probes.push(probe(&[" 1"], "spaced-alone"));
    probes.push(probe(&["01"], "leading-zero-alone"));
    if let [first, .., last] = row.choices {
        probes.push(probe(&[first, last], "two-values-alone"));
        probes.push(probe(&[last, last], "twice-alone"));
        if let Some(last) = Harmless::new(row, *last) {
            let in_capitals = Anonymous::post(endpoint).with(last.clone().in_capitals());
            let in_query = Anonymous::post(endpoint).with(last).in_query();
            probes.push(in_capitals.probe("responseFormat/in-capitals"));
            probes.push(in_query.probe("responseFormat/in-query"));
        }
    }
    probes
}

/// A call about the order 0 in which nothing is wrong but that; none if the endpoint does not work on an order.
fn whole_call(endpoint: &'static Endpoint) -> Option<OfNoOrder> {
    let arguments = endpoint
        .arguments
        .iter()
        .filter(|argument| argument.need == Need::Required || is_needed_csr(endpoint, argument))
        .filter_map(|argument| Harmless::new(argument, valid_value(argument)));
    Some(arguments.fold(OfNoOrder::post(endpoint)?, OfNoOrder::with))
}

/// Whether it is the CSR of an endpoint that takes it under several names.
fn is_needed_csr(endpoint: &Endpoint, argument: &Argument) -> bool {
    argument.name == "pkcs10" && endpoint.name == "!AutoReplaceCS"
}

/// A value that the table of an endpoint accepts.
fn valid_value(argument: &Argument) -> String {
    let value = match argument {
        argument if CSR_ARGUMENTS.contains(&argument.name) => EXAMPLE_CSR,
        Argument {
            choices: [first, ..], ..
        } => first,
        Argument {
            kind: Kind::Integer, ..
        } => "1",
        Argument { kind: Kind::Char, .. } => "Y",
        Argument { .. } => "sectigo-emulator check",
    };
    value.to_owned()
}

/// The rules of the order number.
fn of_order_number(endpoint: &Endpoint, call: &OfNoOrder) -> Vec<Probe> {
    let probe = |call: OfNoOrder, id: &str| call.probe(&format!("{ORDER_NUMBER}/{id}")).of_argument(ORDER_NUMBER);
    let invalid = code::INVALID_ARGUMENT.number;
    let row = endpoint.arguments.iter().find(|argument| argument.name == ORDER_NUMBER);
    let mut probes = vec![
        probe(call.clone(), "unknown").expecting(invalid),
        probe(call.clone().number_twice(), "twice"),
    ];
    let missing = probe(call.clone().without_number(), "missing");
    probes.push(match row.map(|row| row.need) {
        Some(Need::Required | Need::Conditional) => missing.expecting(code::MISSING_ARGUMENT.number),
        Some(Need::Optional) | None => missing,
    });
    for (id, number) in ImpossibleOrder::ODD {
        probes.push(probe(call.clone().number(number), id).expecting(invalid));
    }
    probes
}

/// The rules of another argument.
fn of_argument(argument: &Argument, call: &OfNoOrder) -> Vec<Probe> {
    let Some(valid) = Harmless::new(argument, valid_value(argument)) else {
        return Vec::new();
    };
    let with = |value: &str| {
        let argument = Harmless::new(argument, value);
        argument.map_or_else(|| call.clone(), |argument| call.clone().with(argument))
    };
    let probe = |call: OfNoOrder, id: &str| {
        call.probe(&format!("{}/{id}", argument.name))
            .of_argument(argument.name)
    };
    let invalid = code::INVALID_ARGUMENT.number;
    let mut probes = Vec::new();
    if argument.need == Need::Required {
        let missing = probe(call.clone().without(argument.name), "missing");
        probes.push(match argument.unless {
            Some(_) => missing,
            None => missing.expecting(code::MISSING_ARGUMENT.number),
        });
    }
    let empty = probe(with(""), "empty");
    probes.push(match argument.may_be_empty {
        true => empty,
        false => empty.expecting(invalid),
    });
    let twice = call.clone().with(valid.clone()).and(valid.clone());
    probes.push(probe(twice, "twice"));
    if let Some(max) = argument.max.filter(|max| *max > 1) {
        probes.push(probe(with(&"x".repeat(max + 1)), "too-long").expecting(invalid));
    }
    if !argument.choices.is_empty() || argument.kind != Kind::String {
        probes.push(probe(with("?"), "not-allowed").expecting(invalid));
    }
    if argument.choices == ["Y", "N"] {
        probes.push(probe(with("y"), "lower-case").expecting(invalid));
    }
    if argument.kind == Kind::Integer && argument.name != RESPONSE_FORMAT {
        probes.extend(of_number(argument, &with, &probe));
    }
    if CSR_ARGUMENTS.contains(&argument.name) {
        let bad = BAD_CSRS.iter().map(|(id, csr)| probe(with(csr), id));
        probes.extend(bad);
    }
    if argument.name == "csr" {
        let raw = Harmless::new(argument, EXAMPLE_CSR).map(Harmless::raw);
        probes.extend(raw.map(|raw| probe(call.clone().with(raw), "plus-not-encoded")));
    }
    if argument.name == "responseType" {
        probes.extend(of_response_type(argument, call));
    }
    probes
}

/// Odd spellings of a number that the argument takes.
fn of_number(
    argument: &Argument,
    with: &impl Fn(&str) -> OfNoOrder,
    probe: &impl Fn(OfNoOrder, &str) -> Probe,
) -> Vec<Probe> {
    let number = valid_value(argument);
    let invalid = code::INVALID_ARGUMENT.number;
    [
        ("signed", format!("+{number}")),
        ("spaced", format!(" {number}")),
        ("leading-zero", format!("0{number}")),
    ]
    .iter()
    .map(|(id, text)| probe(with(text), id).expecting(invalid))
    .collect()
}

/// Structures that may be refused before the order is looked at.
fn of_response_type(argument: &Argument, call: &OfNoOrder) -> Vec<Probe> {
    let all = Argument::required("queryType", Kind::Integer, "");
    [("zip", "0"), ("netscape", "1"), ("cmmf", "4")]
        .iter()
        .filter(|(_, number)| argument.choices.contains(number))
        .filter_map(|(id, number)| {
            let call = call.clone().with(Harmless::new(&all, "1")?);
            let call = call.with(Harmless::new(argument, *number)?);
            Some(
                call.probe(&format!("{}/{id}", argument.name))
                    .of_argument(argument.name),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::protocol::assumption::ASSUMPTIONS;
    use crate::check::probe::{Class, Value};

    #[test]
    fn names_are_unique() {
        let probes = probes(&Orders::ALL);
        let names: BTreeSet<_> = probes.iter().map(Probe::id).collect();
        assert_eq!(names.len(), probes.len());
    }

    #[test]
    fn each_assumption_has_probes_or_a_reason() {
        let probes = probes(&Orders::ALL);
        for row in ASSUMPTIONS {
            let found = DECIDING.iter().find(|(name, _)| *name == row.name);
            match found {
                Some((_, Deciding::By(ids))) => {
                    for id in *ids {
                        assert!(probes.iter().any(|probe| probe.id() == *id), "there is no probe {id}");
                    }
                }
                Some((_, Deciding::Never(reason))) => assert!(!reason.is_empty()),
                None => panic!("no probe decides the assumption {}", row.name),
            }
        }
        assert_eq!(DECIDING.len(), ASSUMPTIONS.len());
    }

    #[test]
    fn each_code_that_can_be_had_without_an_order_is_expected_of_a_probe() {
        let probes = probes(&Orders::default());
        for endpoint in ENDPOINTS {
            for number in [-1, -2, -3, -17] {
                if endpoint.code(number).is_some() {
                    assert!(
                        probes
                            .iter()
                            .any(|probe| probe.endpoint().name == endpoint.name && probe.tells().code == Some(number)),
                        "{} {number}",
                        endpoint.name
                    );
                }
            }
        }
    }

    #[test]
    fn without_the_users_orders_every_probe_is_inert() {
        let probes = probes(&Orders::default());
        assert!(probes.iter().all(|probe| probe.class() == Class::Inert));
        assert!(probes.len() > 150, "{}", probes.len());
    }

    /// What the types of `probe` promise, looked at from outside.
    #[test]
    fn an_inert_probe_names_no_order_and_no_probe_has_a_wrong_password() {
        for probe in probes(&Orders::ALL) {
            let request = probe.request();
            let values = |name: &str| {
                let named = request
                    .arguments()
                    .iter()
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name));
                named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
            };
            let passwords = values("loginPassword");
            assert!(
                passwords.iter().all(|value| *value == Value::LoginPassword),
                "{}",
                probe.id()
            );
            if request.has_credentials() {
                assert_eq!(values("loginName"), [Value::LoginName], "{}", probe.id());
                assert!(request.is_over_https() && request.method() == "POST", "{}", probe.id());
                assert_ne!(probe.endpoint().name, "!AutoApplyOrder");
            }
            for number in values(ORDER_NUMBER) {
                let Value::Text(number) = number else {
                    panic!("{}", probe.id())
                };
                let is_order = number.trim().parse::<u64>().is_ok_and(|number| number > 0);
                assert_eq!(is_order, probe.class() != Class::Inert, "{}", probe.id());
            }
            for name in [
                "certificateID",
                "serialNumber",
                "collectionCode",
                "baseOrderNumber",
                "product",
            ] {
                assert!(values(name).is_empty(), "{}", probe.id());
            }
            if probe.class() == Class::Test {
                assert_eq!(values("test"), [Value::Text("Y".to_owned())]);
            }
        }
    }
}
