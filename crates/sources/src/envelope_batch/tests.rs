//! Batches as a listener makes them, and as they come back from the journal.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use headwater_event::{Origin, Timestamp};
use proptest::prelude::*;

use super::{EnvelopeBatch, EnvelopeBatchBuilder, answered_request};
use crate::once::{AnsweredRequest, RequestName};

fn origin(host: &str) -> Origin {
    Origin { host: Some(host.into()), name: "test".into(), ..Origin::default() }
}

/// One request: a JSON record with a time, text, something made, and a fault.
fn sample(host: &str) -> EnvelopeBatch {
    let body = br#"{"a":1} plain broken"#.to_vec();
    let mut batch = EnvelopeBatchBuilder::new(body.len(), Timestamp::from_micros(7));
    let first = batch.origin(&origin(host));
    batch.original(first, 0..7, Some(Timestamp::from_micros(5)));
    batch.converted(first, 8..13, None, |json| json.extend_from_slice(br#"{"m":1}"#));
    let second = batch.origin(&origin("other"));
    batch.made_text(second, b"text", None, |json| json.extend_from_slice(b"{}"));
    batch.fault(second, 14..20, "no record");
    batch.finish(body)
}

#[test]
fn origins_that_alternate_are_kept_once() {
    let mut batch = EnvelopeBatchBuilder::new(7, Timestamp::from_micros(7));
    let ids: Vec<_> = ["a", "b", "a", "b", "c"].map(|host| batch.origin(&origin(host))).into();
    assert_eq!((ids[0], ids[1]), (ids[2], ids[3]));
    let before = batch.memory_bytes();
    for host in ["a", "c", "b"].iter().cycle().take(1_000) {
        let _ = batch.origin(&origin(host));
    }
    assert_eq!(batch.memory_bytes(), before);
    let _ = batch.origin(&origin("d"));
    assert!(batch.memory_bytes() > before);
}

/// Records as text: entry, host, time, arrival, original, JSON or reason.
fn describe(batch: EnvelopeBatch) -> Vec<String> {
    let chunk = batch.freeze();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    chunk
        .records()
        .map(|record| {
            let meaning = match (record.json, record.fault) {
                (Some(json), _) => text(json),
                (None, fault) => format!("!{}", fault.unwrap().reason),
            };
            format!(
                "{} {} {:?} {:?} {} {meaning}",
                record.frame,
                record.origin.host.as_deref().unwrap(),
                record.time.map(Timestamp::as_micros),
                record.received_at.map(Timestamp::as_micros),
                text(record.original),
            )
        })
        .collect()
}

fn expected(entry: u64, host: &str) -> [String; 4] {
    [
        format!(r#"{entry} {host} Some(5) Some(7) {{"a":1}} {{"a":1}}"#),
        format!(r#"{entry} {host} None Some(7) plain {{"m":1}}"#),
        format!("{entry} other None Some(7) text {{}}"),
        format!("{entry} other None Some(7) broken !no record"),
    ]
}

#[test]
fn records_come_back_from_the_journal_as_they_were() {
    let decoded = EnvelopeBatch::decode(sample("h").encode(), 3).unwrap();
    assert_eq!(describe(decoded), expected(3, "h"));
}

#[test]
fn a_named_request_comes_back_with_its_name() {
    let request = AnsweredRequest {
        name: RequestName::of(&[b"key"]),
        taken_at: Timestamp::from_micros(7),
        answer: b"200{}".as_slice().into(),
    };
    let encoded = sample("h").encode_named(&request);
    assert_eq!(answered_request(&encoded), Some(request.clone()));
    assert_eq!(answered_request(&encoded[..encoded.len() - 1]), None);
    let decoded = EnvelopeBatch::decode(encoded, 3).unwrap();
    assert_eq!(describe(decoded), expected(3, "h"));
    assert_eq!(answered_request(&sample("h").encode()), None);
}

#[test]
fn several_requests_become_one_and_keep_their_entries() {
    let mut all = EnvelopeBatch::decode(sample("a").encode(), 8).unwrap();
    all.append(&EnvelopeBatch::decode(sample("b").encode(), 9).unwrap());
    let rows = describe(all);
    assert_eq!(rows[..4], expected(8, "a"));
    assert_eq!(rows[4..], expected(9, "b"));
}

#[test]
fn an_unknown_form_is_told_from_damage() {
    let mut encoded = sample("h").encode();
    *encoded.last_mut().unwrap() = 9;
    let (kept, error) = EnvelopeBatch::decode(encoded.clone(), 0).unwrap_err();
    assert_eq!(kept, encoded);
    assert_eq!(error.to_string(), "records have the unknown form 9");
    assert!(EnvelopeBatch::decode(Vec::new(), 0).is_err());
}

proptest! {
    #[test]
    fn damage_is_an_error_or_other_records_but_never_a_panic(
        place in 0_usize..200, byte: u8, cut in 0_usize..200,
        named: bool,
    ) {
        let request = AnsweredRequest {
            name: RequestName::of(&[b"key"]),
            taken_at: Timestamp::from_micros(7),
            answer: b"200{}".as_slice().into(),
        };
        let batch = sample("h");
        let mut encoded = if named { batch.encode_named(&request) } else { batch.encode() };
        let length = encoded.len();
        encoded[place % length] = byte;
        let _ = answered_request(&encoded);
        if let Ok(batch) = EnvelopeBatch::decode(encoded.clone(), 0) {
            batch.freeze().records().count();
        }
        encoded.truncate(cut % length);
        if let Ok(batch) = EnvelopeBatch::decode(encoded, 0) {
            batch.freeze().records().count();
        }
    }
}
