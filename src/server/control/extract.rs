//! What handlers take from a request: its body, its query, and the parts of its path.

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::blocks::Blocks;
use super::receive::{BodyShare, MaxBody, receive};
use super::{App, Problem};
use crate::api::order::state::OrderNumber;
use crate::aside::aside;
use crate::model::fixtures::File;
use crate::model::sandbox::{CONTROL_BASE, DEFAULT_SANDBOX};
use crate::model::valueless::without_value;
use crate::sandbox::{Sandbox, Using};
use crate::server::body::SMALL_BODY;
use crate::shown::shown;

/// A body of JSON, of the usual length.
pub(super) struct JsonBody<T>(pub(super) T);

/// A body that may hold fixtures, and its share of the memory for bodies: to be kept while what it holds is put to use.
pub(super) struct BodyWithFixtures<T>(pub(super) T, pub(super) BodyShare);

/// A snapshot, and its share of the memory for bodies: to be kept while it is put to use.
pub(super) struct SnapshotBody(pub(super) File, pub(super) BodyShare);

impl<T: DeserializeOwned + Send + 'static> FromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (body, share) = receive(request, app, MaxBody::Usual).await?;
        let (value, _) = parse(body, share).await?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned + Send + 'static> OptionalFromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        let (body, share) = receive(request, app, MaxBody::Usual).await?;
        let (value, _) = parse_option(body, share).await?;
        Ok(value.map(Self))
    }
}

impl<T: DeserializeOwned + Send + 'static> OptionalFromRequest<App> for BodyWithFixtures<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        let (body, share) = receive(request, app, MaxBody::WithFixtures).await?;
        let (value, share) = parse_option(body, share).await?;
        Ok(value.map(|value| Self(value, share)))
    }
}

impl FromRequest<App> for SnapshotBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (body, share) = receive(request, app, MaxBody::Snapshot(app.max_snapshot)).await?;
        let (file, share) = parse(body, share).await?;
        Ok(Self(file, share))
    }
}

/// The value that a body holds, if it is not empty or null.
async fn parse_option<T>(body: Blocks, share: BodyShare) -> Result<(Option<T>, BodyShare), Problem>
where
    T: DeserializeOwned + Send + 'static,
{
    match body.len() {
        0 => Ok((None, share)),
        _ => parse(body, share).await,
    }
}

/// The value that a body holds. It takes its time where no other request waits for it, unless it is small.
async fn parse<T>(body: Blocks, share: BodyShare) -> Result<(T, BodyShare), Problem>
where
    T: DeserializeOwned + Send + 'static,
{
    if body.len() <= SMALL_BODY {
        return Ok((parse_here(body)?, share));
    }
    // The share goes along: the work is done to its end even if the client leaves.
    aside(move || Ok((parse_here(body)?, share))).await?
}

fn parse_here<T: DeserializeOwned>(body: Blocks) -> Result<T, Problem> {
    const NO_JSON: &str = "the body is no JSON";
    if body.len() == 0 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the body is empty; send JSON"));
    }
    // serde would take a list for the fields in their order.
    if body.first_visible() == Some(b'[') {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is a list; send an object",
        ));
    }
    let mut json = serde_json::Deserializer::from_reader(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(
        |error: serde_path_to_error::Error<serde_json::Error>| match error.inner().classify() {
            Category::Syntax | Category::Eof => misfit(&error).logged(NO_JSON),
            Category::Data | Category::Io => misfit(&error),
        },
    )?;
    json.end()
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("this is no JSON: {error}")).logged(NO_JSON))?;
    Ok(value)
}

/// What serde says of a value that is not as it should be.
pub(super) fn misfit<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Problem {
    let path = error.path().to_string();
    let mut steps: Vec<_> = path
        .replace('[', ".")
        .replace(']', "")
        .split('.')
        .map(str::to_owned)
        .collect();
    steps.retain(|step| !step.is_empty() && step != "?");
    let message = error.inner().to_string();
    let message = without_value(&message);
    // The path of what is missing, or there twice, is that of what it is missing in.
    if let Some(field) = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next())
        .filter(|field| steps.last().is_none_or(|last| last != field))
    {
        steps.push(field.to_owned());
    }
    let logged = logged_misfit(&message).map(str::to_owned);
    let problem = Problem::unreadable(steps.join("."), message.into_owned());
    match logged {
        Some(logged) => problem.logged(logged),
        None => problem,
    }
}

/// What of a message of serde, which is without the value, is not from the request but the program's own. The place is left
/// out: it says how long the value is.
fn logged_misfit(message: &str) -> Option<&str> {
    /// Behind these stand only kinds and names that the program knows.
    const OWN: [&str; 5] = [
        "invalid type: ",
        "invalid value: ",
        "unknown variant, expected ",
        "missing field `",
        "duplicate field `",
    ];
    const UNKNOWN_FIELD: &str = "unknown field";
    if message.starts_with(UNKNOWN_FIELD) {
        return Some(UNKNOWN_FIELD);
    }
    let is_own = OWN.iter().any(|start| message.starts_with(start));
    let end = message.rfind(" at line ").unwrap_or(message.len());
    is_own.then_some(&message[..end])
}

/// A query string; a parameter that is unknown, or sent twice, is refused.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| misfit(&error))
    }
}

/// A part of the path, decoded.
async fn path_part(parts: &mut Parts, app: &App, name: &str) -> Result<Option<String>, Problem> {
    let params = RawPathParams::from_request_parts(parts, app)
        .await
        .map_err(|_| Problem::not_found("the path is not UTF-8 behind its percent signs"))?;
    Ok(params
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned()))
}

/// The sandbox that the path names; without a name, the default one. Asking for it is a use of it.
pub(super) struct PathSandbox(pub(super) Using);

/// What stands before the resources of a sandbox in a URL.
pub(super) fn resource_base(sandbox: &Sandbox) -> String {
    format!("{CONTROL_BASE}{}", sandbox.path())
}

impl FromRequestParts<App> for PathSandbox {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let name = path_part(parts, app, "sandbox").await?;
        let name = name.as_deref().unwrap_or(DEFAULT_SANDBOX);
        let sandbox = app.sandboxes.get(name).ok_or_else(|| no_sandbox(name))?;
        Ok(Self(Using::new(sandbox)))
    }
}

/// There is no sandbox of that name.
pub(super) fn no_sandbox(name: &str) -> Problem {
    Problem::not_found(format!(
        "There is no sandbox {:?}, or it was unused for longer than it lives. Make one: POST \
         /control/v1/sandboxes with {{\"name\": ...}}",
        shown(name)
    ))
    .logged("there is no such sandbox")
}

/// There is no order of that number in that sandbox.
pub(super) fn no_order(sandbox: &str, number: impl std::fmt::Display) -> Problem {
    Problem::not_found(format!(
        "no order of the sandbox `{}` has the number {number}",
        shown(sandbox)
    ))
    .logged("there is no such order")
}

/// The loginName in the path.
pub(super) struct PathLoginName(pub(super) String);

/// The orderNumber in the path.
pub(super) struct PathOrderNumber(pub(super) OrderNumber);

/// The number of a fault or a call in the path, as it is written there.
pub(super) struct PathId(pub(super) String);

impl FromRequestParts<App> for PathLoginName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        needed_path_part(parts, app, "loginName").await.map(Self)
    }
}

impl FromRequestParts<App> for PathOrderNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let number = needed_path_part(parts, app, "orderNumber").await?;
        if let Some(number) = OrderNumber::parse(&number) {
            return Ok(Self(number));
        }
        let sandbox = path_part(parts, app, "sandbox").await?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        // What is no number may be anything.
        let number = if is_number {
            &*shown(&number)
        } else {
            "that is in the path"
        };
        Err(no_order(sandbox.as_deref().unwrap_or(DEFAULT_SANDBOX), number))
    }
}

impl FromRequestParts<App> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        needed_path_part(parts, app, "id").await.map(Self)
    }
}

async fn needed_path_part(parts: &mut Parts, app: &App, name: &str) -> Result<String, Problem> {
    let part = path_part(parts, app, name).await?;
    part.ok_or_else(|| Problem::not_found(format!("the path has no {name}")))
}
