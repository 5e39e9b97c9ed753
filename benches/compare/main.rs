//! The emulator's figures beside those of a bare axum server, both as processes of their own, in one run.
//!
//! ```text
//! cargo bench                                     everything, about five minutes on two cores
//! cargo bench -- startup                          one part: throughput, startup, memory, orders, sandboxes, certificates or lives
//! SECTIGO_BENCH_CALLS=10000000 cargo bench -- memory
//! ```
//!
//! It only prints: nothing here passes or fails by time. A wrong answer ends it. Needs Linux (`/proc`) and the `openssl`
//! command. Without the `--bench` that `cargo bench` passes, or with `SECTIGO_BENCH_SMOKE=1`, every part runs for an
//! instant, to show that it works.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the time and its own settings itself"
)]

mod bare;
mod certificates;
mod figures;
mod input;
mod lives;
mod load;
mod memory;
mod orders;
mod sandboxes;
mod server;
mod startup;
mod throughput;

use std::time::Duration;

use tempfile::TempDir;

type Part = fn(&Settings);

const PARTS: [(&str, Part); 7] = [
    ("throughput", throughput::run),
    ("startup", startup::run),
    ("memory", memory::run),
    ("orders", orders::run),
    ("sandboxes", sandboxes::run),
    ("certificates", certificates::run),
    ("lives", lives::run),
];

/// How much is measured, and where the logs, keys and fixtures of this run lie.
struct Settings {
    rounds: usize,
    round: Duration,
    starts: usize,
    refused_calls: u64,
    orders: u64,
    sandboxes: usize,
    revoked: u64,
    directory: TempDir,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == bare::FLAG) {
        return bare::serve(&arguments[1..]);
    }
    let chosen: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let settings = Settings::read(&arguments);
    println!("{}", server::machine());
    println!("emulator: release build, log on (the default), written to a file; bare axum: axum::serve, no log");
    for (name, part) in PARTS {
        if chosen.is_empty() || chosen.iter().any(|chosen| name.contains(chosen.as_str())) {
            println!();
            part(&settings);
        }
    }
}

impl Settings {
    fn read(arguments: &[String]) -> Self {
        let directory = TempDir::with_prefix("sectigo-emulator-bench-").expect("the temporary directory is writable");
        if std::env::var_os("SECTIGO_BENCH_SMOKE").is_some() || !arguments.iter().any(|argument| argument == "--bench")
        {
            return Self {
                rounds: 1,
                round: Duration::from_millis(100),
                starts: 2,
                refused_calls: 1_000,
                orders: 2_000,
                sandboxes: 100,
                revoked: 1_000,
                directory,
            };
        }
        Self {
            rounds: 9,
            round: Duration::from_secs(1),
            starts: 41,
            refused_calls: count("SECTIGO_BENCH_CALLS", 1_000_000),
            orders: count("SECTIGO_BENCH_ORDERS", 1_000_000),
            sandboxes: 10_000,
            revoked: 100_000,
            directory,
        }
    }
}

fn count(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(value) => value
            .replace('_', "")
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={value} is not a number")),
        Err(_) => default,
    }
}
