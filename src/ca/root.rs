//! The root certificate, which clients should trust.

use std::fmt;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::ca_certificate;
use super::key::CaKey;
use super::key_files::KeyFiles;
use super::random_serial;
use crate::der::pem;
use crate::files::{FileError, Store};

/// The name of the files of a kept root: `ca.key` and `ca.pem`.
const FILES: &str = "ca";

/// A root is valid from ten years before it is made to thirty years after, so that certificates verify that were issued
/// in the past, and those of a sandbox whose clock was advanced.
const BEFORE: Duration = Duration::days(3652);
const AFTER: Duration = Duration::days(10_957);

/// A root certificate and its key.
pub(crate) struct Root {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Root {
    /// A new root that is valid from ten years before `now` to thirty years after.
    pub(crate) fn generate(kind: CaKey, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let (params, key) = (params(now)?, kind.generate()?);
        let certificate = params.self_signed(&key)?.into();
        let (not_before, not_after) = (params.not_before, params.not_after);
        Ok(Self {
            certificate,
            issuer: Issuer::new(params, key),
            not_before,
            not_after,
        })
    }

    /// The root in the files `ca.pem` and `ca.key`; makes a file that is missing, with a key of `kind`, and never
    /// changes one that exists.
    ///
    /// # Errors
    /// Names the file that is unreadable, is not a CA certificate, is expired, or does not belong to the other file.
    pub(crate) fn keep(store: &Store, kind: CaKey, now: OffsetDateTime) -> Result<Self, FileError> {
        let files = KeyFiles::new(store, FILES);
        let key = files.key(kind)?;
        let certificate = files.certificate(|| Ok(params(now)?.self_signed(&key)?.into()))?;
        Self::from_parts(certificate, key, now).map_err(|problem| files.bad_certificate(problem))
    }

    /// A root from its certificate and its key. The error is what is wrong with the certificate.
    fn from_parts(certificate: CertificateDer<'static>, key: KeyPair, now: OffsetDateTime) -> Result<Self, String> {
        let (key_name, advice) = ("the key in ca.key", "delete it and ca.key to have both made anew");
        let parsed = ca_certificate::check(&certificate, &key, key_name, advice, now, |parsed| {
            let usage = parsed.key_usage().ok().flatten();
            if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
                return Err("may not sign certificates (keyUsage)".into());
            }
            let constraints = parsed.basic_constraints().ok().flatten();
            if constraints.is_some_and(|constraints| constraints.value.path_len_constraint == Some(0)) {
                return Err("may not sign the certificates of CAs (pathlen:0)".into());
            }
            Ok(())
        })?;
        let (not_before, not_after) = (parsed.validity().not_before, parsed.validity().not_after);
        let (not_before, not_after) = (not_before.to_datetime(), not_after.to_datetime());
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|error| format!("cannot be used to sign: {error}"))?;
        Ok(Self {
            certificate,
            issuer,
            not_before,
            not_after,
        })
    }

    /// Its certificate, in DER.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its certificate in PEM, for clients.
    pub(crate) fn pem(&self) -> String {
        pem::encode(pem::CERTIFICATE, &self.certificate)
    }

    /// Its name and key, with which rcgen signs certificates.
    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// When it begins to be valid.
    pub(crate) fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// When it expires. Nothing that it signs should be valid longer.
    pub(crate) fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn params(now: OffsetDateTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "sectigo-emulator");
    params
        .distinguished_name
        .push(DnType::CommonName, "sectigo-emulator test root");
    params.serial_number = Some(random_serial()?);
    params.not_before = now - BEFORE;
    params.not_after = now + AFTER;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const CERTIFICATE_FILE: &str = "ca.pem";
    const KEY_FILE: &str = "ca.key";

    const NOW: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);

    fn write(dir: &tempfile::TempDir, name: &str, text: &str) {
        std::fs::write(dir.path().join(name), text).unwrap();
    }

    #[test]
    fn a_kept_root_stays_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let first = Root::keep(&store, CaKey::EcP256, NOW).unwrap();
        let second = Root::keep(&store, CaKey::Rsa2048, NOW + Duration::days(3000)).unwrap();
        assert_eq!(first.certificate(), second.certificate());
        assert_eq!(first.not_after(), second.not_after());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no leftovers");
    }

    #[test]
    fn a_start_that_was_cut_short_after_the_key_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let key = CaKey::EcP384.generate().unwrap();
        write(&dir, KEY_FILE, &key.serialize_pem());
        let root = Root::keep(&store, CaKey::EcP256, NOW).unwrap();
        assert_eq!(root.issuer().key().serialized_der(), key.serialized_der());
    }

    #[test]
    fn many_processes_that_start_at_once_agree_on_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let start = || {
                Root::keep(&Store::open(path).unwrap(), CaKey::EcP256, NOW)
                    .unwrap()
                    .issuer()
                    .key()
                    .serialize_der()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 2, "no leftovers");
    }

    #[test]
    fn bad_files_are_named_and_left_alone() {
        let root = Root::generate(CaKey::EcP256, NOW).unwrap();
        let (certificate, key) = (root.pem(), root.issuer().key().serialize_pem());
        let other = CaKey::EcP256.generate().unwrap().serialize_pem();
        let mut leaf = params(NOW).unwrap();
        leaf.is_ca = IsCa::ExplicitNoCa;
        let leaf = leaf.self_signed(root.issuer().key()).unwrap().pem();
        let certify = |now| params(now).unwrap().self_signed(root.issuer().key()).unwrap().pem();
        let (expired, early) = (
            certify(NOW - Duration::days(11_000)),
            certify(NOW + Duration::days(3700)),
        );
        let half = &certificate[..certificate.len() / 2];
        let cases = [
            (half, &key[..], "ca.pem: holds no certificate"),
            ("", &key, "ca.pem: holds no certificate"),
            (&key, &key, "ca.pem: holds no certificate"),
            (&certificate, &other, "ca.pem: does not fit the key in ca.key"),
            (&certificate, &key[..key.len() / 2], "ca.key: holds no private key"),
            (
                &certificate,
                "-----BEGIN ENCRYPTED PRIVATE KEY-----",
                "ca.key: holds an encrypted private key",
            ),
            (&leaf, &key, "ca.pem: is not the certificate of a CA"),
            (&expired, &key, "ca.pem: expired at"),
            (&early, &key, "ca.pem: is not valid before"),
        ];
        for (certificate, key, expected) in cases {
            let dir = tempfile::tempdir().unwrap();
            write(&dir, CERTIFICATE_FILE, certificate);
            write(&dir, KEY_FILE, key);
            let error = Root::keep(&Store::open(dir.path()).unwrap(), CaKey::EcP256, NOW)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error} / {expected}");
            assert!(!error.contains('\n'), "{error}");
            assert_eq!(
                std::fs::read_to_string(dir.path().join(CERTIFICATE_FILE)).unwrap(),
                certificate
            );
            assert_eq!(std::fs::read_to_string(dir.path().join(KEY_FILE)).unwrap(), key);
        }
        let dir = tempfile::tempdir().unwrap();
        write(&dir, CERTIFICATE_FILE, &certificate);
        let error = Root::keep(&Store::open(dir.path()).unwrap(), CaKey::EcP256, NOW)
            .unwrap_err()
            .to_string();
        assert!(error.contains("ca.key: is missing"), "{error}");
    }
}
