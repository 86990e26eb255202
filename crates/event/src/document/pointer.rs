//! The name of a place in a document: a JSON Pointer (RFC 6901), such as `/useridentity/accountid`.
//!
//! As in the paths of SQL a token that is a number selects an element of an array as well as a
//! member of that name.

use std::fmt;

use super::path::{Field, Path, Step};

/// Most tokens of a pointer.
const TOKENS_MAX: usize = 32;

/// Longest pointer, in bytes.
const BYTES_MAX: usize = 512;

/// A place below the root of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(String);

/// Why a text is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no JSON Pointer to a place below the root: {reason}")]
pub struct PointerError {
    text: String,
    reason: &'static str,
}

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// The text is not one, leads to the root, or is too long.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let refuse = |reason| PointerError { text: text.to_owned(), reason };
        let tokens = text.strip_prefix('/').ok_or_else(|| refuse("it has to begin with `/`"))?;
        if text.len() > BYTES_MAX || tokens.split('/').count() > TOKENS_MAX {
            return Err(refuse("it is too long"));
        }
        let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
        if !tokens.split('~').skip(1).all(is_escaped) {
            return Err(refuse("`~` stands for nothing but in `~0` and `~1`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pointer to where a path leads, if each of its steps names one member or element.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let mut text = String::new();
        for step in path.steps() {
            let Step::Field(Field { key, .. }) = step else { return None };
            push(&mut text, key);
        }
        (!text.is_empty() && text.len() <= BYTES_MAX && path.steps().len() <= TOKENS_MAX)
            .then_some(Self(text))
    }

    /// The pointer to a member or element below this one, unless it would be too long.
    #[must_use]
    pub fn child(&self, token: &str) -> Option<Self> {
        let mut text = self.0.clone();
        push(&mut text, token);
        Self::parse(&text).ok()
    }

    /// The steps as those of a path.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        let tokens = self.0.split('/').skip(1);
        tokens.map(|token| Field::new(token.replace("~1", "/").replace("~0", "~")))
    }

    /// The path of `json_extract` that leads there.
    #[must_use]
    pub fn to_path(&self) -> String {
        let mut path = String::from("$");
        for Field { key, .. } in self.fields() {
            let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if is_plain && !key.is_empty() {
                path.push('.');
                path.push_str(&key);
            } else {
                path.push_str("[\"");
                path.push_str(&key.replace('\\', "\\\\").replace('"', "\\\""));
                path.push_str("\"]");
            }
        }
        path
    }

    /// The text of the pointer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many steps lead there.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn push(text: &mut String, token: &str) {
    text.push('/');
    text.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::path::Path;
    use super::Pointer;

    #[test]
    fn paths_of_plain_steps_have_a_pointer_that_leads_back() {
        let check = |path: &str, pointer: &str| {
            let path = Path::parse(path).unwrap();
            let found = Pointer::of_path(&path).unwrap();
            assert_eq!(found.as_str(), pointer);
            assert_eq!(Pointer::parse(pointer).unwrap(), found);
            assert_eq!(Path::parse(&found.to_path()).unwrap(), path, "{}", found.to_path());
        };
        check("$.eventname", "/eventname");
        check("$.a[0][\"b.c\"]", "/a/0/b.c");
        check("$['x/y~z'][\"q\\\"\\\\\"]", "/x~1y~0z/q\"\\");
        check("$[\"\"].été", "//été");
        check("$['~1']", "/~01");
    }

    #[test]
    fn other_paths_have_none() {
        for path in ["$", "$[-1]", "$.a[*]", "$..a", "$.a.*"] {
            assert_eq!(Pointer::of_path(&Path::parse(path).unwrap()), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "a", "/a~", "/a~2", "$.a"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
