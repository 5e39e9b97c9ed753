//! Drives an emulator from a test: orders, accounts, clock, faults, journal, sandboxes.
//!
//! [`Control`] speaks to the control API, of an emulator in the same process ([`Emulator::control`]) or of any other by
//! its URL ([`Control::connect`]).
//!
//! ```
//! use sectigo_emulator::Emulator;
//! use sectigo_emulator::control::{Fault, Order, days};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start().await?;
//! let control = emulator.control();
//!
//! let order = control.orders().create(Order::smime("login_name").issued().expires_in(days(3))).await?;
//! control.faults().add(Fault::status(503).on("!AutoReplaceSMIME").for_order(order.order_number).times(2)).await?;
//! control.clock().advance(days(400)).await?;
//!
//! // ... the client under test calls the emulator ...
//! assert_eq!(control.calls().endpoint("!AutoReplaceSMIME").count().await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! [`Emulator::control`]: crate::Emulator::control

mod account;
mod assumptions;
mod calls;
mod certificate;
mod clock;
mod error;
mod fault;
pub mod health;
pub(crate) mod http;
mod order;
mod outbox;
pub(crate) mod remote;
mod sandbox;
mod time;

use std::sync::Arc;

use hyper::Method;

use crate::client::remote::Remote;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::token::GivenToken;

pub use crate::client::account::Accounts;
pub use crate::client::assumptions::Assumptions;
pub use crate::client::calls::{CallStream, Calls};
pub use crate::client::clock::Clock;
pub use crate::client::error::{ControlError, NotCalled};
pub use crate::client::fault::Faults;
pub use crate::client::order::{OrderPage, OrderQuery, Orders};
pub use crate::client::outbox::Outbox;
pub use crate::client::sandbox::Sandboxes;
pub use crate::client::time::{days, hours, minutes, seconds};
pub use crate::model::account::{
    Account, AccountChange, AccountInfo, CallLimit, CallLimitInfo, NoPassword, Push, Secret, VoucherInfo,
};
pub use crate::model::call::{ArgumentInfo, CallInfo, CallKind, Difference, NearCall};
pub use crate::model::clock::ClockInfo;
pub use crate::model::fault::{Fault, FaultInfo};
pub use crate::model::health::HealthInfo;
pub use crate::model::history::{HistoryCause, HistoryEntry, HistoryInfo};
pub use crate::model::mail::MailInfo;
pub use crate::model::next::{DueInfo, DueList, EndpointNext, NextInfo, WithArgument};
pub use crate::model::order::{Order, OrderChange, OrderInfo, Revocation, RevocationInfo};
pub use crate::model::own_call::{MadeCall, NewCall, SentReply};
pub use crate::model::sandbox::{NewSandbox, RestoreInfo, SandboxInfo, Snapshot};
pub use crate::model::sort::OrderField;
pub use crate::model::when::When;
pub use crate::model::{
    DueKind, IssuanceFailure, MailKind, ParseTimestampError, Payment, Product, SignatureHash, State, Timestamp,
};

/// Drives one sandbox of an emulator. Cheap to clone; each clone drives the same one.
///
/// It connects for each request and keeps no connection, so it can be made before the emulator is there.
#[derive(Clone, Debug)]
pub struct Control {
    remote: Remote,
    sandbox: Option<Arc<str>>,
}

impl Control {
    /// Drives the default sandbox of the emulator whose control listener is at `url`, `http://HOST:PORT`. A URL that
    /// is not valid shows with the first request.
    pub fn connect(url: &str) -> Self {
        Self {
            remote: Remote::new(url),
            sandbox: None,
        }
    }

    /// Sends the token that the emulator demands (`--control-token`). One that is empty, has white space around it or
    /// holds control characters shows with the first request.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.given_token(token.into().as_str().into())
    }

    /// As [`token`](Self::token), with one that was read already.
    #[must_use]
    pub(crate) fn given_token(mut self, token: GivenToken) -> Self {
        self.remote.set_token(token);
        self
    }

    /// Drives the sandbox of that name at the same emulator.
    #[must_use]
    pub fn sandbox(&self, name: &str) -> Self {
        Self {
            remote: self.remote.clone(),
            sandbox: (name != DEFAULT_SANDBOX).then(|| name.into()),
        }
    }

    /// The name of the sandbox that it drives.
    pub fn name(&self) -> &str {
        self.sandbox.as_deref().unwrap_or(DEFAULT_SANDBOX)
    }

    /// What stands before the path of an endpoint to call it in this sandbox: `/sandboxes/t1`, nothing for the default
    /// one. The client under test is given the emulator's URL with this at its end.
    pub fn path(&self) -> String {
        match &self.sandbox {
            Some(name) => format!("/sandboxes/{}", remote::escape(name)),
            None => String::new(),
        }
    }

    /// Whether the emulator serves.
    ///
    /// # Errors
    /// It does not serve.
    pub async fn health(&self) -> Result<(), ControlError> {
        self.remote.send_empty(Method::GET, "/health").await
    }

    /// The emulator's version, and the URLs of its listeners.
    ///
    /// # Errors
    /// It does not serve.
    pub async fn about(&self) -> Result<HealthInfo, ControlError> {
        self.remote.get("/health").await
    }

    /// Makes a call in this sandbox as if a client had sent it. A reply that a fault holds back is waited for, for a minute
    /// at most.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::NewCall;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let made = emulator.control().make_call(NewCall::of("!autoRevokeCS").over_http()).await?;
    /// assert_eq!(made.call.code, Some(-1));
    /// assert!(made.sent.body.is_some_and(|body| body.starts_with("-1\n")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no such endpoint.
    pub async fn make_call(&self, call: NewCall) -> Result<MadeCall, ControlError> {
        let path = self.at("/calls");
        self.remote
            .send_patiently(Method::POST, &path, &call, calls::MAKING)
            .await
    }

    /// Makes the call of that number in the journal once more, with the password that it had.
    ///
    /// # Errors
    /// The journal has no such call, or not all of its form was kept.
    pub async fn make_call_again(&self, id: u64) -> Result<MadeCall, ControlError> {
        let path = self.at(&format!("/calls/{id}/again"));
        self.remote
            .send_patiently(Method::POST, &path, &(), calls::MAKING)
            .await
    }

    /// The orders of this sandbox.
    pub fn orders(&self) -> Orders<'_> {
        Orders(self)
    }

    /// The accounts of this sandbox.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// The clock of this sandbox.
    pub fn clock(&self) -> Clock<'_> {
        Clock(self)
    }

    /// The faults of this sandbox.
    pub fn faults(&self) -> Faults<'_> {
        Faults(self)
    }

    /// The calls that this sandbox has answered: all of them, until they are narrowed.
    pub fn calls(&self) -> Calls {
        Calls::of(self.clone())
    }

    /// The mails that this sandbox would have sent: all of them, until they are narrowed.
    pub fn outbox(&self) -> Outbox {
        Outbox::of(self.clone())
    }

    /// What this sandbox assumes where the documents say nothing.
    pub fn assumptions(&self) -> Assumptions<'_> {
        Assumptions(self)
    }

    /// The sandboxes of the emulator.
    pub fn sandboxes(&self) -> Sandboxes<'_> {
        Sandboxes(self)
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The path of something in this sandbox, after `/control/v1`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.path())
    }
}

#[cfg(test)]
pub(crate) mod stub;

#[cfg(test)]
mod tests;
