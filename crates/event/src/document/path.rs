//! The path language of `json_extract` and its family, compiled once per batch.
//!
//! Trino's language: `$`, `.key`, `[0]`, `[key]`, `["quoted key"]`; a step that is a number selects
//! an array element as well as a member of that name. Beyond it, where Trino reports an error:
//! `['quoted']`, more characters in `.key` (`$.@timestamp`, `$.user-agent`), `[-1]` from the end,
//! `*`, and `..key` at any depth.

/// A path that cannot be read. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid JSON path '{path}': expected {expected} at position {position}")]
pub struct PathError {
    path: String,
    expected: &'static str,
    position: usize,
}

impl PathError {
    /// `rest` is the part of `path` that was not read.
    pub fn new(path: &str, rest: &str, expected: &'static str) -> Self {
        let read = path.len().saturating_sub(rest.len());
        let position = path.get(..read).unwrap_or(path).chars().count() + 1;
        Self { path: path.to_owned(), expected, position }
    }
}

/// Steps in one path; more is a generated path gone wrong.
const STEPS_MAX: usize = 1_000;

/// A member by name; a name that is a number is also an element by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub key: String,
    /// The position, when the name is a number.
    pub index: Option<usize>,
}

impl Field {
    pub(super) fn new(key: String) -> Self {
        let index = key.parse().ok();
        Self { key, index }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.key`, `[0]`, `["key"]`
    Field(Field),
    /// `[-1]`: 1 is the last element.
    FromEnd(usize),
    /// `.*`, `[*]`: every member or element.
    Every,
    /// `..key`: the field of every container at any depth.
    Deep(Field),
    /// `..*`: every value at any depth.
    DeepEvery,
}

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// [`PathError`] names the position and what was expected there.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut rest = path.strip_prefix('$').ok_or_else(|| PathError::new(path, path, "'$'"))?;
        while !rest.is_empty() {
            if steps.len() == STEPS_MAX {
                return Err(PathError::new(path, rest, "at most 1000 steps"));
            }
            let (step, after) = parse_step(path, rest)?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether the path leads to one value at most, as every path of Trino does.
    pub fn is_definite(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Field(_) | Step::FromEnd(_)))
    }
}

/// What one pair of brackets, or one name, selects.
enum Selector {
    Name(String),
    FromEnd(usize),
    Every,
}

fn parse_step<'p>(path: &str, rest: &'p str) -> Result<(Step, &'p str), PathError> {
    if let Some(deep) = rest.strip_prefix("..") {
        let (selector, after) = match deep.strip_prefix('[') {
            Some(inside) => parse_brackets(path, inside)?,
            None => parse_name(path, deep)?,
        };
        let step = match selector {
            Selector::Name(key) => Step::Deep(Field::new(key)),
            Selector::Every => Step::DeepEvery,
            Selector::FromEnd(_) => return Err(PathError::new(path, deep, "a key or '*'")),
        };
        return Ok((step, after));
    }
    let (selector, after) = if let Some(name) = rest.strip_prefix('.') {
        parse_name(path, name)?
    } else if let Some(inside) = rest.strip_prefix('[') {
        parse_brackets(path, inside)?
    } else {
        return Err(PathError::new(path, rest, "'.' or '['"));
    };
    let step = match selector {
        Selector::Name(key) => Step::Field(Field::new(key)),
        Selector::FromEnd(position) => Step::FromEnd(position),
        Selector::Every => Step::Every,
    };
    Ok((step, after))
}

/// Reads what follows a dot: `*`, or a key up to the next delimiter.
fn parse_name<'p>(path: &str, rest: &'p str) -> Result<(Selector, &'p str), PathError> {
    if let Some(after) = rest.strip_prefix('*') {
        return Ok((Selector::Every, after));
    }
    let end = rest.find(is_delimiter).unwrap_or(rest.len());
    let (key, after) = rest.split_at(end);
    if key.is_empty() {
        return Err(PathError::new(path, rest, "a key"));
    }
    Ok((Selector::Name(key.to_owned()), after))
}

/// Characters that need quotes in a key.
fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '.' | '[' | ']' | '(' | ')' | '"' | '\'' | '\\' | '*' | '?' | ',' | '`')
}

/// Reads what follows an opening bracket up to behind the closing one.
fn parse_brackets<'p>(path: &str, rest: &'p str) -> Result<(Selector, &'p str), PathError> {
    let (selector, after) = if let Some(after) = rest.strip_prefix('*') {
        (Selector::Every, after)
    } else if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
        parse_quoted(path, rest, quote)?
    } else if let Some(digits) = rest.strip_prefix('-') {
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (number, after) = digits.split_at(end);
        let position = number.parse().ok().filter(|position| *position > 0);
        let position = position.ok_or_else(|| PathError::new(path, digits, "a position"))?;
        (Selector::FromEnd(position), after)
    } else {
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if key.is_empty() {
            return Err(PathError::new(path, rest, "a key, an index, a quote or '*'"));
        }
        (Selector::Name(key.to_owned()), after)
    };
    let closed = after.strip_prefix(']').ok_or_else(|| PathError::new(path, after, "']'"))?;
    Ok((selector, closed))
}

/// Reads a quoted key; inside, a backslash stands before the quote or another backslash only.
fn parse_quoted<'p>(
    path: &str,
    rest: &'p str,
    quote: char,
) -> Result<(Selector, &'p str), PathError> {
    let mut key = String::new();
    let mut chars = rest.chars();
    chars.next();
    loop {
        let here = chars.as_str();
        match chars.next() {
            Some(c) if c == quote => return Ok((Selector::Name(key), chars.as_str())),
            Some('\\') => {
                let escaped = chars.next().filter(|c| *c == quote || *c == '\\');
                let missing = || PathError::new(path, here, "an escaped quote or backslash");
                key.push(escaped.ok_or_else(missing)?);
            }
            Some(c) => key.push(c),
            None => return Err(PathError::new(path, here, "a closing quote")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Field, Path, Step};

    fn field(key: &str) -> Step {
        Step::Field(Field::new(key.to_owned()))
    }

    #[test]
    fn compiles_each_form() {
        let check = |path: &str, steps: &[Step]| {
            assert_eq!(Path::parse(path).unwrap().steps(), steps, "{path}");
        };
        check("$", &[]);
        check("$.a.b", &[field("a"), field("b")]);
        check("$.a:b._c.été", &[field("a:b"), field("_c"), field("été")]);
        check("$.@timestamp.user-agent", &[field("@timestamp"), field("user-agent")]);
        check("$[0][key]", &[field("0"), field("key")]);
        check(r#"$["a.b"]["q\"\\"]"#, &[field("a.b"), field("q\"\\")]);
        check("$['a.b']['it\\'s']", &[field("a.b"), field("it's")]);
        check("$[-2]", &[Step::FromEnd(2)]);
        check("$.*[*]", &[Step::Every, Step::Every]);
        check("$..a..*", &[Step::Deep(Field::new("a".to_owned())), Step::DeepEvery]);
        check("$..['a']", &[Step::Deep(Field::new("a".to_owned()))]);
        check(r#"$[""]"#, &[field("")]);
    }

    #[test]
    fn a_number_selects_members_and_elements() {
        let Path { steps } = Path::parse("$.7").unwrap();
        assert_eq!(steps, [Step::Field(Field { key: "7".to_owned(), index: Some(7) })]);
    }

    #[test]
    fn names_the_position_of_a_fault() {
        let check = |path: &str, expected: &str| {
            let error = Path::parse(path).unwrap_err().to_string();
            assert_eq!(error, format!("invalid JSON path '{path}': expected {expected}"));
        };
        check("", "'$' at position 1");
        check("a.b", "'$' at position 1");
        check("$a", "'.' or '[' at position 2");
        check("$.", "a key at position 3");
        check("$.a.", "a key at position 5");
        check("$.é b", "'.' or '[' at position 4");
        check("$..", "a key at position 4");
        check("$[", "a key, an index, a quote or '*' at position 3");
        check("$[0", "']' at position 4");
        check("$[\"a", "a closing quote at position 5");
        check("$[\"a\\n\"]", "an escaped quote or backslash at position 5");
        check("$[-0]", "a position at position 4");
        check("$[a.b]", "']' at position 4");
        check("$..[-1]", "a key or '*' at position 4");
    }
}
