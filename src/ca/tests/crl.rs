//! Revocation lists.

use super::*;

#[test]
fn revoked_certificates_fail_the_crl_check() {
    for key in [CaKey::EcP256, CaKey::EcP384, CaKey::Rsa2048] {
        let bench = Bench::new(key, IssuerName::CodeSigning);
        let csr = fixture("rsa-3072.pem");
        let request = request(&bench, profile(8), &csr);
        bench.leaf("leaf.pem", &request);
        let check = format!("{VERIFY} -crl_check -CRLfile crl.pem leaf.pem");

        bench.crl(1, &[]);
        bench.openssl(&check);
        let text = bench.openssl("crl -in crl.pem -noout -text -CAfile issuing.pem");
        for expected in [
            "verify OK",
            "Version 2 (0x1)",
            "X509v3 CRL Number: \n                1\n",
            "No Revoked Certificates",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }

        let other = bench.authority.serial(7, &[]);
        let revoked = |serial, reason| Revoked {
            serial,
            at: real_now(),
            reason,
        };
        bench.crl(300, &[revoked(other, Some(1))]);
        bench.openssl(&check);

        bench.crl(301, &[revoked(other, Some(0)), revoked(request.serial, Some(1))]);
        let (taken, text) = bench.try_openssl(&check);
        assert!(!taken && text.contains("certificate revoked"), "{text}");
        let text = bench.openssl("crl -in crl.pem -noout -text");
        assert!(text.contains("X509v3 CRL Number: \n                301\n"), "{text}");
        assert!(text.contains(&format!("Serial Number: {}", request.serial)), "{text}");
        assert_eq!(
            text.matches("X509v3 CRL Reason Code: \n                Key Compromise")
                .count(),
            1,
            "{text}"
        );
        assert_eq!(text.matches("CRL entry extensions").count(), 1, "reason 0 is left out");
    }
}

#[test]
fn openssl_accepts_a_crl_of_a_hundred_thousand() {
    let bench = Bench::new(CaKey::EcP256, IssuerName::Smime);
    let at = real_now();
    let revoked: Vec<_> = (0..100_000)
        .map(|number| Revoked {
            serial: bench.authority.serial(number, &[]),
            at,
            reason: Some(4),
        })
        .collect();
    bench.crl(1, &revoked);
    let text = bench.openssl("crl -in crl.pem -noout -text -CAfile issuing.pem");
    assert!(text.contains("verify OK"));
    assert_eq!(text.matches("Serial Number: ").count(), 100_000);
}
