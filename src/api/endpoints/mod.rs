//! The endpoints: one file each, with its table and its function.
//!
//! To add one, write its file after the model of the two, name it in a `mod` line and in [`ENDPOINTS`]. The table is all the
//! documentation there is: the checks, `docs/endpoints.md`, the catalogue and the messages come from it.

mod auto_replace_smime;
mod auto_revoke_cs;
pub(crate) mod catalogue;
mod collect_smime;

use std::borrow::Cow;

use crate::api::account::Account;
use crate::api::order::book::BookFull;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Refused};
use crate::api::protocol::argument::{self, Argument, Arguments};
use crate::api::protocol::assumption::ForeignOrder;
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::form::Form;
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::protocol::reply::Reply;
use crate::api::world::{Conventions, OrderNotFound, World};
use crate::clock::Timestamp;
use auto_replace_smime::AutoReplaceSmime;
use auto_revoke_cs::AutoRevokeCs;
use collect_smime::CollectSmime;

pub(crate) use collect_smime::{Collection, Shape};

/// Every endpoint that is emulated.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::of::<AutoReplaceSmime>(),
    Endpoint::of::<AutoRevokeCs>(),
    Endpoint::of::<CollectSmime>(),
];

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
            prepare: prepare::<R>,
        }
    }

    /// The endpoint of that name, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        ENDPOINTS
            .iter()
            .find(|endpoint| endpoint.name.eq_ignore_ascii_case(name))
    }

    /// The row of its codes with that number.
    pub fn code(&self, number: i32) -> Option<&'static Code> {
        self.codes.iter().copied().find(|code| code.number == number)
    }

    /// Answers a call: [`act`](Self::act), then [`reply`](Self::reply).
    ///
    /// # Errors
    /// The order that the call would make has no room. Nothing was changed.
    pub fn answer<'f>(
        &'static self,
        call: &Call<'f>,
        on_world: impl FnOnce(Prepared<'f>) -> Result<Done, Failure>,
    ) -> Result<Answer, BookFull> {
        self.reply(call, self.act(call, on_world))
    }

    /// Does what a call asks for. What it asks of the world is handed to `on_world`, which locks it and runs it; the CSR is
    /// judged before, with no lock held.
    ///
    /// # Errors
    /// It was not done, and nothing was changed.
    pub fn act<'f>(
        &'static self,
        call: &Call<'f>,
        on_world: impl FnOnce(Prepared<'f>) -> Result<Done, Failure>,
    ) -> Result<Done, Failure> {
        match &call.fault {
            Some(fault) => Err(fault.clone().into()),
            None => self.prepare(call).map_err(Failure::from).and_then(on_world),
        }
    }

    /// The answer to a call of which that came.
    ///
    /// # Errors
    /// The order that the call would make has no room.
    pub fn reply(&'static self, call: &Call<'_>, done: Result<Done, Failure>) -> Result<Answer, BookFull> {
        let assumptions = &call.conventions.assumptions;
        let format = argument::response_format(self.arguments, call.form, assumptions);
        let mut told = None;
        let mut attached = (String::new(), Vec::new());
        let (reply, hint) = match done {
            Ok(done) => {
                attached = (done.text, done.binary);
                let order_number = done.order_number.map(OrderNumber::get);
                let code = done.code;
                (Reply::Success { code, order_number }, done.hint)
            }
            Err(Failure::Refused(refusal)) => {
                if refusal.code.number == code::UNRECOGNIZED_ARGUMENT.number {
                    let told_reply = call.conventions.reply(self.name, &tellable(&refusal));
                    told = Some(format.render(&told_reply, assumptions));
                }
                (call.conventions.reply(self.name, &refusal), refusal.hint)
            }
            Err(Failure::BookFull(full)) => return Err(full),
        };
        let (text, binary) = attached;
        let mut body = format.render(&reply, assumptions);
        if !(text.is_empty() && binary.is_empty()) {
            if !body.ends_with('\n') {
                body.push('\n');
            }
            body.push_str(&text);
        }
        Ok(Answer {
            code: reply.code(),
            content_type: match binary.is_empty() {
                true => format.content_type(assumptions),
                false => "application/octet-stream",
            },
            body,
            binary,
            told,
            format,
            hint,
        })
    }

    fn prepare<'f>(&self, call: &Call<'f>) -> Result<Prepared<'f>, Refusal> {
        self.check_transport(call)?;
        let arguments = Arguments::check(self.arguments, call.form, &call.conventions.assumptions)?;
        (self.prepare)(&arguments)
    }

    fn check_transport(&self, call: &Call<'_>) -> Result<(), Refusal> {
        if !call.over_https {
            let code = self.code(code::NOT_HTTPS.number).unwrap_or(&code::NOT_HTTPS);
            return Err(Refusal::new(
                code,
                "the call came over plain HTTP, which is refused unless --plain-http accept is given",
            ));
        }
        if !call.is_post {
            return Err(Refusal::new(&code::NOT_POST, "the method was not POST"));
        }
        Ok(())
    }
}

/// A call as it came.
#[derive(Debug)]
pub struct Call<'f> {
    /// Whether it came over HTTPS, or counts as if it had.
    pub over_https: bool,
    /// Whether its method is POST.
    pub is_post: bool,
    /// Its arguments.
    pub form: &'f Form<'f>,
    /// What its sandbox assumes, and how it words its messages.
    pub conventions: &'f Conventions,
    /// What a fault answers instead of the endpoint.
    pub fault: Option<Refusal>,
}

/// What is answered to a call.
#[derive(Debug)]
pub struct Answer {
    /// The code.
    pub code: i32,
    /// The format of the body.
    pub format: Format,
    /// The Content-Type of the body.
    pub content_type: &'static str,
    /// The body, or its beginning.
    pub body: String,
    /// The rest of the body, where it is no text.
    pub binary: Vec<u8>,
    /// The body for the journal, where it may not be told as it is: an unrecognized name may be a piece of a password.
    pub told: Option<String>,
    /// Why it was answered so, for the log.
    pub hint: Cow<'static, str>,
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

    /// The arguments as the values that they mean.
    type Request<'f>;

    /// Reads arguments that passed the table: the rules between several of them, and whatever takes time but no world.
    fn read<'f>(arguments: &Arguments<'f>) -> Result<Self::Request<'f>, Refusal>;

    /// Does what was asked.
    fn handle(request: Self::Request<'_>, world: &mut World, now: Timestamp) -> Result<Done, Failure>;
}

fn prepare<'f, R: Rules>(arguments: &Arguments<'f>) -> Result<Prepared<'f>, Refusal> {
    let request = R::read(arguments)?;
    Ok(Box::new(move |world, now| R::handle(request, world, now)))
}

/// A call whose arguments were read and judged: what is left is to do it.
pub(crate) type Prepared<'f> = Box<dyn FnOnce(&mut World, Timestamp) -> Result<Done, Failure> + 'f>;

/// A call that was done.
#[derive(Debug, Default)]
pub struct Done {
    /// 0, or another status that is no error.
    code: i32,
    order_number: Option<OrderNumber>,
    hint: Cow<'static, str>,
    /// Lines behind the code.
    text: String,
    /// What follows them.
    binary: Vec<u8>,
    collection: Option<Box<Collection>>,
}

impl Done {
    /// The certificate that is still to be attached, by whoever holds the CA.
    pub fn collection(&self) -> Option<&Collection> {
        self.collection.as_deref()
    }

    /// Attaches it behind those lines, with what is odd about it.
    pub fn attach(&mut self, lines: &str, attachment: Attachment, hint: Option<&str>) {
        if let Some(hint) = hint {
            self.hint = format!("{}; {hint}", self.hint).into();
        }
        self.text.push_str(lines);
        match attachment {
            Attachment::Text(text) => self.text.push_str(&text),
            Attachment::Binary(binary) => self.binary = binary,
        }
    }
}

/// Certificates as they are handed out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Attachment {
    /// Lines.
    Text(String),
    /// DER.
    Binary(Vec<u8>),
}

/// A call that was not done.
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

/// The account that the credentials open; `code` is the endpoint's -16.
fn log_in<'w>(
    world: &'w World,
    login_name: &str,
    login_password: &str,
    code: &'static Code,
) -> Result<&'w Account, Refusal> {
    world
        .accounts
        .log_in(login_name, login_password)
        .map_err(|refused| Refusal::new(code, refused.to_string()))
}

/// Whether the account may use the endpoint (-91).
fn check_permission(account: &Account, endpoint: &'static str) -> Result<(), Refusal> {
    if account.may_use(endpoint) {
        return Ok(());
    }
    Err(Refusal::naming(
        &code::NOT_PERMITTED,
        endpoint,
        format!("{endpoint} is not among the account's permissions"),
    ))
}

/// The order to work on (-4, or `denied`, the endpoint's -16, for somebody else's).
fn find_order<'w>(
    world: &'w World,
    number: &str,
    owner: &Account,
    product: Product,
    denied: &'static Code,
) -> Result<&'w Order, Refusal> {
    world
        .order(number, &owner.login_name, product)
        .map_err(|not_found| match not_found {
            OrderNotFound::Foreign(_) if world.conventions.assumptions.foreign_order == ForeignOrder::Denied => {
                Refusal::new(denied, not_found.to_string())
            }
            _ => Refusal::invalid("orderNumber", not_found.to_string()),
        })
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

/// The same refusal with a name that is safe to keep: that of an argument of some endpoint, else none.
fn tellable(refusal: &Refusal) -> Refusal {
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
