//! Who is let in: the machine's owner and their programs, not a web page in their browser, but for the console.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{App, Problem};
use crate::api::http_url::split_port;
use crate::model::sandbox::CONTROL_BASE;
use crate::server::{console, layers};
use crate::token::Token;

/// The one route of the API that needs no token, below [`CONTROL_BASE`].
const HEALTH: &str = "/health";

/// The names by which the control listener may be asked, beside `localhost` and IP addresses.
#[derive(Clone, Debug)]
pub(crate) struct OwnNames(Vec<Box<str>>);

impl OwnNames {
    /// Those that were named, and the machine's own name where the listener is reachable from other machines. On
    /// loopback, nobody needs it, and a web page whose domain it is must not be let in.
    pub(crate) fn new(listener: SocketAddr, named: &[String]) -> Self {
        let mut names: Vec<Box<str>> = named.iter().map(|name| name.as_str().into()).collect();
        if !listener.ip().to_canonical().is_loopback() {
            names.extend(
                hostname::get()
                    .ok()
                    .and_then(|name| name.into_string().ok())
                    .map(Into::into),
            );
        }
        Self(names)
    }

    /// Whether a Host header names this machine: DNS rebinding needs a name that an attacker owns.
    fn contain(&self, host: &str) -> bool {
        let (name, port) = split_port(host);
        if port.is_some_and(|port| !is_port(port)) {
            return false;
        }
        if let Some(address) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok();
        }
        name.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.0.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Whether a bearer sent the token. How long this takes does not depend on how much of it is right.
fn is_borne(token: &Token, headers: &HeaderMap) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| {
            let (scheme, token) = value.as_bytes().split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
        })
        .is_some_and(|sent| {
            aws_lc_rs::constant_time::verify_slices_are_equal(sent.trim_ascii(), token.expose().as_bytes()).is_ok()
        })
}

/// The layer in front of every route.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match judge(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let response = problem.into_response();
            layers::log_refusal(request.method(), &response);
            response
        }
    }
}

/// The layer of the routes that take no query parameters: whatever is there is refused.
pub(super) async fn refuse_query(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    match form_urlencoded::parse(query.as_bytes()).next() {
        Some((name, _)) => {
            Problem::unreadable(name.into_owned(), "unknown parameter: this takes none in the query").into_response()
        }
        None => next.run(request).await,
    }
}

/// Whether a request is let in: the first check that it fails says why not.
fn judge(app: &App, request: &Request) -> Result<(), Problem> {
    let host = check_host(app, request)?;
    let has_own_origin = check_origins(request.headers(), host)?;
    check_site(request, has_own_origin)?;
    check_token(app, request)?;
    check_content_type(request)
}

/// The host and port that the client asked for, which must be this listener's.
fn check_host<'r>(app: &App, request: &'r Request) -> Result<&'r str, Problem> {
    let host = host(request).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "The Host header is missing or there are several: send one, as every HTTP client does.",
        )
    })?;
    if !app.own_names.contain(host) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "The Host header names none of this listener's own names, so a web page may be behind the request: use \
             an IP address, localhost, or a name that was given with --control-host. Beyond loopback, the machine's \
             host name is one of them too.",
        ));
    }
    Ok(host)
}

/// Whether the request comes from a page of this listener. One that comes from another page is refused.
fn check_origins(headers: &HeaderMap, host: &str) -> Result<bool, Problem> {
    let mut has_own_origin = false;
    for origin in headers.get_all(header::ORIGIN) {
        has_own_origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        if !has_own_origin {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "The Origin header says that a web page of another origin sent this; only this listener's own may.",
            ));
        }
    }
    Ok(has_own_origin)
}

/// Refuses what a browser says to come from another site, also where it has no Origin header: links, images, scripts.
fn check_site(request: &Request, has_own_origin: bool) -> Result<(), Problem> {
    let headers = request.headers();
    if comes_from(headers, b"cross-site") && !opens_console(request)
        || !layers::is_read(request.method()) && !has_own_origin && comes_from(headers, b"same-site")
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "The Sec-Fetch-Site header says that a web page of another site or another port sent this; only this \
             listener's own may.",
        ));
    }
    Ok(())
}

/// Refuses a request without the token, if there is one.
fn check_token(app: &App, request: &Request) -> Result<(), Problem> {
    // The page holds no data: it asks for the token, and sends it along when it asks for some.
    let path = request.uri().path();
    let needs_token = path.strip_prefix(CONTROL_BASE) != Some(HEALTH) && !console::has(path);
    let Some(token) = app.token.as_ref().filter(|_| needs_token) else {
        return Ok(());
    };
    if is_borne(token, request.headers()) {
        return Ok(());
    }
    let detail = match request.headers().contains_key(header::AUTHORIZATION) {
        true => {
            "This emulator was started with another token (--control-token or --control-token-file): send Authorization: \
             Bearer and that token."
        }
        false => {
            "This emulator was started with --control-token or --control-token-file: send Authorization: Bearer and that token."
        }
    };
    Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
}

/// Refuses a change whose body is not JSON: a web page may send others without being asked whether it may.
fn check_content_type(request: &Request) -> Result<(), Problem> {
    // Elsewhere there is nothing to change: a call of the API that came to this port shall learn that.
    let is_of_api = request.uri().path().starts_with("/control/");
    if !layers::is_read(request.method()) && is_of_api && !is_json(request.headers(), request.body().is_end_stream()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send the body as JSON, with Content-Type: application/json. Without a body, leave out the Content-Type.",
        ));
    }
    Ok(())
}

/// The host by which a request that was let in asked, without the port.
pub(super) fn host_name(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(match split_port(host) {
        (name, Some(port)) if is_port(port) => name,
        (_, Some(_) | None) => host,
    })
}

/// The host and port that the client asked for.
fn host(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let authority = request.uri().authority().map(|authority| authority.as_str());
    (hosts.next().is_none() && authority.is_none_or(|authority| authority.eq_ignore_ascii_case(host))).then_some(host)
}

/// Whether a browser says that a request comes from there.
fn comes_from(headers: &HeaderMap, site: &[u8]) -> bool {
    headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|value| value.as_bytes().eq_ignore_ascii_case(site))
}

/// Whether a browser opens the console in a window of its own, as it does for a link that somebody was sent.
fn opens_console(request: &Request) -> bool {
    let says = |name, wanted: &[u8]| {
        request
            .headers()
            .get(name)
            .is_some_and(|value| value.as_bytes() == wanted)
    };
    matches!(*request.method(), Method::GET | Method::HEAD)
        && console::has(request.uri().path())
        && says("sec-fetch-mode", b"navigate")
        && says("sec-fetch-dest", b"document")
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Whether the Content-Type is that of JSON. A request without a body may have none; one that names the type of a form
/// or of a plain text could be a web page's, whose browser asks nobody before it sends such a one.
fn is_json(headers: &HeaderMap, is_empty: bool) -> bool {
    let mut sent = headers.get_all(header::CONTENT_TYPE).iter().peekable();
    if sent.peek().is_none() {
        return is_empty;
    }
    sent.all(|value| {
        value
            .to_str()
            .ok()
            .and_then(|value| value.split(';').next())
            .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: [&str; 3] = ["127.0.0.1:8081", "[::1]:8081", "[::ffff:127.0.0.1]:8081"];

    fn own_names(listener: &str, named: &[&str]) -> OwnNames {
        let named: Vec<_> = named.iter().map(|name| (*name).to_owned()).collect();
        OwnNames::new(listener.parse().unwrap(), &named)
    }

    #[test]
    fn only_its_own_names_are_let_in() {
        for listener in LOOPBACK
            .into_iter()
            .chain(["0.0.0.0:8081", "[::]:8081", "10.0.0.7:8081"])
        {
            let names = own_names(listener, &["sectigo-emulator", "Emulator.example"]);
            for host in [
                "localhost",
                "LOCALHOST:8081",
                "127.0.0.1:1",
                "10.0.0.7",
                "[::1]:8081",
                "[::1]",
                "sectigo-emulator:8081",
                "emulator.example",
            ] {
                assert!(names.contain(host), "{listener}: {host}");
            }
            for host in [
                "",
                ":80",
                "rebind",
                "com",
                "evil.example",
                "evil.example:8081",
                "127.0.0.1.evil.example",
                "localhost.",
                "a@b",
                "[::1",
                "[x]",
                "::1",
                "localhost:x",
                "localhost:80:80",
                "[::1]x",
                "[::1]80",
                "[::1]:",
                "[127.0.0.1]",
                "[[::1]]",
                "x]:80",
                "1.2.3",
            ] {
                assert!(!names.contain(host), "{listener}: {host}");
            }
        }
    }

    #[test]
    fn the_machines_name_is_its_own_beyond_loopback() {
        let machine = hostname::get().unwrap().into_string().unwrap();
        for listener in LOOPBACK {
            assert_eq!(
                own_names(listener, &[]).contain(&machine),
                machine == "localhost",
                "{listener}"
            );
        }
        assert!(own_names("0.0.0.0:8081", &[]).contain(&machine));
    }
}
