//! Moving over JSON text: one pass, no tree, no allocation, every token checked.
//!
//! The text is read only as far as an answer needs. What was read is held to RFC 8259 (the grammar
//! the Trino functions hold it to): a value that was skipped is as well-formed as one that was
//! returned. Strings are searched eight bytes at a time, nesting is a bit stack instead of
//! recursion, so a document ten thousand levels deep costs ten thousand bits and not a stack
//! overflow.

mod stops;
mod walk;

use self::stops::next_stop;
pub use self::walk::Visitor;
use super::text::means;

/// The text is not JSON at this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Offset of the first byte that does not fit.
    pub at: usize,
}

/// What a value is, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`.
    Object,
    /// `[`.
    Array,
    /// `"`.
    String,
    /// A digit or `-`.
    Number,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

/// The inside of a JSON string, as it is spelled in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawString<'a> {
    /// The text between the quotes.
    pub body: &'a str,
    /// Whether it has a backslash, so that it is not its own meaning.
    pub escaped: bool,
}

/// A position in JSON text.
#[derive(Debug, Clone, Copy)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Starts at a byte offset that an earlier scan reported.
    pub const fn starting_at(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The current byte offset.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The text from `start` to the current position.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The byte at the current position.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves over one byte if it is this one.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    /// The fault at the current position.
    #[must_use]
    pub const fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }

    /// Moves over blanks, tabs and line ends.
    #[inline]
    pub fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// What value starts here, after white space.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, Malformed> {
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
    pub fn key(&mut self) -> Result<RawString<'a>, Malformed> {
        self.skip_space();
        let key = self.string()?;
        self.skip_space();
        if self.take(b':') { Ok(key) } else { Err(self.malformed()) }
    }

    /// Reads `"key" :` and tells whether it is this key; `plain` says that the key is spelled in
    /// JSON as it is, without escapes. The value is next.
    #[inline]
    pub fn key_is(&mut self, key: &str, plain: bool) -> Result<bool, Malformed> {
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
    pub fn string(&mut self) -> Result<RawString<'a>, Malformed> {
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
    pub fn number(&mut self) -> Result<&'a str, Malformed> {
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
    pub fn word(&mut self, word: &'static str) -> Result<&'static str, Malformed> {
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
    pub fn next_entry(&mut self, first: bool, end: u8) -> Result<bool, Malformed> {
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

#[cfg(test)]
mod tests {
    use super::Scanner;

    /// The whole text is one value, give or take white space.
    pub(super) fn accepted(text: &str) -> bool {
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
}
