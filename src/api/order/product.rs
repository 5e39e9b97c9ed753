//! The products: S/MIME and code-signing certificates.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The product of an order.
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

    /// The name in a sentence, with its article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Smime => "an S/MIME",
            Self::CodeSigning => "a code-signing",
        }
    }

    /// The name in fixtures and in the control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smime => "smime",
            Self::CodeSigning => "code-signing",
        }
    }
}
