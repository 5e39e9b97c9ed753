//! Errors as RFC 9457 has them: what was wrong, in which field, and what is taken.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::fixtures::{FixturesError, entry};
use crate::order::book::BookFull;
use crate::protocol::assumption::AssumptionError;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    field: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            field: None,
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

    fn of(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()).filter(|field| !field.is_empty()),
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

impl From<entry::Problem> for Problem {
    fn from(problem: entry::Problem) -> Self {
        Self::unfit(problem.field(), problem.message)
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
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
        };
        let text = serde_json::to_string(&body).expect("strings and numbers always serialize");
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A problem as it is written (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDetails<'p> {
    /// Always `about:blank`: the status says which kind it is.
    #[serde(rename = "type")]
    kind: &'p str,
    title: &'p str,
    status: u16,
    /// What was wrong, and what is taken.
    detail: &'p str,
    /// The field that it was wrong in, such as `orders.3.loginName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'p str>,
}
