//! Encodes rows as one Parquet file in memory. Rows are gathered from the batches in slices, so
//! that only a slice of them exists twice.

use arrow::array::{Array, AsArray as _};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use headwater_event::Timestamp;
use headwater_event::schema::ColumnDefinition;
use parquet::arrow::ArrowWriter;

use crate::error::{LakeError, Result};
use crate::hidden::{self, HiddenColumn, Sample, Shredder};
use crate::partition::HourPartition;
use crate::schema::writer_options;

use super::WriterOptions;
use super::order::{FilePlan, OrderedRows, RowReference};
use super::statistics::statistics_json;

/// Rows that are gathered at a time.
const SLICE_ROWS_MAX: usize = 8_192;

/// Bytes that are gathered at a time, as long as a single row is not larger. Arrow's offsets end at
/// 2 GiB.
const SLICE_BYTES_MAX: usize = 256 << 20;

/// Makes Parquet files of rows.
pub(super) struct Encoder {
    pub(super) columns: &'static [ColumnDefinition],
    pub(super) schema: SchemaRef,
    pub(super) options: WriterOptions,
}

/// A Parquet file in memory.
pub(super) struct EncodedFile {
    pub(super) hour: HourPartition,
    pub(super) bytes: Bytes,
    /// Earliest and latest time.
    pub(super) times: (Timestamp, Timestamp),
    /// Statistics for the log.
    pub(super) statistics: String,
    /// Where to cut the file for its hidden columns.
    pub(super) hidden_end: Option<u64>,
}

impl Encoder {
    /// Encodes the rows of one file.
    ///
    /// # Errors
    /// `Internal` or `Corrupt` when the libraries refuse the rows.
    pub(super) fn encode(
        &self,
        batches: &[RecordBatch],
        rows: &OrderedRows,
        file: &FilePlan,
    ) -> Result<EncodedFile> {
        let rows = rows.get(file.rows.clone());
        let failed = || LakeError::parquet("encode", file.hour.folder());
        let hidden = self.hidden_columns(batches, rows);
        let (group, level) = (self.options.row_group_rows, self.options.zstd_level);
        let options = writer_options(self.columns, &hidden, group, level, rows.len())?;
        let mut shredder = Shredder::new(&self.schema, hidden);
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new_with_options(&mut bytes, shredder.schema().clone(), options)
                .map_err(failed())?;
        let references: Vec<&RecordBatch> = batches.iter().collect();
        for slice in Slices::new(batches, rows) {
            let places: Vec<_> = slice.iter().map(|row| row.place()).collect();
            let gathered = interleave_record_batch(&references, &places)
                .map_err(LakeError::arrow("gather rows"))?;
            let shredded = shredder.shred(&gathered).map_err(LakeError::arrow("shred rows"))?;
            writer.write(&shredded).map_err(failed())?;
        }
        let metadata = writer.close().map_err(failed())?;
        let (written, broken) = (bytes.len() as u64, shredder.broken());
        let footers = hidden::finish(&metadata, written, self.columns.len(), &broken, None);
        let footers = footers.map_err(failed())?;
        bytes.extend(footers.bytes);
        let time = |time: Option<i64>| Timestamp::from_micros(time.unwrap_or(0));
        let times = || rows.iter().map(|row| row.time);
        Ok(EncodedFile {
            hour: file.hour,
            bytes: bytes.into(),
            times: (time(times().min()), time(times().max())),
            statistics: statistics_json(self.columns, &metadata),
            hidden_end: footers.hidden_end,
        })
    }

    /// The hidden columns that a file of these rows deserves.
    fn hidden_columns(&self, batches: &[RecordBatch], rows: &[RowReference]) -> Vec<HiddenColumn> {
        let options = &self.options.hidden;
        if rows.len() < options.rows_min {
            return Vec::new();
        }
        Sample::of_rows(options, self.options.row_group_rows, rows.len(), |number| {
            let (batch, row) = rows.get(number)?.place();
            Some((batches.get(batch)?, row))
        })
    }
}

/// Cuts rows into slices that are safe to gather.
struct Slices<'a> {
    rows: &'a [RowReference],
    /// Sizes matter only when all batches together could overflow a slice.
    sizes: Option<Vec<RowSizes<'a>>>,
}

impl<'a> Slices<'a> {
    fn new(batches: &'a [RecordBatch], rows: &'a [RowReference]) -> Self {
        let bytes: usize = batches.iter().map(gathered_bytes).sum();
        let sizes = (bytes > SLICE_BYTES_MAX).then(|| batches.iter().map(RowSizes::new).collect());
        Self { rows, sizes }
    }

    fn slice_rows(&self, sizes: &[RowSizes<'a>]) -> usize {
        let mut bytes = 0_usize;
        let mut count = 0;
        for row in self.rows.iter().take(SLICE_ROWS_MAX) {
            let (batch, row) = row.place();
            bytes = bytes.saturating_add(sizes.get(batch).map_or(0, |sizes| sizes.of(row)));
            if bytes > SLICE_BYTES_MAX && count > 0 {
                break;
            }
            count += 1;
        }
        count
    }
}

impl<'a> Iterator for Slices<'a> {
    type Item = &'a [RowReference];

    fn next(&mut self) -> Option<Self::Item> {
        let count = match &self.sizes {
            None => self.rows.len().min(SLICE_ROWS_MAX),
            Some(sizes) => self.slice_rows(sizes),
        };
        let (slice, rest) = self.rows.split_at_checked(count)?;
        self.rows = rest;
        (!slice.is_empty()).then_some(slice)
    }
}

/// Bytes that gathering all rows of a batch copies: views move without their text.
fn gathered_bytes(batch: &RecordBatch) -> usize {
    let copied = batch.columns().iter().filter(|column| *column.data_type() != DataType::Utf8View);
    copied.map(|column| column.get_array_memory_size()).sum()
}

/// Sizes of the rows of one batch: exact for text and bytes, an average for everything else.
struct RowSizes<'a> {
    offsets: Vec<&'a [i32]>,
    others: usize,
}

impl<'a> RowSizes<'a> {
    fn new(batch: &'a RecordBatch) -> Self {
        let mut offsets = Vec::new();
        let mut others = 0;
        for column in batch.columns() {
            match column.data_type() {
                DataType::Utf8 => offsets.push(column.as_string::<i32>().value_offsets()),
                DataType::Binary => offsets.push(column.as_binary::<i32>().value_offsets()),
                DataType::Utf8View => others += size_of::<u128>() * batch.num_rows(),
                _ => others += column.get_array_memory_size(),
            }
        }
        Self { offsets, others: others / batch.num_rows().max(1) }
    }

    fn of(&self, row: usize) -> usize {
        let lengths = self.offsets.iter().map(|offsets| match offsets.get(row..row + 2) {
            Some([start, end]) => usize::try_from(end - start).unwrap_or(0),
            _ => 0,
        });
        self.others + lengths.sum::<usize>()
    }
}
