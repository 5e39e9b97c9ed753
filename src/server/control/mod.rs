//! The control API: for the owner of the machine, on a listener of its own.
//!
//! Every route of a sandbox stands under `/control/v1` for the default one and under `/control/v1/sandboxes/NAME` for
//! that one. The OpenAPI document is made from the routes themselves.

mod accounts;
mod answers;
mod assumptions;
mod blocks;
mod calls;
mod certificates;
mod clock;
mod extract;
mod faults;
mod fields;
mod fixtures;
mod guard;
mod openapi;
mod orders;
mod outbox;
mod own_calls;
mod problem;
mod receive;
mod sandboxes;
mod snapshot;
mod timeline;
mod waits;
mod window;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::Request;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tower_service::Service as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::api::endpoints::catalogue;
use crate::model::health::HealthInfo;
use crate::model::problem::ProblemDetails;
use crate::server::listen::Received;
use crate::server::stop::Stop;
use crate::server::{base_url, console, layers};
use crate::token::Token;

pub(crate) use answers::AnswerTurns;
#[cfg(feature = "doors")]
pub(crate) use fields::patched;
pub(crate) use guard::OwnNames;
pub(crate) use problem::Problem;
pub(crate) use receive::BodyMemory;
pub(crate) use waits::WaitTurns;

/// What the control API knows.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    /// The certificate that clients of the HTTPS listener should trust, in PEM, if it is known.
    pub(crate) ca_pem: Option<Arc<str>>,
    /// The catalogue with notes beside its marks, if there are any.
    pub(crate) catalogue: Option<Arc<str>>,
    /// What it drives.
    pub(crate) sandboxes: Arc<crate::sandbox::list::Sandboxes>,
    /// The token that every request must bear, if there is one.
    pub(crate) token: Option<Token>,
    /// The names by which it may be asked.
    pub(crate) own_names: OwnNames,
    /// How long a body may take to arrive.
    pub(crate) read_timeout: Duration,
    /// The longest snapshot that is taken, in bytes.
    pub(crate) max_snapshot: u64,
    /// The memory for bodies.
    pub(crate) body_memory: BodyMemory,
    /// The turns of long answers.
    pub(crate) answer_turns: AnswerTurns,
    /// The turns of requests that wait.
    pub(crate) wait_turns: WaitTurns,
    /// Whether a call over plain HTTP counts as one over HTTPS.
    pub(crate) accept_plain_http: bool,
    /// Where the listeners are.
    pub(crate) listeners: Listeners,
    /// Ends what waits and what streams.
    pub(crate) stop: Stop,
}

/// The addresses of the listeners that are on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listeners {
    /// That of the API over TLS.
    pub(crate) https: Option<SocketAddr>,
    /// That of the API over plain HTTP.
    pub(crate) http: Option<SocketAddr>,
    /// The one of the control API.
    pub(crate) control: Option<SocketAddr>,
}

/// What every handler shares.
type App = Arc<Control>;

impl Control {
    /// The service that the control listener runs.
    pub(crate) fn into_service(
        self,
    ) -> impl Service<
        Request<Received>,
        Response = Response<Body>,
        Error = Infallible,
        Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
    > + Clone
    + Send {
        TowerToHyperService::new(self.router())
    }

    /// What is asked at every start is at hand; the other routes, with the document that comes with them, take more
    /// time and memory than all the rest of the start, so they are made when the first of them is asked for.
    pub(crate) fn router(self) -> Router {
        let app = Arc::new(self);
        let others: Arc<OnceLock<Router>> = Arc::default();
        let page: Arc<OnceLock<Router>> = Arc::default();
        let for_others = app.clone();
        Router::new()
            .route(
                "/control/v1/health",
                get(health).route_layer(from_fn(guard::refuse_query)),
            )
            .route(
                "/control/v1/tls/ca.pem",
                get(ca_pem).route_layer(from_fn(guard::refuse_query)),
            )
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(move |request: axum::extract::Request| {
                let mut router = match console::has(request.uri().path()) {
                    true => page.get_or_init(console::router).clone(),
                    false => others.get_or_init(|| other_routes(for_others.clone())).clone(),
                };
                async move { router.call(request).await }
            })
            .layer(from_fn_with_state(app.clone(), guard::guard))
            .with_state(app)
    }
}

/// The OpenAPI document of an emulator without a token, as JSON.
#[cfg(feature = "cli")]
pub(crate) fn openapi_document() -> String {
    let (_, made) = api().split_for_parts();
    openapi::document(&made, false).to_string()
}

/// Every route, behind the guard.
fn other_routes(app: App) -> Router {
    let (router, made) = api().split_for_parts();
    let document = openapi::document(&made, app.token.is_some()).to_string();
    let router = router
        .route("/control/v1/openapi.json", get(move || async move { json(document) }))
        .route("/control/v1", any(base))
        .route("/control/v1/", any(base))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app.clone());
    let is_sandbox = move |name: &str| app.sandboxes.get(name).is_some();
    layers::of_control(
        router,
        |status, detail| Problem::new(status, detail).into_response(),
        is_sandbox,
    )
}

/// Every route but that of the document, which it makes.
fn api() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::default()
        .routes(without_query(routes!(health)))
        .routes(without_query(routes!(endpoints)))
        .routes(without_query(routes!(ca_pem)))
        .routes(without_query(routes!(sandboxes::list, sandboxes::create)))
        .routes(without_query(routes!(sandboxes::read, sandboxes::delete)))
        .merge(of_sandbox())
        .nest("/sandboxes/{sandbox}", of_sandbox());
    OpenApiRouter::default().nest("/control/v1", v1)
}

/// Methods without parameters in the query; what is there is refused. All others have a [`Query`](extract::Query).
fn without_query(methods: UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    methods.map(|methods| methods.route_layer(from_fn(guard::refuse_query)))
}

/// What there is in each sandbox.
fn of_sandbox() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(accounts::list))
        .routes(without_query(routes!(accounts::create)))
        .routes(without_query(routes!(
            accounts::read,
            accounts::change,
            accounts::delete
        )))
        .routes(routes!(orders::list))
        .routes(without_query(routes!(orders::create)))
        .routes(without_query(routes!(orders::read, orders::change, orders::delete)))
        .routes(without_query(routes!(timeline::history)))
        .routes(without_query(routes!(timeline::next)))
        .routes(routes!(certificates::certificate))
        .routes(routes!(certificates::chain))
        .routes(without_query(routes!(certificates::csr)))
        .routes(without_query(routes!(certificates::key)))
        .routes(routes!(certificates::list))
        .routes(without_query(routes!(clock::read, clock::set)))
        .routes(without_query(routes!(clock::advance)))
        .routes(routes!(clock::due))
        .routes(without_query(routes!(faults::list, faults::create, faults::clear)))
        .routes(without_query(routes!(faults::delete)))
        .routes(routes!(calls::list))
        .routes(without_query(routes!(own_calls::create, calls::clear)))
        .routes(routes!(calls::read))
        .routes(without_query(routes!(own_calls::again)))
        .routes(routes!(calls::stream::stream))
        .routes(without_query(routes!(calls::count::count)))
        .routes(routes!(outbox::list))
        .routes(without_query(routes!(outbox::clear)))
        .routes(without_query(routes!(snapshot::read, snapshot::restore)))
        .routes(without_query(routes!(sandboxes::reset)))
        .routes(without_query(routes!(assumptions::read, assumptions::change)))
}

/// Answers once every listener serves, with the version and the listeners' URLs: the control listener is served last.
#[utoipa::path(get, path = "/health", tag = "emulator", operation_id = "health",
    responses((status = 200, description = "It serves", body = HealthInfo)))]
async fn health(State(app): State<App>, headers: HeaderMap) -> Json<HealthInfo> {
    let host = guard::host_name(&headers).unwrap_or("localhost");
    let url = |scheme, address: Option<SocketAddr>| address.map(|address| base_url::url(scheme, address, host));
    let Listeners { https, http, control } = app.listeners;
    Json(HealthInfo {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        https: url("https", https),
        http: url("http", http),
        control: url("http", control),
    })
}

/// The catalogue: every endpoint's arguments and codes, and the assumptions.
#[utoipa::path(get, path = "/endpoints", tag = "emulator", operation_id = "readEndpoints",
    responses((status = 200, description = "The catalogue", content_type = "application/json", body = Object)))]
async fn endpoints(State(app): State<App>) -> Response {
    json(app.catalogue.as_deref().map_or_else(catalogue::json, str::to_owned))
}

/// The certificate that clients of the HTTPS listener should trust.
#[utoipa::path(get, path = "/tls/ca.pem", tag = "emulator", operation_id = "readCa",
    responses(
        (status = 200, description = "A certificate in PEM", content_type = "application/x-pem-file", body = String),
        (status = 404, description = "There is none to tell", body = ProblemDetails<'static>)))]
async fn ca_pem(State(app): State<App>) -> Result<Response, Problem> {
    let pem = app.ca_pem.as_ref().ok_or_else(|| {
        Problem::not_found(
            "The HTTPS listener uses a certificate of your own that came without its CA (--tls-cert). \
             /control/v1/ca has the CAs of the orders' certificates.",
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem.to_string()).into_response())
}

async fn not_found() -> Problem {
    Problem::not_found(
        "There is nothing here. /control/v1/openapi.json tells what there is; the API itself is on the other listeners.",
    )
}

/// What a person finds who opens the URL before all routes.
async fn base() -> Problem {
    Problem::not_found(
        "There is nothing here. /control/v1/openapi.json tells what there is; the API itself is on the other listeners. \
         This is what all paths of the control API begin with: try /control/v1/orders or /control/v1/calls. In a browser, \
         open / for the console.",
    )
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This method does nothing here; the Allow header names those that do.",
    )
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
