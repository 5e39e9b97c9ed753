//! The control API, and what it does to the API itself.

mod any_operations;
mod clock;
mod console;
mod every_route;
mod faults;
mod guard;
mod openapi;
mod own_calls;
mod parallel;
mod queries;
mod routes;
mod secrets;
mod snapshot;
mod stream;
mod timeline;
mod ttl;
mod wire;
