//! A sample of the rows that are about to be merged: of every source some, spread over its rows.
//! Files are in order of source, so their first rows would tell of one source only.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use futures::TryStreamExt as _;
use headwater_event::schema::SOURCE_COLUMN;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::{DOCUMENTS, HiddenOptions};
use crate::order::{source_runs, spread};
use crate::schema::{stored_columns, stored_schema};
use crate::table::Table;

use super::merge::conform;

/// Files that are looked into at most, spread over all.
const FILES_MAX: usize = 64;

/// An input that is looked into.
struct Sampled<'a> {
    file: &'a DataFile,
    metadata: ArrowReaderMetadata,
    /// Its rows, counted over all inputs.
    rows: Range<usize>,
}

/// Takes rows of files with what it takes to choose hidden columns: about as many as the options
/// say, and more when there are many sources; none when there is nothing to choose.
///
/// # Errors
/// A file cannot be read.
pub(super) async fn sample(
    table: &Table,
    files: &[Arc<DataFile>],
    options: &HiddenOptions,
) -> Result<Vec<RecordBatch>> {
    if options.columns_max == 0 {
        return Ok(Vec::new());
    }
    let mut inputs = Vec::new();
    let mut sources = BTreeMap::<Arc<str>, Vec<Range<usize>>>::new();
    let mut rows = 0;
    for file in files.iter().step_by(files.len().div_ceil(FILES_MAX).max(1)) {
        let mut reader = table.object_reader(file);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::default());
        let metadata = metadata.await.map_err(LakeError::parquet("read", &file.path))?;
        let mut input = Sampled { file, metadata, rows: rows..rows };
        for batch in input.read(table, &[SOURCE_COLUMN], None).await? {
            for run in source_runs(&batch)? {
                let of_run = rows + run.rows.start..rows + run.rows.end;
                sources.entry(run.source).or_default().push(of_run);
            }
            rows += batch.num_rows();
        }
        input.rows.end = rows;
        inputs.push(input);
    }
    let taken = spread(sources.into_values().collect(), options.sample_rows);
    let schema = stored_schema(stored_columns(table.name())?);
    let mut columns = DOCUMENTS.to_vec();
    columns.extend([SOURCE_COLUMN, "raw"]);
    let places = columns.iter().filter_map(|name| schema.index_of(name).ok());
    let schema = schema.project(&places.collect::<Vec<_>>());
    let schema = Arc::new(schema.map_err(LakeError::arrow("choose columns"))?);
    let mut batches = Vec::new();
    for input in &inputs {
        let start = input.rows.start;
        let of_input = taken.iter().filter(|rows| input.rows.contains(&rows.start));
        let ranges: Vec<_> = of_input.map(|rows| rows.start - start..rows.end - start).collect();
        if ranges.is_empty() {
            continue;
        }
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), input.rows.len());
        for batch in input.read(table, &columns, Some(selection)).await? {
            batches.push(conform(&batch, &schema)?);
        }
    }
    Ok(batches)
}

impl Sampled<'_> {
    /// Reads columns of the file: all rows, or some.
    async fn read(
        &self,
        table: &Table,
        columns: &[&str],
        rows: Option<RowSelection>,
    ) -> Result<Vec<RecordBatch>> {
        let failed = || LakeError::parquet("read", &self.file.path);
        let reader = table.object_reader(self.file);
        let builder =
            ParquetRecordBatchStreamBuilder::new_with_metadata(reader, self.metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let builder = builder.with_projection(mask);
        let builder = match rows {
            Some(rows) => builder.with_row_selection(rows),
            None => builder,
        };
        let batches = builder.build().map_err(failed())?;
        batches.try_collect().await.map_err(failed())
    }
}
