//! Values that a shell offers when it completes a command line, where more or other values are taken as well.

use std::ffi::OsStr;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::api::endpoints::ENDPOINTS;
use crate::api::order::terms::ProductCode;
use crate::api::protocol::assumption::ASSUMPTIONS;
use crate::cli::number::read_whole;

/// Each assumption with each of its values.
static ASSUMED: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSUMPTIONS
        .iter()
        .flat_map(|row| row.values.iter().map(|value| format!("{}={value}", row.name)))
        .collect()
});

/// The names of the endpoints.
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| ENDPOINTS.iter().map(|endpoint| endpoint.name.to_owned()).collect());

/// The numbers of the kinds of certificates.
static KINDS: LazyLock<Vec<String>> = LazyLock::new(|| ProductCode::ALL.map(|code| code.number().to_string()).into());

/// Reads a value by a function, and names values for completions. They are no list of all that is taken.
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

/// Reads an assumption by `read`. Whole pairs are offered, because bash begins a new word behind the `=`.
pub(super) fn assumptions<T>(read: fn(&str) -> Result<T, String>) -> Offering<T> {
    Offering {
        read,
        offered: &ASSUMED,
    }
}

/// Reads the name of an endpoint, in any case; the emulator that is asked judges whether it has it.
pub(super) fn endpoints() -> Offering<String> {
    Offering {
        read: |text| Ok(text.to_owned()),
        offered: &NAMES,
    }
}

/// Reads a productCode; the emulator that is asked judges whether it fits the product.
pub(super) fn product_codes() -> Offering<u16> {
    Offering {
        read: read_whole,
        offered: &KINDS,
    }
}
