//! The emulator's certificate authority: a root, the issuing CAs below it, and all that they sign: certificates, CRLs
//! and OCSP responses.
//!
//! It does not know HTTP. Of an order it reads only what the certificate says ([`order`], and the
//! [`terms`](crate::api::order::terms)); times, serial numbers and URLs are arguments. Keys and CA certificates are
//! made at each start, or kept in a directory ([`key_files`]); aws-lc-rs makes the keys and is the source of their
//! randomness.
//!
//! rcgen writes the certificates of the CAs. All else is written with [`der::write`](crate::der::write): rcgen would
//! refuse CSRs with the Microsoft extensions, and would grant CA:TRUE if a CSR asks for it.

mod ca_certificate;
mod hash;
mod key;
mod serial;

pub(crate) mod authority;
pub(crate) mod bundle;
pub(crate) mod crl;
pub(crate) mod issuing;
pub(crate) mod key_files;
pub(crate) mod leaf;
pub(crate) mod ocsp;
pub(crate) mod order;
pub(crate) mod profile;
pub(crate) mod root;
pub(crate) mod subject;
pub(crate) mod trust;
#[cfg(feature = "cli")]
pub(crate) mod truststore;
pub(crate) mod zip;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use self::authority::{Authority, CaOptions};
pub(crate) use self::issuing::{IssuerName, IssuingCa};
pub use self::key::CaKey;
pub(crate) use self::key::parse_key;
pub(crate) use self::serial::SerialNumber;
use crate::files::FileError;

/// Why the CA cannot do something, in one line. Never contains anything of a private key.
#[derive(Debug, Error)]
pub(crate) enum CaError {
    /// A file of the CA cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key or a CA certificate cannot be made.
    #[error("cannot make a CA: {0}")]
    Make(#[from] rcgen::Error),
    /// A new CA certificate failed the checks.
    #[error("cannot make the CA {0}: its certificate {1}")]
    Unfit(IssuerName, String),
    /// The limit of issuing CAs for values of `caCertificateID` is reached.
    #[error("there are already {0} issuing CAs for values of caCertificateID, which is the limit")]
    TooMany(usize),
    /// The email address cannot be in a certificate: the address, and why.
    #[error("`{0}` cannot stand in a certificate: {1}")]
    Email(String, &'static str),
    /// The organization cannot be in a certificate: why.
    #[error("the organization {0}")]
    Organization(String),
    /// What an order says about its organization cannot be in a certificate.
    #[error("`{0}` is empty, has control characters, or is no country of ISO 3166")]
    Detail(&'static str),
    /// The public key of the order is malformed.
    #[error("the public key is no SubjectPublicKeyInfo in DER")]
    PublicKey,
    /// A key for an order cannot be made.
    #[error("no key can be made for the order")]
    DerivedKey,
    /// The cryptographic library refused to sign.
    #[error("the CA's key cannot sign")]
    Sign,
    /// The work panicked, or the emulator stopped before it was done.
    #[error("the work of the CA was interrupted")]
    Interrupted,
}

impl CaError {
    /// The field of the order that must be changed, if a value of the order is the cause.
    pub(crate) fn field(&self) -> Option<&'static str> {
        match self {
            Self::Email(..) => Some("email"),
            Self::Organization(_) => Some("organization"),
            Self::Detail(field) => Some(field),
            Self::PublicKey => Some("csr"),
            Self::File(_)
            | Self::Make(_)
            | Self::Unfit(..)
            | Self::TooMany(_)
            | Self::DerivedKey
            | Self::Sign
            | Self::Interrupted => None,
        }
    }
}

/// A serial number of 16 bytes, random except for the two bits that make it positive and its length fixed.
pub(crate) fn random_serial() -> Result<rcgen::SerialNumber, rcgen::Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(rcgen::SerialNumber::from_slice(&bytes))
}
