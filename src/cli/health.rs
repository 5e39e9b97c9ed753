//! `health`: asks a running emulator whether it serves.

use std::time::Duration;

use clap::Args;

use crate::cli::parse::{read_control, read_duration};
use crate::client::health::{self, HealthError};

// The options of `health`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthArgs {
    /// The control listener to ask: http://HOST:PORT or HOST:PORT.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CONTROL",
        value_name = "URL",
        default_value = "127.0.0.1:8081",
        value_parser = read_control
    )]
    control: String,
    /// Keep asking for up to this long, until it serves.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_WAIT",
        value_name = "DURATION",
        default_value = "0s",
        value_parser = read_duration
    )]
    wait: Duration,
}

/// Asks until the emulator serves, or until the time is over.
///
/// # Errors
/// The emulator does not serve.
pub(super) async fn run(args: &HealthArgs) -> Result<(), HealthError> {
    health::check(&args.control, args.wait).await
}
