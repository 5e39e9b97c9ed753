//! The command line of `ctl`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgGroup, Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cli::connect::{ControlArgs, SandboxArgs, TokenArgs};
use crate::cli::number::{read_code, read_whole};
use crate::cli::offer;
use crate::cli::parse::{read_duration, read_switch};
use crate::model::call::{CallFilter, CallKind};
use crate::model::mail::MailFilter;
use crate::model::order::OrderFilter;
use crate::model::{MailKind, Product, SignatureHash, State};

// The options of `ctl`, and what it is asked to do.
#[derive(Args, Clone)]
#[command(mut_args(of_ctl))]
pub(crate) struct CtlArgs {
    #[command(flatten)]
    pub(crate) control: ControlArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// Print the emulator's JSON as it is.
    // Its id is its own, as those of the options above.
    #[arg(id = "ctl_json", long = "json", env = "SECTIGO_EMULATOR_JSON", action = ArgAction::SetTrue, value_parser = read_switch)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: CtlCommand,
}

impl std::fmt::Debug for CtlArgs {
    /// Not the passwords that the command may have.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CtlArgs")
            .field("control", &self.control)
            .field("sandbox", &self.sandbox)
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// Lets an option of `ctl` stand behind its commands as well, where help lists it apart.
fn of_ctl(option: Arg) -> Arg {
    let option = option.global(true).help_heading("Options of every ctl command");
    match option.get_id().as_str() {
        TokenArgs::ID => option.visible_alias("token"),
        _ => option,
    }
}

// What a running emulator is asked to do.
#[derive(Clone, Subcommand)]
pub(crate) enum CtlCommand {
    /// Orders: list, show, create, set, delete, certificate, chain, key, csr, history, next, wait.
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// Accounts: list, show, create, set, delete.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// The clock: show, set, freeze, unfreeze, advance, due.
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Faults: list, add, remove, clear.
    #[command(subcommand)]
    Faults(FaultsCommand),
    /// The journal: what was called, and what was answered.
    Calls(CallsArgs),
    /// The mails that would have been sent.
    Outbox(OutboxArgs),
    /// Go back to the fixtures it started with, or to others.
    Reset {
        /// A fixtures file, TOML or JSON.
        #[arg(long, value_name = "FILE")]
        fixtures: Option<PathBuf>,
    },
    /// Print all that the sandbox is, passwords included, as a fixtures file; with --json in one line.
    Snapshot {
        /// Write it there, readable by you alone.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Make the sandbox what a snapshot says.
    Restore {
        /// The snapshot, or a fixtures file, TOML or JSON; - is stdin.
        file: PathBuf,
        /// Replace all without asking first. Without a terminal, nobody is asked either, and all is replaced with this option
        /// or without it.
        #[arg(long)]
        yes: bool,
    },
    /// Print the certificate of every CA.
    Ca {
        /// How they are printed, der being PKCS#7 [default: pem, or json with --json].
        #[arg(long)]
        format: Option<CertificateFormat>,
    },
    /// Sandboxes: list, create, delete.
    #[command(subcommand, alias = "sandbox")]
    Sandboxes(SandboxesCommand),
    /// Show what the sandbox assumes, or set some of it.
    Assumptions {
        /// What to set.
        #[arg(value_name = "NAME=VALUE", hide_possible_values = true, value_parser = offer::assumptions(read_pair))]
        set: Vec<(String, String)>,
    },
}

/// `ctl orders`.
#[derive(Clone, Subcommand)]
pub(crate) enum OrdersCommand {
    /// List orders.
    List(OrdersListArgs),
    /// Show an order.
    Show {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Make an order: by default an S/MIME order of the account login_name that was issued 30 days ago.
    Create {
        /// Its orderNumber [default: the next free one].
        #[arg(long, value_parser = read_whole::<u64>)]
        number: Option<u64>,
        /// How it shall be.
        #[command(flatten)]
        order: Box<OrderArgs>,
    },
    /// Change an order into anything.
    #[command(mut_group("OrderArgs", |fields| fields.required(true)))]
    Set {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
        /// What changes.
        #[command(flatten)]
        order: Box<OrderArgs>,
    },
    /// Delete an order.
    Delete {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Print the certificate of an order.
    Certificate {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
        /// How it is printed [default: pem, or json with --json].
        #[arg(long)]
        format: Option<CertificateFormat>,
    },
    /// Print the CAs above the certificate of an order: the one that signed it, then the root.
    Chain {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
        /// How they are printed, der being PKCS#7 [default: pem, or json with --json].
        #[arg(long)]
        format: Option<CertificateFormat>,
    },
    /// Print the private key of an order that was made with keepKey=true; PEM.
    Key {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Print the CSR of an order; PEM.
    Csr {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Show the states that an order reached: when, and by which call.
    History {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Show what each endpoint would answer about an order now.
    Next {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
    },
    /// Wait until an order is in a state, and show it: exit 0 if it is, 1 if the time is over before, 3 if it never will be.
    Wait {
        /// Its orderNumber.
        #[arg(value_parser = read_whole::<u64>)]
        number: u64,
        /// The state to wait for [default: issued].
        #[arg(long, value_parser = states())]
        state: Option<State>,
        /// How long to wait, in real time [default: 60s].
        #[arg(long, value_name = "DURATION", value_parser = read_duration)]
        timeout: Option<Duration>,
    },
}

/// How a certificate is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CertificateFormat {
    /// PEM.
    Pem,
    /// DER.
    Der,
    /// A description.
    Json,
}

/// `ctl orders list`.
#[derive(Args, Clone)]
pub(crate) struct OrdersListArgs {
    /// Only those of that loginName.
    #[arg(long, value_name = "LOGIN")]
    pub(crate) login: Option<String>,
    /// Only those in that state.
    #[arg(long, value_parser = states())]
    pub(crate) state: Option<State>,
    /// Only those of that product.
    #[arg(long, value_parser = products())]
    pub(crate) product: Option<Product>,
    /// Only those with this in the orderNumber, loginName, email or organization, whatever its case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

impl From<&OrdersListArgs> for OrderFilter {
    fn from(args: &OrdersListArgs) -> Self {
        Self {
            login_name: args.login.clone(),
            state: args.state,
            product: args.product,
            search: args.search.clone(),
            ..Self::default()
        }
    }
}

/// The fields of an order, for `ctl orders create` and `ctl orders set`. They are written as JSON, as the model of an order
/// has them.
#[derive(Args, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderArgs {
    /// The loginName of its account.
    #[arg(long, value_name = "LOGIN")]
    #[serde(rename = "loginName")]
    pub(crate) login: Option<String>,
    /// What is ordered.
    #[arg(long, value_parser = products())]
    pub(crate) product: Option<Product>,
    /// Its state.
    #[arg(long, value_parser = states())]
    pub(crate) state: Option<State>,
    /// When it was issued: -30d, 2026-01-31 or RFC 3339.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) issued: Option<String>,
    /// When it expires: +335d, -1d, 2027-01-31 or RFC 3339.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) expires: Option<String>,
    /// When it is no longer being issued: +10m, 2027-01-31 or RFC 3339.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) due: Option<String>,
    /// Its e-mail address.
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Its organization.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// The file of its CSR, PEM.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) csr: Option<PathBuf>,
    /// Sectigo's number of the kind of certificate.
    #[arg(long, value_name = "NUMBER", hide_possible_values = true, value_parser = offer::product_codes())]
    pub(crate) product_code: Option<u16>,
    /// The hash of the certificate's signature.
    #[arg(long, value_name = "HASH", value_parser = signature_hashes())]
    pub(crate) signature_hash: Option<String>,
    /// The CA that issues it: each number is a CA of its own.
    #[arg(long, value_name = "NUMBER", value_parser = read_whole::<u64>)]
    #[serde(rename = "caCertificateID")]
    pub(crate) ca_certificate_id: Option<u64>,
    /// Keep the private key that is made where no CSR is given, so that it can be fetched.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) keep_key: Option<bool>,
    /// When it was revoked, replaced or rejected, which --state says: -1d, 2026-01-31 or RFC 3339.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    #[serde(skip)]
    pub(crate) revoked: Option<String>,
    /// The codeReason with which it was revoked: 0, 1, 3, 4 or 5.
    #[arg(long, value_name = "NUMBER", value_parser = read_whole::<u8>)]
    #[serde(skip)]
    pub(crate) code_reason: Option<u8>,
    /// The comment with which it was revoked.
    #[arg(long, value_name = "TEXT")]
    #[serde(skip)]
    pub(crate) revocation_reason: Option<String>,
    /// A field as `list --json` shows it, such as state=expired or expires=-1d; csr=@FILE reads a file; nothing after the
    /// = takes it away.
    #[arg(value_name = "FIELD=VALUE", value_parser = read_pair)]
    #[serde(skip)]
    pub(crate) fields: Vec<(String, String)>,
}

/// `ctl accounts`.
#[derive(Clone, Subcommand)]
pub(crate) enum AccountsCommand {
    /// List accounts.
    List,
    /// Show an account.
    Show {
        /// Its loginName.
        login: String,
    },
    /// Make an account.
    Create {
        /// Its loginName.
        login: String,
        /// Its loginPassword.
        password: String,
        /// A field as `list --json` shows it, such as locked=true or callLimit=100/1h; permissions= lets it call
        /// nothing.
        #[arg(value_name = "FIELD=VALUE", value_parser = read_pair)]
        fields: Vec<(String, String)>,
    },
    /// Change an account.
    Set {
        /// Its loginName.
        login: String,
        /// A field as `list --json` shows it, such as 'permissions=!autoRevokeCS' or permissions=none; nothing after
        /// the = takes it away.
        #[arg(required = true, value_name = "FIELD=VALUE", value_parser = read_pair)]
        fields: Vec<(String, String)>,
    },
    /// Delete an account.
    Delete {
        /// Its loginName.
        login: String,
    },
}

/// `ctl clock`.
#[derive(Clone, Subcommand)]
pub(crate) enum ClockCommand {
    /// Show the present.
    Show,
    /// Set the present: RFC 3339, a date such as 2027-01-31 (its midnight in UTC), +30d or -30d from the sandbox's present, or real.
    Set {
        /// The new present; real or now is the system's time, from which the clock goes on.
        #[arg(allow_hyphen_values = true)]
        now: String,
    },
    /// Let it stand still.
    Freeze {
        /// At that time, not at the present.
        #[arg(allow_hyphen_values = true)]
        now: Option<String>,
    },
    /// Let it go on from where it stands.
    Unfreeze,
    /// Move it on: 30d, 10m.
    Advance {
        /// By so much, such as 30d or 1h30m.
        #[arg(allow_hyphen_values = true, value_parser = read_step)]
        by: String,
    },
    /// Show what it brings next: the orders that are issued, fail or expire.
    Due,
}

/// `ctl faults`.
#[derive(Clone, Subcommand)]
pub(crate) enum FaultsCommand {
    /// List faults.
    List,
    /// Add a fault: what happens, and to which calls.
    Add(Box<FaultArgs>),
    /// Take a fault away.
    Remove {
        /// Its number.
        #[arg(value_parser = read_whole::<u64>)]
        id: u64,
    },
    /// Take every fault away.
    Clear,
}

/// `ctl faults add`: a fault, written as JSON as the model of a fault has it.
#[derive(Args, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultArgs {
    /// What happens.
    #[command(flatten)]
    pub(crate) then: ThenArgs,
    /// Only calls of that endpoint.
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = offer::endpoints())]
    pub(crate) endpoint: Option<String>,
    /// Only calls with that loginName.
    #[arg(long, value_name = "LOGIN")]
    #[serde(rename = "loginName")]
    pub(crate) login: Option<String>,
    /// Only calls that name that order.
    #[arg(long, value_name = "NUMBER", value_parser = read_whole::<u64>)]
    #[serde(rename = "orderNumber")]
    pub(crate) order: Option<u64>,
    /// Not the first so many calls.
    #[arg(long, value_name = "N", value_parser = read_whole::<u64>)]
    pub(crate) skip: Option<u64>,
    /// Only so many times.
    #[arg(long, value_name = "N", value_parser = read_whole::<u64>)]
    pub(crate) times: Option<u64>,
    /// Only so often, from 0 to 1.
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = read_probability)]
    pub(crate) probability: Option<f64>,
    /// It goes away by itself after so long, in real time.
    #[arg(long, value_name = "DURATION", value_parser = read_span)]
    pub(crate) ttl: Option<String>,
}

impl FaultArgs {
    /// The option that gave a field of the fault, as it stands on the command line; none for a field whose value the
    /// emulator repeats or that may be secret.
    pub(crate) fn given(&self, field: &str) -> Option<String> {
        match field {
            "endpoint" => self.endpoint.as_ref().map(|name| format!("--endpoint {name}")),
            "probability" => self
                .probability
                .map(|probability| format!("--probability {probability}")),
            "times" => self.times.map(|times| format!("--times {times}")),
            "orderNumber" => self.order.map(|number| format!("--order {number}")),
            "then.code" => self.then.code.map(|code| format!("--code {code}")),
            "then.status" => self.then.status.map(|status| format!("--status {status}")),
            _ => None,
        }
    }
}

/// What a fault does.
#[derive(Args, Clone, Serialize)]
#[command(group = ArgGroup::new("then").required(true))]
pub(crate) struct ThenArgs {
    /// The API answers that code, to calls of the endpoints that have it, and changes nothing.
    #[arg(long, group = "then", value_name = "NUMBER", allow_negative_numbers = true, value_parser = read_code)]
    pub(crate) code: Option<i32>,
    /// The call is done, and its answer takes so much longer.
    #[arg(long, group = "then", value_name = "DURATION", value_parser = read_span)]
    pub(crate) delay: Option<String>,
    /// A gateway answers that HTTP status, and nothing is changed.
    #[arg(long, group = "then", value_name = "STATUS", value_parser = read_whole::<u16>)]
    pub(crate) status: Option<u16>,
    /// The call is done, and its connection is closed.
    #[arg(long, group = "then", value_name = "before|mid-body")]
    pub(crate) disconnect: Option<Disconnect>,
    /// The call is done, and its answer comes garbled.
    #[arg(long, group = "then")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) garble: bool,
    /// The call is done, and its answer comes at so many bytes a second.
    #[arg(long, group = "then", value_name = "BYTES", value_parser = read_whole::<u32>)]
    pub(crate) throttle: Option<u32>,
    /// What the message of the code names.
    #[arg(long, requires = "code", conflicts_with_all = ["delay", "status", "disconnect", "garble", "throttle"], value_name = "NAME")]
    pub(crate) argument: Option<String>,
    /// The body that comes with the status.
    #[arg(long, allow_hyphen_values = true, requires = "status", conflicts_with_all = ["code", "delay", "disconnect", "garble", "throttle"], value_name = "TEXT")]
    pub(crate) body: Option<String>,
}

/// Where a reply breaks off.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Disconnect {
    /// Before its first byte.
    Before,
    /// In its body.
    MidBody,
}

/// `ctl calls`.
#[derive(Args, Clone)]
pub(crate) struct CallsArgs {
    /// Only that one, with its arguments and its reply.
    #[arg(value_parser = read_whole::<u64>, conflicts_with_all = ["follow", "clear", "endpoint", "login", "order", "code", "since"])]
    pub(crate) id: Option<u64>,
    /// Print each call as it comes, until it is interrupted.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Forget every call.
    #[arg(long, conflicts_with_all = ["follow", "kind", "endpoint", "login", "order", "code", "since"])]
    pub(crate) clear: bool,
    /// Calls, or the tries to push changes of orders.
    #[arg(long, value_name = "call|push", hide_possible_values = true, value_parser = kinds())]
    pub(crate) kind: Option<CallKind>,
    /// Only those of that endpoint.
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = offer::endpoints())]
    pub(crate) endpoint: Option<String>,
    /// Only those with that loginName.
    #[arg(long, value_name = "LOGIN")]
    pub(crate) login: Option<String>,
    /// Only those that name that order.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) order: Option<String>,
    /// Only those answered with that code.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = read_code)]
    pub(crate) code: Option<i32>,
    /// Only those since then, by the sandbox's clock: -5m, 2026-01-31 or RFC 3339.
    #[arg(long, value_name = "WHEN", conflicts_with = "follow", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
}

impl From<&CallsArgs> for CallFilter<String> {
    fn from(args: &CallsArgs) -> Self {
        Self {
            kind: args.kind,
            endpoint: args.endpoint.clone(),
            login_name: args.login.clone(),
            order_number: args.order.clone(),
            code: args.code,
            since: args.since.clone(),
            limit: None,
            before: None,
        }
    }
}

/// `ctl outbox`.
#[derive(Args, Clone)]
pub(crate) struct OutboxArgs {
    /// Forget every mail.
    #[arg(long, conflicts_with_all = ["order", "kind"])]
    pub(crate) clear: bool,
    /// Only those about that order.
    #[arg(long, value_name = "NUMBER", value_parser = read_whole::<u64>)]
    pub(crate) order: Option<u64>,
    /// Only those of that kind.
    #[arg(long, value_name = "KIND", value_parser = mail_kinds())]
    pub(crate) kind: Option<MailKind>,
}

impl From<&OutboxArgs> for MailFilter {
    fn from(args: &OutboxArgs) -> Self {
        Self {
            order_number: args.order,
            kind: args.kind,
        }
    }
}

/// `ctl sandboxes`.
#[derive(Clone, Subcommand)]
pub(crate) enum SandboxesCommand {
    /// List sandboxes.
    List,
    /// Make a sandbox.
    Create {
        /// Its name [default: a readable one].
        name: Option<String>,
        /// It goes away when it was not used for so long.
        #[arg(long, value_name = "DURATION", value_parser = read_whole_millis)]
        ttl: Option<Duration>,
        /// Calls at the plain path with that loginName are its (repeatable).
        #[arg(long, value_name = "LOGIN")]
        claim: Vec<String>,
        /// A fixtures file, TOML or JSON.
        #[arg(long, value_name = "FILE")]
        fixtures: Option<PathBuf>,
    },
    /// Delete a sandbox.
    Delete {
        /// Its name.
        name: String,
    },
}

fn kinds() -> impl TypedValueParser<Value = CallKind> {
    let names = PossibleValuesParser::new(CallKind::ALL.map(CallKind::as_str));
    names.try_map(|name| {
        CallKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or("no kind")
    })
}

fn states() -> impl TypedValueParser<Value = State> {
    let names = PossibleValuesParser::new(State::ALL.map(State::as_str));
    names.try_map(|name| {
        State::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or("no state")
    })
}

fn mail_kinds() -> impl TypedValueParser<Value = MailKind> {
    let names = PossibleValuesParser::new(MailKind::ALL.map(MailKind::as_str));
    names.try_map(|name| {
        MailKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or("no kind")
    })
}

fn signature_hashes() -> PossibleValuesParser {
    PossibleValuesParser::new(SignatureHash::NAMES)
}

fn products() -> impl TypedValueParser<Value = Product> {
    let names = PossibleValuesParser::new(Product::ALL.map(Product::as_str));
    names.try_map(|name| {
        Product::ALL
            .into_iter()
            .find(|product| product.as_str() == name)
            .ok_or("no product")
    })
}

/// Reads a number of which the running emulator checks whether it is a probability. JSON has no other numbers.
fn read_probability(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| "give a number from 0 to 1, such as 0.5".to_owned())
}

fn read_pair(text: &str) -> Result<(String, String), String> {
    // What is no pair may hold a password: the error must not tell more than clap does.
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "give NAME=VALUE".to_owned())
}

/// How far a clock moves on, as it was written, without a plus in front.
fn read_step(text: &str) -> Result<String, String> {
    if text.starts_with('-') {
        return Err(format!("it only moves on; `clock set {text}` moves back"));
    }
    // As times are written that the clock can be set to.
    read_span(text.strip_prefix('+').unwrap_or(text))
}

/// A duration to the millisecond, as clocks here have it.
fn read_whole_millis(text: &str) -> Result<Duration, String> {
    let duration = read_duration(text)?;
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return Err("give a duration of whole milliseconds such as 500ms".to_owned());
    }
    Ok(duration)
}

/// A duration, as it was written.
fn read_span(text: &str) -> Result<String, String> {
    read_duration(text).map(|_| text.to_owned())
}
