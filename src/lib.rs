//! A local emulator of Sectigo's partner API: `!AutoReplaceSMIME`, which replaces the CSR of an S/MIME order,
//! `!autoRevokeCS`, which revokes a code-signing order, and `download/CollectSMIME` and `download/CollectSSL`, which fetch what
//! was issued.
//!
//! A test starts one of its own with [`Emulator::start`], lets the client under test work at [`Emulator::url`], and drives
//! it by [`Emulator::control`]: orders, accounts, clock, faults, and the journal of calls. The program `sectigo-emulator`
//! serves one to everybody on the machine; [`Control::connect`] drives that.
//!
//! - [`Builder`] says how an emulator shall be before it starts: addresses, [`Fixtures`], assumptions, files.
//! - [`control`] has what is sent to and read from an emulator that runs.
//! - [`catalogue`] has the tables of the endpoints: arguments, codes, assumptions.
//! - [`health`] asks an emulator elsewhere whether it serves.

mod api;
mod aside;
mod ca;
mod client;
mod der;
mod emulator;
mod files;
#[cfg(feature = "cli")]
mod log;
mod model;
mod random;
mod sandbox;
mod server;
mod shown;
mod token;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod clock;
#[cfg(feature = "doors")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "doors")]
#[doc(hidden)]
pub mod measuring;

/// What is sent to and read from an emulator that runs; [`Control`] is where it begins.
pub mod control {
    pub use crate::client::*;
}

/// The tables of the endpoints: arguments, codes and assumptions, each with its mark.
pub mod catalogue {
    pub use crate::api::endpoints::catalogue::{arguments, assumptions, codes, json, markdown};
    pub use crate::api::endpoints::{ENDPOINTS, Endpoint};
    pub use crate::api::protocol::Mark;
    pub use crate::api::protocol::argument::{Argument, Kind, Need};
    pub use crate::api::protocol::code::Code;
}

pub use crate::ca::CaKey;
pub use crate::client::Control;
pub use crate::client::health;
pub use crate::clock::{ParseTimestampError, Timestamp};
pub use crate::emulator::{Builder, Emulator, StartError, StopError};
pub use crate::model::{Fixtures, FixturesError, LoadError};
pub use crate::sandbox::state_file::StateError;
