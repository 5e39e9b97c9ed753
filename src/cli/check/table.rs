//! The result for people: a table, and what follows from it.

use std::fmt::Write as _;

use crate::api::protocol::code::INVALID_ARGUMENT;
use crate::check::answer::Answer;
use crate::check::findings::{Findings, Row, Verdict};
use crate::check::probe::Class;

/// The most characters of an answer in the table.
const ANSWER: usize = 48;

/// The table, one row for each probe, and the conclusions below it.
pub(super) fn text(findings: &Findings) -> String {
    let head = ["probe", "class", "emulator", "server", "result"].map(str::to_owned);
    let rows: Vec<_> = findings.rows.iter().map(cells).collect();
    let mut widths = [0; 5];
    for row in std::iter::once(&head).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for (option, kind) in [
        ("--smime-order", "S/MIME order"),
        ("--code-signing-order", "code-signing order"),
    ] {
        if is_unknown(findings, option) {
            let _ = writeln!(
                text,
                "The server answers {INVALID} for the order of {option}: it does not exist there, belongs to another account, \
                 or is no {kind}.\n",
                INVALID = INVALID_ARGUMENT.number
            );
        }
    }
    for row in std::iter::once(&head).chain(&rows) {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    conclude(&mut text, findings);
    text
}

/// Whether the server does not know the order of that option, which the emulator has.
fn is_unknown(findings: &Findings, option: &str) -> bool {
    let is_invalid = |answer: &Answer| answer.code() == Some(INVALID_ARGUMENT.number);
    let is_of_order = |row: &&Row| {
        let subject = row.probe.subject();
        row.probe.class() != Class::Inert && subject.is_some_and(|subject| subject.options() == option)
    };
    let mut of_order = findings.rows.iter().filter(is_of_order).peekable();
    // Where any of its calls gets something else, that code is about another argument.
    of_order.peek().is_some() && of_order.all(|row| is_invalid(&row.served) && !is_invalid(&row.emulated))
}

fn cells(row: &Row) -> [String; 5] {
    [
        row.probe.id().to_owned(),
        row.probe.class().to_string(),
        short(&row.emulated.summary()),
        match row.verdict {
            Verdict::Same => "the same".to_owned(),
            Verdict::Explained | Verdict::Wording | Verdict::Differs => short(&row.served.summary()),
        },
        result(row),
    ]
}

/// How the answers compare, in words.
pub(super) fn result(row: &Row) -> String {
    let by: Vec<_> = row.by.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let by = by.join(", ");
    match (row.verdict, by.is_empty()) {
        (Verdict::Same, _) => "same".to_owned(),
        (Verdict::Explained, true) => "explained by several assumptions together".to_owned(),
        (Verdict::Explained, false) => format!("explained by assumption {by}"),
        (Verdict::Wording, true) => "wording differs".to_owned(),
        (Verdict::Wording, false) => format!("wording differs; the rest is explained by assumption {by}"),
        (Verdict::Differs, _) => "differs".to_owned(),
    }
}

fn conclude(text: &mut String, findings: &Findings) {
    let count = |verdict| findings.rows.iter().filter(|row| row.verdict == verdict).count();
    let _ = writeln!(
        text,
        "\n{} probes: {} same, {} explained by assumptions, {} worded differently, {} differ",
        findings.rows.len(),
        count(Verdict::Same),
        count(Verdict::Explained),
        count(Verdict::Wording),
        count(Verdict::Differs)
    );
    for (option, state) in &findings.states {
        let _ = writeln!(text, "the order of {option} was taken to be {state}");
    }
    for endpoint in &findings.denied {
        let _ = writeln!(text, "the account may not use {endpoint}");
    }
    for (name, value) in &findings.assumptions {
        let _ = writeln!(text, "assumption {name}={value}");
    }
    for alternative in &findings.alternatives {
        let others: Vec<_> = alternative
            .others
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let _ = writeln!(
            text,
            "in place of {}, {} would explain the same: these probes cannot tell",
            alternative.name,
            others.join(" or ")
        );
    }
    for wording in &findings.messages {
        let _ = writeln!(
            text,
            "message {} {}: {}",
            wording.endpoint,
            wording.code,
            printable(&wording.message)
        );
    }
    for open in &findings.open {
        let others = open.others.join(" or ");
        let _ = writeln!(
            text,
            "not decided: {}={} could be {others}; {}",
            open.name, open.value, open.why
        );
    }
}

fn short(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(ANSWER) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A text of the server, without what could control a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
