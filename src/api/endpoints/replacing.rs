//! What the endpoints that replace have in common: the arguments about the new certificate, how a bad CSR is refused, and what
//! becomes of the order.

use crate::api::account::Account;
use crate::api::csr::{Csr, CsrError, Hash};
use crate::api::endpoints::{Failure, Success, await_polls, refuse_new_csr};
use crate::api::order::machine::Replacement;
use crate::api::order::state::{OrderNumber, ReplaceStep, Revocation, RevocationReason, RevokeStep};
use crate::api::order::terms::SignatureHash;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{CsrErrors, OldOrder};
use crate::api::protocol::code;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) const SIGNATURE_HASH: Argument = Argument::optional(
    "signatureHash",
    Kind::String,
    "The hash of the certificate's signature.",
)
.max(64)
.choices(SignatureHash::NAMES)
.default("NO_PREFERENCE");

pub(super) const CA_CERTIFICATE_ID: Argument = Argument::optional(
    "caCertificateID",
    Kind::Integer,
    "The issuing CA; only by special agreement of the account.",
);

/// Only its choices have passed the table.
pub(super) fn signature_hash(arguments: &Arguments<'_>) -> SignatureHash {
    arguments
        .get("signatureHash")
        .and_then(SignatureHash::parse)
        .unwrap_or_default()
}

/// Whether the account may choose that CA (-91, -4).
pub(super) fn check_ca_certificate(account: &Account, id: Option<u64>) -> Result<(), Refusal> {
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
            "it is not among the account's caCertificateIDs",
        ));
    }
    Ok(())
}

/// Whether the CSR that came by that argument can be kept: a SPKAC may get longer by what stands before it (-4).
pub(super) fn check_kept_length(csr: &Result<Csr, CsrError>, argument: &'static str) -> Result<(), Refusal> {
    match csr {
        Ok(csr) if csr.to_base64().len() > Csr::MAX_TEXT => {
            Err(Refusal::invalid(argument, "the SPKAC is too long to be kept"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What is answered to a CSR that is not accepted.
pub(super) fn refuse_csr(error: &CsrError, wording: CsrErrors) -> Refusal {
    match (wording, error) {
        (CsrErrors::Documented, CsrError::UnsupportedKeySize(_)) | (CsrErrors::Sibling, _) => refuse_new_csr(error),
        (CsrErrors::Documented, _) => Refusal::invalid("csr", error.to_string()),
    }
}

/// Takes the step that the order's state allows.
pub(super) fn replace(
    world: &mut World,
    number: OrderNumber,
    step: ReplaceStep,
    replacement: Replacement,
    revoke_old_order: bool,
    now: Timestamp,
) -> Result<Success, Failure> {
    let weak_hash = weak_hash(&replacement);
    let mut done = match step {
        ReplaceStep::InPlace => replace_in_place(world, number, replacement)?,
        ReplaceStep::NewOrder => replace_by_new_order(world, number, replacement, revoke_old_order, now)?,
    };
    if let Some(hash) = weak_hash {
        let more = format!("; the CSR is signed with {hash}, with which no CA here signs: it takes SHA-2");
        done.hint.to_mut().push_str(&more);
    }
    Ok(done)
}

/// The hash that the certificate shall have of its CSR, and cannot.
fn weak_hash(replacement: &Replacement) -> Option<Hash> {
    let hash = replacement.csr.signature_hash();
    let is_wanted = replacement.signature_hash == SignatureHash::InferFromCsr;
    (is_wanted && matches!(hash, Hash::Md5 | Hash::Sha1 | Hash::Sha224)).then_some(hash)
}

fn replace_in_place(world: &mut World, number: OrderNumber, replacement: Replacement) -> Result<Success, Failure> {
    world.book.check_csr(number, &replacement.csr)?;
    if let Some(order) = world.book_mut().get_mut(number) {
        order.replace_in_place(replacement);
    }
    Ok(Success {
        hint: format!("order {number} was not issued yet: its CSR was replaced in place").into(),
        ..Success::default()
    })
}

fn replace_by_new_order(
    world: &mut World,
    old_number: OrderNumber,
    replacement: Replacement,
    revoke_old_order: bool,
    now: Timestamp,
) -> Result<Success, Failure> {
    let old = world.book.get(old_number).expect("it was found in the same world");
    let new = old.successor(replacement, now, world.issuance_delay);
    let new_number = world.book_mut().insert_new(new)?;
    await_polls(world, new_number);
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
    Ok(Success {
        order_number: Some(new_number),
        hint: format!("order {new_number} was made; order {old_number} is now {left_behind}").into(),
        ..Success::default()
    })
}
