//! The emulator in a process: for `main`, and for tests that want one of their own.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ca::{Authority, CaKey, CaOptions};
use crate::certificates::Issuance;
use crate::clock::system_now;
use crate::files::{self, FileError, Readers};
use crate::fixtures::{Fixtures, FixturesError, LoadError};
use crate::http::base_url;
use crate::http::body::BodyReader;
use crate::http::control::{Control, LARGE_BODIES, Token};
use crate::http::listen::{Limits, Listener, Stopper};
use crate::http::products::Products;
use crate::http::tls::{OwnCertificate, Tls, TlsOptions};
use crate::protocol::assumption::AssumptionError;
use crate::sandboxes::{Sandboxes, Settings};

/// Connections of a listener at a time; more of them wait.
const CONNECTIONS: usize = 4096;

/// How long calls in flight may take to finish when the emulator stops.
const GRACE: Duration = Duration::from_millis(600);

/// A running emulator. Dropping it stops it at once; [`stop`](Self::stop) lets calls in flight finish.
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
    listeners: JoinSet<()>,
    sandboxes: Arc<Sandboxes>,
    state_file: Option<PathBuf>,
    control_token: Option<Token>,
}

impl Emulator {
    /// Starts an emulator on free ports of 127.0.0.1, with the built-in fixtures.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// An emulator that is told how to be before it starts.
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

    /// Where the HTTPS listener is, unless it is off.
    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Where the HTTP listener is, unless it is off.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where the control listener is, unless it is off.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The certificate that clients should trust, in PEM: the root, above the listener's certificate and those of the
    /// orders. Where the listener has a certificate of yours, its CA, or nothing if it came without.
    pub fn ca_pem(&self) -> &str {
        self.ca_pem.as_deref().unwrap_or_default()
    }

    /// Drives its default sandbox: orders, accounts, clock, faults, journal, and other sandboxes.
    ///
    /// # Panics
    /// The control listener was turned off.
    pub fn control(&self) -> crate::control::Control {
        let control = crate::control::Control::connect(&self.control_url());
        match &self.control_token {
            Some(token) => control.token(token.expose()),
            None => control,
        }
    }

    /// Stops: takes no new calls, answers those in flight, and is gone within a second. Saves the state if it was told
    /// to.
    ///
    /// # Errors
    /// The state cannot be saved; the file is as it was.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.stopper.stop();
        while self.listeners.join_next().await.is_some() {}
        match &self.state_file {
            Some(path) => save(&self.sandboxes, path),
            None => Ok(()),
        }
    }
}

/// How an emulator shall be. Without a word it is as [`Emulator::start`] makes it.
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
    max_sandboxes: usize,
    state_file: Option<PathBuf>,
    control_token: Option<Token>,
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
            max_orders: 1_000_000,
            journal: 1000,
            max_sandboxes: 100_000,
            state_file: None,
            control_token: None,
        }
    }
}

impl Builder {
    /// Where the API is served over TLS; `None` turns it off. Port 0 takes a free one.
    #[must_use]
    pub fn https(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.https = address.into();
        self
    }

    /// Where the API is served over plain HTTP; `None` turns it off. Port 0 takes a free one.
    #[must_use]
    pub fn http(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.http = address.into();
        self
    }

    /// Where the control API is served; `None` turns it off. Port 0 takes a free one.
    #[must_use]
    pub fn control(mut self, address: impl Into<Option<SocketAddr>>) -> Self {
        self.control = address.into();
        self
    }

    /// Whether a call over plain HTTP is treated as if it came over HTTPS. Else it is answered with -1, as the real
    /// API does.
    #[must_use]
    pub fn accept_plain_http(mut self, accept: bool) -> Self {
        self.accept_plain_http = accept;
        self
    }

    /// The accounts, orders, messages, faults and assumptions to start with.
    #[must_use]
    pub fn fixtures(mut self, fixtures: Fixtures) -> Self {
        self.fixtures = fixtures;
        self
    }

    /// Sets an assumption; it outweighs the fixtures', but not those of a snapshot or of a saved state. A wrong name or value shows when the emulator starts.
    #[must_use]
    pub fn assume(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.assumptions.push((name.into(), value.into()));
        self
    }

    /// How long a new order is being issued, by the emulator's clock. Without a word it is issued at once.
    #[must_use]
    pub fn issuance_delay(mut self, delay: Duration) -> Self {
        self.issuance_delay = delay;
        self
    }

    /// Makes what is drawn at random, the numbers of new orders and the dice of faults, the same each time.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Keeps the root and the issuing CAs in a directory, for the next start: `ca.pem`, `ca.key`, and `smime.pem` and its
    /// like. Files of yours that are there are used. Without a word it is the directory of [`tls_dir`](Self::tls_dir), if
    /// there is one.
    #[must_use]
    pub fn ca_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.ca_dir = Some(dir.into());
        self
    }

    /// The kind of the keys that are made for the root and the issuing CAs; EC P-256 without a word.
    #[must_use]
    pub fn ca_key(mut self, key: CaKey) -> Self {
        self.ca_key = key;
        self
    }

    /// Where others reach the HTTP listener, such as `http://sectigo-emulator:8080`: the URLs in certificates begin so.
    /// Without a word it is the listener's address, or for a listener on every interface the machine's host name.
    #[must_use]
    pub fn http_url(mut self, url: impl Into<String>) -> Self {
        self.http_url = Some(url.into());
        self
    }

    /// Keeps the made CA and server certificate in a directory, for the next start.
    #[must_use]
    pub fn tls_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.tls.dir = Some(dir.into());
        self
    }

    /// Serves a certificate of yours: the files of its chain and of its key, both PEM.
    #[must_use]
    pub fn tls_certificate(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.own = Some(OwnCertificate {
            cert: cert.into(),
            key: key.into(),
        });
        self
    }

    /// Puts one more name, a DNS name or an IP address, into the made server certificate.
    #[must_use]
    pub fn tls_name(mut self, name: impl Into<String>) -> Self {
        self.tls.names.push(name.into());
        self
    }

    /// How long a client may take for a TLS handshake, for the head of a request, for its body. 30 s without a word.
    #[must_use]
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// How many orders there may be. A replacement that would make one more is answered with HTTP status 503.
    /// A million without a word.
    #[must_use]
    pub fn max_orders(mut self, count: usize) -> Self {
        self.max_orders = count;
        self
    }

    /// How many calls the journal of a sandbox keeps; 1000 without a word, none with 0.
    #[must_use]
    pub fn journal(mut self, calls: usize) -> Self {
        self.journal = calls;
        self
    }

    /// How many sandboxes there may be beside the default one; 100,000 without a word.
    #[must_use]
    pub fn max_sandboxes(mut self, count: usize) -> Self {
        self.max_sandboxes = count;
        self
    }

    /// Begins the default sandbox with the state in that file, if it is there, and saves its state there on
    /// [`Emulator::stop`]. Resetting goes back to the fixtures all the same.
    #[must_use]
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// The token that requests of the control API must bear. It is never printed.
    #[must_use]
    pub fn control_token(mut self, token: impl Into<Box<str>>) -> Self {
        self.control_token = Some(Token::new(token));
        self
    }

    /// Starts the emulator on the tokio runtime that this is awaited on. When it returns, every listener serves.
    ///
    /// # Errors
    /// The fixtures, an assumption or the TLS files are bad, or an address cannot be bound. Nothing serves then.
    pub async fn start(self) -> Result<Emulator, StartError> {
        if self.https.is_none() && self.http.is_none() && self.control.is_none() {
            return Err(StartError::AllOff);
        }
        let settings = self.settings()?;
        let http_url = self
            .http_url
            .as_deref()
            .map(check_http_url)
            .transpose()?
            .map(str::to_owned);
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
        let issuance = Arc::new(Issuance::new(authority));
        let sandboxes = Arc::new(self.sandboxes(settings, issuance.clone())?);
        let https = bind("https", self.https)?;
        let http = bind("http", self.http)?;
        let control = bind("control", self.control)?;
        let address = |listener: &Option<Listener>| listener.as_ref().map(Listener::local_addr);
        if let Some(url) = http_url.or_else(|| address(&http).and_then(base_url::of_listener)) {
            issuance.publish_at(url);
        }
        let mut emulator = Emulator {
            https: address(&https),
            http: address(&http),
            control: address(&control),
            ca_pem,
            stopper: Stopper::new(),
            listeners: JoinSet::new(),
            sandboxes: sandboxes.clone(),
            state_file: self.state_file.clone(),
            control_token: self.control_token.clone(),
        };
        let limits = Limits {
            read_timeout: self.read_timeout,
            connections: CONNECTIONS,
            grace: GRACE,
        };
        let bodies = Arc::new(BodyReader::new(self.read_timeout));
        let products = |over_https| Products::new(sandboxes.clone(), over_https, bodies.clone()).into_service();
        let stop = emulator.stopper.signal();
        if let (Some(listener), Some(tls)) = (https, tls) {
            let serving = listener.serve("https", Some(tls.config), products(true), limits, stop.clone());
            emulator.listeners.spawn(serving);
        }
        if let Some(listener) = http {
            let serving = listener.serve("http", None, products(self.accept_plain_http), limits, stop.clone());
            emulator.listeners.spawn(serving);
        }
        if let Some(listener) = control {
            let control = Control {
                ca_pem: emulator.ca_pem.clone(),
                sandboxes: sandboxes.clone(),
                token: self.control_token.clone(),
                read_timeout: self.read_timeout,
                large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)),
                stop: stop.clone(),
            };
            let serving = listener.serve("control", None, control.into_service(), limits, stop);
            emulator.listeners.spawn(serving);
        }
        Ok(emulator)
    }

    fn settings(&self) -> Result<Settings, StartError> {
        let settings = Settings {
            fixtures: Arc::new(self.fixtures.clone()),
            assumptions: self.assumptions.clone(),
            issuance_delay: self.issuance_delay,
            max_orders: self.max_orders,
            journal: self.journal,
            max_sandboxes: self.max_sandboxes,
            seed: self.seed,
        };
        settings.check_assumptions()?;
        Ok(settings)
    }

    fn sandboxes(&self, settings: Settings, issuance: Arc<Issuance>) -> Result<Sandboxes, StartError> {
        let saved = match &self.state_file {
            Some(path) if path.exists() => Some(Fixtures::load(path)?),
            _ => None,
        };
        Ok(Sandboxes::new(settings, saved.as_ref(), issuance)?)
    }
}

/// Why an emulator did not start; one line, for the person who started it.
#[derive(Debug, Error)]
pub enum StartError {
    /// Every listener was turned off.
    #[error("every listener is off, so there is nothing to serve (--https, --http, --control)")]
    AllOff,
    /// The fixtures do not hold together.
    #[error("bad fixtures: {0}")]
    Fixtures(#[from] FixturesError),
    /// The saved state cannot be loaded.
    #[error("saved state: {0}")]
    State(#[from] LoadError),
    /// An assumption is none, or does not take that value.
    #[error(transparent)]
    Assumption(#[from] AssumptionError),
    /// The certificate authority's files are bad.
    #[error("{0}")]
    Ca(String),
    /// What shall stand in certificates is no URL.
    #[error("`{0}` cannot begin the URLs in certificates; give one such as http://sectigo-emulator:8080 (--http-url)")]
    HttpUrl(String),
    /// There is no certificate to serve.
    #[error("{0}")]
    Tls(String),
    /// An address cannot be bound.
    #[error("cannot listen on {address} (--{listener}): {source}")]
    Bind {
        /// Which listener: `https`, `http` or `control`.
        listener: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Why an emulator stopped, but not as it should.
#[derive(Debug, Error)]
#[error("cannot save the state: {0}")]
pub struct StopError(String);

impl From<FileError> for StopError {
    fn from(error: FileError) -> Self {
        Self(error.to_string())
    }
}

/// Saves the state of the default sandbox: the whole file appears at once, for its owner only, as passwords are in it.
fn save(sandboxes: &Sandboxes, path: &Path) -> Result<(), StopError> {
    let text = sandboxes.default_sandbox().snapshot().to_json();
    Ok(files::write(path, &text, Readers::Owner)?)
}

/// The base of URLs in certificates, without the slash at its end.
pub(crate) fn check_http_url(text: &str) -> Result<&str, StartError> {
    let uri: Option<hyper::Uri> = text.parse().ok();
    let has_host = uri
        .as_ref()
        .and_then(hyper::Uri::host)
        .is_some_and(|host| !host.is_empty());
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\');
    match text.strip_prefix("http://") {
        Some(_) if has_host && text.bytes().all(is_plain) => Ok(text.trim_end_matches('/')),
        _ => Err(StartError::HttpUrl(text.chars().take(64).collect())),
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
