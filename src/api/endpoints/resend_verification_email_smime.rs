//! `!ResendVerificationEmailSMIME`: sends the mail again that verifies the mailbox of an S/MIME order.
//!
//! Source: the endpoint's page; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::endpoints::credentials::{LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::resending::{self, CODES, ORDER, PUBLIC_NUMBERS};
use crate::api::endpoints::{Failure, Rules, Success};
use crate::api::order::mailing::MailKind;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::Code;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct ResendVerificationEmailSmime;

impl Rules for ResendVerificationEmailSmime {
    const NAME: &'static str = "!ResendVerificationEmailSMIME";
    const SUMMARY: &'static str =
        "Sends the mail again that asks the owner of the mailbox of an S/MIME order to confirm it.";
    const ARGUMENTS: &'static [Argument] = &[LOGIN_NAME, LOGIN_PASSWORD, ORDER, EMAIL_ADDRESS];
    const CODES: &'static [&'static Code] = CODES;
    const PUBLIC_NUMBERS: Option<&'static [i32]> = PUBLIC_NUMBERS;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1100001"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            addresses: arguments.get(EMAIL_ADDRESS.name),
            common: resending::Values::read(arguments),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let check = |own: &str| check_addresses(values.addresses, own);
        values
            .common
            .resend(MailKind::Verification, Self::NAME, check, world, now)
    }
}

pub(super) struct Values<'f> {
    addresses: Option<&'f str>,
    common: resending::Values<'f>,
}

const EMAIL_ADDRESS: Argument = Argument::optional(
    "emailAddress",
    Kind::String,
    "The addresses to send it to, with commas between them; left out: all addresses of the certificate. Others than the \
     certificate's are refused (assumed).",
)
.max(32000);

/// Whether each address is the one of the order: a certificate has one.
fn check_addresses(addresses: Option<&str>, own: &str) -> Result<(), Refusal> {
    let is_own = |address: &str| address.trim_ascii().eq_ignore_ascii_case(own);
    match addresses {
        Some(addresses) if !addresses.split(',').all(is_own) => Err(Refusal::invalid(
            EMAIL_ADDRESS.name,
            "an address among them is not that of the order",
        )),
        Some(_) | None => Ok(()),
    }
}
