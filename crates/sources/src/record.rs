//! One record in a shared buffer: where it lies and what is known about it.

use std::ops::Range;
use std::sync::Arc;

use headwater_event::{Origin, Timestamp};

/// A place in a buffer: half open, in bytes. Buffers are smaller than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
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

/// One record with its bytes and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its place in the source's sequence: number of the frame in the input, or of the journal's
    /// entry.
    pub frame: u64,
    /// Where it came from.
    pub origin: &'a Arc<Origin>,
    /// When it happened, where the protocol tells.
    pub time: Option<Timestamp>,
    /// When it was received; `None` when it is read only now.
    pub received_at: Option<Timestamp>,
    /// The original bytes.
    pub original: &'a [u8],
    /// The JSON text to parse; `None` for a fault.
    pub json: Option<&'a [u8]>,
    /// Set when the record could not be read.
    pub fault: Option<&'a Fault>,
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

/// A range of a buffer as a span; callers keep buffers below 4 GiB.
pub(crate) fn to_span(range: Range<usize>) -> Span {
    let offset = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Span { start: offset(range.start), end: offset(range.end) }
}
