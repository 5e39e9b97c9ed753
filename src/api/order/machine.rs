//! The steps that an order takes when its [state](crate::api::order::state) allows them.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::csr::Csr;
use crate::api::order::state::{Order, Revocation, RevokeStep, Stage, Validity};
use crate::api::order::terms::{SignatureHash, Terms};
use crate::clock::Timestamp;

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

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For how many days a certificate is valid whose order does not say it.
const DEFAULT_DAYS: u16 = 365;

/// How long a certificate is valid of which nobody has said when it expires.
pub(crate) const DEFAULT_VALIDITY: Duration = DAY.saturating_mul(DEFAULT_DAYS as u32);

/// Issued at once, or after the delay.
fn issuance(validity: Validity, delay: Duration) -> Stage {
    match delay.is_zero() {
        true => Stage::Issued(validity),
        false => Stage::BeingIssued(Some(validity)),
    }
}

impl Order {
    /// Takes another CSR, before it is issued.
    pub fn replace_in_place(&mut self, replacement: Replacement) {
        self.csr = Some(replacement.csr);
        self.terms = Terms {
            signature_hash: replacement.signature_hash,
            ca_certificate_id: replacement.ca_certificate_id,
            keep_key: false,
            ..self.terms
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
            subject: self.subject.clone(),
            csr: Some(replacement.csr),
            terms: Terms {
                signature_hash: replacement.signature_hash,
                ca_certificate_id: replacement.ca_certificate_id,
                keep_key: false,
                ..self.terms
            },
            stage: issuance(validity, issuance_delay),
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            mailing: self.mailing.clone(),
            collected: false,
        }
    }

    /// Begins to issue its certificate, which is valid for the days that were ordered.
    pub fn issue(&mut self, now: Timestamp, issuance_delay: Duration) {
        let issued = now.after(issuance_delay);
        let days = self
            .terms
            .days
            .unwrap_or(DEFAULT_DAYS)
            .min(self.product_code().most_days());
        let validity = Validity {
            issued,
            expires: issued.after(DAY.saturating_mul(days.into())),
        };
        self.stage = issuance(validity, issuance_delay);
    }

    /// Begins to issue its certificate if it was only waiting for its payment, or waits for its CSR.
    pub fn pay(&mut self, now: Timestamp, issuance_delay: Duration) {
        match self.needs_csr() {
            true => self.stage = Stage::Pending,
            false => self.issue(now, issuance_delay),
        }
    }

    /// Whether nothing can be issued yet because the CSR is still to come. Where the key is made by the CA, none is.
    pub fn needs_csr(&self) -> bool {
        self.csr.is_none() && !self.terms.keep_key
    }

    /// If it is issued or being issued, it is being issued until the poll with that number.
    pub fn await_polls(&mut self, polls: NonZeroU32) {
        self.stage = match self.stage {
            Stage::Issued(_) => Stage::BeingIssued(None),
            Stage::BeingIssued(_) => self.stage,
            Stage::Pending
            | Stage::Replaced(_)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => return,
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
            .map_or(now.after(DEFAULT_VALIDITY), |validity| validity.expires.max(now));
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
