//! What is wrong with a command line, in one line: what clap says, and where the option or the command belongs.

use std::any::TypeId;
use std::borrow::Cow;
use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::command;
use crate::cli::ctl::usage;
use crate::cli::parse::BadValue;
use crate::cli::variables;
use crate::emulator::StartError;
use crate::shown::without_credentials;
use crate::similar::nearest;
use crate::token::GivenToken;

/// Why the program does not go on after reading its command line.
#[derive(Debug)]
pub(crate) enum Exit {
    /// Help or the version was asked for: the text.
    Help(String),
    /// Something is wrong: one line.
    Usage(String),
}

impl Exit {
    /// The error of clap for these words, in one line, or the help that was asked for.
    pub(super) fn new(error: &clap::Error, words: &[OsString]) -> Self {
        let text = error.render().to_string();
        if !error.use_stderr() {
            return Self::Help(text);
        }
        let program = command();
        let (path, command) = command_of(&program, words);
        let place = [
            right_place(error, &program, words),
            option_in_front(error, &path),
            negative_value(error, command, words),
            command_beside_ctl(error, &program, &path),
        ]
        .concat();
        let line = match error.kind() {
            // clap would print the whole help, which does not say what is wrong.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
                let names: Vec<_> = command
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .filter(|name| *name != "help")
                    .collect();
                format!("{path} needs one of these behind it: {}", names.join(", "))
            }
            ErrorKind::MissingRequiredArgument => {
                let of_ctl = path.strip_prefix("sectigo-emulator ctl ");
                of_ctl
                    .and_then(usage::what_it_takes)
                    .map_or_else(|| what_clap_says(&text, ""), str::to_owned)
            }
            // clap would repeat what was given, and beside a loginName that may be a password.
            ErrorKind::ValueValidation
                if path.starts_with("sectigo-emulator ctl accounts ") && is_about_field(error) =>
            {
                "what is given is no FIELD=VALUE; a password with spaces stands in quotes".to_owned()
            }
            ErrorKind::ValueValidation => {
                value_behind_equals(error, command, words).unwrap_or_else(|| what_clap_says(&text, &place))
            }
            // clap looks at the options in front of the word first.
            ErrorKind::ArgumentConflict => {
                no_subcommand(error, &program).unwrap_or_else(|| what_clap_says(&text, &place))
            }
            _ => what_clap_says(&text, &place),
        };
        let origin = origin(command, words, &options_of(error));
        let elsewhere = command_of_ctl(error, &program);
        Self::Usage(format!("{line}{origin}{elsewhere} ({path} --help lists the options)"))
    }

    /// The error about a value that the program does not accept; `path` is the full name of the command.
    pub(super) fn bad_value(bad: &BadValue, path: &str, words: &[OsString]) -> Self {
        let program = command();
        let (_, command) = command_of(&program, words);
        let (line, origin) = (&bad.line, origin(command, words, &[bad.option]));
        Self::Usage(format!("{line}{origin} ({path} --help lists the options)"))
    }
}

/// An error without the credentials in any URL that was given, in a word of the command line or in a variable.
pub(super) fn masked(error: &str, given: impl Iterator<Item = OsString>) -> String {
    given.fold(error.to_owned(), |error, word| {
        let word = word.to_string_lossy();
        // Also what stands behind `--option=` or `NAME=`.
        let ends = word.match_indices('=').map(|(place, _)| &word[place + 1..]);
        std::iter::once(&*word)
            .chain(ends)
            .fold(error, |error, text| match without_credentials(text) {
                Cow::Owned(masked) => error.replace(text, &masked),
                Cow::Borrowed(_) => error,
            })
    })
}

/// What clap says in paragraphs, in one line: what is wrong, and a tip, unless it is known better where the option belongs.
/// It also says the usage, for which --help is better.
fn what_clap_says(text: &str, place: &str) -> String {
    let said = text.split("\n\nUsage:").next().unwrap_or(text);
    let said = said.split("\n\nFor more").next().unwrap_or(said);
    let said = match said.split_once("\n\n  tip: ") {
        Some((wrong, _)) if !place.is_empty() => format!("{wrong}{place}"),
        _ => format!("{said}{place}").replace("\n\n  tip: ", "; "),
    };
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

/// Where the options belong that clap found in a place where they do not, as the end of its error, or nothing.
fn right_place(error: &clap::Error, program: &clap::Command, words: &[OsString]) -> String {
    let is_of_place = match error.kind() {
        ErrorKind::UnknownArgument => true,
        // In front of a subcommand.
        ErrorKind::ArgumentConflict => error.get(ContextKind::InvalidSubcommand).is_some(),
        _ => false,
    };
    if !is_of_place {
        return String::new();
    }
    let of = |command: &clap::Command, option: &str| command.get_arguments().any(|argument| is_named(argument, option));
    let named: Vec<_> = command_words(program, words).collect();
    let place = |option: &str| {
        let mut path = program.get_name().to_owned();
        for (_, command) in &named {
            path = format!("{path} {}", command.get_name());
            if of(command, option) {
                return Some(format!("; write --{option} behind `{path}`"));
            }
        }
        let owner = match program.find_subcommand("ctl") {
            _ if of(program, option) => "serve",
            Some(ctl) if named.is_empty() && of(ctl, option) => "ctl",
            _ => return None,
        };
        Some(format!("; --{option} is an option of `sectigo-emulator {owner}`"))
    };
    options_of(error).into_iter().filter_map(place).collect()
}

/// The option that is missing in front of a word for which a command of `ctl` has no place, as the end of the error about
/// it, or nothing.
fn option_in_front(error: &clap::Error, path: &str) -> String {
    let command = path.strip_prefix("sectigo-emulator ctl ");
    match (error.kind(), error.get(ContextKind::InvalidArg), command) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(word)), Some(command)) => {
            usage::option_in_front(command, word).map_or_else(String::new, |option| format!("; write {option}"))
        }
        _ => String::new(),
    }
}

/// What is wrong with a value that begins with a minus and that clap took for an option, as the end of its error, or nothing.
fn negative_value(error: &clap::Error, command: &clap::Command, words: &[OsString]) -> String {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(found))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return String::new();
    };
    if found.starts_with("--") {
        return String::new();
    }
    let in_front = pairs(words).find_map(|(long, word)| {
        let option = command.get_arguments().find(|option| is_named(option, long))?;
        let is_meant = word.starts_with(&**found) && option.get_action().takes_values();
        is_meant.then_some((long, option))
    });
    match in_front {
        Some((long, option)) if is_text(option) => {
            format!("; write a value that begins with a minus behind a =, as in --{long}=VALUE")
        }
        Some((long, _)) => format!("; --{long} takes no value that begins with a minus"),
        None => String::new(),
    }
}

/// Whether an option takes any text.
fn is_text(option: &clap::Arg) -> bool {
    let kind = option.get_value_parser().type_id();
    [
        TypeId::of::<String>(),
        TypeId::of::<PathBuf>(),
        TypeId::of::<GivenToken>(),
    ]
    .iter()
    .any(|text| kind == *text)
}

/// What is wrong with a word that is the value of the option in front of it, if that takes one behind a = alone.
fn value_behind_equals(error: &clap::Error, command: &clap::Command, words: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else {
        return None;
    };
    let (long, _) = pairs(words).find(|(long, word)| {
        let is_meant = |option: &clap::Arg| is_named(option, long) && option.is_require_equals_set();
        word == value && command.get_arguments().any(is_meant)
    })?;
    Some(format!("--{long} takes its value behind a =: write --{long}={value}"))
}

/// The words that are options without a =, each with the word behind it; the dashes are left out.
fn pairs(words: &[OsString]) -> impl Iterator<Item = (&str, &str)> {
    words
        .windows(2)
        .filter_map(|pair| Some((pair[0].to_str()?.strip_prefix("--")?, pair[1].to_str()?)))
}

/// The error about a word behind options that is no command; clap would say that the options cannot be used with it.
fn no_subcommand(error: &clap::Error, program: &clap::Command) -> Option<String> {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    if program.find_subcommand(given).is_some() {
        return None;
    }
    let names = program.get_subcommands().map(clap::Command::get_name);
    let similar =
        nearest(given, names).map_or_else(String::new, |name| format!("; a similar subcommand exists: '{name}'"));
    Some(format!("unrecognized subcommand '{given}'{similar}"))
}

/// The command of the program that was given as one of `ctl`, as the end of the error about it, or nothing.
fn command_beside_ctl(error: &clap::Error, program: &clap::Command, path: &str) -> String {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(given))) if path == "sectigo-emulator ctl" => {
            program.find_subcommand(given).map_or_else(String::new, |command| {
                format!("; there is `sectigo-emulator {}`", command.get_name())
            })
        }
        _ => String::new(),
    }
}

/// Whether an error of clap is about a field and its value.
fn is_about_field(error: &clap::Error) -> bool {
    matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(argument)) if argument.contains("FIELD=VALUE"))
}

/// The options that an error of clap is about, without their dashes.
fn options_of(error: &clap::Error) -> Vec<&str> {
    let of_kind = |kind| match error.get(kind) {
        Some(ContextValue::String(option)) => std::slice::from_ref(option),
        Some(ContextValue::Strings(options)) => options,
        _ => &[],
    };
    let options = [ContextKind::InvalidArg, ContextKind::PriorArg]
        .into_iter()
        .flat_map(of_kind);
    options
        .filter_map(|option| option.strip_prefix("--")?.split(['=', ' ', '[']).next())
        .collect()
}

/// The command of `ctl` that was given without `ctl`, as the end of an error about it, or nothing.
fn command_of_ctl(error: &clap::Error, program: &clap::Command) -> String {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) else {
        return String::new();
    };
    let ctl = program.find_subcommand("ctl");
    match ctl.and_then(|ctl| ctl.find_subcommand(given)) {
        Some(command) => format!("; there is `sectigo-emulator ctl {}`", command.get_name()),
        None => String::new(),
    }
}

/// Which of these options of a command have their values from the environment, as the end of an error about them. The error
/// itself names the options alone.
fn origin(command: &clap::Command, words: &[OsString], options: &[&str]) -> String {
    let from_variable = |option: &&str| {
        let argument = command
            .get_arguments()
            .find(|argument| argument.get_long() == Some(option))?;
        let name = argument.get_env()?;
        let value = variables::value(name).filter(|_| !is_given(argument, words))?;
        let name = name.to_string_lossy();
        Some(match value.is_empty() {
            true => format!("; the environment variable {name} is set, but empty: give it a value, or unset it"),
            false => format!("; the value of --{option} came from the environment variable {name}"),
        })
    };
    options.iter().filter_map(from_variable).collect()
}

/// An error of `serve`, and which of the options that it names have their values from the environment.
pub(super) fn with_origin(error: &(dyn Error + 'static)) -> String {
    let Some(start) = error.downcast_ref::<StartError>() else {
        return error.to_string();
    };
    let words: Vec<_> = std::env::args_os().collect();
    let origin = origin(&command(), &words, &start.options());
    format!("{start}{origin}")
}

/// Whether an option is among the words.
fn is_given(option: &clap::Arg, words: &[OsString]) -> bool {
    words
        .iter()
        .filter_map(|word| word.to_str()?.strip_prefix("--"))
        .any(|word| is_named(option, word.split('=').next().unwrap_or(word)))
}

/// The command that these words name, as far as they do, with its full name.
fn command_of<'c>(program: &'c clap::Command, words: &[OsString]) -> (String, &'c clap::Command) {
    command_words(program, words).fold((program.get_name().to_owned(), program), |(path, _), (_, command)| {
        (format!("{path} {}", command.get_name()), command)
    })
}

/// The words that name commands, each a subcommand of the one before: the place of the word, and the command.
pub(super) fn command_words<'c>(
    program: &'c clap::Command,
    words: &[OsString],
) -> impl Iterator<Item = (usize, &'c clap::Command)> {
    let mut command = program;
    let mut rest = words
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(place, word)| Some((place, word.to_str()?)));
    std::iter::from_fn(move || {
        while let Some((place, word)) = rest.next() {
            if let Some(long) = word.strip_prefix("--") {
                if takes_value(command, long) {
                    rest.next();
                }
            } else if word == "help" {
                return None;
            } else if let Some(below) = command.find_subcommand(word) {
                command = below;
                return Some((place, below));
            }
        }
        None
    })
}

/// Whether the next word after that option is its value.
fn takes_value(command: &clap::Command, long: &str) -> bool {
    command.get_arguments().any(|argument| {
        is_named(argument, long) && argument.get_action().takes_values() && !argument.is_require_equals_set()
    })
}

/// Whether an option has that name, without its dashes, or is also called so.
fn is_named(argument: &clap::Arg, long: &str) -> bool {
    let aliases = argument.get_all_aliases().unwrap_or_default();
    argument.get_long() == Some(long) || aliases.contains(&long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Config;

    /// Command lines, and what is said of each.
    #[rustfmt::skip]
    const WRONG: &[(&str, &str)] = &[
        ("ctl orders set 7", "(sectigo-emulator ctl orders set --help "),
        ("ctl orders set 7", "the number of an order and what shall change, such as `"),
        ("ctl orders set", "ctl orders set takes the number of an order and "),
        ("ctl accounts set", "ctl accounts set takes a loginName and what shall change, such as `"),
        ("ctl faults add --times 1", "ctl faults add takes what shall happen, such as `"),
        ("ctl orders set --state issued", "ctl orders set takes the number of an order and "),
        ("ctl accounts create a", "were not provided: <PASSWORD> "),
        ("ctl --sandbox clock orders set 7 x", "(sectigo-emulator ctl orders set --help "),
        ("ctl --token clock --json orders show x", "(sectigo-emulator ctl orders show --help "),
        ("ctl clock", "sectigo-emulator ctl clock needs one of these behind it: show, set, freeze, "),
        ("ctl --json faults --sandbox x", "ctl faults needs one of these behind it: list, add, "),
        ("ctl", "sectigo-emulator ctl needs one of these behind it: orders, accounts, "),
        ("ctl help nothing", "(sectigo-emulator ctl --help "),
        ("health --wait soon", "(sectigo-emulator health --help "),
        ("--seed x", "give a whole number from 0 to 18446744073709551615 (sectigo-emulator --help "),
        ("--log off serve --seed x", "(sectigo-emulator serve --help "),
        ("--seed 1 ctl orders list", "cannot be used with"),
        ("--seed 1 ctl orders list", "'--seed <N>'; --seed is an option of `sectigo-emulator serve` ("),
        ("--control 127.0.0.1:1 --log off ctl clock show", "; write --control behind `sectigo-emulator ctl`; --log is an option of `sectigo-emulator serve` ("),
        ("--json ctl orders list", "unexpected argument '--json' found; write --json behind `sectigo-emulator ctl` ("),
        ("--token=x ctl clock show", "; write --token behind `sectigo-emulator ctl` ("),
        ("--sandbox x orders list", "'--sandbox' found; --sandbox is an option of `sectigo-emulator ctl` ("),
        ("ctl --state issued orders list", "; write --state behind `sectigo-emulator ctl orders list` ("),
        ("ctl --format json ca", "'--format' found; write --format behind `sectigo-emulator ctl ca` ("),
        ("ctl orders list --https off", "; --https is an option of `sectigo-emulator serve` ("),
        ("ctl orders list --colour", "unexpected argument '--colour' found (sectigo-emulator"),
        ("ctl reset orders.toml", "unexpected argument 'orders.toml' found; write --fixtures in front of a file ("),
        ("ctl reset --no-such", "unexpected argument '--no-such' found ("),
        ("ctl orders wait 7 issued", "unexpected argument 'issued' found; write --state in front of a state ("),
        ("ctl faults add -14", "; write --code in front of a code, such as --code -14 ("),
        ("ctl faults add 503", "; write --code in front of a code, such as --code -14 ("),
        ("ctl faults add x", "unexpected argument 'x' found ("),
        ("ctl faults add --count 1", "unexpected argument '--count' found; write --times in the place of --count ("),
        ("--issuance-delay -5m", "unexpected argument '-5' found; --issuance-delay takes no value that begins with a minus ("),
        ("--journal -1", "unexpected argument '-1' found; --journal takes no value that begins with a minus ("),
        ("ctl orders list --login -x", "unexpected argument '-x' found; write a value that begins with a minus behind a =, as in --login=VALUE ("),
        ("--control-token -s3cret serve", "behind a =, as in --control-token=VALUE ("),
        ("ctl orders list -x", "unexpected argument '-x' found ("),
        ("ctl orders set 7 --keep-key false", "--keep-key takes its value behind a =: write --keep-key=false (sectigo-emulator ctl orders set --help "),
        ("ctl orders set 7 false --keep-key", "invalid value 'false' for '[FIELD=VALUE]...'"),
        ("--https 127.0.0.1:0 server", "unrecognized subcommand 'server'; a similar subcommand exists: 'serve' ("),
        ("--https 127.0.0.1:0 orders list", "unrecognized subcommand 'orders'; there is `sectigo-emulator ctl orders` ("),
        ("--seed 1 nothing", "unrecognized subcommand 'nothing' ("),
        ("ctl health", "unrecognized subcommand 'health'; there is `sectigo-emulator health` ("),
        ("ctl helth", "unrecognized subcommand 'helth'; a similar subcommand exists: 'help' ("),
        ("check --against https://u:s3cret@a", "invalid value 'https://…@a' for '--against <URL>': give a URL such as "),
        ("check --against-http http://u:s3cret@a", "invalid value 'http://…@a' for '--against-http <URL>'"),
        ("--http-url https://u:s3cret@a", "'https://…@a' for '--http-url <URL>': `https://…@a` cannot begin "),
        ("https://u:s3cret@a", "unrecognized subcommand 'https://…@a'"),
        ("--seed 1 https://u:s3cret@a", "unrecognized subcommand 'https://…@a'"),
        ("ctl https://u:s3cret@a", "unrecognized subcommand 'https://…@a'"),
        ("--assume spelling=https://u:s3cret@a", "`https://…@a` is no value"),
        ("--http-url=u:s3cret@a", "`…@a` cannot begin "),
        ("ctl --control u:s3cret@a:80 clock show", "invalid value '…@a:80' for '--control"),
        ("ctl reset -x", "unexpected argument '-x' found ("),
        ("ctl faults add -", "unexpected argument '-' found ("),
        ("check https://u:s3cret@a", "unexpected argument 'https://…@a' found"),
        ("ctl --control http://u:s3cret@a clock show", "invalid value 'http://…@a' for '--control"),
        ("ctl calls --jso", "; a similar argument exists: '--json' ("),
        ("ctl calls --clear --follow", "'--clear' cannot be used with '--follow' (sectigo-emulator ctl calls"),
        ("ctl sandboxes create --sandbox mine", "give the name as an argument"),
        ("ctl --sandbox mine sandbox create", "give the name as an argument"),
        ("ctl sandbox list --sandbox x", "give the name as an argument"),
        ("orders list", "; there is `sectigo-emulator ctl orders` (sectigo-emulator --help "),
        ("sandbox list", "; there is `sectigo-emulator ctl sandboxes` "),
        ("ctl accounts create a loginPasword=s3cret", "looks like the field `loginPassword`: give LOGIN PASSWORD"),
        ("ctl accounts create a loginPasword=s3cret -- locked=true", "looks like the field `loginPassword`"),
        ("ctl accounts create a password=s3cret", "the field `loginPassword`"),
        ("ctl accounts create a LOCKED=s3cret", "the field `locked`"),
        ("ctl accounts create a permissions=", "write -- before LOGIN "),
    ];

    #[test]
    fn an_error_names_the_help_of_its_command() {
        for (line, expected) in WRONG {
            let Err(Exit::Usage(said)) = Config::read_line(line) else {
                panic!("{line} is taken")
            };
            let said = masked(&said, line.split(' ').map(OsString::from));
            assert!(said.contains(*expected) && !said.contains('\n'), "{line}: {said}");
            assert!(!said.contains("s3cret"), "{line}: {said}");
        }
    }
}
