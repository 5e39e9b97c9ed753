//! Sends the pushes of all sandboxes: over HTTP or TLS, each with a few tries, and never for long.
//!
//! A receiver is trusted with nothing: only its status is read, its redirects are not followed, and every try ends in time. A
//! push goes to this machine or into a private network only, unless more is allowed; that is judged by the address that is
//! connected to, after its name was resolved. Sandboxes take turns, and receivers that hang leave places to others (see
//! [`places`]).

mod places;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tracing::{error, warn};

use self::places::{Place, Places};
use crate::api::account::{PushCredentials, PushTarget};
use crate::api::push::{BEFORE_CERTIFICATE, CA_CERTIFICATE, CERTIFICATE};
use crate::ca::trust;
use crate::clock::{Stopwatch, real_now};
use crate::der::pem;
use crate::files::FileError;
use crate::model::when::Span;
use crate::sandbox::Sandbox;
use crate::sandbox::list::Sandboxes;
use crate::sandbox::push::{LOG, NextPush, Push, PushHub, Taken, Tried};
use crate::server::stop::Stop;

/// How often a push is tried again.
const RETRIES: u32 = 3;

/// The most bytes of the head of a response.
const MAX_HEAD: usize = 16 << 10;

/// The longest sleep while an alarm is set, as the system's clock may be set.
const NAP: Duration = Duration::from_secs(60);

/// The options of pushes.
#[derive(Clone, Debug)]
pub(crate) struct PushOptions {
    /// Whether pushes may go to public addresses.
    pub(crate) anywhere: bool,
    /// How long a try may take.
    pub(crate) timeout: Duration,
    /// How long it takes until a push that failed is tried again.
    pub(crate) retry_delay: Duration,
}

/// Why TLS for pushes cannot be set up.
#[derive(Debug, Error)]
pub(crate) enum PushTlsError {
    /// The file with the certificates to trust cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// rustls refuses its settings.
    #[error("cannot set up TLS for pushes: {0}")]
    Setup(#[from] rustls::Error),
}

/// A TLS client that trusts the emulator's own root, and the certificates of a file.
///
/// # Errors
/// The file cannot be read, or one of its certificates cannot be a root.
pub(crate) fn tls_client(
    root: &CertificateDer<'static>,
    more: Option<&Path>,
) -> Result<Arc<ClientConfig>, PushTlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    if let Some(path) = more {
        trust::add_file(&mut roots, path)?;
    }
    Ok(trust::client(roots)?)
}

/// Sends the pushes of all sandboxes.
pub(crate) struct Pusher {
    /// The sandboxes.
    pub(crate) sandboxes: Arc<Sandboxes>,
    /// The options.
    pub(crate) options: PushOptions,
    /// Which receivers are trusted.
    pub(crate) tls: Arc<ClientConfig>,
    /// How many pushes may be on their way at a time.
    pub(crate) most: usize,
    /// Ends it.
    pub(crate) stop: Stop,
}

impl Pusher {
    /// Sends pushes until the emulator stops. Those that wait or are on their way are lost then.
    pub(crate) async fn run(self) {
        let Self {
            sandboxes,
            options,
            tls,
            most,
            mut stop,
        } = self;
        let hub = sandboxes.push_hub();
        let mut dispatch = Dispatch {
            sandboxes,
            hub: hub.clone(),
            sender: Arc::new(Sender { options, tls }),
            places: Places::new(most),
            on_their_way: JoinSet::new(),
            held_back: Vec::new(),
        };
        loop {
            dispatch.look_after_due();
            dispatch.send_ready();
            let has_free = dispatch.places.has_free();
            let nap = hub.next_alarm().map(|at| at.since(real_now()).min(NAP));
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                Some(ended) = dispatch.on_their_way.join_next() => dispatch.go_on_after(ended),
                () = hub.news(), if has_free => {}
                () = sleep(nap.unwrap_or_default()), if nap.is_some() => {}
            }
        }
        dispatch.report_lost();
    }
}

/// Has the pushes of all sandboxes sent that are ready, as long as there are places for them.
struct Dispatch {
    sandboxes: Arc<Sandboxes>,
    hub: Arc<PushHub>,
    sender: Arc<Sender>,
    places: Arc<Places>,
    on_their_way: JoinSet<()>,
    /// The sandboxes whose next push waits for a place.
    held_back: Vec<Arc<str>>,
}

impl Dispatch {
    /// Looks after the sandboxes whose alarm has gone off.
    fn look_after_due(&self) {
        while let Some(name) = self.hub.next_due(real_now()) {
            if let Some(sandbox) = self.sandboxes.get(&name) {
                sandbox.look_after();
            }
        }
    }

    /// Begins to send what is ready, until no place is free.
    fn send_ready(&mut self) {
        while self.places.has_free()
            && let Some(name) = self.hub.next_ready()
        {
            let Some(sandbox) = self.sandboxes.get(&name) else {
                continue;
            };
            let has_place = |of_sandbox, push: &Push| self.places.may_take(of_sandbox, &push.target.url);
            match sandbox.pushes.take(has_place) {
                NextPush::Taken(taken) => {
                    let place = self.places.take(&taken.push.target.url);
                    self.on_their_way
                        .spawn(deliver(self.sender.clone(), sandbox.clone(), taken, place));
                    // Its next push takes its turn after those of the others.
                    self.hub.make_ready(&name);
                }
                NextPush::HeldBack => self.held_back.push(name),
                NextPush::Nothing => {}
            }
        }
    }

    /// One is sent or given up, so those that were held back may find a place.
    fn go_on_after(&mut self, ended: Result<(), JoinError>) {
        report_panic(ended);
        self.held_back.drain(..).for_each(|name| self.hub.make_ready(&name));
    }

    fn report_lost(&self) {
        let lost: usize = self.sandboxes.list().iter().map(|sandbox| sandbox.pushes.len()).sum();
        if lost > 0 {
            warn!(target: LOG, pushes = lost, "stopped before these pushes were sent");
        }
    }
}

/// A panic ends one push, and nothing else.
fn report_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        // Its message is not repeated, as it may contain a secret.
        error!(target: LOG, "sending a push panicked; where and why is on stderr, before this line");
    }
}

/// Sends a push, in a few tries, unless it is given up. It has its place until then.
async fn deliver(sender: Arc<Sender>, sandbox: Arc<Sandbox>, taken: Taken, _place: Place) {
    let mut giving_up = taken.giving_up();
    let sending = Sending {
        sandbox: &sandbox,
        taken: &taken,
    };
    tokio::select! {
        biased;
        () = giving_up.given_up() => {}
        () = sender.send(&sending) => {}
    }
}

/// A push on its way. However that ends, the next one of its order may follow then.
struct Sending<'s> {
    sandbox: &'s Sandbox,
    taken: &'s Taken,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.sandbox.pushes.finish(self.taken);
    }
}

/// How pushes are sent.
struct Sender {
    options: PushOptions,
    tls: Arc<ClientConfig>,
}

/// Why a try failed.
#[derive(Debug, Error)]
enum Failed {
    #[error("no response within {}", Span(*.0))]
    Timeout(Duration),
    #[error("the name cannot be resolved: {0}")]
    Resolve(io::Error),
    #[error("{0} is neither this machine nor in a private network (--push-anywhere allows it)")]
    Public(IpAddr),
    #[error("the name has no address")]
    NoAddress,
    #[error("cannot connect to {0}: {1}")]
    Connect(SocketAddr, io::Error),
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    #[error("HTTP failed: {0}")]
    Http(#[from] hyper::Error),
    #[error("the certificate cannot be made: {0}")]
    Certificate(String),
    #[error("the parameters do not fit into a URL: {0}")]
    Parameters(hyper::http::Error),
}

impl Failed {
    /// Whether another try may do better.
    fn may_pass(&self) -> bool {
        !matches!(self, Self::Public(_) | Self::Certificate(_) | Self::Parameters(_))
    }
}

/// What follows a try.
enum Then {
    Delivered,
    TriedAgain,
    GivenUp,
}

impl Then {
    /// What follows the try of that number, of which that came.
    fn after(number: u32, came: &Result<u16, Failed>) -> Self {
        let may_go_on = number <= RETRIES;
        match came {
            Ok(200..300) => Self::Delivered,
            Ok(_) if may_go_on => Self::TriedAgain,
            Err(failed) if may_go_on && failed.may_pass() => Self::TriedAgain,
            Ok(_) | Err(_) => Self::GivenUp,
        }
    }
}

impl Sender {
    async fn send(&self, sending: &Sending<'_>) {
        let (sandbox, push) = (sending.sandbox, &sending.taken.push);
        let (parameters, mut problem) = match attach_certificate(sandbox, push).await {
            Ok(parameters) => (parameters, None),
            Err(problem) => (push.parameters.clone(), Some(problem)),
        };
        let masked = push.masked(&parameters);
        for number in 1..=1 + RETRIES {
            let times = [sandbox.now(), real_now()];
            let watch = Stopwatch::start();
            let came = match problem.take() {
                Some(problem) => Err(problem),
                None => self.try_once(&push.target, &parameters).await,
            };
            let then = Then::after(number, &came);
            let tried = Tried {
                number,
                times,
                status: came.as_ref().map_or(0, |status| *status),
                took_us: watch.elapsed_micros(),
                hint: self.hint(number, &came, &then),
            };
            sandbox.note_push(sending.taken, tried, masked.clone());
            match then {
                Then::Delivered | Then::GivenUp => return,
                Then::TriedAgain => sleep(self.options.retry_delay).await,
            }
        }
    }

    /// What the journal and the log say of a try.
    fn hint(&self, number: u32, came: &Result<u16, Failed>, then: &Then) -> String {
        let outcome = match came {
            Ok(status) => format!("HTTP status {status}"),
            Err(failed) => failed.to_string(),
        };
        let then = match then {
            Then::Delivered => "delivered".to_owned(),
            Then::TriedAgain => format!("tried again in {}", Span(self.options.retry_delay)),
            Then::GivenUp => "given up".to_owned(),
        };
        format!("try {number} of {}: {outcome}; {then}", 1 + RETRIES)
    }

    /// Sends it once, and returns the status of the response.
    async fn try_once(&self, target: &PushTarget, parameters: &[(&'static str, String)]) -> Result<u16, Failed> {
        let tried = async {
            let request = request(target, parameters).map_err(Failed::Parameters)?;
            let stream = self.connect(target).await?;
            if !target.url.is_https() {
                return exchange(stream, request).await;
            }
            let name = ServerName::try_from(target.url.host().to_owned())
                .map_err(|error| Failed::Tls(io::Error::other(error)))?;
            let connector = TlsConnector::from(self.tls.clone());
            let stream = connector.connect(name, stream).await.map_err(Failed::Tls)?;
            exchange(stream, request).await
        };
        let limit = self.options.timeout;
        timeout(limit, tried).await.map_err(|_| Failed::Timeout(limit))?
    }

    /// Connects to the first address of the receiver that is allowed and answers.
    async fn connect(&self, target: &PushTarget) -> Result<TcpStream, Failed> {
        let (host, port) = (target.url.host(), target.url.port());
        let mut failed = Failed::NoAddress;
        for address in lookup_host((host, port)).await.map_err(Failed::Resolve)? {
            if !self.options.anywhere && !is_near(address.ip()) {
                failed = Failed::Public(address.ip());
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Failed::Connect(address, error),
            }
        }
        Err(failed)
    }
}

/// The parameters of a push with the certificate, if it comes with one.
async fn attach_certificate(sandbox: &Sandbox, push: &Push) -> Result<Vec<(&'static str, String)>, Failed> {
    let mut parameters = push.parameters.clone();
    if let Some((order, at)) = &push.certificate_of {
        let certificate = sandbox
            .certificates
            .of(order, *at)
            .await
            .map_err(|error| Failed::Certificate(error.to_string()))?;
        let encode = |der: &[u8]| pem::encode(pem::CERTIFICATE, der);
        // The root first, as where a certificate is collected.
        let root = sandbox.certificates.authority().root().certificate();
        let chain = format!("{}{}", encode(root), encode(certificate.issuer.certificate()));
        let attached = [(CERTIFICATE, encode(&certificate.der)), (CA_CERTIFICATE, chain)];
        parameters.splice(BEFORE_CERTIFICATE..BEFORE_CERTIFICATE, attached);
    }
    Ok(parameters)
}

/// Whether an address is this machine's own or in a private network.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// The request of a push.
///
/// # Errors
/// It is a GET, and its URL would be too long: an order's revocation may have a comment of any length.
fn request(
    target: &PushTarget,
    parameters: &[(&'static str, String)],
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let path = target.url.path_and_query();
    let request = Request::builder()
        .header(HOST, target.url.authority())
        .header(USER_AGENT, concat!("sectigo-emulator/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close");
    let request = match &target.credentials {
        Some(credentials) => request.header(AUTHORIZATION, basic(credentials)),
        None => request,
    };
    if target.delivers_certificate {
        request
            .method(Method::POST)
            .uri(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(encoded))
    } else {
        let sign = if path.contains('?') { '&' } else { '?' };
        request
            .method(Method::GET)
            .uri(format!("{path}{sign}{encoded}"))
            .body(Full::default())
    }
}

fn basic(credentials: &PushCredentials) -> HeaderValue {
    let pair = format!("{}:{}", credentials.user_name, credentials.password.expose());
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).expect("Base64 is ASCII");
    value.set_sensitive(true);
    value
}

/// Sends the request, and returns the status of the response, whose body is not read.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::pin!(connection);
    let response = sender.send_request(request);
    tokio::pin!(response);
    // The connection is driven here alone, so that it ends with the try.
    tokio::select! {
        biased;
        response = &mut response => Ok(response?.status().as_u16()),
        ended = &mut connection => {
            ended?;
            Ok(response.await?.status().as_u16())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_private_networks_are_near() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.8.9.1", true),
            ("10.0.0.1", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.169.254", false),
            ("0.0.0.0", false),
            ("8.8.8.8", false),
            ("::1", true),
            ("::", false),
            ("fd00::1", true),
            ("fe80::1", false),
            ("2001:db8::1", false),
            ("::ffff:127.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b::7f00:1", false),
        ] {
            assert_eq!(is_near(address.parse().unwrap()), expected, "{address}");
        }
    }
}
