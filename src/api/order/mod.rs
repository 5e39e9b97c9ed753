//! Orders and their state machine.
//!
//! The time is an argument everywhere, and nothing here knows accounts, HTTP or certificates.

pub(crate) mod book;
pub(crate) mod certificate_id;
pub(crate) mod collection_code;
pub(crate) mod lifecycle;
pub(crate) mod machine;
pub(crate) mod mailbox;
pub(crate) mod mailing;
pub(crate) mod outbox;
pub(crate) mod product;
pub(crate) mod state;
pub(crate) mod subject;
pub(crate) mod terms;
