//! The log: lines on stderr, written by a thread of its own, so that a reader who stops reading stops no call.

mod line;
mod record;
mod writer;

use std::io::{self, IsTerminal as _};

use thiserror::Error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::log::line::LineWriter;
use crate::log::writer::Writer;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there is no log.
#[derive(Debug, Error)]
pub(crate) enum LogError {
    /// There is one already.
    #[error("cannot set up the log: {0}")]
    Twice(#[from] TryInitError),
    /// The thread that writes it cannot be started.
    #[error("cannot start the log's thread: {0}")]
    Thread(#[from] io::Error),
}

/// The log of the process; dropping it writes what is waiting.
#[derive(Debug)]
pub(crate) struct Log {
    _writer: Writer,
}

impl Log {
    /// Sends every line that `filter` lets through to stderr.
    ///
    /// # Errors
    /// The process has a log already, or no thread to spare.
    pub(crate) fn start(filter: Targets, format: LogFormat) -> Result<Self, LogError> {
        let coloured = format == LogFormat::Text && io::stderr().is_terminal();
        let (writer, lines) = Writer::start(io::stderr(), LineWriter::new(format, coloured))?;
        tracing_subscriber::registry().with(filter).with(lines).try_init()?;
        Ok(Self { _writer: writer })
    }
}
