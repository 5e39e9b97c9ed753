//! Lists of accounts: which are asked for, and how they are answered.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AccountAnswer, AccountInfo};
use crate::model::query::{self, parameter};

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
    #[serde(deserialize_with = "query::number")]
    #[param(maximum = 18446744073709551615u64)]
    pub(crate) offset: Option<usize>,
    /// At most so many; all if left out.
    #[serde(deserialize_with = "query::number")]
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
