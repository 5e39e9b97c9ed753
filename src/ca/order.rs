//! What a certificate takes from its order, and whether a certificate can be made of an order.

use std::borrow::Cow;

use super::CaError;
use super::leaf::SubjectAndKey;
use super::profile::Profile;
use crate::api::csr::Csr;
use crate::api::order::state::Order;

/// Checks that a certificate can be made of an order, once it is issued.
///
/// # Errors
/// A value of the order cannot be in a certificate; [`CaError::field`] names it.
pub(crate) fn check(order: &Order) -> Result<(), CaError> {
    let names = CertificateNames::of(order);
    let public_key_info = order.csr.as_ref().map(Csr::subject_public_key_info);
    SubjectAndKey::parse(
        Profile::of(order.product_code()),
        &names.email,
        names.organization,
        public_key_info,
    )
    .map(drop)
}

/// The email address and the organization that the certificate of an order names. What the order leaves open has a
/// default.
pub(crate) struct CertificateNames<'o> {
    /// The email address; default: `order-NUMBER@example.com`.
    pub(crate) email: Cow<'o, str>,
    /// The organization; default: `Example Organization`.
    pub(crate) organization: &'o str,
}

impl<'o> CertificateNames<'o> {
    /// The names for the certificate of that order.
    pub(crate) fn of(order: &'o Order) -> Self {
        Self {
            email: order.email_address(),
            organization: order.organization.as_deref().unwrap_or("Example Organization"),
        }
    }
}
