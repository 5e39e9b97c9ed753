//! Where the URLs in certificates lead, whichever listeners there are.

use std::net::TcpListener;

use super::desk::Desk;
use crate::harness::{Client, Control, Curl, OpenSsl, Server, Url, run};

#[test]
fn the_urls_begin_as_one_says() {
    for url in [
        "http://sectigo.test:8080",
        "http://sectigo.test:8080/",
        "http://sectigo.test:8080//",
    ] {
        let server = Server::plain(&["--http-url", url]);
        let mut desk = Desk::of(&server);
        desk.collect(2_200_003);
        let text = desk.x509(2_200_003, "-text");
        for url in [
            "CA Issuers - URI:http://sectigo.test:8080/ca/code-signing.cer\n",
            "OCSP - URI:http://sectigo.test:8080/ocsp/code-signing\n",
            "URI:http://sectigo.test:8080/crl/code-signing.crl\n",
        ] {
            assert!(text.contains(url), "no {url} in {text}");
        }
    }
    for url in [
        "https://a.test",
        "ftp://a.test",
        "nowhere",
        "http://",
        "",
        "http://a b",
        "http://a.test?x",
        "http://a.test/#x",
        "http://user:s3cret@a.test",
    ] {
        run(&["--http-url", url], &[]).assert_refused(2, &["http-url"]);
    }
    run(&[], &[("SECTIGO_EMULATOR_HTTP_URL", "nowhere")]).assert_refused(2, &["nowhere"]);
}

#[test]
fn a_listener_on_every_interface_is_found_by_the_host_name() {
    let host = hostname::get().unwrap().into_string().unwrap();
    let addresses = ["0.0.0.0:0", "[::]:0"];
    // A machine may be without IPv6.
    for address in addresses.iter().filter(|address| TcpListener::bind(address).is_ok()) {
        let server = Server::plain(&["--http", address]);
        let base = format!("http://{host}:{}", server.http().port());
        server.wait_for_log(&["every interface", &base, "--http-url"]);
        let mut desk = Desk::of(&server);
        desk.collect(2_200_003);
        let text = desk.x509(2_200_003, "-text");
        for path in ["/ca/code-signing.cer", "/ocsp/code-signing", "/crl/code-signing.crl"] {
            assert!(
                text.contains(&format!("URI:{base}{path}\n")),
                "no {base}{path} in {text}"
            );
        }
        assert!(
            !text.contains("http://127.0.0.1") && !text.contains("http://[::1]"),
            "{text}"
        );
    }
}

#[test]
fn without_a_plain_listener_there_are_no_urls_unless_one_says_so() {
    for (args, has_urls) in [
        (&["--http", "off"][..], false),
        (&["--http", "off", "--http-url", "http://sectigo.test"], true),
    ] {
        let server = Server::start(args);
        let files = OpenSsl::new();
        let mut control = Control::of(&server);
        files.write("x.pem", control.read("/orders/1234567/certificate", "").text());
        let text = files.expect("x509 -in x.pem -noout -text");
        assert_eq!(text.contains("URI:"), has_urls, "{text}");
        assert_eq!(
            text.contains("URI:http://sectigo.test/crl/smime.crl\n"),
            has_urls,
            "{text}"
        );
        assert!(text.contains("email:user@example.com"), "{text}");
        // Where certificates name no CRL, it is for all of them.
        let crl = Curl::new(&server, &Url::Https("/crl/smime.crl")).answer();
        files.write("crl.der", crl.bytes());
        let text = files.expect("crl -inform DER -in crl.der -noout -text");
        assert_eq!(
            text.contains("X509v3 Issuing Distribution Point: critical"),
            has_urls,
            "{text}"
        );
    }
}

#[test]
fn without_a_tls_listener_the_root_is_published_still() {
    let server = Server::plain(&[]);
    let answer = Client::connect(server.http()).get("/ca/root.cer");
    let desk = Desk::of(&server);
    desk.openssl.write("root.der", answer.bytes());
    let fetched = desk.openssl.expect("x509 -inform DER -in root.der");
    assert_eq!(fetched, desk.openssl.read("root.pem"));
}
