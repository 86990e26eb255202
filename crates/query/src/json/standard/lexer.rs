//! Words, numbers, strings and marks of the standard path language.

use headwater_event::document::path::PathError;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A number without sign, as written.
    Number(String),
    /// The meaning of a quoted string.
    Text(String),
    /// Punctuation.
    Mark(&'static str),
    /// Nothing is left.
    End,
}

/// Longest first, so that `..` is not read as two dots.
const MARKS: [&str; 28] = [
    "..", "==", "!=", "<>", "<=", ">=", "&&", "||", "$", "@", ".", "[", "]", "(", ")", "?", "*",
    "/", "%", "+", "-", ",", "<", ">", "!", "=", ":", ";",
];

/// Reads tokens from the front of a path.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'p> {
    path: &'p str,
    /// What comes after `token`.
    rest: &'p str,
    /// Where `token` starts.
    here: &'p str,
    token: Token,
}

impl<'p> Lexer<'p> {
    pub(super) fn new(path: &'p str) -> Result<Self, PathError> {
        let mut lexer = Self { path, rest: path, here: path, token: Token::End };
        lexer.advance()?;
        Ok(lexer)
    }

    /// The token that comes next.
    pub(super) const fn token(&self) -> &Token {
        &self.token
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        matches!(self.token, Token::Mark(found) if found == mark)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(found) if found == word)
    }

    /// Moves over this mark if it is next.
    pub(super) fn take_mark(&mut self, mark: &str) -> Result<bool, PathError> {
        let hit = self.is_mark(mark);
        if hit {
            self.advance()?;
        }
        Ok(hit)
    }

    /// Moves over this word if it is next.
    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, PathError> {
        let hit = self.is_word(word);
        if hit {
            self.advance()?;
        }
        Ok(hit)
    }

    /// Moves over this mark, which must be next.
    pub(super) fn expect_mark(
        &mut self,
        mark: &str,
        expected: &'static str,
    ) -> Result<(), PathError> {
        if self.take_mark(mark)? { Ok(()) } else { Err(self.fault(expected)) }
    }

    /// The error for the token that comes next.
    pub(super) fn fault(&self, expected: &'static str) -> PathError {
        PathError::new(self.path, self.here, expected)
    }

    /// Takes the token that comes next.
    pub(super) fn advance(&mut self) -> Result<Token, PathError> {
        let next = self.read()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn read(&mut self) -> Result<Token, PathError> {
        self.rest = self.rest.trim_start();
        self.here = self.rest;
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        if first == '"' {
            return self.read_text();
        }
        if first.is_ascii_digit() {
            return Ok(Token::Number(self.split_at(number_length(self.rest)).to_owned()));
        }
        if first == '_' || first.is_alphabetic() {
            let is_part = |c: char| c == '_' || c.is_alphanumeric();
            let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
            return Ok(Token::Word(self.split_at(length).to_owned()));
        }
        match MARKS.into_iter().find(|mark| self.rest.starts_with(mark)) {
            Some(mark) => {
                self.split_at(mark.len());
                Ok(Token::Mark(mark))
            }
            None => Err(self.fault("a path")),
        }
    }

    fn split_at(&mut self, length: usize) -> &'p str {
        let (token, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        token
    }

    /// Reads `"…"`; a quote inside is doubled, a backslash is itself.
    fn read_text(&mut self) -> Result<Token, PathError> {
        let mut text = String::new();
        let mut rest = self.rest.get(1..).unwrap_or_default();
        loop {
            let Some(quote) = rest.find('"') else {
                return Err(PathError::new(self.path, "", "a closing quote"));
            };
            let (part, after) = rest.split_at(quote);
            text.push_str(part);
            rest = after.get(1..).unwrap_or_default();
            match rest.strip_prefix('"') {
                Some(after) => {
                    text.push('"');
                    rest = after;
                }
                None => break,
            }
        }
        self.rest = rest;
        Ok(Token::Text(text))
    }
}

/// Length of the number that `text` starts with: digits, a fraction, an exponent.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
    };
    let mut length = digits(0);
    let after = |length: usize| text.get(length..).unwrap_or_default();
    if after(length).starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if after(length).starts_with(['e', 'E']) {
        let sign = usize::from(after(length + 1).starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}
