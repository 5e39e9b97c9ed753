//! The root and the issuing CAs, new and kept in a directory.

use super::*;

#[test]
fn issuing_cas_are_what_they_should_be() {
    for (key, family) in CaKey::ALL[..3].iter().zip(["ECC", "ECC", "RSA"]) {
        for (name, cn, usage) in [
            (
                IssuerName::Smime,
                "Secure Email CA (",
                "TLS Web Client Authentication, E-mail Protection\n",
            ),
            (
                IssuerName::SmimeOf(u64::MAX),
                "Secure Email CA 18446744073709551615 (",
                "TLS Web Client Authentication, E-mail Protection\n",
            ),
            (
                IssuerName::CodeSigning,
                "Code Signing CA (",
                "                Code Signing\n",
            ),
        ] {
            let bench = Bench::new(*key, name);
            bench.openssl("verify -x509_strict -CAfile root.pem issuing.pem");
            let text = bench.openssl("x509 -in issuing.pem -noout -text");
            for expected in [
                &*format!("Subject: C = GB, O = sectigo-emulator, CN = {family} {cn}sectigo-emulator test)\n"),
                "Issuer: O = sectigo-emulator, CN = sectigo-emulator test root\n",
                "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
                "X509v3 Key Usage: critical\n                Digital Signature, Certificate Sign, CRL Sign\n",
                "Policy: X509v3 Any Policy\n",
                "X509v3 Authority Key Identifier",
                "X509v3 Subject Key Identifier",
                usage,
            ] {
                assert!(text.contains(expected), "{expected}\n{text}");
            }
        }
    }
}

fn kept(dir: &TempDir) -> CaOptions {
    CaOptions {
        dir: Some(dir.path().join("ca")),
        key: CaKey::EcP256,
    }
}

#[test]
fn a_restart_keeps_keys_certificates_and_serials() {
    let dir = tempfile::tempdir().unwrap();
    let now = system_now();
    let first = Authority::open(&kept(&dir), now).unwrap();
    let files = |dir: &TempDir| fs::read_dir(dir.path().join("ca")).unwrap().count();
    assert_eq!(files(&dir), 2, "issuing CAs are not made before they are needed");
    assert!(first.made_ca(IssuerName::Smime).is_none());
    let names = [IssuerName::CodeSigning, IssuerName::Smime, IssuerName::SmimeOf(401)];
    let certificates = names.map(|name| first.issuing_ca(name).unwrap().certificate().clone());
    assert_eq!(files(&dir), 8);
    for name in ["ca.key", "smime.key", "smime-401.key", "code-signing.key"] {
        let mode = fs::metadata(dir.path().join("ca").join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // Five years later, with another kind of key in the options.
    let options = CaOptions {
        key: CaKey::Rsa2048,
        ..kept(&dir)
    };
    let second = Authority::open(&options, now + time::Duration::days(1826)).unwrap();
    let made: Vec<_> = second
        .made_cas()
        .iter()
        .map(|issuing| (issuing.name(), issuing.certificate().clone()))
        .collect();
    assert_eq!(made, names.into_iter().zip(certificates).collect::<Vec<_>>());
    assert_eq!(first.root().certificate(), second.root().certificate());
    assert_eq!(first.serial(1, &[b"x"]), second.serial(1, &[b"x"]));
    let debug = format!("{second:?} {:?}", second.issuing_ca(IssuerName::Smime).unwrap());
    assert!(!debug.contains("key: [") && !debug.contains("PRIVATE"), "{debug}");
}

#[test]
fn a_ca_of_ones_own_is_used_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca");
    fs::create_dir(&ca).unwrap();
    let openssl = |args: &str| {
        let (succeeded, text) = openssl(&ca, args);
        assert!(succeeded, "{args}\n{text}");
    };
    fs::write(
        ca.join("ext"),
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature\nsubjectKeyIdentifier=hash\n",
    )
    .unwrap();
    openssl(
        "req -x509 -nodes -newkey rsa:2048 -keyout ca.key -out ca.pem -days 99 -subj /O=Mine/CN=Root -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    // SEC1 behind its parameters, and PKCS#1.
    openssl("ecparam -name secp384r1 -genkey -out smime.key");
    openssl("genrsa -traditional -out code-signing.key 2048");
    for name in ["smime", "code-signing"] {
        openssl(&format!(
            "req -new -key {name}.key -subj /O=Mine/CN={name} -out {name}.csr"
        ));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile ext -out {name}.pem"
        ));
    }
    let day = time::Duration::DAY;
    for (now, expected) in [
        (system_now() + day * 95, "ca/code-signing.pem: expired at"),
        (system_now() - day, "ca/ca.pem: is not valid before"),
    ] {
        let error = Authority::open(&kept(&dir), now).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let authority = Authority::open(&kept(&dir), system_now()).unwrap();
    for (name, code) in [
        (IssuerName::Smime, 794),
        (IssuerName::CodeSigning, 8),
        (IssuerName::SmimeOf(7), 796),
    ] {
        let issuing = authority.issuing_ca(name).unwrap();
        let bench = Bench {
            dir: tempfile::tempdir().unwrap(),
            authority: Authority::open(&kept(&dir), system_now()).unwrap(),
            issuing,
        };
        bench.write("root.pem", bench.authority.root().pem());
        bench.write("issuing.pem", pem::encode("CERTIFICATE", bench.issuing.certificate()));
        let csr = fixture("p256-sha256.pem");
        let request = request(&bench, profile(code), &csr);
        bench.leaf("leaf.pem", &request);
        bench.crl(1, &[]);
        bench.openssl(&format!("{VERIFY} -crl_check -CRLfile crl.pem leaf.pem"));
        bench.openssl("ocsp -issuer issuing.pem -cert leaf.pem -reqout request.der");
        respond(&bench, &request.serial, CertStatus::Good);
        let text =
            bench.openssl("ocsp -respin response.der -issuer issuing.pem -cert leaf.pem -CAfile root.pem -no_nonce");
        assert!(
            text.contains("Response verify OK") && text.contains("leaf.pem: good"),
            "{text}"
        );
    }
    // A CA that may not sign CRLs.
    fs::write(
        ca.join("ext"),
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
    )
    .unwrap();
    openssl("x509 -req -in smime.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile ext -out smime.pem");
    let error = Authority::open(&kept(&dir), system_now()).unwrap_err().to_string();
    assert!(
        error.ends_with("ca/smime.pem: may not sign certificates and CRLs (keyUsage)"),
        "{error}"
    );
}

#[test]
fn bad_files_are_named_and_left_alone() {
    let good = tempfile::tempdir().unwrap();
    let now = system_now();
    Authority::open(&kept(&good), now)
        .unwrap()
        .issuing_ca(IssuerName::Smime)
        .unwrap();
    let stranger = Authority::open(&CaOptions::default(), now).unwrap();
    let stranger = pem::encode(
        "CERTIFICATE",
        stranger.issuing_ca(IssuerName::Smime).unwrap().certificate(),
    );
    let text = |file: &str| fs::read_to_string(good.path().join("ca").join(file)).unwrap();
    let (certificate, key, root) = (text("smime.pem"), text("smime.key"), text("ca.pem"));
    let small = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let leaf = {
        let authority = Authority::open(&kept(&good), now).unwrap();
        let issuing = authority.issuing_ca(IssuerName::Smime).unwrap();
        let bench = Bench {
            dir: tempfile::tempdir().unwrap(),
            authority,
            issuing,
        };
        let csr = fixture("p256-sha256.pem");
        pem::encode(
            "CERTIFICATE",
            &bench.issuing.certify(&request(&bench, profile(794), &csr)).unwrap(),
        )
    };
    for (file, contents, expected) in [
        ("smime.pem", "garbage", "ca/smime.pem: holds no certificate in PEM"),
        ("smime.pem", "", "ca/smime.pem: holds no certificate in PEM"),
        (
            "smime.pem",
            &certificate[..200],
            "ca/smime.pem: holds no certificate in PEM",
        ),
        ("smime.pem", &leaf, "ca/smime.pem: is not the certificate of a CA"),
        (
            "smime.pem",
            &stranger,
            "ca/smime.pem: does not fit the key in smime.key",
        ),
        ("smime.pem", &root, "ca/smime.pem: does not fit the key in smime.key"),
        ("smime.key", "garbage", "ca/smime.key: holds no private key in PEM"),
        ("smime.key", &key[..100], "ca/smime.key: holds no private key in PEM"),
        (
            "smime.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "ca/smime.key: holds an encrypted private key",
        ),
        (
            "smime.key",
            small,
            "ca/smime.key: holds a key that cannot sign certificates here",
        ),
        (
            "smime-7.pem",
            &certificate,
            "ca/smime-7.key: is missing, but smime-7.pem is there",
        ),
        ("ca.pem", "garbage", "ca/ca.pem: holds no certificate"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("ca")).unwrap();
        for name in ["ca.pem", "ca.key", "smime.pem", "smime.key"] {
            fs::copy(good.path().join("ca").join(name), dir.path().join("ca").join(name)).unwrap();
        }
        fs::write(dir.path().join("ca").join(file), contents).unwrap();
        let error = Authority::open(&kept(&dir), now).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
        assert!(!error.contains('\n'), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("ca").join(file)).unwrap(), contents);
    }
    // The files of another root.
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&first, &second] {
        Authority::open(&kept(dir), now)
            .unwrap()
            .issuing_ca(IssuerName::CodeSigning)
            .unwrap();
    }
    for file in ["code-signing.pem", "code-signing.key"] {
        fs::copy(first.path().join("ca").join(file), second.path().join("ca").join(file)).unwrap();
    }
    let error = Authority::open(&kept(&second), now).unwrap_err().to_string();
    assert!(
        error.ends_with("code-signing.pem: is not signed by the root (ca.pem)"),
        "{error}"
    );
    // Unreadable, even for the user root.
    fs::remove_file(second.path().join("ca/code-signing.key")).unwrap();
    fs::create_dir(second.path().join("ca/code-signing.key")).unwrap();
    let error = Authority::open(&kept(&second), now).unwrap_err().to_string();
    assert!(error.contains("code-signing.key: cannot read"), "{error}");
}

#[test]
fn a_certificate_is_made_for_a_key_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let now = system_now();
    let name = IssuerName::Smime;
    let first = Authority::open(&kept(&dir), now).unwrap().issuing_ca(name).unwrap();
    fs::remove_file(dir.path().join("ca/smime.pem")).unwrap();
    let second = Authority::open(&kept(&dir), now)
        .unwrap()
        .made_ca(name)
        .expect("made at start");
    assert_eq!(first.public_key, second.public_key);
}

#[test]
fn each_issuing_ca_is_made_once() {
    let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| authority.issuing_ca(IssuerName::Smime).unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|issuing| Arc::ptr_eq(issuing, &made[0])));
}

#[test]
fn the_number_of_issuing_cas_is_limited() {
    let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
    for id in 0..1000 {
        authority.issuing_ca(IssuerName::SmimeOf(id)).unwrap();
    }
    let error = authority.issuing_ca(IssuerName::SmimeOf(1000)).unwrap_err();
    assert!(error.to_string().contains("1000 issuing CAs"), "{error}");
    authority.issuing_ca(IssuerName::SmimeOf(5)).unwrap();
    authority.issuing_ca(IssuerName::CodeSigning).unwrap();
    assert_eq!(authority.made_cas().len(), 1001);
}
