//! Faults.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::answers::{Length, answer, most_escaped};
use super::extract::{JsonBody, PathId, PathSandbox};
use super::{App, Problem};
use crate::api::fault::{Active, Faults};
use crate::clock::real_now;
use crate::model::fault::{Fault, FaultInfo, FaultList, build_fault};

/// The faults, in their order.
#[utoipa::path(get, path = "/faults", tag = "faults", operation_id = "listFaults",
    responses((status = 200, description = "The faults", body = FaultList)))]
pub(super) async fn list(State(app): State<App>, PathSandbox(sandbox): PathSandbox) -> Result<Response, Problem> {
    let real_now = real_now();
    let faults = sandbox.state().faults.clone();
    let bytes = faults.iter(real_now).map(bytes_of).sum();
    answer(&app, Length::Bytes(bytes), move || FaultList {
        faults: faults
            .iter(real_now)
            .map(|active| FaultInfo::new(active.id, &active.fault, active.hits, real_now))
            .collect(),
    })
    .await
}

/// The length of a fault in an answer, at most or near enough.
fn bytes_of(active: &Active) -> usize {
    512 + most_escaped(active.fault.then.body_length())
}

/// Adds a fault behind the others.
#[utoipa::path(post, path = "/faults", tag = "faults", operation_id = "createFault", request_body = Fault,
    responses((status = 201, description = "Added", body = FaultInfo), (status = 503, description = "There are 1000 already, or there is no memory for its body (--max-order-bytes)")))]
pub(super) async fn create(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(entry): JsonBody<Fault>,
) -> Result<(StatusCode, Json<FaultInfo>), Problem> {
    let real_now = real_now();
    let fault = build_fault(&entry, real_now)?;
    sandbox.check_memory(fault.then.body_length())?;
    let added = sandbox.change(|state| {
        state.faults.sweep(real_now);
        state.faults.add(fault.clone())
    });
    let id = added.ok_or_else(|| {
        Problem::full(format!(
            "there are {} faults already, which is all that may be",
            Faults::MAX
        ))
    })?;
    Ok((StatusCode::CREATED, Json(FaultInfo::new(id, &fault, 0, real_now))))
}

/// Removes every fault.
#[utoipa::path(delete, path = "/faults", tag = "faults", operation_id = "deleteFaults",
    responses((status = 204, description = "There is none any more")))]
pub(super) async fn clear(PathSandbox(sandbox): PathSandbox) -> StatusCode {
    sandbox.change(|state| state.faults.clear());
    StatusCode::NO_CONTENT
}

/// Removes a fault.
#[utoipa::path(delete, path = "/faults/{id}", tag = "faults", operation_id = "deleteFault",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 204, description = "Removed"), (status = 404, description = "There is none, or it healed")))]
pub(super) async fn delete(PathSandbox(sandbox): PathSandbox, PathId(id): PathId) -> Result<StatusCode, Problem> {
    let removed = sandbox.change(|state| {
        state.faults.sweep(real_now());
        id.parse().ok().and_then(|id| state.faults.remove(id))
    });
    removed
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| Problem::not_found("no fault of this sandbox has that id, or it is over"))
}
