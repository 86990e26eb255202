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

/// Whether the text is one JSON object.
pub(crate) fn is_json_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
