//! The history of an order: the states that it reached.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::order::state::State;
use crate::clock::Timestamp;
use crate::model::object;
use crate::model::whole::is_zero;

/// The states that an order reached, the earliest first.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = History)]
pub struct HistoryInfo {
    /// The states, at most the last 100.
    #[serde(deserialize_with = "object::list")]
    pub entries: Vec<HistoryEntry>,
    /// How many more there may have been: changes of the sandbox's orders that are no longer kept, of which there are the last
    /// 8192.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub forgotten: u64,
}

/// A state that an order reached.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When, by the sandbox's clock, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// The state.
    pub state: State,
    /// What brought it there.
    pub how: HistoryCause,
    /// The number of the call in the journal, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// The endpoint that was called, if it was a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// What brought an order into a state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum HistoryCause {
    /// It was so in the fixtures, the snapshot or the saved state with which the sandbox began.
    Fixtures,
    /// It was so before the changes that are kept.
    Earlier,
    /// The sandbox's clock.
    Clock,
    /// The control API.
    Control,
    /// A call.
    Call,
}
