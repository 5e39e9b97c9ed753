//! Compares an emulator with another server: the probes, how answers are compared, and which assumptions explain what
//! differs. What is printed, and how the command line is read, does not belong here.
//!
//! [`probe`] has the types of probes, by which nothing can be changed; [`list`] makes all of them from the catalogue's
//! tables; [`server`] sends them, and [`transcript`] keeps what was answered. [`local`] answers the same probes under any
//! assumptions; [`search`] finds those under which the answers are equal, and [`decide`] tells what is left then.

pub(crate) mod answer;
pub(crate) mod checked;
pub(crate) mod credentials;
pub(crate) mod decide;
pub(crate) mod findings;
pub(crate) mod list;
pub(crate) mod local;
pub(crate) mod probe;
mod search;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod transcript;
pub(crate) mod wire;

#[cfg(test)]
mod tests;
