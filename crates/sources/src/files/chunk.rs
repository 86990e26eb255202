//! What the reader delivers: a [`Chunk`] is one owned buffer and the ranges of the records in it,
//! so that a record costs no allocation of its own until the pipeline wants one.

use std::sync::Arc;

use bytes::Bytes;
use headwater_event::Origin;

use crate::record::{Payload, Record, Span};

/// A bounded run of consecutive frames of one file (or one member of an archive).
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Where the frames came from; constant within a chunk.
    pub origin: Arc<Origin>,
    /// Name of the position partition, `file/<hex>`, when the input has an identity.
    pub partition: Option<Arc<str>>,
    /// Number of the first frame, counted from 0 over the whole input (all members of an archive).
    pub first_frame: u64,
    /// The buffer in which the ranges of `frames` lie.
    pub bytes: Bytes,
    /// The frames, in the order of the input.
    pub frames: Vec<Frame>,
    /// Whether this is the last chunk of the input. Every input ends with exactly one such chunk;
    /// it may be empty.
    pub last: bool,
    /// Bytes read from the input so far, as stored (compressed).
    pub bytes_read: u64,
    /// Bytes framed so far, after all decompression.
    pub bytes_decompressed: u64,
}

/// One slot of the deterministic sequence of an input: a record, or a fault in place of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The record's original bytes, without framing (no line end, no separator). Text that was
    /// UTF-16 is UTF-8 here; a Windows event record that could be read is its JSON text.
    pub original: Span,
    /// What to do with it.
    pub payload: Payload,
}

impl Chunk {
    /// The frames with their bytes, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (self.first_frame..).zip(&self.frames).map(|(number, frame)| {
            let original = self.slice(frame.original);
            let (json, fault) = match &frame.payload {
                Payload::Original => (Some(original), None),
                Payload::Json(span) => (Some(self.slice(*span)), None),
                Payload::Fault(fault) => (None, Some(fault.as_ref())),
            };
            let origin = &self.origin;
            Record { frame: number, origin, time: None, received_at: None, original, json, fault }
        })
    }

    /// Number of the frame after the last one: the position once this chunk is in the table.
    #[must_use]
    pub fn end_frame(&self) -> u64 {
        self.first_frame.saturating_add(u64::try_from(self.frames.len()).unwrap_or(u64::MAX))
    }

    /// The bytes of a span of this chunk (empty for a span of another one).
    #[must_use]
    pub fn slice(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }
}
