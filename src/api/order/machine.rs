//! What each state answers to each event: the table of the documentation, as two total functions, and the steps
//! that an order takes when it allows them.

use std::time::Duration;

use crate::api::csr::Csr;
use crate::api::order::state::{Order, Revocation, Stage, State, Validity};
use crate::api::order::terms::{SignatureHash, Terms};
use crate::clock::Timestamp;

/// What a replacement does to an order in a state that allows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReplaceStep {
    /// The CSR is replaced in the order itself, which is not issued yet.
    InPlace,
    /// A new order is made, and the old one is left behind.
    NewOrder,
}

/// What a revocation does to an order in a state that allows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevokeStep {
    /// The order, not issued yet, is rejected.
    Reject,
    /// The certificate is marked as replaced and stays out of the CRL.
    Replace,
    /// The certificate is revoked and goes into the CRL.
    Revoke,
}

/// Why a state does not allow an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// -20: it is rejected already.
    AlreadyRejected,
    /// -21: it is revoked already.
    AlreadyRevoked,
    /// -26: it is being issued.
    BeingIssued,
    /// -34: it is replaced already, and shall only be marked as replaced.
    AlreadyReplaced,
    /// -35: it is expired.
    Expired,
    /// -43: it is in no state that can be revoked.
    NotRevocable,
    /// -122: it is in no state that can be replaced.
    WrongState,
}

/// `!AutoReplaceSMIME` on an order in `state`.
///
/// # Errors
/// The state does not allow it.
pub(crate) fn replace(state: State) -> Result<ReplaceStep, Refused> {
    match state {
        State::Pending => Ok(ReplaceStep::InPlace),
        State::Issued => Ok(ReplaceStep::NewOrder),
        State::BeingIssued => Err(Refused::BeingIssued),
        State::Revoked => Err(Refused::AlreadyRevoked),
        State::Replaced | State::Rejected | State::Expired | State::OnHold => Err(Refused::WrongState),
    }
}

/// `!autoRevokeCS` on an order in `state`.
///
/// # Errors
/// The state does not allow it.
pub(crate) fn revoke(state: State, include_in_crl: bool) -> Result<RevokeStep, Refused> {
    match (state, include_in_crl) {
        (State::Pending, _) => Ok(RevokeStep::Reject),
        (State::Issued | State::Replaced, true) => Ok(RevokeStep::Revoke),
        (State::Issued, false) => Ok(RevokeStep::Replace),
        (State::Replaced, false) => Err(Refused::AlreadyReplaced),
        (State::BeingIssued, _) => Err(Refused::BeingIssued),
        (State::Revoked, _) => Err(Refused::AlreadyRevoked),
        (State::Rejected, _) => Err(Refused::AlreadyRejected),
        (State::Expired, _) => Err(Refused::Expired),
        (State::OnHold, _) => Err(Refused::NotRevocable),
    }
}

/// What a replacement says of the certificate.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The CSR that it shall be made for.
    pub csr: Csr,
    /// The hash of its signature.
    pub signature_hash: SignatureHash,
    /// The issuing CA, if it is not the usual one.
    pub ca_certificate_id: Option<u64>,
}

impl Order {
    /// Takes another CSR before it is issued.
    pub fn replace_in_place(&mut self, certificate: Wanted) {
        self.csr = Some(certificate.csr);
        self.terms = Terms {
            product_code: self.terms.product_code,
            signature_hash: certificate.signature_hash,
            ca_certificate_id: certificate.ca_certificate_id,
            keep_key: false,
        };
    }

    /// The order that replaces this one: for the same subject, until the same end, issued after `issuance_delay`.
    /// It has this one's number until the book gives it its own.
    pub fn successor(&self, certificate: Wanted, now: Timestamp, issuance_delay: Duration) -> Self {
        let issued = now.after(issuance_delay);
        let validity = Validity {
            issued,
            expires: self.validity().map_or(issued, |old| old.expires.max(issued)),
        };
        Self {
            number: self.number,
            login_name: self.login_name.clone(),
            product: self.product,
            email: self.email.clone(),
            organization: self.organization.clone(),
            csr: Some(certificate.csr),
            terms: Terms {
                product_code: self.terms.product_code,
                signature_hash: certificate.signature_hash,
                ca_certificate_id: certificate.ca_certificate_id,
                keep_key: false,
            },
            stage: if issuance_delay.is_zero() {
                Stage::Issued(validity)
            } else {
                Stage::BeingIssued(Some(validity))
            },
            revocation: None,
        }
    }

    /// Takes the step that [`revoke`] allowed.
    pub fn take(&mut self, step: RevokeStep, revocation: Revocation) {
        self.stage = match (step, self.validity()) {
            (RevokeStep::Revoke, Some(validity)) => Stage::Revoked(validity),
            (RevokeStep::Replace, Some(validity)) => Stage::Replaced(validity),
            // Without a validity nothing was issued, so there is nothing to revoke.
            (RevokeStep::Reject, _) | (_, None) => Stage::Rejected,
        };
        self.revocation = Some(Box::new(revocation));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Revoked = Result<RevokeStep, Refused>;

    /// The table of the documentation: state, replace, revoke with includeInCRL=Y, with N.
    #[rustfmt::skip]
    const TABLE: &[(State, Result<ReplaceStep, Refused>, Revoked, Revoked)] = &[
        (State::Pending, Ok(ReplaceStep::InPlace), Ok(RevokeStep::Reject), Ok(RevokeStep::Reject)),
        (State::BeingIssued, Err(Refused::BeingIssued), Err(Refused::BeingIssued), Err(Refused::BeingIssued)),
        (State::Issued, Ok(ReplaceStep::NewOrder), Ok(RevokeStep::Revoke), Ok(RevokeStep::Replace)),
        (State::Replaced, Err(Refused::WrongState), Ok(RevokeStep::Revoke), Err(Refused::AlreadyReplaced)),
        (State::Revoked, Err(Refused::AlreadyRevoked), Err(Refused::AlreadyRevoked), Err(Refused::AlreadyRevoked)),
        (State::Rejected, Err(Refused::WrongState), Err(Refused::AlreadyRejected), Err(Refused::AlreadyRejected)),
        (State::Expired, Err(Refused::WrongState), Err(Refused::Expired), Err(Refused::Expired)),
        (State::OnHold, Err(Refused::WrongState), Err(Refused::NotRevocable), Err(Refused::NotRevocable)),
    ];

    #[test]
    fn every_state_answers_every_event_as_the_table_says() {
        let states: Vec<_> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(states, State::ALL);
        for (state, replaced, revoked, revoked_quietly) in TABLE {
            assert_eq!(replace(*state), *replaced, "{state}");
            assert_eq!(revoke(*state, true), *revoked, "{state}");
            assert_eq!(revoke(*state, false), *revoked_quietly, "{state}");
        }
    }
}
