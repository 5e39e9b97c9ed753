//! `download/CollectSMIME`: gives the certificate of an S/MIME order.
//!
//! Source: what is publicly known of the endpoint's arguments and status codes; where that is silent,
//! `docs/endpoints.md` lists what is assumed. The certificate itself is made by whoever holds the CA: here it is only said which one.

use crate::api::endpoints::{Done, Failure, Rules, check_permission, find_order, log_in};
use crate::api::order::product::Product;
use crate::api::order::state::{Order, State};
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct CollectSmime;

/// A certificate to be handed out, or what it says.
#[derive(Clone, Debug)]
pub struct Collection {
    /// The order that it was issued for.
    pub order: Order,
    /// Whether the certificate itself is wanted.
    pub certificate: bool,
    /// Whether the CAs above it are wanted.
    pub chain: bool,
    /// Whether the two lines are wanted that say from when and until when it is valid.
    pub validity_period: bool,
    /// How they are written.
    pub shape: Shape,
}

/// How certificates are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// One after the other, each Base64 in lines `BEGIN CERTIFICATE`.
    Individually,
    /// PKCS#7, certificates only: Base64 in lines `BEGIN PKCS7`.
    Pkcs7,
    /// PKCS#7, certificates only: DER.
    Pkcs7Binary,
}

/// The statuses of a collection that succeeds.
const BEING_PROCESSED: i32 = 0;
const AVAILABLE: i32 = 1;
const ATTACHED: i32 = 2;

impl Rules for CollectSmime {
    const NAME: &'static str = "download/CollectSMIME";
    const SUMMARY: &'static str = "Gives the certificate of an S/MIME order, or says how far it has come.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1234567"),
        ("queryType", "1"),
        ("responseType", "3"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        let query = arguments.text("queryType");
        Ok(Values {
            login_name: arguments.text("loginName"),
            login_password: arguments.text("loginPassword"),
            order_number: arguments.text("orderNumber"),
            status_only: query == "0",
            certificate: matches!(query, "1" | "2"),
            chain: matches!(query, "1" | "3"),
            shape: shape(
                query,
                arguments.text("responseType"),
                arguments.text("responseEncoding"),
            )?,
            show_validity_period: arguments.yes("showValidityPeriod"),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Done, Failure> {
        let denied = &code::LOGIN_DETAILS;
        let account = log_in(world, values.login_name, values.login_password, denied)?;
        check_permission(account, Self::NAME)?;
        let order = find_order(world, values.order_number, account, Product::Smime, denied)?;
        let state = order.state_at(now);
        let refusal = match state {
            State::Pending => {
                return Ok(Done {
                    code: BEING_PROCESSED,
                    hint: format!("order {} is pending", order.number).into(),
                    ..Done::default()
                });
            }
            State::BeingIssued => &code::BEING_ISSUED,
            State::Revoked => &code::ALREADY_REVOKED,
            State::Rejected => &code::ALREADY_REJECTED,
            State::OnHold => &code::AWAITING_PAYMENT,
            State::Issued | State::Replaced | State::Expired => return Ok(values.collect(order, state)),
        };
        Err(Refusal::new(refusal, format!("order {} is {state}", order.number)).into())
    }
}

pub(super) struct Values<'f> {
    login_name: &'f str,
    login_password: &'f str,
    order_number: &'f str,
    status_only: bool,
    certificate: bool,
    chain: bool,
    shape: Shape,
    show_validity_period: bool,
}

impl Values<'_> {
    fn collect(&self, order: &Order, state: State) -> Done {
        Done {
            code: if self.status_only { AVAILABLE } else { ATTACHED },
            hint: format!("order {} is {state}", order.number).into(),
            collection: (!self.status_only || self.show_validity_period).then(|| {
                Box::new(Collection {
                    order: order.clone(),
                    certificate: self.certificate,
                    chain: self.chain,
                    validity_period: self.show_validity_period,
                    shape: self.shape,
                })
            }),
            ..Done::default()
        }
    }
}

const ARGUMENTS: &[Argument] = &[
    Argument::required("loginName", Kind::String, "The account's username. Case sensitive.").max(64),
    Argument::required("loginPassword", Kind::String, "The account's password. Case sensitive.").max(128),
    Argument::required("orderNumber", Kind::String, "The S/MIME order to collect.").max(128),
    Argument::required(
        "queryType",
        Kind::Integer,
        "0 status only, 1 with the certificate and its chain, 2 with the certificate, 3 with the chain.",
    )
    .choices(&["0", "1", "2", "3"]),
    Argument::optional(
        "responseType",
        Kind::Integer,
        "0 as the encoding wants, 1 Netscape sequence, 2 PKCS#7, 3 individually encoded, 4 CMMF; 2 only with queryType \
         1; 1 and 4 are not emulated.",
    )
    .choices(&["0", "1", "2", "3", "4"])
    .default("0"),
    Argument::optional(
        "responseEncoding",
        Kind::Integer,
        "0 Base64, 1 binary: only with queryType 1 and responseType 0 or 2.",
    )
    .choices(&["0", "1"])
    .default("0"),
    Argument::optional(
        "showValidityPeriod",
        Kind::Char,
        "Y: two lines behind the status, from when and until when the certificate is valid.",
    )
    .max(1)
    .choices(&["Y", "N"])
    .default("N"),
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::NOT_MADE,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::ALREADY_REJECTED,
    &code::ALREADY_REVOKED,
    &code::AWAITING_PAYMENT,
    &code::BEING_ISSUED,
    &code::NOT_PERMITTED,
];

/// How the certificates are written, if the three arguments fit each other.
fn shape(query: &str, response_type: &str, encoding: &str) -> Result<Shape, Refusal> {
    match (query, response_type, encoding) {
        (_, "1" | "4", _) => Err(Refusal::invalid(
            "responseType",
            "Netscape sequences and CMMF are not emulated; 2 is PKCS#7, 3 individually encoded",
        )),
        ("0" | "2" | "3", "2", _) => Err(Refusal::invalid(
            "responseType",
            "PKCS#7 is given with queryType 1 alone",
        )),
        ("1", "0" | "2", "1") => Ok(Shape::Pkcs7Binary),
        (_, _, "1") => Err(Refusal::invalid(
            "responseEncoding",
            "binary is given with queryType 1 and responseType 0 or 2 alone",
        )),
        (_, "2", _) => Ok(Shape::Pkcs7),
        _ => Ok(Shape::Individually),
    }
}
