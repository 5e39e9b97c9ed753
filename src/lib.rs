//! A local emulator of two endpoints of Sectigo's partner API: `!AutoReplaceSMIME`, which replaces the CSR of an
//! S/MIME order, and `!autoRevokeCS`, which revokes a code-signing order.
//!
//! A test starts one of its own with [`Emulator::start`]; the program `sectigo-emulator` serves one to everybody on the
//! machine. The other modules are the tables and the rules that it works by.

mod api;
mod ca;
mod client;
mod der;
mod emulator;
mod files;
mod model;
mod random;
mod sandbox;
mod server;
mod shown;
mod token;

#[doc(hidden)]
pub mod cli;
pub mod clock;
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod measuring;

pub use crate::api::{account, csr, endpoints, fault, order, protocol, world};

/// Drives an emulator: see [`Control`].
pub mod control {
    pub use crate::client::*;
}

pub use crate::ca::CaKey;
pub use crate::client::Control;
pub use crate::client::health;
pub use crate::emulator::{Builder, Emulator, StartError, StopError};
pub use crate::model::{Fixtures, FixturesError};
#[doc(hidden)]
pub use crate::server::descriptors;
