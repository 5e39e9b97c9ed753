//! What can go wrong between the client and the emulator.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::model::call::NearCall;
use crate::model::when::Span;
use crate::model::{State, Timestamp};

/// Why the emulator did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The URL of the control listener is not valid.
    #[error("`{url}` is no URL of a control listener: {why}")]
    Url {
        /// The URL that was given.
        url: String,
        /// What is taken.
        why: String,
    },
    /// Nothing answers there.
    #[error("nothing answers at {url}: {source}")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// What the system said.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("no answer came from {url} within {patience:?}")]
    Timeout {
        /// Where it was asked.
        url: String,
        /// How long it had.
        patience: Duration,
    },
    /// The emulator refuses; it says why.
    #[error("{}{detail} (HTTP status {status} {title})", before(.field.as_deref()))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the status means.
        title: String,
        /// What was wrong, and what is taken.
        detail: String,
        /// The field that was wrong, such as `then.code`.
        field: Option<String>,
    },
    /// Something answers there, but not as an emulator does.
    #[error("what answers at {url} is no emulator's control listener, or another version's: {what}")]
    Unexpected {
        /// Where it was asked.
        url: String,
        /// What was not expected.
        what: String,
    },
    /// The connection was cut in the middle of an answer.
    #[error("the emulator at {url} ended, or the connection to it was cut: {what}")]
    CutOff {
        /// Where it was asked.
        url: String,
        /// How that showed.
        what: String,
    },
    /// The calls that were expected did not come.
    #[error(transparent)]
    NotCalled(NotCalled),
    /// An order did not come into the state that was waited for.
    #[error("order {number} is {found} after {}, not {expected}{}", Span(*within), at(*due))]
    NotReached {
        /// The order.
        number: u64,
        /// The state that was waited for.
        expected: State,
        /// The state that it is in.
        found: State,
        /// How long was waited.
        within: Duration,
        /// When it is issued, by the sandbox's clock, if it is being issued and that has an end.
        due: Option<Timestamp>,
    },
    /// An order is in a state that it does not leave, and not in the one that was waited for.
    #[error("order {number} is {found} and stays so: it does not become {expected}")]
    NeverReached {
        /// The order.
        number: u64,
        /// The state that was waited for.
        expected: State,
        /// The state that it is in.
        found: State,
    },
}

fn at(due: Option<Timestamp>) -> String {
    due.map(|due| format!("; by the clock of its sandbox it is due at {due}"))
        .unwrap_or_default()
}

/// The field that an error is about, before it: behind it, the field would look like one more of the values that are taken.
fn before(field: Option<&str>) -> String {
    field.map(|field| format!("`{field}`: ")).unwrap_or_default()
}

/// The calls that were expected did not come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NotCalled {
    pub(super) expected: String,
    /// How many came.
    pub count: u64,
    /// How many more may have come which the journal no longer keeps.
    pub forgotten: u64,
    /// The calls that come nearest to what was expected.
    pub nearest: Vec<NearCall>,
}

impl fmt::Display for NotCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.count)?;
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
