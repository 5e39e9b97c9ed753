//! What the world is told of one certificate: over OCSP, and as an entry of a CRL.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Certificates, issued, issuer_name};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, Validity};
use crate::ca::crl::Revoked;
use crate::ca::ocsp::{CertStatus, OcspAnswer, OcspStatus, OcspTimes};
use crate::ca::{IssuerName, Issuing, SerialNumber};
use crate::clock::Timestamp;

/// How long an OCSP answer says that it is good for.
const OCSP_LIFE: Duration = Duration::from_secs(60 * 60);

impl Certificates {
    /// Answers an OCSP request to a CA. `look` looks at the orders, at the present.
    pub(crate) async fn ocsp<L>(self: &Arc<Self>, name: IssuerName, request: Bytes, look: &Arc<L>) -> OcspAnswer
    where
        L: Look + Send + Sync + 'static,
    {
        // Without a CA there is no certificate of its that could be asked for.
        let Some(issuer) = self.authority().made(name) else {
            return OcspAnswer::unsuccessful(OcspStatus::Unauthorized);
        };
        if issuer.signs_fast() {
            return self.answer_ocsp(&issuer, &request, &**look);
        }
        let (certificates, look) = (self.clone(), look.clone());
        let answer = move || certificates.answer_ocsp(&issuer, &request, &*look);
        let answered = self.issuance.turns.run(answer).await;
        answered.unwrap_or_else(|_| OcspAnswer::unsuccessful(OcspStatus::InternalError))
    }

    fn answer_ocsp(&self, issuer: &Issuing, request: &[u8], look: &impl Look) -> OcspAnswer {
        let now = look.look(|_, now| now);
        let times = OcspTimes {
            produced_at: now,
            this_update: now,
            next_update: now.after(OCSP_LIFE),
        };
        issuer.ocsp(request, &times, |serial| {
            let serial = SerialNumber::from_bytes(serial)?;
            let number = OrderNumber::new(serial.order_number())?;
            look.look(|book, now| {
                let order = book.get(number).filter(|order| issuer_name(order) == issuer.name())?;
                let validity = issued(order, now)?;
                (self.serial(order, validity) == serial).then(|| status(order))
            })
        })
    }
}

/// What a CRL says of an order, if it was revoked.
pub(super) fn revoked(certificates: &Certificates, order: &Order) -> Option<Revoked> {
    let validity = order.revoked()?;
    let (at, reason) = revocation(order, validity);
    Some(Revoked {
        serial: certificates.serial(order, validity),
        at,
        reason,
    })
}

/// A look at a sandbox's orders and at its clock, for a moment.
pub(crate) trait Look {
    /// Looks.
    fn look<T>(&self, at: impl FnOnce(&Book, Timestamp) -> T) -> T;
}

fn status(order: &Order) -> CertStatus {
    match order.revoked() {
        Some(validity) => {
            let (at, reason) = revocation(order, validity);
            CertStatus::Revoked { at, reason }
        }
        None => CertStatus::Good,
    }
}

/// Since when it is revoked, and why. One that began revoked was so since it was issued.
fn revocation(order: &Order, validity: Validity) -> (Timestamp, Option<u8>) {
    match &order.revocation {
        Some(revocation) => (revocation.at, Some(revocation.reason.number())),
        None => (validity.issued, None),
    }
}
