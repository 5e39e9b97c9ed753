//! Calls of the journal, and the requests for them.

use std::fmt;

use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::order::state::OrderNumber;
use crate::clock::Timestamp;
use crate::model::query::{self, parameter};
use crate::model::value_error::ValueError;
use crate::model::when::{Span, When};
use crate::model::whole::{self, is_zero};

/// What an entry of the journal is about.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// A call of an endpoint.
    #[default]
    Call,
    /// A try to push a change of an order to its account.
    Push,
}

impl CallKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Call, Self::Push];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Push => "push",
        }
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that was answered, passwords masked; or a try to push a change of an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
#[schema(as = Call)]
pub struct CallInfo {
    /// Its number in the journal, rising; calls and pushes are numbered apart.
    pub id: u64,
    /// Whether it is a call or a push.
    #[serde(default)]
    pub kind: CallKind,
    /// When it arrived, by the sandbox's clock.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub real_time: Timestamp,
    /// The sandbox.
    pub sandbox: String,
    /// The endpoint; of a push, `push`.
    pub endpoint: String,
    /// Of a push: the URL that it was sent to, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a push: which try of it this was, from 1; 0 if it was never tried.
    #[serde(rename = "try", skip_serializing_if = "Option::is_none")]
    pub try_number: Option<u32>,
    /// The loginName that counted, if an account has it; another is masked, but its calls are found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_name: Option<String>,
    /// The orderNumber that counted, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_number: Option<u64>,
    /// The arguments in their order, passwords masked.
    pub arguments: Vec<ArgumentInfo>,
    /// The HTTP status; 0 of a push that none was answered to.
    pub status: u16,
    /// The API's code, if it answered one; of a push, its `statusCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The body of the reply, as it was meant.
    pub reply: String,
    /// How long the answer took to make, in microseconds.
    pub took_micros: u64,
    /// The number of the fault that it met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<u64>,
    /// Why it was answered so.
    pub hint: String,
}

impl CallInfo {
    /// The first value of an argument, whatever the case of its name.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments
            .iter()
            .find(|argument| argument.name.eq_ignore_ascii_case(name))
            .map(|argument| &*argument.value)
    }
}

/// An argument of a call; `***` stands for a password and for what may hold one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = CallArgument)]
pub struct ArgumentInfo {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl ArgumentInfo {
    /// The argument of that name with that value.
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }
}

/// Calls, the oldest first. `C` is what holds them: it may make each when it is written.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Calls, bound = "")]
pub(crate) struct CallList<C = Vec<CallInfo>> {
    #[schema(value_type = Vec<CallInfo>)]
    pub(crate) calls: C,
    /// There are earlier ones that were left out: send this as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
    /// How many more calls may have been among them, but are no longer kept (--journal, --journal-bytes).
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(crate) forgotten: u64,
}

/// Which calls are asked for. `T` is the kind of its time, which a command line hands on as it was written.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(deserialize = "T: Deserialize<'de>")
)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallFilter<T: ToSchema = When> {
    /// Calls or pushes; calls by default.
    #[serde(default, deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) kind: Option<CallKind>,
    /// Of this endpoint.
    #[serde(default, deserialize_with = "query::given")]
    pub(crate) endpoint: Option<String>,
    /// With this loginName.
    #[serde(default, deserialize_with = "query::given")]
    pub(crate) login_name: Option<String>,
    /// With this orderNumber, as it was sent.
    #[serde(default, deserialize_with = "query::given")]
    pub(crate) order_number: Option<String>,
    /// Answered with this code.
    #[serde(default, deserialize_with = "query::number")]
    pub(crate) code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    #[serde(default, deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) since: Option<T>,
    /// At most so many, the newest. Of a list alone.
    #[serde(default, deserialize_with = "query::number")]
    #[param(ignore)]
    pub(crate) limit: Option<usize>,
    /// Before the one of this number: the `next` of the list of those after it. Of a list alone.
    #[serde(default, deserialize_with = "query::number")]
    #[param(ignore)]
    pub(crate) before: Option<u64>,
}

/// The most calls of a list, and the most that a count waits for.
pub(crate) const MAX_CALLS: usize = 1_000_000;

impl<T: fmt::Display + ToSchema> CallFilter<T> {
    /// The filter as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[
            ("kind", parameter(&self.kind)),
            ("endpoint", parameter(&self.endpoint)),
            ("loginName", parameter(&self.login_name)),
            ("orderNumber", parameter(&self.order_number)),
            ("code", parameter(&self.code)),
            ("since", parameter(&self.since)),
            ("limit", parameter(&self.limit)),
            ("before", parameter(&self.before)),
        ])
    }
}

/// Which journal an id is of.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KindQuery {
    /// A call or a push; a call by default.
    #[serde(default, deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) kind: Option<CallKind>,
}

impl KindQuery {
    /// It as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[("kind", parameter(&self.kind))])
    }
}

/// Which calls are counted, and how long it is waited for them.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CountRequest {
    /// Calls or pushes; calls by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<CallKind>,
    /// Of this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// With this loginName.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_name: Option<String>,
    /// With this orderNumber.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_number: Option<NumberOrText>,
    /// Answered with this code.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<When>,
    /// So many are enough; the default is 1.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1000000)]
    pub(crate) at_least: Option<u32>,
    /// How long is waited for them, at most 60s; not at all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<Span>,
}

impl CountRequest {
    /// Which calls are counted.
    pub(crate) fn filter(&self) -> CallFilter {
        CallFilter {
            kind: self.kind,
            endpoint: self.endpoint.clone(),
            login_name: self.login_name.clone(),
            order_number: self.order_number.as_ref().map(ToString::to_string),
            code: self.code,
            since: self.since,
            limit: None,
            before: None,
        }
    }

    /// Whether its orderNumber can be one.
    ///
    /// # Errors
    /// It is a number beyond those of orders.
    pub(crate) fn check_order_number(&self) -> Result<(), ValueError> {
        match self.order_number {
            Some(NumberOrText::Number(number)) => {
                OrderNumber::check_greatest(number).map_err(|why| ValueError::at("orderNumber", why))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for CountRequest {
    /// As a sentence has it: `at least 2 calls of !autoRevokeCS answered with 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = match self.kind {
            None | Some(CallKind::Call) => ("call", "calls"),
            Some(CallKind::Push) => ("push", "pushes"),
        };
        match self.at_least.unwrap_or(1) {
            1 => write!(f, "at least 1 {one}")?,
            count => write!(f, "at least {count} {many}")?,
        }
        if let Some(endpoint) = &self.endpoint {
            write!(f, " of {endpoint}")?;
        }
        if let Some(login_name) = &self.login_name {
            write!(f, " with loginName {login_name}")?;
        }
        if let Some(number) = &self.order_number {
            write!(f, " with orderNumber {number}")?;
        }
        if let Some(code) = self.code {
            write!(f, " answered with {code}")?;
        }
        if let Some(since) = &self.since {
            write!(f, " since {since}")?;
        }
        if let Some(within) = &self.within {
            write!(f, " within {within}")?;
        }
        Ok(())
    }
}

/// An orderNumber, as a number or as it was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NumberOrText {
    Number(u64),
    Text(String),
}

impl fmt::Display for NumberOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTextVisitor)
    }
}

struct NumberOrTextVisitor;

impl Visitor<'_> for NumberOrTextVisitor {
    type Value = NumberOrText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value: an orderNumber is a number or a string")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<NumberOrText, E> {
        whole::one(number.into_deserializer()).map(NumberOrText::Number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Text(text.to_owned()))
    }
}

/// How many calls there are.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Count {
    pub(crate) count: u64,
    /// Whether they are enough.
    pub(crate) reached: bool,
    /// How many more calls there may have been, but are no longer kept (--journal, --journal-bytes).
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(crate) forgotten: u64,
    /// The calls that come nearest, where they are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) nearest: Vec<NearCall>,
}

/// A call that is nearly what was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Near)]
pub struct NearCall {
    /// The call.
    pub call: CallInfo,
    /// The fields in which it differs.
    pub differs: Vec<Difference>,
}

impl fmt::Display for NearCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, differs } = self;
        write!(f, "near it is call {} of {} at {}: ", call.id, call.endpoint, call.time)?;
        for (place, difference) in differs.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{difference}")?;
        }
        if !call.hint.is_empty() {
            write!(f, "; its hint: {}", call.hint)?;
        }
        Ok(())
    }
}

/// A field in which a call differs from what was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Differs)]
pub struct Difference {
    /// The field.
    pub field: String,
    /// What was asked for.
    pub wanted: String,
    /// What the call has, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, wanted, found } = self;
        match found {
            Some(found) => write!(f, "{field} is {found}, not {wanted}"),
            None => write!(f, "it has no {field} ({wanted} was wanted)"),
        }
    }
}
