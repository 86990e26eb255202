//! From batches to data files: rows are put in order (`order`), encoded as one Parquet file
//! per hour (`encode`), described for the log (`statistics`) and stored. Nothing becomes visible
//! before a commit names the files.

mod encode;
mod order;
pub(crate) mod statistics;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use futures::{StreamExt as _, TryStreamExt as _};
use headwater_event::schema::{ColumnDefinition, PARTITION_COLUMNS};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::HiddenOptions;
use crate::partition::HourPartition;
use crate::schema::{stored_columns, stored_schema};
use crate::table::Table;

use encode::{EncodedFile, Encoder};
use order::{FilePlan, OrderedRows};

/// A partition is not cut into files of fewer rows than this to keep all threads busy.
const SPLIT_ROWS_MIN: usize = 131_072;

/// Settings of a `TableWriter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// Threads that encode files.
    pub threads: usize,
    /// Rows of a row group: what a query decides to read or not, and reads at least.
    pub row_group_rows: usize,
    /// Compression level of zstd: 1 is the fastest.
    pub zstd_level: i32,
    /// Rows of a file; a partition with more becomes several files.
    pub file_rows_max: usize,
    /// Which values inside JSON text become columns of the files.
    pub hidden: HiddenOptions,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            row_group_rows: 8_192,
            zstd_level: 1,
            file_rows_max: 1_048_576,
            hidden: HiddenOptions::at_ingest(),
        }
    }
}

/// Writes batches as data files of a table. Holds no rows between calls.
#[derive(Debug, Clone)]
pub struct TableWriter {
    table: Table,
    columns: &'static [ColumnDefinition],
    schema: SchemaRef,
    options: WriterOptions,
}

impl TableWriter {
    /// A writer for a table of Headwater's own.
    ///
    /// # Errors
    /// `Invalid` when Headwater defines no columns for the table.
    pub fn new(table: Table, options: WriterOptions) -> Result<Self> {
        let columns = stored_columns(table.name())?;
        Ok(Self { table, columns, schema: stored_schema(columns), options })
    }

    /// The schema that batches must have; text may also come as views. All batches of one call have
    /// the same schema.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Writes all rows of the batches, in any order and of any hours, as data files: at least one
    /// per hour, sorted by source and time; rows of the same time stay in order. When this returns,
    /// the files are durable; they are part of the table once `Table::commit` adds them. Memory
    /// beyond the batches: a row group in the making and two compressed files per thread.
    ///
    /// # Errors
    /// `Invalid` when a batch has other columns or a row no time; whatever the storage answers.
    pub async fn write(&self, batches: Vec<RecordBatch>) -> Result<Vec<DataFile>> {
        let mut batches = batches;
        batches.retain(|batch| batch.num_rows() > 0);
        let first = batches.first().map(RecordBatch::schema);
        let differs = |batch: &&RecordBatch| {
            !self.accepts(batch) || first.as_ref().is_some_and(|first| *first != batch.schema())
        };
        if let Some(batch) = batches.iter().find(differs) {
            return Err(LakeError::Request {
                table: self.table.name().to_owned(),
                reason: format!("a batch has other columns: {}", batch.schema()),
            });
        }
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let plan = self.plan(batches).await?;
        let threads = self.options.threads.clamp(1, plan.files.len().max(1));
        let (sender, mut encoded) = mpsc::channel(1);
        for _ in 0..threads {
            let (plan, sender) = (Arc::clone(&plan), sender.clone());
            tokio::task::spawn_blocking(move || plan.encode_files(&sender));
        }
        drop(sender);
        let encoded = futures::stream::poll_fn(move |context| encoded.poll_recv(context));
        let mut files: Vec<DataFile> = encoded
            .map(|file| async move { self.store(file?).await })
            .buffer_unordered(threads)
            .try_collect()
            .await?;
        if files.len() != plan.files.len() {
            return Err(LakeError::Task { action: "encode a file", source: None });
        }
        files.sort_unstable_by_key(|file| file.exact_times);
        Ok(files)
    }

    fn accepts(&self, batch: &RecordBatch) -> bool {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(self.schema.fields());
        schema.fields().len() == self.schema.fields().len()
            && columns.into_iter().all(|(given, wanted)| {
                let is_view = *given.data_type() == DataType::Utf8View;
                let same_type = given.data_type() == wanted.data_type();
                let fits = same_type || is_view && *wanted.data_type() == DataType::Utf8;
                given.name() == wanted.name() && fits
            })
    }

    /// Puts the rows in order and decides on the files.
    async fn plan(&self, batches: Vec<RecordBatch>) -> Result<Arc<WritePlan>> {
        let schema = batches.first().map_or_else(|| Arc::clone(&self.schema), RecordBatch::schema);
        let table = self.table.name().to_owned();
        let (columns, mut options) = (self.columns, self.options.clone());
        options.hidden = options.hidden.for_table(&self.table).await;
        let work = move || {
            let rows = OrderedRows::new(&table, &batches)?;
            let share = rows.len().div_ceil(options.threads.max(1)).max(SPLIT_ROWS_MIN);
            let files = rows.files(share.min(options.file_rows_max.max(1)));
            let encoder = Encoder { columns, schema, options };
            let next = AtomicUsize::new(0);
            Ok(Arc::new(WritePlan { encoder, batches, rows, files, next }))
        };
        let running = tokio::task::spawn_blocking(work);
        running.await.map_err(LakeError::task("order rows"))?
    }

    /// Stores an encoded file.
    async fn store(&self, file: EncodedFile) -> Result<DataFile> {
        let data_file = DataFile {
            path: new_path(file.hour),
            size: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            modified_ms: milliseconds(self.table.options().clock.now()),
            partition: partition_values(file.hour),
            statistics_json: Some(file.statistics.into()),
            hidden_end: file.hidden_end,
            words: None,
            is_shredded: false,
            exact_times: Some(file.times),
            parsed: OnceLock::new(),
        };
        self.table.storage().write_data(&data_file.path, file.bytes).await?;
        Ok(data_file)
    }
}

/// Rows in order, the files to make of them, and which one is next.
struct WritePlan {
    encoder: Encoder,
    batches: Vec<RecordBatch>,
    rows: OrderedRows,
    files: Vec<FilePlan>,
    next: AtomicUsize,
}

impl WritePlan {
    /// Encodes one file after the other until none is left or nobody wants them any more.
    fn encode_files(&self, encoded: &mpsc::Sender<Result<EncodedFile>>) {
        while let Some(file) = self.files.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let result = self.encoder.encode(&self.batches, &self.rows, file);
            if encoded.blocking_send(result).is_err() {
                return;
            }
        }
    }
}

/// Path of a new file in the partition of an hour.
fn new_path(hour: HourPartition) -> String {
    format!("{}/{}", hour.folder(), new_name())
}

/// Name of a new file.
pub(crate) fn new_name() -> String {
    format!("part-{}.parquet", Uuid::new_v4())
}

/// Values of the partition columns for an hour.
fn partition_values(hour: HourPartition) -> BTreeMap<String, Option<String>> {
    let columns = PARTITION_COLUMNS.iter().map(|&column| column.to_owned());
    columns.zip(hour.values().map(Some)).collect()
}
