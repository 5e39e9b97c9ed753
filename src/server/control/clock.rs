//! The time of a sandbox.

use axum::Json;

use super::Problem;
use super::extract::{JsonBody, PathSandbox};
use crate::clock::real_now;
use crate::model::clock::{ClockInfo, ClockSetting, ClockStep};
use crate::sandbox::push::Came;

/// The sandbox's time.
#[utoipa::path(get, path = "/clock", tag = "clock", operation_id = "readClock",
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn read(PathSandbox(sandbox): PathSandbox) -> Json<ClockInfo> {
    Json(ClockInfo::new(sandbox.state().clock, real_now()))
}

/// Sets the clock, stops it, or lets it go on.
#[utoipa::path(put, path = "/clock", tag = "clock", operation_id = "setClock", request_body = ClockSetting,
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn set(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(setting): JsonBody<ClockSetting>,
) -> Result<Json<ClockInfo>, Problem> {
    let real_now = real_now();
    let mut state = sandbox.state();
    setting.apply(&mut state.clock, real_now)?;
    sandbox.settle(&mut state, Came::Placed);
    Ok(Json(ClockInfo::new(state.clock, real_now)))
}

/// Moves the clock on, at most to the end of the year 9999.
#[utoipa::path(post, path = "/clock/advance", tag = "clock", operation_id = "advanceClock", request_body = ClockStep,
    responses((status = 200, description = "The clock", body = ClockInfo)))]
pub(super) async fn advance(PathSandbox(sandbox): PathSandbox, JsonBody(step): JsonBody<ClockStep>) -> Json<ClockInfo> {
    let real_now = real_now();
    let mut state = sandbox.state();
    state.clock.advance(step.by.0, real_now);
    sandbox.settle(&mut state, Came::Placed);
    Json(ClockInfo::new(state.clock, real_now))
}
