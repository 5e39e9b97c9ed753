//! `!AutoReject`: rejects an order that is not issued yet.
//!
//! Source: what is public about its sibling `!AutoAuthorize`, and what public clients send and parse; where they are silent,
//! `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::credentials::{LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::deciding::{DISABLE_SWP, ORDER, Values};
use crate::api::endpoints::{Failure, Rules, Success, TEST, check_permission, find_any_order};
use crate::api::order::state::{Revocation, RevocationReason, RevokeStep, State};
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments};
use crate::api::protocol::assumption::Assumptions;
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoReject;

impl Rules for AutoReject {
    const NAME: &'static str = "!AutoReject";
    const SUMMARY: &'static str = "Rejects an order that is not issued yet.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const PUBLIC_NUMBERS: Option<&'static [i32]> = Some(&[]);
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "2200010"),
    ];
    const DEFAULT_FORMAT: fn(&Assumptions) -> Format = |_| Format::UrlEncoded;

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values::read(arguments))
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let denied = &code::LOGIN_DETAILS;
        let account = values.credentials.log_in(world, denied)?;
        check_permission(world, account, Self::NAME)?;
        let order = find_any_order(world, values.order_number, account, denied)?;
        let (number, state) = (order.number, order.state_at(now));
        let hint = format!("order {number} is {state}");
        match state {
            State::Unpaid | State::Pending => {}
            State::Rejected => return Err(Refusal::new(&code::REJECTED, hint).into()),
            State::Revoked => return Err(Refusal::new(&code::REVOKED, hint).into()),
            State::BeingIssued => return Err(Refusal::new(&code::BEING_ISSUED, hint).into()),
            State::Issued | State::Replaced | State::Expired | State::OnHold => {
                return Err(Refusal::new(&code::NOT_WAITING, hint).into());
            }
        }
        if values.test {
            return Ok(Success {
                hint: format!("test=Y: order {number} would be rejected; nothing was changed").into(),
                ..Success::default()
            });
        }
        if let Some(order) = world.book_mut().get_mut(number) {
            order.take(
                RevokeStep::Reject,
                Revocation {
                    at: now,
                    reason: RevocationReason::Unspecified,
                    comment: "".into(),
                },
            );
        }
        Ok(Success {
            hint: format!("order {number} is now rejected").into(),
            ..Success::default()
        })
    }
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    ORDER.mark(Mark::Assumed),
    TEST.mark(Mark::Assumed),
    DISABLE_SWP.mark(Mark::Assumed),
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::UNKNOWN_ERROR,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::REJECTED,
    &code::REVOKED,
    &code::BEING_ISSUED,
    &code::NOT_PERMITTED,
    &code::NOT_WAITING,
];
