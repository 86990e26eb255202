//! Finds the rows of the index whose keys lie in given ranges, reading as little as possible: files
//! by what the log knows, row groups and pages by what footers know, then keys alone, and the
//! other columns of the rows that are found.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray as _, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::{StreamExt as _, TryStreamExt as _};
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, RowFilter, RowSelection, RowSelector,
};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::file::{ColumnRange, DataFile};
use crate::schema::INDEX_KEY;
use crate::snapshot::Snapshot;
use crate::table::Table;

use super::ranges::KeyRanges;
use super::row::IndexBatch;
use super::rows::IndexRows;

/// Files that are read at the same time.
const READS_MAX: usize = 16;

/// The rows of the index with keys in `ranges`, without those of days that `dates` has.
///
/// # Errors
/// Whatever reading or the storage answers.
pub(super) async fn lookup(
    index: &Table,
    snapshot: &Snapshot,
    ranges: &Arc<KeyRanges>,
    dates: &BTreeSet<i32>,
) -> Result<IndexRows> {
    let files = snapshot.files().iter().filter(|file| may_have(file, ranges)).cloned();
    let mut batches = futures::stream::iter(files.collect::<Vec<_>>())
        .map(|file| {
            let (index, ranges) = (index.clone(), Arc::clone(ranges));
            let work = move || async move { read(&index, &file, &ranges).await };
            isolated("look into the index", work)
        })
        .buffer_unordered(READS_MAX);
    let mut rows = IndexRows::default();
    while let Some(found) = batches.try_next().await? {
        for row in found.iter().flat_map(IndexBatch::rows) {
            if !dates.contains(&row.date) {
                rows.add(&row);
            }
        }
    }
    Ok(rows)
}

/// Whether a file may have keys in the ranges, by what the log knows.
fn may_have(file: &DataFile, ranges: &KeyRanges) -> bool {
    let none = ColumnRange::default();
    let range = file.statistics().columns.get(INDEX_KEY).unwrap_or(&none);
    let text = |value: &Option<serde_json::Value>| Some(value.as_ref()?.as_str()?.to_owned());
    ranges.meet(text(&range.min).as_deref(), text(&range.max).as_deref())
}

async fn read(index: &Table, file: &DataFile, ranges: &Arc<KeyRanges>) -> Result<Vec<IndexBatch>> {
    let failed = || LakeError::parquet("read", &file.path);
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let reader = index.object_reader(file);
    let builder = ParquetRecordBatchStreamBuilder::new_with_options(reader, options).await;
    let builder = builder.map_err(failed())?;
    let metadata = Arc::clone(builder.metadata());
    let place = metadata.file_metadata().schema_descr().columns().iter();
    let place = place.enumerate().find(|(_, column)| column.name() == INDEX_KEY);
    let Some((place, _)) = place else { return Ok(Vec::new()) };
    let (groups, selection) = select(&metadata, place, ranges);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mask = ProjectionMask::leaves(builder.parquet_schema(), [place]);
    let wanted = Arc::clone(ranges);
    let predicate = ArrowPredicateFn::new(mask, move |batch| {
        let keys = cast(batch.column(0), &DataType::Utf8)?;
        let keys = keys.as_string::<i32>().iter();
        Ok(keys.map(|key| Some(key.is_some_and(|key| wanted.have(key)))).collect::<BooleanArray>())
    });
    let mut batches = builder
        .with_row_groups(groups)
        .with_row_selection(selection)
        .with_row_filter(RowFilter::new(vec![Box::new(predicate)]))
        .build()
        .map_err(failed())?;
    let mut found = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(failed())? {
        found.push(IndexBatch::new(&batch)?);
    }
    Ok(found)
}

/// The row groups that may have keys in the ranges, and their rows that may.
fn select(
    metadata: &ParquetMetaData,
    place: usize,
    ranges: &KeyRanges,
) -> (Vec<usize>, RowSelection) {
    let (mut groups, mut selectors) = (Vec::new(), Vec::new());
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let (min, max) = bounds(group, place);
        if !ranges.meet(min, max) {
            continue;
        }
        groups.push(number);
        for (rows, is_wanted) in pages(metadata, number, place, ranges) {
            selectors.push(match is_wanted {
                true => RowSelector::select(rows.len()),
                false => RowSelector::skip(rows.len()),
            });
        }
    }
    (groups, RowSelection::from(selectors))
}

/// Bounds of the keys of a row group, as far as they are known.
fn bounds(group: &RowGroupMetaData, place: usize) -> (Option<&str>, Option<&str>) {
    let Some(Statistics::ByteArray(values)) = group.column(place).statistics() else {
        return (None, None);
    };
    let text = |bytes| std::str::from_utf8(bytes).ok();
    (values.min_bytes_opt().and_then(text), values.max_bytes_opt().and_then(text))
}

/// The pages of the keys of a row group: their rows, and whether these may be wanted.
fn pages(
    metadata: &ParquetMetaData,
    group: usize,
    place: usize,
    ranges: &KeyRanges,
) -> Vec<(Range<usize>, bool)> {
    let all = metadata.row_groups().get(group).map_or(0, RowGroupMetaData::num_rows);
    let all = usize::try_from(all).unwrap_or(0);
    let whole = || vec![(0..all, true)];
    let of_key = |index: &'_ [Vec<_>]| index.get(group).and_then(|group| group.get(place)).cloned();
    let Some(offsets) = metadata
        .offset_index()
        .map(Vec::as_slice)
        .and_then(|index| index.get(group).and_then(|group| group.get(place)))
    else {
        return whole();
    };
    let Some(ColumnIndexMetaData::BYTE_ARRAY(keys)) =
        metadata.column_index().map(Vec::as_slice).and_then(of_key)
    else {
        return whole();
    };
    let starts: Vec<usize> = offsets
        .page_locations()
        .iter()
        .map(|page| usize::try_from(page.first_row_index).unwrap_or(0))
        .chain([all])
        .collect();
    let text = |bytes: Option<&[u8]>| {
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned)
    };
    starts
        .windows(2)
        .enumerate()
        .filter_map(|(page, rows)| {
            let [start, end] = rows else { return None };
            let (min, max) = (text(keys.min_value(page)), text(keys.max_value(page)));
            Some((*start..*end, ranges.meet(min.as_deref(), max.as_deref())))
        })
        .collect()
}
