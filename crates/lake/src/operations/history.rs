//! What happened to a table, newest first, from the entries of its log.

use chrono::{DateTime, SecondsFormat};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::error::Result;
use crate::file::FileStatistics;
use crate::log::entry::{Action, CommitInfo, parse_entry};
use crate::log::state::{ENTRY_READS_MAX, LogListing, entry_version};
use crate::table::Table;

/// One version of a table: what was done, by whom, and how much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Version of the table.
    pub version: u64,
    /// When it was committed, RFC 3339 in UTC; `None` when the writer did not say.
    pub time: Option<String>,
    /// What was done, for example `WRITE`.
    pub operation: String,
    /// Rows in added files, as far as the writer said.
    pub rows_added: u64,
    /// Rows in removed files, as far as the log says.
    pub rows_removed: u64,
    /// Files added.
    pub files_added: u64,
    /// Files removed.
    pub files_removed: u64,
    /// Bytes of added files.
    pub bytes_added: u64,
    /// Bytes of removed files.
    pub bytes_removed: u64,
    /// Source positions that moved.
    pub positions: u64,
    /// Whether rows changed: false for compactions.
    pub data_change: bool,
    /// The program that committed, for example `headwater/0.1.0`.
    pub writer: Option<String>,
}

/// The newest `limit` versions, newest first; fewer when the log no longer reaches back.
///
/// # Errors
/// `NotFound` when the table does not exist.
pub async fn history(table: &Table, limit: usize) -> Result<Vec<HistoryEntry>> {
    let storage = table.storage();
    let newest = table.version().await?;
    let listing = LogListing::read(storage).await?;
    let oldest = match listing.checkpoint {
        None => listing.entries.first().copied().unwrap_or(0),
        // Entries before a checkpoint may be gone: see which are left.
        Some(_) => {
            let all = storage.list_log(0).await?;
            let versions = all.iter().filter_map(|entry| entry_version(entry.location.filename()?));
            versions.min().unwrap_or(newest)
        }
    };
    let entries = futures::stream::iter((oldest..=newest).rev().take(limit))
        .map(|version| async move { Ok((version, storage.read_log_entry(version).await?)) })
        .buffered(ENTRY_READS_MAX)
        .try_filter_map(|(version, bytes)| async move {
            let Some(bytes) = bytes else { return Ok(None) };
            let actions = parse_entry(&storage.name, version, &bytes)?;
            Ok(Some(summarise(version, &actions)))
        });
    entries.try_collect().await
}

fn summarise(version: u64, actions: &[Action]) -> HistoryEntry {
    let mut entry = HistoryEntry { version, ..HistoryEntry::default() };
    for action in actions {
        if let Some(add) = &action.add {
            let statistics = add.stats.as_deref().and_then(FileStatistics::parse);
            entry.rows_added += statistics.and_then(|found| found.rows).unwrap_or(0);
            entry.files_added += 1;
            entry.bytes_added += add.size;
            entry.data_change |= add.data_change;
        }
        if let Some(remove) = &action.remove {
            entry.files_removed += 1;
            entry.bytes_removed += remove.size.unwrap_or(0);
            entry.data_change |= remove.data_change;
        }
        entry.positions += u64::from(action.txn.is_some());
        if let Some(info) = &action.commit_info {
            describe(&mut entry, info);
        }
    }
    entry
}

fn describe(entry: &mut HistoryEntry, info: &CommitInfo) {
    let time = info.timestamp.and_then(DateTime::from_timestamp_millis);
    entry.time = time.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
    entry.operation = info.operation.clone().unwrap_or_default();
    entry.writer = info.engine_info.clone();
    let removed = info.operation_metrics.get("numRemovedRows").and_then(|rows| rows.as_str());
    entry.rows_removed = removed.and_then(|rows| rows.parse().ok()).unwrap_or(0);
}
