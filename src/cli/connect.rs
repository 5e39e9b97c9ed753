//! The control API of the emulator that a command asks: the options that say which, and the client that they make.

use std::fmt::Display;
use std::path::PathBuf;

use clap::Args;

use crate::cli::parse::{BadValue, check_token, read_control};
use crate::client::Control;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::token::{GivenToken, Token};

// All these options have ids of their own: where `ctl` makes them global, clap hands their values up to the command above,
// which has options of the same names.

// The option that says which control listener is asked.
#[derive(Args, Clone, Debug)]
pub(super) struct ControlArgs {
    /// The control listener to ask: http://HOST:PORT or HOST:PORT.
    #[arg(
        id = Self::ID,
        long = "control",
        env = "SECTIGO_EMULATOR_CONTROL",
        value_name = "URL",
        default_value = "127.0.0.1:8081",
        value_parser = read_control
    )]
    pub(super) address: String,
}

// The option that says which sandbox is asked.
#[derive(Args, Clone, Debug)]
pub(super) struct SandboxArgs {
    /// The sandbox to ask.
    #[arg(
        id = Self::ID,
        long = "sandbox",
        env = "SECTIGO_EMULATOR_SANDBOX",
        value_name = "NAME",
        default_value = DEFAULT_SANDBOX
    )]
    pub(super) name: String,
}

// The options that give the token of the control API. `Debug` does not print it.
#[derive(Args, Clone, Debug)]
pub(super) struct TokenArgs {
    /// The token that the emulator demands.
    #[arg(
        id = Self::ID,
        long = "control-token",
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<GivenToken>,
    /// The file whose one line is that token.
    #[arg(
        id = "asked_control_token_file",
        long = "control-token-file",
        env = "SECTIGO_EMULATOR_CONTROL_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = Self::ID
    )]
    file: Option<PathBuf>,
}

/// The error about an emulator at which nothing answers, with what helps.
pub(super) fn nobody_there(error: &impl Display) -> String {
    format!("{error}; `sectigo-emulator` starts an emulator, and --control says where one is")
}

impl ControlArgs {
    /// The id of the option.
    pub(super) const ID: &str = "asked_control";
}

impl SandboxArgs {
    /// The id of the option.
    pub(super) const ID: &str = "asked_sandbox";
}

impl TokenArgs {
    /// The id of the option with the token itself.
    pub(super) const ID: &str = "asked_control_token";

    /// Checks the token, which clap cannot check.
    ///
    /// # Errors
    /// It is invalid; the line does not contain it.
    pub(super) fn check(&self) -> Result<(), BadValue> {
        check_token(self.token.as_ref())
    }

    /// Drives a sandbox of the emulator at `HOST:PORT`, with the token that is given, if there is one.
    ///
    /// # Errors
    /// The token is given in both ways, or its file has none; one line that does not contain it.
    pub(super) fn connect(&self, address: &str, sandbox: &str) -> Result<Control, String> {
        let control = Control::connect(address).sandbox(sandbox);
        match (&self.token, &self.file) {
            (Some(_), Some(_)) => Err("give --control-token or --control-token-file, not both".to_owned()),
            (Some(token), None) => Ok(control.given_token(token.clone())),
            (None, Some(path)) => match Token::read(path) {
                Ok(token) => Ok(control.given_token(token.into())),
                Err(error) => Err(format!("the token of the control API: {error}")),
            },
            (None, None) => Ok(control),
        }
    }
}
