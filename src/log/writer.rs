//! Writes the log from a thread of its own, many lines at a time.
//!
//! Not `tracing-appender` behind `tracing_subscriber::fmt`: that makes each line on the thread of the call and wakes its own
//! thread for each, which under load costs a call more than its own work does (measured: 4 to 5 µs of processor time a line).

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::lock::{lock, wait_while};
use crate::log::line::LineWriter;
use crate::log::record::{Records, take_down};

/// Bytes of events that wait to be written. Those that come when nobody reads so many are dropped, and counted.
const MAX_WAITING: usize = 4 << 20;

/// How long the thread lets events gather after the first.
const GATHER: Duration = Duration::from_millis(5);

/// How long the end waits for the last lines to be written; a reader that has stopped reading must not hold it up.
const LAST_LINES: Duration = Duration::from_millis(200);

/// The memory that is kept for events to come.
const KEPT: usize = 64 << 10;

/// The layer that takes the events.
#[derive(Clone, Debug)]
pub(super) struct Lines(Arc<Shared>);

/// The thread; dropping it writes what is waiting.
#[derive(Debug)]
pub(super) struct Writer(Arc<Shared>);

impl Writer {
    /// Starts a thread that writes to `sink`.
    pub(super) fn start(sink: impl Write + Send + 'static, lines: LineWriter) -> io::Result<(Self, Lines)> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || of_thread.write_all_to(sink, lines))?;
        Ok((Self(shared.clone()), Lines(shared)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.is_closed = true;
        self.0.changed.notify_all();
        let written = self
            .0
            .changed
            .wait_timeout_while(waiting, LAST_LINES, |waiting| !waiting.is_written);
        drop(written);
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        take_down(event, |one| self.0.take(one));
    }
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    records: Records,
    dropped_lines: u64,
    is_closed: bool,
    is_written: bool,
}

impl Shared {
    /// Takes events, or drops them where too much is waiting.
    fn take(&self, records: &mut Records) {
        let mut waiting = self.lock();
        if waiting.records.bytes() + records.bytes() > MAX_WAITING {
            waiting.dropped_lines += records.len() as u64;
            drop(waiting);
            records.clear(KEPT);
            return;
        }
        let was_empty = waiting.records.len() == 0;
        waiting.records.append(records);
        drop(waiting);
        if was_empty {
            self.changed.notify_all();
        }
    }

    fn write_all_to(&self, mut sink: impl Write, mut lines: LineWriter) {
        let (mut batch, mut text) = (Records::default(), Vec::new());
        loop {
            let waiting = wait_while(&self.changed, self.lock(), |waiting| {
                waiting.records.len() == 0 && !waiting.is_closed
            });
            let mut waiting = if waiting.is_closed {
                waiting
            } else {
                drop(waiting);
                thread::sleep(GATHER);
                self.lock()
            };
            mem::swap(&mut batch, &mut waiting.records);
            let (dropped_lines, is_closed) = (mem::take(&mut waiting.dropped_lines), waiting.is_closed);
            drop(waiting);
            for record in batch.iter() {
                lines.push(&mut text, &record);
            }
            if dropped_lines > 0 {
                lines.push_dropped(&mut text, dropped_lines);
            }
            // Whoever closed stderr does not want the log.
            let _ = sink.write_all(&text).and_then(|()| sink.flush());
            batch.clear(KEPT);
            text.clear();
            text.shrink_to(KEPT);
            if is_closed {
                self.lock().is_written = true;
                self.changed.notify_all();
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tracing::info;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::log::LogFormat;

    /// A sink that hands on what it gets, and waits until each piece is taken.
    struct Channel(mpsc::SyncSender<Vec<u8>>);

    impl Write for Channel {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start(sender: mpsc::SyncSender<Vec<u8>>) -> (Writer, Lines) {
        Writer::start(Channel(sender), LineWriter::new(LogFormat::Text, false)).unwrap()
    }

    #[test]
    fn every_line_is_written_in_order_and_the_last_before_the_end() {
        let (sender, receiver) = mpsc::sync_channel(1024);
        let (writer, lines) = start(sender);
        with_default(tracing_subscriber::registry().with(lines), || {
            for number in 0..1000 {
                info!("line {number}");
            }
        });
        drop(writer);
        let written: Vec<u8> = receiver.try_iter().flatten().collect();
        let written = String::from_utf8(written).unwrap();
        let ends: Vec<_> = written
            .lines()
            .map(|line| line.rsplit_once(": ").unwrap().1.to_owned())
            .collect();
        let expected: Vec<_> = (0..1000).map(|number| format!("line {number}")).collect();
        assert_eq!(ends, expected);
    }

    #[test]
    fn a_reader_that_stops_reading_costs_lines_but_neither_time_nor_memory() {
        let (sender, receiver) = mpsc::sync_channel(0);
        let (writer, lines) = start(sender);
        let text = "x".repeat(1 << 20);
        with_default(tracing_subscriber::registry().with(lines.clone()), || {
            for _ in 0..64 {
                info!(text);
            }
        });
        assert!(lines.0.lock().records.bytes() <= MAX_WAITING);
        drop(writer);
        let written: Vec<u8> = receiver.iter().flatten().collect();
        assert!(written.len() < 16 << 20);
        assert!(String::from_utf8_lossy(&written).contains("lines of the log were dropped"));
    }
}
