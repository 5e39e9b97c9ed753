//! Parses the DER of a PKCS#10 `CertificationRequest` (RFC 2986) into slices of the input.

use std::ops::Range;

use super::CsrError;
use crate::der::oid;
use crate::der::read::{BitString, Malformed, Reader, header};
use crate::der::tag::{
    BIT_STRING, BMP_STRING, BOOLEAN, IA5_STRING, INTEGER, NUMERIC_STRING, OCTET_STRING, PRINTABLE_STRING, SEQUENCE,
    SET, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING, context,
};

/// A parsed CSR. Its key and its signature are not checked yet.
pub(super) struct CertificationRequest<'a> {
    pub(super) self_signed: SelfSigned<'a>,
    /// The places of the extensions of Microsoft's certificate templates, in their order.
    pub(super) templates: Vec<Range<usize>>,
}

/// A public key, and what is signed by it.
pub(super) struct SelfSigned<'a> {
    /// The signed bytes.
    pub(super) signed: &'a [u8],
    /// The place of the `SubjectPublicKeyInfo`.
    pub(super) public_key_info: Range<usize>,
    pub(super) public_key: PublicKey<'a>,
    pub(super) signature_algorithm: Algorithm<'a>,
    pub(super) signature: BitString<'a>,
}

/// A `SubjectPublicKeyInfo`.
pub(super) struct PublicKey<'a> {
    pub(super) algorithm: &'a [u8],
    pub(super) parameters: Reader<'a>,
    pub(super) key: BitString<'a>,
}

impl<'a> PublicKey<'a> {
    /// The content of the key's BIT STRING; keys of all accepted types are whole bytes.
    pub(super) fn bytes(&self) -> Result<&'a [u8], CsrError> {
        match self.key {
            BitString { unused: 0, bytes } => Ok(bytes),
            BitString { unused, .. } => Err(CsrError::NotPkcs10(
                format!("the public key leaves {unused} bits unused").into(),
            )),
        }
    }
}

/// An `AlgorithmIdentifier`: its OID, and the parameters that follow it.
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: &'a [u8],
    pub(super) parameters: Reader<'a>,
}

impl<'a> CertificationRequest<'a> {
    /// Parses a CSR. Extra bytes are an error at every level.
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, CsrError> {
        check_outer(der, PKCS10)?;
        let in_structure = |error| CsrError::malformed("PKCS#10 structure", error);
        let mut outer = Reader::new(der).read(SEQUENCE).map_err(in_structure)?;
        let info = outer.expect(SEQUENCE).map_err(in_structure)?;
        let (signature_algorithm, signature) = proof(&mut outer)?;
        outer.finish().map_err(in_structure)?;

        let mut content = info.content;
        version(&mut content)?;
        subject(&mut content).map_err(|error| CsrError::malformed("subject", error))?;
        let (public_key_info, public_key) = public_key(&mut content)?;
        // PKCS#10 requires the attributes even if there are none; old encoders leave them out, and OpenSSL accepts
        // that.
        let attributes = content
            .optional(context(0))
            .map_err(|error| CsrError::malformed("attributes", error))?;
        content.finish().map_err(in_structure)?;
        let templates = attributes.map(templates).transpose()?.unwrap_or_default();

        Ok(Self {
            self_signed: SelfSigned {
                signed: info.raw(),
                public_key_info,
                public_key,
                signature_algorithm,
                signature,
            },
            templates,
        })
    }
}

/// What a request is called where its structure is not right.
pub(super) const PKCS10: &str = "PKCS#10";

/// The algorithm and the signature that stand behind what is signed.
pub(super) fn proof<'a>(outer: &mut Reader<'a>) -> Result<(Algorithm<'a>, BitString<'a>), CsrError> {
    let algorithm = algorithm(outer).map_err(|error| CsrError::malformed("signature algorithm", error))?;
    let signature = outer
        .bit_string()
        .map_err(|error| CsrError::malformed("signature", error))?;
    Ok((algorithm, signature))
}

/// A `SubjectPublicKeyInfo`: where it stands, and what is in it.
pub(super) fn public_key<'a>(content: &mut Reader<'a>) -> Result<(Range<usize>, PublicKey<'a>), CsrError> {
    let malformed = |error| CsrError::malformed("public key", error);
    let info = content.expect(SEQUENCE).map_err(malformed)?;
    let key = key_in(info.content).map_err(malformed)?;
    Ok((info.range(), key))
}

/// Reads an `AlgorithmIdentifier`, with at most one element of parameters.
pub(super) fn algorithm<'a>(reader: &mut Reader<'a>) -> Result<Algorithm<'a>, Malformed> {
    let mut content = reader.read(SEQUENCE)?;
    let oid = content.oid()?;
    let parameters = content;
    if !content.is_empty() {
        content.element()?;
    }
    content.finish()?;
    Ok(Algorithm { oid, parameters })
}

/// Checks the outermost element: its tag, and that it has the length of the data. Most mistakes show there. `form` is
/// what the data should be.
pub(super) fn check_outer(der: &[u8], form: &str) -> Result<(), CsrError> {
    let outer = header(der).map_err(|error| CsrError::malformed(&format!("{form} structure"), error))?;
    if outer.tag != SEQUENCE {
        return Err(CsrError::NotPkcs10("the data is not a SEQUENCE".into()));
    }
    match (outer.header as u64 + outer.content as u64, der.len() as u64) {
        (announced, length) if announced < length => Err(CsrError::NotPkcs10(
            format!("{} bytes follow the {form} structure", length - announced).into(),
        )),
        (announced, length) if announced > length => Err(CsrError::NotPkcs10(
            format!("{} bytes are missing from the {form} structure", announced - length).into(),
        )),
        _ => Ok(()),
    }
}

fn version(reader: &mut Reader<'_>) -> Result<(), CsrError> {
    if reader.bytes().first() != Some(&INTEGER) {
        // Most often the data is a certificate or a key instead.
        return Err(CsrError::NotPkcs10("there is no version where PKCS#10 has one".into()));
    }
    match reader
        .integer()
        .map_err(|error| CsrError::malformed("version", error))?
    {
        [0] => Ok(()),
        [version] => Err(CsrError::NotPkcs10(
            format!("the version is {}, not 0", version.cast_signed()).into(),
        )),
        _ => Err(CsrError::NotPkcs10("the version is not 0".into())),
    }
}

/// The types that values in a subject may have: those of X.520 that OpenSSL accepts as well.
const NAME_TYPES: [u8; 9] = [
    BIT_STRING,
    UTF8_STRING,
    SEQUENCE,
    NUMERIC_STRING,
    PRINTABLE_STRING,
    TELETEX_STRING,
    IA5_STRING,
    UNIVERSAL_STRING,
    BMP_STRING,
];

/// Checks the form of a subject. Its values are not used: the names in the certificate come from the order.
fn subject(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let mut names = reader.read(SEQUENCE)?;
    while !names.is_empty() {
        let mut name = names.read(SET)?;
        loop {
            let mut attribute = name.read(SEQUENCE)?;
            attribute.oid()?;
            let value = attribute.element()?;
            if !NAME_TYPES.contains(&value.tag) {
                return Err(Malformed::Tag);
            }
            value.check_value()?;
            attribute.finish()?;
            if name.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

fn key_in(mut content: Reader<'_>) -> Result<PublicKey<'_>, Malformed> {
    let Algorithm { oid, parameters } = algorithm(&mut content)?;
    let key = content.bit_string()?;
    content.finish()?;
    Ok(PublicKey {
        algorithm: oid,
        parameters,
        key,
    })
}

/// Checks the requested extensions in both attributes, and returns the places of Microsoft's templates among them.
fn templates(mut attributes: Reader<'_>) -> Result<Vec<Range<usize>>, CsrError> {
    let mut templates = Vec::new();
    let mut seen = Vec::new();
    while !attributes.is_empty() {
        let (oid, mut values) = attribute(&mut attributes).map_err(|error| CsrError::malformed("attribute", error))?;
        if oid != oid::EXTENSION_REQUEST && oid != oid::CERT_EXTENSIONS {
            continue;
        }
        extensions(&mut values, &mut seen, &mut templates)
            .map_err(|error| CsrError::malformed("extension request", error))?;
    }
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(CsrError::NotPkcs10(
            format!("the extension {} is requested twice", oid::dotted(pair[0])).into(),
        )),
        None => Ok(templates),
    }
}

fn attribute<'a>(attributes: &mut Reader<'a>) -> Result<(&'a [u8], Reader<'a>), Malformed> {
    let mut attribute = attributes.read(SEQUENCE)?;
    let oid = attribute.oid()?;
    let values = attribute.read(SET)?;
    attribute.finish()?;
    let mut unread = values;
    while !unread.is_empty() {
        unread.element()?.check_value()?;
    }
    Ok((oid, values))
}

/// Reads one `Extensions`. The value of an extension is not looked at.
fn extensions<'a>(
    values: &mut Reader<'a>,
    seen: &mut Vec<&'a [u8]>,
    templates: &mut Vec<Range<usize>>,
) -> Result<(), Malformed> {
    let mut extensions = values.read(SEQUENCE)?;
    values.finish()?;
    while !extensions.is_empty() {
        let extension = extensions.expect(SEQUENCE)?;
        let mut content = extension.content;
        let oid = content.oid()?;
        if let Some(critical) = content.optional(BOOLEAN)?
            && critical.bytes().len() != 1
        {
            return Err(Malformed::Tag);
        }
        content.read(OCTET_STRING)?;
        content.finish()?;
        seen.push(oid);
        if oid == oid::TEMPLATE_NAME || oid == oid::TEMPLATE {
            templates.push(extension.range());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag::OID;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        match content.len() {
            0..0x80 => [&[tag, length[1]], &content[..]].concat(),
            0x80..0x100 => [&[tag, 0x81, length[1]], &content[..]].concat(),
            _ => [&[tag, 0x82], &length[..], &content].concat(),
        }
    }

    fn extension(oid: &[u8], rest: &[&[u8]]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(OID, &[oid]), &rest.concat()])
    }

    fn request(oid: &[u8], extensions: &[&[u8]]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(OID, &[oid]), &tlv(SET, &[&tlv(SEQUENCE, extensions)])])
    }

    fn parse(attributes: &[&[u8]]) -> Result<Vec<Vec<u8>>, String> {
        let algorithm = tlv(SEQUENCE, &[&tlv(OID, &[oid::RSA_ENCRYPTION])]);
        let key = tlv(SEQUENCE, &[&algorithm, &[0x03, 0x01, 0x00]]);
        let info = tlv(SEQUENCE, &[&[0x02, 1, 0], &[SEQUENCE, 0], &key, &tlv(0xa0, attributes)]);
        let der = tlv(SEQUENCE, &[&info, &algorithm, &[0x03, 0x01, 0x00]]);
        let request = CertificationRequest::parse(&der).map_err(|error| error.to_string())?;
        assert_eq!(request.self_signed.signed, info);
        assert_eq!(der[request.self_signed.public_key_info.clone()], key);
        Ok(request.templates.into_iter().map(|range| der[range].to_vec()).collect())
    }

    #[test]
    fn templates_under_both_attributes_in_order() {
        let value: &[u8] = &[OCTET_STRING, 1, 7];
        let critical: &[u8] = &[BOOLEAN, 1, 0xff];
        let first = extension(oid::TEMPLATE, &[value]);
        let second = extension(oid::TEMPLATE_NAME, &[critical, value]);
        let other = extension(oid::SUBJECT_ALT_NAME, &[&[OCTET_STRING, 2, 0xff, 0xff]]);
        let pkcs9 = request(oid::EXTENSION_REQUEST, &[&other, &first]);
        let microsoft = request(oid::CERT_EXTENSIONS, &[&second]);
        assert_eq!(parse(&[&pkcs9, &microsoft]), Ok(vec![first.clone(), second.clone()]));
        assert_eq!(parse(&[&microsoft, &pkcs9]), Ok(vec![second, first]));
        assert_eq!(parse(&[]), Ok(vec![]));
    }

    #[test]
    fn malformed_extension_requests() {
        let value: &[u8] = &[OCTET_STRING, 1, 7];
        let san: &[u8] = oid::SUBJECT_ALT_NAME;
        let twice = extension(san, &[value]);
        for (attributes, expected) in [
            (
                request(oid::EXTENSION_REQUEST, &[&twice, &twice]),
                "the extension 2.5.29.17 is requested twice",
            ),
            (
                [
                    request(oid::EXTENSION_REQUEST, &[&twice]),
                    request(oid::CERT_EXTENSIONS, &[&twice]),
                ]
                .concat(),
                "the extension 2.5.29.17 is requested twice",
            ),
            (
                request(oid::EXTENSION_REQUEST, &[&extension(san, &[])]),
                "malformed extension request: an element is missing",
            ),
            (
                request(oid::CERT_EXTENSIONS, &[&extension(san, &[value, value])]),
                "malformed extension request: bytes follow its last element",
            ),
            (
                tlv(SEQUENCE, &[&tlv(OID, &[oid::EXTENSION_REQUEST]), &[SET, 0]]),
                "malformed extension request: an element is missing",
            ),
            (
                tlv(
                    SEQUENCE,
                    &[&tlv(OID, &[oid::EXTENSION_REQUEST]), &tlv(SET, &[&[0x05, 0]])],
                ),
                "malformed extension request: an element has another type than its place asks for",
            ),
            (
                vec![0x05, 0],
                "malformed attribute: an element has another type than its place asks for",
            ),
        ] {
            assert_eq!(parse(&[&attributes]), Err(expected.to_owned()));
        }
    }

    #[test]
    fn values_of_a_wrong_type() {
        let subject = |value: &[u8]| {
            let name = tlv(SEQUENCE, &[&tlv(OID, &[oid::COMMON_NAME]), value]);
            let der = tlv(SEQUENCE, &[&tlv(SET, &[&name])]);
            super::subject(&mut Reader::new(&der))
        };
        for (value, expected) in [
            (&[UTF8_STRING, 2, 0xc3, 0xa9][..], Ok(())),
            (&[PRINTABLE_STRING, 1, b'a'], Ok(())),
            (&[TELETEX_STRING, 1, 0xe9], Ok(())),
            (&[UTF8_STRING, 1, 0xe9], Err(Malformed::Value)),
            (&[INTEGER, 1, 7], Err(Malformed::Tag)),
            (&[OCTET_STRING, 1, 7], Err(Malformed::Tag)),
            (&[context(0), 0], Err(Malformed::Tag)),
        ] {
            assert_eq!(subject(value), expected, "{value:02x?}");
        }
        let attribute = |value: &[u8]| tlv(SEQUENCE, &[&tlv(OID, &[&[0x2a, 3]]), &tlv(SET, &[value])]);
        assert_eq!(parse(&[&attribute(&[OCTET_STRING, 1, 0xe9])]), Ok(vec![]));
        for value in [&[BOOLEAN, 0][..], &[UTF8_STRING, 1, 0xe9], &[0, 0], &[0x22, 0]] {
            assert!(parse(&[&attribute(value)]).is_err(), "{value:02x?}");
        }
    }

    #[test]
    fn the_outermost_element() {
        for (der, expected) in [
            (&[][..], "malformed PKCS#10 structure: it ends too early"),
            (&[0x31, 0], "the data is not a SEQUENCE"),
            (&[SEQUENCE, 1, 0, 1, 2, 3], "3 bytes follow the PKCS#10 structure"),
            (&[SEQUENCE, 5, 0], "4 bytes are missing from the PKCS#10 structure"),
            (
                &[SEQUENCE, 0x80, 0, 0],
                "malformed PKCS#10 structure: a length is indefinite, which DER does not allow",
            ),
        ] {
            assert_eq!(check_outer(der, PKCS10).unwrap_err().to_string(), expected);
        }
    }
}
