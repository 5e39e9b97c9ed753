//! Sandboxes, and the way back to the start.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::receive::Share;
use super::sent::{Here, SentWithFixtures, no_sandbox};
use super::{App, Problem};
use crate::aside::aside;
use crate::clock::real_now;
use crate::model::Fixtures;
use crate::model::fixtures::File;
use crate::model::when::Span;
use crate::sandbox::list::{NewSandbox, SandboxError};
use crate::sandbox::{DEFAULT, Sandbox};

/// A sandbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Sandbox)]
pub(super) struct SandboxReply {
    name: String,
    /// What stands before the API's path: `/sandboxes/t1`; nothing for the default sandbox.
    path: String,
    /// The login names whose calls at the plain path are its.
    logins: Vec<String>,
    /// How long it lives since its last use; without it, for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Span>,
    /// What is left of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<Span>,
    /// How many orders it holds.
    orders: usize,
    /// How many accounts it holds.
    accounts: usize,
    /// How many calls its journal holds.
    calls: usize,
}

impl SandboxReply {
    pub(super) fn new(sandbox: &Sandbox) -> Self {
        let (orders, accounts) = {
            let world = &sandbox.state().world;
            (world.book.len(), world.accounts.len())
        };
        Self {
            name: sandbox.name.to_string(),
            path: sandbox.path(),
            logins: sandbox.logins.iter().map(ToString::to_string).collect(),
            ttl: sandbox.ttl.map(Span),
            expires_in: sandbox.expires_in(real_now()).map(Span),
            orders,
            accounts,
            calls: sandbox.journal.len(),
        }
    }
}

/// Every sandbox, the default one first.
#[derive(Serialize, ToSchema)]
#[schema(as = Sandboxes)]
pub(super) struct SandboxList {
    sandboxes: Vec<SandboxReply>,
}

/// A sandbox to be made.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSandbox)]
pub(super) struct NewEntry {
    /// Its name; without one, it is given one.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    name: Option<String>,
    /// Its fixtures, as an object or as the text of a file; without them, those that the emulator was started with.
    #[schema(value_type = Option<FixturesForms>)]
    fixtures: Option<SentFixtures>,
    /// The login names whose calls at the plain path shall be its, at most 1000.
    #[serde(default)]
    logins: Vec<String>,
    /// How long it shall live since its last use; without it, for ever.
    ttl: Option<Span>,
}

/// Fixtures as an object, or as the text of a file (TOML or JSON).
#[derive(ToSchema)]
#[schema(as = FixturesOrText)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for its schema")]
pub(super) enum FixturesForms {
    Object(Box<File>),
    Text(String),
}

/// Fixtures as they were sent.
pub(super) enum SentFixtures {
    Object(Box<File>),
    Text(String),
}

impl SentFixtures {
    /// The longest TOML, in bytes.
    const MAX_TOML: usize = 1 << 20;

    /// How many times as much memory TOML takes as JSON of that length: it is read into a tree first.
    const TOML_WEIGHT: usize = 32;

    /// Takes the memory that it takes to read them.
    ///
    /// # Errors
    /// There is none at the moment, or there never is as much.
    async fn cover(&self, share: &mut Share, app: &App) -> Result<(), Problem> {
        match self {
            Self::Text(text) if !Fixtures::is_json(text) => {
                if text.len() > Self::MAX_TOML {
                    let detail = format!(
                        "TOML has {} bytes at most here; send the fixtures as JSON, or start with them (--fixtures)",
                        Self::MAX_TOML
                    );
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).below("fixtures"));
                }
                share.cover(text.len() * Self::TOML_WEIGHT, &app.body_memory).await
            }
            Self::Text(_) | Self::Object(_) => Ok(()),
        }
    }

    /// The fixtures.
    ///
    /// # Errors
    /// They are a text that is no fixtures file.
    fn read(self) -> Result<Fixtures, Problem> {
        match self {
            Self::Object(file) => Ok((*file).into()),
            Self::Text(text) => Fixtures::parse_owned(text).map_err(|error| Problem::from(error).below("fixtures")),
        }
    }
}

impl<'de> Deserialize<'de> for SentFixtures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FixturesVisitor)
    }
}

struct FixturesVisitor;

impl<'de> Visitor<'de> for FixturesVisitor {
    type Value = SentFixtures;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fixtures: an object, or the text of a fixtures file")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SentFixtures, E> {
        Ok(SentFixtures::Text(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<SentFixtures, M::Error> {
        File::deserialize(MapAccessDeserializer::new(map)).map(|file| SentFixtures::Object(Box::new(file)))
    }
}

/// What a sandbox shall begin with again.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// Other fixtures than those that it started with.
    #[schema(value_type = Option<FixturesForms>)]
    fixtures: Option<SentFixtures>,
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        let text = error.to_string();
        match error {
            SandboxError::Name(_) => Self::unfit("name", text),
            SandboxError::NameTaken(_) => Self::conflict("name", text),
            SandboxError::Ttl => Self::unfit("ttl", text),
            SandboxError::Logins => Self::unfit("logins", text),
            SandboxError::LoginTaken { .. } => Self::conflict("logins", text),
            SandboxError::TooMany(_) => Self::full(text),
            SandboxError::Fixtures(error) => Self::from(error).below("fixtures"),
        }
    }
}

/// Every sandbox.
#[utoipa::path(get, path = "/sandboxes", tag = "sandboxes", operation_id = "listSandboxes",
    responses((status = 200, description = "The sandboxes", body = SandboxList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<SandboxList>, Problem> {
    let list = move || {
        let sandboxes = app.sandboxes.list();
        Json(SandboxList {
            sandboxes: sandboxes.iter().map(|sandbox| SandboxReply::new(sandbox)).collect(),
        })
    };
    Ok(aside(list).await?)
}

/// Makes a sandbox.
#[utoipa::path(post, path = "/sandboxes", tag = "sandboxes", operation_id = "createSandbox", request_body = Option<NewEntry>,
    responses(
        (status = 201, description = "Made", body = SandboxReply, headers(("Location" = String))),
        (status = 409, description = "The name or a login name is taken"),
        (status = 503, description = "There are as many as there may be (--max-sandboxes)")))]
pub(super) async fn create(
    State(app): State<App>,
    sent: Option<SentWithFixtures<NewEntry>>,
) -> Result<impl IntoResponse, Problem> {
    let (entry, mut share) = match sent {
        Some(SentWithFixtures(entry, share)) => (entry, share),
        None => <_>::default(),
    };
    if let Some(fixtures) = &entry.fixtures {
        fixtures.cover(&mut share, &app).await?;
    }
    let create = move || {
        let new = NewSandbox {
            name: entry.name,
            fixtures: entry.fixtures.map(SentFixtures::read).transpose()?.map(Arc::new),
            logins: entry.logins,
            ttl: entry.ttl.map(|ttl| ttl.0),
        };
        let created = app.sandboxes.create(new);
        drop(share);
        created.map_err(Problem::from)
    };
    let sandbox = aside(create).await??;
    let location = format!("/control/v1/sandboxes/{}", sandbox.name);
    let reply = SandboxReply::new(&sandbox);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)))
}

/// One sandbox.
#[utoipa::path(get, path = "/sandboxes/{sandbox}", tag = "sandboxes", operation_id = "readSandbox",
    responses((status = 200, description = "The sandbox", body = SandboxReply)))]
pub(super) async fn read(here: Here) -> Json<SandboxReply> {
    Json(SandboxReply::new(&here.0))
}

/// Deletes a sandbox.
#[utoipa::path(delete, path = "/sandboxes/{sandbox}", tag = "sandboxes", operation_id = "deleteSandbox",
    responses((status = 204, description = "Deleted"), (status = 409, description = "The default sandbox always is")))]
pub(super) async fn delete(State(app): State<App>, here: Here) -> Result<StatusCode, Problem> {
    if &*here.0.name == DEFAULT {
        return Err(Problem::conflict(
            "",
            "the default sandbox always is; POST /control/v1/reset begins it again",
        ));
    }
    // What it holds goes with the last who uses it, which is this call unless others go on.
    let delete = move || {
        if !app.sandboxes.delete(&here.0.name) {
            return Err(no_sandbox(&here.0.name));
        }
        Ok(StatusCode::NO_CONTENT)
    };
    aside(delete).await?
}

/// Begins again: with the fixtures that it started with or those that are sent, with their clock and their faults, and
/// with no calls.
#[utoipa::path(post, path = "/reset", tag = "sandboxes", operation_id = "reset", request_body = Option<Reset>,
    responses((status = 200, description = "It began again", body = SandboxReply)))]
pub(super) async fn reset(
    State(app): State<App>,
    here: Here,
    sent: Option<SentWithFixtures<Reset>>,
) -> Result<Json<SandboxReply>, Problem> {
    let (fixtures, mut share) = match sent {
        Some(SentWithFixtures(reset, share)) => (reset.fixtures, share),
        None => <_>::default(),
    };
    if let Some(fixtures) = &fixtures {
        fixtures.cover(&mut share, &app).await?;
    }
    let reset = move || {
        let settings = app.sandboxes.settings();
        let fixtures = match fixtures {
            Some(fixtures) => Arc::new(fixtures.read()?),
            None => here.0.fixtures.as_ref().unwrap_or(&settings.fixtures).clone(),
        };
        let state = settings
            .state_of(&fixtures, real_now())
            .map_err(|error| Problem::from(error).below("fixtures"))?;
        drop((fixtures, share));
        here.0.reset(state);
        Ok(Json(SandboxReply::new(&here.0)))
    };
    aside(reset).await?
}
