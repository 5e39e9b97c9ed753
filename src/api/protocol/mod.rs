//! Bytes to typed values and back: arguments, codes, replies, formats.
//!
//! Pure: it knows no order, no account, no clock and no HTTP framework, and it imports nothing else of this crate.

pub(crate) mod argument;
pub(crate) mod assumption;
pub(crate) mod code;
pub(crate) mod form;
pub(crate) mod format;
pub(crate) mod refusal;
pub(crate) mod reply;

use std::fmt;

/// Where a fact about the API comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// It stands in Sectigo's public documentation of this endpoint or of a sibling.
    Documented,
    /// It was seen in what public clients send and parse.
    Observed,
    /// Nobody outside knows; it is this emulator's choice.
    Assumed,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
        })
    }
}
