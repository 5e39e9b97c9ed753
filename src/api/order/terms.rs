//! What an order says about its certificate, apart from the names and the key in it: its kind, its hash, its CA.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::order::product::Product;

/// The terms of a certificate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// The kind of certificate; if None, the default of the product.
    pub product_code: Option<ProductCode>,
    /// The hash for its signature.
    pub signature_hash: SignatureHash,
    /// The issuing CA, if it is not the default one of the product.
    pub ca_certificate_id: Option<u64>,
    /// Whether to keep the private key that is made for an order without a CSR.
    pub keep_key: bool,
    /// For how many days the certificate shall be valid, where that is not given by the times of the order.
    pub days: Option<u16>,
    /// Whether it is a test order, whose certificate is issued by a CA of its own.
    pub is_test: bool,
}

/// A kind of certificate, which Sectigo names by a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProductCode {
    /// 8: code signing, organization-validated.
    CodeSigning,
    /// 530: code signing, extended validation.
    CodeSigningEv,
    /// 794: S/MIME, mailbox-validated, multipurpose.
    MailboxMultipurpose,
    /// 795: S/MIME, mailbox-validated, strict.
    MailboxStrict,
    /// 796: S/MIME, organization-validated, multipurpose.
    OrganizationMultipurpose,
}

impl ProductCode {
    /// Every kind, by number.
    pub const ALL: [Self; 5] = [
        Self::CodeSigning,
        Self::CodeSigningEv,
        Self::MailboxMultipurpose,
        Self::MailboxStrict,
        Self::OrganizationMultipurpose,
    ];

    /// The kind with that number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The most days that a certificate of this kind may be valid: for code signing, what the CA/Browser Forum allows.
    pub fn most_days(self) -> u16 {
        match self.product() {
            Product::CodeSigning => 460,
            Product::Smime => 825,
        }
    }

    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Self::CodeSigning => 8,
            Self::CodeSigningEv => 530,
            Self::MailboxMultipurpose => 794,
            Self::MailboxStrict => 795,
            Self::OrganizationMultipurpose => 796,
        }
    }

    /// The product that it belongs to.
    pub fn product(self) -> Product {
        match self {
            Self::CodeSigning | Self::CodeSigningEv => Product::CodeSigning,
            Self::MailboxMultipurpose | Self::MailboxStrict | Self::OrganizationMultipurpose => Product::Smime,
        }
    }

    /// The kind of an order that does not name one. This is an assumption, as neither document says it.
    pub fn default_for(product: Product, has_organization: bool) -> Self {
        match (product, has_organization) {
            (Product::CodeSigning, _) => Self::CodeSigning,
            (Product::Smime, false) => Self::MailboxMultipurpose,
            (Product::Smime, true) => Self::OrganizationMultipurpose,
        }
    }
}

/// The hash for the signature of a certificate: the argument `signatureHash`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SignatureHash {
    /// The CA chooses.
    #[default]
    NoPreference,
    /// The hash of the CSR's signature.
    InferFromCsr,
    /// SHA-2, if the CA supports it.
    #[serde(rename = "PREFER_SHA2")]
    PreferSha2,
    /// SHA-2.
    #[serde(rename = "REQUIRE_SHA2")]
    RequireSha2,
}

impl SignatureHash {
    /// Every value, in the order of the endpoint's document.
    pub const ALL: [Self; 4] = [
        Self::NoPreference,
        Self::InferFromCsr,
        Self::PreferSha2,
        Self::RequireSha2,
    ];

    /// The names of the values, in the order of [`ALL`](Self::ALL).
    pub const NAMES: &[&str] = &["NO_PREFERENCE", "INFER_FROM_CSR", "PREFER_SHA2", "REQUIRE_SHA2"];

    /// The value with that name.
    pub fn parse(text: &str) -> Option<Self> {
        let index = Self::NAMES.iter().position(|name| *name == text)?;
        Some(Self::ALL[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for (value, name) in SignatureHash::ALL.into_iter().zip(SignatureHash::NAMES) {
            assert_eq!(SignatureHash::parse(name), Some(value));
            assert_eq!(serde_json::to_value(value).unwrap(), *name);
        }
        assert_eq!(SignatureHash::parse("no_preference"), None);
        for code in ProductCode::ALL {
            assert_eq!(ProductCode::from_number(code.number()), Some(code));
        }
        assert_eq!(ProductCode::from_number(9), None);
    }

    #[test]
    fn the_default_kind_belongs_to_the_product() {
        for product in Product::ALL {
            for has_organization in [false, true] {
                assert_eq!(ProductCode::default_for(product, has_organization).product(), product);
            }
        }
    }
}
