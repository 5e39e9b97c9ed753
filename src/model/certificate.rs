//! Descriptions of certificates.

use serde::Serialize;
use utoipa::ToSchema;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{
    DistributionPointName, ExtendedKeyUsage, FromDer as _, GeneralName, KeyUsage, ParsedExtension,
    SubjectPublicKeyInfo, X509Certificate, X509Extension,
};
use x509_parser::public_key::PublicKey;

use crate::clock::Timestamp;
use crate::der::{oid, pem};

/// The names of the bits of a keyUsage (RFC 5280, section 4.2.1.3).
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

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
    /// Its key, such as `RSA 2048 bits` or `EC P-256`.
    pub(crate) public_key: String,
    pub(crate) signature_algorithm: String,
    /// In its order.
    pub(crate) extensions: Vec<ExtensionInfo>,
    /// A request for its status (RFC 6960), in Base64, as GET sends it percent-encoded behind the URL of the responder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) ocsp_request: Option<String>,
    pub(crate) pem: String,
}

/// An extension of a certificate.
#[derive(Serialize, ToSchema)]
#[schema(as = Extension)]
pub(crate) struct ExtensionInfo {
    /// As RFC 5280 names it; else its object identifier.
    pub(crate) name: String,
    pub(crate) critical: bool,
    /// What is in it, a text for each thing; upper-case hexadecimal where nobody reads it.
    pub(crate) values: Vec<String>,
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
            public_key: public_key(parsed.public_key()),
            signature_algorithm: oid::name(parsed.signature_algorithm.algorithm.as_bytes()),
            extensions: parsed.extensions().iter().map(ExtensionInfo::new).collect(),
            ocsp_request: None,
            pem: pem::encode("CERTIFICATE", der),
        }
    }
}

impl ExtensionInfo {
    fn new(extension: &X509Extension<'_>) -> Self {
        Self {
            name: named(&extension.oid),
            critical: extension.critical,
            values: values(extension),
        }
    }
}

fn values(extension: &X509Extension<'_>) -> Vec<String> {
    match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => vec![hex(id.0)],
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.iter().map(|id| hex(id.0)).collect(),
        ParsedExtension::KeyUsage(usage) => key_usages(usage),
        ParsedExtension::ExtendedKeyUsage(usage) => extended_key_usages(usage),
        ParsedExtension::BasicConstraints(constraints) => vec![if constraints.ca { "CA" } else { "no CA" }.to_owned()],
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().map(|policy| policy.policy_id.to_id_string()).collect()
        }
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().map(general_name).collect(),
        ParsedExtension::CRLDistributionPoints(points) => {
            let names = points.iter().filter_map(|point| match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => Some(names.iter().map(general_name)),
                Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => None,
            });
            names.flatten().collect()
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            let places = access.accessdescs.iter();
            places
                .map(|place| {
                    format!(
                        "{} {}",
                        named(&place.access_method),
                        general_name(&place.access_location)
                    )
                })
                .collect()
        }
        _ => vec![hex(extension.value)],
    }
}

fn key_usages(usage: &KeyUsage) -> Vec<String> {
    let names = KEY_USAGES.iter().enumerate();
    names
        .filter(|(bit, _)| usage.flags >> bit & 1 == 1)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

fn extended_key_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(is_there, _)| *is_there);
    known
        .map(|(_, name)| name.to_owned())
        .chain(usage.other.iter().map(Oid::to_id_string))
        .collect()
}

/// A name as people read it: `email:jane@example.com`; a URL is itself.
fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::RFC822Name(address) => format!("email:{address}"),
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::URI(url) => (*url).to_owned(),
        other => other.to_string(),
    }
}

fn named(id: &Oid<'_>) -> String {
    match id.as_bytes() {
        oid::OCSP => "OCSP".to_owned(),
        oid::CA_ISSUERS => "caIssuers".to_owned(),
        oid::CRL_DISTRIBUTION_POINTS => "cRLDistributionPoints".to_owned(),
        _ => oid2sn(id, oid_registry()).map_or_else(|_| id.to_id_string(), str::to_owned),
    }
}

fn public_key(key: &SubjectPublicKeyInfo<'_>) -> String {
    if let Ok(PublicKey::RSA(rsa)) = key.parsed() {
        return format!("RSA {} bits", rsa.key_size());
    }
    let algorithm = &key.algorithm;
    let curve = algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    match curve.as_ref().map(Oid::as_bytes) {
        Some(oid::CURVE_P256) => "EC P-256".to_owned(),
        Some(oid::CURVE_P384) => "EC P-384".to_owned(),
        Some(oid::CURVE_P521) => "EC P-521".to_owned(),
        Some(other) => format!("EC {}", oid::name(other)),
        None => oid::name(algorithm.algorithm.as_bytes()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
