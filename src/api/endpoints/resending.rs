//! What the endpoints that send a mail about an S/MIME order again have in common: their arguments, their codes, and which
//! state of an order allows which mail.
//!
//! Nothing is sent: the mail is kept in the outbox of the sandbox.

use crate::api::endpoints::credentials::Credentials;
use crate::api::endpoints::mailing::send;
use crate::api::endpoints::{Failure, Success, check_permission, find_order};
use crate::api::order::mailing::MailKind;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, State};
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) const ORDER: Argument =
    Argument::required("orderNumber", Kind::String, "The S/MIME order that the mail is about.").max(128);

/// Of the page's codes, the numbers of these two alone can be read.
pub(super) const PUBLIC_NUMBERS: Option<&[i32]> =
    Some(&[code::NOT_HTTPS_LOWER_CASE.number, code::WRONG_STATE_TO_RESEND.number]);

pub(super) const CODES: &[&Code] = &[
    &code::NOT_HTTPS_LOWER_CASE,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::UNKNOWN_ERROR,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::NOT_PERMITTED,
    &code::WRONG_STATE_TO_RESEND,
];

/// What a call of each of these endpoints says.
pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    order_number: &'f str,
}

impl<'f> Values<'f> {
    /// Reads the arguments that all these endpoints have.
    pub(super) fn read(arguments: &Arguments<'f>) -> Self {
        Self {
            credentials: Credentials::read(arguments),
            order_number: arguments.text(ORDER.name),
        }
    }

    /// Puts the mail into the outbox, to the address of the order, which `check_address` may refuse.
    pub(super) fn resend(
        &self,
        kind: MailKind,
        endpoint: &'static str,
        check_address: impl FnOnce(&str) -> Result<(), Refusal>,
        world: &mut World,
        now: Timestamp,
    ) -> Result<Success, Failure> {
        let denied = &code::LOGIN_DETAILS;
        let account = self.credentials.log_in(world, denied)?;
        check_permission(world, account, endpoint)?;
        let order = find_order(world, self.order_number, account, Product::Smime, denied)?;
        check_address(&order.email_address())?;
        check_state(order, kind, now)?;
        let number = order.number;
        send(&[kind], number, now, world);
        Ok(Success {
            hint: format!("the {kind} mail of order {number} is in the outbox").into(),
            ..Success::default()
        })
    }
}

/// Whether an order is in a state about which such a mail is sent. What is assumed here, no page tells.
fn check_state(order: &Order, kind: MailKind, now: Timestamp) -> Result<(), Refusal> {
    let state = order.state_at(now);
    let is_sent = match state {
        State::Pending => match kind {
            MailKind::Verification => true,
            MailKind::Invitation => order.csr.is_none(),
            MailKind::Collection => false,
        },
        State::Issued => kind == MailKind::Collection,
        State::BeingIssued
        | State::Replaced
        | State::Revoked
        | State::Rejected
        | State::Expired
        | State::OnHold
        | State::Unpaid => false,
    };
    let csr = if order.csr.is_some() { "with" } else { "without" };
    match is_sent {
        true => Ok(()),
        false => Err(Refusal::new(
            &code::WRONG_STATE_TO_RESEND,
            format!("order {} is {state} {csr} a CSR: no {kind} mail is sent", order.number),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::csr::Csr;
    use crate::api::endpoints::EXAMPLE_CSR;
    use crate::api::order::state::{OrderNumber, Stage, Validity};

    #[test]
    fn each_mail_is_sent_in_its_states_alone() {
        let now = Timestamp::EPOCH.after(Duration::from_secs(10));
        let until = |second| Validity {
            issued: Timestamp::EPOCH,
            expires: Timestamp::EPOCH.after(Duration::from_secs(second)),
        };
        let csr = Csr::parse(EXAMPLE_CSR).unwrap();
        // Verification, invitation, collection: without a CSR, then with one.
        let none = [[false; 3]; 2];
        for (stage, expected) in [
            (Stage::Pending, [[true, true, false], [true, false, false]]),
            (Stage::BeingIssued(None), none),
            (Stage::Issued(until(20)), [[false, false, true]; 2]),
            (Stage::Replaced(until(20)), none),
            (Stage::Revoked(until(20)), none),
            (Stage::Rejected, none),
            (Stage::Issued(until(5)), none),
            (Stage::OnHold, none),
        ] {
            let sent = [None, Some(&csr)].map(|csr| {
                let mut order = Order::plain(OrderNumber::new(7).unwrap(), stage);
                order.csr = csr.cloned();
                MailKind::ALL.map(|kind| check_state(&order, kind, now).is_ok())
            });
            assert_eq!(sent, expected, "{stage:?}");
        }
    }
}
