//! The command line: what it prints, how it ends, what it serves with.

mod commands;
mod completions;
mod ctl;
mod env;
mod log;
mod refusals;
mod serve;
mod signals;
mod state;
mod tls;
