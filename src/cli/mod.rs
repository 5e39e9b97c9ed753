//! The command line: one file for each command, with its options and what it does. The library can be built without it.

mod args;
mod ca;
mod check;
mod completions;
mod connect;
mod consent;
mod ctl;
mod endpoints;
mod env;
mod health;
mod number;
mod offer;
mod openapi;
mod parse;
mod serve;
mod signals;
mod usage_error;
mod variables;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory as _;
use tokio::runtime;

use args::{Command, Config};
use connect::nobody_there;
use usage_error::Exit;

use crate::client::ControlError;
use crate::client::health::HealthError;
use crate::files;

/// The program: reads the command line and runs one command.
pub fn main() -> ExitCode {
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        // What work took of memory goes back to the system with the thread that did it.
        .thread_keep_alive(Duration::from_secs(1))
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 2),
    };
    let code = runtime.block_on(run());
    // What is still done on other threads writes no more.
    files::end_writes();
    // Dropping the runtime would wait for blocking work that is no longer needed, such as a file without an end or an
    // RSA key.
    runtime.shutdown_background();
    code
}

/// The command line as clap knows it, with the options of every command, for the documentation.
pub fn command() -> clap::Command {
    let mut command = Config::command();
    command.build();
    command
}

async fn run() -> ExitCode {
    let done = match Config::read() {
        Ok(Command::Serve(args)) => serve::run(args, &variables::warnings(command))
            .await
            .map_err(|error| usage_error::with_origin(&*error).into()),
        Ok(Command::Health(args)) => {
            return match health::run(&args).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error @ HealthError::Connect { .. }) => fail(&nobody_there(&error), 1),
                Err(error) => fail(&error, 1),
            };
        }
        Ok(Command::Endpoints(args)) => match args.text() {
            Ok(text) => print(&text),
            Err(error) => return fail(&error, 2),
        },
        Ok(Command::Openapi(args)) => print(&args.text()),
        Ok(Command::Ca(args)) => ca::run(args).await.and_then(|text| print(&text)),
        Ok(Command::Env(args)) => match env::run(&args).await {
            Ok(text) => print(&text),
            Err(error) => {
                return match error.downcast::<ControlError>() {
                    Ok(error) => fail(&ctl::in_terms_of_ctl(*error, &args.sandbox.name), 1),
                    Err(error) => fail(&*error, 1),
                };
            }
        },
        Ok(Command::Ctl(args)) => {
            return match ctl::run(&args, &mut io::stdout()).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error, error.exit_code()),
            };
        }
        Ok(Command::Check(args)) => {
            return match check::run(&args).await {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::from(1),
                Err(error) => fail(&error, 2),
            };
        }
        Ok(Command::Completions(args)) => print(&args.script(command())),
        Err(Exit::Help(text)) => print(&text),
        Err(Exit::Usage(line)) => return fail(&line, 2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error, 2),
    }
}

/// Prints to stdout. It is not an error if the reader has closed it, as `head` does.
fn print(text: &str) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn fail(error: &(impl std::fmt::Display + ?Sized), code: u8) -> ExitCode {
    let given = std::env::args_os().skip(1).chain(variables::values());
    let error = usage_error::masked(&error.to_string(), given);
    // Whoever cannot be told sees the exit code.
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::from(code)
}
