//! Who is let in: the machine's owner and their programs, not a web page in their browser.

use std::net::IpAddr;
use std::sync::LazyLock;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{App, Problem};

/// The one route that needs no token.
const HEALTH: &str = "/control/v1/health";

/// The routes that take query parameters, which they check themselves.
const WITH_QUERY: [&str; 5] = ["/orders", "/calls", "/certificate", "/chain", "/ca"];

/// The token that `--control-token` demands; it is never printed.
#[derive(Clone)]
pub(crate) struct Token(Box<str>);

impl Token {
    pub(crate) fn new(token: impl Into<Box<str>>) -> Self {
        Self(token.into())
    }

    /// The token itself: for the client of the same process alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a bearer sent it. How long this takes does not depend on how much of it is right.
    fn is_borne(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| {
                let (scheme, token) = value.as_bytes().split_at_checked(7)?;
                scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
            })
            .is_some_and(|sent| {
                aws_lc_rs::constant_time::verify_slices_are_equal(sent.trim_ascii(), self.0.as_bytes()).is_ok()
            })
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The layer in front of every route.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match judge(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The layer of the routes themselves: what they do not take in the query is refused.
pub(super) async fn check_query(request: Request, next: Next) -> Response {
    let checks_itself =
        request.method() == Method::GET && WITH_QUERY.iter().any(|path| request.uri().path().ends_with(path));
    let query = request.uri().query().unwrap_or_default();
    match form_urlencoded::parse(query.as_bytes()).next() {
        Some((name, _)) if !checks_itself => {
            Problem::unreadable(name, "unknown parameter: this takes none in the query").into_response()
        }
        _ => next.run(request).await,
    }
}

fn judge(app: &App, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = host(request).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "The Host header is missing or there are several: send one, as every HTTP client does.",
        )
    })?;
    if !is_own(host) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "The Host header names none of this machine's own names, so a web page may be behind the request: use \
             an IP address, localhost, the machine's host name, or a name without dots.",
        ));
    }
    for origin in headers.get_all(header::ORIGIN) {
        let is_own_origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        if !is_own_origin {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "The Origin header says that a web page of another origin sent this; only this listener's own may.",
            ));
        }
    }
    let needs_token = request.uri().path() != HEALTH;
    if needs_token && app.token.as_ref().is_some_and(|token| !token.is_borne(headers)) {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "This emulator was started with --control-token: send Authorization: Bearer and that token.",
        ));
    }
    let is_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_change && !is_json(headers, request.body().is_end_stream()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send the body as JSON, with Content-Type: application/json. Without a body, leave out the Content-Type.",
        ));
    }
    Ok(())
}

/// The host and port that the client asked for.
fn host(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let authority = request.uri().authority().map(|authority| authority.as_str());
    (hosts.next().is_none() && authority.is_none_or(|authority| authority.eq_ignore_ascii_case(host))).then_some(host)
}

/// Whether no web page can have a name like that: DNS rebinding needs a name with a dot in it that an attacker owns.
fn is_own(host: &str) -> bool {
    static MACHINE: LazyLock<Option<String>> = LazyLock::new(|| hostname::get().ok()?.into_string().ok());
    let name = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else {
                return false;
            };
            return address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        None => match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return false,
            None => host,
        },
    };
    let is_label = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.parse::<IpAddr>().is_ok()
        || is_label(name)
        || MACHINE
            .as_deref()
            .is_some_and(|machine| machine.eq_ignore_ascii_case(name))
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

    #[test]
    fn only_its_own_names_are_let_in() {
        for host in [
            "localhost",
            "LOCALHOST:8081",
            "127.0.0.1:1",
            "10.0.0.7",
            "[::1]:8081",
            "[::1]",
            "sectigo-emulator:8081",
        ] {
            assert!(is_own(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "evil.example:8081",
            "127.0.0.1.evil.example",
            "localhost.",
            "a@b",
            "[::1",
            "[x]",
            "::1",
            "localhost:x",
            "1.2.3",
        ] {
            assert!(!is_own(host), "{host}");
        }
    }
}
