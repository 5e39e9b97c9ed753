//! openssl checks what the CA makes.

use std::borrow::Cow;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::bundle::{pem_chain, pkcs7};
use super::crl::{CrlContents, Revoked};
use super::leaf::{LeafContents, Urls};
use super::ocsp::{CertStatus, OcspResponse, OcspStatus, OcspTimes};
use super::profile::{PROFILES, Profile};
use super::subject::CertificateNames;
use super::*;
use crate::api::csr::{Csr, Hash};
use crate::api::order::terms::{ProductCode, SignatureHash};
use crate::clock::{Timestamp, real_now, system_now};
use crate::der::pem;

mod crl;
mod kept;
mod leaf;
mod ocsp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const URLS: Urls<'_> = Urls {
    ca_issuers: "http://127.0.0.1:8080/ca/smime.cer",
    crl: "http://127.0.0.1:8080/crl/smime.crl",
    ocsp: "http://127.0.0.1:8080/ocsp/smime",
};

/// A CA, and a directory with its files for openssl.
struct Bench {
    dir: TempDir,
    authority: Authority,
    issuing: Arc<IssuingCa>,
}

impl Bench {
    fn new(key: CaKey, name: IssuerName) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::open(&CaOptions { dir: None, key }, system_now()).unwrap();
        let issuing = authority.issuing_ca(name).unwrap();
        let bench = Self {
            dir,
            authority,
            issuing,
        };
        bench.write("root.pem", bench.authority.root().pem());
        bench.write("issuing.pem", pem::encode("CERTIFICATE", bench.issuing.certificate()));
        bench
    }

    fn write(&self, file: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.dir.path().join(file), contents).unwrap();
    }

    /// Writes a certificate in PEM.
    fn leaf(&self, file: &str, request: &LeafContents<'_>) -> Vec<u8> {
        let der = self.issuing.certify(request).unwrap();
        self.write(file, pem::encode("CERTIFICATE", &der));
        der
    }

    #[track_caller]
    fn openssl(&self, args: &str) -> String {
        let (succeeded, text) = self.try_openssl(args);
        assert!(succeeded, "openssl {args}\n{text}");
        text
    }

    fn try_openssl(&self, args: &str) -> (bool, String) {
        openssl(self.dir.path(), args)
    }

    fn crl(&self, number: u64, revoked: &[Revoked]) {
        let now = real_now();
        let crl = self.issuing.crl(CrlContents {
            number,
            this_update: now,
            next_update: now.after(DAY),
            distribution_point: Some(URLS.crl),
            revoked: revoked.iter().copied(),
        });
        self.write("crl.pem", pem::encode("X509 CRL", &crl.unwrap()));
    }
}

fn openssl(dir: &std::path::Path, args: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args(args.split_whitespace())
        .current_dir(dir)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn fixture(file: &str) -> Csr {
    let path = format!("{}/fixtures/csr/{file}", env!("CARGO_MANIFEST_DIR"));
    Csr::parse(&fs::read_to_string(path).unwrap()).unwrap()
}

fn profile(code: u16) -> &'static Profile {
    Profile::of(ProductCode::from_number(code).unwrap())
}

static NAMES: CertificateNames<'_> = CertificateNames {
    email: Cow::Borrowed("jane.doe@example.test"),
    organization: "Beispiel & Söhne GmbH",
    has_email: false,
    details: None,
};

/// The contents of the certificate of order 1234567.
fn request<'a>(bench: &Bench, profile: &'a Profile, csr: &'a Csr) -> LeafContents<'a> {
    let now = real_now();
    LeafContents {
        profile,
        serial: bench.authority.serial(1_234_567, &[csr.der()]),
        not_before: now.before(DAY),
        not_after: now.after(364 * DAY),
        names: &NAMES,
        public_key_info: csr.subject_public_key_info(),
        key: csr.key(),
        template_extensions: &[],
        urls: Some(URLS),
        hash: bench
            .issuing
            .hash_for(SignatureHash::NoPreference, csr.signature_hash())
            .hash,
    }
}

const VERIFY: &str = "verify -x509_strict -CAfile root.pem -untrusted issuing.pem";

/// The response to a request that openssl wrote, by a CA that has issued only the certificate `known`.
fn respond(bench: &Bench, known: &SerialNumber, status: CertStatus) -> OcspResponse {
    let request = fs::read(bench.dir.path().join("request.der")).unwrap();
    let now = real_now();
    let times = OcspTimes {
        produced_at: now,
        this_update: now.before(DAY),
        next_update: now.after(DAY),
    };
    let response = bench.issuing.ocsp(&request, &times, |serial| {
        (serial == known.as_bytes()).then_some(status)
    });
    bench.write("response.der", &response.der);
    response
}
