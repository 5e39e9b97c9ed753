//! Who is kept out.

use tempfile::TempDir;

use crate::harness::{Client, Control, JSON, Server, run, write_file};

fn raw(server: &Server, request: &str) -> u16 {
    let mut client = Client::connect(server.control());
    client.write(request);
    client.read().unwrap().status
}

#[test]
fn a_web_page_is_kept_out() {
    let server = Server::plain(&[]);
    let machine = hostname();
    for host in [
        "evil.example",
        "127.0.0.1.evil.example:8081",
        "rebind.network",
        "rebind",
        "com",
        "sectigo-emulator:8081",
        &machine,
    ] {
        assert_eq!(
            raw(
                &server,
                &format!("GET /control/v1/health HTTP/1.1\r\nHost: {host}\r\n\r\n")
            ),
            403,
            "{host}"
        );
    }
    for origin in [
        "http://evil",
        "null",
        "https://localhost",
        "http://localhost.evil.example",
    ] {
        let request = format!("GET /control/v1/orders HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\r\n");
        assert_eq!(raw(&server, &request), 403, "{origin}");
    }
    let own = "GET /control/v1/orders HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n";
    assert_eq!(raw(&server, own), 200);
    let answer =
        Client::connect(server.control()).send("POST", "/control/v1/reset", "Content-Type: text/plain\r\n", "{}");
    assert_eq!(answer.status, 415);
    // A call of the API that came to the wrong port.
    let answer = Client::connect(server.control()).send(
        "POST",
        "/products/!autoRevokeCS",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "loginName=x",
    );
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("on the other listeners"), "{}", answer.text());
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .unwrap()
        .trim()
        .to_owned()
}

fn ask_as(server: &Server, host: &str) -> u16 {
    raw(
        server,
        &format!("GET /control/v1/health HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    )
}

#[test]
fn names_that_were_given_are_let_in() {
    let server = Server::start_with(
        &["--https", "off"],
        &[("SECTIGO_EMULATOR_CONTROL_HOST", "sectigo-emulator,ci.example")],
    );
    for (host, status) in [
        ("sectigo-emulator:8081", 200),
        ("CI.example", 200),
        ("localhost:1", 200),
        ("[::1]:1", 200),
        ("example", 403),
        ("sectigo-emulator.example", 403),
    ] {
        assert_eq!(ask_as(&server, host), status, "{host}");
    }
    let args = ["--control-host", "a:80"];
    run(&args, &[]).assert_refused(2, &["--control-host", "without a port"]);
}

#[test]
fn beyond_loopback_the_machines_name_is_let_in() {
    let server = Server::plain(&[
        "--control",
        "0.0.0.0:0",
        "--control-host",
        "one",
        "--control-host",
        "two",
    ]);
    for (host, status) in [
        (&*hostname(), 200),
        ("one", 200),
        ("two:1", 200),
        ("localhost", 200),
        ("10.0.0.7:8081", 200),
        ("rebind", 403),
        ("com", 403),
    ] {
        assert_eq!(ask_as(&server, host), status, "{host}");
    }
}

/// Browsers say where a request comes from, also where they send no Origin.
#[test]
fn a_web_page_of_another_site_may_not_even_read() {
    let server = Server::plain(&[]);
    let own = "Origin: http://localhost\r\n";
    for (method, path, site, origin, status) in [
        ("GET", "/health", "cross-site", "", 403),
        ("GET", "/orders", "cross-site", "", 403),
        ("HEAD", "/orders", "Cross-Site", "", 403),
        ("GET", "/orders", "cross-site", own, 403),
        ("POST", "/reset", "cross-site", own, 403),
        ("GET", "/orders", "same-site", "", 200),
        ("POST", "/reset", "same-site", "", 403),
        ("DELETE", "/calls", "same-site", "", 403),
        ("POST", "/reset", "same-site", own, 200),
        ("GET", "/orders", "same-origin", own, 200),
        ("POST", "/reset", "same-origin", own, 200),
        ("GET", "/orders", "none", "", 200),
    ] {
        let request = format!(
            "{method} /control/v1{path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: {site}\r\n{origin}\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let mut client = Client::connect(server.control());
        client.write(&request);
        let answer = String::from_utf8(client.read_to_end()).unwrap();
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{request}: {answer}");
    }
}

#[test]
fn a_token_may_stand_in_a_file() {
    let dir = TempDir::new().unwrap();
    let file = write_file(&dir, "token", "t0ken\n");
    let path = file.to_str().unwrap();
    let server = Server::start_with(&["--https", "off"], &[("SECTIGO_EMULATOR_CONTROL_TOKEN_FILE", path)]);
    let mut client = Client::connect(server.control());
    for (header, status) in [("t0ken", 200), ("t0ken\\n", 401), ("t0kem", 401)] {
        let header = format!("Authorization: Bearer {header}\r\n");
        assert_eq!(
            client.send("GET", "/control/v1/orders", &header, "").status,
            status,
            "{header}"
        );
    }
    let control = server.control().to_string();
    let ask = |args: &[&str], environment: &[(&str, &str)]| {
        let ctl = ["ctl", "--control", &control, "clock", "show"];
        run(&[&ctl, args].concat(), environment)
    };
    assert_eq!(ask(&["--control-token-file", path], &[]).code, Some(0));
    assert_eq!(ask(&[], &[("SECTIGO_EMULATOR_CONTROL_TOKEN_FILE", path)]).code, Some(0));
    ask(&[], &[]).assert_refused(1, &["--control-token"]);
    ask(&["--control-token-file", "/no/such/file"], &[]).assert_refused(1, &["/no/such/file"]);
    let both = ["--control-token", "t0ken", "--control-token-file", path];
    ask(&both, &[]).assert_refused(2, &["--control-token-file"]);
    run(&["ctl", both[0], both[1], "clock", "show", both[2], both[3]], &[]).assert_refused(1, &["not both"]);
    run(&both, &[]).assert_refused(2, &["--control-token-file"]);
}

#[test]
fn a_token_that_is_none_is_refused_and_not_told() {
    let dir = TempDir::new().unwrap();
    let start = ["--https", "off", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    for (token, word) in [
        (" t0ken", "white space"),
        ("t0ken\n", "white space"),
        ("", "empty"),
        (" ", "empty"),
    ] {
        let words = ["--control-token", word];
        run(&[&start, &["--control-token", token][..]].concat(), &[]).assert_refused(2, &words);
        run(&start, &[("SECTIGO_EMULATOR_CONTROL_TOKEN", token)]).assert_refused(2, &words);
        run(&["ctl", "--token", token, "clock", "show"], &[]).assert_refused(2, &words);
        let refused = run(&start, &[("SECTIGO_EMULATOR_CONTROL_TOKEN", token)]);
        assert!(!refused.stderr.contains("t0ken"), "{refused:?}");
    }
    for text in ["t0ken \n", "t0ken\n\n", "a\nt0ken\n", "\n"] {
        let file = write_file(&dir, "token-file", text);
        let refused = run(
            &[&start, &["--control-token-file", file.to_str().unwrap()][..]].concat(),
            &[],
        );
        refused.assert_refused(2, &["token-file"]);
        assert!(!refused.stderr.contains("t0ken"), "{refused:?}");
    }
    run(&[&start, &["--control-token-file", "/no/such/file"][..]].concat(), &[]).assert_refused(2, &["/no/such/file"]);
}

#[test]
fn a_token_is_demanded_and_never_told() {
    let token = "Tk9qSecretTk9q";
    let server = Server::start_with(&["--https", "off"], &[("SECTIGO_EMULATOR_CONTROL_TOKEN", token)]);
    let mut control = Control::of(&server);
    control.expect(("GET", "/health", ""), 200, &[]);
    control.expect(("GET", "/orders", ""), 401, &["--control-token"]);
    let mut client = Client::connect(server.control());
    let wrong = format!("Authorization: Bearer {token}x\r\n");
    assert_eq!(client.send("GET", "/control/v1/orders", &wrong, "").status, 401);
    let right = format!("Authorization: Bearer {token}\r\n{JSON}");
    assert_eq!(client.send("POST", "/control/v1/sandboxes", &right, "{}").status, 201);
    assert!(!server.log().contains(token));
}
