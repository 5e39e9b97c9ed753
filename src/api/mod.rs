//! The emulated API, pure: arguments and a world go in, a reply comes out, with the time passed in. Nothing here knows
//! sockets, HTTP, files or certificates.

pub(crate) mod account;
pub(crate) mod chunks;
pub(crate) mod csr;
pub(crate) mod endpoints;
pub(crate) mod fault;
pub(crate) mod http_url;
pub(crate) mod masking;
pub(crate) mod order;
pub(crate) mod passwords;
pub(crate) mod protocol;
pub(crate) mod push;
pub(crate) mod world;
