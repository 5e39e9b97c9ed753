//! SPKACs as text and as raw DER, each also signed anew, since no mutation keeps its signature.

use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::csr_der::{ECDSA_WITH_SHA256, POINT, POINT_HEAD, element, key_pair};
use crate::api::csr::spkac::Spkac;
use crate::api::csr::{Hash, Key, Spaces};
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{BIT_STRING, SEQUENCE};

/// Any text and any DER is parsed, and one that is accepted is accepted again in the form that OpenSSL prints.
///
/// Returns those that were accepted, in that form, for OpenSSL to judge as well.
pub fn spkac(input: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(input).into_owned();
    let ders = [Some(input.to_vec()), signed(input)].into_iter().flatten();
    let texts = ders.map(|der| STANDARD.encode(der)).chain([text]);
    let accepted: Vec<_> = texts
        .filter_map(|text| Spkac::parse(&text, Spaces::MayBePlus).ok())
        .collect();
    for spkac in &accepted {
        assert_eq!(Spkac::parse(&spkac.to_text(), Spaces::MayBePlus).as_ref(), Ok(spkac));
        assert!(spkac.challenge().is_ascii());
        let is_of_rsa = matches!(spkac.key(), Key::Rsa { .. });
        assert!(is_of_rsa || !matches!(spkac.signature_hash(), Hash::Md5 | Hash::Sha1));
        assert!(memchr::memmem::find(spkac.der(), spkac.subject_public_key_info()).is_some());
        let mut reader = Reader::new(spkac.subject_public_key_info());
        assert!(reader.read(SEQUENCE).is_ok() && reader.is_empty());
    }
    accepted.iter().map(Spkac::to_text).collect()
}

/// The SPKAC with a valid signature. A key other than the one that signs gives way to it, and so does the algorithm if it
/// is another; everything else stays.
fn signed(input: &[u8]) -> Option<Vec<u8>> {
    let [key, behind_key, algorithm] = parts(input).ok()?;
    let own_key = [&POINT_HEAD[..], &POINT].concat();
    let has_own_point = memchr::memmem::find(key, &POINT[1..33]).is_some();
    let own_algorithm = element(SEQUENCE, &[&ECDSA_WITH_SHA256]);
    let has_own_algorithm = memchr::memmem::find(algorithm, &ECDSA_WITH_SHA256).is_some();
    let content = element(SEQUENCE, &[if has_own_point { key } else { &own_key }, behind_key]);
    let signature = key_pair()
        .sign(&SystemRandom::new(), &content)
        .expect("the key signs anything");
    let signature = element(BIT_STRING, &[&[0], signature.as_ref()]);
    let algorithm = if has_own_algorithm { algorithm } else { &own_algorithm };
    Some(element(SEQUENCE, &[&content, algorithm, &signature]))
}

/// The key, what stands behind it in what is signed, and the algorithm, each with tag and length.
fn parts(input: &[u8]) -> Result<[&[u8]; 3], Malformed> {
    let mut spkac = Reader::new(input).read(SEQUENCE)?;
    let mut content = spkac.read(SEQUENCE)?;
    let key = content.element()?.raw();
    Ok([key, content.bytes(), spkac.element()?.raw()])
}
