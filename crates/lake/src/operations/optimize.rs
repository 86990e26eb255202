//! Merges the small files of each partition. Partitions that late rows reach are merged again, as
//! long as that does not rewrite much for little.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use headwater_event::schema::EVENTS;
use object_store::ObjectStoreExt as _;
use serde::Serialize;
use uuid::Uuid;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::HiddenOptions;
use crate::log::commit::{Commit, Operation};
use crate::snapshot::Snapshot;
use crate::table::Table;
use crate::write::WriterOptions;

use super::lease::{LEASE_DURATION, Lease};
use super::merge::{is_ordered_file, merge};
use super::selection::PartitionSelection;

/// A file is rewritten for the sake of smaller ones only when together they have at least this
/// share of its size, or when it is small anyway.
const GROWTH_SHARE: u64 = 8;

/// Files up to this size are always worth merging.
const SMALL_BYTES: u64 = 16 << 20;

/// Files of other writers above this size are left alone unless they are in order: sorting happens
/// in memory.
pub(super) const UNSORTED_BYTES_MAX: u64 = 32 << 20;

/// Memory that the inputs of one merge may need by estimate.
const MERGE_MEMORY_BYTES: u64 = 256 << 20;

/// Compressed bytes of an input that are in memory at most (one row group).
const INPUT_COMPRESSED_BYTES: u64 = 8 << 20;

/// Decoded bytes of an input that are in memory at most (one batch).
const INPUT_DECODED_BYTES: u64 = 4 << 20;

/// How much larger rows are when decoded.
const DECODED_GROWTH: u64 = 8;

/// Rows of a row group. Larger than at ingest: each has a chunk for every hidden column, which
/// costs whoever opens the file; what a query skips inside of it are pages.
const ROW_GROUP_ROWS: usize = 65_536;

/// Compacted files live long: the text of events is a sixth smaller than at levels 1 and 3, which
/// hardly differ, for about twice the processor time of a compaction at level 3.
const ZSTD_LEVEL: i32 = 9;

/// Passes over the table: what does not fit into memory at once is merged in steps.
const PASSES_MAX: usize = 8;

/// Receives the progress of a compaction.
pub type ProgressCallback = Arc<dyn Fn(&OptimizeProgress) + Send + Sync>;

/// What to merge, and how.
#[derive(Clone)]
pub struct OptimizeOptions {
    /// Size that files should have, in bytes.
    pub target_bytes: u64,
    /// Which partitions.
    pub partitions: PartitionSelection,
    /// Only report what would be merged.
    pub dry_run: bool,
    /// Merges under way at the same time.
    pub threads: usize,
    /// Rows of a row group.
    pub row_group_rows: usize,
    /// Compression level of zstd.
    pub zstd_level: i32,
    /// Which values inside JSON text become columns of the files.
    pub hidden: HiddenOptions,
    /// After this time without a commit another process's lease counts as abandoned.
    pub lease_duration: Duration,
    /// Is told after each merge.
    pub progress: Option<ProgressCallback>,
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        let writer = WriterOptions::default();
        Self {
            target_bytes: 256 << 20,
            partitions: PartitionSelection::default(),
            dry_run: false,
            threads: writer.threads,
            row_group_rows: ROW_GROUP_ROWS,
            zstd_level: ZSTD_LEVEL,
            hidden: HiddenOptions::at_compaction(),
            lease_duration: LEASE_DURATION,
            progress: None,
        }
    }
}

impl fmt::Debug for OptimizeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OptimizeOptions")
            .field("target_bytes", &self.target_bytes)
            .field("partitions", &self.partitions)
            .field("dry_run", &self.dry_run)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// How far a compaction is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OptimizeProgress {
    /// Merges done.
    pub merges_done: usize,
    /// Merges of the current pass.
    pub merges: usize,
    /// Bytes read.
    pub bytes_read: u64,
    /// Bytes of all files to be read in the current pass.
    pub bytes: u64,
}

/// What `optimize` did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OptimizeReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Merges of files of one partition.
    pub merges: usize,
    /// Files that were replaced.
    pub files_removed: usize,
    /// Size of the replaced files in bytes.
    pub bytes_removed: u64,
    /// Files that replace them (not known in a dry run).
    pub files_added: usize,
    /// Size of the new files in bytes (not known in a dry run).
    pub bytes_added: u64,
    /// Merges that were given up because another process changed one of the files.
    pub conflicts: usize,
    /// Newest version of the table that this made.
    pub version: Option<u64>,
}

/// Merges small files, and writes those of `events` anew that have not got all their hidden columns
/// yet. Rows do not change; appends may go on meanwhile.
///
/// # Errors
/// `Unavailable` when another process compacts the table; `Invalid` for a selection by a column
/// that is none of the partition columns; whatever reading, writing or the storage answers.
pub async fn optimize(table: &Table, options: &OptimizeOptions) -> Result<OptimizeReport> {
    options.partitions.check(table.name())?;
    let mut report = OptimizeReport { dry_run: options.dry_run, ..OptimizeReport::default() };
    let snapshot = table.snapshot().await?;
    let merges = plan(table, &snapshot, options).await?;
    if options.dry_run || merges.is_empty() {
        report.merges = merges.len();
        for file in merges.iter().flatten() {
            report.files_removed += 1;
            report.bytes_removed += file.size;
        }
        return Ok(report);
    }
    let owner = format!("process {} ({})", std::process::id(), Uuid::new_v4());
    let mut lease = Lease::take(table, options.lease_duration, &owner).await?;
    let outcome = run_passes(table, options, &mut lease, &mut report).await;
    let released = lease.release().await;
    outcome?;
    if let Err(error) = released {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(table = table.name(), error, "failed to give the compaction lease back");
    }
    Ok(report)
}

async fn run_passes(
    table: &Table,
    options: &OptimizeOptions,
    lease: &mut Lease,
    report: &mut OptimizeReport,
) -> Result<()> {
    for _ in 0..PASSES_MAX {
        let snapshot = table.snapshot().await?;
        let merges = plan(table, &snapshot, options).await?;
        if merges.is_empty() {
            break;
        }
        let conflicts = report.conflicts;
        run_pass(table, options, lease, report, (&snapshot, merges)).await?;
        if report.conflicts > conflicts {
            break;
        }
    }
    Ok(())
}

async fn run_pass(
    table: &Table,
    options: &OptimizeOptions,
    lease: &mut Lease,
    report: &mut OptimizeReport,
    (snapshot, merges): (&Snapshot, Vec<Vec<Arc<DataFile>>>),
) -> Result<()> {
    let mut progress = OptimizeProgress {
        merges: merges.len(),
        bytes: merges.iter().flatten().map(|file| file.size).sum(),
        ..OptimizeProgress::default()
    };
    let mut merged = futures::stream::iter(merges)
        .map(|inputs| {
            let (table, options) = (table.clone(), options.clone());
            async move {
                let files = inputs.clone();
                let work = move || async move { merge(&table, &files, &options).await };
                isolated("merge files", work).await.map(|outputs| (inputs, outputs))
            }
        })
        .buffer_unordered(options.threads.max(1));
    while let Some((inputs, outputs)) = merged.try_next().await? {
        progress.merges_done += 1;
        progress.bytes_read += inputs.iter().map(|file| file.size).sum::<u64>();
        commit(table, lease, report, (snapshot, inputs, outputs)).await?;
        if let Some(callback) = &options.progress {
            callback(&progress);
        }
    }
    Ok(())
}

/// Puts merged files in place of their inputs. When another process changed one of the inputs, the
/// merged files are deleted again.
async fn commit(
    table: &Table,
    lease: &mut Lease,
    report: &mut OptimizeReport,
    (snapshot, inputs, outputs): (&Snapshot, Vec<Arc<DataFile>>, Vec<DataFile>),
) -> Result<()> {
    let same_rows = rows(inputs.iter().map(AsRef::as_ref)) == rows(outputs.iter());
    if inputs.iter().all(|file| file.rows().is_some()) && !same_rows {
        delete(table, &outputs).await;
        return Err(LakeError::Log {
            table: table.name().to_owned(),
            reason: "merged files have other numbers of rows than the log says".to_owned(),
        });
    }
    let commit = Commit::replace(
        Operation::Optimize,
        snapshot.version(),
        inputs.clone(),
        outputs.clone(),
        false,
    );
    match lease.commit(commit).await {
        Ok(version) => {
            report.merges += 1;
            report.files_removed += inputs.len();
            report.bytes_removed += inputs.iter().map(|file| file.size).sum::<u64>();
            report.files_added += outputs.len();
            report.bytes_added += outputs.iter().map(|file| file.size).sum::<u64>();
            report.version = Some(version);
            Ok(())
        }
        Err(LakeError::FileConflict { .. }) => {
            report.conflicts += 1;
            delete(table, &outputs).await;
            Ok(())
        }
        Err(error) => {
            if matches!(error, LakeError::LeaseHeld { .. }) {
                delete(table, &outputs).await;
            }
            Err(error)
        }
    }
}

fn rows<'a>(files: impl Iterator<Item = &'a DataFile>) -> u64 {
    files.filter_map(DataFile::rows).sum()
}

/// Deletes files that did not become part of the table; what cannot be deleted is left to `vacuum`.
pub(crate) async fn delete(table: &Table, files: &[DataFile]) {
    for file in files {
        let _ = table.object_store().delete(&table.object_path(file)).await;
    }
}

/// The merges that are worth making, each of files of one partition.
async fn plan(
    table: &Table,
    snapshot: &Snapshot,
    options: &OptimizeOptions,
) -> Result<Vec<Vec<Arc<DataFile>>>> {
    let shreds = options.hidden.columns_max > 0 && table.name() == EVENTS;
    let mut partitions: BTreeMap<_, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in snapshot.files().iter().filter(|file| options.partitions.contains(file)) {
        partitions.entry(&file.partition).or_default().push(Arc::clone(file));
    }
    let mut merges = Vec::new();
    for (_, files) in partitions {
        let small = files.iter().filter(|file| file.size < options.target_bytes).cloned();
        let worthwhile = mergeable(table, worthwhile(small.collect())).await?;
        let mut of_partition = groups(worthwhile, options.target_bytes);
        if shreds {
            let is_alone = |file: &Arc<DataFile>| {
                !of_partition.iter().flatten().any(|other| other.path == file.path)
            };
            let old = files.into_iter().filter(|file| !file.is_shredded && is_alone(file));
            let old = mergeable(table, old.collect()).await?;
            of_partition.extend(old.into_iter().map(|file| vec![file]));
        }
        merges.extend(of_partition);
    }
    Ok(merges)
}

/// Drops the files that would have to be sorted in memory and are too large for that.
async fn mergeable(table: &Table, files: Vec<Arc<DataFile>>) -> Result<Vec<Arc<DataFile>>> {
    let mut kept = Vec::new();
    for file in files {
        if file.size <= UNSORTED_BYTES_MAX || is_ordered_file(table, &file).await? {
            kept.push(file);
        }
    }
    Ok(kept)
}

/// Drops the files that are too large to be rewritten for the smaller ones.
fn worthwhile(mut files: Vec<Arc<DataFile>>) -> Vec<Arc<DataFile>> {
    files.sort_by_key(|file| file.size);
    let mut smaller = 0_u64;
    let count = files
        .iter()
        .take_while(|file| {
            let take =
                file.size <= SMALL_BYTES || file.size <= smaller.saturating_mul(GROWTH_SHARE);
            smaller += file.size;
            take
        })
        .count();
    files.truncate(count);
    files
}

/// Cuts files, in order of time, into groups that fit the target and the memory.
fn groups(mut files: Vec<Arc<DataFile>>, target_bytes: u64) -> Vec<Vec<Arc<DataFile>>> {
    files.sort_by_cached_key(|file| (file.time_range(), file.path.clone()));
    let (mut groups, mut group) = (Vec::new(), Vec::new());
    let (mut bytes, mut memory) = (0_u64, 0_u64);
    for file in files {
        let needs = file.size.min(INPUT_COMPRESSED_BYTES)
            + (file.size.saturating_mul(DECODED_GROWTH)).min(INPUT_DECODED_BYTES);
        if bytes + file.size > target_bytes || memory + needs > MERGE_MEMORY_BYTES {
            groups.push(std::mem::take(&mut group));
            (bytes, memory) = (0, 0);
        }
        bytes += file.size;
        memory += needs;
        group.push(file);
    }
    groups.push(group);
    groups.retain(|group| group.len() > 1);
    groups
}
