//! A private key and its certificate in the two files `NAME.key` and `NAME.pem` of a directory: a missing
//! file is made, an existing one is read and checked.
//!
//! The key is written first and never replaced, so a crash or a second process leaves at worst a key without a
//! certificate, and the next start makes the certificate for it.

use std::fmt::Display;

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;

use super::key::{CaKey, parse_key};
use crate::der::pem;
use crate::files::{FileError, Readers, Store};

/// The two files of one name.
pub(crate) struct KeyFiles<'s> {
    store: &'s Store,
    key: String,
    certificate: String,
}

impl<'s> KeyFiles<'s> {
    /// The files of that name in the directory of `store`.
    pub(crate) fn new(store: &'s Store, name: impl Display) -> Self {
        Self {
            store,
            key: format!("{name}.key"),
            certificate: format!("{name}.pem"),
        }
    }

    /// The name of the file of the key.
    pub(crate) fn key_name(&self) -> &str {
        &self.key
    }

    /// The key; makes one of that kind if neither file is there.
    ///
    /// # Errors
    /// The file is unreadable or contains no key, it cannot be written, or there is a certificate without a key.
    pub(crate) fn key(&self, kind: CaKey) -> Result<KeyPair, FileError> {
        match self.store.read_before(&self.key, &self.certificate)? {
            (Some(text), _) => self.parse_key(&text),
            (None, false) => self.create_key(kind),
            (None, true) => Err(self.bad_key(format!(
                "is missing, but {0} is there; put the key there, or take {0} away to have both made anew",
                self.certificate
            ))),
        }
    }

    /// The key; makes one of that kind if its file is not there. For a certificate that can be replaced at any time.
    ///
    /// # Errors
    /// The file is unreadable or contains no key, or it cannot be written.
    pub(crate) fn key_for_any_certificate(&self, kind: CaKey) -> Result<KeyPair, FileError> {
        match self.store.read(&self.key)? {
            Some(text) => self.parse_key(&text),
            None => self.create_key(kind),
        }
    }

    /// The certificate, the first one of its file; makes it if its file is not there.
    ///
    /// # Errors
    /// The file is unreadable or contains no certificate, or the certificate cannot be made or written.
    pub(crate) fn certificate(
        &self,
        make: impl FnOnce() -> Result<CertificateDer<'static>, rcgen::Error>,
    ) -> Result<CertificateDer<'static>, FileError> {
        let text = match self.store.read(&self.certificate)? {
            Some(text) => text,
            None => {
                let made =
                    make().map_err(|error| self.bad_certificate(format!("cannot make a certificate: {error}")))?;
                self.store
                    .create(&self.certificate, &pem::encode(pem::CERTIFICATE, &made), Readers::All)?
            }
        };
        pem::first_certificate(&text).map_err(|problem| self.bad_certificate(problem))
    }

    /// Every certificate of its file, at least one; None if the file is not there.
    ///
    /// # Errors
    /// The file is unreadable or contains no certificate.
    pub(crate) fn chain(&self) -> Result<Option<Vec<CertificateDer<'static>>>, FileError> {
        let text = self.store.read(&self.certificate)?;
        text.map(|text| pem::certificates(&text).map_err(|problem| self.bad_certificate(problem)))
            .transpose()
    }

    /// Writes a certificate in the place of the one that may be there.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn replace_certificate(&self, certificate: &CertificateDer<'_>) -> Result<(), FileError> {
        let text = pem::encode(pem::CERTIFICATE, certificate);
        self.store.replace(&self.certificate, &text, Readers::All)
    }

    /// What is wrong with the key, behind the name of its file.
    pub(crate) fn bad_key(&self, problem: impl Into<String>) -> FileError {
        FileError::new(&self.store.path(&self.key), problem)
    }

    /// What is wrong with the certificate, behind the name of its file.
    pub(crate) fn bad_certificate(&self, problem: impl Into<String>) -> FileError {
        FileError::new(&self.store.path(&self.certificate), problem)
    }

    fn create_key(&self, kind: CaKey) -> Result<KeyPair, FileError> {
        let made = kind
            .generate()
            .map_err(|error| self.bad_key(format!("cannot make a key: {error}")))?;
        let text = pem::encode(pem::PRIVATE_KEY, made.serialized_der());
        // Another process may have been faster: its key is the one to use.
        self.parse_key(&self.store.create(&self.key, &text, Readers::Owner)?)
    }

    fn parse_key(&self, text: &str) -> Result<KeyPair, FileError> {
        parse_key(text).map_err(|problem| self.bad_key(problem))
    }
}
