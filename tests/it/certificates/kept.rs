//! The CA across restarts, one's own CA, and files that are bad.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::desk::{Desk, asn1_seconds, line, seconds};
use crate::harness::{Control, Form, OpenSsl, PASSWORD, Run, Server, run};

const CODE_SIGNING: u64 = 2_200_003;

#[test]
fn a_restart_keeps_the_cas_the_serials_and_what_is_revoked() {
    let files = OpenSsl::new();
    let (ca, state) = (files.path("deep/ca"), files.path("state.json"));
    let args = ["--ca-dir", ca.to_str().unwrap(), "--state", state.to_str().unwrap()];

    let mut server = Server::plain(&args);
    let mut first = Desk::of(&server);
    let new = first.replace(&Form::replace()).order_number();
    first.revoke(&Form::revoke());
    for number in [new, 1_100_003, CODE_SIGNING] {
        first.collect(number);
    }
    let last = first.crl_number(CODE_SIGNING);
    let cas = first.control.read("/ca?format=pem", "").text().to_owned();
    assert!(server.stop("TERM").0.success());

    let server = Server::plain(&args);
    let mut second = Desk::of(&server);
    assert_eq!(second.control.read("/ca?format=pem", "").text(), cas);
    for (number, told) in [
        (new, "good"),
        (1_100_003, "good"),
        (CODE_SIGNING, "revoked: keyCompromise"),
    ] {
        second.collect(number);
        assert_eq!(second.serial(number), first.serial(number));
        assert_eq!(second.x509(number, "-pubkey"), first.x509(number, "-pubkey"));
        assert_eq!(second.told(number), told);
    }
    assert!(second.crl_number(CODE_SIGNING) > last);

    let modes: Vec<_> = listing(&ca).into_iter().map(|(name, mode, _)| (name, mode)).collect();
    for (name, mode) in &modes {
        assert!(!name.ends_with(".key") || *mode == 0o600, "{name} {mode:o}");
    }
    let names: Vec<_> = modes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "ca.key",
            "ca.pem",
            "code-signing.key",
            "code-signing.pem",
            "smime.key",
            "smime.pem"
        ]
    );
}

#[test]
fn without_a_place_to_keep_it_each_start_has_its_own() {
    let [one, other] = [(), ()].map(|()| {
        let server = Server::plain(&[]);
        let mut desk = Desk::of(&server);
        desk.collect(1_100_003);
        desk
    });
    assert_ne!(one.openssl.read("root.pem"), other.openssl.read("root.pem"));
    assert_ne!(one.serial(1_100_003), other.serial(1_100_003));
}

#[test]
fn every_kind_of_key_signs() {
    for (kind, described) in [
        ("ec-p256", "(256 bit)"),
        ("ec-p384", "(384 bit)"),
        ("rsa-2048", "(2048 bit)"),
        ("rsa-3072", "(3072 bit)"),
        ("rsa-4096", "(4096 bit)"),
    ] {
        let server = Server::plain(&["--ca-key", kind]);
        let mut desk = Desk::of(&server);
        for number in [1_100_003, CODE_SIGNING] {
            desk.collect(number);
            assert_eq!(desk.told(number), "good", "{kind}");
        }
        desk.revoke(&Form::revoke());
        assert_eq!(desk.told(CODE_SIGNING), "revoked: keyCompromise", "{kind}");
        for file in ["root.pem", "1100003-chain.pem", "2200003-chain.pem"] {
            let text = desk.openssl.expect(&format!("x509 -in {file} -noout -text"));
            let key = line(&text, "Public-Key: ").unwrap_or_default();
            assert_eq!(key, described, "{kind} {file}");
        }
    }
    run(&["--ca-key", "rsa-1024"], &[]).assert_refused(2, &["rsa-1024", "rsa-2048"]);
}

#[test]
fn making_a_ca_delays_nobody_else() {
    let fixtures = r#"
        [[accounts]]
        loginName = "login_name"
        loginPassword = "login_password"
        [[orders]]
        orderNumber = 7
        loginName = "login_name"
        product = "smime"
        state = "issued"
        caCertificateID = 1
    "#;
    let files = OpenSsl::new();
    files.write("fixtures.toml", fixtures);
    let fixtures = files.path("fixtures.toml");
    let args = ["--https", "off", "--plain-http", "accept", "--ca-key", "rsa-4096"];
    let args = [&args[..], &["--fixtures", fixtures.to_str().unwrap()]].concat();
    // One thread answers everything.
    let server = Server::start_with(&args, &[("TOKIO_WORKER_THREADS", "1")]);
    let mut other = Control::of(&server);
    let is_made = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let form = Form::default()
                .add("loginName", "login_name")
                .add("loginPassword", PASSWORD)
                .add("orderNumber", "7")
                .add("queryType", "2");
            let answer = server.client().post("/products/download/CollectSMIME", &form.encode());
            assert_eq!(answer.code(), 2);
            is_made.store(true, Ordering::SeqCst);
        });
        // The first may have been sent before the call above.
        let mut answered_meanwhile = 0;
        while !is_made.load(Ordering::SeqCst) {
            other.get("/health");
            answered_meanwhile += usize::from(!is_made.load(Ordering::SeqCst));
        }
        assert!(answered_meanwhile >= 5, "{answered_meanwhile}");
    });
}

#[test]
fn ones_own_root_and_issuing_ca_are_used() {
    let files = own_ca("ec");
    let ca = files.path("ca");
    let before = listing(&ca);
    let server = Server::start(&["--ca-dir", ca.to_str().unwrap()]);
    let mut desk = Desk::of(&server);
    assert_eq!(desk.openssl.read("root.pem"), files.read("ca/ca.pem"));
    desk.collect(1_100_003);
    assert_eq!(desk.told(1_100_003), "good");
    let issuer = desk.x509(1_100_003, "-issuer");
    assert!(issuer.contains("My.Mail.CA"), "{issuer}");
    assert!(
        desk.openssl
            .read("1100003-chain.pem")
            .starts_with(&files.read("ca/smime.pem"))
    );
    // What is not there is made below that root, and so is the TLS certificate.
    desk.collect(CODE_SIGNING);
    assert_eq!(desk.told(CODE_SIGNING), "good");
    let shown = desk.openssl.expect(&format!(
        "s_client -connect {} -CAfile root.pem -verify_return_error",
        server.https()
    ));
    assert!(shown.contains("Verify return code: 0 (ok)"), "{shown}");
    let after = listing(&ca);
    assert!(before.iter().all(|file| after.contains(file)), "they stay as they were");
}

#[test]
fn a_certificate_ends_with_its_ca_at_the_latest() {
    for (root_days, ca_days, who_ends) in [(3650, 9, "smime.pem"), (5, 9, "ca.pem")] {
        let files = own_ca_for("ec", root_days, ca_days);
        let ca = files.path("ca");
        let server = Server::plain(&["--ca-dir", ca.to_str().unwrap()]);
        let mut desk = Desk::of(&server);
        let end = files.expect(&format!("x509 -in ca/{who_ends} -noout -enddate"));
        for expires in ["+1d", "+4d", "+300d"] {
            let number = desk.order(&format!(
                r#"{{"loginName":"login_name","product":"smime","expires":"{expires}"}}"#
            ));
            desk.collect(number);
            assert_eq!(desk.told(number), "good");
            let is_cut = desk.x509(number, "-enddate") == end;
            assert_eq!(is_cut, expires == "+300d", "{who_ends} {expires}");
            let described = desk.control.get(&format!("/orders/{number}/certificate?format=json"));
            let not_after = seconds(described["notAfter"].as_str().unwrap());
            let shown = desk.x509(number, "-enddate");
            assert_eq!(not_after, asn1_seconds(shown.trim().strip_prefix("notAfter=").unwrap()));
            let hint = described["hint"].as_str().unwrap_or_default();
            assert_eq!(hint.contains("because its CA `smime` ends then"), is_cut, "{hint}");
        }
        // By the sandbox's clock the CA is over when this one is issued.
        desk.advance("30d");
        let late = desk.order(r#"{"loginName":"login_name","product":"smime","issued":"-1d","expires":"+1d"}"#);
        desk.collect(late);
        assert_eq!(desk.x509(late, "-enddate"), end, "{who_ends}");
        let start = desk.x509(late, "-startdate");
        assert_eq!(start.replace("notBefore", "notAfter"), end, "{who_ends}");
    }
}

#[test]
fn bad_files_are_named_and_left_alone() {
    let good = own_ca("ec");
    let rsa = own_ca("rsa");
    let pem = good.read("ca/ca.pem");
    let half = &pem[..pem.len() / 2];
    good.expect(
        "req -x509 -key ca/ca.key -subj /CN=Leaf -days 30 -out leaf.pem -addext basicConstraints=critical,CA:FALSE",
    );
    good.expect("req -new -key ca/ca.key -subj /CN=Old -out old.csr");
    good.write("ext", "basicConstraints=critical,CA:TRUE\n");
    good.expect("x509 -req -in old.csr -signkey ca/ca.key -days -1 -extfile ext -out expired.pem");
    let cases: &[(&str, String, &[&str])] = &[
        ("ca.pem", half.to_owned(), &["ca.pem", "certificate"]),
        ("ca.pem", String::new(), &["ca.pem"]),
        ("ca.pem", rsa.read("ca/ca.pem"), &["ca.pem", "does not fit"]),
        ("ca.pem", good.read("leaf.pem"), &["ca.pem", "CA"]),
        ("ca.pem", good.read("expired.pem"), &["ca.pem", "expired"]),
        ("ca.key", good.read("ca/ca.key")[..100].to_owned(), &["ca.key", "key"]),
        ("ca.key", rsa.read("ca/ca.key"), &["ca.pem", "ca.key", "does not fit"]),
        ("smime.pem", half.to_owned(), &["smime.pem"]),
        ("smime.pem", rsa.read("ca/smime.pem"), &["smime.pem", "does not fit"]),
        ("smime.pem", pem.clone(), &["smime.pem"]),
        ("smime.key", "nonsense".to_owned(), &["smime.key"]),
        (
            "smime.key",
            good.read("ca/ca.key"),
            &["smime.pem", "smime.key", "does not fit"],
        ),
    ];
    for (file, contents, words) in cases {
        let files = copy(&good);
        files.write(&format!("ca/{file}"), contents);
        assert_refused(&files, words);
    }
    for (file, words) in [
        ("ca.key", ["ca.key", "missing"]),
        ("smime.key", ["smime.key", "missing"]),
    ] {
        let files = copy(&good);
        fs::remove_file(files.path(&format!("ca/{file}"))).unwrap();
        assert_refused(&files, &words);
    }
    // Unreadable for everybody, root included.
    for file in ["ca.pem", "ca.key", "smime.pem", "smime.key"] {
        let files = copy(&good);
        let path = files.path(&format!("ca/{file}"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_refused(&files, &[file, "cannot read"]);
    }
    // A file where the directory should be.
    let files = OpenSsl::new();
    files.write("ca", "");
    let path = files.path("ca");
    start_with(&path).assert_refused(2, &["/ca"]);
}

/// What comes of a start with that directory.
#[track_caller]
fn start_with(ca: &Path) -> Run {
    let args = [
        "--http",
        "127.0.0.1:0",
        "--https",
        "off",
        "--control",
        "off",
        "--ca-dir",
    ];
    run(&[&args[..], &[ca.to_str().unwrap()]].concat(), &[])
}

/// It does not start, says this, and changes nothing.
#[track_caller]
fn assert_refused(files: &OpenSsl, words: &[&str]) {
    let ca = files.path("ca");
    let before = listing(&ca);
    start_with(&ca).assert_refused(2, words);
    assert_eq!(listing(&ca), before, "{words:?}");
}

#[test]
fn the_cas_and_the_tls_certificate_may_be_kept_in_two_places() {
    let files = OpenSsl::new();
    let (ca, tls) = (files.path("ca"), files.path("tls"));
    let args = ["--ca-dir", ca.to_str().unwrap(), "--tls-dir", tls.to_str().unwrap()];
    let roots = [(), ()].map(|()| {
        let server = Server::start(&args);
        let desk = Desk::of(&server);
        let shown = desk.openssl.expect(&format!(
            "s_client -connect {} -CAfile root.pem -verify_return_error",
            server.https()
        ));
        assert!(shown.contains("Verify return code: 0 (ok)"), "{shown}");
        desk.openssl.read("root.pem")
    });
    assert_eq!(roots[0], roots[1]);
    let names = |dir| listing(dir).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    assert!(names(&ca).contains(&"ca.key".to_owned()), "{:?}", names(&ca));
    assert!(!names(&tls).contains(&"ca.key".to_owned()), "{:?}", names(&tls));

    // With one place, both are there.
    let both = files.path("both");
    let server = Server::start(&["--tls-dir", both.to_str().unwrap()]);
    Desk::of(&server).collect(CODE_SIGNING);
    assert!(
        names(&both).contains(&"code-signing.pem".to_owned()),
        "{:?}",
        names(&both)
    );
}

/// A root and an issuing CA of openssl's in `ca`.
#[track_caller]
fn own_ca(kind: &str) -> OpenSsl {
    own_ca_for(kind, 3650, 3000)
}

/// The same, valid for that many days.
#[track_caller]
fn own_ca_for(kind: &str, root_days: u32, ca_days: u32) -> OpenSsl {
    let files = OpenSsl::new();
    fs::create_dir(files.path("ca")).unwrap();
    let option = match kind {
        "ec" => "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        _ => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    };
    for name in ["ca", "smime"] {
        files.expect(&format!("genpkey {option} -out ca/{name}.key"));
    }
    files.expect(&format!(
        "req -x509 -key ca/ca.key -subj /CN=My.Root -days {root_days} \
         -addext keyUsage=critical,keyCertSign,cRLSign -out ca/ca.pem",
    ));
    files.expect("req -new -key ca/smime.key -subj /CN=My.Mail.CA -out smime.csr");
    files.write(
        "ext",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,digitalSignature,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    );
    files.expect(&format!(
        "x509 -req -in smime.csr -CA ca/ca.pem -CAkey ca/ca.key -CAcreateserial -days {ca_days} -extfile ext \
         -out ca/smime.pem",
    ));
    files
}

/// The same files elsewhere.
fn copy(files: &OpenSsl) -> OpenSsl {
    let copy = OpenSsl::new();
    fs::create_dir(copy.path("ca")).unwrap();
    for (name, _, contents) in listing(&files.path("ca")) {
        copy.write(&format!("ca/{name}"), contents);
    }
    copy
}

/// Name, mode and contents of what is in a directory.
#[track_caller]
fn listing(dir: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, mode, fs::read(&path).unwrap_or_default())
        })
        .collect();
    files.sort();
    files
}
