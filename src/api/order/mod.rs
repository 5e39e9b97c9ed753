//! Orders and their state machine.
//!
//! The time is an argument everywhere, and nothing here knows accounts, HTTP or certificates.

pub(crate) mod book;
pub(crate) mod certificate_id;
pub(crate) mod machine;
pub(crate) mod product;
pub(crate) mod state;
pub(crate) mod terms;
