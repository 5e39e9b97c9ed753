//! An order, and the state that it is in at a given time.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::account::LoginName;
use crate::api::csr::Csr;
use crate::api::order::product::Product;
use crate::api::order::terms::{ProductCode, Terms};
use crate::clock::Timestamp;

/// An order number: digits without a leading zero, 1 to 18 of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OrderNumber(NonZeroU64);

impl OrderNumber {
    /// The greatest number.
    pub const MAX: u64 = 999_999_999_999_999_999;

    /// The order number of that value, if it is one.
    pub fn new(value: u64) -> Option<Self> {
        NonZeroU64::new(value)
            .filter(|value| value.get() <= Self::MAX)
            .map(Self)
    }

    /// The order number that is written so, if it is written as this API writes one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| is_canonical).and_then(Self::new)
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The state of an order at a time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Ordered, not yet issued.
    Pending,
    /// Between being ordered and being issued.
    BeingIssued,
    /// Issued and valid.
    Issued,
    /// Marked as replaced: valid still, not in the CRL.
    Replaced,
    /// Revoked.
    Revoked,
    /// Rejected before it was issued.
    Rejected,
    /// Issued or replaced, and past its end.
    Expired,
    /// In no state that allows anything.
    OnHold,
}

impl State {
    /// Every state, in the order of the documentation's table.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::BeingIssued,
        Self::Issued,
        Self::Replaced,
        Self::Revoked,
        Self::Rejected,
        Self::Expired,
        Self::OnHold,
    ];

    /// The name in fixtures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::BeingIssued => "being-issued",
            Self::Issued => "issued",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::OnHold => "on-hold",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// When it is issued.
    pub issued: Timestamp,
    /// When it expires: from then on it is not valid.
    pub expires: Timestamp,
}

/// What is stored of an order's state. Time alone moves it on: see [`Order::state_at`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Waits for Sectigo or for its holder.
    Pending,
    /// Becomes issued at `Validity::issued`; without one, never.
    BeingIssued(Option<Validity>),
    /// Was issued.
    Issued(Validity),
    /// Was issued, then marked as replaced.
    Replaced(Validity),
    /// Was issued, then revoked.
    Revoked(Validity),
    /// Was never issued and never will be.
    Rejected,
    /// Lies still.
    OnHold,
}

/// An order of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub number: OrderNumber,
    /// Whose it is.
    pub login_name: LoginName,
    /// What was ordered.
    pub product: Product,
    /// The mailbox of an S/MIME certificate.
    pub email: Option<Arc<str>>,
    /// The organization that the certificate names.
    pub organization: Option<Arc<str>>,
    /// The CSR that it is made for, if one was given.
    pub csr: Option<Csr>,
    /// What is said of its certificate beyond that.
    pub terms: Terms,
    /// How far it has come.
    pub stage: Stage,
    /// Why it was revoked or rejected, if it was by a call.
    pub revocation: Option<Box<Revocation>>,
}

impl Order {
    /// An S/MIME order of the account `a` of which nothing else is said.
    #[cfg(test)]
    pub(crate) fn plain(number: OrderNumber, stage: Stage) -> Self {
        Self {
            number,
            login_name: LoginName::new("a"),
            product: Product::Smime,
            email: None,
            organization: None,
            csr: None,
            terms: Terms::default(),
            stage,
            revocation: None,
        }
    }

    /// Its state at that time.
    pub fn state_at(&self, now: Timestamp) -> State {
        let unless_expired = |validity: Validity, state| {
            if now < validity.expires { state } else { State::Expired }
        };
        match self.stage {
            Stage::Pending => State::Pending,
            Stage::BeingIssued(Some(validity)) if now >= validity.issued => unless_expired(validity, State::Issued),
            Stage::BeingIssued(_) => State::BeingIssued,
            Stage::Issued(validity) => unless_expired(validity, State::Issued),
            Stage::Replaced(validity) => unless_expired(validity, State::Replaced),
            Stage::Revoked(_) => State::Revoked,
            Stage::Rejected => State::Rejected,
            Stage::OnHold => State::OnHold,
        }
    }

    /// Its kind of certificate.
    pub fn product_code(&self) -> ProductCode {
        let usual = || ProductCode::usual(self.product, self.organization.is_some());
        self.terms.product_code.unwrap_or_else(usual)
    }

    /// From when until when its certificate is valid, if there is one or one is due.
    pub fn validity(&self) -> Option<Validity> {
        match self.stage {
            Stage::BeingIssued(validity) => validity,
            Stage::Issued(validity) | Stage::Replaced(validity) | Stage::Revoked(validity) => Some(validity),
            Stage::Pending | Stage::Rejected | Stage::OnHold => None,
        }
    }
}

/// What the caller of `!autoRevokeCS` said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// When it was asked for.
    pub at: Timestamp,
    /// Why, as a CRL says it.
    pub reason: RevocationReason,
    /// Why, in the caller's own words.
    pub comment: Box<str>,
}

/// The reasons for a revocation that the API takes, numbered as in RFC 5280, section 5.3.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationReason {
    /// 0.
    Unspecified,
    /// 1.
    KeyCompromise,
    /// 3.
    AffiliationChanged,
    /// 4.
    Superseded,
    /// 5.
    CessationOfOperation,
}

impl RevocationReason {
    /// The reason of that number, if the API takes it.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Unspecified),
            1 => Some(Self::KeyCompromise),
            3 => Some(Self::AffiliationChanged),
            4 => Some(Self::Superseded),
            5 => Some(Self::CessationOfOperation),
            _ => None,
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn time_alone_moves_an_order_on() {
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
    fn an_order_number_is_written_in_one_way() {
        for text in [
            "",
            "0",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "abc",
            "1000000000000000000",
            "１",
        ] {
            assert_eq!(OrderNumber::parse(text), None, "{text}");
        }
        for text in ["1", "1234567", "999999999999999999"] {
            assert_eq!(OrderNumber::parse(text).unwrap().to_string(), text);
        }
    }
}
