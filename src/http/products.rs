//! The API itself: one handler for every endpoint. Read, make a form of it, let the sandbox answer, log.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode, Version};
use percent_encoding::percent_decode_str;
use tracing::{info, warn};

use crate::account::LoginName;
use crate::clock::Stopwatch;
use crate::endpoints::{Answer, ENDPOINTS, Endpoint};
use crate::http::body::{BodyError, BodyReader, read_form};
use crate::http::linger;
use crate::order::state::OrderNumber;
use crate::protocol::code::MISSING_ARGUMENT;
use crate::sandbox::{self, Outcome, Sandbox};

/// The target of the log line that each call leaves.
const LOG: &str = "sectigo_emulator::call";

/// The API as a listener serves it.
#[derive(Debug)]
pub(crate) struct Products {
    sandbox: Arc<Sandbox>,
    over_https: bool,
    bodies: Arc<BodyReader>,
}

impl Products {
    /// The API of a sandbox, for a listener that is HTTPS or counts as if it were.
    pub(crate) fn new(sandbox: Arc<Sandbox>, over_https: bool, bodies: Arc<BodyReader>) -> Self {
        Self {
            sandbox,
            over_https,
            bodies,
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
            return not_found(&head, body, watch);
        };
        let body = match self.bodies.read(&mut body).await {
            Ok(read) => read,
            Err(error) => return refuse_body(endpoint, error, &head, body, watch),
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
            Ok(answer) => respond(&head, StatusCode::OK, answer.content_type, answer.body),
            Err(full) => respond(
                &head,
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain",
                format!("{full}\n"),
            ),
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
    let login = outcome.login_name.as_ref().map(LoginName::as_str);
    let order = outcome.order_number.map(OrderNumber::get);
    let took_us = watch.elapsed_micros();
    match &outcome.answer {
        Ok(answer) => {
            let hint = explain(answer, oddity);
            info!(target: LOG, endpoint = endpoint.name, login, order, code = answer.code, took_us, hint = &*hint);
        }
        Err(full) => {
            warn!(target: LOG, endpoint = endpoint.name, login, order, status = 503, took_us, hint = full.to_string());
        }
    }
}

/// What is odd about a body explains why an argument is missing; of other answers it is only worth mentioning.
fn explain<'a>(answer: &'a Answer, oddity: Option<&'a str>) -> Cow<'a, str> {
    match oddity {
        None => Cow::Borrowed(&answer.hint),
        Some(oddity) if answer.code == MISSING_ARGUMENT.number => Cow::Borrowed(oddity),
        Some(oddity) => Cow::Owned(format!("{}; {oddity}", answer.hint)),
    }
}

fn not_found(head: &Parts, rest: Incoming, watch: Stopwatch) -> Response<Body> {
    // Arguments that were put behind the path by mistake are not for the log.
    let path = head.uri.path().split(['&', ';', '=', '%']).next().unwrap_or_default();
    let shown: String = path.chars().take(64).collect();
    info!(target: LOG, status = 404, took_us = watch.elapsed_micros(), hint = format!("there is no endpoint at {shown:?}"));
    linger::discard(head.version, rest);
    let names: String = ENDPOINTS
        .iter()
        .map(|endpoint| format!("POST /products/{}\n", endpoint.name))
        .collect();
    let text = format!("There is nothing here. This emulator answers:\n{names}");
    respond(head, StatusCode::NOT_FOUND, "text/plain", text)
}

fn refuse_body(
    endpoint: &Endpoint,
    error: BodyError,
    head: &Parts,
    rest: Incoming,
    watch: Stopwatch,
) -> Response<Body> {
    let status = match error {
        BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    };
    let took_us = watch.elapsed_micros();
    info!(target: LOG, endpoint = endpoint.name, status = status.as_u16(), took_us, hint = error.to_string());
    let mut response = respond(head, status, "text/plain", format!("{error}\n"));
    // The rest of the body is not wanted; HTTP/2 has its own way to say so and forbids the header.
    if head.version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    linger::discard(head.version, rest);
    response
}

fn respond(head: &Parts, status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let length = body.len();
    // hyper leaves a body out where HEAD asked for none, but over HTTP/1 only.
    let is_head = head.method == Method::HEAD;
    let mut response = Response::new(if is_head { Body::empty() } else { Body::from(body) });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if is_head {
        headers.insert(CONTENT_LENGTH, length.into());
    }
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
