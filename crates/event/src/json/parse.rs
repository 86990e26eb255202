//! Parsing JSON text into the arena: one pass, no recursion, nothing allocated per event once warm.
//! Grammar: RFC 8259, strict; equal keys are kept, numbers keep their spelling.

use super::vocabulary::hash_and_case;
use super::{Kind, NO_CHILDREN, Node, NodeId, Span, Token, Tree, Vocabulary};

/// Bounds of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Deepest nesting of arrays and objects.
    pub depth_max: u32,
    /// Longest document in bytes; at most 4 GiB - 1, the reach of a span.
    pub bytes_max: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { depth_max: 1_000, bytes_max: 1 << 30 }
    }
}

/// Why bytes are not a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseFault {
    /// Longer than [`ParseLimits::bytes_max`].
    TooLong,
    /// Deeper than [`ParseLimits::depth_max`].
    TooDeep,
    /// Not UTF-8.
    InvalidUtf8,
    /// The text ends inside a value.
    UnexpectedEnd,
    /// A byte that cannot stand there.
    UnexpectedByte(u8),
    /// A backslash sequence that JSON does not know.
    InvalidEscape,
    /// A control character inside a string.
    ControlCharacter,
    /// A number that JSON does not allow, such as `01` or `NaN`.
    InvalidNumber,
    /// More text after the document.
    TrailingText,
}

/// A fault and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// Bytes before the fault.
    pub offset: usize,
    /// What is wrong there.
    pub fault: ParseFault,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offset = self.offset;
        match self.fault {
            ParseFault::TooLong => write!(formatter, "document of {offset} bytes is too long"),
            ParseFault::TooDeep => write!(formatter, "nesting is too deep at byte {offset}"),
            ParseFault::InvalidUtf8 => write!(formatter, "invalid UTF-8 at byte {offset}"),
            ParseFault::UnexpectedEnd => write!(formatter, "JSON ends early at byte {offset}"),
            ParseFault::UnexpectedByte(byte) => {
                write!(formatter, "unexpected `{}` at byte {offset}", byte.escape_ascii())
            }
            ParseFault::InvalidEscape => {
                write!(formatter, "invalid escape in a string at byte {offset}")
            }
            ParseFault::ControlCharacter => {
                write!(formatter, "unescaped control character in a string at byte {offset}")
            }
            ParseFault::InvalidNumber => write!(formatter, "invalid number at byte {offset}"),
            ParseFault::TrailingText => {
                write!(formatter, "text after the JSON value at byte {offset}")
            }
        }
    }
}

impl std::error::Error for ParseError {}

impl Tree {
    /// Replaces the tree by the document in `bytes`. After an error the tree is an empty object.
    ///
    /// # Errors
    /// The first fault and its offset.
    pub fn parse(&mut self, bytes: &[u8], limits: ParseLimits) -> Result<(), ParseError> {
        let result = self.parse_into(bytes, limits);
        if result.is_err() {
            self.clear();
        }
        result
    }

    fn parse_into(&mut self, bytes: &[u8], limits: ParseLimits) -> Result<(), ParseError> {
        let fail = |offset, fault| Err(ParseError { offset, fault });
        if bytes.len() > limits.bytes_max.min(u32::MAX as usize - 1) {
            return fail(bytes.len(), ParseFault::TooLong);
        }
        let Ok(text) = simdutf8::basic::from_utf8(bytes) else {
            let valid =
                std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
            return fail(valid, ParseFault::InvalidUtf8);
        };
        self.text.clear();
        self.text.push_str(text);
        self.nodes.clear();
        self.occurrences.clear();
        let mut parser = Parser {
            bytes: self.text.as_bytes(),
            position: 0,
            nodes: &mut self.nodes,
            vocabulary: &self.vocabulary,
            occurrences: &mut self.occurrences,
            container: NodeId::NONE,
            depth: 0,
            depth_max: limits.depth_max,
        };
        parser.document().or_else(|fault| fail(parser.position, fault))
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    position: usize,
    nodes: &'a mut Vec<Node>,
    vocabulary: &'a Vocabulary,
    occurrences: &'a mut Vec<(Token, NodeId)>,
    container: NodeId,
    depth: u32,
    depth_max: u32,
}

/// The key of the member being read.
#[derive(Clone, Copy)]
struct Key {
    span: Span,
    hash: u32,
    token: Token,
    flags: u8,
}

const NO_KEY: Key =
    Key { span: Span { start: 0, length: 0 }, hash: 0, token: Token::NONE, flags: 0 };

impl Parser<'_> {
    fn document(&mut self) -> Result<(), ParseFault> {
        let mut key = NO_KEY;
        loop {
            let opened = self.value(key)?;
            // Opened a container: its first member comes next, unless it is empty.
            let mut closed = !opened;
            if opened {
                match (self.skip_space(), self.container_kind()) {
                    (Some(b'}'), Kind::Object) | (Some(b']'), Kind::Array) => {
                        self.close();
                        closed = true;
                    }
                    (Some(_), _) => {}
                    (None, _) => return Err(ParseFault::UnexpectedEnd),
                }
            }
            if closed && !self.advance()? {
                return self.end();
            }
            key = if self.container_kind() == Kind::Object { self.key()? } else { NO_KEY };
        }
    }

    /// After a complete value: eats a comma (`true`) or closes containers up to the end (`false`).
    fn advance(&mut self) -> Result<bool, ParseFault> {
        while self.container != NodeId::NONE {
            match (self.skip_space(), self.container_kind()) {
                (Some(b','), _) => {
                    self.position += 1;
                    return Ok(true);
                }
                (Some(b'}'), Kind::Object) | (Some(b']'), Kind::Array) => self.close(),
                (Some(byte), _) => return Err(ParseFault::UnexpectedByte(byte)),
                (None, _) => return Err(ParseFault::UnexpectedEnd),
            }
        }
        Ok(false)
    }

    fn end(&mut self) -> Result<(), ParseFault> {
        match self.skip_space() {
            None => Ok(()),
            Some(_) => Err(ParseFault::TrailingText),
        }
    }

    fn container_kind(&self) -> Kind {
        self.nodes.get(self.container.index()).map_or(Kind::Null, |node| node.kind)
    }

    fn close(&mut self) {
        self.position += 1;
        self.depth -= 1;
        self.container =
            self.nodes.get(self.container.index()).map_or(NodeId::NONE, |node| node.parent);
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn skip_space(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.position += 1;
        }
    }

    fn key(&mut self) -> Result<Key, ParseFault> {
        match self.skip_space() {
            Some(b'"') => self.position += 1,
            Some(byte) => return Err(ParseFault::UnexpectedByte(byte)),
            None => return Err(ParseFault::UnexpectedEnd),
        }
        let (span, escaped) = self.string()?;
        match self.skip_space() {
            Some(b':') => self.position += 1,
            Some(byte) => return Err(ParseFault::UnexpectedByte(byte)),
            None => return Err(ParseFault::UnexpectedEnd),
        }
        let start = span.start as usize;
        let bytes = self.bytes.get(start..start + span.length as usize).unwrap_or_default();
        if escaped {
            // The index and look-ups work on the characters, not on their spelling.
            let plain = super::unescape(std::str::from_utf8(bytes).unwrap_or_default());
            let (hash, odd) = hash_and_case(plain.as_bytes());
            let token = self.vocabulary.token_hashed(plain.as_bytes(), hash);
            return Ok(Key { span, hash, token, flags: Node::key_flags(true, odd) });
        }
        let (hash, odd) = hash_and_case(bytes);
        let token = self.vocabulary.token_hashed(bytes, hash);
        Ok(Key { span, hash, token, flags: Node::key_flags(false, odd) })
    }

    /// Reads a scalar (`false`) or opens a container (`true`).
    fn value(&mut self, key: Key) -> Result<bool, ParseFault> {
        let (kind, span, flags) = match self.skip_space() {
            Some(b'"') => {
                self.position += 1;
                let (span, escaped) = self.string()?;
                (Kind::String, span, if escaped { Node::VALUE_ESCAPED } else { 0 })
            }
            Some(b'{') => (Kind::Object, NO_CHILDREN, 0),
            Some(b'[') => (Kind::Array, NO_CHILDREN, 0),
            Some(b't') => (Kind::Bool, self.literal(b"true")?, Node::TRUE),
            Some(b'f') => (Kind::Bool, self.literal(b"false")?, 0),
            Some(b'n') => (Kind::Null, self.literal(b"null")?, 0),
            Some(b'-' | b'0'..=b'9') => (Kind::Number, self.number()?, 0),
            Some(byte) => return Err(ParseFault::UnexpectedByte(byte)),
            None => return Err(ParseFault::UnexpectedEnd),
        };
        let id = self.push(key, kind, span, flags)?;
        if !matches!(kind, Kind::Object | Kind::Array) {
            return Ok(false);
        }
        if self.depth == self.depth_max {
            return Err(ParseFault::TooDeep);
        }
        self.position += 1;
        self.depth += 1;
        self.container = id;
        Ok(true)
    }

    fn push(&mut self, key: Key, kind: Kind, value: Span, flags: u8) -> Result<NodeId, ParseFault> {
        let number = u32::try_from(self.nodes.len()).map_err(|_| ParseFault::TooLong)?;
        let id = NodeId(number);
        self.nodes.push(Node {
            key: key.span,
            value,
            parent: self.container,
            next: NodeId::NONE,
            hash: key.hash,
            token: key.token,
            kind,
            flags: flags | key.flags,
        });
        if key.token != Token::NONE {
            self.occurrences.push((key.token, id));
        }
        if let Some(parent) = self.nodes.get_mut(self.container.index()) {
            let last = parent.last_child();
            parent.value.length = number;
            if last == NodeId::NONE {
                parent.value.start = number;
            } else if let Some(sibling) = self.nodes.get_mut(last.index()) {
                sibling.next = id;
            }
        }
        Ok(id)
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<Span, ParseFault> {
        for &expected in word {
            match self.peek() {
                Some(byte) if byte == expected => self.position += 1,
                Some(byte) => return Err(ParseFault::UnexpectedByte(byte)),
                None => return Err(ParseFault::UnexpectedEnd),
            }
        }
        Ok(Span::default())
    }

    /// The inside of a string whose opening quote has been read; reads the closing one.
    fn string(&mut self) -> Result<(Span, bool), ParseFault> {
        let start = self.position;
        let mut escaped = false;
        loop {
            self.position += plain_prefix(self.bytes.get(self.position..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    let span = self.span_from(start);
                    self.position += 1;
                    return Ok((span, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(ParseFault::ControlCharacter),
                None => return Err(ParseFault::UnexpectedEnd),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ParseFault> {
        self.position += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.position += 1,
            Some(b'u') => {
                self.position += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(byte) if byte.is_ascii_hexdigit() => self.position += 1,
                        Some(_) => return Err(ParseFault::InvalidEscape),
                        None => return Err(ParseFault::UnexpectedEnd),
                    }
                }
            }
            Some(_) => return Err(ParseFault::InvalidEscape),
            None => return Err(ParseFault::UnexpectedEnd),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Span, ParseFault> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if zero && digits > 1 {
            return Err(ParseFault::InvalidNumber);
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
        }
        Ok(self.span_from(start))
    }

    fn digits(&mut self) -> Result<usize, ParseFault> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        match (self.position - start, self.peek()) {
            (0, None) => Err(ParseFault::UnexpectedEnd),
            (0, Some(_)) => Err(ParseFault::InvalidNumber),
            (count, _) => Ok(count),
        }
    }

    fn span_from(&self, start: usize) -> Span {
        // Both fit: parse_into refuses documents of 4 GiB and more.
        Span { start: start as u32, length: (self.position - start) as u32 }
    }
}

/// Number of leading bytes that are neither a quote, a backslash nor a control character; eight at
/// a time.
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (number, word) in words.iter().enumerate() {
        if let Some(stop) = first_stop(*word) {
            return number * 8 + stop;
        }
    }
    let tail = match bytes.last_chunk() {
        // Overlaps what was looked at already: those bytes are plain.
        Some(word) if !rest.is_empty() => first_stop(*word).map(|stop| bytes.len() - 8 + stop),
        _ => rest.iter().position(|byte| !is_plain_byte(*byte)),
    };
    tail.unwrap_or(bytes.len())
}

/// Whether there is no quote, backslash or control character at all; quickest for short texts.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    match *bytes {
        [] => true,
        [a, b, c, d, ..] if bytes.len() < 8 => {
            let [e, f, g, h] = *bytes.last_chunk().unwrap_or(&[0; 4]);
            first_stop([a, b, c, d, e, f, g, h]).is_none()
        }
        [_, _, _, _, ..] => {
            let last = bytes.last_chunk().is_none_or(|word| first_stop(*word).is_none());
            last && bytes.as_chunks().0.iter().all(|word| first_stop(*word).is_none())
        }
        _ => bytes.iter().all(|byte| is_plain_byte(*byte)),
    }
}

const fn is_plain_byte(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Place of the first byte that is a quote, a backslash or a control character.
fn first_stop(word: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES * 0x80;
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGH
    }
    let word = u64::from_le_bytes(word);
    let quotes = zero_bytes(word ^ (ONES * 0x22));
    let backslashes = zero_bytes(word ^ (ONES * 0x5C));
    // A byte below 0x20 borrows into its high bit; bytes from 0x80 on are excluded by `!word`.
    let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    let stops = quotes | backslashes | controls;
    // At most 7.
    (stops != 0).then_some((stops.trailing_zeros() / 8) as usize)
}
