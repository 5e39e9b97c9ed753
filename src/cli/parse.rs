//! Readers of values that several commands have.

use std::time::Duration;

use crate::api::protocol::assumption::Assumptions;
use crate::client::http;
use crate::token::GivenToken;

/// A value of an option that clap accepts and the program does not.
#[derive(Debug)]
pub(super) struct BadValue {
    /// The option, without its dashes.
    pub(super) option: &'static str,
    /// What is wrong; one line.
    pub(super) line: String,
}

/// Checks a token. clap itself accepts any text, because its errors would repeat the text.
///
/// # Errors
/// The token is invalid; the line does not contain it.
pub(super) fn check_token(token: Option<&GivenToken>) -> Result<(), BadValue> {
    match token.map(GivenToken::check) {
        Some(Err(error)) => Err(BadValue {
            option: "control-token",
            line: format!("invalid value for '--control-token <TOKEN>': {error}"),
        }),
        _ => Ok(()),
    }
}

/// Reads a duration longer than zero.
pub(super) fn read_time_limit(text: &str) -> Result<Duration, String> {
    let limit = read_duration(text)?;
    if limit.is_zero() {
        return Err("give a duration longer than zero".to_owned());
    }
    Ok(limit)
}

/// Reads a duration such as `90s`, `10m` or `30d`.
pub(super) fn read_duration(text: &str) -> Result<Duration, String> {
    use humantime::DurationError::{Empty, InvalidCharacter, NumberExpected};

    const ACCEPTED: &str = "give a duration such as 90s, 10m or 30d";
    humantime::parse_duration(text).map_err(|error| match error {
        // These only say at which character it ceases to be one.
        Empty | InvalidCharacter(_) | NumberExpected(_) => ACCEPTED.to_owned(),
        error => format!("{error}; {ACCEPTED}"),
    })
}

/// Reads the variable of an option that is on or off.
pub(super) fn read_switch(text: &str) -> Result<bool, String> {
    match &*text.to_ascii_lowercase() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "" | "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("give true or false".to_owned()),
    }
}

/// Reads where a control listener is, and returns its `HOST:PORT`. The variable of this option is also that of the
/// listener itself, so it may be `off`, or an address that means every interface.
pub(super) fn read_control(text: &str) -> Result<String, String> {
    if text == "off" {
        return Err("the control listener is off, so there is nobody to ask".to_owned());
    }
    http::authority(text)
}

/// Reads `NAME=VALUE` and checks both.
pub(super) fn read_assumption(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("give NAME=VALUE, such as spelling=british")?;
    Assumptions::default()
        .set(name, value)
        .map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_a_duration_is() {
        for (text, expected) in [
            ("soon", "give a duration such as 90s, 10m or 30d"),
            ("", "give a duration such as 90s, 10m or 30d"),
            ("1h -5m", "give a duration such as 90s, 10m or 30d"),
            ("5x", "unknown time unit \"x\", "),
            ("5", "time unit needed, "),
        ] {
            let error = read_duration(text).unwrap_err();
            assert!(
                error.starts_with(expected) && error.ends_with("10m or 30d"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_control_listener_is_found_where_it_listens() {
        for (text, expected) in [
            ("127.0.0.1:8081", Some("127.0.0.1:8081")),
            ("http://localhost:8081/", Some("localhost:8081")),
            ("0.0.0.0:9000", Some("127.0.0.1:9000")),
            ("[::]:9000", Some("[::1]:9000")),
            ("emulator:8081", Some("emulator:8081")),
            ("off", None),
            ("localhost", None),
            ("https://localhost:8081", None),
            ("http://localhost:8081/x", None),
        ] {
            assert_eq!(read_control(text).ok().as_deref(), expected, "{text}");
        }
    }
}
