//! The tables of arguments, row by row, and the order of the checks.

mod order_of_checks;
mod rules;
mod tables;
