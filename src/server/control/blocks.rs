//! Bytes in memory that need not be in one piece: the body of a long request, and that of a long answer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// Memory is taken in blocks of this size.
pub(super) const BLOCK: usize = 64 << 10;

/// Bytes in blocks, so that many of them can come and go without being moved. Reading takes them out.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: VecDeque<Vec<u8>>,
    /// How many bytes of the first block were read.
    read: usize,
    length: usize,
}

impl Blocks {
    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The first byte that is not white space.
    pub(super) fn first_visible(&self) -> Option<u8> {
        let rest = self.blocks.iter().flatten().skip(self.read);
        rest.copied().find(|byte| !byte.is_ascii_whitespace())
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len();
        while !bytes.is_empty() {
            if self.blocks.back().is_none_or(|last| last.len() == BLOCK) {
                // Most bodies are short; what needs a second block is long.
                let capacity = if self.blocks.is_empty() { 0 } else { BLOCK };
                self.blocks.push_back(Vec::with_capacity(capacity));
            }
            if let Some(last) = self.blocks.back_mut() {
                let (now, later) = bytes.split_at(bytes.len().min(BLOCK - last.len()));
                last.extend_from_slice(now);
                bytes = later;
            }
        }
    }

    fn skip(&mut self, count: usize) {
        self.read += count;
        self.length -= count;
        if self.blocks.front().is_some_and(|first| first.len() == self.read) {
            self.blocks.pop_front();
            self.read = 0;
        }
    }
}

impl io::Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(first) = self.blocks.front() else { return Ok(0) };
        let rest = &first[self.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.skip(count);
        Ok(count)
    }
}

impl io::Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of an answer, which frees each block once it is sent.
impl HttpBody for Blocks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let read = std::mem::take(&mut self.read);
        Poll::Ready(self.blocks.pop_front().map(|block| {
            let rest = Bytes::from(block).slice(read..);
            self.length -= rest.len();
            Ok(Frame::data(rest))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn bytes_come_out_of_blocks_as_they_went_in() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 7).map(|number| (number % 251) as u8).collect();
        for size in [1, 1000, BLOCK, bytes.len()] {
            let mut blocks = Blocks::default();
            for part in bytes.chunks(size) {
                blocks.write_all(part).unwrap();
            }
            assert_eq!((blocks.len(), blocks.blocks.len()), (bytes.len(), 4), "{size}");
            let mut read = Vec::new();
            blocks.read_to_end(&mut read).unwrap();
            assert!(read == bytes, "{size}");
            assert_eq!((blocks.len(), blocks.blocks.len()), (0, 0));
        }
    }
}
