//! The CRLs of a sandbox: one is made at a time for each CA, and all who wait for it share it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::{BookReader, Certificates, issuer_name, lock, status};
use crate::api::order::state::Order;
use crate::ca::crl::CrlContents;
use crate::ca::{CaError, IssuerName, IssuingCa};
use crate::clock::{Timestamp, real_now};

/// How long a CRL says that it is good for.
const CRL_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A CRL that is older than this is made anew, even if nothing was revoked since.
const RENEW: Duration = Duration::from_secs(60 * 60);

/// The length of a piece of a CRL: whoever does not read holds a few of them, and not the whole CRL.
const PIECE: usize = 32 << 10;

/// How many bytes the CRLs of a CA may hold together that are being sent and are not the last.
const MAX_OUTDATED: usize = 32 << 20;

/// A CRL.
pub(crate) struct Crl {
    /// Its number.
    pub(crate) number: u64,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// How many bytes it has.
    pub(crate) length: usize,
    /// When it was made, by the sandbox's clock.
    this_update: Timestamp,
    /// How often the book had changed by then.
    changes: u64,
    /// Which moment that was, by [`Crls::moment`].
    looked: u64,
    sending: Mutex<Sending>,
}

struct Sending {
    /// The CRL in DER; empty once it was given up.
    pieces: Box<[Bytes]>,
    /// When one of them was last taken.
    last_taken: Timestamp,
}

impl Crl {
    /// A piece of it in DER, from the first on, for one who sends it. None behind the last one, or if the CRL was given up
    /// because newer ones need its place.
    pub(crate) fn piece(&self, index: usize) -> Option<Bytes> {
        let mut sending = lock(&self.sending);
        sending.last_taken = real_now();
        sending.pieces.get(index).cloned()
    }

    /// Whether one who asked at that moment may have it: it was made since, or nothing has changed.
    fn is_for(&self, asked: u64, orders: &impl BookReader) -> bool {
        self.looked > asked || orders.read_book(|book, now| self.is_fresh(book.changes(), now))
    }

    fn is_fresh(&self, changes: u64, now: Timestamp) -> bool {
        self.changes == changes && now >= self.this_update && now < self.this_update.after(RENEW)
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} bytes)", self.number, self.length)
    }
}

/// The CRLs of a sandbox.
#[derive(Debug, Default)]
pub(super) struct Crls {
    of_issuers: Mutex<BTreeMap<IssuerName, Arc<tokio::sync::Mutex<Series>>>>,
    moments: AtomicU64,
}

impl Crls {
    /// Begins anew. CRLs that are being made now are only for those who wait for them already.
    pub(super) fn forget(&self) {
        lock(&self.of_issuers).clear();
    }

    /// The present, as a number that rises with each look at it.
    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    fn series(&self, name: IssuerName) -> Arc<tokio::sync::Mutex<Series>> {
        lock(&self.of_issuers).entry(name).or_default().clone()
    }
}

/// The CRLs of one CA. Locked by whoever makes the next one.
#[derive(Debug, Default)]
struct Series {
    last: Option<Arc<Crl>>,
    /// The earlier ones that are being sent still.
    outdated: Vec<Weak<Crl>>,
}

impl Series {
    fn push(&mut self, crl: Arc<Crl>) {
        if let Some(last) = self.last.replace(crl) {
            self.outdated.push(Arc::downgrade(&last));
        }
        self.give_up(MAX_OUTDATED);
    }

    /// Gives outdated ones up until the rest holds at most `limit` bytes: first those of which nothing was taken for
    /// longest.
    fn give_up(&mut self, limit: usize) {
        self.outdated.retain(|crl| crl.strong_count() > 0);
        let mut sent: Vec<_> = self.outdated.iter().filter_map(Weak::upgrade).collect();
        let mut held: usize = sent.iter().map(|crl| crl.length).sum();
        sent.sort_by_key(|crl| lock(&crl.sending).last_taken);
        for crl in sent {
            if held <= limit {
                return;
            }
            held -= crl.length;
            lock(&crl.sending).pieces = Box::default();
            self.outdated
                .retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(&crl)));
        }
    }
}

impl Certificates {
    /// The CRL of a CA: the last one, if it is fresh and nothing has changed, else a new one. `look` looks at the orders,
    /// at the present.
    ///
    /// While one is made, all others wait for it; it is also for those among them who asked before it was begun.
    ///
    /// # Errors
    /// The CA cannot be made, or cannot sign.
    pub(crate) async fn crl<L>(self: &Arc<Self>, name: IssuerName, orders: &Arc<L>) -> Result<Arc<Crl>, CaError>
    where
        L: BookReader + Send + Sync + 'static,
    {
        let asked = self.crls.moment();
        let issuer = self.issuing(name).await?;
        let mut series = self.crls.series(name).lock_owned().await;
        if let Some(last) = series.last.as_ref().filter(|last| last.is_for(asked, &**orders)) {
            return Ok(last.clone());
        }
        let (certificates, orders) = (self.clone(), orders.clone());
        let make = move || {
            // The lock comes along: if the one who asked goes away, the next one still waits until this one is made.
            let crl = Arc::new(certificates.make_crl(&issuer, &*orders)?);
            series.push(crl.clone());
            Ok(crl)
        };
        self.issuance.turns.run(make).await?
    }

    fn make_crl(&self, issuer: &IssuingCa, orders: &impl BookReader) -> Result<Crl, CaError> {
        let (looked, made) = (self.crls.moment(), real_now());
        let (number, changes, now, revoked) = orders.read_book(|book, now| {
            // While the book is locked: of two CRLs the one of the greater number is never the older.
            let number = self.issuance.next_crl_number(made);
            let is_revoked = |order: &&Arc<Order>| order.revoked().is_some();
            let of_issuer = |order: &&Arc<Order>| issuer_name(order) == issuer.name();
            let revoked: Vec<_> = book.shared().filter(is_revoked).filter(of_issuer).cloned().collect();
            (number, book.changes(), now, revoked)
        });
        let urls = self.urls(issuer.name());
        let der = issuer.crl(CrlContents {
            number,
            this_update: now,
            next_update: now.after(CRL_LIFE),
            distribution_point: urls.as_ref().map(|[_, crl, _]| &**crl),
            revoked: revoked.iter().filter_map(|order| status::revoked(self, order)),
        })?;
        Ok(Crl {
            number,
            made,
            length: der.len(),
            this_update: now,
            changes,
            looked,
            sending: Mutex::new(Sending {
                pieces: der.chunks(PIECE).map(Bytes::copy_from_slice).collect(),
                last_taken: made,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crl(number: u64, last_taken: i64) -> Arc<Crl> {
        let at = Timestamp::from_unix_millis;
        Arc::new(Crl {
            number,
            made: at(0),
            length: 100,
            this_update: at(0),
            changes: number,
            looked: number,
            sending: Mutex::new(Sending {
                pieces: [Bytes::from(vec![7; 60]), Bytes::from(vec![7; 40])].into(),
                last_taken: at(last_taken),
            }),
        })
    }

    fn is_there(crl: &Crl) -> bool {
        !lock(&crl.sending).pieces.is_empty()
    }

    #[test]
    fn outdated_crls_that_nobody_reads_are_given_up_first() {
        let mut series = Series::default();
        let sent = [crl(1, 30), crl(2, 10), crl(3, 20), crl(4, 40)];
        for crl in &sent {
            series.push(crl.clone());
        }
        // This one nobody is sent.
        series.push(crl(5, 0));
        series.push(crl(6, 0));
        series.give_up(400);
        assert!(sent.iter().all(|crl| is_there(crl)), "they hold no more than that");
        series.give_up(399);
        assert_eq!(sent.each_ref().map(|crl| is_there(crl)), [true, false, true, true]);
        series.give_up(250);
        assert_eq!(sent.each_ref().map(|crl| is_there(crl)), [true, false, false, true]);
        assert!(sent[1].piece(0).is_none() && sent[0].piece(1).is_some());
        series.give_up(0);
        assert!(!sent.iter().any(|crl| is_there(crl)));
        assert!(is_there(series.last.as_ref().unwrap()), "the last one stays");
        drop(sent);
        series.give_up(0);
        assert!(series.outdated.is_empty());
    }
}
