//! Answers of a server, and how two of them are compared: to the byte, except for what two orders cannot have in common.

use std::collections::BTreeMap;

use crate::api::protocol::code::PLACEHOLDER;

/// The headers that say something about the API. Others (dates, cookies, the server's name) are its surroundings.
const COMPARED_HEADERS: [&str; 4] = ["content-type", "content-encoding", "content-disposition", "location"];

/// What a server answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers, with names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// How alike two answers are, from the least to the most.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Likeness {
    /// They differ, in all but so many respects.
    Differs(u32),
    /// Only the message is worded in another way.
    Wording,
    /// They are the same.
    Same,
}

impl Likeness {
    /// A number that rises with it.
    pub(super) fn score(self) -> u32 {
        match self {
            Self::Differs(respects) => respects,
            Self::Wording => 20,
            Self::Same => 30,
        }
    }
}

impl Answer {
    /// The Content-Type, empty if there is none.
    pub(crate) fn content_type(&self) -> &str {
        self.headers.get("content-type").map_or("", String::as_str)
    }

    /// The API's code, if the body is a reply in one of the formats.
    pub(crate) fn code(&self) -> Option<i32> {
        self.parts().map(|parts| parts.code)
    }

    /// The message, if it is a reply with one.
    pub(crate) fn message(&self) -> Option<String> {
        self.parts().and_then(|parts| parts.message)
    }

    /// The answer in a few words, for a table.
    pub(crate) fn summary(&self) -> String {
        let text = match self.parts() {
            Some(parts) => match parts.message {
                Some(message) => format!("{} {message}", parts.code),
                None => String::from_utf8_lossy(&self.body).into_owned(),
            },
            None => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let text: String = text
            .trim_end()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        match (self.status, self.parts()) {
            (200, Some(_)) => text,
            (status, _) => format!("HTTP {status} {} {text}", self.content_type()),
        }
    }

    /// How alike this answer and another one are. With `by_shape`, what differs between any two orders is left out:
    /// certificates and times.
    pub(crate) fn likeness(&self, other: &Self, by_shape: bool) -> Likeness {
        let body = |answer: &Self| match by_shape {
            true => shape(&answer.body),
            false => answer.body.clone(),
        };
        let heads_are_equal = self.status == other.status
            && COMPARED_HEADERS
                .iter()
                .all(|name| self.headers.get(*name) == other.headers.get(*name));
        if heads_are_equal && body(self) == body(other) {
            return Likeness::Same;
        }
        // What a server writes where there is nothing, or nothing for this method, is not the API's.
        if self.status == other.status && [404, 405].contains(&self.status) {
            return Likeness::Same;
        }
        let parts = self.parts().zip(other.parts());
        if heads_are_equal
            && let Some((one, two)) = &parts
            && one.code == two.code
            && one.message.is_some()
            && two.message.is_some()
            && one.frame == two.frame
        {
            return Likeness::Wording;
        }
        let (kind, parameters) = split_type(self.content_type());
        let (other_kind, other_parameters) = split_type(other.content_type());
        let mut respects = u32::from(self.status == other.status) * 2;
        respects += u32::from(kind == other_kind) * 2;
        respects += u32::from(parameters == other_parameters);
        respects += u32::from(self.body.ends_with(b"\n") == other.body.ends_with(b"\n"));
        if let Some((one, two)) = &parts {
            respects += u32::from(one.code == two.code) * 3;
            respects += u32::from(one.code == two.code && one.message == two.message);
            respects += u32::from(one.code == two.code && one.frame == two.frame);
        }
        Likeness::Differs(respects)
    }

    /// The wording of this answer's message as a template: the name that it names becomes the placeholder.
    pub(crate) fn template(&self, named: Option<&str>) -> Option<String> {
        let message = self.message()?;
        Some(match named {
            Some(name) => message.replacen(name, PLACEHOLDER, 1),
            None => message,
        })
    }

    fn parts(&self) -> Option<Parts> {
        let text = std::str::from_utf8(&self.body).ok()?;
        match split_type(self.content_type()).0 {
            "application/x-www-form-urlencoded" => Parts::of_fields(text),
            "application/json" => Parts::of_json(text),
            _ => Parts::of_lines(text),
        }
    }
}

/// The type and its parameters.
fn split_type(content_type: &str) -> (&str, &str) {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    (kind.trim(), parameters.trim())
}

/// A reply of the API taken apart.
#[derive(Debug, Eq, PartialEq)]
struct Parts {
    code: i32,
    message: Option<String>,
    /// The text before and after the message.
    frame: (String, String),
}

impl Parts {
    fn new(code: i32, text: &str, message: Option<(std::ops::Range<usize>, String)>) -> Self {
        let (at, message) = match message {
            Some((at, message)) => (at, Some(message)),
            None => (text.len()..text.len(), None),
        };
        Self {
            code,
            message,
            frame: (text[..at.start].to_owned(), text[at.end..].to_owned()),
        }
    }

    fn of_lines(text: &str) -> Option<Self> {
        let end = text.find('\n').unwrap_or(text.len());
        let code: i32 = text[..end].trim_end_matches('\r').parse().ok()?;
        if code >= 0 || end == text.len() {
            return Some(Self::new(code, text, None));
        }
        let start = end + 1;
        let message = text[start..].trim_end_matches(['\r', '\n']);
        Some(Self::new(
            code,
            text,
            Some((start..start + message.len(), message.to_owned())),
        ))
    }

    fn of_fields(text: &str) -> Option<Self> {
        let code = form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == "errorCode")?;
        let mut start = 0;
        let mut message = None;
        for pair in text.split('&') {
            if let Some(value) = pair.strip_prefix("errorMessage=") {
                let at = start + pair.len() - value.len();
                let (_, decoded) = form_urlencoded::parse(pair.as_bytes()).next()?;
                message = Some((at..at + value.len(), decoded.into_owned()));
            }
            start += pair.len() + 1;
        }
        Some(Self::new(code.1.parse().ok()?, text, message))
    }

    fn of_json(text: &str) -> Option<Self> {
        let object: serde_json::Value = serde_json::from_str(text).ok()?;
        let code = match &object["errorCode"] {
            serde_json::Value::String(code) => code.parse().ok()?,
            code => i32::try_from(code.as_i64()?).ok()?,
        };
        let message = object["errorMessage"].as_str().and_then(|message| {
            let start = string_after(text, "\"errorMessage\"")?;
            let length = string_length(&text[start..])?;
            Some((start..start + length, message.to_owned()))
        });
        Some(Self::new(code, text, message))
    }
}

/// Where the string begins that is the value of a key, behind its quotation mark.
fn string_after(text: &str, key: &str) -> Option<usize> {
    let after_key = text.find(key)? + key.len();
    let rest = text[after_key..].trim_start().strip_prefix(':')?.trim_start();
    let rest = rest.strip_prefix('"')?;
    Some(text.len() - rest.len())
}

/// How long a string of JSON is, up to its closing quotation mark.
fn string_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end.then_some(at)
    })
}

/// A body with certificates and times left out, which differ between any two orders. How they are written stays: lines of
/// Base64 become one mark, and so does a time, by its form.
fn shape(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return b"(not text)".to_vec();
    };
    let mut lines: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        let is_behind_base64 = lines.last() == Some(&BASE64);
        // Certificates have more lines or fewer, and the last one is short.
        if !(is_behind_base64 && is_base64(line)) {
            lines.push(mark(line));
        }
    }
    lines.join("\n").into_bytes()
}

/// What stands for a line in the shape of a body.
fn mark(line: &str) -> &str {
    const SHORTEST: usize = 12;
    let digits = line.bytes().all(|byte| byte.is_ascii_digit());
    let is_date_time = |separator: u8| line.len() >= 19 && line.as_bytes()[10] == separator;
    let has_day = line.len() >= 10 && line.is_ascii() && line.as_bytes()[4] == b'-' && line.as_bytes()[7] == b'-';
    if has_day && is_date_time(b'T') {
        return "(RFC 3339)";
    }
    if has_day && line.len() == 10 {
        return "(day)";
    }
    if digits && (9..=11).contains(&line.len()) {
        return "(seconds)";
    }
    match is_base64(line) && (line.len() >= SHORTEST || line.ends_with('=')) {
        true => BASE64,
        false => line,
    }
}

/// What stands for lines of Base64.
const BASE64: &str = "(Base64)";

fn is_base64(line: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    !line.is_empty() && line.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: &str) -> Answer {
        Answer {
            status: 200,
            headers: BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_reply_is_taken_apart_in_each_format() {
        for (kind, body, code, message) in [
            ("text/plain", "-3\nIt's gone!\n", -3, Some("It's gone!")),
            ("text/plain; charset=utf-8", "-3\nIt's gone!", -3, Some("It's gone!")),
            ("text/plain", "0\n", 0, None),
            ("text/plain", "1\n2026-01-02\n", 1, None),
            (
                "application/x-www-form-urlencoded",
                "errorCode=-3&errorMessage=It%27s+gone%21",
                -3,
                Some("It's gone!"),
            ),
            ("application/x-www-form-urlencoded", "errorCode=0", 0, None),
            (
                "application/json",
                r#"{"errorCode":-3,"errorMessage" : "It\"s \\gone"}"#,
                -3,
                Some(r#"It"s \gone"#),
            ),
            ("application/json", r#"{"errorCode":"0"}"#, 0, None),
        ] {
            let answer = answer(kind, body);
            assert_eq!(answer.code(), Some(code), "{body}");
            assert_eq!(answer.message().as_deref(), message, "{body}");
        }
        for (kind, body) in [
            ("text/html", "<html>"),
            ("text/plain", ""),
            ("application/json", "[]"),
            ("application/x-www-form-urlencoded", "a=b"),
        ] {
            assert_eq!(answer(kind, body).code(), None, "{body}");
        }
    }

    #[test]
    fn only_another_message_is_another_wording() {
        let emulated = answer("text/plain", "-3\nIt is missing!\n");
        for (kind, body, expected) in [
            ("text/plain", "-3\nIt is missing!\n", Likeness::Same),
            ("text/plain", "-3\nIt is not there.\n", Likeness::Wording),
            ("text/plain", "-4\nIt is missing!\n", Likeness::Differs(6)),
            ("text/plain", "-3\nIt is missing!", Likeness::Differs(9)),
            (
                "text/plain; charset=utf-8",
                "-3\nIt is missing!\n",
                Likeness::Differs(10),
            ),
            ("text/html", "<html>", Likeness::Differs(3)),
        ] {
            let likeness = emulated.likeness(&answer(kind, body), false);
            assert_eq!(likeness, expected, "{kind} {body}");
        }
        assert!(Likeness::Wording.score() > Likeness::Differs(11).score());
        let json = answer("application/json", r#"{"errorCode":-3,"errorMessage":"a"}"#);
        let other = answer("application/json", r#"{"errorCode":-3,"errorMessage":"b\""}"#);
        assert_eq!(json.likeness(&other, false), Likeness::Wording);
    }

    #[test]
    fn a_template_has_a_placeholder_in_place_of_the_name() {
        let served = answer("text/plain", "-3\nArgument csr: not there\n");
        assert_eq!(
            served.template(Some("csr")).as_deref(),
            Some("Argument xxxx: not there")
        );
        assert_eq!(served.template(None).as_deref(), Some("Argument csr: not there"));
    }

    #[test]
    fn the_shape_of_a_body_leaves_out_what_differs_between_orders() {
        let one = "2\n-----BEGIN PKCS7-----\nMIIabcdefghijkl\nMIIabcdefghijk2\nab==\n-----END PKCS7-----\n";
        let two = "2\n-----BEGIN PKCS7-----\nMIIabcdefghijk3\n-----END PKCS7-----\n";
        assert_eq!(shape(one.as_bytes()), shape(two.as_bytes()));
        let times = ["1\n2026-01-02T03:04:05Z\n", "1\n2026-01-02\n", "1\n1767323045\n"];
        let shapes: Vec<_> = times.iter().map(|text| shape(text.as_bytes())).collect();
        assert!(shapes[0] != shapes[1] && shapes[1] != shapes[2] && shapes[0] != shapes[2]);
        assert_eq!(shape(b"1\n2027-05-06\n"), shapes[1]);
    }
}
