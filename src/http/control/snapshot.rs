//! A sandbox as a fixtures file, and back.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::sent::{Here, Sent};
use super::{App, Problem, aside};
use crate::clock::real_now;
use crate::fixtures::Fixtures;
use crate::fixtures::file::File;

/// How much a snapshot brought.
#[derive(Serialize, ToSchema)]
pub(super) struct Restored {
    orders: usize,
    accounts: usize,
}

/// The sandbox as a fixtures file, with every password in it: it makes the same world again.
#[utoipa::path(get, path = "/snapshot", tag = "snapshot", operation_id = "readSnapshot",
    responses((status = 200, description = "A fixtures file", body = File)))]
pub(super) async fn read(here: Here) -> Result<Response, Problem> {
    aside(move || Json(here.0.snapshot()).into_response()).await
}

/// Puts what a fixtures file describes in the place of all that the sandbox holds. The journal stays.
#[utoipa::path(put, path = "/snapshot", tag = "snapshot", operation_id = "restoreSnapshot", request_body = File,
    responses((status = 200, description = "How much there is now", body = Restored)))]
pub(super) async fn restore(
    State(app): State<App>,
    here: Here,
    Sent(file): Sent<File>,
) -> Result<Json<Restored>, Problem> {
    let build = move || {
        app.sandboxes
            .settings()
            .state_of_snapshot(&Fixtures::from(file), real_now())
    };
    let state = aside(build).await??;
    let restored = Restored {
        orders: state.world.book.len(),
        accounts: state.world.accounts.len(),
    };
    here.0.replace(state);
    Ok(Json(restored))
}
