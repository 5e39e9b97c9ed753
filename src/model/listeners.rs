//! Where an emulator listens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The URLs of an emulator's listeners, each with its scheme, address and port; none for one that is off.
///
/// One that listens on every interface has the address `0.0.0.0` or `[::]` here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Listeners)]
pub struct ListenersInfo {
    /// The API over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// The API over plain HTTP; CRLs and OCSP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// The control API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
}
