//! What the emulator says of a request, in terms of `ctl`: it names requests of the control API, which its other clients send.

use std::borrow::Cow;

/// How the detail about an order that is not there begins.
pub(super) const NO_ORDER: &str = "no order of the sandbox ";

/// What is said for somebody who uses `ctl`.
#[derive(Clone, Copy)]
enum Hint {
    /// In the place of that part of the detail.
    Instead(&'static str),
    /// Behind the detail.
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
        Hint::Instead("give ctl that token with the same option"),
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
        "another order has the orderNumber ",
        Hint::Behind("`ctl orders set NUMBER` changes that one"),
    ),
    (
        "has no `due`",
        Hint::Behind("only one with `--state being-issued` has it"),
    ),
    (
        ": no certificate was issued",
        Hint::Behind("`ctl orders set NUMBER --state issued` issues one"),
    ),
];

/// A detail with commands in the place of requests, or with a command behind it that helps further, in the sandbox of that
/// name.
pub(super) fn in_terms_of_ctl(detail: &str, sandbox: &str) -> String {
    let mut said = detail.to_owned();
    for (part, hint) in HINTS {
        if !detail.contains(part) {
            continue;
        }
        match hint {
            Hint::Instead(command) => said = said.replace(part, command),
            Hint::Behind(command) => {
                said.push_str("; ");
                said.push_str(command);
            }
        }
    }
    whole_commands(&said, sandbox)
}

/// The text with each command as it is typed.
fn whole_commands(text: &str, sandbox: &str) -> String {
    let option: Cow<'_, str> = match sandbox {
        "default" => "".into(),
        name => format!("--sandbox {name} ").into(),
    };
    text.replace("`ctl sandboxes ", "`sectigo-emulator ctl sandboxes ")
        .replace("`ctl ", &format!("`sectigo-emulator ctl {option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_sandbox() {
        for (detail, sandbox, expected) in [
            (
                "no order of the sandbox `t1` has the number 7",
                "t1",
                "no order of the sandbox `t1` has the number 7; `sectigo-emulator ctl --sandbox t1 orders list` lists those \
                 that there are",
            ),
            (
                "There is none. Make one: POST /control/v1/sandboxes with {\"name\": ...}",
                "t1",
                "There is none. Make one: `sectigo-emulator ctl sandboxes create NAME`",
            ),
            (
                "the default sandbox always is; POST /control/v1/reset begins it again",
                "default",
                "the default sandbox always is; `sectigo-emulator ctl reset` begins it again",
            ),
            (
                "an order number is between 1 and 5",
                "t1",
                "an order number is between 1 and 5",
            ),
        ] {
            assert_eq!(in_terms_of_ctl(detail, sandbox), expected);
        }
    }
}
