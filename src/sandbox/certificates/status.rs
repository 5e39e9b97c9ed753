//! The revocation status of a certificate: over OCSP, and as an entry of a CRL.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Certificates, issuer_name, validity_at};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, Validity};
use crate::ca::crl::Revoked;
use crate::ca::ocsp::{CertStatus, OcspResponse, OcspStatus, OcspTimes};
use crate::ca::{IssuerName, IssuingCa, SerialNumber};
use crate::clock::Timestamp;

/// The time from `thisUpdate` to `nextUpdate` in an OCSP response.
const OCSP_LIFE: Duration = Duration::from_secs(60 * 60);

impl Certificates {
    /// Responds to an OCSP request for a CA.
    pub(crate) async fn ocsp<L>(self: &Arc<Self>, name: IssuerName, request: Bytes, orders: &Arc<L>) -> OcspResponse
    where
        L: BookReader + Send + Sync + 'static,
    {
        // A CA that does not exist has not issued any certificate.
        let Some(issuer) = self.authority().made_ca(name) else {
            return OcspResponse::unsuccessful(OcspStatus::Unauthorized);
        };
        if issuer.signs_fast() {
            return self.answer_ocsp(&issuer, &request, &**orders);
        }
        let (certificates, orders) = (self.clone(), orders.clone());
        let answer = move || certificates.answer_ocsp(&issuer, &request, &*orders);
        let answered = self.issuance.workers.run(answer).await;
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
                let validity = validity_at(order, now)?;
                (self.serial(order, validity) == serial).then(|| ocsp_status(order))
            })
        })
    }
}

/// The entry of a CRL for an order, if it was revoked.
pub(super) fn crl_entry(certificates: &Certificates, order: &Order) -> Option<Revoked> {
    let validity = order.revoked()?;
    let (at, reason) = revocation(order, validity);
    Some(Revoked {
        serial: certificates.serial(order, validity),
        at,
        reason,
    })
}

/// Reads the orders of a sandbox, with the present time of its clock.
pub(crate) trait BookReader {
    /// Calls `read` with the orders and the time, while they are locked. What takes long is done with a clone of them.
    fn read_book<T>(&self, read: impl FnOnce(&Arc<Book>, Timestamp) -> T) -> T;
}

fn ocsp_status(order: &Order) -> CertStatus {
    match order.revoked() {
        Some(validity) => {
            let (at, reason) = revocation(order, validity);
            CertStatus::Revoked { at, reason }
        }
        None => CertStatus::Good,
    }
}

/// When an order was revoked, and the reason. An order that was created as revoked counts as revoked since it was
/// issued.
fn revocation(order: &Order, validity: Validity) -> (Timestamp, Option<u8>) {
    match &order.revocation {
        Some(revocation) => (revocation.at, Some(revocation.reason.number())),
        None => (validity.issued, None),
    }
}
