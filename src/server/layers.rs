//! What wraps the routes: for the API the last net under a panic, for the control API that net and the log line of each
//! action, for the console what tells a browser how little the page may do.

use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::catch_panic::{CatchPanic, CatchPanicLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::{debug, error, info};

use crate::api::order::state::OrderNumber;
use crate::clock::Stopwatch;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::server::plain_text::respond_text;

/// The target of the log line that each action of the control API leaves.
pub(super) const CONTROL_LOG: &str = "sectigo_emulator::control";

/// The target of the log line of a panic.
const PANIC_LOG: &str = "sectigo_emulator::panic";

/// What the log line of a request says of the response, if it is an error. Nothing that was sent may be in it.
#[derive(Clone, Debug)]
pub(crate) struct LogHint(pub(crate) Cow<'static, str>);

/// What is answered where a handler panicked.
const DEFECT: &str = "This is a defect of the emulator; its log has a line about it. Please report it.";

/// The routes of the API, wrapped.
pub(crate) type WrappedApi = CatchPanic<Router, fn(Panic) -> Response>;

/// What a handler panicked with.
type Panic = Box<dyn Any + Send>;

/// Wraps the routes of the API: a panic becomes HTTP status 500 and a line of the log. Around the router and not within it,
/// where each layer costs a call two allocations.
pub(crate) fn of_api(router: Router) -> WrappedApi {
    CatchPanic::custom(router, |_| {
        log_panic();
        respond_text(StatusCode::INTERNAL_SERVER_ERROR, format!("{DEFECT}\n"))
    })
}

/// Wraps the routes of the control API: a panic becomes HTTP status 500 and a line of the log, and each request leaves a
/// line. `problem` makes the response that says what is wrong, `is_sandbox` knows the names of sandboxes.
pub(crate) fn of_control(
    router: Router,
    problem: fn(StatusCode, &'static str) -> Response,
    is_sandbox: impl Fn(&str) -> bool + Clone + Send + Sync + 'static,
) -> Router {
    router
        .layer(CatchPanicLayer::custom(move |_: Panic| {
            log_panic();
            problem(StatusCode::INTERNAL_SERVER_ERROR, DEFECT)
        }))
        .layer(from_fn(move |route, parameters, request, next| {
            log_request(is_sandbox.clone(), route, parameters, request, next)
        }))
}

/// Wraps the routes of the console: each response has these headers, which bind a browser.
pub(crate) fn of_console<const N: usize>(router: Router, security: [(HeaderName, HeaderValue); N]) -> Router {
    security.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::overriding(name, value))
    })
}

/// Logs that a handler panicked; the next request is answered as if nothing had happened. The message of a panic is never
/// logged, as it may contain a secret: the standard library has written it to stderr, with its place.
fn log_panic() {
    error!(target: PANIC_LOG, "a handler panicked; where and why is on stderr, before this line");
}

/// One line for each request: changes as information, reads for those who look for a defect. The path is that of the
/// route: what stands for its parameters may be a password in the wrong place.
async fn log_request(
    is_sandbox: impl Fn(&str) -> bool,
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
    let sandbox = parameter("sandbox").filter(|name| *name != DEFAULT_SANDBOX && is_sandbox(name));
    let sandbox = sandbox.map(str::to_owned);
    let order = parameter("orderNumber")
        .and_then(OrderNumber::parse)
        .map(OrderNumber::get);
    let response = next.run(request).await;
    let (status, took_us) = (response.status().as_u16(), watch.elapsed_micros());
    // A number that is no order's may be a password too, and only what was done is known to be about an order.
    let order = order.filter(|_| response.status().is_success());
    let path = route.as_ref().map_or("?", MatchedPath::as_str);
    let hint = hint(&response);
    let shown = shown_method(&method);
    match is_read(&method) {
        true => debug!(target: CONTROL_LOG, sandbox, method = %shown, path, order, status, took_us, hint),
        false => info!(target: CONTROL_LOG, sandbox, method = %shown, path, order, status, took_us, hint),
    }
    Ok(response)
}

/// One line for a request that was refused before its route was looked for. Also for a read: whoever makes it often sees no more
/// than the status, and somebody has to learn why.
pub(crate) fn log_refusal(method: &Method, response: &Response) {
    let (status, hint) = (response.status().as_u16(), hint(response));
    info!(target: CONTROL_LOG, method = %shown_method(method), path = "?", status, hint);
}

/// A method for the log: the text in the place of one may be anything, also a password.
fn shown_method(method: &Method) -> &str {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
    ];
    if KNOWN.contains(method) { method.as_str() } else { "?" }
}

/// Whether a request of that method changes nothing.
pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn hint(response: &Response) -> Option<&str> {
    response.extensions().get::<LogHint>().map(|hint| &*hint.0)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use tower_service::Service as _;

    use super::*;

    fn routes() -> Router {
        Router::new()
            .route("/panics", get(|| async { panic!("on purpose") as StatusCode }))
            .route("/works", get(|| async { StatusCode::NO_CONTENT }))
    }

    const EXPECTED: [(&str, u16); 3] = [("/panics", 500), ("/works", 204), ("/panics", 500)];

    fn request(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    #[test]
    fn a_method_that_is_none_is_not_shown() {
        for (sent, expected) in [("GET", "GET"), ("PATCH", "PATCH"), ("s3cret", "?"), ("get", "?")] {
            let method = Method::from_bytes(sent.as_bytes()).unwrap();
            assert_eq!(shown_method(&method), expected);
        }
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_log_does_not_repeat_the_message_of_a_panic() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        of_api(routes()).call(request("/panics")).await.unwrap();
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(
            text.contains("a handler panicked") && !text.contains("on purpose"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_panic_of_the_api_is_answered_and_the_next_call_works() {
        let mut routes = of_api(routes());
        for (path, expected) in EXPECTED {
            let response = routes.call(request(path)).await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_of_the_control_api_is_answered_and_the_next_request_works() {
        let mut routes = of_control(routes(), |status, detail| (status, detail).into_response(), |_| true);
        for (path, expected) in EXPECTED {
            let response = routes.call(request(path)).await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{path}");
        }
    }
}
