//! OCSP: reads requests and signs responses (RFC 6960, RFC 5019; nonces: RFC 9654).

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::CaError;
use super::crl::reason_to_write;
use super::issuing::IssuingCa;
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{BOOLEAN, ENUMERATED, INTEGER, NULL, OCTET_STRING, SEQUENCE, context, implicit};
use crate::der::write::{generalized_time, oid, sequence, tlv};

/// How many certificates one request may ask for.
const MAX_CERTIFICATES: usize = 20;

/// The times in a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OcspTimes {
    /// When the response is signed.
    pub(crate) produced_at: Timestamp,
    /// When the status is known to be correct.
    pub(crate) this_update: Timestamp,
    /// Until when the response may be used.
    pub(crate) next_update: Timestamp,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CertStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When it was revoked.
        at: Timestamp,
        /// The `CRLReason`; not written if it is None or 0.
        reason: Option<u8>,
    },
}

/// A response. Over HTTP it is sent with status 200, whatever its own status is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OcspResponse {
    /// The `OCSPResponse`, in DER.
    pub(crate) der: Vec<u8>,
    /// Its status.
    pub(crate) status: OcspStatus,
    /// Whether a cache may use it for the same request again: it is successful and has no nonce.
    pub(crate) cacheable: bool,
}

/// The `OCSPResponseStatus`, as far as it is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OcspStatus {
    /// The response contains the status of every requested certificate.
    Successful = 0,
    /// The request is not a well-formed `OCSPRequest`, or asks for too many certificates.
    MalformedRequest = 1,
    /// The CA cannot sign.
    InternalError = 2,
    /// The request names a certificate that this CA did not issue.
    Unauthorized = 6,
}

impl OcspResponse {
    /// A response that consists of a status only.
    pub(crate) fn unsuccessful(status: OcspStatus) -> Self {
        Self {
            der: sequence(&[&[ENUMERATED, 1, status as u8]]),
            status,
            cacheable: false,
        }
    }
}

impl IssuingCa {
    /// Responds to an `OCSPRequest` in DER, whose size the caller limits. `status` returns the status of the
    /// certificate with a serial number (the content of a DER INTEGER), or None if this CA did not issue it.
    pub(crate) fn ocsp(
        &self,
        request: &[u8],
        times: &OcspTimes,
        mut status: impl FnMut(&[u8]) -> Option<CertStatus>,
    ) -> OcspResponse {
        let Ok(request) = OcspRequest::parse(request) else {
            return OcspResponse::unsuccessful(OcspStatus::MalformedRequest);
        };
        let mut singles = Vec::new();
        for id in &request.ids {
            let known = if self.is_issuer_of(id) { status(id.serial) } else { None };
            let Some(known) = known else {
                return OcspResponse::unsuccessful(OcspStatus::Unauthorized);
            };
            singles.extend(single_response(id, known, times));
        }
        match self.successful_response(&singles, times, request.nonce) {
            Ok(der) => OcspResponse {
                der,
                status: OcspStatus::Successful,
                cacheable: request.nonce.is_none(),
            },
            Err(_) => OcspResponse::unsuccessful(OcspStatus::InternalError),
        }
    }

    /// An `OCSPRequest` in DER for one of its certificates, without a nonce (RFC 6960, section 4.1.1).
    pub(crate) fn ocsp_request(&self, certificate: &[u8]) -> Vec<u8> {
        let (_, parsed) = X509Certificate::from_der(certificate).expect("this CA issued it");
        let id = sequence(&[
            &sequence(&[&oid(oid::SHA1), &[NULL, 0]]),
            &tlv(OCTET_STRING, &[&self.subject_sha1]),
            &tlv(OCTET_STRING, &[&self.public_key_sha1]),
            &tlv(INTEGER, &[parsed.raw_serial()]),
        ]);
        sequence(&[&sequence(&[&sequence(&[&sequence(&[&id])])])])
    }

    fn is_issuer_of(&self, id: &CertId<'_>) -> bool {
        let hash = match id.hash {
            oid::SHA1 => return id.name_hash == self.subject_sha1 && id.key_hash == self.public_key_sha1,
            oid::SHA256 => &SHA256,
            oid::SHA384 => &SHA384,
            oid::SHA512 => &SHA512,
            _ => return false,
        };
        id.name_hash == digest::digest(hash, &self.subject).as_ref()
            && id.key_hash == digest::digest(hash, &self.public_key).as_ref()
    }

    fn successful_response(&self, singles: &[u8], times: &OcspTimes, nonce: Option<&[u8]>) -> Result<Vec<u8>, CaError> {
        let extensions = nonce.map_or_else(Vec::new, |nonce| tlv(context(1), &[&sequence(&[nonce])]));
        let content = sequence(&[
            &tlv(context(2), &[&tlv(OCTET_STRING, &[&self.public_key_sha1])]),
            &generalized_time(times.produced_at),
            &sequence(&[singles]),
            &extensions,
        ]);
        let basic = self.signed(self.signer.default_hash(), &content)?;
        let bytes = sequence(&[&oid(oid::OCSP_BASIC), &tlv(OCTET_STRING, &[&basic])]);
        Ok(sequence(&[
            &[ENUMERATED, 1, OcspStatus::Successful as u8],
            &tlv(context(0), &[&bytes]),
        ]))
    }
}

/// A `SingleResponse`.
fn single_response(id: &CertId<'_>, status: CertStatus, times: &OcspTimes) -> Vec<u8> {
    let status = match status {
        CertStatus::Good => tlv(implicit(0), &[]),
        CertStatus::Revoked { at, reason } => {
            let reason = reason_to_write(reason).map(|reason| tlv(context(0), &[&[ENUMERATED, 1, reason]]));
            tlv(context(1), &[&generalized_time(at), &reason.unwrap_or_default()])
        }
    };
    sequence(&[
        id.raw,
        &status,
        &generalized_time(times.this_update),
        &tlv(context(0), &[&generalized_time(times.next_update)]),
    ])
}

/// The used parts of an `OCSPRequest`. Its signature and the name of the requestor are ignored.
struct OcspRequest<'a> {
    ids: Vec<CertId<'a>>,
    /// The nonce, as a whole `Extension`.
    nonce: Option<&'a [u8]>,
}

/// A `CertID`.
struct CertId<'a> {
    raw: &'a [u8],
    /// The content of the hash's object identifier.
    hash: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
}

/// A request is malformed. The response has no place for the reason, so it is not kept.
struct MalformedRequest;

impl From<Malformed> for MalformedRequest {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl<'a> OcspRequest<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, MalformedRequest> {
        let mut input = Reader::new(der);
        let mut outer = input.read(SEQUENCE)?;
        input.finish()?;
        let mut content = outer.read(SEQUENCE)?;
        outer.optional(context(0))?;
        outer.finish()?;

        if let Some(mut version) = content.optional(context(0))? {
            if !version.unsigned()?.is_empty() {
                return Err(MalformedRequest);
            }
            version.finish()?;
        }
        content.optional(context(1))?;
        let mut list = content.read(SEQUENCE)?;
        let extensions = content.optional(context(2))?;
        content.finish()?;

        let mut ids = Vec::new();
        while !list.is_empty() {
            if ids.len() == MAX_CERTIFICATES {
                return Err(MalformedRequest);
            }
            let mut one = list.read(SEQUENCE)?;
            ids.push(CertId::parse(&mut one)?);
            if let Some(extensions) = one.optional(context(0))? {
                // A nonce is for the whole request, not for one certificate.
                if read_extensions(extensions)?.is_some() {
                    return Err(MalformedRequest);
                }
            }
            one.finish()?;
        }
        if ids.is_empty() {
            return Err(MalformedRequest);
        }
        let nonce = match extensions {
            Some(extensions) => read_extensions(extensions)?,
            None => None,
        };
        Ok(Self { ids, nonce })
    }
}

impl<'a> CertId<'a> {
    fn parse(input: &mut Reader<'a>) -> Result<Self, MalformedRequest> {
        let element = input.expect(SEQUENCE)?;
        let mut parts = element.content;
        let mut algorithm = parts.read(SEQUENCE)?;
        let hash = algorithm.oid()?;
        if !matches!(algorithm.bytes(), [] | [NULL, 0]) {
            return Err(MalformedRequest);
        }
        let id = Self {
            raw: element.raw(),
            hash,
            name_hash: parts.read(OCTET_STRING)?.bytes(),
            key_hash: parts.read(OCTET_STRING)?.bytes(),
            serial: parts.integer()?,
        };
        parts.finish()?;
        Ok(id)
    }
}

/// Reads `Extensions` and returns the nonce, if there is one. A critical extension that is unknown is an error, and so
/// is a nonce that does not have 1 to 128 bytes.
fn read_extensions(mut outer: Reader<'_>) -> Result<Option<&[u8]>, MalformedRequest> {
    let mut list = outer.read(SEQUENCE)?;
    outer.finish()?;
    let mut nonce = None;
    while !list.is_empty() {
        let element = list.expect(SEQUENCE)?;
        let mut parts = element.content;
        let id = parts.oid()?;
        let critical = match parts.optional(BOOLEAN)? {
            Some(critical) => match critical.bytes() {
                [0] => false,
                [0xff] => true,
                _ => return Err(MalformedRequest),
            },
            None => false,
        };
        let mut value = parts.read(OCTET_STRING)?;
        parts.finish()?;
        match id {
            oid::OCSP_NONCE => {
                let bytes = value.read(OCTET_STRING)?.bytes();
                value.finish()?;
                if nonce.is_some() || !(1..=128).contains(&bytes.len()) {
                    return Err(MalformedRequest);
                }
                nonce = Some(element.raw());
            }
            oid::OCSP_ACCEPTABLE_RESPONSES => {}
            _ if critical => return Err(MalformedRequest),
            _ => {}
        }
    }
    Ok(nonce)
}
