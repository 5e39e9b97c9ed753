//! `serve`: starts an emulator, prints its addresses, and stops it at a signal.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use std::{future, thread};

use clap::{Args, ValueEnum};
use tokio::sync::oneshot;
use tracing_subscriber::filter::Targets;

use crate::api::endpoints::catalogue;
use crate::aside::aside;
use crate::ca::CaKey;
use crate::check::checked::Checked;
use crate::cli::number::read_whole;
use crate::cli::offer;
use crate::cli::parse::{BadValue, check_token, read_assumption, read_duration, read_switch, read_time_limit};
use crate::cli::print;
use crate::cli::signals::Signals;
use crate::client::http;
use crate::emulator::{Builder, Emulator, check_host_name, check_http_url};
use crate::log::{Log, LogFormat};
use crate::model::Fixtures;
use crate::token::GivenToken;

// The options of `serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArgs {
    /// The API over TLS.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_HTTPS",
        value_name = "ADDR|off",
        default_value = "127.0.0.1:8443"
    )]
    https: Listen,
    /// The API over plain HTTP, which returns -1 as the real one does.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_HTTP",
        value_name = "ADDR|off",
        default_value = "127.0.0.1:8080"
    )]
    http: Listen,
    /// What a call over plain HTTP returns: -1, or (accept) the same as over HTTPS.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_PLAIN_HTTP",
        value_name = "refuse|accept",
        default_value = "refuse"
    )]
    plain_http: PlainHttp,
    /// The control API.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL",
        value_name = "ADDR|off",
        default_value = "127.0.0.1:8081"
    )]
    control: ControlListen,
    /// Require this bearer token in requests to the control API.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    control_token: Option<GivenToken>,
    /// A file that contains this token, in one line.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "control_token"
    )]
    control_token_file: Option<PathBuf>,
    /// A host name under which the control API accepts requests, besides localhost and IP addresses (repeatable).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL_HOST",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = read_host_name
    )]
    control_host: Vec<String>,
    /// Accounts, orders, messages, faults and assumptions to start with, TOML or JSON [default: built in].
    #[arg(long, env = "SECTIGO_EMULATOR_FIXTURES", value_name = "FILE")]
    fixtures: Option<PathBuf>,
    /// How long a new order is being issued, such as 90s or 10m.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ISSUANCE_DELAY",
        value_name = "DURATION",
        default_value = "0s",
        value_parser = read_duration
    )]
    issuance_delay: Duration,
    /// Set an assumption (repeatable); `sectigo-emulator endpoints` lists them.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ASSUME",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = offer::assumptions(read_assumption)
    )]
    assume: Vec<(String, String)>,
    /// A whole number that makes the numbers of new orders and the dice of faults repeatable.
    #[arg(long, env = "SECTIGO_EMULATOR_SEED", value_name = "N", value_parser = read_whole::<u64>)]
    seed: Option<u64>,
    /// Keep the CAs and the server certificate in this directory for the next start.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_TLS_DIR",
        value_name = "DIR",
        conflicts_with = "tls_cert"
    )]
    tls_dir: Option<PathBuf>,
    /// Keep the root and the issuing CAs in this directory, or use yours from it: ca.pem, ca.key, smime.pem, ...
    /// [default: as --tls-dir].
    #[arg(long, env = "SECTIGO_EMULATOR_CA_DIR", value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// The kind of key for new CAs: ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CA_KEY",
        value_name = "KIND",
        default_value = "ec-p256"
    )]
    ca_key: CaKey,
    /// The URL at which others reach the HTTP listener, for the URLs in certificates [default: its address; for a
    /// wildcard address the host name].
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_HTTP_URL",
        value_name = "URL",
        value_parser = read_http_url
    )]
    http_url: Option<String>,
    /// Serve your own certificate: its chain (with --tls-key).
    #[arg(long, env = "SECTIGO_EMULATOR_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Serve your own certificate: its private key (with --tls-cert).
    #[arg(long, env = "SECTIGO_EMULATOR_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Another name for the server certificate (repeatable).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "tls_cert"
    )]
    tls_name: Vec<String>,
    /// How long a client may take for the TLS handshake, for the head of a request, and for its body.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_READ_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s",
        value_parser = read_time_limit
    )]
    read_timeout: Duration,
    /// How many orders a sandbox may have; a replacement beyond this returns HTTP status 503.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_ORDERS",
        value_name = "N",
        default_value_t = Builder::DEFAULT_MAX_ORDERS,
        value_parser = read_whole::<usize>
    )]
    max_orders: usize,
    /// How many bytes the orders and accounts of all sandboxes may take, beside those of the fixtures; a call that needs more
    /// returns HTTP status 503.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_ORDER_BYTES",
        value_name = "BYTES",
        default_value_t = Builder::DEFAULT_MAX_ORDER_BYTES,
        value_parser = read_whole::<usize>
    )]
    max_order_bytes: usize,
    /// Begin with the state in this file, if it exists, and save the state to it at a graceful stop.
    #[arg(long, env = "SECTIGO_EMULATOR_STATE", value_name = "FILE")]
    state: Option<PathBuf>,
    /// Save the state at this interval too, if it has changed (with --state).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_STATE_EVERY",
        value_name = "DURATION",
        requires = "state",
        value_parser = read_time_limit
    )]
    state_every: Option<Duration>,
    /// How many calls the journal of a sandbox keeps.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_JOURNAL",
        value_name = "N",
        default_value_t = Builder::DEFAULT_JOURNAL,
        value_parser = read_whole::<usize>
    )]
    journal: usize,
    /// How many bytes the calls in the journals of all sandboxes may take; beyond this, a sandbox forgets its oldest
    /// calls.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_JOURNAL_BYTES",
        value_name = "BYTES",
        default_value_t = Builder::DEFAULT_JOURNAL_BYTES,
        value_parser = read_whole::<usize>
    )]
    journal_bytes: usize,
    /// How many sandboxes there may be besides the default one.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_SANDBOXES",
        value_name = "N",
        default_value_t = Builder::DEFAULT_MAX_SANDBOXES,
        value_parser = read_whole::<usize>
    )]
    max_sandboxes: usize,
    /// The longest snapshot that the control API accepts, in bytes.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_SNAPSHOT",
        value_name = "BYTES",
        default_value_t = Builder::DEFAULT_MAX_SNAPSHOT,
        value_parser = read_whole::<u64>
    )]
    max_snapshot: u64,
    /// Trust receivers of pushes by the certificates in this file too, besides the emulator's own CA.
    #[arg(long, env = "SECTIGO_EMULATOR_PUSH_CA", value_name = "PEM")]
    push_ca: Option<PathBuf>,

    /// Let pushes go to public addresses, not only to this machine and into private networks.
    #[arg(long, env = "SECTIGO_EMULATOR_PUSH_ANYWHERE", value_parser = read_switch)]
    push_anywhere: bool,

    /// How long a try to send a push may take.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_PUSH_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s",
        value_parser = read_time_limit
    )]
    push_timeout: Duration,

    /// How long it takes until a push that failed is tried again.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_PUSH_RETRY_DELAY",
        value_name = "DURATION",
        default_value = "1s",
        value_parser = read_duration
    )]
    push_retry_delay: Duration,

    /// Let the control API's catalogue say what this transcript of `check --record` confirms.
    #[arg(long, env = "SECTIGO_EMULATOR_CHECKED", value_name = "FILE")]
    checked: Option<PathBuf>,

    /// What is logged: off, error, warn, info, debug, trace, or TARGET=LEVEL, with commas between.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_LOG",
        value_name = "FILTER",
        default_value = "info",
        value_parser = read_filter
    )]
    log: Targets,
    /// The format of the log.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_LOG_FORMAT",
        value_name = "text|json",
        default_value = "text"
    )]
    log_format: LogFormat,
    /// Stop, as on SIGTERM, when standard input ends, so that the emulator does not outlive a test runner that is
    /// killed.
    #[arg(long, env = "SECTIGO_EMULATOR_EXIT_WITH_STDIN", value_parser = read_switch)]
    exit_with_stdin: bool,
}

impl ServeArgs {
    /// Checks the options of the control listener that clap cannot check.
    ///
    /// # Errors
    /// The address or the token is invalid.
    pub(super) fn check(&self) -> Result<(), BadValue> {
        self.control.check()?;
        check_token(self.control_token.as_ref())
    }

    /// The builder with these options.
    ///
    /// # Errors
    /// The fixtures file or the transcript cannot be loaded.
    fn builder(&self) -> Result<Builder, Box<dyn std::error::Error + Send + Sync>> {
        let certificate = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        let fixtures = self.fixtures.as_deref().map(Fixtures::load).transpose()?;
        let checked = self.checked.as_deref().map(Checked::load).transpose()?;
        let catalogue = checked.map(|checked| catalogue::json_with(&|endpoint, fact| checked.note(endpoint, fact)));
        Ok(Emulator::builder()
            .https(self.https.0)
            .http(self.http.0)
            .control(self.control.address())
            .accept_plain_http(self.plain_http == PlainHttp::Accept)
            .issuance_delay(self.issuance_delay)
            .ca_key(self.ca_key)
            .read_timeout(self.read_timeout)
            .max_orders(self.max_orders)
            .max_order_bytes(self.max_order_bytes)
            .journal(self.journal)
            .journal_bytes(self.journal_bytes)
            .max_sandboxes(self.max_sandboxes)
            .max_snapshot(self.max_snapshot)
            .push_anywhere(self.push_anywhere)
            .push_timeout(self.push_timeout)
            .push_retry_delay(self.push_retry_delay)
            .set_each(&self.push_ca, Builder::push_ca)
            .set_each(self.control_token.clone(), Builder::given_control_token)
            .set_each(&self.control_token_file, Builder::control_token_file)
            .set_each(&self.control_host, Builder::control_host)
            .set_each(fixtures, Builder::fixtures)
            .set_each(catalogue, Builder::catalogue)
            .set_each(self.seed, Builder::seed)
            .set_each(&self.ca_dir, Builder::ca_dir)
            .set_each(&self.http_url, Builder::http_url)
            .set_each(&self.tls_dir, Builder::tls_dir)
            .set_each(certificate, |builder, (cert, key)| builder.tls_certificate(cert, key))
            .set_each(&self.tls_name, Builder::tls_name)
            .set_each(&self.state, Builder::state_file)
            .set_each(self.state_every, Builder::state_every)
            .set_each(&self.assume, |builder, (name, value)| builder.assume(name, value)))
    }
}

impl Builder {
    /// Sets an option that was given once, several times or not at all to each of its values, in their order.
    fn set_each<T>(self, values: impl IntoIterator<Item = T>, set: impl FnMut(Self, T) -> Self) -> Self {
        values.into_iter().fold(self, set)
    }
}

/// Serves until a signal or, with `--exit-with-stdin`, the end of standard input. `warnings` are the first lines of the
/// log.
///
/// # Errors
/// The emulator cannot start, or its state cannot be saved at the end.
pub(super) async fn run(args: Box<ServeArgs>, warnings: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    // Before anything else: a process with the PID 1, as in a container, ignores signals that it has no handler for.
    let mut signals = Signals::listen()?;
    let _log = Log::start(args.log.clone(), args.log_format)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if let Err(error) = raise_limit_of_open_files() {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let stdin_ends = end_of_stdin(args.exit_with_stdin)?;
    let mut stop_requested = pin!(async {
        tokio::select! {
            signal = signals.stop() => signal,
            () = stdin_ends => "the end of standard input (--exit-with-stdin)",
        }
    });
    let emulator = tokio::select! {
        biased;
        reason = &mut stop_requested => {
            tracing::info!(reason, "stopping before anything is served");
            return Ok(());
        }
        started = start(args) => started?,
    };
    print(&ready_lines(&emulator))?;
    let reason = stop_requested.await;
    tracing::info!(reason, "stopping");
    emulator.stop().await?;
    Ok(())
}

/// Starts the emulator. Files are read on another thread, so that a signal is handled meanwhile even if they are large.
async fn start(args: Box<ServeArgs>) -> Result<Emulator, Box<dyn std::error::Error>> {
    let builder = aside(move || args.builder())
        .await?
        .map_err(|error| -> Box<dyn std::error::Error> { error })?;
    Ok(builder.start().await?)
}

/// Raises the process's soft limit of open files to the hard limit. The administrator sets the hard limit; the soft
/// limit is often only 1024, for programs that call `select`.
///
/// # Errors
/// Those of the operating system.
fn raise_limit_of_open_files() -> io::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX).map(|_| ())
}

/// Waits for the end of standard input, or for ever if not `is_wanted`. It is read on a thread of its own, because the
/// runtime would wait for a blocking read of tokio when it stops.
fn end_of_stdin(is_wanted: bool) -> io::Result<impl Future<Output = ()>> {
    let (end, ended) = oneshot::channel::<()>();
    if is_wanted {
        let read = move || {
            // The input is ignored; a read error counts as its end.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = end.send(());
        };
        thread::Builder::new().name("stdin".to_owned()).spawn(read)?;
    }
    Ok(async {
        if ended.await.is_err() {
            // There is no thread that reads.
            future::pending().await
        }
    })
}

/// The lines on stdout: each listener, then `ready`.
fn ready_lines(emulator: &Emulator) -> String {
    let listeners = [
        ("https", "https", emulator.https_addr()),
        ("http", "http", emulator.http_addr()),
        ("control", "http", emulator.control_addr()),
    ];
    let mut lines: Vec<_> = listeners
        .iter()
        .filter_map(|(name, scheme, address)| address.map(|address| format!("{name} {scheme}://{address}")))
        .collect();
    lines.push("ready\n".to_owned());
    lines.join("\n")
}

/// What a call over plain HTTP returns: -1, or the same as over HTTPS.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum PlainHttp {
    Refuse,
    Accept,
}

/// The address of a listener, or None if it is off.
#[derive(Clone, Copy, Debug)]
struct Listen(Option<SocketAddr>);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        // The only host name that is accepted, as it needs no resolver.
        text.replacen("localhost:", "127.0.0.1:", 1)
            .parse()
            .map(|address| Self(Some(address)))
            .map_err(|_| LISTEN_FORMS.to_owned())
    }
}

/// The address of the control listener. The variable of this option is also that of `health` and `ctl`, for which it
/// may name another machine; and clap reads the options of `serve` for these commands as well. So such a value is an
/// error only if the command is `serve`.
#[derive(Clone, Debug)]
enum ControlListen {
    At(Listen),
    Elsewhere(String),
}

impl ControlListen {
    fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::At(listen) => listen.0,
            Self::Elsewhere(_) => None,
        }
    }

    /// Checks that it is an address to listen on.
    fn check(&self) -> Result<(), BadValue> {
        match self {
            Self::At(_) => Ok(()),
            Self::Elsewhere(text) => Err(BadValue {
                option: "control",
                line: format!("invalid value '{text}' for '--control <ADDR|off>': {LISTEN_FORMS}"),
            }),
        }
    }
}

impl std::str::FromStr for ControlListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text
            .strip_prefix("http://")
            .map_or(text, |authority| authority.trim_end_matches('/'));
        match address.parse() {
            Ok(listen) => Ok(Self::At(listen)),
            Err(_) if http::authority(text).is_ok() => Ok(Self::Elsewhere(text.to_owned())),
            Err(error) => Err(error),
        }
    }
}

/// The accepted addresses, as the end of an error.
const LISTEN_FORMS: &str = "give IP:PORT or localhost:PORT, such as 0.0.0.0:8443, or off";

/// Reads a filter for the log. A word alone must be a level: tracing would take a misspelt level for a target, and log
/// nothing.
fn read_filter(text: &str) -> Result<Targets, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_known = |level: &str| LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
    if !text
        .split(',')
        .all(|part| is_known(part.rsplit_once('=').map_or(part, |(_, level)| level)))
    {
        return Err(format!(
            "give a level ({}) or TARGET=LEVEL, with commas between",
            LEVELS.join(", ")
        ));
    }
    text.parse().map_err(|error| format!("{error}"))
}

/// Reads the base of the URLs in certificates.
fn read_http_url(text: &str) -> Result<String, String> {
    check_http_url(text)
        .map(str::to_owned)
        .map_err(|error| error.to_string())
}

/// Reads a host name for the control listener.
fn read_host_name(text: &str) -> Result<String, String> {
    check_host_name(text)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct OnlyServe {
        #[command(flatten)]
        args: ServeArgs,
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let args = OnlyServe::try_parse_from(["serve"]).unwrap().args;
        let library = Builder::default()
            .https(args.https.0)
            .http(args.http.0)
            .control(args.control.address());
        assert_eq!(format!("{:?}", args.builder().unwrap()), format!("{library:?}"));
    }

    #[test]
    fn a_misspelt_level_is_refused() {
        for text in ["inof", "sectigo_emulator::call", "info,x=loud", ""] {
            assert!(read_filter(text).is_err(), "{text}");
        }
        for text in ["info", "OFF", "warn,sectigo_emulator::call=trace"] {
            assert!(read_filter(text).is_ok(), "{text}");
        }
    }
}
