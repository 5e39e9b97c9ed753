//! Issuance pushes: for which change of an order an account is told of it, and what it is told.
//!
//! Source: the pages about the certificate issuance push, for the parameters, the status codes and the methods. Which change
//! has which status is assumed, as `docs/push.md` says.

use crate::api::order::state::{IssuanceFailure, Order, RevocationReason, State};
use crate::clock::Timestamp;

/// The name of the parameter with the certificate.
pub(crate) const CERTIFICATE: &str = "certificate";

/// The name of the parameter with the certificates of the CAs.
pub(crate) const CA_CERTIFICATE: &str = "caCertificate";

/// Something that happened to an order and is pushed: a row of the table of status codes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PushEvent {
    /// 3: the issuance failed before the certificate was signed.
    PreSignFailed,
    /// 5: the issuance failed after the certificate was signed.
    PostSignFailed,
    /// 6: the certificate was collected for the first time.
    Collected,
    /// 7: the order was rejected.
    Rejected,
    /// 8: the certificate was revoked.
    Revoked,
    /// 9: the certificate was issued.
    Issued,
    /// 14: the certificate was replaced.
    Replaced,
}

impl PushEvent {
    /// What is pushed of an order that is `after` at that time, and was `before` until then; before it was made, it was
    /// nothing. Expiry, and what leads to no certificate yet, is not pushed.
    pub(crate) fn of_change(before: Option<&Order>, after: &Order, now: Timestamp) -> Option<Self> {
        let state = after.state_at(now);
        if before.map(|before| before.state_at(now)) != Some(state) {
            return match state {
                State::Issued => Some(Self::Issued),
                State::Replaced => Some(Self::Replaced),
                State::Revoked => Some(Self::Revoked),
                State::Rejected => Some(Self::Rejected),
                State::BeingIssued => Self::of_failure(after, now),
                State::Pending | State::Expired | State::OnHold | State::Unpaid => None,
            };
        }
        let has_failed = before.is_some_and(|before| Self::of_failure(before, now).is_some());
        let was_collected = before.is_some_and(|before| before.collected);
        match Self::of_failure(after, now) {
            Some(failure) => Some(failure).filter(|_| !has_failed),
            None if after.collected && !was_collected => Some(Self::Collected),
            None => None,
        }
    }

    /// What is pushed of an order whose issuance is due.
    pub(crate) fn of_issuance(order: &Order) -> Self {
        match order.issuance_fails {
            None => Self::Issued,
            Some(IssuanceFailure::PreSign) => Self::PreSignFailed,
            Some(IssuanceFailure::PostSign) => Self::PostSignFailed,
        }
    }

    fn of_failure(order: &Order, now: Timestamp) -> Option<Self> {
        order.has_failed_at(now).then(|| Self::of_issuance(order))
    }

    /// The parameter `statusCode`.
    pub(crate) fn status_code(self) -> i32 {
        match self {
            Self::PreSignFailed => 3,
            Self::PostSignFailed => 5,
            Self::Collected => 6,
            Self::Rejected => 7,
            Self::Revoked => 8,
            Self::Issued => 9,
            Self::Replaced => 14,
        }
    }

    /// The parameter `status`.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::PreSignFailed | Self::PostSignFailed => "failed",
            Self::Collected | Self::Issued => "issued",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
        }
    }

    /// The parameter `statusDesc`.
    pub(crate) fn description(self, order: &Order) -> String {
        match self {
            Self::PreSignFailed => "PRE-SIGN FAILED: CAA: Not authorized to issue".to_owned(),
            Self::PostSignFailed => "POST-SIGN FAILED".to_owned(),
            Self::Collected => "Valid".to_owned(),
            Self::Rejected => match order.revocation.as_deref() {
                Some(revocation) if !revocation.comment.is_empty() => format!("Rejected: {}", revocation.comment),
                _ => "Rejected".to_owned(),
            },
            Self::Revoked => "Revoked".to_owned(),
            Self::Issued => "Issued but not yet collected".to_owned(),
            Self::Replaced => "Replaced".to_owned(),
        }
    }

    /// Whether the certificate comes with it, if it is delivered at all.
    pub(crate) fn has_certificate(self) -> bool {
        matches!(self, Self::Issued | Self::Collected)
    }

    /// The parameters, in the order of the documentation; [`CERTIFICATE`] and [`CA_CERTIFICATE`] come from whoever holds the
    /// CA, and stand behind `eventType`.
    pub(crate) fn parameters(self, order: &Order) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("orderNumber", order.number.to_string()),
            ("certificateID", order.certificate_id().to_string()),
            ("eventType", "Certificate".to_owned()),
            ("status", self.status().to_owned()),
            ("statusCode", self.status_code().to_string()),
            ("statusDesc", self.description(order)),
        ];
        if self == Self::Revoked {
            let reason = order
                .revocation
                .as_ref()
                .map_or(RevocationReason::Unspecified, |revocation| revocation.reason);
            parameters.push(("revocationReasonCode", reason.number().to_string()));
            parameters.push(("revocationReasonName", reason.name().to_owned()));
        }
        parameters
    }
}

/// How many parameters stand before the certificate.
pub(crate) const BEFORE_CERTIFICATE: usize = 3;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::order::state::{OrderNumber, Revocation, Stage, Validity};

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(second))
    }

    fn order(stage: Stage) -> Order {
        Order::plain(OrderNumber::new(7).unwrap(), stage)
    }

    const fn valid() -> Validity {
        Validity {
            issued: Timestamp::EPOCH,
            expires: Timestamp::LAST,
        }
    }

    /// An order of each state at second 1.
    fn each_state() -> Vec<Order> {
        let over = Validity {
            issued: at(0),
            expires: at(1),
        };
        let stages = [
            Stage::Pending,
            Stage::BeingIssued(None),
            Stage::Issued(valid()),
            Stage::Replaced(valid()),
            Stage::Revoked(valid()),
            Stage::Rejected,
            Stage::Issued(over),
            Stage::OnHold,
            Stage::Unpaid,
        ];
        stages.map(order).into()
    }

    /// status, statusCode, statusDesc
    type Told = (&'static str, i32, &'static str);

    /// The table of the documentation: the state that an order comes into, status, statusCode, statusDesc.
    const TABLE: &[(State, Option<Told>)] = &[
        (State::Pending, None),
        (State::BeingIssued, None),
        (State::Issued, Some(("issued", 9, "Issued but not yet collected"))),
        (State::Replaced, Some(("replaced", 14, "Replaced"))),
        (State::Revoked, Some(("revoked", 8, "Revoked"))),
        (State::Rejected, Some(("rejected", 7, "Rejected"))),
        (State::Expired, None),
        (State::OnHold, None),
        (State::Unpaid, None),
    ];

    #[test]
    fn every_change_of_state_is_pushed_as_the_table_says() {
        let states: Vec<_> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(states, State::ALL);
        for after in &each_state() {
            let state = after.state_at(at(1));
            let (_, expected) = TABLE.iter().find(|row| row.0 == state).unwrap();
            for before in each_state().iter().map(Some).chain([None]) {
                let found = PushEvent::of_change(before, after, at(1))
                    .map(|event| (event.status(), event.status_code(), event.description(after)));
                let is_change = before.is_none_or(|before| before.state_at(at(1)) != state);
                let expected = expected
                    .filter(|_| is_change)
                    .map(|(status, code, text)| (status, code, text.to_owned()));
                assert_eq!(found, expected, "{before:?} -> {state}");
            }
        }
    }

    #[test]
    fn the_first_collection_and_a_failure_are_pushed_once() {
        let issued = order(Stage::Issued(valid()));
        let collected = Order {
            collected: true,
            ..issued.clone()
        };
        let change = |before: &Order, after: &Order| {
            PushEvent::of_change(Some(before), after, at(1)).map(|event| event.status_code())
        };
        assert_eq!(change(&issued, &collected), Some(6));
        assert_eq!(change(&collected, &collected), None);
        for (fails, code) in [(IssuanceFailure::PreSign, 3), (IssuanceFailure::PostSign, 5)] {
            let waiting = Order {
                issuance_fails: Some(fails),
                ..order(Stage::BeingIssued(None))
            };
            let failed = Order {
                stage: Stage::BeingIssued(Some(valid())),
                ..waiting.clone()
            };
            assert_eq!(change(&waiting, &failed), Some(code));
            assert_eq!(change(&failed, &failed), None);
            assert_eq!(PushEvent::of_issuance(&failed).status_code(), code);
            assert_eq!(PushEvent::of_issuance(&failed).status(), "failed");
        }
        let pre_sign = PushEvent::PreSignFailed.description(&issued);
        assert_eq!(pre_sign, "PRE-SIGN FAILED: CAA: Not authorized to issue");
        assert_eq!(PushEvent::PostSignFailed.description(&issued), "POST-SIGN FAILED");
    }

    #[test]
    fn a_rejection_and_a_revocation_say_why() {
        let revocation = Revocation {
            at: at(1),
            reason: RevocationReason::KeyCompromise,
            comment: "a wrong name".into(),
        };
        let order = Order {
            revocation: Some(Box::new(revocation)),
            ..order(Stage::Revoked(valid()))
        };
        assert_eq!(PushEvent::Rejected.description(&order), "Rejected: a wrong name");
        let parameters = PushEvent::Revoked.parameters(&order);
        let names: Vec<_> = parameters.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "orderNumber",
                "certificateID",
                "eventType",
                "status",
                "statusCode",
                "statusDesc",
                "revocationReasonCode",
                "revocationReasonName"
            ]
        );
        assert_eq!((&*parameters[6].1, &*parameters[7].1), ("1", "keyCompromise"));
        assert_eq!(names[BEFORE_CERTIFICATE - 1], "eventType");
    }
}
