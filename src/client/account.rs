//! Accounts: how they shall be, and how they are.

use std::fmt;
use std::time::Duration;

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::remote::escape;
use crate::client::time::{self, span};
use crate::model::account::VoucherEntry;

/// The accounts of a sandbox; see [`Control::accounts`].
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'c>(pub(super) &'c Control);

impl Accounts<'_> {
    /// Makes an account.
    ///
    /// # Errors
    /// Its loginName is taken, or a field is not what is taken.
    pub async fn create(self, account: Account) -> Result<AccountInfo, ControlError> {
        let path = self.0.at("/accounts");
        self.0.remote().send(Method::POST, &path, &account).await
    }

    /// The account with that loginName.
    ///
    /// # Errors
    /// There is none.
    pub async fn show(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.0.remote().get(&self.path(login_name)).await
    }

    /// Every account.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn list(self) -> Result<Vec<AccountInfo>, ControlError> {
        #[derive(Deserialize)]
        struct Answer {
            accounts: Vec<AccountInfo>,
        }
        let answer: Answer = self.0.remote().get(&self.0.at("/accounts")).await?;
        Ok(answer.accounts)
    }

    /// Locks an account: it cannot log in.
    ///
    /// # Errors
    /// There is none with that loginName.
    pub async fn lock(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.patch(login_name, &json!({"locked": true})).await
    }

    /// Unlocks an account.
    ///
    /// # Errors
    /// There is none with that loginName.
    pub async fn unlock(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.patch(login_name, &json!({"locked": false})).await
    }

    /// Changes the account that the change names; what it does not say stays. An [`Account`] is a change into it.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::AccountChange;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let change = AccountChange::of("login_name").password("another").voucher("prepaid");
    /// let account = emulator.control().accounts().change(change).await?;
    /// assert!(account.voucher.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is none with that loginName, or a field is not what is taken.
    pub async fn change(self, change: impl Into<AccountChange>) -> Result<AccountInfo, ControlError> {
        let AccountChange { login_name, fields } = change.into();
        self.patch(&login_name, &Value::Object(fields)).await
    }

    /// Deletes an account.
    ///
    /// # Errors
    /// There is none with that loginName, or it has orders.
    pub async fn delete(self, login_name: &str) -> Result<(), ControlError> {
        self.0.remote().tell(Method::DELETE, &self.path(login_name)).await
    }

    async fn patch(self, login_name: &str, change: &Value) -> Result<AccountInfo, ControlError> {
        let path = self.path(login_name);
        self.0.remote().send(Method::PATCH, &path, change).await
    }

    fn path(self, login_name: &str) -> String {
        self.0.at(&format!("/accounts/{}", escape(login_name)))
    }
}

/// What is said of an account in the same words whether it is made or changed.
macro_rules! fields {
    () => {
        /// It may use these endpoints alone.
        pub fn may_only<'e>(self, endpoints: impl IntoIterator<Item = &'e str>) -> Self {
            self.with("permissions", endpoints.into_iter().collect::<Vec<_>>())
        }

        /// It may call so often in any span of that length, by the sandbox's clock.
        pub fn call_limit(self, calls: usize, per: Duration) -> Self {
            self.with("callLimit", json!({"calls": calls, "per": span(per)}))
        }

        /// It is under the reseller with that loginName.
        pub fn reseller(self, login_name: &str) -> Self {
            self.with("reseller", login_name)
        }

        /// With that `accountID`, by which its reseller names it.
        pub fn account_id(self, id: u64) -> Self {
            self.with("accountID", id)
        }

        /// It may ask for these `caCertificateID`s.
        pub fn ca_certificate_ids(self, ids: impl IntoIterator<Item = u64>) -> Self {
            self.with("caCertificateIDs", ids.into_iter().collect::<Vec<_>>())
        }

        /// It has these e-mail templates.
        pub fn template_ids(self, ids: impl IntoIterator<Item = u64>) -> Self {
            self.with("templateIDs", ids.into_iter().collect::<Vec<_>>())
        }

        /// It pays with that voucher.
        pub fn voucher(self, name: &str) -> Self {
            self.with("voucher", name)
        }

        fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
            self.fields.insert(field.to_owned(), value.into());
            self
        }
    };
}

/// An account to make. Its password is never printed.
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
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Account {
    login_name: String,
    fields: Map<String, Value>,
}

/// A change of an account; see [`Accounts::change`]. A password in it is never printed.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct AccountChange {
    login_name: String,
    fields: Map<String, Value>,
}

impl Account {
    /// An account that may do everything.
    pub fn new(login_name: &str, login_password: &str) -> Self {
        let account = Self {
            login_name: login_name.to_owned(),
            fields: Map::new(),
        };
        account
            .with("loginName", login_name)
            .with("loginPassword", login_password)
    }

    /// Locked: it cannot log in.
    pub fn locked(self) -> Self {
        self.with("locked", true)
    }

    fields!();
}

impl AccountChange {
    /// A change of nothing of the account with that loginName, to be told what.
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

    /// Locks it: it cannot log in.
    pub fn locked(self) -> Self {
        self.with("locked", true)
    }

    /// Unlocks it.
    pub fn unlocked(self) -> Self {
        self.with("locked", false)
    }

    /// Takes a field away, such as `callLimit`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    fields!();
}

impl From<Account> for AccountChange {
    fn from(account: Account) -> Self {
        let Account { login_name, mut fields } = account;
        fields.remove("loginName");
        Self { login_name, fields }
    }
}

impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.fields.iter().filter(|(field, _)| *field != "loginPassword");
        write!(f, "AccountChange of {} ", self.login_name)?;
        f.debug_map().entries(told).finish()
    }
}

impl Serialize for Account {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.fields.iter().filter(|(field, _)| *field != "loginPassword");
        f.write_str("Account ")?;
        f.debug_map().entries(told).finish()
    }
}

/// An account as it is, without its password.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// Its loginName.
    pub login_name: String,
    /// Its `accountID`.
    #[serde(rename = "accountID")]
    pub account_id: Option<u64>,
    /// The loginName of its reseller.
    pub reseller: Option<String>,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
    /// The endpoints that it may use; without a list, all of them.
    pub permissions: Option<Vec<String>>,
    /// The `caCertificateID`s that it may ask for.
    #[serde(default, rename = "caCertificateIDs")]
    pub ca_certificate_ids: Vec<u64>,
    /// The e-mail templates that it has.
    #[serde(default, rename = "templateIDs")]
    pub template_ids: Vec<u64>,
    /// The voucher that it pays with, if it does.
    pub voucher: Option<VoucherInfo>,
    /// How often it may call.
    pub call_limit: Option<CallLimitInfo>,
}

/// The voucher that an account pays with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(from = "VoucherEntry")]
pub enum VoucherInfo {
    /// One without a name.
    Unnamed,
    /// The one of that name.
    Named(String),
}

impl From<VoucherEntry> for VoucherInfo {
    fn from(entry: VoucherEntry) -> Self {
        match entry {
            // The API leaves out what is false.
            VoucherEntry::Used(_) => Self::Unnamed,
            VoucherEntry::Named(name) => Self::Named(name),
        }
    }
}

/// How often an account may call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct CallLimitInfo {
    /// So often.
    pub calls: usize,
    /// In any span of that length.
    #[serde(deserialize_with = "time::read_span")]
    pub per: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::hours;

    #[test]
    fn an_account_is_written_and_its_password_is_not_printed() {
        let account = Account::new("l", "s3cret").locked().may_only(["!autoRevokeCS"]);
        assert_eq!(
            json!(account.clone().call_limit(100, hours(1)).account_id(7)),
            json!({"loginName": "l", "loginPassword": "s3cret", "locked": true, "permissions": ["!autoRevokeCS"],
                   "callLimit": {"calls": 100, "per": "1h"}, "accountID": 7})
        );
        let printed = format!("{account:?}");
        assert!(printed.contains("locked") && !printed.contains("s3cret"), "{printed}");
    }

    #[test]
    fn a_change_is_written_and_its_password_is_not_printed() {
        let change = AccountChange::of("l")
            .password("s3cret")
            .unlocked()
            .without("callLimit");
        assert_eq!(
            json!(change.fields),
            json!({"loginPassword": "s3cret", "locked": false, "callLimit": null})
        );
        let printed = format!("{change:?}");
        assert!(
            printed.contains("callLimit") && !printed.contains("s3cret"),
            "{printed}"
        );
        let into = AccountChange::from(Account::new("l", "p").locked());
        assert_eq!(into, AccountChange::of("l").password("p").locked());
    }

    #[test]
    fn an_account_is_read() {
        for (voucher, expected) in [
            (json!("prepaid"), VoucherInfo::Named("prepaid".to_owned())),
            (json!(true), VoucherInfo::Unnamed),
        ] {
            let account: AccountInfo = serde_json::from_value(json!({"loginName": "l", "voucher": voucher})).unwrap();
            assert_eq!(account.voucher, Some(expected));
        }

        let account: AccountInfo =
            serde_json::from_value(json!({"loginName": "l", "callLimit": {"calls": 2, "per": "1h"}})).unwrap();
        assert_eq!(account.call_limit.map(|limit| limit.per), Some(hours(1)));
        assert!(!account.locked && account.permissions.is_none());
    }
}
