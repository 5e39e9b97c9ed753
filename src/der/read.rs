//! A strict reader of DER (X.690) that returns slices of its input.
//!
//! x509-parser would not do: it accepts CSRs that are not DER (lengths that are not minimal, extra bytes at the end of
//! a SEQUENCE or behind the value of an attribute), and refuses others because of the *content* of an extension that is
//! not used here. The structures that are read have few levels, so each level is read by its own code and nothing
//! recurses.

use std::{fmt, ops::Range};

use super::tag::{BIT_STRING, BMP_STRING, BOOLEAN, ENUMERATED, INTEGER, NULL, OID, UNIVERSAL_STRING, UTF8_STRING};

/// A part of the input that is still to be read; reading moves its start.
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
        if !is_constructed_correctly(header.tag) {
            return Err(Malformed::Constructed);
        }
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

    /// The next element, which must have this tag.
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

    /// The content of the next element, if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Self>, Malformed> {
        if self.bytes().first() == Some(&tag) {
            self.read(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.expect(tag).map(|element| element.content)
    }

    /// The content of an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8], Malformed> {
        let oid = self.read(OID)?.bytes();
        check_oid(oid)?;
        Ok(oid)
    }

    /// The content of an INTEGER: two's complement, in as few bytes as it takes.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], Malformed> {
        let integer = self.read(INTEGER)?.bytes();
        check_integer(integer)?;
        Ok(integer)
    }

    /// The magnitude of a non-negative INTEGER, without a leading zero (and empty for 0).
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        match self.integer()? {
            [0x80..=0xff, ..] => Err(Malformed::Negative),
            [0x00, magnitude @ ..] | magnitude => Ok(magnitude),
        }
    }

    /// A BIT STRING.
    pub(crate) fn bit_string(&mut self) -> Result<BitString<'a>, Malformed> {
        BitString::read(self.read(BIT_STRING)?.bytes())
    }

    /// Checks that nothing is left to read.
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
    /// Tag, length and value, as they are in the input.
    pub(crate) fn raw(&self) -> &'a [u8] {
        &self.content.input[self.range()]
    }

    /// Checks its content by the rules of its type, if the type has any. The elements inside of it are not checked.
    pub(crate) fn check_value(&self) -> Result<(), Malformed> {
        let content = self.content.bytes();
        let is_valid = match self.tag {
            BOOLEAN => content.len() == 1,
            NULL => content.is_empty(),
            INTEGER | ENUMERATED => return check_integer(content),
            OID => return check_oid(content),
            BIT_STRING => return BitString::read(content).map(|_| ()),
            UTF8_STRING => std::str::from_utf8(content).is_ok(),
            BMP_STRING => is_text(content, 2),
            UNIVERSAL_STRING => is_text(content, 4),
            _ => true,
        };
        if is_valid { Ok(()) } else { Err(Malformed::Value) }
    }

    /// Its place in the input.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.content.end
    }
}

/// The content of a BIT STRING: its bytes, and how many bits of the last one are unused.
#[derive(Clone, Copy)]
pub(crate) struct BitString<'a> {
    pub(crate) unused: u8,
    pub(crate) bytes: &'a [u8],
}

impl<'a> BitString<'a> {
    fn read(content: &'a [u8]) -> Result<Self, Malformed> {
        match content {
            [unused @ 0..=7, bytes @ ..] if *unused == 0 || !bytes.is_empty() => Ok(Self { unused: *unused, bytes }),
            _ => Err(Malformed::BitString),
        }
    }
}

fn check_integer(content: &[u8]) -> Result<(), Malformed> {
    match content {
        [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Malformed::Integer),
        _ => Ok(()),
    }
}

/// Each number ends in a byte without the high bit, and none begins with 0x80, which would be padding.
fn check_oid(content: &[u8]) -> Result<(), Malformed> {
    let mut starts = true;
    for &byte in content {
        if starts && byte == 0x80 {
            return Err(Malformed::Oid);
        }
        starts = byte < 0x80;
    }
    if starts && !content.is_empty() {
        Ok(())
    } else {
        Err(Malformed::Oid)
    }
}

/// Whether each group of `width` bytes is the number of a Unicode character.
fn is_text(content: &[u8], width: usize) -> bool {
    content.len().is_multiple_of(width)
        && content.chunks(width).all(|group| {
            let number = group.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
            char::from_u32(number).is_some()
        })
}

/// Whether a tag says "constructed" if its type is constructed in DER, and only then (X.690, section 10.2).
fn is_constructed_correctly(tag: u8) -> bool {
    const UNIVERSAL: u8 = 0x00;
    let is_constructed = tag & 0x20 != 0;
    match (tag & 0xc0, tag & 0x1f) {
        // The end of an indefinite length, which is not DER.
        (UNIVERSAL, 0) => false,
        // EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING.
        (UNIVERSAL, 8 | 11 | 16 | 17 | 29) => is_constructed,
        (UNIVERSAL, _) => !is_constructed,
        _ => true,
    }
}

/// The tag of an element, how many bytes its tag and length take, and how many its content takes.
pub(crate) struct Header {
    pub(crate) tag: u8,
    pub(crate) header: usize,
    pub(crate) content: usize,
}

/// Reads the tag and the length that `bytes` begin with. Lengths of more than three bytes are refused: no body of a
/// request is so long.
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

/// Why bytes are not the expected DER; follows "malformed X: " in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    BitString,
    Constructed,
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
    Value,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BitString => "a BIT STRING has no valid count of unused bits",
            Self::Constructed => "an element is constructed where its type is primitive, or the reverse",
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
            Self::Value => "the content of an element is no value of its type",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag::{OCTET_STRING, SEQUENCE, SET, context};

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
    fn an_element_has_the_form_of_its_type() {
        for (tag, expected) in [
            (INTEGER, None),
            (INTEGER | 0x20, Some(Malformed::Constructed)),
            (SEQUENCE, None),
            (SEQUENCE & !0x20, Some(Malformed::Constructed)),
            (SET & !0x20, Some(Malformed::Constructed)),
            (UTF8_STRING | 0x20, Some(Malformed::Constructed)),
            (0x00, Some(Malformed::Constructed)),
            (0x80, None),
            (context(0), None),
        ] {
            assert_eq!(Reader::new(&[tag, 0]).element().err(), expected, "{tag:02x}");
        }
    }

    #[test]
    fn a_value_is_one_of_its_type() {
        for (der, expected) in [
            (&[BOOLEAN, 1, 0xff][..], Ok(())),
            (&[BOOLEAN, 0], Err(Malformed::Value)),
            (&[NULL, 0], Ok(())),
            (&[NULL, 1, 0], Err(Malformed::Value)),
            (&[INTEGER, 0], Err(Malformed::Integer)),
            (&[ENUMERATED, 2, 0, 1], Err(Malformed::Integer)),
            (&[OID, 1, 0x80], Err(Malformed::Oid)),
            (&[BIT_STRING, 2, 8, 0], Err(Malformed::BitString)),
            (&[UTF8_STRING, 2, 0xc3, 0xa9], Ok(())),
            (&[UTF8_STRING, 1, 0xe9], Err(Malformed::Value)),
            (&[BMP_STRING, 2, 0x00, 0xe9], Ok(())),
            (&[BMP_STRING, 1, 0xe9], Err(Malformed::Value)),
            (&[BMP_STRING, 2, 0xd8, 0x00], Err(Malformed::Value)),
            (&[UNIVERSAL_STRING, 4, 0, 1, 0xf6, 0x00], Ok(())),
            (&[UNIVERSAL_STRING, 4, 0, 0x11, 0, 0], Err(Malformed::Value)),
            (&[OCTET_STRING, 1, 0xe9], Ok(())),
        ] {
            let element = Reader::new(der).element().unwrap();
            assert_eq!(element.check_value(), expected, "{der:02x?}");
        }
    }

    #[test]
    fn elements_stay_inside_their_parent() {
        let der = [SEQUENCE, 3, OCTET_STRING, 2, 1, 9, 9];
        let mut inner = Reader::new(&der).read(SEQUENCE).unwrap();
        assert_eq!(inner.element().err(), Some(Malformed::Truncated));
    }
}
