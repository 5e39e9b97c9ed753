//! OCSP responses.

use super::*;
use crate::der::oid;
use crate::der::tag::{BOOLEAN, INTEGER, OCTET_STRING, context};

/// An unknown extension: 1.2.3.
const UNKNOWN_EXTENSION: &[u8] = b"\x2a\x03";

#[test]
fn openssl_accepts_the_ocsp_responses() {
    for key in [CaKey::EcP256, CaKey::EcP384, CaKey::Rsa2048] {
        let bench = Bench::new(key, IssuerName::Smime);
        let csr = fixture("p256-sha256.pem");
        let request = request(&bench, profile(794), &csr);
        bench.leaf("leaf.pem", &request);
        let at = real_now().before(DAY);
        let good = CertStatus::Good;
        let revoked = |reason| CertStatus::Revoked { at, reason };
        for (hash, nonce, status, expected) in [
            ("-sha1", "-no_nonce", good, "leaf.pem: good"),
            ("-sha1", "-nonce", good, "leaf.pem: good"),
            ("-sha256", "-nonce", good, "leaf.pem: good"),
            ("-sha512", "-no_nonce", revoked(Some(1)), "leaf.pem: revoked"),
            ("-sha1", "-nonce", revoked(Some(1)), "Reason: keyCompromise"),
            ("-sha1", "-nonce", revoked(Some(0)), "leaf.pem: revoked"),
            ("-sha1", "-nonce", revoked(None), "leaf.pem: revoked"),
        ] {
            bench.openssl(&format!(
                "ocsp {hash} -issuer issuing.pem -cert leaf.pem {nonce} -reqout request.der"
            ));
            let answer = respond(&bench, &request.serial, status);
            assert_eq!(answer.status, OcspStatus::Successful);
            assert_eq!(answer.cacheable, nonce == "-no_nonce");
            // With -reqin openssl compares the nonces, but does not print the name of the certificate file.
            let text =
                bench.openssl("ocsp -reqin request.der -respin response.der -issuer issuing.pem -CAfile root.pem");
            assert!(
                text.contains("Response verify OK") && !text.contains("WARNING"),
                "{text}"
            );
            let text = bench.openssl(&format!(
                "ocsp {hash} -respin response.der -issuer issuing.pem -cert leaf.pem -CAfile root.pem -no_nonce"
            ));
            assert!(text.contains("Response verify OK") && text.contains(expected), "{text}");
            assert_eq!(text.contains("Reason:"), status == revoked(Some(1)), "{text}");
        }
    }
}

#[test]
fn certificates_of_others_are_unauthorized() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let other = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let csr = fixture("p256-sha256.pem");
    let request = request(&bench, profile(794), &csr);
    bench.write("other.pem", pem::encode("CERTIFICATE", other.issuing.certificate()));
    let known = format!("0x{}", request.serial);
    for (issuer, hash, serial, status) in [
        ("issuing.pem", "-sha1", &*known, OcspStatus::Successful),
        ("issuing.pem", "-sha384", &known, OcspStatus::Successful),
        ("issuing.pem", "-sha1", "0x4001", OcspStatus::Unauthorized),
        ("issuing.pem", "-md5", &known, OcspStatus::Unauthorized),
        ("other.pem", "-sha1", &known, OcspStatus::Unauthorized),
        ("other.pem", "-sha256", &known, OcspStatus::Unauthorized),
    ] {
        bench.openssl(&format!(
            "ocsp {hash} -issuer {issuer} -serial {serial} -reqout request.der"
        ));
        let answer = respond(&bench, &request.serial, CertStatus::Good);
        assert_eq!(answer.status, status, "{issuer} {hash} {serial}");
        if status == OcspStatus::Unauthorized {
            assert_eq!(answer.der, b"\x30\x03\x0a\x01\x06");
            assert!(!answer.cacheable);
            let (_, text) = bench.try_openssl("ocsp -respin response.der -noverify");
            assert!(text.contains("unauthorized"), "{text}");
        }
    }
    // A request for one known and one unknown certificate is refused as a whole.
    bench.openssl(&format!(
        "ocsp -issuer issuing.pem -serial {known} -serial 0x4002 -reqout request.der"
    ));
    assert_eq!(
        respond(&bench, &request.serial, CertStatus::Good).status,
        OcspStatus::Unauthorized
    );
    let many = |count| {
        format!(
            "ocsp -issuer issuing.pem {} -reqout request.der",
            format!("-serial {known} ").repeat(count)
        )
    };
    bench.openssl(&many(20));
    assert_eq!(
        respond(&bench, &request.serial, CertStatus::Good).status,
        OcspStatus::Successful
    );
    bench.openssl(&many(21));
    assert_eq!(
        respond(&bench, &request.serial, CertStatus::Good).status,
        OcspStatus::MalformedRequest
    );
}

#[test]
fn malformed_requests_are_refused() {
    use crate::der::write::{oid, sequence, tlv};
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let serial = bench.authority.serial(1, &[]);
    let id = sequence(&[
        &sequence(&[&oid(oid::SHA1), &[5, 0]]),
        &tlv(OCTET_STRING, &[&bench.issuing.subject_sha1]),
        &tlv(OCTET_STRING, &[&bench.issuing.public_key_sha1]),
        &tlv(INTEGER, &[serial.as_bytes()]),
    ]);
    let one = sequence(&[&id]);
    let extension =
        |id: &[u8], critical: &[u8], value: &[u8]| sequence(&[&oid(id), critical, &tlv(OCTET_STRING, &[value])]);
    let with = |extensions: &[u8]| {
        sequence(&[&sequence(&[
            &sequence(&[&one]),
            &tlv(context(2), &[&sequence(&[extensions])]),
        ])])
    };
    let nonce = |length| extension(oid::OCSP_NONCE, &[], &tlv(OCTET_STRING, &[&vec![7; length]]));
    let critical = &[BOOLEAN, 1, 0xff][..];
    let plain = sequence(&[&sequence(&[&sequence(&[&one])])]);
    let (ok, malformed) = (OcspStatus::Successful, OcspStatus::MalformedRequest);
    let cases = [
        ("plain", plain.clone(), ok),
        (
            "v1 said",
            sequence(&[&sequence(&[&tlv(context(0), &[&[2, 1, 0]]), &sequence(&[&one])])]),
            ok,
        ),
        (
            "v2",
            sequence(&[&sequence(&[&tlv(context(0), &[&[2, 1, 1]]), &sequence(&[&one])])]),
            malformed,
        ),
        (
            "signed",
            sequence(&[&sequence(&[&sequence(&[&one])]), &tlv(context(0), &[b"\x30\x00"])]),
            ok,
        ),
        ("trailing", [&plain[..], &[0]].concat(), malformed),
        ("cut", plain[..plain.len() - 1].to_vec(), malformed),
        ("empty", vec![], malformed),
        ("no certificates", sequence(&[&sequence(&[&sequence(&[])])]), malformed),
        ("nonce of 1", with(&nonce(1)), ok),
        ("nonce of 128", with(&nonce(128)), ok),
        ("nonce of 0", with(&nonce(0)), malformed),
        ("nonce of 129", with(&nonce(129)), malformed),
        ("two nonces", with(&[nonce(8), nonce(8)].concat()), malformed),
        (
            "nonce without its OCTET STRING",
            with(&extension(oid::OCSP_NONCE, &[], &[7; 16])),
            malformed,
        ),
        ("unknown", with(&extension(UNKNOWN_EXTENSION, &[], &[])), ok),
        (
            "unknown and critical",
            with(&extension(UNKNOWN_EXTENSION, critical, &[])),
            malformed,
        ),
        (
            "critical acceptable responses",
            with(&extension(oid::OCSP_ACCEPTABLE_RESPONSES, critical, &[])),
            ok,
        ),
        (
            "odd boolean",
            with(&extension(UNKNOWN_EXTENSION, &[BOOLEAN, 1, 1], &[])),
            malformed,
        ),
        ("garbage", b"GET / HTTP/1.1\r\n\r\n".to_vec(), malformed),
    ];
    for (what, request, expected) in cases {
        bench.write("request.der", &request);
        let answer = respond(&bench, &serial, CertStatus::Good);
        assert_eq!(answer.status, expected, "{what}");
        if expected == malformed {
            assert_eq!(answer.der, b"\x30\x03\x0a\x01\x01", "{what}");
        }
    }
}
