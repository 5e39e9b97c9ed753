//! What a sandbox assumes about the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;

use super::Problem;
use super::extract::{JsonBody, PathSandbox};
use crate::api::protocol::assumption::Assumptions;
use crate::model::sandbox::AssumptionList;

/// The assumptions as they are answered.
fn assumption_list(assumptions: &Assumptions) -> AssumptionList {
    let values = assumptions.values().into_iter();
    AssumptionList {
        assumptions: values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// The assumptions; `endpoints` has the values that each takes.
#[utoipa::path(get, path = "/assumptions", tag = "assumptions", operation_id = "readAssumptions",
    responses((status = 200, description = "The assumptions", body = AssumptionList)))]
pub(super) async fn read(PathSandbox(sandbox): PathSandbox) -> Json<AssumptionList> {
    Json(assumption_list(&sandbox.assumptions()))
}

/// Changes the assumptions that are sent.
#[utoipa::path(patch, path = "/assumptions", tag = "assumptions", operation_id = "changeAssumptions",
    request_body = BTreeMap<String, String>,
    responses((status = 200, description = "The assumptions", body = AssumptionList)))]
pub(super) async fn change(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(patch): JsonBody<BTreeMap<String, String>>,
) -> Result<Json<AssumptionList>, Problem> {
    let assumptions = sandbox.change(|state| {
        let mut assumptions = state.world.conventions.assumptions;
        for (name, value) in &patch {
            assumptions.set(name, value)?;
        }
        Arc::make_mut(&mut state.world.conventions).assumptions = assumptions;
        Ok::<_, Problem>(assumptions)
    })?;
    Ok(Json(assumption_list(&assumptions)))
}
