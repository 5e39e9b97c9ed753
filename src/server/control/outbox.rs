//! The mails that would have been sent.

use std::mem;

use axum::Json;
use axum::http::StatusCode;

use super::Problem;
use super::extract::{PathSandbox, Query};
use crate::api::order::state::OrderNumber;
use crate::model::mail::{MailFilter, MailList};

/// The mails in the outbox that were sent by now, the oldest first.
#[utoipa::path(get, path = "/outbox", tag = "outbox", operation_id = "listMails", params(MailFilter),
    responses(
        (status = 200, description = "The mails", body = MailList),
        (status = 422, description = "The orderNumber is greater than an order number can be")))]
pub(super) async fn list(
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<MailFilter>,
) -> Result<Json<MailList>, Problem> {
    if let Some(number) = filter.order_number {
        OrderNumber::check_greatest(number).map_err(|why| Problem::unfit("orderNumber", why))?;
    }
    let now = sandbox.now();
    let (outbox, accounts) = {
        let world = &sandbox.state().world;
        (world.outbox.clone(), world.accounts.clone())
    };
    let mut list = MailList::find(&outbox, &filter, now);
    for mail in &mut list.mails {
        mail.to = accounts.masked_email(mem::take(&mut mail.to)).into_owned();
    }
    Ok(Json(list))
}

/// Forgets every mail.
#[utoipa::path(delete, path = "/outbox", tag = "outbox", operation_id = "deleteMails",
    responses((status = 204, description = "There is none any more")))]
pub(super) async fn clear(PathSandbox(sandbox): PathSandbox) -> StatusCode {
    sandbox.change(|state| state.world.outbox_mut().clear());
    StatusCode::NO_CONTENT
}
