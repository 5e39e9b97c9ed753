//! OCSP: requests read, answers signed (RFC 6960; for small ones RFC 5019; nonces by RFC 9654).

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};

use super::CaError;
use super::crl::written;
use super::issuing::Issuing;
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{BOOLEAN, ENUMERATED, NULL, OCTET_STRING, SEQUENCE, context, implicit};
use crate::der::write::{generalized_time, oid, sequence, tlv};

/// How many certificates one request may ask for.
const MAX_CERTIFICATES: usize = 20;

/// The times of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OcspTimes {
    /// When it is signed.
    pub(crate) produced_at: Timestamp,
    /// Since when what it says is known to be right.
    pub(crate) this_update: Timestamp,
    /// When there will be newer knowledge at the latest.
    pub(crate) next_update: Timestamp,
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CertStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// The `CRLReason`; left out for None and 0.
        reason: Option<u8>,
    },
}

/// An answer. With HTTP it goes out with status 200, whatever its own status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OcspAnswer {
    /// The `OCSPResponse`, in DER.
    pub(crate) der: Vec<u8>,
    /// Its status.
    pub(crate) status: OcspStatus,
    /// Whether it can be kept for others who ask the same: it is successful and was asked for without a nonce.
    pub(crate) cacheable: bool,
}

/// The `OCSPResponseStatus`, as far as it is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OcspStatus {
    /// Every certificate that was asked for is in it.
    Successful = 0,
    /// The request is none.
    MalformedRequest = 1,
    /// The key refused to sign.
    InternalError = 2,
    /// A certificate of another CA, or one that this CA never issued.
    Unauthorized = 6,
}

impl OcspAnswer {
    /// An answer that is a status and nothing else.
    pub(crate) fn unsuccessful(status: OcspStatus) -> Self {
        Self {
            der: sequence(&[&[ENUMERATED, 1, status as u8]]),
            status,
            cacheable: false,
        }
    }
}

impl Issuing {
    /// Answers an `OCSPRequest` in DER; the caller bounds its size. `status` is asked for the serial numbers in it, as they
    /// stand there (the content of a DER INTEGER), until it knows one not.
    pub(crate) fn ocsp(
        &self,
        request: &[u8],
        times: &OcspTimes,
        mut status: impl FnMut(&[u8]) -> Option<CertStatus>,
    ) -> OcspAnswer {
        let Ok(request) = Request::parse(request) else {
            return OcspAnswer::unsuccessful(OcspStatus::MalformedRequest);
        };
        let mut singles = Vec::new();
        for id in &request.ids {
            let known = if self.is_meant(id) { status(id.serial) } else { None };
            let Some(known) = known else {
                return OcspAnswer::unsuccessful(OcspStatus::Unauthorized);
            };
            singles.extend(single(id, known, times));
        }
        match self.successful(&singles, times, request.nonce) {
            Ok(der) => OcspAnswer {
                der,
                status: OcspStatus::Successful,
                cacheable: request.nonce.is_none(),
            },
            Err(_) => OcspAnswer::unsuccessful(OcspStatus::InternalError),
        }
    }

    fn is_meant(&self, id: &CertId<'_>) -> bool {
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

    fn successful(&self, singles: &[u8], times: &OcspTimes, nonce: Option<&[u8]>) -> Result<Vec<u8>, CaError> {
        let extensions = nonce.map_or_else(Vec::new, |nonce| tlv(context(1), &[&sequence(&[nonce])]));
        let content = sequence(&[
            &tlv(context(2), &[&tlv(OCTET_STRING, &[&self.public_key_sha1])]),
            &generalized_time(times.produced_at),
            &sequence(&[singles]),
            &extensions,
        ]);
        let basic = self.signed(self.signer.usual_hash(), &content)?;
        let bytes = sequence(&[&oid(oid::OCSP_BASIC), &tlv(OCTET_STRING, &[&basic])]);
        Ok(sequence(&[
            &[ENUMERATED, 1, OcspStatus::Successful as u8],
            &tlv(context(0), &[&bytes]),
        ]))
    }
}

/// A `SingleResponse`.
fn single(id: &CertId<'_>, status: CertStatus, times: &OcspTimes) -> Vec<u8> {
    let status = match status {
        CertStatus::Good => tlv(implicit(0), &[]),
        CertStatus::Revoked { at, reason } => {
            let reason = written(reason).map(|reason| tlv(context(0), &[&[ENUMERATED, 1, reason]]));
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

/// What matters of an `OCSPRequest`. Its signature, if it has one, is left alone, as is the requestor's name.
struct Request<'a> {
    ids: Vec<CertId<'a>>,
    /// The whole `Extension`.
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

/// Why a request is none. Its sender is told nothing more.
struct NoRequest;

impl From<Malformed> for NoRequest {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl<'a> Request<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, NoRequest> {
        let mut input = Reader::new(der);
        let mut outer = input.read(SEQUENCE)?;
        input.finish()?;
        let mut content = outer.read(SEQUENCE)?;
        outer.optional(context(0))?;
        outer.finish()?;

        if let Some(mut version) = content.optional(context(0))? {
            if !version.unsigned()?.is_empty() {
                return Err(NoRequest);
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
                return Err(NoRequest);
            }
            let mut one = list.read(SEQUENCE)?;
            ids.push(CertId::parse(&mut one)?);
            if let Some(extensions) = one.optional(context(0))? {
                // A nonce has no place here.
                if read_extensions(extensions)?.is_some() {
                    return Err(NoRequest);
                }
            }
            one.finish()?;
        }
        if ids.is_empty() {
            return Err(NoRequest);
        }
        let nonce = match extensions {
            Some(extensions) => read_extensions(extensions)?,
            None => None,
        };
        Ok(Self { ids, nonce })
    }
}

impl<'a> CertId<'a> {
    fn parse(input: &mut Reader<'a>) -> Result<Self, NoRequest> {
        let element = input.expect(SEQUENCE)?;
        let mut parts = element.content;
        let mut algorithm = parts.read(SEQUENCE)?;
        let hash = algorithm.oid()?;
        if !matches!(algorithm.bytes(), [] | [NULL, 0]) {
            return Err(NoRequest);
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

/// Reads `Extensions`; returns the one that is a nonce. Critical ones that are not understood are an error, as is a nonce
/// that is not 1 to 128 bytes long.
fn read_extensions(mut outer: Reader<'_>) -> Result<Option<&[u8]>, NoRequest> {
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
                _ => return Err(NoRequest),
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
                    return Err(NoRequest);
                }
                nonce = Some(element.raw());
            }
            oid::OCSP_ACCEPTABLE_RESPONSES => {}
            _ if critical => return Err(NoRequest),
            _ => {}
        }
    }
    Ok(nonce)
}
