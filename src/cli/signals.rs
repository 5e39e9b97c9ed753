//! The signals that stop the program: SIGTERM, SIGINT and SIGHUP.

use std::fs;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens to the signals; each of them asks for a graceful stop.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// None if the parent process asked to ignore SIGHUP.
    hang_up: Option<Signal>,
}

impl Signals {
    /// Begins to listen. From now on no signal is lost.
    pub(crate) fn listen() -> io::Result<Self> {
        let hang_up = match is_ignored(SignalKind::hangup()) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up,
        })
    }

    /// Waits for a signal that asks the program to stop, and returns its name.
    pub(crate) async fn stop(&mut self) -> &'static str {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hang_up => "SIGHUP",
        }
    }
}

/// Whether the parent process asked to ignore a signal, as `nohup` does with SIGHUP. Listening to it would undo that.
///
/// This is known on Linux only, from `/proc`; on other systems the result is false.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
