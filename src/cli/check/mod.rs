//! `check`: compares an emulator with another server, or with what one answered before.

pub(super) mod args;
mod json;
mod junit;
mod plan;
mod table;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use crate::api::endpoints::Endpoint;
use crate::api::http_url::HttpUrl;
use crate::aside::{BrokenOff, aside};
use crate::check::credentials::Credentials;
use crate::check::decide::compare;
use crate::check::findings::{Asked, Findings};
use crate::check::list::{Orders, probes};
use crate::check::local::{Local, LocalError};
use crate::check::probe::Probe;
use crate::check::server::{Interview, ask};
use crate::check::settings;
use crate::check::transcript::{self, Transcript, TranscriptError};
use crate::check::wire::{TrustError, Wire, WireError, trusting};
use crate::cli::check::args::CheckArgs;
use crate::cli::connect::nobody_there;
use crate::cli::consent::{agrees, can_ask};
use crate::cli::parse::read_control;
use crate::cli::print;
use crate::client::ControlError;
use crate::clock::real_now;
use crate::files::{self, FileError, Readers};
use crate::model::endpoint::similar_endpoint;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::model::when::Span;
use crate::model::{Fixtures, LoadError};

/// Why nothing could be compared, or not everything.
#[derive(Debug, Error)]
pub(super) enum CheckError {
    /// An option has a value that cannot be used.
    #[error("{0}")]
    Given(String),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The fixtures cannot be loaded.
    #[error(transparent)]
    Fixtures(#[from] LoadError),
    /// The transcript cannot be read.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The certificates to trust cannot be used.
    #[error("{0} (--ca)")]
    Trust(#[from] TrustError),
    /// The server did not answer as the API does.
    #[error("{source}; that was the probe {probe}. Nothing was compared, and no file was written")]
    Server {
        /// The probe.
        probe: String,
        /// What went wrong.
        source: WireError,
    },
    /// The emulator cannot be asked.
    #[error(transparent)]
    Emulator(#[from] LocalError),
    /// The server did not let every probe be sent.
    #[error("{0}. Only what was answered before is compared, and no file was written")]
    Ended(String),
    /// Nobody agreed to the plan, of which the overview was printed.
    #[error("nothing was sent: give --yes to send these calls, or --dry-run to only print each of them")]
    NotAgreed,
    /// Nothing can be printed.
    #[error("cannot print: {0}")]
    Print(String),
    /// Work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] BrokenOff),
}

/// What the emulator is compared with.
struct Subject {
    /// The base URL of the server.
    server: String,
    /// When it was asked.
    date: String,
    asked: Vec<Asked>,
    ended: Option<String>,
}

/// Compares. Whether everything is the same.
///
/// # Errors
/// It could not be compared.
pub(super) async fn run(args: &CheckArgs) -> Result<bool, CheckError> {
    let fixtures = match &args.fixtures {
        Some(path) => Some(load_fixtures(path.clone()).await?),
        None => None,
    };
    match &args.replay {
        Some(path) => {
            let transcript = Transcript::load(path)?;
            if transcript.outdated > 0 {
                eprintln!(
                    "{} probes of the transcript are not compared: this version does not have them, or sends them \
                     otherwise",
                    transcript.outdated
                );
            }
            let only = only(args)?;
            let mut asked = transcript.asked;
            asked.retain(|asked| is_among(&only, &asked.probe));
            let subject = Subject {
                server: transcript.head.server,
                date: transcript.head.date,
                asked,
                ended: None,
            };
            let work = async |local: &mut Local| compare_with(local, subject).await;
            let compared = with_local(args, fixtures.clone(), transcript.orders, work).await?;
            report(args, fixtures.as_ref(), compared)
        }
        None => against(args, fixtures).await,
    }
}

/// Asks a server, and compares.
async fn against(args: &CheckArgs, fixtures: Option<Fixtures>) -> Result<bool, CheckError> {
    let https = args
        .against
        .clone()
        .ok_or_else(|| given("give --against or --replay"))?;
    let orders = args.orders();
    let plan = plan(args, &orders)?;
    let plain_http = args.plain_http();
    if args.dry_run {
        print(&plan::text(&plan, &https, plain_http.as_ref(), args.pause))
            .map_err(|error| CheckError::Print(error.to_string()))?;
        return Ok(true);
    }
    if plan.len() > args.max_calls {
        let most = args.max_calls;
        return Err(given(&format!(
            "there are {} calls to send, more than --max-calls {most}",
            plan.len()
        )));
    }
    let credentials = credentials(args)?;
    let tls = trusting(args.ca.as_deref())?;
    for path in [&args.write, &args.record, &args.junit].into_iter().flatten() {
        files::check_writable(path)?;
    }
    if !args.yes {
        agree(&plan::overview(&plan, &https, args))?;
    }
    let mut wire = Wire::new(https.clone(), tls, args.timeout, credentials);
    wire.http = plain_http;
    let work = async |local: &mut Local| {
        let subject = interviewed(args, &orders, &https, wire, plan).await?;
        compare_with(local, subject).await
    };
    let compared = with_local(args, fixtures.clone(), orders, work).await?;
    report(args, fixtures.as_ref(), compared)
}

/// Asks a server, and keeps what it answered if it is to be recorded.
async fn interviewed(
    args: &CheckArgs,
    orders: &Orders,
    https: &HttpUrl,
    mut wire: Wire,
    plan: Vec<Probe>,
) -> Result<Subject, CheckError> {
    let date = real_now();
    let interview = interview(&mut wire, plan, args.pause).await?;
    if interview.left_out > 0 {
        eprintln!(
            "{} probes with test=Y were not sent: the server does not show that it knows the argument test",
            interview.left_out
        );
    }
    if let (Some(path), None) = (&args.record, &interview.ended) {
        files::write(path, Readers::All, |file| {
            transcript::write(file, https.as_str(), date, orders, &interview.asked)
        })?;
    }
    Ok(Subject {
        server: https.as_str().to_owned(),
        date: date.to_string(),
        asked: interview.asked,
        ended: interview.ended,
    })
}

/// The probes to send: those of the endpoints that are asked for, over transports that are known.
fn plan(args: &CheckArgs, orders: &Orders) -> Result<Vec<Probe>, CheckError> {
    let only = only(args)?;
    let has_plain_http = args.plain_http().is_some();
    let mut probes = probes(orders);
    probes.retain(|probe| is_among(&only, probe) && (has_plain_http || probe.request().is_over_https()));
    Ok(probes)
}

/// The names of the endpoints that are asked for; none for all.
fn only(args: &CheckArgs) -> Result<Vec<&'static str>, CheckError> {
    args.only
        .iter()
        .map(|name| match Endpoint::named(name) {
            Some(endpoint) => Ok(endpoint.name),
            None => Err(given(&format!(
                "--only names no endpoint; `sectigo-emulator endpoints` lists them{}",
                similar_endpoint(name)
            ))),
        })
        .collect()
}

fn is_among(only: &[&str], probe: &Probe) -> bool {
    only.is_empty() || only.contains(&probe.endpoint().name)
}

/// The user's credentials.
fn credentials(args: &CheckArgs) -> Result<Credentials, CheckError> {
    let (Some(login_name), Some(path)) = (&args.login, &args.password_file) else {
        return Err(given("give --login and --password-file"));
    };
    let login_password = password(path).map_err(|error| given(&format!("--password-file: {error}")))?;
    Ok(Credentials {
        login_name: login_name.clone(),
        login_password,
    })
}

/// The one line of a file.
fn password(path: &Path) -> Result<String, FileError> {
    let text = files::read(path)?.ok_or_else(|| FileError::new(path, "there is no such file"))?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(['\r', '\n']) {
        return Err(FileError::new(path, "must contain the password, in one line"));
    }
    Ok(line.to_owned())
}

/// Asks the person at the terminal; without one, says what there is to agree to.
fn agree(overview: &str) -> Result<(), CheckError> {
    let unprintable = |error: &dyn std::fmt::Display| CheckError::Print(error.to_string());
    if !can_ask() {
        print(overview).map_err(|error| unprintable(&error))?;
        return Err(CheckError::NotAgreed);
    }
    let question = format!("{overview}Nothing there is changed by them (docs/check.md). Send them?");
    match agrees(&question).map_err(|error| unprintable(&error))? {
        true => Ok(()),
        false => Err(given("nothing was sent")),
    }
}

/// Sends the probes, and shows on a terminal how far it is.
async fn interview(wire: &mut Wire, plan: Vec<Probe>, pause: Duration) -> Result<Interview, CheckError> {
    let calls = plan.len();
    let shows = io::stderr().is_terminal();
    let progress = |sent: usize| {
        if shows {
            let left = u32::try_from(calls.saturating_sub(sent)).unwrap_or(u32::MAX);
            let left = Duration::from_secs(pause.saturating_mul(left).as_secs());
            eprint!("\r{sent} of {calls} calls, {} left    ", Span(left));
            // A terminal that is gone shows nothing.
            let _ = io::stderr().flush();
        }
    };
    let asked = ask(wire, plan, pause, progress).await;
    if shows {
        // However it ended, what is printed next has a line of its own.
        eprintln!();
    }
    asked.map_err(|(probe, source)| CheckError::Server {
        probe: probe.id().to_owned(),
        source,
    })
}

/// Does something with the emulator to compare with, and ends that, whatever came of it.
async fn with_local<T>(
    args: &CheckArgs,
    fixtures: Option<Fixtures>,
    orders: Orders,
    work: impl AsyncFnOnce(&mut Local) -> Result<T, CheckError>,
) -> Result<T, CheckError> {
    let mut local = local(args, fixtures, orders).await?;
    let done = work(&mut local).await;
    let ended = local.end().await;
    // What failed first is worth more to know than what became of the sandbox.
    let done = done?;
    ended?;
    Ok(done)
}

/// The emulator to compare with.
async fn local(args: &CheckArgs, fixtures: Option<Fixtures>, orders: Orders) -> Result<Local, CheckError> {
    let Some(url) = &args.emulator else {
        return Ok(Local::start(fixtures, &args.assume, orders).await?);
    };
    let address = read_control(&args.control.address).map_err(|problem| given(&format!("--control: {problem}")))?;
    let connected = args.token.connect(&address, DEFAULT_SANDBOX);
    let control = connected.map_err(|problem| given(&problem))?;
    match Local::of_running(url.clone(), &control, orders).await {
        Err(error @ LocalError::Control(ControlError::Unreachable { .. })) => Err(given(&nobody_there(&error))),
        running => Ok(running?),
    }
}

async fn load_fixtures(path: std::path::PathBuf) -> Result<Fixtures, CheckError> {
    Ok(aside(move || Fixtures::load(&path)).await??)
}

/// What came of a comparison.
struct Compared {
    server: String,
    date: String,
    findings: Findings,
    ended: Option<String>,
}

/// Compares the emulator with the answers.
async fn compare_with(local: &mut Local, mut subject: Subject) -> Result<Compared, CheckError> {
    if !local.has_plain_http() {
        let before = subject.asked.len();
        subject.asked.retain(|asked| asked.probe.request().is_over_https());
        let left_out = before - subject.asked.len();
        if left_out > 0 {
            eprintln!("{left_out} calls over plain HTTP are not compared: the emulator serves none");
        }
    }
    if subject.asked.is_empty() {
        return Err(given("there is nothing to compare"));
    }
    Ok(Compared {
        findings: compare(local, subject.asked).await?,
        server: subject.server,
        date: subject.date,
        ended: subject.ended,
    })
}

/// Prints and writes what came of it. Whether everything is the same.
fn report(args: &CheckArgs, fixtures: Option<&Fixtures>, compared: Compared) -> Result<bool, CheckError> {
    let (server, date, findings) = (&*compared.server, &*compared.date, &compared.findings);
    let text = match args.json {
        true => json::text(findings, server, date),
        false => table::text(findings),
    };
    print(&text).map_err(|error| CheckError::Print(error.to_string()))?;
    if let Some(reason) = compared.ended {
        return Err(CheckError::Ended(reason));
    }
    if let Some(path) = &args.write {
        write(path, &settings::text(findings, fixtures, server, date))?;
    }
    if let Some(path) = &args.junit {
        write(path, &junit::text(findings, server, date))?;
    }
    Ok(Findings::are_none(findings))
}

fn write(path: &Path, text: &str) -> Result<(), CheckError> {
    Ok(files::write(path, Readers::All, |file| {
        file.write_all(text.as_bytes())
    })?)
}

fn given(problem: &str) -> CheckError {
    CheckError::Given(problem.to_owned())
}
