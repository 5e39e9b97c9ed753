//! How often was called, at once or as soon as it was often enough.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use tokio::time::timeout;

use super::super::answers::{Length, answer};
use super::super::extract::{JsonBody, PathSandbox, no_sandbox};
use super::super::{App, Problem};
use super::{MAX_CALLS, call_info, journal_filter, journal_of};
use crate::api::world::Accounts;
use crate::aside::aside;
use crate::model::call::{Count, CountRequest, Difference, NearCall};
use crate::sandbox::Sandbox;
use crate::sandbox::journal::{self, Closed, Counted, Entry};

/// The longest that a count waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many of the nearest calls are answered where too few were found.
const NEAREST: usize = 3;

/// Counts calls; answers as soon as there are enough, or when the time is over.
#[utoipa::path(post, path = "/calls/count", tag = "calls", operation_id = "countCalls", request_body = Option<CountRequest>,
    responses(
        (status = 200, description = "How many there are", body = Count),
        (status = 404, description = "There is no such sandbox, or it was deleted meanwhile"),
        (status = 503, description = "Half of the listener's connections wait already; or the nearest calls are long, and too many other long answers are being sent")))]
pub(in crate::server::control) async fn count(
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
