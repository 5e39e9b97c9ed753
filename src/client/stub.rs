//! A server for tests: answers one thing, and keeps what it is asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[derive(Debug)]
pub(crate) struct Stub {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers everything with this.
    pub(crate) async fn answering(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, body) = (asked.clone(), body.to_owned());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (kept, body) = (kept.clone(), body.clone());
                let service = service_fn(move |request| answer(request, kept.clone(), status, body.clone()));
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service));
            }
        });
        Self { url, asked }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Method, path and body of each request, and its token at the end.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<String>>>,
    status: u16,
    body: String,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, sent) = request.into_parts();
    let sent = sent.collect().await.unwrap().to_bytes();
    let mut asked = format!("{} {}", head.method, head.uri);
    if !sent.is_empty() {
        assert_eq!(head.headers[CONTENT_TYPE], "application/json");
        asked = format!("{asked} {}", str::from_utf8(&sent).unwrap());
    }
    if let Some(token) = head.headers.get(AUTHORIZATION) {
        asked = format!("{asked} [{}]", token.to_str().unwrap());
    }
    kept.lock().unwrap().push(asked);
    Ok(Response::builder().status(status).body(Full::from(body)).unwrap())
}
