//! Certificates: those of orders, and those of the CAs.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Problem;
use super::extract::{PathOrderNumber, PathSandbox, Query, no_order};
use crate::api::csr::Csr;
use crate::api::order::state::{Order, OrderNumber};
use crate::ca::bundle::{pem_chain, pkcs7};
use crate::ca::profile::Profile;
use crate::ca::{Authority, CaError, IssuerName, IssuingCa};
use crate::der::pem;
use crate::model::certificate::{CertificateInfo, CertificateList};
use crate::model::query::given;
use crate::sandbox::Sandbox;
use crate::sandbox::certificates::{Certificate, NoCertificate, period};

/// In which format a certificate is asked for; this outweighs the Accept header.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FormatQuery {
    /// `pem`, `der` or `json`.
    #[serde(deserialize_with = "given")]
    #[param(inline)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    Pem,
    Der,
    Json,
}

impl FormatQuery {
    /// The format that is asked for.
    fn chosen(&self, headers: &HeaderMap, otherwise: Format) -> Format {
        let accepted = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(|media_type| match media_type.split(';').next()?.trim() {
                "application/json" => Some(Format::Json),
                "application/pkix-cert" | "application/x-x509-ca-cert" | "application/octet-stream" | PKCS7 => {
                    Some(Format::Der)
                }
                PEM | "application/pem-certificate-chain" | "text/plain" => Some(Format::Pem),
                _ => None,
            });
        self.format.or(accepted).unwrap_or(otherwise)
    }
}

/// The media type of PEM.
const PEM: &str = "application/x-pem-file";

/// The media type of several certificates in DER.
const PKCS7: &str = "application/x-pkcs7-certificates";

/// The certificate of an order: made when it is first read, from what the order is then.
#[utoipa::path(get, path = "/orders/{orderNumber}/certificate", tag = "certificates", operation_id = "readCertificate",
    params(("orderNumber" = u64, Path, description = "Its number"), FormatQuery),
    responses(
        (status = 200, description = "The certificate: PEM, DER or a description",
            content((CertificateInfo = "application/json"), (String = "application/x-pem-file"),
                (Vec<u8> = "application/pkix-cert"))),
        (status = 404, description = "There is no such order"),
        (status = 409, description = "It was not issued"),
        (status = 503, description = "The CA cannot make it")))]
pub(super) async fn certificate(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
    Query(query): Query<FormatQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (order, certificate) = certificate_of(&sandbox, number).await?;
    Ok(match query.chosen(&headers, Format::Pem) {
        Format::Pem => typed(PEM, pem::encode(pem::CERTIFICATE, &certificate.der)),
        Format::Der => typed("application/pkix-cert", certificate.der.to_vec()),
        Format::Json => {
            let issuer = certificate.issuer.name().to_string();
            Json(CertificateInfo {
                profile: Some(Profile::of(order.product_code()).name),
                ocsp_request: Some(STANDARD.encode(certificate.issuer.ocsp_request(&certificate.der))),
                ..describe(&issuer, &certificate.der, certificate.hint.clone())
            })
            .into_response()
        }
    })
}

/// The CAs above the certificate of an order: the one that signed it, then the root.
#[utoipa::path(get, path = "/orders/{orderNumber}/chain", tag = "certificates", operation_id = "readChain",
    params(("orderNumber" = u64, Path, description = "Its number"), FormatQuery),
    responses(
        (status = 200, description = "The chain: PEM, PKCS#7 (DER) or descriptions",
            content((CertificateList = "application/json"), (String = "application/x-pem-file"),
                (Vec<u8> = "application/x-pkcs7-certificates"))),
        (status = 404, description = "There is no such order"),
        (status = 409, description = "It was not issued"),
        (status = 503, description = "The CA cannot make it")))]
pub(super) async fn chain(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
    Query(query): Query<FormatQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let root = Ca::root(sandbox.certificates.authority());
    let (_, certificate) = certificate_of(&sandbox, number).await?;
    Ok(several(
        query.chosen(&headers, Format::Pem),
        &[Ca::from(&*certificate.issuer), root],
    ))
}

/// The CSR of an order; PEM.
#[utoipa::path(get, path = "/orders/{orderNumber}/csr", tag = "certificates", operation_id = "readCsr",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses(
        (status = 200, description = "The CSR", body = String, content_type = "application/x-pem-file"),
        (status = 404, description = "There is no such order, or it has none")))]
pub(super) async fn csr(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<Response, Problem> {
    let state = sandbox.state();
    let order = state
        .world
        .book
        .get(number)
        .ok_or_else(|| no_order(&sandbox.name, number))?;
    let csr = order.csr.as_ref().map(Csr::to_pem);
    csr.map(|csr| typed(PEM, csr))
        .ok_or_else(|| Problem::not_found(format!("order {number} has no CSR")))
}

/// The private key that was made for an order without a CSR, where `keepKey` asked to keep it; PEM.
#[utoipa::path(get, path = "/orders/{orderNumber}/key", tag = "certificates", operation_id = "readKey",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses(
        (status = 200, description = "The key", body = String, content_type = "application/x-pem-file"),
        (status = 404, description = "There is no such order, or its key is not kept"),
        (status = 409, description = "It was not issued"),
        (status = 503, description = "The CA cannot make it")))]
pub(super) async fn key(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<Response, Problem> {
    let (order, certificate) = certificate_of(&sandbox, number).await?;
    let key = certificate.private_key.as_ref().ok_or_else(|| {
        Problem::not_found(match order.csr {
            Some(_) => "the order has a CSR, and its key is with whoever made that",
            None => "the key was thrown away; make the order with \"keepKey\": true",
        })
    })?;
    Ok(typed(PEM, key.expose().to_owned()))
}

/// Every CA: the root, the two usual issuing CAs, and those of a caCertificateID that have issued something.
#[utoipa::path(get, path = "/ca", tag = "certificates", operation_id = "listCas", params(FormatQuery),
    responses(
        (status = 200, description = "The CAs: descriptions, PEM or PKCS#7 (DER)",
            content((CertificateList = "application/json"), (String = "application/x-pem-file"),
                (Vec<u8> = "application/x-pkcs7-certificates"))),
        (status = 503, description = "A CA cannot be made")))]
pub(super) async fn list(
    PathSandbox(sandbox): PathSandbox,
    Query(query): Query<FormatQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let certificates = &sandbox.certificates;
    for name in [IssuerName::CodeSigning, IssuerName::Smime] {
        certificates.issuing_ca(name).await?;
    }
    let authority = certificates.authority();
    let issuing = authority.made_cas();
    let all: Vec<_> = std::iter::once(Ca::root(authority))
        .chain(issuing.iter().map(|issuing| Ca::from(&**issuing)))
        .collect();
    Ok(several(query.chosen(&headers, Format::Json), &all))
}

/// A CA's certificate.
struct Ca {
    name: String,
    certificate: CertificateDer<'static>,
}

impl Ca {
    fn root(authority: &Authority) -> Self {
        Self {
            name: "root".to_owned(),
            certificate: authority.root().certificate().clone(),
        }
    }
}

impl From<&IssuingCa> for Ca {
    fn from(issuing: &IssuingCa) -> Self {
        Self {
            name: issuing.name().to_string(),
            certificate: issuing.certificate().clone(),
        }
    }
}

fn several(format: Format, cas: &[Ca]) -> Response {
    let certificates = cas.iter().map(|ca| &*ca.certificate);
    match format {
        Format::Pem => typed(PEM, pem_chain(certificates)),
        Format::Der => typed(PKCS7, pkcs7(certificates)),
        Format::Json => {
            let reply = |ca: &Ca| describe(&ca.name, &ca.certificate, None);
            Json(CertificateList {
                certificates: cas.iter().map(reply).collect(),
            })
            .into_response()
        }
    }
}

/// An order and its certificate.
async fn certificate_of(sandbox: &Sandbox, number: OrderNumber) -> Result<(Order, Arc<Certificate>), Problem> {
    sandbox.certificate(number).await.map_err(|error| match error {
        NoCertificate::NoOrder => no_order(&sandbox.name, number),
        NoCertificate::NotIssued(..) => Problem::conflict("state", error.to_string()),
        NoCertificate::Ca(error) => Problem::from(error),
    })
}

impl From<CaError> for Problem {
    fn from(error: CaError) -> Self {
        match error.field() {
            Some(field) => Self::unfit(field, error.to_string()),
            None => Self::full(error.to_string()),
        }
    }
}

fn typed(media_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, media_type)], body.into()).into_response()
}

/// A certificate that the emulator made, or has read before.
fn describe(issuer: &str, der: &[u8], hint: Option<String>) -> CertificateInfo {
    CertificateInfo::new(issuer, der, period(der), hint)
}
