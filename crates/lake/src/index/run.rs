//! A run: rows in order, in files whose keys do not overlap. Every change of the index adds runs;
//! merging makes one of several.

use std::collections::BTreeMap;
use std::mem;
use std::sync::OnceLock;

use arrow::datatypes::SchemaRef;
use headwater_event::schema::{OBSERVABLE_COLUMNS, OBSERVABLES};
use parquet::arrow::ArrowWriter;
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::schema::{index_writer_options, stored_schema};
use crate::table::Table;
use crate::write::statistics::statistics_json;

use super::row::{IndexRow, to_batch};
use super::rows::IndexRows;

/// Beginning of the names of the index's files; the run and the number in it follow.
const NAME_START: &str = "run-";

/// Compressed size at which a file is closed, in bytes.
const FILE_BYTES: usize = 64 << 20;

/// Rows that are encoded at a time.
const SLICE_ROWS: usize = 8_192;

/// Writes the rows of one run, which come in order, as files of the index.
pub(super) struct RunWriter {
    table: Table,
    run: Uuid,
    schema: SchemaRef,
    /// Rows that are not encoded yet; the last one may still grow.
    pending: IndexRows,
    open: Option<ArrowWriter<Vec<u8>>>,
    files: Vec<DataFile>,
}

impl RunWriter {
    pub(super) fn new(table: &Table) -> Self {
        Self {
            table: table.clone(),
            run: Uuid::new_v4(),
            schema: stored_schema(&OBSERVABLE_COLUMNS),
            pending: IndexRows::default(),
            open: None,
            files: Vec::new(),
        }
    }

    /// Appends a row, which is not below those before it.
    pub(super) async fn push(&mut self, row: &IndexRow<'_>) -> Result<()> {
        // Rows of one identity follow each other, so a slice may end between any two others.
        if self.pending.len() >= SLICE_ROWS && !self.pending.ends_with(row) {
            self.encode()?;
            if self.open.as_ref().is_some_and(|open| size(open) >= FILE_BYTES) {
                self.close().await?;
            }
        }
        self.pending.append(row);
        Ok(())
    }

    fn encode(&mut self) -> Result<()> {
        let pending = mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(());
        }
        let batch = to_batch(&self.schema, &pending.rows().collect::<Vec<_>>())?;
        let failed = || LakeError::parquet("encode", OBSERVABLES);
        let mut writer = match self.open.take() {
            Some(writer) => writer,
            None => {
                let (schema, options) = (self.schema.clone(), index_writer_options()?);
                ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(failed())?
            }
        };
        writer.write(&batch).map_err(failed())?;
        self.open = Some(writer);
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        let Some(mut writer) = self.open.take() else { return Ok(()) };
        let failed = || LakeError::parquet("encode", OBSERVABLES);
        let metadata = writer.finish().map_err(failed())?;
        let bytes = mem::take(writer.inner_mut());
        let file = DataFile {
            path: format!("{NAME_START}{}-{:05}.parquet", self.run.simple(), self.files.len()),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            modified_ms: milliseconds(self.table.options().clock.now()),
            partition: BTreeMap::new(),
            statistics_json: Some(statistics_json(&OBSERVABLE_COLUMNS, &metadata).into()),
            hidden_end: None,
            words: None,
            is_shredded: false,
            exact_times: None,
            parsed: OnceLock::new(),
        };
        self.table.storage().write_data(&file.path, bytes.into()).await?;
        self.files.push(file);
        Ok(())
    }

    /// The files, which are durable.
    pub(super) async fn finish(mut self) -> Result<Vec<DataFile>> {
        self.encode()?;
        self.close().await?;
        Ok(self.files)
    }
}

fn size(writer: &ArrowWriter<Vec<u8>>) -> usize {
    writer.bytes_written() + writer.in_progress_size()
}

/// Writes rows as a run of their own.
pub(super) async fn write_run(table: &Table, rows: &IndexRows) -> Result<Vec<DataFile>> {
    let mut run = RunWriter::new(table);
    for row in rows.sorted() {
        run.push(&row).await?;
    }
    run.finish().await
}

/// The run that a file belongs to; files of other writers are runs of their own.
pub(super) fn run_of(file: &DataFile) -> &str {
    let named = file.path.strip_prefix(NAME_START);
    named.and_then(|name| name.split_once('-')).map_or(&file.path, |(run, _)| run)
}
