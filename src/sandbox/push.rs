//! What a sandbox pushes: the changes of orders whose accounts name a URL, in a queue, until they are sent.
//!
//! Who sends them is told by the [`PushHub`] that all sandboxes share. Everything is bounded: what waits, in a sandbox and in
//! all, and what is on its way. No call waits for a push.

mod dues;
mod hub;
mod message;
mod queue;

pub(crate) use self::dues::{Dues, changes, next_due};
pub(crate) use self::hub::PushHub;
pub(crate) use self::message::{Push, Tried};
pub(crate) use self::queue::{NextPush, Pushes, Taken};

/// The target of the log lines about pushes.
pub(crate) const LOG: &str = "sectigo_emulator::push";

#[cfg(test)]
mod tests;
