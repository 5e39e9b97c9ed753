//! The issuing CAs: their names, and how they are made, kept and checked.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ca_certificate;
use super::hash::{ChosenHash, choose};
use super::key::{CaKey, Signer};
use super::key_files::KeyFiles;
use super::root::Root;
use super::{CaError, random_serial};
use crate::api::csr::Hash;
use crate::api::order::terms::SignatureHash;
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::SEQUENCE;
use crate::der::write::{bit_string, oid, sequence};
use crate::files::Store;

/// The name of an issuing CA in URLs and file names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum IssuerName {
    /// `test`: issues the certificates of test orders.
    Test,
    /// `code-signing`: issues every code-signing certificate.
    CodeSigning,
    /// `smime`: issues the S/MIME certificates of orders without a `caCertificateID`.
    Smime,
    /// `smime-401`: issues those of orders with `caCertificateID` 401.
    SmimeOf(u64),
}

impl IssuerName {
    /// Those that every sandbox has.
    pub(crate) const OF_EVERY_SANDBOX: [Self; 3] = [Self::Smime, Self::CodeSigning, Self::Test];
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test => f.write_str("test"),
            Self::CodeSigning => f.write_str("code-signing"),
            Self::Smime => f.write_str("smime"),
            Self::SmimeOf(id) => write!(f, "smime-{id}"),
        }
    }
}

impl FromStr for IssuerName {
    type Err = ();

    /// Reads exactly what `Display` writes, so that each CA has one URL.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = match text {
            "test" => Self::Test,
            "code-signing" => Self::CodeSigning,
            "smime" => Self::Smime,
            _ => Self::SmimeOf(text.strip_prefix("smime-").and_then(|id| id.parse().ok()).ok_or(())?),
        };
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

/// An issuing CA: its certificate and its key. It signs leaf certificates, its CRLs and its OCSP responses.
pub(crate) struct IssuingCa {
    name: IssuerName,
    certificate: CertificateDer<'static>,
    pub(super) signer: Signer,
    not_after: Timestamp,
    /// Its subject, in the bytes of its certificate.
    pub(super) subject: Vec<u8>,
    /// The key identifier in its certificate, to which all that it signs refers.
    pub(super) key_id: Vec<u8>,
    /// The content of its public key's BIT STRING.
    pub(super) public_key: Vec<u8>,
    /// The SHA-1 of `subject`, which with that of the key names the CA in OCSP requests.
    pub(crate) subject_sha1: [u8; 20],
    /// The SHA-1 of `public_key`.
    pub(crate) public_key_sha1: [u8; 20],
}

impl IssuingCa {
    /// A new one, certified by `root`.
    pub(super) fn generate(name: IssuerName, kind: CaKey, root: &Root, now: OffsetDateTime) -> Result<Self, CaError> {
        let key = kind.generate()?;
        let certificate = make_certificate(name, &key, root)?;
        Self::from_parts(name, certificate, &key, "the key", root, now).map_err(|problem| CaError::Unfit(name, problem))
    }

    /// The one in the files `NAME.pem` and `NAME.key`; makes a file that is missing, and never changes one that exists.
    ///
    /// # Errors
    /// Names the file that is unreadable, is not a certificate of a CA below the root, is expired, or does not belong
    /// to the other file.
    pub(super) fn keep(
        name: IssuerName,
        kind: CaKey,
        root: &Root,
        store: &Store,
        now: OffsetDateTime,
    ) -> Result<Self, CaError> {
        let files = KeyFiles::new(store, name);
        let key = files.key(kind)?;
        Signer::new(&key).map_err(|problem| files.bad_key(problem))?;
        let certificate = files.certificate(|| make_certificate(name, &key, root))?;
        let key_name = format!("the key in {}", files.key_name());
        Self::from_parts(name, certificate, &key, &key_name, root, now)
            .map_err(|problem| files.bad_certificate(problem).into())
    }

    /// The error is what is wrong with the certificate.
    fn from_parts(
        name: IssuerName,
        certificate: CertificateDer<'static>,
        key: &KeyPair,
        key_name: &str,
        root: &Root,
        now: OffsetDateTime,
    ) -> Result<Self, String> {
        let advice = "delete it to have it made anew";
        let parsed = ca_certificate::check(&certificate, key, key_name, advice, now, |parsed| {
            let usage = parsed.key_usage().ok().flatten();
            if usage.is_some_and(|usage| !usage.value.key_cert_sign() || !usage.value.crl_sign()) {
                return Err("may not sign certificates and CRLs (keyUsage)".into());
            }
            Ok(())
        })?;
        if !is_signed_by(&certificate, root.certificate()).unwrap_or(false) {
            return Err("is not signed by the root (ca.pem)".into());
        }
        let public_key = parsed.public_key().subject_public_key.data.to_vec();
        let subject = parsed.subject().as_raw().to_vec();
        let key_id = parsed
            .extensions()
            .iter()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                _ => None,
            });
        let (subject_sha1, public_key_sha1) = (sha1(&subject), sha1(&public_key));
        let not_after = parsed.validity().not_after.to_datetime().min(root.not_after()).into();
        Ok(Self {
            name,
            signer: Signer::new(key)?,
            not_after,
            key_id: key_id.unwrap_or_else(|| public_key_sha1.to_vec()),
            subject_sha1,
            public_key_sha1,
            subject,
            public_key,
            certificate,
        })
    }

    /// Its name in URLs and file names.
    pub(crate) fn name(&self) -> IssuerName {
        self.name
    }

    /// Its certificate, in DER.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// When it or its root expires, whichever is first: nothing that it signs should be valid longer.
    pub(crate) fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether a signature takes only microseconds, so that it may be made on a thread that serves other calls.
    pub(crate) fn signs_fast(&self) -> bool {
        self.signer.is_fast()
    }

    /// The hash that a certificate is signed with if the order asks for `requested` and its CSR is signed with `csr`.
    pub(crate) fn hash_for(&self, requested: SignatureHash, csr: Hash) -> ChosenHash {
        choose(&self.signer, requested, csr)
    }

    /// The SEQUENCE of `content`, the algorithm and the signature, which every certificate, CRL and basic OCSP response
    /// is.
    pub(super) fn signed(&self, hash: Hash, content: &[u8]) -> Result<Vec<u8>, CaError> {
        let signature = bit_string(&self.signer.sign(hash, content)?);
        Ok(sequence(&[content, &self.signer.algorithm(hash), &signature]))
    }
}

impl fmt::Debug for IssuingCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuingCa({}, {:?})", self.name, self.signer)
    }
}

/// SHA-1, which here only identifies keys and names; nothing is protected by it.
pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hash = [0; 20];
    hash.copy_from_slice(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    hash
}

fn make_certificate(name: IssuerName, key: &KeyPair, root: &Root) -> Result<CertificateDer<'static>, rcgen::Error> {
    let certificate_policies = oid::arcs(oid::CERTIFICATE_POLICIES).expect("it has four small numbers");
    let family = match key.algorithm() == &rcgen::PKCS_RSA_SHA256 {
        true => "RSA",
        false => "ECC",
    };
    // At most 64 characters, with the longest number too (ub-common-name).
    let common_name = match name {
        IssuerName::Test => format!("{family} Test Orders CA, not to be trusted (sectigo-emulator)"),
        IssuerName::CodeSigning => format!("{family} Code Signing CA (sectigo-emulator test)"),
        IssuerName::Smime => format!("{family} Secure Email CA (sectigo-emulator test)"),
        IssuerName::SmimeOf(id) => format!("{family} Secure Email CA {id} (sectigo-emulator test)"),
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CountryName, DnValue::PrintableString("GB".try_into()?));
    params
        .distinguished_name
        .push(DnType::OrganizationName, "sectigo-emulator");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(random_serial()?);
    (params.not_before, params.not_after) = (root.not_before(), root.not_after());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // digitalSignature is for OCSP responses, which it signs itself.
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params.extended_key_usages = match name {
        IssuerName::Test => vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::EmailProtection,
            ExtendedKeyUsagePurpose::CodeSigning,
        ],
        IssuerName::CodeSigning => vec![ExtendedKeyUsagePurpose::CodeSigning],
        IssuerName::Smime | IssuerName::SmimeOf(_) => {
            vec![
                ExtendedKeyUsagePurpose::ClientAuth,
                ExtendedKeyUsagePurpose::EmailProtection,
            ]
        }
    };
    params.custom_extensions = vec![CustomExtension::from_oid_content(
        &certificate_policies,
        sequence(&[&sequence(&[&oid(oid::ANY_POLICY)])]),
    )];
    params.key_identifier_method = KeyIdMethod::PreSpecified(sha1(key.der_bytes()).to_vec());
    params.use_authority_key_identifier_extension = true;
    Ok(params.signed_by(key, root.issuer())?.into())
}

/// Whether the certificate names the root as its issuer and is signed by the root's key.
fn is_signed_by(certificate: &[u8], root: &[u8]) -> Result<bool, Malformed> {
    let (Ok((_, parsed)), Ok((_, root))) = (X509Certificate::from_der(certificate), X509Certificate::from_der(root))
    else {
        return Ok(false);
    };
    if parsed.issuer().as_raw() != root.subject().as_raw() {
        return Ok(false);
    }
    let mut parts = Reader::new(certificate).read(SEQUENCE)?;
    let content = parts.expect(SEQUENCE)?.raw();
    let signature_algorithm = parts.read(SEQUENCE)?.bytes();
    let signature = parts.bit_string()?.bytes;
    let key_algorithm = Reader::new(root.public_key().raw)
        .read(SEQUENCE)?
        .read(SEQUENCE)?
        .bytes();
    let key = &root.public_key().subject_public_key.data;
    let known = rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    Ok(known.iter().any(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == key_algorithm
            && algorithm.verify_signature(key, content, signature).is_ok()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_spelling() {
        for (text, name) in [
            ("smime", Some(IssuerName::Smime)),
            ("code-signing", Some(IssuerName::CodeSigning)),
            ("smime-401", Some(IssuerName::SmimeOf(401))),
            ("smime-0", Some(IssuerName::SmimeOf(0))),
            ("smime-18446744073709551615", Some(IssuerName::SmimeOf(u64::MAX))),
            ("smime-18446744073709551616", None),
            ("smime-01", None),
            ("smime-+1", None),
            ("smime--1", None),
            ("smime-", None),
            ("SMIME", None),
            ("code-signing-1", None),
            ("ca", None),
            ("../smime", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), name, "{text}");
            if let Some(name) = name {
                assert_eq!(name.to_string(), text);
            }
        }
    }
}
