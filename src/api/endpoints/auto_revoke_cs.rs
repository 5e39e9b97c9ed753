//! `!autoRevokeCS`: revokes a code-signing order that is issued, rejects one that is not.
//!
//! Source: the endpoint's document; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::revoking::{ACCOUNT_ID, INCLUDE_IN_CRL, REASONS, Wish, owner};
use crate::api::endpoints::{Failure, Rules, Success, TEST, check_permission, check_voucher, find_order};
use crate::api::order::product::Product;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::CodeReason;
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoRevokeCs;

impl Rules for AutoRevokeCs {
    const NAME: &'static str = "!autoRevokeCS";
    const SUMMARY: &'static str = "Revokes a code-signing order that is issued, rejects one that is not.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "2200003"),
        ("revocationReason", "the key was lost"),
        ("codeReason", "1"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            account_id: arguments.integer("accountID"),
            order_number: arguments.text("orderNumber"),
            wish: Wish::read(arguments),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let denied = &code::PERMISSION_DENIED;
        let caller = values.credentials.log_in(world, denied)?;
        let owner = owner(world, caller, values.account_id, denied)?;
        check_permission(world, caller, Self::NAME)?;
        check_voucher(world, caller, Self::NAME)?;
        let order = find_order(world, values.order_number, owner, Product::CodeSigning, denied)?;
        let number = order.number;
        values.wish.carry_out(number, world, now)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    account_id: Option<u64>,
    order_number: &'f str,
    wish: Wish<'f>,
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    ACCOUNT_ID,
    Argument::required("orderNumber", Kind::Integer, "The code-signing order."),
    Argument::required(
        "revocationReason",
        Kind::String,
        "A comment for the caller's own reference.",
    )
    .max(497),
    Argument::required(
        "codeReason",
        Kind::Integer,
        "0 unspecified, 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation. May be left out \
         (assumption `code-reason`).",
    )
    .choices(REASONS)
    .default("0")
    .unless(|assumptions| assumptions.code_reason == CodeReason::Optional),
    TEST,
    INCLUDE_IN_CRL,
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS,
    &code::UNRECOGNIZED_ARGUMENT,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::UNKNOWN_ERROR,
    &code::PERMISSION_DENIED,
    &code::NOT_POST,
    &code::ALREADY_REJECTED,
    &code::ALREADY_REVOKED,
    &code::BEING_ISSUED,
    &code::ALREADY_REPLACED,
    &code::EXPIRED,
    &code::NOT_REVOCABLE,
    &code::VOUCHER,
    &code::NOT_PERMITTED,
];
