//! Resident memory after the start, and under calls that leave nothing behind.

use crate::Settings;
use crate::figures::{mebibytes, print_table};
use crate::input::{REPLACE, Same, refused};
use crate::load::{LANES, Load, Until};
use crate::server::Server;

const STEPS: u64 = 10;

/// Prints the resident memory after the start beside a bare server's, and then of both under refused calls.
pub(crate) fn run(settings: &Settings) {
    println!(
        "memory: built-in fixtures; {LANES} connections, refused calls (-3); aim: under 10 MiB after the start, flat after it"
    );
    let directory = settings.directory.path();
    let (form, answer) = refused();
    let servers = [
        Server::emulator(directory, &[]),
        Server::bare(directory, &[REPLACE, answer]),
    ];
    let row = |calls: String| {
        let [emulator, bare] = servers.each_ref().map(Server::memory);
        let figures = [emulator.resident, emulator.anonymous, bare.resident, bare.anonymous].map(mebibytes);
        let [emulator, emulator_anonymous, bare, bare_anonymous] = figures;
        [calls, emulator, emulator_anonymous, bare, bare_anonymous]
    };
    let mut rows = vec![row("after the start".to_owned())];
    let mut loads = servers
        .each_ref()
        .map(|server| Load::new(server.http, LANES, Same::new(REPLACE, &form, answer)));
    let mut calls = [0; 2];
    for _ in 0..STEPS {
        for (load, calls) in loads.iter_mut().zip(&mut calls) {
            *calls += load.run(Until::Calls(settings.refused_calls / STEPS)).calls;
        }
        servers[0].truncate_log();
        rows.push(row(calls[0].to_string()));
    }
    print_table(
        [
            "calls",
            "emulator: resident",
            "of it anonymous",
            "bare axum: resident",
            "of it anonymous",
        ],
        &rows,
    );
}
