//! Messages of codes that are worded in another way.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::endpoints::Endpoint;
use crate::model::endpoint::{code_of, entry_endpoint};
use crate::model::value_error::ValueError;
use crate::model::whole;

/// Another wording of a code.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageEntry {
    pub(crate) endpoint: String,
    #[serde(deserialize_with = "whole::one")]
    pub(crate) code: i32,
    pub(crate) message: String,
}

pub(super) fn message_endpoint(entry: &MessageEntry) -> Result<&'static Endpoint, ValueError> {
    let endpoint = entry_endpoint("endpoint", &entry.endpoint)?;
    code_of(endpoint, entry.code)?;
    Ok(endpoint)
}
