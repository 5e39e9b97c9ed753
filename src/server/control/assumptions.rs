//! What a sandbox assumes about the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use super::sent::{Here, Sent};
use crate::api::protocol::assumption::Assumptions;

/// Every assumption with its value.
#[derive(Serialize, ToSchema)]
#[schema(as = Assumptions)]
pub(super) struct AssumptionList {
    #[schema(value_type = BTreeMap<String, String>)]
    assumptions: BTreeMap<&'static str, &'static str>,
}

impl From<&Assumptions> for AssumptionList {
    fn from(assumptions: &Assumptions) -> Self {
        Self {
            assumptions: assumptions.values().into_iter().collect(),
        }
    }
}

/// The assumptions; `endpoints` has the values that each takes.
#[utoipa::path(get, path = "/assumptions", tag = "assumptions", operation_id = "readAssumptions",
    responses((status = 200, description = "The assumptions", body = AssumptionList)))]
pub(super) async fn read(here: Here) -> Json<AssumptionList> {
    Json((&here.0.state().world.conventions.assumptions).into())
}

/// Changes the assumptions that are sent.
#[utoipa::path(patch, path = "/assumptions", tag = "assumptions", operation_id = "changeAssumptions",
    request_body = BTreeMap<String, String>,
    responses((status = 200, description = "The assumptions", body = AssumptionList)))]
pub(super) async fn change(
    here: Here,
    Sent(patch): Sent<BTreeMap<String, String>>,
) -> Result<Json<AssumptionList>, Problem> {
    let mut state = here.0.state();
    let mut assumptions = state.world.conventions.assumptions;
    for (name, value) in &patch {
        assumptions.set(name, value)?;
    }
    Arc::make_mut(&mut state.world.conventions).assumptions = assumptions;
    Ok(Json((&assumptions).into()))
}
