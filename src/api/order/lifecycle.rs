//! What becomes of an order as time passes: its state at a time, and what the clock alone brings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::order::state::{Order, Stage, State, Times, Validity};
use crate::clock::Timestamp;

/// What the state of an order follows from, together with the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifecycle {
    /// What is stored of its state.
    pub stage: Stage,
    /// Whether its issuance fails when it is due.
    pub fails: bool,
}

impl Lifecycle {
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

    /// When the certificate that is valid was issued, or will be by the clock alone; none if it is to be issued by polls.
    pub fn issued(self) -> Option<Timestamp> {
        match self.stage {
            Stage::BeingIssued(Some(validity)) if !self.fails => Some(validity.issued),
            Stage::Issued(validity) => Some(validity.issued),
            Stage::BeingIssued(_)
            | Stage::Pending
            | Stage::Replaced(_)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => None,
        }
    }

    /// What the clock alone brings, the earlier first: what is past, and what is to come.
    pub fn due_events(self) -> impl Iterator<Item = (Timestamp, DueKind)> {
        let (issuance, expires) = match self.stage {
            Stage::BeingIssued(Some(validity)) if self.fails => (Some((validity.issued, DueKind::Failed)), None),
            Stage::BeingIssued(Some(validity)) => (Some((validity.issued, DueKind::Issued)), Some(validity.expires)),
            Stage::Issued(validity) | Stage::Replaced(validity) => (None, Some(validity.expires)),
            Stage::Pending
            | Stage::BeingIssued(None)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => (None, None),
        };
        issuance
            .into_iter()
            .chain(expires.map(|expires| (expires, DueKind::Expired)))
    }

    /// When the state changes by the clock alone, the earlier first. An issuance that fails changes none.
    pub fn state_changes(self) -> impl Iterator<Item = Timestamp> {
        let changes = self.due_events().filter(|(_, kind)| *kind != DueKind::Failed);
        changes.map(|(time, _)| time)
    }
}

/// What happens to an order by the clock alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum DueKind {
    /// It is issued.
    Issued,
    /// Its issuance fails.
    Failed,
    /// Its certificate expires.
    Expired,
}

impl Order {
    /// Its state at that time.
    pub fn state_at(&self, now: Timestamp) -> State {
        self.lifecycle().state_at(now)
    }

    /// What its state follows from.
    pub fn lifecycle(&self) -> Lifecycle {
        Lifecycle {
            stage: self.stage,
            fails: self.issuance_fails.is_some(),
        }
    }

    /// What the clock alone will bring after that time, the earlier first.
    pub fn due_events_after(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, DueKind)> {
        self.lifecycle().due_events().filter(move |(time, _)| *time > now)
    }

    /// Whether its issuance was due by that time, and has failed.
    pub fn has_failed_at(&self, now: Timestamp) -> bool {
        let mut events = self.lifecycle().due_events();
        events.any(|(time, kind)| kind == DueKind::Failed && time <= now)
    }

    /// When its issuance is due, or fails, if it was not issued otherwise.
    pub fn issuance_due(&self) -> Option<Timestamp> {
        let mut events = self.lifecycle().due_events();
        events.find_map(|(time, kind)| (kind != DueKind::Expired).then_some(time))
    }

    /// Its times as they are answered at that time.
    pub(crate) fn times_at(&self, now: Timestamp) -> OrderTimes {
        let validity = self.validity();
        let due = self.issuance_due().filter(|_| self.state_at(now).times() == Times::Due);
        OrderTimes {
            issued: validity.map(|validity| validity.issued).filter(|_| due.is_none()),
            expires: validity.map(|validity| validity.expires),
            due,
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
    /// When it was issued.
    pub(crate) issued: Option<Timestamp>,
    /// When its certificate expires, or will.
    pub(crate) expires: Option<Timestamp>,
    /// When its issuance is due, as long as it is being issued.
    pub(crate) due: Option<Timestamp>,
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

    #[test]
    fn the_clock_alone_issues_fails_and_expires() {
        use DueKind::{Expired, Failed, Issued};
        let at = |second: i64| Timestamp::from_unix_millis(1000 * second);
        let validity = Validity {
            issued: at(3),
            expires: at(6),
        };
        for (stage, fails, expected, changes, issued) in [
            (Stage::Pending, false, &[][..], &[][..], None),
            (Stage::BeingIssued(None), true, &[], &[], None),
            (
                Stage::BeingIssued(Some(validity)),
                false,
                &[(at(3), Issued), (at(6), Expired)],
                &[at(3), at(6)],
                Some(at(3)),
            ),
            (Stage::BeingIssued(Some(validity)), true, &[(at(3), Failed)], &[], None),
            (
                Stage::Issued(validity),
                true,
                &[(at(6), Expired)],
                &[at(6)],
                Some(at(3)),
            ),
            (Stage::Replaced(validity), false, &[(at(6), Expired)], &[at(6)], None),
            (Stage::Revoked(validity), false, &[], &[], None),
        ] {
            let life = Lifecycle { stage, fails };
            assert_eq!(life.due_events().collect::<Vec<_>>(), expected, "{stage:?}");
            assert_eq!(life.state_changes().collect::<Vec<_>>(), changes, "{stage:?}");
            assert_eq!(life.issued(), issued, "{stage:?}");
        }
    }
}
