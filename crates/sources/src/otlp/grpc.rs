//! gRPC over HTTP/2 for the one method of the service (gRPC, "gRPC over HTTP2"): a request body is
//! one message behind five bytes, the outcome stands in the trailers.
//!
//! Framed here rather than by a library so that bodies obey the limits, the memory budget and the
//! decompression of all other listeners, and so that a message that is too long is
//! `RESOURCE_EXHAUSTED` without a time to retry: tonic calls it `OUT_OF_RANGE`, which the OTLP
//! specification tells clients to repeat.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use headwater_access::Access;
use http_body_util::{BodyExt as _, Full};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message as _;

use super::answer::{Refused, success_message};
use super::request::Encoding;
use super::{OtlpOptions, OtlpSource};
use crate::http::{decompress, read_body};
use crate::intake::{Intake, Lease};

const METHOD: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

const CONTENT_TYPE: &str = "application/grpc";

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Why a request failed, as a `google.rpc.Status`.
const STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// When to try again, where the exporter for Python looks for it.
const RETRY_INFO: HeaderName = HeaderName::from_static("google.rpc.retryinfo-bin");

/// Compressions of requests; answers are a few bytes and never compressed.
const ENCODINGS: &str = "identity,gzip,deflate,zstd";

/// Bytes before a message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// What `grpc-message` cannot carry as it is, beside what is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The route of the gRPC service; the server has to speak HTTP/2 on it.
pub fn grpc_router(intake: Intake, access: Access, options: OtlpOptions) -> Router {
    let source = OtlpSource { intake, access, options };
    Router::new().route(METHOD, post(export)).with_state(Arc::new(source))
}

async fn export(State(source): State<Arc<OtlpSource>>, request: Request) -> Response {
    if !is_grpc(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match take(&source, request).await {
        Ok(message) => answer(&message),
        Err(refused) => refusal(&refused),
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map_or(b"".as_slice(), HeaderValue::as_bytes);
    let subtype = value.strip_prefix(CONTENT_TYPE.as_bytes());
    subtype.is_some_and(|subtype| matches!(subtype, b"" | b"+proto") || subtype.starts_with(b";"))
}

async fn take(source: &OtlpSource, request: Request) -> Result<Vec<u8>, Refused> {
    let (parts, body) = request.into_parts();
    let around = source.surroundings(&parts)?;
    let limits = &source.options.body;
    let (framed, lease) = read_body(&parts.headers, body, limits, source.intake.memory()).await?;
    let (message, lease) = unframe(source, &parts.headers, framed, lease).await?;
    source.store(Encoding::Protobuf, message, around, lease).await.map(success_message)
}

/// The message of a body.
async fn unframe(
    source: &OtlpSource,
    headers: &HeaderMap,
    mut framed: Vec<u8>,
    lease: Lease,
) -> Result<(Vec<u8>, Lease), Refused> {
    let malformed = |text: &str| Err(Refused::Malformed(text.to_owned()));
    let Some((&[flag, ref length @ ..], message)) = framed.split_first_chunk::<PREFIX_BYTES>()
    else {
        return malformed("the body ends before a message");
    };
    if u32::try_from(message.len()) != Ok(u32::from_be_bytes(*length)) {
        return malformed("the body is not one message of the length that it names");
    }
    framed.drain(..PREFIX_BYTES);
    match (flag, headers.get(GRPC_ENCODING)) {
        (0, _) => Ok((framed, lease)),
        (1, Some(name)) => {
            Ok(decompress(name.as_bytes(), framed, &source.options.body, lease).await?)
        }
        (1, None) => malformed("the message is compressed, but grpc-encoding does not say how"),
        (_, _) => malformed("the message has an unknown compression flag"),
    }
}

/// The answer to a request that was taken.
fn answer(message: &[u8]) -> Response {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let framed = [[0].as_slice(), &length.to_be_bytes(), message].concat();
    let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok(trailers)) });
    (headers(), Body::new(body)).into_response()
}

/// An answer of headers alone, which are its trailers.
fn refusal(refused: &Refused) -> Response {
    let (_, code, text) = refused.parts();
    let mut headers = headers();
    headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(code)));
    let mut insert = |name: HeaderName, value: String| {
        // Percent-encoded text and base64 are valid values.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    insert(GRPC_MESSAGE, utf8_percent_encode(text, ESCAPED).to_string());
    insert(STATUS_DETAILS, STANDARD_NO_PAD.encode(refused.status().encode_to_vec()));
    if let Some(info) = refused.retry_info() {
        insert(RETRY_INFO, STANDARD_NO_PAD.encode(info.encode_to_vec()));
    }
    (headers, Body::empty()).into_response()
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (GRPC_ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS)),
    ])
}
