//! Hidden columns: values inside the JSON text of a column, stored beside it as flat typed Parquet
//! columns of the data file, for the places that deserve it (`choose`).
//!
//! They are no columns of the table. A data file ends with two footers: the last one, which every
//! reader finds, lists the columns of the table; the one before it lists the hidden columns too
//! (`footer`). So the file, cut off behind the inner footer, is a Parquet file with all columns;
//! the log says where to cut (`DataFile::hidden_end`).
//!
//! A hidden column is called as its document and a JSON Pointer, such as `details/eventname`, and
//! has for each row what `json_extract_scalar` gives: the text of the scalar, as text or as a
//! number that is spelled like it, or null. A column for which that does not hold is not listed.

mod choose;
mod coverage;
mod footer;
pub(crate) mod record;
mod shred;
pub(crate) mod words;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use headwater_event::document::pointer::{Pointer, PointerError};

pub(crate) use choose::Sample;
pub use choose::{HiddenOptions, Wanted};
pub use coverage::{Coverage, PathCoverage, coverage};
pub(crate) use footer::{HIDDEN_END_KEY, finish};
pub use record::{Decision, PathEntry, PathRecord};
pub(crate) use shred::Shredder;
pub use words::{WORDS_COLUMN, WordBlocks};

/// Columns of `events` whose text is JSON.
pub const DOCUMENTS: [&str; 2] = ["details", "ocsf"];

/// A place in the documents of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HiddenPath {
    /// The column with the documents, one of [`DOCUMENTS`].
    pub document: &'static str,
    /// The place in them.
    pub pointer: Pointer,
}

/// Why a text names no place in documents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HiddenPathError {
    /// No column with documents in front.
    #[error("`{0}` does not begin with a column of JSON text: {list}", list = DOCUMENTS.join(", "))]
    Document(String),
    /// No place behind it.
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

impl HiddenPath {
    /// Reads a name such as `details/eventname`.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(name: &str) -> Result<Self, HiddenPathError> {
        let (column, _) = name.split_once('/').unwrap_or((name, ""));
        let document = DOCUMENTS.into_iter().find(|document| *document == column);
        let document = document.ok_or_else(|| HiddenPathError::Document(name.to_owned()))?;
        let pointer = Pointer::parse(name.get(document.len()..).unwrap_or_default())?;
        Ok(Self { document, pointer })
    }
}

impl fmt::Display for HiddenPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.document, self.pointer)
    }
}

/// How a hidden column stores its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HiddenType {
    /// The text itself.
    Text,
    /// Integers: every value is spelled as SQL spells an integer.
    Integer,
}

/// A hidden column of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HiddenColumn {
    pub(crate) path: HiddenPath,
    pub(crate) hidden_type: HiddenType,
    /// How many different values a row group is likely to have, where a bloom filter pays.
    pub(crate) bloom_distinct: Option<u64>,
}

impl HiddenColumn {
    pub(crate) fn field(&self) -> FieldRef {
        let data_type = match self.hidden_type {
            HiddenType::Text => DataType::Utf8View,
            HiddenType::Integer => DataType::Int64,
        };
        Arc::new(Field::new(self.path.to_string(), data_type, true))
    }
}

/// The columns of the table, then the hidden ones.
pub(crate) fn with_hidden(schema: &SchemaRef, hidden: &[HiddenColumn]) -> SchemaRef {
    let own = schema.fields().iter().cloned();
    Arc::new(Schema::new(own.chain(hidden.iter().map(HiddenColumn::field)).collect::<Vec<_>>()))
}

/// The integer that SQL spells like this text.
#[must_use]
pub fn canonical_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        [b'0'] if digits.len() == text.len() => Some(0),
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
