//! Environment variables that look like those of this program but are unknown.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::similar::nearest;

/// The beginning of the name of every variable of this program.
const PREFIX: &str = "SECTIGO_EMULATOR_";

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
