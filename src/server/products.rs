//! The API itself: which path is whose, from a request to the arguments of a call, and from the answer to the response.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::routing::{MethodRouter, any};
use futures_util::FutureExt as _;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode, Version};
use percent_encoding::percent_decode_str;
use tower_service::Service as _;
use tracing::info;

use crate::api::endpoints::{Answer, ENDPOINTS, Endpoint, Transport};
use crate::api::fault::Action;
use crate::api::masking::MASK;
use crate::api::protocol::argument::Arguments;
use crate::api::protocol::assumption::{Assumptions, EndpointNames};
use crate::api::protocol::form::Form;
use crate::clock::Stopwatch;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::sandbox::call::{CallNames, IncomingCall, LOG};
use crate::sandbox::journal::Entry;
use crate::sandbox::list::Sandboxes;
use crate::sandbox::{AnsweredCall, Sandbox, Using};
use crate::server::body::{BodyError, BodyReader, read_form};
use crate::server::layers;
use crate::server::listen::Received;
use crate::server::misbehave::{Disconnect, misbehave};
use crate::server::plain_text::respond_text;
use crate::server::published::Published;
use crate::shown::shown;

/// The API as a listener serves it.
#[derive(Debug)]
pub(crate) struct Products {
    sandboxes: Arc<Sandboxes>,
    over_https: bool,
    bodies: Arc<BodyReader>,
    /// Where the console is, if it is anywhere.
    console: Option<Arc<str>>,
}

impl Products {
    /// The API of all sandboxes, for a listener that is HTTPS or counts as if it were.
    pub(crate) fn new(
        sandboxes: Arc<Sandboxes>,
        over_https: bool,
        bodies: Arc<BodyReader>,
        console: Option<Arc<str>>,
    ) -> Self {
        Self {
            sandboxes,
            over_https,
            bodies,
            console,
        }
    }

    /// The service that a listener runs.
    pub(crate) fn into_service(
        self,
    ) -> impl Service<
        Request<Received>,
        Response = Response<Body>,
        Error = Disconnect,
        Future = impl Future<Output = Result<Response<Body>, Disconnect>> + Send,
    > + Clone
    + Send {
        let routes = layers::of_api(self.router());
        service_fn(move |request: Request<Received>| {
            routes.clone().call(request.map(Body::new)).map(|answered| {
                let Ok(response) = answered;
                match response.extensions().get::<Disconnect>() {
                    Some(disconnect) => Err(*disconnect),
                    None => Ok(response.map(Body::new)),
                }
            })
        })
    }

    /// What is answered where there is nothing; at `/`, also where the console is.
    fn respond_not_found(&self, head: &Parts, watch: Stopwatch) -> Response<Body> {
        let path = self.masked_path(head.uri.path());
        info!(target: LOG, status = 404, took_us = watch.elapsed_micros(), hint = format!("there is no endpoint at `{path}`"));
        let names: String = ENDPOINTS
            .iter()
            .map(|endpoint| format!("POST /products/{}\n", endpoint.name))
            .collect();
        let console = match &self.console {
            Some(url) if head.uri.path() == "/" => format!("The console is at {url}/\n"),
            Some(_) | None => String::new(),
        };
        let cas = Published::names();
        let text = format!(
            "There is nothing here. This emulator answers:\n{names}\
             GET  /ca/NAME.cer, /crl/NAME.crl, /ocsp/NAME\n{cas}\
             For a sandbox, the same below /sandboxes/NAME.\n{console}"
        );
        respond_text(StatusCode::NOT_FOUND, text)
    }

    /// A path for the log, or a name in it: without the arguments that were put behind it by mistake, and without a password
    /// that stands in the place of a name.
    fn masked_path(&self, path: &str) -> String {
        let path = path.split(['&', ';', '=']).next().unwrap_or_default();
        let named = path.strip_prefix("/sandboxes/").and_then(|rest| rest.split('/').next());
        let named = named.and_then(|name| self.sandboxes.get(name));
        let sandboxes = named.iter().chain([self.sandboxes.default_sandbox()]);
        let accounts: Vec<_> = sandboxes.map(|sandbox| sandbox.accounts()).collect();
        let is_secret = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            accounts.iter().any(|accounts| accounts.holds_password(&decoded))
        };
        let segments: Vec<_> = path
            .split('/')
            .map(|segment| if is_secret(segment) { MASK } else { segment })
            .collect();
        // A password may have a slash.
        if is_secret(path) && !segments.contains(&MASK) {
            return MASK.to_owned();
        }
        let path = segments.join("/");
        shown(path.split('%').next().unwrap_or_default()).into_owned()
    }

    fn no_sandbox(&self, name: &str, watch: Stopwatch) -> Response<Body> {
        let masked = self.masked_path(name);
        info!(target: LOG, status = 404, took_us = watch.elapsed_micros(), hint = format!("there is no sandbox `{masked}`"));
        // Arguments that were put behind the name by mistake are not repeated.
        let name = shown(name.split(['&', ';', '=', '%']).next().unwrap_or_default());
        let text = format!(
            "There is no sandbox `{name}`, or it was unused for longer than it lives. Make one: POST \
             /control/v1/sandboxes on the control listener, with Content-Type: application/json and {{\"name\": ...}}\n"
        );
        respond_text(StatusCode::NOT_FOUND, text)
    }

    fn router(self) -> Router {
        Self::routes(call_of, &any(call), &any(published))
            .fallback(not_found)
            .with_state(Arc::new(self))
    }

    /// Every path; below `/sandboxes/NAME` the same once more, for that sandbox.
    ///
    /// Most clients spell an endpoint's name as it is documented. These paths have no parameter, which axum would copy for
    /// each call.
    fn routes<S: Clone + Send + Sync + 'static>(
        call_of: fn(&'static Endpoint) -> MethodRouter<S>,
        call: &MethodRouter<S>,
        published: &MethodRouter<S>,
    ) -> Router<S> {
        let mut router = Router::new();
        for endpoint in ENDPOINTS {
            router = router.route(&format!("/products/{}", endpoint.name), call_of(endpoint));
        }
        for sandbox in ["", "/sandboxes/{sandbox}"] {
            router = router
                .route(&format!("{sandbox}/products/{{*endpoint}}"), call.clone())
                .route(&format!("{sandbox}/ca/{{file}}"), published.clone())
                .route(&format!("{sandbox}/crl/{{file}}"), published.clone())
                .route(&format!("{sandbox}/ocsp/{{issuer}}"), published.clone())
                .route(&format!("{sandbox}/ocsp/{{issuer}}/"), published.clone())
                .route(&format!("{sandbox}/ocsp/{{issuer}}/{{*request}}"), published.clone());
        }
        router
    }

    /// The sandbox that answers a call, and whether it claims the loginName of one at the plain path.
    fn sandbox(&self, name: Option<&str>, endpoint: &Endpoint, form: &Form<'_>) -> Option<(Arc<Sandbox>, bool)> {
        if let Some(name) = name {
            return Some((self.sandboxes.get(name)?, false));
        }
        // Which sandbox's assumptions count is not known yet.
        let claimant = || {
            let arguments = Arguments::sort(endpoint.arguments, form, &Assumptions::default());
            CallNames::read(&arguments).login_name
        };
        let sandbox = self.sandboxes.for_login_name(claimant);
        let is_claimed = &*sandbox.name != DEFAULT_SANDBOX;
        Some((sandbox, is_claimed))
    }
}

/// A parameter of the path, decoded. A path that does not decode has none.
fn parameter<'p>(parameters: &'p Result<RawPathParams, RawPathParamsRejection>, name: &str) -> Option<&'p str> {
    let parameters = parameters.as_ref().ok()?;
    parameters
        .iter()
        .find(|(wanted, _)| *wanted == name)
        .map(|(_, value)| value)
}

type Parameters = Result<RawPathParams, RawPathParamsRejection>;

/// The calls of an endpoint whose name is spelled as documented, in no sandbox that the path names.
fn call_of(endpoint: &'static Endpoint) -> MethodRouter<Arc<Products>> {
    let path = CallPath {
        sandbox: None,
        endpoint,
        is_spelled: true,
    };
    any(
        move |State(products): State<Arc<Products>>, request: Request<Body>| -> Responding {
            let watch = Stopwatch::start();
            let (head, body) = request.into_parts();
            // An async block stores these once; an async function would store its arguments twice.
            Box::pin(async move { respond(&products, &path, &head, body, watch).await })
        },
    )
}

/// A response that is being made. It is large, and axum moves what a handler returns several times, so it is put where it can
/// stay.
type Responding = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// A call of whatever endpoint the path names.
fn call(State(products): State<Arc<Products>>, parameters: Parameters, request: Request<Body>) -> Responding {
    let watch = Stopwatch::start();
    let (head, body) = request.into_parts();
    Box::pin(async move {
        let name = parameter(&parameters, "endpoint").unwrap_or_default();
        let Some(endpoint) = Endpoint::named(name) else {
            return products.respond_not_found(&head, watch);
        };
        let path = CallPath {
            sandbox: parameter(&parameters, "sandbox"),
            endpoint,
            is_spelled: endpoint.is_spelled(name),
        };
        respond(&products, &path, &head, body, watch).await
    })
}

/// The response to a call of an endpoint, under whatever method: the endpoint says itself that only POST will do.
async fn respond(
    products: &Products,
    path: &CallPath<'_>,
    head: &Parts,
    body: Body,
    watch: Stopwatch,
) -> Response<Body> {
    let (answered, fault) = answer(products, path, head, body, watch).await;
    let Some((action, using)) = fault else {
        return answered;
    };
    let misbehaved = misbehave(action, answered).await;
    // The sandbox is used until its reply is on its way.
    drop(using);
    misbehaved.unwrap_or_else(|disconnect| {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(disconnect);
        response
    })
}

/// What the path of a call names.
#[derive(Clone, Copy)]
struct CallPath<'p> {
    sandbox: Option<&'p str>,
    endpoint: &'static Endpoint,
    /// Whether the endpoint's name is spelled as documented.
    is_spelled: bool,
}

/// The answer to a call of an endpoint, and what a fault shall do to it. The body and its turn are given back here: what a
/// fault does may take as long as it likes.
async fn answer(
    products: &Products,
    path: &CallPath<'_>,
    head: &Parts,
    mut body: Body,
    watch: Stopwatch,
) -> (Response<Body>, Option<(Action, Using)>) {
    let endpoint = path.endpoint;
    let read = match products.bodies.read(&mut body).await {
        Ok(read) => read,
        Err(error) => return (refuse_body(Some(endpoint), error, head, watch), None),
    };
    let (form, oddity) = read_form(head.uri.query(), &head.headers, &read.bytes).await;
    let Some((sandbox, is_claimed)) = products.sandbox(path.sandbox, endpoint, &form) else {
        return (
            products.no_sandbox(path.sandbox.unwrap_or(DEFAULT_SANDBOX), watch),
            None,
        );
    };
    if !path.is_spelled && sandbox.assumptions().endpoint_names == EndpointNames::Exact {
        return (products.respond_not_found(head, watch), None);
    }
    let incoming = IncomingCall {
        endpoint,
        transport: Transport {
            is_https: products.over_https,
            is_post: head.method == Method::POST,
        },
        form: &form,
        oddity,
        is_claimed,
        watch,
    };
    let answered = sandbox.answer(&incoming).await;
    let fault = answered.action.map(|action| (action, Using::new(sandbox)));
    (response(answered.answer), fault)
}

/// Makes a call as if a client had sent it to that sandbox: the journal's entry of it, and, in its own time, the response.
pub(crate) async fn make(
    call: &IncomingCall<'_>,
    sandbox: &Sandbox,
) -> (
    Arc<Entry>,
    impl Future<Output = Result<Response<Body>, Disconnect>> + use<>,
) {
    let AnsweredCall { answer, action, entry } = sandbox.answer(call).await;
    let response = response(answer);
    let responded = async {
        match action {
            Some(action) => misbehave(action, response).await,
            None => Ok(response),
        }
    };
    (entry, responded)
}

/// The response that carries an answer.
fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("the API's statuses are, and a fault's was checked");
    let content_type = match answer.content_type {
        Cow::Borrowed(content_type) => HeaderValue::from_static(content_type),
        Cow::Owned(content_type) => {
            HeaderValue::try_from(content_type).unwrap_or(HeaderValue::from_static("text/plain"))
        }
    };
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// What is published for the world, which needs no login.
async fn published(
    State(products): State<Arc<Products>>,
    parameters: Parameters,
    request: Request<Body>,
) -> Response<Body> {
    let watch = Stopwatch::start();
    let (head, mut body) = request.into_parts();
    let name = parameter(&parameters, "sandbox");
    let Some(published) = path_in_sandbox(head.uri.path(), name).and_then(Published::find) else {
        return products.respond_not_found(&head, watch);
    };
    let read = match products.bodies.read(&mut body).await {
        Ok(read) => read,
        Err(error) => return refuse_body(None, error, &head, watch),
    };
    let Some(sandbox) = products.sandboxes.get(name.unwrap_or(DEFAULT_SANDBOX)) else {
        return products.no_sandbox(name.unwrap_or(DEFAULT_SANDBOX), watch);
    };
    sandbox.touch();
    let asked = published.to_string();
    let response = published.respond(sandbox, &head, read.bytes.clone()).await;
    let status = response.status().as_u16();
    info!(target: LOG, sandbox = name, asked, status, took_us = watch.elapsed_micros());
    response
}

/// What follows the sandbox in a path.
fn path_in_sandbox<'p>(path: &'p str, sandbox: Option<&str>) -> Option<&'p str> {
    if sandbox.is_none() {
        return Some(path);
    }
    let rest = path.strip_prefix("/sandboxes/")?;
    Some(&rest[rest.find('/')?..])
}

async fn not_found(State(products): State<Arc<Products>>, request: Request<Body>) -> Response<Body> {
    products.respond_not_found(&request.into_parts().0, Stopwatch::start())
}

fn refuse_body(endpoint: Option<&Endpoint>, error: BodyError, head: &Parts, watch: Stopwatch) -> Response<Body> {
    let status = error.status();
    let took_us = watch.elapsed_micros();
    info!(target: LOG, endpoint = endpoint.map(|endpoint| endpoint.name), status = status.as_u16(), took_us, hint = error.to_string());
    let mut response = respond_text(status, format!("{error}\n"));
    // The rest of the body is not wanted; HTTP/2 has its own way to say so and forbids the header.
    if head.version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Where a path leads: the sandbox and the endpoint of a call.
    async fn lead(path: &str) -> Option<(Option<String>, String)> {
        async fn told(parameters: Parameters) -> String {
            let endpoint = parameter(&parameters, "endpoint").and_then(Endpoint::named);
            let endpoint = endpoint.map_or("", |endpoint| endpoint.name);
            format!("{} {endpoint}", parameter(&parameters, "sandbox").unwrap_or_default())
        }
        // The routes of the API, whose handlers only tell what they are given.
        let told_of = |endpoint: &'static Endpoint| any(async move || format!(" {}", endpoint.name));
        let mut router = Products::routes(told_of, &any(told), &any(told)).with_state(());
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = router.call(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let told = String::from_utf8(body.to_vec()).unwrap();
        let (sandbox, endpoint) = told.split_once(' ')?;
        let sandbox = Some(sandbox.to_owned()).filter(|sandbox| !sandbox.is_empty());
        (!endpoint.is_empty()).then(|| (sandbox, endpoint.to_owned()))
    }

    #[tokio::test]
    async fn an_endpoint_is_found_however_its_name_is_written() {
        for (path, sandbox) in [
            ("/products/!autoRevokeCS", None),
            ("/products/%21autoRevokeCS", None),
            ("/products/!AUTOREVOKECS", None),
            ("/products/%21%61utorevokecs", None),
            ("/sandboxes/t1/products/!autoRevokeCS", Some("t1")),
            ("/sandboxes/t%31/products/%21autoRevokeCS", Some("t1")),
        ] {
            let (led, endpoint) = lead(path).await.unwrap_or_else(|| panic!("{path}"));
            assert_eq!((led.as_deref(), &*endpoint), (sandbox, "!autoRevokeCS"), "{path}");
        }
        for path in [
            "/products/autoRevokeCS",
            "/products/!autoRevokeCS/",
            "/products/%FF",
            "/!autoRevokeCS",
            "/",
            "*",
            "/sandboxes/t1",
            "/sandboxes/t1/!autoRevokeCS",
        ] {
            assert_eq!(lead(path).await, None, "{path}");
        }
    }
}
