//! Endpoints and their codes, by the names and numbers that users write.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::protocol::code::Code;
use crate::model::value_error::ValueError;
use crate::shown::shown;
use crate::similar::nearest;

/// The endpoint that a request asks for.
pub(crate) fn find_endpoint(key: &'static str, name: &str) -> Result<&'static Endpoint, ValueError> {
    Endpoint::named(name).ok_or_else(|| {
        let (names, hint) = (endpoint_names(), similar_endpoint(name));
        ValueError::at(
            key,
            format!("`{}` is no endpoint; there are {names}{hint}", shown(name)),
        )
    })
}

/// The endpoint that an entry names. The error does not repeat the name: it may be a password in the wrong place.
pub(super) fn entry_endpoint(key: &'static str, name: &str) -> Result<&'static Endpoint, ValueError> {
    Endpoint::named(name).ok_or_else(|| {
        let (names, hint) = (endpoint_names(), similar_endpoint(name));
        ValueError::at(key, format!("there is no such endpoint; there are {names}{hint}"))
    })
}

/// The end of an error about a name that no endpoint has: which one was probably meant, or nothing.
pub(crate) fn similar_endpoint(name: &str) -> String {
    let meant = nearest(bare(name), ENDPOINTS.iter().map(|endpoint| bare(endpoint.name)));
    ENDPOINTS
        .iter()
        .find(|endpoint| Some(bare(endpoint.name)) == meant)
        .map_or_else(String::new, |endpoint| {
            format!("; a similar name exists: `{}`", endpoint.name)
        })
}

/// The name of an endpoint without what stands before it.
fn bare(name: &str) -> &str {
    let name = name.strip_prefix("download/").unwrap_or(name);
    name.strip_prefix('!').unwrap_or(name)
}

fn endpoint_names() -> String {
    let names: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
    names.join(", ")
}

/// The row of an endpoint's codes with that number.
pub(super) fn code_of(endpoint: &Endpoint, number: i32) -> Result<&'static Code, ValueError> {
    endpoint.code(number).ok_or_else(|| {
        let numbers: Vec<_> = endpoint.codes.iter().map(|code| code.number.to_string()).collect();
        let (name, numbers) = (endpoint.name, numbers.join(", "));
        ValueError::at("code", format!("{name} does not answer {number}; it answers {numbers}"))
    })
}

/// The rows of every endpoint's codes with that number, at least one.
pub(super) fn codes_of_any(number: i32) -> Result<Vec<&'static Code>, ValueError> {
    let rows: Vec<_> = ENDPOINTS.iter().filter_map(|endpoint| endpoint.code(number)).collect();
    if rows.is_empty() {
        let answered: BTreeSet<_> = ENDPOINTS
            .iter()
            .flat_map(|endpoint| endpoint.codes)
            .map(|code| Reverse(code.number))
            .collect();
        let answered: Vec<_> = answered.iter().map(|Reverse(number)| number.to_string()).collect();
        return Err(ValueError::at(
            "code",
            format!("no endpoint answers {number}; there are {}", answered.join(", ")),
        ));
    }
    Ok(rows)
}
