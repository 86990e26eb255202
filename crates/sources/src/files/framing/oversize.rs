//! A record that is longer than the limit: its bytes are delivered in parts, as they come.

use super::Frames;

/// Size of a part in bytes.
pub(crate) const PART_BYTES: usize = 16 << 20;

/// Cuts the bytes of one faulty record into parts of [`PART_BYTES`] (the last one may be shorter).
#[derive(Debug)]
pub(crate) struct Oversize {
    reason: String,
    next_part: u32,
}

impl Oversize {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), next_part: 0 }
    }

    pub(crate) fn longer_than(limit: usize) -> Self {
        Self::new(format!("record is longer than {limit} bytes"))
    }

    /// Delivers parts of `window[at..known]`, which belong to the record; the rest too when the
    /// record has `ended` there. Returns the index behind the delivered bytes.
    pub(crate) fn take(
        &mut self,
        mut at: usize,
        known: usize,
        ended: bool,
        out: &mut Frames,
    ) -> usize {
        while known - at >= PART_BYTES {
            self.part(at, at + PART_BYTES, out);
            at += PART_BYTES;
        }
        if ended && known > at {
            self.part(at, known, out);
            at = known;
        }
        at
    }

    fn part(&mut self, start: usize, end: usize, out: &mut Frames) {
        out.fault(start..end, self.reason.clone(), self.next_part);
        self.next_part = self.next_part.saturating_add(1);
    }
}
