//! `download/CollectSSL`, for code-signing orders: that the service collects them here is assumed, since no endpoint of their
//! own is known.
//!
//! Source: the endpoint's page, which is about TLS certificates, and what public clients send and parse; where they are
//! silent, `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::collecting::{QUERY_TYPE, RESPONSE_ENCODING, SHOW_VALIDITY_PERIOD, Wish};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::{Failure, Rules, Success, check_permission, check_voucher, find_order};
use crate::api::order::product::Product;
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
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
        let (named_by, order_number) = order_number(arguments)?;
        Ok(Values {
            credentials: Credentials::read(arguments),
            named_by,
            order_number,
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
        let number = find_order(world, values.order_number, account, Product::CodeSigning, denied)
            .map_err(|refusal| values.about_its_argument(refusal))?
            .number;
        values.wish.collect(number, world, now)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    /// The argument that names the order.
    named_by: &'static str,
    order_number: &'f str,
    wish: Wish,
}

impl Values<'_> {
    /// A refusal of the order number, under the name of the argument that it came by.
    fn about_its_argument(&self, refusal: Refusal) -> Refusal {
        Refusal {
            name: refusal.name.map(|_| self.named_by.to_owned()),
            ..refusal
        }
    }
}

/// The order number, and the argument that it came by.
fn order_number<'f>(arguments: &Arguments<'f>) -> Result<(&'static str, &'f str), Refusal> {
    const BASE: &str = "baseOrderNumber";
    const OWN: &str = "orderNumber";
    match (arguments.get(OWN), arguments.get(BASE)) {
        (Some(own), Some(base)) if own != base => {
            Err(Refusal::invalid(BASE, "it names another order than orderNumber"))
        }
        (Some(own), _) => Ok((OWN, own)),
        (None, Some(base)) => Ok((BASE, base)),
        (None, None) => Err(Refusal::missing(
            OWN,
            "neither orderNumber nor baseOrderNumber was sent",
        )),
    }
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::conditional(
        "orderNumber",
        Kind::String,
        "The code-signing order to collect. Required unless baseOrderNumber is sent.",
    )
    .max(128),
    Argument::conditional(
        "baseOrderNumber",
        Kind::Integer,
        "Another name of orderNumber. If both are sent, they must be equal.",
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
    &code::NOT_HTTPS_ASSUMED,
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
