//! `download/CollectSSL`, for code-signing orders: that the service collects them here is assumed, since no endpoint of their
//! own is known.
//!
//! Source: the endpoint's page, which is about TLS certificates, and what public clients send and parse; where they are
//! silent, `docs/endpoints.md` lists what is assumed.

use crate::api::account::Account;
use crate::api::endpoints::collecting::{QUERY_TYPE, RESPONSE_ENCODING, SHOW_VALIDITY_PERIOD, Wish};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::{Failure, Rules, Success, check_order, check_permission, check_voucher};
use crate::api::order::product::Product;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind, ORDER_NUMBER};
use crate::api::protocol::assumption::{Assumptions, CollectMethod};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::RESPONSE_FORMAT;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct CollectSsl;

impl Rules for CollectSsl {
    const NAME: &'static str = "download/CollectSSL";
    const SUMMARY: &'static str = "Gives the certificate of a code-signing order, or says how far it has come.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "2200003"),
        ("queryType", "1"),
        ("responseFormat", "1"),
    ];
    const TABLE_IS_WHOLE: bool = false;
    const NEEDS_POST: fn(&Assumptions) -> bool = |assumptions| assumptions.collect_method == CollectMethod::Post;

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            key: Key::read(arguments)?,
            wish: Wish::read(arguments)?
                .url_encoded(arguments.text(RESPONSE_FORMAT) == "1")
                .with_states(arguments.yes("showExtStatus")),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let assumptions = &world.conventions.assumptions;
        values.wish.check(assumptions)?;
        let denied = &code::LOGIN_DETAILS;
        let account = values.credentials.log_in(world, denied)?;
        check_permission(world, account, Self::NAME)?;
        check_voucher(world, account, Self::NAME)?;
        let number = values.key.find(world, account)?;
        values.wish.collect(number, world, now)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    key: Key<'f>,
    wish: Wish,
}

const BASE_ORDER_NUMBER: &str = "baseOrderNumber";
const CERTIFICATE_ID: &str = "certificateID";

/// What names the order.
enum Key<'f> {
    Number(NamedBy<'f>),
    CertificateId(&'f str),
    /// Both, which must name the same order.
    Both(NamedBy<'f>, &'f str),
}

/// An order number, and the argument that it came by.
type NamedBy<'f> = (&'static str, &'f str);

impl<'f> Key<'f> {
    fn read(arguments: &Arguments<'f>) -> Result<Self, Refusal> {
        let number = match (arguments.get(ORDER_NUMBER), arguments.get(BASE_ORDER_NUMBER)) {
            (Some(own), Some(base)) if own != base => {
                return Err(Refusal::invalid(
                    BASE_ORDER_NUMBER,
                    "it names another order than orderNumber",
                ));
            }
            (Some(own), _) => Some((ORDER_NUMBER, own)),
            (None, base) => base.map(|base| (BASE_ORDER_NUMBER, base)),
        };
        match (number, arguments.get(CERTIFICATE_ID)) {
            (Some(number), None) => Ok(Self::Number(number)),
            (None, Some(id)) => Ok(Self::CertificateId(id)),
            (Some(number), Some(id)) => Ok(Self::Both(number, id)),
            (None, None) => unreachable!("the table demands the orderNumber then"),
        }
    }

    /// The order that it names, if it is that account's.
    fn find(&self, world: &World, account: &Account) -> Result<OrderNumber, Refusal> {
        let of_account = |argument, found| {
            check_order(
                world,
                argument,
                found,
                account,
                Product::CodeSigning,
                &code::LOGIN_DETAILS,
            )
            .map(|order| order.number)
        };
        let certified = |id| world.order_of_certificate_id(id);
        match *self {
            Self::Number((argument, number)) => of_account(argument, world.order_of_number(number)),
            Self::CertificateId(id) => of_account(CERTIFICATE_ID, certified(id)),
            Self::Both((argument, number), id) => {
                let number = of_account(argument, world.order_of_number(number))?;
                match certified(id) {
                    Some(order) if order.number == number => Ok(number),
                    Some(_) | None => Err(Refusal::invalid(
                        CERTIFICATE_ID,
                        format!("it names another order than {argument}, or none"),
                    )),
                }
            }
        }
    }
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::conditional(
        ORDER_NUMBER,
        Kind::String,
        "The code-signing order to collect. Required unless baseOrderNumber or certificateID is sent.",
    )
    .max(128)
    .unless_sent(&[BASE_ORDER_NUMBER, CERTIFICATE_ID]),
    Argument::conditional(
        BASE_ORDER_NUMBER,
        Kind::Integer,
        "Another name of orderNumber. If both are sent, they must be equal.",
    ),
    Argument::conditional(
        CERTIFICATE_ID,
        Kind::Integer,
        "The certificateID of the order's certificate. If an order number is sent too, both must name the same order.",
    ),
    QUERY_TYPE,
    Argument::optional(
        "responseType",
        Kind::Integer,
        "0 ZIP archive, 1 Netscape certificate sequence, 2 PKCS#7, 3 individually encoded; all but 3 only with \
         queryType 1.",
    )
    .choices(&["0", "1", "2", "3"])
    .default("3"),
    RESPONSE_ENCODING,
    Argument::optional(
        RESPONSE_FORMAT,
        Kind::Integer,
        "0 lines of text, 1 URL-encoded. Binary replies are the same in both.",
    )
    .choices(&["0", "1"])
    .default("0"),
    SHOW_VALIDITY_PERIOD,
    Argument::yes_or_no(
        "showExtStatus",
        "Y: what state the certificate and its validation are in, behind everything else.",
    ),
    Argument::yes_or_no("showFQDN", ABOUT_DOMAINS),
    Argument::yes_or_no("showMDCDomainDetails", ABOUT_DOMAINS),
    Argument::yes_or_no("showMDCDomainDetails2", ABOUT_DOMAINS),
    Argument::yes_or_no(
        "showStatusDetails",
        "Taken, and without effect: it is about the steps of the validation, which are not emulated.",
    ),
    Argument::optional(
        "behaviourVersion",
        Kind::String,
        "Taken, whatever it is, and without effect: only its name is known.",
    )
    .mark(Mark::Assumed),
];

const ABOUT_DOMAINS: &str = "Taken, and without effect: it is about domains, which a code-signing order does not have.";

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_LOWER_CASE,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::NOT_MADE,
    &code::LOGIN_DETAILS,
    &code::NOT_POST_TO_COLLECT,
    &code::REJECTED,
    &code::REVOKED,
    &code::AWAITING_PAYMENT,
    &code::POLLED_TOO_SOON,
    &code::VOUCHER,
    &code::NOT_PERMITTED,
];
