//! The emulator's certificate authority: for now the root, which signs the listeners' certificate.
//!
//! Keys and certificates are made fresh at each start or kept in a directory ([`files`](crate::files)). The time comes in as an
//! argument; randomness comes from aws-lc-rs, as the keys do.

pub(crate) mod root;

use rcgen::SerialNumber;

/// A serial number of 128 random bits, less the two that make it positive and never shorter.
pub(crate) fn random_serial() -> Result<SerialNumber, rcgen::Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}
