//! The control API: for the owner of the machine, on a listener of its own.
//!
//! Every route of a sandbox stands under `/control/v1` for the default one and under `/control/v1/sandboxes/NAME` for
//! that one. The OpenAPI document is made from the same table as the routes.

mod about;
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
mod routes;
mod sandboxes;
mod snapshot;
mod timeline;
mod waits;
mod window;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use hyper::Request;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tower_service::Service as _;

use crate::model::sandbox::CONTROL_BASE;
use crate::server::listen::Received;
use crate::server::stop::Stop;
use crate::server::{console, layers};
use crate::token::Token;

pub(crate) use answers::AnswerTurns;
#[cfg(feature = "doors")]
pub(crate) use fields::patched;
pub(crate) use guard::OwnNames;
#[cfg(feature = "cli")]
pub(crate) use openapi::document as openapi_document;
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

/// How long a request waits for the memory that a long body or a long answer takes.
const PATIENCE: Duration = Duration::from_secs(1);

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

    /// What is asked for at every start is at hand; the other routes are made when the first of them is asked for.
    pub(crate) fn router(self) -> Router {
        let app = Arc::new(self);
        let others: Arc<OnceLock<Router>> = Arc::default();
        let page: Arc<OnceLock<Router>> = Arc::default();
        let for_others = app.clone();
        routes::at_hand()
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

/// The other routes.
fn other_routes(app: App) -> Router {
    // Made when it is first asked for: it takes more time and memory than all that is done with it.
    let document: Arc<OnceLock<Bytes>> = Arc::default();
    let needs_token = app.token.is_some();
    let read_document =
        move || async move { json(document.get_or_init(|| openapi::document(needs_token).into()).clone()) };
    let router = routes::others()
        .route(&openapi::path(), get(read_document))
        .route(CONTROL_BASE, any(base))
        .route(&format!("{CONTROL_BASE}/"), any(base))
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

fn json(text: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.into()).into_response()
}
