//! Follows one JSON document to its end without looking at its values: quotes, escapes and
//! brackets. It keeps a depth instead of recursing, and can stop and go on at any byte.

use super::blocks::{BLOCK, Masks, between_pairs, masks};

/// Result of scanning a piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// The document goes on behind the piece.
    Open,
    /// The document ended; index behind its last byte.
    Ended(usize),
    /// What follows cannot be a part of the document; index of the first byte that is not.
    Broken(usize),
}

/// State between two pieces of a document.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scanner {
    /// Open brackets.
    pub(super) depth: u64,
    in_string: bool,
    /// The next byte is escaped.
    escaped: bool,
    /// The last byte was a line end outside strings.
    after_newline: bool,
    /// First place in the text where a line begins with a bracket although the document is open:
    /// when the document turns out broken, the next record may begin there.
    pub(super) line_start: Option<usize>,
    /// Last byte that is not white space, of the text that was dropped.
    last_significant: u8,
}

impl Scanner {
    /// A scanner inside an object whose opening bracket was seen before.
    pub(super) fn inside_object() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Whether the scanner stands between the members of the outermost object or list.
    pub(super) fn is_at_member_level(&self) -> bool {
        self.depth == 1 && !self.in_string
    }

    /// Scans `text[from..to]`; `text` begins with the document (or with what was not yet dropped of
    /// it). After `Ended` and `Broken` the scanner is of no more use.
    pub(super) fn scan(&mut self, text: &[u8], from: usize, to: usize) -> Scan {
        let mut at = from;
        let piece = text.get(from..to).unwrap_or_default();
        let (blocks, tail) = piece.as_chunks::<BLOCK>();
        for block in blocks {
            let stop = self.block(text, at, masks(block), BLOCK);
            if stop != Scan::Open {
                return stop;
            }
            at += BLOCK;
        }
        if tail.is_empty() {
            return Scan::Open;
        }
        // Blanks behind the piece change nothing: they match no mask.
        let mut block = [b' '; BLOCK];
        for (slot, byte) in block.iter_mut().zip(tail) {
            *slot = *byte;
        }
        self.block(text, at, masks(&block), tail.len())
    }

    /// Drops the beginning of the document: only what comes after `gone` is shown from now on.
    pub(super) fn forget(&mut self, gone: &[u8]) {
        if let Some(byte) = gone.iter().rev().find(|byte| !byte.is_ascii_whitespace()) {
            self.last_significant = *byte;
        }
        self.line_start = None;
    }

    fn block(&mut self, text: &[u8], at: usize, masks: Masks, length: usize) -> Scan {
        let escaped = self.take_escapes(masks.backslashes, length);
        let strings = between_pairs(masks.quotes & !escaped) ^ if self.in_string { !0 } else { 0 };
        let opens = masks.opens & !strings;
        let closes = masks.closes & !strings;
        let newlines = masks.newlines & !strings;
        // JSON allows no line end inside a string: the record was cut, or is no JSON.
        let broken = masks.newlines & strings;
        let line_starts = opens & (newlines << 1 | u64::from(self.after_newline));
        if broken | line_starts == 0 && self.depth > u64::from(closes.count_ones()) {
            self.depth += u64::from(opens.count_ones());
            self.depth -= u64::from(closes.count_ones());
        } else {
            let stop = self.step_through(text, at, opens, closes, broken, line_starts);
            if stop != Scan::Open {
                return stop;
            }
        }
        self.in_string = strings >> (BLOCK - 1) != 0;
        self.after_newline = newlines >> (length - 1) & 1 != 0;
        Scan::Open
    }

    /// Walks over the brackets of a block one by one.
    fn step_through(
        &mut self,
        text: &[u8],
        at: usize,
        opens: u64,
        closes: u64,
        broken: u64,
        line_starts: u64,
    ) -> Scan {
        let mut events = opens | closes | broken;
        while events != 0 {
            let bit = events & events.wrapping_neg();
            events ^= bit;
            // At most 63, so it fits everywhere.
            let index = at + usize::try_from(bit.trailing_zeros()).unwrap_or_default();
            if broken & bit != 0 {
                return Scan::Broken(index);
            }
            if closes & bit != 0 {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Scan::Ended(index + 1);
                }
                continue;
            }
            if line_starts & bit != 0 && self.depth > 0 {
                self.line_start.get_or_insert(index);
                if !matches!(self.significant_before(text, index), b'[' | b',' | b':') {
                    return Scan::Broken(index);
                }
            }
            self.depth += 1;
        }
        Scan::Open
    }

    /// The last byte before `index` that is not white space. A bracket at the start of a line goes
    /// on with the document only after `[`, `,` or `:`.
    fn significant_before(&self, text: &[u8], index: usize) -> u8 {
        let before = text.get(..index).unwrap_or_default();
        let found = before.iter().rev().find(|byte| !byte.is_ascii_whitespace());
        found.copied().unwrap_or(self.last_significant)
    }

    /// Bits of the bytes that a backslash before them escapes.
    fn take_escapes(&mut self, mut backslashes: u64, length: usize) -> u64 {
        let mut escaped = u64::from(self.escaped);
        self.escaped = false;
        backslashes &= !escaped;
        while backslashes != 0 {
            let bit = backslashes & backslashes.wrapping_neg();
            if bit == 1 << (length - 1) {
                self.escaped = true;
                break;
            }
            escaped |= bit << 1;
            // The escaped byte may be a backslash itself: it escapes nothing.
            backslashes &= !(bit | bit << 1);
        }
        escaped
    }
}
