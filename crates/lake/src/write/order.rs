//! The order of rows in the files: by time, then as they came. Only references to rows are sorted;
//! the rows are moved once, when their file is encoded.

use std::ops::Range;

use arrow::array::{Array, AsArray as _};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;
use headwater_event::Timestamp;
use headwater_event::schema::TIME_COLUMN;

use crate::error::{LakeError, Result};
use crate::partition::HourPartition;

/// A row of one of several batches. Field order is sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowReference {
    pub(super) time: i64,
    batch: u32,
    row: u32,
}

impl RowReference {
    /// Batch and row, as `interleave` wants them.
    pub(super) const fn place(self) -> (usize, usize) {
        // Both came from lengths, so they fit.
        (self.batch as usize, self.row as usize)
    }
}

/// All rows of some batches in the order in which files hold them.
pub(super) struct OrderedRows {
    rows: Vec<RowReference>,
}

/// A file to be made: rows of one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePlan {
    pub(super) hour: HourPartition,
    pub(super) rows: Range<usize>,
}

impl OrderedRows {
    /// Orders the rows of batches.
    ///
    /// # Errors
    /// `Invalid` when a row has no time.
    pub(super) fn new(table: &str, batches: &[RecordBatch]) -> Result<Self> {
        let refuse = |reason: &str| LakeError::Request {
            table: table.to_owned(),
            reason: reason.to_owned(),
        };
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (batch, place) in batches.iter().zip(0_u32..) {
            let times = batch
                .column_by_name(TIME_COLUMN)
                .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
                .ok_or_else(|| refuse("a batch has no time column"))?;
            if times.null_count() > 0 {
                return Err(refuse("a row has no time"));
            }
            let numbered = times.values().iter().zip(0_u32..);
            rows.extend(numbered.map(|(&time, row)| RowReference { time, batch: place, row }));
        }
        rows.sort_unstable();
        Ok(Self { rows })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows by their places in the order; empty for places that do not exist.
    pub(super) fn get(&self, range: Range<usize>) -> &[RowReference] {
        self.rows.get(range).unwrap_or_default()
    }

    /// The files to make: one per hour, or several of equal size when an hour has more than
    /// `file_rows_max` rows.
    pub(super) fn files(&self, file_rows_max: usize) -> Vec<FilePlan> {
        let hour_of = |row: &RowReference| HourPartition::of(Timestamp::from_micros(row.time));
        let mut files = Vec::new();
        let mut start = 0;
        for rows in self.rows.chunk_by(|left, right| hour_of(left) == hour_of(right)) {
            let Some(hour) = rows.first().map(hour_of) else { continue };
            let file_rows = rows.len().div_ceil(rows.len().div_ceil(file_rows_max.max(1)));
            for chunk in rows.chunks(file_rows) {
                files.push(FilePlan { hour, rows: start..start + chunk.len() });
                start += chunk.len();
            }
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(times: &[i64]) -> OrderedRows {
        let rows = times.iter().zip(0_u32..);
        OrderedRows {
            rows: rows.map(|(&time, row)| RowReference { time, batch: 0, row }).collect(),
        }
    }

    #[test]
    fn cuts_files_at_hours_and_at_the_limit() {
        const HOUR: i64 = 3_600_000_000;
        let check = |times: &[i64], limit: usize, expected: &[(usize, usize)]| {
            let files = rows(times).files(limit).into_iter();
            let ranges: Vec<_> = files.map(|file| (file.rows.start, file.rows.end)).collect();
            assert_eq!(ranges, expected, "{times:?} by {limit}");
        };
        check(&[], 10, &[]);
        check(&[0, 1, HOUR - 1], 10, &[(0, 3)]);
        check(&[-1, 0, HOUR], 10, &[(0, 1), (1, 2), (2, 3)]);
        check(&[1, 2, 3, 4, HOUR], 3, &[(0, 2), (2, 4), (4, 5)]);
    }
}
