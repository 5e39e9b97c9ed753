//! Orders.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::api::csr::{Csr, Spaces};
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::collection_code::collection_code;
use crate::api::order::lifecycle::OrderTimes;
use crate::api::order::machine::DEFAULT_VALIDITY;
use crate::api::order::mailing::{self, Mailing};
use crate::api::order::product::Product;
use crate::api::order::state::{
    self as domain, IssuanceFailure, OrderNumber, RevocationReason, Stage, State, Times, Validity,
};
use crate::api::order::subject::SubjectDetails;
use crate::api::order::terms::{ProductCode, SignatureHash, Terms};
use crate::api::world::Accounts;
use crate::ca;
use crate::clock::Timestamp;
use crate::model::account::{build_polls, no_account};
use crate::model::query::{self, parameter};
use crate::model::same_schema::same_schema;
use crate::model::settable::settable;
use crate::model::sort::OrderSort;
use crate::model::value_error::{ValueError, check_length};
use crate::model::when::When;
use crate::model::whole::is_zero;
use crate::model::{object, whole};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How old an issued certificate is where the file does not say.
const AGE: Duration = DAY.saturating_mul(30);

/// An order as users write it, in fixtures and to the control API, where times may be relative to the present of the
/// sandbox. The control API answers with an [`OrderInfo`], whose times are absolute.
///
/// ```
/// use sectigo_emulator::control::{Order, days, minutes};
///
/// let order = Order::smime("login_name").issued().number(7).expires_in(days(3)).email("a@example.com");
/// let another = Order::code_signing("login_name").being_issued_for(minutes(10));
/// # drop((order, another));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(deserialize = "T: Deserialize<'de>")
)]
#[schema(as = OrderEntry, bound = "")]
pub struct Order<T = When> {
    /// Its number. In an order to be made, 0 or no number takes the next free one.
    #[serde(deserialize_with = "whole::one", skip_serializing_if = "is_zero")]
    #[schema(minimum = 1, maximum = 999999999999999999u64, required = true)]
    pub order_number: u64,
    /// The number of its certificate, issued or not; left out: one that follows from the order number.
    #[serde(
        default,
        rename = "certificateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 1, maximum = 9999999999999999u64)]
    pub certificate_id: Option<u64>,
    /// The code by which `download/RequestAndCollectSMIME` finds it without a login. It follows from the order number: left
    /// out, or this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 16)]
    pub collection_code: Option<String>,
    /// The loginName of its account.
    pub login_name: String,
    /// What is ordered.
    pub product: Product,
    /// Its state, by the sandbox's clock.
    pub state: State,
    /// What the state follows from as time goes by. A snapshot says it, and `state` is then the one at the time when the
    /// snapshot was taken. Left out: what `state` says now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageEntry>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub issued: Option<T>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub expires: Option<T>,
    /// When it is issued, if it is being-issued; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub due: Option<T>,
    /// The mailbox that an S/MIME certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The organization that the certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The country of the organization, two capital letters of ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// The state or province of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_or_province_name: Option<String>,
    /// The city of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality_name: Option<String>,
    /// The registered number of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_identifier: Option<String>,
    /// For how many days the certificate is valid, from when it is issued by a call.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535)]
    pub days: Option<u16>,
    /// Whether it is a test order, whose certificate the CA `test` issues.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// A PKCS#10 request, in PEM or Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
    /// Sectigo's number of the kind of certificate: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65535)]
    pub product_code: Option<u16>,
    /// The hash that the certificate's signature is made with; left out: no preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_hash: Option<SignatureHash>,
    /// The CA that issues it: each number is a CA of its own.
    #[serde(
        default,
        rename = "caCertificateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ca_certificate_id: Option<u64>,
    /// Keep the private key that is made where no CSR is given, so that it can be fetched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_key: bool,
    /// What the caller of its revocation said.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Revocation>)]
    pub revocation: Option<Revocation<T>>,
    /// If it is being-issued: the call that collects it with this number, counted from now, finds it issued.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295u64)]
    pub issued_after_polls: Option<u32>,
    /// How its issuance fails when it is due, or at the last of the polls; it stays being-issued then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuance_fails: Option<IssuanceFailure>,
    /// The language of its mails, the two letters of ISO 639-1 in lower case; left out: English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_name: Option<String>,
    /// The template of mails that verify its address.
    #[serde(
        default,
        rename = "SMIMEVerificationTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_verification_template_id: Option<u64>,
    /// The template of mails that invite to send a CSR.
    #[serde(
        default,
        rename = "SMIMERequestTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_request_template_id: Option<u64>,
    /// The template of mails that tell of a certificate to collect.
    #[serde(
        default,
        rename = "SMIMECollectionTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_collection_template_id: Option<u64>,
    /// Its certificate was collected, which is pushed once; noted only if its account has a `push`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub collected: bool,
}

/// An order as the control API answers it, in its state at present.
pub type OrderInfo = Order<Timestamp>;

/// What the caller of a revocation said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevocationEntry, bound = "")]
pub struct Revocation<T = When> {
    /// When it was asked for.
    #[schema(value_type = When)]
    pub at: T,
    /// The `codeReason`.
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 5)]
    pub code_reason: u8,
    /// The `revocationReason`, empty if there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revocation_reason: String,
}

/// A revocation as the control API answers it.
pub type RevocationInfo = Revocation<Timestamp>;

/// Orders as the control API answers them, by rising number if nothing else was asked for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Orders)]
pub(crate) struct OrderList {
    pub(crate) orders: Vec<OrderInfo>,
    /// There are more: send this as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
    /// How many there are on all pages, if `search`, `sort` or `offset` was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<usize>,
}

/// Which orders are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderFilter {
    /// Of this account.
    #[serde(deserialize_with = "query::given")]
    pub(crate) login_name: Option<String>,
    /// In this state now.
    #[serde(deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) state: Option<State>,
    /// Of this product.
    #[serde(deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) product: Option<Product>,
    /// With a number above this.
    #[serde(deserialize_with = "query::parsed")]
    #[param(maximum = 999999999999999999u64)]
    pub(crate) after: Option<u64>,
    /// At most so many; the default is 1000.
    #[serde(deserialize_with = "query::parsed")]
    #[param(minimum = 1, maximum = 10000)]
    pub(crate) limit: Option<usize>,
    /// With this in the orderNumber, loginName, email or organization, whatever its case.
    #[serde(deserialize_with = "query::given")]
    pub(crate) search: Option<String>,
    /// Sorted by `orderNumber`, `loginName`, `product`, `state`, `issued`, `expires` or `due`, with a `-` before it the other
    /// way; those without that time come last. The default is `orderNumber`.
    #[serde(deserialize_with = "query::parsed")]
    #[param(value_type = Option<String>, pattern = "^-?(orderNumber|loginName|product|state|issued|expires|due)$")]
    pub(crate) sort: Option<OrderSort>,
    /// Without the first so many. With this, `search` or `sort`, the answer has a `total` and no `next`.
    #[serde(deserialize_with = "query::parsed")]
    #[param(maximum = 18446744073709551615u64)]
    pub(crate) offset: Option<usize>,
}

impl OrderFilter {
    /// The filter as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[
            ("loginName", parameter(&self.login_name)),
            ("state", parameter(&self.state)),
            ("product", parameter(&self.product.map(Product::as_str))),
            ("after", parameter(&self.after)),
            ("limit", parameter(&self.limit)),
            ("search", parameter(&self.search)),
            ("sort", parameter(&self.sort)),
            ("offset", parameter(&self.offset)),
        ])
    }

    /// Whether a window of a sorted list is asked for, with the number of all.
    pub(crate) fn is_of_window(&self) -> bool {
        self.search.is_some() || self.sort.is_some() || self.offset.is_some()
    }
}

same_schema! {
    /// The schema of an order to be made: without an orderNumber it is given one, without a state it is issued.
    NewOrder as Order;

    /// The schema of the fields of an order that shall change; null removes one.
    OrderPatch as Order;
}

impl Order {
    /// An S/MIME order of the account with that loginName: issued 30 days ago for a year, with the next free number,
    /// unless more is said.
    #[must_use]
    pub fn smime(login_name: &str) -> Self {
        Self::new(login_name, Product::Smime)
    }

    /// A code-signing order of the account with that loginName: issued 30 days ago for a year, with the next free number,
    /// unless more is said.
    #[must_use]
    pub fn code_signing(login_name: &str) -> Self {
        Self::new(login_name, Product::CodeSigning)
    }

    fn new(login_name: &str, product: Product) -> Self {
        Self {
            order_number: 0,
            certificate_id: None,
            collection_code: None,
            login_name: login_name.to_owned(),
            product,
            state: State::Issued,
            stage: None,
            issued: None,
            expires: None,
            due: None,
            email: None,
            organization: None,
            country_name: None,
            state_or_province_name: None,
            locality_name: None,
            organization_identifier: None,
            days: None,
            test: false,
            csr: None,
            product_code: None,
            signature_hash: None,
            ca_certificate_id: None,
            keep_key: false,
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            language_name: None,
            smime_verification_template_id: None,
            smime_request_template_id: None,
            smime_collection_template_id: None,
            collected: false,
        }
    }

    /// In that state.
    #[must_use]
    pub fn state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Not yet issued.
    #[must_use]
    pub fn pending(self) -> Self {
        self.state(State::Pending)
    }

    /// Being issued, for ever.
    #[must_use]
    pub fn being_issued(self) -> Self {
        self.state(State::BeingIssued)
    }

    /// Being issued for so long from now, by the sandbox's clock; issued then.
    #[must_use]
    pub fn being_issued_for(self, span: Duration) -> Self {
        self.being_issued().due_in(span)
    }

    /// Issued and valid.
    #[must_use]
    pub fn issued(self) -> Self {
        self.state(State::Issued)
    }

    /// Replaced.
    #[must_use]
    pub fn replaced(self) -> Self {
        self.state(State::Replaced)
    }

    /// Revoked.
    #[must_use]
    pub fn revoked(self) -> Self {
        self.state(State::Revoked)
    }

    /// Rejected.
    #[must_use]
    pub fn rejected(self) -> Self {
        self.state(State::Rejected)
    }

    /// Past its end.
    #[must_use]
    pub fn expired(self) -> Self {
        self.state(State::Expired)
    }

    /// On hold.
    #[must_use]
    pub fn on_hold(self) -> Self {
        self.state(State::OnHold)
    }

    /// Ordered, not yet paid for.
    #[must_use]
    pub fn unpaid(self) -> Self {
        self.state(State::Unpaid)
    }

    /// With that order number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        Self {
            order_number: number,
            ..self
        }
    }

    /// Of an organization in that country, state and city.
    #[must_use]
    pub fn place(self, country: &str, state_or_province: &str, locality: &str) -> Self {
        Self {
            country_name: Some(country.to_owned()),
            state_or_province_name: Some(state_or_province.to_owned()),
            locality_name: Some(locality.to_owned()),
            ..self
        }
    }

    /// Of an organization with that registered number.
    #[must_use]
    pub fn organization_identifier(self, identifier: &str) -> Self {
        Self {
            organization_identifier: Some(identifier.to_owned()),
            ..self
        }
    }

    /// For so many days, from when it is issued by a call.
    #[must_use]
    pub fn days(self, days: u16) -> Self {
        Self {
            days: Some(days),
            ..self
        }
    }

    /// A test order.
    #[must_use]
    pub fn test(self) -> Self {
        Self { test: true, ..self }
    }

    /// Being issued until it is collected for the time with that number.
    #[must_use]
    pub fn issued_after_polls(self, polls: u32) -> Self {
        Self {
            issued_after_polls: Some(polls),
            ..self.being_issued()
        }
    }
}

/// A change of an order; the fields that it does not name stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[must_use]
#[serde(transparent)]
pub struct OrderChange(Map<String, Value>);

impl OrderChange {
    /// An empty change, to which fields are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// A change into that state. Times that the state cannot have go, those that it needs come.
    pub fn to(state: State) -> Self {
        Self::new().with("state", state)
    }

    /// Gives it to the account with that loginName.
    pub fn login_name(self, login_name: &str) -> Self {
        self.with("loginName", login_name)
    }

    /// Makes it one of that product.
    pub fn product(self, product: Product) -> Self {
        self.with("product", product)
    }

    /// Takes a field away, such as `email`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    /// Issued when it is collected for the time with that number, if it is being issued.
    pub fn issued_after_polls(self, polls: u32) -> Self {
        self.with("issuedAfterPolls", polls)
    }

    fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.0.insert(field.to_owned(), json!(value));
        self
    }
}

settable! { Order, OrderChange:
    /// With that certificateID.
    certificate_id(id: u64) sets certificate_id, "certificateID": Some(id);

    /// Issued so long ago.
    issued_ago(before: Duration) sets issued, "issued": Some(When::Before(before));

    /// Issued at that time.
    issued_at(time: Timestamp) sets issued, "issued": Some(When::At(time));

    /// Expires so long from now, by the sandbox's clock.
    expires_in(after: Duration) sets expires, "expires": Some(When::After(after));

    /// Expired so long ago, by the sandbox's clock.
    expires_ago(before: Duration) sets expires, "expires": Some(When::Before(before));

    /// Expires at that time.
    expires_at(time: Timestamp) sets expires, "expires": Some(When::At(time));

    /// Goes on being issued so long from now, by the sandbox's clock.
    due_in(after: Duration) sets due, "due": Some(When::After(after));

    /// With that e-mail address.
    email(address: &str) sets email, "email": Some(address.to_owned());

    /// With that organization.
    organization(name: &str) sets organization, "organization": Some(name.to_owned());

    /// With that CSR, PEM.
    csr(pem: &str) sets csr, "csr": Some(pem.to_owned());

    /// Of this kind: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
    product_code(number: u16) sets product_code, "productCode": Some(number);

    /// With a signature that is made with this hash.
    signature_hash(hash: SignatureHash) sets signature_hash, "signatureHash": Some(hash);

    /// Issued by the CA of this caCertificateID.
    ca_certificate_id(id: u64) sets ca_certificate_id, "caCertificateID": Some(id);

    /// With a made key that can be fetched, in place of a CSR.
    keep_key() sets keep_key, "keepKey": true;

    /// Its issuance fails when it is due.
    issuance_fails(how: IssuanceFailure) sets issuance_fails, "issuanceFails": Some(how);
}

/// What was done to an order whose state changes with time alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StageEntry {
    /// It was ordered: being-issued until it is due, then issued, expired after its end.
    BeingIssued,
    /// It was issued: issued until its end, then expired.
    Issued,
    /// It was replaced: replaced until its end, then expired.
    Replaced,
}

impl StageEntry {
    /// The stage of an order whose state changes with time alone.
    pub(crate) fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::BeingIssued(Some(_)) => Some(Self::BeingIssued),
            Stage::Issued(_) => Some(Self::Issued),
            Stage::Replaced(_) => Some(Self::Replaced),
            Stage::Pending
            | Stage::BeingIssued(None)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => None,
        }
    }

    /// The states that it comes by.
    pub(crate) fn states(self) -> &'static [State] {
        match self {
            Self::BeingIssued => &[State::BeingIssued, State::Issued, State::Expired],
            Self::Issued => &[State::Issued, State::Expired],
            Self::Replaced => &[State::Replaced, State::Expired],
        }
    }
}

/// The order that an entry describes.
pub(crate) fn build_order(entry: &Order, accounts: &Accounts, now: Timestamp) -> Result<domain::Order, ValueError> {
    let number = OrderNumber::new(entry.order_number).ok_or_else(no_order_number)?;
    let account = accounts.get(&entry.login_name).ok_or_else(|| {
        ValueError::at(
            "loginName",
            no_account(&entry.login_name, |text| accounts.is_password(text)),
        )
    })?;
    check_collection_code(entry, number)?;
    let csr = match &entry.csr {
        Some(text) => Some(judge_csr(text)?),
        None => None,
    };
    let mut order = domain::Order {
        number,
        certificate_id: build_certificate_id(entry)?,
        login_name: account.login_name.clone(),
        product: entry.product,
        email: entry.email.as_deref().map(Arc::from),
        organization: entry.organization.as_deref().map(Arc::from),
        subject: build_subject(entry)?,
        csr: None,
        terms: build_terms(entry)?,
        stage: build_stage(entry, now)?,
        revocation: build_revocation(entry, now)?,
        issued_after_polls: build_polls(entry.issued_after_polls)?,
        issuance_fails: entry.issuance_fails,
        mailing: build_mailing(entry)?.boxed(),
        collected: entry.collected,
    };
    give_csr(&mut order, csr)?;
    Ok(order)
}

/// The CSR that an entry brings, no longer than the API takes it.
pub(crate) fn judge_csr(text: &str) -> Result<Csr, ValueError> {
    check_length("csr", text, Csr::MAX_TEXT)?;
    Csr::parse_either(text, Spaces::MayBePlus).map_err(|error| ValueError::at("csr", error.to_string()))
}

/// Lets an order have that CSR or none, which makes it complete: a certificate can be made of it, or it is refused here.
pub(crate) fn give_csr(order: &mut domain::Order, csr: Option<Csr>) -> Result<(), ValueError> {
    if csr.is_some() && order.terms.keep_key {
        return Err(ValueError::at(
            "keepKey",
            "no key is made for an order that has a csr, so there is none to keep",
        ));
    }
    order.csr = csr;
    ca::order::check(order).map_err(|error| match error.field() {
        Some(field) => ValueError::at(field, error.to_string()),
        None => ValueError::new(error.to_string()),
    })
}

fn check_collection_code(entry: &Order, number: OrderNumber) -> Result<(), ValueError> {
    match &entry.collection_code {
        Some(code) if *code != collection_code(number) => Err(ValueError::at(
            "collectionCode",
            "a collectionCode follows from the orderNumber, and this one is not that order's: leave it out",
        )),
        Some(_) | None => Ok(()),
    }
}

fn build_certificate_id(entry: &Order) -> Result<Option<CertificateId>, ValueError> {
    let Some(id) = entry.certificate_id else {
        return Ok(None);
    };
    let out_of_range = || {
        ValueError::at(
            "certificateID",
            format!("a certificateID is between 1 and {}", CertificateId::MAX),
        )
    };
    let id = CertificateId::new(id).ok_or_else(out_of_range)?;
    let is_usual = OrderNumber::new(entry.order_number).map(OrderNumber::certificate_id) == Some(id);
    Ok(Some(id).filter(|_| !is_usual))
}

fn build_subject(entry: &Order) -> Result<Option<Box<SubjectDetails>>, ValueError> {
    let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
    let details = SubjectDetails {
        country: boxed(&entry.country_name),
        state_or_province: boxed(&entry.state_or_province_name),
        locality: boxed(&entry.locality_name),
        organization_identifier: boxed(&entry.organization_identifier),
    };
    for ((field, value), max) in details.fields().into_iter().zip(SubjectDetails::MAX) {
        if let Some(value) = value {
            check_length(field, value, max)?;
        }
    }
    Ok(details.boxed())
}

fn build_mailing(entry: &Order) -> Result<Mailing, ValueError> {
    let templates = [
        entry.smime_verification_template_id,
        entry.smime_request_template_id,
        entry.smime_collection_template_id,
    ];
    let language =
        match &entry.language_name {
            Some(_) if templates.iter().any(Option::is_some) => {
                return Err(ValueError::at(
                    "languageName",
                    "mails are written in a language or by templates, not by both",
                ));
            }
            Some(letters) => Some(mailing::language(letters).ok_or_else(|| {
                ValueError::at("languageName", "a language is two letters of ISO 639-1, in lower case")
            })?),
            None => None,
        };
    Ok(Mailing { language, templates })
}

fn build_terms(entry: &Order) -> Result<Terms, ValueError> {
    let is_of_product = |code: &ProductCode| code.product() == entry.product;
    let product_code = match entry.product_code {
        Some(number) => Some(ProductCode::from_number(number).filter(is_of_product).ok_or_else(|| {
            let numbers: Vec<_> = ProductCode::ALL
                .into_iter()
                .filter(is_of_product)
                .map(|code| code.number().to_string())
                .collect();
            ValueError::at(
                "productCode",
                format!(
                    "{} order has the productCode {}",
                    entry.product.described(),
                    numbers.join(" or ")
                ),
            )
        })?),
        None => None,
    };
    if entry.ca_certificate_id.is_some() && entry.product != Product::Smime {
        return Err(ValueError::at(
            "caCertificateID",
            "only an S/MIME order has a caCertificateID",
        ));
    }
    Ok(Terms {
        product_code,
        signature_hash: entry.signature_hash.unwrap_or_default(),
        ca_certificate_id: entry.ca_certificate_id,
        keep_key: entry.keep_key,
        days: entry.days,
        is_test: entry.test,
    })
}

fn build_revocation(entry: &Order, now: Timestamp) -> Result<Option<Box<domain::Revocation>>, ValueError> {
    let Some(revocation) = &entry.revocation else {
        return Ok(None);
    };
    let reason = RevocationReason::from_number(revocation.code_reason)
        .ok_or_else(|| ValueError::at("codeReason", "a codeReason is 0, 1, 3, 4 or 5").under("revocation"))?;
    Ok(Some(Box::new(domain::Revocation {
        at: revocation.at.from(now),
        reason,
        comment: revocation.revocation_reason.as_str().into(),
    })))
}

fn build_stage(entry: &Order, now: Timestamp) -> Result<Stage, ValueError> {
    let unless_given = |given: &[(&'static str, bool)]| match given.iter().find(|(_, is_given)| *is_given) {
        Some((key, _)) => Err(ValueError::at(
            key,
            format!("an order that is {} has no `{key}`", entry.state),
        )),
        None => Ok(()),
    };
    let (issued, expires, due) = (entry.issued.is_some(), entry.expires.is_some(), entry.due.is_some());
    match entry.state.times() {
        Times::None => unless_given(&[("issued", issued), ("expires", expires), ("due", due)])?,
        Times::Due => unless_given(&[("issued", issued), ("expires", expires && !due)])?,
        Times::Issued => unless_given(&[("due", due)])?,
    }
    if let Some(stage) = entry.stage {
        return build_recorded_stage(entry, stage, now);
    }
    Ok(match entry.state {
        State::Pending => Stage::Pending,
        State::Rejected => Stage::Rejected,
        State::OnHold => Stage::OnHold,
        State::Unpaid => Stage::Unpaid,
        State::BeingIssued => being_issued(entry, now)?,
        State::Issued => Stage::Issued(validity_with_end(entry, now, false)?),
        State::Replaced => Stage::Replaced(validity_with_end(entry, now, false)?),
        State::Expired => Stage::Issued(validity_with_end(entry, now, true)?),
        State::Revoked => Stage::Revoked(validity(entry, now, AGE)?),
    })
}

fn being_issued(entry: &Order, now: Timestamp) -> Result<Stage, ValueError> {
    let due = entry.due.map(|_| validity(entry, now, AGE)).transpose()?;
    Ok(Stage::BeingIssued(due))
}

/// The stage that the entry names. Its state is that of another time, perhaps, but one that the stage comes by.
fn build_recorded_stage(entry: &Order, stage: StageEntry, now: Timestamp) -> Result<Stage, ValueError> {
    if !stage.states().contains(&entry.state) {
        let states: Vec<_> = stage.states().iter().map(|state| state.as_str()).collect();
        return Err(ValueError::at(
            "stage",
            format!(
                "with this stage an order is {}, never {}; leave `stage` out where `state` says it all",
                states.join(" or "),
                entry.state
            ),
        ));
    }
    match (stage, entry.state.times()) {
        (StageEntry::BeingIssued, Times::Due) => being_issued(entry, now),
        (StageEntry::BeingIssued, Times::None | Times::Issued) => {
            Ok(Stage::BeingIssued(Some(validity(entry, now, AGE)?)))
        }
        (StageEntry::Issued, _) => Ok(Stage::Issued(validity(entry, now, AGE)?)),
        (StageEntry::Replaced, _) => Ok(Stage::Replaced(validity(entry, now, AGE)?)),
    }
}

/// The validity of an order whose state says whether its end is past.
fn validity_with_end(entry: &Order, now: Timestamp, is_past: bool) -> Result<Validity, ValueError> {
    let validity = validity(entry, now, if is_past { DEFAULT_VALIDITY + DAY } else { AGE })?;
    match (validity.expires <= now, is_past) {
        (true, false) => Err(ValueError::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            format!(
                "an order that is {} has its end in the future; one past its end is expired",
                entry.state
            ),
        )),
        (false, true) => Err(ValueError::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            "an order that is expired has its end in the past",
        )),
        _ => Ok(validity),
    }
}

/// The validity that the entry gives; what it does not give follows from the other end or from `age`.
fn validity(entry: &Order, now: Timestamp, age: Duration) -> Result<Validity, ValueError> {
    let issued = entry.due.or(entry.issued).map(|when| when.from(now));
    let expires = entry.expires.map(|when| when.from(now));
    check_validity(match (issued, expires) {
        (Some(issued), Some(expires)) => Validity { issued, expires },
        (Some(issued), None) => Validity {
            issued,
            expires: issued.after(DEFAULT_VALIDITY),
        },
        (None, Some(expires)) => Validity {
            issued: now.before(age).min(expires.before(DEFAULT_VALIDITY)),
            expires,
        },
        (None, None) => Validity {
            issued: now.before(age),
            expires: now.before(age).after(DEFAULT_VALIDITY),
        },
    })
}

fn check_validity(validity: Validity) -> Result<Validity, ValueError> {
    // An order may be over at the moment that it is issued: so is one that replaces an order in its last minutes.
    if validity.expires < validity.issued {
        return Err(ValueError::at(
            "expires",
            "an order does not expire before it is issued",
        ));
    }
    Ok(validity)
}

impl OrderInfo {
    /// The order as a snapshot records it: it is made again from that, whatever the time is then.
    pub(crate) fn record(order: &domain::Order, now: Timestamp) -> Self {
        Self {
            stage: StageEntry::of(order.stage),
            certificate_id: order.certificate_id.map(CertificateId::get),
            collection_code: None,
            ..Self::describe(order, now)
        }
    }

    /// The order as it is now.
    pub(crate) fn describe(order: &domain::Order, now: Timestamp) -> Self {
        let state = order.state_at(now);
        let OrderTimes { issued, expires, due } = order.times_at(now);
        let details = order.subject.as_deref();
        let mailing = order.mailing.as_deref().copied().unwrap_or_default();
        let [verification, request, collection] = mailing.templates;
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            order_number: order.number.get(),
            certificate_id: Some(order.certificate_id().get()),
            collection_code: Some(collection_code(order.number)),
            login_name: order.login_name.to_string(),
            product: order.product,
            state,
            stage: None,
            issued,
            expires,
            due,
            email: order.email.as_deref().map(str::to_owned),
            organization: order.organization.as_deref().map(str::to_owned),
            country_name: details.and_then(|details| owned(&details.country)),
            state_or_province_name: details.and_then(|details| owned(&details.state_or_province)),
            locality_name: details.and_then(|details| owned(&details.locality)),
            organization_identifier: details.and_then(|details| owned(&details.organization_identifier)),
            days: order.terms.days,
            test: order.terms.is_test,
            csr: order.csr.as_ref().map(describe_csr),
            product_code: order.terms.product_code.map(ProductCode::number),
            signature_hash: Some(order.terms.signature_hash).filter(|hash| *hash != SignatureHash::default()),
            ca_certificate_id: order.terms.ca_certificate_id,
            keep_key: order.terms.keep_key,
            revocation: order.revocation.as_ref().map(|revocation| Revocation {
                at: revocation.at,
                code_reason: revocation.reason.number(),
                revocation_reason: revocation.comment.to_string(),
            }),
            issued_after_polls: order.issued_after_polls.map(NonZeroU32::get),
            issuance_fails: order.issuance_fails,
            language_name: mailing.language.map(str::to_owned),
            smime_verification_template_id: verification,
            smime_request_template_id: request,
            smime_collection_template_id: collection,
            collected: order.collected,
        }
    }
}

/// A CSR in PEM; bare where only its armour would make it longer than a CSR may be.
fn describe_csr(csr: &Csr) -> String {
    Some(csr.to_pem())
        .filter(|pem| pem.len() <= Csr::MAX_TEXT)
        .unwrap_or_else(|| csr.to_base64())
}

/// Says that an order number is taken.
pub(crate) fn order_number_taken(number: OrderNumber) -> String {
    format!("another order has the orderNumber {number}")
}

/// Says that a certificateID is taken.
pub(crate) fn certificate_id_taken(id: CertificateId) -> String {
    format!("another order has the certificateID {id}")
}

pub(super) fn no_order_number() -> ValueError {
    ValueError::at(
        "orderNumber",
        format!("an order number is between 1 and {}", OrderNumber::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::account::Account;
    use crate::model::answer::from_value;

    const DAY: Duration = Duration::from_secs(86_400);

    fn day(number: u32) -> Timestamp {
        Timestamp::EPOCH.after(number * DAY)
    }

    fn order(stage: Stage) -> domain::Order {
        domain::Order::plain(OrderNumber::new(7).unwrap(), stage)
    }

    #[test]
    fn a_recorded_order_is_the_same_whenever_it_was_recorded_and_is_read() {
        let mut accounts = Accounts::default();
        accounts.insert(Account::plain("a", "p"));
        let validity = Validity {
            issued: day(10),
            expires: day(20),
        };
        for stage in [
            Stage::Pending,
            Stage::BeingIssued(None),
            Stage::BeingIssued(Some(validity)),
            Stage::Issued(validity),
            Stage::Replaced(validity),
            Stage::Revoked(validity),
            Stage::Rejected,
            Stage::OnHold,
            Stage::Unpaid,
        ] {
            for (recorded, read) in (0..6).flat_map(|recorded| (0..6).map(move |read| (recorded * 5, read * 5))) {
                for issuance_fails in [None, Some(IssuanceFailure::PreSign), Some(IssuanceFailure::PostSign)] {
                    let order = domain::Order {
                        issued_after_polls: NonZeroU32::new(2).filter(|_| issuance_fails.is_some()),
                        issuance_fails,
                        collected: issuance_fails.is_none(),
                        ..order(stage)
                    };
                    let entry = OrderInfo::record(&order, day(recorded));
                    let text = serde_json::to_string(&entry).unwrap();
                    let entry = serde_json::from_str(&text).unwrap();
                    let found = build_order(&entry, &accounts, day(read)).unwrap();
                    assert_eq!(found, order, "recorded on day {recorded}, read on day {read}: {text}");
                }
            }
        }
    }

    #[test]
    fn an_order_is_written_as_a_fixtures_entry() {
        let day = Duration::from_secs(86_400);
        let order = Order::smime("l").issued().number(7).expires_in(3 * day).email("a@b.de");
        assert_eq!(
            json!(order),
            json!({"loginName": "l", "product": "smime", "state": "issued", "orderNumber": 7, "expires": "+3d",
                   "email": "a@b.de"})
        );
        assert_eq!(
            json!(Order::code_signing("l").being_issued_for(Duration::from_secs(600))),
            json!({"loginName": "l", "product": "code-signing", "state": "being-issued", "due": "+10m"})
        );
        assert_eq!(
            json!(OrderChange::to(State::OnHold).without("email")),
            json!({"state": "on-hold", "email": null})
        );
    }

    #[test]
    fn an_order_is_read() {
        let order: OrderInfo = from_value(json!({
            "orderNumber": 7, "loginName": "l", "product": "smime", "state": "revoked",
            "issued": "1970-01-01T00:00:01Z", "revocation": {"at": "1970-01-01T00:00:02Z", "codeReason": 1},
            "signatureHash": "REQUIRE_SHA2", "later": "versions may say more"
        }))
        .unwrap();
        assert_eq!(order.issued, Some(Timestamp::from_unix_millis(1000)));
        assert_eq!((order.expires, order.state), (None, State::Revoked));
        assert_eq!(order.signature_hash, Some(SignatureHash::RequireSha2));
        assert_eq!(order.revocation.unwrap().code_reason, 1);
    }

    #[test]
    fn a_change_names_the_fields_of_an_order() {
        let change = OrderChange::to(State::Issued)
            .login_name("l")
            .product(Product::Smime)
            .issued_ago(DAY)
            .expires_in(DAY)
            .due_in(DAY)
            .email("a@b.de")
            .organization("Example")
            .certificate_id(5)
            .csr("MA==")
            .product_code(794)
            .signature_hash(SignatureHash::PreferSha2)
            .ca_certificate_id(1)
            .keep_key()
            .issued_after_polls(3)
            .issuance_fails(IssuanceFailure::PostSign);
        let Value::Object(mut fields) = json!(change) else {
            panic!("{change:?}")
        };
        assert_eq!(fields.len(), 16);
        fields.insert("orderNumber".to_owned(), json!(1));
        let order: Order = serde_json::from_value(fields.into()).unwrap();
        let built = Order::smime("l")
            .number(1)
            .issued_ago(DAY)
            .expires_in(DAY)
            .due_in(DAY)
            .email("a@b.de");
        let built = built
            .organization("Example")
            .certificate_id(5)
            .csr("MA==")
            .product_code(794)
            .ca_certificate_id(1)
            .keep_key();
        let built = built
            .issued_after_polls(3)
            .issuance_fails(IssuanceFailure::PostSign)
            .issued();
        assert_eq!(order, built.signature_hash(SignatureHash::PreferSha2));
    }
}
