//! The keys that are accepted: RSA of 2048 to 8192 bits, and EC on three curves.

use std::{borrow::Cow, fmt};

use super::{CsrError, parse::PublicKey};
use crate::der::oid;
use crate::der::read::Reader;
use crate::der::tag::{NULL, OID, SEQUENCE};

/// An accepted kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// RSA.
    Rsa {
        /// The length of the modulus in bits, 2048 to 8192.
        bits: u16,
    },
    /// Elliptic curve NIST P-256.
    P256,
    /// Elliptic curve NIST P-384.
    P384,
    /// Elliptic curve NIST P-521.
    P521,
}

impl Key {
    /// Checks the type, then the size, then whether the numbers can be those of a key.
    pub(super) fn classify(key: &PublicKey<'_>) -> Result<Self, CsrError> {
        match key.algorithm {
            oid::RSA_ENCRYPTION => rsa(key),
            oid::EC_PUBLIC_KEY => elliptic(key),
            other => Err(CsrError::UnsupportedAlgorithm(
                format!("{} key; RSA and EC keys are taken", oid::name(other)).into(),
            )),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::P521 => f.write_str("EC P-521"),
        }
    }
}

/// A key of an accepted type but of a size or on a curve that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnsupportedKey {
    /// RSA.
    Rsa {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// Elliptic curve, by its common name or else its object identifier.
    Curve(String),
}

impl fmt::Display for UnsupportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA key of {bits} bits; {MIN_BITS} to {MAX_BITS} are taken"),
            Self::Curve(curve) => write!(f, "EC key on {curve}; P-256, P-384 and P-521 are taken"),
        }
    }
}

/// Modulus and exponent of a PKCS#1 `RSAPublicKey`, without leading zeros.
pub(super) fn rsa_numbers(bytes: &[u8]) -> Result<(&[u8], &[u8]), CsrError> {
    let read = || {
        let mut outer = Reader::new(bytes);
        let mut inner = outer.read(SEQUENCE)?;
        outer.finish()?;
        let numbers = (inner.unsigned()?, inner.unsigned()?);
        inner.finish()?;
        Ok(numbers)
    };
    read().map_err(|error| CsrError::malformed("RSA key", error))
}

const MIN_BITS: u16 = 2048;
const MAX_BITS: u16 = 8192;
/// The limit of the cryptographic library, which bounds the time of a verification.
const MAX_EXPONENT_BITS: usize = 33;

fn rsa(key: &PublicKey<'_>) -> Result<Key, CsrError> {
    if !matches!(key.parameters.bytes(), [] | [NULL, 0]) {
        return Err(malformed("malformed RSA key: its algorithm has parameters"));
    }
    let (modulus, exponent) = rsa_numbers(key.bytes()?)?;
    let bits = bits(modulus);
    let Some(accepted) = u16::try_from(bits)
        .ok()
        .filter(|bits| (MIN_BITS..=MAX_BITS).contains(bits))
    else {
        return Err(CsrError::UnsupportedKeySize(UnsupportedKey::Rsa { bits }));
    };
    if modulus.last().is_none_or(|byte| byte % 2 == 0) {
        return Err(malformed("the modulus of the RSA key is even"));
    }
    match exponent {
        [] => Err(malformed("the exponent of the RSA key is 0")),
        [1] => Err(malformed("the exponent of the RSA key is 1")),
        [.., last] if last % 2 == 0 => Err(malformed("the exponent of the RSA key is even")),
        _ if self::bits(exponent) > MAX_EXPONENT_BITS => {
            Err(malformed("the exponent of the RSA key has more than 33 bits"))
        }
        _ => Ok(Key::Rsa { bits: accepted }),
    }
}

fn elliptic(key: &PublicKey<'_>) -> Result<Key, CsrError> {
    let mut parameters = key.parameters;
    let curve = match parameters.bytes().first() {
        Some(&OID) => parameters.oid().and_then(|curve| parameters.finish().map(|()| curve)),
        Some(&SEQUENCE) => {
            return Err(CsrError::UnsupportedAlgorithm(
                "EC key with explicit parameters; a named curve is taken".into(),
            ));
        }
        Some(&NULL) => {
            return Err(CsrError::UnsupportedAlgorithm(
                "EC key with an implied curve; a named curve is taken".into(),
            ));
        }
        _ => return Err(malformed("the EC key names no curve")),
    }
    .map_err(|error| CsrError::malformed("curve of the EC key", error))?;
    let (key_kind, field) = match curve {
        oid::CURVE_P256 => (Key::P256, 32),
        oid::CURVE_P384 => (Key::P384, 48),
        oid::CURVE_P521 => (Key::P521, 66),
        other => {
            return Err(CsrError::UnsupportedKeySize(UnsupportedKey::Curve(oid::name(other))));
        }
    };
    // Whether the point is on the curve is checked when the signature is verified.
    match key.bytes()? {
        [0x04, coordinates @ ..] if coordinates.len() == 2 * field => Ok(key_kind),
        [0x02 | 0x03, x @ ..] if x.len() == field => Ok(key_kind),
        _ => Err(malformed("the point of the EC key is malformed")),
    }
}

fn malformed(why: &'static str) -> CsrError {
    CsrError::NotPkcs10(Cow::Borrowed(why))
}

/// The bit length of a magnitude that has no leading zero byte.
fn bits(magnitude: &[u8]) -> usize {
    magnitude
        .first()
        .map_or(0, |first| 8 * magnitude.len() - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::read::BitString;

    fn classify_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Key, String> {
        let integer = |content: &[u8]| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            match content.len() {
                0..0x80 => [&[0x02, length[1]], content].concat(),
                0x80..0x100 => [&[0x02, 0x81, length[1]], content].concat(),
                _ => [&[0x02, 0x82], &length[..], content].concat(),
            }
        };
        let numbers = [integer(modulus), integer(exponent)].concat();
        let length = u16::try_from(numbers.len()).unwrap().to_be_bytes();
        let bytes = match numbers.len() {
            0..0x80 => [&[SEQUENCE, length[1]], &numbers[..]].concat(),
            0x80..0x100 => [&[SEQUENCE, 0x81, length[1]], &numbers[..]].concat(),
            _ => [&[SEQUENCE, 0x82], &length[..], &numbers].concat(),
        };
        let key = PublicKey {
            algorithm: oid::RSA_ENCRYPTION,
            parameters: Reader::new(&[NULL, 0]),
            key: BitString {
                unused: 0,
                bytes: &bytes,
            },
        };
        Key::classify(&key).map_err(|error| error.to_string())
    }

    /// A modulus of this many bits, all ones.
    fn ones(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        match bits % 8 {
            0 => modulus.insert(0, 0),
            rest => modulus[0] = (1 << rest) - 1,
        }
        modulus
    }

    #[test]
    fn rsa_sizes() {
        for bits in [1, 512, 1024, 2047, 8193, 16384, 32768] {
            let expected = format!("RSA key of {bits} bits; 2048 to 8192 are taken");
            assert_eq!(classify_rsa(&ones(bits), &[3]), Err(expected));
        }
        for bits in [2048, 2049, 2055, 3072, 4096, 5001, 8191, 8192] {
            assert_eq!(classify_rsa(&ones(bits), &[3]), Ok(Key::Rsa { bits: bits as u16 }));
        }
        assert_eq!(
            classify_rsa(&[0], &[3]),
            Err("RSA key of 0 bits; 2048 to 8192 are taken".into())
        );
    }

    #[test]
    fn rsa_numbers_that_no_key_has() {
        let fine = ones(2048);
        let even = [&ones(2040)[..], &[0xfe]].concat();
        for (modulus, exponent, expected) in [
            (&fine[..], &[0][..], "the exponent of the RSA key is 0"),
            (&fine, &[1], "the exponent of the RSA key is 1"),
            (&fine, &[2], "the exponent of the RSA key is even"),
            (&fine, &[1, 0, 0], "the exponent of the RSA key is even"),
            (
                &fine,
                &[2, 0, 0, 0, 1],
                "the exponent of the RSA key has more than 33 bits",
            ),
            (&fine, &[0xff], "malformed RSA key: an INTEGER is negative"),
            (&fine[1..], &[3], "malformed RSA key: an INTEGER is empty or padded"),
            (&fine, &[0, 3], "malformed RSA key: an INTEGER is empty or padded"),
            (&even, &[3], "the modulus of the RSA key is even"),
            (&[0x80, 1], &[3], "malformed RSA key: an INTEGER is negative"),
        ] {
            assert_eq!(classify_rsa(modulus, exponent), Err(expected.into()));
        }
        assert!(classify_rsa(&fine, &[1, 0, 0, 0, 1]).is_ok());
    }

    #[test]
    fn display() {
        assert_eq!(Key::Rsa { bits: 2048 }.to_string(), "RSA 2048");
        assert_eq!(Key::P521.to_string(), "EC P-521");
    }
}
