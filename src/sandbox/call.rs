//! A call of an endpoint as it comes to its sandbox, and what of it is read once for the fault, the log line and the journal.

use std::borrow::Cow;

use bytes::Bytes;
use tracing::{info, warn};

use crate::api::account::LoginName;
use crate::api::endpoints::{Answer, Endpoint, Transport};
use crate::api::fault::{MetFault, Names};
use crate::api::order::book::Book;
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::argument::{Arguments, ORDER_NUMBER};
use crate::api::protocol::code::{LOGIN_DETAILS, MISSING_ARGUMENT};
use crate::api::protocol::form::Form;
use crate::api::world::World;
use crate::clock::{Stopwatch, Timestamp};
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::sandbox::journal::{ArgumentsToMask, Caller, Entry, KeptForm, Subject};
use crate::sandbox::{Sandbox, push};

/// The target of the log line that each call leaves.
pub(crate) const LOG: &str = "sectigo_emulator::call";

/// A call as it comes to its sandbox.
#[derive(Debug)]
pub(crate) struct IncomingCall<'f> {
    /// The endpoint that it calls.
    pub(crate) endpoint: &'static Endpoint,
    /// How it came.
    pub(crate) transport: Transport,
    /// Its arguments.
    pub(crate) form: &'f Form<'f>,
    /// What is odd about its body.
    pub(crate) oddity: Option<String>,
    /// Whether the sandbox is not named by the path but claims the loginName.
    pub(crate) is_claimed: bool,
    /// Runs since the call came.
    pub(crate) watch: Stopwatch,
}

impl<'f> IncomingCall<'f> {
    /// A call that the emulator makes itself: it comes now, and nothing about its body or its sandbox is odd.
    pub(crate) fn of_emulator(endpoint: &'static Endpoint, transport: Transport, form: &'f Form<'f>) -> Self {
        Self {
            endpoint,
            transport,
            form,
            oddity: None,
            is_claimed: false,
            watch: Stopwatch::start(),
        }
    }
}

/// What a call names, before anybody knows whether it may be shown.
#[derive(Debug)]
pub(crate) struct CallNames<'f> {
    /// The loginName that counts: as much of it as tells it from every name that there can be.
    pub(crate) login_name: Option<Cow<'f, str>>,
    /// The orderNumber that counts, if it is one.
    order_number: Option<SentOrderNumber<'f>>,
    /// The certificateID in the place of an orderNumber.
    certificate_id: Option<CertificateId>,
}

impl<'f> CallNames<'f> {
    /// Reads them from arguments of which nothing was checked.
    pub(crate) fn read(arguments: &Arguments<'f>) -> Self {
        let order_number = SentOrderNumber::read(arguments);
        let certificate_id = match order_number {
            Some(_) => None,
            None => arguments
                .sent("certificateID")
                .and_then(|sent| CertificateId::parse(std::str::from_utf8(sent).ok()?)),
        };
        Self {
            login_name: arguments.sent("loginName").map(login_name),
            order_number,
            certificate_id,
        }
    }

    /// What faults look at: the order is that of the orderNumber, or has the certificate of the certificateID.
    pub(crate) fn for_faults(&self, book: &Book) -> Names<'_> {
        let numbered = self.order_number.map(|sent| sent.number);
        Names {
            login_name: self.login_name.as_deref(),
            order_number: numbered.or_else(|| self.certified(book)),
        }
    }

    /// The order that has the certificate of the certificateID.
    fn certified(&self, book: &Book) -> Option<OrderNumber> {
        let order = book.by_certificate_id(self.certificate_id?)?;
        Some(order.number)
    }
}

/// An orderNumber, in the ways in which it may be a password that was put in the wrong place.
#[derive(Clone, Copy, Debug)]
struct SentOrderNumber<'f> {
    number: OrderNumber,
    /// How it was sent.
    sent: &'f str,
    /// Its digits alone.
    digits: &'f str,
}

impl<'f> SentOrderNumber<'f> {
    fn read(arguments: &Arguments<'f>) -> Option<Self> {
        let sent = std::str::from_utf8(arguments.sent(ORDER_NUMBER)?).ok()?;
        let digits = arguments.plain_number(sent);
        let number = OrderNumber::parse(digits)?;
        Some(Self { number, sent, digits })
    }

    /// Whether it may be shown: it is that of an order, or at least no password in the wrong place.
    fn may_be_shown(&self, world: &World) -> bool {
        let is_password = |text| world.accounts.is_password(text);
        world.book.get(self.number).is_some() || !is_password(self.sent) && !is_password(self.digits)
    }
}

/// A loginName as it was sent; of one that is too long, one character more than a loginName can have.
fn login_name(sent: &[u8]) -> Cow<'_, str> {
    const MAX: usize = LoginName::MAX + 1;
    if sent.len() <= MAX
        && let Ok(text) = std::str::from_utf8(sent)
    {
        return Cow::Borrowed(text);
    }
    // A character has four bytes at most, so the rest need not be looked at.
    match String::from_utf8_lossy(&sent[..sent.len().min(4 * MAX)]) {
        Cow::Borrowed(text) => match text.char_indices().nth(MAX) {
            Some((end, _)) => Cow::Borrowed(&text[..end]),
            None => Cow::Borrowed(text),
        },
        Cow::Owned(text) => Cow::Owned(text.chars().take(MAX).collect()),
    }
}

/// The entry of the journal for a call, as far as it is known before the call is answered. It has only what may be shown: a
/// form that was put together wrongly may have a password in any place.
#[derive(Debug)]
pub(crate) struct EntryDraft {
    /// When it came, by the sandbox's clock.
    pub(crate) time: Timestamp,
    /// When it came.
    pub(crate) real_time: Timestamp,
    caller: Caller,
    order_number: Option<OrderNumber>,
    to_mask: ArgumentsToMask,
}

impl EntryDraft {
    /// The draft for a call of these names, which came at that time.
    pub(crate) fn of(
        names: &CallNames<'_>,
        form: &Form<'_>,
        world: &World,
        time: Timestamp,
        real_time: Timestamp,
    ) -> Self {
        let accounts = &world.accounts;
        let numbered = names.order_number.filter(|sent| sent.may_be_shown(world));
        Self {
            time,
            real_time,
            caller: Caller::of(names.login_name.as_deref(), accounts),
            order_number: numbered
                .map(|sent| sent.number)
                .or_else(|| names.certified(&world.book)),
            to_mask: ArgumentsToMask::find(form, accounts),
        }
    }

    /// The whole entry, from which the log line is made as well.
    pub(crate) fn complete(
        self,
        incoming: &IncomingCall<'_>,
        answer: &mut Answer,
        met: Option<&MetFault>,
        sandbox: &Sandbox,
    ) -> Entry {
        explain(answer, incoming, met, &sandbox.name);
        let form = if sandbox.journal.is_kept() {
            KeptForm::new(incoming.form, incoming.endpoint, self.to_mask)
        } else {
            KeptForm::default()
        };
        Entry {
            id: 0,
            time: self.time,
            real_time: self.real_time,
            subject: Subject::Call(incoming.endpoint, incoming.transport, form),
            caller: self.caller,
            order_number: self.order_number,
            status: answer.status,
            code: answer.code,
            reply: answer.kept_body.take().unwrap_or_else(|| Bytes::clone(&answer.body)),
            took_us: incoming.watch.elapsed_micros(),
            fault: met.map(|met| met.id),
            hint: std::mem::take(&mut answer.hint),
        }
    }
}

/// Completes the hint by what the API itself does not know.
fn explain(answer: &mut Answer, incoming: &IncomingCall<'_>, met: Option<&MetFault>, sandbox: &str) {
    match (&incoming.oddity, answer.code) {
        (None, _) | (_, None) => {}
        // What is odd about a body explains why an argument is missing; of other answers it is only worth mentioning.
        (Some(oddity), Some(code)) if code == MISSING_ARGUMENT.number => answer.hint = oddity.clone().into(),
        (Some(oddity), Some(_)) => answer.explain(oddity),
    }
    if incoming.is_claimed && answer.code == Some(LOGIN_DETAILS.number) {
        answer.explain(&format!(
            "the sandbox `{sandbox}` claims this loginName, so its account must be in that sandbox, not in the default one"
        ));
    }
    if let Some(done) = met.and_then(|met| met.then.done_to_reply()) {
        answer.explain(&done);
    }
}

/// Logs one line for a call.
pub(crate) fn log(entry: &Entry, sandbox: &str, is_worth_a_warning: bool) {
    let sandbox = Some(sandbox).filter(|name| *name != DEFAULT_SANDBOX);
    let endpoint = entry.subject.name();
    let login = entry.caller.account().map(LoginName::as_str);
    let order = entry.order_number.map(OrderNumber::get);
    let status = Some(entry.status).filter(|status| *status != 200);
    let (code, fault, took_us, hint) = (entry.code, entry.fault, entry.took_us, &*entry.hint);
    if is_worth_a_warning {
        warn!(target: LOG, sandbox, endpoint, login, order, status, took_us, hint);
    } else {
        info!(target: LOG, sandbox, endpoint, login, order, code, status, took_us, fault, hint);
    }
}

/// Logs one line for a try to send a push.
pub(crate) fn log_push(entry: &Entry, sandbox: &str) {
    let sandbox = Some(sandbox).filter(|name| *name != DEFAULT_SANDBOX);
    let login = entry.caller.account().map(LoginName::as_str);
    let order = entry.order_number.map(OrderNumber::get);
    let status = Some(entry.status).filter(|status| *status != 0);
    let (code, took_us, hint) = (entry.code, entry.took_us, &*entry.hint);
    info!(target: push::LOG, sandbox, login, order, code, status, took_us, hint);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_cut_by_characters() {
        let long = "é".repeat(100);
        for (sent, expected) in [
            (&b"jane"[..], "jane".to_owned()),
            (b"a\xFFc", "a\u{FFFD}c".to_owned()),
            (long.as_bytes(), "é".repeat(65)),
        ] {
            assert_eq!(login_name(sent), expected);
        }
    }
}
