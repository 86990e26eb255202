//! Running all normalizers on one record, for the tests of every file of the shelf.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_event::json::{ParseLimits, Tree};
use headwater_event::time::parse_iso_fast;
use headwater_event::{Envelope, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, PipelineOptions};

/// When every record of the tests arrives.
pub(crate) const RECEIVED_AT: &str = "2020-06-19T01:02:03.000004+00:00";

/// The events, as JSON; a reject fails the test.
#[derive(Default)]
struct Events(Vec<String>);

impl Output for Events {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        self.0.push(event.json.to_json(event.json.root()));
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        panic!("{}: {}", reject.reason, reject.bytes.escape_ascii());
    }

    fn dropped(&mut self) {
        panic!("an event was dropped");
    }
}

/// The one event that a record becomes, as JSON.
fn normalize(source: Option<&str>, record: &str) -> String {
    let pipeline = Pipeline::new(super::all(), PipelineOptions::default()).unwrap();
    let origin = Origin { source: source.map(Arc::from), ..Origin::default() };
    let received_at = parse_iso_fast(RECEIVED_AT).unwrap();
    let mut events = Events::default();
    let json = record.as_bytes();
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    Arc::new(pipeline).worker().process(envelope, &mut events);
    assert_eq!(events.0.len(), 1, "events from {record}");
    events.0.remove(0)
}

fn parse(json: &str) -> Tree {
    let mut tree = Tree::new(Arc::default());
    tree.parse(json.as_bytes(), ParseLimits::default()).expect(json);
    tree
}

/// Checks values of the normalised event by path: JSON text, or `None` for a path that must not
/// exist.
pub(crate) fn check(record: &str, expected: &[(&str, Option<&str>)]) {
    check_from(None, record, expected);
}

/// The same for a record of a source that the operator gave a name.
pub(crate) fn check_from(source: Option<&str>, record: &str, expected: &[(&str, Option<&str>)]) {
    let event = normalize(source, record);
    let tree = parse(&event);
    for (path, value) in expected {
        let found = tree.lookup(path).map(|id| tree.to_json(id));
        assert_eq!(found.as_deref(), *value, "`{path}` of {event} from {record}");
    }
}

/// Files of a folder of samples, by name.
fn files_of(folder: &Path) -> BTreeMap<OsString, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let read = |entry: fs::DirEntry| (entry.file_name(), fs::read_to_string(entry.path()).unwrap());
    entries.map(|entry| read(entry.unwrap())).collect()
}

/// A new sample: write `in`, run this, and copy the event from the failure to `expected` after
/// reading it.
#[test]
fn every_sample_gives_the_expected_event() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for folder in fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()) {
        let (records, mut events) =
            (files_of(&folder.join("in")), files_of(&folder.join("expected")));
        assert!(!records.is_empty(), "no samples in {folder:?}");
        for (name, record) in records {
            let event = normalize(None, &record);
            let expected = events.remove(&name).unwrap_or_default();
            let sample = folder.join(&name);
            assert!(!expected.is_empty(), "nothing expected of {sample:?}, which gives\n{event}");
            let expected = parse(&expected);
            assert_eq!(event, expected.to_json(expected.root()), "{sample:?}");
        }
        assert!(events.is_empty(), "expected without a record in {folder:?}: {:?}", events.keys());
    }
}

#[test]
fn every_plugin_runs_in_the_order_of_the_replaced_lake() {
    let pipeline = Pipeline::new(super::all(), PipelineOptions::default()).unwrap();
    let names: Vec<_> = pipeline.plugin_names().collect();
    let order = ["lowercase_keys", "event_shell", "timestamps", "gsuite_login", "ip_addresses"];
    let mut places = order.iter().map(|name| {
        names.iter().position(|found| *found == format!("normalization_{name}")).expect(name)
    });
    assert_eq!(places.next(), Some(0));
    assert!(places.is_sorted());
}
