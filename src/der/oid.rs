//! The table of object identifiers. Each is written once, with dots as the documents have it, and is in the program
//! as the content of its DER.

/// The content of the DER of the object identifier that is written `$dotted`, made when the program is compiled.
macro_rules! oid {
    ($dotted:literal) => {{
        const CONTENT: &[u8] = &encode::<{ encoded_length($dotted) }>($dotted);
        CONTENT
    }};
}

// Keys (RFC 3279, RFC 5480).
pub(crate) const RSA_ENCRYPTION: &[u8] = oid!("1.2.840.113549.1.1.1");
pub(crate) const EC_PUBLIC_KEY: &[u8] = oid!("1.2.840.10045.2.1");
pub(crate) const CURVE_P256: &[u8] = oid!("1.2.840.10045.3.1.7");
pub(crate) const CURVE_P384: &[u8] = oid!("1.3.132.0.34");
pub(crate) const CURVE_P521: &[u8] = oid!("1.3.132.0.35");

// Signatures (RFC 4055, RFC 5758).
pub(crate) const MD5_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.4");
pub(crate) const SHA1_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.5");
pub(crate) const MGF1: &[u8] = oid!("1.2.840.113549.1.1.8");
pub(crate) const RSASSA_PSS: &[u8] = oid!("1.2.840.113549.1.1.10");
pub(crate) const SHA256_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.11");
pub(crate) const SHA384_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.12");
pub(crate) const SHA512_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.13");
pub(crate) const SHA224_WITH_RSA: &[u8] = oid!("1.2.840.113549.1.1.14");
/// OIW's older name for SHA-1 with RSA, which Windows still knows.
pub(crate) const OIW_SHA1_WITH_RSA: &[u8] = oid!("1.3.14.3.2.29");
pub(crate) const ECDSA_WITH_SHA224: &[u8] = oid!("1.2.840.10045.4.3.1");
pub(crate) const ECDSA_WITH_SHA256: &[u8] = oid!("1.2.840.10045.4.3.2");
pub(crate) const ECDSA_WITH_SHA384: &[u8] = oid!("1.2.840.10045.4.3.3");
pub(crate) const ECDSA_WITH_SHA512: &[u8] = oid!("1.2.840.10045.4.3.4");

// Hashes (RFC 4055, FIPS 202).
pub(crate) const MD5: &[u8] = oid!("1.2.840.113549.2.5");
pub(crate) const SHA1: &[u8] = oid!("1.3.14.3.2.26");
pub(crate) const SHA256: &[u8] = oid!("2.16.840.1.101.3.4.2.1");
pub(crate) const SHA384: &[u8] = oid!("2.16.840.1.101.3.4.2.2");
pub(crate) const SHA512: &[u8] = oid!("2.16.840.1.101.3.4.2.3");
pub(crate) const SHA224: &[u8] = oid!("2.16.840.1.101.3.4.2.4");
pub(crate) const SHA3_256: &[u8] = oid!("2.16.840.1.101.3.4.2.8");

// Attributes and extensions of certificate signing requests.
/// PKCS#9's attribute of requested extensions (RFC 2985).
pub(crate) const EXTENSION_REQUEST: &[u8] = oid!("1.2.840.113549.1.9.14");
/// Microsoft's attribute of requested extensions.
pub(crate) const CERT_EXTENSIONS: &[u8] = oid!("1.3.6.1.4.1.311.2.1.14");
/// Microsoft's certificate template, version 1: its name.
pub(crate) const TEMPLATE_NAME: &[u8] = oid!("1.3.6.1.4.1.311.20.2");
/// Microsoft's certificate template, version 2: its identifier and versions.
pub(crate) const TEMPLATE: &[u8] = oid!("1.3.6.1.4.1.311.21.7");

// Attributes of a name (X.520; RFC 5280, appendix A.1).
pub(crate) const COMMON_NAME: &[u8] = oid!("2.5.4.3");
pub(crate) const COUNTRY: &[u8] = oid!("2.5.4.6");
pub(crate) const LOCALITY: &[u8] = oid!("2.5.4.7");
pub(crate) const STATE: &[u8] = oid!("2.5.4.8");
pub(crate) const ORGANIZATION: &[u8] = oid!("2.5.4.10");
pub(crate) const ORGANIZATION_IDENTIFIER: &[u8] = oid!("2.5.4.97");
pub(crate) const EMAIL_ADDRESS: &[u8] = oid!("1.2.840.113549.1.9.1");
/// The `otherName` of an email address that is not ASCII (RFC 9598).
pub(crate) const SMTP_UTF8_MAILBOX: &[u8] = oid!("1.3.6.1.5.5.7.8.9");

// Extensions of certificates, CRLs and CRL entries (RFC 5280).
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = oid!("2.5.29.14");
pub(crate) const KEY_USAGE: &[u8] = oid!("2.5.29.15");
pub(crate) const SUBJECT_ALT_NAME: &[u8] = oid!("2.5.29.17");
pub(crate) const BASIC_CONSTRAINTS: &[u8] = oid!("2.5.29.19");
pub(crate) const CRL_NUMBER: &[u8] = oid!("2.5.29.20");
pub(crate) const CRL_REASON: &[u8] = oid!("2.5.29.21");
pub(crate) const ISSUING_DISTRIBUTION_POINT: &[u8] = oid!("2.5.29.28");
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = oid!("2.5.29.31");
pub(crate) const CERTIFICATE_POLICIES: &[u8] = oid!("2.5.29.32");
pub(crate) const ANY_POLICY: &[u8] = oid!("2.5.29.32.0");
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = oid!("2.5.29.35");
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = oid!("2.5.29.37");
pub(crate) const AUTHORITY_INFORMATION_ACCESS: &[u8] = oid!("1.3.6.1.5.5.7.1.1");

// Extended key usages (RFC 5280, section 4.2.1.12).
pub(crate) const CLIENT_AUTH: &[u8] = oid!("1.3.6.1.5.5.7.3.2");
pub(crate) const CODE_SIGNING: &[u8] = oid!("1.3.6.1.5.5.7.3.3");
pub(crate) const EMAIL_PROTECTION: &[u8] = oid!("1.3.6.1.5.5.7.3.4");

// Certificate policies: Sectigo's own, then the CA/Browser Forum's.
pub(crate) const SECTIGO_CODE_SIGNING: &[u8] = oid!("1.3.6.1.4.1.6449.1.2.1.3.2");
pub(crate) const SECTIGO_CODE_SIGNING_EV: &[u8] = oid!("1.3.6.1.4.1.6449.1.2.1.6.1");
pub(crate) const SECTIGO_MAILBOX_MULTIPURPOSE: &[u8] = oid!("1.3.6.1.4.1.6449.1.2.1.10.1");
pub(crate) const SECTIGO_MAILBOX_STRICT: &[u8] = oid!("1.3.6.1.4.1.6449.1.2.1.10.2");
pub(crate) const SECTIGO_ORGANIZATION_MULTIPURPOSE: &[u8] = oid!("1.3.6.1.4.1.6449.1.2.1.10.3");
pub(crate) const CABF_CODE_SIGNING_EV: &[u8] = oid!("2.23.140.1.3");
pub(crate) const CABF_CODE_SIGNING: &[u8] = oid!("2.23.140.1.4.1");
pub(crate) const CABF_MAILBOX_MULTIPURPOSE: &[u8] = oid!("2.23.140.1.5.1.2");
pub(crate) const CABF_MAILBOX_STRICT: &[u8] = oid!("2.23.140.1.5.1.3");
pub(crate) const CABF_ORGANIZATION_MULTIPURPOSE: &[u8] = oid!("2.23.140.1.5.2.2");

// OCSP (RFC 6960), and the access methods of the authority information access.
pub(crate) const OCSP: &[u8] = oid!("1.3.6.1.5.5.7.48.1");
pub(crate) const CA_ISSUERS: &[u8] = oid!("1.3.6.1.5.5.7.48.2");
pub(crate) const OCSP_BASIC: &[u8] = oid!("1.3.6.1.5.5.7.48.1.1");
pub(crate) const OCSP_NONCE: &[u8] = oid!("1.3.6.1.5.5.7.48.1.2");
/// The types of responses that a client accepts. Every client accepts the basic type.
pub(crate) const OCSP_ACCEPTABLE_RESPONSES: &[u8] = oid!("1.3.6.1.5.5.7.48.1.4");

// PKCS#7 (RFC 5652).
pub(crate) const PKCS7_DATA: &[u8] = oid!("1.2.840.113549.1.7.1");
pub(crate) const PKCS7_SIGNED_DATA: &[u8] = oid!("1.2.840.113549.1.7.2");
/// Netscape's content type for certificates one after the other.
pub(crate) const NETSCAPE_CERT_SEQUENCE: &[u8] = oid!("2.16.840.1.113730.2.5");

/// PKCS#12 (RFC 7292), and the attributes of its bags.
#[cfg(feature = "cli")]
pub(crate) mod pkcs12 {
    use super::{encode, encoded_length};

    pub(crate) const CERT_BAG: &[u8] = oid!("1.2.840.113549.1.12.10.1.3");
    pub(crate) const X509_CERTIFICATE: &[u8] = oid!("1.2.840.113549.1.9.22.1");
    pub(crate) const FRIENDLY_NAME: &[u8] = oid!("1.2.840.113549.1.9.20");
    /// Oracle's attribute of a certificate that is trusted, with the usages that it is trusted for.
    pub(crate) const TRUSTED_KEY_USAGE: &[u8] = oid!("2.16.840.1.113894.746875.1.1");
    /// Every extended key usage (RFC 5280, section 4.2.1.12).
    pub(crate) const ANY_EXTENDED_KEY_USAGE: &[u8] = oid!("2.5.29.37.0");
}

/// The common name of an algorithm or curve that is not accepted, or its number if it has no name here.
pub(crate) fn name(oid: &[u8]) -> String {
    NAMES
        .iter()
        .find(|(known, _)| *known == oid)
        .map_or_else(|| dotted(oid), |(_, name)| (*name).to_owned())
}

/// `1.2.840.113549`; of bounded length, whatever a CSR holds.
pub(crate) fn dotted(oid: &[u8]) -> String {
    match arcs(oid) {
        Some(arcs) => arcs.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
        None => format!("(an OID of {} bytes)", oid.len()),
    }
}

/// The numbers between the dots. None if they are more or larger than those of any object identifier in use;
/// a CSR may contain anything.
pub(crate) fn arcs(oid: &[u8]) -> Option<Vec<u64>> {
    const MAX_LENGTH: usize = 48;
    if oid.len() > MAX_LENGTH {
        return None;
    }
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for byte in oid {
        if arc >= 1 << 56 {
            return None;
        }
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if arcs.is_empty() {
            // The first two share a number; the first is 0, 1 or 2.
            let first = (arc / 40).min(2);
            arcs.push(first);
            arc -= 40 * first;
        }
        arcs.push(arc);
        arc = 0;
    }
    Some(arcs)
}

/// What algorithms and curves are commonly called.
const NAMES: &[(&[u8], &str)] = &[
    // Key types
    (oid!("1.2.840.10040.4.1"), "DSA"),
    (oid!("1.2.840.10046.2.1"), "Diffie-Hellman"),
    (RSA_ENCRYPTION, "rsaEncryption"),
    (oid!("1.2.840.113549.1.1.7"), "RSAES-OAEP"),
    (RSASSA_PSS, "RSASSA-PSS"),
    (oid!("1.2.840.113549.1.3.1"), "Diffie-Hellman"),
    (oid!("1.3.101.110"), "X25519"),
    (oid!("1.3.101.111"), "X448"),
    (oid!("1.3.101.112"), "Ed25519"),
    (oid!("1.3.101.113"), "Ed448"),
    (oid!("1.3.132.1.12"), "ECDH"),
    (oid!("2.16.840.1.101.3.4.3.17"), "ML-DSA-44"),
    (oid!("2.16.840.1.101.3.4.3.18"), "ML-DSA-65"),
    (oid!("2.16.840.1.101.3.4.3.19"), "ML-DSA-87"),
    // Curves
    (oid!("1.2.156.10197.1.301"), "SM2"),
    (oid!("1.2.840.10045.3.1.1"), "P-192"),
    (oid!("1.3.36.3.3.2.8.1.1.1"), "brainpoolP160r1"),
    (oid!("1.3.36.3.3.2.8.1.1.3"), "brainpoolP192r1"),
    (oid!("1.3.36.3.3.2.8.1.1.5"), "brainpoolP224r1"),
    (oid!("1.3.36.3.3.2.8.1.1.7"), "brainpoolP256r1"),
    (oid!("1.3.36.3.3.2.8.1.1.9"), "brainpoolP320r1"),
    (oid!("1.3.36.3.3.2.8.1.1.11"), "brainpoolP384r1"),
    (oid!("1.3.36.3.3.2.8.1.1.13"), "brainpoolP512r1"),
    (oid!("1.3.132.0.10"), "secp256k1"),
    (oid!("1.3.132.0.33"), "P-224"),
    // Signatures and digests
    (oid!("1.2.840.10040.4.3"), "DSA with SHA-1"),
    (oid!("1.2.840.10045.4.1"), "ECDSA with SHA-1"),
    (ECDSA_WITH_SHA224, "ECDSA with SHA-224"),
    (ECDSA_WITH_SHA256, "ECDSA with SHA-256"),
    (ECDSA_WITH_SHA384, "ECDSA with SHA-384"),
    (ECDSA_WITH_SHA512, "ECDSA with SHA-512"),
    (oid!("1.2.840.113549.1.1.2"), "RSA with MD2"),
    (oid!("1.2.840.113549.1.1.3"), "RSA with MD4"),
    (MD5_WITH_RSA, "RSA with MD5"),
    (SHA1_WITH_RSA, "RSA with SHA-1"),
    (SHA256_WITH_RSA, "RSA with SHA-256"),
    (SHA384_WITH_RSA, "RSA with SHA-384"),
    (SHA512_WITH_RSA, "RSA with SHA-512"),
    (SHA224_WITH_RSA, "RSA with SHA-224"),
    (oid!("1.2.840.113549.1.1.15"), "RSA with SHA-512/224"),
    (oid!("1.2.840.113549.1.1.16"), "RSA with SHA-512/256"),
    (MD5, "MD5"),
    (oid!("2.16.840.1.101.3.4.2.5"), "SHA-512/224"),
    (oid!("2.16.840.1.101.3.4.2.6"), "SHA-512/256"),
    (oid!("2.16.840.1.101.3.4.2.7"), "SHA3-224"),
    (SHA3_256, "SHA3-256"),
    (oid!("2.16.840.1.101.3.4.2.9"), "SHA3-384"),
    (oid!("2.16.840.1.101.3.4.2.10"), "SHA3-512"),
    (oid!("2.16.840.1.101.3.4.3.9"), "ECDSA with SHA3-224"),
    (oid!("2.16.840.1.101.3.4.3.10"), "ECDSA with SHA3-256"),
    (oid!("2.16.840.1.101.3.4.3.11"), "ECDSA with SHA3-384"),
    (oid!("2.16.840.1.101.3.4.3.12"), "ECDSA with SHA3-512"),
    (oid!("2.16.840.1.101.3.4.3.13"), "RSA with SHA3-224"),
    (oid!("2.16.840.1.101.3.4.3.14"), "RSA with SHA3-256"),
    (oid!("2.16.840.1.101.3.4.3.15"), "RSA with SHA3-384"),
    (oid!("2.16.840.1.101.3.4.3.16"), "RSA with SHA3-512"),
];

/// How many bytes the content of an object identifier takes.
const fn encoded_length(dotted: &str) -> usize {
    let (mut length, mut place, mut index) = (0, 0, 0);
    while place < dotted.len() {
        let (arc, next) = arc_at(dotted, place, index);
        if index != 0 {
            length += groups(arc);
        }
        (place, index) = (next, index + 1);
    }
    length
}

/// The content of an object identifier: each number in groups of seven bits, all but the last with the high bit set
/// (X.690, section 8.19).
const fn encode<const LENGTH: usize>(dotted: &str) -> [u8; LENGTH] {
    let mut content = [0; LENGTH];
    let (mut length, mut place, mut index) = (0, 0, 0);
    while place < dotted.len() {
        let (arc, next) = arc_at(dotted, place, index);
        let mut group = if index == 0 { 0 } else { groups(arc) };
        while group > 0 {
            group -= 1;
            let more = if group == 0 { 0 } else { 0x80 };
            content[length] = more | (arc >> (7 * group) & 0x7f) as u8;
            length += 1;
        }
        (place, index) = (next, index + 1);
    }
    content
}

/// The number that is to be encoded for the arc at a place, and where the next arc begins. The first two arcs are
/// encoded as one number, at the second.
const fn arc_at(dotted: &str, place: usize, index: usize) -> (u64, usize) {
    let (arc, next) = number_at(dotted, place);
    if index == 1 {
        let (first, _) = number_at(dotted, 0);
        return (40 * first + arc, next);
    }
    (arc, next)
}

/// The decimal number that begins at a place, and the place behind the dot that ends it.
const fn number_at(dotted: &str, mut place: usize) -> (u64, usize) {
    let digits = dotted.as_bytes();
    let mut number = 0;
    while place < digits.len() && digits[place] != b'.' {
        assert!(
            digits[place].is_ascii_digit(),
            "an object identifier is digits and dots"
        );
        number = number * 10 + (digits[place] - b'0') as u64;
        place += 1;
    }
    (number, place + 1)
}

/// How many groups of seven bits a number takes.
const fn groups(arc: u64) -> usize {
    if arc == 0 {
        return 1;
    }
    (64 - arc.leading_zeros()).div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_numbers_they_are_meant_to_be() {
        for (oid, bytes) in [
            (RSA_ENCRYPTION, &b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"[..]),
            (EC_PUBLIC_KEY, b"\x2a\x86\x48\xce\x3d\x02\x01"),
            (CURVE_P256, b"\x2a\x86\x48\xce\x3d\x03\x01\x07"),
            (CURVE_P384, b"\x2b\x81\x04\x00\x22"),
            (CURVE_P521, b"\x2b\x81\x04\x00\x23"),
            (MD5_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"),
            (MD5, b"\x2a\x86\x48\x86\xf7\x0d\x02\x05"),
            (SHA1_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"),
            (RSASSA_PSS, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
            (SHA256_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
            (SHA384_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
            (SHA512_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
            (SHA224_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"),
            (OIW_SHA1_WITH_RSA, b"\x2b\x0e\x03\x02\x1d"),
            (ECDSA_WITH_SHA224, b"\x2a\x86\x48\xce\x3d\x04\x03\x01"),
            (ECDSA_WITH_SHA256, b"\x2a\x86\x48\xce\x3d\x04\x03\x02"),
            (ECDSA_WITH_SHA384, b"\x2a\x86\x48\xce\x3d\x04\x03\x03"),
            (ECDSA_WITH_SHA512, b"\x2a\x86\x48\xce\x3d\x04\x03\x04"),
            (MGF1, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"),
            (SHA1, b"\x2b\x0e\x03\x02\x1a"),
            (SHA256, b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
            (SHA384, b"\x60\x86\x48\x01\x65\x03\x04\x02\x02"),
            (SHA512, b"\x60\x86\x48\x01\x65\x03\x04\x02\x03"),
            (SHA224, b"\x60\x86\x48\x01\x65\x03\x04\x02\x04"),
            (EXTENSION_REQUEST, b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"),
            (CERT_EXTENSIONS, b"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"),
            (TEMPLATE_NAME, b"\x2b\x06\x01\x04\x01\x82\x37\x14\x02"),
            (TEMPLATE, b"\x2b\x06\x01\x04\x01\x82\x37\x15\x07"),
            (OCSP_NONCE, b"\x2b\x06\x01\x05\x05\x07\x30\x01\x02"),
            (OCSP_ACCEPTABLE_RESPONSES, b"\x2b\x06\x01\x05\x05\x07\x30\x01\x04"),
            (SUBJECT_KEY_IDENTIFIER, b"\x55\x1d\x0e"),
            (CABF_MAILBOX_MULTIPURPOSE, b"\x67\x81\x0c\x01\x05\x01\x02"),
            (PKCS7_SIGNED_DATA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
            (oid!("1.3.6.1.4.1.6449.1.0"), b"\x2b\x06\x01\x04\x01\xb2\x31\x01\x00"),
            (oid!("2.999"), b"\x88\x37"),
        ] {
            assert_eq!(oid, bytes, "{}", dotted(oid));
        }
        for (oid, number) in [
            (SHA256_WITH_RSA, "1.2.840.113549.1.1.11"),
            (OIW_SHA1_WITH_RSA, "1.3.14.3.2.29"),
            (SHA512, "2.16.840.1.101.3.4.2.3"),
            (ANY_POLICY, "2.5.29.32.0"),
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
