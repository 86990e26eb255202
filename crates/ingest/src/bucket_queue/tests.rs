//! Which messages are done, and how long the pauses are. The rest needs a queue: see
//! `tests/bucket.rs`.

use std::sync::Arc;

use headwater_lake::{Lake, LakeOptions, WriterOptions};
use headwater_pipeline::{Pipeline, PipelineOptions};
use headwater_sources::files::ObjectStores;

use super::*;
use crate::FailedInput;

fn message(receipt: &str, keys: &[&str]) -> SqsMessage {
    let records: Vec<String> = keys
        .iter()
        .map(|key| {
            format!(
                r#"{{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",
                     "s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}"}}}}}}"#
            )
        })
        .collect();
    let body = format!(r#"{{"Records":[{}]}}"#, records.join(","));
    SqsMessage { id: receipt.to_owned(), receipt: receipt.to_owned(), body }
}

fn failed(name: &str, kind: ErrorKind) -> FailedInput {
    FailedInput { name: name.to_owned(), error: String::new(), kind }
}

/// Receipts of the messages that are done after these failures.
fn done(messages: &[SqsMessage], failures: Vec<FailedInput>) -> (Vec<&str>, BucketReport) {
    let mut batch = Batch::new(messages, &[]);
    batch.report.ingest.failed = failures;
    let left = batch.settle();
    (batch.done(&left), batch.report)
}

#[test]
fn messages_are_done_when_all_their_objects_are() {
    let messages = [
        message("none", &[]),
        message("one", &["a"]),
        message("two", &["a", "with+space"]),
        message("gone", &["gone"]),
        message("mixed", &["gone", "c%25"]),
        SqsMessage { id: "x".to_owned(), receipt: "x".to_owned(), body: "x".to_owned() },
    ];
    let check = |failures, expected: &[&str]| {
        let (done, report) = done(&messages, failures);
        assert_eq!(done, expected);
        report
    };
    let all = ["none", "one", "two", "gone", "mixed"];
    let report = check(vec![], &all);
    assert_eq!((report.messages, report.messages_unreadable), (6, 1));

    let report = check(vec![failed("s3://b/gone", ErrorKind::NotFound)], &all);
    assert_eq!((report.objects_gone, report.ingest.failed.len()), (1, 0));

    let space = failed("s3://b/with space", ErrorKind::Unavailable);
    let report = check(vec![space], &["none", "one", "gone", "mixed"]);
    assert_eq!((report.objects_gone, report.ingest.failed.len()), (0, 1));

    check(vec![failed("s3://b/c%25", ErrorKind::Denied)], &["none", "one", "two", "gone"]);
    // One version is gone, another one cannot be read.
    let versions = vec![
        failed("s3://b/gone", ErrorKind::NotFound),
        failed("s3://b/gone", ErrorKind::Conflict),
    ];
    check(versions, &["none", "one", "two"]);
    // What it is about is not known.
    check(vec![failed("s3://b", ErrorKind::Invalid)], &["none"]);
}

#[test]
fn objects_are_named_once() {
    let messages = [message("1", &["a", "b", "a"]), message("2", &["b", "c"])];
    let batch = Batch::new(&messages, &[]);
    let keys: Vec<String> = batch.objects().into_iter().map(|object| object.key).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}

#[test]
fn the_lakes_own_objects_are_not_read() {
    let lake = |location: &str| {
        let options = LakeOptions::default();
        IngestContext {
            lake: Lake::open(location, options).unwrap(),
            pipeline: Arc::new(Pipeline::new(Vec::new(), PipelineOptions::default()).unwrap()),
            stores: ObjectStores::none(),
            writer: WriterOptions::default(),
            now: || headwater_event::Timestamp::from_micros(0),
        }
    };
    let messages = [message(
        "1",
        &["my+lake/events/part.parquet", "my+lake/rejects/_delta_log/0.json", "my+lake/in", "x"],
    )];
    let check = |location: &str, expected: u64| {
        let own = own_roots(&lake(location)).unwrap();
        let batch = Batch::new(&messages, &own);
        assert_eq!(batch.report.objects_own, expected, "{location}: {own:?}");
        assert_eq!(batch.objects().len() as u64, 4 - expected);
    };
    check("s3://b/my lake", 2);
    check("s3://other/my lake", 0);
    check("s3://b", 0);
    check("memory:///b/my", 0);
}

#[test]
fn pauses_grow_to_a_limit_and_end_with_success() {
    let mut pause = Pause::default();
    let mut seconds = || {
        pause.next();
        pause.last.unwrap().as_secs()
    };
    let grown: Vec<u64> = (0..8).map(|_| seconds()).collect();
    assert_eq!(grown, [1, 2, 4, 8, 16, 32, 60, 60]);
    pause.reset();
    pause.next();
    assert_eq!(pause.last, Some(Duration::from_secs(1)));
}

#[test]
fn a_batch_without_progress_is_stuck() {
    let report = |messages, messages_deleted| BucketReport {
        messages,
        messages_deleted,
        ..BucketReport::default()
    };
    assert!(report(3, 0).is_stuck());
    assert!(!report(3, 1).is_stuck());
}
