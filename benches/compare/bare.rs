//! The server to compare with: axum as its own front page shows it, and this benchmark's executable run again.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{MethodRouter, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The first argument with which the executable is this server.
pub(crate) const FLAG: &str = "--bare-axum";

/// The argument that makes the server verify the signature of the form's CSR before it answers.
pub(crate) const VERIFY: &str = "verify";

/// Serves one POST route that reads the body and answers always the same, until the process is killed.
///
/// The arguments are the address, the path, the answer, and perhaps [`VERIFY`]. Says where it listens in the emulator's words.
pub(crate) fn serve(arguments: &[String]) {
    let [address, path, answer, rest @ ..] = arguments else {
        panic!("{FLAG} ADDRESS PATH ANSWER [{VERIFY}]");
    };
    let answer = Bytes::from(answer.clone());
    let route: MethodRouter = if rest.is_empty() {
        post(|_body: Bytes| async { ([(CONTENT_TYPE, "text/plain")], answer) })
    } else {
        post(|body: Bytes| async move {
            verify(&body);
            ([(CONTENT_TYPE, "text/plain")], answer)
        })
    };
    let router = Router::new().route(path, route);
    Runtime::new().expect("threads can be started").block_on(async {
        let listener = TcpListener::bind(address).await.expect("the address is free");
        println!("http http://{}", listener.local_addr().expect("it is bound"));
        println!("ready");
        axum::serve(listener, router).await.expect("axum serves for ever");
    });
}

/// The least that a server can do to check the signature of a CSR it was sent.
///
/// # Panics
/// If the form, its CSR or the signature is bad: the benchmark sends none such.
fn verify(body: &[u8]) {
    let (_, pem) = form_urlencoded::parse(body)
        .find(|(name, _)| name == "csr")
        .expect("the form has a CSR");
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(base64).expect("the CSR is Base64");
    let [request] = elements(&der)[..] else {
        panic!("the CSR is one element")
    };
    let [info, _algorithm, signature] = elements(request.value)[..] else {
        panic!("a CSR has three elements")
    };
    let [_version, _subject, key, ..] = elements(info.value)[..] else {
        panic!("the request has a key")
    };
    // The first octet of a BIT STRING counts its unused bits.
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.whole)
        .verify(info.whole, &signature.value[1..])
        .expect("the signature is right");
}

#[derive(Clone, Copy)]
struct Element<'a> {
    whole: &'a [u8],
    value: &'a [u8],
}

/// The DER elements that stand one after the other in `der`.
fn elements(mut der: &[u8]) -> Vec<Element<'_>> {
    let mut elements = Vec::with_capacity(4);
    while let [_tag, length, ..] = *der {
        let octets = if length < 0x80 { 0 } else { usize::from(length & 0x7f) };
        let length = match octets {
            0 => usize::from(length),
            _ => der[2..2 + octets]
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet)),
        };
        let (whole, rest) = der.split_at(2 + octets + length);
        elements.push(Element {
            whole,
            value: &whole[2 + octets..],
        });
        der = rest;
    }
    elements
}
