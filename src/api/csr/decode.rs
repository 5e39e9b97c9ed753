//! Decodes the text of a CSR to DER: removes the PEM lines, if there are any, and decodes the Base64.
//!
//! A client that forgets to escape a `+` in a form sends a space (observed), and white space may also separate lines.
//! Several readings of the spaces are tried, and the first is used that is strict Base64 of exactly the length that the
//! DER in it states.

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};

use super::{CsrError, Spaces, parse::check_outer};
use crate::der::read::header;

/// Decodes one request, with PEM lines of any label or without. `form` is what it should be.
pub(super) fn decode(text: &str, form: &str, spaces: Spaces) -> Result<Vec<u8>, CsrError> {
    let body = body(text)?;
    let mut bare = Vec::with_capacity(body.len());
    bare.extend(body.bytes().filter(|byte| !is_space(*byte)));
    // If a `+` is lost from the characters that encode the length, a wrong length could match by chance.
    let mut start = body.trim_start_matches(is_space_char).bytes().take(8);
    let spaced = spaces == Spaces::MayBePlus && start.any(|byte| byte == b' ');
    if !spaced && let Some(der) = decode_exactly(&mut bare, 0) {
        return Ok(der);
    }
    check_alphabet(body)?;
    let mended = match spaces {
        Spaces::MayBePlus => readings(body).or_else(|| decode_exactly(&mut bare, 0)),
        Spaces::AreSpaces => None,
    };
    mended.ok_or_else(|| explain(body, &bare, form, spaces))
}

/// The error, with what the text tells about its cause.
pub(super) fn with_cause(error: CsrError, text: &str) -> CsrError {
    match error {
        CsrError::NotBase64(why) if text.contains(r"\n") => CsrError::NotBase64(
            format!("{why}; its lines end in a backslash and the letter n in place of a line feed").into(),
        ),
        CsrError::NotPkcs10(why) => {
            let begin = text
                .trim_start_matches(is_space_char)
                .strip_prefix(BEGIN)
                .and_then(label);
            CsrError::NotPkcs10(match begin {
                Some((label, _)) if OTHER_LABELS.contains(&label) => {
                    format!("its label is {label}, not CERTIFICATE REQUEST; {why}").into()
                }
                _ => why,
            })
        }
        error => error,
    }
}

/// The labels (RFC 7468, section 4, and OpenSSL's own) of what is most often sent in place of a request.
const OTHER_LABELS: [&str; 8] = [
    "CERTIFICATE",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "PUBLIC KEY",
    "PKCS7",
    "X509 CRL",
];

/// How the line before the Base64 begins.
const BEGIN: &str = "-----BEGIN";

/// The text between the BEGIN and the END line, or all of it if there are no such lines.
fn body(text: &str) -> Result<&str, CsrError> {
    const HYPHENS: &str = "-----";
    const END: &str = "-----END";
    let refuse = |why: &'static str| Err(CsrError::NotBase64(why.into()));

    let Some(hyphens) = text.find(HYPHENS) else {
        return if text.bytes().all(is_space) {
            refuse("there is no Base64 text")
        } else {
            Ok(text)
        };
    };
    let from_hyphens = &text[hyphens..];
    let Some(rest) = from_hyphens.strip_prefix(BEGIN) else {
        return refuse(if from_hyphens.starts_with(END) {
            "the END line has no BEGIN line"
        } else {
            "a line begins with hyphens and is neither a BEGIN nor an END line"
        });
    };
    if !text[..hyphens].bytes().all(is_space) {
        return refuse("there is text before the BEGIN line");
    }
    let Some((label, rest)) = label(rest) else {
        return refuse("the BEGIN line does not end in five hyphens");
    };
    let Some((body, rest)) = rest.split_once(END) else {
        return refuse("the BEGIN line has no END line");
    };
    if body.contains(BEGIN) {
        return refuse("a second BEGIN line follows the first");
    }
    let Some((end_label, rest)) = self::label(rest) else {
        return refuse("the END line does not end in five hyphens");
    };
    if label != end_label {
        return refuse("the BEGIN and the END line bear different labels");
    }
    let rest = rest.trim_matches(is_space_char);
    if rest.starts_with(BEGIN) {
        return refuse("a second block follows the END line");
    }
    if !rest.is_empty() {
        return refuse("there is text after the END line");
    }
    if body.bytes().all(is_space) {
        return refuse("nothing stands between the BEGIN and the END line");
    }
    Ok(body)
}

/// Splits `" LABEL-----rest"`.
fn label(line: &str) -> Option<(&str, &str)> {
    let (label, rest) = line.split_once("-----")?;
    let spaced = label.is_empty() || label.starts_with([' ', '\t']);
    (spaced && !label.contains(['\r', '\n'])).then(|| (label.trim_matches(is_space_char), rest))
}

/// Tries the readings in which some spaces are lost `+` signs, the most likely first.
///
/// The Base64 of a SEQUENCE begins with `M`, so spaces in front of it are never `+`, and show how far the lines are
/// indented. Spaces behind the last character may be either; the length that the DER states decides.
fn readings<'a>(body: &'a str) -> Option<Vec<u8>> {
    let text = body.trim_start_matches(is_space_char);
    if !text.contains(' ') {
        return None;
    }
    let front = &body[..body.len() - text.len()];
    let indent = front.rsplit(['\r', '\n']).next().unwrap_or(front);
    let core = text.trim_end_matches(is_space_char);
    let tail = &text[core.len()..];
    let spare = tail.bytes().filter(|byte| *byte == b' ').count();

    // The spaces at the end of every line but the last, whose spaces are the tail.
    let end = " ".repeat(common_end(core.split(['\r', '\n'])));

    let read =
        |clean: &dyn Fn(&'a str) -> &'a str| decode_exactly(&mut pluses(core.split(['\r', '\n']).map(clean)), spare);
    let unindented = |line: &'a str| line.strip_prefix(indent).unwrap_or(line);
    let unpadded = |line: &'a str| {
        let line = unindented(line);
        line.strip_suffix(&end).unwrap_or(line)
    };
    let trimmed = |line: &'a str| line.trim_matches(is_space_char);
    read(&unindented)
        .or_else(|| read(&|line| line))
        .or_else(|| read(&unpadded))
        .or_else(|| read(&trimmed))
        .or_else(|| {
            [(64, 1), (76, 1), (64, 2), (76, 2)]
                .into_iter()
                .find_map(|lines| decode_exactly(&mut joined(core, lines)?, spare))
        })
}

/// How many spaces are at the end of every line but the last.
fn common_end<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> usize {
    let ends = lines.rev().skip(1).filter(|line| !line.is_empty());
    ends.map(|line| line.len() - line.trim_end_matches(' ').len())
        .min()
        .unwrap_or(0)
}

/// Reads every space as a lost `+`.
fn pluses<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    lines
        .flat_map(str::bytes)
        .filter(|byte| *byte == b' ' || !is_space(*byte))
        .map(|byte| if byte == b' ' { b'+' } else { byte })
        .collect()
}

/// Reads a text whose line ends became spaces as well: `gap` spaces after each `width` characters are removed. None if
/// there are other characters.
fn joined(text: &str, (width, gap): (usize, usize)) -> Option<Vec<u8>> {
    let mut chars = Vec::with_capacity(text.len());
    for line in text.as_bytes().chunks(width + gap) {
        let (line, end) = line.split_at(width.min(line.len()));
        if end.iter().any(|byte| *byte != b' ') {
            return None;
        }
        chars.extend(line.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }));
    }
    Some(chars)
}

/// Decodes a reading if it has the length that its DER states. Up to `spare` `+` are appended if they are missing.
fn decode_exactly(chars: &mut Vec<u8>, spare: usize) -> Option<Vec<u8>> {
    let length = stated_length(chars)?;
    let size = length.div_ceil(3).checked_mul(4)?;
    let missing = size.checked_sub(chars.len())?;
    if missing > spare {
        return None;
    }
    chars.resize(size, b'+');
    STANDARD.decode(&*chars).ok().filter(|der| der.len() == length)
}

/// The length in bytes that the outermost element states for itself.
fn stated_length(chars: &[u8]) -> Option<usize> {
    // The longest header has five bytes, less than eight characters encode.
    let whole = chars.len().min(8) / 4 * 4;
    let mut start = [0; 6];
    let size = STANDARD.decode_slice(&chars[..whole], &mut start).ok()?;
    let header = header(&start[..size]).ok()?;
    header.header.checked_add(header.content)
}

/// Finds the first character that is not Base64 in any reading.
fn check_alphabet(body: &str) -> Result<(), CsrError> {
    let foreign = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || is_space_char(*c));
    match body.chars().enumerate().find(|(_, c)| foreign(c)) {
        Some((at, c)) => Err(CsrError::NotBase64(
            format!(
                "U+{:04X}, at character {} of the text in the armour, is not Base64",
                u32::from(c),
                at + 1
            )
            .into(),
        )),
        None => Ok(()),
    }
}

/// Says what is wrong with the most likely reading, when none could be decoded.
fn explain(body: &str, bare: &[u8], form: &str, spaces: Spaces) -> CsrError {
    let error = match STANDARD.decode(bare) {
        Ok(der) => return not_a_sequence(&der, form),
        Err(error) => error,
    };
    let trimmed = body.trim_matches(is_space_char);
    if spaces == Spaces::MayBePlus
        && let Ok(der) = STANDARD.decode(pluses(trimmed.split(['\r', '\n'])))
    {
        return not_a_sequence(&der, form);
    }
    CsrError::NotBase64(
        match error {
            DecodeError::InvalidByte(..) => "the padding stands before the end of the Base64 text",
            DecodeError::InvalidLastSymbol { .. } => "the last character of the Base64 text has bits that mean nothing",
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                "the Base64 text ends in the middle of a group, or is not padded"
            }
        }
        .into(),
    )
}

fn not_a_sequence(der: &[u8], form: &str) -> CsrError {
    check_outer(der, form)
        .err()
        .unwrap_or_else(|| CsrError::NotPkcs10("the data has another length than it announces".into()))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

fn is_space_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_space)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, CsrError> {
        super::decode(text, "PKCS#10", Spaces::MayBePlus)
    }

    /// An OCTET STRING in a SEQUENCE whose Base64 is full of `+`.
    fn sample() -> Vec<u8> {
        der(&[0xfb, 0xef, 0xbe, 0x01, 0xfb, 0xe0, 0x00, 0x0f, 0xb0, 0x3e, 0x00, 0xbe].repeat(9))
    }

    fn der(content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        match content.len() {
            0..0x80 => [&[0x30, length[1]], content].concat(),
            0x80..0x100 => [&[0x30, 0x81, length[1]], content].concat(),
            _ => [&[0x30, 0x82, length[0], length[1]], content].concat(),
        }
    }

    fn wrapped(der: &[u8], width: usize) -> Vec<String> {
        let text = STANDARD.encode(der);
        text.as_bytes()
            .chunks(width)
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn pem_lines() {
        let lines = wrapped(&sample(), 64);
        let one = lines.concat();
        let many = lines.join("\n");
        for text in [
            one.clone(),
            many.clone(),
            many.replace('\n', "\r\n"),
            many.replace('\n', "\n\t"),
            format!("\n\n  {many}\n \n"),
            format!("-----BEGIN X-----\n{many}\n-----END X-----"),
            format!("-----BEGIN X-----{one}-----END X-----"),
            format!("-----BEGIN X----- {one} -----END X-----"),
            format!("-----BEGIN-----\n{one}\n-----END-----\n"),
            format!(
                "   -----BEGIN A-B C-----  \r\n\r\n   {}\r\n   -----END A-B C-----\r\n",
                lines.join("\r\n   ")
            ),
            format!("-----BEGIN X----- {} -----END X-----", lines.join(" ")),
            format!("-----BEGIN X----- {} -----END X-----", lines.join("  ")),
        ] {
            assert_eq!(decode(&text), Ok(sample()), "{text}");
            // The same, with every + lost.
            assert_eq!(decode(&text.replace('+', " ")), Ok(sample()), "{text}");
        }
    }

    #[test]
    fn what_was_sent_in_place_of_a_request_is_named() {
        let no_request = || CsrError::NotPkcs10("no".into());
        let told = |text: &str| with_cause(no_request(), text).to_string();
        assert_eq!(
            told(" -----BEGIN CERTIFICATE-----\n"),
            "its label is CERTIFICATE, not CERTIFICATE REQUEST; no"
        );
        assert_eq!(
            told("-----BEGIN EC PRIVATE KEY-----"),
            "its label is EC PRIVATE KEY, not CERTIFICATE REQUEST; no"
        );
        for text in ["-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN X-----", "MII"] {
            assert_eq!(told(text), "no");
        }
        let no_base64 = |text: &str| with_cause(CsrError::NotBase64("no".into()), text).to_string();
        assert!(no_base64(r"-----BEGIN X-----\nMII").contains("a backslash and the letter n"));
        assert_eq!(no_base64("MII!\n"), "no");
    }

    #[test]
    fn spaces_are_white_space_where_that_is_asked_for() {
        let strictly = |text: &str| super::super::decode::decode(text, "PKCS#10", Spaces::AreSpaces);
        let lines = wrapped(&sample(), 64);
        let text = format!("-----BEGIN X----- {} -----END X-----", lines.join("  "));
        assert!(text.contains('+'));
        assert_eq!(strictly(&text), Ok(sample()));
        assert_eq!(strictly(&format!(" {}", lines[0])), decode(&lines[0]));
        let lost = text.replace('+', " ");
        assert_eq!(decode(&lost), Ok(sample()));
        assert!(matches!(
            strictly(&lost),
            Err(CsrError::NotBase64(_) | CsrError::NotPkcs10(_))
        ));
    }

    #[test]
    fn neither_pem_nor_base64() {
        let one = STANDARD.encode(sample());
        for (text, expected) in [
            (String::new(), "there is no Base64 text"),
            (" \r\n\t".into(), "there is no Base64 text"),
            (
                "-----BEGIN X-----\n\n-----END X-----".into(),
                "nothing stands between the BEGIN and the END line",
            ),
            (format!("-----BEGIN X-----\n{one}"), "the BEGIN line has no END line"),
            (format!("{one}\n-----END X-----"), "the END line has no BEGIN line"),
            (
                format!("-----BEGIN X-----\n{one}\n-----END Y-----"),
                "the BEGIN and the END line bear different labels",
            ),
            (
                format!("x -----BEGIN X-----\n{one}\n-----END X-----"),
                "there is text before the BEGIN line",
            ),
            (
                format!("-----BEGIN X-----\n{one}\n-----END X-----\nx"),
                "there is text after the END line",
            ),
            (
                format!("-----BEGIN X-----\n{one}\n-----END X-----\n-----BEGIN X-----\n{one}\n-----END X-----"),
                "a second block follows the END line",
            ),
            (
                format!("-----BEGIN X-----\n-----BEGIN X-----\n{one}\n-----END X-----"),
                "a second BEGIN line follows the first",
            ),
            (
                format!("-----BEGIN X\n{one}\n-----END X-----"),
                "the BEGIN line does not end in five hyphens",
            ),
            (
                format!("-----BEGIN X-----\n{one}\n-----END X"),
                "the END line does not end in five hyphens",
            ),
            (
                format!("-----HELLO-----\n{one}"),
                "a line begins with hyphens and is neither a BEGIN nor an END line",
            ),
            (
                "MIIC...Ag==".into(),
                "U+002E, at character 5 of the text in the armour, is not Base64",
            ),
            (
                "MIIC\u{1F600}".into(),
                "U+1F600, at character 5 of the text in the armour, is not Base64",
            ),
            (
                "MIIC\0".into(),
                "U+0000, at character 5 of the text in the armour, is not Base64",
            ),
            ("MA=A".into(), "the padding stands before the end of the Base64 text"),
            (
                "MAB=".into(),
                "the last character of the Base64 text has bits that mean nothing",
            ),
            (
                "MAAAA".into(),
                "the Base64 text ends in the middle of a group, or is not padded",
            ),
            (
                "MAA".into(),
                "the Base64 text ends in the middle of a group, or is not padded",
            ),
        ] {
            let error = decode(&text).unwrap_err();
            assert!(matches!(error, CsrError::NotBase64(_)), "{text}: {error:?}");
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn base64_of_something_else() {
        for (der, expected) in [
            (&b"hello, world"[..], "the data is not a SEQUENCE"),
            (&[0x30, 0x01, 0x00, 0x01, 0x02], "2 bytes follow the PKCS#10 structure"),
            (&[0x30, 0x02, 0x00], "1 bytes are missing from the PKCS#10 structure"),
        ] {
            let error = decode(&STANDARD.encode(der)).unwrap_err();
            assert!(matches!(error, CsrError::NotPkcs10(_)));
            assert_eq!(error.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn the_der_is_found_in_any_changed_text(
            content in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xfb), Just(0xef), Just(0xbe)], 4..700),
            width in prop_oneof![Just(64_usize), Just(76), 1_usize..90, Just(usize::MAX)],
            line_end in prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\t\r\n"]),
            indent in prop::sample::select(vec!["", " ", "    ", "\t", "\t "]),
            label in prop::sample::select(vec![None, Some(" CERTIFICATE REQUEST"), Some(" A-B"), Some("")]),
            lost in any::<bool>(),
        ) {
            let der = der(&content);
            let mut lines = wrapped(&der, width);
            if let Some(label) = label {
                lines.insert(0, format!("-----BEGIN{label}-----"));
                lines.push(format!("-----END{label}-----"));
            }
            let mut text: String = lines.iter().flat_map(|line| [indent, line, line_end]).collect();
            if lost {
                text = text.replace('+', " ");
            }
            prop_assert_eq!(decode(&text), Ok(der), "{}", text);
        }

        #[test]
        fn the_der_is_found_when_each_line_is_padded(
            content in prop::collection::vec(any::<u8>(), 200..700),
            before in 0_usize..5,
            after in 0_usize..5,
        ) {
            let der = der(&content);
            let text: String = wrapped(&der, 64)
                .iter()
                .map(|line| format!("{:before$}{line}{:after$}\r\n", "", ""))
                .collect::<String>()
                .replace('+', " ");
            prop_assert_eq!(decode(&text), Ok(der), "{}", text);
        }
    }
}
