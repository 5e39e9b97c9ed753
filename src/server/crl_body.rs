//! A CRL as the body of a response. It is sent piece by piece, so that a client that does not read keeps little of it
//! in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::sandbox::certificates::Crl;

/// The body of a response that is a CRL.
#[derive(Debug)]
pub(super) struct CrlBody {
    crl: Arc<Crl>,
    next_piece: usize,
    /// How many bytes are still to be sent.
    left: usize,
}

/// The CRL was dropped while it was sent, to make room for newer ones.
#[derive(Debug, Error)]
#[error("the CRL was read so slowly that newer ones took its place")]
pub(super) struct Dropped;

impl CrlBody {
    pub(super) fn new(crl: Arc<Crl>) -> Self {
        Self {
            left: crl.length,
            next_piece: 0,
            crl,
        }
    }
}

impl Body for CrlBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let Some(piece) = self.crl.piece(self.next_piece) else {
            return Poll::Ready(Some(Err(Dropped)));
        };
        self.next_piece += 1;
        self.left -= piece.len();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
