//! What users write and read, as JSON and TOML: orders, accounts, faults, calls, the clock, sandboxes, and the fixtures
//! that hold them. How it is stored or sent does not belong here.
//!
//! Each noun has a file with its structs, their schemas for OpenAPI, and the conversions from and to the types of `api`.
//! Fixtures, snapshots, the control API, its typed client and `ctl` all use these structs. Keys are spelled as the API
//! spells them. Structs that users write refuse fields that they do not know; see [`answer`] for those that clients read.
//!
//! A fixtures file is read in two steps: [`Fixtures`] is a file whose every key and type is right, and the world is made
//! from it at a given time.

pub(crate) mod account;
pub(crate) mod answer;
pub(crate) mod call;
pub(crate) mod certificate;
pub(crate) mod clock;
pub(crate) mod endpoint;
pub(crate) mod fault;
pub(crate) mod fixtures;
pub(crate) mod health;
pub(crate) mod history;
mod locate;
pub(crate) mod mail;
mod message;
pub(crate) mod next;
pub(crate) mod object;
pub(crate) mod order;
pub(crate) mod own_call;
pub(crate) mod problem;
pub(crate) mod query;
mod same_schema;
pub(crate) mod sandbox;
mod settable;
mod snapshot;
pub(crate) mod sort;
pub(crate) mod value_error;
pub(crate) mod valueless;
pub(crate) mod when;
pub(crate) mod whole;
mod world;

pub use crate::api::account::Payment;
pub(crate) use crate::api::http_url::split_port;
pub use crate::api::order::lifecycle::DueKind;
pub use crate::api::order::mailing::MailKind;
pub use crate::api::order::product::Product;
pub use crate::api::order::state::{IssuanceFailure, State};
pub use crate::api::order::terms::SignatureHash;
pub use crate::clock::{ParseTimestampError, Timestamp};
pub use crate::model::fixtures::{Fixtures, FixturesError, LoadError};
pub(crate) use crate::model::snapshot::Snapshot;
pub(crate) use crate::model::world::{Built, Start};

#[cfg(test)]
mod tests;
