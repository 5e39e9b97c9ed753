//! The server: sockets, TLS and HTTP, up to the calls of the API and of the control API. Only here are axum and hyper
//! used.

pub(crate) mod base_url;
pub(crate) mod body;
mod console;
pub(crate) mod control;
mod crl_body;
pub(crate) mod descriptors;
mod layers;
mod linger;
pub(crate) mod listen;
mod misbehave;
mod plain_text;
pub(crate) mod products;
mod published;
pub(crate) mod push;
pub(crate) mod stop;
pub(crate) mod tls;
