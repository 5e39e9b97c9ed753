//! What comes next: what the endpoints would answer about an order, and what comes due by the clock alone.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::endpoints::next::NextAnswer;
use crate::api::order::lifecycle::DueKind;
use crate::api::order::product::Product;
use crate::api::order::state::State;
use crate::clock::Timestamp;
use crate::model::object;
use crate::model::query::{self, parameter};

/// What each endpoint would answer about an order now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Next)]
pub struct NextInfo {
    /// The state of the order.
    pub state: State,
    /// The endpoints that take orders of its product, each with what it would answer a call of the order's account that is as
    /// it should be.
    #[serde(deserialize_with = "object::list")]
    pub endpoints: Vec<EndpointNext>,
}

/// What an endpoint would answer about an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct EndpointNext {
    /// The endpoint.
    pub endpoint: String,
    /// The optional argument by which it does something else to the order; without it, its default counts.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub with: Option<WithArgument>,
    /// The code.
    pub code: i32,
    /// The message, if the code is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why, if the code is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The state that the order would be in, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<State>,
    /// The state of the new order that it would make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub makes: Option<State>,
}

/// An argument of a call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct WithArgument {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl From<NextAnswer> for EndpointNext {
    fn from(answer: NextAnswer) -> Self {
        Self {
            endpoint: answer.endpoint.to_owned(),
            with: answer.with.map(|(name, value)| WithArgument {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            code: answer.code,
            message: answer.message.map(Into::into),
            hint: answer.hint.map(Into::into),
            becomes: answer.becomes,
            makes: answer.makes,
        }
    }
}

/// What comes by the clock alone, the soonest first.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = DueEvents)]
pub struct DueList {
    /// The soonest events.
    #[serde(deserialize_with = "object::list")]
    pub events: Vec<DueInfo>,
    /// How many there are, these and later ones.
    pub total: usize,
}

/// What happens to an order by the clock alone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
#[schema(as = DueEvent)]
pub struct DueInfo {
    /// When, by the sandbox's clock.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The order.
    pub order_number: u64,
    /// Its account.
    pub login_name: String,
    /// Its product.
    pub product: Product,
    /// What happens to it.
    pub event: DueKind,
}

/// How much of what comes is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DueFilter {
    /// At most so many; the default is 20.
    #[serde(deserialize_with = "query::number")]
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

impl DueFilter {
    /// The most events of an answer.
    pub(crate) const MAX_LIMIT: usize = 1000;

    /// The filter as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[("limit", parameter(&self.limit))])
    }
}
