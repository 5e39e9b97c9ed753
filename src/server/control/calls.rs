//! The journal: what was called. What is counted and what is followed has files of its own.

pub(super) mod count;
pub(super) mod stream;

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Serialize, Serializer};

use super::answers::{Length, MAX_LIST, answer, written_length};
use super::extract::{PathId, PathSandbox, Query};
use super::{App, Problem};
use crate::api::order::state::OrderNumber;
use crate::api::world::Accounts;
use crate::aside::aside;
use crate::model::call::{ArgumentInfo, CallFilter, CallInfo, CallKind, CallList, KindQuery, MAX_CALLS};
use crate::model::endpoint::find_endpoint;
use crate::sandbox::journal::{Entry, Filter, Journal, Subject};
use crate::sandbox::{Sandbox, Using};

/// A call of the journal as it is answered: without the passwords of these accounts, which are the sandbox's.
pub(super) fn call_info(sandbox: &Sandbox, accounts: &Accounts, entry: &Entry) -> CallInfo {
    let argument = |(name, value): (&str, Cow<'_, str>)| ArgumentInfo::new(name, &value);
    let masked = entry.masked(accounts);
    let (kind, url, try_number) = match &entry.subject {
        Subject::Call(..) => (CallKind::Call, None, None),
        Subject::Push(tried) => (CallKind::Push, Some(tried.url.clone()), Some(tried.number)),
    };
    CallInfo {
        id: entry.id,
        kind,
        time: entry.time,
        real_time: entry.real_time,
        sandbox: sandbox.name.to_string(),
        endpoint: entry.subject.name().to_owned(),
        url,
        try_number,
        login_name: entry.caller.account().map(ToString::to_string),
        order_number: entry.order_number.map(OrderNumber::get),
        arguments: masked.arguments.into_iter().map(argument).collect(),
        status: entry.status,
        code: entry.code,
        reply: masked.reply.into_owned(),
        took_micros: entry.took_us,
        fault: entry.fault,
        hint: entry.hint.clone().into_owned(),
    }
}

/// Calls of the journal, each of which is copied only when it is written.
struct Entries {
    sandbox: Using,
    accounts: Arc<Accounts>,
    entries: Vec<Arc<Entry>>,
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let infos = self
            .entries
            .iter()
            .map(|entry| call_info(&self.sandbox, &self.accounts, entry));
        serializer.collect_seq(infos)
    }
}

/// The journal of calls, or that of pushes.
fn journal_of(sandbox: &Sandbox, kind: Option<CallKind>) -> &Journal {
    match kind.unwrap_or_default() {
        CallKind::Call => &sandbox.journal,
        CallKind::Push => &sandbox.push_journal,
    }
}

/// The filter of the journal that is asked for.
fn journal_filter(filter: CallFilter, sandbox: &Sandbox) -> Result<Filter, Problem> {
    if filter.kind == Some(CallKind::Push) && filter.endpoint.is_some() {
        return Err(Problem::unfit("endpoint", "a push is of no endpoint"));
    }
    let endpoint = filter
        .endpoint
        .as_deref()
        .map(|name| find_endpoint("endpoint", name))
        .transpose()?;
    Ok(Filter {
        endpoint: endpoint.map(|endpoint| endpoint.name),
        login_name: filter.login_name,
        order_number: filter.order_number,
        code: filter.code,
        since: filter.since.map(|when| when.from(sandbox.now())),
    })
}

/// The length of a call as it is answered, in bytes: in JSON it may be several times as long as in memory. To find it takes its
/// time.
fn length_of(sandbox: &Sandbox, accounts: &Accounts, entry: &Entry) -> usize {
    written_length(&call_info(sandbox, accounts, entry))
}

/// The newest of these calls that fit in a list, the oldest first; the number before which it goes on, if there are more;
/// and how long they are, near enough.
fn newest(
    sandbox: &Sandbox,
    accounts: &Accounts,
    mut calls: Vec<Arc<Entry>>,
    limit: usize,
) -> (Vec<Arc<Entry>>, Option<u64>, Length) {
    let mut left = MAX_LIST;
    let mut fits = |entry: &Arc<Entry>| {
        let length = length_of(sandbox, accounts, entry);
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    let fit = calls.iter().rev().take(limit).take_while(|entry| fits(entry)).count();
    // A call that alone is longer than a list may be is none the less answered.
    let least = usize::from(limit > 0 && !calls.is_empty());
    let newest = calls.split_off(calls.len() - fit.max(least));
    let next = newest.first().filter(|_| !calls.is_empty()).map(|first| first.id);
    (newest, next, Length::Bytes(MAX_LIST - left))
}

/// The calls in the journal, the oldest first: the newest of them, if all would be longer than 16 MiB.
#[utoipa::path(get, path = "/calls", tag = "calls", operation_id = "listCalls",
    params(
        CallFilter,
        ("limit" = Option<usize>, Query, description = "At most so many, the newest.", maximum = 1000000),
        ("before" = Option<usize>, Query, maximum = 18446744073709551615u64, description = "Only those before the one of this number: the `next` of the answer before.")),
    responses(
        (status = 200, description = "The calls", body = CallList),
        (status = 503, description = "Too many other long answers are being sent")))]
pub(super) async fn list(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<CallFilter>,
) -> Result<Response, Problem> {
    let limit = filter.limit.unwrap_or(MAX_CALLS);
    if limit > MAX_CALLS {
        return Err(Problem::unreadable("limit", format!("at most {MAX_CALLS}")));
    }
    let (kind, before) = (filter.kind, filter.before.unwrap_or(u64::MAX));
    let filter = journal_filter(filter, &sandbox)?;
    let find = move || {
        let found = journal_of(&sandbox, kind).find(&filter, before);
        // Taken once, so that a call is as long when it is written as it was when it was measured.
        let accounts = sandbox.accounts();
        let (entries, next, length) = newest(&sandbox, &accounts, found.calls, limit);
        // If the list was cut, forgotten calls are older than what was left out, so they are not counted.
        let is_all = entries.len() < limit && next.is_none();
        let forgotten = if is_all { found.forgotten } else { 0 };
        let calls = Entries {
            sandbox,
            accounts,
            entries,
        };
        (calls, next, forgotten, length)
    };
    let (calls, next, forgotten, length) = aside(find).await?;
    answer(&app, length, move || CallList { calls, next, forgotten }).await
}

/// One call in the journal, or one push.
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", operation_id = "readCall",
    params(("id" = u64, Path, description = "Its number"), KindQuery),
    responses((status = 200, description = "The call", body = CallInfo), (status = 404, description = "The journal has no such call, or no longer"),
        (status = 503, description = "It is long, and too many other long answers are being sent")))]
pub(super) async fn read(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    PathId(id): PathId,
    Query(query): Query<KindQuery>,
) -> Result<Response, Problem> {
    let entry = find(&sandbox, query.kind.unwrap_or_default(), &id)?;
    let measure = move || {
        let accounts = sandbox.accounts();
        let length = Length::Bytes(length_of(&sandbox, &accounts, &entry));
        (length, sandbox, accounts, entry)
    };
    let (length, sandbox, accounts, entry) = aside(measure).await?;
    answer(&app, length, move || call_info(&sandbox, &accounts, &entry)).await
}

/// The call of that number, or the push.
///
/// # Errors
/// It is not in the journal, or no longer.
pub(super) fn find(sandbox: &Sandbox, kind: CallKind, id: &str) -> Result<Arc<Entry>, Problem> {
    let entry = id.parse().ok().and_then(|id| journal_of(sandbox, Some(kind)).get(id));
    entry.ok_or_else(|| {
        Problem::not_found(format!(
            "the journal of this sandbox has no {kind} of that id, or no longer (--journal, --journal-bytes)"
        ))
    })
}

/// Forgets every call and every push; numbers go on.
#[utoipa::path(delete, path = "/calls", tag = "calls", operation_id = "deleteCalls",
    responses((status = 204, description = "The journal is empty")))]
pub(super) async fn clear(PathSandbox(sandbox): PathSandbox) -> StatusCode {
    sandbox.journal.clear();
    sandbox.push_journal.clear();
    StatusCode::NO_CONTENT
}
