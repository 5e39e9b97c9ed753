//! `!AutoReplaceSMIME`: replaces the CSR of an S/MIME order.
//!
//! Source: the endpoint's document; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::csr::{Csr, CsrError};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::mailing::{self, LANGUAGE_NAME};
use crate::api::endpoints::replacing::{
    CA_CERTIFICATE_ID, SIGNATURE_HASH, check_ca_certificate, refuse_csr, replace, signature_hash,
};
use crate::api::endpoints::{Failure, Rules, Success, check_permission, csr_spaces, find_order, refused};
use crate::api::order::machine::Replacement;
use crate::api::order::mailing::{MailKind, Mailing};
use crate::api::order::product::Product;
use crate::api::order::state::ReplaceStep;
use crate::api::order::terms::SignatureHash;
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::{RESPONSE_FORMAT, RESPONSE_FORMATS};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoReplaceSmime;

impl Rules for AutoReplaceSmime {
    const NAME: &'static str = "!AutoReplaceSMIME";
    const SUMMARY: &'static str =
        "Replaces the CSR of an S/MIME order: in place before it is issued, by a new order after.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1234567"),
        ("csr", "@csr.pem"),
        ("responseFormat", "2"),
        ("REVOKEOLDORDER", "Y"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            order_number: arguments.text("orderNumber"),
            csr: Csr::parse_with(arguments.text("csr"), csr_spaces(arguments)),
            signature_hash: signature_hash(arguments),
            ca_certificate_id: arguments.integer("caCertificateID"),
            revoke_old_order: arguments.yes("revokeOldOrder"),
            mailing: mailing::read(arguments)?,
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let denied = &code::LOGIN_DETAILS;
        values.credentials.count_call(world, denied, now)?;
        let account = values.credentials.counted_caller(world);
        check_permission(world, account, Self::NAME)?;
        check_ca_certificate(account, values.ca_certificate_id)?;
        mailing::check_templates(account, &values.mailing)?;
        let csr = values
            .csr
            .map_err(|error| refuse_csr(&error, world.conventions.assumptions.csr_errors))?;
        let replacement = Replacement {
            csr,
            signature_hash: values.signature_hash,
            ca_certificate_id: values.ca_certificate_id,
        };
        let order = find_order(world, values.order_number, account, Product::Smime, denied)?;
        let step = order.state_at(now).replace().map_err(|why| refused(order, why, now))?;
        let number = order.number;
        let done = replace(world, number, step, replacement, values.revoke_old_order, now)?;
        let certified = done.order_number.unwrap_or(number);
        if let Some(order) = world.book_mut().get_mut(certified) {
            order.mailing = values.mailing.boxed();
        }
        match step {
            ReplaceStep::InPlace => {
                mailing::send(&[MailKind::Verification, MailKind::Invitation], certified, now, world);
            }
            ReplaceStep::NewOrder => mailing::announce(certified, world, now),
        }
        Ok(done)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    order_number: &'f str,
    csr: Result<Csr, CsrError>,
    signature_hash: SignatureHash,
    ca_certificate_id: Option<u64>,
    revoke_old_order: bool,
    mailing: Mailing,
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::required("orderNumber", Kind::String, "The S/MIME order to replace.").max(128),
    Argument::required(
        "csr",
        Kind::String,
        "The PKCS#10 request, Base64, with or without BEGIN and END lines, whatever their label.",
    )
    .max(32767),
    SIGNATURE_HASH,
    CA_CERTIFICATE_ID,
    Argument::yes_or_no(
        "revokeOldOrder",
        "Y: revoke the certificate that is replaced. Only meaningful where it was issued.",
    )
    .mark(Mark::Assumed),
    Argument::optional(
        RESPONSE_FORMAT,
        Kind::Integer,
        "0 lines of text, 1 URL-encoded, 2 JSON.",
    )
    .choices(RESPONSE_FORMATS)
    .default("0"),
    Argument::conditional(
        LANGUAGE_NAME,
        Kind::String,
        "The language of e-mails, ISO 639-1 in lower case; English if left out. Not together with a template id.",
    )
    .max(2)
    .mark(Mark::Assumed),
    Argument::optional(
        Mailing::TEMPLATES[0],
        Kind::Integer,
        "A verification e-mail template of the account.",
    ),
    Argument::optional(
        Mailing::TEMPLATES[1],
        Kind::Integer,
        "A request e-mail template of the account.",
    ),
    Argument::optional(
        Mailing::TEMPLATES[2],
        Kind::Integer,
        "A collection e-mail template of the account.",
    ),
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::CSR_NOT_BASE64,
    &code::CSR_NOT_DECODED,
    &code::CSR_ALGORITHM,
    &code::CSR_SIGNATURE,
    &code::CSR_KEY_SIZE,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::ALREADY_REVOKED,
    &code::BEING_ISSUED,
    &code::CALL_LIMIT,
    &code::NOT_PERMITTED,
    &code::WRONG_STATE,
];
