//! What can be ordered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was ordered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// An S/MIME certificate: `!AutoReplaceSMIME` works on it.
    Smime,
    /// A code-signing certificate: `!autoRevokeCS` works on it.
    CodeSigning,
}

impl Product {
    /// Every product.
    pub const ALL: [Self; 2] = [Self::Smime, Self::CodeSigning];

    /// The name as a sentence has it, with its article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Smime => "an S/MIME",
            Self::CodeSigning => "a code-signing",
        }
    }

    /// The name in fixtures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smime => "smime",
            Self::CodeSigning => "code-signing",
        }
    }
}
