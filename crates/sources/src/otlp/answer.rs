//! Answers (OTLP specification, "OTLP/HTTP Response" and "OTLP/gRPC Response"): what was taken, or
//! a `google.rpc.Status`, in the encoding of the request.
//!
//! Clients drop a request after most errors. Whatever may be sent again is therefore a 503
//! (`UNAVAILABLE`) that says when: some clients repeat no other status.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use headwater_access::Denial;
use prost::Message as _;
use serde_json::json;

use super::messages::{
    Any, Duration, ExportLogsPartialSuccess, ExportLogsServiceResponse, RetryInfo, Status,
};
use super::request::Encoding;
use crate::http::BodyFault;
use crate::intake::Refusal;

/// Seconds after which a client that was told to wait may try again.
pub(super) const RETRY_AFTER_SECONDS: u32 = 5;

/// A request of which nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// No credentials, or unknown ones.
    Unauthenticated(String),
    /// Credentials for something else.
    Denied(String),
    /// The body is not what it should be.
    Malformed(String),
    /// Another content type, or another compression.
    Unsupported(String),
    /// Too many bytes.
    TooLarge(String),
    /// Not now: send it again.
    Unavailable(String),
}

/// Codes of `google.rpc.Code`.
mod code {
    pub(super) const INVALID_ARGUMENT: u8 = 3;
    pub(super) const PERMISSION_DENIED: u8 = 7;
    pub(super) const RESOURCE_EXHAUSTED: u8 = 8;
    pub(super) const UNIMPLEMENTED: u8 = 12;
    pub(super) const UNAVAILABLE: u8 = 14;
    pub(super) const UNAUTHENTICATED: u8 = 16;
}

impl Refused {
    /// What a request without credentials is told.
    pub(super) fn missing_token() -> Self {
        Self::Unauthenticated("send a token: `Authorization: Bearer TOKEN`".to_owned())
    }

    /// HTTP status, gRPC code and text.
    pub(super) fn parts(&self) -> (StatusCode, u8, &str) {
        let (status, code, text) = match self {
            Self::Unauthenticated(text) => (StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, text),
            Self::Denied(text) => (StatusCode::FORBIDDEN, code::PERMISSION_DENIED, text),
            Self::Malformed(text) => (StatusCode::BAD_REQUEST, code::INVALID_ARGUMENT, text),
            Self::Unsupported(text) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, code::UNIMPLEMENTED, text)
            }
            Self::TooLarge(text) => (StatusCode::PAYLOAD_TOO_LARGE, code::RESOURCE_EXHAUSTED, text),
            Self::Unavailable(text) => (StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, text),
        };
        (status, code, text)
    }

    /// When to try again, for a request that may be sent again.
    pub(super) fn retry_info(&self) -> Option<RetryInfo> {
        let delay = Duration { seconds: RETRY_AFTER_SECONDS.into() };
        matches!(self, Self::Unavailable(_)).then_some(RetryInfo { retry_delay: Some(delay) })
    }

    /// The message that carries it.
    pub(super) fn status(&self) -> Status {
        let (_, code, text) = self.parts();
        let details = self.retry_info().map(|info| Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: info.encode_to_vec(),
        });
        Status {
            code: code.into(),
            message: text.to_owned(),
            details: details.into_iter().collect(),
        }
    }

    /// The answer over HTTP.
    pub(super) fn answer(&self, encoding: Encoding) -> Response {
        let (status, code, text) = self.parts();
        let body = match encoding {
            Encoding::Protobuf => self.status().encode_to_vec(),
            Encoding::Json => json!({"code": code, "message": text}).to_string().into_bytes(),
        };
        let mut response = (status, with_type(encoding, body)).into_response();
        if matches!(self, Self::Unavailable(_)) {
            let seconds = HeaderValue::from(RETRY_AFTER_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// The answer over HTTP to a request that was taken.
pub(super) fn success(encoding: Encoding, refused: Option<ExportLogsPartialSuccess>) -> Response {
    let body = match encoding {
        Encoding::Protobuf => success_message(refused),
        Encoding::Json => match refused {
            None => json!({}),
            // Protobuf's JSON mapping writes integers of 64 bits as text.
            Some(refused) => json!({"partialSuccess": {
                "rejectedLogRecords": refused.rejected_log_records.to_string(),
                "errorMessage": refused.error_message,
            }}),
        }
        .to_string()
        .into_bytes(),
    };
    with_type(encoding, body)
}

/// `ExportLogsServiceResponse`, encoded.
pub(super) fn success_message(refused: Option<ExportLogsPartialSuccess>) -> Vec<u8> {
    ExportLogsServiceResponse { partial_success: refused }.encode_to_vec()
}

fn with_type(encoding: Encoding, body: Vec<u8>) -> Response {
    let content_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    ([(header::CONTENT_TYPE, content_type)], Body::from(body)).into_response()
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unknown => Self::Unauthenticated(denial.to_string()),
            Denial::Disabled | Denial::Scope => Self::Denied(denial.to_string()),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            Refusal::TooLarge(_) => Self::TooLarge(text),
            // A disk that failed may be well again later, while a client would drop the request
            // after a 500.
            Refusal::Busy(_) | Refusal::Closing | Refusal::Failed(_) => Self::Unavailable(text),
        }
    }
}

impl From<BodyFault> for Refused {
    fn from(fault: BodyFault) -> Self {
        let text = fault.to_string();
        match fault {
            BodyFault::Refused(refusal) => refusal.into(),
            BodyFault::Damaged(_) | BodyFault::Broken(_) => Self::Malformed(text),
            BodyFault::TooLarge { .. } => Self::TooLarge(text),
            BodyFault::Encoding(_) => Self::Unsupported(text),
            BodyFault::Slow(_) => Self::Unavailable(text),
        }
    }
}
