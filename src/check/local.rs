//! The emulator that a server is compared with: one in this process, or a sandbox of one that runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::api::endpoints::ENDPOINTS;
use crate::api::http_url::HttpUrl;
use crate::api::protocol::assumption::{AssumptionError, Assumptions};
use crate::check::answer::Answer;
use crate::check::credentials::Credentials;
use crate::check::list::Orders;
use crate::check::probe::{Probe, Subject};
use crate::check::wire::{Untrusted, Wire, WireError, trust_pem};
use crate::client::{Control, ControlError};
use crate::emulator::{Emulator, StartError};
use crate::model::account::{Account, AccountChange};
use crate::model::order::Order;
use crate::model::sandbox::NewSandbox;
use crate::model::{Fixtures, Product, State};

/// The account that the probes use there.
const LOGIN_NAME: &str = "sectigo-emulator-check";
const LOGIN_PASSWORD: &str = "sectigo-emulator-check-password";

/// The account of the order that is another account's.
const OTHER: &str = "sectigo-emulator-check-other";

/// How long the emulator may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a sandbox of a running emulator stays if this process cannot delete it.
const TTL: Duration = Duration::from_secs(4 * 60 * 60);

/// Why the emulator cannot be asked.
#[derive(Debug, Error)]
pub(crate) enum LocalError {
    /// It does not start.
    #[error("the emulator does not start: {0}")]
    Start(#[from] StartError),
    /// Its control API refuses something.
    #[error("the emulator: {0}")]
    Control(#[from] ControlError),
    /// It does not answer.
    #[error("the emulator: {0}")]
    Wire(#[from] WireError),
    /// Its certificate cannot be trusted.
    #[error("the emulator's certificate: {0}")]
    Tls(String),
    /// It has an assumption that this program does not have, or another value.
    #[error("the emulator is of another version: {0}")]
    Version(#[from] AssumptionError),
}

impl From<Untrusted> for LocalError {
    fn from(error: Untrusted) -> Self {
        Self::Tls(error.to_string())
    }
}

/// An emulator that answers probes under any assumptions.
pub(crate) struct Local {
    wire: Wire,
    control: Control,
    /// What it assumes at the beginning.
    start: Assumptions,
    /// What it assumes now.
    present: Assumptions,
    orders: Orders,
    /// The endpoints that its account may not use.
    denied: Vec<String>,
    /// The states of the orders that the user named.
    states: [(Product, State); 2],
    /// What it answered, by its assumptions and the probe.
    known: HashMap<(Vec<&'static str>, String), Known>,
    /// Whether the sandbox is its own.
    is_sandbox: bool,
    /// Runs as long as this does.
    _emulator: Option<Emulator>,
}

/// An answer that was given before.
struct Known {
    /// The product of the account's own order that it is about.
    about: Option<Product>,
    answer: Arc<Answer>,
}

impl Local {
    /// Starts an emulator in this process.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn start(
        fixtures: Option<Fixtures>,
        assume: &[(String, String)],
        orders: Orders,
    ) -> Result<Self, LocalError> {
        let mut builder = Emulator::builder().journal(0);
        if let Some(fixtures) = fixtures {
            builder = builder.fixtures(fixtures);
        }
        for (name, value) in assume {
            builder = builder.assume(name, value);
        }
        let emulator = builder.start().await?;
        let (https, http) = (emulator.url(), emulator.http_url());
        let control = emulator.control();
        let tls = trust_pem(emulator.ca_pem())?;
        let mut wire = Wire::new(url(&https), tls, PATIENCE, credentials());
        wire.http = Some(url(&http));
        Self::prepare(wire, control, orders, false, Some(emulator)).await
    }

    /// Makes a sandbox in an emulator that runs.
    ///
    /// # Errors
    /// It does not answer, or refuses.
    pub(crate) async fn of_running(https: HttpUrl, control: &Control, orders: Orders) -> Result<Self, LocalError> {
        let http = control.about().await?.http;
        let tls = trust_pem(&control.ca_pem().await?)?;
        let control = control.sandboxes().create(NewSandbox::unnamed().ttl(TTL)).await?;
        let mut wire = Wire::new(https, tls, PATIENCE, credentials());
        wire.http = http.and_then(|http| HttpUrl::parse(&http).ok());
        wire.prefix = control.path();
        let prepared = Self::prepare(wire, control.clone(), orders, true, None).await;
        if prepared.is_err() {
            // Why it cannot be used is worth more to know than that it goes away by itself later.
            drop(control.sandboxes().delete(control.name()).await);
        }
        prepared
    }

    async fn prepare(
        wire: Wire,
        control: Control,
        orders: Orders,
        is_sandbox: bool,
        emulator: Option<Emulator>,
    ) -> Result<Self, LocalError> {
        let mut start = Assumptions::default();
        for (name, value) in control.assumptions().list().await? {
            start.set(&name, &value)?;
        }
        for name in [LOGIN_NAME, OTHER] {
            control.accounts().create(Account::new(name, LOGIN_PASSWORD)).await?;
        }
        let local = Self {
            wire,
            control,
            start,
            present: start,
            orders,
            denied: Vec::new(),
            states: [(Product::Smime, State::Issued), (Product::CodeSigning, State::Issued)],
            known: HashMap::new(),
            is_sandbox,
            _emulator: emulator,
        };
        if let Some(number) = orders.foreign {
            local
                .make_order(Order::smime(OTHER).issued().number(number), number)
                .await?;
        }
        for (product, state) in local.states {
            local.make_named(product, state).await?;
        }
        Ok(local)
    }

    /// What it assumes at the beginning.
    pub(crate) fn start_assumptions(&self) -> Assumptions {
        self.start
    }

    /// Its control API.
    #[cfg(test)]
    pub(super) fn control(&self) -> &Control {
        &self.control
    }

    /// Whether it can be asked over plain HTTP.
    pub(crate) fn has_plain_http(&self) -> bool {
        self.wire.http.is_some()
    }

    /// What it answers to a probe under these assumptions.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn ask(&mut self, assumptions: &Assumptions, probe: &Probe) -> Result<Arc<Answer>, LocalError> {
        let values = assumptions.values().into_iter().map(|(_, value)| value);
        let key = (values.collect::<Vec<_>>(), probe.id().to_owned());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.answer.clone());
        }
        if *assumptions != self.present {
            self.control.assumptions().set_all(assumptions.values()).await?;
            self.present = *assumptions;
        }
        let answer = Arc::new(self.wire.send(probe.request()).await?);
        let known = Known {
            about: probe.subject().and_then(product_of),
            answer: answer.clone(),
        };
        self.known.insert(key, known);
        Ok(answer)
    }

    /// Lets the account use every endpoint but these.
    ///
    /// # Errors
    /// The emulator refuses.
    pub(crate) async fn permit_all_but(&mut self, denied: &[&str]) -> Result<(), LocalError> {
        if self.denied == denied {
            return Ok(());
        }
        let names = ENDPOINTS.iter().map(|endpoint| endpoint.name);
        let permitted = names.filter(|name| !denied.contains(name));
        let change = AccountChange::of(LOGIN_NAME).may_only(permitted);
        self.control.accounts().change(change).await?;
        self.denied = denied.iter().map(|name| (*name).to_owned()).collect();
        self.known.clear();
        Ok(())
    }

    /// Puts the order of that product that the user named into a state.
    ///
    /// # Errors
    /// The emulator refuses.
    pub(crate) async fn put(&mut self, product: Product, state: State) -> Result<(), LocalError> {
        if self.states.contains(&(product, state)) {
            return Ok(());
        }
        self.make_named(product, state).await?;
        for known in self.states.iter_mut().filter(|known| known.0 == product) {
            known.1 = state;
        }
        self.known.retain(|_, known| known.about != Some(product));
        Ok(())
    }

    async fn make_named(&self, product: Product, state: State) -> Result<(), LocalError> {
        let (number, order) = match product {
            Product::Smime => (self.orders.smime, Order::smime(LOGIN_NAME)),
            Product::CodeSigning => (self.orders.code_signing, Order::code_signing(LOGIN_NAME)),
        };
        let Some(number) = number else { return Ok(()) };
        self.make_order(order.state(state).number(number), number).await
    }

    /// Makes an order, in place of one of the fixtures that has its number.
    async fn make_order(&self, order: Order, number: u64) -> Result<(), LocalError> {
        let orders = self.control.orders();
        if orders.show(number).await.is_ok() {
            orders.delete(number).await?;
        }
        orders.create(order).await?;
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// The sandbox cannot be deleted; it goes away by itself after a while.
    pub(crate) async fn end(self) -> Result<(), LocalError> {
        if self.is_sandbox {
            self.control.sandboxes().delete(self.control.name()).await?;
        }
        Ok(())
    }
}

/// The product of the account's own order that a probe is about.
fn product_of(subject: Subject) -> Option<Product> {
    match subject {
        Subject::Smime | Subject::SmimeCertificate => Some(Product::Smime),
        Subject::CodeSigning => Some(Product::CodeSigning),
        Subject::Foreign => None,
    }
}

fn credentials() -> Credentials {
    Credentials {
        login_name: LOGIN_NAME.to_owned(),
        login_password: LOGIN_PASSWORD.to_owned(),
    }
}

fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).expect("an address makes a URL")
}
