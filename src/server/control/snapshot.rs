//! A sandbox as a fixtures file, and back.

use axum::Json;
use axum::extract::State;
use axum::response::Response;

use super::answers::{Length, answer};
use super::extract::{PathSandbox, SnapshotBody};
use super::{App, Problem};
use crate::aside::aside;
use crate::clock::real_now;
use crate::model::Fixtures;
use crate::model::fixtures::File;
use crate::model::sandbox::RestoreInfo;

/// The sandbox as a fixtures file, with every password in it: it makes the same world again.
#[utoipa::path(get, path = "/snapshot", tag = "snapshot", operation_id = "readSnapshot",
    responses(
        (status = 200, description = "A fixtures file", body = File),
        (status = 503, description = "Too many other long answers are being sent")))]
pub(super) async fn read(State(app): State<App>, PathSandbox(sandbox): PathSandbox) -> Result<Response, Problem> {
    answer(&app, Length::Unlimited, move || sandbox.snapshot()).await
}

/// Puts what a fixtures file describes in the place of all that the sandbox holds. The journal stays.
#[utoipa::path(put, path = "/snapshot", tag = "snapshot", operation_id = "restoreSnapshot", request_body = File,
    responses(
        (status = 200, description = "How much there is now", body = RestoreInfo),
        (status = 503, description = "There is no memory for its orders (--max-order-bytes)")))]
pub(super) async fn restore(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    SnapshotBody(file, share): SnapshotBody,
) -> Result<Json<RestoreInfo>, Problem> {
    let restore = move || {
        let state = app
            .sandboxes
            .settings()
            .state_of_snapshot(Fixtures::from(file), real_now())?;
        drop(share);
        let restored = RestoreInfo::new(state.world.book.len(), state.world.accounts.len());
        // What it replaces may be large, and is freed here as well.
        sandbox.replace(state)?;
        Ok(Json(restored))
    };
    aside(restore).await?
}
