//! A small HTTP/1.1 client for the control listener: a connection for each request.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::sandbox::CONTROL_BASE;
use crate::model::split_port;
use crate::token::GivenToken;

/// How long an answer may take that has nothing to wait for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum ClientError {
    /// Nothing listens there.
    #[error("{0}")]
    Connect(io::Error),
    /// What listens there does not speak HTTP as it should.
    #[error("{0}")]
    Broken(String),
    /// No answer came in time.
    #[error("no answer came within {0:?}")]
    Timeout(Duration),
}

impl From<hyper::Error> for ClientError {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    /// Its method.
    pub(crate) method: Method,
    /// Its path and query, percent-encoded.
    pub(crate) path: String,
    /// Its body, JSON.
    pub(crate) body: Option<Bytes>,
    /// What authorizes it.
    pub(crate) token: Option<GivenToken>,
}

impl HttpRequest {
    /// Reads what is at a path.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            token: None,
        }
    }

    fn into_request(self, authority: &str) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(HOST, authority);
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = self.token {
            let token = token.check().map_err(|error| ClientError::Broken(error.to_string()))?;
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", token.expose())).expect("a header can hold a token");
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request
            .body(Full::from(self.body.unwrap_or_default()))
            .map_err(|error| ClientError::Broken(error.to_string()))
    }
}

/// A response, whole.
#[derive(Clone, Debug)]
pub(crate) struct HttpResponse {
    /// Its HTTP status.
    pub(crate) status: StatusCode,
    /// Its body.
    pub(crate) body: Bytes,
}

/// Sends a request to `authority` (`HOST:PORT`), and reads the whole answer; both together may take as long as `patience`.
pub(crate) async fn send_and_read(
    authority: &str,
    request: HttpRequest,
    patience: Duration,
) -> Result<HttpResponse, ClientError> {
    within(patience, async { collect(send(authority, request).await?).await }).await
}

/// Sends a request, and gives the answer as soon as its head is there; its body may go on for ever.
pub(crate) async fn open(authority: &str, request: HttpRequest) -> Result<Response<Incoming>, ClientError> {
    within(PATIENCE, send(authority, request)).await
}

/// Reads the rest of an answer that was [opened](open) and will end.
pub(crate) async fn read_rest(response: Response<Incoming>) -> Result<HttpResponse, ClientError> {
    within(PATIENCE, collect(response)).await
}

async fn within<T>(patience: Duration, answer: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    timeout(patience, answer)
        .await
        .map_err(|_| ClientError::Timeout(patience))?
}

async fn collect(response: Response<Incoming>) -> Result<HttpResponse, ClientError> {
    Ok(HttpResponse {
        status: response.status(),
        body: response.into_body().collect().await?.to_bytes(),
    })
}

async fn send(authority: &str, request: HttpRequest) -> Result<Response<Incoming>, ClientError> {
    let request = request.into_request(authority)?;
    let tcp = TcpStream::connect(authority).await.map_err(ClientError::Connect)?;
    // What fails here fails later as well; then it is said.
    drop(tcp.set_nodelay(true));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await?;
    // Its error, if it has one, is the request's as well.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// The `HOST:PORT` of a control listener that is written as a URL, that of the control API also, or as an address. An address
/// that stands for every interface is asked on this machine's own.
pub(crate) fn authority(text: &str) -> Result<String, String> {
    let url = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let authority = url.strip_suffix(CONTROL_BASE).unwrap_or(url);
    let (host, port) = split_port(authority);
    let has_port = !host.is_empty() && port.is_some_and(|port| port.parse::<u16>().is_ok());
    if !has_port || authority.contains(['/', '@', ' ', '?', '#']) {
        return Err("give http://HOST:PORT".to_owned());
    }
    Ok(match authority.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() && address.is_ipv4() => format!("127.0.0.1:{}", address.port()),
        Ok(address) if address.ip().is_unspecified() => format!("[::1]:{}", address.port()),
        _ => authority.to_owned(),
    })
}
