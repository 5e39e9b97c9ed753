//! The emulator as its users meet it: through its sockets, its command line and its library.
//!
//! What is expected comes from the two documents and from what is written down about them, never from the program's
//! tables. The binary under test is cargo's, or the one that `SECTIGO_EMULATOR_TEST_BINARY` names.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait by the real clock and read their own environment"
)]

mod abuse;
mod accounts;
mod arguments;
mod assumptions;
mod certificates;
mod check;
mod cli;
mod collect;
mod control;
mod csr;
mod docs;
mod fixtures;
mod fuzz_seeds;
mod harness;
mod house;
mod library;
mod ordering;
mod orders;
mod outbox;
mod packaging;
mod push;
mod replies;
mod secrets;
mod transport;
