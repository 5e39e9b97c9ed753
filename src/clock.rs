//! Time: the only file that asks the system for it.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time, to the millisecond, in UTC.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last point that has a four-digit year, which X.509 and RFC 3339 can write.
    pub const LAST: Self = Self(253_402_300_799_999);

    /// The point so many milliseconds after 1970-01-01T00:00:00Z, or before it if negative; at most [`Self::LAST`].
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis).min(Self::LAST)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        self.0
    }

    /// The point `span` later; at most [`Self::LAST`].
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span))).min(Self::LAST)
    }

    /// The point `span` earlier.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(date_time: OffsetDateTime) -> Self {
        let millis = date_time.unix_timestamp_nanos() / 1_000_000;
        Self::from_unix_millis(i64::try_from(millis).expect("a date has at most six digits of a year"))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, or the milliseconds where the year does not fit it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|date_time| date_time.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// What a sandbox takes for the present.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {}

impl Clock {
    /// The present of this clock.
    pub fn now(self) -> Timestamp {
        Timestamp::from(system_now())
    }
}

/// Measures how long something takes, in real time.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start, in whole microseconds.
    pub fn elapsed_micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The system's time.
#[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
pub(crate) fn system_now() -> OffsetDateTime {
    SystemTime::now().into()
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_leaves_the_calendar() {
        let start = Timestamp::from_unix_millis(1_000);
        assert_eq!(start.after(Duration::from_secs(1)).to_string(), "1970-01-01T00:00:02Z");
        assert_eq!(start.after(Duration::MAX), Timestamp::LAST);
        assert_eq!(Timestamp::LAST.to_string(), "9999-12-31T23:59:59.999Z");
        assert!(start.before(Duration::MAX) < start);
        assert_eq!(start.before(Duration::from_millis(1_500)).unix_millis(), -500);
    }
}
