//! `health`: asks a running emulator whether it serves.

use std::time::Duration;

use clap::Args;

use crate::cli::connect::ControlArgs;
use crate::cli::parse::read_duration;
use crate::client::health::{self, HealthError};

// The options of `health`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    control: ControlArgs,
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
    health::check(&args.control.address, args.wait).await
}
