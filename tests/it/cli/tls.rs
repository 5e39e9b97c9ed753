//! The certificate: made, kept or brought, and judged by openssl.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::{Client, Curl, Form, REVOKE, SUCCESS, Server, Url, run, write_file};

/// Runs openssl and gives what it printed.
#[track_caller]
fn openssl(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("cannot run openssl");
    assert!(
        output.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The certificate that the server shows, in a file.
#[track_caller]
fn shown(server: &Server, dir: &TempDir) -> String {
    let text = openssl(
        dir.path(),
        &[
            "s_client",
            "-connect",
            &server.https().to_string(),
            "-servername",
            "localhost",
            "-showcerts",
        ],
    );
    let start = text.find("-----BEGIN CERTIFICATE-----").expect("no certificate");
    let end = text.rfind("-----END CERTIFICATE-----").unwrap();
    let pem = format!("{}-----END CERTIFICATE-----\n", &text[start..end]);
    write_file(dir, "shown.pem", &pem);
    pem
}

#[track_caller]
fn assert_served(server: &Server) {
    Curl::new(server, &Url::Https(REVOKE))
        .form(&Form::revoke().set("test", "Y"))
        .answer()
        .assert_text(SUCCESS);
}

#[test]
fn the_made_certificate_has_its_names_and_is_verified() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(&[
        "--tls-name",
        "api.example.test",
        "--tls-name",
        "*.wild.test",
        "--tls-name",
        "192.0.2.7",
    ]);
    shown(&server, &dir);
    let names = openssl(
        dir.path(),
        &["x509", "-in", "shown.pem", "-noout", "-ext", "subjectAltName"],
    );
    for name in [
        "DNS:localhost",
        "DNS:sectigo-emulator",
        "DNS:secure.trust-provider.com",
        "DNS:secure.sectigo.com",
        "DNS:secure.comodo.net",
        "DNS:secure.comodo.com",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
        "DNS:api.example.test",
        "DNS:*.wild.test",
        "IP Address:192.0.2.7",
    ] {
        assert!(names.contains(name), "no {name} in {names}");
    }
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if let Some(machine) = Some(machine.trim().to_lowercase()).filter(|name| !name.is_empty() && name != "(none)") {
        assert!(names.contains(&format!("DNS:{machine}")), "no {machine} in {names}");
    }
    let ca = server.ca_file().to_str().unwrap();
    for name in [
        "localhost",
        "secure.trust-provider.com",
        "api.example.test",
        "one.wild.test",
    ] {
        let args = [
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-verify_hostname",
            name,
            "-CAfile",
            ca,
            "shown.pem",
        ];
        assert_eq!(openssl(dir.path(), &args), "shown.pem: OK\n");
    }
    let args = [
        "verify",
        "-x509_strict",
        "-verify_ip",
        "192.0.2.7",
        "-CAfile",
        ca,
        "shown.pem",
    ];
    assert_eq!(openssl(dir.path(), &args), "shown.pem: OK\n");
    let text = openssl(dir.path(), &["x509", "-in", "shown.pem", "-noout", "-text"]);
    assert!(
        text.contains("TLS Web Server Authentication") && text.contains("CA:FALSE"),
        "{text}"
    );

    let resolve = format!("api.example.test:{}:127.0.0.1", server.https().port());
    Curl::new(&server, &Url::Https(REVOKE))
        .args(&["--resolve", &resolve])
        .url(format!("https://api.example.test:{}{REVOKE}", server.https().port()))
        .form(&Form::revoke())
        .answer()
        .assert_text(SUCCESS);
}

#[test]
fn a_made_ca_is_another_one_each_time() {
    let (one, other) = (Server::start(&[]), Server::start(&[]));
    assert_ne!(fs::read(one.ca_file()).unwrap(), fs::read(other.ca_file()).unwrap());
    let output = Curl::new(&one, &Url::Https(REVOKE))
        .url(format!("https://{}{REVOKE}", other.https()))
        .output();
    assert_eq!(output.status.code(), Some(60), "{output:?}");
}

#[test]
fn a_kept_ca_is_the_same_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let kept = dir.path().join("deep/tls");
    let args = ["--tls-dir", kept.to_str().unwrap()];
    let first = Server::start(&args);
    assert_served(&first);
    let (ca, certificate) = (fs::read(first.ca_file()).unwrap(), shown(&first, &dir));

    let second = Server::start(&args);
    assert_served(&second);
    assert_eq!(fs::read(second.ca_file()).unwrap(), ca);
    assert_eq!(shown(&second, &dir), certificate);

    // One more name makes another certificate, of the same CA.
    let third = Server::start(&[&args[..], &["--tls-name", "more.example"]].concat());
    assert_eq!(fs::read(third.ca_file()).unwrap(), ca);
    assert_ne!(shown(&third, &dir), certificate);
    assert_served(&third);
}

#[cfg(unix)]
#[test]
fn kept_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = TempDir::new().unwrap();
    let kept = dir.path().join("tls");
    let _server = Server::start(&["--tls-dir", kept.to_str().unwrap()]);
    let mut keys = 0;
    for file in kept.read_dir().unwrap() {
        let path = file.unwrap().path();
        if fs::read_to_string(&path).unwrap().contains("PRIVATE KEY") {
            keys += 1;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    }
    assert!(keys > 0);
}

/// A CA and a server certificate of it, made by openssl.
fn own_certificate(dir: &TempDir, key: &[&str]) {
    for file in ["ca.key", "server.key"] {
        openssl(dir.path(), &[&["genpkey", "-out", file], key].concat());
    }
    let ca = [
        "req",
        "-x509",
        "-key",
        "ca.key",
        "-subj",
        "/CN=My CA",
        "-days",
        "30",
        "-out",
        "my-ca.pem",
    ];
    openssl(dir.path(), &ca);
    openssl(
        dir.path(),
        &[
            "req",
            "-new",
            "-key",
            "server.key",
            "-subj",
            "/CN=me",
            "-out",
            "server.csr",
        ],
    );
    write_file(
        dir,
        "ext",
        "subjectAltName = IP:127.0.0.1, DNS:mine.example\nextendedKeyUsage = serverAuth\n",
    );
    openssl(
        dir.path(),
        &[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "my-ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "ext",
            "-out",
            "server.pem",
        ],
    );
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    write_file(dir, "chain.pem", &(read("server.pem") + &read("my-ca.pem")));
}

#[test]
fn your_own_certificate_is_served() {
    for key in [
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ] {
        let dir = TempDir::new().unwrap();
        own_certificate(&dir, key);
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();

        // With its root: that is the one to trust.
        let server = Server::start(&["--tls-cert", &path("chain.pem"), "--tls-key", &path("server.key")]);
        assert_served(&server);
        assert!(shown(&server, &dir).contains(&fs::read_to_string(path("server.pem")).unwrap()));

        // Without it there is none to give, and whoever has it trusts the server.
        let server = Server::start(&["--tls-cert", &path("server.pem"), "--tls-key", &path("server.key")]);
        assert_eq!(
            Client::connect(server.control()).get("/control/v1/tls/ca.pem").status,
            404
        );
        let output = Command::new("curl")
            .args(["-q", "-sS", "--noproxy", "*", "--cacert", &path("my-ca.pem")])
            .arg(format!("https://{}{REVOKE}", server.https()))
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "-17\nRequest used GET rather than POST!\n"
        );
    }
}

#[test]
fn a_key_that_does_not_fit_is_refused() {
    let dir = TempDir::new().unwrap();
    own_certificate(&dir, &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let args = ["--http", "off", "--control", "off", "--https", "127.0.0.1:0"];
    let with = |cert: &str, key: &str| {
        let own = ["--tls-cert", &path(cert), "--tls-key", &path(key)].map(str::to_owned);
        let all: Vec<_> = args.iter().copied().chain(own.iter().map(String::as_str)).collect();
        run(&all, &[])
    };
    with("server.pem", "ca.key").assert_refused(2, &["ca.key"]);
    with("server.pem", "server.pem").assert_refused(2, &["server.pem"]);
    with("server.key", "server.key").assert_refused(2, &["server.key"]);
}
