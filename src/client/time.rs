//! Times and spans as the control API writes them.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use crate::clock::Timestamp;

/// So many days of 24 hours.
pub const fn days(count: u64) -> Duration {
    hours(count.saturating_mul(24))
}

/// So many hours.
pub const fn hours(count: u64) -> Duration {
    minutes(count.saturating_mul(60))
}

/// So many minutes.
pub const fn minutes(count: u64) -> Duration {
    seconds(count.saturating_mul(60))
}

/// So many seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A span: `30d`, `90m`; to the millisecond, as the clock has it.
pub(super) fn span(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    // No clock goes on for longer.
    const MOST: Duration = days(3_650_000);
    let millis = u64::try_from(span.min(MOST).as_millis()).unwrap_or(u64::MAX);
    UNITS
        .iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit) && millis > 0)
        .map_or_else(
            || format!("{millis}ms"),
            |(unit, name)| format!("{}{name}", millis / unit),
        )
}

/// So long after the sandbox's present: `+30d`.
pub(super) fn from_now(after: Duration) -> String {
    format!("+{}", span(after))
}

/// So long before the sandbox's present: `-30d`.
pub(super) fn ago(before: Duration) -> String {
    format!("-{}", span(before))
}

/// Reads a time of an answer.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// Reads a time of an answer that may be left out.
pub(super) fn read_some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    read(deserializer).map(Some)
}

/// Reads a span of an answer.
pub(super) fn read_span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    humantime::parse_duration(&String::deserialize(deserializer)?)
        .map_err(|_| D::Error::custom("a span that is not written as 30d"))
}

/// Reads a span of an answer that may be left out.
pub(super) fn read_some_span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    read_span(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_they_are_read() {
        for (given, expected) in [
            (days(400), "400d"),
            (minutes(90), "90m"),
            (minutes(10), "10m"),
            (Duration::from_millis(500), "500ms"),
            (Duration::ZERO, "0ms"),
        ] {
            let written = span(given);
            assert_eq!(written, expected);
            assert_eq!(humantime::parse_duration(&written).ok(), Some(given));
        }
        assert_eq!((from_now(hours(2)), ago(days(3))), ("+2h".to_owned(), "-3d".to_owned()));
        assert!(humantime::parse_duration(&span(days(u64::MAX))).is_ok());
    }
}
