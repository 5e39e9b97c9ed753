//! Errors as RFC 9457 has them: what was wrong, in which field, and what is taken.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::order::book::BookFull;
use crate::api::protocol::assumption::AssumptionError;
use crate::aside::{BrokenOff, INTERRUPTED};
use crate::model::FixturesError;
use crate::model::problem::ProblemDetails;
use crate::model::value_error::ValueError;
use crate::server::layers::LogHint;
use crate::shown::shown;

/// The most characters of a detail; a longer one loses its middle.
const MAX_DETAIL: usize = 2000;

/// The most bytes of the path of a field, near enough.
const MAX_FIELD: usize = 400;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    /// What the log says in place of the detail, if that may repeat what was sent.
    logged: Option<Cow<'static, str>>,
    /// After how many seconds the request may be sent again.
    retry_after: Option<u32>,
    /// Whether the connection is closed afterwards, to free it for others.
    closes: bool,
}

impl Problem {
    /// What was wrong. However much of the request the detail repeats, it stays short.
    pub(crate) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: cut_detail(detail.into()),
            field: None,
            logged: None,
            retry_after: None,
            closes: false,
        }
    }

    /// The body or the query cannot be read.
    pub(super) fn unreadable(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail).of(field)
    }

    /// A field can be read, but does not fit.
    pub(super) fn unfit(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).of(field)
    }

    pub(super) fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn conflict(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).of(field)
    }

    pub(super) fn full(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Others are served first; it would be done a moment later.
    pub(super) fn busy(detail: &'static str) -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// This problem, after which the connection is closed: the listener has few.
    pub(super) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    /// This problem, of which the log says this, where the detail may repeat what was sent.
    pub(super) fn logged(self, logged: impl Into<Cow<'static, str>>) -> Self {
        Self {
            logged: Some(logged.into()),
            ..self
        }
    }

    fn of(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Some(cut_field(field.into())).filter(|field| !field.is_empty()),
            ..self
        }
    }

    /// The field that is missing, if it is that.
    pub(super) fn missing(&self) -> Option<&str> {
        self.field
            .as_deref()
            .filter(|_| self.detail.starts_with("missing field `"))
    }

    /// What the log says of it. Nothing that was sent is in it, for that may be a password in the wrong place: only texts of
    /// the program's own are, which is what borrowed ones are.
    fn hint(&self) -> Cow<'static, str> {
        if let Some(logged) = &self.logged {
            return logged.clone();
        }
        if let Cow::Borrowed(detail) = self.detail {
            return detail.into();
        }
        let title = self.title();
        match self.field {
            Some(Cow::Borrowed(field)) => format!("{title}, in `{field}`").into(),
            Some(Cow::Owned(_)) | None => title.into(),
        }
    }

    /// What its status means.
    fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or_default()
    }

    /// This problem with its field below another.
    pub(super) fn below(self, field: &str) -> Self {
        let path: Cow<'static, str> = match &self.field {
            Some(inner) => format!("{field}.{inner}").into(),
            None => field.to_owned().into(),
        };
        self.of(path)
    }
}

/// A detail whose length has an end.
fn cut_detail(detail: Cow<'static, str>) -> Cow<'static, str> {
    let characters = detail.chars().count();
    if characters <= MAX_DETAIL {
        return detail;
    }
    let start: String = detail.chars().take(MAX_DETAIL / 2).collect();
    let end: String = detail.chars().skip(characters - MAX_DETAIL / 2).collect();
    format!("{start}…{end}").into()
}

/// The path of a field in which each name is cut, and whose length has an end. One of the program's own is short.
fn cut_field(path: Cow<'static, str>) -> Cow<'static, str> {
    let Cow::Owned(path) = path else {
        return path;
    };
    let mut cut = String::new();
    for name in path.split('.') {
        if cut.len() > MAX_FIELD {
            cut.push('…');
            break;
        }
        if !cut.is_empty() {
            cut.push('.');
        }
        cut.push_str(&shown(name));
    }
    cut.into()
}

impl From<ValueError> for Problem {
    fn from(error: ValueError) -> Self {
        let logged = format!("the value of `{}` does not fit", error.known_field());
        Self::unfit(error.field(), error.message).logged(logged)
    }
}

impl From<FixturesError> for Problem {
    fn from(error: FixturesError) -> Self {
        match &error.field {
            Some(field) => Self::unfit(field.clone(), error.message),
            None => Self::unfit("", error.to_string()),
        }
        .logged("the fixtures are wrong; the response says where")
    }
}

impl Problem {
    /// What was asked for was not done to its end.
    pub(super) fn interrupted() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERRUPTED)
    }
}

impl From<BrokenOff> for Problem {
    fn from(_: BrokenOff) -> Self {
        Self::interrupted()
    }
}

impl From<BookFull> for Problem {
    fn from(full: BookFull) -> Self {
        Self::full(full.to_string())
    }
}

impl From<AssumptionError> for Problem {
    fn from(error: AssumptionError) -> Self {
        let name: Cow<'static, str> = match &error {
            AssumptionError::UnknownName { name } => name.clone().into(),
            AssumptionError::UnknownValue { name, .. } => (*name).into(),
        };
        Self::unfit(name, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemDetails {
            kind: "about:blank".into(),
            title: self.title().into(),
            status: self.status.as_u16(),
            detail: (*self.detail).into(),
            field: self.field.as_deref().map(Cow::from),
        };
        let text = serde_json::to_string(&body).expect("strings and numbers always serialize");
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response();
        response.extensions_mut().insert(LogHint(self.hint()));
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.closes {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_repeated_in_short() {
        let long = "x".repeat(1 << 20);
        let cut = format!("{}…", "x".repeat(64));
        for (detail, expected) in [
            ("missing field `a`".to_owned(), "missing field `a`".to_owned()),
            (long.clone(), format!("{0}…{0}", &long[..1000])),
        ] {
            let problem = Problem::unreadable(format!("fixtures.{long}.3"), detail);
            assert_eq!(problem.hint(), "Bad Request");
            assert_eq!(problem.detail, expected);
            assert_eq!(problem.field.as_deref(), Some(&*format!("fixtures.{cut}.3")));
        }
        let problem = Problem::unfit("a.".repeat(1 << 20), "");
        assert!(problem.field.is_some_and(|field| field.len() < 500));
    }

    #[test]
    fn the_log_has_only_texts_of_the_programs_own() {
        let sent = || "s3cret".to_owned();
        for (problem, expected) in [
            (Problem::not_found("no fault has that id"), "no fault has that id"),
            (Problem::not_found(sent()), "Not Found"),
            (
                Problem::not_found(sent()).logged("there is no such sandbox"),
                "there is no such sandbox",
            ),
            (Problem::conflict("loginName", sent()), "Conflict, in `loginName`"),
            (Problem::unreadable(sent(), "unknown parameter"), "unknown parameter"),
            (Problem::unreadable(sent(), sent()).below("fixtures"), "Bad Request"),
            (
                ValueError::at("loginName", sent()).into(),
                "the value of `loginName` does not fit",
            ),
        ] {
            assert_eq!(problem.hint(), expected);
        }
    }
}
