//! Replies read back, for tests, which hold what was written against what was meant.

use std::borrow::Cow;

use serde::Deserialize;
use thiserror::Error;

use super::{Format, Number};
use crate::api::protocol::reply::Reply;

impl Format {
    /// Reads a reply back, whatever the assumptions under which it was written.
    ///
    /// # Errors
    /// The text is no reply in this format.
    pub(crate) fn parse(self, text: &str) -> Result<Reply, ParseError> {
        match self {
            Self::Lines => parse_lines(text),
            Self::UrlEncoded => serde_urlencoded::from_str::<Fields>(text)
                .map_err(|_| ParseError)?
                .try_into(),
            Self::Json => serde_json::from_str::<Fields>(text).map_err(|_| ParseError)?.try_into(),
        }
    }
}

/// The fields of formats 1 and 2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    error_code: i32,
    error_message: Option<String>,
    order_number: Option<Number>,
}

/// A text that is no reply in the format.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("this is no reply in that format")]
pub(crate) struct ParseError;

fn parse_lines(text: &str) -> Result<Reply, ParseError> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (code, rest) = match text.split_once('\n') {
        Some((code, rest)) => (code, Some(rest)),
        None => (text, None),
    };
    let code: i32 = code.parse().map_err(|_| ParseError)?;
    reply(
        code,
        rest.filter(|_| code < 0).map(|message| message.to_owned().into()),
        match rest {
            Some(number) if code >= 0 => Some(number.parse().map_err(|_| ParseError)?),
            _ => None,
        },
    )
}

impl TryFrom<Fields> for Reply {
    type Error = ParseError;

    fn try_from(fields: Fields) -> Result<Self, ParseError> {
        let order_number = match fields.order_number {
            None => None,
            Some(Number::Number(number)) => Some(number),
            Some(Number::Text(text)) => Some(text.parse().map_err(|_| ParseError)?),
        };
        // A success may have an empty one.
        let message = fields
            .error_message
            .filter(|message| fields.error_code < 0 || !message.is_empty());
        let message = message.map(Cow::Owned);
        reply(fields.error_code, message, order_number)
    }
}

/// Puts the fields of a reply together again, if they fit each other.
fn reply(code: i32, message: Option<Cow<'static, str>>, order_number: Option<u64>) -> Result<Reply, ParseError> {
    match (code, message, order_number) {
        (0.., None, order_number) => Ok(Reply::Success { code, order_number }),
        (..0, Some(message), None) => Ok(Reply::Error { code, message }),
        _ => Err(ParseError),
    }
}
