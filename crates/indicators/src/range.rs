//! A contiguous range of sorted keys.

use crate::kind::Kind;

/// Keys of one kind: one, or all from one on and before another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRange {
    kind: Kind,
    low: String,
    high: Option<String>,
}

impl KeyRange {
    /// The one key.
    pub(crate) fn exact(kind: Kind, key: impl Into<String>) -> Self {
        Self { kind, low: key.into(), high: None }
    }

    /// All keys that begin so; the last character must be ASCII.
    pub(crate) fn prefix(kind: Kind, prefix: &str) -> Self {
        let mut high = prefix.to_owned();
        if let Some(last) = high.pop() {
            high.extend(char::from_u32(u32::from(last) + 1));
        }
        Self { kind, low: prefix.to_owned(), high: Some(high) }
    }

    /// All keys that begin so and are longer.
    pub(crate) fn below(kind: Kind, prefix: &str) -> Self {
        let mut range = Self::prefix(kind, prefix);
        range.low.push('\0');
        range
    }

    /// All keys from one to another, both included.
    pub(crate) fn between(kind: Kind, low: String, mut last: String) -> Self {
        last.push('\0');
        Self { kind, low, high: Some(last) }
    }

    /// The kind of the keys.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The first key.
    #[must_use]
    pub fn low(&self) -> &str {
        &self.low
    }

    /// The key before which the range ends; nothing when it is the one key [`low`](Self::low).
    #[must_use]
    pub fn high(&self) -> Option<&str> {
        self.high.as_deref()
    }

    /// Whether a key is in the range. Keys are compared byte by byte.
    #[must_use]
    pub fn contains(&self, kind: Kind, key: &str) -> bool {
        kind == self.kind
            && match &self.high {
                None => key == self.low,
                Some(high) => *self.low <= *key && *key < **high,
            }
    }
}
