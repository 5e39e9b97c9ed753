//! Orders and the state machine that they live in.
//!
//! Pure: the time is an argument everywhere, and nothing here knows accounts, HTTP or certificates.

pub mod book;
pub mod machine;
pub mod state;
pub mod terms;
