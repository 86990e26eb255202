//! Merges runs into one, in bounded memory: of each run one batch is read at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

use futures::TryStreamExt as _;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::async_reader::ParquetRecordBatchStream;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::reader::ObjectReader;
use crate::table::Table;

use super::row::{IndexBatch, IndexRow};
use super::run::{RunWriter, run_of};

/// Rows read from an input at a time.
const INPUT_ROWS: usize = 4_096;

/// Merges files of the index into a run, without the rows that `keep` refuses. The files are
/// durable when this returns, and not part of the table yet.
///
/// # Errors
/// Whatever reading, writing or the storage answers.
pub(super) async fn merge_files(
    table: &Table,
    inputs: &[Arc<DataFile>],
    keep: impl Fn(&IndexRow<'_>) -> bool,
) -> Result<Vec<DataFile>> {
    let mut runs: BTreeMap<&str, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in inputs {
        runs.entry(run_of(file)).or_default().push(Arc::clone(file));
    }
    let mut readers = Vec::with_capacity(runs.len());
    for files in runs.into_values() {
        readers.push(Input::open(table, files).await?);
    }
    let mut run = RunWriter::new(table);
    // The heap holds the next row of every input, as text of its own: rows of different inputs
    // are compared while inputs are read on.
    let mut heads = BinaryHeap::with_capacity(readers.len());
    for (number, reader) in readers.iter().enumerate() {
        heads.extend(reader.head().map(|head| Reverse((head, number))));
    }
    while let Some(Reverse((_, number))) = heads.pop() {
        let Some(reader) = readers.get_mut(number) else { continue };
        // As long as this input stays below all others, its rows need no heap.
        let bound = heads.peek().map(|Reverse((head, _))| head.clone());
        while let Some(row) = reader.row() {
            if bound.as_ref().is_some_and(|bound| bound.is_below(&row)) {
                break;
            }
            if keep(&row) {
                run.push(&row).await?;
            }
            reader.advance().await?;
        }
        heads.extend(reader.head().map(|head| Reverse((head, number))));
    }
    run.finish().await
}

/// The identity of a row that waits in the heap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    key: String,
    part: String,
    type_id: i32,
    value: String,
    source: Option<String>,
    date: i32,
}

impl Head {
    fn of(row: &IndexRow<'_>) -> Self {
        Self {
            key: row.key.to_owned(),
            part: row.part.to_owned(),
            type_id: row.type_id,
            value: row.value.to_owned(),
            source: row.source.map(str::to_owned),
            date: row.date,
        }
    }

    fn is_below(&self, row: &IndexRow<'_>) -> bool {
        let source = self.source.as_deref();
        (
            self.key.as_str(),
            self.part.as_str(),
            self.type_id,
            self.value.as_str(),
            source,
            self.date,
        ) < row.identity()
    }
}

/// A run that is merged, and where in it the merge is. One of its files is open at a time.
struct Input {
    table: Table,
    files: VecDeque<Arc<DataFile>>,
    open: Option<(Arc<DataFile>, ParquetRecordBatchStream<ObjectReader>)>,
    batch: Option<IndexBatch>,
    next: usize,
}

impl Input {
    async fn open(table: &Table, mut files: Vec<Arc<DataFile>>) -> Result<Self> {
        // Numbers in the names follow the keys.
        files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        let (table, files) = (table.clone(), files.into());
        let mut input = Self { table, files, open: None, batch: None, next: 0 };
        input.read().await?;
        Ok(input)
    }

    /// Reads the next batch that has rows.
    async fn read(&mut self) -> Result<()> {
        (self.batch, self.next) = (None, 0);
        loop {
            if let Some((file, batches)) = &mut self.open {
                let failed = LakeError::parquet("read", &file.path);
                match batches.try_next().await.map_err(failed)? {
                    Some(batch) if batch.num_rows() == 0 => continue,
                    Some(batch) => {
                        self.batch = Some(IndexBatch::new(&batch)?);
                        return Ok(());
                    }
                    None => self.open = None,
                }
            }
            let Some(file) = self.files.pop_front() else { return Ok(()) };
            let failed = || LakeError::parquet("read", &file.path);
            let reader = self.table.object_reader(&file);
            let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed())?;
            let batches = builder.with_batch_size(INPUT_ROWS).build().map_err(failed())?;
            self.open = Some((file, batches));
        }
    }

    fn row(&self) -> Option<IndexRow<'_>> {
        let batch = self.batch.as_ref()?;
        (self.next < batch.len()).then(|| batch.row(self.next))
    }

    fn head(&self) -> Option<Head> {
        self.row().map(|row| Head::of(&row))
    }

    async fn advance(&mut self) -> Result<()> {
        self.next += 1;
        if self.batch.as_ref().is_some_and(|batch| self.next >= batch.len()) {
            self.read().await?;
        }
        Ok(())
    }
}
