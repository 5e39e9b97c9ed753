//! Certificate signing requests: decodes, parses and verifies the text that a client sends, which is PKCS#10 (RFC 2986), or
//! a SPKAC, in [`spkac`].
//!
//! The order of the checks: PEM lines, Base64, DER, the type of the key, its size, its numbers, the signature
//! algorithm, the signature. So an RSA key that is too large is refused before anything is computed with it.

mod decode;
mod key;
mod parse;
mod rsa;
pub(crate) mod spkac;
mod verify;

use std::{borrow::Cow, fmt, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(crate) use self::{
    key::{Key, UnsupportedKey},
    verify::Hash,
};
use self::{
    parse::{CertificationRequest, PKCS10},
    verify::BadSignature,
};
use crate::der::pem;
use crate::der::read::{Element, Malformed, Reader};
use crate::der::tag::{BMP_STRING, IA5_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING};

/// A verified certificate signing request: its key is of an accepted kind, and it is signed with this key.
///
/// It is small, since every order keeps one: the DER once, and its parts as ranges in the DER.
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    der: Box<[u8]>,
    templates: Box<[Range<u32>]>,
    public_key_info: Range<u32>,
    key: Key,
    signature_hash: Hash,
    /// Whether it is a SPKAC, and no PKCS#10 structure.
    is_spkac: bool,
}

impl Csr {
    /// The most characters that the API's document allows for its text.
    pub const MAX_TEXT: usize = 32_767;

    /// Decodes, parses and verifies a text: PEM with any label, or Base64 alone.
    ///
    /// # Errors
    /// The first thing that is wrong with it, in the order of the module's documentation.
    pub fn parse(text: &str) -> Result<Self, CsrError> {
        Self::parse_with(text, Spaces::MayBePlus)
    }

    /// As [`parse`](Self::parse), with spaces read in that way.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_with(text: &str, spaces: Spaces) -> Result<Self, CsrError> {
        Self::read(text, spaces).map_err(|error| decode::with_cause(error, text))
    }

    fn read(text: &str, spaces: Spaces) -> Result<Self, CsrError> {
        let der = decode::decode(text, PKCS10, spaces)?;
        let CertificationRequest { self_signed, templates } = CertificationRequest::parse(&der)?;
        let key = Key::classify(&self_signed.public_key)?;
        let signature_hash = verify::verify(key, &self_signed, verify::Md5::Refused)?;
        Ok(Self {
            public_key_info: narrow(&self_signed.public_key_info),
            templates: templates.iter().map(narrow).collect(),
            der: der.into_boxed_slice(),
            key,
            signature_hash,
            is_spkac: false,
        })
    }

    /// Reads what [`to_pem`](Self::to_pem) writes: with `SPKAC=` before it, it is a SPKAC.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_either(text: &str, spaces: Spaces) -> Result<Self, CsrError> {
        if text.trim_ascii_start().starts_with(spkac::PREFIX) {
            return spkac::Spkac::parse(text, spaces).map(Self::from);
        }
        Self::parse_with(text, spaces)
    }

    /// The whole CSR, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How much memory it takes beside itself, in bytes, near enough.
    pub fn memory(&self) -> usize {
        self.der.len() + size_of_val(&*self.templates)
    }

    /// The kind of its public key.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The `SubjectPublicKeyInfo`, byte for byte.
    pub fn subject_public_key_info(&self) -> &[u8] {
        self.part(&self.public_key_info)
    }

    /// Each `Extension` of a Microsoft certificate template (1.3.6.1.4.1.311.20.2 and 1.3.6.1.4.1.311.21.7), in the
    /// order of the CSR, byte for byte: they are copied to the certificate unchanged.
    pub fn template_extensions(&self) -> impl Iterator<Item = &[u8]> {
        self.templates.iter().map(|range| self.part(range))
    }

    /// The hash of its signature.
    pub fn signature_hash(&self) -> Hash {
        self.signature_hash
    }

    /// The first value of that attribute in its subject, if it is a text.
    pub(crate) fn subject_value(&self, attribute: &[u8]) -> Option<String> {
        let mut info = Reader::new(&self.der).read(SEQUENCE).ok()?.read(SEQUENCE).ok()?;
        info.element().ok()?;
        let mut names = info.read(SEQUENCE).ok()?;
        while let Ok(mut pairs) = names.read(SET) {
            while let Ok(mut pair) = pairs.read(SEQUENCE) {
                if pair.oid().ok()? == attribute {
                    return text(&pair.element().ok()?);
                }
            }
        }
        None
    }

    /// The CSR in PEM, in lines of 64 characters; a SPKAC as openssl prints it.
    pub fn to_pem(&self) -> String {
        if self.is_spkac {
            return self.to_base64() + "\n";
        }
        pem::encode(pem::CERTIFICATE_REQUEST, &self.der)
    }

    /// The CSR in Base64 without PEM lines, in one line; a SPKAC with `SPKAC=` before it.
    pub(crate) fn to_base64(&self) -> String {
        let prefix = if self.is_spkac { spkac::PREFIX } else { "" };
        format!("{prefix}{}", STANDARD.encode(&self.der))
    }

    fn part(&self, range: &Range<u32>) -> &[u8] {
        &self.der[range.start as usize..range.end as usize]
    }
}

/// How spaces inside the Base64 of a request are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spaces {
    /// As a `+` that a form has lost, where that makes the request whole.
    MayBePlus,
    /// As white space.
    AreSpaces,
}

impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Csr({}, {}, {} bytes)",
            self.key,
            self.signature_hash,
            self.der.len()
        )
    }
}

/// Why a CSR is refused. The message is a hint for the log: one sentence of bounded length, which contains nothing of
/// the CSR's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// The PEM lines or the Base64 are malformed; -9 on sibling endpoints.
    #[error("{0}")]
    NotBase64(Cow<'static, str>),
    /// The data is not a well-formed PKCS#10 structure, or SPKAC where that is asked for; -10 on sibling endpoints.
    #[error("{0}")]
    NotPkcs10(Cow<'static, str>),
    /// A type of key or signature that is not accepted; -11 on sibling endpoints.
    #[error("{0}")]
    UnsupportedAlgorithm(Cow<'static, str>),
    /// Not signed by its own key; -12 on sibling endpoints.
    #[error("the request is not signed by its own key, or was changed since")]
    BadSignature,
    /// An RSA key of a size or an EC key on a curve that is not accepted; -13.
    #[error("{0}")]
    UnsupportedKeySize(UnsupportedKey),
}

impl CsrError {
    fn malformed(part: &str, error: Malformed) -> Self {
        Self::NotPkcs10(format!("malformed {part}: {error}").into())
    }
}

/// The text in a string of ASN.1, if its characters are those of Unicode.
fn text(string: &Element<'_>) -> Option<String> {
    let bytes = string.content.bytes();
    match string.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => String::from_utf8(bytes.to_vec()).ok(),
        BMP_STRING => {
            let units: Vec<_> = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

fn narrow(range: &Range<usize>) -> Range<u32> {
    let place = |place: usize| u32::try_from(place).expect("the reader of DER refuses lengths of 16 MiB and more");
    place(range.start)..place(range.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/csr/kinds.tsv"));

    fn fixture(file: &str) -> String {
        let path = format!("{}/fixtures/csr/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The code of sibling endpoints, and the code of this one.
    fn codes(result: &Result<Csr, CsrError>) -> (&'static str, &'static str) {
        match result {
            Ok(_) => ("ok", "ok"),
            Err(CsrError::NotBase64(_)) => ("-9", "-4"),
            Err(CsrError::NotPkcs10(_)) => ("-10", "-4"),
            Err(CsrError::UnsupportedAlgorithm(_)) => ("-11", "-4"),
            Err(CsrError::BadSignature) => ("-12", "-4"),
            Err(CsrError::UnsupportedKeySize(_)) => ("-13", "-13"),
        }
    }

    #[test]
    fn kinds() {
        let mut wrong = Vec::new();
        for row in KINDS.lines().skip(1) {
            let [file, expected, sibling, _] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{row}");
            };
            let result = Csr::parse(&fixture(file));
            if codes(&result) != (sibling, expected) {
                wrong.push(format!("{file}: expected {sibling}, got {result:?}"));
            }
            match result {
                Ok(csr) => assert_eq!(Csr::parse(&csr.to_pem()), Ok(csr), "{file}"),
                Err(error) => assert!(error.to_string().len() < 160, "{error}"),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_request_that_is_accepted() {
        let csr = Csr::parse(&fixture("template-both.pem")).unwrap();
        assert_eq!(csr.key(), Key::P256);
        assert_eq!(csr.signature_hash(), Hash::Sha256);
        assert_eq!(csr.subject_public_key_info().len(), 91);
        assert_eq!(csr.subject_public_key_info()[..2], [0x30, 89]);
        let templates: Vec<_> = csr.template_extensions().collect();
        assert_eq!(templates.len(), 2);
        assert!(templates[0].starts_with(b"\x30\x1f\x06\x09\x2b\x06\x01\x04\x01\x82\x37\x14\x02"));
        assert!(templates[1].starts_with(b"\x30\x2e\x06\x09\x2b\x06\x01\x04\x01\x82\x37\x15\x07"));
        assert!(format!("{csr:?}").starts_with("Csr(EC P-256, SHA-256, "));
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<Csr>() <= 48, "{}", size_of::<Csr>());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), base64 in "[A-Za-z0-9+/= \n-]{0,300}") {
            let _ = Csr::parse(&text);
            let _ = Csr::parse(&base64);
        }

        #[test]
        fn no_data_panics(
            file in prop::sample::select(vec!["rsa-2048-sha256.pem", "rsa-2048-pss-sha256.pem", "template-both.pem"]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let csr = Csr::parse(&fixture(file)).unwrap();
            let mut der = csr.der().to_vec();
            for (at, byte) in changes {
                let at = at.index(der.len());
                der[at] = byte;
            }
            // A changed request is refused, whichever bytes they are.
            let unchanged = der == csr.der();
            prop_assert_eq!(Csr::parse(&STANDARD.encode(&der)).is_ok(), unchanged);
        }
    }
}
