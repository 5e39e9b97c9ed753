//! The clock of a sandbox.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Clock, Timestamp};
use crate::model::value_error::ValueError;
use crate::model::when::{Span, When};

const BEFORE_1970: &str = "a clock shows a time from 1970-01-01T00:00:00Z on";

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

/// What a clock shows, as the control API answers it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
#[schema(as = Clock)]
pub struct ClockInfo {
    /// The sandbox's present.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// The system's time, where the emulator runs.
    #[schema(value_type = String, format = DateTime)]
    pub real_now: Timestamp,
}

impl ClockInfo {
    /// What a clock shows at that time.
    pub(crate) fn new(clock: Clock, real_now: Timestamp) -> Self {
        Self {
            now: clock.now(real_now),
            frozen: clock.is_frozen(),
            real_now,
        }
    }
}

/// What a clock shall show; what is left out stays as it is. `T` is the kind of its time, which a command line hands on as
/// it was written.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
#[schema(as = ClockSetting, bound = "")]
pub(crate) struct ClockSetting<T = When> {
    /// The present, from the year 1970 to 9999.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub(crate) now: Option<T>,
    /// Whether it stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frozen: Option<bool>,
}

impl ClockSetting {
    /// Sets a clock.
    ///
    /// # Errors
    /// It cannot show that time; it is as it was.
    pub(crate) fn apply(&self, clock: &mut Clock, real_now: Timestamp) -> Result<(), ValueError> {
        if let Some(when) = self.now {
            let now = when.from(clock.now(real_now));
            if now < Timestamp::EPOCH {
                return Err(ValueError::at("now", BEFORE_1970));
            }
            clock.set(now, real_now);
        }
        if let Some(frozen) = self.frozen {
            clock.freeze(frozen, real_now);
        }
        Ok(())
    }
}

/// How far a clock shall move on. `S` is the kind of its span, which a command line hands on as it was written.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockStep, bound = "")]
pub(crate) struct ClockStep<S = Span> {
    #[schema(value_type = Span)]
    pub(crate) by: S,
}

/// The clock that an entry describes.
pub(super) fn build_clock(entry: &ClockEntry, real_now: Timestamp) -> Result<Clock, ValueError> {
    let mut clock = Clock::default();
    let (key, when) = match (entry.now, entry.offset) {
        (Some(_), Some(_)) => {
            return Err(ValueError::at(
                "offset",
                "a clock is set by `now` or by `offset`, not by both",
            ));
        }
        (Some(when), None) => ("now", Some(when)),
        (None, offset) => ("offset", offset),
    };
    if let Some(when) = when {
        let now = when.from(real_now);
        if now < Timestamp::EPOCH {
            return Err(ValueError::at(key, BEFORE_1970));
        }
        clock.set(now, real_now);
    }
    clock.freeze(entry.frozen, real_now);
    Ok(clock)
}

/// The entry that makes this clock again.
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
