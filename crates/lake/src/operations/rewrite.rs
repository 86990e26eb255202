//! Rewrites rows in place: whoever changes rows reads a file, writes another one in its stead, and
//! hands both in. Groups of files are swapped in one commit each, so what was done stays done, and
//! a crash leaves every row in the table once, changed or not.
//!
//! The work is done under the lease of compactions: nobody merges the files meanwhile. Appends go
//! on. A file that another writer removed all the same is left to the caller, who looks again.

use std::sync::Arc;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use uuid::Uuid;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::log::commit::{Commit, Operation};
use crate::schema::{stored_columns, stored_schema};
use crate::snapshot::Snapshot;
use crate::table::Table;

use super::lease::{LEASE_DURATION, Lease};
use super::merge::{Merge, is_ordered_file};
use super::optimize::{OptimizeOptions, UNSORTED_BYTES_MAX, delete};
use super::sink::Sink;

/// Bytes of rows that are handed out at a time, as long as a single row is not larger.
const SLICE_BYTES: usize = 16 << 20;

/// How rows are rewritten.
#[derive(Debug, Clone)]
pub struct RewriteOptions {
    /// Files that one commit replaces at most.
    pub commit_files_max: usize,
    /// Bytes of new files after which they are committed.
    pub commit_bytes_max: u64,
    /// After this time without a commit another process's lease counts as abandoned.
    pub lease_duration: Duration,
    /// Facts for the table's history.
    pub parameters: Vec<(String, String)>,
}

impl Default for RewriteOptions {
    fn default() -> Self {
        Self {
            commit_files_max: 100,
            commit_bytes_max: 512 << 20,
            lease_duration: LEASE_DURATION,
            parameters: Vec::new(),
        }
    }
}

/// The rows of one file, in their order, with all columns of the table.
pub struct FileRows {
    merge: Merge,
}

impl FileRows {
    /// Begins to read a file. `None`: another program wrote it, it need not be in order, and it is
    /// too large to be sorted in memory.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn open(table: &Table, file: &Arc<DataFile>) -> Result<Option<Self>> {
        if file.size > UNSORTED_BYTES_MAX && !is_ordered_file(table, file).await? {
            return Ok(None);
        }
        let schema = stored_schema(stored_columns(table.name())?);
        let merge = Merge::new(table.clone(), schema, &[Arc::clone(file)]);
        Ok(Some(Self { merge: merge.with_slices_of(SLICE_BYTES) }))
    }

    /// The next rows: some thousands, or fewer when they are long.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.merge.next_slice().await
    }
}

/// A file in the making that takes the place of another one.
pub struct FileRewrite {
    table: Table,
    old: Arc<DataFile>,
    sink: Sink,
    rows: u64,
}

impl FileRewrite {
    /// Begins a file that takes the place of `old`.
    ///
    /// # Errors
    /// `Invalid` for a table that is not Headwater's.
    pub async fn begin(table: &Table, old: &Arc<DataFile>) -> Result<Self> {
        let options = OptimizeOptions::default();
        let hidden = options.hidden.for_table(table).await;
        let options = OptimizeOptions { target_bytes: u64::MAX, hidden, ..options };
        let sink = Sink::new(table, old, old.rows().unwrap_or(0), options)?;
        Ok(Self { table: table.clone(), old: Arc::clone(old), sink, rows: 0 })
    }

    /// Adds rows, which must be those of the old file in their order.
    ///
    /// # Errors
    /// They cannot be written.
    pub async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.rows += u64::try_from(rows.num_rows()).unwrap_or(0);
        self.sink.write(rows).await
    }

    /// Makes the file durable. It is not part of the table yet.
    async fn finish(self) -> Result<Replacement> {
        let Self { table, old, sink, rows } = self;
        let new = sink.finish().await?;
        let written: u64 = new.iter().filter_map(DataFile::rows).sum();
        if written != rows || old.rows().is_some_and(|known| known != rows) {
            delete(&table, &new).await;
            return Err(LakeError::Log {
                table: table.name().to_owned(),
                reason: format!("a rewrite of `{}` has another number of rows", old.path),
            });
        }
        Ok(Replacement { old, new })
    }
}

struct Replacement {
    old: Arc<DataFile>,
    new: Vec<DataFile>,
}

/// What became of rewritten files.
#[derive(Debug, Default)]
pub struct Settled {
    /// Paths of files that were replaced.
    pub replaced: Vec<String>,
    /// Paths of files that another writer removed meanwhile: their rows are elsewhere now, as they
    /// were.
    pub conflicts: Vec<String>,
    /// Paths of the files that hold the changed rows.
    pub added: Vec<String>,
    /// Version of the table that this made, if any.
    pub version: Option<u64>,
}

/// The right to rewrite a table's files, and those that wait for their commit.
pub struct Rewrite {
    table: Table,
    options: RewriteOptions,
    lease: Lease,
    waiting: Vec<Replacement>,
    bytes: u64,
}

impl Rewrite {
    /// Takes the lease of the table.
    ///
    /// # Errors
    /// `Unavailable` when another process compacts or rewrites the table; `Invalid` when another
    /// program added columns to it, whose values a rewrite would lose.
    pub async fn begin(table: &Table, options: RewriteOptions) -> Result<Self> {
        let known = stored_schema(stored_columns(table.name())?);
        let stored = table.snapshot().await?.stored_schema();
        let mut fields = stored.fields().iter();
        if let Some(field) = fields.find(|field| known.field_with_name(field.name()).is_err()) {
            return Err(LakeError::Request {
                table: table.name().to_owned(),
                reason: format!("a rewrite would lose its column `{}`", field.name()),
            });
        }
        let owner = format!("process {} ({})", std::process::id(), Uuid::new_v4());
        let lease = Lease::take(table, options.lease_duration, &owner).await?;
        Ok(Self { table: table.clone(), options, lease, waiting: Vec::new(), bytes: 0 })
    }

    /// Keeps the lease over work that takes long: to be called between batches.
    ///
    /// # Errors
    /// `Unavailable` when another process took it over.
    pub async fn keep_lease(&mut self) -> Result<()> {
        self.lease.keep(LEASE_DURATION).await
    }

    /// Takes a rewritten file, and commits once there are enough of them.
    ///
    /// # Errors
    /// As [`Rewrite::commit`]; the file cannot be finished.
    pub async fn add(&mut self, file: FileRewrite) -> Result<Settled> {
        let replacement = file.finish().await?;
        self.bytes += replacement.new.iter().map(|file| file.size).sum::<u64>();
        self.waiting.push(replacement);
        let enough = self.waiting.len() >= self.options.commit_files_max
            || self.bytes >= self.options.commit_bytes_max;
        if enough { self.commit().await } else { Ok(Settled::default()) }
    }

    /// Puts the files that wait in the place of the old ones, in one step.
    ///
    /// # Errors
    /// `Unavailable` when another process took the lease over: nothing changed. After any other
    /// error the change may have gone through.
    pub async fn commit(&mut self) -> Result<Settled> {
        self.bytes = 0;
        let mut settled = Settled::default();
        let mut waiting = std::mem::take(&mut self.waiting);
        while !waiting.is_empty() {
            let snapshot = self.table.snapshot().await?;
            let is_there = |one: &Replacement| is_part(&snapshot, &one.old);
            let (there, gone): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_there);
            self.give_up(gone, &mut settled).await;
            match self.swap(snapshot.version(), &there).await {
                Ok(version) => {
                    for Replacement { old, new } in there {
                        settled.replaced.push(old.path.clone());
                        settled.added.extend(new.into_iter().map(|file| file.path));
                    }
                    settled.version = version;
                    break;
                }
                // The next look at the table shows which.
                Err(LakeError::FileConflict { .. }) => waiting = there,
                Err(error) => {
                    if matches!(error, LakeError::LeaseHeld { .. }) {
                        self.give_up(there, &mut settled).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(settled)
    }

    async fn swap(&mut self, base: u64, group: &[Replacement]) -> Result<Option<u64>> {
        if group.is_empty() {
            return Ok(None);
        }
        let removes = group.iter().map(|one| Arc::clone(&one.old)).collect();
        let adds = group.iter().flat_map(|one| one.new.iter().cloned()).collect();
        let mut commit = Commit::replace(Operation::Rewrite, base, removes, adds, true);
        commit.parameters = self.options.parameters.iter().cloned().collect();
        self.lease.commit(commit).await.map(Some)
    }

    async fn give_up(&self, group: Vec<Replacement>, settled: &mut Settled) {
        for Replacement { old, new } in group {
            delete(&self.table, &new).await;
            settled.conflicts.push(old.path.clone());
        }
    }

    /// Gives the lease back. Files that still wait are left out.
    pub async fn end(self) {
        let Self { table, lease, waiting, .. } = self;
        for Replacement { new, .. } in waiting {
            delete(&table, &new).await;
        }
        if let Err(error) = lease.release().await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(table = table.name(), error, "failed to give the lease back");
        }
    }
}

/// Whether a file is part of a table at a version.
fn is_part(snapshot: &Snapshot, file: &DataFile) -> bool {
    snapshot.files().binary_search_by(|other| other.path.cmp(&file.path)).is_ok()
}
