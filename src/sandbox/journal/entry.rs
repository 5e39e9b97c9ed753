//! An entry of the journal: a call or a push, and what of it may be shown.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::mem;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use super::kept_form::{KeptForm, LOGIN_NAME};
use crate::api::account::LoginName;
use crate::api::endpoints::{Endpoint, Transport};
use crate::api::masking::MASK;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::assumption::ArgumentNames;
use crate::api::protocol::form::Form;
use crate::api::world::Accounts;
use crate::clock::Timestamp;

/// A call, as it came and as it was answered; or a push, as it was sent and as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its number in the journal, from 1, rising by 1.
    pub(crate) id: u64,
    /// When it arrived, by the sandbox's clock.
    pub(crate) time: Timestamp,
    /// When it arrived.
    pub(crate) real_time: Timestamp,
    /// What was called, or where it was pushed to.
    pub(crate) subject: Subject,
    /// Who called; of a push, the account whose order it is about.
    pub(crate) caller: Caller,
    /// The order number that counted, if it was one.
    pub(crate) order_number: Option<OrderNumber>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The API's code, if it answered one.
    pub(crate) code: Option<i32>,
    /// The body of the reply, as it was meant.
    pub(crate) reply: Bytes,
    /// How long the answer took to make, in microseconds.
    pub(crate) took_us: u64,
    /// The fault that met it.
    pub(crate) fault: Option<u64>,
    /// Why it was answered so.
    pub(crate) hint: Cow<'static, str>,
}

/// What an entry of the journal is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A call of an endpoint: how it came, and its arguments as they came.
    Call(&'static Endpoint, Transport, KeptForm),
    /// A try to push a change of an order.
    Push(PushTry),
}

/// A try to push a change of an order. It has no credentials.
#[derive(Clone, Debug)]
pub(crate) struct PushTry {
    /// The URL without its query.
    pub(crate) url: String,
    /// Which try of this push it is, from 1; 0 if it was never tried.
    pub(crate) number: u32,
    /// The parameters in their order.
    pub(crate) parameters: Arc<[(&'static str, String)]>,
}

impl Subject {
    /// The name under which pushes stand in the place of an endpoint.
    pub(crate) const PUSH: &'static str = "push";

    /// The name of the endpoint; of a push, [`PUSH`](Self::PUSH).
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(endpoint, ..) => endpoint.name,
            Self::Push(_) => Self::PUSH,
        }
    }

    /// Whether the reply repeats the value of an argument.
    fn is_repeated(&self, name: &str) -> bool {
        let rows = match self {
            Self::Call(endpoint, ..) => endpoint.arguments,
            Self::Push(_) => &[],
        };
        rows.iter().any(|row| row.is_repeated && row.name == name)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Call(_, _, form) => form.bytes(),
            Self::Push(tried) => {
                let parameters: usize = tried.parameters.iter().map(|(_, value)| value.len()).sum();
                tried.url.len() + parameters
            }
        }
    }
}

/// What of an entry is shown, whoever reads the journal.
#[derive(Debug)]
pub(crate) struct Masked<'e> {
    /// The arguments in their order.
    pub(crate) arguments: Vec<(&'static str, Cow<'e, str>)>,
    /// The body of the reply, as it was meant.
    pub(crate) reply: Cow<'e, str>,
}

impl Entry {
    /// What of it is shown: nothing that holds a password of these accounts, which are those of its sandbox. The search
    /// takes its time, so it is made when the journal is read.
    pub(crate) fn masked(&self, accounts: &Accounts) -> Masked<'_> {
        let mut arguments = self.arguments();
        for (name, value) in &mut arguments {
            let is_known_login =
                *name == LOGIN_NAME && self.caller.account().is_some_and(|known| known.as_str() == value);
            if !is_known_login {
                *value = accounts.masked(mem::take(value));
            }
        }
        let is_masked = |(name, value): &(&str, Cow<'_, str>)| value == MASK && self.subject.is_repeated(name);
        let repeats_secret = self.code.is_some_and(|code| code >= 0) && arguments.iter().any(is_masked);
        let reply = match repeats_secret {
            true => MASK.into(),
            false => String::from_utf8_lossy(&self.reply),
        };
        Masked { arguments, reply }
    }

    /// Its arguments in their order, masked as far as its own secrets go.
    fn arguments(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        match &self.subject {
            Subject::Call(endpoint, _, form) => form.masked(endpoint, self.caller.account()),
            Subject::Push(tried) => {
                let parameters = tried.parameters.iter();
                parameters.map(|(name, value)| (*name, value.as_str().into())).collect()
            }
        }
    }

    /// The value of the first argument of that name.
    pub(super) fn argument(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut arguments = self.arguments().into_iter();
        arguments.find(|(sent, _)| *sent == name).map(|(_, value)| value)
    }

    /// The call to be made once more, of an endpoint that takes its arguments' names so; none if it is a push, or not kept
    /// whole: see [`KeptForm::whole`].
    pub(crate) fn whole_call(&self, names: ArgumentNames) -> Option<(&'static Endpoint, Transport, Form<'_>)> {
        match &self.subject {
            Subject::Call(endpoint, transport, form) => Some((endpoint, *transport, form.whole(endpoint, names)?)),
            Subject::Push(_) => None,
        }
    }

    /// Whether it named the order whose number is written so.
    pub(super) fn is_of_order(&self, number: &str) -> bool {
        match self.order_number {
            Some(counted) => OrderNumber::parse(number) == Some(counted),
            None => self.argument("orderNumber").is_some_and(|sent| sent == number),
        }
    }

    /// How much memory it takes, near enough.
    pub(crate) fn bytes(&self) -> usize {
        self.subject.bytes() + self.reply.len() + self.hint.len() + size_of::<Self>()
    }
}

/// Who made a call, by the loginName that counts.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The call has no loginName.
    Unnamed,
    /// No account has the loginName, which may be a password in the wrong place.
    Unknown(UnknownName),
    /// An account has the loginName.
    Account(LoginName),
}

impl Caller {
    /// Who has that loginName, if the call has one.
    pub(crate) fn of(login_name: Option<&str>, accounts: &Accounts) -> Self {
        match login_name.map(|name| accounts.get(name).ok_or(name)) {
            None => Self::Unnamed,
            Some(Err(name)) => Self::Unknown(UnknownName::new(name)),
            Some(Ok(account)) => Self::Account(account.login_name.clone()),
        }
    }

    /// The loginName of the account.
    pub(crate) fn account(&self) -> Option<&LoginName> {
        match self {
            Self::Account(login_name) => Some(login_name),
            Self::Unnamed | Self::Unknown(_) => None,
        }
    }

    /// Whether this is the loginName, be it an account's or not.
    pub(super) fn has_name(&self, login_name: &str) -> bool {
        match self {
            Self::Unnamed => false,
            Self::Unknown(name) => *name == UnknownName::new(login_name),
            Self::Account(name) => name.as_str() == login_name,
        }
    }
}

/// A loginName that no account has, of which only a hash is kept: those who know the name find its calls, and nobody
/// else learns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UnknownName(u64);

impl UnknownName {
    fn new(sent: &str) -> Self {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(KEYS.hash_one(sent))
    }
}
