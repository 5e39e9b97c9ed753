//! Starts and stops an emulator in this process: for the command line, and for tests in Rust.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::ClientConfig;
use thiserror::Error;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::api::protocol::assumption::AssumptionError;
use crate::aside::aside;
use crate::ca::{Authority, CaKey, CaOptions};
use crate::clock::system_now;
use crate::files::FileError;
use crate::model::{Fixtures, FixturesError};
use crate::sandbox::certificates::Issuance;
use crate::sandbox::list::{Sandboxes, Settings};
use crate::sandbox::state_file::{StateError, StateFile};
use crate::server::base_url;
use crate::server::body::BodyReader;
use crate::server::control::{AnswerTurns, BodyMemory, Control, Listeners, OwnNames, WaitTurns};
use crate::server::descriptors::Connections;
use crate::server::listen::{Limits, Listener};
use crate::server::products::Products;
use crate::server::push::{PushOptions, Pusher, tls_client};
use crate::server::stop::{Stop, Stopper};
use crate::server::tls::{OwnCertificate, Tls, TlsOptions};
use crate::shown::shown;
use crate::token::{GivenToken, Token};

/// How long calls in progress may take to finish when the emulator stops.
const GRACE: Duration = Duration::from_millis(600);

/// The shortest and the longest read timeout: it is used as the period of an interval, which must not be zero, and is
/// added to the present time, which must not overflow.
const READ_TIMEOUTS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(365 * 24 * 60 * 60));

/// The target of this file's log lines.
const LOG: &str = "sectigo_emulator::state";

/// The target of the log line that says where the console is.
const CONSOLE_LOG: &str = "sectigo_emulator::console";

/// A running emulator. Dropping it stops it at once; [`stop`](Self::stop) lets calls in progress finish.
///
/// ```
/// use sectigo_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
///
/// // Point the client under test at it, and let it trust the emulator's CA.
/// let revoke = format!("{}/products/!autoRevokeCS", emulator.url());
/// assert!(revoke.starts_with("https://127.0.0.1:"));
/// assert!(emulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
///
/// emulator.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Emulator {
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    control: Option<SocketAddr>,
    ca_pem: Option<Arc<str>>,
    stopper: Stopper,
    /// The listeners, and the task that saves the state from time to time.
    tasks: JoinSet<()>,
    sandboxes: Arc<Sandboxes>,
    state_file: Option<Arc<StateFile>>,
    control_token: Option<Token>,
    /// Its own runtime, if it was started with one. Declared last, so that it ends after the listeners.
    runtime: Option<OwnRuntime>,
}

/// A runtime of the emulator's own, which ends without waiting for its tasks: dropping a tokio runtime inside of
/// another one panics otherwise.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Emulator {
    /// Starts an emulator on free ports of 127.0.0.1, with the built-in fixtures.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// The same on a runtime of its own; see [`Builder::start_blocking`].
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// Sets options before the emulator starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL of the API: `https://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The HTTPS listener was turned off.
    pub fn url(&self) -> String {
        let address = self.https_addr().expect("the HTTPS listener was turned off");
        format!("https://{address}")
    }

    /// The base URL of the API over plain HTTP: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The HTTP listener was turned off.
    pub fn http_url(&self) -> String {
        let address = self.http_addr().expect("the HTTP listener was turned off");
        format!("http://{address}")
    }

    /// The base URL of the control API: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// The control listener was turned off.
    pub fn control_url(&self) -> String {
        let address = self.control_addr().expect("the control listener was turned off");
        format!("http://{address}")
    }

    /// The address of the HTTPS listener, unless it is off.
    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.https
    }

    /// The address of the HTTP listener, unless it is off.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The address of the control listener, unless it is off.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The certificate that clients should trust, in PEM: the root of the listener's certificate and of those of the
    /// orders. If the listener has a certificate of yours, it is the last one of its file, if this is a CA or
    /// self-signed, or empty.
    ///
    /// [`Control::ca_pem`](crate::Control::ca_pem) asks an emulator elsewhere for the same.
    pub fn ca_pem(&self) -> &str {
        self.ca_pem.as_deref().unwrap_or_default()
    }

    /// A client of its control API: orders, accounts, clock, faults and journal of the default sandbox, and other
    /// sandboxes.
    ///
    /// # Panics
    /// The control listener was turned off.
    pub fn control(&self) -> crate::client::Control {
        let control = crate::client::Control::connect(&self.control_url());
        match &self.control_token {
            Some(token) => control.given_token(token.clone().into()),
            None => control,
        }
    }

    /// Stops: accepts no new calls, finishes those in progress, and ends within a second. With a
    /// [state file](Builder::state_file) it then saves the state, which may take longer.
    ///
    /// # Errors
    /// The state cannot be saved. The file is unchanged, unless it is one that is overwritten in place: this may
    /// contain a part of the new state, and the error names the file that contains all of it, if there is one.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.stopper.stop();
        while self.tasks.join_next().await.is_some() {}
        let Some(state_file) = self.state_file.take() else {
            return Ok(());
        };
        let sandbox = self.sandboxes.default_sandbox().clone();
        match aside(move || state_file.save(&sandbox)).await {
            Ok(saved) => Ok(saved?),
            Err(interrupted) => interrupted.resume().await,
        }
    }
}

/// The options of an emulator. The defaults are those of [`Emulator::start`].
#[derive(Clone, Debug)]
pub struct Builder {
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    control: Option<SocketAddr>,
    accept_plain_http: bool,
    fixtures: Fixtures,
    assumptions: Vec<(String, String)>,
    issuance_delay: Duration,
    seed: Option<u64>,
    tls: TlsOptions,
    ca_dir: Option<PathBuf>,
    ca_key: CaKey,
    http_url: Option<String>,
    read_timeout: Duration,
    max_orders: usize,
    journal: usize,
    journal_bytes: usize,
    max_sandboxes: usize,
    max_snapshot: u64,
    state_file: Option<PathBuf>,
    state_every: Option<Duration>,
    control_token: Option<TokenSource>,
    control_hosts: Vec<String>,
    push: PushOptions,
    push_ca: Option<PathBuf>,
    catalogue: Option<String>,
}

/// How the token of the control API is given.
#[derive(Clone, Debug)]
enum TokenSource {
    Given(GivenToken),
    File(PathBuf),
}

impl Default for Builder {
    fn default() -> Self {
        let free_port = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        Self {
            https: free_port,
            http: free_port,
            control: free_port,
            accept_plain_http: false,
            fixtures: Fixtures::default(),
            assumptions: Vec::new(),
            issuance_delay: Duration::ZERO,
            seed: None,
            tls: TlsOptions::default(),
            ca_dir: None,
            ca_key: CaKey::default(),
            http_url: None,
            read_timeout: Duration::from_secs(30),
            max_orders: Self::DEFAULT_MAX_ORDERS,
            journal: Self::DEFAULT_JOURNAL,
            journal_bytes: Self::DEFAULT_JOURNAL_BYTES,
            max_sandboxes: Self::DEFAULT_MAX_SANDBOXES,
            max_snapshot: Self::DEFAULT_MAX_SNAPSHOT,
            state_file: None,
            state_every: None,
            control_token: None,
            control_hosts: Vec::new(),
            push: PushOptions {
                anywhere: false,
                timeout: Self::DEFAULT_PUSH_TIMEOUT,
                retry_delay: Self::DEFAULT_PUSH_RETRY_DELAY,
            },
            push_ca: None,
            catalogue: None,
        }
    }
}

impl Builder {
    pub(crate) const DEFAULT_MAX_ORDERS: usize = 1_000_000;
    pub(crate) const DEFAULT_JOURNAL: usize = 1000;
    pub(crate) const DEFAULT_JOURNAL_BYTES: usize = 1 << 30;
    pub(crate) const DEFAULT_MAX_SANDBOXES: usize = 100_000;
    pub(crate) const DEFAULT_MAX_SNAPSHOT: u64 = 2 << 30;
    pub(crate) const DEFAULT_PUSH_TIMEOUT: Duration = Duration::from_secs(10);
    pub(crate) const DEFAULT_PUSH_RETRY_DELAY: Duration = Duration::from_secs(1);

    /// The address of the API over TLS; `None` turns the listener off. Port 0 takes a free port, and is the default.
    #[must_use]
    pub fn https(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.https = address.into();
        self
    }

    /// The address of the API over plain HTTP; `None` turns the listener off. Port 0 takes a free port, and is the
    /// default.
    #[must_use]
    pub fn http(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.http = address.into();
        self
    }

    /// The address of the control API; `None` turns the listener off. Port 0 takes a free port, and is the default.
    #[must_use]
    pub fn control(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.control = address.into();
        self
    }

    /// Whether a call over plain HTTP is treated as if it came over HTTPS. By default it returns -1, as with the real
    /// API.
    #[must_use]
    pub fn accept_plain_http(mut self, accept: bool) -> Self {
        self.accept_plain_http = accept;
        self
    }

    /// The accounts, orders, messages, faults and assumptions to start with; by default, the built-in ones.
    #[must_use]
    pub fn fixtures(mut self, fixtures: Fixtures) -> Self {
        self.fixtures = fixtures;
        self
    }

    /// Sets an assumption. It overrides that of fixtures, but not that of a snapshot or a saved state. A wrong name or
    /// value is an error when the emulator starts.
    #[must_use]
    pub fn assume(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.assumptions.push((name.into(), value.into()));
        self
    }

    /// How long a new order is in the state being-issued, by the sandbox's clock. By default it is issued at once.
    #[must_use]
    pub fn issuance_delay(mut self, delay: Duration) -> Self {
        self.issuance_delay = delay;
        self
    }

    /// Makes all random values, which are the numbers of new orders and the probabilities of faults, the same at each
    /// start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Keeps the root and the issuing CAs in a directory for the next start: `ca.pem`, `ca.key`, `smime.pem`,
    /// `smime.key` and so on. Files that are already there are used, so they may be yours. The default is the directory
    /// of [`tls_dir`](Self::tls_dir), if there is one.
    #[must_use]
    pub fn ca_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.ca_dir = Some(dir.into());
        self
    }

    /// The kind of new keys for the root and the issuing CAs; EC P-256 by default.
    #[must_use]
    pub fn ca_key(mut self, key: CaKey) -> Self {
        self.ca_key = key;
        self
    }

    /// The URL at which others reach the HTTP listener, such as `http://sectigo-emulator:8080`. The URLs in
    /// certificates begin with it. The default is the listener's address, or the machine's host name if the listener is
    /// on every interface.
    #[must_use]
    pub fn http_url(mut self, url: impl Into<String>) -> Self {
        self.http_url = Some(url.into());
        self
    }

    /// Keeps the server's certificate in a directory for the next start, and the CAs too, unless
    /// [`ca_dir`](Self::ca_dir) names another one.
    #[must_use]
    pub fn tls_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.tls.dir = Some(dir.into());
        self
    }

    /// Serves a certificate of yours: the file of the certificate and its chain, and the file of its key, both in PEM.
    #[must_use]
    pub fn tls_certificate(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.own = Some(OwnCertificate {
            cert: cert.into(),
            key: key.into(),
        });
        self
    }

    /// Adds a name, a DNS name or an IP address, to the server's certificate, if the emulator makes it.
    #[must_use]
    pub fn tls_name(mut self, name: impl Into<String>) -> Self {
        self.tls.names.push(name.into());
        self
    }

    /// How long a client may take for a TLS handshake, for the head of a request, and for its body; 30 s by default. It
    /// is at least one millisecond and at most 365 days; a value outside of this range is replaced by the nearest one.
    #[must_use]
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        let (least, most) = READ_TIMEOUTS;
        self.read_timeout = limit.clamp(least, most);
        self
    }

    /// How many orders a sandbox may have; 1,000,000 by default. A replacement that would make one more is answered
    /// with HTTP status 503.
    #[must_use]
    pub fn max_orders(mut self, count: usize) -> Self {
        self.max_orders = count;
        self
    }

    /// How many calls the journal of a sandbox keeps; 1000 by default. With 0, it keeps none.
    #[must_use]
    pub fn journal(mut self, calls: usize) -> Self {
        self.journal = calls;
        self
    }

    /// How many bytes the calls in the journals of all sandboxes may take together; 1 GiB by default. When this is
    /// reached, a sandbox that is called forgets its oldest calls, but keeps its newest one.
    #[must_use]
    pub fn journal_bytes(mut self, bytes: usize) -> Self {
        self.journal_bytes = bytes;
        self
    }

    /// How many sandboxes there may be beside the default one; 100,000 by default.
    #[must_use]
    pub fn max_sandboxes(mut self, count: usize) -> Self {
        self.max_sandboxes = count;
        self
    }

    /// The longest snapshot, in bytes, that [`Control::restore`](crate::client::Control::restore) and `PUT snapshot`
    /// may send; 2 GiB by default, which is about two million orders with a CSR each. Restoring a snapshot takes two to
    /// four times its length in memory.
    #[must_use]
    pub fn max_snapshot(mut self, bytes: u64) -> Self {
        self.max_snapshot = bytes;
        self
    }

    /// Begins the default sandbox with the state in that file, if it exists, and saves its state to it at
    /// [`Emulator::stop`]. A reset still goes back to the fixtures.
    ///
    /// The file is replaced in one step, so it is always complete. A symbolic link is followed. A file that cannot be
    /// replaced, because it is mounted by itself or its directory cannot be written, is overwritten in place, which is
    /// not atomic: if the process is killed meanwhile, it may contain a part of the state.
    ///
    /// As it contains passwords, only its owner may read it (mode 0600). A file that is overwritten gets this mode if
    /// the system allows it.
    #[must_use]
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Also saves the state after each interval of this length, if it has changed. Has no effect without
    /// [`state_file`](Self::state_file). A save that fails is an error in the log.
    #[must_use]
    pub fn state_every(mut self, interval: Duration) -> Self {
        self.state_every = Some(interval);
        self
    }

    /// The bearer token that requests to the control API must have. It is never printed. A token that is empty, has
    /// white space around it or contains control characters is an error when the emulator starts.
    #[must_use]
    pub fn control_token(self, token: impl Into<Box<str>>) -> Self {
        self.given_control_token((&*token.into()).into())
    }

    /// [`control_token`](Self::control_token) with a token that was parsed already.
    #[must_use]
    pub(crate) fn given_control_token(mut self, token: GivenToken) -> Self {
        self.control_token = Some(TokenSource::Given(token));
        self
    }

    /// The file with the bearer token that requests to the control API must have, in one line. It is read when the
    /// emulator starts.
    #[must_use]
    pub fn control_token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.control_token = Some(TokenSource::File(path.into()));
        self
    }

    /// Adds a host name that requests to the control API may have in `Host`, besides `localhost` and IP addresses. If
    /// the control listener is reachable from other machines, the machine's own name is accepted too.
    #[must_use]
    pub fn control_host(mut self, name: impl Into<String>) -> Self {
        self.control_hosts.push(name.into());
        self
    }

    /// Lets pushes go to public addresses. By default they go to this machine and into private networks alone, whatever
    /// name the URL has.
    #[must_use]
    pub fn push_anywhere(mut self, anywhere: bool) -> Self {
        self.push.anywhere = anywhere;
        self
    }

    /// A file with certificates in PEM that receivers of pushes are trusted by, besides the emulator's own CA.
    #[must_use]
    pub fn push_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.push_ca = Some(path.into());
        self
    }

    /// How long a try to send a push may take; 10 s by default. The limits are those of
    /// [`read_timeout`](Self::read_timeout).
    #[must_use]
    pub fn push_timeout(mut self, limit: Duration) -> Self {
        let (least, most) = READ_TIMEOUTS;
        self.push.timeout = limit.clamp(least, most);
        self
    }

    /// How long it takes until a push that failed is tried again, which happens three times; 1 s by default.
    #[must_use]
    pub fn push_retry_delay(mut self, delay: Duration) -> Self {
        self.push.retry_delay = delay.min(READ_TIMEOUTS.1);
        self
    }

    /// The catalogue as the control API gives it, with notes beside its marks.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn catalogue(mut self, json: String) -> Self {
        self.catalogue = Some(json);
        self
    }

    /// Starts the emulator on the present tokio runtime. When this returns, every listener serves.
    ///
    /// Files are read and keys are made on a thread for blocking work.
    ///
    /// # Errors
    /// The fixtures, the state, an assumption, the token or the TLS files are invalid, the state cannot be saved, or an
    /// address cannot be bound. Then nothing is served.
    pub async fn start(self) -> Result<Emulator, StartError> {
        match aside(move || self.prepare().map(|prepared| (self, prepared))).await {
            Ok(prepared) => {
                let (builder, prepared) = prepared?;
                builder.serve(prepared)
            }
            Err(interrupted) => interrupted.resume().await,
        }
    }

    /// The slow part before anything is served: reads files and makes keys.
    fn prepare(&self) -> Result<Prepared, StartError> {
        if self.https.is_none() && self.http.is_none() && self.control.is_none() {
            return Err(StartError::AllOff);
        }
        self.check_addresses()?;
        let settings = self.settings()?;
        let http_url = self
            .http_url
            .as_deref()
            .map(check_http_url)
            .transpose()?
            .map(str::to_owned);
        for name in &self.control_hosts {
            check_host_name(name).map_err(|problem| StartError::ControlHost(problem.to_owned()))?;
        }
        let control_token = self.token()?;
        let now = system_now();
        let ca = CaOptions {
            dir: self.ca_dir.clone().or(self.tls.dir.clone()),
            key: self.ca_key,
        };
        let authority = Authority::open(&ca, now).map_err(|error| StartError::Ca(error.to_string()))?;
        let tls = match self.https {
            Some(_) => {
                let tls = Tls::load(&self.tls, authority.root(), now);
                Some(tls.map_err(|error| StartError::Tls(error.to_string()))?)
            }
            None => None,
        };
        let ca_pem = match &tls {
            Some(tls) => tls.ca_pem.as_deref().map(Arc::from),
            None => Some(authority.root().pem().into()),
        };
        let push_tls = tls_client(authority.root().certificate(), self.push_ca.as_deref())
            .map_err(|error| StartError::PushCa(error.to_string()))?;
        let issuance = Arc::new(Issuance::new(authority));
        let state_file = self.state_file.clone().map(StateFile::new);
        let saved = match &state_file {
            Some(file) => file.load()?,
            None => None,
        };
        let is_saved = saved.is_some();
        let sandboxes = Sandboxes::new(settings, saved, issuance.clone()).map_err(|error| match is_saved {
            true => StateError::Bad(error).into(),
            false => StartError::Fixtures(error),
        })?;
        // Only after the state was read: if it is invalid, a temporary file of an earlier save may contain a better
        // one.
        if let Some(file) = &state_file {
            file.prepare()
                .map_err(|error| StartError::StateFile(error.to_string()))?;
        }
        Ok(Prepared {
            sandboxes: Arc::new(sandboxes),
            issuance,
            tls,
            push_tls,
            ca_pem,
            http_url,
            state_file: state_file.map(Arc::new),
            control_token,
            is_saved,
        })
    }

    /// Checks that no two listeners are given one address.
    fn check_addresses(&self) -> Result<(), StartError> {
        let [https, http, control] = [("https", self.https), ("http", self.http), ("control", self.control)];
        for ((first, one), (second, other)) in [(https, http), (https, control), (http, control)] {
            if let Some(address) = one.filter(|address| Some(*address) == other && address.port() != 0) {
                return Err(StartError::SameAddress { first, second, address });
            }
        }
        Ok(())
    }

    fn serve(self, prepared: Prepared) -> Result<Emulator, StartError> {
        let Prepared { sandboxes, tls, .. } = prepared;
        let https = bind("https", self.https)?;
        let http = bind("http", self.http)?;
        let control = bind("control", self.control)?;
        let address = |listener: &Option<Listener>| listener.as_ref().map(Listener::local_addr);
        if let Some(url) = prepared
            .http_url
            .or_else(|| address(&http).and_then(base_url::of_listener))
        {
            prepared.issuance.publish_at(url);
        }
        let mut emulator = Emulator {
            https: address(&https),
            http: address(&http),
            control: address(&control),
            ca_pem: prepared.ca_pem,
            stopper: Stopper::new(),
            tasks: JoinSet::new(),
            sandboxes: sandboxes.clone(),
            state_file: prepared.state_file,
            control_token: prepared.control_token,
            runtime: None,
        };
        let connections = Connections::allowed();
        let limits = |connections| Limits {
            read_timeout: self.read_timeout,
            connections,
            grace: GRACE,
        };
        let bodies = Arc::new(BodyReader::new(self.read_timeout));
        let console: Option<Arc<str>> = emulator
            .control
            .map(|address| base_url::told("http", address, "localhost").into());
        let products =
            |over_https| Products::new(sandboxes.clone(), over_https, bodies.clone(), console.clone()).into_service();
        let stop = emulator.stopper.signal();
        if let (Some(file), Some(interval)) = (&emulator.state_file, self.state_every) {
            let (file, sandbox) = (file.clone(), sandboxes.default_sandbox().clone());
            let saving = save_regularly(move || file.save_changes(&sandbox), interval, stop.clone());
            emulator.tasks.spawn(saving);
        }
        let pusher = Pusher {
            sandboxes: sandboxes.clone(),
            options: self.push.clone(),
            tls: prepared.push_tls,
            stop: stop.clone(),
        };
        emulator.tasks.spawn(pusher.run());
        if let (Some(listener), Some(tls)) = (https, tls) {
            let serving = listener.serve(
                "https",
                Some(tls.config),
                products(true),
                limits(connections.api),
                stop.clone(),
            );
            emulator.tasks.spawn(serving);
        }
        if let Some(listener) = http {
            let serving = listener.serve(
                "http",
                None,
                products(self.accept_plain_http),
                limits(connections.api),
                stop.clone(),
            );
            emulator.tasks.spawn(serving);
        }
        if let Some(listener) = control {
            let control = Control {
                ca_pem: emulator.ca_pem.clone(),
                catalogue: self.catalogue.as_deref().map(Arc::from),
                sandboxes: sandboxes.clone(),
                token: emulator.control_token.clone(),
                own_names: OwnNames::new(listener.local_addr(), &self.control_hosts),
                read_timeout: self.read_timeout,
                max_snapshot: self.max_snapshot,
                body_memory: BodyMemory::default(),
                answer_turns: AnswerTurns::default(),
                wait_turns: WaitTurns::of_half(connections.control),
                accept_plain_http: self.accept_plain_http,
                listeners: Listeners {
                    https: emulator.https,
                    http: emulator.http,
                    control: emulator.control,
                },
                stop: stop.clone(),
            };
            let serving = listener.serve(
                "control",
                None,
                control.into_service(),
                limits(connections.control),
                stop,
            );
            emulator.tasks.spawn(serving);
        }
        if let Some(url) = &console {
            info!(target: CONSOLE_LOG, "the console is at {url}/");
        }
        log_unexpected_start(&sandboxes, prepared.is_saved);
        Ok(emulator)
    }

    /// Starts the emulator on a runtime of its own, with two threads, and blocks until every listener serves. It may be
    /// called with or without a present runtime. The emulator does not end with the present runtime, so one emulator
    /// can serve many `#[tokio::test]`s, whose runtimes end with the tests.
    ///
    /// ```
    /// use std::sync::LazyLock;
    ///
    /// use sectigo_emulator::Emulator;
    ///
    /// static EMULATOR: LazyLock<Emulator> =
    ///     LazyLock::new(|| Emulator::builder().seed(1).start_blocking().expect("the emulator starts"));
    ///
    /// for _ in 0..2 {
    ///     let test = tokio::runtime::Runtime::new().expect("there is a runtime");
    ///     test.block_on(EMULATOR.control().health()).expect("it serves every test");
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`start`](Self::start), or the system starts no more threads.
    pub fn start_blocking(self) -> Result<Emulator, StartError> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sectigo-emulator")
            .enable_all()
            .build()
            .map_err(StartError::Runtime)?;
        let handle = runtime.handle().clone();
        let runtime = OwnRuntime(Some(runtime));
        // A thread of a runtime may not block on another runtime, so a new thread does.
        let mut emulator = thread::scope(|scope| {
            let start = thread::Builder::new().spawn_scoped(scope, || handle.block_on(self.start()));
            match start.map_err(StartError::Runtime)?.join() {
                Ok(started) => started,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        emulator.runtime = Some(runtime);
        Ok(emulator)
    }

    fn settings(&self) -> Result<Settings, StartError> {
        let settings = Settings {
            fixtures: Arc::new(self.fixtures.clone()),
            assumptions: self.assumptions.clone(),
            issuance_delay: self.issuance_delay,
            max_orders: self.max_orders,
            journal: self.journal,
            journal_bytes: self.journal_bytes,
            max_sandboxes: self.max_sandboxes,
            seed: self.seed,
        };
        settings.check_assumptions()?;
        Ok(settings)
    }

    fn token(&self) -> Result<Option<Token>, StartError> {
        let token = match &self.control_token {
            Some(TokenSource::Given(given)) => given.check().cloned().map_err(|error| error.to_string()),
            Some(TokenSource::File(path)) => Token::read(path).map_err(|error| error.to_string()),
            None => return Ok(None),
        };
        token.map(Some).map_err(StartError::ControlToken)
    }
}

/// What [`Builder::prepare`] made.
struct Prepared {
    sandboxes: Arc<Sandboxes>,
    issuance: Arc<Issuance>,
    tls: Option<Tls>,
    push_tls: Arc<ClientConfig>,
    ca_pem: Option<Arc<str>>,
    http_url: Option<String>,
    state_file: Option<Arc<StateFile>>,
    control_token: Option<Token>,
    /// Whether the default sandbox begins with a saved state.
    is_saved: bool,
}

/// Logs how the default sandbox begins, if its user may not expect it.
fn log_unexpected_start(sandboxes: &Sandboxes, is_saved: bool) {
    let (accounts, orders) = {
        let state = sandboxes.default_sandbox().state();
        (state.world.accounts.len(), state.world.book.len())
    };
    if is_saved {
        let message =
            "the default sandbox begins with the saved state (--state); the fixtures are used again after a reset";
        info!(target: LOG, accounts, orders, "{message}");
    }
    if accounts == 0 {
        warn!(target: LOG, "there are no accounts, so every call with a login is answered with -16");
    }
}

/// Saves the state after each interval, until the emulator stops. After a failure it tries again.
async fn save_regularly<S>(save: S, interval: Duration, mut stop: Stop)
where
    S: Fn() -> Result<(), FileError> + Clone + Send + 'static,
{
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            () = sleep(interval) => {}
        }
        match aside(save.clone()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(target: LOG, "cannot save the state: {error}"),
            Err(interrupted) => error!(target: LOG, "cannot save the state: {interrupted}"),
        }
    }
}

/// Why an emulator did not start, in one line for the person who started it.
#[derive(Debug, Error)]
pub enum StartError {
    /// Every listener was turned off.
    #[error("every listener is off, so there is nothing to serve (--https, --http, --control)")]
    AllOff,
    /// The fixtures are invalid.
    #[error("bad fixtures: {0}")]
    Fixtures(#[from] FixturesError),
    /// The saved state cannot be loaded.
    #[error("saved state: {0}")]
    State(#[from] StateError),
    /// The state file cannot be written.
    #[error("cannot save the state: {0} (--state)")]
    StateFile(String),
    /// The token of the control API cannot be used.
    #[error("the token of the control API: {0} (--control-token, --control-token-file)")]
    ControlToken(String),
    /// A name for the control listener is not a host name.
    #[error("{0} (--control-host)")]
    ControlHost(String),
    /// There is no assumption of that name, or it does not accept the value.
    #[error(transparent)]
    Assumption(#[from] AssumptionError),
    /// A file of the certificate authority cannot be used.
    #[error("{0}")]
    Ca(String),
    /// The base of the URLs in certificates is not a URL.
    #[error("`{0}` cannot begin the URLs in certificates; give one such as http://sectigo-emulator:8080 (--http-url)")]
    HttpUrl(String),
    /// The runtime or its threads cannot be started.
    #[error("cannot make a runtime: {0}")]
    Runtime(io::Error),
    /// The certificate of the HTTPS listener cannot be made or read.
    #[error("{0}")]
    Tls(String),
    /// The certificates that receivers of pushes are trusted by cannot be used.
    #[error("{0} (--push-ca)")]
    PushCa(String),
    /// Two listeners were given one address.
    #[error("--{first} and --{second} name one address, {address}: give each its own; port 0 takes a free port")]
    SameAddress {
        /// One of them: `https` or `http`.
        first: &'static str,
        /// The other one: `http` or `control`.
        second: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// An address cannot be bound.
    #[error("cannot listen on {address} (--{listener}): {source}{}", advice(source))]
    Bind {
        /// Which listener: `https`, `http` or `control`.
        listener: &'static str,
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
}

/// What to do if an address cannot be bound.
fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "; is another emulator running there? Port 0 takes a free port",
        _ => "",
    }
}

/// The state could not be saved at the stop; see [`Emulator::stop`].
#[derive(Debug, Error)]
#[error("cannot save the state: {0}")]
pub struct StopError(String);

impl From<FileError> for StopError {
    fn from(error: FileError) -> Self {
        Self(error.to_string())
    }
}

/// The OpenAPI document of the control API of an emulator without a token: JSON in one line.
#[cfg(feature = "cli")]
pub(crate) fn openapi_document() -> String {
    crate::server::control::openapi_document()
}

/// Checks the base of the URLs in certificates, and returns it without a slash at its end.
pub(crate) fn check_http_url(text: &str) -> Result<&str, StartError> {
    let uri: Option<hyper::Uri> = text.parse().ok();
    let has_host = uri
        .as_ref()
        .and_then(hyper::Uri::host)
        .is_some_and(|host| !host.is_empty());
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\');
    match text.strip_prefix("http://") {
        Some(_) if has_host && text.bytes().all(is_plain) => Ok(text.trim_end_matches('/')),
        _ => Err(StartError::HttpUrl(shown(text).into_owned())),
    }
}

/// Whether a name can be that of a host.
///
/// # Errors
/// It cannot; the sentence says what is taken.
pub(crate) fn check_host_name(name: &str) -> Result<(), &'static str> {
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match !name.is_empty() && name.bytes().all(is_taken) {
        true => Ok(()),
        false => Err("give a host name without a port, such as sectigo-emulator"),
    }
}

fn bind(listener: &'static str, address: Option<SocketAddr>) -> Result<Option<Listener>, StartError> {
    address
        .map(|address| {
            Listener::bind(address).map_err(|source| StartError::Bind {
                listener,
                address,
                source,
            })
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_host_name_has_no_port() {
        for name in ["sectigo-emulator", "a.example", "a_b", "x"] {
            assert!(check_host_name(name).is_ok(), "{name}");
        }
        for name in ["", "a:80", "http://a", "a b", "[::1]", "a/b"] {
            assert!(check_host_name(name).is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn the_state_is_saved_again_after_a_save_that_panicked_or_failed() {
        let saves = Arc::new(AtomicUsize::new(0));
        let stopper = Stopper::new();
        let count = saves.clone();
        let save = move || match count.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("on purpose"),
            1 => Err(FileError {
                path: PathBuf::from("state.json"),
                problem: "on purpose".to_owned(),
            }),
            _ => Ok(()),
        };
        let saver = tokio::spawn(save_regularly(save, Duration::from_millis(1), stopper.signal()));
        while saves.load(Ordering::SeqCst) < 4 {
            assert!(!saver.is_finished(), "it has ended");
            sleep(Duration::from_millis(1)).await;
        }
        stopper.stop();
        saver.await.unwrap();
    }
}
