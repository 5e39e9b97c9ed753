//! openssl checks the certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;
use time::macros::datetime;

use super::*;
use crate::ca::{Authority, CaOptions};

const NOW: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);

/// [`NOW`] as openssl takes it.
const NOW_SECONDS: &str = "1893499200";

fn kept(dir: &TempDir) -> TlsOptions {
    TlsOptions {
        dir: Some(dir.path().join("tls")),
        ..TlsOptions::default()
    }
}

fn own(dir: &TempDir, cert: &str, key: &str) -> TlsOptions {
    let own = OwnCertificate {
        cert: dir.path().join(cert),
        key: dir.path().join(key),
    };
    TlsOptions {
        own: Some(own),
        ..TlsOptions::default()
    }
}

/// Keeps the root in the same directory, as the emulator does.
fn load(options: &TlsOptions, now: OffsetDateTime) -> Result<Tls, String> {
    let ca = CaOptions {
        dir: options.dir.clone(),
        ..CaOptions::default()
    };
    let authority = Authority::open(&ca, now).map_err(|error| error.to_string())?;
    Tls::load(options, authority.root(), now).map_err(|error| error.to_string())
}

#[track_caller]
fn openssl(dir: &TempDir, args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(dir: &TempDir, file: &str) -> String {
    fs::read_to_string(dir.path().join(file)).unwrap()
}

#[track_caller]
fn assert_error(options: &TlsOptions, expected: &str) {
    let error = load(options, NOW).unwrap_err();
    assert!(error.contains(expected), "{error}\n{expected}");
    assert!(!error.contains('\n') && !error.contains("BEGIN"), "{error}");
}

#[test]
fn openssl_accepts_the_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = kept(&dir);
    options.names = ["emulator.test", "*.Wild.test", "10.1.2.3", "fe80::1"]
        .map(ToOwned::to_owned)
        .into();
    let tls = load(&options, NOW).unwrap();
    assert_eq!(tls.ca_pem.unwrap(), text(&dir, "tls/ca.pem"));

    let verify = [
        "verify",
        "-attime",
        NOW_SECONDS,
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        "tls/ca.pem",
    ];
    for name in [
        "localhost",
        "sectigo-emulator",
        "secure.trust-provider.com",
        "secure.sectigo.com",
        "secure.comodo.net",
        "secure.comodo.com",
        "emulator.test",
    ] {
        openssl(
            &dir,
            &[&verify[..], &["-verify_hostname", name, "tls/server.pem"]].concat(),
        );
    }
    openssl(
        &dir,
        &[&verify[..], &["-verify_hostname", "any.wild.test", "tls/server.pem"]].concat(),
    );
    for ip in ["127.0.0.1", "::1", "10.1.2.3", "fe80::1"] {
        openssl(&dir, &[&verify[..], &["-verify_ip", ip, "tls/server.pem"]].concat());
    }

    let server = openssl(&dir, &["x509", "-in", "tls/server.pem", "-noout", "-text"]);
    for expected in [
        "Version: 3",
        "CN = localhost",
        "NIST CURVE: P-256",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
        "CA:FALSE",
        "Not Before: Dec 31 12:00:00 2029 GMT",
        "Not After : Feb  1 12:00:00 2031 GMT",
    ] {
        assert!(server.contains(expected), "{expected}\n{server}");
    }
    let root = openssl(&dir, &["x509", "-in", "tls/ca.pem", "-noout", "-text"]);
    for expected in [
        "Version: 3",
        "Issuer: O = sectigo-emulator, CN = sectigo-emulator test root",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
        "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
        "X509v3 Subject Key Identifier",
        "Not Before: Jan  2 12:00:00 2020 GMT",
        "Not After : Jan  1 12:00:00 2060 GMT",
    ] {
        assert!(root.contains(expected), "{expected}\n{root}");
    }
}

#[test]
fn the_name_of_the_machine_is_included() {
    let names = Name::all(&[]).unwrap();
    let host = hostname::get().unwrap();
    if let Some(host) = host.to_str().and_then(Name::parse) {
        assert!(names.contains(&host));
    }
    assert!(names.len() >= 6);
}

#[test]
fn invalid_names_are_refused() {
    for name in [
        "",
        " ",
        "a b",
        "*",
        "*.",
        "a.*.b",
        "*.*.a",
        "münchen.test",
        "http://x",
        "a:80",
        "-",
        "a..b",
        "1.2.3.4/8",
    ] {
        let options = TlsOptions {
            names: vec![name.to_owned()],
            ..TlsOptions::default()
        };
        assert_error(&options, &format!("`{name}` cannot stand in a certificate"));
    }
    let names = ["A.test", "a.test", "a.test.", "LOCALHOST", "127.0.0.1"].map(ToOwned::to_owned);
    assert_eq!(Name::all(&names).unwrap().len(), Name::all(&[]).unwrap().len() + 1);
}

#[test]
fn a_restart_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    load(&kept(&dir), NOW).unwrap();
    let files = ["tls/ca.pem", "tls/ca.key", "tls/server.pem", "tls/server.key"];
    let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("tls"), mode("tls/ca.key"), mode("tls/server.key")),
        (0o700, 0o600, 0o600)
    );
    assert_eq!(fs::read_dir(dir.path().join("tls")).unwrap().count(), 4, "no leftovers");
    let before = files.map(|file| text(&dir, file));
    load(&kept(&dir), NOW + Duration::days(300)).unwrap();
    assert_eq!(files.map(|file| text(&dir, file)), before);
}

#[test]
fn a_server_certificate_that_is_not_accepted_is_replaced() {
    let cases: [fn(&TempDir, &mut TlsOptions, &mut OffsetDateTime); 6] = [
        |_, _, now| *now += Duration::days(370),
        |_, _, now| *now += Duration::days(500),
        |_, options, _| options.names.push("new.test".to_owned()),
        |_, options, _| options.names.push("*.new.test".to_owned()),
        |dir, _, _| fs::remove_file(dir.path().join("tls/server.pem")).unwrap(),
        // Another CA's.
        |dir, _, _| {
            let other = tempfile::tempdir().unwrap();
            load(&kept(&other), NOW).unwrap();
            for file in ["tls/server.pem", "tls/server.key"] {
                fs::copy(other.path().join(file), dir.path().join(file)).unwrap();
            }
        },
    ];
    for (case, change) in cases.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let (mut options, mut now) = (kept(&dir), NOW);
        load(&options, now).unwrap();
        let before = (
            text(&dir, "tls/ca.pem"),
            text(&dir, "tls/ca.key"),
            text(&dir, "tls/server.pem"),
        );
        change(&dir, &mut options, &mut now);
        load(&options, now).unwrap();
        let after = (
            text(&dir, "tls/ca.pem"),
            text(&dir, "tls/ca.key"),
            text(&dir, "tls/server.pem"),
        );
        assert_eq!((&before.0, &before.1), (&after.0, &after.1), "case {case}");
        assert_ne!(before.2, after.2, "case {case}");
        let at = now.unix_timestamp().to_string();
        openssl(
            &dir,
            &["verify", "-attime", &at, "-CAfile", "tls/ca.pem", "tls/server.pem"],
        );
        // The next start keeps it.
        load(&options, now).unwrap();
        assert_eq!(text(&dir, "tls/server.pem"), after.2, "case {case}");
    }
}

#[test]
fn bad_kept_files_are_named_and_left_alone() {
    let cases = [
        ("ca.pem", "garbage", "tls/ca.pem: holds no certificate"),
        ("ca.key", "garbage", "tls/ca.key: holds no private key"),
        ("server.key", "garbage", "tls/server.key: holds no private key"),
        ("server.pem", "garbage", "tls/server.pem: holds no certificate"),
    ];
    for (file, contents, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        load(&kept(&dir), NOW).unwrap();
        fs::write(dir.path().join("tls").join(file), contents).unwrap();
        assert_error(&kept(&dir), expected);
        assert_eq!(text(&dir, &format!("tls/{file}")), contents);
    }
    let dir = tempfile::tempdir().unwrap();
    load(&kept(&dir), NOW).unwrap();
    fs::write(dir.path().join("tls/ca.key"), [0xff, 0xfe]).unwrap();
    assert_error(&kept(&dir), "tls/ca.key: is not a text file");
    fs::remove_file(dir.path().join("tls/ca.key")).unwrap();
    fs::create_dir(dir.path().join("tls/ca.key")).unwrap();
    assert_error(&kept(&dir), "tls/ca.key: cannot read: ");
    fs::write(dir.path().join("file"), "").unwrap();
    let options = TlsOptions {
        dir: Some(dir.path().join("file")),
        ..TlsOptions::default()
    };
    assert_error(&options, "file: cannot make the directory: ");
}

#[test]
fn an_expired_ca_is_named() {
    let dir = tempfile::tempdir().unwrap();
    load(&kept(&dir), NOW - Duration::days(11_000)).unwrap();
    assert_error(&kept(&dir), "tls/ca.pem: expired at");
}

#[test]
fn an_own_certificate_is_accepted_with_every_kind_of_key() {
    for (key, convert) in [
        (&["-newkey", "rsa:2048"][..], &["rsa", "-traditional"][..]),
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], &["ec"]),
        (&["-newkey", "ed25519"], &["pkey"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let request = [
            "req", "-x509", "-nodes", "-subj", "/CN=own", "-keyout", "own.key", "-out", "own.pem",
        ];
        openssl(&dir, &[&request[..], key].concat());
        openssl(&dir, &[convert, &["-in", "own.key", "-out", "old.key"]].concat());
        let loaded = load(&own(&dir, "own.pem", "own.key"), NOW).unwrap();
        assert_eq!(loaded.ca_pem.unwrap(), text(&dir, "own.pem"), "self-signed");
        load(&own(&dir, "own.pem", "old.key"), NOW).unwrap();
        // Both in one file.
        fs::write(
            dir.path().join("both.pem"),
            text(&dir, "own.key") + &text(&dir, "own.pem"),
        )
        .unwrap();
        load(&own(&dir, "both.pem", "both.pem"), NOW).unwrap();
    }
}

#[test]
fn an_own_certificate_without_its_root_names_none_to_trust() {
    let dir = tempfile::tempdir().unwrap();
    load(&kept(&dir), NOW).unwrap();
    let loaded = load(&own(&dir, "tls/server.pem", "tls/server.key"), NOW).unwrap();
    assert_eq!(loaded.ca_pem, None);
    fs::write(
        dir.path().join("chain.pem"),
        text(&dir, "tls/server.pem") + &text(&dir, "tls/ca.pem"),
    )
    .unwrap();
    let loaded = load(&own(&dir, "chain.pem", "tls/server.key"), NOW).unwrap();
    assert_eq!(loaded.ca_pem.unwrap(), text(&dir, "tls/ca.pem"));
    // An expired one is accepted, with a line in the log.
    load(&own(&dir, "chain.pem", "tls/server.key"), NOW + Duration::days(1000)).unwrap();
}

#[test]
fn bad_own_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    load(&kept(&dir), NOW).unwrap();
    fs::write(dir.path().join("garbage"), "garbage").unwrap();
    fs::write(dir.path().join("half"), &text(&dir, "tls/server.pem")[..300]).unwrap();
    openssl(
        &dir,
        &[
            "ec",
            "-in",
            "tls/server.key",
            "-aes128",
            "-passout",
            "pass:x",
            "-out",
            "old-locked.key",
        ],
    );
    openssl(
        &dir,
        &[
            "pkey",
            "-in",
            "tls/server.key",
            "-aes128",
            "-passout",
            "pass:x",
            "-out",
            "locked.key",
        ],
    );
    let cases = [
        ("none", "tls/server.key", "none: there is no such file"),
        ("tls/server.pem", "none", "none: there is no such file"),
        ("garbage", "tls/server.key", "garbage: holds no certificate"),
        ("half", "tls/server.key", "half: holds no certificate"),
        ("tls/server.pem", "garbage", "garbage: holds no private key"),
        (
            "tls/server.pem",
            "tls/server.pem",
            "tls/server.pem: holds no private key",
        ),
        (
            "tls/server.pem",
            "tls/ca.key",
            "tls/ca.key: does not fit the certificate in ",
        ),
        (
            "tls/server.pem",
            "locked.key",
            "locked.key: holds an encrypted private key",
        ),
        ("tls/server.pem", "old-locked.key", "old-locked.key: "),
        (".", "tls/server.key", ": cannot read: "),
    ];
    for (cert, key, expected) in cases {
        assert_error(&own(&dir, cert, key), expected);
    }
}
