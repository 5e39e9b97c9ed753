//! Lists of orders: which are asked for, and how they are answered.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::OrderInfo;
use crate::api::order::product::Product;
use crate::api::order::state::State;
use crate::model::query::{self, parameter};
use crate::model::sort::OrderSort;

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
    #[serde(deserialize_with = "query::number")]
    #[param(maximum = 999999999999999999u64)]
    pub(crate) after: Option<u64>,
    /// At most so many; the default is 1000.
    #[serde(deserialize_with = "query::number")]
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
    #[serde(deserialize_with = "query::number")]
    #[param(maximum = 18446744073709551615u64)]
    pub(crate) offset: Option<usize>,
}

impl OrderFilter {
    /// The most orders of a page.
    pub(crate) const MAX_LIMIT: usize = 10_000;

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
