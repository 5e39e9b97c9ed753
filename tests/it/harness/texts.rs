//! Replies in format 0, to the byte, for the tests that are about something else than their wording.

pub(crate) const SUCCESS: &str = "0\n";
pub(crate) const REPLACE_DENIED: &str =
    "-16\nIncorrect login details, account is locked, password has expired, or your source IP is blocked!\n";
pub(crate) const REVOKE_DENIED: &str = "-16\nPermission denied!\n";
pub(crate) const ALREADY_REVOKED: &str = "-21\nThe certificate has already been Revoked!\n";
pub(crate) const BEING_ISSUED: &str = "-26\nThe certificate is currently being Issued!\n";
pub(crate) const WRONG_STATE: &str = "-122\nThe Certificate is in wrong state.\n";

pub(crate) fn unrecognized(name: &str) -> String {
    format!("-2\n'{name}' is an unrecognized argument!\n")
}

pub(crate) fn missing(name: &str) -> String {
    format!("-3\nThe '{name}' argument is missing!\n")
}

pub(crate) fn invalid(name: &str) -> String {
    format!("-4\nThe value of the '{name}' argument is invalid!\n")
}

/// Every state of an order, in the order of the documentation's table.
pub(crate) const STATES: [&str; 9] = [
    "pending",
    "being-issued",
    "issued",
    "replaced",
    "revoked",
    "rejected",
    "expired",
    "on-hold",
    "unpaid",
];
