//! The accounts of a sandbox.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::remote::escape;
use crate::model::account::{Account, AccountChange, AccountFilter, AccountInfo, AccountList};

/// The accounts of a sandbox; see [`Control::accounts`].
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'c>(pub(super) &'c Control);

impl Accounts<'_> {
    /// Makes an account.
    ///
    /// # Errors
    /// Its loginName is taken, or a field has a value that is not accepted.
    pub async fn create(self, account: Account) -> Result<AccountInfo, ControlError> {
        let path = self.0.at("/accounts");
        self.0.remote().send(Method::POST, &path, &account).await
    }

    /// The account with that loginName.
    ///
    /// # Errors
    /// No account has that loginName.
    pub async fn show(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.0.remote().get(&self.path(login_name)).await
    }

    /// Every account.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<Vec<AccountInfo>, ControlError> {
        let answer: AccountList = self.0.remote().get(&self.0.at("/accounts")).await?;
        Ok(answer.accounts)
    }

    /// The accounts with that text in their loginName or accountID, whatever its case.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn search(self, text: &str) -> Result<Vec<AccountInfo>, ControlError> {
        let filter = AccountFilter {
            search: Some(text.to_owned()),
            ..AccountFilter::default()
        };
        let path = self.0.at(&format!("/accounts{}", filter.query()));
        let answer: AccountList = self.0.remote().get(&path).await?;
        Ok(answer.accounts)
    }

    /// Locks an account: it cannot log in.
    ///
    /// # Errors
    /// No account has that loginName.
    pub async fn lock(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.change(AccountChange::of(login_name).locked()).await
    }

    /// Unlocks an account.
    ///
    /// # Errors
    /// No account has that loginName.
    pub async fn unlock(self, login_name: &str) -> Result<AccountInfo, ControlError> {
        self.change(AccountChange::of(login_name).unlocked()).await
    }

    /// Changes the account that the change names; what it does not say stays.
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
    /// No account has that loginName, or a field has a value that is not accepted.
    pub async fn change(self, change: AccountChange) -> Result<AccountInfo, ControlError> {
        let AccountChange { login_name, fields } = change;
        let path = self.path(&login_name);
        self.0.remote().send(Method::PATCH, &path, &fields).await
    }

    /// Deletes an account.
    ///
    /// # Errors
    /// No account has that loginName, or it has orders.
    pub async fn delete(self, login_name: &str) -> Result<(), ControlError> {
        self.0.remote().send_empty(Method::DELETE, &self.path(login_name)).await
    }

    fn path(self, login_name: &str) -> String {
        self.0.at(&format!("/accounts/{}", escape(login_name)))
    }
}
