//! What can be seen of a sandbox at one moment, and what must agree in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use super::Rig;
use crate::api::order::outbox::Mail;
use crate::api::order::state::{Order, OrderNumber, State};
use crate::ca::{IssuerName, IssuingCa, SerialNumber};
use crate::clock::{Timestamp, real_now};
use crate::der::oid;
use crate::der::read::Reader;
use crate::der::tag::{ENUMERATED, GENERALIZED_TIME, INTEGER, OCTET_STRING, SEQUENCE, context};
use crate::der::write::{self, sequence, tlv};
use crate::sandbox::Sandbox;

/// The CAs of the certificates that the operations lead to.
pub(super) const ISSUERS: [IssuerName; 4] = [
    IssuerName::Smime,
    IssuerName::CodeSigning,
    IssuerName::Test,
    IssuerName::SmimeOf(1),
];

/// When a certificate was revoked, and the number of the reason, as a CRL and OCSP say it.
type Revoked = (Timestamp, Option<u8>);

/// A certificate that was issued, as a client reads it.
struct Issued {
    issuer: IssuerName,
    serial: SerialNumber,
    /// What is signed.
    contents: Vec<u8>,
}

/// What can be seen of a sandbox.
pub(super) struct Seen {
    pub(super) now: Timestamp,
    pub(super) orders: BTreeMap<OrderNumber, Order>,
    /// Every mail that was entered, also those that are to be sent later.
    pub(super) mails: Vec<(u64, Mail)>,
    issued: BTreeMap<OrderNumber, Issued>,
    /// The entries of each CRL.
    crls: BTreeMap<IssuerName, BTreeMap<Vec<u8>, Revoked>>,
    crl_numbers: BTreeMap<IssuerName, u64>,
}

impl Seen {
    pub(super) async fn of(sandbox: &Arc<Sandbox>) -> Self {
        let (book, outbox, now) = {
            let state = sandbox.state();
            let world = &state.world;
            (world.book.clone(), world.outbox.clone(), state.clock.now(real_now()))
        };
        let orders: BTreeMap<_, _> = book.iter().map(|order| (order.number, order.clone())).collect();
        assert_eq!(orders.len(), book.len(), "each order stands under its own number");
        let mut issued = BTreeMap::new();
        for order in orders.values() {
            let made = sandbox.certificates.of(order, now).await;
            assert_eq!(
                made.is_ok(),
                order.state_at(now).has_certificate(),
                "{order:?}: {made:?}"
            );
            if let Ok(made) = made {
                issued.insert(order.number, Issued::read(order, &made.der, &made.issuer));
            }
        }
        let (mut crls, mut crl_numbers) = (BTreeMap::new(), BTreeMap::new());
        for name in ISSUERS {
            let crl = sandbox.certificates.crl(name, sandbox).await.expect("the CA signs");
            let der: Vec<u8> = (0..).map_while(|index| crl.piece(index)).flatten().collect();
            crls.insert(name, read_crl(&der, now));
            crl_numbers.insert(name, crl.number);
        }
        Self {
            now,
            orders,
            mails: outbox
                .sent(Timestamp::LAST)
                .map(|(id, mail)| (id, mail.clone()))
                .collect(),
            issued,
            crls,
            crl_numbers,
        }
    }

    /// The serial number of the order's certificate.
    pub(super) fn serial(&self, number: OrderNumber) -> Option<String> {
        self.issued.get(&number).map(|issued| issued.serial.to_string())
    }

    /// What must agree at every moment. `known` has every certificate that was seen before.
    pub(super) fn check(&self, known: &mut HashMap<String, Vec<u8>>, rig: &Rig) {
        self.check_certificate_ids(rig);
        for (number, issued) in &self.issued {
            let same = known
                .entry(issued.serial.to_string())
                .or_insert_with(|| issued.contents.clone());
            assert_eq!(
                *same, issued.contents,
                "two certificates have the serial number of order {number}"
            );
        }
        self.check_serials(known, rig);
        self.check_crls();
        self.check_ocsp(known, rig);
        self.check_mails();
    }

    fn check_certificate_ids(&self, rig: &Rig) {
        let state = rig.sandbox.state();
        let ids: BTreeSet<_> = self.orders.values().map(Order::certificate_id).collect();
        assert_eq!(ids.len(), self.orders.len(), "each certificateID is one order's");
        for order in self.orders.values() {
            let found = state.world.book.by_certificate_id(order.certificate_id());
            assert_eq!(found, Some(order));
        }
    }

    /// A serial number leads to its order as long as that is its certificate's, and else to none.
    fn check_serials(&self, known: &HashMap<String, Vec<u8>>, rig: &Rig) {
        let state = rig.sandbox.state();
        let current: HashMap<_, _> = self
            .issued
            .iter()
            .map(|(number, issued)| (issued.serial.to_string(), *number))
            .collect();
        for serial in known.keys() {
            for text in [serial.clone(), serial.to_lowercase()] {
                let found = state.world.order_of_serial(&text, self.now).map(|order| order.number);
                assert_eq!(found, current.get(serial).copied(), "{text}");
            }
        }
    }

    /// Each CRL has the revoked certificates of its CA, and no other.
    fn check_crls(&self) {
        for (name, entries) in &self.crls {
            let revoked: BTreeMap<_, _> = self
                .issued
                .iter()
                .filter(|(_, issued)| issued.issuer == *name)
                .filter_map(|(number, issued)| {
                    Some((
                        issued.serial.as_bytes().to_vec(),
                        revocation(&self.orders[number], self.now)?,
                    ))
                })
                .collect();
            assert_eq!(*entries, revoked, "the CRL of {name}");
        }
    }

    /// OCSP says of each certificate what the CRL of its CA says, and knows no certificate that is none.
    fn check_ocsp(&self, known: &HashMap<String, Vec<u8>>, rig: &Rig) {
        let ask = |name: IssuerName, serial: &SerialNumber| {
            let issuer = rig
                .sandbox
                .certificates
                .authority()
                .made_ca(name)
                .expect("it was made at the start");
            let request = ocsp_request(&issuer, serial);
            let answer = rig
                .runtime
                .block_on(rig.sandbox.certificates.ocsp(name, request, &rig.sandbox));
            read_ocsp(&answer.der)
        };
        let mut current = BTreeSet::new();
        for issued in self.issued.values() {
            let entry = self.crls[&issued.issuer].get(issued.serial.as_bytes()).copied();
            assert_eq!(ask(issued.issuer, &issued.serial), Some(entry), "{}", issued.serial);
            let other = ISSUERS
                .into_iter()
                .find(|name| *name != issued.issuer)
                .expect("there are several");
            assert_eq!(ask(other, &issued.serial), None, "{} is not of {other}", issued.serial);
            current.insert(issued.serial.to_string());
        }
        for serial in known.keys().filter(|serial| !current.contains(*serial)) {
            let serial = SerialNumber::parse(serial).expect("it was one");
            for name in ISSUERS {
                assert_eq!(ask(name, &serial), None, "{serial} is of no order any more");
            }
        }
    }

    fn check_mails(&self) {
        let ids: Vec<_> = self.mails.iter().map(|(id, _)| *id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        for (_, mail) in &self.mails {
            assert!(mail.to.contains('@'), "{mail:?}");
        }
    }

    /// An entry of a CRL stays, whatever is called and however the clock is moved, unless its order was changed otherwise;
    /// and the numbers of CRLs do not fall.
    pub(super) fn check_that_entries_stay(&self, before: &Self, is_changed: impl Fn(OrderNumber) -> bool) {
        for (name, entries) in &before.crls {
            let number = (before.crl_numbers[name], self.crl_numbers[name]);
            assert!(number.0 <= number.1, "{number:?}");
            assert!(
                number.0 < number.1 || *entries == self.crls[name],
                "two CRLs of {name} have one number"
            );
            for (serial, entry) in entries {
                let order = SerialNumber::from_bytes(serial).expect("it is one").order_number();
                if !is_changed(OrderNumber::new(order).expect("it is one")) {
                    assert_eq!(
                        self.crls[name].get(serial),
                        Some(entry),
                        "an entry of {order} in the CRL of {name}"
                    );
                }
            }
        }
    }
}

impl Issued {
    /// Reads a certificate, and compares it with its order.
    fn read(order: &Order, der: &[u8], issuer: &IssuingCa) -> Self {
        let (_, certificate) = X509Certificate::from_der(der).expect("it is a certificate");
        let (_, ca) = X509Certificate::from_der(issuer.certificate()).expect("it is a certificate");
        assert_eq!(certificate.issuer(), ca.subject());
        if let Some(csr) = &order.csr {
            assert_eq!(
                certificate.public_key().raw,
                csr.subject_public_key_info(),
                "the key of order {}",
                order.number
            );
        }
        let validity = order.validity().expect("it is issued");
        let [from, to] = [certificate.validity().not_before, certificate.validity().not_after]
            .map(|time| Timestamp::from(time.to_datetime()));
        assert!(
            from <= validity.issued && from <= to && to <= validity.expires.max(validity.issued),
            "{order:?}"
        );
        let serial = SerialNumber::from_bytes(certificate.raw_serial()).expect("it has the form of all");
        assert_eq!(serial.order_number(), order.number.get());
        Self {
            issuer: issuer.name(),
            serial,
            contents: certificate.tbs_certificate.as_ref().to_vec(),
        }
    }
}

/// When the order's certificate was revoked, if it is.
fn revocation(order: &Order, now: Timestamp) -> Option<Revoked> {
    let validity = order.validity()?;
    let (at, reason) = match &order.revocation {
        Some(revocation) => (revocation.at, revocation.reason.number()),
        None => (validity.issued, 0),
    };
    (order.state_at(now) == State::Revoked).then(|| (whole_second(at), Some(reason).filter(|reason| *reason != 0)))
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_millis().div_euclid(1000) * 1000)
}

fn read_crl(der: &[u8], now: Timestamp) -> BTreeMap<Vec<u8>, Revoked> {
    let (rest, crl) = CertificateRevocationList::from_der(der).expect("it is a CRL");
    assert!(rest.is_empty());
    let this_update = Timestamp::from(crl.last_update().to_datetime());
    let next_update = Timestamp::from(crl.next_update().expect("it is said").to_datetime());
    assert!(
        this_update <= now && now < next_update,
        "{this_update} {now} {next_update}"
    );
    let entries: Vec<_> = crl
        .iter_revoked_certificates()
        .map(|entry| {
            let reason = entry.reason_code().map(|(_, reason)| reason.0);
            (
                entry.raw_serial().to_vec(),
                (Timestamp::from(entry.revocation_date.to_datetime()), reason),
            )
        })
        .collect();
    let count = entries.len();
    let entries: BTreeMap<_, _> = entries.into_iter().collect();
    assert_eq!(entries.len(), count, "a serial number stands there once");
    entries
}

fn ocsp_request(issuer: &IssuingCa, serial: &SerialNumber) -> Bytes {
    let algorithm = sequence(&[&write::oid(oid::SHA1)]);
    let name_hash = tlv(OCTET_STRING, &[&issuer.subject_sha1]);
    let key_hash = tlv(OCTET_STRING, &[&issuer.public_key_sha1]);
    let serial = tlv(INTEGER, &[serial.as_bytes()]);
    let id = sequence(&[&algorithm, &name_hash, &key_hash, &serial]);
    let list = sequence(&[&sequence(&[&id])]);
    sequence(&[&sequence(&[&list])]).into()
}

/// What an OCSP response says of the one certificate: nothing, that it is good, or when it was revoked.
fn read_ocsp(der: &[u8]) -> Option<Option<Revoked>> {
    let mut outer = Reader::new(der).read(SEQUENCE).expect("it is DER");
    let status = outer.read(ENUMERATED).expect("it has a status").bytes();
    if outer.is_empty() {
        assert_eq!(status, [6], "nothing but unauthorized is expected");
        return None;
    }
    let bytes = |reader: &mut Reader<'_>, tag| reader.read(tag).expect("it is well formed").bytes().to_vec();
    let mut inside = outer
        .read(context(0))
        .and_then(|mut bytes| bytes.read(SEQUENCE))
        .expect("it has bytes");
    inside.oid().expect("it has a type");
    let basic = bytes(&mut inside, OCTET_STRING);
    let mut content = Reader::new(&basic)
        .read(SEQUENCE)
        .and_then(|mut basic| basic.read(SEQUENCE))
        .expect("it has contents");
    content.read(context(2)).expect("it names the responder");
    bytes(&mut content, GENERALIZED_TIME);
    let mut single = content
        .read(SEQUENCE)
        .and_then(|mut singles| singles.read(SEQUENCE))
        .expect("it is about a certificate");
    single.read(SEQUENCE).expect("it names the certificate");
    Some(
        single
            .optional(context(1))
            .expect("it is well formed")
            .map(|mut revoked| {
                let at = String::from_utf8(bytes(&mut revoked, GENERALIZED_TIME)).expect("it is ASCII");
                let reason = revoked.optional(context(0)).expect("it is well formed");
                let reason = reason.map(|mut reason| bytes(&mut reason, ENUMERATED)[0]);
                (generalized_time(&at), reason)
            }),
    )
}

/// `20310102030405Z`
fn generalized_time(text: &str) -> Timestamp {
    let (date, time) = text.split_at(8);
    let iso = format!(
        "{}-{}-{}T{}:{}:{}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    iso.parse().expect("it is a time")
}
