//! Derives the validity in a certificate from the times of its order.

use std::time::Duration;

use crate::api::order::state::Validity;
use crate::ca::IssuingCa;
use crate::clock::Timestamp;

/// The times in a certificate, in whole seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CertificateValidity {
    /// Its `notBefore`.
    pub(crate) not_before: Timestamp,
    /// Its `notAfter`: the last second in which it is valid.
    pub(crate) not_after: Timestamp,
}

impl CertificateValidity {
    /// The times of a certificate for an order with that validity, which `issuer` signs.
    ///
    /// It ends with the order, but never after its CA. If it would begin after the end of its CA, it is valid for the
    /// last second of the CA only.
    pub(crate) fn derive(order: Validity, issuer: &IssuingCa) -> Self {
        Self::within(order, issuer.not_after())
    }

    fn within(order: Validity, ca_not_after: Timestamp) -> Self {
        let not_after = last_second(order).min(whole_seconds(ca_not_after));
        Self {
            not_before: whole_seconds(order.issued).min(not_after),
            not_after,
        }
    }

    /// A sentence for the log, if the certificate ends before its order.
    pub(super) fn hint(&self, order: Validity, issuer: &IssuingCa) -> Option<String> {
        (self.not_after < last_second(order)).then(|| {
            format!(
                "the certificate ends at {}, before its order expires, because its CA `{}` ends then",
                self.not_after,
                issuer.name()
            )
        })
    }
}

/// The last valid second of an order, which at its time of expiry is expired.
fn last_second(order: Validity) -> Timestamp {
    whole_seconds(order.expires.before(Duration::from_secs(1)).max(order.issued))
}

/// The beginning of the second that a point in time is in.
fn whole_seconds(at: Timestamp) -> Timestamp {
    let millis = at.unix_millis();
    Timestamp::from_unix_millis(millis - millis.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_order_or_with_the_ca() {
        for (issued, expires, ca_end, expected) in [
            (1_500, 10_000, 20_000, (1_000, 9_000)),
            (1_500, 10_999, 20_000, (1_000, 9_000)),
            (1_500, 10_000, 9_000, (1_000, 9_000)),
            (1_500, 10_000, 8_999, (1_000, 8_000)),
            (1_500, 10_000, 1_000, (1_000, 1_000)),
            // Issued after the end of the CA.
            (5_000, 10_000, 2_500, (2_000, 2_000)),
            // Over at the moment that it is issued.
            (5_200, 5_200, 20_000, (5_000, 5_000)),
            (-1_500, -1, 20_000, (-2_000, -2_000)),
        ] {
            let at = Timestamp::from_unix_millis;
            let order = Validity {
                issued: at(issued),
                expires: at(expires),
            };
            let derived = CertificateValidity::within(order, at(ca_end));
            let (not_before, not_after) = (derived.not_before.unix_millis(), derived.not_after.unix_millis());
            assert_eq!((not_before, not_after), expected, "{issued} {expires} {ca_end}");
        }
    }
}
