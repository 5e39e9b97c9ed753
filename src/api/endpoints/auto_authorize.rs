//! `!AutoAuthorize`: has an order issued that is not paid for yet.
//!
//! Source: the endpoint's page, whose codes are not public, and what public clients send and parse; where they are silent,
//! `docs/endpoints.md` lists what is assumed.

use crate::api::account::Payment;
use crate::api::endpoints::credentials::{LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::deciding::{DISABLE_SWP, ORDER, Values};
use crate::api::endpoints::{Failure, Rules, Success, TEST, await_polls, check_permission, find_any_order, mailing};
use crate::api::order::state::State;
use crate::api::protocol::argument::{Argument, Arguments};
use crate::api::protocol::assumption::Assumptions;
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoAuthorize;

impl Rules for AutoAuthorize {
    const NAME: &'static str = "!AutoAuthorize";
    const SUMMARY: &'static str = "Has an order issued that is not paid for yet.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const PUBLIC_NUMBERS: Option<&'static [i32]> = Some(&[]);
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1100009"),
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
        if account.payment == Payment::NoCredit {
            return Err(Refusal::new(&code::NO_CREDIT, "the account has no credit (payment=no-credit)").into());
        }
        let order = find_any_order(world, values.order_number, account, denied)?;
        let (number, state) = (order.number, order.state_at(now));
        let hint = format!("order {number} is {state}");
        match state {
            State::Unpaid => {}
            State::Rejected => return Err(Refusal::new(&code::REJECTED, hint).into()),
            State::Revoked => return Err(Refusal::new(&code::REVOKED, hint).into()),
            State::Pending | State::BeingIssued | State::Issued | State::Replaced | State::Expired | State::OnHold => {
                return Err(Refusal::new(&code::NOT_WAITING, hint).into());
            }
        }
        if values.test {
            return Ok(Success {
                hint: format!("test=Y: order {number} would be authorized; nothing was changed").into(),
                ..Success::default()
            });
        }
        let delay = world.issuance_delay;
        let mut becomes = state;
        if let Some(order) = world.book_mut().get_mut(number) {
            order.pay(now, delay);
            becomes = order.state_at(now);
        }
        await_polls(world, number);
        mailing::announce(number, world, now);
        Ok(Success {
            hint: format!("order {number} is now {becomes}").into(),
            ..Success::default()
        })
    }
}

const ARGUMENTS: &[Argument] = &[LOGIN_NAME, LOGIN_PASSWORD, ORDER, TEST, DISABLE_SWP];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::UNKNOWN_ERROR,
    &code::NO_CREDIT,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::REJECTED,
    &code::REVOKED,
    &code::NOT_PERMITTED,
    &code::NOT_WAITING,
];
