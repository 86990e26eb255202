//! Moving over JSON text: one pass, no tree, no allocation, every token checked.
//!
//! The text is read only as far as an answer needs. What was read is held to RFC 8259 (the grammar
//! the Trino functions hold it to): a value that was skipped is as well-formed as one that was
//! returned. Strings are searched eight bytes at a time, nesting is a bit stack instead of
//! recursion, so a document ten thousand levels deep costs ten thousand bits and not a stack
//! overflow.

use super::text::means;

/// The text is not JSON at this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Offset of the first byte that does not fit.
    pub(crate) at: usize,
}

/// What a value is, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// The inside of a JSON string, as it is spelled in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawString<'a> {
    /// The text between the quotes.
    pub(crate) body: &'a str,
    /// Whether it has a backslash, so that it is not its own meaning.
    pub(crate) escaped: bool,
}

/// Told of every token while a value is walked over; each method defaults to nothing.
pub(crate) trait Visitor<'a> {
    /// Whether keys and strings are worth cutting out of the text.
    const LISTENS: bool = true;

    /// A value starts at this offset.
    fn value(&mut self, _at: usize) {}
    /// `{` or `[`.
    fn open(&mut self, _bracket: char) {}
    /// `}` or `]`.
    fn close(&mut self, _bracket: char) {}
    /// A comma between members or elements.
    fn comma(&mut self) {}
    /// The key of a member; its value comes next.
    fn key(&mut self, _key: RawString<'a>) {}
    /// A string value.
    fn string(&mut self, _string: RawString<'a>) {}
    /// A number, `true`, `false` or `null` in its source spelling.
    fn plain(&mut self, _text: &'a str) {}
}

/// Walks without looking: this is skipping.
struct Nobody;

impl Visitor<'_> for Nobody {
    const LISTENS: bool = false;
}

/// A position in JSON text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Starts at a byte offset that an earlier scan reported.
    pub(crate) const fn starting_at(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The current byte offset.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// The text from `start` to the current position.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The byte at the current position.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves over one byte if it is this one.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }

    /// Moves over blanks, tabs and line ends.
    #[inline]
    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// What value starts here, after white space.
    #[inline]
    pub(crate) fn kind(&mut self) -> Result<Kind, Malformed> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.malformed()),
        }
    }

    /// Reads `"key" :` with any white space; the value is next.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<RawString<'a>, Malformed> {
        self.skip_space();
        let key = self.string()?;
        self.skip_space();
        if self.take(b':') { Ok(key) } else { Err(self.malformed()) }
    }

    /// Reads `"key" :` and tells whether it is this key; `plain` says that the key is spelled in
    /// JSON as it is, without escapes. The value is next.
    #[inline]
    pub(crate) fn key_is(&mut self, key: &str, plain: bool) -> Result<bool, Malformed> {
        self.skip_space();
        let bytes = self.text.as_bytes();
        let (start, end) = (self.at + 1, self.at + 1 + key.len());
        let hit = if plain
            && bytes.get(end) == Some(&b'"')
            && bytes.get(start..end) == Some(key.as_bytes())
        {
            // The opening quote is still to be checked: anything may stand before the key's
            // letters.
            let quoted = self.take(b'"');
            self.at = end + 1;
            if !quoted {
                return Err(Malformed { at: start - 1 });
            }
            true
        } else if self.skip_string()? {
            let body = self.text.get(start..self.at - 1).unwrap_or_default();
            means(RawString { body, escaped: true }, key)
        } else {
            false
        };
        self.skip_space();
        if self.take(b':') { Ok(hit) } else { Err(self.malformed()) }
    }

    /// Reads a string from its opening to behind its closing quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<RawString<'a>, Malformed> {
        let start = self.at + 1;
        let escaped = self.skip_string()?;
        let body = self.text.get(start..self.at - 1).unwrap_or_default();
        Ok(RawString { body, escaped })
    }

    /// Moves over a string; whether it has escapes.
    #[inline]
    fn skip_string(&mut self) -> Result<bool, Malformed> {
        if !self.take(b'"') {
            return Err(self.malformed());
        }
        let mut escaped = false;
        loop {
            self.at = next_stop(self.text.as_bytes(), self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.malformed()),
            }
        }
    }

    /// Moves over one escape sequence, standing on its backslash.
    #[cold]
    fn escape(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.malformed());
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.malformed()),
        }
        Ok(())
    }

    /// Reads a number and gives its source spelling.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        } else if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.malformed());
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(self.since(start))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed()) } else { Ok(()) }
    }

    /// Reads `true`, `false` or `null`; a longer word is none of them.
    #[inline]
    pub(crate) fn word(&mut self, word: &'static str) -> Result<&'static str, Malformed> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.malformed());
        }
        self.at += word.len();
        match self.peek() {
            Some(b'_' | b'$' | 0x80..) => Err(self.malformed()),
            Some(byte) if byte.is_ascii_alphanumeric() => Err(self.malformed()),
            _ => Ok(word),
        }
    }

    /// Moves over one value.
    #[inline]
    pub(crate) fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.kind()? {
            Kind::Object | Kind::Array => self.walk(&mut Nobody),
            Kind::String => self.skip_string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::True => self.word("true").map(drop),
            Kind::False => self.word("false").map(drop),
            Kind::Null => self.word("null").map(drop),
        }
    }

    /// Moves over one value and tells the visitor of every token in it.
    #[inline]
    pub(crate) fn walk<V: Visitor<'a>>(&mut self, visitor: &mut V) -> Result<(), Malformed> {
        let mut nesting = Nesting::default();
        loop {
            let kind = self.kind()?;
            visitor.value(self.at);
            match kind {
                Kind::Object => {
                    self.at += 1;
                    visitor.open('{');
                    nesting.push(true);
                    self.skip_space();
                    if self.peek() != Some(b'}') {
                        self.visit_key(visitor)?;
                        continue;
                    }
                }
                Kind::Array => {
                    self.at += 1;
                    visitor.open('[');
                    nesting.push(false);
                    self.skip_space();
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Kind::String if V::LISTENS => visitor.string(self.string()?),
                Kind::String => drop(self.skip_string()?),
                Kind::Number => visitor.plain(self.number()?),
                Kind::True => visitor.plain(self.word("true")?),
                Kind::False => visitor.plain(self.word("false")?),
                Kind::Null => visitor.plain(self.word("null")?),
            }
            if !self.after_value(&mut nesting, visitor)? {
                return Ok(());
            }
        }
    }

    /// Closes what ends here and moves to the next value; `false` when the outermost one is over.
    #[inline]
    fn after_value<V: Visitor<'a>>(
        &mut self,
        nesting: &mut Nesting,
        visitor: &mut V,
    ) -> Result<bool, Malformed> {
        while let Some(in_object) = nesting.top() {
            self.skip_space();
            let (end, bracket) = if in_object { (b'}', '}') } else { (b']', ']') };
            if self.take(end) {
                visitor.close(bracket);
                nesting.pop();
                continue;
            }
            if !self.take(b',') || self.is_before(end) {
                return Err(self.malformed());
            }
            visitor.comma();
            if in_object {
                self.visit_key(visitor)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    #[inline]
    fn visit_key<V: Visitor<'a>>(&mut self, visitor: &mut V) -> Result<(), Malformed> {
        if V::LISTENS {
            visitor.key(self.key()?);
            return Ok(());
        }
        self.skip_space();
        self.skip_string()?;
        self.skip_space();
        if self.take(b':') { Ok(()) } else { Err(self.malformed()) }
    }

    /// Whether this byte comes next, after white space. An opening bracket and its end need no
    /// comma, but a comma needs something behind it.
    #[inline]
    fn is_before(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.peek() == Some(byte)
    }

    /// Steps into a container that was just opened, or over the comma to its next entry. `first` is
    /// true for the step in. Gives `false` at the end of the container, which is consumed.
    #[inline]
    pub(crate) fn next_entry(&mut self, first: bool, end: u8) -> Result<bool, Malformed> {
        self.skip_space();
        if self.take(end) {
            return Ok(false);
        }
        if !first && (!self.take(b',') || self.is_before(end)) {
            return Err(self.malformed());
        }
        Ok(true)
    }
}

/// Offset of the next quote, backslash or control character, or of the end.
#[inline]
fn next_stop(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let stops = stops_in(u64::from_le_bytes(*chunk));
        if stops != 0 {
            return at + first_stop(stops);
        }
        at += 8;
    }
    let tail = bytes.get(at..).unwrap_or_default();
    let stop = tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    at + stop.unwrap_or(tail.len())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Marks, with the high bit of its byte, the first quote, backslash or control character of eight
/// bytes (bytes above the first mark may be marked wrongly: a borrow runs upward only).
#[inline]
const fn stops_in(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & HIGH_BITS
}

/// Index of the first marked byte: at most 7, so the cast loses nothing.
#[inline]
const fn first_stop(stops: u64) -> usize {
    (stops.trailing_zeros() / 8) as usize
}

/// The open containers around the current position, one bit each: set for an object.
#[derive(Default)]
struct Nesting {
    innermost: u64,
    depth: u32,
    outer: Vec<u64>,
}

impl Nesting {
    #[inline]
    fn push(&mut self, object: bool) {
        if self.depth == u64::BITS {
            self.outer.push(self.innermost);
            self.depth = 0;
        }
        self.innermost = self.innermost << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline]
    fn pop(&mut self) {
        self.innermost >>= 1;
        self.depth -= 1;
        if self.depth == 0
            && let Some(word) = self.outer.pop()
        {
            self.innermost = word;
            self.depth = u64::BITS;
        }
    }

    #[inline]
    const fn top(&self) -> Option<bool> {
        if self.depth == 0 { None } else { Some(self.innermost & 1 == 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::Scanner;

    /// The whole text is one value, give or take white space.
    fn accepted(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        let skipped = scanner.skip_value().is_ok();
        scanner.skip_space();
        skipped && scanner.peek().is_none()
    }

    #[test]
    fn accepts_json_and_nothing_else() {
        let valid = [
            "0",
            "-0",
            "1.5",
            "1e400",
            "-1E+2",
            "12345678901234567890",
            "true",
            "null",
            "\"\"",
            r#""é\u00e9\n\/""#,
            "[]",
            "[ ]",
            "{}",
            "{ }",
            "[1 , 2]",
            r#"{"a":[{},[]],"b":{"c":null}}"#,
            " \t\r\n1 ",
        ];
        for text in valid {
            assert!(accepted(text), "{text}");
        }
        let invalid = [
            "",
            " ",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "-",
            "NaN",
            "tru",
            "nul",
            "trueish",
            "'a'",
            "\"a",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\u12""#,
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":}",
            "[1",
            "{\"a\":1",
            "]",
            "[}",
            "{]",
            "1 2",
        ];
        for text in invalid {
            assert!(!accepted(text), "{text}");
        }
    }

    #[test]
    fn nesting_is_not_recursion() {
        for depth in [1, 63, 64, 65, 128, 129, 10_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(accepted(&text), "{depth}");
            let mixed = format!("{}1{}", r#"{"a":["#.repeat(depth), "]}".repeat(depth));
            assert!(accepted(&mixed), "{depth}");
            let open = "[".repeat(depth);
            assert!(!accepted(&open), "{depth}");
        }
    }

    #[test]
    fn finds_the_closing_quote_at_every_offset() {
        for length in 0..40 {
            let plain = "x".repeat(length);
            let mut scanner = Scanner::new("");
            let quoted = format!("\"{plain}\"rest");
            scanner.clone_from(&Scanner::new(&quoted));
            let string = scanner.string().map(|string| string.body.len());
            assert_eq!(string, Ok(length));
            assert_eq!(scanner.position(), length + 2);
            let escaped = format!("\"{plain}\\\"{plain}\"");
            let string =
                Scanner::new(&escaped).string().map(|string| (string.body.len(), string.escaped));
            assert_eq!(string, Ok((2 * length + 2, true)));
            let control = format!("\"{plain}\n\"");
            assert!(Scanner::new(&control).string().is_err());
        }
    }
}
