//! The arguments by which a call says whose it is, and the login with them. Every endpoint has them, and where they are
//! required their rows are the same.

use crate::api::account::Account;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) const LOGIN_NAME: Argument =
    Argument::required("loginName", Kind::String, "The account's username. Case sensitive.").max(64);

pub(super) const LOGIN_PASSWORD: Argument =
    Argument::required("loginPassword", Kind::String, "The account's password. Case sensitive.").max(128);

/// The loginName and the loginPassword of a call, of which nothing was checked.
#[derive(Clone, Copy)]
pub(super) struct Credentials<'f> {
    pub(super) login_name: &'f str,
    pub(super) login_password: &'f str,
}

impl<'f> Credentials<'f> {
    /// Reads them where the table requires them.
    pub(super) fn read(arguments: &Arguments<'f>) -> Self {
        Self {
            login_name: arguments.text(LOGIN_NAME.name),
            login_password: arguments.text(LOGIN_PASSWORD.name),
        }
    }

    /// Reads them where the table does not require them; none if one is not sent.
    pub(super) fn if_sent(arguments: &Arguments<'f>) -> Option<Self> {
        Some(Self {
            login_name: arguments.get(LOGIN_NAME.name)?,
            login_password: arguments.get(LOGIN_PASSWORD.name)?,
        })
    }

    /// The account that they open; `code` is the endpoint's -16.
    pub(super) fn log_in<'w>(&self, world: &'w World, code: &'static Code) -> Result<&'w Account, Refusal> {
        world
            .accounts
            .log_in(self.login_name, self.login_password)
            .map_err(|refused| Refusal::new(code, refused.to_string()))
    }

    /// Lets the account that they open make one more call (-42); `code` is the endpoint's -16.
    pub(super) fn count_call(&self, world: &mut World, code: &'static Code, now: Timestamp) -> Result<(), Refusal> {
        let is_limited = self.log_in(world, code)?.call_limit.is_some();
        if is_limited && !world.accounts_mut().admit(self.login_name, now) {
            return Err(Refusal::new(&code::CALL_LIMIT, "the account is over its call limit"));
        }
        Ok(())
    }

    /// The account whose call [`count_call`](Self::count_call) has just let pass.
    pub(super) fn counted_caller<'w>(&self, world: &'w World) -> &'w Account {
        world.accounts.get(self.login_name).expect("it has just logged in")
    }
}
