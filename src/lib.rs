//! A local emulator of the endpoints of Sectigo's partner API that S/MIME and code-signing orders live by, such as
//! `!AutoReplaceSMIME`, which replaces the CSR of an S/MIME order, and `!autoRevokeCS`, which revokes a code-signing order;
//! [`catalogue::ENDPOINTS`] has them all.
//!
//! A test starts an emulator with [`Emulator::start`], points the client under test at [`Emulator::url`], and uses
//! [`Emulator::control`] for orders, accounts, the clock, faults and the journal of calls. For an emulator that is
//! started by the program `sectigo-emulator`, [`Control::connect`] does the same.
//!
//! - [`Builder`] has the options of an emulator: addresses, [`Fixtures`], assumptions, files.
//! - [`control`] has the client of a running emulator, and the types that it sends and reads.
//! - [`catalogue`] has the tables of the endpoints: arguments, codes, assumptions.
//! - [`health`] asks whether an emulator in another process serves.

mod api;
mod aside;
mod ca;
#[cfg(feature = "cli")]
mod check;
mod client;
mod der;
mod emulator;
mod files;
mod json;
mod lock;
#[cfg(feature = "cli")]
mod log;
mod model;
mod random;
mod sandbox;
mod server;
mod shown;
mod similar;
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

/// The client of the control API, [`Control`], and the types that it sends and reads.
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
pub use crate::emulator::{Builder, Emulator, StartError, StopError, Unbound};
pub use crate::model::{Fixtures, FixturesError, LoadError};
pub use crate::sandbox::state_file::StateError;
