//! Time. No other file asks the system what time it is; waits are measured by tokio's own clock.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time, to the millisecond, in UTC.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

/// A text that is not a point in time.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is no time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z")]
pub struct ParseTimestampError {
    /// The text, or its beginning.
    pub text: String,
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The last point that has a four-digit year, which X.509 and RFC 3339 can write.
    pub const LAST: Self = Self(253_402_300_799_999);

    /// The first point that RFC 3339 can write.
    pub const FIRST: Self = Self(-62_167_219_200_000);

    /// The point that many milliseconds after 1970-01-01T00:00:00Z, or before it if negative; limited to
    /// [`Self::FIRST`] and [`Self::LAST`].
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis).clamp(Self::FIRST, Self::LAST)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        self.0
    }

    /// The point `span` later; at most [`Self::LAST`].
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span))).min(Self::LAST)
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// The point `span` earlier; at least [`Self::FIRST`].
    pub fn before(self, span: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_sub(millis(span)))
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Reads RFC 3339 with any offset; digits beyond milliseconds are ignored.
    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        match OffsetDateTime::parse(text, &Rfc3339) {
            Ok(date_time) => Ok(date_time.into()),
            Err(_) => Err(ParseTimestampError {
                text: text.chars().take(64).collect(),
            }),
        }
    }
}

impl From<SystemTime> for Timestamp {
    /// To the millisecond, and from [`Self::FIRST`] to [`Self::LAST`].
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::EPOCH.after(after),
            Err(error) => Self::EPOCH.before(error.duration()),
        }
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(date_time: OffsetDateTime) -> Self {
        let millis = date_time.unix_timestamp_nanos() / 1_000_000;
        Self::from_unix_millis(i64::try_from(millis).expect("a date has at most six digits of a year"))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(at: Timestamp) -> Self {
        Self::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).expect("a timestamp's year has four digits")
    }
}

impl fmt::Debug for Timestamp {
    /// Like `Display`, as a number of milliseconds would not be readable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, or the milliseconds if the year does not fit.
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

/// The clock of a sandbox: it runs with an offset to the system's time, or is frozen at a point in time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Clock {
    offset_millis: i64,
    frozen_at: Option<Timestamp>,
}

impl Clock {
    /// The time of this clock when the system's time is `real_now`.
    pub(crate) fn now(&self, real_now: Timestamp) -> Timestamp {
        self.frozen_at
            .unwrap_or_else(|| Timestamp::from_unix_millis(real_now.0.saturating_add(self.offset_millis)))
    }

    /// Whether it is frozen.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }

    /// How far it is ahead of the system's time, in milliseconds, if it is not frozen; negative if it is behind.
    pub(crate) fn offset_millis(&self) -> i64 {
        self.offset_millis
    }

    /// Sets the time. A frozen clock stays frozen, at this time.
    pub(crate) fn set(&mut self, now: Timestamp, real_now: Timestamp) {
        self.offset_millis = now.0.saturating_sub(real_now.0);
        self.frozen_at = self.frozen_at.map(|_| now);
    }

    /// Freezes it at its present time, or lets it run from there.
    pub(crate) fn freeze(&mut self, frozen: bool, real_now: Timestamp) {
        let now = self.now(real_now);
        self.frozen_at = frozen.then_some(now);
        self.offset_millis = now.0.saturating_sub(real_now.0);
    }

    /// Advances it by a duration.
    pub(crate) fn advance(&mut self, by: Duration, real_now: Timestamp) {
        self.set(self.now(real_now).after(by), real_now);
    }
}

/// The system's time.
#[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// The system's time in microseconds since 1970-01-01T00:00:00Z; 0 before that.
#[cfg(feature = "cli")]
#[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
pub(crate) fn real_now_micros() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Measures how long something takes, in real time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start, in whole microseconds.
    pub(crate) fn elapsed_micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The system's time, as certificates are made with it.
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
    fn a_clock_is_set_frozen_and_moved() {
        let real = |seconds: i64| Timestamp::from_unix_millis(seconds * 1000);
        let mut clock = Clock::default();
        assert_eq!(clock.now(real(5)), real(5));
        clock.advance(Duration::from_secs(100), real(5));
        assert_eq!(clock.now(real(6)), real(106));
        clock.freeze(true, real(6));
        assert_eq!(clock.now(real(60)), real(106));
        clock.advance(Duration::from_secs(10), real(60));
        assert_eq!(clock.now(real(70)), real(116));
        clock.freeze(false, real(70));
        assert_eq!(clock.now(real(71)), real(117));
        clock.set(real(3), real(71));
        assert_eq!(clock.now(real(72)), real(4));
    }

    #[test]
    fn a_timestamp_is_read_and_told_as_people_write_it() {
        let time: Timestamp = "2026-01-31T13:00:00.1239+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T12:00:00.123Z");
        assert_eq!(format!("{time:?}"), "Timestamp(2026-01-31T12:00:00.123Z)");
        assert_eq!(time.to_string().parse(), Ok(time));
        for text in ["", "yesterday", "2026-01-31", "2026-01-31T12:00:00", "-30d"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.text, text);
            assert!(error.to_string().contains("2026-01-31T12:00:00Z"), "{error}");
        }
        let since = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(Timestamp::from(since(1_500)).unix_millis(), 1_500);
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
        assert_eq!(Timestamp::from(before).unix_millis(), -1_500);
        assert_eq!(Timestamp::from(since(u64::MAX)), Timestamp::LAST);
    }

    #[test]
    fn no_step_leaves_the_calendar() {
        let start = Timestamp::from_unix_millis(1_000);
        assert_eq!(start.after(Duration::from_secs(1)).to_string(), "1970-01-01T00:00:02Z");
        assert_eq!(start.after(Duration::MAX), Timestamp::LAST);
        assert_eq!(Timestamp::LAST.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(start.before(Duration::MAX), Timestamp::FIRST);
        assert_eq!(Timestamp::FIRST.to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(start.before(Duration::from_millis(1_500)).unix_millis(), -500);
    }
}
