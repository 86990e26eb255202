//! Column builders that let the caller write a value's bytes in place.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, StringViewArray, make_view};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::error::ArrowError;
use bytes::Bytes;

/// A text column whose values are written into one buffer. At most 2 GiB of text (`i32` offsets).
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    valid: Vec<bool>,
    has_null: bool,
}

impl TextColumn {
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

/// A text column of views: values that lie in the buffer that the batch was made from are not
/// copied, and putting rows in order moves views instead of text.
#[derive(Debug, Default)]
pub(super) struct ViewColumn {
    /// The buffer that values may lie in.
    shared: Bytes,
    /// Values that do not.
    bytes: Vec<u8>,
    views: Vec<u128>,
    valid: Vec<bool>,
    has_null: bool,
}

impl ViewColumn {
    /// A column whose values may lie in `shared`, with room for so many bytes of others.
    pub(super) fn new(shared: Bytes, capacity: usize) -> Self {
        Self { shared, bytes: Vec::with_capacity(capacity), ..Self::default() }
    }

    /// Adds a value or null.
    pub(super) fn push_option(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            self.views.push(0);
            self.valid.push(false);
            self.has_null = true;
            return;
        };
        match self.place_in_shared(text) {
            Some(offset) => {
                self.views.push(view_of(text.as_bytes(), SHARED, offset));
                self.valid.push(true);
            }
            None => self.push_with(|out| out.extend_from_slice(text.as_bytes())),
        }
    }

    /// Adds the value that `write` appends; it must be UTF-8.
    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let view = view_of(self.bytes.get(start..).unwrap_or_default(), OWN, start);
        self.views.push(view);
        self.valid.push(true);
    }

    /// Where the text lies in the shared buffer, when it is a part of it.
    fn place_in_shared(&self, text: &str) -> Option<usize> {
        let offset = text.as_ptr().addr().checked_sub(self.shared.as_ptr().addr())?;
        (offset + text.len() <= self.shared.len()).then_some(offset)
    }

    /// The column; the builder is empty afterwards, but still refers to its shared buffer.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let shared = self.shared.clone();
        let mut column = std::mem::replace(self, Self { shared, ..Self::default() });
        // Rows are kept for a while; room that was not needed is not.
        if column.bytes.capacity() - column.bytes.len() > column.bytes.len() / SPARE_SHARE {
            column.bytes.shrink_to_fit();
        }
        let nulls = column.has_null.then(|| NullBuffer::from(column.valid));
        let buffers = [Buffer::from(column.shared), Buffer::from_vec(column.bytes)];
        Ok(Arc::new(StringViewArray::try_new(column.views.into(), buffers, nulls)?))
    }
}

/// Part of a column's text that may be unused room.
const SPARE_SHARE: usize = 4;

/// Numbers of a column's buffers.
const SHARED: u32 = 0;
const OWN: u32 = 1;

fn view_of(text: &[u8], buffer: u32, offset: usize) -> u128 {
    // Callers finish a batch long before 4 GiB; a saturated offset makes `finish` fail, not wrap.
    make_view(text, buffer, u32::try_from(offset).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Array as _, AsArray as _};

    use super::*;

    #[test]
    fn values_of_the_shared_buffer_are_not_copied_and_all_others_are_kept() {
        let shared = Bytes::from_static(b"a value that is long enough, and some more");
        let text = std::str::from_utf8(&shared).unwrap();
        let elsewhere = text.to_owned();
        let mut column = ViewColumn::new(shared.clone(), 0);
        let (long, short) = text.split_at(27);
        let values = [Some(long), None, Some(short), Some(&*elsewhere), Some(""), Some("b")];
        for value in values {
            column.push_option(value);
        }
        column.push_with(|out| out.extend_from_slice(b"written in place"));
        let array = column.finish().unwrap();
        let views = array.as_string_view();
        let expected = values.into_iter().chain([Some("written in place")]);
        assert_eq!(views.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!(views.data_buffers()[0].as_ptr(), shared.as_ptr());
        assert_eq!(views.value(0).as_ptr(), shared.as_ptr());
        assert_eq!(column.finish().unwrap().len(), 0);
    }
}
