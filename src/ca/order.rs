//! What a certificate takes from its order, and whether a certificate can be made of an order.

use super::CaError;
use super::leaf::SubjectAndKey;
use super::profile::Profile;
use super::subject::CertificateNames;
use crate::api::csr::Csr;
use crate::api::order::state::Order;

/// Checks that a certificate can be made of an order, once it is issued.
///
/// # Errors
/// A value of the order cannot be in a certificate; [`CaError::field`] names it.
pub(crate) fn check(order: &Order) -> Result<(), CaError> {
    let names = CertificateNames::of(order);
    let public_key_info = order.csr.as_ref().map(Csr::subject_public_key_info);
    SubjectAndKey::parse(Profile::of(order.product_code()), &names, public_key_info).map(drop)
}

impl<'o> CertificateNames<'o> {
    /// The names for the certificate of that order.
    pub(crate) fn of(order: &'o Order) -> Self {
        Self {
            email: order.email_address(),
            organization: order.organization.as_deref().unwrap_or("Example Organization"),
            has_email: order.email.is_some(),
            details: order.subject.as_deref(),
        }
    }
}
