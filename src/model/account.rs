//! Accounts.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{self, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::api::account::{self as domain, LoginName, Password, Payment, PushCredentials, PushTarget, Voucher};
use crate::api::http_url::{HttpUrl, HttpUrlError};
use crate::clock::Timestamp;
use crate::model::endpoint::entry_endpoint;
use crate::model::query::{self, parameter};
use crate::model::same_schema::same_schema;
use crate::model::settable::settable;
use crate::model::value_error::{ValueError, check_length};
use crate::model::when::{Span, When, optional_span, span};
use crate::model::{object, whole};
use crate::shown::shown;

/// An account as users write it, in fixtures and to the control API. Its password is never printed. The control API answers
/// with an [`AccountInfo`], which has none.
///
/// ```
/// use sectigo_emulator::control::{Account, hours};
///
/// let account = Account::new("login", "password")
///     .may_only(["!autoRevokeCS"])
///     .call_limit(100, hours(1))
///     .reseller("login_name")
///     .account_id(7);
/// assert!(!format!("{account:?}").contains("password\""));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(deserialize = "T: Deserialize<'de>, P: Deserialize<'de>")
)]
#[schema(as = AccountEntry, bound = "")]
pub struct Account<T = When, P = Secret> {
    /// Its loginName.
    pub login_name: String,
    /// Its loginPassword, if it is one that is written.
    #[serde(skip_serializing_if = "is_no_password")]
    #[schema(value_type = Secret, required = true)]
    pub(crate) login_password: P,
    /// The number by which a reseller names it.
    #[serde(
        default,
        rename = "accountID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub account_id: Option<u64>,
    /// The loginName of the account that may name it by its accountID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reseller: Option<String>,
    /// A locked account is answered with -16.
    #[serde(default)]
    pub locked: bool,
    /// The endpoints that it may use; all if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The caCertificateIDs that it may name; without any, -91 answers one.
    #[serde(
        default,
        rename = "caCertificateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ca_certificate_ids: Vec<u64>,
    /// The ids of its e-mail templates.
    #[serde(
        default,
        rename = "templateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub template_ids: Vec<u64>,
    /// Whether it pays with a voucher, or the voucher's name: then -90 answers a revocation.
    #[serde(default, deserialize_with = "read_voucher", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VoucherEntry>)]
    pub voucher: Option<VoucherInfo>,
    /// How it pays for its orders; left out: at once.
    #[serde(default, skip_serializing_if = "is_at_once")]
    pub payment: Payment,
    /// The product codes that it has no price for; an order of one is answered with -115.
    #[serde(default, deserialize_with = "whole::list", skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = product_codes)]
    pub unpriced: Vec<u16>,
    /// How many calls it may make in a time; those beyond are answered with -42.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<CallLimit>)]
    pub call_limit: Option<CallLimit<T>>,
    /// How soon it may collect the same order again, by the sandbox's clock; a call before that is answered with -42.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub strict_polling: Option<Duration>,
    /// Orders that its calls make are issued when they are collected for the time with this number.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295u64)]
    pub issued_after_polls: Option<u32>,
    /// Where changes of its orders are pushed to.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Push>)]
    pub push: Option<Push>,
}

/// An account as the control API answers it: without its password, which no answer has.
pub type AccountInfo = Account<Timestamp, NoPassword>;

/// Where changes of an account's orders are pushed to. Answers have neither the user name nor the password.
///
/// ```
/// use sectigo_emulator::control::{Account, Push};
///
/// let push = Push::to("http://127.0.0.1:9000/push").basic("user", "s3cret").with_certificate();
/// let account = Account::new("login", "password").push(push);
/// assert!(!format!("{account:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PushEntry)]
pub struct Push {
    /// An `http://` or `https://` URL.
    #[schema(max_length = 2000)]
    pub url: String,
    /// The user name for HTTP basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Secret>,
    /// The password for HTTP basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    /// Whether the certificate is delivered: then a push is a POST, otherwise a GET.
    #[serde(default)]
    pub certificate: bool,
    /// Whether the first collection of a certificate is pushed as well, with the statusCode 6; true by default.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[schema(required = false)]
    pub collection: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

impl Push {
    /// To that URL, the status alone.
    #[must_use]
    pub fn to(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            user: None,
            password: None,
            certificate: false,
            collection: true,
        }
    }

    /// With credentials for HTTP basic authentication.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        Self {
            user: Some(Secret(user.to_owned())),
            password: Some(Secret(password.to_owned())),
            ..self
        }
    }

    /// Without a push when a certificate is collected for the first time.
    #[must_use]
    pub fn without_collection(self) -> Self {
        Self {
            collection: false,
            ..self
        }
    }

    /// With the certificate, where there is one.
    #[must_use]
    pub fn with_certificate(self) -> Self {
        Self {
            certificate: true,
            ..self
        }
    }
}

/// A limit of calls.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
#[schema(as = CallLimitEntry, bound = "")]
pub struct CallLimit<T = When> {
    /// So many calls are allowed.
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 1000000)]
    pub calls: usize,
    /// In any span of that length, by the sandbox's clock.
    #[serde(with = "span")]
    #[schema(value_type = Span)]
    pub per: Duration,
    /// When the calls were made that count still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<When>)]
    pub counted: Vec<T>,
}

/// A limit of calls as the control API answers it.
pub type CallLimitInfo = CallLimit<Timestamp>;

/// Accounts as the control API answers them, by loginName.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Accounts)]
pub(crate) struct AccountList {
    #[schema(value_type = Vec<AccountAnswer>)]
    pub(crate) accounts: Vec<AccountInfo>,
    /// How many there are on all pages, if `search`, `offset` or `limit` was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<usize>,
}

/// Which accounts are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountFilter {
    /// With this in the loginName or the accountID, whatever its case.
    #[serde(deserialize_with = "query::given")]
    pub(crate) search: Option<String>,
    /// Without the first so many.
    #[serde(deserialize_with = "query::parsed")]
    #[param(maximum = 18446744073709551615u64)]
    pub(crate) offset: Option<usize>,
    /// At most so many; all if left out.
    #[serde(deserialize_with = "query::parsed")]
    #[param(maximum = 18446744073709551615u64)]
    pub(crate) limit: Option<usize>,
}

impl AccountFilter {
    /// The filter as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[
            ("search", parameter(&self.search)),
            ("offset", parameter(&self.offset)),
            ("limit", parameter(&self.limit)),
        ])
    }

    /// Whether some of the accounts are asked for, with the number of all.
    pub(crate) fn is_of_window(&self) -> bool {
        self.search.is_some() || self.offset.is_some() || self.limit.is_some()
    }
}

/// The schema of an [`AccountInfo`]: that of an account that is written, without the password.
pub(crate) struct AccountAnswer;

impl PartialSchema for AccountAnswer {
    fn schema() -> RefOr<Schema> {
        let mut schema = <Account>::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description = Some("An account as it is answered: without its password.".to_owned());
            object.properties.remove("loginPassword");
            object.additional_properties = None;
            object.required = vec!["loginName".to_owned(), "locked".to_owned()];
        }
        schema
    }
}

impl ToSchema for AccountAnswer {
    fn name() -> Cow<'static, str> {
        "Account".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        <Account>::schemas(schemas);
    }
}

same_schema! {
    /// The schema of the fields of an account that shall change; null removes one.
    AccountPatch as Account;
}

/// The schema of a list of product codes: that of the list alone does not say how great they may be.
fn product_codes() -> Array {
    let code = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(u16::MAX));
    ArrayBuilder::new().items(code).build()
}

impl Account {
    /// An account that may do everything.
    #[must_use]
    pub fn new(login_name: &str, login_password: &str) -> Self {
        Self {
            login_name: login_name.to_owned(),
            login_password: Secret(login_password.to_owned()),
            account_id: None,
            reseller: None,
            locked: false,
            permissions: None,
            ca_certificate_ids: Vec::new(),
            template_ids: Vec::new(),
            voucher: None,
            payment: Payment::AtOnce,
            unpriced: Vec::new(),
            call_limit: None,
            strict_polling: None,
            issued_after_polls: None,
            push: None,
        }
    }

    /// It may collect the same order again only after that time, by the sandbox's clock.
    #[must_use]
    pub fn strict_polling(self, interval: Duration) -> Self {
        Self {
            strict_polling: Some(interval),
            ..self
        }
    }
}

/// A change of an account; the fields that it does not name stay as they are. A password in it is never printed.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct AccountChange {
    pub(crate) login_name: String,
    pub(crate) fields: Map<String, Value>,
}

impl AccountChange {
    /// An empty change of the account with that loginName, to which fields are added.
    pub fn of(login_name: &str) -> Self {
        Self {
            login_name: login_name.to_owned(),
            fields: Map::new(),
        }
    }

    /// Gives it that loginPassword.
    pub fn password(self, login_password: &str) -> Self {
        self.with("loginPassword", login_password)
    }

    /// Unlocks it.
    pub fn unlocked(self) -> Self {
        self.with("locked", false)
    }

    /// Takes a field away, such as `callLimit`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    /// It may collect the same order again only after that time, by the sandbox's clock.
    pub fn strict_polling(self, interval: Duration) -> Self {
        self.with("strictPolling", Span(interval))
    }

    fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.fields.insert(field.to_owned(), json!(value));
        self
    }
}

settable! { Account, AccountChange:
    /// Locked: it cannot log in.
    locked() sets locked, "locked": true;

    /// It may use these endpoints alone.
    may_only<'e>(endpoints: impl IntoIterator<Item = &'e str>) sets permissions, "permissions":
        Some(endpoints.into_iter().map(str::to_owned).collect::<Vec<_>>());

    /// It may call so often in any span of that length, by the sandbox's clock.
    call_limit(calls: usize, per: Duration) sets call_limit, "callLimit": Some(CallLimit::new(calls, per));

    /// It is under the reseller with that loginName.
    reseller(login_name: &str) sets reseller, "reseller": Some(login_name.to_owned());

    /// With that `accountID`, by which its reseller names it.
    account_id(id: u64) sets account_id, "accountID": Some(id);

    /// It may ask for these `caCertificateID`s.
    ca_certificate_ids(ids: impl IntoIterator<Item = u64>) sets ca_certificate_ids, "caCertificateIDs":
        ids.into_iter().collect::<Vec<_>>();

    /// It has these e-mail templates.
    template_ids(ids: impl IntoIterator<Item = u64>) sets template_ids, "templateIDs":
        ids.into_iter().collect::<Vec<_>>();

    /// It pays in that way.
    payment(payment: Payment) sets payment, "payment": payment;

    /// It has no price for these product codes.
    unpriced(codes: impl IntoIterator<Item = u16>) sets unpriced, "unpriced": codes.into_iter().collect::<Vec<_>>();

    /// It pays with that voucher.
    voucher(name: &str) sets voucher, "voucher": Some(VoucherInfo::Named(name.to_owned()));

    /// Orders that its calls make are issued when they are collected for the time with that number.
    issued_after_polls(polls: u32) sets issued_after_polls, "issuedAfterPolls": Some(polls);

    /// Changes of its orders are pushed.
    push(push: Push) sets push, "push": Some(push);
}

impl From<Account> for AccountChange {
    /// A change into that account. One that is not locked leaves the lock as it is.
    fn from(account: Account) -> Self {
        let Value::Object(mut fields) = json!(account) else {
            unreachable!("an account is written as an object");
        };
        fields.remove("loginName");
        if !account.locked {
            fields.remove("locked");
        }
        Self {
            login_name: account.login_name,
            fields,
        }
    }
}

impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_secrets = |field: &str| ["loginPassword", "push"].contains(&field);
        let printable = self.fields.iter().filter(|(field, _)| !has_secrets(field));
        write!(f, "AccountChange of {} ", self.login_name)?;
        f.debug_map().entries(printable).finish()
    }
}

/// A password that users write. It is never printed, not even when it is of a wrong kind; it goes into requests and
/// snapshots alone.
#[derive(Clone, Eq, PartialEq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Secret(pub(crate) String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Takes a string. Of a number or a boolean, serde's own error would repeat the value.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<Secret, E> {
        Err(E::custom("a password is a string, in quotes"))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a password in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Stands in the place of the password in answers, which have none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NoPassword;

fn is_at_once(payment: &Payment) -> bool {
    *payment == Payment::AtOnce
}

/// A type without a value in it is no password.
fn is_no_password<P>(_: &P) -> bool {
    size_of::<P>() == 0
}

impl Serialize for NoPassword {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl<'de> Deserialize<'de> for NoPassword {
    /// Takes the field that is not there.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|_| Self)
    }
}

/// The voucher that an account pays with.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum VoucherInfo {
    /// One without a name.
    Unnamed,
    /// The one of that name.
    Named(String),
}

impl Serialize for VoucherInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unnamed => serializer.serialize_bool(true),
            Self::Named(name) => serializer.serialize_str(name),
        }
    }
}

/// A voucher as it is written: whether there is one, or its name.
#[derive(ToSchema)]
#[serde(untagged)]
enum VoucherEntry {
    Used(bool),
    Named(String),
}

/// Reads a voucher that may be left out or null.
fn read_voucher<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VoucherInfo>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None | Some(VoucherEntry::Used(false)) => None,
        Some(VoucherEntry::Used(true)) => Some(VoucherInfo::Unnamed),
        Some(VoucherEntry::Named(name)) => Some(VoucherInfo::Named(name)),
    })
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for VoucherEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VoucherVisitor)
    }
}

struct VoucherVisitor;

impl Visitor<'_> for VoucherVisitor {
    type Value = VoucherEntry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another value: `voucher` is true, false, or the voucher's name")
    }

    fn visit_bool<E: de::Error>(self, is_used: bool) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Used(is_used))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Named(name.to_owned()))
    }
}

impl CallLimit {
    /// At most so many calls in any span of that length, none of which was made yet.
    pub fn new(calls: usize, per: Duration) -> Self {
        Self {
            calls,
            per,
            counted: Vec::new(),
        }
    }
}

/// The account that an entry describes, which need not fit the others.
pub(crate) fn build_account(entry: &Account, now: Timestamp) -> Result<domain::Account, ValueError> {
    check_length("loginName", &entry.login_name, LoginName::MAX)?;
    check_length("loginPassword", &entry.login_password.0, Password::MAX)?;
    check_lists(entry)?;
    let permissions = match &entry.permissions {
        Some(names) => Some(
            names
                .iter()
                .map(|name| entry_endpoint("permissions", name).map(|e| e.name))
                .collect::<Result<_, _>>()?,
        ),
        None => None,
    };
    let call_limit = match &entry.call_limit {
        Some(limit) if limit.calls > domain::CallLimit::MAX_CALLS || limit.per.is_zero() => {
            return Err(ValueError::at(
                "callLimit",
                format!(
                    "takes at most {} calls, in a span longer than zero",
                    domain::CallLimit::MAX_CALLS
                ),
            ));
        }
        Some(limit) => Some(domain::CallLimit::new(
            limit.calls,
            limit.per,
            limit.counted.iter().map(|when| when.from(now)),
        )),
        None => None,
    };
    let polling = match entry.strict_polling {
        Some(interval) if interval.is_zero() => {
            return Err(ValueError::at("strictPolling", "takes a span longer than zero"));
        }
        interval => interval.map(domain::Polling::new),
    };
    Ok(domain::Account {
        login_name: LoginName::new(&entry.login_name),
        login_password: Password::new(entry.login_password.0.as_str()),
        account_id: entry.account_id,
        reseller: entry.reseller.as_deref().map(LoginName::new),
        locked: entry.locked,
        permissions,
        ca_certificate_ids: entry.ca_certificate_ids.clone(),
        template_ids: entry.template_ids.clone(),
        payment: entry.payment,
        unpriced: entry.unpriced.clone(),
        voucher: entry.voucher.as_ref().map(|voucher| match voucher {
            VoucherInfo::Unnamed => Voucher(None),
            VoucherInfo::Named(name) => Voucher(Some(name.clone())),
        }),
        call_limit,
        polling,
        issued_after_polls: build_polls(entry.issued_after_polls)?,
        push: match &entry.push {
            Some(push) => Some(Arc::new(build_push(push).map_err(|error| error.under("push"))?)),
            None => None,
        },
    })
}

/// The longest list that an account may have, and the longest name of its voucher, in characters.
const MAX_LIST: usize = 1000;

/// Whether the lists and the names of an account are as long as they may be.
fn check_lists(entry: &Account) -> Result<(), ValueError> {
    let lists = [
        ("permissions", entry.permissions.as_ref().map_or(0, Vec::len)),
        ("caCertificateIDs", entry.ca_certificate_ids.len()),
        ("templateIDs", entry.template_ids.len()),
        ("unpriced", entry.unpriced.len()),
    ];
    if let Some((name, _)) = lists.into_iter().find(|(_, length)| *length > MAX_LIST) {
        return Err(ValueError::at(name, format!("a list has at most {MAX_LIST} values")));
    }
    match &entry.voucher {
        Some(VoucherInfo::Named(name)) if name.chars().count() > MAX_LIST => Err(ValueError::at(
            "voucher",
            format!("the name of a voucher has at most {MAX_LIST} characters"),
        )),
        Some(VoucherInfo::Named(_) | VoucherInfo::Unnamed) | None => Ok(()),
    }
}

/// A number of polls that are waited for.
pub(super) fn build_polls(polls: Option<u32>) -> Result<Option<NonZeroU32>, ValueError> {
    let at_least_one =
        |polls| NonZeroU32::new(polls).ok_or_else(|| ValueError::at("issuedAfterPolls", "it takes 1 poll or more"));
    polls.map(at_least_one).transpose()
}

/// What is wrong with the URL of a receiver of pushes, and what is taken.
fn url_problem(error: HttpUrlError) -> &'static str {
    match error {
        HttpUrlError::Form => "give a URL such as http://127.0.0.1:9000/push or https://receiver.local/push",
        HttpUrlError::Length => "a URL has at most 2000 bytes",
        HttpUrlError::Characters => "a URL is of printable ASCII, percent-encoded, and has no fragment",
        HttpUrlError::Credentials => "a URL has no credentials here; give them as `user` and `password`",
    }
}

fn build_push(entry: &Push) -> Result<PushTarget, ValueError> {
    let url = HttpUrl::parse(&entry.url).map_err(|error| ValueError::at("url", url_problem(error)))?;
    let credentials = match (&entry.user, &entry.password) {
        (None, None) => None,
        (Some(user), Some(password)) => {
            check_length("user", &user.0, Password::MAX)?;
            check_length("password", &password.0, Password::MAX)?;
            if user.0.contains(':') {
                return Err(ValueError::at(
                    "user",
                    "a user name of HTTP basic authentication has no colon",
                ));
            }
            Some(PushCredentials {
                user_name: user.0.as_str().into(),
                password: Password::new(password.0.as_str()),
            })
        }
        (None, Some(_)) => return Err(ValueError::at("user", "a password needs a user name")),
        (Some(_), None) => return Err(ValueError::at("password", "a user name needs a password")),
    };
    Ok(PushTarget {
        url,
        credentials,
        delivers_certificate: entry.certificate,
        tells_of_collection: entry.collection,
    })
}

impl Account {
    /// The account as a snapshot records it, with its password.
    pub(crate) fn record(account: &domain::Account) -> Account<Timestamp> {
        let mut recorded = Account::describe(account, Secret(account.login_password.expose().to_owned()));
        let credentials = account.push.as_ref().and_then(|push| push.credentials.as_ref());
        recorded.push = recorded.push.map(|push| match credentials {
            Some(credentials) => push.basic(&credentials.user_name, credentials.password.expose()),
            None => push,
        });
        recorded
    }
}

impl AccountInfo {
    /// The account as it is answered.
    pub(crate) fn answer(account: &domain::Account) -> Self {
        Self::describe(account, NoPassword)
    }
}

impl<P> Account<Timestamp, P> {
    fn describe(account: &domain::Account, login_password: P) -> Self {
        Self {
            login_name: account.login_name.to_string(),
            login_password,
            account_id: account.account_id,
            reseller: account.reseller.as_ref().map(ToString::to_string),
            locked: account.locked,
            permissions: account
                .permissions
                .as_ref()
                .map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ca_certificate_ids: account.ca_certificate_ids.clone(),
            template_ids: account.template_ids.clone(),
            payment: account.payment,
            unpriced: account.unpriced.clone(),
            voucher: account.voucher.as_ref().map(|voucher| match &voucher.0 {
                Some(name) => VoucherInfo::Named(name.clone()),
                None => VoucherInfo::Unnamed,
            }),
            call_limit: account.call_limit.as_ref().map(|limit| CallLimit {
                calls: limit.calls(),
                per: limit.per(),
                counted: limit.counted().collect(),
            }),
            strict_polling: account.polling.as_ref().map(domain::Polling::interval),
            issued_after_polls: account.issued_after_polls.map(NonZeroU32::get),
            push: account.push.as_ref().map(|target| Push {
                certificate: target.delivers_certificate,
                collection: target.tells_of_collection,
                ..Push::to(target.url.as_str())
            }),
        }
    }
}

/// Says that an account is not there.
pub(crate) fn no_account(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("no account has {}", this_login_name(login_name, is_password))
}

/// Says that a loginName is taken.
pub(crate) fn login_name_taken(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("another account has {}", this_login_name(login_name, is_password))
}

/// A loginName in a message. It is left out if it is a password in the wrong place.
fn this_login_name(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    match is_password(login_name) || is_password(login_name.trim()) {
        true => "this loginName".to_owned(),
        false => format!("the loginName `{}`", shown(login_name)),
    }
}

/// Says that an accountID is taken.
pub(crate) fn account_id_taken(account_id: u64) -> String {
    format!("another account has the accountID {account_id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answer::from_value;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn an_account_is_written_and_its_password_is_not_printed() {
        let account = Account::new("l", "s3cret").locked().may_only(["!autoRevokeCS"]);
        assert_eq!(
            json!(account.clone().call_limit(100, HOUR).account_id(7)),
            json!({"loginName": "l", "loginPassword": "s3cret", "locked": true, "permissions": ["!autoRevokeCS"],
                   "callLimit": {"calls": 100, "per": "1h"}, "accountID": 7})
        );
        let printed = format!("{account:?}");
        assert!(printed.contains("locked") && !printed.contains("s3cret"), "{printed}");
    }

    #[test]
    fn a_change_is_written_and_its_password_is_not_printed() {
        let change = AccountChange::of("l")
            .password("s3cret")
            .unlocked()
            .without("callLimit");
        assert_eq!(
            json!(change.fields),
            json!({"loginPassword": "s3cret", "locked": false, "callLimit": null})
        );
        let printed = format!("{change:?}");
        assert!(
            printed.contains("callLimit") && !printed.contains("s3cret"),
            "{printed}"
        );
        let into = AccountChange::from(Account::new("l", "p").locked());
        assert_eq!(into, AccountChange::of("l").password("p").locked());
        let into = AccountChange::from(Account::new("l", "p"));
        assert_eq!(into, AccountChange::of("l").password("p"));
    }

    #[test]
    fn a_change_names_the_fields_of_an_account() {
        let change = AccountChange::of("l")
            .password("p")
            .locked()
            .may_only(["!autoRevokeCS"])
            .call_limit(100, HOUR)
            .reseller("r")
            .account_id(7)
            .ca_certificate_ids([1, 2])
            .template_ids([3])
            .payment(Payment::Later)
            .unpriced([796])
            .voucher("v")
            .strict_polling(HOUR)
            .issued_after_polls(3)
            .push(Push::to("http://127.0.0.1/").basic("u", "s3cret"));
        assert!(!format!("{change:?}").contains("s3cret"));
        let account = Account::new("l", "p")
            .locked()
            .may_only(["!autoRevokeCS"])
            .call_limit(100, HOUR);
        let account = account
            .reseller("r")
            .account_id(7)
            .ca_certificate_ids([1, 2])
            .template_ids([3])
            .payment(Payment::Later)
            .unpriced([796])
            .voucher("v")
            .strict_polling(HOUR)
            .issued_after_polls(3)
            .push(Push::to("http://127.0.0.1/").basic("u", "s3cret"));
        assert_eq!(AccountChange::from(account), change);
    }

    #[test]
    fn an_account_is_read_and_an_answer_has_no_password() {
        for (voucher, expected) in [
            (json!("prepaid"), Some(VoucherInfo::Named("prepaid".to_owned()))),
            (json!(true), Some(VoucherInfo::Unnamed)),
            (json!(false), None),
        ] {
            let account: AccountInfo = from_value(json!({"loginName": "l", "voucher": voucher})).unwrap();
            assert_eq!(account.voucher, expected);
        }

        let limit = json!({"calls": 2, "per": "1h", "counted": ["1970-01-01T00:00:01Z"]});
        let account: AccountInfo = from_value(json!({"loginName": "l", "callLimit": limit})).unwrap();
        let limit = account.call_limit.clone().unwrap();
        assert_eq!(
            (limit.per, limit.counted),
            (HOUR, vec![Timestamp::from_unix_millis(1000)])
        );
        assert!(!account.locked && account.permissions.is_none());
        assert_eq!(json!(account).get("loginPassword"), None);
        let password = serde_json::from_value::<Account>(json!({"loginName": "l"})).unwrap_err();
        assert!(
            password.to_string().contains("missing field `loginPassword`"),
            "{password}"
        );
    }
}
