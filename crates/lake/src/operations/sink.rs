//! Where rows of one partition go that maintenance writes anew: files of at most the target size.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use futures::future::BoxFuture;
use headwater_event::schema::{ColumnDefinition, SOURCE_COLUMN};
use object_store::ObjectStoreExt as _;
use object_store::buffered::BufWriter;
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::async_writer::AsyncFileWriter;

use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::words::WordFilters;
use crate::hidden::{self, HiddenColumn, HiddenOptions, Sample, Shredder};
use crate::order::source_runs;
use crate::schema::{stored_columns, stored_schema, writer_options};
use crate::table::Table;
use crate::write::new_name;
use crate::write::statistics::statistics_json;

use super::optimize::OptimizeOptions;

/// Where merged rows go: files of at most the target size.
pub(super) struct Sink {
    table: Table,
    columns: &'static [ColumnDefinition],
    schema: SchemaRef,
    options: OptimizeOptions,
    /// Rows of all files together.
    rows: usize,
    /// A file of the same partition.
    like: Arc<DataFile>,
    /// Rows to choose hidden columns by, of all sources to come; if none, the first rows tell.
    sample: Vec<RecordBatch>,
    /// Whether rows of all sources had a say in the choice of hidden columns.
    is_complete: bool,
    open: Option<OpenFile>,
    done: Vec<DataFile>,
}

struct OpenFile {
    path: String,
    writer: AsyncArrowWriter<Unfinished>,
    shredder: Shredder,
    words: Option<WordFilters>,
}

/// A file that is not complete when its Parquet writer is: another footer follows.
struct Unfinished(Box<dyn AsyncFileWriter>);

impl AsyncFileWriter for Unfinished {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, parquet::errors::Result<()>> {
        self.0.write(bytes)
    }

    fn complete(&mut self) -> BoxFuture<'_, parquet::errors::Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Sink {
    /// A sink for about so many rows of the partition that `like` is in.
    pub(super) fn new(
        table: &Table,
        like: &Arc<DataFile>,
        rows: u64,
        options: OptimizeOptions,
    ) -> Result<Self> {
        let columns = stored_columns(table.name())?;
        Ok(Self {
            table: table.clone(),
            columns,
            schema: stored_schema(columns),
            options,
            rows: usize::try_from(rows).unwrap_or(usize::MAX),
            like: Arc::clone(like),
            sample: Vec::new(),
            is_complete: is_of_one_source(like),
            open: None,
            done: Vec::new(),
        })
    }

    /// With rows to choose hidden columns by.
    pub(super) fn with_sample(self, sample: Vec<RecordBatch>) -> Self {
        Self { sample, is_complete: true, ..self }
    }

    /// The schema that rows have to have.
    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Appends rows to the file that is open, or to a new one.
    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.create(batch).await?,
        };
        let shredded = file.shredder.shred(batch).map_err(LakeError::arrow("shred rows"))?;
        if let Some(words) = &mut file.words {
            words.add(batch).map_err(LakeError::arrow("read words"))?;
        }
        let written = file.writer.write(&shredded).await;
        written.map_err(LakeError::parquet("write", &file.path))?;
        let bytes = file.writer.bytes_written() + file.writer.in_progress_size();
        self.open = Some(file);
        if u64::try_from(bytes).unwrap_or(u64::MAX) >= self.options.target_bytes {
            self.close().await?;
        }
        Ok(())
    }

    /// Begins a file, of which `first` are the first rows.
    async fn create(&self, first: &RecordBatch) -> Result<OpenFile> {
        let folder = self.like.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = if folder.is_empty() { new_name() } else { format!("{folder}/{}", new_name()) };
        let hidden = self.hidden_columns(first)?;
        let (group, level) = (self.options.row_group_rows, self.options.zstd_level);
        let options = writer_options(self.columns, &hidden, group, level, self.rows)?;
        let output: Box<dyn AsyncFileWriter> = match self.table.storage().local() {
            Some(folder) => Box::new(folder.create(&path).await?),
            None => {
                let object = self.table.storage().object(&path);
                Box::new(BufWriter::new(self.table.object_store(), object))
            }
        };
        // They stand in front of the footer that files with hidden columns have.
        let words = (!hidden.is_empty()).then(WordFilters::default);
        let shredder = Shredder::new(&self.schema, hidden);
        let schema = Arc::clone(shredder.schema());
        let writer = AsyncArrowWriter::try_new_with_options(Unfinished(output), schema, options);
        let writer = writer.map_err(LakeError::parquet("write", &path))?;
        Ok(OpenFile { path, writer, shredder, words })
    }

    /// The hidden columns that a file with such rows deserves.
    fn hidden_columns(&self, first: &RecordBatch) -> Result<Vec<HiddenColumn>> {
        let options = &self.options.hidden;
        if self.rows < options.rows_min {
            return Ok(Vec::new());
        }
        let group = self.options.row_group_rows.min(self.rows);
        if self.sample.is_empty() {
            let row = |number| Some((first, number));
            return Ok(Sample::of_rows(options, group, first.num_rows(), row));
        }
        // Sources before the first row are in the files before this one.
        let begins_with = source_runs(first)?.into_iter().next().map(|run| run.source);
        let mut rows = Vec::new();
        for batch in &self.sample {
            for run in source_runs(batch)? {
                if begins_with.as_ref().is_none_or(|first| run.source >= *first) {
                    rows.extend(run.rows.map(|row| (batch, row)));
                }
            }
        }
        let options = HiddenOptions { sample_rows: rows.len(), ..options.clone() };
        Ok(Sample::of_rows(&options, group, rows.len(), |number| rows.get(number).copied()))
    }

    async fn close(&mut self) -> Result<()> {
        let Some(OpenFile { path, mut writer, shredder, words }) = self.open.take() else {
            return Ok(());
        };
        let failed = || LakeError::parquet("write", &path);
        let metadata = writer.finish().await.map_err(failed())?;
        let written = writer.bytes_written() as u64;
        let words = words.map(WordFilters::finish).transpose().map_err(failed())?.flatten();
        let broken = shredder.broken();
        let footers = hidden::finish(&metadata, written, self.columns.len(), &broken, words);
        let footers = footers.map_err(failed())?;
        let Unfinished(mut output) = writer.into_inner();
        output.write(footers.bytes.into()).await.map_err(failed())?;
        output.complete().await.map_err(failed())?;
        if let Some(folder) = self.table.storage().local() {
            folder.make_durable(&folder.file(&path))?;
        }
        let object = self.table.storage().object(&path);
        let stored = self.table.object_store().head(&object).await;
        let stored = stored.map_err(LakeError::storage("look up", &object))?;
        self.done.push(DataFile {
            path,
            size: stored.size,
            modified_ms: milliseconds(self.table.options().clock.now()),
            partition: self.like.partition.clone(),
            statistics_json: Some(statistics_json(self.columns, &metadata).into()),
            hidden_end: footers.hidden_end,
            words: footers.words,
            is_shredded: self.is_complete && self.options.hidden.columns_max > 0,
            exact_times: None,
            parsed: OnceLock::new(),
        });
        Ok(())
    }

    /// The files, which are durable.
    pub(super) async fn finish(mut self) -> Result<Vec<DataFile>> {
        self.close().await?;
        Ok(self.done)
    }
}

/// Whether all rows of a file are of one source.
fn is_of_one_source(file: &DataFile) -> bool {
    let sources = file.statistics().columns.get(SOURCE_COLUMN);
    sources.is_some_and(|range| {
        range.nulls == Some(0) && range.min.is_some() && range.min == range.max
    })
}
