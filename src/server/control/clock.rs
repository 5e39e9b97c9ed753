//! The time of a sandbox.

use axum::Json;
use axum::extract::State;
use axum::response::Response;

use super::answers::{Length, answer};
use super::extract::{JsonBody, PathSandbox, Query};
use super::window::window;
use super::{App, Problem};
use crate::api::order::book::Book;
use crate::api::order::lifecycle::DueKind;
use crate::api::order::state::Order;
use crate::clock::{Timestamp, real_now};
use crate::model::clock::{ClockInfo, ClockSetting, ClockStep};
use crate::model::next::{DueFilter, DueInfo, DueList};

/// How many events are listed where the request does not say.
const DUE: usize = 20;

/// The sandbox's time.
#[utoipa::path(get, path = "/clock", tag = "clock", operation_id = "readClock",
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn read(PathSandbox(sandbox): PathSandbox) -> Json<ClockInfo> {
    Json(ClockInfo::new(sandbox.state().clock, real_now()))
}

/// What comes due or expires next by the sandbox's clock, the soonest first.
#[utoipa::path(get, path = "/clock/due", tag = "clock", operation_id = "listDue", params(DueFilter),
    responses(
        (status = 200, description = "What comes", body = DueList),
        (status = 503, description = "Too many other long answers are being sent")))]
pub(super) async fn due(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<DueFilter>,
) -> Result<Response, Problem> {
    let limit = filter.limit.unwrap_or(DUE);
    if !(1..=DueFilter::MAX_LIMIT).contains(&limit) {
        let range = format!("it is from 1 to {}", DueFilter::MAX_LIMIT);
        return Err(Problem::unreadable("limit", range));
    }
    let (book, now) = {
        let state = sandbox.state();
        (state.world.book.clone(), state.clock.now(real_now()))
    };
    answer(&app, Length::Unknown, move || due_of(&book, limit, now)).await
}

fn due_of(book: &Book, limit: usize, now: Timestamp) -> DueList {
    let to_come = book
        .iter()
        .flat_map(|order| order.due_events_after(now).map(move |(time, kind)| (time, order, kind)));
    let (soonest, total) = window(
        to_come,
        0,
        limit,
        |(time, order, kind), (other_time, other, other_kind)| {
            (time, order.number, kind).cmp(&(other_time, other.number, other_kind))
        },
    );
    let describe = |(time, order, event): (Timestamp, &Order, DueKind)| DueInfo {
        time,
        order_number: order.number.get(),
        login_name: order.login_name.to_string(),
        product: order.product,
        event,
    };
    DueList {
        events: soonest.into_iter().map(describe).collect(),
        total,
    }
}

/// Sets the clock, stops it, or lets it go on.
#[utoipa::path(put, path = "/clock", tag = "clock", operation_id = "setClock", request_body = ClockSetting,
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn set(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(setting): JsonBody<ClockSetting>,
) -> Result<Json<ClockInfo>, Problem> {
    let real_now = real_now();
    let set = sandbox.change(|state| setting.apply(&mut state.clock, real_now).map(|()| state.clock));
    Ok(Json(ClockInfo::new(set?, real_now)))
}

/// Moves the clock on, at most to the end of the year 9999.
#[utoipa::path(post, path = "/clock/advance", tag = "clock", operation_id = "advanceClock", request_body = ClockStep,
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn advance(PathSandbox(sandbox): PathSandbox, JsonBody(step): JsonBody<ClockStep>) -> Json<ClockInfo> {
    let real_now = real_now();
    let advanced = sandbox.change(|state| {
        state.clock.advance(step.by.0, real_now);
        state.clock
    });
    Json(ClockInfo::new(advanced, real_now))
}
