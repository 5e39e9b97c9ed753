//! `!autoRevokeCS`: revokes a code-signing order that is issued, rejects one that is not.
//!
//! Source: the endpoint's document; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::{Done, Failure, Rules, check_permission, find_order, log_in, refused};
use crate::api::order::product::Product;
use crate::api::order::state::{Revocation, RevocationReason, RevokeStep};
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
            login_name: arguments.text("loginName"),
            login_password: arguments.text("loginPassword"),
            account_id: arguments.integer("accountID"),
            order_number: arguments.text("orderNumber"),
            comment: arguments.text("revocationReason"),
            reason: arguments
                .integer("codeReason")
                .and_then(|number| RevocationReason::from_number(u8::try_from(number).ok()?))
                .expect("the table lists the numbers of reasons"),
            test: arguments.yes("test"),
            include_in_crl: arguments.yes("includeInCRL"),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Done, Failure> {
        let denied = &code::PERMISSION_DENIED;
        let caller = log_in(world, values.login_name, values.login_password, denied)?;
        let owner = match values.account_id {
            Some(account_id) => world
                .accounts
                .under(caller, account_id)
                .map_err(|why| Refusal::new(denied, why.to_string()))?,
            None => caller,
        };
        check_permission(caller, Self::NAME)?;
        if let Some(voucher) = &caller.voucher {
            return Err(Refusal::naming(
                &code::VOUCHER,
                Self::NAME,
                match &voucher.0 {
                    Some(name) => format!("the account pays with the voucher {name:?}"),
                    None => "the account pays with a voucher".to_owned(),
                },
            )
            .into());
        }
        let order = find_order(world, values.order_number, owner, Product::CodeSigning, denied)?;
        let number = order.number;
        let step = order
            .state_at(now)
            .revoke(values.include_in_crl)
            .map_err(|why| refused(order, why, now))?;
        let becomes = match step {
            RevokeStep::Reject => "rejected",
            RevokeStep::Replace => "replaced, and stays out of the CRL",
            RevokeStep::Revoke => "revoked",
        };
        if values.test {
            return Ok(Done {
                hint: format!("test=Y: order {number} would become {becomes}; nothing was changed").into(),
                ..Done::default()
            });
        }
        if let Some(order) = world.book_mut().get_mut(number) {
            order.take(
                step,
                Revocation {
                    at: now,
                    reason: values.reason,
                    comment: values.comment.into(),
                },
            );
        }
        Ok(Done {
            hint: format!("order {number} is now {becomes}").into(),
            ..Done::default()
        })
    }
}

pub(super) struct Values<'f> {
    login_name: &'f str,
    login_password: &'f str,
    account_id: Option<u64>,
    order_number: &'f str,
    comment: &'f str,
    reason: RevocationReason,
    test: bool,
    include_in_crl: bool,
}

const ARGUMENTS: &[Argument] = &[
    Argument::required("loginName", Kind::String, "The account's username. Case sensitive.").max(64),
    Argument::required("loginPassword", Kind::String, "The account's password. Case sensitive.").max(128),
    Argument::optional(
        "accountID",
        Kind::Integer,
        "The accountID of a reseller's account under the caller, whose order it is.",
    ),
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
    Argument::optional("test", Kind::Char, "Y: check everything, change nothing.")
        .max(1)
        .choices(&["Y", "N"])
        .default("N"),
    Argument::optional(
        "includeInCRL",
        Kind::Char,
        "N: mark the certificate as replaced, out of the CRL; a later call with Y revokes it.",
    )
    .max(1)
    .choices(&["Y", "N"])
    .default("Y"),
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

const REASONS: &[&str] = &["0", "1", "3", "4", "5"];
