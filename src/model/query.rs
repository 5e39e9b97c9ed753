//! Query strings of the control API, read and written.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::model::whole;
use crate::shown::shown;

/// Reads a parameter by its own rules for text.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map(Some)
        .map_err(|error| serde::de::Error::custom(format!("`{}` is not taken: {error}", shown(&text))))
}

/// Reads a whole number.
pub(crate) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<i64>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        let range = whole::range_of_text::<T>();
        serde::de::Error::custom(format!("`{}` is not taken: give {range}", shown(&text)))
    })
}

/// Reads a parameter that serde can read from a string.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The parameters that have a value as a query string, with its `?` if there are any.
pub(crate) fn write(parameters: &[(&str, Option<&dyn Display>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| value.map(|value| (name, value.to_string())))
        .collect::<Vec<_>>();
    let query = serde_urlencoded::to_string(given).expect("names and texts always serialize");
    if query.is_empty() { query } else { format!("?{query}") }
}

/// A parameter for [`write()`].
pub(crate) fn parameter<T: Display>(value: &Option<T>) -> Option<&dyn Display> {
    value.as_ref().map(|value| value as &dyn Display)
}
