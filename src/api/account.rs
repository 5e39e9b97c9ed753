//! Accounts: who may log in, what they may do, and how often.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::http_url::HttpUrl;
use crate::clock::Timestamp;

/// A loginName, case sensitive.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LoginName(Arc<str>);

impl LoginName {
    /// The most characters that the API accepts.
    pub const MAX: usize = 64;

    /// The loginName with that text.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for LoginName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A loginPassword, case sensitive. `Debug` does not print it. Clones share its text.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Password(Arc<str>);

impl Password {
    /// The most characters that the API accepts.
    pub const MAX: usize = 128;

    /// The password with that text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Its text. Only for snapshots, from which the same accounts are made again, and for the receiver of pushes.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this password.
    pub fn is(&self, text: &str) -> bool {
        *self.0 == *text
    }
}

impl Borrow<str> for Password {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// An account of the API.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its loginName.
    pub login_name: LoginName,
    /// Its loginPassword.
    pub login_password: Password,
    /// Its accountID, with which its reseller names it in a call.
    pub account_id: Option<u64>,
    /// The loginName of its reseller, if it has one.
    pub reseller: Option<LoginName>,
    /// Whether it is locked: it cannot log in.
    pub locked: bool,
    /// The endpoints that it may use; if None, all of them.
    pub permissions: Option<Vec<&'static str>>,
    /// The values of `caCertificateID` that it may use, by special agreement.
    pub ca_certificate_ids: Vec<u64>,
    /// The numbers of its e-mail templates.
    pub template_ids: Vec<u64>,
    /// The voucher that it pays with, if it pays with one.
    pub voucher: Option<Voucher>,
    /// How it pays for its orders.
    pub payment: Payment,
    /// The product codes that it has no price for.
    pub unpriced: Vec<u16>,
    /// How many calls it may make, if that is limited.
    pub call_limit: Option<CallLimit>,
    /// How often it may collect the same order, if that is limited.
    pub polling: Option<Polling>,
    /// After how many polls its new orders are issued, if not by time alone.
    pub issued_after_polls: Option<NonZeroU32>,
    /// Where the changes of its orders are pushed to, if anywhere.
    pub push: Option<Arc<PushTarget>>,
}

impl Account {
    /// An account with defaults for all else: it may use every endpoint.
    #[cfg(any(test, feature = "doors"))]
    pub(crate) fn plain(login_name: &str, login_password: &str) -> Self {
        Self {
            login_name: LoginName::new(login_name),
            login_password: Password::new(login_password),
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
            polling: None,
            issued_after_polls: None,
            push: None,
        }
    }

    /// How many bytes of memory it takes, about.
    pub fn memory(&self) -> usize {
        let numbers = size_of::<u64>() * (self.ca_certificate_ids.len() + self.template_ids.len());
        let permissions = size_of::<&str>() * self.permissions.as_ref().map_or(0, Vec::len);
        let voucher = self.voucher.as_ref().and_then(|voucher| voucher.0.as_ref());
        let push = self.push.as_ref().map_or(0, |push| {
            let user = push.credentials.as_ref();
            let user = user.map_or(0, |user| user.user_name.len() + user.password.expose().len());
            size_of::<PushTarget>() + push.url.as_str().len() + user
        });
        let texts =
            self.login_name.as_str().len() + self.login_password.expose().len() + voucher.map_or(0, String::len);
        // The name and the password are the keys of maps as well, which share their texts.
        let keys = size_of::<LoginName>() + size_of::<Password>();
        size_of::<Self>()
            + keys
            + texts
            + numbers
            + size_of::<u16>() * self.unpriced.len()
            + permissions
            + push
            + self.noted_memory()
    }

    /// How many of these bytes are for what is noted of its calls.
    pub(crate) fn noted_memory(&self) -> usize {
        let calls = self.call_limit.as_ref().map_or(0, |limit| limit.counted.len());
        let polls = self.polling.as_ref().map_or(0, |polling| polling.last.len());
        size_of::<Timestamp>() * calls + size_of::<(u64, Timestamp)>() * polls
    }

    /// Whether it may use the endpoint of that name.
    pub fn may_use(&self, endpoint: &str) -> bool {
        self.permissions.as_ref().is_none_or(|names| names.contains(&endpoint))
    }
}

/// How an account pays for its orders.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Payment {
    /// At once, from its credit.
    #[default]
    AtOnce,
    /// Later: each order is unpaid until `!AutoAuthorize`.
    Later,
    /// At once, but its credit is used up: -15.
    NoCredit,
}

/// A voucher, with its name if the fixtures give one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voucher(pub Option<String>);

/// A limit of calls in any period of a given length, by the sandbox's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallLimit {
    calls: usize,
    per: Duration,
    counted: VecDeque<Timestamp>,
}

impl CallLimit {
    /// The greatest limit that can be set: each counted call takes eight bytes.
    pub const MAX_CALLS: usize = 1_000_000;

    /// At most `calls` calls in any period of the length `per`. `counted` are the times of earlier calls, the oldest
    /// first; if they are more than `calls`, the last ones are used.
    pub fn new(calls: usize, per: Duration, counted: impl IntoIterator<Item = Timestamp>) -> Self {
        let calls = calls.min(Self::MAX_CALLS);
        let mut counted: VecDeque<_> = counted.into_iter().collect();
        counted.drain(..counted.len().saturating_sub(calls));
        Self { calls, per, counted }
    }

    /// The times of the counted calls, the oldest first.
    pub fn counted(&self) -> impl Iterator<Item = Timestamp> {
        self.counted.iter().copied()
    }

    /// How many calls are allowed in a period.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// The length of the period.
    pub fn per(&self) -> Duration {
        self.per
    }

    /// Counts a call at `now` and returns true, or returns false if the call is over the limit; such a call is not
    /// counted.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        let start = now.before(self.per);
        while self.counted.front().is_some_and(|call| *call <= start) {
            self.counted.pop_front();
        }
        // After the clock was set back, some counted calls are in the future.
        while self.counted.back().is_some_and(|call| *call > now) {
            self.counted.pop_back();
        }
        let is_admitted = self.counted.len() < self.calls;
        if is_admitted {
            self.counted.push_back(now);
        }
        is_admitted
    }
}

/// Where the changes of an account's orders are pushed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PushTarget {
    /// The URL.
    pub url: HttpUrl,
    /// The credentials for HTTP basic authentication, if the receiver wants them.
    pub credentials: Option<PushCredentials>,
    /// Whether the certificate is delivered. Then pushes are POSTs, otherwise GETs.
    pub delivers_certificate: bool,
    /// Whether the first collection of a certificate is pushed as well.
    pub tells_of_collection: bool,
}

/// The credentials of a push. `Debug` does not print the password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PushCredentials {
    /// The user name.
    pub user_name: Arc<str>,
    /// The password.
    pub password: Password,
}

/// Strict polling: the same order may be collected only once in a time, by the sandbox's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Polling {
    interval: Duration,
    last: HashMap<u64, Timestamp>,
    /// From so many orders on, those that may be collected again are forgotten.
    swept_from: usize,
}

impl Polling {
    /// An order may be collected again after `interval`; none was collected yet.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            last: HashMap::new(),
            swept_from: Self::MIN_SWEPT,
        }
    }

    /// The time between two calls that collect the same order.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Notes a call that collects the order with that number at `now` and returns true, or returns false if it comes too soon; such a call is
    /// not noted.
    pub fn admit(&mut self, order_number: u64, now: Timestamp) -> bool {
        let start = now.before(self.interval);
        // After the clock was set back, some calls are in the future.
        let is_recent = |last: Timestamp| last > start && last <= now;
        if self.last.get(&order_number).is_some_and(|last| is_recent(*last)) {
            return false;
        }
        if self.last.len() >= self.swept_from {
            self.last.retain(|_, last| is_recent(*last));
            // So a sweep is paid for by the calls that came since the last one.
            self.swept_from = Self::MIN_SWEPT.max(2 * self.last.len());
        }
        self.last.insert(order_number, now);
        true
    }

    /// So many orders are remembered without a sweep.
    const MIN_SWEPT: usize = 1000;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Timestamp {
        Timestamp::from_unix_millis(0).after(Duration::from_secs(number))
    }

    #[test]
    fn a_limit_holds_in_every_period() {
        let mut limit = CallLimit::new(2, Duration::from_secs(10), []);
        let calls = [
            (0, true),
            (5, true),
            (6, false),
            (9, false),
            (10, true),
            (11, false),
            (15, true),
            (16, false),
        ];
        for (at, admitted) in calls {
            assert_eq!(limit.admit(second(at)), admitted, "at second {at}");
        }
    }

    #[test]
    fn a_limit_that_is_lowered_holds_from_the_last_calls_on() {
        let mut limit = CallLimit::new(1, Duration::from_secs(10), [second(0), second(5)]);
        assert!(!limit.admit(second(12)));
        assert!(limit.admit(second(15)));
    }

    #[test]
    fn a_limit_of_zero_admits_no_call() {
        assert!(!CallLimit::new(0, Duration::from_secs(1), []).admit(second(0)));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_lock_anybody_out() {
        let mut limit = CallLimit::new(1, Duration::from_secs(10), []);
        assert!(limit.admit(second(1000)));
        assert!(limit.admit(second(0)));
        assert!(!limit.admit(second(1)));
    }

    #[test]
    fn an_order_is_polled_once_in_a_time() {
        let mut polling = Polling::new(Duration::from_secs(10));
        for (order, at, admitted) in [
            (1, 0, true),
            (1, 0, false),
            (2, 1, true),
            (1, 9, false),
            (1, 10, true),
            (1, 3, true),
            (1, 12, false),
        ] {
            assert_eq!(polling.admit(order, second(at)), admitted, "{order} at {at}");
        }
        for order in 3..5000 {
            assert!(polling.admit(order, second(100 * order)));
        }
        assert!(polling.last.len() <= Polling::MIN_SWEPT, "{}", polling.last.len());
    }

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::new("correct horse");
        assert!(password.is("correct horse") && !password.is("Correct horse"));
        assert!(!format!("{password:?}").contains("horse"));
    }
}
