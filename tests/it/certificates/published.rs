//! What a CA publishes, as HTTP carries it: methods, caching, listeners.

use super::desk::{Desk, path_of, uri};
use crate::harness::{Curl, Form, Server, Url};

const NUMBER: u64 = 2_200_003;

#[test]
fn methods_that_are_not_taken_are_told() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    for (path, allow) in [
        ("/ocsp/smime", "GET, HEAD, POST"),
        ("/crl/smime.crl", "GET, HEAD"),
        ("/ca/smime.cer", "GET, HEAD"),
        ("/ca/root.cer", "GET, HEAD"),
    ] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"] {
            if allow.contains(method) {
                continue;
            }
            let answer = desk.client.send(method, path, "", "");
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some(allow)),
                "{method} {path}"
            );
        }
        let (whole, head) = (desk.client.get(path), desk.client.send("HEAD", path, "", ""));
        for header in ["content-type", "content-length"] {
            assert_eq!(head.header(header), whole.header(header), "{path} {header}");
        }
        assert_eq!((head.status, head.bytes()), (200, &b""[..]), "{path}");
    }
}

#[test]
fn a_crl_is_kept_by_caches_and_asked_for_again() {
    let server = Server::plain(&[]);
    let mut desk = Desk::of(&server);
    desk.collect(NUMBER);
    let path = path_of(&uri(&desk.x509(NUMBER, "-ext crlDistributionPoints")));
    let first = desk.client.get(&path);
    for header in ["cache-control", "etag", "expires", "last-modified"] {
        assert!(first.header(header).is_some(), "{header}");
    }
    assert!(first.header("cache-control").unwrap().contains("max-age="));
    let date = |name| httpdate(first.header(name).unwrap());
    assert!(date("last-modified") <= date("date") && date("date") < date("expires"));

    let etag = first.header("etag").unwrap();
    for sent in [
        etag.to_owned(),
        format!("\"x\", {etag}"),
        format!("W/{etag}"),
        "*".to_owned(),
    ] {
        let again = desk
            .client
            .send("GET", &path, &format!("If-None-Match: {sent}\r\n"), "");
        assert_eq!((again.status, again.bytes()), (304, &b""[..]), "{sent}");
    }
    let other = desk.client.send("GET", &path, "If-None-Match: \"x\"\r\n", "");
    assert_eq!((other.status, other.bytes()), (200, first.bytes()));

    desk.revoke(&Form::revoke());
    let changed = desk
        .client
        .send("GET", &path, &format!("If-None-Match: {etag}\r\n"), "");
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(etag));
    assert_ne!(changed.bytes(), first.bytes());
}

#[test]
fn it_is_served_where_the_api_is_refused_and_over_tls() {
    let server = Server::start(&[]);
    let mut desk = Desk::of(&server);
    assert_eq!(desk.replace(&Form::replace()).code(), -1);
    desk.collect(NUMBER);
    assert_eq!(desk.told(NUMBER), "good");
    for (file, path) in [
        ("issuer.der", "/ca/code-signing.cer"),
        ("crl.der", "/crl/code-signing.crl"),
    ] {
        let plain = desk.client.get(path);
        let over_tls = Curl::new(&server, &Url::Https(path)).answer();
        assert_eq!(
            (over_tls.status, over_tls.bytes()),
            (200, plain.bytes()),
            "{path} {file}"
        );
    }
    Curl::new(&server, &Url::Https("/products/!autoRevokeCS"))
        .form(&Form::revoke())
        .answer()
        .assert_text("0\n");
    assert_eq!(desk.told(NUMBER), "revoked: keyCompromise");
}

/// A time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[track_caller]
fn httpdate(text: &str) -> std::time::SystemTime {
    let words: Vec<_> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let [_, day, month, year, time, "GMT"] = words[..] else {
        panic!("{text}");
    };
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(month).unwrap() / 3 + 1;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).unwrap()
}
