//! What the emulator tells of itself: that it serves, its endpoints, the CA to trust.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use super::{App, Listeners, Problem, guard, json};
use crate::api::endpoints::catalogue;
use crate::model::health::HealthInfo;
use crate::model::problem::ProblemDetails;
use crate::server::base_url;

/// Answers once every listener serves, with the version and the listeners' URLs: the control listener is served last.
#[utoipa::path(get, path = "/health", tag = "emulator", operation_id = "health",
    responses((status = 200, description = "It serves", body = HealthInfo)))]
pub(super) async fn health(State(app): State<App>, headers: HeaderMap) -> Json<HealthInfo> {
    let host = guard::host_name(&headers).unwrap_or("localhost");
    let url = |scheme, address: Option<SocketAddr>| address.map(|address| base_url::url(scheme, address, host));
    let Listeners { https, http, control } = app.listeners;
    Json(HealthInfo {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        https: url("https", https),
        http: url("http", http),
        control: url("http", control),
    })
}

/// The catalogue: every endpoint's arguments and codes, and the assumptions.
#[utoipa::path(get, path = "/endpoints", tag = "emulator", operation_id = "readEndpoints",
    responses((status = 200, description = "The catalogue", content_type = "application/json", body = Object)))]
pub(super) async fn endpoints(State(app): State<App>) -> Response {
    json(app.catalogue.as_deref().map_or_else(catalogue::json, str::to_owned))
}

/// The certificate that clients of the HTTPS listener should trust.
#[utoipa::path(get, path = "/tls/ca.pem", tag = "emulator", operation_id = "readCa",
    responses(
        (status = 200, description = "A certificate in PEM", content_type = "application/x-pem-file", body = String),
        (status = 404, description = "There is none to tell", body = ProblemDetails<'static>)))]
pub(super) async fn ca_pem(State(app): State<App>) -> Result<Response, Problem> {
    let pem = app.ca_pem.as_ref().ok_or_else(|| {
        Problem::not_found(
            "The HTTPS listener uses a certificate of your own that came without its CA (--tls-cert). \
             /control/v1/ca has the CAs of the orders' certificates.",
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem.to_string()).into_response())
}
