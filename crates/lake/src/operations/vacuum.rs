//! Deletes files that no version worth keeping needs: files that were replaced or removed long ago,
//! files of writes that never committed, and log entries that a checkpoint replaces.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStoreExt as _};
use serde::Serialize;

use crate::clock::milliseconds;
use crate::delta;
use crate::error::{LakeError, Result};
use crate::storage::{LOG_FOLDER, TEMPORARY_PREFIX};
use crate::table::Table;

/// The shortest time that files are kept unless it is forced: queries, snapshots and writes that
/// began before may still need them.
pub const VACUUM_RETENTION_MIN: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Objects that are deleted at the same time.
const DELETES_MAX: usize = 16;

/// What to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VacuumOptions {
    /// Files that were needed within this time are kept.
    pub retention: Duration,
    /// Only report what would be deleted.
    pub dry_run: bool,
    /// Allow a retention below `VACUUM_RETENTION_MIN`. Nobody may use the table meanwhile.
    pub force: bool,
}

impl Default for VacuumOptions {
    fn default() -> Self {
        Self { retention: VACUUM_RETENTION_MIN, dry_run: false, force: false }
    }
}

/// What `vacuum` deleted, or would delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VacuumReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Paths of the deleted files inside the table, sorted.
    pub files: Vec<String>,
    /// Their size in bytes.
    pub bytes: u64,
    /// Log entries deleted (not counted in a dry run).
    pub log_entries: usize,
}

/// Deletes what is not needed any more.
///
/// # Errors
/// `Invalid` for a retention that is too short and not forced; whatever the storage answers.
pub async fn vacuum(table: &Table, options: &VacuumOptions) -> Result<VacuumReport> {
    if options.retention < VACUUM_RETENTION_MIN && !options.force {
        return Err(LakeError::Request {
            table: table.name().to_owned(),
            reason: "files are kept for at least 7 days unless a shorter time is forced".to_owned(),
        });
    }
    let now_ms = milliseconds(table.options().clock.now());
    let retention_ms = i64::try_from(options.retention.as_millis()).unwrap_or(i64::MAX);
    let cutoff_ms = now_ms.saturating_sub(retention_ms);
    let unneeded = unneeded_files(table, cutoff_ms).await?;
    let mut report = VacuumReport {
        dry_run: options.dry_run,
        bytes: unneeded.iter().map(|(_, object)| object.size).sum(),
        files: unneeded.iter().map(|(path, _)| path.clone()).collect(),
        log_entries: 0,
    };
    report.files.sort_unstable();
    if options.dry_run {
        return Ok(report);
    }
    let store = table.object_store();
    futures::stream::iter(unneeded)
        .map(|(_, object)| {
            let store = store.clone();
            async move {
                match store.delete(&object.location).await {
                    Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
                    Err(error) => Err(LakeError::storage("delete", &object.location)(error)),
                }
            }
        })
        .buffer_unordered(DELETES_MAX)
        .try_collect::<()>()
        .await?;
    report.log_entries = delta::clean_log(table.storage()).await?;
    Ok(report)
}

/// Files that are not part of the table, and have not been since the cut-off.
async fn unneeded_files(table: &Table, cutoff_ms: i64) -> Result<Vec<(String, ObjectMeta)>> {
    let storage = table.storage();
    // The listing comes first: a file that is committed after it is not in it, one that was
    // committed before is in the snapshot.
    let listed = storage.store.list(Some(&storage.prefix)).try_collect::<Vec<_>>().await;
    let listed = listed.map_err(LakeError::storage("list", &storage.prefix))?;
    let snapshot = table.snapshot().await?;
    let needed: std::collections::HashSet<Path> =
        snapshot.files().iter().map(|file| table.object_path(file)).collect();
    let removed = delta::tombstones(storage).await?;
    let removed: std::collections::HashMap<Path, i64> =
        removed.into_iter().map(|(path, time)| (storage.object(&path), time)).collect();
    let mut unneeded = Vec::new();
    for object in listed {
        let Some(path) = relative(&storage.prefix, &object.location) else { continue };
        if !is_data(&path) || needed.contains(&object.location) {
            continue;
        }
        let written_ms = object.last_modified.timestamp_millis();
        let needed_ms = removed.get(&object.location).copied().unwrap_or(i64::MIN).max(written_ms);
        if needed_ms <= cutoff_ms {
            unneeded.push((path, object));
        }
    }
    Ok(unneeded)
}

fn relative(prefix: &Path, object: &Path) -> Option<String> {
    let parts = object.prefix_match(prefix)?;
    let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
    Some(parts.join("/"))
}

/// Whether a path is that of a data file or of a log entry that never became one. Names that begin
/// with `_` or `.` belong to others (indexes, checksums, the log).
fn is_data(path: &str) -> bool {
    if let Some(log) = path.strip_prefix(LOG_FOLDER) {
        return log.trim_start_matches('/').starts_with(TEMPORARY_PREFIX);
    }
    !path.split('/').any(|part| part.starts_with('_') || part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_and_temporary_files_can_be_deleted() {
        let cases = [
            ("year=2026/month=03/part-1.parquet", true),
            ("part-1.parquet", true),
            ("_delta_log/.tmp-5", true),
            ("_delta_log/00000000000000000001.json", false),
            ("_delta_log/_last_checkpoint", false),
            ("_index/x", false),
            ("year=2026/.part-1.parquet.crc", false),
        ];
        for (path, expected) in cases {
            assert_eq!(is_data(path), expected, "{path}");
        }
    }
}
