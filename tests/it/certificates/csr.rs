//! What of a CSR gets into the certificate: its key, the template extension and, if that is wished, its hash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::desk::Desk;
use crate::harness::{Form, Server};

#[test]
fn every_csr_that_is_taken_leads_to_a_certificate_for_its_key() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let mut count = 0;
    for file in accepted() {
        count += 1;
        let sent = std::fs::read(dir().join(&file)).unwrap();
        let number = replaced(&mut desk, &Form::replace().set("csr", &sent));
        desk.collect(number);
        // openssl reads no armour but its own.
        let csr = match file.ends_with(".pem") {
            true => sent,
            false => desk
                .control
                .read(&format!("/orders/{number}/csr"), "")
                .bytes()
                .to_owned(),
        };
        desk.openssl.write("x.csr", csr);
        let openssl = &desk.openssl;
        openssl.expect("req -in x.csr -outform DER -out csr.der");
        openssl.expect(&format!("x509 -in {number}.pem -outform DER -out certificate.der"));
        let read = |name| std::fs::read(openssl.path(name)).unwrap();
        let (csr, certificate) = (read("csr.der"), read("certificate.der"));
        let info = key_info(&certificate);
        assert!(
            csr.windows(info.len()).any(|part| part == info),
            "{file}: byte for byte"
        );
        assert_eq!(
            desk.x509(number, "-pubkey"),
            openssl.expect("req -in x.csr -noout -pubkey"),
            "{file}"
        );

        // openssl gives up on what is nested too deep, which is no template.
        let (_, asked) = openssl.run("asn1parse -inform DER -in csr.der");
        let asked = templates(&asked);
        let found = templates(&openssl.expect("asn1parse -inform DER -in certificate.der"));
        assert_eq!(found, asked, "{file}");
        let expected = match &*file {
            "template-both.pem" => 2,
            file => usize::from(file.starts_with("template-")),
        };
        assert_eq!(asked.len(), expected, "{file}");
        // Carried over as it was asked for: critical, though hardly anybody knows it.
        let is_critical = asked.iter().flatten().any(|part| part.contains("BOOLEAN"));
        let (succeeded, verified) = desk.verify(number, if is_critical { "-ignore_critical " } else { "" });
        assert!(succeeded, "{file} {verified}");
    }
    assert!(count > 60, "{count}");
}

#[test]
fn nothing_else_of_a_csr_gets_into_the_certificate() {
    const NAMES: &str = "-subject -ext subjectAltName,basicConstraints,extendedKeyUsage,certificatePolicies";
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let plain = replaced(&mut desk, &Form::replace());
    desk.collect(plain);
    let expected = desk.x509(plain, NAMES);
    for word in ["user@example.com", "CA:FALSE"] {
        assert!(expected.contains(word), "{expected}");
    }
    assert_eq!(expected.matches("email:").count(), 1, "{expected}");
    for file in [
        "ca-true.pem",
        "san-many.pem",
        "subject-utf8.pem",
        "subject-empty.pem",
        "challenge-password.pem",
        "extension-odd-value.pem",
        "nested-attribute.pem",
    ] {
        let csr = std::fs::read(dir().join(file)).unwrap();
        let number = replaced(&mut desk, &Form::replace().set("csr", csr));
        desk.collect(number);
        assert_eq!(desk.x509(number, NAMES), expected, "{file}");
        assert_eq!(extensions(&desk, number), extensions(&desk, plain), "{file}");
    }
}

/// Kind of the CA's key, signatureHash, CSR, algorithm of the signature, and what the hint names if there is one.
const HASHES: &[(&str, &str, &str, &str, &str)] = &[
    ("ec-p256", "", "rsa-2048-sha512.pem", "ecdsa-with-SHA256", ""),
    ("ec-p256", "NO_PREFERENCE", "p256-sha384.pem", "ecdsa-with-SHA256", ""),
    ("ec-p256", "PREFER_SHA2", "rsa-2048-sha1.pem", "ecdsa-with-SHA256", ""),
    ("ec-p256", "REQUIRE_SHA2", "rsa-2048-sha1.pem", "ecdsa-with-SHA256", ""),
    ("ec-p256", "INFER_FROM_CSR", "p256-sha256.pem", "ecdsa-with-SHA256", ""),
    (
        "ec-p256",
        "INFER_FROM_CSR",
        "p256-sha384.pem",
        "ecdsa-with-SHA256",
        "SHA-384",
    ),
    (
        "ec-p256",
        "INFER_FROM_CSR",
        "rsa-2048-sha512.pem",
        "ecdsa-with-SHA256",
        "SHA-512",
    ),
    (
        "ec-p256",
        "INFER_FROM_CSR",
        "rsa-2048-sha1.pem",
        "ecdsa-with-SHA256",
        "SHA-1",
    ),
    ("rsa-2048", "", "p384-sha384.pem", "sha256WithRSAEncryption", ""),
    (
        "rsa-2048",
        "NO_PREFERENCE",
        "rsa-2048-sha512.pem",
        "sha256WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "PREFER_SHA2",
        "rsa-2048-sha384.pem",
        "sha256WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "REQUIRE_SHA2",
        "p521-sha512.pem",
        "sha256WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "INFER_FROM_CSR",
        "rsa-2048-sha256.pem",
        "sha256WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "INFER_FROM_CSR",
        "rsa-2048-sha384.pem",
        "sha384WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "INFER_FROM_CSR",
        "rsa-2048-pss-sha512.pem",
        "sha512WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "INFER_FROM_CSR",
        "p384-sha384.pem",
        "sha384WithRSAEncryption",
        "",
    ),
    (
        "rsa-2048",
        "INFER_FROM_CSR",
        "rsa-2048-sha1.pem",
        "sha256WithRSAEncryption",
        "SHA-1",
    ),
];

#[test]
fn the_signature_is_made_with_the_hash_that_was_wished_if_the_ca_can() {
    for key in ["ec-p256", "rsa-2048"] {
        let server = Server::plain(&["--ca-key", key]);
        let mut desk = Desk::of(&server);
        for (_, wish, file, algorithm, hint) in HASHES.iter().filter(|case| case.0 == key) {
            let csr = std::fs::read(dir().join(file)).unwrap();
            let form = Form::replace().set("csr", csr);
            let form = if wish.is_empty() {
                form
            } else {
                form.set("signatureHash", wish)
            };
            let number = replaced(&mut desk, &form);
            desk.collect(number);
            let text = desk.x509(number, "-text");
            let found = super::desk::line(&text, "Signature Algorithm: ");
            assert_eq!(found, Some(*algorithm), "{key} {wish} {file}");
            let described = desk.control.get(&format!("/orders/{number}/certificate?format=json"));
            match hint.is_empty() {
                true => assert_eq!(described.get("hint"), None, "{key} {wish} {file}"),
                false => {
                    let said = described["hint"].as_str().unwrap_or_default();
                    assert!(said.contains(hint) && said.contains("INFER_FROM_CSR"), "{described}");
                }
            }
            let (succeeded, verified) = desk.verify(number, "");
            assert!(succeeded, "{key} {wish} {file} {verified}");
        }
    }
}

/// Replaces an order that is made for it. The number of the new one.
#[track_caller]
fn replaced(desk: &mut Desk, form: &Form) -> u64 {
    let number = desk.order(r#"{"loginName":"login_name","product":"smime","email":"user@example.com"}"#);
    desk.replace(&form.clone().order(number)).order_number()
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/csr")
}

/// The files of CSRs that are taken.
fn accepted() -> Vec<String> {
    let table = std::fs::read_to_string(dir().join("kinds.tsv")).unwrap();
    let rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[1] == "ok").map(|row| row[0].to_owned()).collect()
}

/// The `SubjectPublicKeyInfo`.
#[track_caller]
fn key_info(certificate: &[u8]) -> Vec<u8> {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    parsed.public_key().raw.to_vec()
}

/// Microsoft's template extensions in what openssl parsed: what they are called, whether critical, and their values.
fn templates(printed: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let mut lines = printed.lines();
    while let Some(line) = lines.next() {
        if ["1.3.6.1.4.1.311.20.2", "1.3.6.1.4.1.311.21.7"]
            .iter()
            .any(|oid| line.ends_with(oid))
        {
            let mut extension = vec![line.split_once("prim:").unwrap().1.to_owned()];
            for line in lines.by_ref() {
                extension.push(line.split_once("prim:").unwrap().1.to_owned());
                if line.contains("OCTET STRING") {
                    break;
                }
            }
            found.insert(extension);
        }
    }
    found
}

/// The object identifiers of the extensions.
#[track_caller]
fn extensions(desk: &Desk, number: u64) -> BTreeSet<String> {
    let pem = desk.openssl.read(&format!("{number}.pem"));
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let parsed = pem.parse_x509().unwrap();
    parsed
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_id_string())
        .collect()
}
