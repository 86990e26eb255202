//! Merges data files of one partition into as few as possible, in their order and in bounded
//! memory: every input is read batch by batch, and opened only when the merge has reached its
//! first row.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::compute::{
    SortColumn, cast, concat_batches, interleave_record_batch, lexsort_to_indices,
    take_record_batch,
};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use futures::TryStreamExt as _;
use parquet::arrow::async_reader::ParquetRecordBatchStream;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::order::{ORDER, RowKey, SourceRun, is_ordered, source_runs, times};
use crate::reader::ObjectReader;
use crate::table::Table;

use super::optimize::OptimizeOptions;
use super::sample::sample;
use super::sink::Sink;

/// Rows that are merged at a time.
const SLICE_ROWS_MAX: usize = 8_192;

/// Bytes that are merged at a time, as long as a single row is not larger.
const SLICE_BYTES_MAX: usize = 128 << 20;

/// Rows read from an input at a time.
const INPUT_ROWS_MAX: usize = 2_048;

/// Uncompressed bytes read from an input at a time, on average.
const INPUT_BYTES: u64 = 32 << 20;

/// Merges files into new ones, which are durable when this returns but not yet part of the table.
///
/// # Errors
/// Whatever reading, writing or the storage answers. Nothing became part of the table then.
pub(super) async fn merge(
    table: &Table,
    inputs: &[Arc<DataFile>],
    options: &OptimizeOptions,
) -> Result<Vec<DataFile>> {
    let Some(first) = inputs.first() else { return Ok(Vec::new()) };
    let rows = inputs.iter().filter_map(|file| file.rows()).sum::<u64>();
    let hidden = options.hidden.for_table(table).await;
    let options = OptimizeOptions { hidden, ..options.clone() };
    let seen = sample(table, inputs, &options.hidden).await?;
    let mut sink = Sink::new(table, first, rows, options)?.with_sample(seen);
    let mut merge = Merge::new(table.clone(), Arc::clone(sink.schema()), inputs);
    while let Some(slice) = merge.next_slice().await? {
        sink.write(&slice).await?;
    }
    sink.finish().await
}

/// A merge under way.
pub(super) struct Merge {
    table: Table,
    schema: SchemaRef,
    /// Inputs that were not reached yet, in the order of their first rows.
    waiting: VecDeque<(RowKey, Arc<DataFile>)>,
    active: Vec<Input>,
    /// The next row of every active input, and the input's number.
    heads: BinaryHeap<Reverse<(RowKey, usize)>>,
    /// Batches that the rows of the slice in the making come from.
    batches: Vec<RecordBatch>,
    /// Rows of the slice in the making: batch and row.
    places: Vec<(usize, usize)>,
    bytes: usize,
    /// Bytes of a slice, as long as a single row is not larger.
    slice_bytes_max: usize,
}

/// An input that is being read.
#[derive(Default)]
struct Input {
    path: String,
    batches: Option<ParquetRecordBatchStream<ObjectReader>>,
    /// All rows of a file that had to be sorted.
    sorted: Option<RecordBatch>,
    /// Place of the current batch among the batches of the slice.
    batch: usize,
    row: usize,
    times: Vec<i64>,
    /// Sources of the current batch's rows that are still to come.
    runs: VecDeque<SourceRun>,
    row_bytes: usize,
}

impl Input {
    /// The next row and the end of the rows of its source in the current batch.
    fn next_row(&self) -> Option<(RowKey, usize)> {
        let run = self.runs.front()?;
        let time = *self.times.get(self.row)?;
        Some((RowKey { source: Arc::clone(&run.source), time }, run.rows.end))
    }
}

impl Merge {
    pub(super) fn new(table: Table, schema: SchemaRef, inputs: &[Arc<DataFile>]) -> Self {
        let mut waiting: Vec<_> =
            inputs.iter().map(|file| (RowKey::lower_bound(file), Arc::clone(file))).collect();
        waiting.sort_by(|left, right| (&left.0, &left.1.path).cmp(&(&right.0, &right.1.path)));
        Self {
            table,
            schema,
            waiting: waiting.into(),
            active: Vec::new(),
            heads: BinaryHeap::new(),
            batches: Vec::new(),
            places: Vec::new(),
            bytes: 0,
            slice_bytes_max: SLICE_BYTES_MAX,
        }
    }

    /// The same with slices of fewer bytes.
    pub(super) fn with_slices_of(self, slice_bytes_max: usize) -> Self {
        Self { slice_bytes_max, ..self }
    }

    /// The next rows in order; those of one source and time are in the order of their inputs.
    pub(super) async fn next_slice(&mut self) -> Result<Option<RecordBatch>> {
        while self.places.len() < SLICE_ROWS_MAX && self.bytes < self.slice_bytes_max {
            self.open_reached().await?;
            let Some(Reverse((_, number))) = self.heads.pop() else { break };
            self.take_run(number).await?;
        }
        if self.places.is_empty() {
            return Ok(None);
        }
        let references: Vec<&RecordBatch> = self.batches.iter().collect();
        let slice = interleave_record_batch(&references, &self.places)
            .map_err(LakeError::arrow("merge rows"))?;
        self.forget_used_batches();
        Ok(Some(slice))
    }

    /// Opens every input that may hold the next row.
    async fn open_reached(&mut self) -> Result<()> {
        loop {
            let next = self.heads.peek().map(|Reverse((key, _))| key);
            match self.waiting.front() {
                Some((first, _)) if next.is_none_or(|next| first <= next) => {}
                _ => return Ok(()),
            }
            let Some((_, file)) = self.waiting.pop_front() else { return Ok(()) };
            let mut input = open(&self.table, &file, &self.schema).await?;
            let number = self.active.len();
            if self.load(&mut input).await? {
                self.heads.extend(input.next_row().map(|(key, _)| Reverse((key, number))));
            }
            self.active.push(input);
        }
    }

    /// Takes rows of one source from one input as long as no other input may have an earlier one.
    async fn take_run(&mut self, number: usize) -> Result<()> {
        let Some(mut input) = self.active.get_mut(number).map(std::mem::take) else {
            return Ok(());
        };
        if let Some((first, end)) = input.next_row() {
            // Where the others come in, as times of this source.
            let time_of = |other: &RowKey| match other.source.cmp(&first.source) {
                Ordering::Less => Some(i64::MIN),
                Ordering::Equal => Some(other.time),
                Ordering::Greater => None,
            };
            let limit = self
                .heads
                .peek()
                .and_then(|Reverse((key, other))| time_of(key).map(|time| (time, *other)));
            let unopened = self.waiting.front().and_then(|(key, _)| time_of(key));
            let mut is_first = true;
            for &time in input.times.get(input.row..end).unwrap_or_default() {
                let full =
                    self.places.len() >= SLICE_ROWS_MAX || self.bytes >= self.slice_bytes_max;
                let later = limit.is_some_and(|limit| (time, number) > limit)
                    || unopened.is_some_and(|unopened| time > unopened);
                if !is_first && (full || later) {
                    break;
                }
                self.places.push((input.batch, input.row));
                self.bytes += input.row_bytes;
                input.row += 1;
                is_first = false;
            }
            if input.row == end {
                input.runs.pop_front();
            }
        }
        if input.row < input.times.len() || self.load(&mut input).await? {
            self.heads.extend(input.next_row().map(|(key, _)| Reverse((key, number))));
        }
        if let Some(place) = self.active.get_mut(number) {
            *place = input;
        }
        Ok(())
    }

    /// Loads the next batch of an input that has rows; `false` at its end.
    async fn load(&mut self, input: &mut Input) -> Result<bool> {
        loop {
            let batch = match (&mut input.sorted, &mut input.batches) {
                (sorted @ Some(_), _) => sorted.take(),
                (None, Some(batches)) => {
                    let next = batches.try_next().await;
                    let next = next.map_err(LakeError::parquet("read", &input.path))?;
                    next.map(|batch| conform(&batch, &self.schema)).transpose()?
                }
                (None, None) => None,
            };
            let Some(batch) = batch else {
                input.times.clear();
                return Ok(false);
            };
            if batch.num_rows() == 0 {
                continue;
            }
            input.times = times(&batch)?.values().to_vec();
            input.runs = source_runs(&batch)?.into();
            input.row_bytes = batch.get_array_memory_size() / batch.num_rows();
            input.row = 0;
            input.batch = self.batches.len();
            self.batches.push(batch);
            return Ok(true);
        }
    }

    /// Keeps only the batches that still have rows to come.
    fn forget_used_batches(&mut self) {
        self.places.clear();
        self.bytes = 0;
        let used = std::mem::take(&mut self.batches);
        for input in &mut self.active {
            if input.row < input.times.len()
                && let Some(batch) = used.get(input.batch)
            {
                input.batch = self.batches.len();
                self.batches.push(batch.clone());
            }
        }
    }
}

/// Opens an input. Files of other writers need not be in order: they are read and sorted as a
/// whole.
async fn open(table: &Table, file: &DataFile, schema: &SchemaRef) -> Result<Input> {
    let failed = || LakeError::parquet("read", &file.path);
    let builder = ParquetRecordBatchStreamBuilder::new(table.object_reader(file)).await;
    let builder = builder.map_err(failed())?;
    let metadata = Arc::clone(builder.metadata());
    let bytes: i64 = metadata.row_groups().iter().map(|group| group.total_byte_size()).sum();
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0).max(1);
    let row_bytes = (u64::try_from(bytes).unwrap_or(0) / rows).max(1);
    let batch_rows = usize::try_from(INPUT_BYTES / row_bytes).unwrap_or(usize::MAX);
    let roots = builder.parquet_schema().root_schema().get_fields().iter().enumerate();
    let wanted = roots.filter(|(_, root)| schema.field_with_name(root.name()).is_ok());
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(index, _)| index));
    let batches = builder
        .with_projection(mask)
        .with_batch_size(batch_rows.clamp(1, INPUT_ROWS_MAX))
        .build()
        .map_err(failed())?;
    let mut input = Input { path: file.path.clone(), batches: Some(batches), ..Input::default() };
    if !is_ordered(&metadata) {
        let batches = input.batches.take();
        input.sorted = Some(read_sorted(&file.path, batches, schema).await?);
    }
    Ok(input)
}

/// Whether the rows of a file are in the order of files.
///
/// # Errors
/// Whatever reading the footer answers.
pub(super) async fn is_ordered_file(table: &Table, file: &DataFile) -> Result<bool> {
    let builder = ParquetRecordBatchStreamBuilder::new(table.object_reader(file)).await;
    let builder = builder.map_err(LakeError::parquet("read", &file.path))?;
    Ok(is_ordered(builder.metadata()))
}

async fn read_sorted(
    path: &str,
    batches: Option<ParquetRecordBatchStream<ObjectReader>>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let mut read = Vec::new();
    if let Some(mut batches) = batches {
        while let Some(batch) =
            batches.try_next().await.map_err(LakeError::parquet("read", path))?
        {
            read.push(conform(&batch, schema)?);
        }
    }
    let failed = || LakeError::arrow("sort rows");
    let batch = concat_batches(schema, &read).map_err(failed())?;
    let columns = ORDER.into_iter().filter_map(|name| {
        let values = Arc::clone(batch.column_by_name(name)?);
        Some(SortColumn { values, options: None })
    });
    let order = lexsort_to_indices(&columns.collect::<Vec<_>>(), None).map_err(failed())?;
    take_record_batch(&batch, &order).map_err(failed())
}

/// Gives a batch the columns of the table: other writers use other types of the same meaning, and
/// older files lack newer columns.
pub(super) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<std::result::Result<Vec<ArrayRef>, ArrowError>>();
    columns
        .and_then(|columns| RecordBatch::try_new(Arc::clone(schema), columns))
        .map_err(LakeError::arrow("convert the columns of a file"))
}
