//! The clock of a sandbox.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Clock, Timestamp};
use crate::model::when::When;

/// The time of a sandbox that is not the system's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClockEntry {
    /// The present, at which it stands still if `frozen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<When>,
    /// How far it is ahead of the system's time (`+30d`) or behind (`-30d`), if it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<When>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) frozen: bool,
}

pub(super) fn describe_clock(clock: Clock, now: Timestamp) -> Option<ClockEntry> {
    let ahead = Duration::from_millis(clock.offset_millis().unsigned_abs());
    if clock.is_frozen() {
        return Some(ClockEntry {
            now: Some(When::At(now)),
            offset: None,
            frozen: true,
        });
    }
    (!ahead.is_zero()).then_some(ClockEntry {
        now: None,
        offset: Some(if clock.offset_millis() > 0 {
            When::After(ahead)
        } else {
            When::Before(ahead)
        }),
        frozen: false,
    })
}
