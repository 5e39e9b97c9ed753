//! Who is kept out.

use crate::harness::{Client, Control, JSON, Server};

fn raw(server: &Server, request: &str) -> u16 {
    let mut client = Client::connect(server.control());
    client.write(request);
    client.read().unwrap().status
}

#[test]
fn a_web_page_is_kept_out() {
    let server = Server::plain(&[]);
    for host in ["evil.example", "127.0.0.1.evil.example:8081", "rebind.network"] {
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
