//! A local emulator of two endpoints of Sectigo's partner API: `!AutoReplaceSMIME`, which replaces the CSR of an
//! S/MIME order, and `!autoRevokeCS`, which revokes a code-signing order.
//!
//! A test starts one of its own with [`Emulator::start`]; the program `sectigo-emulator` serves one to everybody on the
//! machine. The other modules are the tables and the rules that it works by.

mod ca;
mod certificates;
mod der;
mod emulator;
mod files;
mod http;
mod journal;
mod pem;
mod random;
mod sandbox;
mod sandboxes;
mod shown;
mod state_file;
mod token;

pub mod account;
pub mod clock;
#[doc(hidden)]
pub mod config;
pub mod control;
pub mod csr;
#[doc(hidden)]
pub mod ctl;
pub mod endpoints;
pub mod fault;
pub mod fixtures;
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod measuring;
pub mod order;
pub mod protocol;
pub mod world;

pub use crate::ca::CaKey;
pub use crate::control::Control;
pub use crate::emulator::{Builder, Emulator, StartError, StopError};
pub use crate::fixtures::{Fixtures, FixturesError};
#[doc(hidden)]
pub use crate::http::descriptors;
pub use crate::http::health;
