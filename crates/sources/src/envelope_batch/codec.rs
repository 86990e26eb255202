//! A [`EnvelopeBatch`] as bytes: the buffer, the table of records (postcard), the length of the
//! table (4 bytes, little endian), the version of this form (1 byte). The buffer comes first, so
//! that encoding appends to the body instead of copying it. The records of a request that its
//! sender named are followed by the name and the answer (postcard) and their length (4 bytes),
//! before the version, which is another one.

use std::sync::Arc;

use headwater_event::{Origin, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Arrival, EnvelopeBatch, Frame};
use crate::once::{AnsweredRequest, RequestName};
use crate::record::{Fault, Payload, Span};

/// Version of the form; others but the next are not read.
const VERSION: u8 = 1;

/// Version of the form with name and answer.
const NAMED_VERSION: u8 = 2;

/// Name, time in microseconds since the epoch, answer.
type NamedRow<'a> = ([u8; 16], i64, &'a [u8]);

/// Why bytes are not a [`EnvelopeBatch`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer Headwater, or not by Headwater.
    #[error("records have the unknown form {0}")]
    Version(u8),
    /// The bytes do not add up.
    #[error("records are damaged")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Table<'a> {
    received_at: i64,
    #[serde(borrow)]
    origins: Vec<OriginRow<'a>>,
    frames: Vec<FrameRow<'a>>,
}

#[derive(Serialize, Deserialize)]
struct OriginRow<'a> {
    source: Option<&'a str>,
    host: Option<&'a str>,
    sourcetype: Option<&'a str>,
    index: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize, Deserialize)]
struct FrameRow<'a> {
    arrival: u32,
    original: (u32, u32),
    #[serde(borrow)]
    payload: PayloadRow<'a>,
    time: Option<i64>,
}

#[derive(Serialize, Deserialize)]
enum PayloadRow<'a> {
    Original,
    Json(u32, u32),
    Fault(&'a str),
}

impl EnvelopeBatch {
    /// The records as bytes, for the journal. They must be of one request.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let Self { bytes, arrivals, frames } = self;
        let table = Table {
            received_at: arrivals.first().map_or(0, |arrival| arrival.received_at.as_micros()),
            origins: arrivals.iter().map(|arrival| origin_row(&arrival.origin)).collect(),
            frames: frames.iter().map(frame_row).collect(),
        };
        let buffer_bytes = bytes.len();
        // Writing to memory does not fail; if it did, reading would say "damaged".
        let mut encoded = postcard::to_extend(&table, bytes).unwrap_or_default();
        let table_bytes = encoded.len().saturating_sub(buffer_bytes);
        encoded.extend_from_slice(&u32::try_from(table_bytes).unwrap_or(0).to_le_bytes());
        encoded.push(VERSION);
        encoded
    }

    /// As [`EnvelopeBatch::encode`], with the name of the request and what is answered: both are
    /// durable with the records, or not at all.
    #[must_use]
    pub fn encode_named(self, request: &AnsweredRequest) -> Vec<u8> {
        let mut encoded = self.encode();
        encoded.pop();
        let before = encoded.len();
        let row: NamedRow<'_> =
            (*request.name.as_bytes(), request.taken_at.as_micros(), &request.answer);
        // Writing to memory does not fail; if it did, reading would say "damaged".
        let mut encoded = postcard::to_extend(&row, encoded).unwrap_or_default();
        let row_bytes = encoded.len().saturating_sub(before);
        encoded.extend_from_slice(&u32::try_from(row_bytes).unwrap_or(0).to_le_bytes());
        encoded.push(NAMED_VERSION);
        encoded
    }

    /// Reads records back. `entry` is the number of the journal's entry that they are.
    ///
    /// # Errors
    /// The bytes, which are not from [`EnvelopeBatch::encode`], and why.
    pub fn decode(encoded: Vec<u8>, entry: u64) -> Result<Self, (Vec<u8>, DecodeError)> {
        match read_table(&encoded, entry) {
            Ok((buffer_bytes, arrivals, frames)) => {
                let mut bytes = encoded;
                bytes.truncate(buffer_bytes);
                Ok(Self { bytes, arrivals, frames })
            }
            Err(error) => Err((encoded, error)),
        }
    }
}

/// The request that an encoded batch is the records of, when its sender named it.
#[must_use]
pub fn answered_request(encoded: &[u8]) -> Option<AnsweredRequest> {
    let rest = encoded.strip_suffix(&[NAMED_VERSION])?;
    let (_, row) = split_part(rest)?;
    let (name, taken_at, answer): NamedRow<'_> = postcard::from_bytes(row).ok()?;
    Some(AnsweredRequest {
        name: RequestName::from_bytes(name),
        taken_at: Timestamp::from_micros(taken_at),
        answer: answer.into(),
    })
}

/// Splits off the last part of bytes that end with its length.
fn split_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, length) = bytes.split_last_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    rest.split_at_checked(rest.len().checked_sub(length)?)
}

/// Length of the buffer, and what is in it.
type Contents = (usize, Vec<Arrival>, Vec<Frame>);

fn read_table(encoded: &[u8], entry: u64) -> Result<Contents, DecodeError> {
    let (version, rest) = encoded.split_last().ok_or(DecodeError::Damaged)?;
    let rest = match *version {
        VERSION => rest,
        NAMED_VERSION => split_part(rest).ok_or(DecodeError::Damaged)?.0,
        version => return Err(DecodeError::Version(version)),
    };
    let (buffer, table) = split_part(rest).ok_or(DecodeError::Damaged)?;
    let table: Table<'_> = postcard::from_bytes(table).map_err(|_| DecodeError::Damaged)?;
    let received_at = Timestamp::from_micros(table.received_at);
    let arrival = |row: &OriginRow<'_>| Arrival { origin: origin(row), received_at, entry };
    let arrivals: Vec<Arrival> = table.origins.iter().map(arrival).collect();
    let frames: Option<Vec<Frame>> =
        table.frames.iter().map(|row| frame(row, arrivals.len(), buffer.len())).collect();
    Ok((buffer.len(), arrivals, frames.ok_or(DecodeError::Damaged)?))
}

fn origin_row(origin: &Origin) -> OriginRow<'_> {
    OriginRow {
        source: origin.source.as_deref(),
        host: origin.host.as_deref(),
        sourcetype: origin.sourcetype.as_deref(),
        index: origin.index.as_deref(),
        name: &origin.name,
    }
}

fn origin(row: &OriginRow<'_>) -> Arc<Origin> {
    Arc::new(Origin {
        source: row.source.map(Arc::from),
        host: row.host.map(Arc::from),
        sourcetype: row.sourcetype.map(Arc::from),
        index: row.index.map(Arc::from),
        name: row.name.into(),
    })
}

fn frame_row(frame: &Frame) -> FrameRow<'_> {
    FrameRow {
        arrival: frame.arrival,
        original: (frame.original.start, frame.original.end),
        payload: match &frame.payload {
            Payload::Original => PayloadRow::Original,
            Payload::Json(span) => PayloadRow::Json(span.start, span.end),
            Payload::Fault(fault) => PayloadRow::Fault(&fault.reason),
        },
        time: frame.time.map(Timestamp::as_micros),
    }
}

/// A row whose places lie in the buffer.
fn frame(row: &FrameRow<'_>, arrivals: usize, buffer_bytes: usize) -> Option<Frame> {
    let span = |(start, end): (u32, u32)| {
        let span = Span { start, end };
        let range = span.range();
        (range.start <= range.end && range.end <= buffer_bytes).then_some(span)
    };
    let payload = match row.payload {
        PayloadRow::Original => Payload::Original,
        PayloadRow::Json(start, end) => Payload::Json(span((start, end))?),
        PayloadRow::Fault(reason) => {
            Payload::Fault(Box::new(Fault { reason: reason.to_owned(), part: 0 }))
        }
    };
    let time = row.time.map(Timestamp::from_micros);
    let is_known = usize::try_from(row.arrival).is_ok_and(|arrival| arrival < arrivals);
    is_known.then_some(Frame { arrival: row.arrival, original: span(row.original)?, payload, time })
}
