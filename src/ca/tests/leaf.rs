//! Leaf certificates and their bundles.

use rcgen::PublicKeyData as _;

use super::*;
use crate::api::csr::Key;
use crate::api::order::subject::SubjectDetails;

#[test]
fn every_profile_says_what_the_reference_says() {
    let smime = [
        "Not Before: ",
        "CA Issuers - URI:http://127.0.0.1:8080/ca/smime.cer\n",
        "OCSP - URI:http://127.0.0.1:8080/ocsp/smime\n",
        "URI:http://127.0.0.1:8080/crl/smime.crl\n",
        "X509v3 Subject Alternative Name: \n                email:jane.doe@example.test\n",
    ];
    let common = [
        "Version: 3 (0x2)",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Subject Key Identifier: \n",
        "X509v3 Authority Key Identifier: \n",
        "CN = ECC ",
    ];
    let rsa = "Key Usage: critical\n                Digital Signature, Key Encipherment\n";
    let ec = "Key Usage: critical\n                Digital Signature, Key Agreement\n";
    let signing = "Key Usage: critical\n                Digital Signature\n";
    let both = "Extended Key Usage: \n                TLS Web Client Authentication, E-mail Protection\n";
    let organization = "Subject: C = GB, ST = Test State, O = Beispiel & Söhne GmbH, ";
    let mailbox = "Subject: CN = jane.doe@example.test, emailAddress = jane.doe@example.test\n";
    let publisher = "Subject: C = GB, ST = Test State, O = Beispiel & Söhne GmbH, CN = Beispiel & Söhne GmbH\n";
    let code = "Extended Key Usage: \n                Code Signing\n";
    type Row = (u16, &'static str, [&'static str; 5]);
    let rows: [Row; 10] = [
        (
            794,
            "rsa-3072.pem",
            [rsa, both, "10.1\n", "Policy: 2.23.140.1.5.1.2\n", mailbox],
        ),
        (
            794,
            "p384-sha384.pem",
            [ec, both, "10.1\n", "Policy: 2.23.140.1.5.1.2\n", mailbox],
        ),
        (
            795,
            "rsa-3072.pem",
            [
                rsa,
                "Usage: \n                E-mail Protection\n",
                "10.2\n",
                "Policy: 2.23.140.1.5.1.3\n",
                mailbox,
            ],
        ),
        (
            795,
            "p521-sha512.pem",
            [
                ec,
                "Usage: \n                E-mail Protection\n",
                "10.2\n",
                "Policy: 2.23.140.1.5.1.3\n",
                mailbox,
            ],
        ),
        (
            796,
            "rsa-3072.pem",
            [rsa, both, "10.3\n", "Policy: 2.23.140.1.5.2.2\n", organization],
        ),
        (
            796,
            "p256-sha256.pem",
            [
                ec,
                both,
                "10.3\n",
                "organizationIdentifier = NTRGB-12345678",
                organization,
            ],
        ),
        (
            8,
            "rsa-4096.pem",
            [signing, code, "6449.1.2.1.3.2\n", "Policy: 2.23.140.1.4.1\n", publisher],
        ),
        (
            8,
            "p256-sha256.pem",
            [signing, code, "6449.1.2.1.3.2\n", "Policy: 2.23.140.1.4.1\n", publisher],
        ),
        (
            530,
            "rsa-4096.pem",
            [signing, code, "6449.1.2.1.6.1\n", "Policy: 2.23.140.1.3\n", publisher],
        ),
        (
            530,
            "p521-sha512.pem",
            [signing, code, "6449.1.2.1.6.1\n", "Policy: 2.23.140.1.3\n", publisher],
        ),
    ];
    for (code, csr, expected) in rows {
        let bench = Bench::new(CaKey::EcP256, profile(code).issuer(None));
        let csr = fixture(csr);
        let request = request(&bench, profile(code), &csr);
        bench.leaf("leaf.pem", &request);
        let is_smime = code > 700;
        let purpose = if is_smime { "-purpose smimesign" } else { "" };
        bench.openssl(&format!("{VERIFY} {purpose} leaf.pem"));
        let text = bench.openssl("x509 -in leaf.pem -noout -text -nameopt utf8,sep_comma_plus_space,space_eq,sname");
        let text = text.replace("2.5.4.97", "organizationIdentifier");
        let serial = bench.openssl("x509 -in leaf.pem -noout -serial");
        assert_eq!(serial.trim(), format!("serial={}", request.serial));
        let smime = if is_smime { &smime[..] } else { &smime[..4] };
        for expected in common.iter().chain(smime).chain(&expected) {
            assert!(text.contains(expected), "{code} {expected}\n{text}");
        }
        assert_eq!(text.contains("Subject Alternative Name"), is_smime, "{text}");
        assert_eq!(
            text.matches("            X509v3 ").count() + 1,
            if is_smime { 9 } else { 8 },
            "{text}"
        );
    }
    assert_eq!(PROFILES.len(), 5);
}

#[test]
fn every_accepted_csr_gets_a_certificate() {
    let kinds = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/csr/kinds.tsv"));
    let files: Vec<_> = kinds
        .lines()
        .filter_map(|row| row.split_once('\t').filter(|(_, rest)| rest.starts_with("ok\t")))
        .map(|(file, _)| file)
        .collect();
    assert!(files.len() > 80, "{}", files.len());
    for key in [CaKey::EcP256, CaKey::EcP384, CaKey::Rsa2048] {
        let bench = Bench::new(key, IssuerName::Smime);
        for file in &files {
            let csr = fixture(file);
            let templates: Vec<_> = csr.template_extensions().collect();
            let hash = bench
                .issuing
                .hash_for(SignatureHash::InferFromCsr, csr.signature_hash());
            let request = LeafContents {
                template_extensions: &templates,
                hash: hash.hash,
                ..request(&bench, profile(794), &csr)
            };
            let der = bench.leaf(file, &request);
            let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
            assert!(rest.is_empty());
            assert_eq!(certificate.public_key().raw, csr.subject_public_key_info(), "{file}");
            for template in &templates {
                assert!(der.windows(template.len()).any(|window| window == *template), "{file}");
            }
            // The nine of the profile, and nothing else of what the CSR asks for.
            assert_eq!(certificate.extensions().len(), 9 + templates.len(), "{file}");
            assert!(!certificate.is_ca(), "{file}");
            assert_eq!(certificate.subject().iter_email().count(), 1, "{file}");
        }
        // A CSR may mark its template as critical, and few can handle that; the document has it included as it is.
        let (templates, plain): (Vec<_>, Vec<_>) =
            files.iter().copied().partition(|file| file.starts_with("template-"));
        bench.openssl(&format!("{VERIFY} {}", plain.join(" ")));
        bench.openssl(&format!("{VERIFY} -ignore_critical {}", templates.join(" ")));
    }
}

#[test]
fn the_hash_is_the_one_that_was_chosen() {
    for (key, hash, expected) in [
        (CaKey::EcP256, Hash::Sha512, "ecdsa-with-SHA256"),
        (CaKey::EcP384, Hash::Sha384, "ecdsa-with-SHA384"),
        (CaKey::Rsa2048, Hash::Sha256, "sha256WithRSAEncryption"),
        (CaKey::Rsa2048, Hash::Sha384, "sha384WithRSAEncryption"),
        (CaKey::Rsa2048, Hash::Sha512, "sha512WithRSAEncryption"),
        (CaKey::Rsa2048, Hash::Sha1, "sha256WithRSAEncryption"),
    ] {
        let bench = Bench::new(key, IssuerName::Smime);
        let csr = fixture("p256-sha256.pem");
        bench.leaf(
            "leaf.pem",
            &LeafContents {
                hash,
                ..request(&bench, profile(794), &csr)
            },
        );
        bench.openssl(&format!("{VERIFY} leaf.pem"));
        let text = bench.openssl("x509 -in leaf.pem -noout -text");
        assert_eq!(text.matches(expected).count(), 2, "{key} {text}");
    }
}

#[test]
fn what_is_said_about_an_organization_is_in_its_certificates() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Test);
    let csr = fixture("p256-sha256.pem");
    let details = SubjectDetails {
        country: Some("DE".into()),
        locality: Some("Köln".into()),
        organization_identifier: Some("VATDE-123456789".into()),
        ..SubjectDetails::default()
    };
    let names = CertificateNames {
        has_email: true,
        details: Some(&details),
        ..NAMES.clone()
    };
    for (code, expected) in [
        (
            8,
            "Subject: C = DE, L = Köln, O = Beispiel & Söhne GmbH, CN = Beispiel & Söhne GmbH\n",
        ),
        (
            796,
            "Subject: C = DE, L = Köln, O = Beispiel & Söhne GmbH, organizationIdentifier = VATDE-123456789, ",
        ),
        (
            794,
            "Subject: CN = jane.doe@example.test, emailAddress = jane.doe@example.test\n",
        ),
    ] {
        let request = LeafContents {
            names: &names,
            ..request(&bench, profile(code), &csr)
        };
        bench.leaf("leaf.pem", &request);
        bench.openssl(&format!("{VERIFY} leaf.pem"));
        let text = bench.openssl("x509 -in leaf.pem -noout -text -nameopt utf8,sep_comma_plus_space,space_eq,sname");
        let text = text.replace("2.5.4.97", "organizationIdentifier");
        assert!(text.contains(expected), "{expected}\n{text}");
        assert!(text.contains("email:jane.doe@example.test"), "{text}");
        assert!(text.contains("Test Orders CA, not to be trusted"), "{text}");
    }
    for (field, details) in [
        (
            "countryName",
            SubjectDetails {
                country: Some("XX".into()),
                ..details.clone()
            },
        ),
        (
            "localityName",
            SubjectDetails {
                locality: Some(" ".into()),
                ..details.clone()
            },
        ),
    ] {
        let names = CertificateNames {
            details: Some(&details),
            ..names.clone()
        };
        let request = LeafContents {
            names: &names,
            ..request(&bench, profile(8), &csr)
        };
        assert_eq!(bench.issuing.certify(&request).unwrap_err().field(), Some(field));
    }
}

#[test]
fn unusual_addresses_and_organizations_are_in_certificates() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let csr = fixture("p256-sha256.pem");
    let long = format!("{}@{}.test", "l".repeat(60), "d".repeat(60));
    let long_utf8 = format!("ü{}@{}.test", "l".repeat(60), "d".repeat(60));
    let organization = "Ö".repeat(64);
    let whole = format!("O = {organization},");
    for (code, email, organization, expected) in [
        (794, "jürgen@example.test", "", "othername: SmtpUTF8Mailbox:"),
        (794, &long, "", "Subject: emailAddress = lll"),
        (794, &long_utf8, "", "X509v3 Subject Alternative Name: critical"),
        (796, "a@b.test", &organization, &whole),
        (796, "a@b.test", "ab, O=x\"+<>", "O = "),
    ] {
        let names = CertificateNames {
            email: email.into(),
            organization,
            ..NAMES.clone()
        };
        let request = LeafContents {
            names: &names,
            ..request(&bench, profile(code), &csr)
        };
        bench.leaf("leaf.pem", &request);
        bench.openssl(&format!("{VERIFY} leaf.pem"));
        let text = bench.openssl("x509 -in leaf.pem -noout -text -nameopt utf8,sep_comma_plus_space,space_eq,sname");
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let too_long = "Ö".repeat(65);
    for (code, email, organization, expected) in [
        (
            8,
            "",
            &*too_long,
            "the organization has 65 characters; a certificate takes 64 at most",
        ),
        (
            794,
            "nobody",
            "",
            "`nobody` cannot stand in a certificate: there is no @ in it",
        ),
        (
            796,
            "a@b.test",
            "",
            "the organization is empty or has control characters, and the certificate needs one",
        ),
        (
            8,
            "",
            " ",
            "the organization is empty or has control characters, and the certificate needs one",
        ),
    ] {
        let names = CertificateNames {
            email: email.into(),
            organization,
            ..NAMES.clone()
        };
        let request = LeafContents {
            names: &names,
            ..request(&bench, profile(code), &csr)
        };
        assert_eq!(bench.issuing.certify(&request).unwrap_err().to_string(), expected);
    }
    let request = LeafContents {
        public_key_info: b"\x30\x00",
        ..request(&bench, profile(794), &csr)
    };
    assert!(matches!(bench.issuing.certify(&request), Err(CaError::PublicKey)));
}

#[test]
fn any_validity_can_be_written() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let csr = fixture("p256-sha256.pem");
    let year = |year: i64| Timestamp::from_unix_millis((year - 1970) * 31_556_952_000);
    for (from, until) in [(1950, 1951), (2049, 2051), (2050, 2051), (1, 9998), (1900, 1901)] {
        let request = LeafContents {
            not_before: year(from),
            not_after: year(until),
            urls: None,
            ..request(&bench, profile(795), &csr)
        };
        let der = bench.leaf("leaf.pem", &request);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let shown = |at| Timestamp::from(OffsetDateTime::from(at)).unix_millis() / 1000 * 1000;
        let at = certificate.validity().not_after.to_datetime();
        assert_eq!(Timestamp::from(at).unix_millis(), shown(request.not_after));
        assert_eq!(certificate.extensions().len(), 7, "no URLs, no extensions of them");
    }
}

#[test]
fn bundles_hold_the_chain_in_order() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let csr = fixture("p256-sha256.pem");
    let leaf = bench.leaf("leaf.pem", &request(&bench, profile(794), &csr));
    let chain = [
        &leaf[..],
        bench.issuing.certificate(),
        bench.authority.root().certificate(),
    ];
    bench.write("bundle.p7b", pkcs7(chain));
    let printed = bench.openssl("pkcs7 -inform DER -in bundle.p7b -print_certs");
    let mut rest = &printed[..];
    for der in chain {
        let certificate = pem::encode("CERTIFICATE", der);
        rest = rest.split_once(&certificate).expect("each, in order").1;
    }
    bench.write("none.p7b", pkcs7([]));
    bench.openssl("pkcs7 -inform DER -in none.p7b -print_certs");
    bench.write("chain.pem", pem_chain(chain));
    bench.openssl(&format!("{VERIFY} chain.pem"));
    assert_eq!(pem_chain(chain).matches("BEGIN").count(), 3);
}

#[test]
fn a_made_key_signs_and_decrypts_mail() {
    for (made, kind) in [(CaKey::EcP256, Key::P256), (CaKey::Rsa2048, Key::Rsa { bits: 2048 })] {
        let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
        let csr = fixture("p256-sha256.pem");
        let key = made.generate().unwrap();
        bench.write("leaf.key", key.serialize_pem());
        let request = LeafContents {
            public_key_info: &key.subject_public_key_info(),
            key: kind,
            ..request(&bench, profile(795), &csr)
        };
        bench.leaf("leaf.pem", &request);
        bench.write("mail", "Hello\n");
        bench.openssl("cms -sign -in mail -signer leaf.pem -inkey leaf.key -certfile issuing.pem -out signed");
        bench.openssl("cms -verify -in signed -CAfile root.pem -purpose smimesign -out verified");
        bench.openssl("cms -encrypt -in mail -out encrypted leaf.pem");
        let mail = bench.openssl("cms -decrypt -in encrypted -recip leaf.pem -inkey leaf.key");
        assert_eq!(mail.trim(), "Hello");
    }
}
