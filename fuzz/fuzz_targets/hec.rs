//! Splunk HTTP Event Collector: bodies of events and of raw lines. Nothing of a body is lost: the
//! records are those that a second, slower reading finds, up to the fault that is reported.
#![no_main]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use headwater_fuzz::{RECEIVED_AT, check_batch, check_depth};
use headwater_sources::envelope_batch::EnvelopeBatch;
use headwater_sources::fuzzing::{read_events, read_lines};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

fuzz_target!(|body: &[u8]| {
    check_events(body);
    check_lines(body);
    check_journal_entry(body);
});

fn check_events(body: &[u8]) {
    let (batch, ending) = read_events(body, RECEIVED_AT);
    let chunk = check_batch(batch);
    check_depth(&chunk);
    let taken = match &ending {
        Some(ending) => {
            assert_eq!(chunk.records().count(), ending.number);
            body.get(..ending.range.start).expect("a place in the body")
        }
        None => body,
    };
    assert!(ending.is_none_or(|ending| ending.range.end <= body.len()));
    let envelopes = envelopes(taken);
    assert_eq!(chunk.records().count(), envelopes.len());
    for (record, range) in chunk.records().zip(envelopes) {
        assert!(record.json.is_some_and(|json| json.starts_with(b"{")));
        if let Some(event) = event(&taken[range]) {
            assert_eq!(
                record.original.escape_ascii().to_string(),
                event.escape_ascii().to_string()
            );
        }
    }
}

/// Places of the objects in a body that holds nothing else but blanks, commas and brackets.
fn envelopes(body: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',') {
            at += 1;
            continue;
        }
        assert_eq!(*byte, b'{', "a byte at {at} is in no envelope");
        let mut objects = serde_json::Deserializer::from_slice(&body[at..]).into_iter();
        let _: IgnoredAny = objects.next().expect("an object").expect("a whole object");
        found.push(at..at + objects.byte_offset());
        at += objects.byte_offset();
    }
    found
}

/// The event of an envelope as text; `None` when only some of its members can be read.
fn event(envelope: &[u8]) -> Option<Vec<u8>> {
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(envelope).ok()?;
    let event = members.get("event").expect("an event").get();
    let text: Option<String> = serde_json::from_str(event).ok();
    Some(text.unwrap_or_else(|| event.to_owned()).into_bytes())
}

fn check_lines(body: &[u8]) {
    let chunk = check_batch(read_lines(body, RECEIVED_AT));
    let lines = body.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    assert!(chunk.records().map(|record| record.original).eq(lines));
}

/// An entry of the journal that was written by something else is an error, or a batch.
fn check_journal_entry(entry: &[u8]) {
    if let Ok(batch) = EnvelopeBatch::decode(entry.to_vec(), 0) {
        let decoded = EnvelopeBatch::decode(batch.clone().encode(), 0).expect("what was encoded");
        assert_eq!(decoded, batch);
        assert_eq!(batch.clone().freeze().records().count(), batch.len());
    }
}
