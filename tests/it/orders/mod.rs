//! Orders: what each state answers, and what a call makes of an order.

mod capacity;
mod concurrency;
mod replacement;
mod replacement_cs;
mod revocation;
mod sequences;
mod time;
