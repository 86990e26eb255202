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
        let issues: serde_json::Value = serde_json::from_str(&tree(&event.issues)).unwrap();
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
