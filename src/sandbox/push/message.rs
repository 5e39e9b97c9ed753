//! A push, and the entry of the journal for a try to send it.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::account::{Account, LoginName, PushTarget};
use crate::api::masking::MASK;
use crate::api::order::state::{Order, OrderNumber};
use crate::api::passwords::MIN_OF_ACCOUNT;
use crate::api::push::PushEvent;
use crate::api::world::Accounts;
use crate::clock::Timestamp;
use crate::sandbox::journal::{Caller, Entry, PushTry, Subject};

/// A change of an order that is to be pushed.
#[derive(Debug)]
pub(crate) struct Push {
    /// The order.
    pub(crate) order_number: OrderNumber,
    /// Where it is sent.
    pub(crate) target: Arc<PushTarget>,
    /// Its parameters, without the certificate.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// The order whose certificate comes with it, and the time at which the order was so.
    pub(crate) certificate_of: Option<(Box<Order>, Timestamp)>,
    login_name: LoginName,
    pub(super) code: i32,
    /// The names of the parameters that hold a secret.
    secret_parameters: Box<[&'static str]>,
}

/// How a try to send a push ended, for the journal.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The number of the try, from 1; 0 if it was never tried.
    pub(crate) number: u32,
    /// When it was made, by the sandbox's clock and by the system's.
    pub(crate) times: [Timestamp; 2],
    /// The HTTP status of the response; 0 if there was none.
    pub(crate) status: u16,
    /// How long it took, in microseconds.
    pub(crate) took_us: u64,
    /// What came of it.
    pub(crate) hint: String,
}

impl Push {
    pub(super) fn new(event: PushEvent, order: &Order, now: Timestamp, accounts: &Accounts) -> Option<Self> {
        let account = accounts.get(order.login_name.as_str())?;
        let target = account.push.clone()?;
        let parameters = event.parameters(order);
        let has_certificate = target.delivers_certificate && event.has_certificate();
        let comment = order.revocation.as_ref().map_or("", |revocation| &revocation.comment);
        let has_secret_comment = accounts.is_password(comment.trim());
        let secret_parameters = parameters
            .iter()
            .filter(|(name, value)| holds_secret(value, account) || has_secret_comment && *name == "statusDesc")
            .map(|(name, _)| *name)
            .collect();
        Some(Self {
            order_number: order.number,
            target,
            parameters,
            certificate_of: has_certificate.then(|| (Box::new(order.clone()), now)),
            login_name: order.login_name.clone(),
            code: event.status_code(),
            secret_parameters,
        })
    }

    /// How much memory it takes, in bytes, near enough.
    pub(super) fn bytes(&self) -> usize {
        let parameters: usize = self.parameters.iter().map(|(_, value)| value.len()).sum();
        let secrets = size_of_val(&*self.secret_parameters);
        let order = self.certificate_of.as_ref().map_or(0, |(order, _)| order.memory());
        size_of::<Self>() + self.parameters.capacity() * size_of::<(&str, String)>() + parameters + secrets + order
    }

    /// The parameters as the journal has them, of those that were sent.
    pub(crate) fn masked(&self, sent: &[(&'static str, String)]) -> Arc<[(&'static str, String)]> {
        let masked = |(name, value): &(&'static str, String)| match self.secret_parameters.contains(name) {
            true => (*name, MASK.to_owned()),
            false => (*name, value.clone()),
        };
        sent.iter().map(masked).collect()
    }

    /// The entry of the journal for a try, with these parameters, masked.
    pub(crate) fn entry(&self, tried: Tried, parameters: Arc<[(&'static str, String)]>) -> Entry {
        Entry {
            id: 0,
            time: tried.times[0],
            real_time: tried.times[1],
            subject: Subject::Push(PushTry {
                url: self.target.url.without_query().to_owned(),
                number: tried.number,
                parameters,
            }),
            caller: Caller::Account(self.login_name.clone()),
            order_number: Some(self.order_number),
            status: tried.status,
            code: Some(self.code),
            reply: Bytes::new(),
            took_us: tried.took_us,
            fault: None,
            hint: tried.hint.into(),
        }
    }
}

/// Whether a value that is pushed holds a password of the account.
fn holds_secret(value: &str, account: &Account) -> bool {
    let credentials = account.push.as_ref().and_then(|push| push.credentials.as_ref());
    let passwords = [
        Some(&account.login_password),
        credentials.map(|credentials| &credentials.password),
    ];
    let is_held = |secret: &str| secret.len() >= MIN_OF_ACCOUNT && value.contains(secret);
    passwords
        .into_iter()
        .flatten()
        .any(|password| is_held(password.expose()))
}
