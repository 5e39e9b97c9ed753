//! Slow work is done on other threads, and one CRL answers many requests.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::*;
use crate::ca::{CaKey, CaOptions};
use crate::clock::{real_now, system_now};
use crate::model::{Fixtures, Start};

use crate::api::order::state::Stage;
use crate::random::Random;

/// The orders of the built-in fixtures. They have changed each time that they are read.
struct Changing {
    book: Mutex<Book>,
}

impl Changing {
    fn new() -> Arc<Self> {
        let start = Start {
            real_now: real_now(),
            issuance_delay: std::time::Duration::ZERO,
            max_orders: 100,
        };
        let built = Fixtures::default().build(&start, &mut Random::from_seed(1)).unwrap();
        Arc::new(Self {
            book: Mutex::new((*built.world.book).clone()),
        })
    }

    fn order(&self, number: u64) -> Order {
        lock(&self.book).get(OrderNumber::new(number).unwrap()).unwrap().clone()
    }
}

impl BookReader for Changing {
    fn read_book<T>(&self, read: impl FnOnce(&Arc<Book>, Timestamp) -> T) -> T {
        let mut book = lock(&self.book);
        book.get_mut(OrderNumber::new(1).unwrap());
        read(&Arc::new(book.clone()), real_now())
    }
}

fn certificates(key: CaKey) -> Arc<Certificates> {
    let authority = Authority::open(&CaOptions { dir: None, key }, system_now()).unwrap();
    for name in [IssuerName::Smime, IssuerName::CodeSigning] {
        authority.issuing_ca(name).unwrap();
    }
    let issuance = Arc::new(Issuance::new(authority));
    let budget = Arc::new(Budget::new(usize::MAX));
    Arc::new(Certificates::new(issuance, "default".into(), String::new(), budget))
}

const SMIME: u64 = 1_100_003;

#[tokio::test]
async fn only_fast_signatures_are_made_where_others_wait() {
    for (key, is_fast) in [(CaKey::EcP256, true), (CaKey::EcP384, false), (CaKey::Rsa2048, false)] {
        let (certificates, orders) = (certificates(key), Changing::new());
        let order = orders.order(SMIME);
        // While no work aside begins, only what is done at once is done.
        let held = certificates.issuance.workers.hold_all();
        let at_once = certificates.of(&order, real_now()).now_or_never();
        assert_eq!(at_once.is_some(), is_fast, "{key}");
        let request = Bytes::from_static(include_bytes!("../../../fixtures/ocsp/one.der"));
        let answer = certificates.ocsp(IssuerName::Smime, request, &orders).now_or_never();
        assert_eq!(answer.is_some(), is_fast, "{key}");
        let crl = certificates.crl(IssuerName::Smime, &orders).now_or_never();
        assert!(crl.is_none(), "a CRL may be long, whatever the key");
        drop(held);
        let made = certificates.of(&order, real_now()).await.unwrap();
        let again = certificates.of(&order, real_now()).now_or_never();
        assert_eq!(again.expect("it is kept").unwrap().der, made.der);

        let order = Order {
            terms: crate::api::order::terms::Terms {
                ca_certificate_id: Some(1),
                ..order.terms
            },
            ..order
        };
        let _held = certificates.issuance.ca_workers.hold_all();
        let at_once = certificates.of(&order, real_now()).now_or_never();
        assert!(at_once.is_none(), "a CA is made aside, whatever its key");
    }
}

#[tokio::test]
async fn those_who_need_the_same_ca_occupy_one_worker_to_make_it() {
    // Making an RSA key takes longer than all the requests.
    let certificates = certificates(CaKey::Rsa2048);
    let workers = &certificates.issuance.ca_workers;
    let _held = workers.hold_all_but(2);
    let asked = (0..20).map(|_| certificates.issuing_ca(IssuerName::SmimeOf(1)));
    let mut all = Box::pin(join_all(asked));
    let at_once = (&mut all).now_or_never();
    assert!(
        workers.free() >= 1,
        "one of them makes it, and the others wait for that"
    );
    // Who needs another CA is in nobody's way.
    certificates.issuing_ca(IssuerName::SmimeOf(2)).await.unwrap();
    let made = match at_once {
        Some(made) => made,
        None => all.await,
    };
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|one| Arc::ptr_eq(one, &made[0])), "{made:?}");
}

#[tokio::test]
async fn who_waits_for_a_ca_moves_up_when_the_one_in_front_goes_away() {
    let certificates = certificates(CaKey::EcP256);
    let workers = &certificates.issuance.ca_workers;
    let held = workers.hold_all();
    let name = IssuerName::SmimeOf(1);
    let (mut first, mut next) = (
        Box::pin(certificates.issuing_ca(name)),
        Box::pin(certificates.issuing_ca(name)),
    );
    assert!((&mut first).now_or_never().is_none() && (&mut next).now_or_never().is_none());
    // The first request is dropped before a worker is free, and the next one takes its place.
    drop(first);
    drop(held);
    assert_eq!(next.await.unwrap().name(), name);
}

#[tokio::test]
async fn those_who_wait_share_the_crl_that_is_made_after_they_asked() {
    let (certificates, orders) = (certificates(CaKey::EcP256), Changing::new());
    let held = certificates.issuance.workers.hold_all();
    let asked = (0..100).map(|_| certificates.crl(IssuerName::CodeSigning, &orders));
    let mut all = Box::pin(join_all(asked));
    assert!((&mut all).now_or_never().is_none(), "all have asked, and wait");
    drop(held);
    let crls: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert!(crls.iter().all(|crl| Arc::ptr_eq(crl, &crls[0])), "{crls:?}");

    // Whoever asks after a change sees it.
    let mut last = crls[0].number;
    for number in [2_200_003, 2_200_004] {
        let order = lock(&orders.book)
            .get(OrderNumber::new(number).unwrap())
            .unwrap()
            .clone();
        let stage = Stage::Revoked(order.validity().unwrap());
        lock(&orders.book).insert(Order { stage, ..order.clone() }).unwrap();
        let crl = certificates.crl(IssuerName::CodeSigning, &orders).await.unwrap();
        assert!(crl.number > last);
        last = crl.number;
        let serial = certificates.serial(&order, order.validity().unwrap());
        let der: Vec<u8> = (0..).map_while(|index| crl.piece(index)).flatten().collect();
        assert_eq!(der.len(), crl.length);
        assert!(der.windows(17).any(|bytes| bytes == serial.as_bytes()));
    }
}
