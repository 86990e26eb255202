//! Windows event logs. A log is a header and 64 KiB chunks that can be read one by one, each with
//! the templates that its records need; so it is framed like a stream. A readable record becomes
//! its JSON text; a damaged record or chunk becomes a fault with its bytes, and reading goes on
//! behind it.

use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

use evtx::err::EvtxError;
use evtx::{EvtxChunkData, ParserSettings};

use super::{Framer, Frames, Oversize};

const FILE_HEADER_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_HEADER_BYTES: usize = 512;
const RECORD_HEADER_BYTES: usize = 24;

/// First bytes of a Windows event log.
pub(crate) const FILE_MAGIC: &[u8] = b"ElfFile\0";

const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
/// Where the file header counts the chunks in use. Logs that were not closed count too few.
const CHUNK_COUNT: Range<usize> = 42..44;
/// How many chunks without magic number are held until it is known what they are.
const UNKNOWN_CHUNKS_MAX: usize = 256;

/// Frames Windows event logs.
#[derive(Debug)]
pub(crate) struct EvtxFramer {
    settings: Arc<ParserSettings>,
    state: State,
    chunks_read: u64,
    /// Chunks that are in use for certain.
    chunks_used: u64,
    /// Chunks at the start of the window that have no magic number: space that was never used when
    /// nothing but such chunks follows, damaged ones otherwise.
    chunks_unknown: usize,
}

#[derive(Debug)]
enum State {
    Header,
    Chunks,
    /// No event log at all: everything is a fault.
    Foreign(Oversize),
}

impl EvtxFramer {
    pub(crate) fn new() -> Self {
        // With attributes apart `EventID` is a number in every event, also where it has a
        // qualifier.
        let settings = ParserSettings::new().indent(false).separate_json_attributes(true);
        Self {
            settings: Arc::new(settings),
            state: State::Header,
            chunks_read: 0,
            chunks_used: 0,
            chunks_unknown: 0,
        }
    }

    fn header(&mut self, window: &[u8]) {
        let count = window.get(CHUNK_COUNT).and_then(|bytes| bytes.try_into().ok());
        self.chunks_used = count.map_or(0, |bytes| u64::from(u16::from_le_bytes(bytes)));
        self.state = State::Chunks;
    }

    /// Frames complete chunks from `at` on; returns how far.
    fn chunks(&mut self, window: &[u8], mut at: usize, out: &mut Frames) -> usize {
        loop {
            let next = at + self.chunks_unknown * CHUNK_BYTES;
            let Some(chunk) = window.get(next..next + CHUNK_BYTES) else { return at };
            let number = self.chunks_read + u64::try_from(self.chunks_unknown).unwrap_or_default();
            if chunk.starts_with(CHUNK_MAGIC) {
                at = self.refuse_unknown(window, at, out);
                self.chunk(window, at, CHUNK_BYTES, out);
                at += CHUNK_BYTES;
                continue;
            }
            self.chunks_unknown += 1;
            if number < self.chunks_used || self.chunks_unknown >= UNKNOWN_CHUNKS_MAX {
                at = self.refuse_unknown(window, at, out);
            }
        }
    }

    /// The chunks without magic number are damaged after all.
    fn refuse_unknown(&mut self, window: &[u8], mut at: usize, out: &mut Frames) -> usize {
        for _ in 0..std::mem::take(&mut self.chunks_unknown) {
            let chunk = window.get(at..at + CHUNK_BYTES).unwrap_or_default();
            if chunk.iter().any(|byte| *byte != 0) {
                let reason = format!("chunk {} is damaged: it has no header", self.chunks_read);
                out.fault(at..at + CHUNK_BYTES, reason, 0);
            }
            self.chunks_read += 1;
            at += CHUNK_BYTES;
        }
        at
    }

    /// Frames one chunk of the log at `window[at..at + length]`. Of a chunk that is cut short only
    /// the complete records are framed.
    fn chunk(&mut self, window: &[u8], at: usize, length: usize, out: &mut Frames) {
        let bytes = window.get(at..at + length).unwrap_or_default();
        let number = self.chunks_read;
        self.chunks_read += 1;
        let damaged =
            |error: &dyn Error| format!("chunk {number} is damaged: {}", full_message(error));
        let mut data = bytes.to_vec();
        data.resize(CHUNK_BYTES, 0);
        let mut data = match EvtxChunkData::new(data, false) {
            Ok(data) => data,
            Err(error) => return out.fault(at..at + length, damaged(&error), 0),
        };
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => return out.fault(at..at + length, damaged(&error), 0),
        };
        let places = record_places(bytes);
        let mut is_chunk_delivered = false;
        for record in chunk.iter() {
            let error = match record.and_then(evtx::EvtxRecord::into_json_bytes) {
                Ok(record) => {
                    out.made(|json| json.extend_from_slice(&record.data));
                    continue;
                }
                Err(error) => error,
            };
            let message = full_message(&error);
            match place_of(&error, &places) {
                Some((id, place)) => {
                    let reason = format!("record {id} is damaged: {message}");
                    out.fault(at + place.start..at + place.end, reason, 0);
                }
                None if length == CHUNK_BYTES && !is_chunk_delivered => {
                    is_chunk_delivered = true;
                    out.fault(at..at + length, damaged(&error), 0);
                }
                None => {}
            }
        }
    }
}

impl Framer for EvtxFramer {
    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        let mut at = 0;
        if matches!(self.state, State::Header) {
            if window.len() < FILE_HEADER_BYTES {
                return 0;
            }
            if window.starts_with(FILE_MAGIC) {
                self.header(window);
                at = FILE_HEADER_BYTES;
            } else {
                self.state = State::Foreign(Oversize::new("content is no windows event log"));
            }
        }
        match &mut self.state {
            State::Foreign(parts) => parts.take(at, window.len(), false, out),
            _ => self.chunks(window, at, out),
        }
    }

    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        match &mut self.state {
            _ if tail.is_empty() => return 0,
            State::Header | State::Foreign(_) if damaged => return 0,
            State::Header => {
                out.fault(0..tail.len(), "windows event log is cut short in its header", 0);
            }
            State::Foreign(parts) => {
                parts.take(0, tail.len(), true, out);
            }
            State::Chunks => return self.finish_chunks(tail, damaged, out),
        }
        tail.len()
    }
}

impl EvtxFramer {
    /// Reads what is there of the last chunk. Chunks that were never used hold nothing.
    fn finish_chunks(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        let partial = self.chunks_unknown * CHUNK_BYTES;
        let chunk = tail.get(partial..).unwrap_or_default();
        let number = self.chunks_read + u64::try_from(self.chunks_unknown).unwrap_or_default();
        let is_used = chunk.starts_with(CHUNK_MAGIC) || number < self.chunks_used;
        if !is_used {
            return if damaged { 0 } else { tail.len() };
        }
        let at = self.refuse_unknown(tail, 0, out);
        // What is missing is not guessed: a record that is cut must not be read as if zeros
        // followed.
        let complete = record_places(chunk).last().map_or(0, |(_, place)| place.end);
        let end = at + complete;
        if chunk.starts_with(CHUNK_MAGIC) && complete > 0 {
            self.chunk(tail, at, complete, out);
        }
        if damaged {
            return end;
        }
        if end < tail.len() {
            out.fault(end..tail.len(), "windows event log is cut short", 0);
        }
        tail.len()
    }
}

/// Identifiers and places of the records of a chunk.
fn record_places(chunk: &[u8]) -> Vec<(u64, Range<usize>)> {
    let mut places = Vec::new();
    let mut at = CHUNK_HEADER_BYTES;
    while let Some((id, length)) = record_header(chunk.get(at..).unwrap_or_default()) {
        places.push((id, at..at + length));
        at += length;
    }
    places
}

/// Identifier and length of the record at the start of `bytes`, when it is there in full.
fn record_header(bytes: &[u8]) -> Option<(u64, usize)> {
    let rest = bytes.strip_prefix(b"\x2a\x2a\0\0")?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (id, _) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let is_whole = (RECORD_HEADER_BYTES..=bytes.len()).contains(&length);
    is_whole.then_some((u64::from_le_bytes(*id), length))
}

/// The record that an error is about, when its bytes are known.
fn place_of<'a>(
    error: &EvtxError,
    places: &'a [(u64, Range<usize>)],
) -> Option<&'a (u64, Range<usize>)> {
    let EvtxError::FailedToParseRecord { record_id, .. } = error else { return None };
    places.iter().find(|(id, _)| id == record_id)
}

/// The messages of an error and of its causes, as one text in lower case at the start.
fn full_message(error: &dyn Error) -> String {
    let mut message = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let mut characters = text.chars();
        if !message.is_empty() {
            message.push_str(": ");
        }
        message.extend(characters.next().into_iter().flat_map(char::to_lowercase));
        message.push_str(characters.as_str().trim_end_matches('.'));
        next = error.source();
    }
    message
}
