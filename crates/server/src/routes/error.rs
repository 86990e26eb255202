//! Errors of the API: `{"error":{"kind":…,"message":…}}` with the status of the kind.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_event::ErrorKind;
use headwater_event::error::describe;
use headwater_query::QueryError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::saved_queries::SavedQueryError;

/// The body of an answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorAnswer {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// What to do about it: `invalid`, `denied`, `not_found`, `conflict`, `unavailable`, `corrupt`
    /// or `internal`.
    kind: &'static str,
    /// For people.
    message: String,
}

/// An answer that is not a success.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::of_kind(ErrorKind::Invalid, message)
    }

    pub(crate) fn of_kind(kind: ErrorKind, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(kind.http_status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, kind: kind.name(), message: message.into() }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        // The message says it all; causes repeat it in the engine's words.
        match &error {
            QueryError::Lake { .. } | QueryError::Output { .. } => {
                Self::of_kind(error.kind(), describe(&error))
            }
            _ => Self::of_kind(error.kind(), error.to_string()),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(error: PathRejection) -> Self {
        Self::invalid(error.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(error: QueryRejection) -> Self {
        Self::invalid(error.body_text())
    }
}

impl From<SavedQueryError> for ApiError {
    fn from(error: SavedQueryError) -> Self {
        Self::of_kind(error.kind(), describe(&error))
    }
}

impl From<headwater_lake::LakeError> for ApiError {
    fn from(error: headwater_lake::LakeError) -> Self {
        Self::of_kind(error.kind(), describe(&error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorAnswer { error: ErrorBody { kind: self.kind, message: self.message } };
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let value = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}
