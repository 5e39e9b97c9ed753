//! Values that a shell offers for completion, for options that also accept other values.

use std::ffi::OsStr;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::api::endpoints::ENDPOINTS;
use crate::api::order::terms::ProductCode;
use crate::api::protocol::assumption::ASSUMPTIONS;
use crate::cli::number::read_whole;

/// Each assumption with each of its values, as `NAME=VALUE`.
static ASSUMED: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSUMPTIONS
        .iter()
        .flat_map(|row| row.values.iter().map(|value| format!("{}={value}", row.name)))
        .collect()
});

/// The names of the endpoints.
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| ENDPOINTS.iter().map(|endpoint| endpoint.name.to_owned()).collect());

/// The values of productCode.
static PRODUCT_CODES: LazyLock<Vec<String>> =
    LazyLock::new(|| ProductCode::ALL.map(|code| code.number().to_string()).into());

/// Reads a value with a function, and offers some values for completion. Other values may be accepted too.
#[derive(Clone)]
pub(super) struct Offering<T> {
    read: fn(&str) -> Result<T, String>,
    offered: &'static LazyLock<Vec<String>>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Offering<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        self.read.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            self.offered.iter().map(|value| PossibleValue::new(value.as_str())),
        ))
    }
}

/// Reads an assumption with `read`. Offers whole pairs, because bash begins a new word behind the `=`.
pub(super) fn assumptions<T>(read: fn(&str) -> Result<T, String>) -> Offering<T> {
    Offering {
        read,
        offered: &ASSUMED,
    }
}

/// Reads the name of an endpoint, which the running emulator checks.
pub(super) fn endpoints() -> Offering<String> {
    Offering {
        read: |text| Ok(text.to_owned()),
        offered: &NAMES,
    }
}

/// Reads a productCode, which the running emulator checks.
pub(super) fn product_codes() -> Offering<u16> {
    Offering {
        read: read_whole,
        offered: &PRODUCT_CODES,
    }
}
