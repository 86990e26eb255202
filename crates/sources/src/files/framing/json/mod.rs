//! JSON in any arrangement: documents on lines, pretty-printed or one behind the other; lists, also
//! of lists; objects that wrap a list of records; and mixtures of these with garbage in between.
//!
//! A top-level object is a frame; so is every element of a top-level list or of a wrapper's list.
//! What begins no document is garbage up to the end of its line: a frame that the parser will
//! refuse. A document that turns out broken is garbage up to the first line that can begin a new
//! one.

mod blocks;
mod plain_line;
mod scan;
mod wrapper;

use memchr::{memchr, memchr3};

use self::plain_line::{PlainLine, Search, plain_line};
use self::scan::{Scan, Scanner};
use self::wrapper::{Match, OtherMembers, WrapperKeys};
use super::rescan::RescanCredit;
use super::{Framer, Frames, Oversize};

/// Frames JSON.
#[derive(Debug)]
pub(crate) struct JsonFramer {
    record_bytes_max: usize,
    keys: WrapperKeys,
    state: State,
    /// Open lists around the next element.
    lists: u64,
    /// Set while inside a wrapper object: its members other than the list.
    others: Option<OtherMembers>,
    credit: RescanCredit,
    /// Lines may be taken as they are, see [`plain_line`].
    takes_plain_lines: bool,
}

/// What begins at the current place of the window. `scanned` counts the bytes from there that are
/// known to belong to it.
#[derive(Debug)]
enum State {
    /// Separators, then something new.
    Between,
    /// An object (or the part of a wrapper object behind its list).
    Document { scanner: Scanner, scanned: usize },
    /// Something that is neither object nor list.
    Text { scanned: usize },
    /// The rest of a record that is longer than the limit.
    Oversize { parts: Oversize, end: OversizeEnd, scanned: usize },
}

/// What ends an oversized record.
#[derive(Debug)]
enum OversizeEnd {
    Document(Scanner),
    Line,
}

/// Whether the window has more to frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    GoOn,
    NeedMore,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl JsonFramer {
    /// `is_live` content is framed as soon as it is there; other content may wait for the next
    /// line, which is faster.
    pub(crate) fn new(wrapper_keys: &[String], record_bytes_max: usize, is_live: bool) -> Self {
        Self {
            record_bytes_max,
            keys: WrapperKeys::new(wrapper_keys),
            state: State::Between,
            lists: 0,
            others: None,
            credit: RescanCredit::new(record_bytes_max),
            takes_plain_lines: !is_live,
        }
    }

    /// Frames from `at` on as far as the window allows; returns where it stands then.
    fn advance(&mut self, window: &[u8], mut at: usize, out: &mut Frames) -> usize {
        let mut search = Search::default();
        loop {
            let before = at;
            let progress = match &self.state {
                State::Between => self.begin(window, &mut at, &mut search, out),
                State::Document { .. } => self.document(window, &mut at, &mut search, out),
                State::Text { .. } => self.text(window, &mut at, out),
                State::Oversize { .. } => self.oversize(window, &mut at, out),
            };
            self.credit.earn(at - before);
            if progress == Progress::NeedMore {
                return at;
            }
        }
    }

    fn begin(
        &mut self,
        window: &[u8],
        at: &mut usize,
        search: &mut Search,
        out: &mut Frames,
    ) -> Progress {
        while window.get(*at).is_some_and(|byte| is_separator(*byte)) {
            *at += 1;
        }
        let rest = window.get(*at..).unwrap_or_default();
        match rest {
            [] => return Progress::NeedMore,
            [b'{', ..] => {
                let is_candidate = self.takes_plain_lines && self.lists == 0;
                let (bytes_max, keys) = (self.record_bytes_max, &self.keys);
                match is_candidate.then(|| plain_line(window, *at, bytes_max, keys, search)) {
                    Some(PlainLine::Is(length)) => {
                        out.original(*at..*at + length);
                        *at += length;
                    }
                    None | Some(PlainLine::IsNot) => {
                        self.state = State::Document { scanner: Scanner::default(), scanned: 0 };
                    }
                    Some(PlainLine::Unknown) => return Progress::NeedMore,
                }
            }
            [b'[', ..] => {
                self.lists = self.lists.saturating_add(1);
                *at += 1;
            }
            [b']', ..] if self.lists > 0 => {
                self.lists -= 1;
                *at += 1;
                if self.lists == 0 && self.others.is_some() {
                    self.state = State::Document { scanner: Scanner::inside_object(), scanned: 0 };
                }
            }
            _ if rest.starts_with(BYTE_ORDER_MARK) => *at += BYTE_ORDER_MARK.len(),
            _ if BYTE_ORDER_MARK.starts_with(rest) => return Progress::NeedMore,
            _ => self.state = State::Text { scanned: 0 },
        }
        Progress::GoOn
    }

    fn document(
        &mut self,
        window: &[u8],
        at: &mut usize,
        search: &mut Search,
        out: &mut Frames,
    ) -> Progress {
        let State::Document { mut scanner, scanned } = self.state else { return Progress::GoOn };
        let text = window.get(*at..).unwrap_or_default();
        // One byte beyond the limit is enough to know that the record is too long.
        let is_long = text.len() > self.record_bytes_max;
        let text = text.get(..=self.record_bytes_max).unwrap_or(text);
        let mut from = scanned;
        let mut search_from = from;
        loop {
            let key = if self.lists > 0 {
                None
            } else {
                let found = search.key(&self.keys, window, *at + search_from);
                found.map(|found| found - *at).filter(|found| *found < text.len())
            };
            // The last bytes may hold the beginning of a key: they are scanned, but without effect.
            let overlap = if key.is_some() || is_long { 0 } else { self.keys.overlap() };
            let to = key.unwrap_or(text.len()).saturating_sub(overlap).max(from);
            let mut stop = scanner.scan(text, from, to);
            let mut line_start = scanner.line_start;
            if stop == Scan::Open && overlap > 0 {
                let mut ahead = scanner;
                stop = ahead.scan(text, to, text.len());
                line_start = ahead.line_start;
            }
            match stop {
                Scan::Ended(end) => return self.end_document(window, at, end, out),
                Scan::Broken(end) => return self.break_document(window, at, end, line_start, out),
                Scan::Open => from = to,
            }
            let Some(key) = key else { break };
            if scanner.is_at_member_level() {
                let limit = *at + text.len();
                match self.keys.match_at(window.get(..limit).unwrap_or_default(), *at + key) {
                    Match::List(inside) => {
                        self.enter_wrapper(window, at, *at + key, inside, out);
                        return Progress::GoOn;
                    }
                    Match::Unknown => break,
                    Match::Other => {}
                }
            }
            search_from = key + 1;
        }
        if is_long {
            return self.outgrow_document(window, at, scanner, from, out);
        }
        self.state = State::Document { scanner, scanned: from };
        Progress::NeedMore
    }

    fn end_document(
        &mut self,
        window: &[u8],
        at: &mut usize,
        length: usize,
        out: &mut Frames,
    ) -> Progress {
        let end = *at + length;
        self.state = State::Between;
        if self.is_behind_list()
            && let Some(others) = &mut self.others
        {
            others.push(window.get(*at..end - 1).unwrap_or_default());
            self.leave_wrapper(out);
        } else if length > self.record_bytes_max {
            Oversize::longer_than(self.record_bytes_max).take(*at, end, true, out);
        } else {
            out.original(*at..end);
        }
        *at = end;
        Progress::GoOn
    }

    /// The document cannot go on at `end`: what was read is garbage, up to the first line inside it
    /// that may begin a record of its own.
    fn break_document(
        &mut self,
        window: &[u8],
        at: &mut usize,
        end: usize,
        line_start: Option<usize>,
        out: &mut Frames,
    ) -> Progress {
        let restart = line_start.filter(|start| self.credit.spend(end - start)).unwrap_or(end);
        if self.is_behind_list() {
            self.leave_wrapper(out);
        }
        self.garbage(window, *at, *at + restart, out);
        *at += restart;
        self.state = State::Between;
        Progress::GoOn
    }

    fn outgrow_document(
        &mut self,
        window: &[u8],
        at: &mut usize,
        scanner: Scanner,
        scanned: usize,
        out: &mut Frames,
    ) -> Progress {
        if let Some(start) = scanner.line_start
            && self.credit.spend(scanned - start)
        {
            return self.break_document(window, at, start, None, out);
        }
        if self.is_behind_list() {
            self.leave_wrapper(out);
        }
        let parts = Oversize::longer_than(self.record_bytes_max);
        self.state = State::Oversize { parts, end: OversizeEnd::Document(scanner), scanned };
        Progress::GoOn
    }

    fn enter_wrapper(
        &mut self,
        window: &[u8],
        at: &mut usize,
        key: usize,
        inside: usize,
        out: &mut Frames,
    ) {
        let piece = window.get(*at..key).unwrap_or_default();
        let mut others = match self.others.take() {
            Some(others) if others.len() + piece.len() > self.record_bytes_max => {
                self.others = Some(others);
                self.leave_wrapper(out);
                OtherMembers::default()
            }
            Some(others) => others,
            None => OtherMembers::default(),
        };
        // The first piece begins with the object's bracket, the others behind a list.
        others.push(piece.strip_prefix(b"{").unwrap_or(piece));
        self.others = Some(others);
        self.lists = 1;
        self.state = State::Between;
        *at = inside;
    }

    /// Delivers the members around the list of a wrapper object, if there were any.
    fn leave_wrapper(&mut self, out: &mut Frames) {
        if let Some(others) = self.others.take()
            && !others.is_empty()
        {
            out.made(|json| others.push_object(json));
        }
    }

    /// Whether the current document is the part of a wrapper object behind its list.
    fn is_behind_list(&self) -> bool {
        self.lists == 0 && self.others.is_some()
    }

    fn text(&mut self, window: &[u8], at: &mut usize, out: &mut Frames) -> Progress {
        let State::Text { scanned } = &mut self.state else { return Progress::GoOn };
        let text = window.get(*at..).unwrap_or_default();
        let end = if self.lists > 0 { scalar_end(text, scanned) } else { line_end(text, scanned) };
        if end.unwrap_or(text.len()) > self.record_bytes_max {
            let parts = Oversize::longer_than(self.record_bytes_max);
            self.state = State::Oversize { parts, end: OversizeEnd::Line, scanned: 0 };
            return Progress::GoOn;
        }
        let Some(end) = end else { return Progress::NeedMore };
        self.garbage(window, *at, *at + end, out);
        *at += end;
        self.state = State::Between;
        Progress::GoOn
    }

    fn oversize(&mut self, window: &[u8], at: &mut usize, out: &mut Frames) -> Progress {
        let State::Oversize { parts, end, scanned } = &mut self.state else {
            return Progress::GoOn;
        };
        let text = window.get(*at..).unwrap_or_default();
        let found = match end {
            OversizeEnd::Line => line_end(text, scanned),
            OversizeEnd::Document(scanner) => match scanner.scan(text, *scanned, text.len()) {
                Scan::Open => None,
                Scan::Ended(end) | Scan::Broken(end) => Some(end),
            },
        };
        let known = found.unwrap_or(text.len());
        let used = parts.take(*at, *at + known, found.is_some(), out) - *at;
        if let OversizeEnd::Document(scanner) = end {
            scanner.forget(text.get(..used).unwrap_or_default());
        }
        *scanned = known - used;
        *at += used;
        if found.is_none() {
            return Progress::NeedMore;
        }
        self.state = State::Between;
        Progress::GoOn
    }

    /// A frame that is not JSON; the parser finds out and keeps the bytes.
    fn garbage(&self, window: &[u8], start: usize, end: usize, out: &mut Frames) {
        let bytes = window.get(start..end).unwrap_or_default().trim_ascii_end();
        if !bytes.is_empty() {
            out.original(start..start + bytes.len());
        }
    }

    /// What is left open when the content ends. `None`: it was resolved and framing goes on at
    /// `at`.
    fn finish_open(
        &mut self,
        tail: &[u8],
        at: &mut usize,
        damaged: bool,
        out: &mut Frames,
    ) -> Option<usize> {
        let text = tail.get(*at..).unwrap_or_default();
        match std::mem::replace(&mut self.state, State::Between) {
            State::Document { mut scanner, scanned } => {
                scanner.scan(text, scanned, text.len());
                if let Some(start) = scanner.line_start
                    && self.credit.spend(text.len() - start)
                {
                    self.break_document(tail, at, start, None, out);
                    return None;
                }
                let is_cut_wrapper = self.is_behind_list() && text.trim_ascii().is_empty();
                if self.is_behind_list() {
                    self.leave_wrapper(out);
                }
                if damaged {
                    return Some(*at);
                }
                if is_cut_wrapper {
                    out.fault_bytes(b"", "object is not closed where the content ends", 0);
                }
                self.garbage(tail, *at, tail.len(), out);
            }
            State::Oversize { mut parts, .. } if !damaged => {
                parts.take(*at, tail.len(), true, out);
            }
            State::Between | State::Text { .. } if !damaged => {
                self.garbage(tail, *at, tail.len(), out);
            }
            _ => return Some(*at),
        }
        Some(tail.len())
    }
}

impl Framer for JsonFramer {
    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        self.advance(window, 0, out)
    }

    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        self.takes_plain_lines = false;
        let mut at = 0;
        let used = loop {
            at = self.advance(tail, at, out);
            if let Some(used) = self.finish_open(tail, &mut at, damaged, out) {
                break used;
            }
        };
        if self.lists > 0 {
            self.leave_wrapper(out);
            if !damaged {
                out.fault_bytes(b"", "list is not closed where the content ends", 0);
            }
        }
        used
    }
}

/// White space, commas (lists without brackets exist) and the record separator of RFC 7464.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1e)
}

/// End of a line of garbage, without its line end.
fn line_end(text: &[u8], scanned: &mut usize) -> Option<usize> {
    let found = memchr(b'\n', text.get(*scanned..).unwrap_or_default());
    let end = found.map(|found| *scanned + found);
    *scanned = text.len();
    end
}

/// End of a list element that is neither object nor list.
fn scalar_end(text: &[u8], scanned: &mut usize) -> Option<usize> {
    if text.first() != Some(&b'"') {
        let start = (*scanned).max(1);
        let stops = |byte: &u8| matches!(byte, b',' | b']' | b'\n' | b'{' | b'[');
        let found = text.get(start..).unwrap_or_default().iter().position(stops);
        let end = found.map(|found| start + found);
        *scanned = text.len();
        return end;
    }
    let mut at = (*scanned).max(1);
    loop {
        let found = memchr3(b'"', b'\\', b'\n', text.get(at..).unwrap_or_default());
        let Some(found) = found.map(|found| at + found) else {
            *scanned = text.len();
            return None;
        };
        match text.get(found) {
            Some(b'"') => return Some(found + 1),
            Some(b'\\') if found + 1 < text.len() => at = found + 2,
            Some(b'\\') => {
                *scanned = found;
                return None;
            }
            _ => return Some(found),
        }
    }
}
