//! Text lines: one frame per line that is not blank, without its line end.

use memchr::memchr;

use super::{Framer, Frames, Oversize};
use crate::json_text::push_string;
use crate::syslog_line;

/// What a line becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// `{"message": line}`.
    Message,
    /// The fields of a syslog message, or `{"message": line}` when it is none.
    Syslog,
}

/// Frames text lines.
#[derive(Debug)]
pub(crate) struct LinesFramer {
    kind: LineKind,
    cutter: LineCutter,
}

impl LinesFramer {
    pub(crate) fn new(kind: LineKind, record_bytes_max: usize) -> Self {
        Self { kind, cutter: LineCutter::new(record_bytes_max) }
    }
}

impl Framer for LinesFramer {
    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        let kind = self.kind;
        self.cutter.cut(window, out, |line, start, out| push_line(kind, line, start, out))
    }

    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        let kind = self.kind;
        self.cutter.finish(tail, damaged, out, |line, start, out| push_line(kind, line, start, out))
    }
}

fn push_line(kind: LineKind, line: &[u8], start: usize, out: &mut Frames) {
    out.converted(start..start + line.len(), |json| match kind {
        LineKind::Message => push_message(line, json),
        LineKind::Syslog => syslog_line::push_object(line, json),
    });
}

/// Cuts content into lines; shared by the formats that have one record per line.
#[derive(Debug)]
pub(super) struct LineCutter {
    record_bytes_max: usize,
    /// Bytes at the start of the window that hold no line end.
    scanned: usize,
    oversize: Option<Oversize>,
}

impl LineCutter {
    pub(super) fn new(record_bytes_max: usize) -> Self {
        Self { record_bytes_max, scanned: 0, oversize: None }
    }

    /// Calls `each` with every complete line that is not blank and its start in the window.
    pub(super) fn cut(
        &mut self,
        window: &[u8],
        out: &mut Frames,
        mut each: impl FnMut(&[u8], usize, &mut Frames),
    ) -> usize {
        let mut at = 0;
        loop {
            let rest = window.get(at..).unwrap_or_default();
            let unscanned = rest.get(self.scanned..).unwrap_or_default();
            let line_end = memchr(b'\n', unscanned).map(|found| self.scanned + found + 1);
            let known = line_end.unwrap_or(rest.len());
            if self.oversize.is_none() && known > self.record_bytes_max {
                self.oversize = Some(Oversize::longer_than(self.record_bytes_max));
            }
            if let Some(oversize) = &mut self.oversize {
                at = oversize.take(at, at + known, line_end.is_some(), out);
            }
            self.scanned = window.len() - at;
            let Some(length) = line_end else { return at };
            self.scanned = 0;
            if self.oversize.take().is_none() {
                line_at(window, at, at + length, out, &mut each);
                at += length;
            }
        }
    }

    /// As [`Framer::finish`].
    pub(super) fn finish(
        &mut self,
        tail: &[u8],
        damaged: bool,
        out: &mut Frames,
        mut each: impl FnMut(&[u8], usize, &mut Frames),
    ) -> usize {
        if damaged {
            return 0;
        }
        match self.oversize.take() {
            Some(mut oversize) => {
                oversize.take(0, tail.len(), true, out);
            }
            None => line_at(tail, 0, tail.len(), out, &mut each),
        }
        tail.len()
    }
}

fn line_at(
    window: &[u8],
    start: usize,
    end: usize,
    out: &mut Frames,
    each: &mut impl FnMut(&[u8], usize, &mut Frames),
) {
    let line = trim_line_end(window.get(start..end).unwrap_or_default());
    if !line.trim_ascii().is_empty() {
        each(line, start, out);
    }
}

/// Appends `{"message": line}`.
pub(crate) fn push_message(line: &[u8], json: &mut Vec<u8>) {
    json.extend_from_slice(b"{\"message\":");
    push_string(line, json);
    json.push(b'}');
}

/// The line without `\n` or `\r\n`.
pub(crate) fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
