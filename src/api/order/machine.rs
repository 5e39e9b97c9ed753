//! The steps that an order takes when its [state](crate::api::order::state) allows them.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::csr::Csr;
use crate::api::order::state::{Order, Revocation, RevokeStep, Stage, Validity};
use crate::api::order::terms::{SignatureHash, Terms};
use crate::clock::Timestamp;

/// How long a certificate is valid of which nobody has said when it expires.
const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a replacement says of the new certificate.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The CSR that it is made for.
    pub csr: Csr,
    /// The hash of its signature.
    pub signature_hash: SignatureHash,
    /// The issuing CA, if it is not the default one.
    pub ca_certificate_id: Option<u64>,
}

impl Order {
    /// Takes another CSR, before it is issued.
    pub fn replace_in_place(&mut self, replacement: Replacement) {
        self.csr = Some(replacement.csr);
        self.terms = Terms {
            product_code: self.terms.product_code,
            signature_hash: replacement.signature_hash,
            ca_certificate_id: replacement.ca_certificate_id,
            keep_key: false,
        };
    }

    /// The order that replaces this one: for the same subject and with the same end, issued after `issuance_delay`.
    /// It has the number of this one until the book gives it its own.
    pub fn successor(&self, replacement: Replacement, now: Timestamp, issuance_delay: Duration) -> Self {
        let issued = now.after(issuance_delay);
        let validity = Validity {
            issued,
            expires: self.validity().map_or(issued, |old| old.expires.max(issued)),
        };
        Self {
            number: self.number,
            certificate_id: None,
            login_name: self.login_name.clone(),
            product: self.product,
            email: self.email.clone(),
            organization: self.organization.clone(),
            csr: Some(replacement.csr),
            terms: Terms {
                product_code: self.terms.product_code,
                signature_hash: replacement.signature_hash,
                ca_certificate_id: replacement.ca_certificate_id,
                keep_key: false,
            },
            stage: if issuance_delay.is_zero() {
                Stage::Issued(validity)
            } else {
                Stage::BeingIssued(Some(validity))
            },
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            collected: false,
        }
    }

    /// Is being issued, and is issued at the poll with that number.
    pub fn await_polls(&mut self, polls: NonZeroU32) {
        self.stage = match self.stage {
            Stage::Issued(_) => Stage::BeingIssued(None),
            stage => stage,
        };
        self.issued_after_polls = Some(polls);
    }

    /// Is polled at `now`: the last of the polls that are waited for issues it, or lets its issuance fail.
    pub fn poll(&mut self, now: Timestamp) {
        let Some(polls) = self.issued_after_polls else { return };
        self.issued_after_polls = NonZeroU32::new(polls.get() - 1);
        if self.issued_after_polls.is_some() {
            return;
        }
        let expires = self
            .validity()
            .map_or(now.after(LIFE), |validity| validity.expires.max(now));
        let validity = Validity { issued: now, expires };
        self.stage = match self.issuance_fails {
            None => Stage::Issued(validity),
            Some(_) => Stage::BeingIssued(Some(validity)),
        };
    }

    /// Takes the step that [`State::revoke`](crate::api::order::state::State::revoke) allowed.
    pub fn take(&mut self, step: RevokeStep, revocation: Revocation) {
        self.stage = match (step, self.validity()) {
            (RevokeStep::Revoke, Some(validity)) => Stage::Revoked(validity),
            (RevokeStep::Replace, Some(validity)) => Stage::Replaced(validity),
            // Without a validity nothing was issued, so there is nothing to revoke.
            (RevokeStep::Reject, _) | (RevokeStep::Revoke | RevokeStep::Replace, None) => Stage::Rejected,
        };
        self.revocation = Some(Box::new(revocation));
    }
}
