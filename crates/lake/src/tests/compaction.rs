//! Compaction: same rows, in order, once, whatever else happens.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use headwater_event::ErrorKind;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::operations::{OptimizeOptions, OptimizeReport, PartitionSelection, optimize};

pub(super) fn compaction() -> OptimizeOptions {
    OptimizeOptions { threads: 2, ..OptimizeOptions::default() }
}

async fn table_with_small_files(lake: &Lake, files: i64) -> Vec<i64> {
    let table = handle(lake);
    table.ensure_created().await.unwrap();
    let mut expected = Vec::new();
    for file in 0..files {
        let times: Vec<i64> =
            (0..20).map(|row| MARCH + (row * 37 + file * 11) % 100 + HOUR * (row % 2)).collect();
        append(&table, &times).await;
        expected.extend(times);
    }
    expected.sort_unstable();
    expected
}

fn assert_sorted(files: &BTreeMap<String, Vec<i64>>) {
    assert!(files.values().all(|times| times.is_sorted()), "{files:?}");
}

#[tokio::test]
async fn merges_each_hour_into_one_file_with_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    for lake in [memory_lake(), Lake::open(folder.path().to_str().unwrap(), options()).unwrap()] {
        let expected = table_with_small_files(&lake, 9).await;
        let table = handle(&lake);
        let steps = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&steps);
        let progress = Some(Arc::new(move |progress: &crate::operations::OptimizeProgress| {
            seen.lock().unwrap().push((progress.merges_done, progress.merges));
        }) as _);
        let options = OptimizeOptions { progress, ..compaction() };
        let report = optimize(&table, &options).await.unwrap();
        assert_eq!((report.merges, report.files_removed, report.files_added), (2, 18, 2));
        assert_eq!(*steps.lock().unwrap(), [(1, 2), (2, 2)]);
        let files = times_by_file(&handle(&lake)).await;
        assert_eq!(files.len(), 2);
        assert_sorted(&files);
        assert_eq!(all_times(&handle(&lake)).await, expected);
        let rows = handle(&lake).snapshot().await.unwrap().rows();
        assert_eq!(rows, u64::try_from(expected.len()).ok());
        let again = optimize(&table, &compaction()).await.unwrap();
        assert_eq!(again, OptimizeReport::default());

        append(&table, &[MARCH + 50]).await;
        let late = optimize(&table, &compaction()).await.unwrap();
        assert_eq!((late.files_removed, late.files_added), (2, 1));
        assert_sorted(&times_by_file(&table).await);
    }
}

#[tokio::test]
async fn files_that_begin_later_are_merged_in_their_place() {
    let (lake, table) = lake_with_events().await;
    let at = |milliseconds: &[i64]| -> Vec<i64> {
        milliseconds.iter().map(|millisecond| MARCH + millisecond * 1_000).collect()
    };
    for milliseconds in [&[0, 10, 20, 40][..], &[5, 15], &[12, 30], &[20, 20]] {
        append(&table, &at(milliseconds)).await;
    }
    optimize(&table, &compaction()).await.unwrap();
    let files = times_by_file(&handle(&lake)).await;
    let expected = at(&[0, 5, 10, 12, 15, 20, 20, 20, 30, 40]);
    assert_eq!(files.into_values().collect::<Vec<_>>(), [expected]);
}

/// Text that does not compress well, the same for the same seed.
fn noise(seed: u64) -> String {
    let mut state = seed;
    let numbers = (0..8).map(|_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    });
    numbers.collect()
}

#[tokio::test]
async fn output_files_keep_to_the_target_size() {
    let (lake, table) = lake_with_events().await;
    for file in 0..6_i64 {
        let times: Vec<i64> = (0..2_000).map(|row| MARCH + row * 6 + file).collect();
        let noise = times.iter().map(|time| Some(noise(time.unsigned_abs())));
        let details: ArrayRef = Arc::new(noise.collect::<StringArray>());
        let files = write(&table, vec![events_with(&times, &[("details", details)])]).await;
        table.commit(Commit::append(files, Vec::new())).await.unwrap();
    }
    let size = table.snapshot().await.unwrap().bytes() / 6;
    let options =
        OptimizeOptions { target_bytes: size * 5 / 2, row_group_rows: 500, ..compaction() };
    optimize(&table, &options).await.unwrap();
    let files = times_by_file(&handle(&lake)).await;
    assert_eq!(files.len(), 3);
    assert_sorted(&files);
    assert!(files.values().all(|times| times.len() == 4_000));
}

#[tokio::test]
async fn a_dry_run_and_a_selection_leave_the_rest_alone() {
    let lake = memory_lake();
    table_with_small_files(&lake, 3).await;
    let table = handle(&lake);
    let select = |values: &[(&str, &str)], from, until| PartitionSelection {
        values: values.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        from,
        until,
    };
    let dry = |partitions| OptimizeOptions { partitions, dry_run: true, ..compaction() };
    let time = |micros| Some(Timestamp::from_micros(micros));
    let cases = [
        (PartitionSelection::default(), 2),
        (select(&[("hour", "01")], None, None), 1),
        (select(&[("hour", "02")], None, None), 0),
        (select(&[], time(MARCH + HOUR), None), 1),
        (select(&[], None, time(MARCH + HOUR)), 1),
        (select(&[], time(MARCH + HOUR - 1), time(MARCH + HOUR + 1)), 2),
    ];
    for (partitions, merges) in cases {
        let report = optimize(&table, &dry(partitions.clone())).await.unwrap();
        assert_eq!((report.merges, report.version), (merges, None), "{partitions:?}");
    }
    assert_eq!(table.version().await.unwrap(), 3);
    let wrong = optimize(&table, &dry(select(&[("minute", "1")], None, None))).await;
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid);
    let only =
        OptimizeOptions { partitions: select(&[("hour", "01")], None, None), ..compaction() };
    optimize(&table, &only).await.unwrap();
    assert_eq!(table.snapshot().await.unwrap().files().len(), 4);
}

#[tokio::test]
async fn a_compactor_that_was_overtaken_cannot_commit() {
    let clock = ManualClock::new();
    let options = LakeOptions { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..options() };
    let lake = Lake::open("memory:///lake", options).unwrap();
    let expected = table_with_small_files(&lake, 4).await;
    // The first compactor is paused after its first commit; then a second one takes over and ends.
    let (first, second) = (handle(&lake), handle(&lake));
    let overtaken = Arc::new(Mutex::new(None));
    let (result, clock) = (Arc::clone(&overtaken), Arc::clone(&clock));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let runtime = Mutex::new(Some(runtime));
    let progress = Some(Arc::new(move |_: &crate::operations::OptimizeProgress| {
        let Some(runtime) = runtime.lock().unwrap().take() else { return };
        let second = second.clone();
        let overtake = |second: Table| async move { optimize(&second, &compaction()).await };
        let refused = std::thread::scope(|scope| {
            let run = || runtime.block_on(overtake(second.clone()));
            let refused = scope.spawn(run).join().unwrap();
            clock.advance(HOUR);
            *result.lock().unwrap() = Some(scope.spawn(run).join().unwrap());
            refused
        });
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
        runtime.shutdown_background();
    }) as _);
    let options = OptimizeOptions { progress, threads: 1, ..compaction() };
    let paused = optimize(&first, &options).await.unwrap_err();
    assert_eq!(paused.kind(), ErrorKind::Unavailable, "{paused}");
    let overtaking = overtaken.lock().unwrap().take().unwrap().unwrap();
    assert_eq!((overtaking.merges, overtaking.conflicts), (1, 0));
    assert_eq!(all_times(&handle(&lake)).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_compactors_at_once_do_not_double_rows() {
    let lake = memory_lake();
    let expected = table_with_small_files(&lake, 6).await;
    // Leases that run out at once: only the comparison of epochs keeps the two apart.
    let options = OptimizeOptions { lease_duration: Duration::ZERO, ..compaction() };
    let runs = (0..4).map(|_| {
        let (table, options) = (handle(&lake), options.clone());
        tokio::spawn(async move { optimize(&table, &options).await })
    });
    for run in futures::future::join_all(runs).await {
        if let Err(error) = run.unwrap() {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        }
    }
    assert_eq!(all_times(&handle(&lake)).await, expected);
}

#[tokio::test]
async fn stale_replacements_are_refused() {
    let lake = memory_lake();
    let expected = table_with_small_files(&lake, 3).await;
    let (table, other) = (handle(&lake), handle(&lake));
    let stale = table.snapshot().await.unwrap();
    optimize(&other, &compaction()).await.unwrap();
    for table in [&table, &other, &handle(&lake)] {
        let removes = stale.files().to_vec();
        let files = write(table, vec![events(&expected)]).await;
        let replaced = table.replace(&stale, removes, files, Vec::new(), false).await;
        assert_eq!(replaced.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(all_times(&handle(&lake)).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_go_on_during_a_compaction() {
    let lake = memory_lake();
    let mut expected = table_with_small_files(&lake, 6).await;
    let writer = handle(&lake);
    let appending = tokio::spawn(async move {
        for step in 0..30 {
            append(&writer, &[MARCH + step]).await;
        }
    });
    let compacting = handle(&lake);
    for _ in 0..3 {
        optimize(&compacting, &compaction()).await.unwrap();
    }
    appending.await.unwrap();
    optimize(&compacting, &compaction()).await.unwrap();
    expected.extend(MARCH..MARCH + 30);
    expected.sort_unstable();
    assert_eq!(all_times(&handle(&lake)).await, expected);
    assert_eq!(handle(&lake).snapshot().await.unwrap().files().len(), 2);
}

/// Adds a file as another writer makes it: in no order, with other types, fewer columns, no
/// statistics.
pub(super) async fn append_foreign(table: &Table, times: &[i64]) {
    let batch = events(times);
    let keep = ["utctimestamp", "eventid", "ingested_at"];
    let columns = keep.iter().map(|&name| {
        let column = Arc::clone(batch.column_by_name(name).unwrap());
        let wide = match column.data_type() {
            DataType::Utf8 => arrow::compute::cast(&column, &DataType::LargeUtf8).unwrap(),
            _ => column,
        };
        (name, wide)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let bytes = Bytes::from(writer.into_inner().unwrap());
    let mut file = write(table, vec![events(&times[..1])]).await.remove(0);
    file.path = file.path.replace("part-", "foreign-");
    file.size = u64::try_from(bytes.len()).unwrap();
    file.statistics_json = None;
    file.exact_times = None;
    file.parsed = std::sync::OnceLock::new();
    table.object_store().put(&table.object_path(&file), bytes.into()).await.unwrap();
    table.commit(Commit::append(vec![file], Vec::new())).await.unwrap();
}

#[tokio::test]
async fn files_of_other_writers_are_put_in_order() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH + 4, MARCH + 8]).await;
    append_foreign(&table, &[MARCH + 9, MARCH + 1, MARCH + 5]).await;
    assert_eq!(handle(&lake).snapshot().await.unwrap().rows(), None);
    let report = optimize(&table, &compaction()).await.unwrap();
    assert_eq!((report.files_removed, report.files_added), (2, 1));
    let files = times_by_file(&handle(&lake)).await;
    assert_eq!(files.into_values().collect::<Vec<_>>(), [[1, 4, 5, 8, 9].map(|step| MARCH + step)]);
}
