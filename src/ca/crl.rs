//! Certificate revocation lists.

use super::CaError;
use super::issuing::Issuing;
use super::leaf::distribution_point_name;
use super::serial::SerialNumber;
use crate::clock::Timestamp;
use crate::der::oid;
use crate::der::tag::{ENUMERATED, INTEGER, SEQUENCE, context};
use crate::der::write::{extension, put, sequence, time, tlv, unsigned};

/// What a CRL shall say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlContents<'a, R> {
    /// Its number; each later one must have a greater.
    pub(crate) number: u64,
    /// When it is made.
    pub(crate) this_update: Timestamp,
    /// When there will be another at the latest.
    pub(crate) next_update: Timestamp,
    /// The URL in the `cRLDistributionPoints` of the certificates that it is for; it is then for no others. Without one it
    /// is for all certificates of its CA.
    pub(crate) distribution_point: Option<&'a str>,
    /// What is revoked, each serial number once.
    pub(crate) revoked: R,
}

/// A revoked certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revoked {
    /// Which.
    pub(crate) serial: SerialNumber,
    /// Since when.
    pub(crate) at: Timestamp,
    /// The `CRLReason`; left out for None and 0, which RFC 5280 does not want to be written.
    pub(crate) reason: Option<u8>,
}

/// A reason that is to be written.
pub(super) fn written(reason: Option<u8>) -> Option<u8> {
    reason.filter(|reason| *reason != 0)
}

impl Issuing {
    /// A CRL of version 2, in DER (RFC 5280, section 5.1).
    ///
    /// # Errors
    /// The key refused to sign.
    pub(crate) fn crl(&self, contents: CrlContents<'_, impl IntoIterator<Item = Revoked>>) -> Result<Vec<u8>, CaError> {
        let hash = self.signer.usual_hash();
        let (mut entries, mut entry) = (Vec::new(), Vec::new());
        for revoked in contents.revoked {
            entry.clear();
            put(&mut entry, INTEGER, &[revoked.serial.as_bytes()]);
            entry.extend(time(revoked.at));
            if let Some(reason) = written(revoked.reason) {
                let reason = extension(oid::CRL_REASON, false, &[ENUMERATED, 1, reason]);
                put(&mut entry, SEQUENCE, &[&reason]);
            }
            put(&mut entries, SEQUENCE, &[&entry]);
        }
        // An empty list must be left out.
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

/// RFC 5280, section 5.2.5. It must be critical, so that nobody takes the CRL for one of all certificates.
fn issuing_distribution_point(url: &str) -> Vec<u8> {
    extension(
        oid::ISSUING_DISTRIBUTION_POINT,
        true,
        &sequence(&[&distribution_point_name(url)]),
    )
}
