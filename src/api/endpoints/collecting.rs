//! What the endpoints that collect certificates have in common: the arguments about the form of the reply, what each state
//! of an order answers, and how a status and certificates are written.
//!
//! The certificates themselves are made by whoever holds the CA: a [`Collection`] says which ones, and a [`Collected`]
//! brings them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::api::endpoints::{Body, Failure, Success, mailing};
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, State};
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{
    Assumptions, CollectDates, CollectPem, CollectRareTypes, CollectStatusNewline, FinalNewline,
};
use crate::api::protocol::code;
use crate::api::protocol::format::Format;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;
use crate::der::pem;

/// Certificates to be handed out, or what the order's says.
#[derive(Clone, Debug)]
pub struct Collection {
    /// The order that the certificate was issued for.
    pub order: Order,
    /// Whether the certificate itself is wanted.
    pub certificate: bool,
    /// Whether the CAs above it are wanted.
    pub chain: bool,
    /// What they are put into.
    pub structure: Structure,
    layout: Layout,
}

/// What was collected.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The notBefore and the notAfter of the order's certificate.
    pub period: [Timestamp; 2],
    /// What is handed out.
    pub certificates: Certificates,
    /// What is odd about the order's certificate, in a sentence.
    pub hint: Option<String>,
}

/// Certificates as they are handed out, in DER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Certificates {
    /// Each by itself.
    Each {
        /// Those of the CAs, the root first.
        chain: Vec<Vec<u8>>,
        /// The order's.
        own: Option<Vec<u8>>,
    },
    /// All of them in the structure that was asked for.
    Together(Vec<u8>),
}

/// What certificates are put into, numbered as `responseType` numbers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Structure {
    /// 0: an archive of files.
    Zip,
    /// 1: a Netscape certificate sequence.
    NetscapeSequence,
    /// 2: PKCS#7, certificates only.
    Pkcs7,
    /// 3: nothing, they come one after the other.
    Individually,
    /// 4: a CMMF reply.
    Cmmf,
}

impl Structure {
    /// What a value of `responseType` asks for.
    fn from_argument(value: &str) -> Self {
        match value {
            "0" => Self::Zip,
            "1" => Self::NetscapeSequence,
            "2" => Self::Pkcs7,
            "4" => Self::Cmmf,
            _ => Self::Individually,
        }
    }

    /// The Content-Type of the bare structure. Binary replies are of the first two kinds alone.
    fn content_type(self) -> &'static str {
        match self {
            Self::Pkcs7 => "application/x-pkcs7-certificates",
            Self::Zip => "application/zip",
            Self::NetscapeSequence | Self::Individually | Self::Cmmf => "application/octet-stream",
        }
    }

    /// The name of its field in a URL-encoded reply.
    fn field(self) -> &'static str {
        match self {
            Self::Zip => "zipFile",
            Self::NetscapeSequence => "netscapeCertificateSequence",
            Self::Pkcs7 => "pkcs7",
            Self::Individually => "certificate",
            Self::Cmmf => "cmmf",
        }
    }

    /// The label of its BEGIN and END lines, if such lines are usual. Netscape's sequences have that of certificates.
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Zip => None,
            Self::NetscapeSequence | Self::Individually => Some(pem::CERTIFICATE),
            Self::Pkcs7 => Some(pem::PKCS7),
            Self::Cmmf => Some("CMMF"),
        }
    }
}

/// The statuses of a call that succeeds.
const BEING_PROCESSED: i32 = 0;
const AVAILABLE: i32 = 1;
const ATTACHED: i32 = 2;

pub(super) const QUERY_TYPE: Argument = Argument::required(
    "queryType",
    Kind::Integer,
    "0 status only, 1 with the certificate and its chain, 2 with the certificate, 3 with the chain.",
)
.choices(&["0", "1", "2", "3"]);

pub(super) const RESPONSE_ENCODING: Argument = Argument::optional(
    "responseEncoding",
    Kind::Integer,
    "0 Base64, 1 binary: only with queryType 1 and responseType 0 or 2.",
)
.choices(&["0", "1"])
.default("0");

pub(super) const SHOW_VALIDITY_PERIOD: Argument = Argument::yes_or_no(
    "showValidityPeriod",
    "Y: from when and until when the certificate is valid, behind the status.",
);

/// What a call asks for, of whichever order.
pub(super) struct Wish {
    query: Query,
    structure: Structure,
    binary: bool,
    validity_period: bool,
    /// Whether the reply is URL-encoded; else it is text.
    url_encoded: bool,
    /// Whether the states of the certificate and of its validation are shown.
    extended_status: bool,
    /// The Content-Type of a reply with a certificate in lines of text.
    mime_type: Option<Box<str>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Query {
    Status,
    All,
    Certificate,
    Chain,
}

impl Wish {
    /// Reads the arguments that all these endpoints have: for a reply in text, without extended status.
    pub(super) fn read(arguments: &Arguments<'_>) -> Result<Self, Refusal> {
        let query = match arguments.text(QUERY_TYPE.name) {
            "1" => Query::All,
            "2" => Query::Certificate,
            "3" => Query::Chain,
            _ => Query::Status,
        };
        let structure = Structure::from_argument(arguments.text("responseType"));
        let binary = arguments.text(RESPONSE_ENCODING.name) == "1";
        if structure != Structure::Individually && query != Query::All {
            return Err(Refusal::invalid(
                "responseType",
                "with a queryType other than 1, certificates are encoded individually (responseType 3)",
            ));
        }
        if binary && !matches!(structure, Structure::Zip | Structure::Pkcs7) {
            return Err(Refusal::invalid(
                RESPONSE_ENCODING.name,
                "binary is given with queryType 1 and responseType 0 or 2 alone",
            ));
        }
        Ok(Self {
            query,
            structure,
            binary,
            validity_period: arguments.yes(SHOW_VALIDITY_PERIOD.name),
            url_encoded: false,
            extended_status: false,
            mime_type: None,
        })
    }

    /// This demand for a reply that is URL-encoded, or text.
    pub(super) fn url_encoded(self, url_encoded: bool) -> Self {
        Self { url_encoded, ..self }
    }

    /// This demand with the states of the certificate and of its validation, or without.
    pub(super) fn with_states(self, extended_status: bool) -> Self {
        Self {
            extended_status,
            ..self
        }
    }

    /// This demand with another Content-Type for lines of text with a positive status.
    pub(super) fn mime_type(self, mime_type: Option<&str>) -> Self {
        Self {
            mime_type: mime_type.map(Box::from),
            ..self
        }
    }

    /// Whether a ZIP archive is asked for.
    pub(super) fn is_zip(&self) -> bool {
        self.structure == Structure::Zip
    }

    /// Refuses the structures that are assumed not to be made.
    pub(super) fn check(&self, assumptions: &Assumptions) -> Result<(), Refusal> {
        let is_rare = matches!(self.structure, Structure::NetscapeSequence | Structure::Cmmf);
        if is_rare && assumptions.collect_rare_types == CollectRareTypes::Refused {
            return Err(Refusal::invalid(
                "responseType",
                "Netscape sequences and CMMF are refused (assumption collect-rare-types=refused)",
            ));
        }
        Ok(())
    }

    /// Collects that order: what is answered for it. The call counts as a poll.
    pub(super) fn collect(&self, number: OrderNumber, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        admit_poll(number, world, now)?;
        self.collect_admitted(number, world, now)
    }

    /// As [`collect`](Self::collect), of a call that [`admit_poll`] has let in already.
    pub(super) fn collect_admitted(
        &self,
        number: OrderNumber,
        world: &mut World,
        now: Timestamp,
    ) -> Result<Success, Failure> {
        count_poll(number, world, now);
        let order = world.book.get(number).expect("the order was just found");
        let done = self.answer(order, &world.conventions.assumptions, now)?;
        let hands_out = matches!(self.query, Query::All | Query::Certificate) && done.code == ATTACHED;
        if hands_out && !order.collected && is_told_of_collecting(order, world) {
            let order = world.book_mut().get_mut(number);
            order.expect("the order was just found").collected = true;
        }
        Ok(done)
    }

    /// What is answered for that order.
    fn answer(&self, order: &Order, assumptions: &Assumptions, now: Timestamp) -> Result<Success, Failure> {
        let state = order.state_at(now);
        let hint = format!("order {} is {state}", order.number);
        // What `showExtStatus` says is assumed, but for the words `Issued` and `Awaiting ...`.
        let (is_issued, validation) = match state {
            State::Pending | State::OnHold => (false, State::Pending.in_words()),
            State::BeingIssued => (false, "Validated"),
            State::Issued | State::Replaced | State::Expired => (true, "Validated"),
            State::Revoked => return Err(Refusal::new(&code::REVOKED, hint).into()),
            State::Rejected => return Err(Refusal::new(&code::REJECTED, hint).into()),
            State::Unpaid => return Err(Refusal::new(&code::AWAITING_PAYMENT, hint).into()),
        };
        let status = match (is_issued, self.query) {
            (false, _) => BEING_PROCESSED,
            (true, Query::Status) => AVAILABLE,
            (true, Query::All | Query::Certificate | Query::Chain) => ATTACHED,
        };
        let states = [state.in_words(), validation];
        let layout = self.layout(order.number, status, states, assumptions);
        let reads_certificate = status == ATTACHED || status == AVAILABLE && self.validity_period;
        let (body, collection) = if reads_certificate {
            let collection = Collection {
                order: order.clone(),
                certificate: matches!(self.query, Query::All | Query::Certificate),
                chain: matches!(self.query, Query::All | Query::Chain),
                structure: self.structure,
                layout,
            };
            (None, Some(Box::new(collection)))
        } else {
            (Some(layout.write(None)), None)
        };
        Ok(Success {
            code: status,
            hint: hint.into(),
            body,
            collection,
            ..Success::default()
        })
    }

    fn layout(
        &self,
        order_number: OrderNumber,
        status: i32,
        states: [&'static str; 2],
        assumptions: &Assumptions,
    ) -> Layout {
        Layout {
            status,
            order_number,
            structure: self.structure,
            binary: self.binary,
            url_encoded: self.url_encoded,
            validity_period: self.validity_period,
            states: self.extended_status.then_some(states),
            mime_type: self.mime_type.clone().filter(|_| status > BEING_PROCESSED),
            assumptions: *assumptions,
        }
    }
}

/// Lets a call collect an order, unless it comes too soon after the last one (`strictPolling` of the account).
pub(super) fn admit_poll(number: OrderNumber, world: &mut World, now: Timestamp) -> Result<(), Refusal> {
    let order = world.book.get(number).expect("the order was just found");
    let login_name = order.login_name.clone();
    let account = world.accounts.get(login_name.as_str());
    let is_strict = account.is_some_and(|account| account.polling.is_some());
    if is_strict && !world.accounts_mut().admit_poll(login_name.as_str(), number, now) {
        return Err(Refusal::new(
            &code::POLLED_TOO_SOON,
            format!("order {number} was collected too soon after the last time (strictPolling of the account)"),
        ));
    }
    Ok(())
}

/// Counts a call that collects an order, which issues one that waits for so many.
fn count_poll(number: OrderNumber, world: &mut World, now: Timestamp) {
    let order = world.book.get(number).expect("the order was just found");
    if order.issued_after_polls.is_none() || order.state_at(now) != State::BeingIssued {
        return;
    }
    let order = world.book_mut().get_mut(number);
    let order = order.expect("the order was just found");
    order.poll(now);
    if order.product == Product::Smime && order.state_at(now) == State::Issued {
        mailing::announce_issuance(number, world, now);
    }
}

/// Whether its account is told when a certificate is collected.
fn is_told_of_collecting(order: &Order, world: &World) -> bool {
    let account = world.accounts.get(order.login_name.as_str());
    account
        .and_then(|account| account.push.as_ref())
        .is_some_and(|push| push.tells_of_collection)
}

impl Collection {
    /// The reply with the certificates in it.
    pub(super) fn write(&self, collected: &Collected) -> Body {
        self.layout.write(Some(collected))
    }
}

/// How a status, and what follows it, is written.
#[derive(Clone, Debug)]
struct Layout {
    status: i32,
    order_number: OrderNumber,
    structure: Structure,
    binary: bool,
    url_encoded: bool,
    validity_period: bool,
    /// That of the certificate and that of its validation, if they are shown.
    states: Option<[&'static str; 2]>,
    mime_type: Option<Box<str>>,
    assumptions: Assumptions,
}

impl Layout {
    fn write(&self, collected: Option<&Collected>) -> Body {
        match collected.map(|collected| &collected.certificates) {
            Some(Certificates::Together(structure)) if self.binary => Body {
                content_type: self.structure.content_type().into(),
                content: structure.clone().into(),
                is_text: false,
            },
            _ if self.url_encoded => self.body(Format::UrlEncoded, self.url_encode(collected)),
            _ => match &self.mime_type {
                Some(mime_type) => Body::text(mime_type.to_string(), self.lines(collected)),
                None => self.body(Format::Lines, self.lines(collected)),
            },
        }
    }

    fn body(&self, format: Format, text: String) -> Body {
        Body::text(format.content_type(&self.assumptions), text)
    }

    fn lines(&self, collected: Option<&Collected>) -> String {
        let mut text = format!("{}\n", self.status);
        if let Some(period) = self.period(collected) {
            text.extend(period.map(|time| format!("{}\n", self.date(time))));
        }
        if let Some(collected) = collected {
            text.push_str(&self.certificate_lines(&collected.certificates));
        }
        if let Some([certificate, validation]) = self.states {
            text.push_str(&format!("\n{certificate}\n{validation}\n"));
        }
        // The END line of a certificate was always seen with a line feed behind it.
        let is_status_alone = text.lines().count() == 1;
        let ends = match self.status {
            ATTACHED => true,
            _ if self.assumptions.final_newline == FinalNewline::No => false,
            _ => !is_status_alone || self.assumptions.collect_status_newline == CollectStatusNewline::Yes,
        };
        if !ends {
            text.pop();
        }
        text
    }

    fn certificate_lines(&self, certificates: &Certificates) -> String {
        match (certificates, self.structure.label()) {
            (Certificates::Each { chain, own }, _) => chain
                .iter()
                .chain(own)
                .map(|der| pem::encode(pem::CERTIFICATE, der))
                .collect(),
            (Certificates::Together(structure), Some(label)) if self.assumptions.collect_pem == CollectPem::Yes => {
                pem::encode(label, structure)
            }
            (Certificates::Together(structure), _) => pem::base64_lines(structure),
        }
    }

    fn url_encode(&self, collected: Option<&Collected>) -> String {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields.append_pair("errorCode", &self.status.to_string());
        fields.append_pair("orderNumber", &self.order_number.to_string());
        if let Some(period) = self.period(collected) {
            for (name, time) in ["notBefore", "notAfter"].into_iter().zip(period) {
                fields.append_pair(name, &unix_seconds(time).to_string());
            }
        }
        match collected.map(|collected| &collected.certificates) {
            Some(Certificates::Each { chain, own }) => {
                for der in chain {
                    fields.append_pair("caCertificate", &STANDARD.encode(der));
                }
                if let Some(der) = own {
                    fields.append_pair(self.structure.field(), &STANDARD.encode(der));
                }
            }
            Some(Certificates::Together(structure)) => {
                fields.append_pair(self.structure.field(), &STANDARD.encode(structure));
            }
            None => {}
        }
        if let Some([certificate, validation]) = self.states {
            fields.append_pair("certificateStatus", certificate);
            fields.append_pair("validationStatus", validation);
        }
        fields.finish()
    }

    fn period(&self, collected: Option<&Collected>) -> Option<[Timestamp; 2]> {
        collected
            .filter(|_| self.validity_period)
            .map(|collected| collected.period)
    }

    fn date(&self, time: Timestamp) -> String {
        match self.assumptions.collect_dates {
            CollectDates::Rfc3339 => time.to_string(),
            CollectDates::UnixSeconds => unix_seconds(time).to_string(),
            CollectDates::Date => {
                let text = time.to_string();
                text.split('T').next().unwrap_or_default().to_owned()
            }
        }
    }
}

/// The times in a certificate are whole seconds.
fn unix_seconds(time: Timestamp) -> i64 {
    time.unix_millis().div_euclid(1000)
}
