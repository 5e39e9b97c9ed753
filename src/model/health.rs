//! What an emulator says of itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An emulator that serves: its version, and the URLs of its listeners.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Health)]
pub struct HealthInfo {
    /// `ok`.
    pub status: String,
    /// The version of the program.
    #[serde(default)]
    #[schema(required = true)]
    pub version: String,
    /// The API over TLS, if it is on. A listener that is on every interface has the host by which this was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// The API over plain HTTP, if it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// The control API and the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
}
