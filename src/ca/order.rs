//! What a certificate says of the order that it is made for, and whether it can.

use std::borrow::Cow;

use super::CaError;
use super::leaf::Parts;
use super::profile::Profile;
use crate::api::csr::Csr;
use crate::api::order::state::Order;

/// Whether a certificate can be made of what an order says, once it is issued.
///
/// # Errors
/// What cannot stand in a certificate; [`CaError::field`] names it.
pub(crate) fn check(order: &Order) -> Result<(), CaError> {
    let named = Named::by(order);
    let public_key_info = order.csr.as_ref().map(Csr::subject_public_key_info);
    Parts::parse(
        Profile::of(order.product_code()),
        &named.email,
        named.organization,
        public_key_info,
    )
    .map(drop)
}

/// Whom the certificate of an order names. What the order does not say is made up.
pub(crate) struct Named<'o> {
    /// The email address.
    pub(crate) email: Cow<'o, str>,
    /// The organization.
    pub(crate) organization: &'o str,
}

impl<'o> Named<'o> {
    /// Whom the certificate of that order names.
    pub(crate) fn by(order: &'o Order) -> Self {
        let made_up_email = || format!("order-{}@example.com", order.number).into();
        Self {
            email: order.email.as_deref().map_or_else(made_up_email, Cow::Borrowed),
            organization: order.organization.as_deref().unwrap_or("Example Organization"),
        }
    }
}
