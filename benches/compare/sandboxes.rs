//! What sandboxes, journal and faults cost.

use std::time::Instant;

use crate::Settings;
use crate::figures::{microseconds, print_table};
use crate::input::{
    CODE_SIGNING, LOGIN, REVOKE, Same, encode, fixtures, fixtures_with_faults, revoke_test, write_request,
};
use crate::load::{Exchange, LANES, Load};
use crate::server::Server;
use crate::throughput::alternate;

/// Faults that no call of the benchmark meets.
const FAULTS: u64 = 100;

/// Prints the throughput with journal and faults beside that without, what a sandbox costs to make and to keep, and
/// the throughput of many sandboxes called in turn beside that of one.
pub(crate) fn run(settings: &Settings) {
    journal_and_faults(settings);
    println!();
    many(settings);
}

fn journal_and_faults(settings: &Settings) {
    println!("journal of 1000 calls and {FAULTS} faults that no call meets, against neither; revocations, test=Y");
    let directory = settings.directory.path();
    let plain = fixtures(directory);
    let faulty = fixtures_with_faults(directory, FAULTS);
    let servers = [
        Server::emulator(directory, &["--fixtures", faulty.to_str().expect("the path is text")]),
        Server::emulator(
            directory,
            &[
                "--fixtures",
                plain.to_str().expect("the path is text"),
                "--journal",
                "0",
            ],
        ),
    ];
    let (form, answer) = revoke_test();
    let loads = servers
        .each_ref()
        .map(|server| Load::new(server.http, LANES, Same::new(REVOKE, &form, answer)));
    let row = alternate(settings, "", &servers, loads, "0.97");
    print_table(
        [
            "",
            "with/s",
            "without/s",
            "ratio",
            "aim",
            "CPU µs a call",
            "without",
            "ratio",
        ],
        &[row],
    );
}

fn many(settings: &Settings) {
    let directory = settings.directory.path();
    let fixtures = fixtures(directory);
    let options = ["--fixtures", fixtures.to_str().expect("the path is text")];
    let servers = [
        Server::emulator(directory, &options),
        Server::emulator(directory, &options),
    ];
    let count = settings.sandboxes;

    let before = servers[0].memory();
    let mut creations = Load::new(servers[0].control, 1, Creations::default());
    let started = Instant::now();
    let mut times: Vec<f64> = creations.latencies(count).into_iter().map(microseconds).collect();
    let took = started.elapsed();
    let after = servers[0].memory();
    times.sort_by(f64::total_cmp);
    println!(
        "{count} sandboxes made in {took:.2?} over one connection: median {:.0} µs, 99th percentile {:.0} µs (aim: well \
         under 1000); {} bytes each, anonymous memory (aim: under 4096 and their fixtures)",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        (after.anonymous - before.anonymous) / count as u64
    );

    println!("{count} sandboxes called in turn, against the default one alone; revocations, test=Y");
    let loads = [
        Load::new(servers[0].http, LANES, Turns::new(count)),
        Load::new(servers[1].http, LANES, Turns::new(0)),
    ];
    let row = alternate(settings, "", &servers, loads, "");
    print_table(
        [
            "",
            "in turn/s",
            "one/s",
            "ratio",
            "aim",
            "CPU µs a call",
            "one",
            "ratio",
        ],
        &[row],
    );
}

/// Sandboxes `s0`, `s1` and so on, made one after the other.
#[derive(Default)]
struct Creations {
    made: usize,
    request: Vec<u8>,
}

impl Exchange for Creations {
    fn request(&mut self, _lane: usize) -> &[u8] {
        let body = format!("{{\"name\":\"s{}\"}}", self.made);
        self.made += 1;
        self.request = format!(
            "POST /control/v1/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes();
        &self.request
    }

    fn check(&mut self, _lane: usize, body: &[u8]) {
        assert!(body.starts_with(b"{\"name\":\"s"), "not made: {}", body.escape_ascii());
    }
}

/// The same revocation in each of so many sandboxes in turn, or in the default one if there are none.
struct Turns {
    sandboxes: usize,
    next: usize,
    form: String,
    request: Vec<u8>,
}

impl Turns {
    fn new(sandboxes: usize) -> Self {
        let order = [
            ("orderNumber", CODE_SIGNING),
            ("revocationReason", "x"),
            ("codeReason", "1"),
            ("test", "Y"),
        ];
        Self {
            sandboxes,
            next: 0,
            form: encode(&[&LOGIN[..], &order].concat()),
            request: Vec::new(),
        }
    }
}

impl Exchange for Turns {
    fn request(&mut self, _lane: usize) -> &[u8] {
        self.request.clear();
        if self.sandboxes == 0 {
            write_request(&mut self.request, REVOKE, &self.form);
        } else {
            self.next = (self.next + 1) % self.sandboxes;
            let path = format!("/sandboxes/s{}{REVOKE}", self.next);
            write_request(&mut self.request, &path, &self.form);
        }
        &self.request
    }

    fn check(&mut self, _lane: usize, body: &[u8]) {
        assert!(body == b"0\n", "0 expected, not {}", body.escape_ascii());
    }
}
