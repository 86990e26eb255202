//! Cuts what a connection sends into messages (RFC 6587), whichever way its sender marks their
//! ends: octet count, line feed, or NUL (Python). Decided anew for every message, because relays
//! mix what they pass on.
//!
//! A count is one only in front of a `<` or `{`, or behind another counted message: a line may
//! begin with a number. Nothing but line ends and counts is dropped: what is too long or miscounted
//! comes out as faults, in parts of limited size.

use memchr::memchr2;

/// Digits of a count that may be one.
const COUNT_DIGITS_MAX: usize = 10;

/// Highest count that is believed; behind a higher one the next line begins a message.
const COUNT_MAX: usize = 16 << 20;

/// Bytes behind a line feed that tell whether it ends a message.
const LOOK_AHEAD: usize = 2;

/// What was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// A message without what marks its end.
    Message(&'a [u8]),
    /// Bytes that are no whole message.
    Fault(&'a [u8], FaultReason),
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FaultReason {
    /// Longer than the limit; what comes next may be a further part.
    #[error("syslog message is longer than {bytes_max} bytes")]
    TooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// A count of zero, with leading zeros, or far too high.
    #[error("syslog message has an octet count that cannot be right")]
    Count,
    /// The connection ended before as many bytes came as were announced.
    #[error("syslog message was cut off by the end of the connection")]
    CutOff,
}

/// Receives what is cut off, in order.
type Out<'o> = dyn FnMut(Framed<'_>) + 'o;

/// Cuts one connection's bytes; how they come in pieces makes no difference.
#[derive(Debug)]
pub(super) struct Framer {
    bytes_max: usize,
    /// Bytes of the message at hand, from its count on.
    window: Vec<u8>,
    /// Bytes at the start of the window that hold no line end.
    scanned: usize,
    /// The rest of the line at hand is not a message.
    line_fault: Option<FaultReason>,
    /// Bytes still to come of a counted message that is too long.
    counted_left: usize,
    /// The message before was counted.
    is_counted: bool,
    /// The message before ended with NUL.
    is_nul_ended: bool,
    /// The message at hand may have several lines.
    has_lines: bool,
}

/// What stands at the start of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// Depends on the next bytes.
    Undecided,
    /// No count.
    Absent,
    /// Looks like a count, and is none.
    Wrong,
    /// The message takes so many bytes from there on.
    Octets { start: usize, octets: usize },
}

impl Framer {
    /// A framer for messages of limited length.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max: bytes_max.max(1),
            window: Vec::new(),
            scanned: 0,
            line_fault: None,
            counted_left: 0,
            is_counted: false,
            is_nul_ended: false,
            has_lines: false,
        }
    }

    /// Takes the next bytes and hands over what is complete.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Out<'_>) {
        let mut window = std::mem::take(&mut self.window);
        window.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest) = window.get(at..).filter(|rest| !rest.is_empty())
            && let Some(used) = self.step(rest, out)
        {
            at += used;
        }
        window.drain(..at.min(window.len()));
        self.window = window;
    }

    /// Hands over what is left when nothing more comes.
    pub(super) fn finish(mut self, out: &mut Out<'_>) {
        let window = std::mem::take(&mut self.window);
        let is_whole_count = matches!(self.count(&window), Count::Octets { .. });
        let reason = match self.line_fault {
            Some(reason) => Some(reason),
            None if self.counted_left > 0 => Some(self.too_long()),
            None if is_whole_count => Some(FaultReason::CutOff),
            None if window.len() > self.bytes_max => Some(self.too_long()),
            None => None,
        };
        match reason {
            Some(reason) => {
                for part in window.chunks(self.bytes_max) {
                    out(Framed::Fault(part, reason));
                }
            }
            None => push_message(&window, out),
        }
    }

    /// Cuts one thing off the start; `None` when more bytes must come first.
    fn step(&mut self, window: &[u8], out: &mut Out<'_>) -> Option<usize> {
        if self.counted_left > 0 {
            return self.counted_part(window, out);
        }
        if self.line_fault.is_some() || self.scanned > 0 {
            return self.line(window, out);
        }
        let blank = window.iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0)).count();
        if blank > 0 {
            return Some(blank);
        }
        self.has_lines = self.is_nul_ended && window.starts_with(b"<");
        match self.count(window) {
            Count::Undecided => None,
            Count::Octets { start, octets } => self.counted(window, start, octets, out),
            Count::Wrong => {
                self.line_fault = Some(FaultReason::Count);
                self.line(window, out)
            }
            Count::Absent => self.line(window, out),
        }
    }

    fn count(&self, window: &[u8]) -> Count {
        let digits = window.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > COUNT_DIGITS_MAX || self.line_fault.is_some() {
            return Count::Absent;
        }
        match (window.get(digits), window.get(digits + 1)) {
            (None, _) => return Count::Undecided,
            (Some(b' '), _) if self.is_counted => {}
            (Some(b' '), None) => return Count::Undecided,
            (Some(b' '), Some(b'<' | b'{')) => {}
            _ => return Count::Absent,
        }
        let text = window.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
        match text.and_then(|text| text.parse().ok()) {
            Some(octets @ 1..=COUNT_MAX) if !window.starts_with(b"0") => {
                Count::Octets { start: digits + 1, octets }
            }
            _ => Count::Wrong,
        }
    }

    fn counted(
        &mut self,
        window: &[u8],
        start: usize,
        octets: usize,
        out: &mut Out<'_>,
    ) -> Option<usize> {
        if octets > self.bytes_max {
            self.counted_left = octets;
            return Some(start);
        }
        let message = window.get(start..start + octets)?;
        push_message(message, out);
        (self.is_counted, self.is_nul_ended) = (true, false);
        Some(start + octets)
    }

    /// A part of a counted message that is too long.
    fn counted_part(&mut self, window: &[u8], out: &mut Out<'_>) -> Option<usize> {
        let part = window.get(..self.counted_left.min(self.bytes_max))?;
        out(Framed::Fault(part, self.too_long()));
        self.counted_left -= part.len();
        (self.is_counted, self.is_nul_ended) = (true, false);
        Some(part.len())
    }

    /// A message up to its line end, or a part of one that is too long.
    fn line(&mut self, window: &[u8], out: &mut Out<'_>) -> Option<usize> {
        let end = self.line_end(window);
        if let Some(end) = end.filter(|end| *end <= self.bytes_max) {
            let line = window.get(..end)?;
            match self.line_fault.take() {
                Some(reason) if !line.is_empty() => out(Framed::Fault(line, reason)),
                Some(_) => {}
                None => push_message(line, out),
            }
            self.scanned = 0;
            self.is_counted = false;
            self.is_nul_ended = window.get(end) == Some(&0);
            return Some(end + 1);
        }
        if end.is_none() && window.len() <= self.bytes_max + LOOK_AHEAD {
            return None;
        }
        let reason =
            *self.line_fault.get_or_insert(FaultReason::TooLong { bytes_max: self.bytes_max });
        out(Framed::Fault(window.get(..self.bytes_max)?, reason));
        self.scanned = self.scanned.saturating_sub(self.bytes_max);
        Some(self.bytes_max)
    }

    /// Index of the line feed or NUL that ends the line at hand. Where NULs end messages, a line
    /// feed ends one with a priority only in front of the next priority: other lines are part of
    /// it.
    fn line_end(&mut self, window: &[u8]) -> Option<usize> {
        loop {
            let found = memchr2(b'\n', 0, window.get(self.scanned..)?);
            let Some(end) = found.map(|found| self.scanned + found) else {
                self.scanned = window.len();
                return None;
            };
            if !self.has_lines || window.get(end) == Some(&0) {
                self.scanned = end;
                return Some(end);
            }
            self.scanned = end;
            match window.get(end + 1..) {
                Some([b'<', digit, ..]) if digit.is_ascii_digit() => return Some(end),
                Some([] | [b'<']) | None => return None,
                Some(_) => self.scanned = end + 1,
            }
        }
    }

    const fn too_long(&self) -> FaultReason {
        FaultReason::TooLong { bytes_max: self.bytes_max }
    }
}

/// Hands over a message without its line end, unless it is blank.
fn push_message(bytes: &[u8], out: &mut Out<'_>) {
    let message = trim_end(bytes);
    if !message.trim_ascii().is_empty() {
        out(Framed::Message(message));
    }
}

/// A message without the line ends and NULs behind it.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let kept = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0));
    bytes.get(..kept.map_or(0, |last| last + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Most bytes of a message in these tests.
    const BYTES_MAX: usize = 24;

    /// What comes out of pieces: messages as they are, faults behind `!`.
    fn frame<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut found = Vec::new();
        let mut out = |framed: Framed<'_>| {
            let (mark, bytes) = match framed {
                Framed::Message(bytes) => ("", bytes),
                Framed::Fault(bytes, FaultReason::TooLong { .. }) => ("!long ", bytes),
                Framed::Fault(bytes, FaultReason::Count) => ("!count ", bytes),
                Framed::Fault(bytes, FaultReason::CutOff) => ("!cut ", bytes),
            };
            assert!(bytes.len() <= BYTES_MAX || mark == "!cut ", "{bytes:?}");
            found.push(format!("{mark}{}", bytes.escape_ascii()));
        };
        let mut framer = Framer::new(BYTES_MAX);
        for piece in pieces {
            framer.push(piece, &mut out);
            assert!(framer.window.len() <= BYTES_MAX + COUNT_DIGITS_MAX + LOOK_AHEAD);
        }
        framer.finish(&mut out);
        found
    }

    #[test]
    fn every_framing_is_read() {
        for (stream, expected) in [
            ("", vec![]),
            ("\n\r\n\0 \n", vec![]),
            ("<1>a\n<2>b\n", vec!["<1>a", "<2>b"]),
            ("<1>a\r\n<2>b\r\n", vec!["<1>a", "<2>b"]),
            ("<1>a\0<2>b\0", vec!["<1>a", "<2>b"]),
            ("<1>a\n<2>no end", vec!["<1>a", "<2>no end"]),
            ("4 <1>a4 <2>b", vec!["<1>a", "<2>b"]),
            ("5 <1>a\n6 <2>b\r\n", vec!["<1>a", "<2>b"]),
            ("4 <1>a\n4 <2>b\n", vec!["<1>a", "<2>b"]),
            ("7 {\"a\":1}4 text", vec!["{\"a\":1}", "text"]),
            ("9 <1>two\nx\n<2>b\n4 <3>c", vec!["<1>two\\nx", "<2>b", "<3>c"]),
            ("4 <1>a<2>b\0<3>c\n", vec!["<1>a", "<2>b", "<3>c"]),
            (
                "12 monkeys\n2026-01-31T\n10.0.0.1 x\n",
                vec!["12 monkeys", "2026-01-31T", "10.0.0.1 x"],
            ),
            ("12345678901 <1>a\n12", vec!["12345678901 <1>a", "12"]),
            ("3 \n\n\n4 <1>a", vec!["3 ", "<1>a"]),
        ] {
            let expected: Vec<String> =
                expected.into_iter().map(|text| text.replace('"', "\\\"")).collect();
            assert_eq!(frame([stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn messages_of_several_lines_are_whole_where_nul_ends_them() {
        for (stream, expected) in [
            ("<1>a\0<2>b\n  at c\n<d>\n\0<3>e\0", vec!["<1>a", "<2>b\\n  at c\\n<d>", "<3>e"]),
            ("<1>a\0<2>b\n<3>c\nd\n<4>e", vec!["<1>a", "<2>b", "<3>c", "d", "<4>e"]),
            ("<1>a\0<2>b\n", vec!["<1>a", "<2>b"]),
            ("<1>a\0b\nc\n", vec!["<1>a", "b", "c"]),
        ] {
            assert_eq!(frame([stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_miscounted_is_kept_in_parts() {
        let long = "x".repeat(BYTES_MAX);
        for (stream, expected) in [
            (format!("{long}\n<1>a\n"), vec![long.clone(), "<1>a".into()]),
            (
                format!("{long}yz\n<1>a\n"),
                vec![format!("!long {long}"), "!long yz".into(), "<1>a".into()],
            ),
            (
                format!("{long}{long}\n<1>a"),
                vec![format!("!long {long}"), format!("!long {long}"), "<1>a".into()],
            ),
            (format!("{long}y"), vec![format!("!long {long}"), "!long y".into()]),
            (
                format!("27 <1>{long}4 <1>a"),
                vec![format!("!long <1>{}", &long[3..]), "!long xxx".into(), "<1>a".into()],
            ),
            (format!("30 <1>{long}"), vec![format!("!long <1>{}", &long[3..]), "!long xxx".into()]),
            ("0 <1>a\n4 <1>b".into(), vec!["!count 0 <1>a".into(), "<1>b".into()]),
            ("04 <1>a\n4 <1>b".into(), vec!["!count 04 <1>a".into(), "<1>b".into()]),
            ("99999999 <1>a\n4 <1>b".into(), vec!["!count 99999999 <1>a".into(), "<1>b".into()]),
            ("9 <1>a".into(), vec!["!cut 9 <1>a".into()]),
            ("3 <1>a\n<2>b\n".into(), vec!["<1>".into(), "a".into(), "<2>b".into()]),
        ] {
            assert_eq!(frame([stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let message = "(<[0-9]{1,3}>)?[a-c0-9 <{]{0,30}";
        let part = (message, 0_usize..8).prop_map(|(text, kind)| match kind {
            0 => format!("{text}\n"),
            1 => format!("{text}\r\n"),
            2 | 3 => format!("{text}\0"),
            4 => format!("{} {text}", text.len()),
            5 => format!("{} {text}\n", text.len() + 1),
            6 => format!("{} {text}\n", text.len() / 2),
            _ => format!("{text}\n\0 \n"),
        });
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            stream in streams(),
            sizes in proptest::collection::vec(1_usize..40, 1..8),
        ) {
            let whole = frame_loosely(&stream, &[usize::MAX]);
            prop_assert_eq!(&frame_loosely(&stream, &sizes), &whole);
            prop_assert_eq!(&frame_loosely(&stream, &[1]), &whole);
        }

        #[test]
        fn nothing_but_line_ends_and_counts_is_dropped(stream in streams()) {
            let visible = |bytes: &[u8]| {
                let is_kept = |byte: &&u8| !b"\n\r\0 0123456789".contains(byte);
                bytes.iter().filter(is_kept).copied().collect::<Vec<u8>>()
            };
            let mut found = Vec::new();
            let mut framer = Framer::new(BYTES_MAX);
            let mut out = |framed: Framed<'_>| match framed {
                Framed::Message(bytes) | Framed::Fault(bytes, _) => found.extend_from_slice(bytes),
            };
            framer.push(&stream, &mut out);
            framer.finish(&mut out);
            prop_assert_eq!(visible(&found), visible(&stream));
        }
    }

    /// What comes out of a stream that comes in pieces of these sizes, over and over.
    fn frame_loosely(stream: &[u8], sizes: &[usize]) -> Vec<String> {
        let mut rest = stream;
        let mut sizes = sizes.iter().cycle();
        frame(std::iter::from_fn(move || {
            let size = (*sizes.next()?).min(rest.len());
            let (piece, after) = rest.split_at(size);
            rest = after;
            (!piece.is_empty()).then_some(piece)
        }))
    }
}
