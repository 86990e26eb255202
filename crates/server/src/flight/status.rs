//! Errors as gRPC statuses: the code says what the caller should do, the text is that of the query
//! API.

use arrow::error::ArrowError;
use arrow_flight::error::FlightError;
use axum::http::StatusCode;
use axum::response::Response;
use headwater_event::ErrorKind;
use headwater_query::QueryError;
use tonic::{Code, Status};

use crate::routes::ApiError;

/// Longest text. It travels in a header, percent-encoded, and some clients take 8 KiB of headers.
const TEXT_BYTES_MAX: usize = 2 << 10;

/// The status of a refused or failed question.
pub(super) fn status_of(error: &ApiError) -> Status {
    let code = match error.status() {
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    };
    Status::new(code, shortened(error.to_string()))
}

/// The status of a failed query.
pub(super) fn status_of_query(error: QueryError) -> Status {
    let code = match &error {
        QueryError::Memory { .. } | QueryError::Timeout { .. } => Code::ResourceExhausted,
        error => match error.kind() {
            ErrorKind::Invalid => Code::InvalidArgument,
            ErrorKind::Denied => Code::PermissionDenied,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::Conflict => Code::Aborted,
            ErrorKind::Unavailable => Code::Unavailable,
            ErrorKind::Corrupt => Code::DataLoss,
            ErrorKind::Internal => Code::Internal,
        },
    };
    Status::new(code, shortened(ApiError::from(error).to_string()))
}

/// Rows or schemas that cannot be put into messages.
pub(super) fn unsendable(error: ArrowError) -> Status {
    FlightError::from(error).into()
}

/// The answer to a path that is no method of the service.
pub(super) async fn no_such_method() -> Response {
    Status::unimplemented("Arrow Flight SQL is spoken here").into_http()
}

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("short".to_owned()), "short");
        let long = shortened("é".repeat(TEXT_BYTES_MAX));
        assert_eq!(long, "é".repeat(TEXT_BYTES_MAX / 2) + "…");
        let odd = shortened(format!("a{}", "é".repeat(TEXT_BYTES_MAX)));
        assert!(odd.ends_with("é…") && odd.len() <= TEXT_BYTES_MAX + "…".len());
    }
}
