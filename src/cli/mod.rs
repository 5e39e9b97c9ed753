//! The command line: what each command takes, does and prints. Nothing here is needed by the library.

pub mod args;
pub mod ctl;
mod number;
mod offer;
mod variables;
