//! The README tells the truth: its tables are the program's own, and its commands answer what it says.
//!
//! `UPDATE_README=1 cargo test --test it readme` writes the tables anew.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use sectigo_emulator::catalogue::{self, Endpoint, Mark};
use sectigo_emulator::cli;

use crate::harness::{BEING_ISSUED, Client, Form, Server};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[test]
fn the_tables_are_the_programs_own() {
    let written = fs::read_to_string(README).unwrap();
    let made = with_tables(&written);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(README, &made).unwrap();
    } else {
        assert!(
            written == made,
            "the README's tables differ; UPDATE_README=1 cargo test --test it readme"
        );
    }
}

#[test]
fn the_commands_answer_what_it_says() {
    let readme = fs::read_to_string(README).unwrap();
    let server = Server::start(&[]);
    let readme = readme
        .replace("localhost:8443", &server.https().to_string())
        .replace("localhost:8080", &server.http().to_string())
        .replace("localhost:8081", &server.control().to_string());
    let steps = steps(&readme);
    assert!(steps.len() > 30, "the README's commands were not found");

    let directory = tempfile::tempdir().unwrap();
    let script: String = steps.iter().fold(String::new(), |mut script, step| {
        let _ = writeln!(script, "{}\nprintf '\\001'", step.command);
        script
    });
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    let outputs = String::from_utf8(ran.stdout).unwrap();
    let outputs: Vec<_> = outputs.strip_suffix('\u{1}').unwrap().split('\u{1}').collect();
    assert_eq!(outputs.len(), steps.len());
    for (step, output) in steps.iter().zip(outputs) {
        assert_eq!(
            hide_new_numbers(output.trim_end()),
            hide_new_numbers(&step.output),
            "{}",
            step.command
        );
    }
}

#[test]
fn the_fixtures_example_can_be_started_with() {
    let readme = fs::read_to_string(README).unwrap();
    let example = readme
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
fn the_blocks_of_other_languages_run_where_they_can() {
    let readme = fs::read_to_string(README).unwrap();
    let server = Server::start(&[]);
    let control = server.control().to_string();
    for (language, file, program) in [
        ("python", "drive.py", "python3"),
        ("javascript", "drive.js", "node"),
        ("java", "Drive.java", "java"),
        ("go", "drive.go", "go"),
        ("php", "drive.php", "php"),
    ] {
        let block = readme
            .split(&format!("```{language}\n"))
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(file);
        fs::write(&path, block.replace("localhost:8081", &control)).unwrap();
        let mut command = Command::new(program);
        if program == "go" {
            command.arg("run");
        }
        // A language that is not on the machine is not run.
        let Ok(output) = command.arg(&path).output() else {
            continue;
        };
        assert!(
            output.status.success(),
            "{language}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn every_documented_code_has_its_command() {
    let readme = fs::read_to_string(README).unwrap();
    let shown = readme
        .split("## Every code, by hand")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    for name in ["!AutoReplaceSMIME", "!autoRevokeCS"] {
        let part = shown
            .split(&format!("### `{name}`"))
            .nth(1)
            .unwrap()
            .split("\n### ")
            .next()
            .unwrap();
        let steps = steps(part);
        for code in Endpoint::named(name)
            .unwrap()
            .codes
            .iter()
            .filter(|code| code.number_mark == Mark::Documented)
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

/// A command of a `console` block, and the output that the README shows.
struct Step {
    command: String,
    output: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
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

/// The README with each `<!-- catalogue: ... -->` block made anew.
fn with_tables(readme: &str) -> String {
    let mut parts = readme.split("<!-- catalogue: ");
    let mut made = parts.next().unwrap().to_owned();
    for part in parts {
        let (what, rest) = part.split_once(" -->").unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        let _ = write!(
            made,
            "<!-- catalogue: {what} -->\n\n{}\n<!-- end -->{after}",
            table(what)
        );
    }
    made
}

fn table(what: &str) -> String {
    match what.split_once(' ') {
        Some(("arguments", name)) => catalogue::arguments(Endpoint::named(name).unwrap()),
        Some(("codes", name)) => catalogue::codes(Endpoint::named(name).unwrap()),
        None if what == "assumptions" => catalogue::assumptions(),
        None if what == "options" => options(),
        None if what == "control" => control(),
        _ => panic!("there is no table {what}"),
    }
}

/// The routes of the default sandbox, as the OpenAPI document has them.
fn control() -> String {
    let server = Server::start(&["--https", "off", "--http", "off"]);
    let document = Client::connect(server.control()).get("/control/v1/openapi.json");
    let document: serde_json::Value = serde_json::from_str(document.text()).unwrap();
    let mut table = "| method | path | what it does |\n|---|---|---|\n".to_owned();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if path.starts_with("/control/v1/sandboxes/{sandbox}/") {
            continue;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap().replace('\n', " ");
            let _ = writeln!(table, "| {} | `{path}` | {summary} |", method.to_uppercase());
        }
    }
    table
}

fn options() -> String {
    let mut table = "| option | variable | default | what it does |\n|---|---|---|---|\n".to_owned();
    for option in cli::command().get_arguments() {
        let (Some(long), Some(variable)) = (option.get_long(), option.get_env()) else {
            continue;
        };
        // A flag has no value.
        let value = match option.get_value_names() {
            Some(names) if option.get_action().takes_values() => format!(" <{}>", names.join(" ").replace('|', "\\|")),
            _ => String::new(),
        };
        let default: Vec<_> = option
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        let _ = writeln!(
            table,
            "| `--{long}{value}` | `{}` | {} | {} |",
            variable.to_string_lossy(),
            default.join(" "),
            option.get_help().unwrap_or_default()
        );
    }
    table
}
