//! Removes hours that are older than the table is to keep. The files stay in storage until
//! `vacuum`.

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_event::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::file::DataFile;
use crate::log::commit::{Commit, Operation};
use crate::table::Table;

/// Files that one commit removes at most.
const COMMIT_FILES_MAX: usize = 10_000;

/// What to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionOptions {
    /// Hours that end at or before this time are removed.
    pub older_than: Timestamp,
    /// Only report what would be removed.
    pub dry_run: bool,
}

/// What `retention` removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetentionReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Hours removed.
    pub partitions: usize,
    /// Files removed from the table.
    pub files: usize,
    /// Rows removed, as far as the log knows.
    pub rows: u64,
    /// Size of the files in bytes.
    pub bytes: u64,
    /// Newest version of the table that this made.
    pub version: Option<u64>,
}

/// Removes whole hours from the table. Rows that arrive late for a removed hour make it anew.
///
/// # Errors
/// `Conflict` when another process replaced one of the files meanwhile: run it again. As
/// `Table::commit` otherwise.
pub async fn retention(table: &Table, options: &RetentionOptions) -> Result<RetentionReport> {
    let snapshot = table.snapshot().await?;
    let old: Vec<Arc<DataFile>> = snapshot
        .files()
        .iter()
        .filter(|file| file.hour().is_some_and(|hour| hour.end() <= options.older_than))
        .cloned()
        .collect();
    let mut report = RetentionReport {
        dry_run: options.dry_run,
        partitions: old.iter().filter_map(|file| file.hour()).collect::<BTreeSet<_>>().len(),
        files: old.len(),
        rows: old.iter().filter_map(|file| file.rows()).sum(),
        bytes: old.iter().map(|file| file.size).sum(),
        version: None,
    };
    if options.dry_run {
        return Ok(report);
    }
    for files in old.chunks(COMMIT_FILES_MAX) {
        let removes = files.to_vec();
        let commit =
            Commit::replace(Operation::Retention, snapshot.version(), removes, Vec::new(), true);
        report.version = Some(table.commit(commit).await?);
    }
    Ok(report)
}
