//! Fixtures: the accounts, orders, messages, faults and assumptions that a sandbox starts with.
//!
//! A file is TOML, or the same in JSON; keys are spelled as the API spells them. It is read in two steps: [`Fixtures`]
//! is a file whose every key and type is right, and the world is made from it at a given time.

pub(crate) mod account;
pub(crate) mod clock;
pub(crate) mod endpoint;
pub(crate) mod fault;
pub(crate) mod fixtures;
mod locate;
mod message;
pub(crate) mod object;
pub(crate) mod order;
pub(crate) mod problem;
mod snapshot;
pub(crate) mod valueless;
pub(crate) mod when;
pub(crate) mod whole;
mod world;

pub use crate::model::fixtures::{Fixtures, FixturesError, LoadError};
pub(crate) use crate::model::fixtures::{toml_message, without_mark};
pub(crate) use crate::model::snapshot::Snapshot;
pub(crate) use crate::model::world::{Built, Start};

#[cfg(test)]
mod tests;
