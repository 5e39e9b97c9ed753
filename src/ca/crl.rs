//! Certificate revocation lists.

use super::CaError;
use super::asn1::{ENUMERATED, INTEGER, SEQUENCE, context, extension, put, sequence, time, tlv, unsigned};
use super::issuing::Issuing;
use super::serial::SerialNumber;
use crate::clock::Timestamp;

/// What a CRL shall say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlContents<R> {
    /// Its number; each later one must have a greater.
    pub(crate) number: u64,
    /// When it is made.
    pub(crate) this_update: Timestamp,
    /// When there will be another at the latest.
    pub(crate) next_update: Timestamp,
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
    pub(crate) fn crl(&self, contents: CrlContents<impl IntoIterator<Item = Revoked>>) -> Result<Vec<u8>, CaError> {
        let hash = self.signer.usual_hash();
        let (mut entries, mut entry) = (Vec::new(), Vec::new());
        for revoked in contents.revoked {
            entry.clear();
            put(&mut entry, INTEGER, &[revoked.serial.as_bytes()]);
            entry.extend(time(revoked.at));
            if let Some(reason) = written(revoked.reason) {
                let reason = extension(&[2, 5, 29, 21], false, &[ENUMERATED, 1, reason]);
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
        let number = extension(&[2, 5, 29, 20], false, &unsigned(contents.number));
        let content = sequence(&[
            &unsigned(1),
            &self.signer.algorithm(hash),
            &self.subject,
            &time(contents.this_update),
            &time(contents.next_update),
            &entries,
            &tlv(context(0), &[&sequence(&[&self.authority_key_identifier(), &number])]),
        ]);
        drop(entries);
        self.signed(hash, &content)
    }
}
