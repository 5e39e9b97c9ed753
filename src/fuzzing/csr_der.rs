//! CSRs as raw DER. No mutation of a CSR keeps its signature, so each input is judged a second time, signed anew.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use crate::api::csr::Csr;
use crate::der::pem;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{BIT_STRING, SEQUENCE};

/// The public key of the private key 1, which is the generator of P-256 (SEC 2, section 2.4.2), uncompressed.
pub(super) const POINT: [u8; 65] = *b"\x04\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
    \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
    \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
    \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

/// What stands before the point in its `SubjectPublicKeyInfo`.
pub(super) const POINT_HEAD: [u8; 26] = *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// The object identifier of ECDSA with SHA-256, by which inputs are signed.
pub(super) const ECDSA_WITH_SHA256: [u8; 10] = *b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

/// Any DER is judged, as it is and signed anew. What is accepted is the input itself, byte for byte, and the parts that
/// go into the certificate are whole elements of it.
///
/// Returns the CSRs that were accepted, for OpenSSL to judge as well. The fuzz target asks OpenSSL's library, in its own
/// process: a process of `openssl req` for each accepted input takes longer than a thousand inputs. The replay of the
/// kept inputs in `tests/it` asks the command, so that the emulator itself needs no OpenSSL to build.
pub fn csr_der(input: &[u8]) -> Vec<Csr> {
    let mut accepted = Vec::new();
    for der in [Some(input.to_vec()), signed(input)].into_iter().flatten() {
        let Ok(csr) = Csr::parse(&pem::encode(pem::CERTIFICATE_REQUEST, &der)) else {
            continue;
        };
        assert_eq!(csr.der(), der);
        for part in csr.template_extensions().chain([csr.subject_public_key_info()]) {
            let mut reader = Reader::new(part);
            assert!(reader.read(SEQUENCE).is_ok() && reader.is_empty());
        }
        accepted.push(csr);
    }
    accepted
}

/// The CSR with a valid signature. A key other than the one that signs gives way to it, and so does the algorithm if it
/// is another; everything else stays.
fn signed(input: &[u8]) -> Option<Vec<u8>> {
    let parts = Parts::read(input).ok()?;
    let own_key = [&POINT_HEAD[..], &POINT].concat();
    let has_own_point = memchr::memmem::find(parts.key, &POINT[1..33]).is_some();
    let key = if has_own_point { parts.key } else { &own_key };
    let has_own_algorithm = memchr::memmem::find(parts.algorithm, &ECDSA_WITH_SHA256).is_some();
    let own_algorithm = element(SEQUENCE, &[&ECDSA_WITH_SHA256]);
    let algorithm = if has_own_algorithm {
        parts.algorithm
    } else {
        &own_algorithm
    };
    let info = element(SEQUENCE, &[parts.before_key, key, parts.after_key]);
    let signature = key_pair()
        .sign(&SystemRandom::new(), &info)
        .expect("the key signs anything");
    let signature = element(BIT_STRING, &[&[0], signature.as_ref()]);
    Some(element(SEQUENCE, &[&info, algorithm, &signature]))
}

/// The parts of a CSR that are put together again, each with its tag and length.
struct Parts<'a> {
    /// The version and the subject.
    before_key: &'a [u8],
    key: &'a [u8],
    /// The attributes, and whatever else is there.
    after_key: &'a [u8],
    algorithm: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(input: &'a [u8]) -> Result<Self, Malformed> {
        let mut request = Reader::new(input).read(SEQUENCE)?;
        let mut info = request.read(SEQUENCE)?;
        let content = info.bytes();
        info.element()?;
        info.element()?;
        let before_key = &content[..content.len() - info.bytes().len()];
        Ok(Self {
            before_key,
            key: info.element()?.raw(),
            after_key: info.bytes(),
            algorithm: request.element()?.raw(),
        })
    }
}

/// The key pair of the private key 1.
pub(super) fn key_pair() -> &'static EcdsaKeyPair {
    static KEY_PAIR: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY_PAIR.get_or_init(|| {
        let mut private_key = [0; 32];
        private_key[31] = 1;
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_ASN1_SIGNING, &private_key, &POINT)
            .expect("the point belongs to the private key")
    })
}

/// An element with its parts as the content. Its length takes two digits where one is too few: no input is longer.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let head: &[u8] = match content.len() {
        0..0x80 => &[tag, low],
        0x80..0x100 => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [head, &content].concat()
}
