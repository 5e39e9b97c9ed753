//! `download/RequestAndCollectSMIME`: gives an S/MIME order its CSR, has it issued, and gives its certificate.
//!
//! Source: the endpoint's page, whose codes are not public, and those of its siblings; where they are silent,
//! `docs/endpoints.md` lists what is assumed.

use crate::api::account::Account;
use crate::api::csr::{Csr, CsrError};
use crate::api::endpoints::collecting::{QUERY_TYPE, RESPONSE_ENCODING, SHOW_VALIDITY_PERIOD, Wish, admit_poll};
use crate::api::endpoints::credentials::Credentials;
use crate::api::endpoints::{
    Failure, Rules, Success, await_polls, check_permission, csr_spaces, find_order, mailing, refuse_new_csr,
};
use crate::api::order::collection_code;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, State};
use crate::api::protocol::argument::{Argument, Arguments, Kind, ORDER_NUMBER};
use crate::api::protocol::assumption::{Assumptions, CsrGivenTwice};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;

pub(super) struct RequestAndCollectSmime;

impl Rules for RequestAndCollectSmime {
    const NAME: &'static str = "download/RequestAndCollectSMIME";
    const SUMMARY: &'static str =
        "Gives an S/MIME order its CSR and has it issued; gives its certificate, or says how far it has come.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("orderNumber", "1100001"),
        ("csr", "@csr.pem"),
        ("returnCertificate", "Y"),
        ("queryType", "1"),
    ];

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        let mime_type = arguments.get("responseMimeType");
        if mime_type.is_some_and(|mime_type| !is_mime_type(mime_type)) {
            return Err(Refusal::invalid(
                "responseMimeType",
                "a MIME type is two words with a / between them, and perhaps parameters, in ASCII",
            ));
        }
        Ok(Values {
            named: Named {
                collection_code: arguments.get(COLLECTION_CODE),
                login: Credentials::if_sent(arguments),
                order_number: arguments.get(ORDER_NUMBER),
            },
            csr: arguments
                .get("csr")
                .map(|text| Csr::parse_with(text, csr_spaces(arguments))),
            return_certificate: arguments.yes("returnCertificate"),
            wish: Wish::read(arguments)?.mime_type(mime_type),
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        values.wish.check(&world.conventions.assumptions)?;
        let account = values.named.log_in(world)?;
        let csr = values.csr.transpose().map_err(|error| refuse_new_csr(&error))?;
        let number = values.named.find(world, account)?;
        let order = world.book.get(number).expect("it was just found");
        if csr.is_some() {
            check_wants_csr(order, &world.conventions.assumptions, now)?;
        }
        let has_csr = csr.is_some() || !order.needs_csr();
        if let Some(csr) = &csr {
            world.book.check_csr(number, csr)?;
        }
        let is_issued_now = values.return_certificate && has_csr && order.state_at(now) == State::Pending;
        // The last that refuses: what follows changes the order.
        admit_poll(number, world, now)?;
        let delay = world.issuance_delay;
        if (csr.is_some() || is_issued_now)
            && let Some(order) = world.book_mut().get_mut(number)
        {
            order.csr = csr.or(order.csr.take());
            if is_issued_now {
                order.issue(now, delay);
            }
        }
        if is_issued_now {
            await_polls(world, number);
            mailing::announce(number, world, now);
        }
        values.wish.collect_admitted(number, world, now)
    }
}

pub(super) struct Values<'f> {
    named: Named<'f>,
    csr: Option<Result<Csr, CsrError>>,
    return_certificate: bool,
    wish: Wish,
}

const COLLECTION_CODE: &str = "collectionCode";

/// How a call names its order: with a collectionCode, all else may be left out.
struct Named<'f> {
    collection_code: Option<&'f str>,
    login: Option<Credentials<'f>>,
    order_number: Option<&'f str>,
}

impl<'f> Named<'f> {
    /// The account that calls, if the call has a login.
    fn log_in<'w>(&self, world: &'w World) -> Result<Option<&'w Account>, Refusal> {
        let Some(login) = self.login else { return Ok(None) };
        let account = login.log_in(world, &code::LOGIN_DETAILS)?;
        check_permission(world, account, RequestAndCollectSmime::NAME)?;
        Ok(Some(account))
    }

    /// What is sent beside a collectionCode must fit it.
    fn find(&self, world: &World, account: Option<&Account>) -> Result<OrderNumber, Refusal> {
        let denied = &code::LOGIN_DETAILS;
        let by_number = match (account, self.order_number) {
            (Some(account), Some(number)) => Some(find_order(world, number, account, Product::Smime, denied)?),
            _ => None,
        };
        let Some(code) = self.collection_code else {
            let order = by_number.expect("without a collectionCode, the table demands the login and the orderNumber");
            return Ok(order.number);
        };
        let unknown = || Refusal::invalid("collectionCode", "no S/MIME order has that collectionCode");
        let order = collection_code::order_of(code)
            .and_then(|number| world.book.get(number))
            .filter(|order| order.product == Product::Smime)
            .ok_or_else(unknown)?;
        let is_of_account = account.is_none_or(|account| account.login_name == order.login_name);
        if !is_of_account
            || self
                .order_number
                .is_some_and(|number| number != order.number.to_string())
        {
            return Err(Refusal::invalid(
                "collectionCode",
                "it is of another order than orderNumber, or of another account than loginName",
            ));
        }
        Ok(order.number)
    }
}

/// Whether a CSR may be given to the order.
fn check_wants_csr(order: &Order, assumptions: &Assumptions, now: Timestamp) -> Result<(), Refusal> {
    let state = order.state_at(now);
    let hint = format!("order {} is {state}", order.number);
    match state {
        State::Pending if order.needs_csr() => Ok(()),
        State::Unpaid => Err(Refusal::new(&code::AWAITING_PAYMENT, hint)),
        State::Revoked => Err(Refusal::new(&code::REVOKED, hint)),
        State::Rejected => Err(Refusal::new(&code::REJECTED, hint)),
        State::OnHold => Err(Refusal::new(&code::CSR_NOT_WANTED, hint)),
        State::Pending | State::BeingIssued | State::Issued | State::Replaced | State::Expired => {
            let hint = format!("{hint}, and has its CSR or its certificate already");
            Err(match assumptions.csr_given_twice {
                CsrGivenTwice::WrongState => Refusal::new(&code::CSR_NOT_WANTED, hint),
                CsrGivenTwice::Invalid => Refusal::invalid("csr", hint),
            })
        }
    }
}

/// Whether a text can be the value of a Content-Type.
fn is_mime_type(text: &str) -> bool {
    let is_word = |word: &str| {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
        !word.is_empty() && word.chars().all(is_token)
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_essence = essence
        .trim_end()
        .split_once('/')
        .is_some_and(|(kind, subkind)| is_word(kind) && is_word(subkind));
    is_essence && parameters.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}

const ARGUMENTS: &[Argument] = &[
    Argument::conditional(
        "loginName",
        Kind::String,
        "The account's username. Case sensitive. Required unless collectionCode is sent.",
    )
    .max(64)
    .unless_sent(&[COLLECTION_CODE]),
    Argument::conditional(
        "loginPassword",
        Kind::String,
        "The account's password. Case sensitive. Required unless collectionCode is sent.",
    )
    .max(128)
    .unless_sent(&[COLLECTION_CODE]),
    Argument::conditional(
        ORDER_NUMBER,
        Kind::String,
        "The S/MIME order. Required unless collectionCode is sent.",
    )
    .max(128)
    .unless_sent(&[COLLECTION_CODE]),
    Argument::conditional(
        COLLECTION_CODE,
        Kind::String,
        "The code of the order, from !AutoApplyOrder with showCollectionCode=Y.",
    )
    .max(16),
    Argument::optional(
        "csr",
        Kind::String,
        "The PKCS#10 request of an order that has none, Base64, with or without BEGIN and END lines.",
    )
    .max(32767),
    Argument::yes_or_no(
        "returnCertificate",
        "Y: issue the certificate, if the order is pending and has a CSR.",
    ),
    QUERY_TYPE,
    Argument::optional(
        "responseType",
        Kind::Integer,
        "1 Netscape certificate sequence, 2 PKCS#7, 3 individually encoded, 4 CMMF; all but 3 only with queryType 1.",
    )
    .choices(&["1", "2", "3", "4"])
    .default("3"),
    RESPONSE_ENCODING,
    Argument::optional(
        "responseMimeType",
        Kind::String,
        "The Content-Type of a reply in text whose status is above 0.",
    )
    .max(255),
    SHOW_VALIDITY_PERIOD,
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_LOWER_CASE,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::NEW_CSR_NOT_BASE64,
    &code::NEW_CSR_NOT_DECODED,
    &code::NEW_CSR_ALGORITHM,
    &code::NEW_CSR_SIGNATURE,
    &code::CSR_KEY_SIZE,
    &code::NOT_MADE,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::REJECTED,
    &code::REVOKED,
    &code::AWAITING_PAYMENT,
    &code::POLLED_TOO_SOON,
    &code::NOT_PERMITTED,
    &code::CSR_NOT_WANTED,
];
