//! The documentation tells the truth: its tables are the program's own, its commands answer what it says, its links
//! lead somewhere.
//!
//! `UPDATE_DOCS=1 cargo test --test it docs` writes the tables anew.

mod tables;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sectigo_emulator::catalogue::Endpoint;
use sectigo_emulator::catalogue::Mark;

use crate::harness::{BEING_ISSUED, Form, Server, program_path};

/// The most lines that the README has: it is the way in, not a book.
const README_LINES: usize = 150;

#[test]
fn the_tables_are_the_programs_own() {
    for (path, written) in pages() {
        let made = tables::with_tables(&written);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        } else {
            assert!(
                written == made,
                "the tables of {} differ; UPDATE_DOCS=1 cargo test --test it docs",
                path.display()
            );
        }
    }
}

#[test]
fn the_commands_answer_what_the_pages_say() {
    let mut count = 0;
    for (path, page) in pages() {
        count += run_commands(&path, &page);
    }
    assert!(count > 80, "only {count} commands were found");
}

/// Runs the commands of one page against an emulator of its own, and returns how many there are.
fn run_commands(path: &Path, page: &str) -> usize {
    if !page.contains("```console\n") {
        return 0;
    }
    let server = Server::start(&[]);
    let page = page
        .replace("localhost:8443", &server.https().to_string())
        .replace("localhost:8080", &server.http().to_string())
        .replace("localhost:8081", &server.control().to_string());
    let steps = steps(&page);
    let directory = tempfile::tempdir().unwrap();
    let program = "sectigo-emulator() { \"$PROGRAM\" \"$@\"; }\n".to_owned();
    let script = steps.iter().fold(program, |mut script, step| {
        let _ = writeln!(script, "{}\nprintf '\\001'", step.command);
        script
    });
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&directory)
        .env("PROGRAM", program_path())
        .env("SECTIGO_EMULATOR_CONTROL", server.control().to_string())
        .output()
        .unwrap();
    let name = path.display();
    assert!(
        ran.stderr.is_empty(),
        "{name}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let outputs = String::from_utf8(ran.stdout).unwrap();
    let outputs: Vec<_> = outputs.strip_suffix('\u{1}').unwrap().split('\u{1}').collect();
    assert_eq!(outputs.len(), steps.len(), "{name}");
    for (step, output) in steps.iter().zip(outputs) {
        assert_eq!(
            hide_new_numbers(output.trim_end()),
            hide_new_numbers(&step.output),
            "{name}: {}",
            step.command
        );
    }
    steps.len()
}

#[test]
fn the_fixtures_example_can_be_started_with() {
    let page = page("docs/fixtures.md");
    let example = page
        .split("```toml\n")
        .find(|block| block.starts_with("[[accounts]]"))
        .unwrap();
    let server = Server::plain_with_fixtures(example.split("```").next().unwrap(), &[]);
    server.client().replace(&Form::replace()).order_number();
    server
        .client()
        .revoke(&Form::revoke().add("accountID", "2000"))
        .assert_text(BEING_ISSUED);
}

#[test]
fn the_examples_in_other_languages_run_where_they_can() {
    let server = Server::start(&[]);
    let control = server.control().to_string();
    for (path, program) in [
        ("python/drive.py", &["python3"][..]),
        ("javascript/drive.mjs", &["node"]),
        ("java/Drive.java", &["java"]),
        ("go/drive.go", &["go", "run"]),
        ("php/drive.php", &["php"]),
    ] {
        let text = page(&format!("examples/{path}"));
        assert!(text.contains("localhost:8081"), "{path}");
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join(Path::new(path).file_name().unwrap());
        fs::write(&copy, text.replace("localhost:8081", &control)).unwrap();
        // A language that is not on the machine is not run.
        let Ok(output) = Command::new(program[0]).args(&program[1..]).arg(&copy).output() else {
            continue;
        };
        assert!(
            output.status.success(),
            "{path}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn every_documented_code_has_its_command() {
    let page = page("docs/codes.md");
    for name in [
        "!AutoReplaceSMIME",
        "!autoRevokeCS",
        "download/CollectSMIME",
        "download/CollectSSL",
        "!ResendCollectionEmailSMIME",
        "!ResendVerificationEmailSMIME",
        "!ResendInvitationEmailSMIME",
    ] {
        let part = page
            .split(&format!("## `{name}`"))
            .nth(1)
            .unwrap()
            .split("\n## ")
            .next()
            .unwrap();
        let steps = steps(part);
        for code in Endpoint::named(name)
            .unwrap()
            .codes
            .iter()
            // Codes of the other two that are assumed are answered under an assumption alone.
            .filter(|code| code.number_mark == Mark::Documented || name.starts_with("download/"))
        {
            let head = format!("{}\n", code.number);
            assert!(
                steps.iter().any(|step| step.output.starts_with(&head)),
                "{name} {}",
                code.number
            );
        }
    }
}

#[test]
fn the_readme_is_short() {
    let lines = page("README.md").lines().count();
    assert!(lines <= README_LINES, "{lines} lines");
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut count = 0;
    for (path, text) in &pages {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let linked = linked
                .canonicalize()
                .unwrap_or_else(|_| panic!("{} links to {target}, which is not there", path.display()));
            if !anchor.is_empty() {
                let found = pages
                    .get(&linked)
                    .is_some_and(|text| anchors(text).any(|name| name == anchor));
                assert!(found, "{} links to {target}: no such heading", path.display());
            }
        }
    }
    assert!(count > 20, "only {count} links were found");
}

/// The names by which the headings of a page are linked to.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    page.lines().filter(|line| line.starts_with('#')).map(|line| {
        line.trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|letter| match letter {
                ' ' => Some('-'),
                letter => Some(letter).filter(|letter| letter.is_alphanumeric() || *letter == '-'),
            })
            .collect()
    })
}

/// The README and every page below `docs`.
fn pages() -> BTreeMap<PathBuf, String> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    docs.map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .chain([root().join("README.md")])
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap()
}

/// A command of a `console` block, and the output that the page shows.
struct Step {
    command: String,
    output: String,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let mut command_goes_on = false;
        for line in block.split("```").next().unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step {
                    command: command.to_owned(),
                    output: String::new(),
                });
            } else {
                let step = steps.last_mut().expect("a block begins with a command");
                let text = if command_goes_on {
                    &mut step.command
                } else {
                    &mut step.output
                };
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(line);
            }
            command_goes_on = line.ends_with('\\');
        }
    }
    steps
}

/// The numbers of new orders have ten digits and are drawn at random.
fn hide_new_numbers(text: &str) -> String {
    let mut hidden = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        hidden.push_str(if digits.len() == 10 { "NEW" } else { &digits });
        digits.clear();
        hidden.push(character);
    }
    hidden
}
