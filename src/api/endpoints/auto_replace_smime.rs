//! `!AutoReplaceSMIME`: replaces the CSR of an S/MIME order.
//!
//! Source: the endpoint's document; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::account::Account;
use crate::api::csr::{Csr, CsrError};
use crate::api::endpoints::replacing::{
    CA_CERTIFICATE_ID, SIGNATURE_HASH, check_ca_certificate, refuse_csr, replace, signature_hash,
};
use crate::api::endpoints::{
    Done, Failure, Rules, check_permission, count_call, counted_caller, csr_spaces, find_order, refused,
};
use crate::api::order::machine::Replacement;
use crate::api::order::outbox::{DEFAULT_LANGUAGE, Mail, MailKind, Wording};
use crate::api::order::product::Product;
use crate::api::order::state::{OrderNumber, ReplaceStep};
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
        let template_ids = TEMPLATES.map(|name| (name, arguments.integer(name)));
        let language = language(arguments.get("languageName"), &template_ids)?;
        Ok(Values {
            login_name: arguments.text("loginName"),
            login_password: arguments.text("loginPassword"),
            order_number: arguments.text("orderNumber"),
            csr: Csr::parse_with(arguments.text("csr"), csr_spaces(arguments)),
            signature_hash: signature_hash(arguments),
            ca_certificate_id: arguments.integer("caCertificateID"),
            revoke_old_order: arguments.yes("revokeOldOrder"),
            mails: Mails { language, template_ids },
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Done, Failure> {
        let denied = &code::LOGIN_DETAILS;
        count_call(world, values.login_name, values.login_password, denied, now)?;
        let account = counted_caller(world, values.login_name);
        check_permission(world, account, Self::NAME)?;
        check_ca_certificate(account, values.ca_certificate_id)?;
        check_templates(account, &values.mails.template_ids)?;
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
        values.mails.send(step, done.order_number.unwrap_or(number), world, now);
        Ok(done)
    }
}

pub(super) struct Values<'f> {
    login_name: &'f str,
    login_password: &'f str,
    order_number: &'f str,
    csr: Result<Csr, CsrError>,
    signature_hash: SignatureHash,
    ca_certificate_id: Option<u64>,
    revoke_old_order: bool,
    mails: Mails,
}

/// What the mails about the replacement are written with.
struct Mails {
    language: &'static str,
    template_ids: [(&'static str, Option<u64>); 3],
}

impl Mails {
    /// Keeps the mails that are sent about an order after that step. Which ones are sent is assumed: before it is issued,
    /// those about the new request; then the one about the new certificate, when it is issued.
    fn send(&self, step: ReplaceStep, number: OrderNumber, world: &mut World, now: Timestamp) {
        let order = world.book.get(number).expect("it was just put there");
        let (to, issued) = (order.email_address().into_owned(), order.validity());
        let (time, kinds): (_, &[_]) = match step {
            ReplaceStep::InPlace => (now, &[MailKind::Verification, MailKind::Invitation]),
            ReplaceStep::NewOrder => (issued.map_or(now, |validity| validity.issued), &[MailKind::Collection]),
        };
        for kind in kinds {
            world.outbox_mut().keep(Mail {
                time,
                kind: *kind,
                to: to.as_str().into(),
                order_number: number,
                wording: self.wording(*kind),
            });
        }
    }

    fn wording(&self, kind: MailKind) -> Wording {
        let template = match kind {
            MailKind::Verification => self.template_ids[0].1,
            MailKind::Invitation => self.template_ids[1].1,
            MailKind::Collection => self.template_ids[2].1,
        };
        template.map_or(Wording::Language(self.language), Wording::Template)
    }
}

/// The arguments about templates: of mails that verify, that invite, and that tell of a collection.
const TEMPLATES: [&str; 3] = [
    "SMIMEVerificationTemplateID",
    "SMIMERequestTemplateID",
    "SMIMECollectionTemplateID",
];

const ARGUMENTS: &[Argument] = &[
    Argument::required("loginName", Kind::String, "The account's username. Case sensitive.").max(64),
    Argument::required("loginPassword", Kind::String, "The account's password. Case sensitive.").max(128),
    Argument::required("orderNumber", Kind::String, "The S/MIME order to replace.").max(128),
    Argument::required(
        "csr",
        Kind::String,
        "The PKCS#10 request, Base64, with or without BEGIN and END lines, whatever their label.",
    )
    .max(32767),
    SIGNATURE_HASH,
    CA_CERTIFICATE_ID,
    Argument::optional(
        "revokeOldOrder",
        Kind::Char,
        "Y: revoke the certificate that is replaced. Only meaningful where it was issued.",
    )
    .max(1)
    .choices(&["Y", "N"])
    .default("N")
    .mark(Mark::Assumed),
    Argument::optional(
        RESPONSE_FORMAT,
        Kind::Integer,
        "0 lines of text, 1 URL-encoded, 2 JSON.",
    )
    .choices(RESPONSE_FORMATS)
    .default("0"),
    Argument::conditional(
        "languageName",
        Kind::String,
        "The language of e-mails, ISO 639-1 in lower case; English if left out. Not together with a template id.",
    )
    .max(2)
    .mark(Mark::Assumed),
    Argument::optional(
        TEMPLATES[0],
        Kind::Integer,
        "A verification e-mail template of the account.",
    ),
    Argument::optional(TEMPLATES[1], Kind::Integer, "A request e-mail template of the account."),
    Argument::optional(
        TEMPLATES[2],
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

/// The two-letter codes of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr \
    ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl \
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// The language that is asked for, which no template may be asked for together with.
fn language(language: Option<&str>, template_ids: &[(&'static str, Option<u64>)]) -> Result<&'static str, Refusal> {
    let Some(language) = language else {
        return Ok(DEFAULT_LANGUAGE);
    };
    let known = LANGUAGES.split(' ').find(|known| *known == language).ok_or_else(|| {
        Refusal::invalid(
            "languageName",
            "languageName takes the two letters of ISO 639-1, in lower case",
        )
    })?;
    match template_ids.iter().find(|(_, id)| id.is_some()) {
        Some((name, _)) => Err(Refusal::invalid(
            "languageName",
            format!("languageName and {name} exclude each other"),
        )),
        None => Ok(known),
    }
}

fn check_templates(account: &Account, template_ids: &[(&'static str, Option<u64>)]) -> Result<(), Refusal> {
    for (name, id) in template_ids {
        if let Some(id) = id.filter(|id| !account.template_ids.contains(id)) {
            return Err(Refusal::invalid(
                name,
                format!("{id} is not among the account's templateIDs"),
            ));
        }
    }
    Ok(())
}
