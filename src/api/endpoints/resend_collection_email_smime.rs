//! `!ResendCollectionEmailSMIME`: sends the mail again that says that an S/MIME certificate can be collected.
//!
//! Source: the endpoint's page; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::credentials::{LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::resending::{CODES, ORDER, PUBLIC_NUMBERS, Values};
use crate::api::endpoints::{Failure, Rules, Success};
use crate::api::order::mailing::MailKind;
use crate::api::protocol::argument::{Argument, Arguments};
use crate::api::protocol::code::Code;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct ResendCollectionEmailSmime;

impl Rules for ResendCollectionEmailSmime {
    const NAME: &'static str = "!ResendCollectionEmailSMIME";
    const SUMMARY: &'static str = "Sends the mail again that says that an S/MIME certificate can be collected.";
    const ARGUMENTS: &'static [Argument] = &[LOGIN_NAME, LOGIN_PASSWORD, ORDER];
    const CODES: &'static [&'static Code] = CODES;
    const PUBLIC_NUMBERS: Option<&'static [i32]> = PUBLIC_NUMBERS;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1234567"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values::read(arguments))
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        values.resend(MailKind::Collection, Self::NAME, |_| Ok(()), world, now)
    }
}
