//! Calls a second over keep-alive connections.

use crate::Settings;
use crate::bare;
use crate::figures::{Spread, microseconds, print_table};
use crate::input::{Chains, Csr, LOGIN, PENDING, REPLACE, REVOKE, Same, fixtures, refused, revoke_test};
use crate::load::{Exchange, LANES, Load, Until};
use crate::server::Server;

const AIM: &str = "0.95";

/// Prints the calls a second of each kind of call, of the emulator and of a bare server that answers the same bytes.
pub(crate) fn run(settings: &Settings) {
    println!(
        "throughput: {LANES} keep-alive connections over plain HTTP; {} rounds of {:?} each, in turn; the median of the rounds",
        settings.rounds, settings.round
    );
    println!("(for a replacement the bare server also decodes the form and verifies the CSR's signature)");
    let csr = Csr::rsa_2048();
    let (refused, refusal) = refused();
    let (revoke, revoked) = revoke_test();
    let replace = [&LOGIN[..], &[("orderNumber", PENDING), ("csr", &csr.pem)]].concat();
    let rows = [
        compare(settings, "refused: no csr (-3)", &[REPLACE, refusal], || {
            Same::new(REPLACE, &refused, refusal)
        }),
        compare(settings, "revocation, test=Y (0)", &[REVOKE, revoked], || {
            Same::new(REVOKE, &revoke, revoked)
        }),
        compare(
            settings,
            "replacement in place, RSA-2048 (0)",
            &[REPLACE, "0\n", bare::VERIFY],
            || Same::new(REPLACE, &replace, "0\n"),
        ),
        compare(
            settings,
            "replacement by a new order, RSA-2048 (0)",
            &[REPLACE, "0\n3300000\n", bare::VERIFY],
            || Chains::new(&csr),
        ),
    ];
    print_table(
        [
            "call",
            "emulator/s",
            "bare axum/s",
            "ratio",
            "aim",
            "CPU µs a call",
            "bare axum",
            "ratio",
        ],
        &rows,
    );
}

/// One row: the emulator and the bare server started with `bare`, under the same calls in turn.
fn compare<E: Exchange>(settings: &Settings, name: &str, bare: &[&str], calls: impl Fn() -> E) -> [String; 8] {
    let directory = settings.directory.path();
    let fixtures = fixtures(directory);
    let emulator = Server::emulator(directory, &["--fixtures", fixtures.to_str().expect("the path is text")]);
    let bare = Server::bare(directory, bare);
    let servers = [emulator, bare];
    let loads = servers.each_ref().map(|server| Load::new(server.http, LANES, calls()));
    alternate(settings, name, &servers, loads, AIM)
}

/// One row: two servers under their loads, round by round; calls a second, then processor time a call.
pub(crate) fn alternate<E: Exchange>(
    settings: &Settings,
    name: &str,
    servers: &[Server; 2],
    mut loads: [Load<E>; 2],
    aim: &str,
) -> [String; 8] {
    let (mut rates, mut costs) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for round in 0..=settings.rounds {
        for (side, server) in servers.iter().enumerate() {
            let before = server.processor();
            let done = loads[side].run(Until::Elapsed(settings.round));
            let cost = server.processor() - before;
            server.truncate_log();
            // The first round warms up.
            if round > 0 {
                rates[side].push(done.calls as f64 / done.took.as_secs_f64());
                costs[side].push(microseconds(cost) / done.calls as f64);
            }
        }
    }
    let whole = |values: &[f64]| format!("{:.0}", Spread::of(values.iter().copied()).median);
    let tenths = |values: &[f64]| format!("{:.1}", Spread::of(values.iter().copied()).median);
    [
        name.to_owned(),
        whole(&rates[0]),
        whole(&rates[1]),
        Spread::of_ratios(&rates[0], &rates[1]).ratio(),
        aim.to_owned(),
        tenths(&costs[0]),
        tenths(&costs[1]),
        Spread::of_ratios(&costs[0], &costs[1]).ratio(),
    ]
}
