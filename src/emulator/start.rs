//! From the options to an emulator that serves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::ClientConfig;
use time::OffsetDateTime;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, error, info, warn};

use super::builder::{Builder, TokenSource};
use super::error::{StartError, Unbound};
use super::{Emulator, OwnRuntime};
use crate::api::http_url::HttpUrl;
use crate::aside::aside;
use crate::ca::{Authority, CaOptions};
use crate::clock::system_now;
use crate::files::FileError;
use crate::model::when::Span;
use crate::sandbox::certificates::Issuance;
use crate::sandbox::list::{Sandboxes, Settings};
use crate::sandbox::state_file::{StateError, StateFile};
use crate::server::base_url;
use crate::server::body::BodyReader;
use crate::server::control::{AnswerTurns, BodyMemory, Control, Listeners, OwnNames, WaitTurns};
use crate::server::descriptors::Connections;
use crate::server::listen::{Limits, Listener};
use crate::server::products::Products;
use crate::server::push::{Pusher, tls_client};
use crate::server::stop::{Stop, Stopper};
use crate::server::tls::Tls;
use crate::shown::{shown, without_credentials};
use crate::token::Token;

/// How long calls in progress may take to finish when the emulator stops.
const GRACE: Duration = Duration::from_millis(600);

/// The target of the log lines about the state.
pub(super) const LOG: &str = "sectigo_emulator::state";

/// The target of the log line that says where the console is.
const CONSOLE_LOG: &str = "sectigo_emulator::console";

impl Builder {
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
        let http_url = self.http_url.as_deref().map(check_http_url).transpose()?;
        for name in &self.control_hosts {
            check_host_name(name).map_err(|problem| StartError::ControlHost(problem.to_owned()))?;
        }
        let control_token = self.token()?;
        let now = system_now();
        let authority = self.open_ca(now)?;
        let tls = self.load_tls(&authority, now)?;
        let ca_pem = match &tls {
            Some(tls) => tls.ca_pem.as_deref().map(Arc::from),
            None => Some(authority.root().pem().into()),
        };
        let push_tls = tls_client(authority.root().certificate(), self.push_ca.as_deref())
            .map_err(|error| StartError::PushCa(error.to_string()))?;
        let issuance = Arc::new(Issuance::new(authority));
        let state_file = self.state_file.clone().map(StateFile::new);
        let (sandboxes, is_saved) = load_sandboxes(settings, state_file.as_ref(), issuance.clone())?;
        Ok(Prepared {
            sandboxes: Arc::new(sandboxes),
            issuance,
            tls,
            push_tls,
            ca_pem,
            http_url: http_url.map(str::to_owned),
            state_file: state_file.map(Arc::new),
            control_token,
            is_saved,
        })
    }

    fn open_ca(&self, now: OffsetDateTime) -> Result<Authority, StartError> {
        let options = CaOptions {
            dir: self.ca_dir.clone().or(self.tls.dir.clone()),
            key: self.ca_key,
        };
        Authority::open(&options, now).map_err(|error| StartError::Ca(error.to_string()))
    }

    /// What the HTTPS listener shows, if it is on.
    fn load_tls(&self, authority: &Authority, now: OffsetDateTime) -> Result<Option<Tls>, StartError> {
        if self.https.is_none() {
            return Ok(None);
        }
        let tls = Tls::load(&self.tls, authority.root(), now);
        tls.map(Some).map_err(|error| StartError::Tls(error.to_string()))
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

    /// Binds every listener, and serves.
    fn serve(self, prepared: Prepared) -> Result<Emulator, StartError> {
        let bound = [("https", self.https), ("http", self.http), ("control", self.control)].map(bind);
        let [https, http, control] = all_bound(bound)?;
        let address = |listener: &Option<Listener>| listener.as_ref().map(Listener::local_addr);
        let of_listener = || address(&http).and_then(base_url::of_listener);
        if let Some(url) = prepared.http_url.or_else(of_listener) {
            prepared.issuance.publish_at(url);
        }
        let mut emulator = Emulator {
            https: address(&https),
            http: address(&http),
            control: address(&control),
            ca_pem: prepared.ca_pem,
            stopper: Stopper::new(),
            tasks: JoinSet::new(),
            sandboxes: prepared.sandboxes,
            state_file: prepared.state_file,
            control_token: prepared.control_token,
            runtime: None,
        };
        self.save_regularly(&mut emulator);
        let connections = Connections::allowed();
        self.send_pushes(&mut emulator, prepared.push_tls, connections.pushes);
        self.serve_api(&mut emulator, https.zip(prepared.tls), http, connections.api);
        self.serve_control(&mut emulator, control, connections.control);
        if let Some(url) = emulator.console_url() {
            info!(target: CONSOLE_LOG, "the console is at {url}/");
        }
        log_unexpected_start(&emulator.sandboxes, prepared.is_saved);
        if let Some(file) = emulator.state_file.as_ref().filter(|_| !prepared.is_saved) {
            log_new_state(file, self.state_every);
        }
        Ok(emulator)
    }

    /// Saves the state at intervals, if that is asked for.
    fn save_regularly(&self, emulator: &mut Emulator) {
        if let (Some(file), Some(interval)) = (&emulator.state_file, self.state_every) {
            let (file, sandbox) = (file.clone(), emulator.sandboxes.default_sandbox().clone());
            let stop = emulator.stopper.signal();
            let save = move || {
                if file.save_changes(&sandbox)? {
                    debug!(target: LOG, file = %file.path().display(), "the state has changed and is saved");
                }
                Ok(())
            };
            let saving = save_regularly(save, interval, stop);
            emulator.tasks.spawn(saving);
        }
    }

    /// Sends the pushes of all sandboxes.
    fn send_pushes(&self, emulator: &mut Emulator, tls: Arc<ClientConfig>, most: usize) {
        let pusher = Pusher {
            sandboxes: emulator.sandboxes.clone(),
            options: self.push.clone(),
            tls,
            most,
            stop: emulator.stopper.signal(),
        };
        emulator.tasks.spawn(pusher.run());
    }

    /// Serves the API on the listeners that are on.
    fn serve_api(
        &self,
        emulator: &mut Emulator,
        https: Option<(Listener, Tls)>,
        http: Option<Listener>,
        connections: usize,
    ) {
        let limits = || self.limits(connections);
        let bodies = Arc::new(BodyReader::new(self.read_timeout));
        let (sandboxes, console) = (emulator.sandboxes.clone(), emulator.console_url());
        let api = |counts_as_https| {
            Products::new(sandboxes.clone(), counts_as_https, bodies.clone(), console.clone()).into_service()
        };
        if let Some((listener, tls)) = https {
            let stop = emulator.stopper.signal();
            let serving = listener.serve("https", Some(tls.config), api(true), limits(), stop);
            emulator.tasks.spawn(serving);
        }
        if let Some(listener) = http {
            let stop = emulator.stopper.signal();
            let serving = listener.serve("http", None, api(self.accept_plain_http), limits(), stop);
            emulator.tasks.spawn(serving);
        }
    }

    /// Serves the control API and the console, if their listener is on.
    fn serve_control(&self, emulator: &mut Emulator, listener: Option<Listener>, connections: usize) {
        let Some(listener) = listener else { return };
        let control = Control {
            ca_pem: emulator.ca_pem.clone(),
            catalogue: self.catalogue.as_deref().map(Arc::from),
            sandboxes: emulator.sandboxes.clone(),
            token: emulator.control_token.clone(),
            own_names: OwnNames::new(listener.local_addr(), &self.control_hosts),
            read_timeout: self.read_timeout,
            max_snapshot: self.max_snapshot,
            body_memory: BodyMemory::default(),
            answer_turns: AnswerTurns::default(),
            wait_turns: WaitTurns::of_half(connections),
            accept_plain_http: self.accept_plain_http,
            listeners: Listeners {
                https: emulator.https,
                http: emulator.http,
                control: emulator.control,
            },
            stop: emulator.stopper.signal(),
        };
        let (limits, stop) = (self.limits(connections), emulator.stopper.signal());
        let serving = listener.serve("control", None, control.into_service(), limits, stop);
        emulator.tasks.spawn(serving);
    }

    fn limits(&self, connections: usize) -> Limits {
        Limits {
            read_timeout: self.read_timeout,
            connections,
            grace: GRACE,
        }
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
            max_order_bytes: self.max_order_bytes,
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

impl Emulator {
    /// The URL of the console, without a slash at its end, if its listener is on.
    fn console_url(&self) -> Option<Arc<str>> {
        self.control
            .map(|address| base_url::url("http", address, "localhost").into())
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

/// The sandboxes, and whether the default one begins with a saved state.
fn load_sandboxes(
    settings: Settings,
    state_file: Option<&StateFile>,
    issuance: Arc<Issuance>,
) -> Result<(Sandboxes, bool), StartError> {
    let saved = match state_file {
        Some(file) => file.load()?,
        None => None,
    };
    let is_saved = saved.is_some();
    let sandboxes = Sandboxes::new(settings, saved, issuance).map_err(|error| match is_saved {
        true => StateError::Bad(error).into(),
        false => StartError::Fixtures(error),
    })?;
    // Only after the state was read: if it is invalid, a temporary file of an earlier save may contain a better one.
    if let Some(file) = state_file {
        file.prepare()
            .map_err(|error| StartError::StateFile(error.to_string()))?;
    }
    Ok((sandboxes, is_saved))
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

/// Logs that there is no saved state yet, and when there will be one: a path that is misspelt looks the same.
fn log_new_state(file: &StateFile, interval: Option<Duration>) {
    let meanwhile = interval.map_or_else(String::new, |interval| {
        format!(", and every {} if it has changed (--state-every)", Span(interval))
    });
    info!(
        target: LOG,
        file = %file.path().display(),
        "there is no such file yet (--state), so the default sandbox begins with the fixtures; its state is saved there \
         at a graceful stop{meanwhile}"
    );
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

/// Checks the base of the URLs in certificates, and returns it without a slash at its end.
pub(crate) fn check_http_url(text: &str) -> Result<&str, StartError> {
    match HttpUrl::parse(text) {
        Ok(url) if !url.is_https() && !text.contains('?') => Ok(text.trim_end_matches('/')),
        Ok(_) | Err(_) => Err(StartError::HttpUrl(shown(&without_credentials(text)).into_owned())),
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

/// Binds a listener, if it is on.
fn bind((listener, address): (&'static str, Option<SocketAddr>)) -> Result<Option<Listener>, Unbound> {
    let bound = address.map(|address| {
        Listener::bind(address).map_err(|source| Unbound {
            listener,
            address,
            source,
        })
    });
    bound.transpose()
}

/// The listeners, if none of them failed; else all that failed, so that the next start need not tell of another one.
fn all_bound<const N: usize>(
    bound: [Result<Option<Listener>, Unbound>; N],
) -> Result<[Option<Listener>; N], StartError> {
    let mut failed = Vec::new();
    let listeners = bound.map(|bound| {
        bound.unwrap_or_else(|unbound| {
            failed.push(unbound);
            None
        })
    });
    match failed.is_empty() {
        true => Ok(listeners),
        false => Err(StartError::Bind(failed)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
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
