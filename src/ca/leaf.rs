//! The certificates of orders, which the issuing CAs sign.

use super::CaError;
use super::issuing::{IssuingCa, sha1};
use super::profile::Profile;
use super::serial::SerialNumber;
use super::subject::CertificateNames;
use super::subject::Subject;
use crate::api::csr::{Hash, Key};
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, context, implicit};
use crate::der::write::{extension, oid, sequence, time, tlv, unsigned};

/// What a certificate says. Of a CSR, only its key and its template extensions can get into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafContents<'a> {
    /// The profile of its product.
    pub(crate) profile: &'a Profile,
    /// Its serial number, from [`Authority::serial`](super::Authority::serial).
    pub(crate) serial: SerialNumber,
    /// When it begins to be valid.
    pub(crate) not_before: Timestamp,
    /// The last second in which it is valid.
    pub(crate) not_after: Timestamp,
    /// Whom it names.
    pub(crate) names: &'a CertificateNames<'a>,
    /// The `SubjectPublicKeyInfo`, in DER; copied byte for byte.
    pub(crate) public_key_info: &'a [u8],
    /// The kind of that key.
    pub(crate) key: Key,
    /// Microsoft's template extensions, each an `Extension` in DER; copied byte for byte.
    pub(crate) template_extensions: &'a [&'a [u8]],
    /// The URLs of its CA's certificate, CRL and OCSP responder, if it names them.
    pub(crate) urls: Option<Urls<'a>>,
    /// The hash that it is signed with, from [`IssuingCa::hash_for`]. If the key does not support it, the key's default
    /// is used.
    pub(crate) hash: Hash,
}

/// The parts of a certificate for which not every value of an order will do, parsed.
///
/// An order is checked by this parser when it is made or changed, and its certificate is made with it: an order that
/// was accepted cannot fail later.
pub(crate) struct SubjectAndKey<'a> {
    subject: Subject,
    /// The content of the public key's BIT STRING.
    public_key: &'a [u8],
}

impl<'a> SubjectAndKey<'a> {
    /// Parses the parts of a certificate with that profile. `public_key_info` is a `SubjectPublicKeyInfo` in DER, or
    /// None if the key is still to be made by the emulator.
    ///
    /// # Errors
    /// The email address, the organization or the public key cannot be in a certificate. What the profile does not use
    /// is not checked.
    pub(crate) fn parse(
        profile: &Profile,
        names: &CertificateNames<'_>,
        public_key_info: Option<&'a [u8]>,
    ) -> Result<Self, CaError> {
        let public_key = public_key_info.map(public_key).transpose();
        Ok(Self {
            subject: Subject::new(profile.subject, names)?,
            public_key: public_key.map_err(|_| CaError::PublicKey)?.unwrap_or_default(),
        })
    }
}

/// The URLs in a certificate, in ASCII.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Urls<'a> {
    /// The issuing CA's certificate.
    pub(crate) ca_issuers: &'a str,
    /// Its CRL.
    pub(crate) crl: &'a str,
    /// Its OCSP responder.
    pub(crate) ocsp: &'a str,
}

impl IssuingCa {
    /// A certificate, in DER (RFC 5280, section 4.1).
    ///
    /// # Errors
    /// The email address, the organization or the public key cannot be in a certificate, or the key cannot sign.
    pub(crate) fn certify(&self, request: &LeafContents<'_>) -> Result<Vec<u8>, CaError> {
        let hash = match self.signer.supports(request.hash) {
            true => request.hash,
            false => self.signer.default_hash(),
        };
        let parts = SubjectAndKey::parse(request.profile, request.names, Some(request.public_key_info))?;
        let extensions = self.extensions(request, &parts);
        let content = sequence(&[
            &tlv(context(0), &[&unsigned(2)]),
            &tlv(INTEGER, &[request.serial.as_bytes()]),
            &self.signer.algorithm(hash),
            &self.subject,
            &sequence(&[&time(request.not_before), &time(request.not_after)]),
            &parts.subject.name,
            request.public_key_info,
            &tlv(context(3), &[&sequence(&[&extensions])]),
        ]);
        self.signed(hash, &content)
    }

    /// The extensions, always in this order.
    fn extensions(&self, request: &LeafContents<'_>, parts: &SubjectAndKey<'_>) -> Vec<u8> {
        let profile = request.profile;
        let SubjectAndKey { subject, public_key } = parts;
        let usages: Vec<u8> = profile
            .extended_key_usages
            .iter()
            .flat_map(|usage| oid(usage))
            .collect();
        let policies: Vec<u8> = profile
            .policies
            .iter()
            .flat_map(|policy| sequence(&[&oid(policy)]))
            .collect();
        let mut extensions = [
            self.authority_key_identifier(),
            extension(
                oid::SUBJECT_KEY_IDENTIFIER,
                false,
                &tlv(OCTET_STRING, &[&sha1(public_key)]),
            ),
            extension(
                oid::KEY_USAGE,
                true,
                &tlv(BIT_STRING, &[profile.key_usage(request.key)]),
            ),
            // basicConstraints: CA:FALSE is the default, so DER leaves it out.
            extension(oid::BASIC_CONSTRAINTS, true, &sequence(&[])),
            extension(oid::EXTENDED_KEY_USAGE, false, &sequence(&[&usages])),
            extension(oid::CERTIFICATE_POLICIES, false, &sequence(&[&policies])),
        ]
        .concat();
        if let Some(urls) = request.urls {
            extensions.extend(crl_distribution_point(urls.crl));
            extensions.extend(authority_information_access(urls));
        }
        if let Some(names) = &subject.alternative_names {
            extensions.extend(extension(oid::SUBJECT_ALT_NAME, subject.is_empty(), names));
        }
        for template in request.template_extensions {
            extensions.extend_from_slice(template);
        }
        extensions
    }

    /// The `Extension` by which certificates and CRLs name the key that signed them.
    pub(super) fn authority_key_identifier(&self) -> Vec<u8> {
        extension(
            oid::AUTHORITY_KEY_IDENTIFIER,
            false,
            &sequence(&[&tlv(implicit(0), &[&self.key_id])]),
        )
    }
}

/// The content of the BIT STRING in a `SubjectPublicKeyInfo`.
fn public_key(info: &[u8]) -> Result<&[u8], Malformed> {
    let mut outer = Reader::new(info);
    let mut parts = outer.read(SEQUENCE)?;
    outer.finish()?;
    parts.read(SEQUENCE)?;
    let key = parts.bit_string()?;
    parts.finish()?;
    Ok(key.bytes)
}

/// A `GeneralName` of the kind uniformResourceIdentifier.
fn uri(url: &str) -> Vec<u8> {
    tlv(implicit(6), &[url.as_bytes()])
}

fn crl_distribution_point(url: &str) -> Vec<u8> {
    extension(
        oid::CRL_DISTRIBUTION_POINTS,
        false,
        &sequence(&[&sequence(&[&distribution_point_name(url)])]),
    )
}

/// A `DistributionPointName` with a `fullName`: a certificate and its CRL contain the same one (RFC 5280, section
/// 4.2.1.13).
pub(super) fn distribution_point_name(url: &str) -> Vec<u8> {
    tlv(context(0), &[&tlv(context(0), &[&uri(url)])])
}

fn authority_information_access(urls: Urls<'_>) -> Vec<u8> {
    let access = |method, url| sequence(&[&oid(method), &uri(url)]);
    let both = sequence(&[&access(oid::CA_ISSUERS, urls.ca_issuers), &access(oid::OCSP, urls.ocsp)]);
    extension(oid::AUTHORITY_INFORMATION_ACCESS, false, &both)
}
