//! The API itself: one handler for every endpoint. Read, make a form of it, let the sandbox answer, log.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use hyper::body::Body as _;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode, Version};
use percent_encoding::percent_decode_str;
use tracing::{info, warn};

use crate::api::account::LoginName;
use crate::api::endpoints::{Answer, ENDPOINTS, Endpoint};
use crate::api::fault::Action;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::argument::glimpse;
use crate::api::protocol::assumption::Assumptions;
use crate::api::protocol::code::{LOGIN_DETAILS, MISSING_ARGUMENT};
use crate::api::protocol::form::Form;
use crate::clock::{Stopwatch, real_now};
use crate::sandbox::journal::{Entry, mask};
use crate::sandbox::list::Sandboxes;
use crate::sandbox::{self, DEFAULT, NotAnswered, Outcome, Sandbox, Using};
use crate::server::body::{BodyError, BodyReader, read_form};
use crate::server::listen::Received;
use crate::server::misbehave::{Disconnect, misbehave};
use crate::server::published::Published;
use crate::shown::shown;

/// The target of the log line that each call leaves.
const LOG: &str = "sectigo_emulator::call";

/// The API as a listener serves it.
#[derive(Debug)]
pub(crate) struct Products {
    sandboxes: Arc<Sandboxes>,
    over_https: bool,
    bodies: Arc<BodyReader>,
}

impl Products {
    /// The API of all sandboxes, for a listener that is HTTPS or counts as if it were.
    pub(crate) fn new(sandboxes: Arc<Sandboxes>, over_https: bool, bodies: Arc<BodyReader>) -> Self {
        Self {
            sandboxes,
            over_https,
            bodies,
        }
    }

    /// The service that a listener runs.
    pub(crate) fn into_service(
        self,
    ) -> impl Service<
        Request<Received>,
        Response = Response<Body>,
        Error = Disconnect,
        Future = impl Future<Output = Result<Response<Body>, Disconnect>> + Send,
    > + Clone
    + Send {
        let products = Arc::new(self);
        service_fn(move |request| {
            let products = products.clone();
            async move { products.respond(request).await }
        })
    }

    async fn respond(&self, request: Request<Received>) -> Result<Response<Body>, Disconnect> {
        let watch = Stopwatch::start();
        let (head, body) = request.into_parts();
        let Some(place) = Place::find(head.uri.path()) else {
            return Ok(self.respond_beside(&head, body, watch).await);
        };
        let (response, fault) = self.answer(&place, &head, body, watch).await;
        match fault {
            // The sandbox is used until its reply is on its way.
            Some((action, _using)) => misbehave(action, response).await,
            None => Ok(response),
        }
    }

    /// The answer to a call of an endpoint, and what a fault shall do to it. The body and its turn are given back here:
    /// what a fault does may take as long as it likes.
    async fn answer(
        &self,
        place: &Place<'_>,
        head: &Parts,
        mut body: Received,
        watch: Stopwatch,
    ) -> (Response<Body>, Option<(Action, Using)>) {
        let read = match self.bodies.read(&mut body).await {
            Ok(read) => read,
            Err(error) => return (refuse_body(Some(place.endpoint), error, head, watch), None),
        };
        let (form, oddity) = read_form(head.uri.query(), &head.headers, &read.bytes).await;
        let sandbox = match &place.sandbox {
            None => self.sandboxes.of_login(claimant(&form).as_deref()),
            Some(name) => match self.sandboxes.get(name) {
                Some(sandbox) => sandbox,
                None => return (no_sandbox(head, name, watch), None),
            },
        };
        let request = sandbox::Request {
            over_https: self.over_https,
            is_post: head.method == Method::POST,
            form: &form,
        };
        let outcome = sandbox.answer(place.endpoint, &request).await;
        let claimed_by = Some(&*sandbox.name).filter(|name| place.sandbox.is_none() && *name != DEFAULT);
        let report = Report::new(&outcome, oddity, claimed_by, watch);
        report.log(&sandbox, place.endpoint, &outcome);
        if sandbox.journal.is_kept() {
            sandbox.journal.enter(report.entry(place.endpoint, &form, &outcome));
        } else {
            sandbox.journal.pass(place.endpoint.name, outcome.time);
        }
        let response = match outcome.result {
            Ok(answer) if answer.binary.is_empty() => respond(head, StatusCode::OK, answer.content_type, answer.body),
            Ok(answer) => {
                let body = [answer.body.into_bytes(), answer.binary].concat();
                respond(head, StatusCode::OK, answer.content_type, body)
            }
            Err(NotAnswered::BookFull(full)) => {
                respond(head, StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{full}\n"))
            }
            Err(NotAnswered::Gateway { status, body }) => {
                let status = StatusCode::from_u16(status).expect("a fault's status was checked");
                respond(head, status, "text/plain", body)
            }
        };
        (response, outcome.met.map(|met| (met.then, Using::new(sandbox))))
    }
}

impl Products {
    /// What is no call of an endpoint.
    async fn respond_beside(&self, head: &Parts, mut body: Received, watch: Stopwatch) -> Response<Body> {
        let Some((name, published)) =
            split_sandbox(head.uri.path()).and_then(|(name, rest)| Some((name, Published::find(rest)?)))
        else {
            return not_found(head, watch);
        };
        let read = match self.bodies.read(&mut body).await {
            Ok(read) => read,
            Err(error) => return refuse_body(None, error, head, watch),
        };
        let Some(sandbox) = self.sandboxes.get(name.as_deref().unwrap_or(DEFAULT)) else {
            return no_sandbox(head, name.as_deref().unwrap_or(DEFAULT), watch);
        };
        sandbox.touch(real_now());
        let asked = published.to_string();
        let response = published.respond(sandbox, head, read.bytes.clone()).await;
        let status = response.status().as_u16();
        info!(target: LOG, sandbox = name.as_deref(), asked, status, took_us = watch.elapsed_micros());
        without_body_for_head(head, response)
    }
}

/// What a path names.
#[derive(Debug)]
struct Place<'p> {
    sandbox: Option<Cow<'p, str>>,
    endpoint: &'static Endpoint,
}

impl<'p> Place<'p> {
    /// axum's router would compare the path as it is written, so this is done by hand.
    fn find(path: &'p str) -> Option<Self> {
        let (sandbox, path) = split_sandbox(path)?;
        let name = percent_decode_str(path.strip_prefix("/products/")?)
            .decode_utf8()
            .ok()?;
        Some(Self {
            sandbox,
            endpoint: Endpoint::named(&name)?,
        })
    }
}

/// The sandbox that a path begins with, if it names one, and the rest.
fn split_sandbox(path: &str) -> Option<(Option<Cow<'_, str>>, &str)> {
    let Some(rest) = path.strip_prefix("/sandboxes/") else {
        return Some((None, path));
    };
    let (name, rest) = rest.split_at(rest.find('/')?);
    Some((Some(percent_decode_str(name).decode_utf8().ok()?), rest))
}

/// The loginName by which a sandbox may claim the call. Which sandbox's assumptions count is not known yet.
fn claimant<'f>(form: &'f Form<'_>) -> Option<Cow<'f, str>> {
    glimpse("loginName", LoginName::MAX + 1, form, &Assumptions::default())
}

/// What the log and the journal say of a call.
struct Report {
    status: u16,
    code: Option<i32>,
    took_us: u64,
    hint: String,
}

impl Report {
    fn new(outcome: &Outcome, oddity: Option<String>, claimed_by: Option<&str>, watch: Stopwatch) -> Self {
        let (status, code, mut hint) = match &outcome.result {
            Ok(answer) => (200, Some(answer.code), explain(answer, oddity)),
            Err(NotAnswered::BookFull(full)) => (503, None, full.to_string()),
            Err(NotAnswered::Gateway { status, .. }) => {
                (*status, None, format!("a fault answered with HTTP status {status}"))
            }
        };
        if let Some(name) = claimed_by.filter(|_| code == Some(LOGIN_DETAILS.number)) {
            hint.push_str(&format!(
                "; the sandbox `{name}` claims this loginName, so its account must be in that sandbox, not in the default one"
            ));
        }
        if let Some(done) = outcome.met.as_ref().and_then(|met| met.then.done_to_reply()) {
            hint.push_str("; ");
            hint.push_str(&done);
        }
        Self {
            status,
            code,
            took_us: watch.elapsed_micros(),
            hint,
        }
    }

    /// One line for each call. A call that has no room is worth a warning.
    fn log(&self, sandbox: &Sandbox, endpoint: &Endpoint, outcome: &Outcome) {
        let sandbox = Some(&*sandbox.name).filter(|name| *name != DEFAULT);
        let login = outcome.tellable.login_name.as_ref().map(LoginName::as_str);
        let order = outcome.tellable.order_number.map(OrderNumber::get);
        let fault = outcome.met.as_ref().map(|met| met.id);
        let status = Some(self.status).filter(|status| *status != 200);
        let (endpoint, code, took_us, hint) = (endpoint.name, self.code, self.took_us, &*self.hint);
        if matches!(outcome.result, Err(NotAnswered::BookFull(_))) {
            warn!(target: LOG, sandbox, endpoint, login, order, status, took_us, hint);
        } else {
            info!(target: LOG, sandbox, endpoint, login, order, code, status, took_us, fault, hint);
        }
    }

    fn entry(self, endpoint: &'static Endpoint, form: &Form<'_>, outcome: &Outcome) -> Entry {
        Entry {
            id: 0,
            time: outcome.time,
            real_time: outcome.real_time,
            endpoint: endpoint.name,
            login_name: outcome.tellable.login_name.clone(),
            unknown_name: outcome.tellable.unknown_name,
            order_number: outcome.tellable.order_number,
            arguments: mask(
                form,
                endpoint,
                outcome.tellable.login_name.as_ref(),
                outcome.tellable.untold,
            ),
            status: self.status,
            code: self.code,
            reply: match &outcome.result {
                Ok(answer) => answer.told.as_ref().unwrap_or(&answer.body).clone(),
                Err(NotAnswered::BookFull(full)) => format!("{full}\n"),
                Err(NotAnswered::Gateway { body, .. }) => body.clone(),
            },
            took_us: self.took_us,
            fault: outcome.met.as_ref().map(|met| met.id),
            hint: self.hint,
        }
    }
}

/// What is odd about a body explains why an argument is missing; of other answers it is only worth mentioning.
fn explain(answer: &Answer, oddity: Option<String>) -> String {
    match oddity {
        None => answer.hint.clone().into_owned(),
        Some(oddity) if answer.code == MISSING_ARGUMENT.number => oddity,
        Some(oddity) => format!("{}; {oddity}", answer.hint),
    }
}

fn no_sandbox(head: &Parts, name: &str, watch: Stopwatch) -> Response<Body> {
    let name = shown(name);
    info!(target: LOG, status = 404, took_us = watch.elapsed_micros(), hint = format!("there is no sandbox `{name}`"));
    let text = format!(
        "There is no sandbox `{name}`, or it was unused for longer than it lives. Make one: POST \
         /control/v1/sandboxes on the control listener, with Content-Type: application/json and {{\"name\": ...}}\n"
    );
    respond(head, StatusCode::NOT_FOUND, "text/plain", text)
}

fn not_found(head: &Parts, watch: Stopwatch) -> Response<Body> {
    // Arguments that were put behind the path by mistake are not for the log.
    let path = head.uri.path().split(['&', ';', '=', '%']).next().unwrap_or_default();
    let path = shown(path);
    info!(target: LOG, status = 404, took_us = watch.elapsed_micros(), hint = format!("there is no endpoint at `{path}`"));
    let names: String = ENDPOINTS
        .iter()
        .map(|endpoint| format!("POST /products/{}\n", endpoint.name))
        .collect();
    let text = format!(
        "There is nothing here. This emulator answers:\n{names}\
         GET  /ca/NAME.cer, /crl/NAME.crl, /ocsp/NAME\n\
         For the sandbox t1, the same below /sandboxes/t1.\n"
    );
    respond(head, StatusCode::NOT_FOUND, "text/plain", text)
}

fn refuse_body(endpoint: Option<&Endpoint>, error: BodyError, head: &Parts, watch: Stopwatch) -> Response<Body> {
    let status = match error {
        BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow | BodyError::Stalled => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    };
    let took_us = watch.elapsed_micros();
    info!(target: LOG, endpoint = endpoint.map(|endpoint| endpoint.name), status = status.as_u16(), took_us, hint = error.to_string());
    let mut response = respond(head, status, "text/plain", format!("{error}\n"));
    // The rest of the body is not wanted; HTTP/2 has its own way to say so and forbids the header.
    if head.version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// hyper leaves a body out where HEAD asked for none, but over HTTP/1 only.
fn without_body_for_head(head: &Parts, response: Response<Body>) -> Response<Body> {
    if head.method != Method::HEAD {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Body::empty())
}

fn respond(head: &Parts, status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    without_body_for_head(head, response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_however_its_name_is_written() {
        for (path, sandbox) in [
            ("/products/!autoRevokeCS", None),
            ("/products/%21autoRevokeCS", None),
            ("/products/!AUTOREVOKECS", None),
            ("/products/%21%61utorevokecs", None),
            ("/sandboxes/t1/products/!autoRevokeCS", Some("t1")),
            ("/sandboxes/t%31/products/%21autoRevokeCS", Some("t1")),
        ] {
            let place = Place::find(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(
                (place.sandbox.as_deref(), place.endpoint.name),
                (sandbox, "!autoRevokeCS"),
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
            "/sandboxes/t1",
            "/sandboxes/t1/!autoRevokeCS",
        ] {
            assert!(Place::find(path).is_none(), "{path}");
        }
    }
}
