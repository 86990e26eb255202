//! Records that were received over the network: what a listener makes of one request, what the
//! journal keeps of it, and what the pipeline is given.
//!
//! A listener collects records in a [`EnvelopeBatch`] over the request's body: a record is a range
//! of the body, or text made from it, with its origin and, where the protocol tells, its time.
//! [`EnvelopeBatch::encode`] is the journal's entry; [`EnvelopeBatch::decode`] reads it back
//! without copying the records; [`EnvelopeBatch::append`] puts several small requests into one.

mod codec;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Origin, Timestamp};

use crate::record::{Fault, Payload, Record, Span, to_span};
pub use codec::{DecodeError, answered_request};

/// Most bytes that the records of one [`EnvelopeBatch`] may take: places in it have 32 bits.
pub const BATCH_BYTES_MAX: usize = 1 << 30;

/// Memory of one origin with its names, in bytes, about.
const ARRIVAL_BYTES: usize = 320;

/// Records of one or more requests, in one buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeBatch {
    /// The body, then the texts that were made.
    bytes: Vec<u8>,
    arrivals: Vec<Arrival>,
    frames: Vec<Frame>,
}

/// What the records of one origin in one request have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrival {
    origin: Arc<Origin>,
    received_at: Timestamp,
    /// Number of the journal's entry; 0 until it has one.
    entry: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    /// Index of its arrival.
    arrival: u32,
    original: Span,
    payload: Payload,
    time: Option<Timestamp>,
}

/// Collects the records of one request.
#[derive(Debug)]
pub struct EnvelopeBatchBuilder {
    received_at: Timestamp,
    body_bytes: usize,
    made: Vec<u8>,
    arrivals: Vec<Arrival>,
    /// Arrivals by their origin.
    known: HashMap<Arc<Origin>, OriginId>,
    /// The origin that was asked for last.
    last: Option<(OriginId, Arc<Origin>)>,
    frames: Vec<Frame>,
}

/// Names an origin of the request at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginId(u32);

impl EnvelopeBatchBuilder {
    /// A collector for a body of this length, received now.
    #[must_use]
    pub fn new(body_bytes: usize, received_at: Timestamp) -> Self {
        Self {
            received_at,
            body_bytes,
            made: Vec::new(),
            arrivals: Vec::new(),
            known: HashMap::new(),
            last: None,
            frames: Vec::new(),
        }
    }

    /// The id of an origin; equal ones share one.
    pub fn origin(&mut self, origin: &Origin) -> OriginId {
        // Most requests have one origin, or long runs of one.
        if let Some((id, last)) = &self.last
            && **last == *origin
        {
            return *id;
        }
        let id = match self.known.get_key_value(origin) {
            Some((origin, id)) => (*id, Arc::clone(origin)),
            None => self.arrive(origin),
        };
        self.last.insert(id).0
    }

    /// An origin that was not known.
    fn arrive(&mut self, origin: &Origin) -> (OriginId, Arc<Origin>) {
        let id = OriginId(self.arrivals.len().try_into().unwrap_or(u32::MAX));
        let origin = Arc::new(origin.clone());
        self.known.insert(Arc::clone(&origin), id);
        let arrival =
            Arrival { origin: Arc::clone(&origin), received_at: self.received_at, entry: 0 };
        self.arrivals.push(arrival);
        (id, origin)
    }

    /// The id of an origin whose next record is an entry of its own, with this number.
    pub fn entry(&mut self, origin: &Arc<Origin>, entry: u64) -> OriginId {
        let id = OriginId(self.arrivals.len().try_into().unwrap_or(u32::MAX));
        let (origin, received_at) = (Arc::clone(origin), self.received_at);
        self.arrivals.push(Arrival { origin, received_at, entry });
        id
    }

    /// When the request was received.
    #[must_use]
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Records so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is no record yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Memory of made texts, in bytes.
    #[must_use]
    pub fn made_bytes(&self) -> usize {
        self.made.len()
    }

    /// Memory of everything that was collected, in bytes, about: a small body can hold many records
    /// with many origins.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let origins = self.arrivals.len() * ARRIVAL_BYTES;
        self.made.len() + origins + self.frames.len() * size_of::<Frame>()
    }

    /// A record that is a JSON value in the body.
    pub fn original(&mut self, origin: OriginId, range: Range<usize>, time: Option<Timestamp>) {
        self.push(origin, to_span(range), Payload::Original, time);
    }

    /// A record in the body that is not the JSON to parse: `build` appends that.
    pub fn converted(
        &mut self,
        origin: OriginId,
        range: Range<usize>,
        time: Option<Timestamp>,
        build: impl FnOnce(&mut Vec<u8>),
    ) {
        let json = self.make(build);
        self.push(origin, to_span(range), Payload::Json(json), time);
    }

    /// A record that is not in the body as one piece: `build` appends its JSON text.
    pub fn made(
        &mut self,
        origin: OriginId,
        time: Option<Timestamp>,
        build: impl FnOnce(&mut Vec<u8>),
    ) {
        let original = self.make(build);
        self.push(origin, original, Payload::Original, time);
    }

    /// A record that is not in the body, nor JSON: its text, and what `build` makes of it.
    pub fn made_text(
        &mut self,
        origin: OriginId,
        text: &[u8],
        time: Option<Timestamp>,
        build: impl FnOnce(&mut Vec<u8>),
    ) {
        let original = self.make(|made| made.extend_from_slice(text));
        let json = self.make(build);
        self.push(origin, original, Payload::Json(json), time);
    }

    /// A part of the body that is no record: it goes to `rejects`.
    pub fn fault(&mut self, origin: OriginId, range: Range<usize>, reason: impl Into<String>) {
        let fault = Fault { reason: reason.into(), part: 0 };
        self.push(origin, to_span(range), Payload::Fault(Box::new(fault)), None);
    }

    /// Bytes that are not in the body and are no record.
    pub fn made_fault(&mut self, origin: OriginId, bytes: &[u8], reason: impl Into<String>) {
        let original = self.make(|made| made.extend_from_slice(bytes));
        let fault = Fault { reason: reason.into(), part: 0 };
        self.push(origin, original, Payload::Fault(Box::new(fault)), None);
    }

    /// Takes back the records from number `len` on: those of a request that is refused as a whole.
    pub fn truncate(&mut self, len: usize) {
        self.frames.truncate(len);
    }

    /// The records with the body that they lie in.
    #[must_use]
    pub fn finish(self, mut body: Vec<u8>) -> EnvelopeBatch {
        debug_assert_eq!(body.len(), self.body_bytes, "the body that was announced");
        body.extend_from_slice(&self.made);
        EnvelopeBatch { bytes: body, arrivals: self.arrivals, frames: self.frames }
    }

    fn make(&mut self, build: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.body_bytes + self.made.len();
        build(&mut self.made);
        to_span(start..self.body_bytes + self.made.len())
    }

    fn push(
        &mut self,
        origin: OriginId,
        original: Span,
        payload: Payload,
        time: Option<Timestamp>,
    ) {
        self.frames.push(Frame { arrival: origin.0, original, payload, time });
    }
}

impl EnvelopeBatch {
    /// Number of records, faults included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of bodies and made texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Makes these records those of the journal's entry of this number.
    pub fn set_entry(&mut self, entry: u64) {
        for arrival in &mut self.arrivals {
            arrival.entry = entry;
        }
    }

    /// Adds the records of a later entry.
    pub fn append(&mut self, other: &Self) {
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let first = u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX);
        let moved = |span: Span| Span {
            start: span.start.saturating_add(offset),
            end: span.end.saturating_add(offset),
        };
        self.bytes.extend_from_slice(&other.bytes);
        self.arrivals.extend_from_slice(&other.arrivals);
        self.frames.extend(other.frames.iter().map(|frame| Frame {
            arrival: frame.arrival.saturating_add(first),
            original: moved(frame.original),
            payload: match &frame.payload {
                Payload::Json(span) => Payload::Json(moved(*span)),
                payload => payload.clone(),
            },
            time: frame.time,
        }));
    }

    /// Hands the records over with a buffer that rows can share.
    #[must_use]
    pub fn freeze(self) -> EnvelopeChunk {
        EnvelopeChunk { bytes: self.bytes.into(), arrivals: self.arrivals, frames: self.frames }
    }
}

/// Records on their way through the pipeline.
#[derive(Debug, Clone)]
pub struct EnvelopeChunk {
    /// The buffer in which the records lie.
    pub bytes: Bytes,
    arrivals: Vec<Arrival>,
    frames: Vec<Frame>,
}

impl EnvelopeChunk {
    /// The records with their bytes, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let slice = |span: Span| self.bytes.get(span.range()).unwrap_or_default();
        self.frames.iter().filter_map(move |frame| {
            let arrival = self.arrivals.get(usize::try_from(frame.arrival).ok()?)?;
            let original = slice(frame.original);
            let (json, fault) = match &frame.payload {
                Payload::Original => (Some(original), None),
                Payload::Json(span) => (Some(slice(*span)), None),
                Payload::Fault(fault) => (None, Some(fault.as_ref())),
            };
            Some(Record {
                frame: arrival.entry,
                origin: &arrival.origin,
                time: frame.time,
                received_at: Some(arrival.received_at),
                original,
                json,
                fault,
            })
        })
    }
}

#[cfg(test)]
mod tests;
