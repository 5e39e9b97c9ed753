//! The emulated API, pure: arguments and a world go in, a reply comes out, with the time passed in. Nothing here knows
//! sockets, HTTP, files or certificates.

pub mod account;
pub mod csr;
pub mod endpoints;
pub mod fault;
pub mod order;
pub mod protocol;
pub mod world;
