//! The authority without sockets around it, for the benchmarks.

use std::sync::Arc;
use std::time::Duration;

use crate::api::csr::{Csr, Hash};
use crate::api::order::terms::ProductCode;
use crate::ca::crl::{CrlContents, Revoked};
use crate::ca::leaf::{LeafContents, Urls};
use crate::ca::ocsp::{CertStatus, OcspTimes};
use crate::ca::profile::Profile;
use crate::ca::subject::CertificateNames;
use crate::ca::{Authority, CaOptions, IssuerName, IssuingCa, SerialNumber};
use crate::clock::{Timestamp, real_now, system_now};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An S/MIME CA with the usual key, EC P-256, and a CSR.
#[derive(Debug)]
pub struct Desk {
    authority: Authority,
    issuing: Arc<IssuingCa>,
    csr: Csr,
    request: Vec<u8>,
}

impl Desk {
    /// A new one. `csr` is a CSR that is taken.
    ///
    /// # Panics
    /// It is not taken.
    pub fn new(csr: &str) -> Self {
        let authority = Authority::open(&CaOptions::default(), system_now()).expect("it is made without files");
        let issuing = authority.issuing_ca(IssuerName::Smime).expect("it is the first");
        let mut request = include_bytes!("../fixtures/ocsp/one.der").to_vec();
        // In that file twenty times `N` and `K` stand for the hashes of the CA's name and key.
        for (letter, hash) in [(b'N', issuing.subject_sha1), (b'K', issuing.public_key_sha1)] {
            let at = request.windows(20).position(|window| *window == [letter; 20]);
            let at = at.expect("the file has both");
            request[at..at + 20].copy_from_slice(&hash);
        }
        Self {
            authority,
            issuing,
            csr: Csr::parse(csr).expect("the CSR is taken"),
            request,
        }
    }

    /// The certificate of an order, in DER.
    pub fn certificate(&self, order_number: u64) -> Vec<u8> {
        let now = real_now();
        self.issuing
            .certify(&LeafContents {
                profile: Profile::of(ProductCode::MailboxMultipurpose),
                serial: self.serial(order_number),
                not_before: now,
                not_after: now.after(365 * DAY),
                names: &CertificateNames {
                    email: "jane@example.com".into(),
                    organization: "",
                    has_email: true,
                    details: None,
                },
                public_key_info: self.csr.subject_public_key_info(),
                key: self.csr.key(),
                template_extensions: &[],
                urls: Some(Urls {
                    ca_issuers: "http://127.0.0.1:8080/ca/smime.cer",
                    crl: "http://127.0.0.1:8080/crl/smime.crl",
                    ocsp: "http://127.0.0.1:8080/ocsp/smime",
                }),
                hash: Hash::Sha256,
            })
            .expect("the address is one, and so is the key")
    }

    /// The answer to an OCSP request for one certificate, in DER.
    pub fn ocsp_answer(&self) -> Vec<u8> {
        let now = real_now();
        let times = OcspTimes {
            produced_at: now,
            this_update: now,
            next_update: now.after(DAY),
        };
        self.issuing.ocsp(&self.request, &times, |_| Some(CertStatus::Good)).der
    }

    /// A CRL of so many certificates, in DER.
    pub fn crl(&self, entries: u64) -> Vec<u8> {
        let now = real_now();
        let entry = |number| Revoked {
            serial: self.serial(number),
            at: Timestamp::from_unix_millis(1_800_000_000_000),
            reason: Some(1),
        };
        self.issuing
            .crl(CrlContents {
                number: 1,
                this_update: now,
                next_update: now.after(DAY),
                distribution_point: None,
                revoked: (1..=entries).map(entry),
            })
            .expect("the key signs")
    }

    fn serial(&self, order_number: u64) -> SerialNumber {
        self.authority.serial(order_number, &[self.csr.der()])
    }
}
