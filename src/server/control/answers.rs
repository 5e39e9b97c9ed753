//! Answers that may be long: written where no other request waits for them, no faster than they are read, and few of the long
//! ones at a time.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use thiserror::Error;
use tokio::pin;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::info;

use super::blocks::{BLOCK, Blocks};
use super::{App, PATIENCE, Problem};
use crate::aside::aside;
use crate::json;
use crate::server::body::{PACE, PACE_TIME};
use crate::server::layers::CONTROL_LOG;

/// An answer up to this length needs no turn, and is in memory as a whole.
const SHORT: usize = 64 << 10;

/// The most bytes of a list that goes on in another answer.
pub(super) const MAX_LIST: usize = 16 << 20;

/// How many things of a list are measured at most, to know whether the answer is short.
pub(super) const MAX_MEASURED: usize = 128;

/// How many pieces of a longer answer may wait to be sent.
const MAX_WAITING_PIECES: usize = 2;

/// How many long answers are sent at a time.
const LONG_TURNS: usize = 4;

/// How many answers are sent at a time whose length nothing limits.
const UNLIMITED_TURNS: usize = 2;

/// How long a reader may take for a piece of [`BLOCK`] bytes while another request waits for a turn: twice as long as at the
/// pace of long bodies, for clients and their systems take answers in bursts.
const PIECE_TIME: Duration = PACE_TIME.saturating_mul(2 * (BLOCK / PACE) as u32);

/// The turns of long answers. Each is held until the answer is sent, or its reader is too slow while another request waits.
#[derive(Clone, Debug)]
pub(crate) struct AnswerTurns {
    long: Arc<Turns>,
    unlimited: Arc<Turns>,
}

impl Default for AnswerTurns {
    fn default() -> Self {
        Self {
            long: Arc::new(Turns::new(LONG_TURNS)),
            unlimited: Arc::new(Turns::new(UNLIMITED_TURNS)),
        }
    }
}

/// The turns of one kind of answers.
#[derive(Debug)]
struct Turns {
    free: Arc<Semaphore>,
    /// The requests without a turn, the oldest first. A slow reader takes one out, and gives up its own turn for it.
    waiting: watch::Sender<VecDeque<Arc<()>>>,
    /// Locked by the slow reader who is the next to do so. The others wait for it in the order in which they became too slow.
    next: Mutex<()>,
}

impl Turns {
    fn new(turns: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(turns)),
            waiting: watch::Sender::default(),
            next: Mutex::default(),
        }
    }

    /// Waits for a turn. None if there is none within [`PATIENCE`].
    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(turn) = self.free.clone().try_acquire_owned() {
            return Some(turn);
        }
        let _waiting = WaitingRequest::new(&self.waiting);
        timeout(PATIENCE, self.free.clone().acquire_owned()).await.ok()?.ok()
    }

    /// For a slow reader: waits until there is a request for which it is to give up its turn. Each request ends one such wait,
    /// the longest.
    async fn are_wanted(&self) {
        let _next = self.next.lock().await;
        let mut waiting = self.waiting.subscribe();
        // The sender is a field of `self`, so it is not dropped.
        while waiting.wait_for(|waiting| !waiting.is_empty()).await.is_ok() {
            // The request may have gone meanwhile.
            if self.waiting.send_if_modified(|waiting| waiting.pop_front().is_some()) {
                return;
            }
        }
    }
}

/// For as long as it is there, a request waits for a turn.
struct WaitingRequest<'t> {
    waiting: &'t watch::Sender<VecDeque<Arc<()>>>,
    place: Arc<()>,
}

impl<'t> WaitingRequest<'t> {
    fn new(waiting: &'t watch::Sender<VecDeque<Arc<()>>>) -> Self {
        let place = Arc::new(());
        waiting.send_modify(|waiting| waiting.push_back(place.clone()));
        Self { waiting, place }
    }
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.waiting
            .send_modify(|waiting| waiting.retain(|place| !Arc::ptr_eq(place, &self.place)));
    }
}

/// A turn for a long answer.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    _permit: OwnedSemaphorePermit,
}

/// How long an answer is, as far as that is known before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    /// At most, or about, so many bytes.
    Bytes(usize),
    /// Perhaps long.
    Unknown,
    /// As long as a whole sandbox.
    Unlimited,
}

impl AnswerTurns {
    /// Takes a turn, if an answer of that length needs one.
    ///
    /// # Errors
    /// There was none within [`PATIENCE`].
    pub(super) async fn take(&self, length: Length) -> Result<Option<Turn>, Problem> {
        let turns = match length {
            Length::Bytes(bytes) if bytes <= SHORT => return Ok(None),
            Length::Bytes(_) | Length::Unknown => &self.long,
            Length::Unlimited => &self.unlimited,
        };
        match turns.take().await {
            Some(permit) => Ok(Some(Turn {
                turns: turns.clone(),
                _permit: permit,
            })),
            None => Err(Problem::busy(
                "Other long answers are being sent, and within a second there was no memory for this one: ask again, \
                 or ask for fewer at the same time.",
            )),
        }
    }
}

/// Writes an answer in JSON.
///
/// # Errors
/// It is long, and there was no turn for it.
pub(super) async fn answer<T: Serialize>(
    app: &App,
    length: Length,
    make: impl FnOnce() -> T + Send + 'static,
) -> Result<Response, Problem> {
    let turn = app.answer_turns.take(length).await?;
    answer_with(turn, make).await
}

/// As [`answer`], with a turn that was taken before, if it needs one.
///
/// # Errors
/// It cannot be made.
pub(super) async fn answer_with<T: Serialize>(
    turn: Option<Turn>,
    make: impl FnOnce() -> T + Send + 'static,
) -> Result<Response, Problem> {
    let (begin, begun) = oneshot::channel();
    let write = aside(move || write(&make(), turn, begin));
    pin!(write, begun);
    let begun = tokio::select! {
        biased;
        begun = &mut begun => begun,
        done = &mut write => {
            done?;
            begun.await
        }
    };
    let body = match begun.map_err(|_| Problem::interrupted())? {
        Begun::Short(blocks) => Body::new(blocks),
        Begun::Long(body) => Body::new(body),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The most bytes that a text of so many takes in JSON: a control character takes six.
pub(super) fn most_escaped(bytes: usize) -> usize {
    6 * bytes
}

/// The first things, up to `most` bytes and one more.
pub(super) fn up_to<T>(
    most: usize,
    things: impl IntoIterator<Item = T>,
    bytes_of: impl Fn(&T) -> usize,
) -> impl Iterator<Item = T> {
    let mut bytes = 0;
    things.into_iter().take_while(move |thing| {
        let fits = bytes < most;
        bytes += bytes_of(thing);
        fits
    })
}

/// Writes a value, and hands its body to `begin` as soon as it is known whether it is short: a short one is whole then, a
/// long one is written as it is read.
fn write(value: &impl Serialize, turn: Option<Turn>, begin: oneshot::Sender<Begun>) {
    // If nobody takes it, the client has left.
    let mut short = Short::default();
    if json::write(&mut short, value).is_ok() {
        let _ = begin.send(Begun::Short(short.0));
        return;
    }
    drop(short);
    let (pieces, received) = mpsc::channel(MAX_WAITING_PIECES);
    let body = LongBody {
        pieces: received,
        left: written_length(value) as u64,
    };
    if begin.send(Begun::Long(body)).is_ok() {
        // In pieces of a whole block. An error means that nobody reads on.
        let mut pieces = io::BufWriter::with_capacity(BLOCK, Pieces(Some(Reader { pieces, turn })));
        let _ = json::write(&mut pieces, value);
    }
}

/// The length of a value in JSON, in bytes.
pub(super) fn written_length(value: &impl Serialize) -> usize {
    struct Counter(usize);

    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    json::write(&mut counter, value).expect("strings and numbers always serialize");
    counter.0
}

/// The body of an answer that has begun to be written.
enum Begun {
    /// It is whole.
    Short(Blocks),
    /// It comes piece by piece.
    Long(LongBody),
}

/// Takes a short answer, and fails where it turns out to be longer.
#[derive(Default)]
struct Short(Blocks);

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > SHORT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands on a long answer as it is written, and waits for whoever reads it, until they have gone or lost the turn.
struct Pieces(Option<Reader>);

/// Who reads a long answer.
struct Reader {
    pieces: mpsc::Sender<Bytes>,
    turn: Option<Turn>,
}

impl Reader {
    /// Hands on a piece, as soon as there is room for it.
    ///
    /// # Errors
    /// Nobody reads it any more, or too slowly while others wait for the turn.
    async fn hand_on(&self, piece: Bytes) -> io::Result<()> {
        let room = self.pieces.reserve();
        pin!(room);
        let room = match (timeout(PIECE_TIME, &mut room).await, &self.turn) {
            (Ok(room), _) => room,
            (Err(_), None) => room.await,
            (Err(_), Some(turn)) => tokio::select! {
                biased;
                room = &mut room => room,
                () = turn.turns.are_wanted() => {
                    info!(target: CONTROL_LOG, "broke off an answer that was read too slowly while others waited for a turn");
                    return Err(io::ErrorKind::TimedOut.into());
                }
            },
        };
        room.map_err(|_| io::ErrorKind::BrokenPipe)?.send(piece);
        Ok(())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let reader = self.0.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let handed_on = Handle::current().block_on(reader.hand_on(Bytes::copy_from_slice(bytes)));
        if handed_on.is_err() {
            self.0 = None;
        }
        handed_on.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of a long answer.
#[derive(Debug)]
struct LongBody {
    pieces: mpsc::Receiver<Bytes>,
    /// How many bytes are still to be sent.
    left: u64,
}

/// A long answer was not written to its end.
#[derive(Debug, Error)]
#[error("the answer was interrupted")]
struct Interrupted;

impl HttpBody for LongBody {
    type Data = Bytes;
    type Error = Interrupted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match ready!(self.pieces.poll_recv(cx)) {
            Some(piece) => {
                self.left -= piece.len() as u64;
                Ok(Frame::data(piece))
            }
            None => Err(Interrupted),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn each_request_that_waits_ends_one_slow_reader() {
        let turns = Turns::new(3);
        let slow_reader = async || {
            let turn = turns.take().await.expect("one is free");
            turns.are_wanted().await;
            drop(turn);
        };
        let (mut first, mut second, mut third) = (pin!(slow_reader()), pin!(slow_reader()), pin!(slow_reader()));
        for reader in [&mut first, &mut second, &mut third] {
            assert_eq!(reader.now_or_never(), None, "nobody waits");
        }
        // One that has left ends nobody's.
        assert!(turns.take().now_or_never().is_none());
        assert_eq!((&mut first).now_or_never(), None);

        let mut request = pin!(turns.take());
        assert!((&mut request).now_or_never().is_none());
        // All of them notice it.
        let polled = [&mut first, &mut second, &mut third].map(|reader| reader.now_or_never());
        assert_eq!(polled, [Some(()), None, None]);
        let held = request.await;
        assert!(held.is_some());

        let (mut one, mut other) = (pin!(turns.take()), pin!(turns.take()));
        assert!((&mut one).now_or_never().is_none() && (&mut other).now_or_never().is_none());
        assert_eq!([second.now_or_never(), third.now_or_never()], [Some(()), Some(())]);
        assert!(one.await.is_some() && other.await.is_some());
        assert!(turns.waiting.borrow().is_empty());
    }
}
