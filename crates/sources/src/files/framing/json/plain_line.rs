//! Lines that are one document as they stand: the usual case, several times faster to recognise
//! than by following the document's structure.

use memchr::{memchr, memchr_iter};

use super::wrapper::WrapperKeys;

/// Whether a line is a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlainLine {
    /// Length of the document.
    Is(usize),
    IsNot,
    /// The window does not tell yet.
    Unknown,
}

/// Longest line that is recognised as a whole.
const LINE_BYTES_MAX: usize = 64 << 10;

/// Looks at the line at `at`, which begins with `{`. It is one document when it ends with `}`, the
/// next line begins with `{`, and nowhere in it may a second document or a wrapped list begin. A
/// document that is well formed is never cut wrongly by this: to go on behind its bracket it would
/// need a comma before the next line's opening bracket.
///
/// The answer depends on the content alone; so it waits for the line's end and the byte behind it.
pub(super) fn plain_line(
    window: &[u8],
    at: usize,
    record_bytes_max: usize,
    keys: &WrapperKeys,
    search: &mut Search,
) -> PlainLine {
    let limit = LINE_BYTES_MAX.min(record_bytes_max);
    let end = match search.newline(window, at) {
        Some(end) if end - at < limit => end,
        None if window.len() - at < limit => return PlainLine::Unknown,
        _ => return PlainLine::IsNot,
    };
    let line = window.get(at..end).unwrap_or_default().trim_ascii_end();
    match window.get(end + 1) {
        None => return PlainLine::Unknown,
        Some(b'{') => {}
        Some(_) => return PlainLine::IsNot,
    }
    let Some(inner) = line.strip_suffix(b"}") else { return PlainLine::IsNot };
    if search.key(keys, window, at).is_some_and(|key| key < end) {
        return PlainLine::IsNot;
    }
    for close in memchr_iter(b'}', inner) {
        match line.get(close + 1..).unwrap_or_default() {
            [b'}' | b']', ..] | [b',', b'"', ..] | [b',', b' ', b'"', ..] => {}
            _ => return PlainLine::IsNot,
        }
    }
    PlainLine::Is(line.len())
}

/// Finds wrapper keys and line ends of one window, looking at each byte once.
#[derive(Debug, Default)]
pub(super) struct Search {
    keys: Searched,
    newlines: Searched,
}

/// Where a search began and what it found first.
type Searched = Option<(usize, Option<usize>)>;

impl Search {
    /// First wrapper key at or behind `from`.
    pub(super) fn key(&mut self, keys: &WrapperKeys, window: &[u8], from: usize) -> Option<usize> {
        search(&mut self.keys, from, || keys.find(window, from))
    }

    fn newline(&mut self, window: &[u8], from: usize) -> Option<usize> {
        let text = window.get(from..).unwrap_or_default();
        search(&mut self.newlines, from, || memchr(b'\n', text).map(|found| from + found))
    }
}

/// The last result, as long as it answers the question.
fn search(last: &mut Searched, from: usize, find: impl Fn() -> Option<usize>) -> Option<usize> {
    match *last {
        Some((start, found)) if from >= start && found.is_none_or(|found| found >= from) => found,
        _ => {
            let found = find();
            *last = Some((from, found));
            found
        }
    }
}
