//! A strict reader of DER that keeps to slices of its input.
//!
//! Not x509-parser: that one reads a request leniently (lengths that are not minimal, junk at the
//! end of a SEQUENCE or behind an attribute's value) and refuses others for the *content* of an
//! extension that nobody here looks at. A request is only a few levels deep, so every level is
//! walked by name and nothing recurses.

use std::{fmt, ops::Range};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// `[number]`, constructed.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A window on the input; reading moves its start.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            end: input.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// What is left to read.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.input[self.at..self.end]
    }

    /// The next element, whatever its tag.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let header = header(self.bytes())?;
        let start = self.at;
        let content = start + header.header;
        let end = content.checked_add(header.content).ok_or(Malformed::Truncated)?;
        if end > self.end {
            return Err(Malformed::Truncated);
        }
        self.at = end;
        Ok(Element {
            tag: header.tag,
            start,
            content: Self {
                input: self.input,
                at: content,
                end,
            },
        })
    }

    /// The next element, which must bear this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        if self.is_empty() {
            return Err(Malformed::Missing);
        }
        let element = self.element()?;
        if element.tag == tag {
            Ok(element)
        } else {
            Err(Malformed::Tag)
        }
    }

    /// The content of the next element, if it bears this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Self>, Malformed> {
        if self.bytes().first() == Some(&tag) {
            self.read(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The content of the next element, which must bear this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.expect(tag).map(|element| element.content)
    }

    pub(crate) fn oid(&mut self) -> Result<&'a [u8], Malformed> {
        let oid = self.read(OID)?.bytes();
        // Each arc ends in a byte without the high bit, and none is padded with 0x80 in front.
        let mut starts = true;
        for &byte in oid {
            if starts && byte == 0x80 {
                return Err(Malformed::Oid);
            }
            starts = byte < 0x80;
        }
        if starts && !oid.is_empty() {
            Ok(oid)
        } else {
            Err(Malformed::Oid)
        }
    }

    /// The content of an INTEGER: two's complement, in as few bytes as it takes.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], Malformed> {
        let integer = self.read(INTEGER)?.bytes();
        match integer {
            [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Malformed::Integer),
            _ => Ok(integer),
        }
    }

    /// The magnitude of a non-negative INTEGER, without a leading zero (and empty for 0).
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        match self.integer()? {
            [0x80..=0xff, ..] => Err(Malformed::Negative),
            [0x00, magnitude @ ..] | magnitude => Ok(magnitude),
        }
    }

    pub(crate) fn bit_string(&mut self) -> Result<BitString<'a>, Malformed> {
        match self.read(BIT_STRING)?.bytes() {
            [unused @ 0..=7, bytes @ ..] if *unused == 0 || !bytes.is_empty() => {
                Ok(BitString { unused: *unused, bytes })
            }
            _ => Err(Malformed::BitString),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Trailing)
        }
    }
}

/// One tag, length and value.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    start: usize,
    pub(crate) content: Reader<'a>,
}

impl<'a> Element<'a> {
    /// Tag, length and value as they stand in the input.
    pub(crate) fn raw(&self) -> &'a [u8] {
        &self.content.input[self.range()]
    }

    /// Where it stands in the input.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.content.end
    }
}

#[derive(Clone, Copy)]
pub(crate) struct BitString<'a> {
    pub(crate) unused: u8,
    pub(crate) bytes: &'a [u8],
}

/// What a tag and a length announce.
pub(crate) struct Header {
    pub(crate) tag: u8,
    pub(crate) header: usize,
    pub(crate) content: usize,
}

/// Reads the tag and the length that `bytes` begin with. Lengths of up to three bytes are read: no
/// form carries more.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, Malformed> {
    let [tag, length, rest @ ..] = bytes else {
        return Err(Malformed::Truncated);
    };
    if tag & 0x1f == 0x1f {
        return Err(Malformed::LongTag);
    }
    let long = usize::from(length & 0x7f);
    match length {
        0..=0x7f => {
            return Ok(Header {
                tag: *tag,
                header: 2,
                content: long,
            });
        }
        0x80 => return Err(Malformed::Indefinite),
        0x81..=0x83 => {}
        0x84.. => return Err(Malformed::Length),
    }
    let digits = rest.get(..long).ok_or(Malformed::Truncated)?;
    let content = digits
        .iter()
        .fold(0_u32, |length, digit| length << 8 | u32::from(*digit));
    if digits[0] == 0 || content < 0x80 {
        return Err(Malformed::Length);
    }
    let content = usize::try_from(content).map_err(|_| Malformed::Length)?;
    Ok(Header {
        tag: *tag,
        header: 2 + long,
        content,
    })
}

/// Why bytes are not the DER that was looked for; follows "malformed X: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    BitString,
    Indefinite,
    Integer,
    Length,
    LongTag,
    Missing,
    Negative,
    Oid,
    Tag,
    Trailing,
    Truncated,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BitString => "a BIT STRING has no valid count of unused bits",
            Self::Indefinite => "a length is indefinite, which DER does not allow",
            Self::Integer => "an INTEGER is empty or padded",
            Self::Length => "a length is not in its shortest form, or is 16 MiB or more",
            Self::LongTag => "a tag number is above 30",
            Self::Missing => "an element is missing",
            Self::Negative => "an INTEGER is negative",
            Self::Oid => "an object identifier is not well-formed",
            Self::Tag => "an element has another type than its place asks for",
            Self::Trailing => "bytes follow its last element",
            Self::Truncated => "it ends too early",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        for (bytes, expected) in [
            (&[0x30, 0x05][..], Ok((2, 5))),
            (&[0x30, 0x81, 0x80], Ok((3, 0x80))),
            (&[0x30, 0x82, 0x01, 0x00], Ok((4, 0x100))),
            (&[0x30, 0x83, 0xff, 0xff, 0xff], Ok((5, 0xff_ffff))),
            (&[], Err(Malformed::Truncated)),
            (&[0x30], Err(Malformed::Truncated)),
            (&[0x30, 0x82, 0x01], Err(Malformed::Truncated)),
            (&[0x30, 0x80], Err(Malformed::Indefinite)),
            (&[0x30, 0x81, 0x7f], Err(Malformed::Length)),
            (&[0x30, 0x82, 0x00, 0x80], Err(Malformed::Length)),
            (&[0x30, 0x84, 1, 1, 1, 1], Err(Malformed::Length)),
            (&[0x1f, 0x21, 0x00], Err(Malformed::LongTag)),
        ] {
            let got = header(bytes).map(|header| (header.header, header.content));
            assert_eq!(got, expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn integers() {
        for (content, expected) in [
            (&[0x00][..], Ok(&[][..])),
            (&[0x7f], Ok(&[0x7f])),
            (&[0x00, 0x80], Ok(&[0x80])),
            (&[0x80], Err(Malformed::Negative)),
            (&[0x00, 0x7f], Err(Malformed::Integer)),
            (&[0xff, 0x80], Err(Malformed::Integer)),
            (&[], Err(Malformed::Integer)),
        ] {
            let der = [&[INTEGER, u8::try_from(content.len()).unwrap()], content].concat();
            assert_eq!(Reader::new(&der).unsigned(), expected, "{content:02x?}");
        }
    }

    #[test]
    fn elements_stay_inside_their_parent() {
        let der = [SEQUENCE, 3, OCTET_STRING, 2, 1, 9, 9];
        let mut inner = Reader::new(&der).read(SEQUENCE).unwrap();
        assert_eq!(inner.element().err(), Some(Malformed::Truncated));
    }
}
