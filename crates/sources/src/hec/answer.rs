//! The answers of the protocol: code, HTTP status and text (Splunk, "Possible error codes" of the
//! HTTP Event Collector).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Seconds after which a client that was told to wait may try again.
const RETRY_AFTER: &str = "5";

/// One row of the table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Number in the answer's `code`.
    pub number: u8,
    /// HTTP status.
    pub status: u16,
    /// The answer's `text`.
    pub text: &'static str,
}

macro_rules! codes {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $number:literal, $status:literal, $text:literal;
    )+) => {
        impl Code {
            $(
                $(#[doc = $doc])+
                pub const $name: Self = Self { number: $number, status: $status, text: $text };
            )+

            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

codes! {
    /// Everything was taken.
    SUCCESS = 0, 200, "Success";
    /// The token is revoked or expired.
    TOKEN_DISABLED = 1, 403, "Token disabled";
    /// No credentials.
    TOKEN_REQUIRED = 2, 401, "Token is required";
    /// Credentials of another kind.
    INVALID_AUTHORIZATION = 3, 401, "Invalid authorization";
    /// Unknown token.
    INVALID_TOKEN = 4, 403, "Invalid token";
    /// Nothing in the body.
    NO_DATA = 5, 400, "No data";
    /// The body, or one of its events, cannot be read.
    INVALID_DATA = 6, 400, "Invalid data format";
    /// The token may not send to that index.
    INCORRECT_INDEX = 7, 400, "Incorrect index";
    /// The disk failed.
    INTERNAL = 8, 500, "Internal server error";
    /// Full: try again later.
    BUSY = 9, 503, "Server is busy";
    /// The request needs a channel.
    CHANNEL_MISSING = 10, 400, "Data channel is missing";
    /// The channel is not a GUID.
    INVALID_CHANNEL = 11, 400, "Invalid data channel";
    /// An envelope without `event`.
    EVENT_REQUIRED = 12, 400, "Event field is required";
    /// An envelope whose `event` is empty.
    EVENT_BLANK = 13, 400, "Event field cannot be blank";
    /// Acknowledgements are switched off.
    ACK_DISABLED = 14, 400, "ACK is disabled";
    /// `fields` is not a flat object.
    INDEXED_FIELDS = 15, 400, "Error in handling indexed fields";
    /// The token stands in the query string, which is not allowed here.
    QUERY_STRING = 16, 400, "Query string authorization is not enabled";
    /// Alive.
    HEALTHY = 17, 200, "HEC is healthy";
    /// Alive and full.
    UNHEALTHY_QUEUES = 18, 503, "HEC is unhealthy, queues are full";
    /// Not used: acknowledgements need no service of their own here.
    UNHEALTHY_ACK = 19, 503, "HEC is unhealthy, ack service unavailable";
    /// Not used, see 19.
    UNHEALTHY_BOTH = 20, 503, "HEC is unhealthy, queues are full, ack service unavailable";
    /// The health check came with an unknown token.
    HEALTH_INVALID_TOKEN = 21, 400, "Invalid token";
    /// The health check came with a revoked token.
    HEALTH_TOKEN_DISABLED = 22, 400, "Token disabled";
    /// Stopping.
    SHUTTING_DOWN = 23, 503, "Server is shutting down";
}

impl Code {
    /// The answer with this code.
    #[must_use]
    pub fn answer(self) -> Response {
        self.answer_with(Map::new())
    }

    /// The answer about one event of the request, counted from 0.
    #[must_use]
    pub fn answer_for_event(self, number: usize) -> Response {
        self.answer_with(Map::from_iter([("invalid-event-number".to_owned(), number.into())]))
    }

    /// The answer to what was taken, with the id of its acknowledgement.
    #[must_use]
    pub fn answer_with_ack(self, ack: Option<u64>) -> Response {
        self.answer_with(ack.map(|ack| ("ackId".to_owned(), ack.into())).into_iter().collect())
    }

    fn answer_with(self, more: Map<String, Value>) -> Response {
        let mut body = Map::from_iter([
            ("text".to_owned(), self.text.into()),
            ("code".to_owned(), self.number.into()),
        ]);
        body.extend(more);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, Json(Value::Object(body))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

/// What HTTP itself has to say, in the form that Splunk gives it.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"text": text, "code": status.as_u16()}))).into_response()
}
