//! `download/CollectSMIME`: gives the certificate of an S/MIME order.
//!
//! Source: the endpoint's page, whose codes are not public, and those of its siblings; where they are silent,
//! `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::collecting::{QUERY_TYPE, RESPONSE_ENCODING, SHOW_VALIDITY_PERIOD, Wish};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::{Failure, Rules, Success, check_permission, find_order};
use crate::api::order::product::Product;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{Assumptions, CollectMethod, CollectZip};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct CollectSmime;

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
    const NEEDS_HTTPS: bool = false;
    const NEEDS_POST: fn(&Assumptions) -> bool = |assumptions| assumptions.collect_method == CollectMethod::Post;

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            order_number: arguments.text("orderNumber"),
            wish: Wish::read(arguments)?,
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let assumptions = &world.conventions.assumptions;
        values.check(assumptions)?;
        let denied = &code::LOGIN_DETAILS;
        let account = values.credentials.log_in(world, denied)?;
        check_permission(world, account, Self::NAME)?;
        let number = find_order(world, values.order_number, account, Product::Smime, denied)?.number;
        values.wish.collect(number, world, now)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    order_number: &'f str,
    wish: Wish,
}

impl Values<'_> {
    /// Refuses what is assumed not to be given.
    fn check(&self, assumptions: &Assumptions) -> Result<(), Refusal> {
        if self.wish.is_zip() && assumptions.collect_zip == CollectZip::Refused {
            return Err(Refusal::invalid(
                "responseType",
                "a ZIP archive is refused (assumption collect-zip=refused)",
            ));
        }
        self.wish.check(assumptions)
    }
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::required("orderNumber", Kind::Integer, "The S/MIME order to collect."),
    QUERY_TYPE,
    Argument::optional(
        "responseType",
        Kind::Integer,
        "0 ZIP archive (assumption `collect-zip`), 1 Netscape certificate sequence, 2 PKCS#7, 3 individually encoded, \
         4 CMMF; all but 3 only with queryType 1.",
    )
    .choices(&["0", "1", "2", "3", "4"])
    .default("3"),
    RESPONSE_ENCODING,
    SHOW_VALIDITY_PERIOD,
];

const CODES: &[&Code] = &[
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
    &code::NOT_PERMITTED,
];
