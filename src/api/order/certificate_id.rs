//! The number by which the API names a certificate.

use std::fmt;
use std::num::NonZeroU64;

use crate::api::protocol::argument::parse_integer;

/// A certificateID: 1 to 16 digits without a leading zero.
///
/// It stays with the certificate: each order has one, and the order that replaces another has its own. Unless an order
/// says another, its certificateID follows from its number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CertificateId(NonZeroU64);

impl CertificateId {
    /// The greatest certificateID.
    pub const MAX: u64 = 9_999_999_999_999_999;

    /// The certificateID with that value, if it is from 1 to [`MAX`](Self::MAX).
    pub fn new(value: u64) -> Option<Self> {
        NonZeroU64::new(value)
            .filter(|value| value.get() <= Self::MAX)
            .map(Self)
    }

    /// The certificateID in a text, if it is written without a sign, leading zeros or spaces.
    pub fn parse(text: &str) -> Option<Self> {
        parse_integer(text).and_then(Self::new)
    }

    /// Its value.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_at_most_sixteen_digits() {
        for text in ["", "0", "01", "+1", " 1", "1 ", "10000000000000000", "a"] {
            assert_eq!(CertificateId::parse(text), None, "{text}");
        }
        for text in ["1", "7000001", "9999999999999999"] {
            assert_eq!(CertificateId::parse(text).unwrap().to_string(), text);
        }
    }
}
