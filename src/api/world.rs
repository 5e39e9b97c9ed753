//! All that one sandbox holds: its orders, its accounts, and what it assumes about the API.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::api::account::{Account, LoginName, Password};
use crate::api::chunks::ChunkedMap;
use crate::api::order::book::{Book, LifecycleChange};
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::outbox::Outbox;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber};
use crate::api::passwords::SearchedPasswords;
use crate::api::protocol::assumption::{Assumptions, HttpsSpelling, MessageQuotes, Spelling};
use crate::api::protocol::code::{Code, NOT_HTTPS, PLACEHOLDER, UNRECOGNIZED_ARGUMENT};
use crate::api::protocol::refusal::Refusal;
use crate::api::protocol::reply::Reply;
use crate::clock::Timestamp;

/// The world of one sandbox.
///
/// Cloning it is cheap: clones share their orders and their accounts until one of them changes them.
#[derive(Clone, Debug)]
pub struct World {
    /// The orders.
    pub book: Arc<Book>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// What is assumed of the API, and how messages are worded: shared with the calls that are being answered.
    pub conventions: Arc<Conventions>,
    /// How long a new order is being issued.
    pub issuance_delay: Duration,
    /// The mails that would have been sent.
    pub outbox: Arc<Outbox>,
    /// Tells the serial numbers of certificates, once the world is in a sandbox, which has a CA.
    pub serials: Option<Arc<dyn Serials>>,
}

/// Serial numbers of certificates, which are the CA's matter.
pub trait Serials: fmt::Debug + Send + Sync {
    /// The order that a serial number, in hexadecimal digits, would be of.
    fn order_number(&self, serial: &str) -> Option<OrderNumber>;

    /// The serial number of an order's certificate, in hexadecimal digits, if one is issued at that time.
    fn serial_number(&self, order: &Order, now: Timestamp) -> Option<String>;
}

impl World {
    /// The orders, to change them.
    pub fn book_mut(&mut self) -> &mut Book {
        Arc::make_mut(&mut self.book)
    }

    /// The orders whose state was changed since the last time, if the book keeps account of them.
    pub fn take_lifecycle_changes(&mut self) -> Vec<LifecycleChange> {
        // The book is opened for a change only if there is one.
        match self.book.has_lifecycle_changes() {
            true => self.book_mut().take_lifecycle_changes(),
            false => Vec::new(),
        }
    }

    /// The accounts, to change them.
    pub fn accounts_mut(&mut self) -> &mut Accounts {
        Arc::make_mut(&mut self.accounts)
    }

    /// The mails, to change them.
    pub fn outbox_mut(&mut self) -> &mut Outbox {
        Arc::make_mut(&mut self.outbox)
    }

    /// The order whose certificate has that serial number, in hexadecimal digits of either case.
    pub fn order_of_serial(&self, serial: &str, now: Timestamp) -> Option<&Order> {
        let serials = self.serials.as_ref()?;
        let order = self.book.get(serials.order_number(serial)?)?;
        let its_own = serials.serial_number(order, now)?;
        its_own.eq_ignore_ascii_case(serial).then_some(order)
    }

    /// The order whose certificate has that certificateID.
    pub fn order_of_certificate_id(&self, id: &str) -> Option<&Order> {
        self.book.by_certificate_id(CertificateId::parse(id)?)
    }

    /// The order of that number.
    pub fn order_of_number(&self, number: &str) -> Option<&Order> {
        self.book.get(OrderNumber::parse(number)?)
    }

    /// The order of that number, if it is of the account and of the product.
    ///
    /// # Errors
    /// It does not exist, is somebody else's, or is of another product.
    pub fn order(&self, number: &str, owner: &LoginName, product: Product) -> Result<&Order, OrderNotFound> {
        Self::of_owner(self.order_of_number(number), owner, product)
    }

    /// An order that was looked for, if it is of the account and of the product.
    ///
    /// # Errors
    /// There is none, or it is somebody else's, or of another product.
    pub fn of_owner<'w>(
        found: Option<&'w Order>,
        owner: &LoginName,
        product: Product,
    ) -> Result<&'w Order, OrderNotFound> {
        let order = found.ok_or(OrderNotFound::Unknown)?;
        if order.login_name != *owner {
            return Err(OrderNotFound::Foreign(order.number));
        }
        if order.product != product {
            return Err(OrderNotFound::OtherProduct {
                number: order.number,
                product: order.product,
            });
        }
        Ok(order)
    }
}

/// The accounts of a sandbox, by loginName.
///
/// Cloning it is cheap, and so is changing one account while clones are read.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_login_name: ChunkedMap<LoginName, Arc<Account>>,
    /// The accounts that have an accountID.
    by_account_id: ChunkedMap<u64, LoginName>,
    /// How many accounts have each password.
    passwords: ChunkedMap<Password, usize>,
    /// Which lengths passwords have, or once had: bit n is that of n bytes, of n + 64, and so on.
    password_lengths: u64,
    /// The passwords that are searched for in longer texts.
    searched: SearchedPasswords,
    /// How many accounts have the changes of their orders pushed.
    pushed: usize,
    /// How many bytes of memory the accounts take.
    memory: usize,
}

impl Accounts {
    /// The most accounts of a sandbox.
    pub const MAX: usize = 100_000;

    /// Enters an account, in place of one that has its loginName already. No other may have its accountID.
    pub fn insert(&mut self, account: Account) {
        self.password_lengths |= length_bit(account.login_password.expose().len());
        match self.passwords.get_mut(&account.login_password) {
            Some(count) => *count += 1,
            None => {
                self.passwords.insert(account.login_password.clone(), 1);
                self.searched.add(&account.login_password);
            }
        }
        self.pushed += usize::from(account.push.is_some());
        self.memory += account.memory();
        let (login_name, account_id) = (account.login_name.clone(), account.account_id);
        if let Some(old) = self.by_login_name.insert(login_name.clone(), Arc::new(account)) {
            self.forget(&old);
        }
        if let Some(account_id) = account_id {
            self.by_account_id.insert(account_id, login_name);
        }
    }

    /// Takes an account out.
    pub fn remove(&mut self, login_name: &str) -> Option<Account> {
        let removed = self.by_login_name.remove(login_name)?;
        self.forget(&removed);
        Some(Arc::unwrap_or_clone(removed))
    }

    fn forget(&mut self, account: &Account) {
        self.pushed -= usize::from(account.push.is_some());
        self.memory -= account.memory();
        if let Some(account_id) = account.account_id
            && self.by_account_id.get(&account_id) == Some(&account.login_name)
        {
            self.by_account_id.remove(&account_id);
        }
        if let Some(count) = self.passwords.get_mut(&account.login_password) {
            *count -= 1;
            if *count == 0 {
                self.passwords.remove(&account.login_password);
                self.searched.make_former(&account.login_password);
            }
        }
    }

    /// Whether a text is the password of any account. This takes hardly longer with many accounts.
    pub fn is_password(&self, text: &str) -> bool {
        self.passwords.contains_key(text)
    }

    /// Whether a text holds what must not be told: nothing but the password of any account, or, among other things, one of
    /// at least six characters that an account has or had.
    pub fn holds_password(&self, text: &str) -> bool {
        self.is_password(text.trim()) || self.searched.is_any_in(text)
    }

    /// Takes the passwords of accounts that were here before for those that an account had.
    pub fn remember_passwords(&mut self, before: &Self) {
        self.searched.remember(&before.searched);
    }

    /// Whether there may be a password of that many bytes: if not, a text of that length is none, and need not be looked up.
    pub fn may_have_password_of(&self, bytes: usize) -> bool {
        self.password_lengths & length_bit(bytes) != 0
    }

    /// Whether the changes of any account's orders are pushed.
    pub fn has_push(&self) -> bool {
        self.pushed > 0
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.by_login_name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_login_name.is_empty()
    }

    /// How many bytes of memory they take, about.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Every account, by loginName.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_login_name.values().map(|account| &**account)
    }

    /// The account of that loginName.
    pub fn get(&self, login_name: &str) -> Option<&Account> {
        self.by_login_name.get(login_name).map(|account| &**account)
    }

    /// The account of that accountID.
    pub fn of_account_id(&self, account_id: u64) -> Option<&Account> {
        self.get(self.by_account_id.get(&account_id)?.as_str())
    }

    /// The account that these credentials open.
    ///
    /// # Errors
    /// They open none.
    pub fn log_in(&self, login_name: &str, password: &str) -> Result<&Account, LoginRefused> {
        let account = self.get(login_name).ok_or(LoginRefused::UnknownLoginName)?;
        if !account.login_password.is(password) {
            return Err(LoginRefused::WrongPassword);
        }
        if account.locked {
            return Err(LoginRefused::Locked);
        }
        Ok(account)
    }

    /// The account that a reseller names by its accountID: its own, or one under it.
    ///
    /// # Errors
    /// There is none.
    pub fn under(&self, reseller: &Account, account_id: u64) -> Result<&Account, LoginRefused> {
        if reseller.account_id == Some(account_id) {
            return self
                .get(reseller.login_name.as_str())
                .ok_or(LoginRefused::UnknownLoginName);
        }
        self.of_account_id(account_id)
            .filter(|account| account.reseller.as_ref() == Some(&reseller.login_name))
            .ok_or(LoginRefused::NotTheCallersAccount)
    }

    /// Counts a call of that account, or says that it is over its limit.
    pub fn admit(&mut self, login_name: &str, now: Timestamp) -> bool {
        self.note(login_name, |account| {
            account.call_limit.as_mut().is_none_or(|limit| limit.admit(now))
        })
    }

    /// Notes that the account collects an order, or says that this is too soon after the last time.
    pub fn admit_poll(&mut self, login_name: &str, number: OrderNumber, now: Timestamp) -> bool {
        self.note(login_name, |account| {
            let polling = account.polling.as_mut();
            polling.is_none_or(|polling| polling.admit(number.get(), now))
        })
    }

    /// Notes something of a call of that account, if there is one, or says that it may not be made.
    fn note(&mut self, login_name: &str, note: impl FnOnce(&mut Account) -> bool) -> bool {
        let Some(account) = self.by_login_name.get_mut(login_name) else {
            return true;
        };
        let account = Arc::make_mut(account);
        let before = account.noted_memory();
        let is_admitted = note(account);
        self.memory = self.memory - before + account.noted_memory();
        is_admitted
    }
}

fn length_bit(bytes: usize) -> u64 {
    1 << (bytes % 64)
}

/// Why nobody was let in. The sentence is for the log.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LoginRefused {
    /// No account has that loginName.
    #[error("no account has that loginName")]
    UnknownLoginName,
    /// The password is another.
    #[error("the loginPassword is not this account's")]
    WrongPassword,
    /// The account is locked.
    #[error("the account is locked")]
    Locked,
    /// No account of that accountID is under the caller.
    #[error("no account under the caller has that accountID")]
    NotTheCallersAccount,
}

/// Why there is no order to work on. The sentence is for the log.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OrderNotFound {
    /// No order has that number.
    #[error("no order has that number")]
    Unknown,
    /// It is another account's.
    #[error("order {0} is another account's")]
    Foreign(OrderNumber),
    /// It is of another product.
    #[error("order {number} is {} order", product.described())]
    OtherProduct {
        /// The order.
        number: OrderNumber,
        /// Its product.
        product: Product,
    },
}

/// What a sandbox assumes about the API, and how it words its messages.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conventions {
    /// The assumptions.
    pub assumptions: Assumptions,
    messages: BTreeMap<(&'static str, i32), String>,
}

impl From<Assumptions> for Conventions {
    fn from(assumptions: Assumptions) -> Self {
        Self {
            assumptions,
            messages: BTreeMap::new(),
        }
    }
}

impl Conventions {
    /// Words a code of an endpoint in another way; `xxxx` in it is filled as in the code table's.
    pub fn reword(&mut self, endpoint: &'static str, code: i32, message: String) {
        self.messages.insert((endpoint, code), message);
    }

    /// Every message that is worded in another way: endpoint, code, wording.
    pub fn messages(&self) -> impl Iterator<Item = (&'static str, i32, &str)> {
        self.messages
            .iter()
            .map(|((endpoint, code), message)| (*endpoint, *code, &**message))
    }

    /// The reply to a refused call of an endpoint.
    pub fn reply(&self, endpoint: &'static str, refusal: &Refusal) -> Reply {
        Reply::Error {
            code: refusal.code.number,
            message: self.message(endpoint, refusal),
        }
    }

    /// The message of a refused call of an endpoint.
    pub(crate) fn message(&self, endpoint: &'static str, refusal: &Refusal) -> Cow<'static, str> {
        let code = refusal.code;
        let template = match self.messages.get(&(endpoint, code.number)) {
            Some(message) => message.clone().into(),
            None => self.spell(code),
        };
        refusal.fill(template)
    }

    /// The message of the table as the service is assumed to spell it.
    fn spell(&self, code: &Code) -> Cow<'static, str> {
        let mut message = Cow::Borrowed(code.message);
        if code.number == UNRECOGNIZED_ARGUMENT.number && self.assumptions.spelling == Spelling::British {
            message = message.replace("unrecognized", "unrecognised").into();
        }
        if code.number == NOT_HTTPS.number {
            message = match self.assumptions.https_spelling {
                HttpsSpelling::Documented => message,
                HttpsSpelling::Upper => message.replace("https!", "HTTPS!").into(),
                HttpsSpelling::Lower => message.replace("HTTPS!", "https!").into(),
            };
        }
        match self.assumptions.message_quotes {
            MessageQuotes::Single => message,
            MessageQuotes::BackTicks => message
                .replace(&format!("'{PLACEHOLDER}'"), &format!("`{PLACEHOLDER}`"))
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_for_as_long_as_an_account_has_it() {
        let account = |login_name: &str, password: &str| Account::plain(login_name, password);
        let mut accounts = Accounts::default();
        accounts.insert(account("a", "one"));
        accounts.insert(account("b", "one"));
        accounts.insert(account("a", "two"));
        assert!(accounts.is_password("one") && accounts.is_password("two"));
        accounts.insert(account("a", "two"));
        accounts.remove("b");
        assert!(!accounts.is_password("one") && accounts.is_password("two"));
        let before = accounts.clone();
        accounts.remove("a");
        assert!(!accounts.is_password("two") && !accounts.is_password("a"));
        assert!(before.is_password("two") && !before.is_password("one"));
    }

    #[test]
    fn an_account_is_found_by_the_account_id_that_it_has_now() {
        let account = |login_name: &str, account_id| Account {
            account_id,
            ..Account::plain(login_name, "p")
        };
        let mut accounts = Accounts::default();
        let found = |accounts: &Accounts| {
            let found = |id| accounts.of_account_id(id).map(|account| account.login_name.to_string());
            [1, 2, 3].map(|id| found(id).unwrap_or_default())
        };
        accounts.insert(account("a", Some(1)));
        accounts.insert(account("b", Some(2)));
        accounts.insert(account("c", None));
        assert_eq!(found(&accounts), ["a", "b", ""]);
        accounts.insert(account("a", Some(1)));
        accounts.insert(account("b", Some(3)));
        assert_eq!(found(&accounts), ["a", "", "b"]);
        accounts.insert(account("a", None));
        accounts.insert(account("c", Some(1)));
        accounts.remove("b");
        assert_eq!(found(&accounts), ["c", "", ""]);
    }

    #[test]
    fn a_reseller_names_its_own_account_and_those_under_it() {
        let account = |login_name: &str, account_id, reseller: Option<&str>| Account {
            account_id: Some(account_id),
            reseller: reseller.map(LoginName::new),
            ..Account::plain(login_name, "p")
        };
        let mut accounts = Accounts::default();
        let reseller = account("r", 1, None);
        accounts.insert(reseller.clone());
        accounts.insert(account("under", 2, Some("r")));
        accounts.insert(account("other", 3, Some("under")));
        let named = |id| {
            accounts
                .under(&reseller, id)
                .map(|account| account.login_name.to_string())
        };
        assert_eq!(named(1), Ok("r".to_owned()));
        assert_eq!(named(2), Ok("under".to_owned()));
        assert_eq!(
            [3, 4].map(named),
            [(); 2].map(|()| Err(LoginRefused::NotTheCallersAccount))
        );
    }

    #[test]
    fn changing_one_account_leaves_nearly_all_passwords_shared_with_a_clone() {
        let mut accounts = Accounts::default();
        for number in 0..20_000 {
            accounts.insert(Account::plain(&format!("name{number}"), &format!("password{number}")));
        }
        let clone = accounts.clone();
        accounts.insert(Account::plain("name7", "password7"));
        accounts.insert(Account::plain("name8", "another"));
        accounts.remove("name9");
        let shared = accounts.passwords.shared_chunks(&clone.passwords);
        assert!(shared >= 15, "{shared}");
        assert!(["another", "password7"].iter().all(|text| accounts.is_password(text)));
        assert!(
            ["password8", "password9"]
                .iter()
                .all(|text| !accounts.is_password(text) && clone.is_password(text))
        );
    }
}
