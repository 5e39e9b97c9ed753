//! Where the emulator is, and how it is asked.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::{Method, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::error::ControlError;
use crate::client::http::{self, ClientError, HttpRequest, HttpResponse, PATIENCE};
use crate::model::answer::read_answer;
use crate::model::problem::ProblemDetails;
use crate::model::sandbox::CONTROL_BASE;
use crate::token::GivenToken;

/// What stands in a segment of a path as itself.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as one segment of a path.
pub(crate) fn escape(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// The control listener of an emulator.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    url: Arc<str>,
    token: Option<GivenToken>,
}

impl Remote {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').into(),
            token: None,
        }
    }

    pub(crate) fn set_token(&mut self, token: GivenToken) {
        self.token = Some(token);
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        self.read(&self.ask(Method::GET, path, None, PATIENCE).await?)
    }

    /// Sends something, and reads what is answered.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ControlError> {
        self.send_patiently(method, path, body, PATIENCE).await
    }

    /// Sends something that the emulator may think about for a while.
    pub(crate) async fn send_patiently<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<T, ControlError> {
        let body = serde_json::to_vec(body).map_err(|error| self.unexpected(error.to_string()))?;
        self.read(&self.ask(method, path, Some(body.into()), patience).await?)
    }

    /// Sends a request without a body whose answer has none either.
    pub(crate) async fn send_empty(&self, method: Method, path: &str) -> Result<(), ControlError> {
        self.ask(method, path, None, PATIENCE).await.map(drop)
    }

    /// Asks with a body as it is, and gives the body of the answer as it is.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<String, ControlError> {
        // The emulator looks at each order of a snapshot.
        let mebibytes = body.as_ref().map_or(0, |body| body.len() as u64 >> 20);
        let patience = PATIENCE + Duration::from_secs(mebibytes);
        let answer = self.ask(method, path, body, patience).await?;
        String::from_utf8(answer.body.into()).map_err(|_| self.unexpected("an answer that is not UTF-8".to_owned()))
    }

    /// Reads a list that comes in pages. `next` gets each page as it is read, and returns the path of the one after it, if there
    /// is one. Returns the pages, and the text of the last.
    pub(crate) async fn pages<P: DeserializeOwned>(
        &self,
        first: String,
        mut next: impl FnMut(&P) -> Option<String>,
    ) -> Result<(Vec<P>, String), ControlError> {
        let mut pages = Vec::new();
        let mut path = first;
        loop {
            let text = self.exchange(Method::GET, &path, None).await?;
            let page = read_answer(text.as_bytes()).map_err(|error| self.unexpected(error.to_string()))?;
            let after = next(&page);
            pages.push(page);
            match after {
                Some(after) => path = after,
                None => return Ok((pages, text)),
            }
        }
    }

    /// Opens a stream of events.
    pub(crate) async fn open(&self, path: &str) -> Result<Response<Incoming>, ControlError> {
        let response = http::open(&self.authority()?, self.request(Method::GET, path, None))
            .await
            .map_err(|error| self.failed(error))?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let answer = http::read_rest(response).await.map_err(|error| self.failed(error))?;
        Err(self.refused(&answer))
    }

    /// The answer was not what an emulator says.
    pub(crate) fn unexpected(&self, what: String) -> ControlError {
        ControlError::Unexpected {
            url: self.url.to_string(),
            what,
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        patience: Duration,
    ) -> Result<HttpResponse, ControlError> {
        let answer = http::send_and_read(&self.authority()?, self.request(method, path, body), patience)
            .await
            .map_err(|error| self.failed(error))?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(self.refused(&answer))
    }

    /// The connection was cut while an answer came.
    pub(super) fn cut_off(&self, what: String) -> ControlError {
        let url = self.url.to_string();
        ControlError::CutOff { url, what }
    }

    /// The error that an answer describes whose status is not one of success.
    fn refused(&self, answer: &HttpResponse) -> ControlError {
        match read_answer::<ProblemDetails<'_>>(&answer.body) {
            Ok(problem) => ControlError::Refused {
                status: answer.status.as_u16(),
                title: problem.title.into_owned(),
                detail: problem.detail.into_owned(),
                field: problem.field.map(Cow::into_owned),
            },
            Err(_) => self.unexpected(format!("HTTP status {}", answer.status)),
        }
    }

    fn request(&self, method: Method, path: &str, body: Option<Bytes>) -> HttpRequest {
        HttpRequest {
            method,
            body,
            token: self.token.clone(),
            ..HttpRequest::get(format!("{CONTROL_BASE}{path}"))
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: &HttpResponse) -> Result<T, ControlError> {
        read_answer(&answer.body).map_err(|error| self.unexpected(error.to_string()))
    }

    fn authority(&self) -> Result<String, ControlError> {
        http::authority(&self.url).map_err(|why| ControlError::Url {
            url: self.url.to_string(),
            why,
        })
    }

    fn failed(&self, error: ClientError) -> ControlError {
        let url = self.url.to_string();
        match error {
            ClientError::Connect(source) => ControlError::Unreachable { url, source },
            ClientError::Broken(what) => ControlError::Unexpected { url, what },
            ClientError::Timeout(patience) => ControlError::Timeout { url, patience },
        }
    }
}
