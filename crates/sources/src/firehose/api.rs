//! The service's own API, as far as producers use it: JSON 1.1, signed, the operation in a header.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_event::Origin;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::record_data::{DataFault, DataLimits, DataReader};
use super::{FirehoseSource, SERVICE, SOURCE};
use crate::envelope_batch::EnvelopeBatch;
use crate::http::{BodyFault, BodyLimits, aside, peer_name, read_body};
use crate::intake::{Intake, Lease, Refusal};
use crate::sigv4::{Signature, SignatureFault, Signed};

/// Header that names the operation.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// Header that names an answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Header that repeats an error's type.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What operations begin with.
const TARGET_PREFIX: &str = "Firehose_20150804.";

/// Most records of a batch.
const RECORDS_MAX: usize = 500;

/// Longest data of one record, in bytes.
const RECORD_BYTES_MAX: usize = 1_024_000;

/// Longest data of all records of a batch, in bytes.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Longest body: a batch as base64 with what stands around it.
const BODY_BYTES_MAX: usize = 8 << 20;

/// Longest name of a stream.
const STREAM_NAME_MAX: usize = 64;

/// An error in the form of AWS.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    fn invalid(message: impl Into<String>) -> Self {
        let kind = "InvalidArgumentException";
        Self { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response =
            answer(self.status, &json!({"__type": self.kind, "message": self.message}));
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(self.kind));
        response
    }
}

impl From<SignatureFault> for ApiError {
    fn from(fault: SignatureFault) -> Self {
        let kind = match fault {
            SignatureFault::Missing => "MissingAuthenticationTokenException",
            SignatureFault::Incomplete(_) => "IncompleteSignatureException",
            SignatureFault::UnknownKey => "UnrecognizedClientException",
            SignatureFault::Invalid(_) => "InvalidSignatureException",
        };
        Self { status: StatusCode::FORBIDDEN, kind, message: fault.to_string() }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let (status, kind) = match refusal {
            Refusal::Busy(_) | Refusal::Closing => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException")
            }
            Refusal::TooLarge(_) => return Self::invalid(message),
            Refusal::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"),
        };
        Self { status, kind, message }
    }
}

impl From<BodyFault> for ApiError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Refused(refusal) => refusal.into(),
            fault => Self::invalid(fault.to_string()),
        }
    }
}

impl From<DataFault> for ApiError {
    fn from(fault: DataFault) -> Self {
        let message = fault.to_string();
        match fault {
            DataFault::Refused(refusal) => refusal.into(),
            DataFault::Encoding(_) => unreadable(message),
            DataFault::Record { .. } | DataFault::Request(_) | DataFault::Decoded(_) => {
                Self::invalid(message)
            }
        }
    }
}

fn unreadable(message: String) -> ApiError {
    ApiError { status: StatusCode::BAD_REQUEST, kind: "SerializationException", message }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// What every operation needs of its request; the records are parts of the body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    #[serde(default)]
    delivery_stream_name: Option<String>,
    #[serde(borrow, default)]
    record: Option<Record<'a>>,
    #[serde(borrow, default)]
    records: Option<Vec<Record<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

impl Input<'_> {
    fn stream(&self) -> Result<&str, ApiError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let is_name = |name: &&str| {
            !name.is_empty() && name.len() <= STREAM_NAME_MAX && name.bytes().all(is_allowed)
        };
        let name = self.delivery_stream_name.as_deref().filter(is_name);
        name.ok_or_else(|| {
            let message = "DeliveryStreamName must match [a-zA-Z0-9_.-]+ and have at most 64 bytes";
            ApiError::invalid(message)
        })
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    PutRecord,
    PutRecordBatch,
    Describe,
    List,
}

impl Operation {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let target = headers.get(TARGET).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match target.strip_prefix(TARGET_PREFIX) {
            Some("PutRecord") => Ok(Self::PutRecord),
            Some("PutRecordBatch") => Ok(Self::PutRecordBatch),
            Some("DescribeDeliveryStream") => Ok(Self::Describe),
            Some("ListDeliveryStreams") => Ok(Self::List),
            _ => Err(ApiError {
                status: StatusCode::BAD_REQUEST,
                kind: "UnknownOperationException",
                message: format!("operation `{target}` is not known"),
            }),
        }
    }
}

impl FirehoseSource {
    /// Answers a call of the API.
    pub(super) async fn call(&self, request: Request) -> Result<Response, ApiError> {
        let (parts, body) = request.into_parts();
        let (keys, now) = (&self.options.keys, self.intake.now());
        let signature = Signature::of(SERVICE, &parts.headers, keys, now)?;
        let limits = BodyLimits {
            stored_bytes_max: self.options.body.stored_bytes_max.min(BODY_BYTES_MAX),
            ..self.options.body
        };
        // Without the headers, which might ask for decompression: what is signed is what was sent.
        let memory = self.intake.memory();
        let (body, lease) = read_body(&HeaderMap::new(), body, &limits, memory).await?;
        let (method, uri, headers) = (parts.method.as_str(), &parts.uri, &parts.headers);
        signature.verify(Signed { method, uri, headers }, &body)?;
        let operation = Operation::of(headers)?;
        let call = Call {
            operation,
            region: signature.region.to_owned(),
            name: peer_name(SOURCE, &parts.extensions),
            decoded_bytes_max: self.options.body.decoded_bytes_max,
            intake: self.intake.clone(),
        };
        let Taken { batch, told, lease } =
            aside(body.len(), move || call.take(&body, lease)).await??;
        if let Some(batch) = batch.filter(|batch| !batch.is_empty()) {
            self.intake.accept(SOURCE, batch).await?;
        }
        drop(lease);
        Ok(answer(StatusCode::OK, &told))
    }
}

/// A call without its body.
struct Call {
    operation: Operation,
    region: String,
    /// The sender, for people.
    name: Arc<str>,
    decoded_bytes_max: usize,
    intake: Intake,
}

/// What a call stores and is told, and the memory of both.
struct Taken {
    batch: Option<EnvelopeBatch>,
    told: Value,
    lease: Lease,
}

impl Call {
    /// Reads a body.
    fn take(self, body: &[u8], mut lease: Lease) -> Result<Taken, ApiError> {
        let input: Input<'_> =
            serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
        let (batch, told) = match self.operation {
            Operation::List => {
                (None, json!({"DeliveryStreamNames": [], "HasMoreDeliveryStreams": false}))
            }
            Operation::Describe => (None, describe(input.stream()?, &self.region)),
            operation @ (Operation::PutRecord | Operation::PutRecordBatch) => {
                let source = Some(input.stream()?.into());
                let records = records(operation, &input)?;
                let batch = self.read(records, source, &mut lease)?;
                (Some(batch), put_answer(operation, records.len()))
            }
        };
        Ok(Taken { batch, told, lease })
    }

    fn read(
        self,
        records: &[Record<'_>],
        source: Option<Arc<str>>,
        lease: &mut Lease,
    ) -> Result<EnvelopeBatch, ApiError> {
        let origin = Origin { source, name: self.name, ..Origin::default() };
        let limits = DataLimits {
            record_bytes_max: RECORD_BYTES_MAX,
            request_bytes_max: BATCH_BYTES_MAX,
            decoded_bytes_max: self.decoded_bytes_max,
        };
        let (memory, now) = (self.intake.memory(), self.intake.now());
        let mut reader = DataReader::new(&origin, limits, memory, now);
        for record in records {
            reader.push(&record.data, lease)?;
        }
        Ok(reader.finish())
    }
}

fn records<'a, 'b>(
    operation: Operation,
    input: &'a Input<'b>,
) -> Result<&'a [Record<'b>], ApiError> {
    if operation == Operation::PutRecord {
        let record = input.record.as_ref().ok_or_else(|| ApiError::invalid("Record is missing"))?;
        return Ok(std::slice::from_ref(record));
    }
    match input.records.as_deref().unwrap_or_default() {
        [] => Err(ApiError::invalid("Records is empty")),
        records if records.len() > RECORDS_MAX => {
            let message = format!("{} records, {RECORDS_MAX} are allowed", records.len());
            Err(ApiError::invalid(message))
        }
        records => Ok(records),
    }
}

/// All records were taken: there are no failures of single ones, which clients do not send again by
/// themselves.
fn put_answer(operation: Operation, records: usize) -> Value {
    let request = Uuid::new_v4().simple();
    if operation == Operation::PutRecord {
        return json!({"RecordId": format!("{request}0"), "Encrypted": false});
    }
    let ids: Vec<Value> =
        (0..records).map(|number| json!({"RecordId": format!("{request}{number}")})).collect();
    json!({"FailedPutCount": 0, "Encrypted": false, "RequestResponses": ids})
}

fn describe(stream: &str, region: &str) -> Value {
    json!({"DeliveryStreamDescription": {
        "DeliveryStreamName": stream,
        "DeliveryStreamARN":
            format!("arn:aws:firehose:{region}:000000000000:deliverystream/{stream}"),
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamType": "DirectPut",
        "VersionId": "1",
        "Destinations": [],
        "HasMoreDestinations": false,
    }})
}
