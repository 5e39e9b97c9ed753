//! What the API answers, before it is put into one of the formats.

/// An answer of the API: a code and its fields.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// Code 0.
    Success {
        /// The number of the order that the call made, if it made one.
        order_number: Option<u64>,
    },
    /// A code below zero.
    Error {
        /// The code.
        code: i32,
        /// Its message.
        message: String,
    },
}

impl Reply {
    /// The code: 0 for success, else below zero.
    pub fn code(&self) -> i32 {
        match self {
            Self::Success { .. } => 0,
            Self::Error { code, .. } => *code,
        }
    }
}
