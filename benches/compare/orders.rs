//! What an order costs in memory, and what a million of them cost a call.

use std::path::Path;
use std::time::Duration;

use crate::Settings;
use crate::figures::{Spread, mebibytes, microseconds, milliseconds, print_table};
use crate::input::{
    Chains, Csr, FIXTURES_ORDERS, LOGIN, Lookups, PENDING, REPLACE, REVOKE, Same, fixtures, revoke_test,
};
use crate::load::{Exchange, LANES, Load, Until};
use crate::server::{Memory, Server};

const FEW: u64 = 1_000;
const STEPS: u64 = 5;

/// How many calls of a kind make a round; those that make new orders are few, so that few orders stay few.
const CALLS: usize = 1_000;
const GROWING_CALLS: usize = 50;

/// Fills an emulator with many orders and another with few, prints what they weigh, and then calls both in turn.
pub(crate) fn run(settings: &Settings) {
    let csr = Csr::p_256();
    let directory = settings.directory.path();
    println!(
        "orders: made by replacing issued orders with a P-256 CSR of {} bytes (DER); aim: under 300 bytes an order beyond it",
        csr.der
    );
    let mut many = Book::new(directory, settings.orders, &csr);
    many.fill(FEW);
    let first = (many.orders(), many.server.memory());
    let mut rows = vec![many.row(first, csr.der)];
    for step in 1..=STEPS {
        many.fill(settings.orders * step / STEPS);
        rows.push(many.row(first, csr.der));
    }
    print_table(
        [
            "orders",
            "resident",
            "anonymous",
            "bytes an order beyond the CSR",
            "slowest call so far",
        ],
        &rows,
    );
    let mut few = Book::new(directory, FEW, &csr);
    few.fill(FEW);
    compare(settings, &few, &many, &csr);
}

/// An emulator and the orders in it.
struct Book {
    server: Server,
    load: Load<Chains>,
    slowest: Duration,
}

impl Book {
    fn new(directory: &Path, orders: u64, csr: &Csr) -> Self {
        let fixtures = fixtures(directory);
        let most = (orders + 100_000).to_string();
        let options = [
            "--fixtures",
            fixtures.to_str().expect("the path is text"),
            "--max-orders",
            &most,
        ];
        let server = Server::emulator(directory, &options);
        let load = Load::new(server.http, LANES, Chains::new(csr));
        Self {
            server,
            load,
            slowest: Duration::ZERO,
        }
    }

    fn orders(&self) -> u64 {
        FIXTURES_ORDERS + self.load.exchange.made.len() as u64
    }

    fn fill(&mut self, target: u64) {
        let done = self.load.run(Until::Calls(target.saturating_sub(self.orders()).max(1)));
        self.slowest = self.slowest.max(done.slowest);
        self.server.truncate_log();
    }

    /// The orders that came after the `first` ones, and what memory came with them.
    fn row(&self, (first, before): (u64, Memory), csr: usize) -> [String; 5] {
        let memory = self.server.memory();
        let made = (self.orders() - first) as f64;
        let each = (memory.resident as f64 - before.resident as f64) / made - csr as f64;
        let slowest = format!("{:.1} ms", milliseconds(self.slowest));
        [
            self.orders().to_string(),
            mebibytes(memory.resident),
            mebibytes(memory.anonymous),
            if made > 0.0 {
                format!("{each:.0}")
            } else {
                String::new()
            },
            slowest,
        ]
    }
}

/// Prints how long calls take on one connection with few orders and with many.
fn compare(settings: &Settings, few: &Book, many: &Book, csr: &Csr) {
    let sizes = [few, many].map(Book::orders);
    println!(
        "a call with {} and with {} orders: one connection, {} rounds in turn; median µs; aim: flat",
        sizes[0], sizes[1], settings.rounds
    );
    let (revoke, revoked) = revoke_test();
    let replace = [&LOGIN[..], &[("orderNumber", PENDING), ("csr", &csr.pem)]].concat();
    let rows = [
        row(settings, "revocation, test=Y (0)", [few, many], CALLS, |_| {
            Same::new(REVOKE, &revoke, revoked)
        }),
        row(settings, "any order looked up (-4)", [few, many], CALLS, |book| {
            Lookups::new(book.load.exchange.made.clone())
        }),
        row(settings, "replacement in place, P-256 (0)", [few, many], CALLS, |_| {
            Same::new(REPLACE, &replace, "0\n")
        }),
        row(
            settings,
            "replacement by a new order, P-256 (0)",
            [few, many],
            GROWING_CALLS,
            |book| book.load.exchange.clone(),
        ),
    ];
    print_table(
        [
            "call",
            "few orders",
            "many orders",
            "ratio",
            "slowest: few, ms",
            "many, ms",
        ],
        &rows,
    );
}

fn row<E: Exchange>(
    settings: &Settings,
    name: &str,
    books: [&Book; 2],
    calls: usize,
    exchange: impl Fn(&Book) -> E,
) -> [String; 6] {
    let mut loads = books.map(|book| Load::new(book.server.http, 1, exchange(book)));
    let (mut medians, mut slowest) = ([const { Vec::new() }; 2], [Duration::ZERO; 2]);
    for round in 0..=settings.rounds {
        for (side, load) in loads.iter_mut().enumerate() {
            let latencies = load.latencies(calls);
            // The first round warms up.
            if round > 0 {
                slowest[side] = latencies.iter().copied().fold(slowest[side], Duration::max);
                medians[side].push(Spread::of(latencies.into_iter().map(microseconds)).median);
            }
        }
    }
    let [few, many] = medians
        .each_ref()
        .map(|medians| format!("{:.1}", Spread::of(medians.iter().copied()).median));
    let ratio = Spread::of_ratios(&medians[1], &medians[0]).ratio();
    let [slowest_few, slowest_many] = slowest.map(|time| format!("{:.2}", milliseconds(time)));
    [name.to_owned(), few, many, ratio, slowest_few, slowest_many]
}
