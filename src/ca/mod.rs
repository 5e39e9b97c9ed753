//! The emulator's certificate authority: a root, the issuing CAs below it, and all that they sign: certificates, CRLs and
//! OCSP answers.
//!
//! It knows no HTTP, and of an order only what its certificate says ([`order`], and the
//! [`terms`](crate::api::order::terms)): times, serial numbers and URLs come in as arguments. Keys and CA certificates are
//! made fresh at each start or kept in a directory ([`files`](crate::files)); their randomness comes from aws-lc-rs, as the
//! keys do.
//!
//! What rcgen cannot write as it must be is written here, part by part ([`asn1`]): it would refuse CSRs with the
//! Microsoft extensions and grant CA:TRUE on request.

mod fit;
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

#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use self::authority::{Authority, CaOptions};
pub(crate) use self::issuing::{IssuerName, Issuing};
pub use self::key::CaKey;
pub(crate) use self::key::parse_key;
pub(crate) use self::serial::SerialNumber;
use crate::files::FileError;

/// Why the CA cannot do something, in one line. Never holds anything of a private key.
#[derive(Debug, Error)]
pub(crate) enum CaError {
    /// A file is bad.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key or a CA certificate cannot be made.
    #[error("cannot make a CA: {0}")]
    Make(#[from] rcgen::Error),
    /// A CA certificate that was just made does not do.
    #[error("cannot make the CA {0}: its certificate {1}")]
    Unfit(IssuerName, String),
    /// There are as many issuing CAs as there may be.
    #[error("there are {0} issuing CAs of their own caCertificateID already, and no more are made")]
    TooMany(usize),
    /// The email address cannot stand in a certificate.
    #[error("`{0}` cannot stand in a certificate: {1}")]
    Email(String, &'static str),
    /// The organization cannot stand in a certificate.
    #[error("the organization {0}")]
    Organization(String),
    /// The public key is not one.
    #[error("the public key is no SubjectPublicKeyInfo in DER")]
    PublicKey,
    /// A key for an order cannot be made.
    #[error("no key can be made for the order")]
    MadeKey,
    /// The key refused to sign.
    #[error("the CA's key cannot sign")]
    Sign,
    /// It was in the middle of it when it panicked or the emulator stopped.
    #[error("the CA's work broke off")]
    BrokenOff,
}

impl CaError {
    /// The field of the order that must be changed, if it is the order's fault.
    pub(crate) fn field(&self) -> Option<&'static str> {
        match self {
            Self::Email(..) => Some("email"),
            Self::Organization(_) => Some("organization"),
            Self::PublicKey => Some("csr"),
            Self::File(_)
            | Self::Make(_)
            | Self::Unfit(..)
            | Self::TooMany(_)
            | Self::MadeKey
            | Self::Sign
            | Self::BrokenOff => None,
        }
    }
}

/// A serial number of 128 random bits, less the two that make it positive and never shorter.
pub(crate) fn random_serial() -> Result<rcgen::SerialNumber, rcgen::Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(rcgen::SerialNumber::from_slice(&bytes))
}
