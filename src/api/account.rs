//! Accounts: who may log in, what they may do, and how often.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;

/// A loginName, case sensitive.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LoginName(Arc<str>);

impl LoginName {
    /// The most characters that the API takes.
    pub const MAX: usize = 64;

    /// The loginName that is written so.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The loginName as it is written.
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

/// A loginPassword. It is never printed. Clones share its text.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Password(Arc<str>);

impl Password {
    /// The most characters that the API takes.
    pub const MAX: usize = 128;

    /// The password that is written so.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The password itself: for snapshots alone, which make the same world again.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this password; case sensitive.
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
    /// Its accountID, by which its reseller names it.
    pub account_id: Option<u64>,
    /// The loginName of the reseller whom it is under.
    pub reseller: Option<LoginName>,
    /// Whether it is locked: it cannot log in.
    pub locked: bool,
    /// The endpoints that it may use; without a list, all of them.
    pub permissions: Option<Vec<&'static str>>,
    /// The `caCertificateID`s that it may ask for by special agreement.
    pub ca_certificate_ids: Vec<u64>,
    /// The e-mail templates that it has.
    pub template_ids: Vec<u64>,
    /// The voucher that it pays with, if it does.
    pub voucher: Option<Voucher>,
    /// How often it may call.
    pub call_limit: Option<CallLimit>,
}

impl Account {
    /// An account of which nothing else is said: it may use every endpoint.
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
            call_limit: None,
        }
    }

    /// Whether it may use the endpoint of that name.
    pub fn may_use(&self, endpoint: &str) -> bool {
        self.permissions.as_ref().is_none_or(|names| names.contains(&endpoint))
    }
}

/// A voucher, by its name if the fixtures give one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voucher(pub Option<String>);

/// A limit of calls in any span of a length, by the sandbox's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallLimit {
    calls: usize,
    per: Duration,
    counted: VecDeque<Timestamp>,
}

impl CallLimit {
    /// The greatest limit; each counted call takes eight bytes.
    pub const MAX_CALLS: usize = 1_000_000;

    /// At most `calls` calls in any span as long as `per`; those at the times `counted`, in their order, were made. Of
    /// more than are allowed, the last count.
    pub fn new(calls: usize, per: Duration, counted: impl IntoIterator<Item = Timestamp>) -> Self {
        let calls = calls.min(Self::MAX_CALLS);
        let mut counted: VecDeque<_> = counted.into_iter().collect();
        counted.drain(..counted.len().saturating_sub(calls));
        Self { calls, per, counted }
    }

    /// When the calls were made that were counted last.
    pub fn counted(&self) -> impl Iterator<Item = Timestamp> {
        self.counted.iter().copied()
    }

    /// How many calls are allowed.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// In how long a span.
    pub fn per(&self) -> Duration {
        self.per
    }

    /// Counts a call, or says that it is over the limit; a refused call does not count.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        let start = now.before(self.per);
        while self.counted.front().is_some_and(|call| *call <= start) {
            self.counted.pop_front();
        }
        // A clock that was set back leaves calls of the future behind.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Timestamp {
        Timestamp::from_unix_millis(0).after(Duration::from_secs(number))
    }

    #[test]
    fn a_limit_holds_in_every_span() {
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
    fn a_limit_of_none_admits_none() {
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
    fn a_password_is_never_printed() {
        let password = Password::new("correct horse");
        assert!(password.is("correct horse") && !password.is("Correct horse"));
        assert!(!format!("{password:?}").contains("horse"));
    }
}
