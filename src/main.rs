//! The program; [`sectigo_emulator::cli`] has all of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    sectigo_emulator::cli::main()
}
