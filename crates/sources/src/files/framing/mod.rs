//! Framing: where one record ends and the next begins. A framer sees a window of the content that
//! starts where its last frame ended, and says how many bytes it used up.
//!
//! Contract of every framer: the frames depend on the content alone, never on how it was cut into
//! windows (a property test feeds the same bytes in random pieces); time and memory are linear in
//! the content; a record longer than the limit is delivered in parts.

mod columns;
mod csv;
mod evtx;
mod frames;
mod json;
mod lines;
mod oversize;
mod rescan;

pub(crate) use columns::ColumnsFramer;
pub(crate) use csv::{CsvFramer, sample};
pub(crate) use evtx::{EvtxFramer, FILE_MAGIC as EVTX_MAGIC};
pub(crate) use frames::Frames;
pub(crate) use json::JsonFramer;
pub(crate) use lines::{LineKind, LinesFramer};
pub(crate) use oversize::Oversize;

/// Cuts content into frames.
pub(crate) trait Framer {
    /// Frames all records that are complete in `window` and returns how many bytes they and the
    /// framing around them take. The next window starts behind these bytes.
    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize;

    /// Frames what is left when no more bytes come, and returns how many bytes are used up.
    /// `damaged` says that the content does not end here but cannot be read any further: then a
    /// record that may be cut short is left over, for the caller to deliver with the reason.
    /// Without damage everything is used up.
    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize;

    /// Takes from the content's beginning what frames further down depend on (names of columns), so
    /// that framing can begin there. False when `head` does not tell.
    fn read_header(&mut self, head: &[u8]) -> bool {
        let _ = head;
        true
    }
}

#[cfg(test)]
pub(crate) mod tests;
