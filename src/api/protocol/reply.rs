//! What the API answers, before it is put into one of the formats.

use std::borrow::Cow;

/// An answer of the API: a code and its fields.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// Code 0, or another status that is no error.
    Success {
        /// The code.
        code: i32,
        /// The number of the order that the call made, if it made one.
        order_number: Option<u64>,
    },
    /// A code below zero.
    Error {
        /// The code.
        code: i32,
        /// Its message.
        message: Cow<'static, str>,
    },
}

impl Reply {
    /// The code: below zero for an error.
    pub fn code(&self) -> i32 {
        match self {
            Self::Success { code, .. } | Self::Error { code, .. } => *code,
        }
    }
}
