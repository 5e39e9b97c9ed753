//! The object identifiers that a request is judged by, as the content of their DER.

pub(crate) const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(crate) const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";

pub(crate) const CURVE_P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(crate) const CURVE_P384: &[u8] = b"\x2b\x81\x04\x00\x22";
pub(crate) const CURVE_P521: &[u8] = b"\x2b\x81\x04\x00\x23";

pub(crate) const SHA1_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
pub(crate) const RSASSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
pub(crate) const SHA256_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
pub(crate) const SHA384_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
pub(crate) const SHA512_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
pub(crate) const SHA224_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e";
/// OIW's older name for SHA-1 with RSA, which Windows still knows.
pub(crate) const OIW_SHA1_WITH_RSA: &[u8] = b"\x2b\x0e\x03\x02\x1d";

pub(crate) const ECDSA_WITH_SHA224: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x01";
pub(crate) const ECDSA_WITH_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
pub(crate) const ECDSA_WITH_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
pub(crate) const ECDSA_WITH_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";

pub(crate) const MGF1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
pub(crate) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
pub(crate) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
pub(crate) const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub(crate) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
pub(crate) const SHA224: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x04";

/// PKCS#9's attribute of requested extensions.
pub(crate) const EXTENSION_REQUEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";
/// Microsoft's attribute of requested extensions.
pub(crate) const CERT_EXTENSIONS: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e";
/// Microsoft's certificate template, version 1: its name.
pub(crate) const TEMPLATE_NAME: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x14\x02";
/// Microsoft's certificate template, version 2: its identifier and versions.
pub(crate) const TEMPLATE: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x15\x07";

/// The usual name of an algorithm or curve that is not taken, else its number.
pub(crate) fn name(oid: &[u8]) -> String {
    let dotted = dotted(oid);
    NAMES
        .iter()
        .find(|(number, _)| *number == dotted)
        .map_or(dotted, |(_, name)| (*name).to_owned())
}

/// `1.2.840.113549`; of bounded length, whatever a request holds.
pub(crate) fn dotted(oid: &[u8]) -> String {
    const MAX: usize = 48;
    if oid.len() > MAX {
        return format!("(an OID of {} bytes)", oid.len());
    }
    let mut text = String::new();
    let mut arc = 0_u64;
    for byte in oid {
        if arc >= 1 << 56 {
            return format!("(an OID of {} bytes)", oid.len());
        }
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if text.is_empty() {
            // The first two arcs share a number; the first is 0, 1 or 2.
            let first = (arc / 40).min(2);
            text = format!("{first}.{}", arc - 40 * first);
        } else {
            text.push('.');
            text.push_str(&arc.to_string());
        }
        arc = 0;
    }
    text
}

const NAMES: &[(&str, &str)] = &[
    // Key types
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "Diffie-Hellman"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.7", "RSAES-OAEP"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.3.132.1.12", "ECDH"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    // Curves
    ("1.2.156.10197.1.301", "SM2"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1"),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1"),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.33", "P-224"),
    // Signatures and digests
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.2.840.113549.1.1.2", "RSA with MD2"),
    ("1.2.840.113549.1.1.3", "RSA with MD4"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.11", "RSA with SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA with SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA with SHA-512"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.2.840.113549.1.1.15", "RSA with SHA-512/224"),
    ("1.2.840.113549.1.1.16", "RSA with SHA-512/256"),
    ("1.2.840.113549.2.5", "MD5"),
    ("2.16.840.1.101.3.4.2.5", "SHA-512/224"),
    ("2.16.840.1.101.3.4.2.6", "SHA-512/256"),
    ("2.16.840.1.101.3.4.2.7", "SHA3-224"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("2.16.840.1.101.3.4.2.9", "SHA3-384"),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512"),
    ("2.16.840.1.101.3.4.3.9", "ECDSA with SHA3-224"),
    ("2.16.840.1.101.3.4.3.10", "ECDSA with SHA3-256"),
    ("2.16.840.1.101.3.4.3.11", "ECDSA with SHA3-384"),
    ("2.16.840.1.101.3.4.3.12", "ECDSA with SHA3-512"),
    ("2.16.840.1.101.3.4.3.13", "RSA with SHA3-224"),
    ("2.16.840.1.101.3.4.3.14", "RSA with SHA3-256"),
    ("2.16.840.1.101.3.4.3.15", "RSA with SHA3-384"),
    ("2.16.840.1.101.3.4.3.16", "RSA with SHA3-512"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_numbers_they_are_meant_to_be() {
        for (oid, number) in [
            (RSA_ENCRYPTION, "1.2.840.113549.1.1.1"),
            (EC_PUBLIC_KEY, "1.2.840.10045.2.1"),
            (CURVE_P256, "1.2.840.10045.3.1.7"),
            (CURVE_P384, "1.3.132.0.34"),
            (CURVE_P521, "1.3.132.0.35"),
            (SHA1_WITH_RSA, "1.2.840.113549.1.1.5"),
            (RSASSA_PSS, "1.2.840.113549.1.1.10"),
            (SHA256_WITH_RSA, "1.2.840.113549.1.1.11"),
            (SHA384_WITH_RSA, "1.2.840.113549.1.1.12"),
            (SHA512_WITH_RSA, "1.2.840.113549.1.1.13"),
            (SHA224_WITH_RSA, "1.2.840.113549.1.1.14"),
            (OIW_SHA1_WITH_RSA, "1.3.14.3.2.29"),
            (ECDSA_WITH_SHA224, "1.2.840.10045.4.3.1"),
            (ECDSA_WITH_SHA256, "1.2.840.10045.4.3.2"),
            (ECDSA_WITH_SHA384, "1.2.840.10045.4.3.3"),
            (ECDSA_WITH_SHA512, "1.2.840.10045.4.3.4"),
            (MGF1, "1.2.840.113549.1.1.8"),
            (SHA1, "1.3.14.3.2.26"),
            (SHA256, "2.16.840.1.101.3.4.2.1"),
            (SHA384, "2.16.840.1.101.3.4.2.2"),
            (SHA512, "2.16.840.1.101.3.4.2.3"),
            (SHA224, "2.16.840.1.101.3.4.2.4"),
            (EXTENSION_REQUEST, "1.2.840.113549.1.9.14"),
            (CERT_EXTENSIONS, "1.3.6.1.4.1.311.2.1.14"),
            (TEMPLATE_NAME, "1.3.6.1.4.1.311.20.2"),
            (TEMPLATE, "1.3.6.1.4.1.311.21.7"),
        ] {
            assert_eq!(dotted(oid), number);
        }
    }

    #[test]
    fn strange_numbers_stay_short() {
        assert_eq!(dotted(&[0x88, 0x37]), "2.999");
        assert_eq!(
            dotted(&[0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            "(an OID of 11 bytes)"
        );
        assert_eq!(dotted(&[0x01; 20_000]), "(an OID of 20000 bytes)");
        assert!(dotted(&[0x01; 48]).len() <= 100);
    }

    #[test]
    fn names() {
        assert_eq!(name(b"\x2b\x65\x70"), "Ed25519");
        assert_eq!(name(b"\x2b\x65\x71\x01"), "1.3.101.113.1");
    }
}
