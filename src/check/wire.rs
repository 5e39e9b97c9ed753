//! Sends the requests of probes over HTTP and TLS, one after the other on one connection.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request as HttpRequest, Response as HttpResponse};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::api::http_url::HttpUrl;
use crate::ca::trust;
use crate::check::answer::Answer;
use crate::check::credentials::Credentials;
use crate::check::probe::Request;
use crate::files::FileError;
use crate::shown::shown;

/// The most bytes of the head of a response.
const MAX_HEAD: usize = 64 << 10;

/// The most bytes of the body of a response.
const MAX_BODY: usize = 1 << 20;

/// What the requests say about who sends them.
pub(crate) const AGENT: &str = concat!(
    "sectigo-emulator-check/",
    env!("CARGO_PKG_VERSION"),
    " (compares an emulator with this server)"
);

/// Why there is no answer, in a sentence about the server.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    /// The name of the server has no address, or nothing listens there.
    #[error("cannot connect to {server}: {source}")]
    Connect {
        /// The host and the port.
        server: String,
        /// What the system said.
        source: io::Error,
    },
    /// The TLS handshake failed; the certificate may not be trusted.
    #[error("TLS with {server} failed: {source} (--ca names the certificates to trust in place of the public roots)")]
    Tls {
        /// The host and the port.
        server: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The response did not come in time.
    #[error("{server} sent no whole response within {patience:?} (--timeout)")]
    Timeout {
        /// The host and the port.
        server: String,
        /// How long it had.
        patience: Duration,
    },
    /// The connection broke off, or what came is not HTTP.
    #[error("the response of {server} broke off or is not HTTP: {problem}")]
    Broken {
        /// The host and the port.
        server: String,
        /// What went wrong.
        problem: String,
    },
    /// The response is longer than any of the API.
    #[error("the response of {server} is longer than {MAX_BODY} bytes")]
    TooLong {
        /// The host and the port.
        server: String,
    },
    /// The server sends the client elsewhere.
    #[error("{server} redirects (HTTP status {status}) to {location}, which is not followed: give the right URL")]
    Redirect {
        /// The host and the port.
        server: String,
        /// The HTTP status.
        status: u16,
        /// Where to.
        location: String,
    },
    /// The server, or what stands before it, has a problem of its own.
    #[error("{server} answered with HTTP status {status} ({content_type}), which is not an answer of the API")]
    Failed {
        /// The host and the port.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The Content-Type.
        content_type: String,
    },
}

/// Why the certificates to trust cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TrustError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// Trusts the certificates of a file, or the public roots that browsers trust.
pub(crate) fn trusting(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    let Some(path) = ca else {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        return Ok(trust::client(roots)?);
    };
    let mut roots = RootCertStore::empty();
    trust::add_file(&mut roots, path)?;
    Ok(trust::client(roots)?)
}

/// What is wrong with certificates to trust.
#[derive(Debug, Error)]
pub(super) enum Untrusted {
    /// It is no certificate, or one that cannot be a root.
    #[error("{0}")]
    Text(String),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// Trusts certificates in PEM.
pub(super) fn trust_pem(text: &str) -> Result<Arc<ClientConfig>, Untrusted> {
    let mut roots = RootCertStore::empty();
    trust::add_pem(&mut roots, text).map_err(Untrusted::Text)?;
    Ok(trust::client(roots)?)
}

/// A server that is asked.
pub(crate) struct Wire {
    /// Its base URL.
    pub(crate) https: HttpUrl,
    /// Its base URL over plain HTTP, if it is known.
    pub(crate) http: Option<HttpUrl>,
    /// What stands before the paths.
    pub(crate) prefix: String,
    /// The server's certificate is trusted by this.
    pub(crate) tls: Arc<ClientConfig>,
    /// How long a response may take.
    pub(crate) patience: Duration,
    /// Who calls.
    pub(crate) credentials: Credentials,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Wire {
    /// A server that is asked over HTTPS, by these credentials.
    pub(crate) fn new(https: HttpUrl, tls: Arc<ClientConfig>, patience: Duration, credentials: Credentials) -> Self {
        Self {
            https,
            http: None,
            prefix: String::new(),
            tls,
            patience,
            credentials,
            connection: None,
        }
    }

    /// Sends a request and reads the response whole. The password is masked in it, should the server repeat it.
    ///
    /// # Errors
    /// No response of the API came.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Answer, WireError> {
        let url = match request.is_over_https() {
            true => self.https.clone(),
            false => self.http.clone().unwrap_or_else(|| self.https.clone()),
        };
        let server = format!("{}:{}", url.host(), url.port());
        let patience = self.patience;
        let exchange = async {
            match request.is_over_https() {
                true => self.over_https(request, &server).await,
                false => self.over_http(request, &url, &server).await,
            }
        };
        let answer = match timeout(patience, exchange).await {
            Ok(answer) => answer?,
            Err(_) => {
                self.connection = None;
                return Err(WireError::Timeout { server, patience });
            }
        };
        let masked = |text: &[u8]| self.credentials.mask(text);
        let headers = answer.headers.into_iter().map(|(name, value)| {
            let value = masked(value.as_bytes());
            (name, String::from_utf8_lossy(&value).into_owned())
        });
        let answer = Answer {
            status: answer.status,
            headers: headers.collect(),
            body: masked(&answer.body),
        };
        check(answer, server)
    }

    /// On the connection that is there, or on a new one.
    async fn over_https(&mut self, request: &Request, server: &str) -> Result<Answer, WireError> {
        let mut http_request = self.http_request(request, server)?;
        if let Some(mut connection) = self.connection.take()
            && connection.ready().await.is_ok()
        {
            match connection.try_send_request(http_request).await {
                Ok(response) => {
                    let answer = read_answer(response, server).await?;
                    self.connection = Some(connection);
                    return Ok(answer);
                }
                // A server may close a connection that was idle just as it is used again. What was sent in part is not
                // sent again: nobody knows what the server has done.
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => http_request = unsent,
                    None => return Err(broken(server, &failed.into_error())),
                },
            }
        }
        let url = self.https.clone();
        let stream = connect(&url, server).await?;
        let name = ServerName::try_from(url.host().to_owned()).map_err(|error| WireError::Tls {
            server: server.to_owned(),
            source: io::Error::other(error),
        })?;
        let stream = TlsConnector::from(self.tls.clone())
            .connect(name, stream)
            .await
            .map_err(|source| WireError::Tls {
                server: server.to_owned(),
                source,
            })?;
        let mut connection = open(stream, server).await?;
        let answer = exchange(&mut connection, http_request, server).await?;
        self.connection = Some(connection);
        Ok(answer)
    }

    async fn over_http(&self, request: &Request, url: &HttpUrl, server: &str) -> Result<Answer, WireError> {
        let http_request = self.http_request(request, server)?;
        let mut connection = open(connect(url, server).await?, server).await?;
        exchange(&mut connection, http_request, server).await
    }

    fn http_request(&self, request: &Request, server: &str) -> Result<HttpRequest<Full<Bytes>>, WireError> {
        let url = match (request.is_over_https(), &self.http) {
            (false, Some(http)) => http,
            _ => &self.https,
        };
        let mut builder = HttpRequest::builder()
            .method(request.method())
            .uri(format!("{}{}", self.prefix, request.target(&self.credentials)))
            .header(HOST, url.authority())
            .header(USER_AGENT, AGENT);
        if request.method() == "POST" {
            builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        builder
            .body(Full::from(request.body(&self.credentials)))
            .map_err(|error| broken(server, &error))
    }
}

async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    request: HttpRequest<Full<Bytes>>,
    server: &str,
) -> Result<Answer, WireError> {
    let response = connection
        .send_request(request)
        .await
        .map_err(|error| broken(server, &error))?;
    read_answer(response, server).await
}

/// Reads a response to its end.
async fn read_answer(response: HttpResponse<Incoming>, server: &str) -> Result<Answer, WireError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
        match error.downcast_ref::<LengthLimitError>() {
            Some(_) => WireError::TooLong {
                server: server.to_owned(),
            },
            None => broken(server, &error),
        }
    })?;
    Ok(Answer {
        status: head.status.as_u16(),
        headers: headers(&head.headers),
        body: body.to_bytes().into(),
    })
}

fn broken(server: &str, error: &dyn Display) -> WireError {
    WireError::Broken {
        server: server.to_owned(),
        problem: error.to_string(),
    }
}

/// The headers with their names in lower case. Cookies are secrets.
fn headers(headers: &hyper::HeaderMap) -> BTreeMap<String, String> {
    let text = |name: &str, value: &[u8]| match name {
        "set-cookie" => "(a cookie)".to_owned(),
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(name.as_str(), value.as_bytes())))
        .collect()
}

/// Refuses what is not the API's: a redirection, or an error of the server.
fn check(answer: Answer, server: String) -> Result<Answer, WireError> {
    match answer.status {
        status @ 300..=399 => Err(WireError::Redirect {
            server,
            status,
            location: shown(answer.headers.get("location").map_or("", String::as_str)).into_owned(),
        }),
        status @ 500.. if answer.code().is_none() => Err(WireError::Failed {
            server,
            status,
            content_type: shown(answer.content_type()).into_owned(),
        }),
        _ => Ok(answer),
    }
}

async fn connect(url: &HttpUrl, server: &str) -> Result<TcpStream, WireError> {
    let stream = TcpStream::connect((url.host(), url.port()))
        .await
        .map_err(|source| WireError::Connect {
            server: server.to_owned(),
            source,
        })?;
    // What fails here fails later as well; then it is said.
    drop(stream.set_nodelay(true));
    Ok(stream)
}

async fn open<S>(stream: S, server: &str) -> Result<SendRequest<Full<Bytes>>, WireError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| WireError::Broken {
            server: server.to_owned(),
            problem: error.to_string(),
        })?;
    // Its error, if it has one, is the request's as well.
    tokio::spawn(connection);
    Ok(sender)
}
