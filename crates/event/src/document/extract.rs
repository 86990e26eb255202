//! Following a [`Path`] through JSON text.
//!
//! As in Trino the text is read from the front and only as far as needed: of two members with one
//! name the first counts, and what stands behind the value is not looked at. A scalar where the
//! path needs a container makes the document unfit, which the callers answer with NULL.

use super::path::{Field, Path, Step};
use super::scan::{Kind, Malformed, RawString, Scanner, Visitor};
use super::text::{means, unescape_into};

/// Offset of the value that a definite path leads to; `None` when there is none.
///
/// # Errors
/// [`Malformed`] when the text is not JSON as far as it was read.
#[inline]
pub fn find(text: &str, path: &Path) -> Result<Option<usize>, Malformed> {
    let mut scanner = Scanner::new(text);
    scanner.kind()?;
    for step in path.steps() {
        if !enter(&mut scanner, step)? {
            return Ok(None);
        }
    }
    Ok(Some(scanner.position()))
}

/// Offsets of all values that a path leads to, containers before what is in them.
///
/// # Errors
/// [`Malformed`] when the text is not JSON as far as it was read.
pub fn find_all(text: &str, path: &Path, found: &mut Vec<usize>) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(text);
    scanner.kind()?;
    select(scanner, text, path.steps(), found)
}

fn select(
    mut scanner: Scanner<'_>,
    text: &str,
    steps: &[Step],
    found: &mut Vec<usize>,
) -> Result<(), Malformed> {
    let Some((step, rest)) = steps.split_first() else {
        found.push(scanner.position());
        return Ok(());
    };
    match step {
        Step::Field(_) | Step::FromEnd(_) => {
            let container = matches!(scanner.kind()?, Kind::Object | Kind::Array);
            if container && enter(&mut scanner, step)? {
                select(scanner, text, rest, found)?;
            }
        }
        Step::Every => {
            let mut children = Vec::new();
            each_child(&mut scanner, |at| children.push(at))?;
            for at in children {
                select(Scanner::starting_at(text, at), text, rest, found)?;
            }
        }
        Step::Deep(_) | Step::DeepEvery => {
            let field = if let Step::Deep(field) = step { Some(field) } else { None };
            for at in descendants(&mut scanner, field)? {
                select(Scanner::starting_at(text, at), text, rest, found)?;
            }
        }
    }
    Ok(())
}

/// Moves to the value that one step leads to; `false` when there is none.
#[inline]
fn enter(scanner: &mut Scanner<'_>, step: &Step) -> Result<bool, Malformed> {
    match (scanner.kind()?, step) {
        (Kind::Object, Step::Field(field)) => enter_member(scanner, &field.key),
        (Kind::Array, Step::Field(Field { index: Some(index), .. })) => {
            enter_element(scanner, *index)
        }
        (Kind::Array, Step::FromEnd(position)) => {
            let count = count_entries(&mut scanner.clone())?;
            match count.checked_sub(*position) {
                Some(index) => enter_element(scanner, index),
                None => Ok(false),
            }
        }
        (Kind::Object | Kind::Array, _) => Ok(false),
        _ => Err(scanner.malformed()),
    }
}

/// Stands on `{`; moves to the value of the first member with this key.
#[inline]
pub fn enter_member(scanner: &mut Scanner<'_>, key: &str) -> Result<bool, Malformed> {
    let plain = is_plain(key);
    scanner.take(b'{');
    let mut first = true;
    while scanner.next_entry(first, b'}')? {
        first = false;
        if scanner.key_is(key, plain)? {
            scanner.kind()?;
            return Ok(true);
        }
        scanner.skip_value()?;
    }
    Ok(false)
}

/// Whether a key can stand in JSON without escapes.
#[inline]
fn is_plain(key: &str) -> bool {
    !key.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
}

/// Stands on `[`; moves to the element with this index.
#[inline]
fn enter_element(scanner: &mut Scanner<'_>, index: usize) -> Result<bool, Malformed> {
    scanner.take(b'[');
    let mut at = 0;
    while scanner.next_entry(at == 0, b']')? {
        if at == index {
            scanner.kind()?;
            return Ok(true);
        }
        scanner.skip_value()?;
        at += 1;
    }
    Ok(false)
}

/// Number of members or elements of the container at the scanner, which moves behind it. A scalar
/// has none.
pub fn count_entries(scanner: &mut Scanner<'_>) -> Result<usize, Malformed> {
    let mut count = 0;
    each_child(scanner, |_| count += 1)?;
    Ok(count)
}

/// Reports the offset of each direct child of the value at the scanner and moves behind the value.
pub fn each_child(
    scanner: &mut Scanner<'_>,
    mut child: impl FnMut(usize),
) -> Result<(), Malformed> {
    let (object, end) = match scanner.kind()? {
        Kind::Object => (true, b'}'),
        Kind::Array => (false, b']'),
        _ => return scanner.skip_value(),
    };
    scanner.take(if object { b'{' } else { b'[' });
    let mut first = true;
    while scanner.next_entry(first, end)? {
        first = false;
        if object {
            scanner.key()?;
        }
        scanner.kind()?;
        child(scanner.position());
        scanner.skip_value()?;
    }
    Ok(())
}

/// Offsets of the values with this field (or of all values) below the value at the scanner, which
/// moves behind it. Containers come in document order, each with its own matches.
pub fn descendants(
    scanner: &mut Scanner<'_>,
    field: Option<&Field>,
) -> Result<Vec<usize>, Malformed> {
    let mut search = Search { field, open: Vec::new(), at: 0, found: Vec::new() };
    scanner.walk(&mut search)?;
    search.found.sort_unstable();
    Ok(search.found.into_iter().map(|(_container, at)| at).collect())
}

/// Collects matches while one pass walks over everything.
struct Search<'f> {
    field: Option<&'f Field>,
    open: Vec<Container>,
    at: usize,
    /// Offset of the container and of the value in it.
    found: Vec<(usize, usize)>,
}

/// A container that is not closed yet.
struct Container {
    start: usize,
    /// Index of the next element; members do not count.
    next_index: Option<usize>,
    /// The key just read is the one that is looked for.
    key_matches: bool,
    /// A member with the key was there already: the first one counts.
    done: bool,
}

impl<'a> Visitor<'a> for Search<'_> {
    fn value(&mut self, at: usize) {
        self.at = at;
        let Some(container) = self.open.last_mut() else { return };
        let hit = match (self.field, &mut container.next_index) {
            (None, _) => true,
            (Some(field), Some(next)) => {
                let index = *next;
                *next += 1;
                field.index == Some(index)
            }
            (Some(_), None) => container.key_matches && !container.done,
        };
        if hit {
            container.done = true;
            self.found.push((container.start, at));
        }
    }

    fn open(&mut self, bracket: char) {
        let next_index = (bracket == '[').then_some(0);
        let start = self.at;
        self.open.push(Container { start, next_index, key_matches: false, done: false });
    }

    fn close(&mut self, _bracket: char) {
        self.open.pop();
    }

    fn key(&mut self, key: RawString<'a>) {
        if let (Some(field), Some(container)) = (self.field, self.open.last_mut()) {
            container.key_matches = means(key, &field.key);
        }
    }
}

/// A scalar as text, the way SQL shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// A string: its body is the value unless it is escaped.
    Text(RawString<'a>),
    /// A number in its source spelling, `true` or `false`.
    Plain(&'a str),
}

impl<'a> Scalar<'a> {
    /// The text, borrowed where it needs no unescaping, else written into `scratch`.
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut String) -> &'t str
    where
        'a: 't,
    {
        match self {
            Self::Text(string) if string.escaped => {
                scratch.clear();
                unescape_into(string, scratch);
                scratch
            }
            Self::Text(string) => string.body,
            Self::Plain(text) => text,
        }
    }
}

/// The scalar at an offset that [`find`] gave; `None` for JSON null, objects and arrays.
///
/// # Errors
/// [`Malformed`] when the scalar is not JSON.
#[inline]
pub fn scalar_at(text: &str, at: usize) -> Result<Option<Scalar<'_>>, Malformed> {
    let mut scanner = Scanner::starting_at(text, at);
    let scalar = match scanner.kind()? {
        Kind::Object | Kind::Array => return Ok(None),
        Kind::String => Some(Scalar::Text(scanner.string()?)),
        Kind::Number => Some(Scalar::Plain(scanner.number()?)),
        Kind::True => Some(Scalar::Plain(scanner.word("true")?)),
        Kind::False => Some(Scalar::Plain(scanner.word("false")?)),
        Kind::Null => {
            scanner.word("null")?;
            None
        }
    };
    // A scalar that is the whole document ends where the text, or white space, says so.
    let at_root = text.get(..at).is_some_and(|before| before.trim_ascii_start().is_empty());
    let glued = scanner.peek().is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if at_root && glued && matches!(scalar, Some(Scalar::Plain(_)) | None) {
        return Err(scanner.malformed());
    }
    Ok(scalar)
}

#[cfg(test)]
mod tests;
