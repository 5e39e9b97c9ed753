//! Attacks on the control API by the bodies of requests: too long, too many, stalled, or small in JSON and large in memory.
//! While one goes on, a good client is answered soon, and the memory that it cost comes back when it is over.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{GIVES_BACK, SOON};
use crate::harness::{Answer, Client, Control, JSON, Limits, Server, eventually, run, write_file};

const MIB: usize = 1 << 20;

/// The part of a path of the control API after its start.
fn at(path: &str) -> String {
    format!("/control/v1{path}")
}

/// How many tables TOML may have, and a few less.
const MOST_TABLES: usize = 49_990;

/// Fixtures in TOML, which are a list of about so many bytes.
fn toml_list(element: &str, length: usize) -> String {
    json!({"fixtures": filled("x=[", element, "]", length)}).to_string()
}

#[track_caller]
fn assert_soon<T>(what: &str, call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let answer = call();
    let took = start.elapsed();
    assert!(took < SOON, "{what} takes {took:?}");
    answer
}

/// Sends the head of a request with a body of that length, or of none that is known.
fn begin(address: SocketAddr, method: &str, path: &str, length: Option<usize>) -> Client {
    let mut client = Client::connect(address);
    let length = match length {
        Some(length) => format!("Content-Length: {length}"),
        None => "Transfer-Encoding: chunked".to_owned(),
    };
    let path = at(path);
    client.write(format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{JSON}{length}\r\n\r\n"
    ));
    client
}

/// `start`, then `part` again and again up to about that length, then `end`.
fn filled(start: &str, part: &str, end: &str, length: usize) -> String {
    format!("{start}{}{end}", part.repeat(length / part.len()))
}

/// What a client learns that sends this body.
fn status_of(address: SocketAddr, method: &str, path: &str, body: &str) -> u16 {
    let mut client = begin(address, method, path, Some(body.len()));
    client.write_into_the_closing_door(body);
    client.read().expect("no answer").status
}

#[test]
fn a_body_that_is_announced_too_long_is_refused_before_it_comes() {
    let server = Server::plain(&["--max-snapshot", "2000000"]);
    for (method, path, most, word) in [
        ("PATCH", "/orders/1234567", MIB, "1048576 bytes"),
        ("POST", "/orders", MIB, "1048576 bytes"),
        ("POST", "/accounts", MIB, "1048576 bytes"),
        ("PATCH", "/accounts/login_name", MIB, "1048576 bytes"),
        ("POST", "/faults", MIB, "1048576 bytes"),
        ("PUT", "/clock", MIB, "1048576 bytes"),
        ("POST", "/clock/advance", MIB, "1048576 bytes"),
        ("PATCH", "/assumptions", MIB, "1048576 bytes"),
        ("POST", "/calls/count", MIB, "1048576 bytes"),
        ("POST", "/reset", 16 * MIB, "16777216 bytes"),
        ("POST", "/sandboxes", 16 * MIB, "16777216 bytes"),
        ("PUT", "/snapshot", 2_000_000, "--max-snapshot"),
    ] {
        let answer = begin(server.control(), method, path, Some(most + 1)).read().unwrap();
        assert_eq!(answer.status, 413, "{method} {path}: {answer:?}");
        let problem: Value = serde_json::from_str(answer.text()).unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{method} {path}: {detail}");
    }
    // One whose length is not announced, once it is too long.
    let mut client = begin(server.control(), "PUT", "/clock", None);
    let chunk = format!("{:x}\r\n{}\r\n", MIB + 1, " ".repeat(MIB + 1));
    client.write_into_the_closing_door(chunk);
    assert_eq!(client.read().unwrap().status, 413);
    // What is just short enough is read.
    let longest = format!("{}{{}}", " ".repeat(MIB - 2));
    assert_eq!(status_of(server.control(), "PUT", "/clock", &longest), 200);
    server.assert_well();
}

#[test]
fn the_document_says_how_long_each_body_may_be() {
    let server = Server::plain(&["--max-snapshot", "2000000"]);
    let document = Control::of(&server).get("/openapi.json");
    let mut lengths = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/control/v1").unwrap();
        let path = path
            .replace("{sandbox}", "default")
            .replace("{orderNumber}", "1234567")
            .replace("{loginName}", "login_name");
        for (method, operation) in item.as_object().unwrap() {
            let too_long = operation["responses"]["413"]["description"].as_str();
            let most = match too_long {
                None => continue,
                Some("The body is longer than 1 MiB") => MIB,
                Some("The body is longer than 16 MiB") => 16 * MIB,
                Some("The body is longer than --max-snapshot") => 2_000_000,
                Some(other) => panic!("{method} {path}: {other}"),
            };
            let method = method.to_uppercase();
            let answer = begin(server.control(), &method, &path, Some(most + 1)).read().unwrap();
            assert_eq!(answer.status, 413, "{method} {path}: {answer:?}");
            let said = format!("the {most} bytes");
            assert!(answer.text().contains(&said), "{method} {path}: {answer:?}");
            lengths.insert(most);
        }
    }
    assert_eq!(lengths.len(), 3);
}

#[test]
fn toml_is_shorter_than_json() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let text = |length: usize| json!({"fixtures": format!("#{}", " ".repeat(length - 1))}).to_string();
    control.expect(("POST", "/reset", &text(MIB)), 200, &[]);
    for path in ["/reset", "/sandboxes"] {
        let problem = control.ask(("POST", path, &text(MIB + 1)), 413);
        assert_eq!(problem["field"], "fixtures");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("as JSON") && detail.contains("--fixtures"), "{detail}");
    }
    let as_json = json!({"fixtures": format!("{}{{}}", " ".repeat(2 * MIB))}).to_string();
    control.expect(("POST", "/reset", &as_json), 200, &[]);
}

#[test]
fn more_fields_and_lists_than_an_entry_has_are_refused() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for body in [
        filled(r#"{"revocation":["#, r#"{"":{"":0}},"#, "0]}", MIB - 100),
        filled(r#"{"csr":["#, "[],", "0]}", MIB - 100),
    ] {
        for (method, path) in [
            ("PATCH", "/orders/1234567"),
            ("PATCH", "/accounts/login_name"),
            ("POST", "/orders"),
        ] {
            control.expect((method, path, &body), 400, &["more than 1000 fields and lists"]);
        }
    }
    // Neither are they kept where a value of one of two kinds is taken.
    let voucher = filled(
        r#"{"loginName":"a","loginPassword":"b","voucher":["#,
        "{},",
        "0]}",
        MIB - 100,
    );
    control.expect(("POST", "/accounts", &voucher), 400, &["the voucher's name"]);
    let count = filled(r#"{"orderNumber":["#, "{},", "0]}", MIB - 100);
    control.expect(("POST", "/calls/count", &count), 400, &["a number or a string"]);
    for (sent, status) in [("7", 200), ("7.0", 200), ("\"7\"", 200), ("-7", 400), ("7.5", 400)] {
        control.expect(
            ("POST", "/calls/count", &format!(r#"{{"orderNumber":{sent}}}"#)),
            status,
            &[],
        );
    }
}

#[test]
fn bodies_that_stall_hold_up_nobody() {
    let server = Server::plain(&[]);
    let mut stalled = Vec::new();
    for _ in 0..40 {
        let mut client = begin(server.control(), "PUT", "/snapshot", None);
        client.write("5\r\n{    \r\n");
        stalled.push(client);
        stalled.push(begin(server.control(), "POST", "/reset", Some(16 * MIB)));
    }
    let fixtures = format!(r#"{{"fixtures":{{{}}}}}"#, " ".repeat(MIB));
    let mut chunked = begin(server.control(), "POST", "/reset", None);
    let reset = || {
        chunked.write(format!("{:x}\r\n{fixtures}\r\n0\r\n\r\n", fixtures.len()));
        chunked.read().unwrap()
    };
    assert_eq!(assert_soon("a reset", reset).status, 200);
    server.assert_well();
}

#[test]
fn a_body_for_which_there_is_no_memory_is_told_to_come_again() {
    let body = format!("{}{{}}", " ".repeat(MIB - 2));
    // On a busy machine those that fill the memory may themselves be refused; then another server is tried.
    let (server, held, answer) = (0..8)
        .find_map(|_| refused_for_lack_of_memory(&body))
        .expect("no body was refused, however often the memory was filled");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    assert!(answer.text().contains("send it again"), "{answer:?}");
    // What is small needs none of that memory.
    let mut control = Control::of(&server);
    assert_soon("a small body", || {
        control.expect(("PUT", "/clock", r#"{"now":"+1d"}"#), 200, &[])
    });
    drop(held);
    eventually("there is memory again", || {
        status_of(server.control(), "PUT", "/clock", &body) == 200
    });
    server.assert_well();
}

/// Fills the memory for bodies of a new server, and sends one more until it is refused. That it is, it knows soon.
fn refused_for_lack_of_memory(body: &str) -> Option<(Server, Vec<Client>, Answer)> {
    let server = Server::plain(&[]);
    // Two fill the memory that all share, the third goes beyond it.
    let part = " ".repeat(16 * MIB - 1);
    let held = (0..3)
        .map(|_| {
            let mut client = begin(server.control(), "POST", "/reset", Some(16 * MIB));
            client.write(&part);
            client
        })
        .collect();
    // The last bytes of the others may still be on their way.
    let answer = (0..50).find_map(|_| {
        let put = || Client::connect(server.control()).send("PUT", &at("/clock"), JSON, body);
        let answer = assert_soon("an answer", put);
        thread::sleep(Duration::from_millis(20));
        Some(answer).filter(|answer| answer.status == 503)
    })?;
    Some((server, held, answer))
}

#[test]
fn long_bodies_are_parsed_aside_and_a_stop_does_not_wait_for_them() {
    let permissions = filled(
        r#"{"fixtures":{"accounts":[{"loginName":"a","loginPassword":"b","permissions":["#,
        r#""","#,
        r#"""]}]}}"#,
        15 * MIB,
    );
    let toml = toml_list("{a=1},", 6 * MOST_TABLES);
    let mut times = Vec::new();
    for _ in 0..3 {
        let mut server = Server::plain(&[]);
        let address = server.control();
        for body in [&permissions, &permissions, &toml, &toml] {
            let mut client = begin(address, "POST", "/reset", Some(body.len()));
            let body = body.clone();
            thread::spawn(move || {
                client.write_into_the_closing_door(body);
                let _ = client.read();
            });
        }
        for _ in 0..20 {
            assert_soon("a health check", || {
                assert_eq!(Client::connect(address).get(&at("/health")).status, 200);
            });
            thread::sleep(Duration::from_millis(20));
        }
        let (status, took) = server.stop("TERM");
        assert_eq!(status.code(), Some(0), "{}", server.log());
        times.push(took);
        if took < Duration::from_secs(1) {
            return;
        }
    }
    panic!("a stop takes {times:?}");
}

#[test]
fn a_snapshot_of_any_length_is_restored_and_loaded_as_a_state() {
    let comment = "o".repeat(2000);
    let orders: Vec<_> = (1..=9000)
        .map(|number| {
            json!({"orderNumber": number, "loginName": "a", "product": "smime", "state": "revoked",
                "revocation": {"at": "-1d", "codeReason": 0, "revocationReason": comment}})
        })
        .collect();
    let fixtures = json!({"accounts": [{"loginName": "a", "loginPassword": "b"}], "orders": orders}).to_string();
    assert!(fixtures.len() > 17 * MIB);
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "state.json", &fixtures);
    let mut server = Server::plain(&["--state", path.to_str().unwrap()]);
    let mut control = Control::of(&server);
    control.expect(("PUT", "/clock", r#"{"frozen":true}"#), 200, &[]);
    let snapshot = control.read("/snapshot", "");
    assert_eq!(
        snapshot.header("content-length"),
        Some(&*snapshot.bytes().len().to_string())
    );
    let mut there = Control::of_new_sandbox(&server, "there");
    let restored = there.ask(("PUT", "/snapshot", snapshot.text()), 200);
    assert_eq!(restored, json!({"orders": 9000, "accounts": 1}));
    assert!(
        there.read("/snapshot", "").bytes() == snapshot.bytes(),
        "it is not the same"
    );
    assert!(server.stop("TERM").0.success());
    let again = Server::plain(&["--state", path.to_str().unwrap()]);
    assert!(Control::of(&again).read("/snapshot", "").bytes() == snapshot.bytes());
}

#[test]
fn a_csr_is_no_longer_than_over_the_api() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let csr = "A".repeat(32_768);
    let order = json!({"orderNumber": 1, "loginName": "login_name", "product": "smime", "csr": csr});
    let mut stated = order.clone();
    stated["state"] = json!("issued");
    let mut world: Value = control.get("/snapshot");
    world["orders"] = json!([stated]);
    for (method, path, body, field) in [
        ("POST", "/orders", order, "csr"),
        ("PATCH", "/orders/1234567", json!({"csr": csr}), "csr"),
        ("PUT", "/snapshot", world.clone(), "orders.0.csr"),
        ("POST", "/reset", json!({"fixtures": world}), "fixtures.orders.0.csr"),
        (
            "POST",
            "/sandboxes",
            json!({"fixtures": world}),
            "fixtures.orders.0.csr",
        ),
    ] {
        let problem = control.ask((method, path, &body.to_string()), 422);
        assert_eq!(problem["field"], field);
        assert_eq!(
            problem["detail"],
            "csr has 32768 characters; the API takes 32767 at most"
        );
    }
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "fixtures.json", &world.to_string());
    let listeners = [
        "--https",
        "off",
        "--http",
        "off",
        "--control",
        "127.0.0.1:0",
        "--fixtures",
    ];
    run(&[&listeners[..], &[path.to_str().unwrap()]].concat(), &[]).assert_refused(2, &["32767 at most"]);
}

#[test]
fn accounts_are_bounded_by_every_way_in() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let accounts = |count: usize| {
        let accounts: Vec<_> = (0..count)
            .map(|number| json!({"loginName": number.to_string(), "loginPassword": "p"}))
            .collect();
        json!({"accounts": accounts})
    };
    let too_many = accounts(100_001);
    for (method, path, body, field) in [
        ("PUT", "/snapshot", too_many.clone(), "accounts.100000"),
        (
            "POST",
            "/reset",
            json!({"fixtures": too_many}),
            "fixtures.accounts.100000",
        ),
    ] {
        let problem = control.ask((method, path, &body.to_string()), 422);
        assert_eq!(
            (&problem["field"], &problem["detail"]),
            (&json!(field), &json!("there may be at most 100000 accounts"))
        );
    }
    control.expect(("PUT", "/snapshot", &accounts(100_000).to_string()), 200, &["100000"]);
    let one_more = r#"{"loginName":"x","loginPassword":"p"}"#;
    control.expect(("POST", "/accounts", one_more), 503, &["100000"]);
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "fixtures.json", &too_many.to_string());
    let listeners = [
        "--https",
        "off",
        "--http",
        "off",
        "--control",
        "127.0.0.1:0",
        "--fixtures",
    ];
    run(&[&listeners[..], &[path.to_str().unwrap()]].concat(), &[]).assert_refused(2, &["at most 100000 accounts"]);
}

#[test]
fn a_change_of_another_content_type_is_refused_even_without_a_body() {
    let server = Server::plain(&[]);
    let mut client = Client::connect(server.control());
    for (method, path) in [
        ("POST", "/reset"),
        ("POST", "/sandboxes"),
        ("POST", "/calls/count"),
        ("DELETE", "/calls"),
        ("DELETE", "/faults"),
    ] {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let headers = format!("Content-Type: {kind}\r\n");
            let answer = client.send(method, &at(path), &headers, "");
            assert_eq!(answer.status, 415, "{method} {path} {kind}: {answer:?}");
            assert!(answer.text().contains("leave out the Content-Type"), "{answer:?}");
        }
        for headers in ["", JSON, "content-type: Application/JSON; charset=utf-8\r\n"] {
            let answer = client.send(method, &at(path), headers, "");
            assert!(
                matches!(answer.status, 200 | 201 | 204),
                "{method} {path} {headers}: {answer:?}"
            );
        }
    }
    let both = format!("{JSON}Content-Type: text/plain\r\n");
    assert_eq!(client.send("POST", &at("/reset"), &both, "{}").status, 415);
}

#[test]
fn what_was_sent_is_repeated_in_short() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let long = "x".repeat(MIB / 2);
    let cut = format!("{}…", "x".repeat(64));
    let unknown = format!(r#"{{"{long}":1}}"#);
    for (method, path, body) in [
        ("PATCH", "/orders/1234567", unknown.clone()),
        ("PATCH", "/accounts/login_name", unknown.clone()),
        ("POST", "/accounts", unknown.clone()),
        ("POST", "/faults", format!(r#"{{"then":{unknown}}}"#)),
        ("PATCH", "/assumptions", format!(r#"{{"{long}":"x"}}"#)),
        ("PATCH", "/assumptions", format!(r#"{{"spelling":"{long}"}}"#)),
        ("PUT", "/clock", format!(r#"{{"now":"{long}"}}"#)),
        ("PUT", "/snapshot", unknown.clone()),
        (
            "POST",
            "/orders",
            format!(r#"{{"loginName":"login_name","product":"{long}"}}"#),
        ),
        (
            "POST",
            "/faults",
            format!(r#"{{"endpoint":"{long}","then":{{"garble":true}}}}"#),
        ),
        ("POST", "/reset", format!(r#"{{"fixtures":{unknown}}}"#)),
        ("POST", "/reset", json!({"fixtures": format!("{long} = 1")}).to_string()),
        ("POST", "/sandboxes", format!(r#"{{"name":"{long}"}}"#)),
        ("POST", "/calls/count", format!(r#"{{"endpoint":"{long}"}}"#)),
    ] {
        let answer = control.send(method, path, &body);
        assert!(matches!(answer.status, 400 | 422), "{method} {path}: {}", answer.status);
        let text = answer.text();
        assert!(text.len() < 1500, "{method} {path}: {} bytes: {text:.2000}", text.len());
    }
    let problem = control.ask(("PATCH", "/orders/1234567", &unknown), 400);
    assert_eq!(problem["field"], *cut);
    let long = &long[..40_000];
    for path in [
        format!("/clock?{long}=1"),
        format!("/orders?{long}=1"),
        format!("/orders?state={long}"),
        format!("/orders?limit={long}"),
        format!("/sandboxes/{long}"),
        format!("/orders/{long}"),
        format!("/accounts/{long}"),
    ] {
        let answer = control.send("GET", &path, "");
        assert!(matches!(answer.status, 400 | 404), "{path:.80}: {}", answer.status);
        let text = answer.text();
        assert!(text.len() < 1500, "{path:.80}: {} bytes: {text:.2000}", text.len());
    }
}

#[test]
fn toml_with_too_many_tables_is_refused() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for path in ["/reset", "/sandboxes"] {
        let answer = control.ask(("POST", path, &toml_list("{a=1},", 6 * 51_000)), 413);
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains("50000 tables at most"), "{detail}");
        assert_eq!(answer["field"], "fixtures");
        let unknown = control.ask(("POST", path, &toml_list("{a=1},", 6 * MOST_TABLES)), 422);
        assert!(
            unknown["detail"].as_str().unwrap().contains("unknown field `x`"),
            "{unknown}"
        );
    }
}

#[test]
fn bodies_that_grow_in_memory_leave_room_for_others() {
    let server = small_server(&[]);
    for _ in 0..3 {
        send_bodies_that_grow(&server);
    }
    server.assert_well();
}

#[test]
fn the_memory_of_bodies_that_grow_comes_back() {
    let server = small_server(&GIVES_BACK);
    let before = server.resident_memory();
    for _ in 0..3 {
        send_bodies_that_grow(&server);
        eventually("the memory comes back", || {
            server.resident_memory() < before + 100 * MIB
        });
    }
    server.assert_well();
}

/// A server with few files and little address space.
fn small_server(environment: &[(&str, &str)]) -> Server {
    let limits = Limits {
        files: 256,
        address_space: 2 << 30,
    };
    let args = ["--https", "off", "--plain-http", "accept"];
    let server = Server::limited_with(&limits, &args, environment);
    assert_eq!(server.limit("Max address space"), ["2147483648", "2147483648"]);
    server
}

/// Sends many bodies at once that are small in JSON and large in memory; meanwhile a good client is answered soon.
fn send_bodies_that_grow(server: &Server) {
    let address = server.control();
    let patch = filled(r#"{"revocation":["#, r#"{"":{"":0}},"#, "0]}", MIB - 100);
    let long_patch = filled(r#"{"revocation":["#, r#"{"":{"":0}},"#, "0]}", 16 * MIB - 100);
    let faults = filled(r#"{"fixtures":{"faults":["#, r#"{"then":{"code":1}},"#, "0]}}", 4 * MIB);
    let lists = filled(
        r#"{"fixtures":{"accounts":[{"loginName":"a","loginPassword":"b","permissions":["#,
        r#""","#,
        "0]}]}}",
        4 * MIB,
    );
    let too_many_tables = toml_list("{a=1},", MIB - 100);
    let most_tables = toml_list("{a=1},", 6 * MOST_TABLES);
    let many_values = toml_list("1,", MIB - 100);
    let attacks = [
        ("PATCH", "/orders/1234567", &patch, 30),
        ("PATCH", "/orders/1234567", &long_patch, 4),
        ("POST", "/reset", &faults, 6),
        ("POST", "/reset", &lists, 6),
        ("POST", "/sandboxes", &too_many_tables, 4),
        ("POST", "/sandboxes", &most_tables, 4),
        ("POST", "/reset", &many_values, 4),
    ];
    thread::scope(|scope| {
        let mut attackers = Vec::new();
        for (method, path, body, times) in attacks {
            for _ in 0..times {
                attackers.push(scope.spawn(move || {
                    // Under this many, one may be closed before it has read why.
                    if let Ok(mut stream) = TcpStream::connect(address) {
                        let head = format!(
                            "{method} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{JSON}Content-Length: \
                             {}\r\n\r\n",
                            at(path),
                            body.len()
                        );
                        let _ = stream.write_all(head.as_bytes());
                        let _ = stream.write_all(body.as_bytes());
                        let _ = std::io::copy(&mut stream, &mut std::io::sink());
                    }
                }));
            }
        }
        while attackers.iter().any(|attacker| !attacker.is_finished()) {
            assert_soon("a good client", || {
                let mut control = Control::of(server);
                control.expect(("PATCH", "/orders/1234567", r#"{"email":"a@example.com"}"#), 200, &[]);
            });
            thread::sleep(Duration::from_millis(50));
        }
    });
}
