//! What every test needs: a server, clients, requests, and the texts that are expected.

mod answer;
mod client;
mod control;
mod curl;
mod form;
mod openssl;
mod server;
mod texts;

pub(crate) use answer::Answer;
pub(crate) use client::Client;
pub(crate) use control::{Control, JSON, default_fixtures};
pub(crate) use curl::{Curl, Url};
pub(crate) use form::{Form, PASSWORD};
pub(crate) use openssl::OpenSsl;
pub(crate) use server::{
    DEADLINE, Limits, Run, Server, eventually, program_path, run, run_in_background, run_on_a_free_port,
    run_with_stdin, write_file,
};
pub(crate) use texts::{
    ALREADY_REVOKED, BEING_ISSUED, REPLACE_DENIED, REVOKE_DENIED, STATES, SUCCESS, WRONG_STATE, invalid, missing,
    unrecognized,
};

/// The two endpoints' paths.
pub(crate) const REPLACE: &str = "/products/!AutoReplaceSMIME";
pub(crate) const REVOKE: &str = "/products/!autoRevokeCS";

/// An endpoint's path in a sandbox.
pub(crate) fn in_sandbox(sandbox: &str, path: &str) -> String {
    match sandbox {
        "default" => path.to_owned(),
        name => format!("/sandboxes/{name}{path}"),
    }
}
