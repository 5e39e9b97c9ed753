//! Which facts of the catalogue a transcript confirms, and how much of each endpoint stands on which mark.

use std::fmt::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::api::endpoints::catalogue::Fact;
use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::protocol::Mark;
use crate::api::protocol::assumption::ASSUMPTIONS;
use crate::api::protocol::code::{Code, PLACEHOLDER};
use crate::check::findings::Asked;
use crate::check::list::{Deciding, Orders, deciding, probes};
use crate::check::probe::Probe;
use crate::check::transcript::{Transcript, TranscriptError};

/// A transcript, as evidence for the facts of the catalogue.
pub(crate) struct Checked {
    transcript: Transcript,
    file: String,
}

/// What a transcript says about a fact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// The server behaved so.
    Confirmed,
    /// It behaved otherwise.
    Contradicted,
}

impl Checked {
    /// Reads a transcript.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn load(path: &Path) -> Result<Self, TranscriptError> {
        Ok(Self {
            transcript: Transcript::load(path)?,
            file: path.display().to_string(),
        })
    }

    /// What it says about a fact, as a note beside the mark.
    pub(crate) fn note(&self, endpoint: &Endpoint, fact: Fact) -> Option<String> {
        let verdict = match self.verdict(endpoint, fact)? {
            Verdict::Confirmed => "checked",
            Verdict::Contradicted => "contradicted",
        };
        let head = &self.transcript.head;
        Some(format!("{verdict} ({}, {}, {})", self.file, head.date, head.server))
    }

    fn verdict(&self, endpoint: &Endpoint, fact: Fact) -> Option<Verdict> {
        let asked = self.transcript.asked.iter();
        let evidence: Vec<_> = asked
            .filter(|asked| asked.probe.endpoint().name == endpoint.name)
            .filter_map(|asked| agrees(asked, endpoint, fact))
            .collect();
        let is_so = match fact {
            // Another code may have come first.
            Fact::Number(_) => evidence.contains(&true),
            Fact::Argument(_) | Fact::Wording(_) => !evidence.contains(&false),
        };
        (!evidence.is_empty()).then_some(match is_so {
            true => Verdict::Confirmed,
            false => Verdict::Contradicted,
        })
    }
}

/// Whether an answer agrees with a fact, if it is about it.
fn agrees(asked: &Asked, endpoint: &Endpoint, fact: Fact) -> Option<bool> {
    let (code, tells) = (asked.served.code(), asked.probe.tells());
    match fact {
        Fact::Argument(name) => (tells.argument == Some(name) && tells.code.is_some()).then(|| code == tells.code),
        Fact::Number(number) => [tells.code, code].contains(&Some(number)).then(|| code == Some(number)),
        Fact::Wording(number) => {
            let message = asked.served.message().filter(|_| code == Some(number))?;
            Some(is_worded(endpoint.code(number)?, &message))
        }
    }
}

/// Whether a message is worded as the table says.
fn is_worded(code: &Code, message: &str) -> bool {
    match code.message.split_once(PLACEHOLDER) {
        Some((before, after)) => message.starts_with(before) && message.ends_with(after),
        None => code.message == message,
    }
}

/// How much of the catalogue stands on which mark.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fidelity {
    endpoints: Vec<EndpointFidelity>,
    assumptions: Vec<AssumptionFidelity>,
}

/// How much of an endpoint stands on which mark: its arguments, the numbers of its codes and their wordings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointFidelity {
    name: &'static str,
    documented: usize,
    observed: usize,
    assumed: usize,
    checked: usize,
    contradicted: usize,
    /// What is assumed, with the probes that would settle it.
    settled_by: Vec<Unsettled>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Unsettled {
    fact: String,
    /// None where no probe can settle it.
    probes: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AssumptionFidelity {
    name: &'static str,
    probes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    never: Option<&'static str>,
}

impl Fidelity {
    /// Counts, with the evidence of a transcript if there is one.
    pub(crate) fn count(checked: Option<&Checked>) -> Self {
        let probes = probes(&Orders::ALL);
        Self {
            endpoints: ENDPOINTS
                .iter()
                .map(|endpoint| EndpointFidelity::count(endpoint, checked, &probes))
                .collect(),
            assumptions: ASSUMPTIONS
                .iter()
                .map(|row| match deciding(row.name) {
                    Deciding::By(ids) => AssumptionFidelity {
                        name: row.name,
                        probes: ids.to_vec(),
                        never: None,
                    },
                    Deciding::Never(reason) => AssumptionFidelity {
                        name: row.name,
                        probes: Vec::new(),
                        never: Some(reason),
                    },
                })
                .collect(),
        }
    }

    /// As one JSON object.
    pub(crate) fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("strings and numbers always serialize");
        format!("{text}\n")
    }
}

impl EndpointFidelity {
    fn count(endpoint: &'static Endpoint, checked: Option<&Checked>, probes: &[Probe]) -> Self {
        let mut fidelity = Self {
            name: endpoint.name,
            documented: 0,
            observed: 0,
            assumed: 0,
            checked: 0,
            contradicted: 0,
            settled_by: Vec::new(),
        };
        for (fact, mark) in facts(endpoint) {
            let verdict = checked.and_then(|checked| checked.verdict(endpoint, fact));
            match (verdict, mark) {
                (Some(Verdict::Confirmed), _) => fidelity.checked += 1,
                (Some(Verdict::Contradicted), _) => fidelity.contradicted += 1,
                (None, Mark::Documented) => fidelity.documented += 1,
                (None, Mark::Observed) => fidelity.observed += 1,
                (None, Mark::Assumed) => {
                    fidelity.assumed += 1;
                    fidelity.settled_by.push(Unsettled {
                        fact: described(fact),
                        probes: settling(endpoint, fact, probes),
                    });
                }
            }
        }
        fidelity
    }
}

/// The facts of an endpoint that have a mark.
fn facts(endpoint: &'static Endpoint) -> Vec<(Fact, Mark)> {
    let arguments = endpoint.arguments.iter();
    let arguments = arguments.map(|argument| (Fact::Argument(argument.name), argument.mark));
    let codes = endpoint.codes.iter().flat_map(|code| {
        [
            (Fact::Number(code.number), endpoint.number_mark(code)),
            (Fact::Wording(code.number), code.message_mark),
        ]
    });
    arguments.chain(codes).collect()
}

fn described(fact: Fact) -> String {
    match fact {
        Fact::Argument(name) => format!("the argument {name}"),
        Fact::Number(number) => format!("the code {number}"),
        Fact::Wording(number) => format!("the wording of {number}"),
    }
}

/// The probes of an endpoint that tell about a fact.
fn settling(endpoint: &Endpoint, fact: Fact, probes: &[Probe]) -> Vec<String> {
    let of_endpoint = probes.iter().filter(|probe| probe.endpoint().name == endpoint.name);
    let telling = of_endpoint.filter(|probe| match fact {
        Fact::Argument(name) => probe.tells().argument == Some(name) && probe.tells().code.is_some(),
        Fact::Number(number) | Fact::Wording(number) => probe.tells().code == Some(number),
    });
    telling.map(|probe| probe.id().to_owned()).collect()
}

impl fmt::Display for Fidelity {
    /// As Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "| endpoint | documented | observed | assumed | checked | contradicted |\n|---|---|---|---|---|---|\n",
        )?;
        for row in &self.endpoints {
            writeln!(
                f,
                "| `{}` | {} | {} | {} | {} | {} |",
                row.name, row.documented, row.observed, row.assumed, row.checked, row.contradicted
            )?;
        }
        f.write_str("\nEach argument, each code and each wording of a code counts as one.\n")?;
        for row in self.endpoints.iter().filter(|row| !row.settled_by.is_empty()) {
            writeln!(
                f,
                "\n## `{}`: what is assumed, and the probes that would settle it\n",
                row.name
            )?;
            for unsettled in &row.settled_by {
                writeln!(f, "- {}: {}", unsettled.fact, listed(&unsettled.probes))?;
            }
        }
        f.write_str("\n## Assumptions, and the probes that would settle them\n\n")?;
        for row in &self.assumptions {
            match row.never {
                Some(reason) => writeln!(f, "- `{}`: no call that changes nothing: {reason}", row.name)?,
                None => writeln!(f, "- `{}`: {}", row.name, listed(&row.probes))?,
            }
        }
        Ok(())
    }
}

/// The names of probes; of many, the first few.
fn listed(probes: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 3;
    let mut text = String::new();
    for (place, probe) in probes.iter().take(SHOWN).enumerate() {
        let separator = if place > 0 { ", " } else { "" };
        let _ = write!(text, "{separator}`{}`", probe.as_ref());
    }
    match probes.len() {
        0 => "no call that changes nothing".to_owned(),
        count if count > SHOWN => format!("{text} and {} more", count - SHOWN),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::protocol::code::{MISSING_ARGUMENT, NOT_POST};

    #[test]
    fn a_wording_is_that_of_the_table_around_the_name() {
        for (code, message, expected) in [
            (&MISSING_ARGUMENT, "The 'csr' argument is missing!", true),
            (&MISSING_ARGUMENT, "The `csr` argument is missing!", false),
            (&NOT_POST, "Request used GET rather than POST!", true),
            (&NOT_POST, "Request used GET", false),
        ] {
            assert_eq!(is_worded(code, message), expected, "{message}");
        }
    }

    #[test]
    fn every_fact_is_counted_once() {
        let fidelity = Fidelity::count(None);
        for (row, endpoint) in fidelity.endpoints.iter().zip(ENDPOINTS) {
            let all = endpoint.arguments.len() + 2 * endpoint.codes.len();
            assert_eq!(row.documented + row.observed + row.assumed, all, "{}", row.name);
            assert_eq!(row.assumed, row.settled_by.len());
        }
        let text = fidelity.to_string();
        assert!(text.contains("| `!autoRevokeCS` | ") && text.contains("- `spelling`: `"));
    }
}
