//! Serial numbers of the certificates of orders: each contains the number of its order.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use rcgen::KeyPair;

/// How many bytes stand before the number of the order.
const PREFIX: usize = 9;

/// A serial number: 70 bits that nobody can predict, then the number of the order in 8 bytes. It is positive and always
/// has 17 bytes.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(crate) struct SerialNumber([u8; PREFIX + 8]);

impl SerialNumber {
    /// The serial number in these bytes, if they have the right form. Whether a certificate has it follows from the
    /// order.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; PREFIX + 8] = bytes.try_into().ok()?;
        (bytes[0] & 0xc0 == 0x40).then_some(Self(bytes))
    }

    /// The serial number in these hexadecimal digits, of either case, if it has the right form.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let digit = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        };
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
        Self::from_bytes(&bytes?)
    }

    /// Big-endian, as the content of a DER INTEGER.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of the order that it contains.
    pub(crate) fn order_number(&self) -> u64 {
        self.0[PREFIX..]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl fmt::Display for SerialNumber {
    /// Upper-case hexadecimal, as openssl prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}

/// The secret from which serial numbers and keys are derived; it is itself derived from the private key of the root.
pub(super) struct DerivationSecret(hmac::Key);

impl DerivationSecret {
    /// The secret of that root.
    pub(super) fn derive(root: &KeyPair) -> Self {
        let mut context = digest::Context::new(&SHA256);
        context.update(b"sectigo-emulator serial numbers");
        context.update(root.serialized_der());
        Self(hmac::Key::new(HMAC_SHA256, context.finish().as_ref()))
    }

    /// The serial number of the certificate of an order with that content.
    pub(super) fn serial(&self, order_number: u64, content: &[&[u8]]) -> SerialNumber {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&order_number.to_be_bytes());
        for part in content {
            // With its length, so that different contents never give the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; PREFIX + 8];
        bytes[..PREFIX].copy_from_slice(&context.sign().as_ref()[..PREFIX]);
        bytes[0] = bytes[0] & 0x3f | 0x40;
        bytes[PREFIX..].copy_from_slice(&order_number.to_be_bytes());
        SerialNumber(bytes)
    }

    /// The private key for the certificate with that serial number: the same each time, so that there are never two
    /// certificates with one serial number and different keys, and a key that was given to a client stays right.
    pub(super) fn derived_key(&self, serial: &SerialNumber) -> Result<DerivedKey, Unspecified> {
        // One number in 2^32 is not a valid key of this curve.
        for attempt in 0..=u8::MAX {
            let mut context = hmac::Context::with_key(&self.0);
            context.update(b"key");
            context.update(serial.as_bytes());
            context.update(&[attempt]);
            if let Ok(key) = PrivateKey::from_private_key(&ECDH_P256, context.sign().as_ref()) {
                let public_key = key.compute_public_key()?;
                let public_key_info: PublicKeyX509Der<'_> = public_key.as_der()?;
                let pkcs8: Pkcs8V1Der<'_> = key.as_der()?;
                return Ok(DerivedKey {
                    public_key_info: public_key_info.as_ref().to_vec(),
                    pkcs8: pkcs8.as_ref().to_vec(),
                });
            }
        }
        Err(Unspecified)
    }
}

/// A key pair on P-256 that follows from a serial number.
pub(crate) struct DerivedKey {
    /// The `SubjectPublicKeyInfo` in DER.
    pub(crate) public_key_info: Vec<u8>,
    /// The private key, PKCS#8 in DER.
    pub(crate) pkcs8: Vec<u8>,
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use rcgen::PublicKeyData as _;

    use super::*;
    use crate::ca::key::CaKey;

    #[test]
    fn each_serial_number_has_its_key() {
        let serials = DerivationSecret::derive(&CaKey::EcP256.generate().unwrap());
        let key = |number| serials.derived_key(&serials.serial(number, &[])).unwrap();
        let (one, again, other) = (key(1), key(1), key(2));
        assert_eq!(
            (&one.pkcs8, &one.public_key_info),
            (&again.pkcs8, &again.public_key_info)
        );
        assert_ne!(one.public_key_info, other.public_key_info);
        let read = KeyPair::try_from(&one.pkcs8[..]).unwrap();
        assert_eq!(read.subject_public_key_info(), one.public_key_info);
    }

    #[test]
    fn it_contains_the_number_of_the_order() {
        let key = CaKey::EcP256.generate().unwrap();
        let serials = DerivationSecret::derive(&key);
        for number in [1, 1_234_567, 999_999_999_999_999_999, u64::MAX] {
            let serial = serials.serial(number, &[b"default", b"csr"]);
            assert_eq!(serial.order_number(), number);
            assert_eq!(SerialNumber::from_bytes(serial.as_bytes()), Some(serial));
            assert_eq!(serial.to_string().len(), 34);
            assert_eq!(
                serial,
                DerivationSecret::derive(&key).serial(number, &[b"default", b"csr"]),
                "stays"
            );
            for other in [&[&b"t1"[..], b"csr"][..], &[b"defaultcsr"], &[b"defaultc", b"sr"], &[]] {
                assert_ne!(serial, serials.serial(number, other));
            }
            let elsewhere = DerivationSecret::derive(&CaKey::EcP256.generate().unwrap());
            assert_ne!(serial, elsewhere.serial(number, &[b"default", b"csr"]));
        }
        for bytes in [&[0x40; 16][..], &[0x40; 18], &[0x3f; 17], &[0x80; 17], &[0xff; 17], &[]] {
            assert_eq!(SerialNumber::from_bytes(bytes), None);
        }
    }
}
