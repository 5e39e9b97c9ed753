//! Certificates, and what is above them: had in every form, and believed by openssl.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::desk::{Desk, path_of, uri};
use crate::harness::{Curl, Form, Server, Url};

/// Orders of the built-in fixtures that were issued, and what the world is told of them.
const ISSUED: &[(u64, &str, &str)] = &[
    (1_234_567, "smimesign", "good"),
    (1_100_003, "smimesign", "good"),
    (1_100_004, "smimesign", "good"),
    (1_100_005, "smimesign", "revoked"),
    (1_100_007, "smimesign", "good, expired"),
    (1_100_101, "smimesign", "good"),
    (2_200_003, "any", "good"),
    (2_200_004, "any", "good"),
    (2_200_005, "any", "revoked"),
    (2_200_007, "any", "good, expired"),
    (2_200_101, "any", "good"),
];

/// Those that were not: pending, being issued, rejected, on hold.
const NOT_ISSUED: &[u64] = &[
    1_100_001, 1_100_002, 1_100_006, 1_100_008, 2_200_001, 2_200_002, 2_200_006, 2_200_008,
];

#[test]
fn every_issued_order_of_the_fixtures_has_a_certificate_that_verifies() {
    let server = Server::plain(&[]);
    for mut desk in [Desk::of(&server), Desk::of_new_sandbox(&server, "t1")] {
        for (number, purpose, told) in ISSUED {
            desk.collect(*number);
            // Within its validity; whether it is past its end, `told` says.
            let end = desk.x509(*number, "-enddate -dateopt iso_8601");
            let end = end.trim().strip_prefix("notAfter=").unwrap().replacen(' ', "T", 1);
            let attime = super::desk::seconds(&end) - 60;
            let verified = desk.openssl.expect(&format!(
                "verify -x509_strict -purpose {purpose} -attime {attime} -CAfile root.pem \
                 -untrusted {number}-chain.pem {number}.pem"
            ));
            assert_eq!(verified, format!("{number}.pem: OK\n"));
            assert_eq!(desk.told(*number), *told, "{number}");
        }
    }
}

#[test]
fn what_was_not_issued_cannot_be_read() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for number in NOT_ISSUED {
        for path in ["certificate", "chain", "key"] {
            let path = format!("/orders/{number}/{path}");
            desk.control
                .expect(("GET", &path, ""), 409, &["was issued", r#""field":"state""#]);
        }
    }
    for number in ["9", "0", "x", "9999999999999999999999"] {
        for path in ["certificate", "chain", "csr", "key"] {
            let path = format!("/orders/{number}/{path}");
            desk.control.expect(("GET", &path, ""), 404, &["no order"]);
        }
    }
}

#[test]
fn a_certificate_comes_as_pem_der_or_json() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let path = "/orders/1234567/certificate";
    let pem = desk.collect(1_234_567);
    let der_types = ["application/x-pem-file", "application/pkix-cert", "application/json"];
    for (query, accept, form) in FORMS {
        let answer = desk.control.read(&format!("{path}{query}"), accept);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(der_types[*form])),
            "{query} {accept}"
        );
        match form {
            0 => assert_eq!(answer.text(), pem),
            1 => {
                desk.openssl.write("x.der", answer.bytes());
                assert_eq!(desk.openssl.expect("x509 -inform DER -in x.der"), pem);
            }
            _ => assert_eq!(json(answer.text())["pem"], pem),
        }
    }
    desk.control.expect(
        ("GET", &format!("{path}?format=cer"), ""),
        400,
        &[r#""field":"format""#],
    );
    desk.control
        .expect(("GET", &format!("{path}?form=pem"), ""), 400, &["form"]);
}

/// Query, Accept, and which of PEM (0), DER (1), JSON (2) comes.
const FORMS: &[(&str, &str, usize)] = &[
    ("", "", 0),
    ("", "Accept: */*\r\n", 0),
    ("", "Accept: application/x-pem-file\r\n", 0),
    ("", "Accept: application/pkix-cert\r\n", 1),
    ("", "Accept: text/html, application/json;q=0.9\r\n", 2),
    ("?format=pem", "", 0),
    ("?format=der", "", 1),
    ("?format=json", "", 2),
    ("?format=pem", "Accept: application/json\r\n", 0),
    ("?format=der", "Accept: application/json\r\n", 1),
    ("?format=json", "Accept: application/pkix-cert\r\n", 2),
];

#[test]
fn the_description_says_what_openssl_says() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for (number, issuer, profile) in [
        (1_234_567, "smime", "S/MIME"),
        (2_200_003, "code-signing", "code signing"),
    ] {
        desk.collect(number);
        let described = desk.control.get(&format!("/orders/{number}/certificate?format=json"));
        assert_eq!(described["issuer"], issuer);
        assert!(described["profile"].as_str().unwrap().contains(profile), "{described}");
        assert_eq!(described["serialNumber"], desk.serial(number));
        let fingerprint = desk.x509(number, "-fingerprint -sha256").trim().replace(':', "");
        let (_, fingerprint) = fingerprint.split_once('=').unwrap();
        assert_eq!(described["sha256Fingerprint"], fingerprint);
        for (field, option) in [("notBefore", "-startdate"), ("notAfter", "-enddate")] {
            let date = desk.x509(number, &format!("{option} -dateopt iso_8601"));
            let (_, date) = date.trim().split_once('=').unwrap();
            let described = super::desk::seconds(described[field].as_str().unwrap());
            assert_eq!(described, super::desk::seconds(&date.replacen(' ', "T", 1)), "{field}");
        }
        assert_eq!(described.get("hint"), None);
        the_extensions_are_those_that_openssl_prints(&desk, number, &described);
    }
}

/// Key, algorithm, extensions and OCSP request of a described certificate are what openssl finds in it.
#[track_caller]
fn the_extensions_are_those_that_openssl_prints(desk: &Desk, number: u64, described: &Value) {
    let text = desk.x509(number, "-text -certopt no_pubkey,no_sigdump,no_header,no_version");
    let values = |name: &str| {
        let extensions = described["extensions"].as_array().unwrap();
        let found = extensions.iter().find(|extension| extension["name"] == name).unwrap();
        let values = found["values"].as_array().unwrap().iter();
        values
            .map(|value| value.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for url in values("cRLDistributionPoints") {
        assert!(text.contains(&format!("URI:{url}")), "{url} in {text}");
    }
    let access = values("authorityInfoAccess");
    assert!(access[0].starts_with("caIssuers http://"), "{access:?}");
    assert!(access[1].starts_with("OCSP http://"), "{access:?}");
    for id in ["subjectKeyIdentifier", "authorityKeyIdentifier"].map(values) {
        assert!(text.replace(':', "").contains(&id[0]), "{id:?} in {text}");
    }
    assert_eq!(values("basicConstraints"), ["no CA"]);
    assert!(values("keyUsage").contains(&"digitalSignature".to_owned()));
    let purpose = if number == 1_234_567 {
        "emailProtection"
    } else {
        "codeSigning"
    };
    assert!(values("extendedKeyUsage").contains(&purpose.to_owned()));
    assert_eq!(
        text.matches("critical").count(),
        described["extensions"].to_string().matches("\"critical\":true").count()
    );
    let key = desk.x509(number, "-text -certopt no_header");
    let is_rsa = described["publicKey"].as_str().unwrap().starts_with("RSA ");
    assert_eq!(is_rsa, key.contains("rsaEncryption"), "{key}");
    assert!(
        described["signatureAlgorithm"].as_str().unwrap().contains(" with SHA-"),
        "{described}"
    );
    let request = STANDARD.decode(described["ocspRequest"].as_str().unwrap()).unwrap();
    std::fs::write(desk.openssl.path("described.req"), request).unwrap();
    let told = desk.openssl.expect("ocsp -reqin described.req -req_text -noverify");
    assert!(
        told.contains(&format!(
            "Serial Number: {}",
            described["serialNumber"].as_str().unwrap()
        )),
        "{told}"
    );
}

#[test]
fn the_chain_is_the_issuing_ca_and_the_root() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(1_234_567);
    let pem = desk.openssl.read("1234567-chain.pem");
    assert!(pem.ends_with(&desk.openssl.read("root.pem")), "{pem}");
    assert_eq!(certificates(&pem).len(), 2);

    let answer = desk.control.read("/orders/1234567/chain?format=der", "");
    assert_eq!(answer.header("content-type"), Some("application/x-pkcs7-certificates"));
    desk.openssl.write("chain.p7c", answer.bytes());
    let printed = desk.openssl.expect("pkcs7 -inform DER -in chain.p7c -print_certs");
    assert_eq!(certificates(&printed), certificates(&pem));

    let list = desk.control.get("/orders/1234567/chain?format=json");
    let names: Vec<_> = descriptions(&list).map(|one| one["issuer"].clone()).collect();
    assert_eq!(names, ["smime", "root"]);
    let joined: String = descriptions(&list).map(|one| one["pem"].as_str().unwrap()).collect();
    assert_eq!(joined, pem);
}

#[test]
fn every_ca_is_listed() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let list = desk.control.get("/ca");
    let names: Vec<_> = descriptions(&list).map(|one| one["issuer"].clone()).collect();
    assert_eq!(names, ["root", "code-signing", "smime"]);
    let pem = desk.control.read("/ca?format=pem", "").text().to_owned();
    let joined: String = descriptions(&list).map(|one| one["pem"].as_str().unwrap()).collect();
    assert_eq!(joined, pem);
    let answer = desk.control.read("/ca", "Accept: application/x-pkcs7-certificates\r\n");
    desk.openssl.write("ca.p7c", answer.bytes());
    let printed = desk.openssl.expect("pkcs7 -inform DER -in ca.p7c -print_certs");
    assert_eq!(certificates(&printed), certificates(&pem));
    for one in descriptions(&list) {
        assert!(one["subject"].as_str().unwrap().contains("test"), "{one}");
    }
}

#[test]
fn the_csr_comes_back_as_it_was_sent() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.control
        .expect(("GET", "/orders/1234567/csr", ""), 404, &["1234567 has no CSR"]);
    let number = desk.replace(&Form::replace()).order_number();
    let answer = desk.control.read(&format!("/orders/{number}/csr"), "");
    assert_eq!(answer.header("content-type"), Some("application/x-pem-file"));
    assert_eq!(answer.text(), include_str!("../../../fixtures/csr/p256-sha256.pem"));
    desk.control
        .expect(("GET", &format!("/orders/{number}/key"), ""), 404, &["CSR"]);
}

#[test]
fn the_urls_in_a_certificate_work() {
    let server = Server::plain(&[]);
    for (sandbox, mut desk) in [
        ("", Desk::of(&server)),
        ("/sandboxes/t1", Desk::of_new_sandbox(&server, "t1")),
    ] {
        for (number, issuer) in [(1_100_003, "smime"), (2_200_003, "code-signing")] {
            desk.collect(number);
            let base = format!("http://{}{sandbox}", server.http());
            let access = desk.x509(number, "-ext authorityInfoAccess");
            let ca = format!("{base}/ca/{issuer}.cer");
            assert!(access.contains(&format!("CA Issuers - URI:{ca}\n")), "{access}");
            assert!(
                access.contains(&format!("OCSP - URI:{base}/ocsp/{issuer}\n")),
                "{access}"
            );
            let points = desk.x509(number, "-ext crlDistributionPoints");
            assert_eq!(uri(&points), format!("{base}/crl/{issuer}.crl"));

            let answer = Curl::new(&server, &Url::Http(&path_of(&ca))).answer();
            assert_eq!(answer.header("content-type"), Some("application/pkix-cert"));
            desk.openssl.write("issuer.der", answer.bytes());
            let fetched = desk.openssl.expect("x509 -inform DER -in issuer.der");
            assert_eq!(
                fetched,
                certificates(&desk.openssl.read(&format!("{number}-chain.pem")))[0]
            );

            let answer = Curl::new(&server, &Url::Http(&path_of(&uri(&points)))).answer();
            assert_eq!(answer.header("content-type"), Some("application/pkix-crl"));
            desk.openssl.write("x.crl", answer.bytes());
            desk.openssl.write("issuer.pem", fetched);
            let verified = desk
                .openssl
                .expect("crl -inform DER -in x.crl -noout -CAfile issuer.pem -verify");
            assert!(verified.contains("verify OK"), "{verified}");
            assert_eq!(desk.told(number), "good");
        }
    }
    for path in [
        "/ca/other.cer",
        "/crl/root.crl",
        "/crl/smime-1.crl",
        "/ca/smime-1.cer",
        "/sandboxes/no/ca/root.cer",
    ] {
        let answer = Curl::new(&server, &Url::Http(path)).answer();
        assert_eq!(answer.status, 404, "{path} {answer:?}");
        let tells_names = answer
            .text()
            .contains("\nNAME is smime, code-signing, test, or smime-NUMBER where ");
        assert_eq!(tells_names, !path.contains("/sandboxes/"), "{path} {answer:?}");
    }
}

#[test]
fn the_tls_certificate_hangs_under_the_same_root() {
    let server = Server::start(&[]);
    let mut desk = Desk::of(&server);
    let root = desk.control.read("/tls/ca.pem", "").text().to_owned();
    assert_eq!(root, desk.openssl.read("root.pem"));
    let answer = Curl::new(&server, &Url::Http("/ca/root.cer")).answer();
    desk.openssl.write("root.der", answer.bytes());
    assert_eq!(desk.openssl.expect("x509 -inform DER -in root.der"), root);
    let shown = desk.openssl.expect(&format!(
        "s_client -connect {} -CAfile root.pem -verify_return_error -verify_hostname localhost",
        server.https()
    ));
    assert!(shown.contains("Verify return code: 0 (ok)"), "{shown}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn descriptions(list: &Value) -> impl Iterator<Item = &Value> {
    list["certificates"].as_array().unwrap().iter()
}

/// The certificates in a text, each in PEM.
fn certificates(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----\n";
    text.split_inclusive(END)
        .filter_map(|part| {
            part.find("-----BEGIN CERTIFICATE-----")
                .map(|start| part[start..].to_owned())
        })
        .collect()
}
