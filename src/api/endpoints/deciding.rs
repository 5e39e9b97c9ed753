//! What `!AutoAuthorize` and `!AutoReject`, which decide about an order that is not issued yet, have in common.

use crate::api::endpoints::TEST;
use crate::api::endpoints::credentials::Credentials;
use crate::api::protocol::argument::{Argument, Arguments, Kind};

pub(super) const ORDER: Argument = Argument::required("orderNumber", Kind::Integer, "The order, of any product.");

pub(super) const DISABLE_SWP: Argument = Argument::yes_or_no(
    "disableSWP",
    "Taken, and without effect: it is about web pages of the service.",
);

/// What a call of each of these endpoints says.
pub(super) struct Values<'f> {
    pub(super) credentials: Credentials<'f>,
    pub(super) order_number: &'f str,
    pub(super) test: bool,
}

impl<'f> Values<'f> {
    /// Reads the arguments that both endpoints have.
    pub(super) fn read(arguments: &Arguments<'f>) -> Self {
        Self {
            credentials: Credentials::read(arguments),
            order_number: arguments.text(ORDER.name),
            test: arguments.yes(TEST.name),
        }
    }
}
