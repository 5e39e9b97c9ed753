//! The lines of the log, from what was taken down of their events.

use std::io::Write as _;

use time::OffsetDateTime;
use tracing::Level;

use crate::log::LogFormat;
use crate::log::record::{Read, Record};

/// Writes lines in one format.
#[derive(Debug)]
pub(super) struct LineWriter {
    format: LogFormat,
    coloured: bool,
    /// The second of the last line, and how it is written: most lines come in the same second as the one before.
    second: (u64, String),
}

impl LineWriter {
    /// A writer of that format; `coloured` is of text alone.
    pub(super) fn new(format: LogFormat, coloured: bool) -> Self {
        Self {
            format,
            coloured,
            second: (u64::MAX, String::new()),
        }
    }

    /// Adds the line of an event.
    pub(super) fn push(&mut self, lines: &mut Vec<u8>, record: &Record<'_>) {
        match self.format {
            LogFormat::Text => self.push_text(lines, record),
            LogFormat::Json => self.push_json(lines, record),
        }
        lines.push(b'\n');
    }

    /// Adds the line that tells how many lines are missing here.
    pub(super) fn push_dropped(&self, lines: &mut Vec<u8>, count: u64) {
        let line = match self.format {
            LogFormat::Text => format!("{count} lines of the log were dropped here: nobody read them\n"),
            LogFormat::Json => format!("{{\"level\":\"WARN\",\"droppedLines\":{count}}}\n"),
        };
        lines.extend_from_slice(line.as_bytes());
    }

    /// `2026-01-31T12:00:00.000000Z  INFO target: message name=value`.
    fn push_text(&mut self, lines: &mut Vec<u8>, record: &Record<'_>) {
        self.styled(lines, DIMMED, |line, writer| writer.push_time(line, record.unix_micros));
        lines.push(b' ');
        let level = *record.metadata.level();
        self.styled(lines, colour(level), |line, _| {
            line.extend_from_slice(padded(level).as_bytes());
        });
        lines.push(b' ');
        self.styled(lines, DIMMED, |line, _| {
            line.extend_from_slice(record.metadata.target().as_bytes());
        });
        self.styled(lines, DIMMED, |line, _| line.push(b':'));
        for (name, value) in record.fields() {
            lines.push(b' ');
            if name != MESSAGE {
                lines.extend_from_slice(name.as_bytes());
                lines.push(b'=');
            }
            match value {
                Read::Text(text) => push_quoted(lines, text),
                Read::Shown(text) => lines.extend_from_slice(text.as_bytes()),
                number_or_bool => push_json_value(lines, &number_or_bool),
            }
        }
    }

    /// `{"timestamp":"...","level":"INFO","name":value,"target":"..."}`.
    fn push_json(&mut self, lines: &mut Vec<u8>, record: &Record<'_>) {
        lines.extend_from_slice(b"{\"timestamp\":\"");
        self.push_time(lines, record.unix_micros);
        let _ = write!(lines, "\",\"level\":\"{}\"", record.metadata.level().as_str());
        for (name, value) in record.fields() {
            lines.push(b',');
            push_json_value(lines, &Read::Text(name));
            lines.push(b':');
            push_json_value(lines, &value);
        }
        lines.extend_from_slice(b",\"target\":");
        push_json_value(lines, &Read::Text(record.metadata.target()));
        lines.push(b'}');
    }

    /// A time as RFC 3339 writes it, to the microsecond.
    fn push_time(&mut self, line: &mut Vec<u8>, unix_micros: u64) {
        let (second, micros) = (unix_micros / 1_000_000, unix_micros % 1_000_000);
        if self.second.0 != second {
            self.second = (second, written(second));
        }
        line.extend_from_slice(self.second.1.as_bytes());
        let mut fraction = *b".000000Z";
        let mut rest = micros;
        for digit in fraction[1..=6].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        line.extend_from_slice(&fraction);
    }

    fn styled(&mut self, line: &mut Vec<u8>, style: &str, text: impl FnOnce(&mut Vec<u8>, &mut Self)) {
        if !self.coloured {
            return text(line, self);
        }
        line.extend_from_slice(style.as_bytes());
        text(line, self);
        line.extend_from_slice(PLAIN.as_bytes());
    }
}

/// The name of the field that is a sentence and stands without its name.
const MESSAGE: &str = "message";

/// What terminals take for a change of style (ECMA-48, section 8.3.117).
const DIMMED: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// The name of a level, as wide as the widest.
fn padded(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => " WARN",
        Level::INFO => " INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

/// `2026-01-31T12:00:00`.
fn written(unix_seconds: u64) -> String {
    let at = i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}")
}

/// A text in quotes, with escapes for what would end them or is no letter.
fn push_quoted(line: &mut Vec<u8>, text: &str) {
    let is_plain = |byte| matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\');
    // Not `all`: what never stops early is done for many bytes at a time.
    if text.bytes().fold(true, |are_plain, byte| are_plain & is_plain(byte)) {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
    } else {
        let _ = write!(line, "{text:?}");
    }
}

/// A value as JSON writes it. Writing to memory does not fail.
fn push_json_value(line: &mut Vec<u8>, value: &Read<'_>) {
    let _ = match value {
        Read::Unsigned(number) => serde_json::to_writer(line, number),
        Read::Signed(number) => serde_json::to_writer(line, number),
        Read::Float(number) => serde_json::to_writer(line, number),
        Read::Bool(is_so) => serde_json::to_writer(line, is_so),
        Read::Text(text) | Read::Shown(text) => serde_json::to_writer(line, text),
    };
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tracing::subscriber::with_default;
    use tracing::{Event, Subscriber, error, info};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

    use super::*;
    use crate::log::record::Records;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Records>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(event);
        }
    }

    /// The lines of what is logged, from behind their times.
    fn lines(format: LogFormat, coloured: bool, log: impl FnOnce()) -> Vec<String> {
        let kept = Kept::default();
        with_default(tracing_subscriber::registry().with(kept.clone()), log);
        let mut writer = LineWriter::new(format, coloured);
        let mut written = Vec::new();
        for record in kept.0.lock().unwrap().iter() {
            writer.push(&mut written, &record);
        }
        let written = String::from_utf8(written).unwrap();
        written.lines().map(str::to_owned).collect()
    }

    fn log_three() {
        info!(target: "a::call", login = "jane", order = Some(7_u64), code = None::<i32>, hint = "say \"no\"\n");
        error!(target: "a", error = %"it is gone", at = ?[1], "cannot go on");
        info!(target: "a", code = -3_i32, share = 0.5, is_so = true, name = "é");
    }

    #[test]
    fn text() {
        let lines = lines(LogFormat::Text, false, log_three);
        let ends: Vec<_> = lines
            .iter()
            .map(|line| &line["2026-01-31T12:00:00.000000Z".len()..])
            .collect();
        assert_eq!(
            ends,
            [
                r#"  INFO a::call: login="jane" order=7 hint="say \"no\"\n""#,
                " ERROR a: cannot go on error=it is gone at=[1]",
                r#"  INFO a: code=-3 share=0.5 is_so=true name="é""#,
            ]
        );
        assert!(lines.iter().all(|line| line.as_bytes()[26] == b'Z'));
    }

    #[test]
    fn colours() {
        let lines = lines(LogFormat::Text, true, || info!(target: "a", "there"));
        let (time, rest) = lines[0].split_once("Z\x1b[0m ").unwrap();
        assert!(time.starts_with("\x1b[2m"));
        assert_eq!(rest, "\x1b[32m INFO\x1b[0m \x1b[2ma\x1b[0m\x1b[2m:\x1b[0m there");
    }

    #[test]
    fn json() {
        let lines = lines(LogFormat::Json, false, log_three);
        let objects: Vec<serde_json::Value> = lines
            .iter()
            .map(|line| {
                let mut object: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(object["timestamp"].take().as_str().unwrap().ends_with('Z'));
                object
            })
            .collect();
        assert_eq!(
            objects,
            [
                json!({"timestamp": null, "level": "INFO", "login": "jane", "order": 7, "hint": "say \"no\"\n", "target": "a::call"}),
                json!({"timestamp": null, "level": "ERROR", "message": "cannot go on", "error": "it is gone", "at": "[1]", "target": "a"}),
                json!({"timestamp": null, "level": "INFO", "code": -3, "share": 0.5, "is_so": true, "name": "é", "target": "a"}),
            ]
        );
    }

    #[test]
    fn seconds() {
        assert_eq!(written(784_111_777), "1994-11-06T08:49:37");
        assert_eq!(written(0), "1970-01-01T00:00:00");
    }
}
