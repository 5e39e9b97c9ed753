//! A truststore for Java: a CA certificate in PKCS#12 (RFC 7292).

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use aws_lc_rs::{hmac, rand};
use thiserror::Error;

use crate::der::oid::{self, pkcs12};
use crate::der::pem;
use crate::der::tag::{BMP_STRING, NULL, OCTET_STRING, SET, context};
use crate::der::write::{oid, sequence, tlv, unsigned};

/// The password of the truststore: Java's usual one. It protects nothing, as a truststore holds nothing secret.
pub(crate) const PASSWORD: &str = "changeit";

/// The name of its entry.
const NAME: &str = "sectigo-emulator";

/// How often the hash is applied for the key of the MAC, as openssl and keytool do.
const ITERATIONS: u32 = 10_000;

/// Why there is no truststore.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum TruststoreError {
    /// The text has no certificate; follows a file's name.
    #[error("{0}")]
    Pem(&'static str),
    /// The system gives no random numbers for the salt of the MAC.
    #[error("there are no random numbers for the truststore")]
    Salt,
}

/// A PKCS#12 file that has the first certificate of a text in PEM as a trusted one, unencrypted, with a MAC under
/// [`PASSWORD`].
///
/// # Errors
/// See [`TruststoreError`].
pub(crate) fn of_pem(pem: &str) -> Result<Vec<u8>, TruststoreError> {
    let certificate = pem::first_certificate(pem).map_err(TruststoreError::Pem)?;
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| TruststoreError::Salt)?;
    let safe = sequence(&[&data(&sequence(&[&trusted(&certificate)]))]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &mac_key(&salt));
    let digest_info = sequence(&[
        &sequence(&[&oid(oid::SHA256), &tlv(NULL, &[])]),
        &tlv(OCTET_STRING, &[hmac::sign(&key, &safe).as_ref()]),
    ]);
    let mac = sequence(&[&digest_info, &tlv(OCTET_STRING, &[&salt]), &unsigned(ITERATIONS.into())]);
    Ok(sequence(&[&unsigned(3), &data(&safe), &mac]))
}

/// A `ContentInfo` that has the content as it is.
fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[
        &oid(oid::PKCS7_DATA),
        &tlv(context(0), &[&tlv(OCTET_STRING, &[content])]),
    ])
}

/// A `SafeBag` of a certificate that is trusted for everything. Java takes only one with its own attribute for that.
fn trusted(certificate: &[u8]) -> Vec<u8> {
    let bag = sequence(&[
        &oid(pkcs12::X509_CERTIFICATE),
        &tlv(context(0), &[&tlv(OCTET_STRING, &[certificate])]),
    ]);
    let attribute = |id, value: &[u8]| sequence(&[&oid(id), &tlv(SET, &[value])]);
    let mut attributes = [
        attribute(pkcs12::FRIENDLY_NAME, &tlv(BMP_STRING, &[&bmp(NAME)])),
        attribute(pkcs12::TRUSTED_KEY_USAGE, &oid(pkcs12::ANY_EXTENDED_KEY_USAGE)),
    ];
    // A SET OF is sorted in DER.
    attributes.sort();
    sequence(&[
        &oid(pkcs12::CERT_BAG),
        &tlv(context(0), &[&bag]),
        &tlv(SET, &[&attributes[0], &attributes[1]]),
    ])
}

/// The key of the MAC (RFC 7292, appendix B.2, with the ID 3): one hash is as long as the key.
fn mac_key(salt: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    const BLOCK: usize = 64;
    let filled = |bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().next_multiple_of(BLOCK);
        bytes.iter().copied().cycle().take(length).collect()
    };
    let mut password = bmp(PASSWORD);
    password.extend([0, 0]);
    let first = [vec![3; BLOCK], filled(salt), filled(&password)].concat();
    let mut key = digest(&SHA256, &first);
    for _ in 1..ITERATIONS {
        key = digest(&SHA256, key.as_ref());
    }
    key.as_ref().try_into().expect("SHA-256 has that length")
}

/// A text as a BMPString has it.
fn bmp(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
