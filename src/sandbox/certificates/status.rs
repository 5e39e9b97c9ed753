//! What the world is told of one certificate: over OCSP, and as an entry of a CRL.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Certificates, issued, issuer_name};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, Validity};
use crate::ca::crl::Revoked;
use crate::ca::ocsp::{CertStatus, OcspResponse, OcspStatus, OcspTimes};
use crate::ca::{IssuerName, IssuingCa, SerialNumber};
use crate::clock::Timestamp;

/// How long an OCSP answer says that it is good for.
const OCSP_LIFE: Duration = Duration::from_secs(60 * 60);

impl Certificates {
    /// Answers an OCSP request to a CA. `look` looks at the orders, at the present.
    pub(crate) async fn ocsp<L>(self: &Arc<Self>, name: IssuerName, request: Bytes, orders: &Arc<L>) -> OcspResponse
    where
        L: BookReader + Send + Sync + 'static,
    {
        // Without a CA there is no certificate of its that could be asked for.
        let Some(issuer) = self.authority().made(name) else {
            return OcspResponse::unsuccessful(OcspStatus::Unauthorized);
        };
        if issuer.signs_fast() {
            return self.answer_ocsp(&issuer, &request, &**orders);
        }
        let (certificates, orders) = (self.clone(), orders.clone());
        let answer = move || certificates.answer_ocsp(&issuer, &request, &*orders);
        let answered = self.issuance.turns.run(answer).await;
        answered.unwrap_or_else(|_| OcspResponse::unsuccessful(OcspStatus::InternalError))
    }

    fn answer_ocsp(&self, issuer: &IssuingCa, request: &[u8], orders: &impl BookReader) -> OcspResponse {
        let now = orders.read_book(|_, now| now);
        let times = OcspTimes {
            produced_at: now,
            this_update: now,
            next_update: now.after(OCSP_LIFE),
        };
        issuer.ocsp(request, &times, |serial| {
            let serial = SerialNumber::from_bytes(serial)?;
            let number = OrderNumber::new(serial.order_number())?;
            orders.read_book(|book, now| {
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
pub(crate) trait BookReader {
    /// Looks.
    fn read_book<T>(&self, read: impl FnOnce(&Book, Timestamp) -> T) -> T;
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
