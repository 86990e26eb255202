//! Commits: exactly once, under contention, over crashes and lost answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::future::join_all;
use headwater_event::ErrorKind;
use headwater_event::schema::EVENTS;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};
use url::Url;

use super::failing_store::{ForgetfulStore, LostAnswer};
use super::*;
use crate::{Committer, LakeError};

async fn entries(lake: &Lake) -> Vec<String> {
    let log = Path::from("lake/events/_delta_log");
    let all: Vec<_> = lake.object_store().list(Some(&log)).try_collect().await.unwrap();
    let names = all.iter().filter_map(|object| object.location.filename());
    let mut names: Vec<_> =
        names.filter(|name| name.ends_with(".json")).map(str::to_owned).collect();
    names.sort_unstable();
    names
}

pub(super) async fn put_entry(lake: &Lake, version: u64, actions: &str) {
    let path = Path::from(format!("lake/events/_delta_log/{version:020}.json"));
    let bytes = Bytes::copy_from_slice(actions.as_bytes());
    lake.object_store().put_opts(&path, bytes.into(), PutMode::Create.into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_create_the_table_at_once() {
    let lake = memory_lake();
    let tables: Vec<_> = (0..8).map(|_| handle(&lake)).collect();
    for created in join_all(tables.iter().map(Table::ensure_created)).await {
        created.unwrap();
    }
    assert_eq!(entries(&lake).await, ["00000000000000000000.json"]);
    assert_eq!(lake.tables().await.unwrap(), [EVENTS]);
}

#[tokio::test]
async fn a_missing_table_is_not_found() {
    let table = handle(&memory_lake());
    assert!(!table.exists().await.unwrap());
    let errors = [
        table.snapshot().await.err().unwrap(),
        table.version().await.err().unwrap(),
        table.commit(Commit::append(Vec::new(), Vec::new())).await.err().unwrap(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}

#[tokio::test]
async fn a_position_is_taken_once_whoever_asks() {
    let (lake, table) = lake_with_events().await;
    let commit = |files| Commit::append(files, vec![advance("file/a", None, 10)]);
    table.commit(commit(write(&table, vec![events(&[MARCH])]).await)).await.unwrap();
    let other = handle(&lake);
    for again in [&table, &other, &handle(&lake)] {
        let files = write(again, vec![events(&[MARCH])]).await;
        let error = again.commit(commit(files)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.to_string(), "position of `file/a` in table `events` is 10, not not set");
    }
    assert_eq!(all_times(&other).await, [MARCH]);
    let next = Commit::append(Vec::new(), vec![advance("file/a", Some(10), 25)]);
    other.commit(next).await.unwrap();
    let positions = table.positions(&["file/a", "file/b"]).await.unwrap();
    assert_eq!(positions.into_iter().collect::<Vec<_>>(), [("file/a".to_owned(), 25)]);
}

#[tokio::test]
async fn a_handle_that_is_behind_learns_of_positions_before_it_refuses() {
    let (lake, table) = lake_with_events().await;
    let other = handle(&lake);
    other.commit(Commit::append(Vec::new(), vec![advance("p", None, 1)])).await.unwrap();
    other.commit(Commit::append(Vec::new(), vec![advance("p", Some(1), 2)])).await.unwrap();
    table.commit(Commit::append(Vec::new(), vec![advance("p", Some(2), 3)])).await.unwrap();
    assert_eq!(table.version().await.unwrap(), 3);
}

#[tokio::test]
async fn recent_positions_are_as_old_as_asked_for_and_never_older() {
    let clock = ManualClock::new();
    let options = LakeOptions { clock: Arc::clone(&clock) as _, ..options() };
    let lake = Lake::open("memory:///lake", options).unwrap();
    let (table, other) = (handle(&lake), handle(&lake));
    table.ensure_created().await.unwrap();
    let age = Duration::from_secs(1);
    let position = async || table.recent_positions(&["p"], age).await.unwrap().get("p").copied();
    assert_eq!(position().await, None);
    other.commit(Commit::append(Vec::new(), vec![advance("p", None, 1)])).await.unwrap();
    clock.advance(1_000_000);
    assert_eq!(position().await, None);
    clock.advance(1);
    assert_eq!(position().await, Some(1));
}

#[tokio::test]
async fn a_position_does_not_go_back() {
    let (_lake, table) = lake_with_events().await;
    table.commit(Commit::append(Vec::new(), vec![advance("p", None, 5)])).await.unwrap();
    let back = Commit::append(Vec::new(), vec![advance("p", Some(5), 4)]);
    assert_eq!(table.commit(back).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for lake in [memory_lake(), Lake::open(folder.path().to_str().unwrap(), options()).unwrap()] {
        handle(&lake).ensure_created().await.unwrap();
        let writers = (0..8_i64).map(|writer| {
            let table = handle(&lake);
            async move {
                for step in 0..15_i64 {
                    let files = write(&table, vec![events(&[MARCH + writer * 100 + step])]).await;
                    let expected = (step > 0).then_some(step);
                    let position = advance(&format!("writer/{writer}"), expected, step + 1);
                    table.commit(Commit::append(files, vec![position])).await.unwrap();
                }
            }
        });
        join_all(writers.map(tokio::spawn)).await.into_iter().for_each(Result::unwrap);
        let table = handle(&lake);
        let expected: Vec<i64> =
            (0..8).flat_map(|w| (0..15).map(move |s| MARCH + w * 100 + s)).collect();
        assert_eq!(all_times(&table).await, expected);
        assert_eq!(table.version().await.unwrap(), 8 * 15);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn group_commit_answers_each_request_for_itself() {
    let (lake, table) = lake_with_events().await;
    let (committer, task) = Committer::new(table);
    let running = tokio::spawn(task.run());
    let commits = (0..40_i64).map(|number| {
        let committer = committer.clone();
        // Every fourth request wants the same position: one of them gets it.
        let (partition, offset) =
            if number % 4 == 0 { ("same".to_owned(), 1) } else { (format!("{number}"), 1) };
        async move {
            committer
                .commit(Commit::append(Vec::new(), vec![advance(&partition, None, offset)]))
                .await
        }
    });
    let answers = join_all(commits).await;
    drop(committer);
    running.await.unwrap();
    let refused = answers.iter().filter(|answer| match answer {
        Ok(_) => false,
        Err(error) => {
            assert!(matches!(error, LakeError::PositionConflict { .. }), "{error}");
            true
        }
    });
    assert_eq!(refused.count(), 9);
    let versions: BTreeSet<u64> = answers.iter().flatten().copied().collect();
    assert!(versions.len() < 31, "requests share entries: {versions:?}");
    assert_eq!(entries(&lake).await.len(), versions.len() + 1);
}

#[tokio::test]
async fn a_lost_answer_is_not_a_second_commit() {
    for answer in [LostAnswer::Broken, LostAnswer::AlreadyExists] {
        let store = Arc::new(ForgetfulStore::new(answer));
        let url = Url::parse("memory:///lake").unwrap();
        let lake = Lake::with_store(url, Arc::clone(&store) as _, options()).unwrap();
        let table = handle(&lake);
        table.ensure_created().await.unwrap();
        store.lose(1);
        let files = write(&table, vec![events(&[MARCH])]).await;
        assert_eq!(table.commit(Commit::append(files, Vec::new())).await.unwrap(), 1);
        assert_eq!(append(&table, &[MARCH + 1]).await, 2);
        assert_eq!(all_times(&table).await, [MARCH, MARCH + 1]);
    }
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_the_table_as_it_was() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH]).await;
    let orphans = write(&table, vec![events(&[MARCH, MARCH + HOUR])]).await;
    assert_eq!(orphans.len(), 2);
    let table = handle(&lake);
    assert_eq!(table.version().await.unwrap(), 1);
    assert_eq!(all_times(&table).await, [MARCH]);
}

/// A log entry that gives the table this schema.
pub(super) fn metadata(schema: &serde_json::Value) -> String {
    let action = serde_json::json!({ "metaData": {
        "id": "x", "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(),
        "partitionColumns": ["year", "month", "day", "hour"],
        "configuration": {},
    }});
    action.to_string()
}

#[tokio::test]
async fn a_table_of_an_older_version_gets_the_columns_that_it_lacks() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH]).await;
    let mut schema =
        crate::schema::delta_schema(&EVENT_COLUMNS, &headwater_event::schema::PARTITION_COLUMNS);
    let fields = schema["fields"].as_array_mut().unwrap();
    fields.retain(|field| field["name"] != "ocsf_issues" && field["name"] != "user_name");
    put_entry(&lake, 2, &metadata(&schema)).await;

    let table = handle(&lake);
    let has = |schema: &arrow::datatypes::SchemaRef| schema.field_with_name("user_name").is_ok();
    assert!(!has(table.snapshot().await.unwrap().schema()));
    // Two at once: one adds them, the other sees that.
    let other = handle(&lake);
    let (first, second) = tokio::join!(table.ensure_created(), other.ensure_created());
    first.unwrap();
    second.unwrap();
    assert!(has(table.snapshot().await.unwrap().schema()));
    assert_eq!(append(&table, &[MARCH + HOUR]).await, 4);
    assert_eq!(all_times(&table).await, [MARCH, MARCH + HOUR]);
}

#[tokio::test]
async fn a_schema_change_by_others_is_checked_before_the_next_commit() {
    let schema =
        crate::schema::delta_schema(&EVENT_COLUMNS, &headwater_event::schema::PARTITION_COLUMNS);
    let (lake, table) = lake_with_events().await;
    let mut wider = schema.clone();
    wider["fields"].as_array_mut().unwrap().push(serde_json::json!(
        { "name": "note", "type": "string", "nullable": true, "metadata": {} }
    ));
    put_entry(&lake, 1, &metadata(&wider)).await;
    assert_eq!(append(&table, &[MARCH]).await, 2);
    assert!(table.snapshot().await.unwrap().schema().field_with_name("note").is_ok());

    let mut other = schema;
    other["fields"][2]["type"] = serde_json::json!("long");
    put_entry(&lake, 3, &metadata(&other)).await;
    let files = write(&table, vec![events(&[MARCH + 1])]).await;
    let error = table.commit(Commit::append(files, Vec::new())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("column `severity` has type"), "{error}");
    assert_eq!(entries(&lake).await.len(), 4);
    assert!(handle(&lake).ensure_created().await.is_err());
}

#[tokio::test]
async fn a_table_that_needs_more_than_headwater_has_is_left_alone() {
    let (lake, table) = lake_with_events().await;
    put_entry(
        &lake,
        1,
        r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,
            "readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#,
    )
    .await;
    let files = write(&table, vec![events(&[MARCH])]).await;
    let written = table.commit(Commit::append(files, Vec::new())).await.unwrap_err();
    let read = handle(&lake).snapshot().await.err().unwrap();
    for error in [written, read] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("deletionVectors"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_comes_back_from_a_checkpoint_alone() {
    let options = LakeOptions { checkpoint_interval: 10, ..options() };
    let lake = Lake::open("memory:///lake", options).unwrap();
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    for step in 0..25_i64 {
        let files = write(&table, vec![events(&[MARCH + step])]).await;
        let position = advance(&format!("file/{step}"), None, step);
        table.commit(Commit::append(files, vec![position])).await.unwrap();
        table.settle().await;
    }
    for version in 0..20 {
        let entry = Path::from(format!("lake/events/_delta_log/{version:020}.json"));
        lake.object_store().delete(&entry).await.unwrap();
    }
    let table = handle(&lake);
    assert_eq!(table.version().await.unwrap(), 25);
    let names: Vec<String> = (0..25).map(|step| format!("file/{step}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let positions = table.positions(&names).await.unwrap();
    assert!((0..25_i64).all(|step| positions[&format!("file/{step}")] == step), "{positions:?}");
    assert_eq!(all_times(&table).await, (MARCH..MARCH + 25).collect::<Vec<_>>());
    table.ensure_created().await.unwrap();
    assert_eq!(append(&table, &[MARCH + 25]).await, 26);
}

#[tokio::test]
async fn a_handle_that_slept_does_not_write_into_a_cleaned_log() {
    let clock = ManualClock::new();
    let options = LakeOptions {
        checkpoint_interval: 5,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..options()
    };
    let lake = Lake::open("memory:///lake", options).unwrap();
    let (sleeper, table) = (handle(&lake), handle(&lake));
    sleeper.ensure_created().await.unwrap();
    for step in 0..7 {
        append(&table, &[MARCH + step]).await;
        table.settle().await;
    }
    for version in 0..5 {
        let entry = Path::from(format!("lake/events/_delta_log/{version:020}.json"));
        lake.object_store().delete(&entry).await.unwrap();
    }
    clock.advance(2 * HOUR);
    assert_eq!(append(&sleeper, &[MARCH + 7]).await, 8);
}

#[tokio::test]
async fn a_half_written_entry_is_no_part_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions::default()).unwrap();
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    append(&table, &[MARCH]).await;
    let log = folder.path().join("events/_delta_log");
    std::fs::write(log.join(".tmp-5f"), "{\"add\":{\"pa").unwrap();
    let table = handle(&lake);
    assert_eq!(append(&table, &[MARCH + 1]).await, 2);
    assert_eq!(all_times(&handle(&lake)).await, [MARCH, MARCH + 1]);
    let left = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".tmp-")).collect();
    assert_eq!(left, [".tmp-5f"]);
}

#[tokio::test]
async fn a_lake_may_lie_in_a_folder_with_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mein See 100% #1 ü");
    let lake = Lake::open(path.to_str().unwrap(), options()).unwrap();
    assert_eq!(lake.tables().await.unwrap(), Vec::<String>::new());
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    append(&table, &[MARCH]).await;
    assert_eq!(all_times(&handle(&lake)).await, [MARCH]);
    assert_eq!(lake.tables().await.unwrap(), [EVENTS]);
    assert!(path.join("events/_delta_log/00000000000000000001.json").is_file());
}

#[test]
fn locations_and_options_are_checked() {
    let check = |location: &str, key: Option<&str>, expected: &str| {
        let storage = key.map(|key| (key.to_owned(), "x".to_owned())).into_iter().collect();
        let error = Lake::open(location, LakeOptions { storage, ..options() }).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Invalid, expected));
    };
    check("", None, "`` is not a location for a lake: it is empty");
    check(
        "ftp://host/x",
        None,
        "`ftp://host/x` is not a location for a lake: \
         use a path, or a URL with file, s3, gs, az, abfss or memory",
    );
    check(
        "lake",
        Some("aws_region"),
        "storage option `aws_region` is not known for `file` locations",
    );
    check(
        "s3://b/x",
        Some("aws_regoin"),
        "storage option `aws_regoin` is not known for `s3` locations",
    );
    let names = ["", "_x", "a/b", "..", "a b"];
    assert!(names.iter().all(|name| memory_lake().table(name).is_err()));
    let storage = [("aws_endpoint", "http://127.0.0.1:1"), ("aws_allow_http", "true")];
    let storage = storage.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Lake::open("s3://bucket/lake", LakeOptions { storage, ..options() }).unwrap();
}
