//! Accounts.

mod build;
mod change;
mod describe;
mod list;
mod push;
mod schema;
mod secret;
mod voucher;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::schema::product_codes;
use self::secret::is_no_password;
use self::voucher::{VoucherEntry, read_voucher};
use crate::api::account::Payment;
use crate::clock::Timestamp;
use crate::model::when::{Span, When, optional_span, span};
use crate::model::{object, whole};

pub(super) use self::build::build_polls;
pub(crate) use self::build::{account_id_taken, build_account, login_name_taken, no_account};
pub use self::change::AccountChange;
pub(crate) use self::list::{AccountFilter, AccountList};
pub use self::push::Push;
pub(crate) use self::schema::{AccountAnswer, AccountPatch};
pub use self::secret::{NoPassword, Secret};
pub use self::voucher::VoucherInfo;

/// An account as users write it, in fixtures and to the control API. Its password is never printed. The control API answers
/// with an [`AccountInfo`], which has none.
///
/// ```
/// use sectigo_emulator::control::{Account, hours};
///
/// let account = Account::new("login", "password")
///     .may_only(["!autoRevokeCS"])
///     .call_limit(100, hours(1))
///     .reseller("login_name")
///     .account_id(7);
/// assert!(!format!("{account:?}").contains("password\""));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(deserialize = "T: Deserialize<'de>, P: Deserialize<'de>")
)]
#[schema(as = AccountEntry, bound = "")]
pub struct Account<T = When, P = Secret> {
    /// Its loginName.
    pub login_name: String,
    /// Its loginPassword, if it is one that is written.
    #[serde(skip_serializing_if = "is_no_password")]
    #[schema(value_type = Secret, required = true)]
    pub(crate) login_password: P,
    /// The number by which a reseller names it.
    #[serde(
        default,
        rename = "accountID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub account_id: Option<u64>,
    /// The loginName of the account that may name it by its accountID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reseller: Option<String>,
    /// A locked account is answered with -16.
    #[serde(default)]
    pub locked: bool,
    /// The endpoints that it may use; all if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The caCertificateIDs that it may name; without any, -91 answers one.
    #[serde(
        default,
        rename = "caCertificateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ca_certificate_ids: Vec<u64>,
    /// The ids of its e-mail templates.
    #[serde(
        default,
        rename = "templateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub template_ids: Vec<u64>,
    /// Whether it pays with a voucher, or the voucher's name: then -90 answers a revocation.
    #[serde(default, deserialize_with = "read_voucher", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VoucherEntry>)]
    pub voucher: Option<VoucherInfo>,
    /// How it pays for its orders; left out: at once.
    #[serde(default, skip_serializing_if = "is_at_once")]
    pub payment: Payment,
    /// The product codes that it has no price for; an order of one is answered with -115.
    #[serde(default, deserialize_with = "whole::list", skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = product_codes)]
    pub unpriced: Vec<u16>,
    /// How many calls it may make in a time; those beyond are answered with -42.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<CallLimit>)]
    pub call_limit: Option<CallLimit<T>>,
    /// How soon it may collect the same order again, by the sandbox's clock; a call before that is answered with -42.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub strict_polling: Option<Duration>,
    /// Orders that its calls make are issued when they are collected for the time with this number.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295u64)]
    pub issued_after_polls: Option<u32>,
    /// Where changes of its orders are pushed to.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Push>)]
    pub push: Option<Push>,
}

/// An account as the control API answers it: without its password, which no answer has.
pub type AccountInfo = Account<Timestamp, NoPassword>;

impl Account {
    /// An account that may do everything.
    #[must_use]
    pub fn new(login_name: &str, login_password: &str) -> Self {
        Self {
            login_name: login_name.to_owned(),
            login_password: Secret(login_password.to_owned()),
            account_id: None,
            reseller: None,
            locked: false,
            permissions: None,
            ca_certificate_ids: Vec::new(),
            template_ids: Vec::new(),
            voucher: None,
            payment: Payment::AtOnce,
            unpriced: Vec::new(),
            call_limit: None,
            strict_polling: None,
            issued_after_polls: None,
            push: None,
        }
    }

    /// It may collect the same order again only after that time, by the sandbox's clock.
    #[must_use]
    pub fn strict_polling(self, interval: Duration) -> Self {
        Self {
            strict_polling: Some(interval),
            ..self
        }
    }

    /// Changes of its orders are pushed.
    #[must_use]
    pub fn push(self, push: Push) -> Self {
        Self {
            push: Some(push),
            ..self
        }
    }
}

fn is_at_once(payment: &Payment) -> bool {
    *payment == Payment::AtOnce
}

/// A limit of calls.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
#[schema(as = CallLimitEntry, bound = "")]
pub struct CallLimit<T = When> {
    /// So many calls are allowed.
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 1000000)]
    pub calls: usize,
    /// In any span of that length, by the sandbox's clock.
    #[serde(with = "span")]
    #[schema(value_type = Span)]
    pub per: Duration,
    /// When the calls were made that count still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<When>)]
    pub counted: Vec<T>,
}

/// A limit of calls as the control API answers it.
pub type CallLimitInfo = CallLimit<Timestamp>;

impl CallLimit {
    /// At most so many calls in any span of that length, none of which was made yet.
    pub fn new(calls: usize, per: Duration) -> Self {
        Self {
            calls,
            per,
            counted: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
