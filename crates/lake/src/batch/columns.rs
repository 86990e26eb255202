//! Column builders that let the caller write a value's bytes in place.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::error::ArrowError;

/// A text column whose values are written into one buffer. At most 2 GiB of text (`i32` offsets).
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    valid: Vec<bool>,
    has_null: bool,
}

impl TextColumn {
    /// Bytes of text held.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a value.
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.end_value(true);
    }

    /// Adds a value or null.
    pub(super) fn push_option(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.push(text),
            None => self.end_value(false),
        }
    }

    /// Adds the value that `write` appends; it must be UTF-8.
    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.end_value(true);
    }

    fn end_value(&mut self, valid: bool) {
        // Callers finish a batch long before 2 GiB; a saturated end makes `finish` fail, not wrap.
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
        self.valid.push(valid);
        self.has_null |= !valid;
    }

    /// The column; the builder is empty afterwards.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let column = std::mem::take(self);
        let mut offsets = Vec::with_capacity(column.ends.len() + 1);
        offsets.push(0);
        offsets.extend(column.ends);
        let nulls = column.has_null.then(|| NullBuffer::from(column.valid));
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(Arc::new(StringArray::try_new(offsets, column.bytes.into(), nulls)?))
    }
}
