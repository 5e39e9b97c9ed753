//! Verifies the signature of a CSR by its own key: which pairs of key and algorithm are accepted, and whether it is
//! correct.

use std::fmt;

use aws_lc_rs::{
    digest::{self, Digest},
    signature::{self as lc, RsaParameters, RsaPssSaltLength, VerificationAlgorithm},
};

use super::{
    CsrError,
    key::Key,
    parse::{Algorithm, SelfSigned, algorithm},
    rsa,
};
use crate::der::oid;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{NULL, SEQUENCE, context};

/// A hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// MD5, with RSA only, and under a SPKAC only.
    Md5,
    /// SHA-1, with RSA only.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// The signature does not match the CSR and its key.
pub(super) struct BadSignature;

impl From<BadSignature> for CsrError {
    fn from(BadSignature: BadSignature) -> Self {
        Self::BadSignature
    }
}

impl From<aws_lc_rs::error::Unspecified> for BadSignature {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

/// Whether a signature with MD5 is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Md5 {
    Taken,
    Refused,
}

/// Verifies the signature of a CSR or a SPKAC with a key of the kind `key`, and returns its hash.
pub(super) fn verify(key: Key, request: &SelfSigned<'_>, md5: Md5) -> Result<Hash, CsrError> {
    let scheme = Scheme::read(key, &request.signature_algorithm, md5)?;
    if request.signature.unused != 0 {
        return Err(CsrError::BadSignature);
    }
    let (message, signature) = (request.signed, request.signature.bytes);
    let key_bytes = request.public_key.bytes()?;
    match scheme {
        Scheme::Pkcs1(hash) => pkcs1(hash, key_bytes, message, signature)?,
        Scheme::Pss { hash, salt } => pss(hash, salt, key_bytes, message, signature)?,
        Scheme::Ecdsa(hash) => ecdsa(key, hash, key_bytes, message, signature)?,
    }
    Ok(scheme.hash())
}

/// An accepted signature scheme.
#[derive(Clone, Copy)]
enum Scheme {
    Pkcs1(Hash),
    Pss { hash: Hash, salt: u16 },
    Ecdsa(Hash),
}

impl Scheme {
    fn read(key: Key, algorithm: &Algorithm<'_>, md5: Md5) -> Result<Self, CsrError> {
        let scheme = match (key, algorithm.oid) {
            (Key::Rsa { .. }, oid::RSASSA_PSS) => return pss_parameters(algorithm.parameters),
            (Key::Rsa { .. }, oid::MD5_WITH_RSA) if md5 == Md5::Taken => Self::Pkcs1(Hash::Md5),
            (Key::Rsa { .. }, oid::SHA1_WITH_RSA | oid::OIW_SHA1_WITH_RSA) => Self::Pkcs1(Hash::Sha1),
            (Key::Rsa { .. }, oid::SHA224_WITH_RSA) => Self::Pkcs1(Hash::Sha224),
            (Key::Rsa { .. }, oid::SHA256_WITH_RSA) => Self::Pkcs1(Hash::Sha256),
            (Key::Rsa { .. }, oid::SHA384_WITH_RSA) => Self::Pkcs1(Hash::Sha384),
            (Key::Rsa { .. }, oid::SHA512_WITH_RSA) => Self::Pkcs1(Hash::Sha512),
            (Key::P256 | Key::P384 | Key::P521, oid::ECDSA_WITH_SHA224) => Self::Ecdsa(Hash::Sha224),
            (Key::P256 | Key::P384 | Key::P521, oid::ECDSA_WITH_SHA256) => Self::Ecdsa(Hash::Sha256),
            (Key::P256 | Key::P384 | Key::P521, oid::ECDSA_WITH_SHA384) => Self::Ecdsa(Hash::Sha384),
            (Key::P256 | Key::P384 | Key::P521, oid::ECDSA_WITH_SHA512) => Self::Ecdsa(Hash::Sha512),
            (key, other) => {
                return Err(CsrError::UnsupportedAlgorithm(
                    format!(
                        "signature by {}, which is not taken with an {key} key",
                        oid::name(other)
                    )
                    .into(),
                ));
            }
        };
        if absent_or_null(algorithm.parameters) {
            Ok(scheme)
        } else {
            Err(CsrError::NotPkcs10(
                "the signature algorithm has parameters that it does not take".into(),
            ))
        }
    }

    fn hash(self) -> Hash {
        match self {
            Self::Pkcs1(hash) | Self::Pss { hash, .. } | Self::Ecdsa(hash) => hash,
        }
    }
}

/// Reads `RSASSA-PSS-params` (RFC 4055, section 3.1), in which every field has a default.
fn pss_parameters(mut parameters: Reader<'_>) -> Result<Scheme, CsrError> {
    let malformed = |error| CsrError::malformed("RSASSA-PSS parameters", error);
    let unsupported = |what: String| Err(CsrError::UnsupportedAlgorithm(what.into()));

    let mut parameters = parameters.read(SEQUENCE).map_err(malformed)?;
    let mut field = |number| match parameters.optional(context(number)) {
        Ok(content) => Ok(content),
        Err(error) => Err(malformed(error)),
    };
    let (hash, mask, salt, trailer) = (field(0)?, field(1)?, field(2)?, field(3)?);
    parameters.finish().map_err(malformed)?;

    let hash_oid = match hash {
        Some(mut content) => hash_oid(&mut content).map_err(malformed)?,
        None => oid::SHA1,
    };
    let hash = match hash_oid {
        oid::SHA1 => Hash::Sha1,
        oid::SHA224 => Hash::Sha224,
        oid::SHA256 => Hash::Sha256,
        oid::SHA384 => Hash::Sha384,
        oid::SHA512 => Hash::Sha512,
        other => {
            return unsupported(format!(
                "RSASSA-PSS with {}; SHA-1 and SHA-2 are taken",
                oid::name(other)
            ));
        }
    };
    let mask_hash = match mask {
        Some(mut content) => {
            let mut mask = algorithm(&mut content).map_err(malformed)?;
            content.finish().map_err(malformed)?;
            if mask.oid != oid::MGF1 {
                return unsupported(format!(
                    "RSASSA-PSS with mask generation {}; MGF1 is taken",
                    oid::name(mask.oid)
                ));
            }
            self::hash_oid(&mut mask.parameters).map_err(malformed)?
        }
        None => oid::SHA1,
    };
    if mask_hash != hash_oid {
        return unsupported(format!(
            "RSASSA-PSS with {hash}, but another hash in MGF1; the same is taken"
        ));
    }
    let salt = match salt {
        Some(mut content) => small_integer(&mut content).map_err(malformed)?,
        None => 20,
    };
    if let Some(mut content) = trailer
        && small_integer(&mut content).map_err(malformed)? != 1
    {
        return unsupported("RSASSA-PSS with a trailer field other than 1".to_owned());
    }
    Ok(Scheme::Pss { hash, salt })
}

/// Reads the `AlgorithmIdentifier` of a hash, behind which nothing may follow.
fn hash_oid<'a>(content: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let hash = algorithm(content)?;
    content.finish()?;
    if absent_or_null(hash.parameters) {
        Ok(hash.oid)
    } else {
        Err(Malformed::Tag)
    }
}

/// Reads a small number; a larger one becomes the largest, which is too long a salt for any key.
fn small_integer(content: &mut Reader<'_>) -> Result<u16, Malformed> {
    let integer = content.unsigned()?;
    content.finish()?;
    Ok(match integer {
        [] => 0,
        [low] => u16::from(*low),
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => u16::MAX,
    })
}

/// RFC 4055 requires NULL with RSA, RFC 5758 no parameters with EC. Real CSRs have either with both.
fn absent_or_null(parameters: Reader<'_>) -> bool {
    matches!(parameters.bytes(), [] | [NULL, 0])
}

fn pkcs1(hash: Hash, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let parameters: &RsaParameters = match hash {
        Hash::Md5 => return rsa::verify_pkcs1(oid::MD5, &*md5::compute(message), key, signature),
        Hash::Sha1 => &lc::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => {
            let digest = digest::digest(&digest::SHA224, message);
            return rsa::verify_pkcs1(oid::SHA224, digest.as_ref(), key, signature);
        }
        Hash::Sha256 => &lc::RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &lc::RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &lc::RSA_PKCS1_2048_8192_SHA512,
    };
    Ok(parameters.verify_sig(key, message, signature)?)
}

fn pss(hash: Hash, salt: u16, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let by_own_code = |hash| rsa::verify_pss(hash, usize::from(salt), key, message, signature);
    let parameters = match hash {
        Hash::Sha1 => return by_own_code(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        Hash::Sha224 => return by_own_code(&digest::SHA224),
        Hash::Sha256 => lc::RSA_PSS_2048_8192_SHA256,
        Hash::Sha384 => lc::RSA_PSS_2048_8192_SHA384,
        Hash::Sha512 => lc::RSA_PSS_2048_8192_SHA512,
        // `pss_parameters` accepts no MD5.
        Hash::Md5 => return Err(BadSignature),
    };
    Ok(parameters
        .with_pss_salt_length(RsaPssSaltLength::Custom(salt))
        .verify_sig(key, message, signature)?)
}

fn ecdsa(key: Key, hash: Hash, point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let algorithm = match (key, hash) {
        (Key::P256, Hash::Sha224) => {
            return ecdsa_sha224(&lc::ECDSA_P256_SHA256_ASN1, &digest::SHA256, point, message, signature);
        }
        (Key::P256, Hash::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Key::P256, Hash::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Key::P256, Hash::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Key::P384, Hash::Sha224) => {
            return ecdsa_sha224(&lc::ECDSA_P384_SHA384_ASN1, &digest::SHA384, point, message, signature);
        }
        (Key::P384, Hash::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Key::P384, Hash::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Key::P384, Hash::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Key::P521, Hash::Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
        (Key::P521, Hash::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Key::P521, Hash::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Key::P521, Hash::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        // `Scheme::read` accepts none of these.
        (Key::Rsa { .. }, _) | (_, Hash::Md5 | Hash::Sha1) => return Err(BadSignature),
    };
    Ok(algorithm.verify_sig(point, message, signature)?)
}

/// SHA-224 on a curve for which the library only has longer hashes.
///
/// ECDSA reads a digest as a number, so zeros in front of it do not change it, as long as the digest is not longer than
/// the order of the curve, to which it would be shortened: that is so for 32 bytes on P-256 and for 48 on P-384.
fn ecdsa_sha224(
    algorithm: &lc::EcdsaVerificationAlgorithm,
    longer: &'static digest::Algorithm,
    point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let digest = digest::digest(&digest::SHA224, message);
    let mut padded = vec![0; longer.output_len() - digest.as_ref().len()];
    padded.extend(digest.as_ref());
    Ok(algorithm.verify_digest_sig(point, &Digest::import_less_safe(&padded, longer)?, signature)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag::OID;

    const MGF1: &[u8] = oid::MGF1;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, u8::try_from(content.len()).unwrap()], &content[..]].concat()
    }

    fn hash(oid: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(OID, &[oid]), &[NULL, 0]])
    }

    fn mask(function: &[u8], hash: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(OID, &[function]), &self::hash(hash)])
    }

    /// Reads the fields, given as number and content.
    fn pss(fields: &[(u8, Vec<u8>)]) -> Result<(Hash, u16), String> {
        let fields: Vec<u8> = fields
            .iter()
            .flat_map(|(number, content)| tlv(context(*number), &[content]))
            .collect();
        match pss_parameters(Reader::new(&tlv(SEQUENCE, &[&fields]))) {
            Ok(Scheme::Pss { hash, salt }) => Ok((hash, salt)),
            Ok(_) => panic!("PSS parameters of another scheme"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn accepted_pss_parameters() {
        let sha256 = || (0, hash(oid::SHA256));
        let mgf1 = || (1, mask(MGF1, oid::SHA256));
        for (fields, expected) in [
            (vec![], (Hash::Sha1, 20)),
            (vec![sha256(), mgf1()], (Hash::Sha256, 20)),
            (vec![sha256(), mgf1(), (2, vec![2, 1, 0])], (Hash::Sha256, 0)),
            (vec![sha256(), mgf1(), (2, vec![2, 2, 1, 2])], (Hash::Sha256, 0x102)),
            // Too long for any key; the verification says so.
            (vec![(2, vec![2, 3, 1, 0, 0])], (Hash::Sha1, u16::MAX)),
            (vec![(0, hash(oid::SHA1)), (3, vec![2, 1, 1])], (Hash::Sha1, 20)),
        ] {
            assert_eq!(pss(&fields), Ok(expected));
        }
    }

    #[test]
    fn refused_pss_parameters() {
        for (fields, expected) in [
            (
                vec![(0, hash(oid::SHA256))],
                "RSASSA-PSS with SHA-256, but another hash in MGF1; the same is taken",
            ),
            (
                vec![(0, hash(oid::SHA3_256))],
                "RSASSA-PSS with SHA3-256; SHA-1 and SHA-2 are taken",
            ),
            (
                vec![(1, mask(oid::SHA1, oid::SHA1))],
                "RSASSA-PSS with mask generation 1.3.14.3.2.26; MGF1 is taken",
            ),
            (vec![(3, vec![2, 1, 2])], "RSASSA-PSS with a trailer field other than 1"),
            (
                vec![(2, vec![2, 1, 0xff])],
                "malformed RSASSA-PSS parameters: an INTEGER is negative",
            ),
            (
                vec![(2, vec![2, 1, 1]), (0, hash(oid::SHA1))],
                "malformed RSASSA-PSS parameters: bytes follow its last element",
            ),
        ] {
            assert_eq!(pss(&fields), Err(expected.to_owned()));
        }
    }
}
