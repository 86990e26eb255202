//! OpenTelemetry logs (OTLP specification 1.9): `POST /v1/logs` in protobuf or JSON, and the gRPC
//! service `LogsService`.
//!
//! A success is answered once the records are durable. Every log record becomes one JSON object
//! with its resource and scope. Records that cannot be read, or that the token may not send, go to
//! `rejects` and are counted in the answer's `partialSuccess`; the others are taken.

mod answer;
mod grpc;
mod json;
mod messages;
mod record;
mod request;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use headwater_access::{Access, Scope};

use self::answer::{Refused, success};
pub use self::grpc::grpc_router;
use self::messages::ExportLogsPartialSuccess;
use self::request::{Encoding, Surroundings, read_request};
use crate::envelope_batch::BATCH_BYTES_MAX;
use crate::http::{BodyLimits, aside, peer_name, read_body, token};
use crate::intake::{Intake, Lease};

/// Settings of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtlpOptions {
    /// Limits of request bodies, which are messages over gRPC.
    pub body: BodyLimits,
    /// Most bytes of the records of one request as JSON: each repeats its resource.
    pub made_bytes_max: usize,
}

impl Default for OtlpOptions {
    /// Bodies up to twice what the Collector takes.
    fn default() -> Self {
        Self {
            body: BodyLimits {
                stored_bytes_max: 40 << 20,
                decoded_bytes_max: 40 << 20,
                time_max: Duration::from_secs(60),
            },
            made_bytes_max: 128 << 20,
        }
    }
}

/// Label of this source in metrics.
const SOURCE: &str = "otlp";

#[derive(Debug)]
struct OtlpSource {
    intake: Intake,
    access: Access,
    options: OtlpOptions,
}

/// The route over HTTP.
pub fn router(intake: Intake, access: Access, options: OtlpOptions) -> Router {
    let source = OtlpSource { intake, access, options };
    Router::new().route("/v1/logs", post(logs)).with_state(Arc::new(source))
}

async fn logs(State(source): State<Arc<OtlpSource>>, request: Request) -> Response {
    let encoding = encoding(request.headers());
    // An answer in JSON can be read by whoever sent something else.
    let answered = encoding.as_ref().map_or(Encoding::Json, |encoding| *encoding);
    match source.take(encoding, request).await {
        Ok(refused) => success(answered, refused),
        Err(refused) => refused.answer(answered),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refused> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().to_ascii_lowercase();
    match value.split(';').next().unwrap_or_default().trim() {
        "application/x-protobuf" | "application/protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        other => Err(Refused::Unsupported(format!(
            "content type `{other}` is neither `application/x-protobuf` nor `application/json`"
        ))),
    }
}

impl OtlpSource {
    async fn take(
        &self,
        encoding: Result<Encoding, Refused>,
        request: Request,
    ) -> Result<Option<ExportLogsPartialSuccess>, Refused> {
        let (parts, body) = request.into_parts();
        let around = self.surroundings(&parts)?;
        let encoding = encoding?;
        let limits = &self.options.body;
        let (body, lease) = read_body(&parts.headers, body, limits, self.intake.memory()).await?;
        self.store(encoding, body, around, lease).await
    }

    /// Who sends, and what holds for the request; an error when they may not.
    fn surroundings(&self, parts: &Parts) -> Result<Surroundings, Refused> {
        let received_at = self.intake.now();
        let token = token(&parts.headers).ok_or_else(Refused::missing_token)?;
        Ok(Surroundings {
            grant: self.access.require(&token, Scope::Ingest, received_at)?,
            peer: peer_name(SOURCE, &parts.extensions),
            received_at,
            made_bytes_max: self.options.made_bytes_max.min(BATCH_BYTES_MAX),
        })
    }

    /// Takes the records of a body; tells what of them was refused once they are durable.
    async fn store(
        &self,
        encoding: Encoding,
        body: Vec<u8>,
        around: Surroundings,
        lease: Lease,
    ) -> Result<Option<ExportLogsPartialSuccess>, Refused> {
        let bytes = body.len();
        let taken = aside(bytes, move || read_request(encoding, body, around, lease)).await??;
        if !taken.batch.is_empty() {
            self.intake.accept(SOURCE, taken.batch).await?;
        }
        // The memory is in use until the records are stored.
        drop(taken.lease);
        Ok(taken.refused)
    }
}

#[cfg(test)]
mod tests;
