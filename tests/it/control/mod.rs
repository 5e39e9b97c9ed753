//! The control API, and what it does to the API itself.

mod clock;
mod faults;
mod guard;
mod routes;
mod stream;
mod ttl;
mod wire;
