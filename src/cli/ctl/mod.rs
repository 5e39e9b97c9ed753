//! The command line as a client of the control API.

pub(super) mod args;
mod body;
mod hints;
mod pretty;
mod table;
pub(super) mod usage;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

pub(super) use hints::in_terms_of_ctl;

use crate::cli::consent::{agrees, can_ask};
use crate::cli::ctl::args::{
    AccountsCommand, CallsArgs, CertificateFormat, ClockCommand, CtlArgs, CtlCommand, FaultsCommand, OrderArgs,
    OrdersCommand, OrdersListArgs, SandboxesCommand,
};
use crate::cli::ctl::body::SnapshotFile;
use crate::cli::ctl::table::Layout;
use crate::client::http;
use crate::client::remote::escape;
use crate::client::{CallStream, Control, ControlError};
use crate::files::{self, FileError, Readers};
use crate::model::State;
use crate::model::answer::read_answer;
use crate::model::call::CallFilter;
use crate::model::clock::{ClockInfo, ClockSetting, ClockStep};
use crate::model::fixtures::FixturesOrText;
use crate::model::mail::MailFilter;
use crate::model::order::OrderFilter;
use crate::model::sandbox::{DEFAULT_SANDBOX, NewSandbox, Reset};

/// How long an order is waited for, unless the command says.
const WAIT: Duration = Duration::from_secs(60);

/// Why `ctl` did not do what it was asked; one line.
#[derive(Debug, Error)]
pub(crate) enum CtlError {
    /// The emulator did not do it.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// What was given is not what is taken.
    #[error("{0}")]
    Given(String),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be put in its place.
    #[error("{0}")]
    Written(String),
    /// The answer cannot be printed.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

impl CtlError {
    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Control(ControlError::NeverReached { .. }) => 3,
            Self::Control(_) | Self::Given(_) | Self::File { .. } | Self::Written(_) | Self::Print(_) => 1,
        }
    }
}

impl From<FileError> for CtlError {
    fn from(error: FileError) -> Self {
        Self::Written(error.to_string())
    }
}

/// Does what the command line asks, and prints the answer. A reader that has left, as `head` does, is no error.
///
/// # Errors
/// The emulator is not there or refuses, or a file is not as it should be.
pub(crate) async fn run(args: &CtlArgs, out: &mut impl Write) -> Result<(), CtlError> {
    let connected = args.token.connect(&args.control.address, &args.sandbox.name);
    let control = connected.map_err(CtlError::Given)?;
    let mut ctl = Ctl {
        control,
        json: args.json,
        out,
    };
    match ctl.run(&args.command).await {
        Err(CtlError::Control(error @ (ControlError::Refused { .. } | ControlError::Unreachable { .. }))) => {
            Err(CtlError::Given(in_terms_of_ctl(error, &args.sandbox.name)))
        }
        Err(CtlError::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

struct Ctl<'o, W> {
    control: Control,
    json: bool,
    out: &'o mut W,
}

impl<W: Write> Ctl<'_, W> {
    async fn run(&mut self, command: &CtlCommand) -> Result<(), CtlError> {
        match command {
            CtlCommand::Orders(command) => self.orders(command).await,
            CtlCommand::Accounts(command) => self.accounts(command).await,
            CtlCommand::Clock(command) => self.clock(command).await,
            CtlCommand::Faults(command) => self.faults(command).await,
            CtlCommand::Calls(args) if args.clear => self.delete("/calls").await,
            CtlCommand::Calls(args) if args.follow => self.follow(args).await,
            CtlCommand::Calls(args) => match args.id {
                Some(id) => self.call(id, args).await,
                None => self.calls(args).await,
            },
            CtlCommand::Outbox(args) if args.clear => self.delete("/outbox").await,
            CtlCommand::Outbox(args) => {
                let query = MailFilter::from(args).query();
                self.get(&format!("/outbox{query}"), Layout::OUTBOX).await
            }
            CtlCommand::Reset { fixtures } => {
                let text = fixtures.as_deref().map(read).transpose()?;
                let reset = Reset {
                    fixtures: text.map(FixturesOrText::Text),
                };
                let sent = self.send(Method::POST, "/reset", &reset, Layout::ONE).await;
                naming(sent, |field| given_fixtures(field, fixtures.as_deref()))
            }
            CtlCommand::Snapshot { output } => self.snapshot(output.as_deref()).await,
            CtlCommand::Restore { file, yes } => {
                let file = SnapshotFile::read(file)?;
                if !yes {
                    self.agree_to_restore()?;
                }
                self.exchange(Method::PUT, "/snapshot", Some(file.json.clone()), Layout::ONE)
                    .await
                    .map_err(|error| file.refused(error))
            }
            CtlCommand::Ca { format } => self.certificates("/ca", *format).await,
            CtlCommand::Sandboxes(command) => self.sandboxes(command).await,
            CtlCommand::Assumptions { set } if set.is_empty() => self.get("/assumptions", Layout::ASSUMPTIONS).await,
            CtlCommand::Assumptions { set } => {
                let body: BTreeMap<_, _> = set.iter().cloned().collect();
                self.send(Method::PATCH, "/assumptions", &body, Layout::ASSUMPTIONS)
                    .await
            }
        }
    }

    async fn call(&mut self, id: u64, args: &CallsArgs) -> Result<(), CtlError> {
        let query = CallFilter::from(args).query();
        self.get(&format!("/calls/{id}{query}"), Layout::ONE).await
    }

    async fn calls(&mut self, args: &CallsArgs) -> Result<(), CtlError> {
        let mut filter = CallFilter::from(args);
        let path = |filter: &CallFilter<_>| self.control.at(&format!("/calls{}", filter.query()));
        let first = path(&filter);
        let next = |page: &Value| {
            filter.before = page["next"].as_u64();
            filter.before.map(|_| path(&filter))
        };
        let (mut pages, text) = self.control.remote().pages(first, next).await?;
        if pages.len() == 1 {
            return self.print(&text, Layout::CALLS);
        }
        // The newest come first, a page at a time.
        let calls = entries(&mut pages, "calls").into_iter().rev().flatten().collect();
        let mut last = pages.pop().unwrap_or_default();
        last["calls"] = calls;
        self.print(&last.to_string(), Layout::CALLS)
    }

    async fn list_orders(&mut self, args: &OrdersListArgs) -> Result<(), CtlError> {
        let mut filter = OrderFilter::from(args);
        let mut came = 0;
        let path = |filter: &OrderFilter| self.control.at(&format!("/orders{}", filter.query()));
        let first = path(&filter);
        let next = |page: &Value| {
            // What is searched for has no `next`, but a `total`.
            came += page["orders"].as_array().map_or(0, Vec::len);
            let is_more = page["total"].as_u64().is_some_and(|total| total > came as u64);
            filter.offset = is_more.then_some(came);
            filter.after = page["next"].as_u64();
            (is_more || filter.after.is_some()).then(|| path(&filter))
        };
        let (mut pages, text) = self.control.remote().pages(first, next).await?;
        if pages.len() == 1 {
            return self.print(&text, Layout::ORDERS);
        }
        let orders: Vec<_> = entries(&mut pages, "orders").into_iter().flatten().collect();
        self.print(&json!({"orders": orders}).to_string(), Layout::ORDERS)
    }

    async fn orders(&mut self, command: &OrdersCommand) -> Result<(), CtlError> {
        match command {
            OrdersCommand::List(args) => self.list_orders(args).await,
            OrdersCommand::Show { number } => self.get(&format!("/orders/{number}"), Layout::ONE).await,
            OrdersCommand::History { number } => self.get(&format!("/orders/{number}/history"), Layout::HISTORY).await,
            OrdersCommand::Next { number } => self.get(&format!("/orders/{number}/next"), Layout::NEXT).await,
            OrdersCommand::Wait { number, state, timeout } => {
                let (state, limit) = (state.unwrap_or(State::Issued), timeout.unwrap_or(WAIT));
                let waited = self.control.orders().wait_for_answer(*number, state, limit).await;
                let (answer, _) = waited.map_err(not_there_to_wait_for)?;
                self.print(&answer, Layout::ONE)
            }
            OrdersCommand::Create { number, order } => {
                let body = body::new_order(*number, order)?;
                let sent = self.send(Method::POST, "/orders", &body, Layout::ONE).await;
                sent.map_err(|error| about_csr(error, order))
            }
            OrdersCommand::Set { number, order } => {
                let body = body::changed_order(order)?;
                let path = format!("/orders/{number}");
                let sent = self.send(Method::PATCH, &path, &body, Layout::ONE).await;
                sent.map_err(|error| about_csr(error, order))
            }
            OrdersCommand::Delete { number } => self.delete(&format!("/orders/{number}")).await,
            OrdersCommand::Certificate { number, format } => {
                self.certificates(&format!("/orders/{number}/certificate"), *format)
                    .await
            }
            OrdersCommand::Chain { number, format } => {
                self.certificates(&format!("/orders/{number}/chain"), *format).await
            }
            OrdersCommand::Key { number } => self.pem(&format!("/orders/{number}/key")).await,
            OrdersCommand::Csr { number } => self.pem(&format!("/orders/{number}/csr")).await,
        }
    }

    async fn accounts(&mut self, command: &AccountsCommand) -> Result<(), CtlError> {
        let at = |login: &str| format!("/accounts/{}", escape(login));
        match command {
            AccountsCommand::List => self.get("/accounts", Layout::ACCOUNTS).await,
            AccountsCommand::Show { login } => self.get(&at(login), Layout::ONE).await,
            AccountsCommand::Create {
                login,
                password,
                fields,
            } => {
                let mut body = body::account_fields(fields)?;
                // There is nothing to take away: nobody would write it for an account that may call everything.
                if let Some(permissions) = body.get_mut("permissions").filter(|value| value.is_null()) {
                    *permissions = json!([]);
                }
                for (name, given) in [("loginName", login), ("loginPassword", password)] {
                    body::add(&mut body, name, json!(given))?;
                }
                self.send(Method::POST, "/accounts", &body, Layout::ONE).await
            }
            AccountsCommand::Set { login, fields } => {
                let body = body::account_fields(fields)?;
                self.send(Method::PATCH, &at(login), &body, Layout::ONE).await
            }
            AccountsCommand::Delete { login } => self.delete(&at(login)).await,
        }
    }

    async fn clock(&mut self, command: &ClockCommand) -> Result<(), CtlError> {
        let setting = |now: Option<String>, frozen| ClockSetting { now, frozen };
        let setting = match command {
            ClockCommand::Show => return self.get("/clock", Layout::ONE).await,
            ClockCommand::Due => return self.get("/clock/due", Layout::DUE).await,
            ClockCommand::Advance { by } => {
                let step = ClockStep { by };
                return self.send(Method::POST, "/clock/advance", &step, Layout::ONE).await;
            }
            ClockCommand::Set { now } if ["real", "now"].contains(&&**now) => {
                let path = self.control.at("/clock");
                let clock = self.control.remote().exchange(Method::GET, &path, None).await?;
                let clock: ClockInfo = self.read(&clock)?;
                setting(Some(clock.real_now.to_string()), Some(false))
            }
            ClockCommand::Set { now } => setting(Some(now.clone()), None),
            ClockCommand::Freeze { now } => setting(now.clone(), Some(true)),
            ClockCommand::Unfreeze => setting(None, Some(false)),
        };
        let sent = self.send(Method::PUT, "/clock", &setting, Layout::ONE).await;
        match command {
            ClockCommand::Set { now } | ClockCommand::Freeze { now: Some(now) } => naming(sent, |_| Some(now.clone())),
            _ => sent,
        }
    }

    async fn faults(&mut self, command: &FaultsCommand) -> Result<(), CtlError> {
        match command {
            FaultsCommand::List => self.get("/faults", Layout::FAULTS).await,
            FaultsCommand::Add(args) => {
                let sent = self
                    .send(Method::POST, "/faults", &body::fault(args), Layout::ONE)
                    .await;
                naming(sent, |field| args.given(field))
            }
            FaultsCommand::Remove { id } => self.delete(&format!("/faults/{id}")).await,
            FaultsCommand::Clear => self.delete("/faults").await,
        }
    }

    async fn sandboxes(&mut self, command: &SandboxesCommand) -> Result<(), CtlError> {
        // Sandboxes stand beside each other, whichever is asked for.
        self.control = self.control.sandbox(DEFAULT_SANDBOX);
        match command {
            SandboxesCommand::List => self.get("/sandboxes", Layout::SANDBOXES).await,
            SandboxesCommand::Create {
                name,
                ttl,
                claim,
                fixtures,
            } => {
                let text = fixtures.as_deref().map(read).transpose()?;
                let new = NewSandbox {
                    name: name.clone(),
                    fixtures: text.map(FixturesOrText::Text),
                    logins: claim.clone(),
                    ttl: *ttl,
                };
                let sent = self.send(Method::POST, "/sandboxes", &new, Layout::ONE).await;
                naming(sent, |field| given_fixtures(field, fixtures.as_deref()))
            }
            SandboxesCommand::Delete { name } => self.delete(&format!("/sandboxes/{}", escape(name))).await,
        }
    }

    async fn certificates(&mut self, path: &str, format: Option<CertificateFormat>) -> Result<(), CtlError> {
        let format = match format {
            Some(CertificateFormat::Der) => "der",
            Some(CertificateFormat::Json) => "json",
            None if self.json => "json",
            Some(CertificateFormat::Pem) | None => "pem",
        };
        let mut answer = self.bytes(&format!("{path}?format={format}")).await?;
        if format == "json" {
            answer.push(b'\n');
        }
        self.write(&answer)
    }

    /// Prints what the emulator has as PEM alone: as it is, or with `--json` in the field `pem`, as a certificate has it.
    async fn pem(&mut self, path: &str) -> Result<(), CtlError> {
        let pem = self.bytes(path).await?;
        if !self.json {
            return self.write(&pem);
        }
        let object = json!({"pem": String::from_utf8_lossy(&pem)});
        self.write(format!("{object}\n").as_bytes())
    }

    /// An answer as it comes.
    async fn bytes(&self, path: &str) -> Result<Vec<u8>, CtlError> {
        let response = self.control.remote().open(&self.control.at(path)).await?;
        let answer = http::read_rest(response)
            .await
            .map_err(|error| self.control.remote().unexpected(error.to_string()))?;
        Ok(answer.body.into())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CtlError> {
        self.out.write_all(bytes)?;
        Ok(self.out.flush()?)
    }

    /// Asks the person at the terminal, if there is one.
    fn agree_to_restore(&self) -> Result<(), CtlError> {
        let question = format!(
            "Everything in the sandbox `{}` but its journal is replaced; its mails and the histories of its orders are lost. Go on?",
            self.control.name()
        );
        match !can_ask() || agrees(&question)? {
            true => Ok(()),
            false => Err(CtlError::Given("nothing was restored".to_owned())),
        }
    }

    async fn snapshot(&mut self, output: Option<&Path>) -> Result<(), CtlError> {
        let snapshot = self.control.snapshot().await?;
        let json = snapshot.json().trim_end();
        let text = match self.json {
            true => format!("{json}\n"),
            false => pretty::indented(json),
        };
        match output {
            // A pipe or a terminal is written to, and not put aside.
            Some(path) if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) => {
                std::fs::write(path, text).map_err(|source| CtlError::File {
                    path: path.to_owned(),
                    source,
                })
            }
            Some(path) => Ok(files::write(path, Readers::Owner, |file| {
                file.write_all(text.as_bytes())
            })?),
            None => Ok(self.out.write_all(text.as_bytes())?),
        }
    }

    async fn follow(&mut self, args: &CallsArgs) -> Result<(), CtlError> {
        let mut stream = CallStream::open(&self.control, &CallFilter::from(args).query()).await?;
        if !self.json {
            writeln!(self.out, "{}", table::call_head())?;
            self.out.flush()?;
        }
        while let Some(data) = stream.next_data().await? {
            let line = match self.json {
                true => data,
                false => table::call_line(&self.parse(&data)?),
            };
            writeln!(self.out, "{line}")?;
            self.out.flush()?;
        }
        Ok(())
    }

    async fn get(&mut self, path: &str, layout: Layout) -> Result<(), CtlError> {
        self.exchange(Method::GET, path, None, layout).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        layout: Layout,
    ) -> Result<(), CtlError> {
        self.exchange(method, path, Some(json!(body).to_string().into()), layout)
            .await
            .map_err(without_place)
    }

    async fn delete(&mut self, path: &str) -> Result<(), CtlError> {
        let path = self.control.at(path);
        Ok(self.control.remote().send_empty(Method::DELETE, &path).await?)
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        layout: Layout,
    ) -> Result<(), CtlError> {
        let path = self.control.at(path);
        let answer = self.control.remote().exchange(method, &path, body).await?;
        self.print(&answer, layout)
    }

    fn print(&mut self, answer: &str, layout: Layout) -> Result<(), CtlError> {
        if self.json {
            writeln!(self.out, "{}", answer.trim_end())?;
        } else {
            let value = self.parse(answer)?;
            self.out.write_all(table::render(&value, layout).as_bytes())?;
        }
        Ok(self.out.flush()?)
    }

    fn parse(&self, answer: &str) -> Result<Value, CtlError> {
        serde_json::from_str(answer).map_err(|error| self.control.remote().unexpected(error.to_string()).into())
    }

    fn read<T: DeserializeOwned>(&self, answer: &str) -> Result<T, CtlError> {
        read_answer(answer.as_bytes()).map_err(|error| self.control.remote().unexpected(error.to_string()).into())
    }
}

/// The error without the place in the body, which is a line that `ctl` wrote and nobody sees.
fn without_place(mut error: CtlError) -> CtlError {
    const PLACE: &str = " at line 1 column ";
    if let CtlError::Control(ControlError::Refused { detail, .. }) = &mut error
        && let Some(start) = detail.find(PLACE)
    {
        let digits = detail[start + PLACE.len()..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        detail.replace_range(start..start + PLACE.len() + digits, "");
    }
    error
}

/// The error of a wait; of an order that is not there, it says how to wait for it.
fn not_there_to_wait_for(mut error: ControlError) -> ControlError {
    if let ControlError::Refused {
        status: 404, detail, ..
    } = &mut error
        && detail.starts_with(hints::NO_ORDER)
    {
        detail.push_str("; only one that exists is waited for: `ctl calls --follow` shows when a client orders one");
    }
    error
}

/// The error about an order; if its CSR was refused and was given by a text without armour, such as the name of a file, with
/// what reads one.
fn about_csr(mut error: CtlError, order: &OrderArgs) -> CtlError {
    if let CtlError::Control(ControlError::Refused { detail, field, .. }) = &mut error
        && field.as_deref() == Some("csr")
        && body::has_bare_csr(order)
    {
        detail.push_str("; csr=@FILE or --csr FILE reads a file");
    }
    error
}

/// What each page of a list has in that field.
fn entries(pages: &mut [Value], field: &str) -> Vec<Vec<Value>> {
    pages
        .iter_mut()
        .filter_map(|page| Some(std::mem::take(page.get_mut(field)?.as_array_mut()?)))
        .collect()
}

/// The result of a request; if a field was refused, with what `given` says was given for it: the emulator does not repeat
/// the value.
fn naming(sent: Result<(), CtlError>, given: impl FnOnce(&str) -> Option<String>) -> Result<(), CtlError> {
    sent.map_err(|mut error| {
        if let CtlError::Control(ControlError::Refused { detail, field, .. }) = &mut error
            && let Some(given) = given(field.as_deref().unwrap_or_default())
        {
            *detail = format!("`{given}`: {detail}");
        }
        error
    })
}

/// The option that gave the fixtures, if it is they that were refused.
fn given_fixtures(field: &str, file: Option<&Path>) -> Option<String> {
    let is_of_fixtures = field == "fixtures" || field.starts_with("fixtures.");
    file.filter(|_| is_of_fixtures)
        .map(|file| format!("--fixtures {}", file.display()))
}

fn read(path: &Path) -> Result<String, CtlError> {
    files::read_text(path).map_err(|source| CtlError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
