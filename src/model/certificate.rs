//! Descriptions of certificates.

use serde::Serialize;
use utoipa::ToSchema;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clock::Timestamp;
use crate::der::pem;

/// A description of a certificate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Certificate)]
pub(crate) struct CertificateInfo {
    /// What it was issued as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) profile: Option<&'static str>,
    /// The CA that signed it, as URLs name it.
    pub(crate) issuer: String,
    /// Upper-case hexadecimal.
    pub(crate) serial_number: String,
    pub(crate) subject: String,
    pub(crate) issuer_subject: String,
    #[schema(value_type = String)]
    pub(crate) not_before: Timestamp,
    #[schema(value_type = String)]
    pub(crate) not_after: Timestamp,
    /// Of the whole certificate; upper-case hexadecimal.
    pub(crate) sha256_fingerprint: String,
    /// What is odd about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) hint: Option<String>,
    pub(crate) pem: String,
}

/// Several certificates.
#[derive(Serialize, ToSchema)]
#[schema(as = Certificates)]
pub(crate) struct CertificateList {
    pub(crate) certificates: Vec<CertificateInfo>,
}

impl CertificateInfo {
    /// Describes a certificate in DER that was issued by the CA of that name and is valid in that period.
    pub(crate) fn new(issuer: &str, der: &[u8], period: [Timestamp; 2], hint: Option<String>) -> Self {
        let (_, parsed) = X509Certificate::from_der(der).expect("the emulator made it, or has read it before");
        let [not_before, not_after] = period;
        let fingerprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        Self {
            profile: None,
            issuer: issuer.to_owned(),
            serial_number: hex(parsed.raw_serial()),
            subject: parsed.subject().to_string(),
            issuer_subject: parsed.issuer().to_string(),
            not_before,
            not_after,
            sha256_fingerprint: hex(fingerprint.as_ref()),
            hint,
            pem: pem::encode("CERTIFICATE", der),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
