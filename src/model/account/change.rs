//! Changes of accounts, and what sets the fields of an account and of a change alike.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Account, CallLimit, Push, VoucherInfo};
use crate::api::account::Payment;
use crate::model::settable::settable;
use crate::model::when::Span;

/// A change of an account; the fields that it does not name stay as they are. A password in it is never printed.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct AccountChange {
    pub(crate) login_name: String,
    pub(crate) fields: Map<String, Value>,
}

impl AccountChange {
    /// An empty change of the account with that loginName, to which fields are added.
    pub fn of(login_name: &str) -> Self {
        Self {
            login_name: login_name.to_owned(),
            fields: Map::new(),
        }
    }

    /// Gives it that loginPassword.
    pub fn password(self, login_password: &str) -> Self {
        self.with("loginPassword", login_password)
    }

    /// Unlocks it.
    pub fn unlocked(self) -> Self {
        self.with("locked", false)
    }

    /// Takes a field away, such as `callLimit`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    /// It may collect the same order again only after that time, by the sandbox's clock.
    pub fn strict_polling(self, interval: Duration) -> Self {
        self.with("strictPolling", Span(interval))
    }

    /// Changes of its orders are pushed there. The credentials of the push before do not stay.
    pub fn push(self, push: Push) -> Self {
        self.with("push", push.into_change())
    }

    fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.fields.insert(field.to_owned(), json!(value));
        self
    }
}

settable! { Account, AccountChange:
    /// Locked: it cannot log in.
    locked() sets locked, "locked": true;

    /// It may use these endpoints alone.
    may_only<'e>(endpoints: impl IntoIterator<Item = &'e str>) sets permissions, "permissions":
        Some(endpoints.into_iter().map(str::to_owned).collect::<Vec<_>>());

    /// It may call so often in any span of that length, by the sandbox's clock.
    call_limit(calls: usize, per: Duration) sets call_limit, "callLimit": Some(CallLimit::new(calls, per));

    /// It is under the reseller with that loginName.
    reseller(login_name: &str) sets reseller, "reseller": Some(login_name.to_owned());

    /// With that `accountID`, by which its reseller names it.
    account_id(id: u64) sets account_id, "accountID": Some(id);

    /// It may ask for these `caCertificateID`s.
    ca_certificate_ids(ids: impl IntoIterator<Item = u64>) sets ca_certificate_ids, "caCertificateIDs":
        ids.into_iter().collect::<Vec<_>>();

    /// It has these e-mail templates.
    template_ids(ids: impl IntoIterator<Item = u64>) sets template_ids, "templateIDs":
        ids.into_iter().collect::<Vec<_>>();

    /// It pays in that way.
    payment(payment: Payment) sets payment, "payment": payment;

    /// It has no price for these product codes.
    unpriced(codes: impl IntoIterator<Item = u16>) sets unpriced, "unpriced": codes.into_iter().collect::<Vec<_>>();

    /// It pays with that voucher.
    voucher(name: &str) sets voucher, "voucher": Some(VoucherInfo::Named(name.to_owned()));

    /// Orders that its calls make are issued when they are collected for the time with that number.
    issued_after_polls(polls: u32) sets issued_after_polls, "issuedAfterPolls": Some(polls);
}

impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Any value may be a secret.
        write!(f, "AccountChange of {}: ", self.login_name)?;
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
