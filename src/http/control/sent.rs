//! What a request sends: its body, its query, and the parts of its path.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::{App, Problem};
use crate::sandbox::{DEFAULT, Using};

/// The longest body that is read.
const MAX_BODY: usize = 16 << 20;

/// A body up to this length is read as it comes; longer ones take turns.
const SMALL_BODY: u64 = 64 << 10;

/// How many longer bodies are in memory at a time.
pub(crate) const LARGE_BODIES: usize = 4;

/// A body of JSON.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let _turn = turn(request.body().size_hint().upper(), app).await;
        let bytes = read(request, app.read_timeout).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<App> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        let _turn = turn(request.body().size_hint().upper(), app).await;
        let bytes = read(request, app.read_timeout).await?;
        if matches!(bytes.trim_ascii(), b"" | b"null") {
            return Ok(None);
        }
        parse(&bytes).map(|value| Some(Self(value)))
    }
}

/// Waits until a body of that length, if it is known, may come. The turn is over once the body is parsed.
async fn turn(length: Option<u64>, app: &App) -> Option<SemaphorePermit<'_>> {
    match length.is_none_or(|length| length > SMALL_BODY) {
        true => app.large_bodies.acquire().await.ok(),
        false => None,
    }
}

async fn read(request: Request, limit: Duration) -> Result<bytes::Bytes, Problem> {
    let body = Limited::new(request.into_body(), MAX_BODY);
    match timeout(limit, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is longer than {MAX_BODY} bytes"),
        )),
        Ok(Err(_)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "the body broke off before its end",
        )),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time (--read-timeout)",
        )),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the body is empty; send JSON"));
    }
    // serde would take a list for the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is a list; send an object",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| misfit(&error))?;
    json.end()
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("this is no JSON: {error}")))?;
    Ok(value)
}

/// An entry as the object that it is in JSON.
fn object_of(entry: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(entry) {
        Ok(Value::Object(object)) => object,
        _ => unreachable!("an entry is written as an object"),
    }
}

/// What an object says, if it is as it should be.
pub(super) fn from_object<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| misfit(&error))
}

fn misfit<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Problem {
    let path = error.path().to_string();
    let mut steps: Vec<_> = path
        .replace('[', ".")
        .replace(']', "")
        .split('.')
        .map(str::to_owned)
        .collect();
    steps.retain(|step| !step.is_empty() && step != "?");
    let message = error.inner().to_string();
    // The path of what is missing, or there twice, is that of what it is missing in.
    if let Some(field) = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next())
        .filter(|field| steps.last().is_none_or(|last| last != field))
    {
        steps.push(field.to_owned());
    }
    Problem::unreadable(steps.join("."), message)
}

/// Whether a patch of an entry names its fields only; nothing needs to be locked for that.
///
/// # Errors
/// A field is unknown, also one that shall be removed.
pub(super) fn check_fields<T: PartialSchema>(patch: &Map<String, Value>) -> Result<(), Problem> {
    if let RefOr::T(Schema::Object(object)) = T::schema()
        && let Some(unknown) = patch.keys().find(|name| !object.properties.contains_key(*name))
    {
        let known: Vec<_> = object.properties.keys().map(|name| format!("`{name}`")).collect();
        return Err(Problem::unreadable(
            unknown.chars().take(64).collect::<String>(),
            format!("unknown field, expected one of {}", known.join(", ")),
        ));
    }
    Ok(())
}

/// An entry with the fields of a patch merged into it as RFC 7396 says: null removes.
///
/// # Errors
/// A field does not take that value.
pub(crate) fn patched<T: DeserializeOwned + Serialize>(entry: &T, patch: Map<String, Value>) -> Result<T, Problem> {
    let mut object = object_of(entry);
    for (name, value) in patch {
        match (value, object.get_mut(&name)) {
            (Value::Null, _) => {
                object.remove(&name);
            }
            (Value::Object(inner), Some(Value::Object(old))) => merge(old, inner),
            (value, _) => {
                object.insert(name, value);
            }
        }
    }
    from_object(object)
}

/// Merges the fields of a field. A null for what is not there stays, for whoever reads it to judge.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (value, target.get_mut(&name)) {
            (Value::Null, Some(_)) => {
                target.remove(&name);
            }
            (Value::Object(inner), Some(Value::Object(old))) => merge(old, inner),
            (value, _) => {
                target.insert(name, value);
            }
        }
    }
}

/// A query string; a parameter that is unknown, or sent twice, is refused.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = MapDeserializer::<_, serde::de::value::Error>::new(pairs);
        serde_path_to_error::deserialize(query)
            .map(Self)
            .map_err(|error| misfit(&error))
    }
}

/// Reads a parameter of a query by its own rules for text.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|error| {
        serde::de::Error::custom(format!(
            "`{}` is not taken: {error}",
            text.chars().take(64).collect::<String>()
        ))
    })
}

/// Reads a parameter of a query that serde can read from a string.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A part of the path, decoded.
pub(super) async fn path_part(parts: &mut Parts, app: &App, name: &str) -> Result<Option<String>, Problem> {
    let params = RawPathParams::from_request_parts(parts, app)
        .await
        .map_err(|_| Problem::not_found("the path is not UTF-8 behind its percent signs"))?;
    Ok(params
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned()))
}

/// The sandbox that the path names; without a name, the default one. Asking for it is a use of it.
pub(super) struct Here(pub(super) Using);

impl Here {
    /// What stands before its resources in a URL.
    pub(super) fn base(&self) -> String {
        match &*self.0.name {
            DEFAULT => "/control/v1".to_owned(),
            name => format!("/control/v1/sandboxes/{name}"),
        }
    }
}

impl FromRequestParts<App> for Here {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let name = path_part(parts, app, "sandbox").await?;
        let name = name.as_deref().unwrap_or(DEFAULT);
        let sandbox = app.sandboxes.get(name).ok_or_else(|| no_sandbox(name))?;
        Ok(Self(Using::new(sandbox)))
    }
}

/// There is no sandbox of that name.
pub(super) fn no_sandbox(name: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    Problem::not_found(format!(
        "There is no sandbox {shown:?}, or it was unused for longer than it lives. Make one: POST \
         /control/v1/sandboxes with {{\"name\": ...}}"
    ))
}

/// The last part of a path that names one thing of many.
pub(super) struct Named(pub(super) String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        for name in ["loginName", "orderNumber", "id"] {
            if let Some(value) = path_part(parts, app, name).await? {
                return Ok(Self(value));
            }
        }
        Err(Problem::not_found("the path names nothing"))
    }
}
