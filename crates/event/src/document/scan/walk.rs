//! Walking over whole values: every token in order, told to a visitor or to nobody.

use super::{Kind, Malformed, RawString, Scanner};

/// Told of every token while a value is walked over; each method defaults to nothing.
pub trait Visitor<'a> {
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

impl<'a> Scanner<'a> {
    /// Moves over one value.
    #[inline]
    pub fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.kind()? {
            Kind::Object | Kind::Array => self.walk(&mut Nobody),
            Kind::String => self.skip_string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::True => self.word("true").map(drop),
            Kind::False => self.word("false").map(drop),
            Kind::Null => self.word("null").map(drop),
        }
    }

    /// Moves over `"key" : value` with any white space.
    #[inline]
    pub fn skip_member(&mut self) -> Result<(), Malformed> {
        self.visit_key(&mut Nobody)?;
        self.skip_value()
    }

    /// Moves over one value and tells the visitor of every token in it.
    #[inline]
    pub fn walk<V: Visitor<'a>>(&mut self, visitor: &mut V) -> Result<(), Malformed> {
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
    use super::super::tests::accepted;

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
}
