//! What a call may change, by its endpoint.

use super::seen::Seen;
use crate::api::endpoints::{Answer, Endpoint};
use crate::api::order::mailing::MailKind;
use crate::api::order::outbox::Mail;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Stage, State};
use crate::clock::Timestamp;

/// Compares what a call about that order has answered with what there was before and after it.
pub(super) fn check_call(
    endpoint: &'static Endpoint,
    number: OrderNumber,
    arguments: &[(&'static str, String)],
    answer: &Answer,
    [before, after]: [&Seen; 2],
) {
    let told = format!("{} {arguments:?}: {}", endpoint.name, answer.hint);
    let made: Vec<_> = after
        .orders
        .keys()
        .filter(|number| !before.orders.contains_key(number))
        .collect();
    let code = match answer.code {
        Some(code) => code,
        None => {
            assert_eq!((answer.status, before.orders.len()), (503, super::MAX_ORDERS), "{told}");
            -1
        }
    };
    if code < 0 {
        assert_eq!(before.orders, after.orders, "{told}");
        assert_eq!(before.mails, after.mails, "{told}");
        let is_listed = answer.code.is_none() || endpoint.code(code).is_some();
        return assert!(is_listed, "{code} is not among the codes of {told}");
    }
    let is_test = arguments.contains(&("test", "Y".to_owned()));
    if is_test && endpoint.name != "!AutoApplyOrder" {
        assert_eq!((&before.orders, &before.mails), (&after.orders, &after.mails), "{told}");
        return;
    }
    assert!(made.len() <= usize::from(makes_orders(endpoint)), "{told}");
    for (other, old) in &before.orders {
        let new = after.orders.get(other);
        let new = new.unwrap_or_else(|| panic!("{told}: order {other} is gone"));
        assert!(
            *other == number && endpoint.name != "!AutoApplyOrder" || old == new,
            "{told}: {old:?}"
        );
    }
    let [old, new] = [&before.orders[&number], &after.orders[&number]];
    check_step(endpoint, [old, new], before.now, &told);
    check_mailed(endpoint, old, before.now, &told);
    if before.serial(number).is_some() {
        assert_eq!(before.serial(number), after.serial(number), "{told}");
    }
    if let [made] = made[..] {
        check_made(endpoint, &after.orders[made], old, after.now, &told);
    }
    check_mails(endpoint, number, made.first().copied(), [before, after], &told);
}

/// Compares the mails with what follows from a call about that order, which may have made another.
fn check_mails(
    endpoint: &'static Endpoint,
    number: OrderNumber,
    made: Option<&OrderNumber>,
    [before, after]: [&Seen; 2],
    told: &str,
) {
    let [old, new] = [&before.orders[&number], &after.orders[&number]];
    // A poll that issues an order sooner than it was due has its mail sent sooner.
    let [was, is] = [old.state_at(before.now), new.state_at(after.now)];
    let is_issued_by_poll = was != State::Issued && is == State::Issued && collects(endpoint);
    let is_later =
        |mail: &Mail| mail.order_number == number && mail.kind == MailKind::Collection && mail.time > after.now;
    let has_later = is_issued_by_poll && before.mails.iter().any(|(_, mail)| is_later(mail));
    let (followed, moved) = follow(&before.mails, old, Some(new), after.now);
    let (stay, moved) = match is_issued_by_poll {
        true => (&before.mails, None),
        false => (&followed, moved),
    };
    let kept: Vec<_> = stay
        .iter()
        .map(|(id, mail)| match is_issued_by_poll && is_later(mail) {
            true => (
                *id,
                Mail {
                    time: after.now,
                    ..mail.clone()
                },
            ),
            false => (*id, mail.clone()),
        })
        .collect();
    let sent = &after.mails[kept.len()..];
    assert_eq!(kept[..], after.mails[..kept.len()], "{told}");
    let sent: Vec<_> = sent
        .iter()
        .map(|(_, mail)| (mail.kind, mail.order_number, mail.time, &*mail.to))
        .collect();
    let about = made.map_or(new, |made| &after.orders[made]);
    let to = about.email_address();
    let own_address = new.email_address();
    let moved = moved.map(|time| (MailKind::Collection, number, time, &*own_address));
    let expected: Vec<_> = mails(endpoint, old, about, made.is_none(), after.now)
        .into_iter()
        .filter(|_| !has_later)
        .map(|(kind, time)| (kind, about.number, time, &*to))
        .chain(moved)
        .collect();
    assert_eq!(sent, expected, "{told}");
}

/// What stays of the mails when an order has become the new one, or is gone, at that time; and when the one that was to come
/// is sent instead, if it is another time.
pub(super) fn follow(
    mails: &[(u64, Mail)],
    old: &Order,
    new: Option<&Order>,
    now: Timestamp,
) -> (Vec<(u64, Mail)>, Option<Timestamp>) {
    let number = old.number;
    let lifecycle = new.map(Order::lifecycle);
    if lifecycle == Some(old.lifecycle()) {
        return (mails.to_vec(), None);
    }
    // Said once more than `Lifecycle::issued` does, so that the test does not take the program's word for it.
    let issued = lifecycle.and_then(|lifecycle| match lifecycle.stage {
        Stage::BeingIssued(Some(validity)) if !lifecycle.fails => Some(validity.issued.max(now)),
        Stage::Issued(validity) => Some(validity.issued.max(now)),
        Stage::BeingIssued(_)
        | Stage::Pending
        | Stage::Replaced(_)
        | Stage::Revoked(_)
        | Stage::Rejected
        | Stage::OnHold
        | Stage::Unpaid => None,
    });
    let is_to_come = |mail: &Mail| mail.order_number == number && mail.kind == MailKind::Collection && mail.time > now;
    let goes = |mail: &Mail| is_to_come(mail) && issued != Some(mail.time);
    let stay = mails.iter().filter(|(_, mail)| !goes(mail)).cloned().collect();
    (stay, issued.filter(|_| mails.iter().any(|(_, mail)| goes(mail))))
}

fn collects(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.name,
        "download/RequestAndCollectSMIME" | "download/CollectSMIME" | "download/CollectSSL"
    )
}

fn makes_orders(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.name,
        "!AutoApplyOrder" | "!AutoReplaceSMIME" | "!AutoReplaceCS"
    )
}

/// Whether the endpoint may bring an order from the one state into the other.
fn check_step(endpoint: &Endpoint, [old, new]: [&Order; 2], now: Timestamp, told: &str) {
    use State::{BeingIssued, Issued, Pending, Rejected, Replaced, Revoked, Unpaid};
    let states = (old.state_at(now), new.state_at(now));
    if states.0 == states.1 {
        // Only what is not issued yet can get another CSR, or wait for one poll less.
        assert!(
            old == new || matches!(states.0, Pending | BeingIssued),
            "{told}: {old:?} {new:?}"
        );
        return;
    }
    let is_allowed = match endpoint.name {
        "!AutoAuthorize" => matches!(states, (Unpaid, Pending | BeingIssued | Issued)),
        "!AutoReject" => matches!(states, (Unpaid | Pending, Rejected)),
        "!AutoReplaceSMIME" => matches!(states, (Issued, Replaced | Revoked)),
        "!AutoReplaceCS" => matches!(states, (Issued, Replaced)),
        "!autoRevokeCS" | "!autoRevokeCertificate" => matches!(
            states,
            (Unpaid | Pending, Rejected) | (Issued, Replaced | Revoked) | (Replaced, Revoked)
        ),
        "download/RequestAndCollectSMIME" => {
            matches!(states, (Pending, BeingIssued | Issued) | (BeingIssued, Issued))
        }
        "download/CollectSMIME" | "download/CollectSSL" => matches!(states, (BeingIssued, Issued)),
        _ => false,
    };
    assert!(is_allowed, "{told}: {} to {}", states.0, states.1);
    if states.0.has_certificate() {
        assert_eq!(old.validity(), new.validity(), "{told}");
    }
}

/// Whether the order is in a state about which the endpoint sends a mail again.
fn check_mailed(endpoint: &Endpoint, order: &Order, now: Timestamp, told: &str) {
    let state = order.state_at(now);
    let is_right = match endpoint.name {
        "!ResendCollectionEmailSMIME" => state == State::Issued,
        "!ResendVerificationEmailSMIME" => state == State::Pending,
        "!ResendInvitationEmailSMIME" => state == State::Pending && order.csr.is_none(),
        _ => true,
    };
    assert!(is_right, "{told}: {state}");
}

/// Whether a new order is as one of that endpoint must be.
fn check_made(endpoint: &Endpoint, made: &Order, old: &Order, now: Timestamp, told: &str) {
    let state = made.state_at(now);
    if endpoint.name == "!AutoApplyOrder" {
        let is_new = matches!(
            state,
            State::Unpaid | State::Pending | State::BeingIssued | State::Issued
        );
        return assert!(
            is_new && (state == State::Unpaid || made.needs_csr() == (state == State::Pending)),
            "{told}: {made:?}"
        );
    }
    assert!(matches!(state, State::BeingIssued | State::Issued), "{told}: {made:?}");
    assert_eq!(
        (made.product, &made.login_name),
        (old.product, &old.login_name),
        "{told}"
    );
    if let Some(validity) = made.validity() {
        assert!(
            validity.expires >= old.validity().map_or(now, |old| old.expires),
            "{told}"
        );
    }
}

/// The mails that a call enters that was done, each with its time.
fn mails(
    endpoint: &Endpoint,
    old: &Order,
    about: &Order,
    is_in_place: bool,
    now: Timestamp,
) -> Vec<(MailKind, Timestamp)> {
    let issued = about.validity().map(|validity| validity.issued);
    match endpoint.name {
        "!ResendCollectionEmailSMIME" => vec![(MailKind::Collection, now)],
        "!ResendVerificationEmailSMIME" => vec![(MailKind::Verification, now)],
        "!ResendInvitationEmailSMIME" => vec![(MailKind::Invitation, now)],
        _ if about.product != Product::Smime => vec![],
        "!AutoReplaceSMIME" if is_in_place => vec![(MailKind::Verification, now), (MailKind::Invitation, now)],
        "!AutoApplyOrder" | "!AutoAuthorize" if about.stage == Stage::Pending && about.csr.is_none() => {
            vec![(MailKind::Verification, now), (MailKind::Invitation, now)]
        }
        "!AutoReplaceSMIME" | "!AutoApplyOrder" | "!AutoAuthorize" => issued
            .map(|issued| (MailKind::Collection, issued))
            .into_iter()
            .collect(),
        // They may have it issued, or it was waited for its polls.
        "download/RequestAndCollectSMIME" | "download/CollectSMIME" if old.stage != about.stage => issued
            .map(|issued| (MailKind::Collection, issued.max(now)))
            .into_iter()
            .collect(),
        _ => vec![],
    }
}
