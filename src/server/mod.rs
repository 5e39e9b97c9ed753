//! HTTP: the only code that knows sockets, axum and hyper.

pub(crate) mod base_url;
pub(crate) mod body;
pub(crate) mod control;
mod crl_body;
pub(crate) mod descriptors;
mod layers;
mod linger;
pub(crate) mod listen;
mod misbehave;
pub(crate) mod products;
mod published;
pub(crate) mod stop;
pub(crate) mod tls;
