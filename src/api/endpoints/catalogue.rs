//! The catalogue: every table of the program, as JSON and as Markdown. The tables of `docs/endpoints.md` are made here.

use std::fmt::Write as _;

use serde::Serialize;

use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::protocol::Mark;
use crate::api::protocol::argument::Argument;
use crate::api::protocol::assumption::{ASSUMPTIONS, Assumption};
use crate::api::protocol::code::Code;

/// A fact of the catalogue that has a mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fact {
    /// The rule of an argument.
    Argument(&'static str),
    /// That a code is returned.
    Number(i32),
    /// How the message of a code is worded.
    Wording(i32),
}

/// What is known of a fact beside its mark, in a few words.
pub(crate) type Note<'n> = &'n dyn Fn(&Endpoint, Fact) -> Option<String>;

/// Nothing beside the marks.
const NO_NOTE: Note<'static> = &|_, _| None;

/// A mark, and what is known beside it.
fn noted(mark: Mark, endpoint: &Endpoint, fact: Fact, note: Note<'_>) -> String {
    match note(endpoint, fact) {
        Some(note) => format!("{mark}, {note}"),
        None => mark.to_string(),
    }
}

/// All tables as one JSON object, in camelCase.
pub fn json() -> String {
    json_with(NO_NOTE)
}

/// All tables as one JSON object, with notes beside the marks.
pub(crate) fn json_with(note: Note<'_>) -> String {
    let catalogue = Catalogue {
        endpoints: ENDPOINTS
            .iter()
            .map(|endpoint| EndpointEntry::new(endpoint, note))
            .collect(),
        assumptions: ASSUMPTIONS.iter().map(AssumptionEntry::from).collect(),
    };
    serde_json::to_string_pretty(&catalogue).expect("strings and numbers always serialize")
}

/// All tables as Markdown.
pub fn markdown() -> String {
    markdown_with(NO_NOTE)
}

/// All tables as Markdown, with notes beside the marks.
pub(crate) fn markdown_with(note: Note<'_>) -> String {
    let mut text = String::new();
    for endpoint in ENDPOINTS {
        let _ = write!(
            text,
            "## `{}`\n\n{}\n\n{}\n{}\n",
            endpoint.name,
            endpoint.summary,
            arguments_with(endpoint, note),
            codes_with(endpoint, note)
        );
    }
    let _ = write!(text, "## Assumptions\n\n{}", assumptions());
    text
}

/// The arguments of an endpoint as a Markdown table.
pub fn arguments(endpoint: &Endpoint) -> String {
    arguments_with(endpoint, NO_NOTE)
}

fn arguments_with(endpoint: &Endpoint, note: Note<'_>) -> String {
    table(
        &[
            "argument",
            "need",
            "type",
            "max chars",
            "values, default in bold",
            "known",
            "what it is",
        ],
        endpoint.arguments.iter().map(|argument| {
            let default = argument.default;
            vec![
                format!("`{}`", argument.name),
                argument.need.as_str().to_owned(),
                argument.kind.as_str().to_owned(),
                argument.max.map_or_else(String::new, |max| max.to_string()),
                values(argument.choices, default),
                noted(argument.mark, endpoint, Fact::Argument(argument.name), note),
                argument.doc.to_owned(),
            ]
        }),
    )
}

/// The codes of an endpoint as a Markdown table.
pub fn codes(endpoint: &Endpoint) -> String {
    codes_with(endpoint, NO_NOTE)
}

fn codes_with(endpoint: &Endpoint, note: Note<'_>) -> String {
    table(
        &["code", "message", "when", "number known", "wording known"],
        endpoint.codes.iter().map(|code| {
            vec![
                code.number.to_string(),
                code.message.to_owned(),
                code.meaning.to_owned(),
                noted(endpoint.number_mark(code), endpoint, Fact::Number(code.number), note),
                noted(code.message_mark, endpoint, Fact::Wording(code.number), note),
            ]
        }),
    )
}

/// The assumptions as a Markdown table.
pub fn assumptions() -> String {
    table(
        &["assumption", "values, default in bold", "why that default"],
        ASSUMPTIONS.iter().map(|row| {
            vec![
                format!("`{}`", row.name),
                values(row.values, row.values.first().copied()),
                row.reason.to_owned(),
            ]
        }),
    )
}

fn values(choices: &[&str], default: Option<&str>) -> String {
    let written: Vec<_> = choices
        .iter()
        .map(|choice| {
            if Some(*choice) == default {
                format!("**`{choice}`**")
            } else {
                format!("`{choice}`")
            }
        })
        .collect();
    written.join(", ")
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

#[derive(Serialize)]
struct Catalogue {
    endpoints: Vec<EndpointEntry>,
    assumptions: Vec<AssumptionEntry>,
}

#[derive(Serialize)]
struct EndpointEntry {
    name: &'static str,
    path: String,
    summary: &'static str,
    arguments: Vec<ArgumentEntry>,
    codes: Vec<CodeEntry>,
    example: Vec<[&'static str; 2]>,
}

impl EndpointEntry {
    fn new(endpoint: &Endpoint, note: Note<'_>) -> Self {
        Self {
            name: endpoint.name,
            path: format!("/products/{}", endpoint.name),
            summary: endpoint.summary,
            arguments: endpoint
                .arguments
                .iter()
                .map(|argument| ArgumentEntry {
                    mark: noted(argument.mark, endpoint, Fact::Argument(argument.name), note),
                    ..argument.into()
                })
                .collect(),
            codes: endpoint
                .codes
                .iter()
                .map(|code| CodeEntry {
                    number_mark: noted(endpoint.number_mark(code), endpoint, Fact::Number(code.number), note),
                    message_mark: noted(code.message_mark, endpoint, Fact::Wording(code.number), note),
                    ..CodeEntry::from(*code)
                })
                .collect(),
            example: endpoint.example.iter().map(|(name, value)| [*name, *value]).collect(),
        }
    }
}

#[derive(Serialize)]
struct ArgumentEntry {
    name: &'static str,
    need: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    choices: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    mark: String,
    doc: &'static str,
}

impl From<&Argument> for ArgumentEntry {
    fn from(argument: &Argument) -> Self {
        Self {
            name: argument.name,
            need: argument.need.as_str(),
            kind: argument.kind.as_str(),
            max: argument.max,
            choices: argument.choices,
            default: argument.default,
            mark: argument.mark.to_string(),
            doc: argument.doc,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeEntry {
    code: i32,
    message: &'static str,
    meaning: &'static str,
    number_mark: String,
    message_mark: String,
}

impl From<&Code> for CodeEntry {
    fn from(code: &Code) -> Self {
        Self {
            code: code.number,
            message: code.message,
            meaning: code.meaning,
            number_mark: code.number_mark.to_string(),
            message_mark: code.message_mark.to_string(),
        }
    }
}

#[derive(Serialize)]
struct AssumptionEntry {
    name: &'static str,
    values: &'static [&'static str],
    default: &'static str,
    reason: &'static str,
}

impl From<&Assumption> for AssumptionEntry {
    fn from(row: &Assumption) -> Self {
        Self {
            name: row.name,
            values: row.values,
            default: row.values[0],
            reason: row.reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        for endpoint in ENDPOINTS {
            for (place, argument) in endpoint.arguments.iter().enumerate() {
                let name = argument.name;
                assert!(!argument.doc.is_empty(), "{name}");
                assert!(
                    endpoint.arguments[..place]
                        .iter()
                        .all(|other| !other.name.eq_ignore_ascii_case(name)),
                    "{name} twice"
                );
                assert!(
                    argument.choices.is_empty()
                        || argument.default.is_none_or(|value| argument.choices.contains(&value)),
                    "{name}'s default is no choice"
                );
            }
            let numbers: Vec<_> = endpoint.codes.iter().map(|code| code.number).collect();
            assert!(numbers.is_sorted_by(|one, next| one > next), "{numbers:?}");
            for (name, _) in endpoint.example {
                assert!(
                    endpoint
                        .arguments
                        .iter()
                        .any(|argument| argument.name.eq_ignore_ascii_case(name)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn json_and_markdown_name_every_row() {
        let (json, markdown) = (json(), markdown());
        for endpoint in ENDPOINTS {
            for argument in endpoint.arguments {
                assert!(json.contains(argument.name) && markdown.contains(&format!("| `{}` |", argument.name)));
            }
            for code in endpoint.codes {
                assert!(
                    json.contains(code.message)
                        && markdown.contains(&format!("| {} | {} |", code.number, code.message))
                );
            }
        }
    }
}
