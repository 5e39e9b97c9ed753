//! What is called now, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use super::super::answers::up_to;
use super::super::extract::{PathSandbox, Query};
use super::super::{App, Problem};
use super::{call_info, journal_filter, journal_of};
use crate::model::call::{CallFilter, CallKind};
use crate::sandbox::journal::{Entry, Filter, News};
use crate::sandbox::{Sandbox, Using};
use crate::server::stop::Stop;

/// How many calls a stream takes from the journal at a time.
const BATCH: usize = 100;

/// And how many bytes of them, and one more: whoever does not read keeps them, even when the journal does no longer.
const BATCH_BYTES: usize = 64 << 10;

/// How long a stream is silent before a comment is sent: a follower who has left, and so no longer uses the sandbox, is
/// noticed by what cannot be sent. The first comment makes a closed socket answer with a reset, the second fails.
const KEEP_ALIVE: Duration = Duration::from_millis(500);

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
pub(in crate::server::control) async fn stream(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<CallFilter>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    refuse_page(&filter)?;
    let kind = filter.kind;
    let journal = journal_of(&sandbox, kind);
    let mut news = journal.watch();
    let seen = last_seen(&headers, journal.last_id())?;
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
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// A stream has no pages, as lists have.
fn refuse_page(filter: &CallFilter) -> Result<(), Problem> {
    let (name, why) = match (filter.limit, filter.before) {
        (Some(_), _) => ("limit", "a stream has no limit: close it when there is enough"),
        (None, Some(_)) => (
            "before",
            "a stream begins behind a call: send its number as Last-Event-ID",
        ),
        (None, None) => return Ok(()),
    };
    Err(Problem::unreadable(name, why))
}

/// The number of the last call that a follower has seen.
fn last_seen(headers: &HeaderMap, newest: u64) -> Result<u64, Problem> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(newest);
    };
    let id = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    let id = id.ok_or_else(|| Problem::unreadable("Last-Event-ID", "an id is a whole number"))?;
    // Above the newest, it is that of another emulator, such as the one before a restart.
    Ok(if id > newest { 0 } else { id })
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
                news = self.news.come() => news.ok()?,
            }
            let after = journal_of(&self.sandbox, self.kind).after(self.last, BATCH);
            let found = after.len();
            self.batch = up_to(BATCH_BYTES, after, |entry| entry.bytes()).collect();
            if found == BATCH || self.batch.len() < found {
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
