//! What wraps the routes of the control API: the last net under a panic, and the log line of each action.

use std::any::Any;
use std::convert::Infallible;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{debug, error, info};

use super::Problem;
use crate::api::order::state::OrderNumber;
use crate::clock::Stopwatch;
use crate::sandbox::DEFAULT;

/// The target of the log line that each action of the control API leaves.
const LOG: &str = "sectigo_emulator::control";

/// Wraps every route of a router: a panic becomes HTTP status 500 and a line of the log, and each request leaves a line.
pub(super) fn wrap(router: Router) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(log_request))
}

/// The response where a handler panicked. The next request is answered as if nothing had happened.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over by value")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    error!(target: LOG, panic = message.as_deref().unwrap_or("without a message"), "a handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "This is a defect of the emulator; its log has a line about it. Please report it.",
    )
    .into_response()
}

/// One line for each request: changes as information, reads for those who look for a defect. The path is that of the
/// route: what stands for its parameters may be a password in the wrong place.
async fn log_request(
    route: Option<MatchedPath>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, Infallible> {
    let watch = Stopwatch::start();
    let method = request.method().clone();
    let parameters = parameters.ok();
    let parameter = |wanted: &str| {
        let found = parameters.iter().flatten().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value)
    };
    let sandbox = parameter("sandbox").filter(|name| *name != DEFAULT).map(str::to_owned);
    let order = parameter("orderNumber")
        .and_then(OrderNumber::parse)
        .map(OrderNumber::get);
    let response = next.run(request).await;
    let (status, took_us) = (response.status().as_u16(), watch.elapsed_micros());
    let path = route.as_ref().map_or("?", MatchedPath::as_str);
    match method {
        Method::GET | Method::HEAD | Method::OPTIONS => {
            debug!(target: LOG, sandbox, %method, path, order, status, took_us);
        }
        _ => info!(target: LOG, sandbox, %method, path, order, status, took_us),
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower_service::Service as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_the_next_request_works() {
        let mut router = wrap(
            Router::new()
                .route("/panics", get(|| async { panic!("on purpose") as StatusCode }))
                .route("/works", get(|| async { StatusCode::NO_CONTENT })),
        );
        for (path, expected) in [("/panics", 500), ("/works", 204), ("/panics", 500)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router.call(request).await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{path}");
        }
    }
}
