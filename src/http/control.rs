//! The control API: for the owner of the machine, on a listener of its own.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use crate::endpoints::catalogue;

/// What the control API knows.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    /// The certificate that clients of the HTTPS listener should trust, in PEM, if it is known.
    pub(crate) ca_pem: Option<Arc<str>>,
}

impl Control {
    /// The service that the control listener runs.
    pub(crate) fn into_service(
        self,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<Body>,
        Error = Infallible,
        Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
    > + Clone
    + Send {
        TowerToHyperService::new(self.router())
    }

    fn router(self) -> Router {
        Router::new()
            .route("/control/v1/health", get(health))
            .route("/control/v1/endpoints", get(endpoints))
            .route("/control/v1/tls/ca.pem", get(ca_pem))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .with_state(self)
    }
}

/// Whoever reaches this reaches a server whose fixtures are loaded and whose listeners all serve: the control listener
/// is served last.
async fn health() -> Response {
    json(StatusCode::OK, "application/json", json!({"status": "ok"}).to_string())
}

async fn endpoints() -> Response {
    json(StatusCode::OK, "application/json", catalogue::json())
}

async fn ca_pem(State(control): State<Control>) -> Response {
    match control.ca_pem {
        Some(pem) => ([(header::CONTENT_TYPE, "application/x-pem-file")], pem.to_string()).into_response(),
        None => problem(
            StatusCode::NOT_FOUND,
            "The HTTPS listener is off, or it uses a certificate of your own that came without its CA (--tls-cert).",
        ),
    }
}

async fn not_found() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "There is nothing here. Read /control/v1/health, /control/v1/endpoints or /control/v1/tls/ca.pem; the API \
         itself is on the other listeners.",
    )
}

async fn method_not_allowed() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "This can only be read: use GET.")
}

/// An error as RFC 9457 has it.
fn problem(status: StatusCode, detail: &str) -> Response {
    json(
        status,
        "application/problem+json",
        json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": detail,
        })
        .to_string(),
    )
}

fn json(status: StatusCode, content_type: &'static str, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], text).into_response()
}
