//! The API itself: one handler for every endpoint. Read, make a form of it, let the sandbox answer, log.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode, Version};
use percent_encoding::percent_decode_str;
use tracing::{info, warn};

use crate::clock::Stopwatch;
use crate::endpoints::{ENDPOINTS, Endpoint};
use crate::http::body::{BodyError, BodyReader, read_form};
use crate::http::linger;
use crate::sandbox::{self, Outcome, Sandbox};

/// The target of the log line that each call leaves.
const LOG: &str = "sectigo_emulator::call";

/// The API as a listener serves it.
#[derive(Debug)]
pub(crate) struct Products {
    sandbox: Arc<Sandbox>,
    over_https: bool,
    bodies: BodyReader,
}

impl Products {
    /// The API of a sandbox, for a listener that is HTTPS or counts as if it were.
    pub(crate) fn new(sandbox: Arc<Sandbox>, over_https: bool, body_time_limit: Duration) -> Self {
        Self {
            sandbox,
            over_https,
            bodies: BodyReader::new(body_time_limit),
        }
    }

    /// The service that a listener runs.
    pub(crate) fn into_service(
        self,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<Body>,
        Error = Infallible,
        Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
    > + Clone
    + Send {
        let products = Arc::new(self);
        service_fn(move |request| {
            let products = products.clone();
            async move { Ok(products.respond(request).await) }
        })
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Body> {
        let watch = Stopwatch::start();
        let (head, mut body) = request.into_parts();
        let Some(endpoint) = find_endpoint(head.uri.path()) else {
            return not_found(head.uri.path());
        };
        let body = match self.bodies.read(&mut body).await {
            Ok(read) => read,
            Err(error) => return refuse_body(endpoint, error, head.version, body),
        };
        let (form, oddity) = read_form(head.uri.query(), &head.headers, &body.bytes).await;
        let request = sandbox::Request {
            over_https: self.over_https,
            is_post: head.method == Method::POST,
            form: &form,
        };
        let outcome = self.sandbox.answer(endpoint, &request);
        log(endpoint, &outcome, oddity.as_deref(), watch);
        match outcome.answer {
            Ok(answer) => respond(StatusCode::OK, answer.content_type, answer.body),
            Err(full) => respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{full}\n")),
        }
    }
}

/// The endpoint that a path names: axum's router would compare it raw, so this is done by hand.
fn find_endpoint(path: &str) -> Option<&'static Endpoint> {
    let name = percent_decode_str(path.strip_prefix("/products/")?)
        .decode_utf8()
        .ok()?;
    Endpoint::named(&name)
}

/// One line for each call. A call that has no reply to log is worth a warning.
fn log(endpoint: &Endpoint, outcome: &Outcome, oddity: Option<&str>, watch: Stopwatch) {
    let login = outcome.login_name.as_deref();
    let order = outcome.order_number.as_deref();
    let took_us = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
    match &outcome.answer {
        Ok(answer) => {
            // What is odd about the body explains more than that an argument is missing.
            let hint = oddity.unwrap_or(&answer.hint);
            info!(target: LOG, endpoint = endpoint.name, login, order, code = answer.code, took_us, hint);
        }
        Err(full) => {
            warn!(target: LOG, endpoint = endpoint.name, login, order, status = 503, took_us, hint = %full);
        }
    }
}

fn not_found(path: &str) -> Response<Body> {
    let shown: String = path.chars().take(128).collect();
    info!(target: LOG, status = 404, hint = format!("there is no endpoint at {shown:?}"));
    let names: String = ENDPOINTS
        .iter()
        .map(|endpoint| format!("POST /products/{}\n", endpoint.name))
        .collect();
    respond(
        StatusCode::NOT_FOUND,
        "text/plain",
        format!("There is nothing here. This emulator answers:\n{names}"),
    )
}

fn refuse_body(endpoint: &Endpoint, error: BodyError, version: Version, rest: Incoming) -> Response<Body> {
    let status = match error {
        BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    };
    info!(target: LOG, endpoint = endpoint.name, status = status.as_u16(), hint = %error);
    let mut response = respond(status, "text/plain", format!("{error}\n"));
    // The rest of the body is not wanted; HTTP/2 has its own way to say so and forbids the header.
    if version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    linger::discard(version, rest);
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_however_its_name_is_written() {
        for path in [
            "/products/!autoRevokeCS",
            "/products/%21autoRevokeCS",
            "/products/!AUTOREVOKECS",
            "/products/%21%61utorevokecs",
        ] {
            assert_eq!(
                find_endpoint(path).map(|endpoint| endpoint.name),
                Some("!autoRevokeCS"),
                "{path}"
            );
        }
        for path in [
            "/products/autoRevokeCS",
            "/products/!autoRevokeCS/",
            "/products/%FF",
            "/!autoRevokeCS",
            "/",
            "*",
        ] {
            assert!(find_endpoint(path).is_none(), "{path}");
        }
    }
}
