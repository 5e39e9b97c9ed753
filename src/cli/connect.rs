//! The control API of the emulator that a command asks, with the token that it is given.

use std::path::Path;

use crate::client::Control;
use crate::token::{GivenToken, Token};

/// Drives a sandbox of the emulator at `HOST:PORT`, with the token or the one of the file, if there is one.
///
/// # Errors
/// Both are given, or the file has no token; one line that does not contain it.
pub(super) fn connect(
    control: &str,
    sandbox: &str,
    token: Option<&GivenToken>,
    token_file: Option<&Path>,
) -> Result<Control, String> {
    let control = Control::connect(control).sandbox(sandbox);
    match (token, token_file) {
        (Some(_), Some(_)) => Err("give --control-token or --control-token-file, not both".to_owned()),
        (Some(token), None) => Ok(control.given_token(token.clone())),
        (None, Some(path)) => match Token::read(path) {
            Ok(token) => Ok(control.given_token(token.into())),
            Err(error) => Err(format!("the token of the control API: {error}")),
        },
        (None, None) => Ok(control),
    }
}
