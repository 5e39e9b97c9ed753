//! The three formats of a reply.

#[cfg(any(test, feature = "doors"))]
pub(crate) mod parse;

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::api::protocol::assumption::{
    Assumptions, Charset, FinalNewline, JsonCharset, JsonOrderNumber, JsonSuccessMessage, TextCharset,
    UrlEncodedCharset,
};
use crate::api::protocol::reply::Reply;

/// The name of the argument that asks for a format.
pub(crate) const RESPONSE_FORMAT: &str = "responseFormat";

/// The values that [`RESPONSE_FORMAT`] takes, each at the place of its [`Format`].
pub(crate) const RESPONSE_FORMATS: &[&str] = &["0", "1", "2"];

/// A format of a reply, numbered as `responseFormat` numbers it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Format {
    /// 0: lines of text.
    #[default]
    Lines,
    /// 1: URL-encoded fields.
    UrlEncoded,
    /// 2: a JSON object.
    Json,
}

impl Format {
    /// Every format, in the order of its number.
    pub(crate) const ALL: [Self; 3] = [Self::Lines, Self::UrlEncoded, Self::Json];

    /// The format that a value of `responseFormat` asks for, if it is one of its values.
    pub(crate) fn from_argument(value: &str) -> Option<Self> {
        RESPONSE_FORMATS
            .iter()
            .position(|candidate| *candidate == value)
            .map(|number| Self::ALL[number])
    }

    /// The Content-Type of a reply in this format.
    pub(crate) fn content_type(self, assumptions: &Assumptions) -> &'static str {
        match self {
            Self::Lines => match (assumptions.text_charset, assumptions.charset) {
                (TextCharset::Same, Charset::None) => "text/plain",
                (TextCharset::Same, Charset::Utf8) | (TextCharset::Lower, _) => "text/plain; charset=utf-8",
                (TextCharset::Upper, _) => "text/plain; charset=UTF-8",
            },
            Self::UrlEncoded => match (assumptions.url_encoded_charset, assumptions.charset) {
                (UrlEncodedCharset::Same, Charset::None) => "application/x-www-form-urlencoded",
                (UrlEncodedCharset::Same, Charset::Utf8) | (UrlEncodedCharset::Lower, _) => {
                    "application/x-www-form-urlencoded; charset=utf-8"
                }
                (UrlEncodedCharset::Upper, _) => "application/x-www-form-urlencoded; charset=UTF-8",
            },
            Self::Json => match (assumptions.json_charset, assumptions.charset) {
                (JsonCharset::Same, Charset::None) => "application/json",
                (JsonCharset::Same, Charset::Utf8) | (JsonCharset::Lower, _) => "application/json; charset=utf-8",
                (JsonCharset::Upper, _) => "application/json; charset=UTF-8",
            },
        }
    }

    /// Writes a reply in this format.
    pub(crate) fn render(self, reply: &Reply, assumptions: &Assumptions) -> Cow<'static, str> {
        match self {
            Self::Lines => render_lines(reply, assumptions.final_newline),
            Self::UrlEncoded => to_urlencoded(&Fields::new(reply, Number::Number, None)).into(),
            Self::Json => to_json(&Fields::of_json(reply, assumptions)).into(),
        }
    }

    /// Writes a successful reply that has more fields than a code and an order number. The code comes first; in lines, each
    /// value has its own.
    pub(crate) fn render_fields(
        self,
        code: i32,
        order_number: u64,
        more: &[(&'static str, String)],
        assumptions: &Assumptions,
    ) -> String {
        let reply = Reply::Success {
            code,
            order_number: Some(order_number),
        };
        match self {
            Self::Lines => {
                let mut text = render_lines(&reply, FinalNewline::No).into_owned();
                for (_, value) in more {
                    text.push('\n');
                    text.push_str(value);
                }
                text + line_end(assumptions.final_newline)
            }
            Self::UrlEncoded => to_urlencoded(&Fields {
                more,
                ..Fields::new(&reply, Number::Number, None)
            }),
            Self::Json => to_json(&Fields {
                more,
                ..Fields::of_json(&reply, assumptions)
            }),
        }
    }
}

/// What ends a reply in lines.
fn line_end(final_newline: FinalNewline) -> &'static str {
    match final_newline {
        FinalNewline::Yes => "\n",
        FinalNewline::No => "",
    }
}

fn json_order_number(number: u64, assumptions: &Assumptions) -> Number {
    match assumptions.json_order_number {
        JsonOrderNumber::String => Number::Text(number.to_string()),
        JsonOrderNumber::Number => Number::Number(number),
    }
}

/// The `errorMessage` of a JSON reply of success, if it has one.
fn json_success_message(assumptions: &Assumptions) -> Option<&'static str> {
    match assumptions.json_success_message {
        JsonSuccessMessage::Absent => None,
        JsonSuccessMessage::Empty => Some(""),
    }
}

fn render_lines(reply: &Reply, final_newline: FinalNewline) -> Cow<'static, str> {
    let end = line_end(final_newline);
    match reply {
        // What nearly every call is answered.
        Reply::Success {
            code: 0,
            order_number: None,
        } if final_newline == FinalNewline::Yes => "0\n".into(),
        Reply::Success {
            code,
            order_number: None,
        } => format!("{code}{end}").into(),
        Reply::Success {
            code,
            order_number: Some(number),
        } => format!("{code}\n{number}{end}").into(),
        Reply::Error { code, message } => [&*code.to_string(), "\n", message, end].concat().into(),
    }
}

fn to_urlencoded(fields: &Fields<'_>) -> String {
    serde_urlencoded::to_string(fields).expect("numbers and strings always serialize")
}

fn to_json(fields: &Fields<'_>) -> String {
    serde_json::to_string(fields).expect("numbers and strings always serialize")
}

/// The fields of formats 1 and 2, in this order.
struct Fields<'r> {
    error_code: i32,
    error_message: Option<&'r str>,
    order_number: Option<Number>,
    /// Those that an endpoint has of its own.
    more: &'r [(&'static str, String)],
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("errorCode", &self.error_code)?;
        if let Some(message) = self.error_message {
            fields.serialize_entry("errorMessage", message)?;
        }
        if let Some(number) = &self.order_number {
            fields.serialize_entry("orderNumber", number)?;
        }
        for (name, value) in self.more {
            fields.serialize_entry(name, value)?;
        }
        fields.end()
    }
}

/// A number as JSON has it; format 1 knows no difference.
#[cfg_attr(any(test, feature = "doors"), derive(serde::Deserialize))]
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl<'r> Fields<'r> {
    fn new(reply: &'r Reply, number: impl FnOnce(u64) -> Number, success_message: Option<&'static str>) -> Self {
        let (error_code, error_message, order_number) = match reply {
            Reply::Success { code, order_number } => (*code, success_message, order_number.map(number)),
            Reply::Error { code, message } => (*code, Some(&**message), None),
        };
        Self {
            error_code,
            error_message,
            order_number,
            more: &[],
        }
    }

    fn of_json(reply: &'r Reply, assumptions: &Assumptions) -> Self {
        let success_message = json_success_message(assumptions);
        Self::new(reply, |number| json_order_number(number, assumptions), success_message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse::ParseError;
    use super::*;
    use crate::api::protocol::assumption::ASSUMPTIONS;

    fn success(order_number: Option<u64>) -> Reply {
        Reply::Success { code: 0, order_number }
    }

    fn error(code: i32, message: &str) -> Reply {
        Reply::Error {
            code,
            message: message.to_owned().into(),
        }
    }

    #[test]
    fn writes_each_format_to_the_byte() {
        let done = success(None);
        let made = success(Some(1_234_568));
        let missing = error(-3, "The 'csr' argument is missing!");
        let cases = [
            (Format::Lines, &done, "0\n"),
            (Format::Lines, &made, "0\n1234568\n"),
            (Format::Lines, &missing, "-3\nThe 'csr' argument is missing!\n"),
            (Format::UrlEncoded, &done, "errorCode=0"),
            (Format::UrlEncoded, &made, "errorCode=0&orderNumber=1234568"),
            (
                Format::UrlEncoded,
                &missing,
                "errorCode=-3&errorMessage=The+%27csr%27+argument+is+missing%21",
            ),
            (Format::Json, &done, r#"{"errorCode":0}"#),
            (Format::Json, &made, r#"{"errorCode":0,"orderNumber":"1234568"}"#),
            (
                Format::Json,
                &missing,
                r#"{"errorCode":-3,"errorMessage":"The 'csr' argument is missing!"}"#,
            ),
        ];
        for (format, reply, expected) in cases {
            assert_eq!(format.render(reply, &Assumptions::default()), expected);
        }
    }

    #[test]
    fn follows_the_assumptions() {
        let mut assumptions = Assumptions::default();
        for (name, value) in [
            ("final-newline", "no"),
            ("charset", "utf-8"),
            ("json-order-number", "number"),
        ] {
            assumptions.set(name, value).unwrap();
        }
        let made = success(Some(7));
        assert_eq!(Format::Lines.render(&made, &assumptions), "0\n7");
        assert_eq!(
            Format::Json.render(&made, &assumptions),
            r#"{"errorCode":0,"orderNumber":7}"#
        );
        for format in Format::ALL {
            assert!(format.content_type(&assumptions).ends_with("; charset=utf-8"));
            assert!(!format.content_type(&Assumptions::default()).contains("charset"));
        }
    }

    #[test]
    fn refuses_what_is_no_reply() {
        for (format, text) in [
            (Format::Lines, ""),
            (Format::Lines, "-3"),
            (Format::Lines, "0\nabc\n"),
            (Format::Lines, "1\nabc\n"),
            (Format::UrlEncoded, "errorCode=-3"),
            (Format::UrlEncoded, "errorCode=0&errorMessage=x"),
            (Format::UrlEncoded, "errorCode=0&more=x"),
            (Format::Json, "[]"),
            (Format::Json, r#"{"errorCode":0,"orderNumber":"x"}"#),
        ] {
            assert_eq!(format.parse(text), Err(ParseError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(
            number in proptest::option::of(any::<u64>()),
            code in -200..0_i32,
            // Format 0 ends in one line feed or none, so a message that ends in one is not told apart.
            message in "(?s).*[^\n]",
            choices in proptest::collection::vec(any::<proptest::sample::Index>(), ASSUMPTIONS.len()),
        ) {
            let mut assumptions = Assumptions::default();
            for (row, choice) in ASSUMPTIONS.iter().zip(choices) {
                assumptions.set(row.name, row.values[choice.index(row.values.len())]).unwrap();
            }
            for reply in [success(number), Reply::Success { code: -code, order_number: None }, error(code, &message)] {
                for format in Format::ALL {
                    let text = format.render(&reply, &assumptions);
                    prop_assert_eq!(format.parse(&text), Ok(reply.clone()), "{}", text);
                }
            }
        }
    }
}
