//! The endpoints: one file each, with its table and its function.
//!
//! To add one, write its file after the model of `auto_revoke_cs.rs`, name it in a `mod` line and in [`ENDPOINTS`]. The table is all the
//! documentation there is: the checks, `docs/endpoints.md`, the catalogue and the messages come from it.

mod auto_apply_order;
mod auto_authorize;
mod auto_reject;
mod auto_replace_cs;
mod auto_replace_smime;
mod auto_revoke_certificate;
mod auto_revoke_cs;
pub(crate) mod catalogue;
mod collect_smime;
mod collect_ssl;
pub(crate) mod collecting;
mod credentials;
mod deciding;
pub(crate) mod mailing;
pub(crate) mod next;
mod replacing;
mod request_and_collect_smime;
mod resend_collection_email_smime;
mod resend_invitation_email_smime;
mod resend_verification_email_smime;
mod resending;
mod revoking;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::api::account::Account;
use crate::api::csr::{CsrError, Spaces};
use crate::api::order::book::BookFull;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Refused};
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments};
use crate::api::protocol::assumption::{Assumptions, CsrPlus, DeniedName, ForeignOrder, LoginCheck, RefusalStatus};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::protocol::reply::Reply;
use crate::api::world::{Conventions, OrderNotFound, World};
use crate::clock::Timestamp;
use auto_apply_order::AutoApplyOrder;
use auto_authorize::AutoAuthorize;
use auto_reject::AutoReject;
use auto_replace_cs::AutoReplaceCs;
use auto_replace_smime::AutoReplaceSmime;
use auto_revoke_certificate::AutoRevokeCertificate;
use auto_revoke_cs::AutoRevokeCs;
use collect_smime::CollectSmime;
use collect_ssl::CollectSsl;
use collecting::{Collected, Collection};
use credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use request_and_collect_smime::RequestAndCollectSmime;
use resend_collection_email_smime::ResendCollectionEmailSmime;
use resend_invitation_email_smime::ResendInvitationEmailSmime;
use resend_verification_email_smime::ResendVerificationEmailSmime;

/// The folder under `/products/` below which the documents also show the endpoints whose names begin with `!`.
const DOWNLOAD: &str = "download/";

/// Every endpoint that is emulated.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::of::<AutoReplaceSmime>(),
    Endpoint::of::<AutoRevokeCs>(),
    Endpoint::of::<AutoRevokeCertificate>(),
    Endpoint::of::<AutoReplaceCs>(),
    Endpoint::of::<CollectSmime>(),
    Endpoint::of::<CollectSsl>(),
    Endpoint::of::<AutoApplyOrder>(),
    Endpoint::of::<AutoAuthorize>(),
    Endpoint::of::<AutoReject>(),
    Endpoint::of::<RequestAndCollectSmime>(),
    Endpoint::of::<ResendCollectionEmailSmime>(),
    Endpoint::of::<ResendVerificationEmailSmime>(),
    Endpoint::of::<ResendInvitationEmailSmime>(),
];

/// What the examples read from a file: a CSR that every endpoint accepts.
pub(crate) const EXAMPLE_CSR: &str = include_str!("../../../fixtures/csr/p256-sha256.pem");

/// The argument of the endpoints that can check a call without doing what it asks for.
const TEST: Argument = Argument::yes_or_no("test", "Y: check everything, change nothing.");

/// An endpoint: what its file says, in a form that all endpoints share.
#[derive(Debug)]
pub struct Endpoint {
    /// The name under `/products/`, as it is documented. Calls may write it in any case.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its arguments, in the order of its document.
    pub arguments: &'static [Argument],
    /// The codes that it answers, by falling number.
    pub codes: &'static [&'static Code],
    /// A call that succeeds under the built-in fixtures; a value that begins with `@` is read from that file.
    pub example: &'static [(&'static str, &'static str)],
    /// The numbers of its codes that are public, if not all of them are.
    public_numbers: Option<&'static [i32]>,
    /// Whether the table has every argument that the service has.
    is_whole: bool,
    needs_https: bool,
    has_json: fn(&Assumptions) -> bool,
    default_format: fn(&Assumptions) -> Format,
    needs_post: fn(&Assumptions) -> bool,
    prepare: for<'f> fn(&Arguments<'f>) -> Result<Prepared<'f>, Refusal>,
}

impl Endpoint {
    const fn of<R: Rules>() -> Self {
        Self {
            name: R::NAME,
            summary: R::SUMMARY,
            arguments: R::ARGUMENTS,
            codes: R::CODES,
            example: R::EXAMPLE,
            public_numbers: R::PUBLIC_NUMBERS,
            is_whole: R::TABLE_IS_WHOLE,
            needs_https: R::NEEDS_HTTPS,
            has_json: R::HAS_JSON,
            default_format: R::DEFAULT_FORMAT,
            needs_post: R::NEEDS_POST,
            prepare: prepare::<R>,
        }
    }

    /// The endpoint of that name, in any case; a name that begins with `!` may have `download/` before it.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = match name.split_at_checked(DOWNLOAD.len()) {
            Some((folder, rest)) if folder.eq_ignore_ascii_case(DOWNLOAD) && rest.starts_with('!') => rest,
            _ => name,
        };
        ENDPOINTS
            .iter()
            .find(|endpoint| endpoint.name.eq_ignore_ascii_case(name))
    }

    /// Whether a name that [`named`](Self::named) it is spelled as documented.
    pub fn is_spelled(&self, name: &str) -> bool {
        name == self.name || name.strip_prefix(DOWNLOAD) == Some(self.name) && self.name.starts_with('!')
    }

    /// The row of its codes with that number.
    pub fn code(&self, number: i32) -> Option<&'static Code> {
        self.codes.iter().copied().find(|code| code.number == number)
    }

    /// How well it is known that it returns the number of one of its codes.
    pub(crate) fn number_mark(&self, code: &Code) -> Mark {
        match self.public_numbers {
            Some(public) if !public.contains(&code.number) => Mark::Assumed,
            Some(_) | None => code.number_mark,
        }
    }

    /// Answers a call: [`act`](Self::act), then [`reply`](Self::reply).
    pub fn answer<'f>(
        &'static self,
        mut call: Call<'f>,
        on_world: impl FnOnce(Prepared<'f>) -> Result<Success, Failure>,
    ) -> Answer {
        let done = self.act(&mut call, on_world);
        self.reply(&call, done)
    }

    /// Does what a call asks for. What it asks of the world is handed to `on_world`, which locks it and runs it; the CSR is
    /// judged before, with no lock held.
    ///
    /// # Errors
    /// It was not done, and nothing was changed but what an account's limits count: its calls, and when it polled.
    pub fn act<'f>(
        &'static self,
        call: &mut Call<'f>,
        on_world: impl FnOnce(Prepared<'f>) -> Result<Success, Failure>,
    ) -> Result<Success, Failure> {
        if let Some(fault) = &call.fault {
            return Err(fault.clone().into());
        }
        self.check_transport(call)?;
        let prepared = self.read(&mut call.arguments);
        let is_login_first = match call.conventions.assumptions.login_check {
            LoginCheck::AfterArguments => false,
            LoginCheck::BeforeValues => !prepared.as_ref().is_err_and(is_about_names),
            LoginCheck::BeforeArguments => true,
        };
        if is_login_first {
            return on_world(self.after_login(&call.arguments, prepared)?);
        }
        on_world(prepared?)
    }

    /// Checks the arguments and reads them.
    fn read<'f>(&self, arguments: &mut Arguments<'f>) -> Result<Prepared<'f>, Refusal> {
        arguments.check(self.is_whole)?;
        (self.prepare)(arguments)
    }

    /// This call with its login checked before what became of its arguments, if it has a login.
    fn after_login<'f>(
        &'static self,
        arguments: &Arguments<'f>,
        prepared: Result<Prepared<'f>, Refusal>,
    ) -> Result<Prepared<'f>, Refusal> {
        let login = [LOGIN_NAME, LOGIN_PASSWORD].map(|argument| arguments.sent(argument.name));
        let [Some(login_name), Some(login_password)] = login else {
            return prepared;
        };
        let denied = self.code(code::LOGIN_DETAILS.number).unwrap_or(&code::LOGIN_DETAILS);
        Ok(Box::new(move |world, now| {
            let [Ok(login_name), Ok(login_password)] = [login_name, login_password].map(std::str::from_utf8) else {
                return Err(Refusal::new(denied, "the login is not UTF-8").into());
            };
            let credentials = Credentials {
                login_name,
                login_password,
            };
            credentials.log_in(world, denied)?;
            prepared?(world, now)
        }))
    }

    /// The answer to a call of which that came.
    pub fn reply(&'static self, call: &Call<'_>, done: Result<Success, Failure>) -> Answer {
        let assumptions = &call.conventions.assumptions;
        let default = (self.default_format)(assumptions);
        let format = match call.arguments.response_format(default) {
            Format::Json if !(self.has_json)(assumptions) => default,
            format => format,
        };
        let rendered = |reply: &Reply| Body::text(format.content_type(assumptions), format.render(reply, assumptions));
        let mut kept_body = None;
        let mut own_body = None;
        let (reply, hint) = match done {
            Ok(done) => {
                own_body = done.body;
                let order_number = done.order_number.map(OrderNumber::get);
                let code = done.code;
                (Reply::Success { code, order_number }, done.hint)
            }
            Err(Failure::Refused(refusal)) => {
                if refusal.code.number == code::UNRECOGNIZED_ARGUMENT.number {
                    let kept_reply = call.conventions.reply(self.name, &without_unknown_name(&refusal));
                    kept_body = Some(rendered(&kept_reply).content);
                }
                (call.conventions.reply(self.name, &refusal), refusal.hint)
            }
            Err(Failure::BookFull(full)) => {
                return Answer {
                    is_worth_a_warning: true,
                    ..Answer::of_gateway(503, format!("{full}\n"), full.to_string())
                };
            }
        };
        let body = own_body.unwrap_or_else(|| rendered(&reply));
        let mut answer = Answer {
            status: status(&reply, assumptions),
            code: Some(reply.code()),
            kept_body: kept_body.or_else(|| body.summary()),
            content_type: body.content_type,
            body: body.content,
            hint,
            is_worth_a_warning: false,
        };
        if let Some(ignored) = call.arguments.ignored(self.is_whole) {
            answer.explain(&ignored);
        }
        answer
    }

    fn check_transport(&self, call: &Call<'_>) -> Result<(), Refusal> {
        if self.needs_https && !call.transport.is_https {
            let code = self.code(code::NOT_HTTPS.number).unwrap_or(&code::NOT_HTTPS);
            return Err(Refusal::new(
                code,
                "the call came over plain HTTP, which is refused unless --plain-http accept is given",
            ));
        }
        if !call.transport.is_post && (self.needs_post)(&call.conventions.assumptions) {
            let code = self.code(code::NOT_POST.number).unwrap_or(&code::NOT_POST);
            return Err(Refusal::new(code, "the method was not POST"));
        }
        Ok(())
    }
}

/// The HTTP status of a reply.
fn status(reply: &Reply, assumptions: &Assumptions) -> u16 {
    match (reply, assumptions.refusal_status) {
        (Reply::Success { .. }, _) | (Reply::Error { .. }, RefusalStatus::Ok) => 200,
        (Reply::Error { .. }, RefusalStatus::BadRequest) => 400,
        (Reply::Error { .. }, RefusalStatus::InternalServerError) => 500,
    }
}

/// Whether it says that an argument is unrecognized (-2) or missing (-3).
fn is_about_names(refusal: &Refusal) -> bool {
    [code::UNRECOGNIZED_ARGUMENT.number, code::MISSING_ARGUMENT.number].contains(&refusal.code.number)
}

/// How a call came.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// Whether it came over HTTPS, or counts as if it had.
    pub is_https: bool,
    /// Whether its method is POST.
    pub is_post: bool,
}

/// A call of an endpoint.
#[derive(Debug)]
pub struct Call<'f> {
    /// How it came.
    pub transport: Transport,
    /// Its arguments.
    pub arguments: Arguments<'f>,
    /// What its sandbox assumes, and how it words its messages.
    pub conventions: Arc<Conventions>,
    /// What a fault answers instead of the endpoint.
    pub fault: Option<Refusal>,
}

/// What is answered to a call: the HTTP response, and what the log and the journal say of it.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The API's code, if it is the API that answers.
    pub code: Option<i32>,
    /// The Content-Type of the body.
    pub content_type: Cow<'static, str>,
    /// The body.
    pub body: Bytes,
    /// What the journal keeps instead of the body, where it must not keep that: an unrecognized name may be a piece of a
    /// password, and some bodies are no text.
    pub kept_body: Option<Bytes>,
    /// Why it was answered so, for the log and the journal.
    pub hint: Cow<'static, str>,
    /// Whether the log tells it as a warning.
    pub is_worth_a_warning: bool,
}

impl Answer {
    /// An answer that is not the API's: that of a gateway before it.
    pub fn of_gateway(status: u16, body: impl Into<Bytes>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: None,
            content_type: "text/plain".into(),
            body: body.into(),
            kept_body: None,
            hint: hint.into(),
            is_worth_a_warning: false,
        }
    }

    /// Adds to the hint.
    pub fn explain(&mut self, more: &str) {
        let hint = self.hint.to_mut();
        hint.push_str("; ");
        hint.push_str(more);
    }
}

/// What the file of an endpoint says.
trait Rules: 'static {
    /// See [`Endpoint::name`].
    const NAME: &'static str;
    /// See [`Endpoint::summary`].
    const SUMMARY: &'static str;
    /// See [`Endpoint::arguments`].
    const ARGUMENTS: &'static [Argument];
    /// See [`Endpoint::codes`].
    const CODES: &'static [&'static Code];
    /// See [`Endpoint::example`].
    const EXAMPLE: &'static [(&'static str, &'static str)];
    /// The numbers that the public part of its table of codes has, if not all of it is public: that it returns the others is
    /// assumed.
    const PUBLIC_NUMBERS: Option<&'static [i32]> = None;
    /// Whether the table has every argument that the service has; if not, others are ignored.
    const TABLE_IS_WHOLE: bool = true;
    /// Whether a call over plain HTTP is refused (-1).
    const NEEDS_HTTPS: bool = true;
    /// Whether JSON, where the table has it, is a format of the replies.
    const HAS_JSON: fn(&Assumptions) -> bool = |_| true;
    /// The format of a reply where the call asks for none.
    const DEFAULT_FORMAT: fn(&Assumptions) -> Format = |_| Format::Lines;
    /// Whether another method than POST is refused (-17).
    const NEEDS_POST: fn(&Assumptions) -> bool = |_| true;

    /// The arguments as the values that they mean.
    type Values<'f>;

    /// Reads arguments that passed the table: the rules between several of them, and whatever takes time but no world.
    fn read<'f>(arguments: &Arguments<'f>) -> Result<Self::Values<'f>, Refusal>;

    /// Does what was asked.
    fn handle(values: Self::Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure>;
}

fn prepare<'f, R: Rules>(arguments: &Arguments<'f>) -> Result<Prepared<'f>, Refusal> {
    let values = R::read(arguments)?;
    Ok(Box::new(move |world, now| R::handle(values, world, now)))
}

/// A call whose arguments were read and judged: what is left is to do it.
pub(crate) type Prepared<'f> = Box<dyn FnOnce(&mut World, Timestamp) -> Result<Success, Failure> + 'f>;

/// What an endpoint did: the code, and what the reply is made of.
#[derive(Debug, Default)]
pub struct Success {
    /// 0, or another status that is no error.
    code: i32,
    order_number: Option<OrderNumber>,
    hint: Cow<'static, str>,
    /// What is answered instead of the code and the order number in one of the formats.
    body: Option<Body>,
    collection: Option<Box<Collection>>,
}

impl Success {
    /// The certificates that are still to be attached, by whoever holds the CA.
    pub fn collection(&self) -> Option<&Collection> {
        self.collection.as_deref()
    }

    /// Attaches them.
    pub fn attach(&mut self, collected: &Collected) {
        if let Some(hint) = &collected.hint {
            self.hint = format!("{}; {hint}", self.hint).into();
        }
        self.body = self.collection.take().map(|collection| collection.write(collected));
    }
}

/// A body that an endpoint writes itself.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Body {
    content_type: Cow<'static, str>,
    content: Bytes,
    is_text: bool,
}

impl Body {
    fn text(content_type: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            content_type: content_type.into(),
            content: match text.into() {
                Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
                Cow::Owned(text) => text.into(),
            },
            is_text: true,
        }
    }

    /// What the journal keeps of a body that is no text.
    fn summary(&self) -> Option<Bytes> {
        let summary = || format!("({} bytes of {})", self.content.len(), self.content_type);
        (!self.is_text).then(|| summary().into())
    }
}

/// Why an endpoint did nothing.
#[derive(Debug)]
pub enum Failure {
    /// The API refuses it.
    Refused(Refusal),
    /// The order that it would make has no room.
    BookFull(BookFull),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<BookFull> for Failure {
    fn from(full: BookFull) -> Self {
        Self::BookFull(full)
    }
}

/// Whether the account may use the endpoint (-91).
fn check_permission(world: &World, account: &Account, endpoint: &'static str) -> Result<(), Refusal> {
    if account.may_use(endpoint) {
        return Ok(());
    }
    Err(Refusal::naming(
        &code::NOT_PERMITTED,
        denied_name(world, account, endpoint),
        format!("{endpoint} is not among the account's permissions"),
    ))
}

/// Whether the account pays in a way by which it may use the endpoint (-90).
fn check_voucher(world: &World, account: &Account, endpoint: &'static str) -> Result<(), Refusal> {
    let Some(voucher) = &account.voucher else {
        return Ok(());
    };
    let hint = match &voucher.0 {
        Some(name) => format!("the account pays with the voucher {name:?}"),
        None => "the account pays with a voucher".to_owned(),
    };
    Err(Refusal::naming(
        &code::VOUCHER,
        denied_name(world, account, endpoint),
        hint,
    ))
}

/// What is named to an account that may not use the endpoint.
fn denied_name<'n>(world: &World, account: &'n Account, endpoint: &'static str) -> &'n str {
    match world.conventions.assumptions.denied_name {
        DeniedName::Endpoint => endpoint,
        DeniedName::BareEndpoint => endpoint.trim_start_matches(DOWNLOAD).trim_start_matches('!'),
        DeniedName::LoginName => account.login_name.as_str(),
    }
}

/// The order to work on (-4, or `denied`, the endpoint's -16, for somebody else's).
fn find_order<'w>(
    world: &'w World,
    number: &str,
    owner: &Account,
    product: Product,
    denied: &'static Code,
) -> Result<&'w Order, Refusal> {
    let found = world.order_of_number(number);
    check_order(world, "orderNumber", found, owner, product, denied)
}

/// The order that an argument named, if it is one to work on; errors as those of [`find_order`], about that argument.
fn check_order<'w>(
    world: &World,
    argument: &'static str,
    found: Option<&'w Order>,
    owner: &Account,
    product: Product,
    denied: &'static Code,
) -> Result<&'w Order, Refusal> {
    World::of_owner(found, &owner.login_name, product).map_err(|not_found| match not_found {
        OrderNotFound::Foreign(number) => foreign(world, argument, number, denied),
        OrderNotFound::Unknown | OrderNotFound::OtherProduct { .. } => {
            Refusal::invalid(argument, not_found.to_string())
        }
    })
}

/// What is answered where the argument names somebody else's order (-4, or `denied`, the endpoint's -16).
fn foreign(world: &World, argument: &'static str, number: OrderNumber, denied: &'static Code) -> Refusal {
    let hint = OrderNotFound::Foreign(number).to_string();
    match world.conventions.assumptions.foreign_order {
        ForeignOrder::Denied => Refusal::new(denied, hint),
        ForeignOrder::Invalid => Refusal::invalid(argument, hint),
    }
}

/// The order to work on, of whichever product; errors as those of [`find_order`].
fn find_any_order<'w>(
    world: &'w World,
    number: &str,
    owner: &Account,
    denied: &'static Code,
) -> Result<&'w Order, Refusal> {
    let found = world.order_of_number(number);
    let product = found.map_or(Product::Smime, |order| order.product);
    check_order(world, "orderNumber", found, owner, product, denied)
}

/// How spaces in the CSR of a call are read.
fn csr_spaces(arguments: &Arguments<'_>) -> Spaces {
    match arguments.assumptions().csr_plus {
        CsrPlus::Mended => Spaces::MayBePlus,
        CsrPlus::Lost => Spaces::AreSpaces,
    }
}

/// Why a CSR that an order is to be given is refused (-9 to -13).
fn refuse_new_csr(error: &CsrError) -> Refusal {
    let code = match error {
        CsrError::NotBase64(_) => &code::NEW_CSR_NOT_BASE64,
        CsrError::NotPkcs10(_) => &code::NEW_CSR_NOT_DECODED,
        CsrError::UnsupportedAlgorithm(_) => &code::NEW_CSR_ALGORITHM,
        CsrError::BadSignature => &code::NEW_CSR_SIGNATURE,
        CsrError::UnsupportedKeySize(_) => &code::CSR_KEY_SIZE,
    };
    Refusal::new(code, error.to_string())
}

/// Lets an order that is just being issued wait for as many polls as its account says.
fn await_polls(world: &mut World, number: OrderNumber) {
    let owner = world
        .book
        .get(number)
        .and_then(|order| world.accounts.get(order.login_name.as_str()));
    // The book is opened for a change only if there is one: for most accounts there is none.
    if let Some(polls) = owner.and_then(|owner| owner.issued_after_polls)
        && let Some(order) = world.book_mut().get_mut(number)
    {
        order.await_polls(polls);
    }
}

/// What a state that refuses an event answers.
fn refused(order: &Order, refused: Refused, now: Timestamp) -> Refusal {
    let code = match refused {
        Refused::AlreadyRejected => &code::ALREADY_REJECTED,
        Refused::AlreadyRevoked => &code::ALREADY_REVOKED,
        Refused::BeingIssued => &code::BEING_ISSUED,
        Refused::AlreadyReplaced => &code::ALREADY_REPLACED,
        Refused::Expired => &code::EXPIRED,
        Refused::NotRevocable => &code::NOT_REVOCABLE,
        Refused::WrongState => &code::WRONG_STATE,
    };
    Refusal::new(code, format!("order {} is {}", order.number, order.state_at(now)))
}

/// A refusal with a name that is safe to keep: that of an argument of some endpoint, else none.
fn without_unknown_name(refusal: &Refusal) -> Refusal {
    let is_known = |name: &str| {
        ENDPOINTS
            .iter()
            .flat_map(|endpoint| endpoint.arguments)
            .any(|argument| argument.name.eq_ignore_ascii_case(name))
    };
    Refusal {
        name: Some(
            refusal
                .name
                .clone()
                .filter(|name| is_known(name))
                .unwrap_or_else(|| "?".to_owned()),
        ),
        ..refusal.clone()
    }
}
