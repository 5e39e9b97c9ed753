//! Fixtures files: where their errors are, and the snapshots of what they describe.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::model::fixtures::File;
use crate::model::{Built, Fixtures, FixturesError, Snapshot, Start};
use crate::random::Random;

/// Orders that fixtures may have here.
const MAX_ORDERS: usize = 64;

/// When the sandboxes start here.
const NOW: i64 = 1_800_000_000_000;

/// Any text is read as fixtures or refused with an error whose place lies in the text, the same each time.
pub fn fixtures(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let outcome = read_and_build(&text, Timestamp::from_unix_millis(NOW));
    if let Err(error) = &outcome {
        assert_place(error, &text);
    }
    let again = read_and_build(&text, Timestamp::from_unix_millis(NOW));
    assert_eq!(outcome.map(|_| ()), again.map(|_| ()));
}

/// Whatever sandbox fixtures describe, and however long it ran: its snapshot is read, and describes a sandbox with the
/// same snapshot.
pub fn snapshot(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let start = Timestamp::from_unix_millis(NOW);
    let Ok(built) = read_and_build(&text, start) else {
        return;
    };
    for days in [0, 40, 4000] {
        let now = start.after(Duration::from_secs(days * 24 * 60 * 60));
        let text = describe(&built, now);
        let from_text = read_and_build(&text, now).unwrap_or_else(|error| panic!("after {days} days: {error}\n{text}"));
        assert_eq!(describe(&from_text, now), text);
        // The control API takes a snapshot without its text.
        let file: File = serde_json::from_str(&text).expect("it was just read");
        let from_file = build(&Fixtures::from(file), now).expect("it is the same as the text");
        assert_eq!(describe(&from_file, now), text);
    }
}

fn read_and_build(text: &str, now: Timestamp) -> Result<Built, FixturesError> {
    build(&Fixtures::parse(text)?, now)
}

fn build(fixtures: &Fixtures, real_now: Timestamp) -> Result<Built, FixturesError> {
    let start = Start {
        real_now,
        issuance_delay: Duration::from_secs(60),
        max_orders: MAX_ORDERS,
    };
    fixtures.build(&start, &mut Random::from_seed(1))
}

/// The text of the snapshot.
fn describe(built: &Built, real_now: Timestamp) -> String {
    let snapshot = Snapshot::new(built.world.clone(), built.clock, &built.faults, real_now);
    serde_json::to_string_pretty(&snapshot).expect("strings and numbers always serialize")
}

#[track_caller]
fn assert_place(error: &FixturesError, text: &str) {
    // A byte order mark in front is not part of what is read.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    assert!(!error.message.is_empty());
    let line = error.line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
    let line = line.unwrap_or_else(|| panic!("the text has no such line: {error}"));
    // The end of a line is a place, too.
    let columns = 1..=line.chars().count() + 1;
    assert!(columns.contains(&error.column), "{line:?} has no such column: {error}");
}
