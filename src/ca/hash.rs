//! The hash that a certificate is signed with: from the order's `signatureHash` and what the CA's key supports.

use super::key::Signer;
use crate::api::csr::Hash;
use crate::api::order::terms::SignatureHash;

/// The hash that a certificate is signed with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ChosenHash {
    /// The hash; always one of SHA-2.
    pub(crate) hash: Hash,
    /// A sentence for the log, if it is not the requested hash.
    pub(crate) hint: Option<String>,
}

/// The hash that `signer` signs with if the order asks for `requested` and its CSR is signed with `csr`.
pub(super) fn choose(signer: &Signer, requested: SignatureHash, csr: Hash) -> ChosenHash {
    let default = signer.default_hash();
    match requested {
        SignatureHash::InferFromCsr if signer.supports(csr) => ChosenHash { hash: csr, hint: None },
        SignatureHash::InferFromCsr => ChosenHash {
            hash: default,
            hint: Some(format!(
                "signatureHash=INFER_FROM_CSR asks for {csr}, which the CA's {} key does not sign with; it signed with \
                 {default}",
                signer.described()
            )),
        },
        SignatureHash::NoPreference | SignatureHash::PreferSha2 | SignatureHash::RequireSha2 => ChosenHash {
            hash: default,
            hint: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::key::CaKey;

    #[test]
    fn the_requested_hash_is_used_or_there_is_a_hint() {
        use Hash::{Sha1, Sha224, Sha256, Sha384, Sha512};
        use SignatureHash::{InferFromCsr, NoPreference, PreferSha2, RequireSha2};
        let cases = [
            (CaKey::EcP256, NoPreference, Sha384, Sha256, false),
            (CaKey::EcP256, PreferSha2, Sha1, Sha256, false),
            (CaKey::EcP256, RequireSha2, Sha512, Sha256, false),
            (CaKey::EcP256, InferFromCsr, Sha256, Sha256, false),
            (CaKey::EcP256, InferFromCsr, Sha1, Sha256, true),
            (CaKey::EcP256, InferFromCsr, Sha384, Sha256, true),
            (CaKey::EcP384, NoPreference, Sha256, Sha384, false),
            (CaKey::EcP384, InferFromCsr, Sha384, Sha384, false),
            (CaKey::EcP384, InferFromCsr, Sha256, Sha384, true),
            (CaKey::Rsa2048, NoPreference, Sha512, Sha256, false),
            (CaKey::Rsa2048, InferFromCsr, Sha1, Sha256, true),
            (CaKey::Rsa2048, InferFromCsr, Sha224, Sha256, true),
            (CaKey::Rsa2048, InferFromCsr, Sha256, Sha256, false),
            (CaKey::Rsa2048, InferFromCsr, Sha384, Sha384, false),
            (CaKey::Rsa2048, InferFromCsr, Sha512, Sha512, false),
        ];
        for (kind, requested, csr, expected, hint) in cases {
            let signer = Signer::new(&kind.generate().unwrap()).unwrap();
            let chosen = choose(&signer, requested, csr);
            assert_eq!(
                (chosen.hash, chosen.hint.is_some()),
                (expected, hint),
                "{kind} {requested:?} {csr}"
            );
        }
        let signer = Signer::new(&CaKey::EcP256.generate().unwrap()).unwrap();
        assert_eq!(
            choose(&signer, InferFromCsr, Sha1).hint.unwrap(),
            "signatureHash=INFER_FROM_CSR asks for SHA-1, which the CA's EC P-256 key does not sign with; it signed with \
             SHA-256"
        );
    }
}
