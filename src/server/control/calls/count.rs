//! How often was called, at once or as soon as it was often enough.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use tokio::time::timeout;

use super::super::answers::{Length, answer};
use super::super::extract::{JsonBody, PathSandbox, no_sandbox};
use super::super::{App, Problem};
use super::{call_info, journal_filter, journal_of, length_of};
use crate::api::world::Accounts;
use crate::aside::aside;
use crate::model::call::{CallKind, Count, CountRequest, Difference, MAX_CALLS, NearCall};
use crate::sandbox::journal::{self, Closed, Counted, Entry, Filter, Journal, News};
use crate::sandbox::{Sandbox, Using};
use crate::server::stop::Stop;

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
    let (enough, within) = limits_of(&request)?;
    let mut counting = Counting::new(&request, enough, sandbox)?;
    // Watched before it is counted, so that no call falls between.
    let news = counting.journal().watch();
    // All that the journal has is looked at once; later what came since.
    let (mut counting, has_enough) = aside(move || {
        let has_enough = counting.has_enough();
        (counting, has_enough)
    })
    .await?;
    if !has_enough {
        let turn = (!within.is_zero()).then(|| app.wait_turns.take()).transpose()?;
        let waited = counting.wait(news, within, app.stop.clone()).await;
        waited.map_err(|Closed| no_sandbox(&counting.sandbox.name))?;
        drop(turn);
    }
    let (counting, near, length) = aside(move || {
        let near = counting.nearest();
        let length = counting.length_of(&near);
        (counting, near, length)
    })
    .await?;
    answer(&app, length, move || counting.describe(near)).await
}

/// How many calls are enough, and how long is waited for them.
fn limits_of(request: &CountRequest) -> Result<(u64, Duration), Problem> {
    let enough = request.at_least.map_or(1, u64::from);
    let within = request.within.map_or(Duration::ZERO, |within| within.0);
    if enough > MAX_CALLS as u64 {
        return Err(Problem::unfit("atLeast", format!("at most {MAX_CALLS}")));
    }
    if within > MAX_WAIT {
        return Err(Problem::unfit("within", "a count waits 60s at most"));
    }
    Ok((enough, within))
}

/// A count that goes on with the calls that come.
struct Counting {
    sandbox: Using,
    kind: Option<CallKind>,
    filter: Filter,
    /// How many are enough.
    enough: u64,
    counted: Counted,
}

impl Counting {
    fn new(request: &CountRequest, enough: u64, sandbox: Using) -> Result<Self, Problem> {
        request.check_order_number()?;
        Ok(Self {
            filter: journal_filter(request.filter(), &sandbox)?,
            sandbox,
            kind: request.kind,
            enough,
            counted: Counted::default(),
        })
    }

    fn journal(&self) -> &Journal {
        journal_of(&self.sandbox, self.kind)
    }

    /// Goes on counting, and returns whether there are enough now.
    fn has_enough(&mut self) -> bool {
        journal_of(&self.sandbox, self.kind).count_on(&self.filter, &mut self.counted) as u64 >= self.enough
    }

    /// Waits until there are enough, the time is over, or the emulator stops. A time of zero still lets one count through.
    ///
    /// # Errors
    /// The sandbox was deleted.
    async fn wait(&mut self, mut news: News, within: Duration, mut stop: Stop) -> Result<(), Closed> {
        let enough = async {
            while !self.has_enough() {
                news.come().await?;
            }
            Ok(())
        };
        tokio::select! {
            biased;
            waited = timeout(within, enough) => waited.unwrap_or(Ok(())),
            () = stop.stopped() => Ok(()),
        }
    }

    /// Counts for the last time; the calls that come nearest, where there are not enough.
    fn nearest(&mut self) -> Vec<Near> {
        match self.has_enough() {
            true => Vec::new(),
            false => self.journal().nearest(&self.filter, NEAREST),
        }
    }

    /// How long the answer with these calls is, near enough.
    fn length_of(&self, near: &[Near]) -> Length {
        let accounts = self.sandbox.accounts();
        let lengths = near.iter().map(|(entry, _)| length_of(&self.sandbox, &accounts, entry));
        Length::Bytes(lengths.sum())
    }

    /// The count as it is answered.
    fn describe(self, near: Vec<Near>) -> Count {
        let accounts = self.sandbox.accounts();
        let count = self.counted.count as u64;
        Count {
            count,
            reached: count >= self.enough,
            forgotten: self.counted.forgotten,
            nearest: near
                .into_iter()
                .map(|near| near_call(&self.sandbox, &accounts, near))
                .collect(),
        }
    }
}

/// A call of the journal, and the fields in which it differs from what was asked for.
type Near = (Arc<Entry>, Vec<journal::Difference>);

/// A call that comes near to what was asked for, with the fields in which it differs.
fn near_call(sandbox: &Sandbox, accounts: &Accounts, (entry, differences): Near) -> NearCall {
    let masked = |found: String| accounts.masked(found).into_owned();
    let difference = |difference: journal::Difference| Difference {
        field: difference.field.to_owned(),
        found: match difference.field {
            // A name or number that is no account's or order's may be a misplaced password.
            "loginName" if entry.caller.account().is_none() => difference.found.map(masked),
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
