//! What the world is told of certificates: the CRL, and OCSP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Certificates, issued, issuer_name, lock};
use crate::ca::crl::{CrlContents, Revoked};
use crate::ca::ocsp::{CertStatus, OcspAnswer, OcspStatus, OcspTimes};
use crate::ca::{CaError, IssuerName, SerialNumber};
use crate::clock::{Timestamp, real_now};
use crate::order::book::Book;
use crate::order::state::{Order, OrderNumber, Stage, Validity};

/// How long a CRL says that it is good for.
const CRL_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an OCSP answer says that it is good for.
const OCSP_LIFE: Duration = Duration::from_secs(60 * 60);

/// A CRL that is older than this is made anew, even if nothing was revoked since.
const RENEW: Duration = Duration::from_secs(60 * 60);

/// The last CRL of each CA.
#[derive(Debug, Default)]
pub(super) struct Crls {
    last: BTreeMap<IssuerName, Arc<Crl>>,
}

impl Crls {
    pub(super) fn forget(&mut self) {
        self.last.clear();
    }
}

/// A CRL.
#[derive(Debug)]
pub(crate) struct Crl {
    /// The CRL in DER.
    pub(crate) der: Bytes,
    /// Its number.
    pub(crate) number: u64,
    /// When it was made, by the sandbox's clock.
    pub(crate) this_update: Timestamp,
    /// When it was made.
    pub(crate) made: Timestamp,
    changes: u64,
}

impl Crl {
    fn is_fresh(&self, changes: u64, now: Timestamp) -> bool {
        self.changes == changes && now >= self.this_update && now < self.this_update.after(RENEW)
    }
}

impl Certificates {
    /// The CRL of a CA: the last one, if it is fresh and nothing has changed, else a new one. `look` looks at the orders,
    /// at the present.
    ///
    /// # Errors
    /// The CA cannot be made, or cannot sign.
    pub(crate) fn crl(&self, name: IssuerName, look: &impl Look) -> Result<Arc<Crl>, CaError> {
        let issuer = self.authority().issuing(name)?;
        // Held until it is signed, so that of two CRLs the one of the greater number is never the older.
        let mut crls = lock(&self.crls);
        let last = crls.last.get(&name).cloned();
        let mut revoked: Vec<Arc<Order>> = Vec::new();
        let (changes, now, is_fresh) = look.look(|book, now| {
            let is_fresh = last.as_ref().is_some_and(|last| last.is_fresh(book.changes(), now));
            if !is_fresh {
                let is_revoked = |order: &&Arc<Order>| matches!(order.stage, Stage::Revoked(_));
                let of_issuer = |order: &&Arc<Order>| issuer_name(order) == name;
                revoked.extend(book.shared().filter(is_revoked).filter(of_issuer).cloned());
            }
            (book.changes(), now, is_fresh)
        });
        if let Some(last) = last.filter(|_| is_fresh) {
            return Ok(last);
        }
        let made = real_now();
        let number = self.issuance.next_crl_number(made);
        let der = issuer.crl(CrlContents {
            number,
            this_update: now,
            next_update: now.after(CRL_LIFE),
            revoked: revoked.iter().filter_map(|order| self.revoked(order)),
        })?;
        let crl = Arc::new(Crl {
            der: der.into(),
            number,
            this_update: now,
            made,
            changes,
        });
        crls.last.insert(name, crl.clone());
        Ok(crl)
    }

    fn revoked(&self, order: &Order) -> Option<Revoked> {
        let Stage::Revoked(validity) = order.stage else {
            return None;
        };
        let (at, reason) = revocation(order, validity);
        Some(Revoked {
            serial: self.serial(order, validity),
            at,
            reason,
        })
    }

    /// Answers an OCSP request to a CA. `look` looks at the orders, at the present.
    pub(crate) fn ocsp(&self, name: IssuerName, request: &[u8], look: &impl Look) -> OcspAnswer {
        // Without a CA there is no certificate of its that could be asked for.
        let Some(issuer) = self.authority().made(name) else {
            return OcspAnswer::unsuccessful(OcspStatus::Unauthorized);
        };
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
                let order = book.get(number).filter(|order| issuer_name(order) == name)?;
                let validity = issued(order, now)?;
                (self.serial(order, validity) == serial).then(|| status(order, validity))
            })
        })
    }
}

/// A look at a sandbox's orders and at its clock, for a moment.
pub(crate) trait Look {
    /// Looks.
    fn look<T>(&self, at: impl FnOnce(&Book, Timestamp) -> T) -> T;
}

fn status(order: &Order, validity: Validity) -> CertStatus {
    match order.stage {
        Stage::Revoked(_) => {
            let (at, reason) = revocation(order, validity);
            CertStatus::Revoked { at, reason }
        }
        _ => CertStatus::Good,
    }
}

/// Since when it is revoked, and why. One that began revoked was so since it was issued.
fn revocation(order: &Order, validity: Validity) -> (Timestamp, Option<u8>) {
    match &order.revocation {
        Some(revocation) => (revocation.at, Some(revocation.reason.number())),
        None => (validity.issued, None),
    }
}
