//! The environment variables of this program: those that are empty, and those that look like its own but are unknown.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use crate::similar::nearest;

/// The beginning of the name of every variable of this program.
const PREFIX: &str = "SECTIGO_EMULATOR_";

/// What the variables of the token have before their ends. An empty one is an error: who meant to set a token must not be
/// given a control API without one.
const TOKEN: &str = "SECTIGO_EMULATOR_CONTROL_TOKEN";

/// The value of a variable, if it is in the environment and counts: an empty one does not, other than one of the token.
pub(super) fn value(name: &OsStr) -> Option<OsString> {
    any_value(name).filter(|value| !value.is_empty() || name.to_string_lossy().starts_with(TOKEN))
}

/// The values of all variables whose names begin as this program's do.
pub(super) fn values() -> impl Iterator<Item = OsString> {
    std::env::vars_os().filter_map(|(name, value)| name.to_string_lossy().starts_with(PREFIX).then_some(value))
}

fn any_value(name: &OsStr) -> Option<OsString> {
    std::env::vars_os().find_map(|(known, value)| (known == name).then_some(value))
}

/// Whether a variable of this program is in the environment, and empty.
pub(super) fn are_some_empty() -> bool {
    std::env::vars_os().any(|(name, value)| value.is_empty() && name.to_string_lossy().starts_with(PREFIX))
}

/// This program, to which an empty variable is none, other than one of the token. The options of all its commands are made
/// for that.
pub(super) fn without_empty(mut program: clap::Command) -> clap::Command {
    fn below(command: clap::Command) -> clap::Command {
        command.mut_args(ignoring_empty).mut_subcommands(below)
    }
    program.build();
    below(program)
}

fn ignoring_empty(option: clap::Arg) -> clap::Arg {
    let is_ignored = option
        .get_env()
        .is_some_and(|name| any_value(name).is_some() && value(name).is_none());
    match is_ignored {
        true => option.env(None),
        false => option,
    }
}

/// A warning for each variable whose name begins with [`PREFIX`] and that no option of `program` reads. It does not
/// contain the value. The program's options are made only if there is such a variable.
pub(super) fn warnings(program: impl FnOnce() -> clap::Command) -> Vec<String> {
    let variables = std::env::vars_os().map(|(name, value)| {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        (text(name), text(value))
    });
    unknown(program, variables)
}

fn unknown(program: impl FnOnce() -> clap::Command, variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let is_meant_for_us = |(name, value): &(String, String)| {
        let rest = name.strip_prefix(PREFIX);
        rest.is_some_and(|rest| !is_of_a_service(rest, value))
    };
    let mut unknown: Vec<_> = variables.filter(is_meant_for_us).map(|(name, _)| name).collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let known = known(&program());
    unknown.retain(|name| !known.contains(name));
    unknown.sort();
    unknown
        .iter()
        .map(|name| match nearest_variable(name, &known) {
            Some(nearest) => format!("the variable {name} is unknown and has no effect; there is {nearest}"),
            None => format!("the variable {name} is unknown and has no effect; --help lists those that have"),
        })
        .collect()
}

/// Whether Kubernetes makes a variable of that name (without [`PREFIX`]) for a service that is called
/// `sectigo-emulator`.
fn is_of_a_service(rest: &str, value: &str) -> bool {
    rest.starts_with("SERVICE_") || rest.starts_with("PORT_") || rest == "PORT" && value.starts_with("tcp://")
}

/// The variables of all options of all commands.
fn known(program: &clap::Command) -> BTreeSet<String> {
    fn collect(command: &clap::Command, known: &mut BTreeSet<String>) {
        let of_options = command.get_arguments().filter_map(clap::Arg::get_env);
        known.extend(of_options.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|below| collect(below, known));
    }
    let mut known = BTreeSet::new();
    collect(program, &mut known);
    known
}

/// The known variable that is most similar to `name`, if one is similar enough. [`PREFIX`] is not compared.
fn nearest_variable(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let distinct = known.iter().filter_map(|other| other.strip_prefix(PREFIX));
    let nearest = nearest(name.strip_prefix(PREFIX)?, distinct)?;
    Some(format!("{PREFIX}{nearest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_the_most_similar_known_variable() {
        let variables = [
            ("SECTIGO_EMULATOR_HTTPS", "off"),
            ("SECTIGO_EMULATOR_SANDBOX", "t1"),
            ("SECTIGO_EMULATOR_WAIT", "1s"),
            ("SECTIGO_EMULATOR_FIXTURE", "s3cret"),
            ("SECTIGO_EMULATOR_LOGFORMAT", "json"),
            ("SECTIGO_EMULATOR_control", "off"),
            ("SECTIGO_EMULATOR_ZZZ", "1"),
            ("SECTIGO_EMULATOR_SERVICE_HOST", "10.0.0.1"),
            ("SECTIGO_EMULATOR_SERVICE_PORT_HTTPS", "8443"),
            ("SECTIGO_EMULATOR_PORT_8443_TCP_ADDR", "10.0.0.1"),
            ("SECTIGO_EMULATOR_PORT", "tcp://10.0.0.1:8443"),
            ("SECTIGO_EMULATE", "1"),
            ("PATH", "/bin"),
        ];
        assert_eq!(
            unknown(
                crate::cli::command,
                variables
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into_iter()
            ),
            [
                "the variable SECTIGO_EMULATOR_FIXTURE is unknown and has no effect; there is SECTIGO_EMULATOR_FIXTURES",
                "the variable SECTIGO_EMULATOR_LOGFORMAT is unknown and has no effect; there is SECTIGO_EMULATOR_LOG_FORMAT",
                "the variable SECTIGO_EMULATOR_ZZZ is unknown and has no effect; --help lists those that have",
                "the variable SECTIGO_EMULATOR_control is unknown and has no effect; there is SECTIGO_EMULATOR_CONTROL",
            ]
        );
    }
}
