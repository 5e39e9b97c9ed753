//! Certificate revocation lists.

use super::CaError;
use super::issuing::IssuingCa;
use super::leaf::distribution_point_name;
use super::serial::SerialNumber;
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::tag::{ENUMERATED, INTEGER, SEQUENCE, context};
use crate::der::write::{extension, put, sequence, time, tlv, unsigned};

/// What a CRL says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlContents<'a, R> {
    /// Its number; each later CRL must have a greater one.
    pub(crate) number: u64,
    /// When it is made.
    pub(crate) this_update: Timestamp,
    /// When there will be another at the latest.
    pub(crate) next_update: Timestamp,
    /// If given, the CRL is only for the certificates that have this URL in their `cRLDistributionPoints`; if not, it
    /// is for all certificates of its CA.
    pub(crate) distribution_point: Option<&'a str>,
    /// The revoked certificates, each serial number once.
    pub(crate) revoked: R,
}

/// A revoked certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revoked {
    /// Its serial number.
    pub(crate) serial: SerialNumber,
    /// When it was revoked.
    pub(crate) at: Timestamp,
    /// The `CRLReason`; not written if it is None or 0 (RFC 5280, section 5.3.1).
    pub(crate) reason: Option<u8>,
}

/// The reason that is written: none for 0.
pub(super) fn reason_to_write(reason: Option<u8>) -> Option<u8> {
    reason.filter(|reason| *reason != 0)
}

impl IssuingCa {
    /// A CRL of version 2, in DER (RFC 5280, section 5.1).
    ///
    /// # Errors
    /// The key cannot sign.
    pub(crate) fn crl(&self, contents: CrlContents<'_, impl IntoIterator<Item = Revoked>>) -> Result<Vec<u8>, CaError> {
        let hash = self.signer.default_hash();
        let (mut entries, mut entry) = (Vec::new(), Vec::new());
        for revoked in contents.revoked {
            entry.clear();
            put(&mut entry, INTEGER, &[revoked.serial.as_bytes()]);
            entry.extend(time(revoked.at));
            if let Some(reason) = reason_to_write(revoked.reason) {
                let reason = extension(oid::CRL_REASON, false, &[ENUMERATED, 1, reason]);
                put(&mut entry, SEQUENCE, &[&reason]);
            }
            put(&mut entries, SEQUENCE, &[&entry]);
        }
        // An empty list must not be written.
        let entries = if entries.is_empty() {
            entries
        } else {
            sequence(&[&entries])
        };
        let number = extension(oid::CRL_NUMBER, false, &unsigned(contents.number));
        let distribution_point = contents
            .distribution_point
            .map_or_else(Vec::new, issuing_distribution_point);
        let content = sequence(&[
            &unsigned(1),
            &self.signer.algorithm(hash),
            &self.subject,
            &time(contents.this_update),
            &time(contents.next_update),
            &entries,
            &tlv(
                context(0),
                &[&sequence(&[
                    &self.authority_key_identifier(),
                    &number,
                    &distribution_point,
                ])],
            ),
        ]);
        drop(entries);
        self.signed(hash, &content)
    }
}

/// The extension by which a CRL says that it is for some certificates only (RFC 5280, section 5.2.5). It must be
/// critical, so that nobody takes the CRL for one of all certificates.
fn issuing_distribution_point(url: &str) -> Vec<u8> {
    extension(
        oid::ISSUING_DISTRIBUTION_POINT,
        true,
        &sequence(&[&distribution_point_name(url)]),
    )
}
