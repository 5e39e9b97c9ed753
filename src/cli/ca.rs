//! `ca`: the CA before anything serves.

use std::error::Error;
use std::path::{PathBuf, absolute};

use clap::{Args, Subcommand};

use crate::aside::aside;
use crate::ca::{Authority, CaKey, CaOptions};
use crate::clock::system_now;

// What is done with the CA.
#[derive(Args, Clone, Debug)]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    command: CaCommand,
}

// The commands of `ca`.
#[derive(Clone, Debug, Subcommand)]
enum CaCommand {
    /// Make the root in a directory that `serve --ca-dir` reads, unless it is there; print the path of its certificate.
    Init(InitArgs),
}

/// The options of `ca init`.
#[derive(Args, Clone, Debug)]
struct InitArgs {
    /// The directory: made if it is not there.
    #[arg(long, env = "SECTIGO_EMULATOR_CA_DIR", value_name = "DIR")]
    dir: PathBuf,
    /// The kind of its key, if it is made: ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_CA_KEY",
        value_name = "KIND",
        default_value = "ec-p256"
    )]
    ca_key: CaKey,
}

/// Does what is asked, and returns what is printed.
///
/// # Errors
/// A file cannot be written, or one that is there cannot be used.
pub(super) async fn run(args: CaArgs) -> Result<String, Box<dyn Error>> {
    let CaCommand::Init(InitArgs { dir, ca_key }) = args.command;
    let certificate = absolute(&dir)?.join("ca.pem");
    let options = CaOptions {
        dir: Some(dir),
        key: ca_key,
    };
    aside(move || Authority::open(&options, system_now())).await??;
    Ok(format!("{}\n", certificate.display()))
}
