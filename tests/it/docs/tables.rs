//! The tables of the documentation, made from the program, its endpoints, its command line, its OpenAPI document, and from the
//! sources of the packages.

use std::fmt::Write as _;

use sectigo_emulator::catalogue::{self, Endpoint};
use sectigo_emulator::cli;

use crate::harness::{Client, Server};

/// A page with each `<!-- catalogue: ... -->` block made anew.
pub(super) fn with_tables(page: &str) -> String {
    let mut parts = page.split("<!-- catalogue: ");
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
        None if what == "options" => options(&cli::command()),
        None if what == "commands" => commands(),
        None if what == "ctl" => ctl(),
        None if what == "ctl-options" => options(ctl_command(&program())),
        None if what == "ctl-command-options" => ctl_command_options(),
        None if what == "check-options" => options(program().find_subcommand("check").expect("there is check")),
        None if what == "control" => control(),
        None if what == "python-options" => python_options(&super::page("python/sectigo_emulator/_emulator.py")),
        None if what == "javascript-options" => javascript_options(&super::page("js/src/types.d.ts")),
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

/// The options of Python's `Emulator`, as its docstring has them.
fn python_options(source: &str) -> String {
    let class = source.split("\nclass Emulator(").nth(1).unwrap();
    let arguments = class.split("        Args:\n").nth(1).unwrap();
    let arguments = arguments.split("\n        \"\"\"").next().unwrap();
    let joined = arguments.replace("\n                ", " ");
    options_of_package(joined.lines().map(|line| line.trim_start().split_once(": ").unwrap()))
}

/// The options of JavaScript's `startEmulator`, as their type has them: a line of comment above each.
fn javascript_options(source: &str) -> String {
    let fields = source.split("export interface EmulatorOptions {\n").nth(1).unwrap();
    let lines: Vec<_> = fields.split("\n}").next().unwrap().lines().collect();
    options_of_package(lines.chunks(2).map(|lines| {
        let comment = lines[0].trim().strip_prefix("/** ").unwrap();
        let (name, _) = lines[1].trim().split_once("?: ").unwrap();
        (name, comment.strip_suffix(" */").unwrap())
    }))
}

fn options_of_package<'s>(options: impl Iterator<Item = (&'s str, &'s str)>) -> String {
    let mut table = "| option | what it does |\n|---|---|\n".to_owned();
    for (name, what) in options {
        let _ = writeln!(table, "| `{name}` | {} |", what.trim_end_matches('.'));
    }
    table
}

/// The options of a command that have a variable.
fn options(command: &clap::Command) -> String {
    let mut table = "| option | variable | default | what it does |\n|---|---|---|---|\n".to_owned();
    for option in command.get_arguments() {
        let (Some(long), Some(variable)) = (option.get_long(), option.get_env()) else {
            continue;
        };
        let default: Vec<_> = option
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        let _ = writeln!(
            table,
            "| `--{long}{}` | `{}` | {} | {} |",
            value(option),
            variable.to_string_lossy(),
            if option.get_action().takes_values() {
                default.join(" ")
            } else {
                String::new()
            },
            option.get_help().unwrap_or_default()
        );
    }
    table
}

/// The value that an option takes, with a space before it, or a = where only that is taken: its possible values, or its name
/// as the help shows it.
fn value(option: &clap::Arg) -> String {
    if !option.get_action().takes_values() {
        return String::new();
    }
    let possible = option.get_possible_values();
    let value = if possible.is_empty() || option.is_hide_possible_values_set() {
        option.get_value_names().unwrap_or_default().join(" ")
    } else {
        let names: Vec<_> = possible.iter().map(clap::builder::PossibleValue::get_name).collect();
        names.join("|")
    };
    let value = value.replace('|', "\\|");
    if option.is_require_equals_set() {
        format!("[=<{value}>]")
    } else {
        format!(" <{value}>")
    }
}

/// The commands that have no section of their own.
fn commands() -> String {
    let program = program();
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    for command in program.get_subcommands() {
        if ["serve", "ctl", "check", "help"].contains(&command.get_name()) {
            continue;
        }
        for (path, command) in leaves(command.get_name(), command) {
            let usage: String = own_options(command).map(usage).collect();
            let _ = writeln!(
                table,
                "| `{path}{}{usage}` | {} |",
                positionals(command),
                command.get_about().unwrap_or_default()
            );
        }
    }
    table
}

/// An option with its value, in brackets unless it is required.
fn usage(option: &clap::Arg) -> String {
    let usage = format!("--{}{}", long(option), value(option));
    if option.is_required_set() {
        format!(" {usage}")
    } else {
        format!(" [{usage}]")
    }
}

/// Every command of `ctl`, with its arguments.
fn ctl() -> String {
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    for (path, command) in leaves("ctl", ctl_command(&program())) {
        let options = if own_options(command).next().is_some() {
            " [OPTIONS]"
        } else {
            ""
        };
        let _ = writeln!(
            table,
            "| `{path}{}{options}` | {} |",
            positionals(command),
            command.get_about().unwrap_or_default()
        );
    }
    table
}

/// The options that the commands of `ctl` have of their own; one that several commands have is one row.
fn ctl_command_options() -> String {
    let program = program();
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for (path, command) in leaves("ctl", ctl_command(&program)) {
        for option in own_options(command) {
            let help = option.get_help().unwrap_or_default();
            let row = format!("`--{}{}` | {help}", long(option), value(option));
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, paths)) => paths.push(path.clone()),
                None => rows.push((row, vec![path.clone()])),
            }
        }
    }
    let mut table = "| command | option | what it does |\n|---|---|---|\n".to_owned();
    for (row, paths) in rows {
        let _ = writeln!(table, "| `{}` | {row} |", paths.join("`, `"));
    }
    table
}

/// The program's command line, with everything that clap adds to it.
fn program() -> clap::Command {
    let mut program = cli::command();
    program.build();
    program
}

fn ctl_command(program: &clap::Command) -> &clap::Command {
    program.find_subcommand("ctl").expect("there is ctl")
}

/// The commands below a command that have no further ones below them, each with the words that name it.
fn leaves<'c>(path: &str, command: &'c clap::Command) -> Vec<(String, &'c clap::Command)> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below: Vec<_> = below
        .flat_map(|below| leaves(&format!("{path} {}", below.get_name()), below))
        .collect();
    if below.is_empty() {
        vec![(path.to_owned(), command)]
    } else {
        below
    }
}

/// The options of a command, without those that every command has.
fn own_options(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    command
        .get_arguments()
        .filter(|option| !option.is_positional() && !option.is_global_set())
        .filter(|option| !["help", "version"].contains(&option.get_id().as_str()))
}

fn long(option: &clap::Arg) -> &str {
    option.get_long().expect("every option has a long name")
}

/// The arguments of a command that are no options, each with a space before it.
fn positionals(command: &clap::Command) -> String {
    command
        .get_positionals()
        .map(|argument| format!(" {}", argument.to_string().replace('|', "\\|")))
        .collect()
}
