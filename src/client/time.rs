//! Spans of time in the units that people use.

use std::time::Duration;

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
