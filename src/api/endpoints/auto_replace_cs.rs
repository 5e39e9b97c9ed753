//! `!AutoReplaceCS`: replaces the CSR of a code-signing order.
//!
//! Source: the beginning of the endpoint's page, and what public clients send and parse; where they are silent,
//! `docs/endpoints.md` lists what is assumed.

use crate::api::csr::spkac::Spkac;
use crate::api::csr::{Csr, CsrError};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::replacing::{
    CA_CERTIFICATE_ID, SIGNATURE_HASH, check_ca_certificate, check_kept_length, replace, signature_hash,
};
use crate::api::endpoints::{
    Failure, Rules, Success, check_permission, csr_spaces, find_order, refuse_new_csr, refused,
};
use crate::api::order::machine::Replacement;
use crate::api::order::mailbox::check_mailbox;
use crate::api::order::product::Product;
use crate::api::order::state::OrderNumber;
use crate::api::order::terms::SignatureHash;
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{Assumptions, ReplaceCsReply};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct AutoReplaceCs;

impl Rules for AutoReplaceCs {
    const NAME: &'static str = "!AutoReplaceCS";
    const SUMMARY: &'static str =
        "Replaces the CSR of a code-signing order: in place before it is issued, by a new order after.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const PUBLIC_NUMBERS: Option<&'static [i32]> = Some(&[]);
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "2200003"),
        ("pkcs10", "@csr.pem"),
    ];
    const TABLE_IS_WHOLE: bool = false;
    const DEFAULT_FORMAT: fn(&Assumptions) -> Format = |assumptions| match assumptions.replace_cs_reply {
        ReplaceCsReply::UrlEncoded => Format::UrlEncoded,
        ReplaceCsReply::Text => Format::Lines,
    };

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        Ok(Values {
            credentials: Credentials::read(arguments),
            order_number: arguments.text("orderNumber"),
            email: [CONTACT_EMAIL, SAN_EMAIL]
                .into_iter()
                .find_map(|name| arguments.get(name).map(|email| (name, email))),
            csr: csr(arguments)?,
            signature_hash: signature_hash(arguments),
            ca_certificate_id: arguments.integer("caCertificateID"),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let denied = &code::LOGIN_DETAILS;
        values.credentials.count_call(world, denied, now)?;
        let account = values.credentials.counted_caller(world);
        check_permission(world, account, Self::NAME)?;
        check_ca_certificate(account, values.ca_certificate_id)?;
        let csr = values.csr.map_err(|error| refuse_new_csr(&error))?;
        let replacement = Replacement {
            csr,
            signature_hash: values.signature_hash,
            ca_certificate_id: values.ca_certificate_id,
        };
        let order = find_order(world, values.order_number, account, Product::CodeSigning, denied)?;
        let step = order
            .state_at(now)
            .replace_code_signing()
            .map_err(|why| refused(order, why, now))?;
        let number = order.number;
        let mut done = replace(world, number, step, replacement, false, now)?;
        if let Some((argument, email)) = values.email {
            let certified = done.order_number.unwrap_or(number);
            set_email(world, certified, argument, email, &mut done);
        }
        Ok(done)
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    order_number: &'f str,
    /// The new address and the argument that it came by; an empty one takes the old one away.
    email: Option<(&'static str, &'f str)>,
    csr: Result<Csr, CsrError>,
    signature_hash: SignatureHash,
    ca_certificate_id: Option<u64>,
}

const CONTACT_EMAIL: &str = "contactEmailAddress";
const SAN_EMAIL: &str = "sanEmailAddress";
const PKCS10: &str = "pkcs10";
const SPKAC: &str = "spkac";
const CSR: &str = "csr";

/// Gives the order the address. One that no certificate can name is not kept (assumed: the page limits its length alone).
fn set_email(world: &mut World, number: OrderNumber, argument: &str, email: &str, done: &mut Success) {
    let email = match check_mailbox(email) {
        Ok(()) => Some(email),
        Err(_) if email.is_empty() => None,
        Err(problem) => {
            let more = format!("; {argument} is not kept, since no certificate can name it: {problem}");
            done.hint.to_mut().push_str(&more);
            return;
        }
    };
    if let Some(order) = world.book_mut().get_mut(number) {
        order.email = email.map(Into::into);
    }
}

/// The one CSR that is sent.
fn csr(arguments: &Arguments<'_>) -> Result<Result<Csr, CsrError>, Refusal> {
    let mut sent = [PKCS10, SPKAC, CSR]
        .into_iter()
        .filter_map(|name| arguments.get(name).map(|text| (name, text)));
    let (name, text) = sent
        .next()
        .expect("the table demands csr if neither of the others is sent");
    if let Some((second, _)) = sent.next() {
        return Err(Refusal::invalid(
            second,
            format!("{name} has the CSR already; only one of them is taken"),
        ));
    }
    let spaces = csr_spaces(arguments);
    let csr = match name {
        SPKAC => Spkac::parse(text, spaces).map(Csr::from),
        _ => Csr::parse_with(text, spaces),
    };
    check_kept_length(&csr, name)?;
    Ok(csr)
}

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::required("orderNumber", Kind::String, "The code-signing order to replace.").max(128),
    Argument::optional(
        CONTACT_EMAIL,
        Kind::String,
        "The e-mail address that is kept with the order; empty: none; left out, or not an address: the one that it has.",
    )
    .max(255)
    .or_empty(),
    Argument::optional(
        SAN_EMAIL,
        Kind::String,
        "The older name of contactEmailAddress, which outweighs it.",
    )
    .max(255)
    .or_empty(),
    Argument::optional("privateKeyFilename", Kind::String, "Taken, and without effect.").max(255),
    Argument::conditional(
        PKCS10,
        Kind::String,
        "A PKCS#10 request, as `csr` of `!AutoReplaceSMIME`. Exactly one of pkcs10, spkac and csr is sent.",
    )
    .max(32767),
    Argument::conditional(
        SPKAC,
        Kind::String,
        "A SignedPublicKeyAndChallenge, Base64, with or without `SPKAC=` before it. Its signature is checked.",
    )
    .max(32767),
    Argument::conditional(CSR, Kind::String, "Another name of pkcs10.")
        .max(32767)
        .unless_sent(&[PKCS10, SPKAC]),
    SIGNATURE_HASH,
    CA_CERTIFICATE_ID.mark(Mark::Assumed),
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_ASSUMED,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::NEW_CSR_NOT_BASE64,
    &code::NEW_CSR_NOT_DECODED,
    &code::NEW_CSR_ALGORITHM,
    &code::NEW_CSR_SIGNATURE,
    &code::CSR_KEY_SIZE,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::ALREADY_REJECTED,
    &code::ALREADY_REVOKED,
    &code::BEING_ISSUED,
    &code::EXPIRED,
    &code::CSR_KEY_COMPROMISED,
    &code::CALL_LIMIT,
    &code::NOT_REVOCABLE,
    &code::NOT_PERMITTED,
    &code::WRONG_STATE,
];
