//! Writes the kinds of DER that certificates, CRLs and OCSP responses consist of.
//!
//! Parts that are DER already, such as the key of a CSR, are copied byte for byte. The reader is [`crate::der::read`].

use time::OffsetDateTime;

use crate::clock::Timestamp;
use crate::der::tag::{BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, UTC_TIME};

/// One element, whose content is the parts, one after the other.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 6);
    put(&mut out, tag, parts);
    out
}

/// Appends one element to `out`, as [`tlv`] makes it.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    out.push(tag);
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    match length {
        0..0x80 => out.push(bytes[bytes.len() - 1]),
        _ => {
            let zeros = (length.leading_zeros() / 8) as usize;
            out.push(0x80 | (bytes.len() - zeros) as u8);
            out.extend_from_slice(&bytes[zeros..]);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// A SEQUENCE of the parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// An OBJECT IDENTIFIER, of its content from the table of [`crate::der::oid`].
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    tlv(OID, &[content])
}

/// A non-negative INTEGER.
pub(crate) fn unsigned(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = (value.leading_zeros() / 8).min(7) as usize;
    let sign: &[u8] = if bytes[zeros] & 0x80 == 0 { &[] } else { &[0] };
    tlv(INTEGER, &[sign, &bytes[zeros..]])
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes])
}

/// An X.509 `Extension`; `value` is the DER inside its OCTET STRING.
pub(crate) fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[BOOLEAN, 1, 0xff] } else { &[] };
    sequence(&[&oid(id), critical, &tlv(OCTET_STRING, &[value])])
}

/// A `Time` of certificates and CRLs (RFC 5280, section 4.1.2.5): UTCTime for the years 1950 to 2049, GeneralizedTime
/// for all others.
pub(crate) fn time(at: Timestamp) -> Vec<u8> {
    match OffsetDateTime::from(at).year() {
        1950..2050 => tlv(UTC_TIME, &[&digits(at)[2..]]),
        _ => generalized_time(at),
    }
}

/// A GeneralizedTime, as OCSP writes times (RFC 6960).
pub(crate) fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(GENERALIZED_TIME, &[&digits(at)])
}

/// A point in time as `YYYYMMDDHHMMSSZ`.
fn digits(at: Timestamp) -> [u8; 15] {
    let at = OffsetDateTime::from(at);
    let year = at.year().unsigned_abs();
    let pairs = [
        year / 100,
        year % 100,
        u32::from(u8::from(at.month())),
        u32::from(at.day()),
        u32::from(at.hour()),
        u32::from(at.minute()),
        u32::from(at.second()),
    ];
    let mut digits = [b'Z'; 15];
    for (place, pair) in digits.chunks_exact_mut(2).zip(pairs) {
        place[0] = b'0' + (pair / 10 % 10) as u8;
        place[1] = b'0' + (pair % 10) as u8;
    }
    digits
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::*;
    use crate::der::oid::SUBJECT_KEY_IDENTIFIER;
    use crate::der::read::Reader;

    #[test]
    fn lengths() {
        for (length, header) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (255, &[4, 0x81, 255]),
            (256, &[4, 0x82, 1, 0]),
            (65_536, &[4, 0x83, 1, 0, 0]),
            (1 << 24, &[4, 0x84, 1, 0, 0, 0]),
        ] {
            let der = tlv(OCTET_STRING, &[&vec![7; length]]);
            assert_eq!(&der[..header.len()], header);
            assert_eq!(der.len(), header.len() + length);
            if length < 1 << 24 {
                let content = Reader::new(&der).read(OCTET_STRING).unwrap();
                assert_eq!(content.bytes().len(), length);
            }
        }
    }

    #[test]
    fn numbers() {
        for (value, der) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (u64::MAX, &[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(unsigned(value), der);
            Reader::new(der).unsigned().unwrap();
        }
        assert_eq!(oid(SUBJECT_KEY_IDENTIFIER), b"\x06\x03\x55\x1d\x0e");
    }

    #[test]
    fn times() {
        for (at, expected) in [
            (datetime!(1949-12-31 23:59:59 UTC), "\x18\x0f19491231235959Z"),
            (datetime!(1950-01-01 0:00 UTC), "\x17\x0d500101000000Z"),
            (datetime!(2030-02-03 04:05:06.789 UTC), "\x17\x0d300203040506Z"),
            (datetime!(2049-12-31 23:59:59 UTC), "\x17\x0d491231235959Z"),
            (datetime!(2050-01-01 0:00 UTC), "\x18\x0f20500101000000Z"),
            (datetime!(9999-12-31 23:59:59 UTC), "\x18\x0f99991231235959Z"),
            (datetime!(0000-01-01 0:00 UTC), "\x18\x0f00000101000000Z"),
        ] {
            assert_eq!(time(at.into()), expected.as_bytes(), "{at}");
        }
        let at = datetime!(2030-02-03 04:05:06 UTC);
        assert_eq!(generalized_time(at.into()), b"\x18\x0f20300203040506Z");
    }
}
