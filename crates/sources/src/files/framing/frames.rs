//! Collects the frames of one chunk while a window is framed.

use std::ops::Range;

use crate::files::chunk::Frame;
use crate::record::{Fault, Payload, Span, to_span};

/// Frames of the chunk being built. Their spans lie in the window, or in text made from it, which
/// is appended to the window when the chunk is closed. Both stay below 4 GiB: the limit of a record
/// is at most 512 MiB (see the options) and JSON text is at most six times its original.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    frames: Vec<Frame>,
    made: Vec<u8>,
    /// Where in the window the ranges given here begin.
    base: usize,
    /// Length of the window: where `made` will begin.
    made_at: usize,
    /// Number of the next frame in the input.
    next: u64,
    /// Frames before this number were delivered by an earlier run and are only counted.
    skip: u64,
}

impl Frames {
    pub(crate) fn new(skip: u64) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Starts a chunk over a window of this length.
    pub(crate) fn begin(&mut self, window_bytes: usize) {
        self.base = 0;
        self.made_at = window_bytes;
    }

    /// From now on ranges count from `base` in the window.
    pub(crate) fn rebase(&mut self, base: usize) {
        self.base = base;
    }

    /// Number of frames seen so far in the whole input.
    pub(crate) fn count(&self) -> u64 {
        self.next
    }

    /// Takes the chunk's frames: number of the first, the frames, and the text to append to the
    /// window.
    pub(crate) fn take(&mut self) -> (u64, Vec<Frame>, Vec<u8>) {
        // The next chunk will probably be like this one.
        let next_frames = Vec::with_capacity(self.frames.len());
        let frames = std::mem::replace(&mut self.frames, next_frames);
        let next_made = Vec::with_capacity(self.made.len());
        let made = std::mem::replace(&mut self.made, next_made);
        let first = self.next - u64::try_from(frames.len()).unwrap_or_default();
        (first, frames, made)
    }

    /// A record that is JSON text as it stands.
    pub(crate) fn original(&mut self, range: Range<usize>) {
        if self.counts() {
            let original = self.span(range);
            self.frames.push(Frame { original, payload: Payload::Original });
        }
    }

    /// A record that is not JSON: `build` appends the JSON object made from it.
    pub(crate) fn converted(&mut self, range: Range<usize>, build: impl FnOnce(&mut Vec<u8>)) {
        if self.counts() {
            let original = self.span(range);
            let json = self.make(build);
            self.frames.push(Frame { original, payload: Payload::Json(json) });
        }
    }

    /// A record that is not in the window as one piece: `build` appends its JSON text.
    pub(crate) fn made(&mut self, build: impl FnOnce(&mut Vec<u8>)) {
        if self.counts() {
            let original = self.make(build);
            self.frames.push(Frame { original, payload: Payload::Original });
        }
    }

    /// Bytes of the window that are no record.
    pub(crate) fn fault(&mut self, range: Range<usize>, reason: impl Into<String>, part: u32) {
        if self.counts() {
            let original = self.span(range);
            self.frames.push(Frame { original, payload: fault(reason.into(), part) });
        }
    }

    /// A fault without bytes of the window: none, or bytes that were held back.
    pub(crate) fn fault_bytes(&mut self, bytes: &[u8], reason: impl Into<String>, part: u32) {
        if self.counts() {
            let original = self.make(|made| made.extend_from_slice(bytes));
            self.frames.push(Frame { original, payload: fault(reason.into(), part) });
        }
    }

    fn counts(&mut self) -> bool {
        self.next += 1;
        self.next > self.skip
    }

    fn make(&mut self, build: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.made.len();
        build(&mut self.made);
        to_span(self.made_at + start..self.made_at + self.made.len())
    }

    fn span(&self, range: Range<usize>) -> Span {
        to_span(self.base + range.start..self.base + range.end)
    }
}

fn fault(reason: String, part: u32) -> Payload {
    Payload::Fault(Box::new(Fault { reason, part }))
}
