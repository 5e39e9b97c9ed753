//! Accounts.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::api::account::{Account, CallLimit, LoginName, Password, Voucher};
use crate::clock::Timestamp;
use crate::model::endpoint::entry_endpoint;
use crate::model::problem::{Problem, check_length};
use crate::model::when::{Span, When};
use crate::model::{object, whole};
use crate::shown::shown;

/// An account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountEntry {
    pub(crate) login_name: String,
    pub(crate) login_password: Secret,
    /// The number by which a reseller names it.
    #[serde(
        default,
        rename = "accountID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) account_id: Option<u64>,
    /// The loginName of the account that may name it by its accountID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reseller: Option<String>,
    /// A locked account is answered with -16.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) locked: bool,
    /// The endpoints that it may use; all if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<String>>,
    /// The caCertificateIDs that it may name; without any, -91 answers one.
    #[serde(
        default,
        rename = "caCertificateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) ca_certificate_ids: Vec<u64>,
    /// The ids of its e-mail templates.
    #[serde(
        default,
        rename = "templateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) template_ids: Vec<u64>,
    /// Whether it pays with a voucher, or the voucher's name: then -90 answers a revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voucher: Option<VoucherEntry>,
    /// How many calls it may make in a time; those beyond are answered with -42.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) call_limit: Option<CallLimitEntry>,
}

/// A password; it is never printed, not even when it is of a wrong kind, only written into snapshots.
#[derive(Clone, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Takes a string. Of a number or a boolean, serde's own error would tell the value.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<Secret, E> {
        Err(E::custom("a password is a string, in quotes"))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a password in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A voucher: that there is one, or its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum VoucherEntry {
    Used(bool),
    Named(String),
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for VoucherEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VoucherVisitor)
    }
}

struct VoucherVisitor;

impl Visitor<'_> for VoucherVisitor {
    type Value = VoucherEntry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another value: `voucher` is true, false, or the voucher's name")
    }

    fn visit_bool<E: de::Error>(self, is_used: bool) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Used(is_used))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Named(name.to_owned()))
    }
}

/// A limit of calls.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallLimitEntry {
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 1000000)]
    pub(crate) calls: usize,
    pub(crate) per: Span,
    /// When the calls were made that count still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) counted: Vec<When>,
}

/// The account that an entry describes, which need not fit the others.
pub(crate) fn build_account(entry: &AccountEntry, now: Timestamp) -> Result<Account, Problem> {
    check_length("loginName", &entry.login_name, LoginName::MAX)?;
    check_length("loginPassword", &entry.login_password.0, Password::MAX)?;
    let permissions = match &entry.permissions {
        Some(names) => Some(
            names
                .iter()
                .map(|name| entry_endpoint("permissions", name).map(|e| e.name))
                .collect::<Result<_, _>>()?,
        ),
        None => None,
    };
    let call_limit = match &entry.call_limit {
        Some(limit) if limit.calls > CallLimit::MAX_CALLS || limit.per.0.is_zero() => {
            return Err(Problem::at(
                "callLimit",
                format!(
                    "takes at most {} calls, in a span longer than zero",
                    CallLimit::MAX_CALLS
                ),
            ));
        }
        Some(limit) => Some(CallLimit::new(
            limit.calls,
            limit.per.0,
            limit.counted.iter().map(|when| when.from(now)),
        )),
        None => None,
    };
    Ok(Account {
        login_name: LoginName::new(&entry.login_name),
        login_password: Password::new(entry.login_password.0.as_str()),
        account_id: entry.account_id,
        reseller: entry.reseller.as_deref().map(LoginName::new),
        locked: entry.locked,
        permissions,
        ca_certificate_ids: entry.ca_certificate_ids.clone(),
        template_ids: entry.template_ids.clone(),
        voucher: match &entry.voucher {
            None | Some(VoucherEntry::Used(false)) => None,
            Some(VoucherEntry::Used(true)) => Some(Voucher(None)),
            Some(VoucherEntry::Named(name)) => Some(Voucher(Some(name.clone()))),
        },
        call_limit,
    })
}

impl AccountEntry {
    /// The entry that makes this account again.
    pub(crate) fn describe(account: &Account) -> Self {
        Self {
            login_name: account.login_name.to_string(),
            login_password: Secret(account.login_password.expose().to_owned()),
            account_id: account.account_id,
            reseller: account.reseller.as_ref().map(ToString::to_string),
            locked: account.locked,
            permissions: account
                .permissions
                .as_ref()
                .map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ca_certificate_ids: account.ca_certificate_ids.clone(),
            template_ids: account.template_ids.clone(),
            voucher: account.voucher.as_ref().map(|voucher| match &voucher.0 {
                Some(name) => VoucherEntry::Named(name.clone()),
                None => VoucherEntry::Used(true),
            }),
            call_limit: account.call_limit.as_ref().map(|limit| CallLimitEntry {
                calls: limit.calls(),
                per: Span(limit.per()),
                counted: limit.counted().map(When::At).collect(),
            }),
        }
    }
}

/// Says that an account is not there.
pub(crate) fn no_account(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("no account has {}", this_login_name(login_name, is_password))
}

/// Says that a loginName is taken.
pub(crate) fn login_name_taken(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("another account has {}", this_login_name(login_name, is_password))
}

/// A loginName in a message. It is not told if it is a password: then it stands in the wrong place.
fn this_login_name(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    match is_password(login_name) || is_password(login_name.trim()) {
        true => "this loginName".to_owned(),
        false => format!("the loginName `{}`", shown(login_name)),
    }
}

/// Says that an accountID is taken.
pub(crate) fn account_id_taken(account_id: u64) -> String {
    format!("another account has the accountID {account_id}")
}
