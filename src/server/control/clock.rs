//! The time of a sandbox.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::sent::{Here, Sent};
use crate::clock::{Clock, Timestamp, real_now};
use crate::model::when::{Span, When};

/// A sandbox's time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Clock)]
pub(super) struct ClockReply {
    /// Its present.
    #[schema(format = DateTime)]
    now: String,
    /// Whether it stands still.
    frozen: bool,
    /// The system's time.
    #[schema(format = DateTime)]
    real_now: String,
}

impl ClockReply {
    fn new(clock: Clock, real_now: Timestamp) -> Self {
        Self {
            now: clock.now(real_now).to_string(),
            frozen: clock.is_frozen(),
            real_now: real_now.to_string(),
        }
    }
}

/// What a clock shall show; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockSetting)]
pub(super) struct Setting {
    /// The present, from the year 1970 to 9999.
    now: Option<When>,
    /// Whether it stands still.
    frozen: Option<bool>,
}

/// How far a clock shall move on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockStep)]
pub(super) struct Step {
    by: Span,
}

/// The sandbox's time.
#[utoipa::path(get, path = "/clock", tag = "clock", operation_id = "readClock",
    responses((status = 200, description = "The clock", body = ClockReply)))]
pub(super) async fn read(here: Here) -> Json<ClockReply> {
    Json(ClockReply::new(here.0.state().clock, real_now()))
}

/// Sets the clock, stops it, or lets it go on.
#[utoipa::path(put, path = "/clock", tag = "clock", operation_id = "setClock", request_body = Setting,
    responses((status = 200, description = "The clock", body = ClockReply)))]
pub(super) async fn set(here: Here, Sent(setting): Sent<Setting>) -> Result<Json<ClockReply>, Problem> {
    let real_now = real_now();
    let mut state = here.0.state();
    let clock = &mut state.clock;
    if let Some(when) = setting.now {
        let now = when.from(clock.now(real_now));
        if now < Timestamp::EPOCH {
            return Err(Problem::unfit(
                "now",
                "a clock shows a time from 1970-01-01T00:00:00Z on",
            ));
        }
        clock.set(now, real_now);
    }
    if let Some(frozen) = setting.frozen {
        clock.freeze(frozen, real_now);
    }
    Ok(Json(ClockReply::new(*clock, real_now)))
}

/// Moves the clock on, at most to the end of the year 9999.
#[utoipa::path(post, path = "/clock/advance", tag = "clock", operation_id = "advanceClock", request_body = Step,
    responses((status = 200, description = "The clock", body = ClockReply)))]
pub(super) async fn advance(here: Here, Sent(step): Sent<Step>) -> Json<ClockReply> {
    let real_now = real_now();
    let mut state = here.0.state();
    state.clock.advance(step.by.0, real_now);
    Json(ClockReply::new(state.clock, real_now))
}
