//! The life of an order: the states that it reached, and what the endpoints would answer about it now.

use axum::Json;

use super::Problem;
use super::extract::{PathOrderNumber, PathSandbox, no_order};
use crate::api::endpoints::next::Trial;
use crate::aside::aside;
use crate::clock::real_now;
use crate::model::history::{HistoryCause, HistoryEntry, HistoryInfo};
use crate::model::next::{EndpointNext, NextInfo};
use crate::sandbox::history::{By, Cause, ReachedState};

/// The states that the order reached, the earliest first: when, and by which call.
#[utoipa::path(get, path = "/orders/{orderNumber}/history", tag = "orders", operation_id = "readHistory",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses((status = 200, description = "Its states", body = HistoryInfo), (status = 404, description = "There is none")))]
pub(super) async fn history(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<Json<HistoryInfo>, Problem> {
    let found = sandbox
        .reached_states(number)
        .ok_or_else(|| no_order(&sandbox.name, number))?;
    Ok(Json(HistoryInfo {
        entries: found.states.iter().map(describe).collect(),
        forgotten: found.forgotten,
    }))
}

fn describe(reached: &ReachedState) -> HistoryEntry {
    let (how, endpoint, call) = match reached.cause {
        Cause::Fixtures => (HistoryCause::Fixtures, None, None),
        Cause::Earlier => (HistoryCause::Earlier, None, None),
        Cause::Clock => (HistoryCause::Clock, None, None),
        Cause::Change(By::Control) => (HistoryCause::Control, None, None),
        Cause::Change(By::Call(endpoint, call)) => (HistoryCause::Call, Some(endpoint.name.to_owned()), call),
    };
    HistoryEntry {
        time: reached.time,
        state: reached.state,
        how,
        call,
        endpoint,
    }
}

/// What each endpoint would answer about the order now, if its account sent a call that is as it should be.
#[utoipa::path(get, path = "/orders/{orderNumber}/next", tag = "orders", operation_id = "readNext",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses((status = 200, description = "What they would answer", body = NextInfo), (status = 404, description = "There is none")))]
pub(super) async fn next(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<Json<NextInfo>, Problem> {
    let (trial, now) = {
        let state = sandbox.state();
        (Trial::of(&state.world, number), state.clock.now(real_now()))
    };
    let trial = trial.ok_or_else(|| no_order(&sandbox.name, number))?;
    let state = trial.state(now).ok_or_else(|| no_order(&sandbox.name, number))?;
    // The rules look at CSRs, which takes a moment.
    let answers = aside(move || trial.answers(now)).await?;
    Ok(Json(NextInfo {
        state,
        endpoints: answers.into_iter().map(EndpointNext::from).collect(),
    }))
}
