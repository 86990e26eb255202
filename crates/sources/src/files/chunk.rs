//! What the reader delivers: a [`Chunk`] is one owned buffer and the ranges of the records in it,
//! so that a record costs no allocation of its own until the pipeline wants one.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::Origin;

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

/// A place in [`Chunk::bytes`]: half open, in bytes. A chunk is smaller than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
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

/// What a frame holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The original bytes should be one JSON value (not checked here).
    Original,
    /// The record is not JSON; this is the JSON object that was made from it.
    Json(Span),
    /// The record could not be read: a reject of the stage `read` with the frame's original bytes.
    Fault(Box<Fault>),
}

/// Why bytes of an input are not a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, for a person: lower case, no full stop.
    pub reason: String,
    /// Which part of the faulty record these bytes are, from 0. All parts of one record are
    /// consecutive frames (possibly of several chunks), so the record is named by its first frame:
    /// number minus part.
    pub part: u32,
}

/// One frame with its bytes, see [`Chunk::records`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Number of the frame in the input, from 0.
    pub frame: u64,
    /// The original bytes.
    pub original: &'a [u8],
    /// The JSON text to parse; `None` for a fault.
    pub json: Option<&'a [u8]>,
    /// Set when the record could not be read.
    pub fault: Option<&'a Fault>,
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
            Record { frame: number, original, json, fault }
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

impl Span {
    /// As a range of indexes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        // u32 always fits: Headwater is built for 64-bit machines, and 32-bit ones hold it as well.
        let index = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        index(self.start)..index(self.end)
    }
}
