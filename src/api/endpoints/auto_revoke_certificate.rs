//! `!autoRevokeCertificate`: revokes an order of any product that is issued, rejects one that is not.
//!
//! Source: the endpoint's page, and the codes of its siblings' guide; where they are silent, `docs/endpoints.md` lists what is
//! assumed.

use crate::api::account::Account;
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::revoking::{ACCOUNT_ID, INCLUDE_IN_CRL, REASONS, Wish, owner};
use crate::api::endpoints::{Failure, Rules, Success, TEST, check_order, check_permission};
use crate::api::order::product::Product;
use crate::api::order::state::Order;
use crate::api::protocol::argument::{Argument, Arguments, Kind, ORDER_NUMBER};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::RESPONSE_FORMAT;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoRevokeCertificate;

impl Rules for AutoRevokeCertificate {
    const NAME: &'static str = "!autoRevokeCertificate";
    const SUMMARY: &'static str =
        "Revokes an S/MIME or code-signing order that is issued, rejects one that is not; by any of its numbers.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1234567"),
        ("revocationReason", "the key was lost"),
        ("codeReason", "1"),
        ("responseFormat", "1"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            account_id: arguments.integer(ACCOUNT_ID.name),
            key: Key::read(arguments)?,
            wish: Wish::read(arguments),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let denied = &code::LOGIN_DETAILS;
        values.credentials.count_call(world, denied, now)?;
        let caller = values.credentials.counted_caller(world);
        let owner = owner(world, caller, values.account_id, denied)?;
        check_permission(world, caller, Self::NAME)?;
        let number = values.key.find(world, owner, now)?.number;
        values.wish.carry_out(number, world, now)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    account_id: Option<u64>,
    key: Key<'f>,
    wish: Wish<'f>,
}

/// What names the order, and the argument that it came by.
struct Key<'f> {
    argument: &'static str,
    value: &'f str,
}

const CERTIFICATE_ID: &str = "certificateID";
const SERIAL_NUMBER: &str = "serialNumber";

impl<'f> Key<'f> {
    /// The one argument that names the order.
    fn read(arguments: &Arguments<'f>) -> Result<Self, Refusal> {
        let mut sent = [ORDER_NUMBER, CERTIFICATE_ID, SERIAL_NUMBER]
            .into_iter()
            .filter_map(|argument| arguments.get(argument).map(|value| Self { argument, value }));
        let key = sent
            .next()
            .expect("the table demands the orderNumber if neither of the others is sent");
        match sent.next() {
            Some(second) => Err(Refusal::invalid(
                second.argument,
                format!("{} names the order already; only one of them is taken", key.argument),
            )),
            None => Ok(key),
        }
    }

    /// The order that it names, if it is that account's.
    fn find<'w>(&self, world: &'w World, owner: &Account, now: Timestamp) -> Result<&'w Order, Refusal> {
        let order = match self.argument {
            CERTIFICATE_ID => world.order_of_certificate_id(self.value),
            SERIAL_NUMBER => world.order_of_serial(self.value, now),
            _ => world.order_of_number(self.value),
        };
        let product = order.map_or(Product::Smime, |order| order.product);
        check_order(world, self.argument, order, owner, product, &code::LOGIN_DETAILS)
    }
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::conditional(
        ORDER_NUMBER,
        Kind::Integer,
        "The order. Exactly one of orderNumber, certificateID and serialNumber is sent.",
    )
    .unless_sent(&[CERTIFICATE_ID, SERIAL_NUMBER]),
    Argument::conditional(
        CERTIFICATE_ID,
        Kind::Integer,
        "The certificateID of the order's certificate.",
    ),
    Argument::conditional(
        SERIAL_NUMBER,
        Kind::String,
        "The serial number of the order's certificate, hexadecimal digits in either case.",
    )
    .max(34),
    ACCOUNT_ID,
    Argument::optional(
        "revocationReason",
        Kind::String,
        "A comment for the caller's own reference.",
    )
    .max(1024),
    Argument::optional(
        "codeReason",
        Kind::String,
        "0 unspecified, 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation.",
    )
    .choices(REASONS)
    .default("0"),
    Argument::optional("productCode", Kind::String, WITHOUT_EFFECT).max(50),
    Argument::optional("product", Kind::Integer, WITHOUT_EFFECT),
    TEST,
    INCLUDE_IN_CRL,
    Argument::optional(RESPONSE_FORMAT, Kind::Integer, "0 lines of text, 1 URL-encoded.")
        .choices(&["0", "1"])
        .default("0"),
];

const WITHOUT_EFFECT: &str = "Taken, and without effect: what it selects is not public.";

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::UNKNOWN_ERROR,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::ALREADY_REJECTED,
    &code::ALREADY_REVOKED,
    &code::BEING_ISSUED_ASSUMED,
    &code::ALREADY_REPLACED_ASSUMED,
    &code::EXPIRED,
    &code::CALL_LIMIT,
    &code::NOT_REVOCABLE,
    &code::NOT_PERMITTED_ASSUMED,
];
