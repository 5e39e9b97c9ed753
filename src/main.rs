//! The program: parse, start, wait for a signal.

mod signals;

use std::io::{self, Write as _};
use std::pin::pin;
use std::process::ExitCode;
use std::{future, thread};

use sectigo_emulator::Emulator;
use sectigo_emulator::cli::args::{self, CatalogueFormat, Command, Config, ServeArgs, Stop};
use sectigo_emulator::cli::ctl;
use sectigo_emulator::descriptors;
use sectigo_emulator::endpoints::catalogue;
use sectigo_emulator::health;
use sectigo_emulator::log::Log;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use signals::Signals;

fn main() -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 2),
    };
    let code = runtime.block_on(run());
    // Dropping it would wait for work that nobody waits for any more: a file whose end never comes, an RSA key.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    let done = match Config::read() {
        Ok(Command::Serve(args)) => serve(args).await,
        Ok(Command::Health(args)) => {
            return match health::check(&args.control, args.wait).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error, 1),
            };
        }
        Ok(Command::Endpoints(args)) => print(&match args.format {
            CatalogueFormat::Markdown => catalogue::markdown(),
            CatalogueFormat::Json => format!("{}\n", catalogue::json()),
        }),
        Ok(Command::Ctl(args)) => {
            return match ctl::run(&args, &mut io::stdout()).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error, 1),
            };
        }
        Ok(Command::Completions(args)) => print(&args.script()),
        Err(Stop::Told(text)) => print(&text),
        Err(Stop::Wrong(line)) => return fail(&line, 2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error, 2),
    }
}

async fn serve(args: Box<ServeArgs>) -> Result<(), Box<dyn std::error::Error>> {
    // Before anything else: as PID 1 of a container, a signal that nobody waits for does nothing.
    let mut signals = Signals::listen()?;
    let _log = Log::start(args.log.clone(), args.log_format)?;
    args::warn_of_unknown();
    if let Err(error) = descriptors::raise_limit() {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let stdin_ends = end_of_stdin(args.exit_with_stdin)?;
    let mut told_to_stop = pin!(async {
        tokio::select! {
            () = signals.stop() => {}
            () = stdin_ends => {}
        }
    });
    let emulator = tokio::select! {
        biased;
        () = &mut told_to_stop => {
            tracing::info!("stopping before anything is served");
            return Ok(());
        }
        started = start(args) => started?,
    };
    print(&ready_lines(&emulator))?;
    told_to_stop.await;
    tracing::info!("stopping");
    emulator.stop().await?;
    Ok(())
}

/// Starts the emulator. Large files take their time, which must not keep a signal waiting.
async fn start(args: Box<ServeArgs>) -> Result<Emulator, Box<dyn std::error::Error>> {
    let builder = tokio::task::spawn_blocking(move || args.builder()).await??;
    Ok(builder.start().await?)
}

/// Resolves when standard input ends, if that is wanted; else never. A thread of its own reads it, from now on: the
/// runtime would wait for a read of tokio's when it stops.
fn end_of_stdin(is_wanted: bool) -> io::Result<impl Future<Output = ()>> {
    let (end, ended) = oneshot::channel::<()>();
    if is_wanted {
        let read = move || {
            // What comes is of no interest; what cannot be read has ended.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = end.send(());
        };
        thread::Builder::new().name("stdin".to_owned()).spawn(read)?;
    }
    Ok(async {
        if ended.await.is_err() {
            // Nobody reads.
            future::pending().await
        }
    })
}

fn ready_lines(emulator: &Emulator) -> String {
    let listeners = [
        ("https", "https", emulator.https_addr()),
        ("http", "http", emulator.http_addr()),
        ("control", "http", emulator.control_addr()),
    ];
    let mut lines: Vec<_> = listeners
        .iter()
        .filter_map(|(name, scheme, address)| address.map(|address| format!("{name} {scheme}://{address}")))
        .collect();
    lines.push("ready\n".to_owned());
    lines.join("\n")
}

/// Prints to stdout. A reader that has left, as `head` does, is no error.
fn print(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn fail(error: &(impl std::fmt::Display + ?Sized), code: u8) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}
