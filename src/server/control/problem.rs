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
use crate::shown::shown;

/// The most characters of a detail; a longer one loses its middle.
const MAX_DETAIL: usize = 2000;

/// The most bytes of the path of a field, near enough.
const MAX_FIELD: usize = 400;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    field: Option<String>,
    /// After how many seconds the request may be sent again.
    retry_after: Option<u32>,
    /// Whether the connection is closed afterwards, to free it for others.
    closes: bool,
}

impl Problem {
    /// What was wrong. However much of the request the detail repeats, it stays short.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: cut_detail(detail.into()),
            field: None,
            retry_after: None,
            closes: false,
        }
    }

    /// The body or the query cannot be read.
    pub(super) fn unreadable(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail).of(field)
    }

    /// A field can be read, but does not fit.
    pub(super) fn unfit(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).of(field)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn conflict(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).of(field)
    }

    pub(super) fn full(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Others are served first; it would be done a moment later.
    pub(super) fn busy(detail: &str) -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// The same, after which the connection is closed: the listener has few.
    pub(super) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    fn of(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(cut_field(&field.into())).filter(|field| !field.is_empty()),
            ..self
        }
    }

    /// The same with its field below another.
    pub(super) fn below(self, field: &str) -> Self {
        let path = match &self.field {
            Some(inner) => format!("{field}.{inner}"),
            None => field.to_owned(),
        };
        self.of(path)
    }
}

/// A detail whose length has an end.
fn cut_detail(mut detail: String) -> String {
    let characters = detail.chars().count();
    if characters > MAX_DETAIL {
        let start: String = detail.chars().take(MAX_DETAIL / 2).collect();
        let end: String = detail.chars().skip(characters - MAX_DETAIL / 2).collect();
        detail = format!("{start}…{end}");
    }
    detail
}

/// The path of a field in which each name is cut, and whose length has an end.
fn cut_field(path: &str) -> String {
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
    cut
}

impl From<ValueError> for Problem {
    fn from(error: ValueError) -> Self {
        Self::unfit(error.field(), error.message)
    }
}

impl From<FixturesError> for Problem {
    fn from(error: FixturesError) -> Self {
        match &error.field {
            Some(field) => Self::unfit(field.clone(), error.message),
            None => Self::unfit("", error.to_string()),
        }
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
        let name = match &error {
            AssumptionError::UnknownName { name } => name.clone(),
            AssumptionError::UnknownValue { name, .. } => (*name).to_owned(),
        };
        Self::unfit(name, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemDetails {
            kind: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or_default().into(),
            status: self.status.as_u16(),
            detail: self.detail.as_str().into(),
            field: self.field.as_deref().map(Cow::from),
        };
        let text = serde_json::to_string(&body).expect("strings and numbers always serialize");
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response();
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
            assert_eq!(problem.detail, expected);
            assert_eq!(problem.field.as_deref(), Some(&*format!("fixtures.{cut}.3")));
        }
        let problem = Problem::unfit("a.".repeat(1 << 20), "");
        assert!(problem.field.is_some_and(|field| field.len() < 500));
    }
}
