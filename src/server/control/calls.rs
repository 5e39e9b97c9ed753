//! The journal: what was called, how often, and what is called now.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::{Serialize, Serializer};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::answers::{Length, MAX_LIST, answer, up_to, written_length};
use super::extract::{JsonBody, PathId, PathSandbox, Query, no_sandbox};
use super::{App, Problem};
use crate::api::order::state::OrderNumber;
use crate::api::world::Accounts;
use crate::aside::aside;
use crate::model::call::{
    ArgumentInfo, CallFilter, CallInfo, CallKind, CallList, Count, CountRequest, Difference, KindQuery, NearCall,
};
use crate::model::endpoint::find_endpoint;
use crate::sandbox::journal::{self, Closed, Counted, Entry, Filter, Journal, News, Subject};
use crate::sandbox::{Sandbox, Using};
use crate::server::stop::Stop;

/// The most calls of a list.
const MAX_CALLS: usize = 1_000_000;

/// The longest that a count waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many calls a stream takes from the journal at a time.
const BATCH: usize = 100;

/// And how many bytes of them, and one more: whoever does not read keeps them, even when the journal does no longer.
const BATCH_BYTES: usize = 64 << 10;

/// How long a stream is silent before a comment is sent: a follower who has left, and so no longer uses the sandbox, is
/// noticed by what cannot be sent. The first comment makes a closed socket answer with a reset, the second fails.
const STILL_THERE: Duration = Duration::from_millis(500);

/// How many of the nearest calls are answered where too few were found.
const NEAREST: usize = 3;

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
        login_name: entry.login_name.as_ref().map(ToString::to_string),
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
        CallKind::Push => &sandbox.pushed,
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

/// The newest of these calls that a list has room for, the oldest first; and the number before which it goes on, if there
/// are more.
fn newest(
    sandbox: &Sandbox,
    accounts: &Accounts,
    mut calls: Vec<Arc<Entry>>,
    limit: usize,
) -> (Vec<Arc<Entry>>, Option<u64>) {
    let mut room = MAX_LIST;
    let mut has_room = |entry: &Arc<Entry>| {
        let length = written_length(&call_info(sandbox, accounts, entry));
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    let fit = calls
        .iter()
        .rev()
        .take(limit)
        .take_while(|entry| has_room(entry))
        .count();
    // A call that alone is longer than a list may be is none the less answered.
    let least = usize::from(limit > 0 && !calls.is_empty());
    let newest = calls.split_off(calls.len() - fit.max(least));
    let next = newest.first().filter(|_| !calls.is_empty()).map(|first| first.id);
    (newest, next)
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
        let (entries, next) = newest(&sandbox, &accounts, found.calls, limit);
        // If the list was cut, forgotten calls are older than what was left out, so they are not counted.
        let is_all = entries.len() < limit && next.is_none();
        let forgotten = if is_all { found.forgotten } else { 0 };
        let calls = Entries {
            sandbox,
            accounts,
            entries,
        };
        (calls, next, forgotten)
    };
    let (calls, next, forgotten) = aside(find).await?;
    let bytes = calls.entries.iter().map(|entry| entry.bytes()).sum();
    answer(&app, Length::Bytes(bytes), move || CallList { calls, next, forgotten }).await
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
    answer(&app, Length::Bytes(entry.bytes()), move || {
        call_info(&sandbox, &sandbox.accounts(), &entry)
    })
    .await
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
    sandbox.pushed.clear();
    StatusCode::NO_CONTENT
}

/// Counts calls; answers as soon as there are enough, or when the time is over.
#[utoipa::path(post, path = "/calls/count", tag = "calls", operation_id = "countCalls", request_body = Option<CountRequest>,
    responses(
        (status = 200, description = "How many there are", body = Count),
        (status = 404, description = "There is no such sandbox, or it was deleted meanwhile"),
        (status = 503, description = "Half of the listener's connections wait already; or the nearest calls are long, and too many other long answers are being sent")))]
pub(super) async fn count(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    sent: Option<JsonBody<CountRequest>>,
) -> Result<Response, Problem> {
    let request = sent.map(|JsonBody(request)| request).unwrap_or_default();
    let enough = request.at_least.map_or(1, u64::from);
    let within = request.within.map_or(Duration::ZERO, |within| within.0);
    if enough > MAX_CALLS as u64 {
        return Err(Problem::unfit("atLeast", format!("at most {MAX_CALLS}")));
    }
    if within > MAX_WAIT {
        return Err(Problem::unfit("within", "a count waits 60s at most"));
    }
    request.check_order_number()?;
    let filter = journal_filter(request.filter(), &sandbox)?;
    let journal = journal_of(&sandbox, request.kind);
    // Watched before it is counted, so that no call falls between.
    let mut news = journal.watch();
    let mut stop = app.stop.clone();
    let mut counted = Counted::default();
    let has_enough = journal.count_on(&filter, &mut counted) as u64 >= enough;
    let turn = match has_enough || within.is_zero() {
        true => None,
        false => Some(app.wait_turns.take()?),
    };
    let enough_came = async {
        loop {
            if journal.count_on(&filter, &mut counted) as u64 >= enough {
                return Ok::<_, Closed>(());
            }
            news.come().await?;
        }
    };
    // A time limit of zero still lets the first count through.
    let came = tokio::select! {
        biased;
        came = timeout(within, enough_came) => came,
        () = stop.stopped() => Ok(Ok(())),
    };
    if let Ok(Err(Closed)) = came {
        return Err(no_sandbox(&sandbox.name));
    }
    drop(turn);
    let count = journal.count_on(&filter, &mut counted) as u64;
    let reached = count >= enough;
    let (sandbox, near) = match reached {
        true => (sandbox, Vec::new()),
        false => {
            let look = move || {
                let near = journal_of(&sandbox, request.kind).nearest(&filter, NEAREST);
                (sandbox, near)
            };
            aside(look).await?
        }
    };
    let bytes = near.iter().map(|(entry, _)| entry.bytes()).sum();
    answer(&app, Length::Bytes(bytes), move || {
        let accounts = sandbox.accounts();
        Count {
            count,
            reached,
            forgotten: counted.forgotten,
            nearest: near
                .into_iter()
                .map(|near| near_call(&sandbox, &accounts, near))
                .collect(),
        }
    })
    .await
}

/// A call that comes near to what was asked for, with the fields in which it differs.
fn near_call(
    sandbox: &Sandbox,
    accounts: &Accounts,
    (entry, differences): (Arc<Entry>, Vec<journal::Difference>),
) -> NearCall {
    let masked = |found: String| accounts.masked(found).into_owned();
    let difference = |difference: journal::Difference| Difference {
        field: difference.field.to_owned(),
        found: match difference.field {
            // A name or number that is no account's or order's may be a misplaced password.
            "loginName" if entry.login_name.is_none() => difference.found.map(masked),
            "orderNumber" if entry.order_number.is_none() => difference.found.map(masked),
            _ => difference.found,
        },
        wanted: difference.wanted,
    };
    NearCall {
        call: call_info(sandbox, accounts, &entry),
        differs: differences.into_iter().map(difference).collect(),
    }
}

/// Each call as it is made, as server-sent events; from the one after `Last-Event-ID`, if that is sent. A sandbox that
/// is followed is in use. Its deletion ends the stream.
#[utoipa::path(get, path = "/calls/stream", tag = "calls", operation_id = "streamCalls",
    params(
        CallFilter,
        ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last call that was seen")),
    responses(
        (status = 200, description = "Events of the kind `call`, each with a Call; a comment `skipped` and a number where calls are no longer kept that may have been meant", content_type = "text/event-stream", body = String),
        (status = 400, description = "The Last-Event-ID is no number"),
        (status = 503, description = "Half of the listener's connections wait or stream already")))]
pub(super) async fn stream(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<CallFilter>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if filter.limit.is_some() {
        return Err(Problem::unreadable(
            "limit",
            "a stream has no limit: close it when there is enough",
        ));
    }
    if filter.before.is_some() {
        return Err(Problem::unreadable(
            "before",
            "a stream begins behind a call: send its number as Last-Event-ID",
        ));
    }
    let kind = filter.kind;
    let journal = journal_of(&sandbox, kind);
    let mut news = journal.watch();
    let newest = journal.last_id();
    let seen = match headers.get("last-event-id") {
        None => newest,
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.trim().parse().ok());
            let id = id.ok_or_else(|| Problem::unreadable("Last-Event-ID", "an id is a whole number"))?;
            // Above the newest, it is that of another emulator, such as the one before a restart.
            if id > newest { 0 } else { id }
        }
    };
    let turn = app.wait_turns.take()?;
    // Calls that came before are sent at once.
    news.mark_changed();
    let follower = Follower {
        filter: journal_filter(filter, &sandbox)?,
        sandbox,
        kind,
        news,
        stop: app.stop.clone(),
        last: seen,
        batch: VecDeque::new(),
        _turn: turn,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(STILL_THERE)))
}

/// Whoever reads a stream of calls. An event is made when it is its turn to be sent, so a follower that reads slowly, or
/// not at all, costs no more than the calls of a batch.
struct Follower {
    sandbox: Using,
    kind: Option<CallKind>,
    filter: Filter,
    news: News,
    stop: Stop,
    /// The number of the last call that was looked at, whether it was asked for or not.
    last: u64,
    batch: VecDeque<Arc<Entry>>,
    _turn: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event; none once the emulator stops or the sandbox is deleted.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(entry) = self.batch.front() {
                let skipped = entry.id - self.last - 1;
                if skipped > 0 {
                    self.last += skipped;
                    return Some(Event::default().comment(format!("skipped {skipped}")));
                }
                self.last = entry.id;
                let event = self.filter.matches(entry).then(|| event(&self.sandbox, entry));
                self.batch.pop_front();
                if event.is_some() {
                    return event;
                }
            }
            tokio::select! {
                biased;
                () = self.stop.stopped() => return None,
                came = self.news.come() => came.ok()?,
            }
            let after = journal_of(&self.sandbox, self.kind).after(self.last, BATCH);
            let came = after.len();
            self.batch = up_to(BATCH_BYTES, after, |entry| entry.bytes()).collect();
            if came == BATCH || self.batch.len() < came {
                self.news.mark_changed();
            }
        }
    }
}

fn event(sandbox: &Sandbox, entry: &Entry) -> Event {
    let info = call_info(sandbox, &sandbox.accounts(), entry);
    let call = serde_json::to_string(&info).expect("strings and numbers always serialize");
    Event::default().id(entry.id.to_string()).event("call").data(call)
}
