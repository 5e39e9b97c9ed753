//! What was asked of a server, and what came of comparing an emulator with its answers.

use std::sync::Arc;

use crate::check::answer::Answer;
use crate::check::probe::Probe;
use crate::model::State;

/// A probe, and what the server answered to it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The probe.
    pub(crate) probe: Probe,
    /// The server's answer.
    pub(crate) served: Answer,
}

/// What came of a comparison.
#[derive(Debug)]
pub(crate) struct Findings {
    /// One for each probe that was asked.
    pub(crate) rows: Vec<Row>,
    /// The assumptions that must change, each with the value under which the emulator answers as the server.
    pub(crate) assumptions: Vec<(&'static str, &'static str)>,
    /// The assumptions under which the emulator answers as the server, without those that have their default.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    /// The messages that must be worded in another way.
    pub(crate) messages: Vec<Wording>,
    /// Those of them in whose place another one would explain the same.
    pub(crate) alternatives: Vec<Alternative>,
    /// The assumptions that these probes did not decide.
    pub(crate) open: Vec<Open>,
    /// The states that the user's orders were taken to be in, by the server's answers.
    pub(crate) states: Vec<(&'static str, State)>,
    /// The endpoints that the user's account may not use, by the server's answers.
    pub(crate) denied: Vec<&'static str>,
}

impl Findings {
    /// Whether every answer was the same.
    pub(crate) fn are_none(&self) -> bool {
        self.rows.iter().all(|row| row.verdict == Verdict::Same)
    }
}

/// Assumptions that explain a difference, each with its value.
pub(crate) type Explanation = Vec<(&'static str, &'static str)>;

/// A probe, and how the answers to it compare.
#[derive(Debug)]
pub(crate) struct Row {
    /// The probe.
    pub(crate) probe: Probe,
    /// The emulator's answer, before any assumption was changed.
    pub(crate) emulated: Arc<Answer>,
    /// The server's answer.
    pub(crate) served: Answer,
    /// How they compare.
    pub(crate) verdict: Verdict,
    /// The assumptions that explain the difference, or a part of it.
    pub(crate) by: Explanation,
}

/// How two answers compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// They are the same.
    Same,
    /// They are under other assumptions.
    Explained,
    /// Only the message is worded in another way, perhaps under other assumptions.
    Wording,
    /// They differ, and no assumption explains it.
    Differs,
}

/// A message that the server words in another way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wording {
    /// The endpoint.
    pub(crate) endpoint: &'static str,
    /// The code.
    pub(crate) code: i32,
    /// The server's wording, with `xxxx` in place of a name.
    pub(crate) message: String,
}

/// An assumption that was changed, and what would explain the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Alternative {
    /// Its name.
    pub(crate) name: &'static str,
    /// What could be changed in its place, each by itself.
    pub(crate) others: Explanation,
}

/// An assumption that was not decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    /// Its name.
    pub(crate) name: &'static str,
    /// The value that it has.
    pub(crate) value: &'static str,
    /// The values that it could have as well.
    pub(crate) others: Vec<&'static str>,
    /// Why, and what would decide it.
    pub(crate) why: String,
}
