//! The CRLs of a sandbox. For each CA one CRL is made at a time, and all requests that wait for it share it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::{BookReader, Certificates, issuer_name, status};
use crate::ca::crl::CrlContents;
use crate::ca::{CaError, IssuerName, IssuingCa};
use crate::clock::{Timestamp, real_now};
use crate::lock::lock;

/// The time from `thisUpdate` to `nextUpdate`.
const CRL_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A CRL that is older than this is replaced, even if nothing has changed.
const RENEW: Duration = Duration::from_secs(60 * 60);

/// The length of the pieces in which a CRL is sent, in bytes. A client that reads slowly holds few of them in memory.
const PIECE: usize = 32 << 10;

/// How many bytes the older CRLs of a CA may have together that are still being sent.
const MAX_OUTDATED: usize = 32 << 20;

/// A CRL, which may be sent to several clients at a time.
pub(crate) struct Crl {
    /// Its number.
    pub(crate) number: u64,
    /// When it was made, by the real clock.
    pub(crate) made: Timestamp,
    /// Its length in bytes.
    pub(crate) length: usize,
    /// When it was made, by the clock of the sandbox.
    this_update: Timestamp,
    /// The [`changes`](crate::api::order::book::Book::changes) of the book at that moment.
    changes: u64,
    /// The [`Crls::moment`] just before the book was read.
    read_at: u64,
    sending: Mutex<Sending>,
}

struct Sending {
    /// The CRL in DER; empty after the CRL was dropped.
    pieces: Box<[Bytes]>,
    /// When the last piece was taken, by the real clock.
    last_taken: Timestamp,
}

impl Crl {
    /// The piece at an index, to be sent. None behind the last piece, and if the CRL was dropped to make room for newer
    /// ones.
    pub(crate) fn piece(&self, index: usize) -> Option<Bytes> {
        let mut sending = lock(&self.sending);
        sending.last_taken = real_now();
        sending.pieces.get(index).cloned()
    }

    /// Whether it answers a request of that moment: it was made later, or nothing has changed since it was made.
    fn is_for(&self, asked: u64, orders: &impl BookReader) -> bool {
        self.read_at > asked || orders.read_book(|book, now| self.is_fresh(book.changes(), now))
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
    /// Forgets all CRLs. Those that are being made now only go to the requests that wait for them already.
    pub(super) fn forget(&self) {
        lock(&self.of_issuers).clear();
    }

    /// A number for the present moment, greater than that of every moment before.
    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    fn series(&self, name: IssuerName) -> Arc<tokio::sync::Mutex<Series>> {
        lock(&self.of_issuers).entry(name).or_default().clone()
    }
}

/// The CRLs of one CA. Locked while the next one is made.
#[derive(Debug, Default)]
struct Series {
    last: Option<Arc<Crl>>,
    /// The earlier ones, as long as they are being sent.
    outdated: Vec<Weak<Crl>>,
}

impl Series {
    fn push(&mut self, crl: Arc<Crl>) {
        if let Some(last) = self.last.replace(crl) {
            self.outdated.push(Arc::downgrade(&last));
        }
        self.drop_outdated(MAX_OUTDATED);
    }

    /// Drops outdated CRLs until the others have at most `limit` bytes together; the one from which no piece was taken
    /// for the longest time goes first.
    fn drop_outdated(&mut self, limit: usize) {
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
    /// The CRL of a CA: the last one, if it is fresh and nothing has changed, or a new one.
    ///
    /// While one is made, all other requests wait. It also answers those of them that came before it was begun.
    ///
    /// # Errors
    /// The CA cannot be made, or cannot sign.
    pub(crate) async fn crl<L>(self: &Arc<Self>, name: IssuerName, orders: &Arc<L>) -> Result<Arc<Crl>, CaError>
    where
        L: BookReader + Send + Sync + 'static,
    {
        let asked = self.crls.moment();
        let issuer = self.issuing_ca(name).await?;
        let mut series = self.crls.series(name).lock_owned().await;
        if let Some(last) = series.last.as_ref().filter(|last| last.is_for(asked, &**orders)) {
            return Ok(last.clone());
        }
        let (certificates, orders) = (self.clone(), orders.clone());
        let make = move || {
            // The lock moves into the work: if the request is dropped, the next one still waits until this CRL is made.
            let crl = Arc::new(certificates.make_crl(&issuer, &*orders)?);
            series.push(crl.clone());
            Ok(crl)
        };
        self.issuance.workers.run(make).await?
    }

    fn make_crl(&self, issuer: &IssuingCa, orders: &impl BookReader) -> Result<Crl, CaError> {
        let (read_at, made) = (self.crls.moment(), real_now());
        // Numbered while the book is locked, so that of two CRLs the one with the greater number is the newer.
        let (number, book, now) =
            orders.read_book(|book, now| (self.issuance.next_crl_number(made), book.clone(), now));
        let of_issuer = book.iter().filter(|order| issuer_name(order) == issuer.name());
        let urls = self.urls(issuer.name());
        let der = issuer.crl(CrlContents {
            number,
            this_update: now,
            next_update: now.after(CRL_LIFE),
            distribution_point: urls.as_ref().map(|[_, crl, _]| &**crl),
            revoked: of_issuer.filter_map(|order| status::crl_entry(self, order)),
        })?;
        Ok(Crl {
            number,
            made,
            length: der.len(),
            this_update: now,
            changes: book.changes(),
            read_at,
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
            read_at: number,
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
    fn outdated_crls_that_nobody_reads_are_dropped_first() {
        let mut series = Series::default();
        let sent = [crl(1, 30), crl(2, 10), crl(3, 20), crl(4, 40)];
        for crl in &sent {
            series.push(crl.clone());
        }
        // This one is sent to nobody.
        series.push(crl(5, 0));
        series.push(crl(6, 0));
        series.drop_outdated(400);
        assert!(sent.iter().all(|crl| is_there(crl)), "they hold no more than that");
        series.drop_outdated(399);
        assert_eq!(sent.each_ref().map(|crl| is_there(crl)), [true, false, true, true]);
        series.drop_outdated(250);
        assert_eq!(sent.each_ref().map(|crl| is_there(crl)), [true, false, false, true]);
        assert!(sent[1].piece(0).is_none() && sent[0].piece(1).is_some());
        series.drop_outdated(0);
        assert!(!sent.iter().any(|crl| is_there(crl)));
        assert!(is_there(series.last.as_ref().unwrap()), "the last one stays");
        drop(sent);
        series.drop_outdated(0);
        assert!(series.outdated.is_empty());
    }
}
