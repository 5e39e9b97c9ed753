//! The command line and the environment: the only place that reads them.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tracing_subscriber::filter::Targets;

use crate::api::protocol::assumption::Assumptions;
use crate::ca::CaKey;
use crate::cli::ctl::args::CtlArgs;
use crate::cli::number::read_whole;
use crate::cli::offer;
use crate::client::http;
use crate::emulator::{Builder, Emulator, check_http_url};
use crate::log::LogFormat;
use crate::model::{Fixtures, LoadError};
use crate::server::control::check_host_name;
use crate::token::Token;

pub use crate::cli::variables::warn_of_unknown;

/// A local emulator of Sectigo's !AutoReplaceSMIME and !autoRevokeCS endpoints.
///
/// Without a command it serves. When it serves, it prints one line for each listener and then `ready`.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "sectigo-emulator",
    version,
    args_conflicts_with_subcommands = true,
    args_override_self = true
)]
pub struct Config {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

impl Config {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// Help was asked for, or something is wrong.
    pub fn read() -> Result<Command, Stop> {
        let words: Vec<_> = std::env::args_os().collect();
        let command = Self::read_words(&words)?.into_command();
        if let Command::Serve(args) = &command {
            args.control.check()?;
        }
        match &command {
            Command::Serve(args) => check_token(args.control_token.as_ref(), "sectigo-emulator")?,
            Command::Ctl(args) => check_token(args.control_token.as_ref(), "sectigo-emulator ctl")?,
            _ => {}
        }
        Ok(command)
    }

    /// Reads these words, of which the first is the program.
    fn read_words(words: &[OsString]) -> Result<Self, Stop> {
        let words = &with_serve_first(words);
        let mut matches = Self::command()
            .try_get_matches_from(words)
            .map_err(|error| Stop::new(&error, words))?;
        check_sandbox(&matches)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| Stop::new(&error, words))
    }

    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(Box::new(self.serve)))
    }
}

/// What the program is asked to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve (the default).
    Serve(Box<ServeArgs>),
    /// Ask a running emulator whether it serves: exit 0 if it does, 1 if not.
    Health(HealthArgs),
    /// Print the catalogue: arguments, codes, assumptions.
    Endpoints(EndpointsArgs),
    /// Drive a running emulator: orders, accounts, clock, faults, calls, sandboxes.
    Ctl(Box<CtlArgs>),
    /// Print what lets a shell complete this program's command line.
    Completions(CompletionsArgs),
}

/// The options of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
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
    pub log: Targets,
    /// How a line of the log looks.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_LOG_FORMAT",
        value_name = "text|json",
        default_value = "text"
    )]
    pub log_format: LogFormat,
    /// Stop as on SIGTERM when standard input ends, so that nothing outlives a test runner that is killed.
    #[arg(long, env = "SECTIGO_EMULATOR_EXIT_WITH_STDIN", value_parser = FalseyValueParser::new())]
    pub exit_with_stdin: bool,
}

impl ServeArgs {
    /// The emulator that these options ask for.
    ///
    /// # Errors
    /// The fixtures file cannot be loaded.
    pub fn builder(&self) -> Result<Builder, LoadError> {
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

/// The options of `health`.
#[derive(Args, Clone, Debug)]
pub struct HealthArgs {
    /// The control listener to ask: http://HOST:PORT or HOST:PORT.
    #[arg(long, env = "SECTIGO_EMULATOR_CONTROL", value_name = "URL", default_value = "127.0.0.1:8081", value_parser = read_control)]
    pub control: String,
    /// Ask again and again for that long, until it serves.
    #[arg(long, env = "SECTIGO_EMULATOR_WAIT", value_name = "DURATION", default_value = "0s", value_parser = read_duration)]
    pub wait: Duration,
}

/// The options of `endpoints`.
#[derive(Args, Clone, Debug)]
pub struct EndpointsArgs {
    /// How the catalogue is printed.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_FORMAT",
        value_name = "markdown|json",
        default_value = "markdown"
    )]
    pub format: CatalogueFormat,
}

/// How the catalogue is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum CatalogueFormat {
    /// Tables for people.
    Markdown,
    /// One object for programs.
    Json,
}

/// The options of `completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

impl CompletionsArgs {
    /// What the shell is to read.
    pub fn script(&self) -> String {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Config::command(), "sectigo-emulator", &mut script);
        let script = String::from_utf8_lossy(&script);
        // clap_complete writes a hyphen of the program's name in two ways into the script for bash, and so never finds
        // what it has for the commands: https://github.com/clap-rs/clap/issues/6421
        script.replace("sectigo__subcmd__emulator", "sectigo__emulator")
    }
}

/// Why the program does not go on after reading its command line.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version was asked for; this is the text.
    Told(String),
    /// Something is wrong; one line.
    Wrong(String),
}

impl Stop {
    /// What clap says about these words.
    fn new(error: &clap::Error, words: &[OsString]) -> Self {
        let text = error.render().to_string();
        if !error.use_stderr() {
            return Self::Told(text);
        }
        let mut program = Config::command();
        program.build();
        let (path, command) = command_of(&program, words);
        let line = match error.kind() {
            // clap prints the whole help then, which does not say that anything is wrong.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
                let names: Vec<_> = command
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .filter(|name| *name != "help")
                    .collect();
                format!("{path} needs one of these behind it: {}", names.join(", "))
            }
            _ => {
                // clap writes paragraphs: what is wrong, tips, then the usage, which --help tells better.
                let said = text.split("\n\nUsage:").next().unwrap_or(&text);
                let said = said.split("\n\nFor more").next().unwrap_or(said);
                let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
                line.strip_prefix("error: ").unwrap_or(&line).to_owned()
            }
        };
        Self::Wrong(format!("{line} ({path} --help lists the options)"))
    }
}

/// The same words with `serve` before the options that stand in front of it: they are the same in both places, and clap
/// reads them in one.
fn with_serve_first(words: &[OsString]) -> Vec<OsString> {
    let mut words = words.to_vec();
    let place = command_words(&Config::command(), &words)
        .next()
        .map(|(place, ..)| place);
    if let Some(place) = place.filter(|place| words[*place] == "serve") {
        words[1..=place].rotate_right(1);
    }
    words
}

/// The command that these words are for, and how it is called: as far as they name one.
fn command_of<'c>(program: &'c clap::Command, words: &[OsString]) -> (String, &'c clap::Command) {
    command_words(program, words).fold((program.get_name().to_owned(), program), |(path, _), (_, command)| {
        (format!("{path} {}", command.get_name()), command)
    })
}

/// The words that name a command, each below the one before: where they stand, and the command.
fn command_words<'c>(
    program: &'c clap::Command,
    words: &[OsString],
) -> impl Iterator<Item = (usize, &'c clap::Command)> {
    let mut command = program;
    let mut rest = words
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(place, word)| Some((place, word.to_str()?)));
    std::iter::from_fn(move || {
        while let Some((place, word)) = rest.next() {
            if let Some(long) = word.strip_prefix("--") {
                if takes_value(command, long) {
                    rest.next();
                }
            } else if word == "help" {
                return None;
            } else if let Some(below) = command.find_subcommand(word) {
                command = below;
                return Some((place, below));
            }
        }
        None
    })
}

/// Whether the word behind that option is its value.
fn takes_value(command: &clap::Command, long: &str) -> bool {
    command.get_arguments().any(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        let is_it = argument.get_long() == Some(long) || aliases.contains(&long);
        is_it && argument.get_action().takes_values() && !argument.is_require_equals_set()
    })
}

/// `ctl sandboxes` is about all of them; its variable may still say whom the other commands ask.
fn check_sandbox(matches: &ArgMatches) -> Result<(), Stop> {
    let is_given = matches
        .subcommand_matches("ctl")
        .and_then(|ctl| ctl.subcommand_matches("sandboxes"))
        .and_then(ArgMatches::subcommand)
        .is_some_and(|(_, command)| command.value_source("ctl_sandbox") == Some(ValueSource::CommandLine));
    if is_given {
        return Err(Stop::Wrong(
            "ctl sandboxes takes no --sandbox: give the name as an argument, such as sectigo-emulator ctl sandboxes \
             create NAME (sectigo-emulator ctl sandboxes --help lists the options)"
                .to_owned(),
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum PlainHttp {
    Refuse,
    Accept,
}

/// The token of the control API as it was given; it is never printed. Any text is taken here, because clap repeats what
/// it does not take: [`check_token`] checks it.
#[derive(Clone)]
pub struct ControlToken(Box<str>);

impl ControlToken {
    /// The token itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ControlToken {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlToken(..)")
    }
}

/// Whether a token that was given is one.
fn check_token(token: Option<&ControlToken>, path: &str) -> Result<(), Stop> {
    match token.map(|token| Token::parse(token.expose())) {
        Some(Err(error)) => Err(Stop::Wrong(format!(
            "invalid value for '--control-token <TOKEN>': {error} ({path} --help lists the options)"
        ))),
        _ => Ok(()),
    }
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
    fn check(&self) -> Result<(), Stop> {
        match self {
            Self::At(_) => Ok(()),
            Self::Elsewhere(text) => Err(Stop::Wrong(format!(
                "invalid value '{text}' for '--control <ADDR|off>': {LISTEN_FORMS} (sectigo-emulator --help lists the \
                 options)"
            ))),
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

pub(super) fn read_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; give a duration such as 90s, 10m or 30d"))
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

fn read_time_limit(text: &str) -> Result<Duration, String> {
    let limit = read_duration(text)?;
    if limit.is_zero() {
        return Err("give a duration longer than zero".to_owned());
    }
    Ok(limit)
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

/// The `HOST:PORT` of a control listener, which has one variable for where it is and where it is asked.
pub(super) fn read_control(text: &str) -> Result<String, String> {
    if text == "off" {
        return Err("the control listener is off, so there is nobody to ask".to_owned());
    }
    http::authority(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Config::command().debug_assert();
    }

    /// The options below `ctl` are exempt: they are fields of one order, one fault, one question. A variable for them
    /// would outlive it and change the next. Those of `ctl` itself, where and whom to ask, have theirs.
    #[test]
    fn every_option_has_its_variable() {
        let program = Config::command();
        let commands = std::iter::once(&program).chain(program.get_subcommands());
        for option in commands.flat_map(|command| command.get_arguments()) {
            let Some(long) = option.get_long().filter(|long| !["help", "version"].contains(long)) else {
                continue;
            };
            let expected = format!("SECTIGO_EMULATOR_{}", long.replace('-', "_").to_uppercase());
            assert_eq!(
                option.get_env().and_then(|name| name.to_str()),
                Some(&*expected),
                "--{long}"
            );
        }
    }

    #[test]
    fn no_variable_changes_one_question_of_ctl() {
        fn below<'c>(command: &'c clap::Command) -> Box<dyn Iterator<Item = &'c clap::Command> + 'c> {
            Box::new(
                command
                    .get_subcommands()
                    .flat_map(|sub| std::iter::once(sub).chain(below(sub))),
            )
        }
        let program = Config::command();
        let ctl = program.find_subcommand("ctl").expect("there is ctl");
        let options: Vec<_> = below(ctl).flat_map(|command| command.get_arguments()).collect();
        assert!(options.len() > 40, "{}", options.len());
        for option in options {
            assert!(option.get_env().is_none(), "{}", option.get_id());
            assert!(option.get_help().is_some(), "{}", option.get_id());
        }
    }

    fn parse(line: &str) -> Result<Command, clap::Error> {
        let words = std::iter::once("sectigo-emulator").chain(line.split(' '));
        Config::try_parse_from(words).map(|config| config.command.expect("a command was given"))
    }

    #[test]
    fn ctl_takes_what_people_write() {
        for line in [
            "ctl orders list --json",
            "ctl --sandbox t1 --token x --control http://localhost:8081 orders show 7",
            "ctl orders list --state issued --sandbox t1 --control-token x",
            "ctl orders create --login a --expires -3d --issued -30d --number 7",
            "ctl orders set 7 state=issued issued=-3d email=",
            "ctl accounts create a b locked=true",
            "ctl clock advance 30d",
            "ctl clock set -30d",
            "ctl clock freeze",
            "ctl faults add --code -14 --order 7 --times 2",
            "ctl faults add --garble --probability 0.5",
            "ctl calls --follow --endpoint !autoRevokeCS --code -4",
            "ctl calls --clear",
            "ctl --sandbox t1 calls --clear --json --control localhost:8081",
            "ctl snapshot --output x.json",
            "ctl sandboxes create t1 --ttl 10m --claim a --claim b",
            "ctl sandbox create t1",
            "ctl orders set 7 --state issued --issued -3d",
            "ctl orders set 7 --keep-key=false email=",
            "ctl orders create --product-code 795 --signature-hash REQUIRE_SHA2 --ca-certificate-id 1 --keep-key",
            "ctl orders create email=a@example.com",
            "ctl assumptions spelling=british",
            "completions fish",
        ] {
            assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
        }
        for line in [
            "ctl",
            "ctl orders",
            "ctl orders set 7",
            "ctl orders set 7 state",
            "ctl clock advance soon",
            "ctl faults add",
            "ctl faults add --garble --status 503",
            "ctl faults add --delay 1s --body x",
            "ctl calls --follow --since now",
            "ctl calls --clear --follow",
            "ctl calls --clear --code 0",
            "ctl --control off orders list",
            "--seed 1 ctl orders list",
            "completions cobol",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn options_may_stand_before_serve() {
        for (line, expected) in [
            ("--log off serve", "serve --log off"),
            (
                "--log=off --tls-name serve serve --http off",
                "serve --log=off --tls-name serve --http off",
            ),
            ("--exit-with-stdin serve", "serve --exit-with-stdin"),
            ("serve --log off", "serve --log off"),
            ("--log off", "--log off"),
            ("--tls-name serve", "--tls-name serve"),
            ("--log off health", "--log off health"),
        ] {
            let words: Vec<_> = std::iter::once("x")
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let expected: Vec<_> = std::iter::once("x").chain(expected.split(' ')).collect();
            assert_eq!(with_serve_first(&words), expected, "{line}");
            if !line.contains("health") {
                assert!(Config::read_words(&words).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn what_is_wrong_points_to_its_own_help() {
        for (line, expected) in [
            ("ctl orders set 7", "(sectigo-emulator ctl orders set --help "),
            (
                "ctl --sandbox clock orders set 7 x",
                "(sectigo-emulator ctl orders set --help ",
            ),
            (
                "ctl --token clock --json orders show x",
                "(sectigo-emulator ctl orders show --help ",
            ),
            (
                "ctl clock",
                "sectigo-emulator ctl clock needs one of these behind it: show, set, freeze, ",
            ),
            (
                "ctl --json faults --sandbox x",
                "ctl faults needs one of these behind it: list, add, ",
            ),
            (
                "ctl",
                "sectigo-emulator ctl needs one of these behind it: orders, accounts, ",
            ),
            ("ctl help nothing", "(sectigo-emulator ctl --help "),
            ("health --wait soon", "(sectigo-emulator health --help "),
            (
                "--seed x",
                "give a whole number from 0 to 18446744073709551615 (sectigo-emulator --help ",
            ),
            ("--log off serve --seed x", "(sectigo-emulator serve --help "),
            ("--seed 1 ctl orders list", "cannot be used with"),
            ("ctl sandboxes create --sandbox mine", "give the name as an argument"),
            ("ctl --sandbox mine sandbox create", "give the name as an argument"),
            ("ctl sandbox list --sandbox x", "give the name as an argument"),
        ] {
            let words: Vec<_> = std::iter::once("sectigo-emulator")
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let Err(Stop::Wrong(said)) = Config::read_words(&words) else {
                panic!("{line} is taken")
            };
            assert!(said.contains(expected) && !said.contains('\n'), "{line}: {said}");
        }
    }

    #[test]
    fn ctl_does_not_print_secrets() {
        let args = parse("ctl --token t0ken accounts create login s3cret").expect("it is well formed");
        let printed = format!("{args:?}");
        assert!(!printed.contains("t0ken") && !printed.contains("s3cret"), "{printed}");
        let mut program = Config::command();
        let help = program
            .find_subcommand_mut("ctl")
            .expect("there is ctl")
            .render_long_help();
        assert!(help.to_string().contains("SECTIGO_EMULATOR_CONTROL_TOKEN]"), "{help}");
    }

    #[test]
    fn every_shell_gets_its_script() {
        for shell in Shell::value_variants() {
            let script = CompletionsArgs { shell: *shell }.script();
            assert!(
                script.contains("sectigo-emulator") && script.contains("advance"),
                "{shell}"
            );
            // clap_complete writes values for these two alone, and for fish only near the top.
            if matches!(shell, Shell::Bash | Shell::Zsh) {
                for value in ["being-issued", "code-signing", "mid-body"] {
                    assert!(script.contains(value), "{shell}: {value}");
                }
            }
        }
    }

    #[test]
    fn help_lists_the_values_that_are_taken() {
        for (line, expected) in [
            (
                "ctl orders list --help",
                &["being-issued, ", "on-hold]", "smime, code-signing]"][..],
            ),
            (
                "ctl orders create --help",
                &["being-issued, ", "on-hold]", "smime, code-signing]"],
            ),
            ("ctl faults add --help", &["- before:", "- mid-body:"]),
            ("ctl orders certificate 7 --help", &["- pem:", "- der:", "- json:"]),
        ] {
            let words: Vec<_> = std::iter::once("sectigo-emulator")
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let Err(Stop::Told(help)) = Config::read_words(&words) else {
                panic!("{line} is no help")
            };
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            for word in expected {
                assert!(help.contains(word), "{line}: no {word} in {help}");
            }
        }
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

    #[test]
    fn a_control_listener_is_found_where_it_listens() {
        for (text, expected) in [
            ("127.0.0.1:8081", Some("127.0.0.1:8081")),
            ("http://localhost:8081/", Some("localhost:8081")),
            ("0.0.0.0:9000", Some("127.0.0.1:9000")),
            ("[::]:9000", Some("[::1]:9000")),
            ("emulator:8081", Some("emulator:8081")),
            ("off", None),
            ("localhost", None),
            ("https://localhost:8081", None),
            ("http://localhost:8081/x", None),
        ] {
            assert_eq!(read_control(text).ok().as_deref(), expected, "{text}");
        }
    }
}
