//! HTTP and TLS: the ways in which a call can come, and the ways in which it can go wrong.

mod bodies;
mod hostile;
mod limits;
mod methods;
mod versions;
