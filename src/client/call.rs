//! A call as the journal has it, and calls that were expected and did not come.

use std::fmt;

use serde::Deserialize;

use crate::client::time;
use crate::clock::Timestamp;

/// A call that was answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct CallInfo {
    /// Its number in the journal, rising.
    pub id: u64,
    /// When, by the sandbox's clock.
    #[serde(deserialize_with = "time::read")]
    pub time: Timestamp,
    /// When.
    #[serde(deserialize_with = "time::read")]
    pub real_time: Timestamp,
    /// The sandbox.
    pub sandbox: String,
    /// The endpoint.
    pub endpoint: String,
    /// The arguments in their order, passwords masked.
    pub arguments: Vec<ArgumentInfo>,
    /// The HTTP status.
    pub status: u16,
    /// The API's code, if it answered one.
    pub code: Option<i32>,
    /// The body of the reply.
    pub reply: String,
    /// How long the answer took to make, in microseconds.
    pub took_micros: u64,
    /// The number of the fault that it met.
    pub fault: Option<u64>,
    /// Why it was answered so.
    pub hint: String,
}

impl CallInfo {
    /// The first value of an argument, whatever the case of its name.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments
            .iter()
            .find(|argument| argument.name.eq_ignore_ascii_case(name))
            .map(|argument| &*argument.value)
    }
}

/// An argument of a call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct ArgumentInfo {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The calls that were expected did not come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NotCalled {
    pub(super) wanted: String,
    /// How many came.
    pub count: u64,
    /// How many more may have come which the journal no longer keeps.
    pub forgotten: u64,
    /// The calls that come nearest to what was expected.
    pub nearest: Vec<NearCall>,
}

impl fmt::Display for NotCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.wanted, self.count)?;
        if self.forgotten > 0 {
            write!(
                f,
                "; earlier calls that the journal no longer keeps: {}",
                self.forgotten
            )?;
        }
        for near in &self.nearest {
            write!(f, "; {near}")?;
        }
        if self.nearest.is_empty() && self.count == 0 && self.forgotten == 0 {
            f.write_str("; nothing was called at all")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotCalled {}

/// A call that is nearly what was expected.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct NearCall {
    /// The call.
    pub call: CallInfo,
    /// The fields in which it differs.
    pub differs: Vec<Difference>,
}

impl fmt::Display for NearCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, differs } = self;
        write!(f, "near it is call {} of {} at {}: ", call.id, call.endpoint, call.time)?;
        for (place, difference) in differs.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{difference}")?;
        }
        if !call.hint.is_empty() {
            write!(f, "; its hint: {}", call.hint)?;
        }
        Ok(())
    }
}

/// A field in which a call differs from what was expected.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The field.
    pub field: String,
    /// What was expected.
    pub wanted: String,
    /// What the call has, if anything.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, wanted, found } = self;
        match found {
            Some(found) => write!(f, "{field} is {found}, not {wanted}"),
            None => write!(f, "it has no {field} ({wanted} was wanted)"),
        }
    }
}
