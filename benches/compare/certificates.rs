//! What the CA costs: certificates and OCSP answers beside the signature that is in each, and a long CRL.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use sectigo_emulator::measuring::Desk;

use crate::Settings;
use crate::figures::{Spread, mebibytes, milliseconds, print_table};
use crate::server::Server;

const CSR: &str = include_str!("../../fixtures/csr/rsa-2048-sha256.pem");

/// Prints certificates and OCSP answers a second on one core beside bare signatures over as many bytes, and what a CRL
/// costs to make, in a process and over HTTP.
pub(crate) fn run(settings: &Settings) {
    println!(
        "certificates and OCSP answers made on one core, EC P-256, beside bare signatures of aws-lc-rs over as many bytes"
    );
    let desk = Desk::new(CSR);
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key can be made");
    let random = SystemRandom::new();
    let sign = |bytes: &[u8]| {
        black_box(key.sign(&random, bytes).expect("the key signs"));
    };
    let mut number = 0;
    let mut certificate = || {
        number += 1;
        black_box(desk.certificate(number));
    };
    let answer = || {
        black_box(desk.ocsp_answer());
    };
    let bytes = (vec![7; desk.certificate(1).len()], vec![7; desk.ocsp_answer().len()]);
    let rows = [
        row(settings, "certificate", &mut certificate, &mut || sign(&bytes.0)),
        row(settings, "OCSP answer", &mut || answer(), &mut || sign(&bytes.1)),
    ];
    print_table(["", "made/s", "bare signatures/s", "ratio", "aim"], &rows);

    let entries = settings.revoked;
    let times = (0..settings.rounds).map(|_| {
        let started = Instant::now();
        black_box(desk.crl(entries));
        milliseconds(started.elapsed())
    });
    println!(
        "CRL of {entries} entries, made in the process: {:.1} ms, {}",
        Spread::of(times).median,
        mebibytes(desk.crl(entries).len() as u64)
    );
    over_http(settings, entries);
}

fn row(settings: &Settings, name: &str, make: &mut dyn FnMut(), sign: &mut dyn FnMut()) -> [String; 5] {
    let (mut made, mut signed) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        made.push(a_second(settings.round, make));
        signed.push(a_second(settings.round, sign));
    }
    [
        name.to_owned(),
        format!("{:.0}", Spread::of(made.iter().copied()).median),
        format!("{:.0}", Spread::of(signed.iter().copied()).median),
        Spread::of_ratios(&made, &signed).ratio(),
        "0.6".to_owned(),
    ]
}

/// How often a second the work is done.
pub(crate) fn a_second(round: Duration, work: &mut dyn FnMut()) -> f64 {
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < round {
        work();
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// The CRL of a server with so many revoked orders: the first, and the same once more.
fn over_http(settings: &Settings, entries: u64) {
    let directory = settings.directory.path();
    let path = directory.join("revoked.json");
    std::fs::write(&path, revoked(entries)).expect("the directory is writable");
    let server = Server::emulator(directory, &["--fixtures", path.to_str().expect("the path is text")]);
    let before = server.memory();
    let times = [(); 2].map(|()| {
        let started = Instant::now();
        let length = fetch(&server);
        assert!(length as u64 > entries * 30, "the CRL is too short: {length} bytes");
        milliseconds(started.elapsed())
    });
    let after = server.memory();
    println!(
        "the same over HTTP, of {entries} revoked orders: {:.1} ms, once more {:.1} ms; anonymous memory {} before, {} after",
        times[0],
        times[1],
        mebibytes(before.anonymous),
        mebibytes(after.anonymous)
    );
}

fn revoked(orders: u64) -> String {
    let mut text = r#"{"accounts":[{"loginName":"a","loginPassword":"p"}],"orders":["#.to_owned();
    for number in 1..=orders {
        let comma = if number == 1 { "" } else { "," };
        text.push_str(&format!(
            r#"{comma}{{"orderNumber":{number},"loginName":"a","product":"code-signing","state":"revoked"}}"#
        ));
    }
    text + "]}"
}

/// The length of the answer.
fn fetch(server: &Server) -> usize {
    let mut stream = TcpStream::connect(server.http).expect("the server listens");
    let request = "GET /crl/code-signing.crl HTTP/1.0\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    assert!(
        answer.starts_with(b"HTTP/1.0 200"),
        "no CRL: {}",
        answer[..60].escape_ascii()
    );
    answer.len()
}
