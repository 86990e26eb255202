//! Elasticsearch bulk requests. Nothing of a body is lost: lines are either actions or documents,
//! and every document of an index that can be is a record or a fault.
#![no_main]

use std::ops::Range;

use headwater_fuzz::{RECEIVED_AT, check_batch, check_depth};
use headwater_sources::fuzzing::read_bulk;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|body: &[u8]| {
    check(body, Some("logs"));
    check(body, None);
});

fn check(body: &[u8], index: Option<&str>) {
    let Some((documents, batch)) = read_bulk(body, index, RECEIVED_AT) else { return };
    let chunk = check_batch(batch);
    check_depth(&chunk);
    let mut records = chunk.records();
    for document in &documents {
        let Some(range) = document.range.clone().filter(|_| document.has_index) else {
            assert!(!document.is_created, "created out of nothing");
            continue;
        };
        let record = records.next().expect("a record for each document");
        assert_eq!(Some(record.original), body.get(range));
        assert_eq!(record.json.is_some(), document.is_created);
    }
    assert!(records.next().is_none(), "a record without a document");
    let places: Vec<_> = documents.iter().filter_map(|document| document.range.clone()).collect();
    assert_eq!(actions(body, &places), documents.len());
}

/// Number of lines around the documents; all are objects.
fn actions(body: &[u8], documents: &[Range<usize>]) -> usize {
    let mut count = 0;
    let mut at = 0;
    for document in documents.iter().cloned().chain([body.len()..body.len()]) {
        let between = body.get(at..document.start).expect("documents one behind the other");
        for line in between.split(|byte| *byte == b'\n') {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let action = serde_json::from_slice::<IgnoredAny>(line.trim_ascii());
            action.expect("a line that is no document is an action");
            count += 1;
        }
        at = document.end;
    }
    count
}
