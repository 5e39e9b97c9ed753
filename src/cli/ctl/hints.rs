//! What the emulator says of a request, in terms of `ctl`: it names requests of the control API, which its other clients send.

use std::borrow::Cow;

use crate::cli::connect::nobody_there;
use crate::client::ControlError;
use crate::model::sandbox::DEFAULT_SANDBOX;

/// How the detail about an order that is not there begins.
pub(super) const NO_ORDER: &str = "no order of the sandbox ";

/// What is said for somebody who uses `ctl`.
#[derive(Clone, Copy)]
enum Hint {
    /// In the place of that part of the detail.
    Instead(&'static str),
    /// Behind the error.
    Behind(&'static str),
}

/// Parts of details, as the emulator writes them, and what `ctl` says there.
const HINTS: &[(&str, Hint)] = &[
    (
        "POST /control/v1/sandboxes with {\"name\": ...}",
        Hint::Instead("`ctl sandboxes create NAME`"),
    ),
    ("POST /control/v1/reset begins", Hint::Instead("`ctl reset` begins")),
    (
        "PUT .../snapshot takes longer ones",
        Hint::Instead("`ctl restore FILE` takes longer ones"),
    ),
    (
        "make the order with \"keepKey\": true",
        Hint::Instead("make the order with keepKey=true, as `ctl orders create --keep-key` does"),
    ),
    (
        "send Authorization: Bearer and that token",
        Hint::Instead("give that token with one of them"),
    ),
    (NO_ORDER, Hint::Behind("`ctl orders list` lists those that there are")),
    (
        "no account of this sandbox has that loginName",
        Hint::Behind("`ctl accounts list` lists those that there are"),
    ),
    (
        "no account has the loginName ",
        Hint::Behind("`ctl accounts create LOGIN PASSWORD` makes one"),
    ),
    (
        "no fault of this sandbox has that id",
        Hint::Behind("`ctl faults list` lists those that there are"),
    ),
    (
        "the journal of this sandbox has no call of that id",
        Hint::Behind("`ctl calls` lists those that there are"),
    ),
    (
        "the journal of this sandbox has no push of that id",
        Hint::Behind("`ctl calls --kind push` lists those that there are"),
    ),
    (
        "another order has the orderNumber ",
        Hint::Behind("`ctl orders set NUMBER` changes that one"),
    ),
    (
        "has no `due`",
        Hint::Behind("only one with `--state being-issued` has it"),
    ),
    (
        "another account has the loginName ",
        Hint::Behind("`ctl accounts set LOGIN FIELD=VALUE` changes that one"),
    ),
    ("missing field `codeReason`", Hint::Behind("--code-reason gives it")),
    ("missing field `at`", Hint::Behind("--revoked gives it")),
    (
        ": no certificate was issued",
        Hint::Behind("`ctl orders set NUMBER --state issued` issues one"),
    ),
];

/// The text of an error, with commands in the place of requests, and with a command behind it that helps further, in the
/// sandbox of that name.
pub(in crate::cli) fn in_terms_of_ctl(mut error: ControlError, sandbox: &str) -> String {
    let (detail, field) = match &mut error {
        ControlError::Refused { detail, field, .. } => (detail, field),
        ControlError::Unreachable { .. } => return nobody_there(&error),
        _ => return error.to_string(),
    };
    // What is wrong in a file is mended there.
    let is_in_file = field.as_deref().is_some_and(is_of_file);
    let mut behind = String::new();
    for (part, hint) in HINTS {
        match hint {
            Hint::Instead(command) => *detail = detail.replace(part, command),
            Hint::Behind(command) if detail.contains(part) && !is_in_file => {
                behind.push_str("; ");
                behind.push_str(command);
            }
            Hint::Behind(_) => {}
        }
    }
    whole_commands(&format!("{error}{behind}"), sandbox)
}

/// Whether a field is one of fixtures or of a snapshot, and not of a single order or account.
fn is_of_file(field: &str) -> bool {
    let is_index = |step: &str| step.bytes().all(|byte| byte.is_ascii_digit());
    field.starts_with("fixtures") || field.split('.').any(is_index)
}

/// The text with each command as it is typed.
fn whole_commands(text: &str, sandbox: &str) -> String {
    let option: Cow<'_, str> = match sandbox {
        DEFAULT_SANDBOX => "".into(),
        name => format!("--sandbox {name} ").into(),
    };
    text.replace("`ctl sandboxes ", "`sectigo-emulator ctl sandboxes ")
        .replace("`ctl ", &format!("`sectigo-emulator ctl {option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(detail: &str, field: Option<&str>) -> ControlError {
        ControlError::Refused {
            status: 400,
            title: "T".to_owned(),
            detail: detail.to_owned(),
            field: field.map(str::to_owned),
        }
    }

    #[test]
    fn commands_are_those_of_the_sandbox() {
        for (detail, field, sandbox, expected) in [
            (
                "no order of the sandbox `t1` has the number 7",
                None,
                "t1",
                "no order of the sandbox `t1` has the number 7 (HTTP status 400 T); `sectigo-emulator ctl --sandbox t1 orders \
                 list` lists those that there are",
            ),
            (
                "There is none. Make one: POST /control/v1/sandboxes with {\"name\": ...}",
                None,
                "t1",
                "There is none. Make one: `sectigo-emulator ctl sandboxes create NAME` (HTTP status 400 T)",
            ),
            (
                "the default sandbox cannot be deleted; POST /control/v1/reset begins it again",
                None,
                "default",
                "the default sandbox cannot be deleted; `sectigo-emulator ctl reset` begins it again (HTTP status 400 T)",
            ),
            (
                "missing field `at`",
                Some("revocation.at"),
                "default",
                "`revocation.at`: missing field `at` (HTTP status 400 T); --revoked gives it",
            ),
            (
                "missing field `at`",
                Some("fixtures.orders.0.revocation.at"),
                "default",
                "`fixtures.orders.0.revocation.at`: missing field `at` (HTTP status 400 T)",
            ),
            (
                "an order number is at most 5",
                None,
                "t1",
                "an order number is at most 5 (HTTP status 400 T)",
            ),
        ] {
            assert_eq!(in_terms_of_ctl(refused(detail, field), sandbox), expected);
        }
        let other = ControlError::Unexpected {
            url: "u".to_owned(),
            what: "w".to_owned(),
        };
        assert!(in_terms_of_ctl(other, "t1").ends_with(": w"));
    }
}
