//! The endpoints that collect: how far an order has come, and its certificate in each form, read by strangers.

mod smime;
mod ssl;
mod structures;

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::harness::{Answer, Client, Form, OpenSsl, PASSWORD};

const COLLECT_SMIME: &str = "/products/download/CollectSMIME";

/// A call for everything about an order.
fn collect(order: u64) -> Form {
    Form::default()
        .add("loginName", "login_name")
        .add("loginPassword", PASSWORD)
        .add("orderNumber", order.to_string())
        .add("queryType", "1")
}

#[track_caller]
fn send(client: &mut Client, form: &Form) -> Answer {
    let answer = client.post(COLLECT_SMIME, &form.encode());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// What openssl prints of what it is given.
#[track_caller]
fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot run openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The certificates of a text, each in PEM.
fn certificates(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----\n";
    text.split_inclusive(END)
        .filter_map(|part| part.find("-----BEGIN").map(|start| part[start..].to_owned()))
        .collect()
}

/// openssl finds the way from the leaf, which comes last, to the root, which comes first.
#[track_caller]
fn assert_chain(root_first: &[String]) {
    let [root, issuing, leaf] = root_first else {
        panic!("{} certificates: {root_first:?}", root_first.len());
    };
    let files = OpenSsl::new();
    files.write("root.pem", root);
    files.write("issuing.pem", issuing);
    files.write("leaf.pem", leaf);
    let printed = files.expect("verify -x509_strict -CAfile root.pem -untrusted issuing.pem leaf.pem");
    assert_eq!(printed, "leaf.pem: OK\n");
}
