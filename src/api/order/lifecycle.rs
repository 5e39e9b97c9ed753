//! What becomes of an order as time passes.

use crate::api::order::state::{Order, Stage, State, Times, Validity};
use crate::clock::Timestamp;

/// What the state of an order follows from, together with the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Life {
    /// What is stored of its state.
    pub stage: Stage,
    /// Whether its issuance fails when it is due.
    pub fails: bool,
}

impl Life {
    /// The state at that time.
    pub fn state_at(self, now: Timestamp) -> State {
        let unless_expired = |validity: Validity, state| {
            if now < validity.expires { state } else { State::Expired }
        };
        match self.stage {
            Stage::Pending => State::Pending,
            Stage::BeingIssued(Some(validity)) if now >= validity.issued && !self.fails => {
                unless_expired(validity, State::Issued)
            }
            Stage::BeingIssued(_) => State::BeingIssued,
            Stage::Issued(validity) => unless_expired(validity, State::Issued),
            Stage::Replaced(validity) => unless_expired(validity, State::Replaced),
            Stage::Revoked(_) => State::Revoked,
            Stage::Rejected => State::Rejected,
            Stage::OnHold => State::OnHold,
            Stage::Unpaid => State::Unpaid,
        }
    }

    /// When the state changes by time alone, the earlier first.
    pub fn turns(self) -> impl Iterator<Item = Timestamp> {
        let (issued, expires) = match self.stage {
            Stage::BeingIssued(Some(validity)) if !self.fails => (Some(validity.issued), Some(validity.expires)),
            Stage::Issued(validity) | Stage::Replaced(validity) => (None, Some(validity.expires)),
            Stage::Pending
            | Stage::BeingIssued(_)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => (None, None),
        };
        issued.into_iter().chain(expires)
    }
}

impl Order {
    /// Its state at that time.
    pub fn state_at(&self, now: Timestamp) -> State {
        self.life().state_at(now)
    }

    /// What its state follows from.
    pub fn life(&self) -> Life {
        Life {
            stage: self.stage,
            fails: self.issuance_fails.is_some(),
        }
    }

    /// Whether its issuance was due by that time, and has failed.
    pub fn has_failed_at(&self, now: Timestamp) -> bool {
        self.issuance_fails.is_some() && self.due().is_some_and(|due| due <= now)
    }

    /// When its issuance is due, if it was not issued otherwise.
    pub fn due(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::BeingIssued(validity) => validity.map(|validity| validity.issued),
            Stage::Pending
            | Stage::Issued(_)
            | Stage::Replaced(_)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => None,
        }
    }

    /// The period of its certificate, if it was revoked.
    pub(crate) fn revoked(&self) -> Option<Validity> {
        match self.stage {
            Stage::Revoked(validity) => Some(validity),
            Stage::Pending
            | Stage::BeingIssued(_)
            | Stage::Issued(_)
            | Stage::Replaced(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => None,
        }
    }

    /// The period in which its certificate is valid, if there is a certificate or there will be one.
    pub fn validity(&self) -> Option<Validity> {
        match self.stage {
            Stage::BeingIssued(validity) => validity,
            Stage::Issued(validity) | Stage::Replaced(validity) | Stage::Revoked(validity) => Some(validity),
            Stage::Pending | Stage::Rejected | Stage::OnHold | Stage::Unpaid => None,
        }
    }
}

/// The times of an order as they are answered.
pub(crate) struct OrderTimes {
    pub(crate) issued: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) due: Option<Timestamp>,
}

impl OrderTimes {
    /// Those of an order that is in that state.
    pub(crate) fn of(order: &Order, state: State) -> Self {
        let validity = order.validity();
        let issued = validity.map(|validity| validity.issued);
        let is_due = state.times() == Times::Due;
        Self {
            issued: issued.filter(|_| !is_due),
            expires: validity.map(|validity| validity.expires),
            due: issued.filter(|_| is_due),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::order::state::{IssuanceFailure, OrderNumber};

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_state_changes_with_time_alone() {
        let start = Timestamp::from_unix_millis(0);
        let validity = Validity {
            issued: start.after(DAY),
            expires: start.after(3 * DAY),
        };
        let order = |stage| Order::plain(OrderNumber::new(1).unwrap(), stage);
        let days = |stage| {
            (0..4)
                .map(|day| order(stage).state_at(start.after(day * DAY)))
                .collect::<Vec<_>>()
        };
        use State::{BeingIssued, Expired, Issued, Replaced, Revoked};
        assert_eq!(
            days(Stage::BeingIssued(Some(validity))),
            [BeingIssued, Issued, Issued, Expired]
        );
        assert_eq!(days(Stage::BeingIssued(None)), [BeingIssued; 4]);
        assert_eq!(days(Stage::Issued(validity)), [Issued, Issued, Issued, Expired]);
        assert_eq!(days(Stage::Replaced(validity)), [Replaced, Replaced, Replaced, Expired]);
        assert_eq!(days(Stage::Revoked(validity)), [Revoked; 4]);
    }

    #[test]
    fn an_order_whose_issuance_fails_is_being_issued_for_ever() {
        let start = Timestamp::from_unix_millis(0);
        let validity = Validity {
            issued: start.after(DAY),
            expires: start.after(3 * DAY),
        };
        let order = Order {
            issuance_fails: Some(IssuanceFailure::PreSign),
            ..Order::plain(OrderNumber::new(1).unwrap(), Stage::BeingIssued(Some(validity)))
        };
        for day in 0..4 {
            let now = start.after(day * DAY);
            assert_eq!(order.state_at(now), State::BeingIssued, "day {day}");
            assert_eq!(order.has_failed_at(now), day > 0, "day {day}");
        }
    }
}
