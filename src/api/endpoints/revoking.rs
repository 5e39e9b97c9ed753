//! What the endpoints that revoke have in common: the arguments about the revocation, whose orders a reseller may name, and
//! what becomes of an order.

use crate::api::account::Account;
use crate::api::endpoints::{Failure, Success, TEST, refused};
use crate::api::order::state::{OrderNumber, Revocation, RevocationReason, RevokeStep};
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::Code;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) const ACCOUNT_ID: Argument = Argument::optional(
    "accountID",
    Kind::Integer,
    "The accountID of a reseller's account under the caller, whose order it is.",
);

pub(super) const INCLUDE_IN_CRL: Argument = Argument::yes_or_no(
    "includeInCRL",
    "N: mark the certificate as replaced, out of the CRL; a later call with Y revokes it.",
)
.default("Y");

/// The numbers of the reasons that `codeReason` takes (RFC 5280, section 5.3.1).
pub(super) const REASONS: &[&str] = &["0", "1", "3", "4", "5"];

/// What a call says about the revocation.
pub(super) struct Wish<'f> {
    reason: RevocationReason,
    comment: &'f str,
    test: bool,
    include_in_crl: bool,
}

impl<'f> Wish<'f> {
    /// Reads the arguments that all these endpoints have.
    pub(super) fn read(arguments: &Arguments<'f>) -> Self {
        Self {
            reason: arguments
                .get("codeReason")
                .and_then(|number| RevocationReason::from_number(number.parse().ok()?))
                .expect("the table lists the numbers of reasons"),
            comment: arguments.get("revocationReason").unwrap_or_default(),
            test: arguments.yes(TEST.name),
            include_in_crl: arguments.yes(INCLUDE_IN_CRL.name),
        }
    }

    /// Revokes an order that is issued, or marks it as replaced; rejects one that is not issued.
    pub(super) fn carry_out(&self, number: OrderNumber, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let order = world.book.get(number).expect("it was found in the same world");
        let step = order
            .state_at(now)
            .revoke(self.include_in_crl)
            .map_err(|why| refused(order, why, now))?;
        let becomes = match step {
            RevokeStep::Reject => "rejected",
            RevokeStep::Replace => "replaced, and stays out of the CRL",
            RevokeStep::Revoke => "revoked",
        };
        if self.test {
            return Ok(Success {
                hint: format!("test=Y: order {number} would become {becomes}; nothing was changed").into(),
                ..Success::default()
            });
        }
        world.book.check_more(self.comment.len())?;
        if let Some(order) = world.book_mut().get_mut(number) {
            order.take(
                step,
                Revocation {
                    at: now,
                    reason: self.reason,
                    comment: self.comment.into(),
                },
            );
        }
        Ok(Success {
            hint: format!("order {number} is now {becomes}").into(),
            ..Success::default()
        })
    }
}

/// The account whose order it is: the caller, or one under it that the call names. `denied` is the endpoint's -16.
pub(super) fn owner<'w>(
    world: &'w World,
    caller: &'w Account,
    account_id: Option<u64>,
    denied: &'static Code,
) -> Result<&'w Account, Refusal> {
    match account_id {
        Some(account_id) => world
            .accounts
            .under(caller, account_id)
            .map_err(|why| Refusal::new(denied, why.to_string())),
        None => Ok(caller),
    }
}
