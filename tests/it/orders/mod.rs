//! Orders: what each state answers, and what a call makes of an order.

mod capacity;
mod concurrency;
mod replacement;
mod revocation;
mod sequences;
mod time;
