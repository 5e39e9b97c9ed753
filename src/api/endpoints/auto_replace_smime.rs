//! `!AutoReplaceSMIME`: replaces the CSR of an S/MIME order.
//!
//! Source: the endpoint's document; where it is silent, `docs/endpoints.md` lists what is assumed.

use crate::api::account::Account;
use crate::api::csr::{Csr, CsrError, Hash};
use crate::api::endpoints::{Done, Failure, Rules, check_permission, find_order, log_in, refused};
use crate::api::order::machine::Replacement;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, ReplaceStep, Revocation, RevocationReason, RevokeStep};
use crate::api::order::terms::SignatureHash;
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{CsrErrors, OldOrder};
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
        check_language(arguments.get("languageName"), &template_ids)?;
        Ok(Values {
            login_name: arguments.text("loginName"),
            login_password: arguments.text("loginPassword"),
            order_number: arguments.text("orderNumber"),
            csr: Csr::parse(arguments.text("csr")),
            signature_hash: signature_hash(arguments),
            ca_certificate_id: arguments.integer("caCertificateID"),
            revoke_old_order: arguments.yes("revokeOldOrder"),
            template_ids,
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Done, Failure> {
        let denied = &code::LOGIN_DETAILS;
        if log_in(world, values.login_name, values.login_password, denied)?
            .call_limit
            .is_some()
            && !world.accounts_mut().admit(values.login_name, now)
        {
            return Err(Refusal::new(&code::CALL_LIMIT, "the account is over its call limit").into());
        }
        let account = world.accounts.get(values.login_name).expect("it has just logged in");
        check_permission(account, Self::NAME)?;
        check_ca_certificate(account, values.ca_certificate_id)?;
        check_templates(account, &values.template_ids)?;
        let csr = values
            .csr
            .map_err(|error| refuse_csr(&error, world.conventions.assumptions.csr_errors))?;
        let certificate = Replacement {
            csr,
            signature_hash: values.signature_hash,
            ca_certificate_id: values.ca_certificate_id,
        };
        let order = find_order(world, values.order_number, account, Product::Smime, denied)?;
        let number = order.number;
        let weak_hash = weak_hash(&certificate);
        let mut done = match order.state_at(now).replace().map_err(|why| refused(order, why, now))? {
            ReplaceStep::InPlace => replace_in_place(world, number, certificate),
            ReplaceStep::NewOrder => {
                let mut new = order.successor(certificate, now, world.issuance_delay);
                if let Some(polls) = account.issued_after_polls {
                    new.await_polls(polls);
                }
                replace_by_new_order(world, number, new, values.revoke_old_order, now)?
            }
        };
        if let Some(hash) = weak_hash {
            let more = format!("; the CSR is signed with {hash}, with which no CA here signs: it takes SHA-2");
            done.hint.to_mut().push_str(&more);
        }
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
    template_ids: [(&'static str, Option<u64>); 3],
}

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
    Argument::optional(
        "signatureHash",
        Kind::String,
        "The hash of the certificate's signature.",
    )
    .max(64)
    .choices(SignatureHash::NAMES)
    .default("NO_PREFERENCE"),
    Argument::optional(
        "caCertificateID",
        Kind::Integer,
        "The issuing CA; only by special agreement of the account.",
    ),
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

fn check_language(language: Option<&str>, template_ids: &[(&'static str, Option<u64>)]) -> Result<(), Refusal> {
    let Some(language) = language else {
        return Ok(());
    };
    if !LANGUAGES.split(' ').any(|known| known == language) {
        return Err(Refusal::invalid(
            "languageName",
            "languageName takes the two letters of ISO 639-1, in lower case",
        ));
    }
    match template_ids.iter().find(|(_, id)| id.is_some()) {
        Some((name, _)) => Err(Refusal::invalid(
            "languageName",
            format!("languageName and {name} exclude each other"),
        )),
        None => Ok(()),
    }
}

/// Only its choices have passed the table.
fn signature_hash(arguments: &Arguments<'_>) -> SignatureHash {
    arguments
        .get("signatureHash")
        .and_then(SignatureHash::parse)
        .unwrap_or_default()
}

/// The hash that the certificate shall have of its CSR, and cannot.
fn weak_hash(certificate: &Replacement) -> Option<Hash> {
    let hash = certificate.csr.signature_hash();
    let is_wanted = certificate.signature_hash == SignatureHash::InferFromCsr;
    (is_wanted && matches!(hash, Hash::Sha1 | Hash::Sha224)).then_some(hash)
}

fn check_ca_certificate(account: &Account, id: Option<u64>) -> Result<(), Refusal> {
    let Some(id) = id else { return Ok(()) };
    if account.ca_certificate_ids.is_empty() {
        return Err(Refusal::naming(
            &code::NOT_PERMITTED,
            "caCertificateID",
            "the account has no agreement for caCertificateID (caCertificateIDs in the fixtures)",
        ));
    }
    if !account.ca_certificate_ids.contains(&id) {
        return Err(Refusal::invalid(
            "caCertificateID",
            format!("{id} is not among the account's caCertificateIDs"),
        ));
    }
    Ok(())
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

fn refuse_csr(error: &CsrError, wording: CsrErrors) -> Refusal {
    let sibling = match error {
        CsrError::UnsupportedKeySize(_) => {
            return Refusal::new(&code::CSR_KEY_SIZE, error.to_string());
        }
        CsrError::NotBase64(_) => &code::CSR_NOT_BASE64,
        CsrError::NotPkcs10(_) => &code::CSR_NOT_DECODED,
        CsrError::UnsupportedAlgorithm(_) => &code::CSR_ALGORITHM,
        CsrError::BadSignature => &code::CSR_SIGNATURE,
    };
    match wording {
        CsrErrors::Documented => Refusal::invalid("csr", error.to_string()),
        CsrErrors::Sibling => Refusal::new(sibling, error.to_string()),
    }
}

fn replace_in_place(world: &mut World, number: OrderNumber, certificate: Replacement) -> Done {
    if let Some(order) = world.book_mut().get_mut(number) {
        order.replace_in_place(certificate);
    }
    Done {
        hint: format!("order {number} was not issued yet: its CSR was replaced in place").into(),
        ..Done::default()
    }
}

fn replace_by_new_order(
    world: &mut World,
    old_number: OrderNumber,
    new: Order,
    revoke_old_order: bool,
    now: Timestamp,
) -> Result<Done, Failure> {
    let new_number = world.book_mut().insert_new(new)?;
    let (step, left_behind) = match (revoke_old_order, world.conventions.assumptions.old_order) {
        (true, _) => (Some(RevokeStep::Revoke), "revoked"),
        (false, OldOrder::Replaced) => (Some(RevokeStep::Replace), "replaced"),
        (false, OldOrder::Issued) => (None, "issued"),
    };
    if let (Some(step), Some(old)) = (step, world.book_mut().get_mut(old_number)) {
        old.take(
            step,
            Revocation {
                at: now,
                reason: RevocationReason::Superseded,
                comment: "".into(),
            },
        );
    }
    Ok(Done {
        order_number: Some(new_number),
        hint: format!("order {new_number} was made; order {old_number} is now {left_behind}").into(),
        ..Done::default()
    })
}
