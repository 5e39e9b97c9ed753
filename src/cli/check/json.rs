//! The result for programs: one JSON object.

use serde_json::{Value, json};

use crate::check::answer::Answer;
use crate::check::findings::{Findings, Row, Verdict};

/// The whole result.
pub(super) fn text(findings: &Findings, server: &str, date: &str) -> String {
    let rows: Vec<_> = findings.rows.iter().map(row).collect();
    let messages: Vec<_> = findings
        .messages
        .iter()
        .map(|wording| json!({"endpoint": wording.endpoint, "code": wording.code, "message": wording.message}))
        .collect();
    let open: Vec<_> = findings
        .open
        .iter()
        .map(|open| json!({"assumption": open.name, "value": open.value, "couldBe": open.others, "why": open.why}))
        .collect();
    let alternatives: Vec<_> = findings
        .alternatives
        .iter()
        .map(|alternative| json!({"assumption": alternative.name, "inItsPlace": pairs(&alternative.others)}))
        .collect();
    let states: serde_json::Map<_, _> = findings
        .states
        .iter()
        .map(|(option, state)| (option.trim_start_matches('-').to_owned(), state.as_str().into()))
        .collect();
    let result = json!({
        "server": server,
        "date": date,
        "same": findings.are_none(),
        "probes": rows,
        "assumptions": pairs(&findings.assumptions),
        "messages": messages,
        "alternatives": alternatives,
        "notDecided": open,
        "orderStates": states,
        "notPermitted": findings.denied,
    });
    format!("{result}\n")
}

fn row(row: &Row) -> Value {
    json!({
        "probe": row.probe.id(),
        "class": row.probe.class().as_str(),
        "request": row.probe.request().shown(),
        "result": match row.verdict {
            Verdict::Same => "same",
            Verdict::Explained => "explained",
            Verdict::Wording => "wording",
            Verdict::Differs => "differs",
        },
        "explainedBy": pairs(&row.by),
        "emulator": answer(&row.emulated),
        "server": answer(&row.served),
    })
}

fn answer(answer: &Answer) -> Value {
    json!({
        "status": answer.status,
        "contentType": answer.content_type(),
        "body": String::from_utf8_lossy(&answer.body),
    })
}

fn pairs(pairs: &[(&'static str, &'static str)]) -> Value {
    let object: serde_json::Map<_, _> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    object.into()
}
