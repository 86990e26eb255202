//! Puts rows in the order of files (see [`crate::order`]), then as they came. Only references to
//! rows are sorted; the rows are moved once, when their file is encoded.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::record_batch::RecordBatch;
use headwater_event::Timestamp;

use crate::error::{LakeError, Result};
use crate::order::{source_runs, times};
use crate::partition::HourPartition;

/// A row of one of several batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowReference {
    pub(super) time: i64,
    /// The place of its source among those of all batches.
    source: u32,
    batch: u32,
    row: u32,
}

impl RowReference {
    /// Batch and row, as `interleave` wants them.
    pub(super) const fn place(self) -> (usize, usize) {
        // Both came from lengths, so they fit.
        (self.batch as usize, self.row as usize)
    }

    const fn hour(self) -> HourPartition {
        HourPartition::of(Timestamp::from_micros(self.time))
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
        let mut sources: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        for (batch, place) in batches.iter().zip(0_u32..) {
            let times = times(batch).map_err(|_| refuse("a batch has no time column"))?;
            if times.null_count() > 0 {
                return Err(refuse("a row has no time"));
            }
            let mut numbered = times.values().iter().zip(0_u32..);
            for run in source_runs(batch)? {
                let next = u32::try_from(sources.len()).unwrap_or(u32::MAX);
                let source = *sources.entry(run.source).or_insert(next);
                let of_run = numbered.by_ref().take(run.rows.len());
                rows.extend(of_run.map(|(&time, row)| RowReference {
                    time,
                    source,
                    batch: place,
                    row,
                }));
            }
        }
        let mut places = vec![0; sources.len()];
        for (number, place) in sources.into_values().zip(0_u32..) {
            if let Some(known) = places.get_mut(number as usize) {
                *known = place;
            }
        }
        for row in &mut rows {
            row.source = places.get(row.source as usize).copied().unwrap_or(row.source);
        }
        Ok(Self { rows: ordered(rows) })
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
        let hour_of = |row: &RowReference| row.hour();
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

fn ordered(mut rows: Vec<RowReference>) -> Vec<RowReference> {
    rows.sort_unstable_by_key(|row| (row.hour(), row.source, row.time, row.batch, row.row));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(times: &[i64]) -> OrderedRows {
        let rows = times.iter().zip(0_u32..);
        let rows = rows.map(|(&time, row)| RowReference { time, source: row % 2, batch: 0, row });
        OrderedRows { rows: ordered(rows.collect()) }
    }

    #[test]
    fn the_source_comes_before_the_time() {
        let rows = rows(&[7, 9, 5, 3]);
        let order: Vec<_> = rows.get(0..4).iter().map(|row| (row.source, row.time)).collect();
        assert_eq!(order, [(0, 5), (0, 7), (1, 3), (1, 9)]);
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
