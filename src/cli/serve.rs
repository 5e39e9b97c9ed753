//! `serve`: starts an emulator, says where it serves, and stops it when it is asked to.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use std::{future, thread};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use tokio::sync::oneshot;
use tracing_subscriber::filter::Targets;

use crate::api::protocol::assumption::Assumptions;
use crate::aside::aside;
use crate::ca::CaKey;
use crate::cli::number::read_whole;
use crate::cli::offer;
use crate::cli::parse::{ControlToken, check_token, read_duration, read_time_limit};
use crate::cli::print;
use crate::cli::signals::Signals;
use crate::client::http;
use crate::emulator::{Builder, Emulator, check_http_url};
use crate::log::{Log, LogFormat};
use crate::model::{Fixtures, LoadError};
use crate::server::control::check_host_name;
use crate::server::descriptors;

/// The options of `serve`.
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
    /// The API over plain HTTP, which answers -1 as the real one does.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_HTTP",
        value_name = "ADDR|off",
        default_value = "127.0.0.1:8080"
    )]
    http: Listen,
    /// How a call over plain HTTP is answered: with -1, or (accept) as if it came over HTTPS.
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
    /// Demand this bearer token of the control API's clients.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    control_token: Option<ControlToken>,
    /// The file whose one line is that token.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "control_token"
    )]
    control_token_file: Option<PathBuf>,
    /// A host name by which the control API may be asked, beside localhost and IP addresses (repeatable).
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
    #[arg(long, env = "SECTIGO_EMULATOR_ISSUANCE_DELAY", value_name = "DURATION", default_value = "0s", value_parser = read_duration)]
    issuance_delay: Duration,
    /// Set an assumption (repeatable); `sectigo-emulator endpoints` lists them.
    #[arg(long, env = "SECTIGO_EMULATOR_ASSUME", value_name = "NAME=VALUE", value_delimiter = ',', hide_possible_values = true, value_parser = offer::assumptions(read_assumption))]
    assume: Vec<(String, String)>,
    /// A whole number that makes the numbers of new orders and the dice of faults the same each time.
    #[arg(long, env = "SECTIGO_EMULATOR_SEED", value_name = "N", value_parser = read_whole::<u64>)]
    seed: Option<u64>,
    /// Keep the made CA and server certificate there, for restarts.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_TLS_DIR",
        value_name = "DIR",
        conflicts_with = "tls_cert"
    )]
    tls_dir: Option<PathBuf>,
    /// Keep the root and the issuing CAs there, or take yours: ca.pem, ca.key, smime.pem, ... [default: as --tls-dir].
    #[arg(long, env = "SECTIGO_EMULATOR_CA_DIR", value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// The kind of the CAs' keys that are made: ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CA_KEY",
        value_name = "KIND",
        default_value = "ec-p256"
    )]
    ca_key: CaKey,
    /// Where others reach the HTTP listener, for the URLs in certificates [default: its address; for a wildcard address the
    /// host name].
    #[arg(long, env = "SECTIGO_EMULATOR_HTTP_URL", value_name = "URL", value_parser = read_http_url)]
    http_url: Option<String>,
    /// Serve your own certificate: its chain (with --tls-key).
    #[arg(long, env = "SECTIGO_EMULATOR_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Serve your own certificate: its private key (with --tls-cert).
    #[arg(long, env = "SECTIGO_EMULATOR_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// One more name for the made certificate (repeatable).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "tls_cert"
    )]
    tls_name: Vec<String>,
    /// How long a client may take for its handshake, for a head, for a body.
    #[arg(long, env = "SECTIGO_EMULATOR_READ_TIMEOUT", value_name = "DURATION", default_value = "30s", value_parser = read_time_limit)]
    read_timeout: Duration,
    /// How many orders there may be; a replacement past it answers HTTP status 503.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_ORDERS",
        value_name = "N",
        default_value_t = 1_000_000,
        value_parser = read_whole::<usize>
    )]
    max_orders: usize,
    /// Begin with the state in that file, if it is there, and save it there on a graceful stop.
    #[arg(long, env = "SECTIGO_EMULATOR_STATE", value_name = "FILE")]
    state: Option<PathBuf>,
    /// Save it each time that so long has passed, too, if it has changed (with --state).
    #[arg(long, env = "SECTIGO_EMULATOR_STATE_EVERY", value_name = "DURATION", requires = "state", value_parser = read_time_limit)]
    state_every: Option<Duration>,
    /// How many calls the journal of a sandbox keeps.
    #[arg(long, env = "SECTIGO_EMULATOR_JOURNAL", value_name = "N", default_value_t = 1000, value_parser = read_whole::<usize>)]
    journal: usize,
    /// How many bytes the calls in the journals of all sandboxes take; beyond it, a sandbox gives up its oldest calls.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_JOURNAL_BYTES",
        value_name = "BYTES",
        default_value_t = 1 << 30
    )]
    journal_bytes: usize,
    /// How many sandboxes there may be beside the default one.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_SANDBOXES",
        value_name = "N",
        default_value_t = 100_000,
        value_parser = read_whole::<usize>
    )]
    max_sandboxes: usize,
    /// The longest snapshot that the control API takes, in bytes.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_SNAPSHOT",
        value_name = "BYTES",
        default_value_t = 2 << 30
    )]
    max_snapshot: u64,
    /// What is logged: off, error, warn, info, debug, trace, or TARGET=LEVEL, with commas between.
    #[arg(long, env = "SECTIGO_EMULATOR_LOG", value_name = "FILTER", default_value = "info", value_parser = read_filter)]
    log: Targets,
    /// How a line of the log looks.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_LOG_FORMAT",
        value_name = "text|json",
        default_value = "text"
    )]
    log_format: LogFormat,
    /// Stop as on SIGTERM when standard input ends, so that nothing outlives a test runner that is killed.
    #[arg(long, env = "SECTIGO_EMULATOR_EXIT_WITH_STDIN", value_parser = FalseyValueParser::new())]
    exit_with_stdin: bool,
}

impl ServeArgs {
    /// Whether the control listener and its token can be what these options say.
    ///
    /// # Errors
    /// They cannot; one line.
    pub(super) fn check(&self) -> Result<(), String> {
        self.control.check()?;
        check_token(self.control_token.as_ref())
    }

    /// The emulator that these options ask for.
    ///
    /// # Errors
    /// The fixtures file cannot be loaded.
    fn builder(&self) -> Result<Builder, LoadError> {
        let mut builder = Emulator::builder()
            .https(self.https.0)
            .http(self.http.0)
            .control(self.control.address())
            .accept_plain_http(self.plain_http == PlainHttp::Accept)
            .issuance_delay(self.issuance_delay)
            .read_timeout(self.read_timeout)
            .max_orders(self.max_orders)
            .journal(self.journal)
            .journal_bytes(self.journal_bytes)
            .max_sandboxes(self.max_sandboxes)
            .max_snapshot(self.max_snapshot);
        if let Some(token) = &self.control_token {
            builder = builder.control_token(token.expose());
        }
        if let Some(path) = &self.control_token_file {
            builder = builder.control_token_file(path);
        }
        for name in &self.control_host {
            builder = builder.control_host(name);
        }
        if let Some(path) = &self.fixtures {
            builder = builder.fixtures(Fixtures::load(path)?);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        builder = builder.ca_key(self.ca_key);
        if let Some(dir) = &self.ca_dir {
            builder = builder.ca_dir(dir);
        }
        if let Some(url) = &self.http_url {
            builder = builder.http_url(url);
        }
        if let Some(dir) = &self.tls_dir {
            builder = builder.tls_dir(dir);
        }
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            builder = builder.tls_certificate(cert, key);
        }
        if let Some(path) = &self.state {
            builder = builder.state_file(path);
        }
        if let Some(interval) = self.state_every {
            builder = builder.state_every(interval);
        }
        for name in &self.tls_name {
            builder = builder.tls_name(name);
        }
        for (name, value) in &self.assume {
            builder = builder.assume(name, value);
        }
        Ok(builder)
    }
}

/// Serves until a signal, or the end of standard input, asks it to stop. `warnings` are the first lines of the log.
///
/// # Errors
/// It cannot start, or the state cannot be saved at the end.
pub(super) async fn run(args: Box<ServeArgs>, warnings: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    // Before anything else: as PID 1 of a container, a signal that nobody waits for does nothing.
    let mut signals = Signals::listen()?;
    let _log = Log::start(args.log.clone(), args.log_format)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if let Err(error) = descriptors::raise_limit() {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let stdin_ends = end_of_stdin(args.exit_with_stdin)?;
    let mut told_to_stop = pin!(async {
        tokio::select! {
            () = signals.stop() => {}
            () = stdin_ends => {}
        }
    });
    let emulator = tokio::select! {
        biased;
        () = &mut told_to_stop => {
            tracing::info!("stopping before anything is served");
            return Ok(());
        }
        started = start(args) => started?,
    };
    print(&ready_lines(&emulator))?;
    told_to_stop.await;
    tracing::info!("stopping");
    emulator.stop().await?;
    Ok(())
}

/// Starts the emulator. Large files take their time, which must not keep a signal waiting.
async fn start(args: Box<ServeArgs>) -> Result<Emulator, Box<dyn std::error::Error>> {
    let builder = aside(move || args.builder()).await??;
    Ok(builder.start().await?)
}

/// Resolves when standard input ends, if that is wanted; else never. A thread of its own reads it, from now on: the
/// runtime would wait for a read of tokio's when it stops.
fn end_of_stdin(is_wanted: bool) -> io::Result<impl Future<Output = ()>> {
    let (end, ended) = oneshot::channel::<()>();
    if is_wanted {
        let read = move || {
            // What comes is of no interest; what cannot be read has ended.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = end.send(());
        };
        thread::Builder::new().name("stdin".to_owned()).spawn(read)?;
    }
    Ok(async {
        if ended.await.is_err() {
            // Nobody reads.
            future::pending().await
        }
    })
}

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

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum PlainHttp {
    Refuse,
    Accept,
}

/// The address of a listener, or none.
#[derive(Clone, Copy, Debug)]
struct Listen(Option<SocketAddr>);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        // The one host name that needs no resolver.
        text.replacen("localhost:", "127.0.0.1:", 1)
            .parse()
            .map(|address| Self(Some(address)))
            .map_err(|_| LISTEN_FORMS.to_owned())
    }
}

/// The address of the control listener. Its variable may say where `health` and `ctl` shall ask, which is a place to
/// listen on only where it is an address of this machine; clap reads the options of `serve` for them as well.
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

    /// Whether it can be listened on.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::At(_) => Ok(()),
            Self::Elsewhere(text) => Err(format!(
                "invalid value '{text}' for '--control <ADDR|off>': {LISTEN_FORMS}"
            )),
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

/// What a listener takes.
const LISTEN_FORMS: &str = "give IP:PORT or localhost:PORT, such as 0.0.0.0:8443, or off";

/// A word alone is a level here; tracing would take a misspelt one for a target, and log nothing.
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

fn read_http_url(text: &str) -> Result<String, String> {
    check_http_url(text)
        .map(str::to_owned)
        .map_err(|error| error.to_string())
}

fn read_host_name(text: &str) -> Result<String, String> {
    check_host_name(text)?;
    Ok(text.to_owned())
}

fn read_assumption(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("give NAME=VALUE, such as spelling=british")?;
    Assumptions::default()
        .set(name, value)
        .map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
