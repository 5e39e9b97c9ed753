//! The options of `check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::StringValueParser;
use clap::{Arg, Args};

use crate::api::http_url::HttpUrl;
use crate::check::list::Orders;
use crate::cli::connect::{ControlArgs, TokenArgs};
use crate::cli::number::read_whole;
use crate::cli::offer;
use crate::cli::parse::{read_assumption, read_duration, read_switch, read_time_limit};

// The options of `check`.
#[derive(Args, Clone, Debug)]
#[command(mut_args(of_check))]
pub(crate) struct CheckArgs {
    /// The server to compare with: the HTTPS URL at which your client has it.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_AGAINST",
        value_name = "URL",
        required_unless_present = "replay",
        value_parser = read_https_url
    )]
    pub(super) against: Option<HttpUrl>,
    /// Where the same server is over plain HTTP; no credentials are sent there [default: port 80 of --against, if that
    /// has no other port than 443].
    #[arg(long, env = "SECTIGO_EMULATOR_AGAINST_HTTP", value_name = "URL", value_parser = read_http_url)]
    pub(super) against_http: Option<HttpUrl>,
    /// The loginName of your account there.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_LOGIN",
        value_name = "NAME",
        required_unless_present_any = ["replay", "dry_run"]
    )]
    pub(super) login: Option<String>,
    /// A file that contains the loginPassword, in one line.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_PASSWORD_FILE",
        value_name = "FILE",
        required_unless_present_any = ["replay", "dry_run"]
    )]
    pub(super) password_file: Option<PathBuf>,
    /// Trust the server by the certificates in this file, in place of the public roots.
    #[arg(long, env = "SECTIGO_EMULATOR_CA", value_name = "PEM")]
    pub(super) ca: Option<PathBuf>,

    /// An S/MIME order of the account: its status is read too.
    #[arg(long, env = "SECTIGO_EMULATOR_SMIME_ORDER", value_name = "NUMBER", value_parser = read_order)]
    smime_order: Option<u64>,
    /// A code-signing order of the account: !autoRevokeCS with test=Y is sent for it, and its status is read.
    #[arg(long, env = "SECTIGO_EMULATOR_CODE_SIGNING_ORDER", value_name = "NUMBER", value_parser = read_order)]
    code_signing_order: Option<u64>,
    /// An order of another account, whose status is asked for.
    #[arg(long, env = "SECTIGO_EMULATOR_FOREIGN_ORDER", value_name = "NUMBER", value_parser = read_order)]
    foreign_order: Option<u64>,
    /// Fetch the certificate of --smime-order too; the server may note that it was collected.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_COLLECT",
        requires = "smime_order",
        value_parser = read_switch
    )]
    collect: bool,
    /// Send only the probes of this endpoint (repeatable).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ONLY",
        value_name = "ENDPOINT",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = offer::endpoints()
    )]
    pub(super) only: Vec<String>,

    /// Print what would be sent, as curl commands without the password, and send nothing.
    #[arg(long, env = "SECTIGO_EMULATOR_DRY_RUN", value_parser = read_switch)]
    pub(super) dry_run: bool,
    /// Send without asking first. Without a terminal, nobody is asked, and nothing is sent unless this is given. It has no
    /// variable: what the environment happens to hold is no consent.
    #[arg(long)]
    pub(super) yes: bool,
    /// The pause between two calls.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_PAUSE",
        value_name = "DURATION",
        default_value = "1s",
        value_parser = read_duration
    )]
    pub(super) pause: Duration,
    /// How long the server may take for an answer.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s",
        value_parser = read_time_limit
    )]
    pub(super) timeout: Duration,
    /// The most calls; if there were more, none is sent.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_MAX_CALLS",
        value_name = "N",
        default_value_t = 1000,
        value_parser = read_whole::<usize>
    )]
    pub(super) max_calls: usize,

    /// Compare with an emulator that runs at this URL, in a sandbox of its own, in place of one in this process. Its
    /// control listener is at --control.
    #[arg(long, env = "SECTIGO_EMULATOR_EMULATOR", value_name = "URL", value_parser = read_https_url)]
    pub(super) emulator: Option<HttpUrl>,
    #[command(flatten)]
    pub(super) control: ControlArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// The fixtures of the emulator in this process; only its assumptions and messages count.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_FIXTURES",
        value_name = "FILE",
        conflicts_with = "emulator"
    )]
    pub(super) fixtures: Option<PathBuf>,
    /// Set an assumption of the emulator in this process (repeatable).
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ASSUME",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        hide_possible_values = true,
        conflicts_with = "emulator",
        value_parser = offer::assumptions(read_assumption)
    )]
    pub(super) assume: Vec<(String, String)>,

    /// Write the fixtures that make the emulator answer as the server: assumptions and messages.
    #[arg(long, env = "SECTIGO_EMULATOR_WRITE", value_name = "FILE")]
    pub(super) write: Option<PathBuf>,
    /// Write what the server answered, without credentials, for --replay.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_RECORD",
        value_name = "FILE",
        conflicts_with = "replay"
    )]
    pub(super) record: Option<PathBuf>,
    /// Compare with a recorded transcript, without a server.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_REPLAY",
        value_name = "FILE",
        conflicts_with_all = ["against", "dry_run"]
    )]
    pub(super) replay: Option<PathBuf>,
    /// Print one JSON object in place of the table.
    #[arg(long, env = "SECTIGO_EMULATOR_JSON", value_parser = read_switch)]
    pub(super) json: bool,
    /// Write the result as JUnit's XML, for a CI.
    #[arg(long, env = "SECTIGO_EMULATOR_JUNIT", value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

/// Says what an option that other commands have as well means to `check`.
fn of_check(option: Arg) -> Arg {
    match option.get_id().as_str() {
        // Read only with --emulator: without it, the variable may say that there is no listener.
        ControlArgs::ID => option
            .help("The control listener of --emulator: http://HOST:PORT or HOST:PORT")
            .value_parser(StringValueParser::new()),
        TokenArgs::ID => option.help("The token of that control listener"),
        _ => option,
    }
}

impl CheckArgs {
    /// The orders that the user names.
    pub(super) fn orders(&self) -> Orders {
        Orders {
            smime: self.smime_order,
            code_signing: self.code_signing_order,
            foreign: self.foreign_order,
            collect: self.collect,
        }
    }

    /// Where the server is over plain HTTP, as far as it is known.
    pub(super) fn plain_http(&self) -> Option<HttpUrl> {
        let https = self.against.as_ref()?;
        match &self.against_http {
            Some(http) => Some(http.clone()),
            None if https.port() == 443 => HttpUrl::parse(&format!("http://{}", host_of(https))).ok(),
            None => None,
        }
    }
}

/// The host as it stands in a URL.
fn host_of(url: &HttpUrl) -> &str {
    url.authority().trim_end_matches(":443")
}

/// Reads an order number.
fn read_order(text: &str) -> Result<u64, String> {
    let number: u64 = read_whole(text)?;
    if number == 0 {
        return Err("give an order number".to_owned());
    }
    Ok(number)
}

fn read_https_url(text: &str) -> Result<HttpUrl, String> {
    read_base(text, "https://")
}

fn read_http_url(text: &str) -> Result<HttpUrl, String> {
    read_base(text, "http://")
}

/// Reads a URL without a path.
fn read_base(text: &str, scheme: &str) -> Result<HttpUrl, String> {
    let forms = || format!("give a URL such as {scheme}secure.trust-provider.com, without a path");
    if !text.starts_with(scheme) {
        return Err(forms());
    }
    let url = HttpUrl::parse(text.trim_end_matches('/')).map_err(|_| forms())?;
    match url.path_and_query().as_str() {
        "/" => Ok(url),
        _ => Err(forms()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_url_without_a_path() {
        for (text, expected) in [
            ("https://secure.trust-provider.com", true),
            ("https://127.0.0.1:8443/", true),
            ("http://secure.trust-provider.com", false),
            ("https://secure.trust-provider.com/products", false),
            ("https://a?b", false),
            ("https://user:s3cret@a", false),
        ] {
            let read = read_https_url(text);
            assert_eq!(read.is_ok(), expected, "{text}");
            assert!(read.err().is_none_or(|error| !error.contains("s3cret")));
        }
    }
}
