//! The keys of the CAs: their kinds, how they are made and read, and how they sign.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaKeyPair,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize};

use super::CaError;
use crate::api::csr::Hash;
use crate::der::tag::NULL;
use crate::der::write::{oid, sequence};
use crate::der::{oid, pem};

/// The kind of new keys for the root and the issuing CAs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CaKey {
    /// EC P-256, the default; a signature takes microseconds.
    #[default]
    EcP256,
    /// EC P-384.
    EcP384,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits; making a key may take seconds.
    Rsa4096,
}

impl CaKey {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::EcP256, Self::EcP384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcP256 => "ec-p256",
            Self::EcP384 => "ec-p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }

    /// A new key of this kind.
    pub(crate) fn generate(self) -> Result<KeyPair, rcgen::Error> {
        let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
        match self {
            Self::EcP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::EcP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Self::Rsa2048 => rsa(RsaKeySize::_2048),
            Self::Rsa3072 => rsa(RsaKeySize::_3072),
            Self::Rsa4096 => rsa(RsaKeySize::_4096),
        }
    }
}

impl fmt::Display for CaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CaKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("there is no such kind of key; there are {names}")
        })
    }
}

/// Reads a private key in PEM. The error, which follows a file's name, contains nothing of the text.
pub(crate) fn parse_key(text: &str) -> Result<KeyPair, String> {
    if text.contains("ENCRYPTED") {
        return Err("holds an encrypted private key; it must be without a password".into());
    }
    let der = pem::private_key(text)
        .ok_or("holds no private key in PEM (PKCS#8, PKCS#1 or SEC1; EC, RSA or Ed25519), or half of one")?;
    KeyPair::try_from(&der).map_err(|_| {
        "holds a private key that is broken, or of another kind than EC on a NIST curve, RSA of 2048 to 8192 bits and \
         Ed25519"
            .to_owned()
    })
}

/// A private key that signs certificates, CRLs and OCSP responses.
pub(super) struct Signer {
    key: SigningKey,
    random: SystemRandom,
}

enum SigningKey {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Signer {
    /// The signer with that key, if it is of a kind that can sign here. The error follows a file's name.
    pub(super) fn new(pair: &KeyPair) -> Result<Self, String> {
        const REFUSED: &str = "holds a key that cannot sign certificates here; EC P-256, EC P-384 and RSA of 2048 to 8192 \
                               bits can";
        let (der, algorithm) = (pair.serialized_der(), pair.algorithm());
        let key = if algorithm == &PKCS_ECDSA_P256_SHA256 {
            EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der).map(SigningKey::P256)
        } else if algorithm == &PKCS_ECDSA_P384_SHA384 {
            EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_ASN1_SIGNING, der).map(SigningKey::P384)
        } else if algorithm == &PKCS_RSA_SHA256 {
            RsaKeyPair::from_pkcs8(der)
                .or_else(|_| RsaKeyPair::from_der(der))
                .map(SigningKey::Rsa)
        } else {
            return Err(REFUSED.into());
        };
        Ok(Self {
            key: key.map_err(|_| REFUSED)?,
            random: SystemRandom::new(),
        })
    }

    /// The kind of the key, in the words of a message.
    pub(super) fn described(&self) -> &'static str {
        match self.key {
            SigningKey::P256(_) => "EC P-256",
            SigningKey::P384(_) => "EC P-384",
            SigningKey::Rsa(_) => "RSA",
        }
    }

    /// Whether a signature takes only microseconds: true for EC P-256, false for EC P-384 and RSA.
    pub(super) fn is_fast(&self) -> bool {
        match self.key {
            SigningKey::P256(_) => true,
            SigningKey::P384(_) | SigningKey::Rsa(_) => false,
        }
    }

    /// The hash that it signs with if no other is asked for.
    pub(super) fn default_hash(&self) -> Hash {
        match self.key {
            SigningKey::P256(_) | SigningKey::Rsa(_) => Hash::Sha256,
            SigningKey::P384(_) => Hash::Sha384,
        }
    }

    /// Whether it can sign with this hash. With RSA, aws-lc-rs verifies SHA-1 and SHA-224 but does not sign with them;
    /// for each of the two curves it signs with one hash only.
    pub(super) fn supports(&self, hash: Hash) -> bool {
        match self.key {
            SigningKey::P256(_) | SigningKey::P384(_) => hash == self.default_hash(),
            SigningKey::Rsa(_) => matches!(hash, Hash::Sha256 | Hash::Sha384 | Hash::Sha512),
        }
    }

    /// The `AlgorithmIdentifier` of its signatures with a hash that it supports.
    pub(super) fn algorithm(&self, hash: Hash) -> Vec<u8> {
        let rsa = |signature| sequence(&[&oid(signature), &[NULL, 0]]);
        match (&self.key, hash) {
            (SigningKey::P256(_), _) => sequence(&[&oid(oid::ECDSA_WITH_SHA256)]),
            (SigningKey::P384(_), _) => sequence(&[&oid(oid::ECDSA_WITH_SHA384)]),
            (SigningKey::Rsa(_), Hash::Sha384) => rsa(oid::SHA384_WITH_RSA),
            (SigningKey::Rsa(_), Hash::Sha512) => rsa(oid::SHA512_WITH_RSA),
            (SigningKey::Rsa(_), _) => rsa(oid::SHA256_WITH_RSA),
        }
    }

    /// A signature with a hash that it supports.
    pub(super) fn sign(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CaError> {
        match &self.key {
            SigningKey::P256(key) | SigningKey::P384(key) => {
                let signature = key.sign(&self.random, message).map_err(|_| CaError::Sign)?;
                Ok(signature.as_ref().to_vec())
            }
            SigningKey::Rsa(key) => {
                let encoding = match hash {
                    Hash::Sha384 => &RSA_PKCS1_SHA384,
                    Hash::Sha512 => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(encoding, &self.random, message, &mut signature)
                    .map_err(|_| CaError::Sign)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.described())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names() {
        for kind in CaKey::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "ec".parse::<CaKey>().unwrap_err();
        assert!(
            error.ends_with("ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096"),
            "{error}"
        );
    }

    #[test]
    fn a_key_that_is_too_small_has_an_error_of_its_own() {
        let output = std::process::Command::new("openssl")
            .args(["genrsa", "1024"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = parse_key(&text).unwrap_err();
        assert!(error.contains("RSA of 2048 to 8192 bits"), "{error}");
        assert!(
            parse_key(&text[..100])
                .unwrap_err()
                .starts_with("holds no private key in PEM")
        );
    }

    #[test]
    fn a_key_supports_what_it_can_sign_with() {
        for (kind, hashes) in [
            (CaKey::EcP256, &[Hash::Sha256][..]),
            (CaKey::EcP384, &[Hash::Sha384]),
            (CaKey::Rsa2048, &[Hash::Sha256, Hash::Sha384, Hash::Sha512]),
        ] {
            let signer = Signer::new(&kind.generate().unwrap()).unwrap();
            for hash in [
                Hash::Md5,
                Hash::Sha1,
                Hash::Sha224,
                Hash::Sha256,
                Hash::Sha384,
                Hash::Sha512,
            ] {
                assert_eq!(signer.supports(hash), hashes.contains(&hash), "{kind} {hash}");
            }
            assert!(signer.supports(signer.default_hash()));
        }
    }
}
