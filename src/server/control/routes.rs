//! Which path and method of the control API is whose: one table of the routes and of what describes them.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{self, MethodRouter};
use utoipa::OpenApi;

use super::{
    App, about, accounts, assumptions, calls, certificates, clock, faults, guard, orders, outbox, own_calls, sandboxes,
    snapshot, timeline,
};
use crate::model::sandbox::CONTROL_BASE;

/// Makes a router, and beside it what describes its routes, which takes far more time and memory to build.
///
/// `[query]`: the handler reads the query itself. Where that does not stand, a query is refused.
macro_rules! routes {
    ($(#[$doc:meta])* $router:ident, $description:ident:
     $($path:literal => $($method:ident $($handler:ident)::+ $([$query:ident])?),+;)+) => {
        $(#[$doc])*
        fn $router() -> Router<App> {
            Router::new()$(
                .route($path, MethodRouter::new()$(.merge(routes!(@ $method $($handler)::+ $(, $query)?)))+)
            )+
        }

        #[derive(OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        struct $description;

        #[cfg(test)]
        impl $description {
            /// Each path with each of its methods.
            const ROUTES: &[(&str, &str)] = &[$($(($path, stringify!($method))),+),+];
        }
    };
    (@ $method:ident $handler:path, query) => { routing::$method($handler) };
    (@ $method:ident $handler:path) => { routing::$method($handler).route_layer(from_fn(guard::refuse_query)) };
}

routes! {
    /// What is asked at every start.
    of_start, OfStart:
    "/health" => get about::health;
    "/tls/ca.pem" => get about::ca_pem;
}

routes! {
    /// What else stands beside the sandboxes.
    beside_sandboxes, BesideSandboxes:
    "/endpoints" => get about::endpoints;
    "/sandboxes" => get sandboxes::list, post sandboxes::create;
    "/sandboxes/{sandbox}" => get sandboxes::read, delete sandboxes::delete;
}

routes! {
    /// What there is in each sandbox.
    of_sandbox, OfSandbox:
    "/accounts" => get accounts::list [query], post accounts::create;
    "/accounts/{loginName}" => get accounts::read, patch accounts::change, delete accounts::delete;
    "/orders" => get orders::list [query], post orders::create;
    "/orders/{orderNumber}" => get orders::read, patch orders::change, delete orders::delete;
    "/orders/{orderNumber}/history" => get timeline::history;
    "/orders/{orderNumber}/next" => get timeline::next;
    "/orders/{orderNumber}/certificate" => get certificates::certificate [query];
    "/orders/{orderNumber}/chain" => get certificates::chain [query];
    "/orders/{orderNumber}/csr" => get certificates::csr;
    "/orders/{orderNumber}/key" => get certificates::key;
    "/ca" => get certificates::list [query];
    "/clock" => get clock::read, put clock::set;
    "/clock/advance" => post clock::advance;
    "/clock/due" => get clock::due [query];
    "/faults" => get faults::list, post faults::create, delete faults::clear;
    "/faults/{id}" => delete faults::delete;
    "/calls" => get calls::list [query], post own_calls::create, delete calls::clear;
    "/calls/{id}" => get calls::read [query];
    "/calls/{id}/again" => post own_calls::again;
    "/calls/stream" => get calls::stream::stream [query];
    "/calls/count" => post calls::count::count;
    "/outbox" => get outbox::list [query], delete outbox::clear;
    "/snapshot" => get snapshot::read, put snapshot::restore;
    "/reset" => post sandboxes::reset;
    "/assumptions" => get assumptions::read, patch assumptions::change;
}

/// Where a sandbox's routes stand, below [`CONTROL_BASE`]; those of the default one stand at [`CONTROL_BASE`] as well.
pub(super) const SANDBOX: &str = "/sandboxes/{sandbox}";

/// The routes that are asked for at every start.
pub(super) fn at_hand() -> Router<App> {
    Router::new().nest(CONTROL_BASE, of_start())
}

/// All others but that of the document.
pub(super) fn others() -> Router<App> {
    let v1 = beside_sandboxes().merge(of_sandbox()).nest(SANDBOX, of_sandbox());
    Router::new().nest(CONTROL_BASE, v1)
}

/// What describes every route but that of the document.
pub(super) fn description() -> utoipa::openapi::OpenApi {
    let of_sandbox = OfSandbox::openapi();
    let v1 = OfStart::openapi()
        .merge_from(BesideSandboxes::openapi())
        .merge_from(of_sandbox.clone())
        .nest(SANDBOX, of_sandbox);
    utoipa::openapi::OpenApi::default().nest(CONTROL_BASE, v1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_handler_is_described_by_the_path_and_the_method_that_it_has() {
        for (description, routes) in [
            (OfStart::openapi(), OfStart::ROUTES),
            (BesideSandboxes::openapi(), BesideSandboxes::ROUTES),
            (OfSandbox::openapi(), OfSandbox::ROUTES),
        ] {
            let paths = json!(description.paths);
            let described: BTreeSet<(&str, &str)> = paths
                .as_object()
                .unwrap()
                .iter()
                .flat_map(|(path, item)| methods(item).map(|method| (&**path, method)))
                .collect();
            assert_eq!(described, routes.iter().copied().collect());
        }
    }

    fn methods(item: &Value) -> impl Iterator<Item = &str> {
        item.as_object().unwrap().keys().map(String::as_str)
    }
}
