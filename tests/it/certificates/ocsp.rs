//! OCSP as HTTP carries it: forms of requests, nonces, and what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::desk::Desk;
use crate::harness::{Answer, Control, Curl, Server, Url};

const NUMBER: u64 = 2_200_003;
const REQUEST: &str = "Content-Type: application/ocsp-request\r\n";

/// The answer to what is no request (RFC 6960, section 4.2.1): malformedRequest.
const MALFORMED: &[u8] = &[0x30, 3, 0x0a, 1, 1];
const UNAUTHORIZED: &[u8] = &[0x30, 3, 0x0a, 1, 6];

#[test]
fn a_request_is_posted_or_stands_in_the_path() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let request = request(&mut desk, "-no_nonce");
    let base64 = STANDARD.encode(&request);
    let encoded: String = request_in_path(&base64);
    for (method, target, headers, body) in [
        ("POST", "/ocsp/code-signing".to_owned(), REQUEST, &request[..]),
        ("POST", "/ocsp/code-signing/".to_owned(), REQUEST, &request),
        // Clients forget it.
        ("POST", "/ocsp/code-signing".to_owned(), "", &request),
        ("GET", format!("/ocsp/code-signing/{base64}"), "", b""),
        ("GET", format!("/ocsp/code-signing/{encoded}"), "", b""),
    ] {
        let answer = desk.client.send_bytes(method, &target, headers, body);
        assert_eq!(status(&mut desk, &answer), "good", "{method} {target}");
    }
    // curl joins the URL in the certificate and the request as RFC 6960 says.
    let url = format!("http://{}/ocsp/code-signing/{encoded}", server.http());
    let answer = Curl::new(&server, &Url::Http("")).url(url).answer();
    assert_eq!(status(&mut desk, &answer), "good");
}

/// Base64 with percent signs before all that has a meaning in URLs.
fn request_in_path(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn slashes_and_pluses_in_the_path_are_of_the_base64() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(NUMBER);
    // Until both have come up; a nonce is random.
    let (mut slash, mut plus) = (false, false);
    for _ in 0..50 {
        let base64 = STANDARD.encode(request(&mut desk, "-nonce"));
        slash |= base64.contains('/');
        plus |= base64.contains('+');
        let answer = desk.client.get(&format!("/ocsp/code-signing/{base64}"));
        assert_eq!(status(&mut desk, &answer), "good", "{base64}");
        if slash && plus {
            return;
        }
    }
    panic!("{slash} {plus}");
}

#[test]
fn a_nonce_is_echoed_and_keeps_the_answer_from_caches() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for (option, has_nonce) in [("-nonce", true), ("-no_nonce", false)] {
        let request = request(&mut desk, option);
        let answer = desk.client.send_bytes("POST", "/ocsp/code-signing", REQUEST, &request);
        assert_eq!(status(&mut desk, &answer), "good");
        let text = desk.openssl.expect("ocsp -respin answer.der -noverify -text");
        assert_eq!(text.contains("OCSP Nonce"), has_nonce, "{text}");
        // openssl compares the two.
        let now = desk.now();
        let compared = desk.openssl.expect(&format!(
            "ocsp -reqin request.der -respin answer.der -issuer {NUMBER}-chain.pem -CAfile root.pem -attime {now}"
        ));
        assert!(compared.contains("Response verify OK"), "{compared}");
        assert!(!compared.contains("no nonce in response"), "{compared}");

        let cached = answer.header("cache-control").unwrap();
        assert_eq!(cached.contains("max-age="), !has_nonce, "{cached}");
        for header in ["etag", "expires", "last-modified"] {
            assert_eq!(answer.header(header).is_some(), !has_nonce, "{header}");
        }
    }
}

#[test]
fn a_request_that_is_none_is_malformed() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let good = request(&mut desk, "-no_nonce");
    let hundred = many(&mut desk, 100);
    assert!(hundred.len() < 16 << 10, "it is refused for its number, not its length");
    let cut = &good[..good.len() - 1];
    let longer = [&good[..], b"\0"].concat();
    let huge = vec![0x30; 1 << 20];
    for body in [
        &b""[..],
        b"garbage",
        &[0x30, 0],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        cut,
        &longer,
        &hundred,
        &huge,
    ] {
        let answer = desk.client.send_bytes("POST", "/ocsp/code-signing", REQUEST, body);
        assert_malformed(&answer);
    }
    let cut = STANDARD.encode(cut);
    for path in [
        "",
        "/",
        "/x",
        "/!!!!",
        "/%",
        "/%00",
        "/MA==/MA==",
        &format!("/{cut}"),
        &format!("/{}", "A".repeat(8000)),
    ] {
        let answer = desk.client.get(&format!("/ocsp/code-signing{path}"));
        assert_malformed(&answer);
    }
    let too_long = vec![0x30; (1 << 20) + 1];
    let answer = server
        .client()
        .send_bytes("POST", "/ocsp/code-signing", REQUEST, &too_long);
    assert_eq!(answer.status, 413, "no body is longer than 1 MiB");
    // As many as a client may well ask for at once.
    let twenty = many(&mut desk, 20);
    let answer = desk.client.send_bytes("POST", "/ocsp/code-signing", REQUEST, &twenty);
    assert_eq!(status(&mut desk, &answer), "good");
    server.assert_well();
}

#[track_caller]
fn assert_malformed(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("content-type"), answer.bytes()),
        (200, Some("application/ocsp-response"), MALFORMED)
    );
    let cached = answer.header("cache-control").unwrap_or_default();
    assert!(cached.contains("no-"), "an error is not kept: {cached}");
}

#[test]
fn another_ca_knows_nothing_of_a_certificate() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let request = request(&mut desk, "-no_nonce");
    desk.collect(1_100_003);
    Desk::of_new_sandbox(&server, "t1").collect(NUMBER);
    for path in ["/ocsp/smime", "/ocsp/smime-1", "/sandboxes/t1/ocsp/code-signing"] {
        let answer = desk.client.send_bytes("POST", path, REQUEST, &request);
        assert_eq!((answer.status, answer.bytes()), (200, UNAUTHORIZED), "{path}");
    }
    // The CA is told by the hashes of its name and of its key: neither is enough.
    let name = (0..request.len())
        .find(|at| request[*at..].starts_with(&[4, 20]))
        .unwrap();
    let key = name + 22;
    assert!(request[key..].starts_with(&[4, 20]), "{request:02x?}");
    for at in [name, key] {
        let mut other = request.clone();
        other[at + 2] ^= 1;
        let answer = desk.client.send_bytes("POST", "/ocsp/code-signing", REQUEST, &other);
        assert_eq!(answer.bytes(), UNAUTHORIZED);
    }
    // Of two serial numbers one is unknown.
    desk.openssl.expect(&format!(
        "ocsp -issuer {NUMBER}-chain.pem -cert {NUMBER}.pem -serial 7 -no_nonce -reqout both.der"
    ));
    let both = std::fs::read(desk.openssl.path("both.der")).unwrap();
    let answer = desk.client.send_bytes("POST", "/ocsp/code-signing", REQUEST, &both);
    assert_eq!(answer.bytes(), UNAUTHORIZED);
}

#[test]
fn where_nothing_is_published() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    let request = request(&mut desk, "-no_nonce");
    for path in [
        "/ocsp/",
        "/ocsp/other",
        "/ocsp/SMIME",
        "/ocsp/root",
        "/ocsp",
        "/sandboxes/no-such/ocsp/code-signing",
    ] {
        let answer = desk.client.send_bytes("POST", path, REQUEST, &request);
        assert_eq!(answer.status, 404, "{path}");
        let answer = desk.client.get(path);
        assert_eq!(answer.status, 404, "{path}");
    }
    // A sandbox takes what it published along.
    Control::of_new_sandbox(&server, "t1");
    assert_eq!(desk.client.get("/sandboxes/t1/crl/smime.crl").status, 200);
    desk.control.expect(("DELETE", "/sandboxes/t1", ""), 204, &[]);
    assert_eq!(desk.client.get("/sandboxes/t1/crl/smime.crl").status, 404);
}

#[test]
fn a_certificate_is_named_by_any_hash() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(NUMBER);
    let now = desk.now();
    for hash in ["-sha1", "-sha256", "-sha384", "-sha512"] {
        let printed = desk.openssl.expect(&format!(
            "ocsp {hash} -issuer {NUMBER}-chain.pem -cert {NUMBER}.pem -url http://{}/ocsp/code-signing \
             -CAfile root.pem -attime {now}",
            server.http()
        ));
        assert!(printed.contains(".pem: good\n"), "{hash} {printed}");
    }
    let printed = desk.openssl.expect_failure(&format!(
        "ocsp -md5 -issuer {NUMBER}-chain.pem -cert {NUMBER}.pem -url http://{}/ocsp/code-signing",
        server.http()
    ));
    assert!(printed.contains("unauthorized (6)"), "{printed}");
}

#[test]
fn a_check_needs_no_login() {
    // Whoever checks a certificate has no account: a sandbox without any answers.
    let server = Server::plain(&[]);
    let mut desk = Desk::of_new_sandbox(&server, "t1");
    desk.collect(NUMBER);
    let fixtures = json!({"accounts": [], "orders": []});
    desk.control
        .expect(("POST", "/reset", &json!({"fixtures": fixtures}).to_string()), 200, &[]);
    assert_eq!(desk.told(NUMBER), "unauthorized");
}

/// A request of openssl's for the certificate of [`NUMBER`], also in `request.der`.
#[track_caller]
fn request(desk: &mut Desk, option: &str) -> Vec<u8> {
    desk.collect(NUMBER);
    desk.openssl.expect(&format!(
        "ocsp -issuer {NUMBER}-chain.pem -cert {NUMBER}.pem {option} -reqout request.der"
    ));
    std::fs::read(desk.openssl.path("request.der")).unwrap()
}

/// A request that asks for it many times.
#[track_caller]
fn many(desk: &mut Desk, count: usize) -> Vec<u8> {
    let certificates = format!("-cert {NUMBER}.pem ").repeat(count);
    desk.openssl.expect(&format!(
        "ocsp -issuer {NUMBER}-chain.pem {certificates}-no_nonce -reqout many.der"
    ));
    std::fs::read(desk.openssl.path("many.der")).unwrap()
}

/// What openssl reads in an answer to a request of [`request`]: it is in `answer.der` then.
#[track_caller]
fn status(desk: &mut Desk, answer: &Answer) -> &'static str {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/ocsp-response")),
        "{answer:?}"
    );
    desk.openssl.write("answer.der", answer.bytes());
    let now = desk.now();
    let printed = desk.openssl.expect(&format!(
        "ocsp -respin answer.der -issuer {NUMBER}-chain.pem -cert {NUMBER}.pem -CAfile root.pem -no_nonce -attime {now}"
    ));
    assert!(printed.contains("Response verify OK"), "{printed}");
    match printed.contains(".pem: good\n") {
        true => "good",
        false => panic!("{printed}"),
    }
}
