//! The order of rows in data files: by source, then by time. Who filters by source reads one piece
//! of a file, the values of one source compress better side by side, and the hidden columns that
//! only one source fills cost nothing where they are empty.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use headwater_event::schema::{ColumnDefinition, SOURCE_COLUMN, TIME_COLUMN};
use parquet::file::metadata::{ParquetMetaData, SortingColumn};
use parquet::schema::types::SchemaDescriptor;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::schema::leaf_paths;

/// The columns that files are ordered by, where the table has them.
pub(crate) const ORDER: [&str; 2] = [SOURCE_COLUMN, TIME_COLUMN];

/// Sources of which a sample has rows, the largest ones.
const SPREAD_SOURCES_MAX: usize = 256;

/// Rows that a sample has side by side, because reading one means to decode its page.
const SIDE_BY_SIDE: usize = 32;

/// Where a row stands in the order. Field order is sort order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey {
    pub(crate) source: Arc<str>,
    pub(crate) time: i64,
}

impl RowKey {
    /// A key that no row of the file is before, as far as the log can tell.
    pub(crate) fn lower_bound(file: &DataFile) -> Self {
        let sources = file.statistics().columns.get(SOURCE_COLUMN);
        let source = sources
            .filter(|range| range.nulls == Some(0))
            .and_then(|range| range.min.as_ref()?.as_str());
        let time = file.time_range().map_or(i64::MIN, |(earliest, _)| earliest.as_micros());
        Self { source: source.unwrap_or_default().into(), time }
    }
}

/// Rows of one source, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRun {
    /// Empty where there is none.
    pub source: Arc<str>,
    /// The rows.
    pub rows: Range<usize>,
}

/// The sources of a batch's rows: all one run when it has no column for them.
///
/// # Errors
/// `Corrupt` when the column with them is no text.
pub fn source_runs(batch: &RecordBatch) -> Result<Vec<SourceRun>> {
    let mut runs: Vec<SourceRun> = Vec::new();
    let Some(column) = batch.column_by_name(SOURCE_COLUMN) else {
        return Ok(vec![SourceRun { source: Arc::from(""), rows: 0..batch.num_rows() }]);
    };
    let column: ArrayRef =
        cast(column, &DataType::Utf8View).map_err(LakeError::arrow("read sources"))?;
    // Sources that take turns: each is copied once.
    let mut known: HashMap<&str, Arc<str>> = HashMap::new();
    for (row, source) in column.as_string_view().iter().enumerate() {
        let source = source.unwrap_or_default();
        match runs.last_mut() {
            Some(run) if *run.source == *source => run.rows.end = row + 1,
            _ => {
                let source = known.entry(source).or_insert_with(|| source.into());
                runs.push(SourceRun { source: Arc::clone(source), rows: row..row + 1 });
            }
        }
    }
    Ok(runs)
}

/// Of the rows of several sources, each given by its pieces, about so many that speak for all of
/// them: of each source in proportion to its rows but never none, spread over them, some side by
/// side. Pieces are ascending and never touch a row twice; so are those that are returned.
#[must_use]
pub fn spread(mut sources: Vec<Vec<Range<usize>>>, rows: usize) -> Vec<Range<usize>> {
    let rows_of = |pieces: &[Range<usize>]| pieces.iter().map(Range::len).sum::<usize>();
    sources.sort_by_cached_key(|pieces| Reverse(rows_of(pieces)));
    sources.truncate(rows.clamp(1, SPREAD_SOURCES_MAX));
    let side_by_side = (rows / sources.len().max(1)).clamp(1, SIDE_BY_SIDE);
    let all: usize = sources.iter().map(|pieces| rows_of(pieces)).sum();
    let mut taken = Vec::new();
    for pieces in sources {
        let of_source = rows_of(&pieces);
        let share = rows.saturating_mul(of_source).div_ceil(all.max(1));
        let step = of_source.div_ceil(share.div_ceil(side_by_side).max(1)).max(1);
        // The next row to take, counted from the first row of the piece.
        let mut next = 0;
        for piece in pieces {
            while next < piece.len() {
                let start = piece.start + next;
                taken.push(start..piece.end.min(start + side_by_side.min(step)));
                next += step;
            }
            next -= piece.len();
        }
    }
    taken.sort_unstable_by_key(|rows| rows.start);
    taken
}

/// The times of a batch's rows.
pub(crate) fn times(batch: &RecordBatch) -> Result<&TimestampMicrosecondArray> {
    let column = batch.column_by_name(TIME_COLUMN);
    column.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>()).ok_or_else(
        || {
            LakeError::arrow("read times")(ArrowError::SchemaError(
                "there is no time column".to_owned(),
            ))
        },
    )
}

/// The order as files of a table say it.
pub(crate) fn sorting_columns(columns: &[ColumnDefinition]) -> Vec<SortingColumn> {
    let leaf_of = |name: &str| {
        let before = columns.iter().position(|column| column.name == name)?;
        Some(columns.iter().take(before).map(|column| leaf_paths(column).len()).sum())
    };
    ORDER.into_iter().filter_map(leaf_of).map(ascending).collect()
}

/// Whether a file says that its rows are in order.
pub(crate) fn is_ordered(metadata: &ParquetMetaData) -> bool {
    let schema = metadata.file_metadata().schema_descr();
    let leaf_of = |name: &str| leaf_named(schema, name);
    let expected: Vec<_> = ORDER.into_iter().filter_map(leaf_of).map(ascending).collect();
    metadata.row_groups().iter().all(|group| group.sorting_columns() == Some(&expected))
}

fn leaf_named(schema: &SchemaDescriptor, name: &str) -> Option<usize> {
    schema.columns().iter().position(|leaf| leaf.path().parts() == [name])
}

fn ascending(leaf: usize) -> SortingColumn {
    // Far below the limits of i32.
    SortingColumn { column_idx: leaf as i32, descending: false, nulls_first: true }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init)]

    use super::*;

    #[test]
    fn a_sample_has_rows_of_every_source() {
        let all = |range: Range<usize>| vec![range];
        let check = |sources: Vec<Vec<Range<usize>>>, rows, expected: &[Range<usize>]| {
            assert_eq!(spread(sources.clone(), rows), expected, "{rows} of {sources:?}");
        };
        check(vec![], 10, &[]);
        check(vec![all(0..5)], 10, &[0..5]);
        check(vec![all(0..1_000)], 64, &[0..32, 500..532]);
        check(vec![all(0..1_000), all(1_000..1_003)], 64, &[0..32, 500..532, 1_000..1_003]);
        check(vec![vec![0..400, 600..1_200], all(400..600)], 4, &[0..2, 400..402, 700..702]);
        check(vec![all(0..9), all(9..11), all(11..12)], 2, &[0..1, 5..6, 9..10]);
    }
}
