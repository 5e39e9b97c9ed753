//! The control API, and what it does to the API itself.

mod faults;
mod guard;
mod routes;
