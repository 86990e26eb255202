//! Delivery from Firehose to an HTTP endpoint: batches that are sent again under the same request
//! id until they are answered with success, and are stored once.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_access::{Denial, Grant, Scope};
use headwater_event::{Origin, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::record_data::{DataFault, DataLimits, DataReader};
use super::{FirehoseSource, SOURCE};
use crate::envelope_batch::EnvelopeBatch;
use crate::http::{Refused, aside, peer_name, read_body};
use crate::intake::{Intake, Lease};
use crate::once::{RequestName, Seen};

/// Header with the version of the protocol.
const PROTOCOL_VERSION: &str = "x-amz-firehose-protocol-version";

/// Header that repeats the request's id.
const REQUEST_ID: &str = "x-amz-firehose-request-id";

/// Header with the token.
const ACCESS_KEY: &str = "x-amz-firehose-access-key";

/// Header with the stream that delivers.
const SOURCE_ARN: &str = "x-amz-firehose-source-arn";

/// Header with labels that the stream's owner configured.
const COMMON_ATTRIBUTES: &str = "x-amz-firehose-common-attributes";

/// Longest id that is taken.
const REQUEST_ID_BYTES_MAX: usize = 255;

/// Whether a request is a delivery rather than a call of the API.
pub(super) fn is_delivery(headers: &HeaderMap) -> bool {
    [PROTOCOL_VERSION, REQUEST_ID, ACCESS_KEY].iter().any(|name| headers.contains_key(*name))
}

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Undelivered {
    refused: Refused,
    request_id: String,
    now: Timestamp,
}

impl IntoResponse for Undelivered {
    fn into_response(self) -> Response {
        let Refused(status, text) = self.refused;
        let body = json!({
            "requestId": self.request_id,
            "timestamp": millis(self.now),
            "errorMessage": text,
        });
        answer(status, body.to_string())
    }
}

impl From<DataFault> for Refused {
    fn from(fault: DataFault) -> Self {
        let text = fault.to_string();
        match fault {
            DataFault::Refused(refusal) => refusal.into(),
            DataFault::Encoding(_) => Self(StatusCode::BAD_REQUEST, text),
            DataFault::Record { .. } | DataFault::Request(_) | DataFault::Decoded(_) => {
                Self(StatusCode::PAYLOAD_TOO_LARGE, text)
            }
        }
    }
}

fn invalid(text: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, text.into())
}

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(rename = "requestId")]
    request_id: String,
    #[serde(borrow)]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

impl FirehoseSource {
    /// Answers a delivery.
    pub(super) async fn deliver(&self, request: Request) -> Result<Response, Undelivered> {
        let now = self.intake.now();
        let request_id = text(request.headers(), REQUEST_ID).to_owned();
        let taken = self.take(request, now).await;
        taken.map_err(|refused| Undelivered { refused, request_id, now })
    }

    async fn take(&self, request: Request, now: Timestamp) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        let grant = self.authorize(&parts.headers, now)?;
        let origin = origin(&parts)?;
        if !grant.allows_index(origin.index.as_deref())
            || !grant.allows_source(origin.source.as_deref())
        {
            let text = "this token may not send for that source or index";
            return Err(Refused(StatusCode::FORBIDDEN, text.to_owned()));
        }
        let memory = self.intake.memory();
        let (body, lease) = read_body(&parts.headers, body, &self.options.body, memory).await?;
        let bytes = body.len();
        let (intake, bytes_max) = (self.intake.clone(), self.options.body.decoded_bytes_max);
        let told_id = text(&parts.headers, REQUEST_ID).to_owned();
        let read = move || read_delivery(&body, &told_id, &origin, bytes_max, &intake, lease);
        let Taken { request_id, batch, lease } = aside(bytes, read).await??;
        let name =
            RequestName::of(&[SOURCE.as_bytes(), grant.token.as_bytes(), request_id.as_bytes()]);
        let claim = match self.intake.look(name) {
            Seen::Before(body) => {
                let body = String::from_utf8_lossy(&body).into_owned();
                return Ok(answer(StatusCode::OK, body));
            }
            Seen::Now => {
                let text = "another request with this id is being stored";
                return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, text.to_owned()));
            }
            Seen::Never(claim) => claim,
        };
        let told = json!({"requestId": request_id, "timestamp": millis(now)}).to_string();
        self.intake.accept_named(SOURCE, batch, claim, told.clone().into_bytes()).await?;
        drop(lease);
        Ok(answer(StatusCode::OK, told))
    }

    fn authorize(&self, headers: &HeaderMap, now: Timestamp) -> Result<Grant, Refused> {
        let token = text(headers, ACCESS_KEY);
        self.access.require(token, Scope::Ingest, now).map_err(|denial| {
            let status = match denial {
                Denial::Unknown => StatusCode::UNAUTHORIZED,
                Denial::Disabled | Denial::Scope => StatusCode::FORBIDDEN,
            };
            Refused(status, format!("access key: {denial}"))
        })
    }
}

/// A delivery that was read.
struct Taken {
    request_id: String,
    batch: EnvelopeBatch,
    /// Memory of the body and of the batch.
    lease: Lease,
}

/// Reads a body, whose request's header told this id.
fn read_delivery(
    body: &[u8],
    told_id: &str,
    origin: &Origin,
    bytes_max: usize,
    intake: &Intake,
    mut lease: Lease,
) -> Result<Taken, Refused> {
    let delivery: Delivery<'_> = serde_json::from_slice(body)
        .map_err(|error| invalid(format!("body is no delivery: {error}")))?;
    let request_id = delivery.request_id;
    check_request_id(&request_id, told_id)?;
    let limits = DataLimits {
        record_bytes_max: bytes_max,
        request_bytes_max: bytes_max,
        decoded_bytes_max: bytes_max,
    };
    let mut reader = DataReader::new(origin, limits, intake.memory(), intake.now());
    for record in &delivery.records {
        reader.push(&record.data, &mut lease)?;
    }
    Ok(Taken { request_id, batch: reader.finish(), lease })
}

/// Where the records come from: labels that were configured, otherwise the name of the stream.
fn origin(parts: &Parts) -> Result<Origin, Refused> {
    let attributes = attributes(text(&parts.headers, COMMON_ATTRIBUTES))?;
    let label = |name: &str| -> Option<Arc<str>> {
        let value = attributes.get(name)?.as_str()?;
        (!value.is_empty()).then(|| value.into())
    };
    let stream = text(&parts.headers, SOURCE_ARN).rsplit_once(":deliverystream/");
    Ok(Origin {
        source: label("source").or(stream.map(|(_, name)| name.into())),
        host: label("host"),
        sourcetype: label("sourcetype"),
        index: label("index"),
        name: peer_name(SOURCE, &parts.extensions),
    })
}

/// `{"commonAttributes":{"index":"main"}}`
fn attributes(header: &str) -> Result<Value, Refused> {
    if header.is_empty() {
        return Ok(Value::Null);
    }
    let read = serde_json::from_str::<Value>(header);
    let mut value = read.map_err(|error| invalid(format!("common attributes: {error}")))?;
    Ok(value.get_mut("commonAttributes").map(Value::take).unwrap_or_default())
}

fn check_request_id(id: &str, header: &str) -> Result<(), Refused> {
    if id.is_empty() || id.len() > REQUEST_ID_BYTES_MAX {
        let text = format!("requestId is empty or longer than {REQUEST_ID_BYTES_MAX} bytes");
        return Err(invalid(text));
    }
    if !header.is_empty() && header != id {
        return Err(invalid("requestId is not that of the header"));
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

const fn millis(time: Timestamp) -> i64 {
    time.as_micros() / 1_000
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
