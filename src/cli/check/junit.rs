//! The result as JUnit's XML, which CIs show: a test case for each probe.

use std::fmt::Write as _;

use crate::check::findings::{Findings, Row, Verdict};
use crate::cli::check::table;

/// The whole document.
pub(super) fn text(findings: &Findings, server: &str, date: &str) -> String {
    let failed = findings.rows.iter().filter(|row| row.verdict != Verdict::Same).count();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(
        text,
        "<testsuite name=\"sectigo-emulator check\" hostname=\"{}\" timestamp=\"{}\" tests=\"{}\" failures=\"{failed}\">",
        escaped(server),
        escaped(date),
        findings.rows.len()
    );
    for row in &findings.rows {
        case(&mut text, row);
    }
    text.push_str("</testsuite>\n");
    text
}

fn case(text: &mut String, row: &Row) {
    let _ = write!(
        text,
        "  <testcase classname=\"{}\" name=\"{}\"",
        escaped(row.probe.endpoint().name),
        escaped(row.probe.id())
    );
    if row.verdict == Verdict::Same {
        text.push_str("/>\n");
        return;
    }
    let _ = writeln!(
        text,
        ">\n    <failure message=\"{}\">emulator: {}\nserver: {}</failure>\n  </testcase>",
        escaped(&table::result(row)),
        escaped(&row.emulated.summary()),
        escaped(&row.served.summary())
    );
}

/// A text as XML writes it. What XML cannot contain becomes a question mark.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}
