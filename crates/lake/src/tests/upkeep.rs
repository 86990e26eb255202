//! Vacuum, retention, history.

use std::time::Duration;

use futures::TryStreamExt as _;
use headwater_event::ErrorKind;

use super::*;
use crate::operations::{
    OptimizeOptions, RetentionOptions, VacuumOptions, history, optimize, retention, vacuum,
};

const DAY: i64 = 24 * HOUR;

async fn data_files(table: &Table) -> usize {
    let prefix = table.storage().prefix.clone();
    let all: Vec<_> = table.object_store().list(Some(&prefix)).try_collect().await.unwrap();
    all.iter()
        .filter(|object| {
            object.location.as_ref().ends_with(".parquet")
                && !object.location.as_ref().contains("_delta_log")
        })
        .count()
}

fn lake_with_clock(location: &str) -> (Lake, Arc<ManualClock>) {
    let clock = ManualClock::new();
    let clock_of_lake = Arc::clone(&clock) as Arc<dyn Clock>;
    let options = LakeOptions { clock: clock_of_lake, ..options() };
    (Lake::open(location, options).unwrap(), clock)
}

#[tokio::test]
async fn vacuum_deletes_only_what_nobody_needs() {
    let (lake, clock) = lake_with_clock("memory:///lake");
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    for step in 0..3 {
        append(&table, &[MARCH + step]).await;
    }
    optimize(&table, &OptimizeOptions::default()).await.unwrap();
    let orphan = write(&table, vec![events(&[MARCH + 7])]).await;
    assert_eq!((data_files(&table).await, orphan.len()), (5, 1));

    // The store stamps objects with the real time, long before the time of the clock; tombstones
    // are stamped with the clock, so only the orphan is old.
    let report = vacuum(&table, &VacuumOptions::default()).await.unwrap();
    assert_eq!(report.files, [orphan[0].path.clone()]);
    assert_eq!(data_files(&table).await, 4);

    clock.advance(8 * DAY);
    let dry = VacuumOptions { dry_run: true, ..VacuumOptions::default() };
    let planned = vacuum(&table, &dry).await.unwrap();
    assert_eq!((planned.files.len(), data_files(&table).await), (3, 4));
    let report = vacuum(&table, &VacuumOptions::default()).await.unwrap();
    assert_eq!((&report.files, report.bytes), (&planned.files, planned.bytes));
    assert_eq!(data_files(&table).await, 1);
    assert_eq!(all_times(&handle(&lake)).await, [MARCH, MARCH + 1, MARCH + 2]);
}

#[tokio::test]
async fn vacuum_refuses_a_short_retention_unless_forced() {
    let (_lake, table) = lake_with_events().await;
    append(&table, &[MARCH]).await;
    let snapshot = table.snapshot().await.unwrap();
    table
        .replace(&snapshot, snapshot.files().to_vec(), Vec::new(), Vec::new(), true)
        .await
        .unwrap();
    let short = VacuumOptions { retention: Duration::ZERO, ..VacuumOptions::default() };
    assert_eq!(vacuum(&table, &short).await.unwrap_err().kind(), ErrorKind::Invalid);
    let forced = VacuumOptions { force: true, ..short };
    assert_eq!(vacuum(&table, &forced).await.unwrap().files.len(), 1);
    assert_eq!(data_files(&table).await, 0);
}

#[tokio::test]
async fn vacuum_removes_what_a_killed_writer_left_in_the_log_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _clock) = lake_with_clock(folder.path().to_str().unwrap());
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    let left = folder.path().join("events/_delta_log/.tmp-1");
    std::fs::write(&left, "x").unwrap();
    let report = vacuum(&table, &VacuumOptions::default()).await.unwrap();
    assert_eq!(report.files, ["_delta_log/.tmp-1"]);
    assert!(!left.exists());
    assert_eq!(append(&handle(&lake), &[MARCH]).await, 1);
}

#[tokio::test]
async fn retention_removes_whole_hours() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH, MARCH + 1, MARCH + HOUR, MARCH + 2 * HOUR]).await;
    append(&table, &[MARCH + 3, -1]).await;
    let older_than = Timestamp::from_micros(MARCH + 2 * HOUR - 1);
    let dry = retention(&table, &RetentionOptions { older_than, dry_run: true }).await.unwrap();
    assert_eq!((dry.partitions, dry.files, dry.rows, dry.version), (2, 3, 4, None));
    assert_eq!(table.snapshot().await.unwrap().files().len(), 5);
    let done = retention(&table, &RetentionOptions { older_than, dry_run: false }).await.unwrap();
    assert_eq!((done.files, done.version), (3, Some(3)));
    assert_eq!(all_times(&handle(&lake)).await, [MARCH + HOUR, MARCH + 2 * HOUR]);
    let again = retention(&table, &RetentionOptions { older_than, dry_run: false }).await.unwrap();
    assert_eq!((again.files, again.version), (0, None));
}

#[tokio::test]
async fn history_tells_who_did_what() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH, MARCH + 1]).await;
    let files = write(&table, vec![events(&[MARCH + 2])]).await;
    table.commit(Commit::append(files, vec![advance("p", None, 1)])).await.unwrap();
    optimize(&table, &OptimizeOptions::default()).await.unwrap();
    let entries = history(&handle(&lake), 10).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry.version,
                entry.operation.as_str(),
                entry.rows_added,
                entry.rows_removed,
                entry.data_change,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (5, "LEASE", 0, 0, false),
            (4, "OPTIMIZE", 3, 3, false),
            (3, "LEASE", 0, 0, false),
            (2, "WRITE", 1, 0, true),
            (1, "WRITE", 2, 0, true),
            (0, "CREATE TABLE", 0, 0, false),
        ]
    );
    assert_eq!((entries[1].files_added, entries[1].files_removed, entries[3].positions), (1, 2, 1));
    assert!(entries.iter().all(|entry| entry.writer.as_deref() == Some(crate::log::entry::ENGINE)));
    assert!(
        entries.iter().all(|entry| entry.time.as_ref().is_some_and(|time| time.ends_with('Z')))
    );
    let newest: Vec<_> =
        history(&table, 2).await.unwrap().iter().map(|entry| entry.version).collect();
    assert_eq!(newest, [5, 4]);
}
