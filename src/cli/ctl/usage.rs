//! What is wrong with a command line of `ctl` that clap accepts, or says in words that do not help.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::body::field_of_account;
use crate::cli::connect::SandboxArgs;

/// What a command takes that was given too little, in one sentence with an example, if clap would list every option.
pub(in crate::cli) fn what_it_takes(command: &str) -> Option<&'static str> {
    Some(match command {
        "orders set" => {
            "ctl orders set takes the number of an order and what shall change, such as `sectigo-emulator ctl orders set \
             1234567 state=revoked`"
        }
        "accounts set" => {
            "ctl accounts set takes a loginName and what shall change, such as `sectigo-emulator ctl accounts set login_name \
             locked=true`"
        }
        "faults add" => {
            "ctl faults add takes what shall happen, such as `sectigo-emulator ctl faults add --code -14 --times 1`"
        }
        _ => return None,
    })
}

/// The option that is missing in front of a word for which a command has no place, and what it takes; or the one that was
/// meant by another name.
pub(in crate::cli) fn option_in_front(command: &str, word: &str) -> Option<&'static str> {
    let is_option = word.starts_with('-');
    let digits = word.trim_start_matches('-');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match command {
        "reset" if !is_option => Some("--fixtures in front of a file"),
        "orders wait" if !is_option => Some("--state in front of a state"),
        "faults add" if word == "--count" => Some("--times in the place of --count"),
        "faults add" if is_number => Some("--code in front of a code, such as --code -14"),
        _ => None,
    }
}

/// Refuses what stands in the wrong place, where clap takes it for something else.
///
/// # Errors
/// Something does; one line says where it belongs.
pub(in crate::cli) fn check(matches: &ArgMatches, words: &[OsString]) -> Result<(), String> {
    let Some(ctl) = matches.subcommand_matches("ctl") else {
        return Ok(());
    };
    check_sandbox(ctl)?;
    check_password(ctl, words)
}

/// Refuses `--sandbox` with `ctl sandboxes`, which is about all sandboxes. Its variable may be set, for the other
/// commands.
fn check_sandbox(ctl: &ArgMatches) -> Result<(), String> {
    let is_given = ctl
        .subcommand_matches("sandboxes")
        .and_then(ArgMatches::subcommand)
        .is_some_and(|(_, command)| command.value_source(SandboxArgs::ID) == Some(ValueSource::CommandLine));
    if is_given {
        return Err(
            "ctl sandboxes takes no --sandbox: give the name as an argument, such as sectigo-emulator ctl sandboxes \
             create NAME (sectigo-emulator ctl sandboxes --help lists the options)"
                .to_owned(),
        );
    }
    Ok(())
}

/// Refuses a field of an account in the place of its password, unless it stands behind `--`: it would become the
/// password, and nothing would tell. The error does not repeat it, for it may have the password in it.
fn check_password(ctl: &ArgMatches, words: &[OsString]) -> Result<(), String> {
    let password = ctl
        .subcommand_matches("accounts")
        .and_then(|accounts| accounts.subcommand_matches("create"))
        .and_then(|create| create.get_one::<String>("password"));
    let Some(password) = password else { return Ok(()) };
    let Some(field) = field_of_account(password) else {
        return Ok(());
    };
    let behind = words.iter().skip_while(|word| *word != "--");
    if behind.skip(1).any(|word| word == password.as_str()) {
        return Ok(());
    }
    Err(format!(
        "what stands in the place of the password looks like the field `{field}`: give LOGIN PASSWORD, each without a name, \
         and the fields behind them; if it is the password, write -- before LOGIN (sectigo-emulator ctl accounts create \
         --help lists the options)"
    ))
}
