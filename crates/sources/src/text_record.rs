//! A piece of text that a sender calls an event: JSON stays what it is, syslog becomes its fields,
//! anything else is the `message` of an object.

use std::ops::Range;

use headwater_event::{Origin, Timestamp};
use serde::de::IgnoredAny;

use crate::envelope_batch::EnvelopeBatchBuilder;
use crate::syslog_line;

/// Adds the text, which stands at `range` of the body, as a record.
pub(crate) fn push_record(
    text: &[u8],
    range: Range<usize>,
    origin: &Origin,
    time: Option<Timestamp>,
    batch: &mut EnvelopeBatchBuilder,
) {
    let id = batch.origin(origin);
    if is_json_object(text) {
        batch.original(id, range, time);
    } else {
        batch.converted(id, range, time, |json| syslog_line::push_object(text, json));
    }
}

/// Adds a value that is meant to be JSON as a record, and copies it: what begins like an object is
/// for the pipeline to parse or to reject, an array must be one.
#[cfg(feature = "kafka")]
pub(crate) fn push_value(
    value: &[u8],
    origin: crate::envelope_batch::OriginId,
    batch: &mut EnvelopeBatchBuilder,
) {
    let is_json = match value.trim_ascii_start().first() {
        Some(b'{') => true,
        Some(b'[') => serde_json::from_slice::<IgnoredAny>(value).is_ok(),
        _ => false,
    };
    if is_json {
        batch.made(origin, None, |made| made.extend_from_slice(value));
    } else {
        batch.made_text(origin, value, None, |json| syslog_line::push_object(value, json));
    }
}

/// Whether the text is one JSON object.
pub(crate) fn is_json_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
