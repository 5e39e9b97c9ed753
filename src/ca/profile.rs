//! The table of certificate profiles: what the certificates of each product say.

use super::issuing::IssuerName;
use crate::api::csr::Key;
use crate::api::order::terms::ProductCode;
use crate::der::oid;

/// What a certificate of one product says.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The product, by Sectigo's number.
    pub(crate) product_code: ProductCode,
    /// Its name, for people.
    pub(crate) name: &'static str,
    /// What the subject consists of.
    pub(super) subject: SubjectKind,
    /// The extended key usages, from [`oid`].
    pub(super) extended_key_usages: &'static [&'static [u8]],
    /// The certificate policies, from [`oid`].
    pub(super) policies: &'static [&'static [u8]],
}

/// What the subject and the alternative name of a certificate consist of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SubjectKind {
    /// An email address, in both.
    Mailbox,
    /// An organization in the subject, an email address in both.
    OrganizationMailbox,
    /// An organization that publishes software; no alternative name.
    Publisher,
}

/// Every profile, S/MIME first. Numbers, usages, policies and kinds of subjects are those of Sectigo's published
/// profiles. Assumed are the order of the subject's attributes, and that an extended-validation subject has no further
/// attributes.
pub(crate) const PROFILES: &[Profile] = &[
    Profile {
        product_code: ProductCode::MailboxMultipurpose,
        name: "S/MIME, mailbox-validated, multipurpose",
        subject: SubjectKind::Mailbox,
        extended_key_usages: &[oid::CLIENT_AUTH, oid::EMAIL_PROTECTION],
        policies: &[oid::SECTIGO_MAILBOX_MULTIPURPOSE, oid::CABF_MAILBOX_MULTIPURPOSE],
    },
    Profile {
        product_code: ProductCode::MailboxStrict,
        name: "S/MIME, mailbox-validated, strict",
        subject: SubjectKind::Mailbox,
        extended_key_usages: &[oid::EMAIL_PROTECTION],
        policies: &[oid::SECTIGO_MAILBOX_STRICT, oid::CABF_MAILBOX_STRICT],
    },
    Profile {
        product_code: ProductCode::OrganizationMultipurpose,
        name: "S/MIME, organization-validated, multipurpose",
        subject: SubjectKind::OrganizationMailbox,
        extended_key_usages: &[oid::CLIENT_AUTH, oid::EMAIL_PROTECTION],
        policies: &[
            oid::SECTIGO_ORGANIZATION_MULTIPURPOSE,
            oid::CABF_ORGANIZATION_MULTIPURPOSE,
        ],
    },
    Profile {
        product_code: ProductCode::CodeSigning,
        name: "code signing",
        subject: SubjectKind::Publisher,
        extended_key_usages: &[oid::CODE_SIGNING],
        policies: &[oid::SECTIGO_CODE_SIGNING, oid::CABF_CODE_SIGNING],
    },
    Profile {
        product_code: ProductCode::CodeSigningEv,
        name: "code signing, extended validation",
        subject: SubjectKind::Publisher,
        extended_key_usages: &[oid::CODE_SIGNING],
        policies: &[oid::SECTIGO_CODE_SIGNING_EV, oid::CABF_CODE_SIGNING_EV],
    },
];

impl Profile {
    /// The profile of a product.
    pub(crate) fn of(product_code: ProductCode) -> &'static Self {
        PROFILES
            .iter()
            .find(|profile| profile.product_code == product_code)
            .expect("each product has a profile, as a test shows")
    }

    /// The CA that issues such a certificate for an order with this `caCertificateID`.
    pub(crate) fn issuer(&self, ca_certificate_id: Option<u64>) -> IssuerName {
        match (self.subject, ca_certificate_id) {
            (SubjectKind::Publisher, _) => IssuerName::CodeSigning,
            (SubjectKind::Mailbox | SubjectKind::OrganizationMailbox, None) => IssuerName::Smime,
            (SubjectKind::Mailbox | SubjectKind::OrganizationMailbox, Some(id)) => IssuerName::SmimeOf(id),
        }
    }

    /// The `KeyUsage` for a key: digitalSignature, and for S/MIME keyEncipherment (RSA) or keyAgreement (EC).
    pub(super) fn key_usage(&self, key: Key) -> &'static [u8] {
        // The content of a BIT STRING: the number of unused bits in the last byte, then the bits digitalSignature (0),
        // keyEncipherment (2) and keyAgreement (4).
        match (self.subject, key) {
            (SubjectKind::Publisher, _) => &[7, 0b1000_0000],
            (_, Key::Rsa { .. }) => &[5, 0b1010_0000],
            (_, Key::P256 | Key::P384 | Key::P521) => &[3, 0b1000_1000],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_has_one_profile() {
        let codes: Vec<_> = PROFILES.iter().map(|profile| profile.product_code.number()).collect();
        assert_eq!(codes, [794, 795, 796, 8, 530]);
        assert_eq!(codes.len(), ProductCode::ALL.len());
        for code in ProductCode::ALL {
            assert_eq!(Profile::of(code).product_code, code);
        }
    }

    #[test]
    fn the_issuer_follows_from_product_and_number() {
        let issuer = |code, id| Profile::of(code).issuer(id);
        assert_eq!(issuer(ProductCode::MailboxMultipurpose, None), IssuerName::Smime);
        assert_eq!(
            issuer(ProductCode::OrganizationMultipurpose, Some(401)),
            IssuerName::SmimeOf(401)
        );
        assert_eq!(issuer(ProductCode::CodeSigningEv, Some(401)), IssuerName::CodeSigning);
    }
}
