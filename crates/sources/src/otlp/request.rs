//! The body of a request as records: one per log record, in the order of the request.
//!
//! A record that cannot be read, is nested too deep, or is not for the token goes to `rejects` and
//! is counted; a body that cannot be read as a whole is refused as a whole.

use std::sync::Arc;

use bytes::Bytes;
use headwater_access::Grant;
use headwater_event::{Origin, Timestamp};
use prost::Message;

use super::answer::Refused;
use super::messages::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, InstrumentationScope, JsonRequest,
    LogRecord, Resource, ResourceLogs, ScopeLogs,
};
use super::record::{TooDeep, push_record, resource_object, scope_object, text_attribute, time};
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use crate::intake::Lease;

/// What a record is kept as in the column `sourcetype`.
const SOURCETYPE: &str = "otlp";

/// Different reasons that an answer names.
const REASONS_MAX: usize = 10;

/// How a request and its answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// What a request needs besides its body.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) grant: Grant,
    /// The sender, for people.
    pub(super) peer: Arc<str>,
    pub(super) received_at: Timestamp,
    /// Most bytes of all records of the request as JSON.
    pub(super) made_bytes_max: usize,
}

/// The records of a request, and what of them was refused.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) batch: EnvelopeBatch,
    /// Memory of the body and of the batch.
    pub(super) lease: Lease,
    pub(super) refused: Option<ExportLogsPartialSuccess>,
}

/// Reads a body. The lease grows by what is made of it.
pub(super) fn read_request(
    encoding: Encoding,
    body: Vec<u8>,
    around: Surroundings,
    lease: Lease,
) -> Result<Taken, Refused> {
    let mut reader = Reader::new(around, lease);
    match encoding {
        Encoding::Protobuf => reader.read_protobuf(body.into())?,
        Encoding::Json => reader.read_json(&body)?,
    }
    Ok(reader.finish())
}

#[derive(Debug)]
struct Reader {
    around: Surroundings,
    batch: EnvelopeBatchBuilder,
    lease: Lease,
    origin: Origin,
    /// Why records of this resource are not for the token.
    denial: Option<String>,
    /// The resource's object, and the scope's.
    resource: Vec<u8>,
    scope: Vec<u8>,
    /// The record at hand.
    json: Vec<u8>,
    refused: i64,
    reasons: Vec<String>,
}

impl Reader {
    fn new(around: Surroundings, lease: Lease) -> Self {
        Self {
            batch: EnvelopeBatchBuilder::new(0, around.received_at),
            around,
            lease,
            origin: Origin::default(),
            denial: None,
            resource: Vec::new(),
            scope: Vec::new(),
            json: Vec::new(),
            refused: 0,
            reasons: Vec::new(),
        }
    }

    fn read_protobuf(&mut self, body: Bytes) -> Result<(), Refused> {
        let request = ExportLogsServiceRequest::decode(body).map_err(malformed)?;
        for logs in request.resource_logs {
            let logs = ResourceLogs::decode(logs).map_err(malformed)?;
            self.enter_resource(logs.resource.as_ref(), &logs.schema_url)?;
            for logs in logs.scope_logs {
                let logs = ScopeLogs::decode(logs).map_err(malformed)?;
                self.enter_scope(logs.scope.as_ref(), &logs.schema_url)?;
                for record in logs.log_records {
                    let read = LogRecord::decode(record.clone()).map_err(|error| reason(&error));
                    self.take(read, &record)?;
                }
            }
        }
        Ok(())
    }

    fn read_json(&mut self, body: &[u8]) -> Result<(), Refused> {
        let request: JsonRequest<'_> = serde_json::from_slice(body).map_err(malformed)?;
        for logs in request.resource_logs {
            self.enter_resource(logs.resource.as_ref(), &logs.schema_url)?;
            for logs in logs.scope_logs {
                self.enter_scope(logs.scope.as_ref(), &logs.schema_url)?;
                for record in logs.log_records {
                    let read = serde_json::from_str(record.get()).map_err(|error| reason(&error));
                    self.take(read, record.get().as_bytes())?;
                }
            }
        }
        Ok(())
    }

    fn enter_resource(
        &mut self,
        resource: Option<&Resource>,
        schema_url: &str,
    ) -> Result<(), Refused> {
        self.resource = resource_object(resource, schema_url).map_err(malformed)?;
        let attributes = resource.map(|resource| resource.attributes.as_slice());
        let label = |name| text_attribute(attributes.unwrap_or_default(), name).map(Into::into);
        self.origin = Origin {
            source: label("service.name"),
            host: label("host.name"),
            sourcetype: Some(SOURCETYPE.into()),
            index: None,
            name: Arc::clone(&self.around.peer),
        };
        self.denial = denial(&self.around.grant, &self.origin);
        Ok(())
    }

    fn enter_scope(
        &mut self,
        scope: Option<&InstrumentationScope>,
        schema_url: &str,
    ) -> Result<(), Refused> {
        self.scope = scope_object(scope, schema_url).map_err(malformed)?;
        Ok(())
    }

    /// Adds a record, or the reason why it cannot be read with its bytes as sent.
    fn take(&mut self, record: Result<LogRecord, String>, sent: &[u8]) -> Result<(), Refused> {
        let before = self.batch.made_bytes();
        let origin = self.batch.origin(&self.origin);
        let made = record.and_then(|record| {
            self.json.clear();
            let pushed = push_record(&record, &self.resource, &self.scope, &mut self.json);
            pushed.map(|()| time(&record)).map_err(|error| error.to_string())
        });
        match (made, &self.denial) {
            (Ok(time), None) => {
                self.batch.made(origin, time, |made| made.extend_from_slice(&self.json));
            }
            (Ok(_), Some(denial)) => {
                let denial = denial.clone();
                self.batch.made_fault(origin, &self.json, denial.as_str());
                self.refuse(denial);
            }
            (Err(reason), _) => {
                self.batch.made_fault(origin, sent, reason.as_str());
                self.refuse(reason);
            }
        }
        let (made, bytes_max) = (self.batch.made_bytes(), self.around.made_bytes_max);
        if made > bytes_max {
            let text = format!("the records are longer than {bytes_max} bytes, send fewer at once");
            return Err(Refused::TooLarge(text));
        }
        Ok(self.lease.grow(made - before)?)
    }

    fn refuse(&mut self, reason: String) {
        self.refused += 1;
        if self.reasons.len() < REASONS_MAX && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn finish(self) -> Taken {
        let refused = (self.refused > 0).then(|| ExportLogsPartialSuccess {
            rejected_log_records: self.refused,
            error_message: self.reasons.join("; "),
        });
        Taken { batch: self.batch.finish(Vec::new()), lease: self.lease, refused }
    }
}

/// Why a token may not send for an origin.
fn denial(grant: &Grant, origin: &Origin) -> Option<String> {
    if !grant.allows_index(origin.index.as_deref()) {
        return Some("records without an index are not for this token".to_owned());
    }
    if !grant.allows_source(origin.source.as_deref()) {
        let source = origin.source.as_deref().unwrap_or("(none)");
        return Some(format!("source {source} is not for this token"));
    }
    None
}

fn malformed(error: impl std::error::Error) -> Refused {
    Refused::Malformed(reason(&error))
}

/// What is wrong with a message. Both decoders stop at a depth before the stack ends and say so in
/// these words, protobuf's after a hundred field names.
fn reason(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    if text.contains("recursion limit") { TooDeep.to_string() } else { text }
}
