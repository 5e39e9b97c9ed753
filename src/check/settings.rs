//! The fixtures file that makes an emulator answer as a server did.

use std::fmt::Write as _;

use crate::api::endpoints::Endpoint;
use crate::check::findings::{Findings, Verdict, Wording};
use crate::model::Fixtures;

/// The text of the file: the assumptions that do not have their default, and the messages, also those of the fixtures that
/// the emulator had. What is not decided stands in comments.
pub(crate) fn text(findings: &Findings, fixtures: Option<&Fixtures>, server: &str, date: &str) -> String {
    let mut text = format!("# What `sectigo-emulator check` found at {server}, {date}.\n");
    text.push_str("# Put it into the fixtures of your emulator; what does not stand here needs no change.\n");
    let left: Vec<_> = findings
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::Differs)
        .map(|row| row.probe.id())
        .collect();
    if !left.is_empty() {
        text.push_str("#\n# No assumption explains what was answered to:\n");
        for id in left {
            let _ = writeln!(text, "# - {id}");
        }
    }
    for alternative in &findings.alternatives {
        for (name, value) in &alternative.others {
            let _ = writeln!(
                text,
                "# In place of {}, {name} = {} would explain the same.",
                alternative.name,
                quoted(value)
            );
        }
    }
    if !findings.open.is_empty() {
        text.push_str("#\n# Not decided:\n");
        for open in &findings.open {
            let _ = writeln!(
                text,
                "# - {} (could be {}): {}",
                open.name,
                open.others.join(" or "),
                open.why
            );
        }
    }
    text.push_str("\n[assumptions]\n");
    for (name, value) in &findings.settings {
        let _ = writeln!(text, "{name} = {}", quoted(value));
    }
    for Wording {
        endpoint,
        code,
        message,
    } in findings.messages.iter().chain(&kept(findings, fixtures))
    {
        let _ = write!(
            text,
            "\n[[messages]]\nendpoint = {}\ncode = {code}\nmessage = {}\n",
            quoted(endpoint),
            quoted(message)
        );
    }
    text
}

/// The messages of the fixtures that stay as they are.
fn kept(findings: &Findings, fixtures: Option<&Fixtures>) -> Vec<Wording> {
    let is_new = |endpoint: &str, code| {
        let mut new = findings.messages.iter();
        new.any(|new| (new.endpoint, new.code) == (endpoint, code))
    };
    let messages = fixtures.into_iter().flat_map(Fixtures::messages);
    messages
        .filter_map(|(endpoint, code, message)| Some((Endpoint::named(endpoint)?.name, code, message)))
        .filter(|(endpoint, code, _)| !is_new(endpoint, *code))
        .map(|(endpoint, code, message)| Wording {
            endpoint,
            code,
            message: message.to_owned(),
        })
        .collect()
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
