//! The certificates of a sandbox's orders: each is made when it is first read, and then kept.
//!
//! The content and the serial number of a certificate follow from its order. So an order costs nothing as long as
//! nobody reads its certificate, a CRL can contain the serial number anyway, and a change of the order gives another
//! certificate.

mod collection;
mod crl;
mod status;
mod validity;
mod workers;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use thiserror::Error;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::api::csr::{Csr, Hash, Key};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, State, Validity};
use crate::api::order::subject::SubjectDetails;
use crate::api::order::terms::Terms;
use crate::api::world::Serials;
use crate::ca::leaf::{LeafContents, Urls};
use crate::ca::profile::Profile;
use crate::ca::subject::CertificateNames;
use crate::ca::{Authority, CaError, IssuerName, IssuingCa, SerialNumber};
use crate::clock::Timestamp;
use crate::der::pem;
use crate::lock::lock;
use crate::sandbox::budget::{Budget, Share};

pub(crate) use self::crl::Crl;
pub(crate) use self::status::BookReader;
use self::validity::CertificateValidity;
use self::workers::Workers;

/// What all sandboxes of an emulator share for their certificates: the authority, and the base URL of CRLs and OCSP.
#[derive(Debug)]
pub(crate) struct Issuance {
    authority: Authority,
    base_url: OnceLock<String>,
    last_crl_number: AtomicU64,
    /// Workers for making CAs, separate from all other work, as an RSA key may take seconds.
    ca_workers: Workers,
    /// Workers for signatures and CRLs.
    workers: Workers,
}

impl Issuance {
    /// Issues with that authority. Certificates contain no URLs before [`publish_at`](Self::publish_at) is called.
    pub(crate) fn new(authority: Authority) -> Self {
        Self {
            authority,
            base_url: OnceLock::new(),
            last_crl_number: AtomicU64::new(0),
            ca_workers: Workers::new(),
            workers: Workers::new(),
        }
    }

    /// A number greater than that of every earlier CRL of any sandbox, also of those before a restart with the same CA,
    /// unless the real clock was set back.
    fn next_crl_number(&self, real_now: Timestamp) -> u64 {
        let millis = real_now.unix_millis().unsigned_abs();
        let next = |last: u64| Some(millis.max(last + 1));
        let last = self
            .last_crl_number
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        millis.max(last.unwrap_or_default() + 1)
    }

    /// Sets the base of the URLs in certificates, without a slash at its end. Only the first call has an effect.
    pub(crate) fn publish_at(&self, base_url: String) {
        self.base_url.get_or_init(|| base_url);
    }
}

/// The certificates of a sandbox.
#[derive(Debug)]
pub(crate) struct Certificates {
    issuance: Arc<Issuance>,
    sandbox: Arc<str>,
    /// The beginning of the path of its URLs.
    path: String,
    kept: Mutex<Kept>,
    crls: crl::Crls,
}

/// The certificates that were made, by their orders, and what they take of the memory that is counted for all sandboxes.
#[derive(Debug)]
struct Kept {
    by_order: HashMap<OrderNumber, Arc<Certificate>>,
    share: Share,
}

impl Kept {
    /// Keeps the certificate of an order in place of any other.
    fn put(&mut self, number: OrderNumber, certificate: Arc<Certificate>) {
        let more = certificate.memory();
        let less = self.by_order.insert(number, certificate).map_or(0, |old| old.memory());
        self.share.set(self.share.taken() + more - less);
    }

    /// Forgets the certificates of orders that are not wanted.
    fn retain(&mut self, is_wanted: impl Fn(OrderNumber) -> bool) {
        self.by_order.retain(|number, _| is_wanted(*number));
        self.share.set(self.by_order.values().map(|kept| kept.memory()).sum());
    }

    fn remove(&mut self, number: OrderNumber) {
        if let Some(old) = self.by_order.remove(&number) {
            self.share.set(self.share.taken() - old.memory());
        }
    }
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
    /// The private key, if the emulator made it and keeps it.
    pub(crate) private_key: Option<PrivateKey>,
    /// What is unusual about it, in a sentence.
    pub(crate) hint: Option<String>,
}

impl Certificate {
    /// Its notBefore and its notAfter.
    pub(crate) fn period(&self) -> [Timestamp; 2] {
        period(&self.der)
    }

    /// How much memory it takes, in bytes, near enough.
    fn memory(&self) -> usize {
        let key = self.private_key.as_ref().map_or(0, |key| key.expose().len());
        let hint = self.hint.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.der.len() + key + hint
    }
}

/// The notBefore and the notAfter of a certificate in DER that the emulator made, or has parsed before.
pub(crate) fn period(der: &[u8]) -> [Timestamp; 2] {
    let (_, certificate) = X509Certificate::from_der(der).expect("the emulator made it, or has read it before");
    let validity = certificate.validity();
    [validity.not_before, validity.not_after].map(|time| Timestamp::from(time.to_datetime()))
}

/// A private key in PEM. `Debug` does not print it.
pub(crate) struct PrivateKey(String);

impl PrivateKey {
    /// The PEM, for the client that asked to keep the key.
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
    /// The order does not exist.
    #[error("no order has that number")]
    NoOrder,
    /// The order was not issued.
    #[error("order {0} is {1}: no certificate was issued")]
    NotIssued(OrderNumber, State),
    /// A value of the order cannot be in a certificate, or the CA cannot sign.
    #[error(transparent)]
    Ca(#[from] CaError),
}

impl Certificates {
    /// The certificates of a new sandbox. The paths of its URLs begin with `path`: `/sandboxes/t1`, or empty for the
    /// default sandbox. What it keeps counts together with the orders of all sandboxes.
    pub(crate) fn new(issuance: Arc<Issuance>, sandbox: Arc<str>, path: String, memory_budget: Arc<Budget>) -> Self {
        Self {
            issuance,
            sandbox,
            path,
            kept: Mutex::new(Kept {
                by_order: HashMap::new(),
                share: Share::of(memory_budget),
            }),
            crls: crl::Crls::default(),
        }
    }

    /// The authority that signs.
    pub(crate) fn authority(&self) -> &Authority {
        &self.issuance.authority
    }

    /// An issuing CA; makes it if it was not needed before, which may take seconds if its key is RSA. Other calls
    /// continue meanwhile, and all that need the same CA occupy one worker.
    ///
    /// # Errors
    /// It cannot be made or written, or there are too many.
    pub(crate) async fn issuing_ca(&self, name: IssuerName) -> Result<Arc<IssuingCa>, CaError> {
        if let Some(made) = self.authority().made_ca(name) {
            return Ok(made);
        }
        let waiting = self.authority().queue_for(name)?.lock_owned().await;
        if let Some(made) = self.authority().made_ca(name) {
            return Ok(made);
        }
        let issuance = self.issuance.clone();
        let make = move || {
            // The lock moves into the work: if the call is dropped, the next one still waits until the CA is made.
            let _waiting = waiting;
            issuance.authority.issuing_ca(name)
        };
        self.issuance.ca_workers.run(make).await?
    }

    /// The certificate of an order; makes it if it was not read before. Slow signatures are made on other threads, so
    /// that they do not delay other calls.
    ///
    /// # Errors
    /// The order was not issued, or the certificate cannot be made.
    pub(crate) async fn of(self: &Arc<Self>, order: &Order, now: Timestamp) -> Result<Arc<Certificate>, NoCertificate> {
        let validity =
            validity_at(order, now).ok_or_else(|| NoCertificate::NotIssued(order.number, order.state_at(now)))?;
        let serial = self.serial(order, validity);
        if let Some(kept) = self.kept(order.number, &serial) {
            return Ok(kept);
        }
        let issuer = self.issuing_ca(issuer_name(order)).await?;
        if issuer.signs_fast() {
            return Ok(self.make_and_keep(order, validity, serial, issuer)?);
        }
        let (certificates, order) = (self.clone(), order.clone());
        let make = move || match certificates.kept(order.number, &serial) {
            Some(kept) => Ok(kept),
            None => certificates.make_and_keep(&order, validity, serial, issuer),
        };
        Ok(self.issuance.workers.run(make).await??)
    }

    /// The certificate of the order with that serial number, if it was made.
    fn kept(&self, number: OrderNumber, serial: &SerialNumber) -> Option<Arc<Certificate>> {
        let kept = lock(&self.kept).by_order.get(&number).cloned();
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
        let mut kept = lock(&self.kept);
        // Another reader may have been faster; all get the same certificate.
        if let Some(faster) = kept.by_order.get(&order.number)
            && faster.serial == serial
        {
            return Ok(faster.clone());
        }
        kept.put(order.number, made.clone());
        Ok(made)
    }

    /// Forgets the certificate of an order that was deleted.
    pub(crate) fn forget(&self, number: OrderNumber) {
        lock(&self.kept).remove(number);
    }

    /// Forgets the certificates of orders that are not in the book, and all CRLs. The numbers of CRLs continue.
    pub(crate) fn sweep(&self, book: &Book) {
        lock(&self.kept).retain(|number| book.get(number).is_some());
        self.crls.forget();
    }

    /// The serial number of an order's certificate. It depends on the content of the order only, and not on the port,
    /// so that after a restart with the same CA the emulator still knows its earlier certificates.
    fn serial(&self, order: &Order, validity: Validity) -> SerialNumber {
        let number = |number: i64| number.to_be_bytes();
        let Order {
            number: order_number,
            email,
            organization,
            subject,
            csr,
            terms,
            // The certificate does not say these, or says them by the product code, the issuer or the validity.
            certificate_id: _,
            login_name: _,
            product: _,
            stage: _,
            revocation: _,
            issued_after_polls: _,
            issuance_fails: _,
            mailing: _,
            collected: _,
        } = order;
        let Terms {
            signature_hash,
            keep_key,
            product_code: _,
            ca_certificate_id: _,
            days: _,
            is_test: _,
        } = terms;
        let issuer = issuer_name(order).to_string();
        let content: [&[u8]; 10] = [
            self.sandbox.as_bytes(),
            issuer.as_bytes(),
            &number(validity.issued.unix_millis()),
            &number(validity.expires.unix_millis()),
            // An empty value is different from a missing one.
            &[email.is_some().into(), organization.is_some().into()],
            email.as_deref().unwrap_or_default().as_bytes(),
            organization.as_deref().unwrap_or_default().as_bytes(),
            &order.product_code().number().to_be_bytes(),
            &[*signature_hash as u8, (*keep_key).into()],
            csr.as_ref().map_or(&[], Csr::der),
        ];
        // Orders that say no more have the serial numbers that they always had.
        let details = subject.as_deref().map(SubjectDetails::fields);
        let given = details.iter().flatten();
        let given = given.flat_map(|(name, value)| value.iter().flat_map(|value| [name.as_bytes(), value.as_bytes()]));
        let content: Vec<_> = content.into_iter().chain(given).collect();
        self.authority().serial(order_number.get(), &content)
    }

    fn make(
        &self,
        order: &Order,
        validity: Validity,
        serial: SerialNumber,
        issuer: Arc<IssuingCa>,
    ) -> Result<Certificate, CaError> {
        let derived_key = match order.csr {
            Some(_) => None,
            None => Some(self.authority().derived_key(&serial)?),
        };
        let derived_key_info = derived_key.as_ref().map(|key| &*key.public_key_info);
        let (public_key_info, key, csr_hash) = match &order.csr {
            Some(csr) => (csr.subject_public_key_info(), csr.key(), csr.signature_hash()),
            None => (derived_key_info.unwrap_or_default(), Key::P256, Hash::Sha256),
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
            names: &names,
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
            private_key: derived_key
                .filter(|_| order.terms.keep_key)
                .map(|key| PrivateKey(pem::encode(pem::PRIVATE_KEY, &key.pkcs8))),
            hint: (!hints.is_empty()).then(|| hints.join("; ")),
        })
    }

    /// The URLs of the issuer's certificate, its CRL and its OCSP responder.
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
    match order.terms.is_test {
        true => IssuerName::Test,
        false => Profile::of(order.product_code()).issuer(order.terms.ca_certificate_id),
    }
}

impl Serials for Certificates {
    fn order_number(&self, serial: &str) -> Option<OrderNumber> {
        OrderNumber::new(SerialNumber::parse(serial)?.order_number())
    }

    fn serial_number(&self, order: &Order, now: Timestamp) -> Option<String> {
        let validity = validity_at(order, now)?;
        Some(self.serial(order, validity).to_string())
    }
}

/// The period in which the certificate of an order is valid, if it is issued at `now`.
fn validity_at(order: &Order, now: Timestamp) -> Option<Validity> {
    match order.state_at(now).has_certificate() {
        true => order.validity(),
        false => None,
    }
}
