//! PEM (RFC 7468): DER as text, in Base64 between a BEGIN line and an END line.
//!
//! It is written here. Certificates and keys in files are read by rustls's reader; the reader of certificate signing
//! requests, which must accept almost any text, is [`crate::api::csr`]'s own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The labels in the BEGIN and END lines.
pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
pub(crate) const PKCS7: &str = "PKCS7";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";

/// The problem of a file without a certificate; follows the file's name.
const NO_CERTIFICATE: &str = "holds no certificate in PEM, or half of one";

/// DER as PEM under a label, in lines of 64 characters that end in LF.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = String::with_capacity(length_in_lines(der) + 2 * label.len() + 32);
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    push_lines(&mut text, der);
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

/// Bytes as lines of Base64, as [`encode`] writes them, without armour.
pub(crate) fn base64_lines(data: &[u8]) -> String {
    let mut text = String::with_capacity(length_in_lines(data));
    push_lines(&mut text, data);
    text
}

/// So many bytes have one line.
const LINE: usize = 48;

fn length_in_lines(data: &[u8]) -> usize {
    data.len().div_ceil(3) * 4 + data.len().div_ceil(LINE)
}

fn push_lines(text: &mut String, data: &[u8]) {
    for line in data.chunks(LINE) {
        STANDARD.encode_string(line, text);
        text.push('\n');
    }
}

/// The first certificate in a text.
///
/// # Errors
/// There is none, or it is broken off; follows a file's name.
pub(crate) fn first_certificate(text: &str) -> Result<CertificateDer<'static>, &'static str> {
    CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| NO_CERTIFICATE)
}

/// All certificates in a text, at least one.
///
/// # Errors
/// There is none, or one is broken off; follows a file's name.
pub(crate) fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(NO_CERTIFICATE),
    }
}

/// The first private key in a text: PKCS#8, PKCS#1 or SEC1. None if there is none, or half of one.
pub(crate) fn private_key(text: &str) -> Option<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        let cases = [
            (0, "-----BEGIN X-----\n-----END X-----\n".to_owned()),
            (3, "-----BEGIN X-----\nAAAA\n-----END X-----\n".to_owned()),
            (
                49,
                format!("-----BEGIN X-----\n{}\nAA==\n-----END X-----\n", "A".repeat(64)),
            ),
        ];
        for (length, expected) in cases {
            assert_eq!(encode("X", &vec![0; length]), expected);
            let bare: String = expected
                .lines()
                .filter(|line| !line.starts_with('-'))
                .flat_map(|line| [line, "\n"])
                .collect();
            assert_eq!(base64_lines(&vec![0; length]), bare);
        }
    }
}
