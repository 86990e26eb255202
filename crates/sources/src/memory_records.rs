//! The records of content that is in memory as a whole, such as a request's body: framed as a file
//! of its format would be.

use std::ops::ControlFlow;

use bytes::Bytes;
use headwater_event::Origin;
use headwater_event::json::ParseLimits;
use serde::de::IgnoredAny;

use crate::envelope_batch::EnvelopeBatchBuilder;
use crate::error::SourceError;
use crate::files::{Format, Input, ObjectStores, ReadOptions, ReadRequest, read};
use crate::json_text::is_deeper_than;

/// What is framed.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    /// All of it.
    pub(crate) bytes: Bytes,
    /// What the bytes are.
    pub(crate) format: Format,
}

/// Adds the records of the content. What is none becomes a fault, and its reason is added to
/// `faults`.
///
/// # Errors
/// The content cannot be read at all; records that were added before the error remain.
pub(crate) fn push(
    content: Content,
    origin: &Origin,
    batch: &mut EnvelopeBatchBuilder,
    faults: &mut Vec<String>,
) -> Result<(), SourceError> {
    let id = batch.origin(origin);
    let input = Input::memory("request", content.bytes);
    let options = ReadOptions { format: content.format, ..ReadOptions::default() };
    let request = ReadRequest {
        input: &input,
        identity: None,
        options: &options,
        stores: &ObjectStores::none(),
        skip_frames: 0,
        from_byte: 0,
    };
    read(request, &mut |chunk| {
        for record in chunk.records() {
            match (record.json, record.fault) {
                (Some(json), _) if json == record.original => {
                    if let Err(reason) = check_json(json) {
                        batch.made_fault(id, json, reason.as_str());
                        faults.push(reason);
                        continue;
                    }
                    batch.made(id, None, |made| made.extend_from_slice(json));
                }
                (Some(json), _) => batch.made_text(id, record.original, None, |made| {
                    made.extend_from_slice(json);
                }),
                (None, fault) => {
                    let reason = fault.map_or("cannot be read", |fault| fault.reason.as_str());
                    faults.push(reason.to_owned());
                    batch.made_fault(id, record.original, reason);
                }
            }
        }
        ControlFlow::Continue(())
    })
    .map(drop)
}

/// Whether a record is an object, or a list of some, that the pipeline can read.
fn check_json(record: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<IgnoredAny>(record).map_err(|error| format!("not JSON: {error}"))?;
    if is_deeper_than(record, ParseLimits::default().depth_max) {
        return Err("nested too deep".to_owned());
    }
    if record.trim_ascii_start().starts_with(b"{") || record.trim_ascii_start().starts_with(b"[") {
        return Ok(());
    }
    Err("neither an object nor a list".to_owned())
}
