//! Reads the command line and the environment: which command is given, or what is wrong.

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::cli::ca::CaArgs;
use crate::cli::check::args::CheckArgs;
use crate::cli::completions::CompletionsArgs;
use crate::cli::ctl::args::CtlArgs;
use crate::cli::ctl::usage;
use crate::cli::endpoints::EndpointsArgs;
use crate::cli::env::EnvArgs;
use crate::cli::health::HealthArgs;
use crate::cli::openapi::OpenapiArgs;
use crate::cli::serve::ServeArgs;
use crate::cli::usage_error::{Exit, command_words};
use crate::cli::variables;

/// A local emulator of the endpoints of Sectigo's partner API that S/MIME and code-signing orders live by.
///
/// Without a command it serves. When it serves, it prints one line for each listener and then `ready`.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "sectigo-emulator",
    version,
    args_conflicts_with_subcommands = true,
    args_override_self = true
)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

impl Config {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// Help or the version was asked for, or something is wrong.
    pub(crate) fn read() -> Result<Command, Exit> {
        let words: Vec<_> = std::env::args_os().collect();
        let command = Self::read_words(&words)?.into_command();
        let (checked, path) = match &command {
            Command::Serve(args) => (args.check(), "sectigo-emulator"),
            Command::Ctl(args) => (args.token.check(), "sectigo-emulator ctl"),
            Command::Check(args) => (args.token.check(), "sectigo-emulator check"),
            Command::Env(args) => (args.token.check(), "sectigo-emulator env"),
            Command::Health(_)
            | Command::Endpoints(_)
            | Command::Ca(_)
            | Command::Openapi(_)
            | Command::Completions(_) => return Ok(command),
        };
        checked.map_err(|bad| Exit::bad_value(&bad, path, &words))?;
        Ok(command)
    }

    /// Reads what stands behind the program's name, whose words are between single spaces.
    #[cfg(test)]
    pub(super) fn read_line(line: &str) -> Result<Self, Exit> {
        let words = std::iter::once("sectigo-emulator").chain(line.split(' '));
        Self::read_words(&words.map(OsString::from).collect::<Vec<_>>())
    }

    /// Reads the words of a command line, of which the first is the program.
    fn read_words(words: &[OsString]) -> Result<Self, Exit> {
        let words = &with_serve_first(&Self::command(), words);
        let mut matches = Self::matches(words).map_err(|error| Exit::new(&error, words))?;
        usage::check(&matches, words).map_err(Exit::Usage)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| Exit::new(&error, words))
    }

    /// What clap finds in these words and in the environment.
    fn matches(words: &[OsString]) -> Result<ArgMatches, clap::Error> {
        let mut program = Self::command();
        if !variables::are_some_empty() {
            return program.try_get_matches_from_mut(words);
        }
        let found = variables::without_empty(program.clone()).try_get_matches_from_mut(words);
        match found {
            // The help shows every variable.
            Err(error) if !error.use_stderr() => program.try_get_matches_from_mut(words),
            found => found,
        }
    }

    /// The given command, or `serve`.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(Box::new(self.serve)))
    }
}

/// The command to run. The options of one are made when it is given, so that those of the others do not delay the start. Their
/// structs have no doc comment: clap would show it as the description of the command.
#[derive(Clone, Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Serve (the default).
    Serve(Box<ServeArgs>),
    /// Ask a running emulator whether it serves: exit 0 if it does, 1 if not.
    Health(HealthArgs),
    /// Print the catalogue: arguments, codes, assumptions.
    Endpoints(EndpointsArgs),
    /// Drive a running emulator: orders, accounts, clock, faults, calls, sandboxes.
    Ctl(Box<CtlArgs>),
    /// Compare an emulator with another server, such as the real service, by calls that change nothing there.
    Check(Box<CheckArgs>),
    /// The CA before anything serves.
    Ca(CaArgs),
    /// Print the variables with which clients find a running emulator and trust its CA, and write the files they name.
    Env(Box<EnvArgs>),
    /// Print the OpenAPI document of the control API.
    Openapi(OpenapiArgs),
    /// Print a script with which a shell completes this program's command line.
    Completions(CompletionsArgs),
}

/// These words, with the options in front of `serve` moved behind it. They mean the same in both places, but clap
/// accepts them in one place only.
fn with_serve_first(program: &clap::Command, words: &[OsString]) -> Vec<OsString> {
    let mut words = words.to_vec();
    let place = command_words(program, &words).next().map(|(place, ..)| place);
    if let Some(place) = place.filter(|place| words[*place] == "serve") {
        words[1..=place].rotate_right(1);
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;
    use clap_complete::Shell;

    use super::*;
    use crate::cli::command;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn what_a_command_does_is_said_before_its_options_are_made() {
        let whole = command();
        for program in Config::command().get_subcommands() {
            let made = whole.find_subcommand(program.get_name()).expect("it is the same");
            let about = made.get_about().map(ToString::to_string);
            assert_eq!(about, program.get_about().map(ToString::to_string));
        }
    }

    /// The options of the commands of `ctl` have none: they are fields of one order, one fault or one request, and a
    /// variable would also change the next one. The options of `ctl` itself, which select the emulator and the sandbox,
    /// have theirs.
    #[test]
    fn every_option_has_its_variable() {
        let program = command();
        for command in std::iter::once(&program).chain(program.get_subcommands()) {
            for option in command.get_arguments() {
                let Some(long) = option.get_long().filter(|long| !["help", "version"].contains(long)) else {
                    continue;
                };
                let name = match (command.get_name(), long) {
                    // What the environment happens to hold is no consent.
                    ("check", "yes") => None,
                    // Another command has an option of that name, which means something else.
                    ("env", "format" | "dir") => Some(format!("env-{long}")),
                    _ => Some(long.to_owned()),
                };
                let expected = name.map(|name| format!("SECTIGO_EMULATOR_{}", name.replace('-', "_").to_uppercase()));
                let variable = option.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(variable, expected, "--{long}");
            }
        }
    }

    #[test]
    fn the_options_of_ctl_commands_have_no_variables() {
        fn below<'c>(command: &'c clap::Command) -> Box<dyn Iterator<Item = &'c clap::Command> + 'c> {
            Box::new(
                command
                    .get_subcommands()
                    // clap's own, which is about the others.
                    .filter(|sub| sub.get_name() != "help")
                    .flat_map(|sub| std::iter::once(sub).chain(below(sub))),
            )
        }
        let program = command();
        let ctl = program.find_subcommand("ctl").expect("there is ctl");
        let options: Vec<_> = below(ctl).flat_map(|command| command.get_arguments()).collect();
        assert!(options.len() > 40, "{}", options.len());
        for option in options.into_iter().filter(|option| !option.is_global_set()) {
            assert!(option.get_env().is_none(), "{}", option.get_id());
            assert!(option.get_help().is_some(), "{}", option.get_id());
        }
    }

    fn parse(line: &str) -> Result<Command, clap::Error> {
        let words = std::iter::once("sectigo-emulator").chain(line.split(' '));
        Config::try_parse_from(words).map(|config| config.command.expect("a command was given"))
    }

    #[test]
    fn ctl_accepts_common_command_lines() {
        for line in [
            "ctl orders list --json",
            "ctl --sandbox t1 --token x --control http://localhost:8081 orders show 7",
            "ctl orders list --state issued --sandbox t1 --control-token x",
            "ctl orders create --login a --expires -3d --issued -30d --number 7",
            "ctl orders set 7 state=issued issued=-3d email=",
            "ctl accounts create a b locked=true",
            "ctl clock advance 30d",
            "ctl clock set -30d",
            "ctl clock freeze",
            "ctl faults add --code -14 --order 7 --times 2",
            "ctl faults add --garble --probability 0.5",
            "ctl calls --follow --endpoint !autoRevokeCS --code -4",
            "ctl calls --clear",
            "ctl --sandbox t1 calls --clear --json --control localhost:8081",
            "ctl snapshot --output x.json",
            "ctl sandboxes create t1 --ttl 10m --claim a --claim b",
            "ctl sandbox create t1",
            "ctl orders set 7 --state issued --issued -3d",
            "ctl orders set 7 --keep-key=false email=",
            "ctl orders create --product-code 795 --signature-hash REQUIRE_SHA2 --ca-certificate-id 1 --keep-key",
            "ctl orders create email=a@example.com",
            "ctl assumptions spelling=british",
            "completions fish",
        ] {
            assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
        }
        for line in [
            "ctl",
            "ctl orders",
            "ctl orders set 7",
            "ctl orders set 7 state",
            "ctl clock advance soon",
            "ctl faults add",
            "ctl faults add --garble --status 503",
            "ctl faults add --delay 1s --body x",
            "ctl calls --follow --since now",
            "ctl calls --clear --follow",
            "ctl calls --clear --code 0",
            "ctl --control off orders list",
            "--seed 1 ctl orders list",
            "completions cobol",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn options_may_stand_before_serve() {
        for (line, expected) in [
            ("--log off serve", "serve --log off"),
            (
                "--log=off --tls-name serve serve --http off",
                "serve --log=off --tls-name serve --http off",
            ),
            ("--exit-with-stdin serve", "serve --exit-with-stdin"),
            ("serve --log off", "serve --log off"),
            ("--log off", "--log off"),
            ("--tls-name serve", "--tls-name serve"),
            ("--log off health", "--log off health"),
        ] {
            let words: Vec<_> = std::iter::once("x")
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let expected: Vec<_> = std::iter::once("x").chain(expected.split(' ')).collect();
            assert_eq!(with_serve_first(&Config::command(), &words), expected, "{line}");
            if !line.contains("health") {
                assert!(Config::read_line(line).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn a_password_may_hold_an_equals_sign() {
        for line in [
            "ctl accounts create a colour=red locked=true",
            "ctl accounts create a czNjcmV0Cg==",
            "ctl accounts create a =x",
            "ctl accounts create -- a loginPasword=s3cret",
            "ctl accounts create a -- locked=true locked=true",
        ] {
            assert!(Config::read_line(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn debug_does_not_print_secrets() {
        for line in [
            "ctl --token t0ken accounts create login s3cret",
            "env --control-token t0ken",
            "check --replay x --control-token t0ken",
        ] {
            let printed = format!("{:?}", parse(line).expect("it is well formed"));
            assert!(!printed.contains("t0ken") && !printed.contains("s3cret"), "{printed}");
        }
        let mut program = command();
        let help = program
            .find_subcommand_mut("ctl")
            .expect("there is ctl")
            .render_long_help();
        assert!(help.to_string().contains("SECTIGO_EMULATOR_CONTROL_TOKEN]"), "{help}");
    }

    #[test]
    fn every_shell_gets_its_script() {
        for shell in Shell::value_variants() {
            let script = CompletionsArgs { shell: *shell }.script(command());
            assert!(
                script.contains("sectigo-emulator") && script.contains("advance"),
                "{shell}"
            );
            // clap_complete writes values for these two alone, and for fish only near the top.
            if matches!(shell, Shell::Bash | Shell::Zsh) {
                for value in ["being-issued", "code-signing", "mid-body"] {
                    assert!(script.contains(value), "{shell}: {value}");
                }
            }
        }
    }

    #[test]
    fn help_lists_the_accepted_values() {
        for (line, expected) in [
            (
                "ctl orders list --help",
                &["being-issued, ", "on-hold, unpaid]", "smime, code-signing]"][..],
            ),
            (
                "ctl orders create --help",
                &["being-issued, ", "on-hold, unpaid]", "smime, code-signing]"],
            ),
            ("ctl faults add --help", &["- before:", "- mid-body:"]),
            ("ctl orders certificate 7 --help", &["- pem:", "- der:", "- json:"]),
        ] {
            let Err(Exit::Help(help)) = Config::read_line(line) else {
                panic!("{line} is no help")
            };
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            for word in expected {
                assert!(help.contains(word), "{line}: no {word} in {help}");
            }
        }
    }
}
