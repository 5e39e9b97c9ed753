//! The protocol: how arguments are read and replies are written, with their codes and formats.
//!
//! Nothing here knows orders, accounts, clocks or an HTTP framework.

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
    /// Sectigo's public documentation of this endpoint or of a sibling says so.
    Documented,
    /// It was seen in what public clients send and parse.
    Observed,
    /// It is not known outside of Sectigo; this emulator assumes it.
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
