//! UTF-16 text as UTF-8, while it is read. Half a surrogate pair has no UTF-8 form: it is written
//! the way a single character of that number would be, which is not UTF-8 and is refused later with
//! its bytes.

use std::io::{self, Read};

use crate::files::stream::Damage;

/// Byte order of UTF-16 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The order that a byte order mark at the start of `head` tells; UTF-32 has none here.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            _ => None,
        }
    }
}

/// Bytes of the byte order mark.
pub(crate) const MARK_BYTES: usize = 2;

/// Reads UTF-16 (without its byte order mark) as UTF-8.
pub(crate) struct Utf16Reader<R> {
    inner: R,
    order: ByteOrder,
    input: Vec<u8>,
    /// Bytes of half a unit, or of a high surrogate that waits for its other half.
    held: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Open,
    Ended,
    /// The text ended in half a unit.
    Cut,
    /// The stream cannot be read any further; what was held is delivered first.
    Failed(io::Error),
}

impl<R: Read> Utf16Reader<R> {
    pub(crate) fn new(inner: R, order: ByteOrder) -> Self {
        let input = vec![0; 64 << 10];
        let state = State::Open;
        Self { inner, order, input, held: Vec::new(), text: Vec::new(), at: 0, state }
    }

    fn decode_more(&mut self) {
        self.text.clear();
        self.at = 0;
        let length = match self.inner.read(&mut self.input) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => {
                self.text = std::mem::take(&mut self.held);
                self.state = State::Failed(error);
                return;
            }
        };
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(self.input.get(..length).unwrap_or_default());
        let (pairs, odd) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| match self.order {
            ByteOrder::Little => u16::from_le_bytes(*pair),
            ByteOrder::Big => u16::from_be_bytes(*pair),
        });
        let mut units: Vec<u16> = units.collect();
        if length == 0 {
            push_text(&units, &mut self.text);
            self.text.extend_from_slice(odd);
            self.state = if odd.is_empty() { State::Ended } else { State::Cut };
            return;
        }
        let waits = units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let held = odd.len() + if waits { 2 } else { 0 };
        if waits {
            units.pop();
        }
        self.held = bytes.get(bytes.len() - held..).unwrap_or_default().to_vec();
        push_text(&units, &mut self.text);
    }
}

fn push_text(units: &[u16], text: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    for character in char::decode_utf16(units.iter().copied()) {
        match character {
            Ok(character) => {
                text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            }
            Err(error) => {
                let [high, low] = error.unpaired_surrogate().to_be_bytes();
                let middle = (high & 0x0f) << 2 | low >> 6;
                text.extend_from_slice(&[0xe0 | high >> 4, 0x80 | middle, 0x80 | (low & 0x3f)]);
            }
        }
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            match &self.state {
                State::Open => self.decode_more(),
                State::Ended => return Ok(0),
                State::Failed(error) => {
                    return Err(io::Error::new(error.kind(), Damage(error.to_string())));
                }
                State::Cut => return Err(Damage::error("utf-16 text ends in half a character")),
            }
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        for (slot, byte) in buffer.iter_mut().zip(rest) {
            *slot = *byte;
        }
        self.at += length;
        Ok(length)
    }
}
