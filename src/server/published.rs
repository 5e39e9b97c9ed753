//! What the CAs publish without a login: their certificates, CRLs and OCSP responses.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HeaderValue, IF_NONE_MATCH, LAST_MODIFIED, PRAGMA,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::ca::ocsp::{OcspResponse, OcspStatus};
use crate::ca::{CaError, IssuerName, IssuingCa};
use crate::clock::{Timestamp, real_now};
use crate::sandbox::Sandbox;
use crate::server::crl_body::CrlBody;
use crate::server::plain_text::respond_text;

/// The longest OCSP request that is read, in bytes: twenty certificates and a nonce need less.
const MAX_OCSP_REQUEST: usize = 16 << 10;

/// How long a cache may keep a response: a short time, so that a test soon sees what it has revoked.
const MAX_AGE: Duration = Duration::from_secs(60);

/// Something that a CA publishes, by its path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Published<'p> {
    /// `/ca/root.cer`: the certificate of the root.
    Root,
    /// `/ca/NAME.cer`: the certificate of an issuing CA.
    Certificate(IssuerName),
    /// `/crl/NAME.crl`: its CRL.
    Crl(IssuerName),
    /// `/ocsp/NAME`: its OCSP responder. A GET has the request behind the name, in Base64.
    Ocsp(IssuerName, Option<&'p str>),
}

impl fmt::Display for Published<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("ca root"),
            Self::Certificate(name) => write!(f, "ca {name}"),
            Self::Crl(name) => write!(f, "crl {name}"),
            Self::Ocsp(name, _) => write!(f, "ocsp {name}"),
        }
    }
}

impl<'p> Published<'p> {
    /// What a path names, from which the prefix of the sandbox is removed.
    pub(super) fn find(path: &'p str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix('/')?.split_once('/')?;
        match kind {
            "ca" => match rest.strip_suffix(".cer")? {
                "root" => Some(Self::Root),
                name => name.parse().ok().map(Self::Certificate),
            },
            "crl" => rest.strip_suffix(".crl")?.parse().ok().map(Self::Crl),
            "ocsp" => {
                let (name, request) = match rest.split_once('/') {
                    Some((name, request)) => (name, Some(request).filter(|request| !request.is_empty())),
                    None => (rest, None),
                };
                name.parse().ok().map(|name| Self::Ocsp(name, request))
            }
            _ => None,
        }
    }

    /// The names that stand in these paths, in one line.
    pub(super) fn names() -> String {
        let names = IssuerName::OF_EVERY_SANDBOX.map(|name| name.to_string()).join(", ");
        format!(
            "NAME is {names}, or smime-NUMBER where a certificate of that caCertificateID was read; /ca/root.cer is the \
             root.\n"
        )
    }

    /// The methods that it allows.
    fn methods(&self) -> &'static str {
        match self {
            Self::Ocsp(..) => "GET, HEAD, POST",
            Self::Root | Self::Certificate(_) | Self::Crl(_) => "GET, HEAD",
        }
    }

    /// The response of a sandbox to a request with that head and body.
    pub(super) async fn respond(self, sandbox: Arc<Sandbox>, head: &Parts, body: Bytes) -> Response<Body> {
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let is_ocsp_post = head.method == Method::POST && matches!(self, Self::Ocsp(..));
        if !(is_read || is_ocsp_post) {
            let mut response = respond_text(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("It takes {}.\n", self.methods()),
            );
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(self.methods()));
            return response;
        }
        let answer = match self {
            Self::Root => Ok(Some(Document::certificate(
                sandbox.certificates.authority().root().certificate(),
            ))),
            Self::Certificate(name) => known(&sandbox, name)
                .await
                .map(|issuer| issuer.map(|issuer| Document::certificate(issuer.certificate()))),
            Self::Crl(name) => crl(&sandbox, name).await,
            Self::Ocsp(name, request) => {
                let request = if is_read { request.and_then(decode) } else { Some(body) };
                Ok(Some(ocsp(&sandbox, name, request).await))
            }
        };
        match answer {
            Ok(Some(document)) => document.respond(head),
            Ok(None) => respond_text(
                StatusCode::NOT_FOUND,
                format!(
                    "There is no such CA, or none of its certificates was read yet.\n{}",
                    Self::names()
                ),
            ),
            Err(error) => respond_text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
        }
    }
}

/// The CA with that name, if it is one of those that every sandbox has, or has issued something: a URL alone does not make a CA
/// for a caCertificateID.
async fn known(sandbox: &Sandbox, name: IssuerName) -> Result<Option<Arc<IssuingCa>>, CaError> {
    match name {
        IssuerName::SmimeOf(_) => Ok(sandbox.certificates.authority().made_ca(name)),
        IssuerName::CodeSigning | IssuerName::Smime | IssuerName::Test => {
            sandbox.certificates.issuing_ca(name).await.map(Some)
        }
    }
}

async fn crl(sandbox: &Arc<Sandbox>, name: IssuerName) -> Result<Option<Document>, CaError> {
    if known(sandbox, name).await?.is_none() {
        return Ok(None);
    }
    let crl = sandbox.certificates.crl(name, sandbox).await?;
    Ok(Some(Document {
        media_type: "application/pkix-crl",
        etag: Some(format!("\"{:x}\"", crl.number)),
        modified: crl.made,
        body: Body::new(CrlBody::new(crl)),
    }))
}

/// Decodes the request in the path of a GET: Base64, which may be percent-encoded (RFC 6960, appendix A.1).
fn decode(request: &str) -> Option<Bytes> {
    let base64: Cow<'_, [u8]> = percent_decode_str(request).into();
    // A `+` may have been decoded to a space.
    let base64: Vec<u8> = base64
        .iter()
        .map(|byte| if *byte == b' ' { b'+' } else { *byte })
        .collect();
    STANDARD.decode(base64).ok().map(Bytes::from)
}

async fn ocsp(sandbox: &Arc<Sandbox>, name: IssuerName, request: Option<Bytes>) -> Document {
    let answer = match request.filter(|request| request.len() <= MAX_OCSP_REQUEST) {
        Some(request) => sandbox.certificates.ocsp(name, request, sandbox).await,
        None => OcspResponse::unsuccessful(OcspStatus::MalformedRequest),
    };
    let etag = answer.cacheable.then(|| {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &answer.der);
        let hash: String = hash.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hash}\"")
    });
    Document {
        media_type: "application/ocsp-response",
        etag,
        modified: real_now(),
        body: answer.der.into(),
    }
}

/// A response, and how caches may keep it.
struct Document {
    media_type: &'static str,
    /// The entity tag. If None, caches must not keep the response.
    etag: Option<String>,
    /// When it was made, by the real clock, as caches use it.
    modified: Timestamp,
    body: Body,
}

impl Document {
    fn certificate(der: &[u8]) -> Self {
        Self {
            media_type: "application/pkix-cert",
            etag: None,
            modified: real_now(),
            body: Bytes::copy_from_slice(der).into(),
        }
    }

    fn respond(self, head: &Parts) -> Response<Body> {
        let value = |text: String| HeaderValue::from_str(&text).expect("it is ASCII");
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        let Some(etag) = self.etag else {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
            *response.body_mut() = self.body;
            return response;
        };
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let is_known = is_read
            && head.headers.get_all(IF_NONE_MATCH).iter().any(|sent| {
                let sent = sent.to_str().unwrap_or_default();
                sent.split(',')
                    .any(|sent| matches!(sent.trim(), "*") || sent.trim().trim_start_matches("W/") == etag)
            });
        headers.insert(ETAG, value(etag));
        headers.insert(LAST_MODIFIED, value(http_date(self.modified)));
        headers.insert(EXPIRES, value(http_date(real_now().after(MAX_AGE))));
        headers.insert(
            CACHE_CONTROL,
            value(format!(
                "max-age={}, public, no-transform, must-revalidate",
                MAX_AGE.as_secs()
            )),
        );
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = self.body;
        }
        response
    }
}

/// A point in time as HTTP writes it (RFC 9110, section 5.6.7).
fn http_date(at: Timestamp) -> String {
    OffsetDateTime::from(at)
        .format(format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        ))
        .expect("a point in time has all of these")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, published) in [
            ("/ca/root.cer", Some(Published::Root)),
            ("/ca/smime.cer", Some(Published::Certificate(IssuerName::Smime))),
            ("/crl/code-signing.crl", Some(Published::Crl(IssuerName::CodeSigning))),
            ("/ocsp/smime-7", Some(Published::Ocsp(IssuerName::SmimeOf(7), None))),
            ("/ocsp/smime/", Some(Published::Ocsp(IssuerName::Smime, None))),
            (
                "/ocsp/smime/MA/+=",
                Some(Published::Ocsp(IssuerName::Smime, Some("MA/+="))),
            ),
            ("/crl/smime", None),
            ("/crl/root.crl", None),
            ("/ca/smime.crl", None),
            ("/ocsp", None),
            ("/ocsp/", None),
            ("/ocsp/x", None),
            ("/", None),
            ("*", None),
        ] {
            assert_eq!(Published::find(path), published, "{path}");
        }
    }

    #[test]
    fn times_of_http() {
        assert_eq!(
            http_date(Timestamp::from_unix_millis(784_111_777_000)),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }
}
