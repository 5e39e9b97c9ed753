//! The journal: what was called, how often, and what is called now.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::answers::answer;
use super::sent::{Here, Query, Sent, no_sandbox};
use super::{App, Problem};
use crate::api::order::state::OrderNumber;
use crate::aside::aside;
use crate::model::endpoint::find_endpoint;
use crate::model::query::{given, parsed};
use crate::model::when::{Span, When};
use crate::model::whole;
use crate::sandbox::journal::{Closed, Counted, Difference, Entry, Filter, News};
use crate::sandbox::{Sandbox, Using};
use crate::server::stop::Stop;

/// The most calls of a list.
const MAX_CALLS: usize = 1_000_000;

/// The longest that a count waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many calls a stream takes from the journal at a time.
const BATCH: usize = 100;

/// How long a stream is silent before a comment is sent: a follower who has left, and so no longer uses the sandbox, is
/// noticed by what cannot be sent. The first comment makes a closed socket answer with a reset, the second fails.
const STILL_THERE: Duration = Duration::from_millis(500);

/// How many of the nearest calls are told where none was found.
const NEAREST: usize = 3;

/// A call, passwords masked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// Its number in the journal, rising.
    id: u64,
    /// When, by the sandbox's clock.
    #[schema(format = DateTime)]
    time: String,
    /// When.
    #[schema(format = DateTime)]
    real_time: String,
    sandbox: String,
    endpoint: &'static str,
    /// The loginName that counted, if an account has it; another is masked, but its calls are found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_name: Option<String>,
    /// The orderNumber that counted, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<u64>,
    arguments: Vec<CallArgument>,
    /// The HTTP status.
    status: u16,
    /// The API's code, if it answered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    /// The body of the reply, as it was meant.
    reply: String,
    /// How long the answer took to make, in microseconds.
    took_micros: u64,
    /// The fault that met it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<u64>,
    /// Why it was answered so.
    hint: String,
}

/// An argument of a call; `***` stands for a password and for what may hold one.
#[derive(Serialize, ToSchema)]
pub(super) struct CallArgument {
    name: String,
    value: String,
}

impl Call {
    fn new(sandbox: &Sandbox, entry: &Entry) -> Self {
        let argument = |(name, value): &(String, String)| CallArgument {
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            id: entry.id,
            time: entry.time.to_string(),
            real_time: entry.real_time.to_string(),
            sandbox: sandbox.name.to_string(),
            endpoint: entry.endpoint,
            login_name: entry.login_name.as_ref().map(ToString::to_string),
            order_number: entry.order_number.map(OrderNumber::get),
            arguments: entry.arguments.iter().map(argument).collect(),
            status: entry.status,
            code: entry.code,
            reply: entry.reply.clone(),
            took_micros: entry.took_us,
            fault: entry.fault,
            hint: entry.hint.clone(),
        }
    }
}

/// Calls, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Calls)]
pub(super) struct CallList {
    #[schema(value_type = Vec<Call>)]
    calls: Written,
    /// How many more calls may have been among them, but are no longer kept (--journal, --journal-bytes).
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    forgotten: u64,
}

/// Calls, each of which is copied only when it is written.
struct Written {
    sandbox: Using,
    entries: Vec<Arc<Entry>>,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries.iter().map(|entry| Call::new(&self.sandbox, entry)))
    }
}

/// Which calls are asked for.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Of this endpoint.
    #[serde(deserialize_with = "given")]
    endpoint: Option<String>,
    /// With this loginName.
    #[serde(deserialize_with = "given")]
    login_name: Option<String>,
    /// With this orderNumber, as it was sent.
    #[serde(deserialize_with = "given")]
    order_number: Option<String>,
    /// Answered with this code.
    #[serde(deserialize_with = "parsed")]
    code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    #[serde(deserialize_with = "given")]
    #[param(inline)]
    since: Option<When>,
    /// At most so many, the newest. Of a list alone.
    #[serde(deserialize_with = "parsed")]
    #[param(ignore)]
    limit: Option<usize>,
}

/// Which calls are counted, and how long it is waited for them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CountRequest)]
pub(super) struct Question {
    /// Of this endpoint.
    endpoint: Option<String>,
    /// With this loginName.
    login_name: Option<String>,
    /// With this orderNumber.
    order_number: Option<NumberOrText>,
    /// Answered with this code.
    #[serde(default, deserialize_with = "whole::option")]
    code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    since: Option<When>,
    /// So many are enough; 1 without a word.
    #[serde(default, deserialize_with = "whole::option")]
    #[schema(maximum = 1000000)]
    at_least: Option<u32>,
    /// How long is waited for them, at most 60s.
    within: Option<Span>,
}

/// An orderNumber, as a number or as it was sent.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum NumberOrText {
    Number(u64),
    Text(String),
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTextVisitor)
    }
}

struct NumberOrTextVisitor;

impl Visitor<'_> for NumberOrTextVisitor {
    type Value = NumberOrText;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another value: an orderNumber is a number or a string")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Text(text.to_owned()))
    }
}

/// How many calls there are.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
pub(super) struct CountReply {
    count: usize,
    /// Whether they are enough.
    reached: bool,
    /// How many more calls there may have been, but are no longer kept (--journal, --journal-bytes).
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    forgotten: u64,
    /// The calls that come nearest, where they are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    nearest: Vec<Near>,
}

/// A call that is nearly what was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Near {
    call: Call,
    differs: Vec<Differs>,
}

/// A field in which it differs.
#[derive(Serialize, ToSchema)]
pub(super) struct Differs {
    field: &'static str,
    wanted: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
}

impl From<Difference> for Differs {
    fn from(difference: Difference) -> Self {
        Self {
            field: difference.field,
            wanted: difference.wanted,
            found: difference.found,
        }
    }
}

impl Wanted {
    fn filter(self, sandbox: &Sandbox) -> Result<Filter, Problem> {
        let endpoint = self
            .endpoint
            .as_deref()
            .map(|name| find_endpoint("endpoint", name))
            .transpose()?;
        Ok(Filter {
            endpoint: endpoint.map(|endpoint| endpoint.name),
            login_name: self.login_name,
            order_number: self.order_number,
            code: self.code,
            since: self.since.map(|when| when.from(sandbox.now())),
        })
    }
}

/// The calls in the journal, the oldest first.
#[utoipa::path(get, path = "/calls", tag = "calls", operation_id = "listCalls",
    params(
        Wanted,
        ("limit" = Option<usize>, Query, description = "At most so many, the newest.", maximum = 1000000)),
    responses(
        (status = 200, description = "The calls", body = CallList),
        (status = 503, description = "Too many other long answers are being sent")))]
pub(super) async fn list(
    State(app): State<App>,
    here: Here,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let limit = wanted.limit.unwrap_or(MAX_CALLS);
    if limit > MAX_CALLS {
        return Err(Problem::unreadable("limit", format!("at most {MAX_CALLS}")));
    }
    let filter = wanted.filter(&here.0)?;
    let find = move || {
        let found = here.0.journal.find(&filter);
        let start = found.calls.len().saturating_sub(limit);
        let newest = found.calls[start..].to_vec();
        // As many as were asked for are there: the older ones would not have been among them.
        let forgotten = if newest.len() < limit { found.forgotten } else { 0 };
        (here, newest, forgotten)
    };
    let (here, newest, forgotten) = aside(find).await?;
    let bytes = newest.iter().map(|entry| entry.bytes()).sum();
    answer(&app, Some(bytes), move || CallList {
        calls: Written {
            sandbox: here.0,
            entries: newest,
        },
        forgotten,
    })
    .await
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Forgets every call; numbers go on.
#[utoipa::path(delete, path = "/calls", tag = "calls", operation_id = "deleteCalls",
    responses((status = 204, description = "The journal is empty")))]
pub(super) async fn clear(here: Here) -> StatusCode {
    here.0.journal.clear();
    StatusCode::NO_CONTENT
}

/// Counts calls; answers as soon as there are enough, or when the time is over.
#[utoipa::path(post, path = "/calls/count", tag = "calls", operation_id = "countCalls", request_body = Option<Question>,
    responses(
        (status = 200, description = "How many there are", body = CountReply),
        (status = 404, description = "There is no such sandbox, or it was deleted meanwhile")))]
pub(super) async fn count(
    State(app): State<App>,
    here: Here,
    sent: Option<Sent<Question>>,
) -> Result<Json<CountReply>, Problem> {
    let question = sent.map(|Sent(question)| question).unwrap_or_default();
    let enough = question.at_least.map_or(1, |count| count as usize);
    let within = question.within.map_or(Duration::ZERO, |within| within.0);
    if enough > MAX_CALLS {
        return Err(Problem::unfit("atLeast", format!("at most {MAX_CALLS}")));
    }
    if within > MAX_WAIT {
        return Err(Problem::unfit("within", "a count waits 60s at most"));
    }
    let order_number = match question.order_number {
        Some(NumberOrText::Number(number)) if number > OrderNumber::MAX => {
            return Err(Problem::unfit(
                "orderNumber",
                format!("an order number is at most {}", OrderNumber::MAX),
            ));
        }
        Some(NumberOrText::Number(number)) => Some(number.to_string()),
        Some(NumberOrText::Text(text)) => Some(text),
        None => None,
    };
    let wanted = Wanted {
        endpoint: question.endpoint,
        login_name: question.login_name,
        order_number,
        code: question.code,
        since: question.since,
        limit: None,
    };
    let filter = wanted.filter(&here.0)?;
    let journal = &here.0.journal;
    // Watched before it is counted, so that no call falls between.
    let mut news = journal.watch();
    let mut stop = app.stop.clone();
    let mut counted = Counted::default();
    let enough_came = async {
        loop {
            if journal.count_on(&filter, &mut counted) >= enough {
                return Ok::<_, Closed>(());
            }
            news.come().await?;
        }
    };
    // A time limit of zero still lets the first count through.
    let came = tokio::select! {
        biased;
        came = timeout(within, enough_came) => came,
        () = stop.fired() => Ok(Ok(())),
    };
    if let Ok(Err(Closed)) = came {
        return Err(no_sandbox(&here.0.name));
    }
    let count = journal.count_on(&filter, &mut counted);
    let reached = count >= enough;
    let near = |(entry, differences): (Arc<Entry>, Vec<Difference>)| Near {
        call: Call::new(&here.0, &entry),
        differs: differences.into_iter().map(Differs::from).collect(),
    };
    Ok(Json(CountReply {
        count,
        reached,
        forgotten: counted.forgotten,
        nearest: if reached {
            Vec::new()
        } else {
            journal.nearest(&filter, NEAREST).into_iter().map(near).collect()
        },
    }))
}

/// Each call as it is made, as server-sent events; from the one after `Last-Event-ID`, if that is sent. A sandbox that
/// is followed is in use. Its deletion ends the stream.
#[utoipa::path(get, path = "/calls/stream", tag = "calls", operation_id = "streamCalls",
    params(
        Wanted,
        ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last call that was seen")),
    responses(
        (status = 200, description = "Events of the kind `call`, each with a Call; a comment `skipped` and a number where calls are no longer kept that may have been meant", content_type = "text/event-stream", body = String),
        (status = 400, description = "The Last-Event-ID is no number")))]
pub(super) async fn stream(
    State(app): State<App>,
    here: Here,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if wanted.limit.is_some() {
        return Err(Problem::unreadable(
            "limit",
            "a stream has no limit: close it when there is enough",
        ));
    }
    let mut news = here.0.journal.watch();
    let newest = here.0.journal.last_id();
    let seen = match headers.get("last-event-id") {
        None => newest,
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.trim().parse().ok());
            let id = id.ok_or_else(|| Problem::unreadable("Last-Event-ID", "an id is a whole number"))?;
            // Above the newest, it is that of another emulator, such as the one before a restart.
            if id > newest { 0 } else { id }
        }
    };
    // Calls that came before are told at once.
    news.mark_changed();
    let follower = Follower {
        filter: wanted.filter(&here.0)?,
        sandbox: here.0,
        news,
        stop: app.stop.clone(),
        last: seen,
        batch: VecDeque::new(),
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
    filter: Filter,
    news: News,
    stop: Stop,
    /// The number of the last call that was looked at, whether it was asked for or not.
    last: u64,
    batch: VecDeque<Arc<Entry>>,
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
                () = self.stop.fired() => return None,
                came = self.news.come() => came.ok()?,
            }
            self.batch = self.sandbox.journal.after(self.last, BATCH).into();
            if self.batch.len() == BATCH {
                self.news.mark_changed();
            }
        }
    }
}

fn event(sandbox: &Sandbox, entry: &Entry) -> Event {
    let call = serde_json::to_string(&Call::new(sandbox, entry)).expect("strings and numbers always serialize");
    Event::default().id(entry.id.to_string()).event("call").data(call)
}
