//! The arguments by which a call says whose it is. Every endpoint has them, and where they are required their rows are the
//! same.

use crate::api::protocol::argument::{Argument, Kind};

pub(super) const LOGIN_NAME: Argument =
    Argument::required("loginName", Kind::String, "The account's username. Case sensitive.").max(64);

pub(super) const LOGIN_PASSWORD: Argument =
    Argument::required("loginPassword", Kind::String, "The account's password. Case sensitive.").max(128);
