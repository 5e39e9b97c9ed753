//! `ctl`, as it is typed against an emulator that runs.

mod reach;
mod world;

use serde_json::Value;

use crate::harness::{Run, Server, run};

/// Runs `ctl` with these words against a server.
#[track_caller]
fn ctl(server: &Server, line: &str) -> Run {
    let control = server.control().to_string();
    let words: Vec<_> = ["ctl", "--control", &control]
        .into_iter()
        .chain(line.split(' '))
        .collect();
    run(&words, &[])
}

/// The same; it succeeds and says nothing on stderr. What it prints.
#[track_caller]
fn printed(server: &Server, line: &str) -> String {
    let run = ctl(server, line);
    assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{line}: {run:?}");
    run.stdout
}

/// The same with `--json`.
#[track_caller]
fn json(server: &Server, line: &str) -> Value {
    let text = printed(server, &format!("{line} --json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}: {text}"))
}

/// A table has these lines, whatever the spaces between its cells.
#[track_caller]
fn assert_rows(table: &str, rows: &[&str]) {
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    for row in rows {
        let cells: Vec<_> = row.split_whitespace().collect();
        let has_it = lines
            .iter()
            .any(|line| line.windows(cells.len()).any(|part| part == cells));
        assert!(has_it, "no {row:?} in\n{table}");
    }
}
