//! Every mapping on its samples: what comes out is what stands in `expected`, everything of the
//! record is found in it, nothing is wrong with it, and mapping is deterministic.
//!
//! `BLESS=1 cargo test` writes `expected` anew; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_event::json::Tree;
use headwater_event::time::parse_iso_fast;
use headwater_event::{Envelope, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, PipelineOptions, Worker};
use serde_json::Value;

use crate::tests::RECEIVED_AT;

#[derive(Default)]
struct Mapped {
    ocsf: Vec<String>,
    errors: Vec<String>,
}

impl Output for Mapped {
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String> {
        let tree = |tree: &Tree| tree.to_json(tree.root());
        self.ocsf.push(tree(&event.ocsf));
        let issues: Value = serde_json::from_str(&tree(&event.issues)).unwrap();
        let list = issues.as_array().unwrap().iter();
        let errors = list.filter(|issue| issue["severity"] == "error");
        let record = String::from_utf8_lossy(envelope.original).into_owned();
        self.errors.extend(errors.map(|issue| format!("{issue} in {record}")));
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        panic!("{}", reject.reason);
    }

    fn dropped(&mut self) {
        panic!("dropped");
    }
}

fn worker() -> Worker {
    let options = PipelineOptions::default();
    let pipeline = Pipeline::with_mappings(super::all(), crate::all(), options).unwrap();
    Arc::new(pipeline).worker()
}

fn map(worker: &mut Worker, record: &str) -> Mapped {
    let mut mapped = Mapped::default();
    let origin = Origin::default();
    let json = record.as_bytes();
    let received_at = parse_iso_fast(RECEIVED_AT).unwrap();
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    worker.process(envelope, &mut mapped);
    mapped
}

#[test]
fn samples_become_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples_ocsf");
    let mut worker = worker();
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for mapping in super::all() {
        let name = mapping.name();
        let records = fs::read_to_string(folder.join(name).join("in")).expect(name);
        let mut lines = String::new();
        for record in records.lines().filter(|line| !line.is_empty()) {
            let explained = explain(&mut worker, record);
            assert_eq!(explained, Some(name), "{record}");
            let mapped = map(&mut worker, record);
            assert!(mapped.errors.is_empty(), "{:?}", mapped.errors);
            assert_eq!(map(&mut worker, record).ocsf, mapped.ocsf);
            for ocsf in mapped.ocsf {
                lines.push_str(&ocsf);
                lines.push('\n');
            }
        }
        let path = folder.join(name).join("expected");
        if bless {
            fs::write(&path, &lines).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        for (is, should) in lines.lines().zip(expected.lines()).filter(|(is, should)| is != should)
        {
            wrong.push(format!("{name}\n  is     {is}\n  should {should}"));
        }
        assert_eq!(lines.lines().count(), expected.lines().count(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn explain(worker: &mut Worker, record: &str) -> Option<&'static str> {
    let origin = Origin::default();
    let json = record.as_bytes();
    let received_at = parse_iso_fast(RECEIVED_AT).unwrap();
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    worker.explain(envelope).mapping
}

/// JSON pointers of the scalars below a value, and of the objects.
fn list(value: &Value, path: &mut String, scalars: &mut Vec<String>, objects: &mut Vec<String>) {
    let length = path.len();
    let mut below = |step: &str, child: &Value| {
        path.push('/');
        path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        list(child, path, scalars, objects);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, child)| below(key, child));
            objects.push(path.clone());
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(place, child)| below(&place.to_string(), child));
        }
        _ => scalars.push(path.clone()),
    }
}

/// Puts a text that occurs nowhere else at every place of every sample, one at a time, and a new
/// member into every object: wherever it stands, it must come out again.
#[test]
fn no_text_of_a_record_vanishes() {
    const MARK: &str = "zq7Marked";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples_ocsf");
    let mut worker = worker();
    let mut lost = Vec::new();
    for mapping in super::all() {
        let name = mapping.name();
        let records = fs::read_to_string(folder.join(name).join("in")).expect(name);
        for record in records.lines().filter(|line| !line.is_empty()) {
            let whole: Value = serde_json::from_str(record).unwrap();
            let (mut scalars, mut objects) = (Vec::new(), Vec::new());
            list(&whole, &mut String::new(), &mut scalars, &mut objects);
            let mut check = |place: &str, changed: &Value| {
                let mapped = map(&mut worker, &changed.to_string());
                let text = mapped.ocsf.join("").to_lowercase();
                if !text.contains(&MARK.to_lowercase()) {
                    lost.push(format!("{name} {place}"));
                }
            };
            for pointer in &scalars {
                let mut changed = whole.clone();
                *changed.pointer_mut(pointer).unwrap() = MARK.into();
                check(pointer, &changed);
            }
            for pointer in &objects {
                let mut changed = whole.clone();
                changed.pointer_mut(pointer).unwrap()["zq7_new"] = MARK.into();
                check(&format!("{pointer}/zq7_new"), &changed);
            }
        }
    }
    lost.sort();
    lost.dedup();
    assert!(lost.is_empty(), "{} places\n{}", lost.len(), lost.join("\n"));
}

/// A mapped event that is mapped again stays as it is.
#[test]
fn mapping_what_was_mapped_changes_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples_ocsf");
    let mut worker = worker();
    for mapping in super::all() {
        let name = mapping.name();
        let expected = fs::read_to_string(folder.join(name).join("expected")).expect(name);
        for event in expected.lines() {
            let again = map(&mut worker, event).ocsf.remove(0);
            let (again, event): (Value, Value) =
                (serde_json::from_str(&again).unwrap(), serde_json::from_str(event).unwrap());
            assert_eq!(again, event, "{name}");
        }
    }
}
