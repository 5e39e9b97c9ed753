//! The options of an emulator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::ca::CaKey;
use crate::model::Fixtures;
use crate::server::push::PushOptions;
use crate::server::tls::{OwnCertificate, TlsOptions};
use crate::token::GivenToken;

/// The shortest and the longest read timeout: it is used as the period of an interval, which must not be zero, and is
/// added to the present time, which must not overflow.
const TIME_LIMITS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(365 * 24 * 60 * 60));

/// The options of an emulator. The defaults are those of [`Emulator::start`](crate::Emulator::start).
#[derive(Clone, Debug)]
pub struct Builder {
    pub(super) https: Option<SocketAddr>,
    pub(super) http: Option<SocketAddr>,
    pub(super) control: Option<SocketAddr>,
    pub(super) accept_plain_http: bool,
    pub(super) fixtures: Fixtures,
    pub(super) assumptions: Vec<(String, String)>,
    pub(super) issuance_delay: Duration,
    pub(super) seed: Option<u64>,
    pub(super) tls: TlsOptions,
    pub(super) ca_dir: Option<PathBuf>,
    pub(super) ca_key: CaKey,
    pub(super) http_url: Option<String>,
    pub(super) read_timeout: Duration,
    pub(super) max_orders: usize,
    pub(super) max_order_bytes: usize,
    pub(super) journal: usize,
    pub(super) journal_bytes: usize,
    pub(super) max_sandboxes: usize,
    pub(super) max_snapshot: u64,
    pub(super) state_file: Option<PathBuf>,
    pub(super) state_every: Option<Duration>,
    pub(super) control_token: Option<TokenSource>,
    pub(super) control_hosts: Vec<String>,
    pub(super) push: PushOptions,
    pub(super) push_ca: Option<PathBuf>,
    pub(super) catalogue: Option<String>,
}

/// How the token of the control API is given.
#[derive(Clone, Debug)]
pub(super) enum TokenSource {
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
            max_order_bytes: Self::DEFAULT_MAX_ORDER_BYTES,
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
    pub(crate) const DEFAULT_MAX_ORDER_BYTES: usize = 1 << 30;
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
        let (least, most) = TIME_LIMITS;
        self.read_timeout = limit.clamp(least, most);
        self
    }

    /// How many orders a sandbox may have; 1,000,000 by default. A call that would make one more is answered with HTTP
    /// status 503. An order takes about 300 bytes of memory, and its CSR as much as that has in DER, up to 24 kB.
    #[must_use]
    pub fn max_orders(mut self, count: usize) -> Self {
        self.max_orders = count;
        self
    }

    /// How many bytes the orders and accounts of all sandboxes may take together, beside those of the emulator's fixtures; 1 GiB by
    /// default. A call that would need more is answered with HTTP status 503.
    #[must_use]
    pub fn max_order_bytes(mut self, bytes: usize) -> Self {
        self.max_order_bytes = bytes;
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
    /// [`Emulator::stop`](crate::Emulator::stop). A reset still goes back to the fixtures.
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
    /// [`state_file`](Self::state_file). A save that fails is an error in the log. The limits are those of
    /// [`read_timeout`](Self::read_timeout).
    #[must_use]
    pub fn state_every(mut self, interval: Duration) -> Self {
        let (least, most) = TIME_LIMITS;
        self.state_every = Some(interval.clamp(least, most));
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
        let (least, most) = TIME_LIMITS;
        self.push.timeout = limit.clamp(least, most);
        self
    }

    /// How long it takes until a push that failed is tried again, which happens three times; 1 s by default.
    #[must_use]
    pub fn push_retry_delay(mut self, delay: Duration) -> Self {
        self.push.retry_delay = delay.min(TIME_LIMITS.1);
        self
    }

    /// The catalogue as the control API gives it, with notes beside its marks.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn catalogue(mut self, json: String) -> Self {
        self.catalogue = Some(json);
        self
    }
}
