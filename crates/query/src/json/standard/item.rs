//! One item of a sequence: a value in the document, or one that the path computed.

use std::borrow::Cow;

use crate::json::number;
use headwater_event::document::scan::{Kind, Malformed, Scanner};
use headwater_event::document::text::{escape_into, minify_into, unescape_into};

/// A value that a path evaluated to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item<'a> {
    /// An object or array: its text in the document.
    Container(&'a str),
    Text(Cow<'a, str>),
    /// A number in its spelling, from the document, the path or a computation.
    Number(Cow<'a, str>),
    Bool(bool),
    Null,
    /// What `keyvalue()` makes of a member: its name, its value, the number of its object.
    Member {
        name: Cow<'a, str>,
        value: &'a str,
        object: i64,
    },
}

impl<'a> Item<'a> {
    /// Reads the value at the scanner and moves behind it.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Malformed> {
        Ok(match scanner.kind()? {
            Kind::Object | Kind::Array => {
                let start = scanner.position();
                scanner.skip_value()?;
                Self::Container(scanner.since(start))
            }
            Kind::String => {
                let string = scanner.string()?;
                if string.escaped {
                    let mut meaning = String::new();
                    unescape_into(string, &mut meaning);
                    Self::Text(Cow::Owned(meaning))
                } else {
                    Self::Text(Cow::Borrowed(string.body))
                }
            }
            Kind::Number => Self::Number(Cow::Borrowed(scanner.number()?)),
            Kind::True => {
                scanner.word("true")?;
                Self::Bool(true)
            }
            Kind::False => {
                scanner.word("false")?;
                Self::Bool(false)
            }
            Kind::Null => {
                scanner.word("null")?;
                Self::Null
            }
        })
    }

    /// The name that `type()` gives it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Container(_) if self.is_array() => "array",
            Self::Container(_) | Self::Member { .. } => "object",
            Self::Text(_) => "string",
            Self::Number(_) => "number",
            Self::Bool(_) => "boolean",
            Self::Null => "null",
        }
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self, Self::Container(text) if text.starts_with('['))
    }

    /// Appends the item as JSON text.
    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Container(text) => minify_known(text, out),
            Self::Text(text) => escape_into(text, out),
            Self::Number(text) => out.push_str(text),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Null => out.push_str("null"),
            Self::Member { name, value, object } => {
                out.push_str("{\"name\":");
                escape_into(name, out);
                out.push_str(",\"value\":");
                minify_known(value, out);
                out.push_str(",\"id\":");
                out.push_str(&object.to_string());
                out.push('}');
            }
        }
    }

    /// The scalar as SQL text; `None` for JSON null; an error for objects and arrays.
    pub(crate) fn scalar_text(&self) -> Result<Option<&str>, NotScalar> {
        match self {
            Self::Text(text) | Self::Number(text) => Ok(Some(text)),
            Self::Bool(true) => Ok(Some("true")),
            Self::Bool(false) => Ok(Some("false")),
            Self::Null => Ok(None),
            Self::Container(_) | Self::Member { .. } => Err(NotScalar),
        }
    }
}

/// An object or an array where a scalar is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotScalar;

/// Minifies text that was walked over before, so that it cannot be malformed.
fn minify_known(text: &str, out: &mut String) {
    let _checked_before = minify_into(&mut Scanner::new(text), out);
}

/// A number to compute with: integers stay exact, everything else is a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    Integer(i64),
    Double(f64),
}

impl Quantity {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().map(Self::Double)
    }

    pub(super) fn to_double(self) -> f64 {
        match self {
            // Rounds beyond 2^53, which is what converting to a double means.
            Self::Integer(integer) => integer as f64,
            Self::Double(double) => double,
        }
    }

    /// The item; none for infinities and NaN, which JSON does not have.
    pub(super) fn to_item<'a>(self) -> Option<Item<'a>> {
        match self {
            Self::Integer(integer) => Some(Item::Number(Cow::Owned(integer.to_string()))),
            Self::Double(double) if double.is_finite() => {
                // `Debug` keeps the `.0` of a whole number, so that a double still looks like one.
                Some(Item::Number(Cow::Owned(format!("{double:?}"))))
            }
            Self::Double(_) => None,
        }
    }
}

/// Whether two scalars compare, and how; `None` when their types differ.
pub(super) fn compare_scalars(left: &Item<'_>, right: &Item<'_>) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Item::Text(left), Item::Text(right)) => Some(left.cmp(right)),
        (Item::Number(left), Item::Number(right)) => Some(number::compare(left, right)),
        (Item::Bool(left), Item::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
