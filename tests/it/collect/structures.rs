//! The structures that certificates are put into, in Base64 and binary, each taken apart by a program that others wrote.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{assert_chain, certificates, collect, openssl, send};
use crate::harness::{Client, Control, OpenSsl, Server};

/// The structure of a reply in text, which has these lines around it or none.
#[track_caller]
fn in_text(client: &mut Client, response_type: &str, label: Option<&str>) -> Vec<u8> {
    let answer = send(client, &collect(1_234_567).add("responseType", response_type));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let text = answer.text().strip_prefix("2\n").unwrap();
    let (begin, end) = match label {
        Some(label) => (format!("-----BEGIN {label}-----\n"), format!("-----END {label}-----\n")),
        None => Default::default(),
    };
    let lines = text.strip_prefix(&begin).and_then(|text| text.strip_suffix(&end));
    let lines = lines.unwrap_or_else(|| panic!("{text}"));
    assert!(
        lines.ends_with('\n') && lines.lines().all(|line| line.len() <= 64),
        "{lines}"
    );
    STANDARD.decode(lines.replace('\n', "")).unwrap()
}

/// The structure of a binary reply.
#[track_caller]
fn binary(client: &mut Client, response_type: &str, content_type: &str) -> Vec<u8> {
    let form = collect(1_234_567)
        .add("responseType", response_type)
        .add("responseEncoding", "1");
    let answer = send(client, &form);
    assert_eq!(answer.header("content-type"), Some(content_type));
    answer.bytes().to_vec()
}

/// The certificates of the order, the root first.
fn expected(server: &Server) -> Vec<String> {
    let mut control = Control::of(server);
    let own = control.expect(("GET", "/orders/1234567/certificate", ""), 200, &[]);
    let mut all = certificates(&control.expect(("GET", "/orders/1234567/chain", ""), 200, &[]));
    all.reverse();
    all.push(own);
    all
}

#[test]
fn pkcs7() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let der = binary(&mut client, "2", "application/x-pkcs7-certificates");
    assert_eq!(in_text(&mut client, "2", Some("PKCS7")), der);
    let printed = openssl(&["pkcs7", "-inform", "DER", "-print_certs"], &der);
    let mut found = certificates(&String::from_utf8(printed).unwrap());
    // The leaf comes first in it.
    found.reverse();
    assert_eq!(found, expected(&server));
    assert_chain(&found);
}

#[test]
fn a_netscape_sequence() {
    let server = Server::plain(&[]);
    let der = in_text(&mut server.client(), "1", Some("CERTIFICATE"));
    let files = OpenSsl::new();
    let pem = openssl_pem("CERTIFICATE", &der);
    files.write("sequence.pem", pem);
    files.expect("nseq -in sequence.pem -out certificates.pem");
    let mut found = certificates(&files.read("certificates.pem"));
    found.reverse();
    assert_eq!(found, expected(&server));
}

#[test]
fn cmmf() {
    let server = Server::plain(&[]);
    let der = in_text(&mut server.client(), "4", Some("CMMF"));
    let printed = String::from_utf8(openssl(&["asn1parse", "-inform", "DER"], &der)).unwrap();
    // At this depth, only the granted certificate has this tag; the next line is the certificate itself.
    let own = printed
        .lines()
        .skip_while(|line| !(line.contains(":d=4 ") && line.contains("cont [ 0 ]")));
    let offset = own
        .skip(1)
        .find_map(|line| line.split_once(":d="))
        .map(|(offset, _)| offset.trim());
    let offset = offset.unwrap_or_else(|| panic!("{printed}"));
    let files = OpenSsl::new();
    files.write("cmmf.der", &der);
    files.expect(&format!(
        "asn1parse -inform DER -in cmmf.der -strparse {offset} -noout -out own.der"
    ));
    let own = files.expect("x509 -inform DER -in own.der");
    assert_eq!(own, expected(&server)[2]);
    // The CAs stand before it.
    for pem in &expected(&server)[..2] {
        let ca = openssl(&["x509", "-outform", "DER"], pem.as_bytes());
        assert!(der.windows(ca.len()).any(|window| window == ca));
    }
}

#[test]
fn a_zip_archive() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let archive = binary(&mut client, "0", "application/zip");
    assert_eq!(in_text(&mut client, "0", None), archive);
    let files = OpenSsl::new();
    files.write("a.zip", &archive);
    let mut is_read = false;
    for (program, args) in [
        ("unzip", &["-q", "-o", "a.zip", "-d", "unzip"][..]),
        ("python3", &["-m", "zipfile", "-e", "a.zip", "python3"]),
    ] {
        let Ok(output) = Command::new(program).args(args).current_dir(files.path("")).output() else {
            continue;
        };
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && printed.is_empty(), "{program}: {printed}");
        let read = |name: &str| files.read(Path::new(program).join(name).to_str().unwrap());
        let found = ["root.crt", "smime.crt", "1234567.crt"].map(read);
        assert_eq!(found[..], expected(&server)[..], "{program}");
        is_read = true;
    }
    assert!(is_read, "neither unzip nor python3 is there");
}

#[test]
fn the_journal_keeps_no_binary() {
    let server = Server::plain(&[]);
    let archive = binary(&mut server.client(), "0", "application/zip");
    let call = &Control::of(&server).get("/calls")["calls"][0];
    assert_eq!(call["reply"], format!("({} bytes of application/zip)", archive.len()));
    assert_eq!(call["code"], 2);
}

fn openssl_pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<_> = STANDARD
        .encode(der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
