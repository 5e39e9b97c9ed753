//! A sandbox as a fixtures file, and back.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocks::Blocks;
use super::sent::{Here, SentSnapshot};
use super::{App, Problem, aside};
use crate::clock::real_now;
use crate::model::file::File;
use crate::model::{Fixtures, FixturesError};

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
    let text = aside(move || {
        let mut text = Blocks::default();
        serde_json::to_writer(&mut text, &here.0.snapshot()).map(|()| text)
    })
    .await?
    .expect("strings and numbers always serialize, and memory takes them");
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::new(text)).into_response())
}

/// Puts what a fixtures file describes in the place of all that the sandbox holds. The journal stays.
#[utoipa::path(put, path = "/snapshot", tag = "snapshot", operation_id = "restoreSnapshot", request_body = File,
    responses((status = 200, description = "How much there is now", body = Restored)))]
pub(super) async fn restore(
    State(app): State<App>,
    here: Here,
    SentSnapshot(file, share): SentSnapshot,
) -> Result<Json<Restored>, Problem> {
    let restore = move || {
        let state = app
            .sandboxes
            .settings()
            .state_of_snapshot(Fixtures::from(file), real_now())?;
        drop(share);
        let restored = Restored {
            orders: state.world.book.len(),
            accounts: state.world.accounts.len(),
        };
        // What it replaces may be large, and is freed here as well.
        here.0.replace(state);
        Ok(restored)
    };
    let done: Result<_, FixturesError> = aside(restore).await?;
    Ok(done.map(Json)?)
}
