//! From an entry of a fixtures file to the value that it describes; the control API takes the same entries.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::api::account::{Account, CallLimit, LoginName, Password, Voucher};
use crate::api::csr::Csr;
use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::fault::{Action, Fault};
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Revocation, RevocationReason, Stage, State, Times, Validity};
use crate::api::order::terms::{ProductCode, Terms};
use crate::api::protocol::code::{Code, PLACEHOLDER};
use crate::api::world::Accounts;
use crate::ca;
use crate::clock::Timestamp;
use crate::model::file::{
    AccountEntry, DisconnectEntry, FaultEntry, MessageEntry, OrderEntry, StageEntry, ThenEntry, VoucherEntry,
};
use crate::model::locate::Step::{self, Index, Key};
use crate::shown::shown;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a certificate is valid where the file does not say.
const LIFE: Duration = DAY.saturating_mul(365);

/// How old an issued certificate is where the file does not say.
const AGE: Duration = DAY.saturating_mul(30);

/// The longest that a fault delays a reply: nobody waits for longer, and what waits is kept.
const MAX_DELAY: Duration = Duration::from_secs(10 * 60);

/// The longest body of a fault: each call that it meets keeps it in the journal.
const MAX_STATUS_BODY: usize = 64 << 10;

/// What is wrong with the value at a path.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(super) path: Vec<Step>,
    /// What is wrong, and what is taken instead.
    pub(crate) message: String,
}

impl Problem {
    pub(super) fn here(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
        }
    }

    pub(crate) fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self::here(message).under(key)
    }

    /// The path as it is written: `then.code`.
    pub(crate) fn field(&self) -> String {
        let steps: Vec<_> = self.path.iter().map(ToString::to_string).collect();
        steps.join(".")
    }

    pub(super) fn under(mut self, key: &'static str) -> Self {
        self.path.insert(0, Key(key));
        self
    }

    pub(super) fn within(mut self, list: &'static str, index: usize) -> Self {
        self.path.splice(0..0, [Key(list), Index(index)]);
        self
    }
}

/// The account that an entry describes, which need not fit the others.
pub(crate) fn build_account(entry: &AccountEntry, now: Timestamp) -> Result<Account, Problem> {
    check_length("loginName", &entry.login_name, LoginName::MAX)?;
    check_length("loginPassword", &entry.login_password.0, Password::MAX)?;
    let permissions = match &entry.permissions {
        Some(names) => Some(
            names
                .iter()
                .map(|name| entry_endpoint("permissions", name).map(|e| e.name))
                .collect::<Result<_, _>>()?,
        ),
        None => None,
    };
    let call_limit = match &entry.call_limit {
        Some(limit) if limit.calls > CallLimit::MAX_CALLS || limit.per.0.is_zero() => {
            return Err(Problem::at(
                "callLimit",
                format!(
                    "takes at most {} calls, in a span longer than zero",
                    CallLimit::MAX_CALLS
                ),
            ));
        }
        Some(limit) => Some(CallLimit::new(
            limit.calls,
            limit.per.0,
            limit.counted.iter().map(|when| when.from(now)),
        )),
        None => None,
    };
    Ok(Account {
        login_name: LoginName::new(&entry.login_name),
        login_password: Password::new(entry.login_password.0.as_str()),
        account_id: entry.account_id,
        reseller: entry.reseller.as_deref().map(LoginName::new),
        locked: entry.locked,
        permissions,
        ca_certificate_ids: entry.ca_certificate_ids.clone(),
        template_ids: entry.template_ids.clone(),
        voucher: match &entry.voucher {
            None | Some(VoucherEntry::Used(false)) => None,
            Some(VoucherEntry::Used(true)) => Some(Voucher(None)),
            Some(VoucherEntry::Named(name)) => Some(Voucher(Some(name.clone()))),
        },
        call_limit,
    })
}

fn check_length(key: &'static str, text: &str, max: usize) -> Result<(), Problem> {
    match text.chars().count() {
        0 => Err(Problem::at(key, format!("{key} is empty"))),
        characters if characters > max => Err(Problem::at(
            key,
            format!("{key} has {characters} characters; the API takes {max} at most"),
        )),
        _ => Ok(()),
    }
}

/// The order that an entry describes.
pub(crate) fn build_order(entry: &OrderEntry, accounts: &Accounts, now: Timestamp) -> Result<Order, Problem> {
    let number = OrderNumber::new(entry.order_number).ok_or_else(no_order_number)?;
    let account = accounts.get(&entry.login_name).ok_or_else(|| {
        Problem::at(
            "loginName",
            no_account(&entry.login_name, |text| accounts.is_password(text)),
        )
    })?;
    let csr = match &entry.csr {
        Some(text) => Some(judge_csr(text)?),
        None => None,
    };
    let mut order = Order {
        number,
        login_name: account.login_name.clone(),
        product: entry.product,
        email: entry.email.as_deref().map(Arc::from),
        organization: entry.organization.as_deref().map(Arc::from),
        csr: None,
        terms: build_terms(entry)?,
        stage: build_stage(entry, now)?,
        revocation: build_revocation(entry, now)?,
    };
    give_csr(&mut order, csr)?;
    Ok(order)
}

/// The CSR that an entry brings, no longer than the API takes it.
pub(crate) fn judge_csr(text: &str) -> Result<Csr, Problem> {
    check_length("csr", text, Csr::MAX_TEXT)?;
    Csr::parse(text).map_err(|error| Problem::at("csr", error.to_string()))
}

/// Lets an order have that CSR or none, which makes it complete: a certificate can be made of it, or it is refused here.
pub(crate) fn give_csr(order: &mut Order, csr: Option<Csr>) -> Result<(), Problem> {
    if csr.is_some() && order.terms.keep_key {
        return Err(Problem::at(
            "keepKey",
            "no key is made for an order that has a csr, so there is none to keep",
        ));
    }
    order.csr = csr;
    ca::order::check(order).map_err(|error| match error.field() {
        Some(field) => Problem::at(field, error.to_string()),
        None => Problem::here(error.to_string()),
    })
}

fn build_terms(entry: &OrderEntry) -> Result<Terms, Problem> {
    let is_of_product = |code: &ProductCode| code.product() == entry.product;
    let product_code = match entry.product_code {
        Some(number) => Some(ProductCode::from_number(number).filter(is_of_product).ok_or_else(|| {
            let numbers: Vec<_> = ProductCode::ALL
                .into_iter()
                .filter(is_of_product)
                .map(|code| code.number().to_string())
                .collect();
            Problem::at(
                "productCode",
                format!(
                    "{} order has the productCode {}",
                    entry.product.described(),
                    numbers.join(" or ")
                ),
            )
        })?),
        None => None,
    };
    if entry.ca_certificate_id.is_some() && entry.product != Product::Smime {
        return Err(Problem::at(
            "caCertificateID",
            "only an S/MIME order has a caCertificateID",
        ));
    }
    Ok(Terms {
        product_code,
        signature_hash: entry.signature_hash.unwrap_or_default(),
        ca_certificate_id: entry.ca_certificate_id,
        keep_key: entry.keep_key,
    })
}

fn build_revocation(entry: &OrderEntry, now: Timestamp) -> Result<Option<Box<Revocation>>, Problem> {
    let Some(revocation) = &entry.revocation else {
        return Ok(None);
    };
    let reason = RevocationReason::from_number(revocation.code_reason)
        .ok_or_else(|| Problem::at("codeReason", "a codeReason is 0, 1, 3, 4 or 5").under("revocation"))?;
    Ok(Some(Box::new(Revocation {
        at: revocation.at.from(now),
        reason,
        comment: revocation.revocation_reason.as_str().into(),
    })))
}

fn build_stage(entry: &OrderEntry, now: Timestamp) -> Result<Stage, Problem> {
    let unless_given = |given: &[(&'static str, bool)]| match given.iter().find(|(_, is_given)| *is_given) {
        Some((key, _)) => Err(Problem::at(
            key,
            format!("an order that is {} has no `{key}`", entry.state),
        )),
        None => Ok(()),
    };
    let (issued, expires, due) = (entry.issued.is_some(), entry.expires.is_some(), entry.due.is_some());
    match entry.state.times() {
        Times::None => unless_given(&[("issued", issued), ("expires", expires), ("due", due)])?,
        Times::Due => unless_given(&[("issued", issued), ("expires", expires && !due)])?,
        Times::Issued => unless_given(&[("due", due)])?,
    }
    if let Some(stage) = entry.stage {
        return build_recorded_stage(entry, stage, now);
    }
    Ok(match entry.state {
        State::Pending => Stage::Pending,
        State::Rejected => Stage::Rejected,
        State::OnHold => Stage::OnHold,
        State::BeingIssued => being_issued(entry, now)?,
        State::Issued => Stage::Issued(validity_with_end(entry, now, false)?),
        State::Replaced => Stage::Replaced(validity_with_end(entry, now, false)?),
        State::Expired => Stage::Issued(validity_with_end(entry, now, true)?),
        State::Revoked => Stage::Revoked(validity(entry, now, AGE)?),
    })
}

fn being_issued(entry: &OrderEntry, now: Timestamp) -> Result<Stage, Problem> {
    let due = entry.due.map(|_| validity(entry, now, AGE)).transpose()?;
    Ok(Stage::BeingIssued(due))
}

/// The stage that the entry names. Its state is that of another time, perhaps, but one that the stage comes by.
fn build_recorded_stage(entry: &OrderEntry, stage: StageEntry, now: Timestamp) -> Result<Stage, Problem> {
    if !stage.states().contains(&entry.state) {
        let states: Vec<_> = stage.states().iter().map(|state| state.as_str()).collect();
        return Err(Problem::at(
            "stage",
            format!(
                "with this stage an order is {}, never {}; leave `stage` out where `state` says it all",
                states.join(" or "),
                entry.state
            ),
        ));
    }
    match (stage, entry.state.times()) {
        (StageEntry::BeingIssued, Times::Due) => being_issued(entry, now),
        (StageEntry::BeingIssued, Times::None | Times::Issued) => {
            Ok(Stage::BeingIssued(Some(validity(entry, now, AGE)?)))
        }
        (StageEntry::Issued, _) => Ok(Stage::Issued(validity(entry, now, AGE)?)),
        (StageEntry::Replaced, _) => Ok(Stage::Replaced(validity(entry, now, AGE)?)),
    }
}

/// The validity of an order whose state says whether its end is past.
fn validity_with_end(entry: &OrderEntry, now: Timestamp, is_past: bool) -> Result<Validity, Problem> {
    let validity = validity(entry, now, if is_past { LIFE + DAY } else { AGE })?;
    match (validity.expires <= now, is_past) {
        (true, false) => Err(Problem::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            format!(
                "an order that is {} has its end in the future; one past its end is expired",
                entry.state
            ),
        )),
        (false, true) => Err(Problem::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            "an order that is expired has its end in the past",
        )),
        _ => Ok(validity),
    }
}

/// The validity that the entry gives; what it does not give follows from the other end or from `age`.
fn validity(entry: &OrderEntry, now: Timestamp, age: Duration) -> Result<Validity, Problem> {
    let issued = entry.due.or(entry.issued).map(|when| when.from(now));
    let expires = entry.expires.map(|when| when.from(now));
    check_validity(match (issued, expires) {
        (Some(issued), Some(expires)) => Validity { issued, expires },
        (Some(issued), None) => Validity {
            issued,
            expires: issued.after(LIFE),
        },
        (None, Some(expires)) => Validity {
            issued: now.before(age).min(expires.before(LIFE)),
            expires,
        },
        (None, None) => Validity {
            issued: now.before(age),
            expires: now.before(age).after(LIFE),
        },
    })
}

fn check_validity(validity: Validity) -> Result<Validity, Problem> {
    // An order may be over at the moment that it is issued: so is one that replaces an order in its last minutes.
    if validity.expires < validity.issued {
        return Err(Problem::at("expires", "an order does not expire before it is issued"));
    }
    Ok(validity)
}

/// The fault that an entry describes; its time to live begins now.
pub(crate) fn build_fault(entry: &FaultEntry, real_now: Timestamp) -> Result<Fault, Problem> {
    let endpoint = match &entry.endpoint {
        Some(name) => Some(entry_endpoint("endpoint", name)?),
        None => None,
    };
    let order_number = match entry.order_number {
        Some(number) => Some(OrderNumber::new(number).ok_or_else(no_order_number)?),
        None => None,
    };
    if entry
        .probability
        .is_some_and(|probability| !(0.0..=1.0).contains(&probability))
    {
        return Err(Problem::at("probability", "a probability is a number from 0 to 1"));
    }
    if let Some(login_name) = &entry.login_name {
        check_length("loginName", login_name, LoginName::MAX)?;
    }
    if entry.ttl.is_some_and(|ttl| ttl.0.is_zero()) {
        return Err(Problem::at(
            "ttl",
            "a fault that is gone at once is none; leave `ttl` out for one that stays",
        ));
    }
    if entry.times == Some(0) {
        return Err(Problem::at(
            "times",
            "a fault that is met no times is none; leave `times` out for every time",
        ));
    }
    Ok(Fault {
        endpoint: endpoint.map(|endpoint| endpoint.name),
        login_name: entry.login_name.as_deref().map(LoginName::new),
        order_number,
        skip: entry.skip,
        times: entry.times,
        probability: entry.probability,
        until: entry.ttl.map(|ttl| real_now.after(ttl.0)),
        then: build_action(&entry.then, endpoint).map_err(|problem| problem.under("then"))?,
    })
}

fn build_action(entry: &ThenEntry, endpoint: Option<&Endpoint>) -> Result<Action, Problem> {
    let ThenEntry {
        code,
        argument,
        delay,
        status,
        body,
        disconnect,
        garble,
        throttle,
    } = entry;
    let given = [
        code.is_some(),
        delay.is_some(),
        status.is_some(),
        disconnect.is_some(),
        *garble,
        throttle.is_some(),
    ];
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        return Err(Problem::here(
            "a fault does exactly one thing: `code`, `delay`, `status`, `disconnect`, `garble` or `throttle`",
        ));
    }
    if argument.is_some() && code.is_none() {
        return Err(Problem::at("argument", "only a `code` has an `argument`"));
    }
    if body.is_some() && status.is_none() {
        return Err(Problem::at("body", "only a `status` has a `body`"));
    }
    if body.as_ref().is_some_and(|body| body.len() > MAX_STATUS_BODY) {
        return Err(Problem::at(
            "body",
            format!("the body of a fault has {MAX_STATUS_BODY} bytes at most"),
        ));
    }
    Ok(match (code, delay, status, disconnect, throttle) {
        (Some(code), ..) => {
            let rows = match endpoint {
                Some(endpoint) => vec![code_of(endpoint, *code)?],
                None => codes_of_any(*code)?,
            };
            let to_fill = rows.iter().find(|row| row.message.contains(PLACEHOLDER));
            if let (Some(row), None) = (to_fill, argument) {
                return Err(Problem::at(
                    "code",
                    format!(
                        "the message of {code} is \"{}\": say with `argument` what stands for {PLACEHOLDER}",
                        row.message
                    ),
                ));
            }
            Action::Answer {
                code: *code,
                argument: argument.clone(),
            }
        }
        (_, Some(delay), ..) if delay.0 > MAX_DELAY => {
            return Err(Problem::at("delay", "a reply is delayed by 10m at most"));
        }
        (_, Some(delay), ..) => Action::Delay(delay.0),
        (_, _, Some(status), ..) if !(200..=599).contains(status) => {
            return Err(Problem::at("status", "an HTTP status is a number from 200 to 599"));
        }
        (_, _, Some(status), ..) => Action::Status {
            status: *status,
            body: body.clone().unwrap_or_default(),
        },
        (_, _, _, Some(DisconnectEntry::Before), _) => Action::DisconnectBefore,
        (_, _, _, Some(DisconnectEntry::MidBody), _) => Action::DisconnectMidBody,
        (.., Some(0)) => return Err(Problem::at("throttle", "at least 1 byte a second")),
        (.., Some(bytes_per_second)) => Action::Throttle {
            bytes_per_second: *bytes_per_second,
        },
        _ => Action::Garble,
    })
}

pub(super) fn message_endpoint(entry: &MessageEntry) -> Result<&'static Endpoint, Problem> {
    let endpoint = entry_endpoint("endpoint", &entry.endpoint)?;
    code_of(endpoint, entry.code)?;
    Ok(endpoint)
}

/// The row of an endpoint's codes with that number.
fn code_of(endpoint: &Endpoint, number: i32) -> Result<&'static Code, Problem> {
    endpoint.code(number).ok_or_else(|| {
        let numbers: Vec<_> = endpoint.codes.iter().map(|code| code.number.to_string()).collect();
        let (name, numbers) = (endpoint.name, numbers.join(", "));
        Problem::at("code", format!("{name} does not answer {number}; it answers {numbers}"))
    })
}

/// The rows of every endpoint's codes with that number, at least one.
fn codes_of_any(number: i32) -> Result<Vec<&'static Code>, Problem> {
    let rows: Vec<_> = ENDPOINTS.iter().filter_map(|endpoint| endpoint.code(number)).collect();
    if rows.is_empty() {
        let answered: BTreeSet<_> = ENDPOINTS
            .iter()
            .flat_map(|endpoint| endpoint.codes)
            .map(|code| Reverse(code.number))
            .collect();
        let answered: Vec<_> = answered.iter().map(|Reverse(number)| number.to_string()).collect();
        return Err(Problem::at(
            "code",
            format!("no endpoint answers {number}; there are {}", answered.join(", ")),
        ));
    }
    Ok(rows)
}

/// The endpoint that a question asks for.
pub(crate) fn find_endpoint(key: &'static str, name: &str) -> Result<&'static Endpoint, Problem> {
    Endpoint::named(name).ok_or_else(|| {
        let names = endpoint_names();
        Problem::at(key, format!("`{}` is no endpoint; there are {names}", shown(name)))
    })
}

/// The endpoint that an entry names. What is wrong there is not told: it may be a password in the wrong place.
fn entry_endpoint(key: &'static str, name: &str) -> Result<&'static Endpoint, Problem> {
    Endpoint::named(name).ok_or_else(|| {
        let names = endpoint_names();
        Problem::at(key, format!("there is no such endpoint; there are {names}"))
    })
}

fn endpoint_names() -> String {
    let names: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
    names.join(", ")
}

/// Says that an account is not there.
pub(crate) fn no_account(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("no account has {}", this_login_name(login_name, is_password))
}

/// Says that a loginName is taken.
pub(crate) fn login_name_taken(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("another account has {}", this_login_name(login_name, is_password))
}

/// A loginName in a message. It is not told if it is a password: then it stands in the wrong place.
fn this_login_name(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    match is_password(login_name) || is_password(login_name.trim()) {
        true => "this loginName".to_owned(),
        false => format!("the loginName `{}`", shown(login_name)),
    }
}

/// Says that an accountID is taken.
pub(crate) fn account_id_taken(account_id: u64) -> String {
    format!("another account has the accountID {account_id}")
}

/// Says that an order number is taken.
pub(crate) fn order_number_taken(number: OrderNumber) -> String {
    format!("another order has the orderNumber {number}")
}

fn no_order_number() -> Problem {
    Problem::at(
        "orderNumber",
        format!("an order number is between 1 and {}", OrderNumber::MAX),
    )
}
