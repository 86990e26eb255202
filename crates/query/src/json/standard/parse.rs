//! Compiling a standard path.
//!
//! The grammar is Trino's. Beyond it, where Trino reports an error: the mode may be left out (lax).
//! Not here: named variables, which need the `PASSING` clause that the SQL parser does not have,
//! and `datetime()`.

use regex::Regex;

use super::lexer::{Lexer, Token};
use headwater_event::document::path::PathError;

/// Nested parentheses, filters and subscripts in one path: the parser recurses as deep.
const NESTING_MAX: usize = 32;

/// Operators and accessors in one path: the evaluation recurses as deep.
const PARTS_MAX: usize = 256;

/// A compiled path.
#[derive(Debug, Clone)]
pub(crate) struct StandardPath {
    /// Missing members and elements are errors, arrays are not unwrapped.
    pub(super) strict: bool,
    pub(super) root: Node,
}

/// A path expression: evaluates to a sequence of items.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// `$`
    Context,
    /// `@`
    Current,
    /// `last`
    Last,
    /// A number as written.
    Number(String),
    Text(String),
    Bool(bool),
    Null,
    /// `+x` (false) and `-x` (true)
    Signed(bool, Box<Self>),
    Binary(Arithmetic, Box<Self>, Box<Self>),
    Access(Box<Self>, Accessor),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// What is taken from each item of a sequence.
#[derive(Debug, Clone)]
pub(super) enum Accessor {
    /// `.key`
    Member(String),
    /// `.*`
    EveryMember,
    /// `..key`
    Descendants(String),
    /// `[0, 2 to last]`
    Elements(Vec<(Node, Option<Node>)>),
    /// `[*]`
    EveryElement,
    /// `?(…)`
    Filter(Box<Predicate>),
    Method(Method),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Type,
    Size,
    Double,
    Ceiling,
    Floor,
    Abs,
    KeyValue,
}

/// A condition: true, false or unknown.
#[derive(Debug, Clone)]
pub(super) enum Predicate {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    IsUnknown(Box<Self>),
    Exists(Node),
    Compare(Comparison, Node, Node),
    StartsWith(Node, Node),
    Matches(Node, Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Parentheses hold either; which one shows only behind them.
enum Either {
    Path(Node),
    Predicate(Predicate),
}

impl StandardPath {
    /// Compiles a path.
    ///
    /// # Errors
    /// [`PathError`] names the position and what was expected there.
    pub(crate) fn parse(path: &str) -> Result<Self, PathError> {
        let mut parser = Parser { lexer: Lexer::new(path)?, nesting: 0, parts: 0 };
        let strict = parser.lexer.is_word("strict");
        if strict || parser.lexer.is_word("lax") {
            parser.lexer.advance()?;
        }
        let root = parser.path()?;
        if *parser.lexer.token() != Token::End {
            return Err(parser.lexer.fault("an accessor, an operator or the end"));
        }
        Ok(Self { strict, root })
    }
}

struct Parser<'p> {
    lexer: Lexer<'p>,
    nesting: usize,
    parts: usize,
}

impl Parser<'_> {
    fn path(&mut self) -> Result<Node, PathError> {
        let fault = self.lexer.fault("a path, not a condition");
        match self.sum()? {
            Either::Path(node) => Ok(node),
            Either::Predicate(_) => Err(fault),
        }
    }

    fn predicate(&mut self) -> Result<Predicate, PathError> {
        let fault = self.lexer.fault("a condition");
        match self.disjunction()? {
            Either::Predicate(predicate) => Ok(predicate),
            Either::Path(_) => Err(fault),
        }
    }

    /// Runs one nested part of the path.
    fn nested<T>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, PathError>,
    ) -> Result<T, PathError> {
        if self.nesting == NESTING_MAX {
            return Err(self.lexer.fault("at most 32 nested parts"));
        }
        self.count_part()?;
        self.nesting += 1;
        let parsed = part(self);
        self.nesting -= 1;
        parsed
    }

    fn count_part(&mut self) -> Result<(), PathError> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(self.lexer.fault("at most 256 operators and accessors"));
        }
        Ok(())
    }

    fn disjunction(&mut self) -> Result<Either, PathError> {
        let mut left = self.conjunction()?;
        while self.lexer.is_mark("||") {
            let (first, second) = self.both_sides(left, Self::conjunction)?;
            left = Either::Predicate(Predicate::Or(first, second));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Either, PathError> {
        let mut left = self.condition()?;
        while self.lexer.is_mark("&&") {
            let (first, second) = self.both_sides(left, Self::condition)?;
            left = Either::Predicate(Predicate::And(first, second));
        }
        Ok(left)
    }

    /// Takes the operator and what stands right of it; both sides must be conditions.
    fn both_sides(
        &mut self,
        left: Either,
        side: fn(&mut Self) -> Result<Either, PathError>,
    ) -> Result<(Box<Predicate>, Box<Predicate>), PathError> {
        let Either::Predicate(left) = left else {
            return Err(self.lexer.fault("a condition before it"));
        };
        self.count_part()?;
        self.lexer.advance()?;
        let fault = self.lexer.fault("a condition");
        let Either::Predicate(right) = side(self)? else { return Err(fault) };
        Ok((Box::new(left), Box::new(right)))
    }

    fn condition(&mut self) -> Result<Either, PathError> {
        if self.lexer.take_mark("!")? {
            let fault = self.lexer.fault("a condition in parentheses or 'exists'");
            let Either::Predicate(inner) = self.nested(Self::condition)? else { return Err(fault) };
            return Ok(Either::Predicate(Predicate::Not(Box::new(inner))));
        }
        let left = match self.sum()? {
            Either::Path(node) => node,
            Either::Predicate(predicate) => return self.is_unknown(predicate),
        };
        if let Some(comparison) = self.comparison()? {
            let right = self.path()?;
            return Ok(Either::Predicate(Predicate::Compare(comparison, left, right)));
        }
        if self.lexer.take_word("starts")? {
            if !self.lexer.take_word("with")? {
                return Err(self.lexer.fault("'with'"));
            }
            let prefix = self.nested(Self::operand)?;
            return Ok(Either::Predicate(Predicate::StartsWith(left, prefix)));
        }
        if self.lexer.take_word("like_regex")? {
            let regex = self.regex()?;
            return Ok(Either::Predicate(Predicate::Matches(left, regex)));
        }
        Ok(Either::Path(left))
    }

    fn is_unknown(&mut self, predicate: Predicate) -> Result<Either, PathError> {
        if !self.lexer.take_word("is")? {
            return Ok(Either::Predicate(predicate));
        }
        if !self.lexer.take_word("unknown")? {
            return Err(self.lexer.fault("'unknown'"));
        }
        Ok(Either::Predicate(Predicate::IsUnknown(Box::new(predicate))))
    }

    fn comparison(&mut self) -> Result<Option<Comparison>, PathError> {
        let Token::Mark(mark) = *self.lexer.token() else { return Ok(None) };
        let comparison = match mark {
            "==" => Comparison::Equal,
            "!=" | "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return Ok(None),
        };
        self.lexer.advance()?;
        Ok(Some(comparison))
    }

    /// Reads the pattern of `like_regex` with its flags: `i`, `m`, `s`, `x`.
    fn regex(&mut self) -> Result<Regex, PathError> {
        let fault = self.lexer.fault("a regular expression");
        let Token::Text(mut pattern) = self.lexer.advance()? else { return Err(fault) };
        if self.lexer.take_word("flag")? {
            let flags = self.lexer.fault("flags out of \"imsx\"");
            match self.lexer.advance()? {
                Token::Text(text) if text.chars().all(|c| "imsx".contains(c)) => {
                    if !text.is_empty() {
                        pattern = format!("(?{text}){pattern}");
                    }
                }
                _ => return Err(flags),
            }
        }
        Regex::new(&pattern).map_err(|_invalid| fault)
    }

    fn sum(&mut self) -> Result<Either, PathError> {
        self.operators(&[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Either, PathError> {
        let operators =
            [("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Remainder)];
        self.operators(&operators, Self::signed)
    }

    fn operators(
        &mut self,
        operators: &[(&str, Arithmetic)],
        side: fn(&mut Self) -> Result<Either, PathError>,
    ) -> Result<Either, PathError> {
        let mut left = side(self)?;
        while let Some((_, operator)) = operators.iter().find(|(mark, _)| self.lexer.is_mark(mark))
        {
            let Either::Path(first) = left else {
                return Err(self.lexer.fault("a path before it"));
            };
            self.count_part()?;
            self.lexer.advance()?;
            let fault = self.lexer.fault("a path");
            let Either::Path(second) = side(self)? else { return Err(fault) };
            left = Either::Path(Node::Binary(*operator, Box::new(first), Box::new(second)));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Either, PathError> {
        let negative = self.lexer.is_mark("-");
        if !negative && !self.lexer.is_mark("+") {
            return self.accessed();
        }
        self.lexer.advance()?;
        let fault = self.lexer.fault("a path");
        let Either::Path(operand) = self.nested(Self::signed)? else { return Err(fault) };
        Ok(Either::Path(Node::Signed(negative, Box::new(operand))))
    }

    fn operand(&mut self) -> Result<Node, PathError> {
        let fault = self.lexer.fault("a path");
        match self.accessed()? {
            Either::Path(node) => Ok(node),
            Either::Predicate(_) => Err(fault),
        }
    }

    /// A primary with all its accessors.
    fn accessed(&mut self) -> Result<Either, PathError> {
        let mut node = match self.primary()? {
            Either::Path(node) => node,
            predicate @ Either::Predicate(_) => return Ok(predicate),
        };
        while let Some(accessor) = self.accessor()? {
            self.count_part()?;
            node = Node::Access(Box::new(node), accessor);
        }
        Ok(Either::Path(node))
    }

    fn primary(&mut self) -> Result<Either, PathError> {
        let fault = self.lexer.fault("'$', '@', a literal or '('");
        let node = match self.lexer.advance()? {
            Token::Mark("$") => {
                if let Token::Word(_) = self.lexer.token() {
                    return Err(self.lexer.fault("no name: variables are not supported"));
                }
                Node::Context
            }
            Token::Mark("@") => Node::Current,
            Token::Mark("(") => {
                let inner = self.nested(Self::disjunction)?;
                self.lexer.expect_mark(")", "')'")?;
                return Ok(inner);
            }
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Word(word) => match word.as_str() {
                "last" => Node::Last,
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "null" => Node::Null,
                "exists" => {
                    self.lexer.expect_mark("(", "'('")?;
                    let path = self.nested(Self::path)?;
                    self.lexer.expect_mark(")", "')'")?;
                    return Ok(Either::Predicate(Predicate::Exists(path)));
                }
                _ => return Err(fault),
            },
            _ => return Err(fault),
        };
        Ok(Either::Path(node))
    }

    fn accessor(&mut self) -> Result<Option<Accessor>, PathError> {
        if self.lexer.take_mark("..")? {
            let fault = self.lexer.fault("a key");
            return match self.lexer.advance()? {
                Token::Word(key) | Token::Text(key) => Ok(Some(Accessor::Descendants(key))),
                _ => Err(fault),
            };
        }
        if self.lexer.take_mark(".")? {
            return self.member().map(Some);
        }
        if self.lexer.take_mark("[")? {
            return self.nested(Self::subscripts).map(Some);
        }
        if self.lexer.take_mark("?")? {
            self.lexer.expect_mark("(", "'('")?;
            let predicate = self.nested(Self::predicate)?;
            self.lexer.expect_mark(")", "')'")?;
            return Ok(Some(Accessor::Filter(Box::new(predicate))));
        }
        Ok(None)
    }

    /// Reads what follows a dot: a key, `*` or a method call.
    fn member(&mut self) -> Result<Accessor, PathError> {
        let fault = self.lexer.fault("a key, '*' or a method");
        match self.lexer.advance()? {
            Token::Mark("*") => Ok(Accessor::EveryMember),
            Token::Text(key) => Ok(Accessor::Member(key)),
            Token::Word(word) if self.lexer.is_mark("(") => {
                let method = match word.as_str() {
                    "type" => Method::Type,
                    "size" => Method::Size,
                    "double" => Method::Double,
                    "ceiling" => Method::Ceiling,
                    "floor" => Method::Floor,
                    "abs" => Method::Abs,
                    "keyvalue" => Method::KeyValue,
                    _ => return Err(fault),
                };
                self.lexer.advance()?;
                self.lexer.expect_mark(")", "')'")?;
                Ok(Accessor::Method(method))
            }
            Token::Word(key) => Ok(Accessor::Member(key)),
            _ => Err(fault),
        }
    }

    /// Reads what follows an opening bracket.
    fn subscripts(&mut self) -> Result<Accessor, PathError> {
        if self.lexer.take_mark("*")? {
            self.lexer.expect_mark("]", "']'")?;
            return Ok(Accessor::EveryElement);
        }
        let mut subscripts = Vec::new();
        loop {
            let from = self.path()?;
            let to = if self.lexer.take_word("to")? { Some(self.path()?) } else { None };
            subscripts.push((from, to));
            if self.lexer.take_mark("]")? {
                return Ok(Accessor::Elements(subscripts));
            }
            self.lexer.expect_mark(",", "',' or ']'")?;
        }
    }
}
