//! Errors of the control API, as RFC 9457 has them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was not done (RFC 9457).
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDetails<'p> {
    /// Always `about:blank`: the status says which kind it is.
    #[serde(rename = "type", default)]
    #[schema(required = true)]
    pub(crate) kind: Cow<'p, str>,
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) title: Cow<'p, str>,
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) status: u16,
    /// What was wrong, and what is taken.
    pub(crate) detail: Cow<'p, str>,
    /// The field that it was wrong in, such as `orders.3.loginName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<Cow<'p, str>>,
}
