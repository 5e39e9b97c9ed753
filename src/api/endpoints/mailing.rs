//! The mails about S/MIME orders: what the endpoints that have them sent have in common.
//!
//! Nothing is sent: the mails are kept in the outbox of the sandbox. Which ones are sent when is assumed.

use crate::api::account::Account;
use crate::api::order::book::LifecycleChange;
use crate::api::order::lifecycle::Lifecycle;
use crate::api::order::mailing::{MailKind, Mailing, language};
use crate::api::order::outbox::Mail;
use crate::api::order::product::Product;
use crate::api::order::state::{OrderNumber, Stage};
use crate::api::protocol::argument::Arguments;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) const LANGUAGE_NAME: &str = "languageName";

/// Reads what the mails shall be written with: a language, or templates.
pub(super) fn read(arguments: &Arguments<'_>) -> Result<Mailing, Refusal> {
    let templates = Mailing::TEMPLATES.map(|name| arguments.integer(name));
    let Some(letters) = arguments.get(LANGUAGE_NAME) else {
        return Ok(Mailing {
            language: None,
            templates,
        });
    };
    let language = language(letters).ok_or_else(|| {
        Refusal::invalid(
            LANGUAGE_NAME,
            "languageName takes the two letters of ISO 639-1, in lower case",
        )
    })?;
    match Mailing::TEMPLATES.iter().zip(templates).find(|(_, id)| id.is_some()) {
        Some((name, _)) => Err(Refusal::invalid(
            LANGUAGE_NAME,
            format!("languageName and {name} exclude each other"),
        )),
        None => Ok(Mailing {
            language: Some(language),
            templates,
        }),
    }
}

/// Whether the templates are the account's (-4).
pub(super) fn check_templates(account: &Account, mailing: &Mailing) -> Result<(), Refusal> {
    for (name, id) in Mailing::TEMPLATES.into_iter().zip(mailing.templates) {
        if id.is_some_and(|id| !account.template_ids.contains(&id)) {
            return Err(Refusal::invalid(name, "it is not among the account's templateIDs"));
        }
    }
    Ok(())
}

/// Sends mails of these kinds about an order at that time, to its address.
pub(super) fn send(kinds: &[MailKind], number: OrderNumber, time: Timestamp, world: &mut World) {
    for kind in kinds {
        let order = world.book.get(number).expect("it was found in the same world");
        let mail = Mail {
            time,
            kind: *kind,
            to: order.email_address().into(),
            order_number: number,
            wording: order.wording(*kind),
        };
        world.outbox_mut().keep(mail);
    }
}

/// Sends the mail about the certificate of an order that has just been issued by the last of its polls: the one that was to
/// be sent when it is due, if it has a due time too.
pub(super) fn announce_issuance(number: OrderNumber, world: &mut World, now: Timestamp) {
    if !world.outbox_mut().bring_forward(number, now) {
        send(&[MailKind::Collection], number, now, world);
    }
}

/// Has the mails about certificates that are still to be sent follow what was done to their orders: they come when the orders
/// are issued now, and not at all if they no longer will be. What was sent stays sent.
pub(crate) fn follow(changes: &[LifecycleChange], world: &mut World, now: Timestamp) {
    for LifecycleChange { number, after, .. } in changes {
        let Some(to_come) = world.outbox.to_come(*number, now) else {
            continue;
        };
        // Of one that is issued by polls, `announce_issuance` sends the mail then.
        let issued = after.and_then(Lifecycle::issued).map(|issued| issued.max(now));
        if issued == Some(to_come) {
            continue;
        }
        world.outbox_mut().call_off(*number, now);
        if let Some(time) = issued {
            send(&[MailKind::Collection], *number, time, world);
        }
    }
}

/// Sends the mails about an S/MIME order that has just been paid for, or was given its CSR: those about the CSR that it
/// still needs, or the one about its certificate, when it is due. [`announce_issuance`] tells of one that is issued by polls.
pub(super) fn announce(number: OrderNumber, world: &mut World, now: Timestamp) {
    let order = world.book.get(number).expect("it was found in the same world");
    if order.product != Product::Smime {
        return;
    }
    match order.stage {
        Stage::Pending if order.needs_csr() => {
            send(&[MailKind::Verification, MailKind::Invitation], number, now, world)
        }
        Stage::BeingIssued(Some(validity)) | Stage::Issued(validity) => {
            send(&[MailKind::Collection], number, validity.issued, world);
        }
        Stage::Pending
        | Stage::BeingIssued(None)
        | Stage::Replaced(_)
        | Stage::Revoked(_)
        | Stage::Rejected
        | Stage::OnHold
        | Stage::Unpaid => {}
    }
}
