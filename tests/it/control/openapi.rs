//! The OpenAPI document tells of what the server does, of all of it, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Control, DEADLINE, Server};

/// The methods that each path of the document has.
type Paths = BTreeMap<String, BTreeSet<String>>;

fn documented(server: &Server) -> Paths {
    let document = Control::of(server).get("/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        item.as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect()
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// The rows of the contract that stand beside the sandboxes.
const BESIDE: &[(&str, &str)] = &[
    ("/health", "GET"),
    ("/endpoints", "GET"),
    ("/tls/ca.pem", "GET"),
    ("/openapi.json", "GET"),
    ("/sandboxes", "GET POST"),
    ("/sandboxes/{sandbox}", "GET DELETE"),
];

/// The rows of each sandbox.
const IN_SANDBOX: &[(&str, &str)] = &[
    ("/accounts", "GET POST"),
    ("/accounts/{loginName}", "GET PATCH DELETE"),
    ("/orders", "GET POST"),
    ("/orders/{orderNumber}", "GET PATCH DELETE"),
    ("/orders/{orderNumber}/history", "GET"),
    ("/orders/{orderNumber}/next", "GET"),
    ("/orders/{orderNumber}/certificate", "GET"),
    ("/orders/{orderNumber}/chain", "GET"),
    ("/orders/{orderNumber}/csr", "GET"),
    ("/orders/{orderNumber}/key", "GET"),
    ("/ca", "GET"),
    ("/clock", "GET PUT"),
    ("/clock/advance", "POST"),
    ("/clock/due", "GET"),
    ("/faults", "GET POST DELETE"),
    ("/faults/{id}", "DELETE"),
    ("/calls", "GET POST DELETE"),
    ("/calls/{id}", "GET"),
    ("/calls/{id}/again", "POST"),
    ("/calls/stream", "GET"),
    ("/calls/count", "POST"),
    ("/outbox", "GET DELETE"),
    ("/snapshot", "GET PUT"),
    ("/reset", "POST"),
    ("/assumptions", "GET PATCH"),
];

#[test]
fn the_document_has_the_contracts_rows_and_no_others() {
    let server = Server::start(&["--https", "off"]);
    let mut contract = Paths::new();
    for (base, rows) in [
        ("/control/v1", BESIDE),
        ("/control/v1", IN_SANDBOX),
        ("/control/v1/sandboxes/{sandbox}", IN_SANDBOX),
    ] {
        for (path, methods) in rows {
            contract.insert(format!("{base}{path}"), methods.split(' ').map(str::to_owned).collect());
        }
    }
    assert_eq!(documented(&server), contract);
}

/// Sends a request without a body, and gives the status and the Allow header.
fn ask(server: &Server, method: &str, path: &str) -> (u16, Option<String>) {
    let mut socket = TcpStream::connect(server.control()).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    )
    .unwrap();
    let head: Vec<_> = BufReader::new(socket)
        .lines()
        .map(|line| line.unwrap())
        .take_while(|line| !line.is_empty())
        .collect();
    let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
    let allow = head.iter().find_map(|line| line.strip_prefix("allow: "));
    (status, allow.map(str::to_owned))
}

/// The path to things that are there; `id` is the number of a fault or a call.
fn filled(path: &str, id: &str) -> String {
    path.replace("{sandbox}", "t1")
        .replace("{loginName}", "no_permission")
        .replace("{orderNumber}", if path.ends_with("/csr") { "1234567" } else { "7" })
        .replace("{id}", id)
}

fn give_csr_and_key(control: &mut Control) {
    let csr = json!({"csr": include_str!("../../../fixtures/csr/p256-sha256.pem")}).to_string();
    control.expect(("PATCH", "/orders/1234567", &csr), 200, &[]);
    let order = r#"{"orderNumber":7,"loginName":"login_name","product":"smime","keepKey":true}"#;
    control.expect(("POST", "/orders", order), 201, &[]);
}

#[test]
fn each_documented_operation_is_served() {
    let server = Server::start(&["--http", "off"]);
    for (path, methods) in documented(&server) {
        for method in &methods {
            // What an operation before took away is there again.
            let mut control = Control::of(&server);
            control.send("DELETE", "/sandboxes/t1", "");
            control.expect(("POST", "/sandboxes", r#"{"name":"t1"}"#), 201, &[]);
            control.expect(("POST", "/reset", ""), 200, &[]);
            give_csr_and_key(&mut control);
            give_csr_and_key(&mut Control::at(server.control(), "t1"));
            // Numbers of faults go on through a reset.
            let faults = control.get("/faults");
            let of_default = faults["faults"][0]["id"].to_string();
            let call = r#"{"endpoint":"!autoRevokeCS"}"#;
            let calls = [&mut control, &mut Control::at(server.control(), "t1")]
                .map(|control| control.ask(("POST", "/calls", call), 200)["call"]["id"].to_string());
            let id = match (path.contains("{sandbox}"), path.contains("/calls/{id}")) {
                (true, false) => "1",
                (false, false) => &of_default,
                (true, true) => &calls[1],
                (false, true) => &calls[0],
            };
            let (status, _) = ask(&server, method, &filled(&path, id));
            // Where a body is demanded, it is missed.
            assert!(matches!(status, 200 | 201 | 204 | 400), "{method} {path}: {status}");
        }
    }
    server.assert_well();
}

#[test]
fn each_other_method_is_refused_with_those_that_are_served() {
    let server = Server::start(&["--http", "off"]);
    Control::of_new_sandbox(&server, "t1");
    for (path, methods) in documented(&server) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if methods.contains(method) {
                continue;
            }
            let (status, allow) = ask(&server, method, &filled(&path, "1"));
            assert_eq!(status, 405, "{method} {path}");
            let allow = allow.unwrap_or_else(|| panic!("{method} {path} has no Allow"));
            let mut allowed: BTreeSet<_> = allow.split(',').map(|method| method.trim().to_owned()).collect();
            // HEAD comes with GET.
            assert_eq!(
                allowed.remove("HEAD"),
                methods.contains("GET"),
                "{method} {path}: {allow}"
            );
            assert_eq!(allowed, methods, "{method} {path}");
        }
    }
}

#[test]
fn each_operation_has_a_name_of_its_own_and_says_what_it_answers() {
    let server = Server::start(&["--https", "off"]);
    let document = Control::of(&server).get("/openapi.json");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} twice");
            assert!(
                operation["summary"].as_str().is_some_and(|text| text.ends_with('.')),
                "{method} {path}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{method} {path}"
            );
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = part.trim_end_matches('}');
                let parameters = operation["parameters"].as_array().unwrap();
                let is_it = |parameter: &&Value| parameter["name"] == name && parameter["in"] == "path";
                assert_eq!(parameters.iter().filter(is_it).count(), 1, "{method} {path}: {name}");
            }
        }
    }
}
