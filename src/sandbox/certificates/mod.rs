//! The certificates of a sandbox's orders: each is made when it is first read, and then kept.
//!
//! What a certificate says follows from its order, and so does its serial number. So an order whose certificate nobody
//! has read costs nothing, the CRL can name it all the same, and a change of what it says is another certificate.

mod collection;
mod crl;
mod status;
mod turns;
mod validity;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use thiserror::Error;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::api::csr::{Csr, Hash, Key};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, State, Validity};
use crate::ca::leaf::{LeafContents, Urls};
use crate::ca::order::CertificateNames;
use crate::ca::profile::Profile;
use crate::ca::{Authority, CaError, IssuerName, IssuingCa, SerialNumber};
use crate::clock::Timestamp;
use crate::der::pem;

pub(crate) use self::crl::Crl;
pub(crate) use self::status::BookReader;
use self::turns::Turns;
use self::validity::CertificateValidity;

/// What the sandboxes of an emulator share: the authority, and where its CRLs and OCSP answers are to be had.
#[derive(Debug)]
pub(crate) struct Issuance {
    authority: Authority,
    base_url: OnceLock<String>,
    last_crl_number: AtomicU64,
    /// For making CAs, apart from all other work: an RSA key may take seconds.
    ca_turns: Turns,
    /// For signatures and CRLs.
    turns: Turns,
}

impl Issuance {
    /// Issues by that authority. Until it is told a base URL, certificates have no URLs in them.
    pub(crate) fn new(authority: Authority) -> Self {
        Self {
            authority,
            base_url: OnceLock::new(),
            last_crl_number: AtomicU64::new(0),
            ca_turns: Turns::new(),
            turns: Turns::new(),
        }
    }

    /// A number greater than that of every CRL before, of any sandbox; also of those before a restart with the same CA,
    /// unless the real clock was set back.
    fn next_crl_number(&self, real_now: Timestamp) -> u64 {
        let millis = real_now.unix_millis().unsigned_abs();
        let next = |last: u64| Some(millis.max(last + 1));
        let last = self
            .last_crl_number
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        millis.max(last.unwrap_or_default() + 1)
    }

    /// Puts URLs under that base, without a slash at its end, into the certificates. The first base stays.
    pub(crate) fn publish_at(&self, base_url: String) {
        self.base_url.get_or_init(|| base_url);
    }
}

/// The certificates of a sandbox.
#[derive(Debug)]
pub(crate) struct Certificates {
    issuance: Arc<Issuance>,
    sandbox: Arc<str>,
    /// What stands before the path of its URLs.
    path: String,
    by_order: Mutex<HashMap<OrderNumber, Arc<Certificate>>>,
    crls: crl::Crls,
}

/// A certificate that was made.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// Its serial number.
    pub(crate) serial: SerialNumber,
    /// The certificate in DER.
    pub(crate) der: Box<[u8]>,
    /// The CA that signed it.
    pub(crate) issuer: Arc<IssuingCa>,
    /// The private key, if it was made for it and is kept.
    pub(crate) private_key: Option<PrivateKey>,
    /// What is odd about it, in a sentence.
    pub(crate) hint: Option<String>,
}

impl Certificate {
    /// The notBefore and the notAfter that stand in it.
    pub(crate) fn period(&self) -> [Timestamp; 2] {
        period(&self.der)
    }
}

/// The notBefore and the notAfter of a certificate in DER that was made here or read before.
pub(crate) fn period(der: &[u8]) -> [Timestamp; 2] {
    let (_, certificate) = X509Certificate::from_der(der).expect("the emulator made it, or has read it before");
    let validity = certificate.validity();
    [validity.not_before, validity.not_after].map(|time| Timestamp::from(time.to_datetime()))
}

/// A private key in PEM; it is never printed.
pub(crate) struct PrivateKey(String);

impl PrivateKey {
    /// The key itself, for the one who asked that it be kept.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// Why an order has no certificate.
#[derive(Debug, Error)]
pub(crate) enum NoCertificate {
    /// There is no such order.
    #[error("no order has that number")]
    NoOrder,
    /// It was not issued.
    #[error("order {0} is {1}: no certificate was issued")]
    NotIssued(OrderNumber, State),
    /// What the order says cannot stand in a certificate, or the CA cannot sign.
    #[error(transparent)]
    Ca(#[from] CaError),
}

impl Certificates {
    /// Of no order yet. `path` stands before the path of the sandbox's URLs: `/sandboxes/t1`, nothing for the default one.
    pub(crate) fn new(issuance: Arc<Issuance>, sandbox: Arc<str>, path: String) -> Self {
        Self {
            issuance,
            sandbox,
            path,
            by_order: Mutex::default(),
            crls: crl::Crls::default(),
        }
    }

    /// Who signs.
    pub(crate) fn authority(&self) -> &Authority {
        &self.issuance.authority
    }

    /// An issuing CA; makes it if it was never needed before, which with an RSA key may take seconds. Meanwhile other calls
    /// go on, and however many need the same CA, they take one turn together.
    ///
    /// # Errors
    /// It cannot be made or written, or there are too many.
    pub(crate) async fn issuing(&self, name: IssuerName) -> Result<Arc<IssuingCa>, CaError> {
        if let Some(made) = self.authority().made(name) {
            return Ok(made);
        }
        let waiting = self.authority().queue(name)?.lock_owned().await;
        if let Some(made) = self.authority().made(name) {
            return Ok(made);
        }
        let issuance = self.issuance.clone();
        let make = move || {
            // The lock comes along: if the one who asked goes away, the next one still waits until the CA is made.
            let _waiting = waiting;
            issuance.authority.issuing(name)
        };
        self.issuance.ca_turns.run(make).await?
    }

    /// The certificate of an order; makes it if it was never read. What takes long of that holds no other call up.
    ///
    /// # Errors
    /// The order was not issued, or the certificate cannot be made.
    pub(crate) async fn of(self: &Arc<Self>, order: &Order, now: Timestamp) -> Result<Arc<Certificate>, NoCertificate> {
        let validity = issued(order, now).ok_or_else(|| NoCertificate::NotIssued(order.number, order.state_at(now)))?;
        let serial = self.serial(order, validity);
        if let Some(kept) = self.kept(order.number, &serial) {
            return Ok(kept);
        }
        let issuer = self.issuing(issuer_name(order)).await?;
        if issuer.signs_fast() {
            return Ok(self.make_and_keep(order, validity, serial, issuer)?);
        }
        let (certificates, order) = (self.clone(), order.clone());
        let make = move || match certificates.kept(order.number, &serial) {
            Some(kept) => Ok(kept),
            None => certificates.make_and_keep(&order, validity, serial, issuer),
        };
        Ok(self.issuance.turns.run(make).await??)
    }

    /// The certificate of that order and serial number, if it was made.
    fn kept(&self, number: OrderNumber, serial: &SerialNumber) -> Option<Arc<Certificate>> {
        let kept = lock(&self.by_order).get(&number).cloned();
        kept.filter(|kept| kept.serial == *serial)
    }

    fn make_and_keep(
        &self,
        order: &Order,
        validity: Validity,
        serial: SerialNumber,
        issuer: Arc<IssuingCa>,
    ) -> Result<Arc<Certificate>, CaError> {
        let made = Arc::new(self.make(order, validity, serial, issuer)?);
        let mut by_order = lock(&self.by_order);
        // Another reader may have been faster: all see the same certificate.
        let kept = by_order.entry(order.number).or_insert_with(|| made.clone());
        if kept.serial != serial {
            *kept = made;
        }
        Ok(kept.clone())
    }

    /// Forgets the certificate of an order that is gone.
    pub(crate) fn forget(&self, number: OrderNumber) {
        lock(&self.by_order).remove(&number);
    }

    /// Forgets those of orders that are not in the book. The numbers of CRLs go on.
    pub(crate) fn sweep(&self, book: &Book) {
        lock(&self.by_order).retain(|number, _| book.get(*number).is_some());
        self.crls.forget();
    }

    /// The same for each look at an order that says the same, also after a restart with the same CA, on whatever port: so
    /// that a certificate from before is known still.
    fn serial(&self, order: &Order, validity: Validity) -> SerialNumber {
        let number = |number: i64| number.to_be_bytes();
        let terms = &order.terms;
        let issuer = issuer_name(order).to_string();
        let content: [&[u8]; 10] = [
            self.sandbox.as_bytes(),
            issuer.as_bytes(),
            &number(validity.issued.unix_millis()),
            &number(validity.expires.unix_millis()),
            // An empty one is another than none.
            &[order.email.is_some().into(), order.organization.is_some().into()],
            order.email.as_deref().unwrap_or_default().as_bytes(),
            order.organization.as_deref().unwrap_or_default().as_bytes(),
            &order.product_code().number().to_be_bytes(),
            &[terms.signature_hash as u8, terms.keep_key.into()],
            order.csr.as_ref().map_or(&[], Csr::der),
        ];
        self.authority().serial(order.number.get(), &content)
    }

    fn make(
        &self,
        order: &Order,
        validity: Validity,
        serial: SerialNumber,
        issuer: Arc<IssuingCa>,
    ) -> Result<Certificate, CaError> {
        let made_key = match order.csr {
            Some(_) => None,
            None => Some(self.authority().made_key(&serial)?),
        };
        let made_key_info = made_key.as_ref().map(|key| &*key.public_key_info);
        let (public_key_info, key, csr_hash) = match &order.csr {
            Some(csr) => (csr.subject_public_key_info(), csr.key(), csr.signature_hash()),
            None => (made_key_info.unwrap_or_default(), Key::P256, Hash::Sha256),
        };
        let chosen = issuer.hash_for(order.terms.signature_hash, csr_hash);
        let templates: Vec<_> = order.csr.iter().flat_map(Csr::template_extensions).collect();
        let urls = self.urls(issuer.name());
        let names = CertificateNames::of(order);
        let times = CertificateValidity::derive(validity, &issuer);
        let der = issuer.certify(&LeafContents {
            profile: Profile::of(order.product_code()),
            serial,
            not_before: times.not_before,
            not_after: times.not_after,
            email: &names.email,
            organization: names.organization,
            public_key_info,
            key,
            template_extensions: &templates,
            urls: urls
                .as_ref()
                .map(|[ca_issuers, crl, ocsp]| Urls { ca_issuers, crl, ocsp }),
            hash: chosen.hash,
        })?;
        let hints: Vec<_> = [chosen.hint, times.hint(validity, &issuer)]
            .into_iter()
            .flatten()
            .collect();
        Ok(Certificate {
            serial,
            der: der.into_boxed_slice(),
            issuer,
            private_key: made_key
                .filter(|_| order.terms.keep_key)
                .map(|key| PrivateKey(pem::encode(pem::PRIVATE_KEY, &key.pkcs8))),
            hint: (!hints.is_empty()).then(|| hints.join("; ")),
        })
    }

    /// Where the issuer's certificate, CRL and OCSP answers are to be had.
    fn urls(&self, issuer: IssuerName) -> Option<[String; 3]> {
        let (base, path) = (self.issuance.base_url.get()?, &self.path);
        Some([
            format!("{base}{path}/ca/{issuer}.cer"),
            format!("{base}{path}/crl/{issuer}.crl"),
            format!("{base}{path}/ocsp/{issuer}"),
        ])
    }
}

/// The CA that issues an order's certificate.
fn issuer_name(order: &Order) -> IssuerName {
    Profile::of(order.product_code()).issuer(order.terms.ca_certificate_id)
}

/// From when until when the certificate of an order is valid, if it was issued by then.
fn issued(order: &Order, now: Timestamp) -> Option<Validity> {
    match order.state_at(now).has_certificate() {
        true => order.validity(),
        false => None,
    }
}

/// Nothing is left half done under these locks, so a panic elsewhere is no reason to give up.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
