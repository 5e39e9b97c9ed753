//! Sandboxes, and the way back to the start.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answers::{Length, answer};
use super::extract::{BodyWithFixtures, PathSandbox, no_sandbox, resource_base};
use super::fixtures::with_fixtures;
use super::{App, Problem};
use crate::aside::aside;
use crate::clock::real_now;
use crate::model::Fixtures;
use crate::model::sandbox::{DEFAULT_SANDBOX, NewSandbox, Reset, SandboxInfo, SandboxList};
use crate::sandbox::Sandbox;
use crate::sandbox::list::{self, SandboxError};

/// A sandbox as it is answered.
fn sandbox_info(sandbox: &Sandbox) -> SandboxInfo {
    let (orders, accounts) = {
        let world = &sandbox.state().world;
        (world.book.len(), world.accounts.len())
    };
    SandboxInfo {
        name: sandbox.name.to_string(),
        path: sandbox.path(),
        logins: sandbox.logins.iter().map(ToString::to_string).collect(),
        ttl: sandbox.ttl,
        expires_in: sandbox.expires_in(real_now()),
        orders,
        accounts,
        calls: sandbox.journal.len(),
    }
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
            SandboxError::TooMany(_) | SandboxError::Memory(_) => Self::full(text),
            SandboxError::Fixtures(error) => Self::from(error).below("fixtures"),
        }
    }
}

/// The length of a sandbox in an answer, near enough.
fn bytes_of(sandbox: &Sandbox) -> usize {
    let logins = sandbox.logins.iter().map(|login| login.as_str().len() + 3);
    256 + logins.sum::<usize>()
}

/// Every sandbox.
#[utoipa::path(get, path = "/sandboxes", tag = "sandboxes", operation_id = "listSandboxes",
    responses((status = 200, description = "The sandboxes", body = SandboxList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Response, Problem> {
    let all = app.sandboxes.clone();
    let list = move || {
        let sandboxes = all.list();
        let bytes = sandboxes.iter().map(|sandbox| bytes_of(sandbox)).sum();
        (sandboxes, bytes)
    };
    let (sandboxes, bytes) = aside(list).await?;
    answer(&app, Length::Bytes(bytes), move || SandboxList {
        sandboxes: sandboxes.iter().map(|sandbox| sandbox_info(sandbox)).collect(),
    })
    .await
}

/// Makes a sandbox.
#[utoipa::path(post, path = "/sandboxes", tag = "sandboxes", operation_id = "createSandbox", request_body = Option<NewSandbox>,
    responses(
        (status = 201, description = "Made", body = SandboxInfo, headers(("Location" = String))),
        (status = 409, description = "The name or a login name is taken"),
        (status = 503, description = "There are as many as there may be (--max-sandboxes), or there is no memory for its fixtures (--max-order-bytes)")))]
pub(super) async fn create(
    State(app): State<App>,
    sent: Option<BodyWithFixtures<NewSandbox>>,
) -> Result<impl IntoResponse, Problem> {
    let (entry, share) = match sent {
        Some(BodyWithFixtures(entry, share)) => (entry, share),
        None => <_>::default(),
    };
    let sandboxes = app.sandboxes.clone();
    let create = move |fixtures: Option<Fixtures>| {
        let new = list::NewSandbox {
            name: entry.name,
            fixtures: fixtures.map(Arc::new),
            logins: entry.logins,
            ttl: entry.ttl,
        };
        sandboxes.create(new).map_err(Problem::from)
    };
    let sandbox = with_fixtures(entry.fixtures, share, &app, create).await?;
    let location = resource_base(&sandbox);
    let reply = sandbox_info(&sandbox);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)))
}

/// One sandbox.
#[utoipa::path(get, path = "/sandboxes/{sandbox}", tag = "sandboxes", operation_id = "readSandbox",
    responses((status = 200, description = "The sandbox", body = SandboxInfo)))]
pub(super) async fn read(PathSandbox(sandbox): PathSandbox) -> Json<SandboxInfo> {
    Json(sandbox_info(&sandbox))
}

/// Deletes a sandbox.
#[utoipa::path(delete, path = "/sandboxes/{sandbox}", tag = "sandboxes", operation_id = "deleteSandbox",
    responses((status = 204, description = "Deleted"), (status = 409, description = "The default sandbox cannot be deleted")))]
pub(super) async fn delete(State(app): State<App>, PathSandbox(sandbox): PathSandbox) -> Result<StatusCode, Problem> {
    if &*sandbox.name == DEFAULT_SANDBOX {
        return Err(Problem::conflict(
            "",
            "the default sandbox cannot be deleted; POST /control/v1/reset begins it again",
        ));
    }
    // What it holds goes with the last who uses it, which is this call unless others go on.
    let delete = move || {
        if !app.sandboxes.delete(&sandbox.name) {
            return Err(no_sandbox(&sandbox.name));
        }
        Ok(StatusCode::NO_CONTENT)
    };
    aside(delete).await?
}

/// Begins again: with the fixtures that it started with or those that are sent, with their clock and their faults, and
/// with no calls.
#[utoipa::path(post, path = "/reset", tag = "sandboxes", operation_id = "reset", request_body = Option<Reset>,
    responses(
        (status = 200, description = "It began again", body = SandboxInfo),
        (status = 503, description = "There is no memory for its orders (--max-order-bytes)")))]
pub(super) async fn reset(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    sent: Option<BodyWithFixtures<Reset>>,
) -> Result<Json<SandboxInfo>, Problem> {
    let (fixtures, share) = match sent {
        Some(BodyWithFixtures(reset, share)) => (reset.fixtures, share),
        None => <_>::default(),
    };
    let sandboxes = app.sandboxes.clone();
    let reset = move |fixtures: Option<Fixtures>| {
        let settings = sandboxes.settings();
        let state = match fixtures.as_ref().or(sandbox.fixtures().map(|kept| &**kept)) {
            Some(fixtures) => settings.state_of(fixtures, real_now()),
            None => settings.first_state(real_now()),
        }
        .map_err(|error| Problem::from(error).below("fixtures"))?;
        drop(fixtures);
        sandbox.reset(state)?;
        Ok(Json(sandbox_info(&sandbox)))
    };
    with_fixtures(fixtures, share, &app, reset).await
}
