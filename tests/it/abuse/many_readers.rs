//! A long CRL that changes all the time, and many who ask for it and do not read: neither threads nor memory run out, and
//! others are answered.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{SetAtEnd, assert_soon};
use crate::harness::{Client, Control, OpenSsl, Server, write_file};

/// How many revoked orders there are: a CRL of 3.6 MB.
const ORDERS: u64 = 100_000;

/// How many ask for the CRL and read nothing of it.
const READERS: usize = 200;

/// The most threads that there may be: the workers, one that logs, and those that work for the CA, which are few for each
/// processor.
const MAX_THREADS: usize = 40;

/// The most memory that may be resident beyond that of the start, in KiB. Each reader with a CRL of its own would take
/// 700 MB.
const MAX_GROWTH: usize = 300 << 10;

/// The most memory that may be reserved, in bytes.
const MAX_ADDRESS_SPACE: u64 = 3 << 30;

const CRL: &str = "/crl/code-signing.crl";

#[test]
fn unread_crls_cost_little_and_delay_nobody() {
    let dir = TempDir::new().unwrap();
    let fixtures = write_file(&dir, "fixtures.json", &fixtures());
    let server = Server::plain(&["--fixtures", fixtures.to_str().unwrap(), "--max-orders", "200000"]);
    let limit = Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), &format!("--as={MAX_ADDRESS_SPACE}")])
        .status();
    assert!(limit.unwrap().success());
    assert_eq!(server.client().get(CRL).status, 200);
    let before = status(&server, "VmRSS");

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| change_until(&server, &is_over));
        let _end = SetAtEnd(&is_over);
        let readers: Vec<Client> = (0..READERS).map(|_| ask(&server)).collect();
        let (mut threads, mut resident) = (0, 0);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            threads = threads.max(status(&server, "Threads"));
            resident = resident.max(status(&server, "VmRSS"));
            assert_soon("another's call", || {
                assert_eq!(server.client().get("/ca/root.cer").status, 200);
            });
            thread::sleep(Duration::from_millis(50));
        }
        assert!(threads <= MAX_THREADS, "{threads} threads");
        assert!(resident <= before + MAX_GROWTH, "{before} KiB, then {resident} KiB");
        // One who reads is sent a whole CRL.
        assert_soon("a whole CRL", || {
            let openssl = OpenSsl::new();
            openssl.write("crl.der", server.client().get(CRL).bytes());
            openssl.expect("crl -inform DER -in crl.der -noout");
        });
        drop(readers);
    });
    server.assert_well();
}

fn fixtures() -> String {
    let order = |number| {
        format!(r#"{{"orderNumber":{number},"loginName":"login_name","product":"code-signing","state":"revoked"}}"#)
    };
    let orders: Vec<_> = (1..=ORDERS).map(order).collect();
    format!(
        r#"{{"accounts":[{{"loginName":"login_name","loginPassword":"login_password"}}],"orders":[{}]}}"#,
        orders.join(",")
    )
}

/// Asks for the CRL, and leaves the answer unread.
fn ask(server: &Server) -> Client {
    let mut client = server.client();
    client.write(format!("GET {CRL} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    client
}

/// Changes an order again and again.
fn change_until(server: &Server, is_over: &AtomicBool) {
    let mut control = Control::of(server);
    while !is_over.load(Ordering::SeqCst) {
        control.expect(("PATCH", "/orders/1", r#"{"state":"issued"}"#), 200, &[]);
        control.expect(("PATCH", "/orders/1", r#"{"state":"revoked"}"#), 200, &[]);
        thread::sleep(Duration::from_millis(5));
    }
}

/// A number in the status of the server's process.
#[track_caller]
fn status(server: &Server, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
}
