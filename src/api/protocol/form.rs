//! The arguments of a call as they came: an ordered list of names and values, still bytes.
//!
//! Duplicates, empty values and bytes that are not UTF-8 stay visible here; what they mean is decided in
//! [`argument`](crate::api::protocol::argument).

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

/// Names and values in the order in which the client sent them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Form<'a> {
    pairs: Vec<Pair<'a>>,
    in_query: usize,
}

impl<'a> Form<'a> {
    /// What the query string of a request holds, to which its body is added.
    pub(crate) fn of_query(query: &'a str) -> Self {
        let mut form = Self::default();
        form.push_urlencoded(query.as_bytes());
        form.end_query();
        form
    }

    /// Adds what an `application/x-www-form-urlencoded` text holds, after what is there already.
    ///
    /// `+` is a space, a broken percent escape stands for itself, and a name without `=` has an empty value (WHATWG
    /// URL, section 5.1). Unlike that standard's, this reader does not replace bytes that are not UTF-8.
    pub(crate) fn push_urlencoded(&mut self, text: &'a [u8]) {
        self.pairs.reserve(8);
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            if *first == b'&' {
                rest = after;
                continue;
            }
            // Names are so short that a loop finds their end before a search by many bytes at a time has begun.
            let name = take(
                &mut rest,
                |text| text.iter().position(|byte| matches!(byte, b'&' | b'=' | b'+' | b'%')),
                |text| memchr2(b'&', b'=', text),
            );
            let value = match rest.split_first() {
                Some((b'=', after)) => {
                    rest = after;
                    take(
                        &mut rest,
                        |text| memchr3(b'&', b'+', b'%', text),
                        |text| memchr(b'&', text),
                    )
                }
                _ => Cow::default(),
            };
            self.pairs.push(Pair { name, value });
        }
    }

    /// Adds one name and value that need no decoding, as a part of `multipart/form-data` carries them.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'a, [u8]>>, value: impl Into<Cow<'a, [u8]>>) {
        self.pairs.push(Pair {
            name: name.into(),
            value: value.into(),
        });
    }

    /// Says that all pairs up to here stood in the query string.
    pub(crate) fn end_query(&mut self) {
        self.in_query = self.pairs.len();
    }

    /// How many of the pairs, the first, stood in the query string.
    pub(crate) fn in_query(&self) -> usize {
        self.in_query
    }

    /// The pairs in their order.
    pub(crate) fn pairs(&self) -> &[Pair<'a>] {
        &self.pairs
    }
}

/// One argument as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pair<'a> {
    /// The name's bytes, decoded.
    pub(crate) name: Cow<'a, [u8]>,
    /// The value's bytes, decoded.
    pub(crate) value: Cow<'a, [u8]>,
}

/// Takes what stands before the next `end` off the front of a text, decoded. `end_or_escape` finds the end too, or the first
/// byte before it that has to be decoded.
fn take<'a>(
    rest: &mut &'a [u8],
    end_or_escape: impl Fn(&[u8]) -> Option<usize>,
    end: impl Fn(&[u8]) -> Option<usize>,
) -> Cow<'a, [u8]> {
    let plain = end_or_escape(rest).unwrap_or(rest.len());
    let (is_plain, length) = match rest[plain..] {
        [b'+' | b'%', ..] => (false, end(rest).unwrap_or(rest.len())),
        _ => (true, plain),
    };
    let (taken, after) = rest.split_at(length);
    *rest = after;
    if is_plain {
        Cow::Borrowed(taken)
    } else {
        Cow::Owned(decode(taken))
    }
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(place) = memchr2(b'+', b'%', rest) {
        decoded.extend_from_slice(&rest[..place]);
        let (byte, length) = match rest[place..] {
            [b'+', ..] => (b' ', 1),
            [_, high, low, ..] => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => (b'%', 1),
            },
            _ => (b'%', 1),
        };
        decoded.push(byte);
        rest = &rest[place + length..];
    }
    decoded.extend_from_slice(rest);
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_clients_send() {
        type Pairs = &'static [(&'static [u8], &'static [u8])];
        const CASES: &[(&str, Pairs)] = &[
            ("", &[]),
            ("&&", &[]),
            ("a=1&b=2", &[(b"a", b"1"), (b"b", b"2")]),
            ("a=1&a=2", &[(b"a", b"1"), (b"a", b"2")]),
            ("a", &[(b"a", b"")]),
            ("a=", &[(b"a", b"")]),
            ("=b", &[(b"", b"b")]),
            ("a=b=c", &[(b"a", b"b=c")]),
            ("a=1+2%2B3", &[(b"a", b"1 2+3")]),
            ("login%4Eame=x", &[(b"loginName", b"x")]),
            ("a=%zz%4", &[(b"a", b"%zz%4")]),
            ("a=%FF%00", &[(b"a", b"\xFF\0")]),
            ("a=%F0%9F%98%80", &[(b"a", "😀".as_bytes())]),
            ("a=1;b=2", &[(b"a", b"1;b=2")]),
        ];
        for (text, expected) in CASES {
            let mut form = Form::default();
            form.push_urlencoded(text.as_bytes());
            let pairs: Vec<_> = form.pairs().iter().map(|pair| (&*pair.name, &*pair.value)).collect();
            assert_eq!(pairs, *expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_the_standard_serializer_writes(
            pairs in proptest::collection::vec((".*", ".*"), 0..8),
        ) {
            let text: String = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&pairs)
                .finish();
            let mut form = Form::default();
            form.push_urlencoded(text.as_bytes());
            let read: Vec<_> = form
                .pairs()
                .iter()
                .map(|pair| {
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    (text(&pair.name), text(&pair.value))
                })
                .collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn agrees_with_the_standard_reader_but_for_bad_bytes(text: Vec<u8>) {
            let mut form = Form::default();
            form.push_urlencoded(&text);
            let ours: Vec<_> = form
                .pairs()
                .iter()
                .map(|pair| (String::from_utf8_lossy(&pair.name), String::from_utf8_lossy(&pair.value)))
                .collect();
            let standard: Vec<_> = form_urlencoded::parse(&text).collect();
            prop_assert_eq!(ours, standard);
        }
    }
}
