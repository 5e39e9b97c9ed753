//! CSRs of every kind, as openssl and the scripts beside them made them: `fixtures/csr/kinds.tsv` says what each is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::harness::{Client, Form, REPLACE, SUCCESS, Server, invalid};

/// One row of `kinds.tsv`.
struct Kind {
    file: String,
    expected: String,
    sibling: String,
}

impl Kind {
    fn csr(&self) -> Vec<u8> {
        std::fs::read(dir().join(&self.file)).unwrap()
    }
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/csr")
}

fn kinds() -> Vec<Kind> {
    let table = std::fs::read_to_string(dir().join("kinds.tsv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("file\texpected\tsibling\tdescription"));
    let kinds: Vec<_> = lines
        .map(|line| {
            let fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
            let [file, expected, sibling, _] = fields.try_into().expect("a row has four fields");
            Kind {
                file,
                expected,
                sibling,
            }
        })
        .collect();
    assert!(kinds.len() > 100);
    kinds
}

/// The reply to a code of `kinds.tsv`, to the byte.
fn reply(code: &str) -> String {
    match code {
        "ok" => SUCCESS.to_owned(),
        "-4" => invalid("csr"),
        "-9" => "-9\nThe CSR is not valid Base-64 data!\n".to_owned(),
        "-10" => "-10\nThe CSR cannot be decoded!\n".to_owned(),
        "-11" => "-11\nThe CSR uses an unsupported algorithm!\n".to_owned(),
        "-12" => "-12\nThe CSR has an invalid signature!\n".to_owned(),
        "-13" => "-13\nThe CSR uses an unsupported key size!\n".to_owned(),
        other => panic!("what is {other}?"),
    }
}

/// The code for a CSR sent in this way, and how long it took.
fn judge(client: &mut Client, body: &str) -> (String, Duration) {
    let start = Instant::now();
    let answer = client.post(REPLACE, body);
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.text().to_owned(), start.elapsed())
}

/// A replacement in place, which can be repeated.
fn body(csr: &[u8]) -> String {
    Form::replace().order(1_100_001).set("csr", csr).encode()
}

#[track_caller]
fn assert_all(server: &Server, expected: impl Fn(&Kind) -> &str) {
    let mut client = server.client();
    let mut wrong = Vec::new();
    for kind in &kinds() {
        // A value that is empty is refused as any argument's is, before it is a CSR.
        let expected = if kind.file == "empty.txt" { "-4" } else { expected(kind) };
        let (reply_text, took) = judge(&mut client, &body(&kind.csr()));
        if reply_text != reply(expected) {
            wrong.push(format!("{}: expected {expected}, got {reply_text:?}", kind.file));
        }
        assert!(took < Duration::from_secs(5), "{} took {took:?}", kind.file);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.assert_well();
}

#[test]
fn every_kind_is_judged_as_documented() {
    assert_all(&Server::plain(&[]), |kind| &kind.expected);
}

#[test]
fn every_kind_is_judged_as_sibling_endpoints_do() {
    assert_all(&Server::plain(&["--assume", "csr-errors=sibling"]), |kind| {
        &kind.sibling
    });
}

/// Many clients escape what they must, and forget the `+` of Base64.
#[test]
fn a_plus_that_was_not_escaped_is_a_plus_nevertheless() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let mut pluses = 0;
    for kind in kinds().iter().filter(|kind| kind.expected == "ok") {
        let csr = kind.csr();
        let escaped = body(&csr);
        let forgotten = escaped.replace("%2B", "+");
        pluses += usize::from(escaped != forgotten);
        assert_eq!(judge(&mut client, &forgotten).0, SUCCESS, "{}", kind.file);
    }
    assert!(pluses > 30, "only {pluses} of them have a plus");
}

#[test]
fn base64_of_the_bare_der_is_taken_as_every_client_writes_it() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let pem = std::fs::read_to_string(dir().join("rsa-2048-sha256.pem")).unwrap();
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let armoured = |label: &str| format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"));
    for csr in [
        lines.concat(),
        lines.join("\n"),
        lines.join("\r\n"),
        lines.join("\r"),
        lines.join(" "),
        format!("\n\n  {}\n\n", lines.join("\n\t")),
        armoured("CERTIFICATE REQUEST"),
        armoured("NEW CERTIFICATE REQUEST"),
        armoured("WHATEVER"),
        armoured("CERTIFICATE REQUEST").replace('\n', "\r\n"),
    ] {
        assert_eq!(judge(&mut client, &body(csr.as_bytes())).0, SUCCESS, "{csr:?}");
    }
}

#[test]
fn the_longest_value_is_judged_in_bounded_time() {
    const MAX: usize = 32767;
    let server = Server::plain(&[]);
    let mut client = server.client();
    for filler in [
        "A",
        "M",
        "/",
        "=",
        "-",
        " ",
        "\n",
        "+",
        "%",
        "\0",
        "é",
        "😀",
        "MIIB",
        "-----BEGIN ",
    ] {
        let csr: String = filler.chars().cycle().take(MAX).collect();
        let (reply, took) = judge(&mut client, &body(csr.as_bytes()));
        assert_eq!(reply, invalid("csr"), "{filler:?}");
        assert!(took < Duration::from_secs(5), "{filler:?} took {took:?}");
    }
    // A request with white space up to the limit is a request still.
    let pem = std::fs::read_to_string(dir().join("rsa-2048-sha256.pem")).unwrap();
    let padded = format!("{pem:<MAX$}");
    assert_eq!(judge(&mut client, &body(padded.as_bytes())).0, SUCCESS);
    let over = format!("{padded} ");
    assert_eq!(judge(&mut client, &body(over.as_bytes())).0, invalid("csr"));
    server.assert_well();
}
