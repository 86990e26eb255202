//! Mappings against what others publish, and against the true time of real records.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod pairs;
mod programs;
mod true_time;

use std::io::Read as _;
use std::sync::Arc;

use headwater_event::time::parse_iso_fast;
use headwater_event::{Envelope, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, PipelineOptions, Plugin, Worker};
use headwater_testkit::test_data;
use serde_json::Value;

/// The events of a record.
#[derive(Default)]
struct Mapped {
    /// Their OCSF objects.
    objects: Vec<Value>,
    /// `utctimestamp` of their shells.
    times: Vec<String>,
}

impl Output for Mapped {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        let ocsf = event.ocsf.to_json(event.ocsf.root());
        self.objects.push(serde_json::from_str(&ocsf).unwrap());
        self.times.push(event.shell("utctimestamp").unwrap().into_owned());
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        panic!("{}: {}", reject.reason, reject.bytes.escape_ascii());
    }

    fn dropped(&mut self) {
        panic!("dropped");
    }
}

/// A pipeline of everything built in.
fn worker() -> Worker {
    worker_with(Vec::new())
}

/// A pipeline of everything built in and these plugins.
fn worker_with(mut plugins: Vec<Box<dyn Plugin>>) -> Worker {
    let mappings = headwater_normalizers::mappings::all();
    plugins.extend(headwater_normalizers::all());
    let pipeline = Pipeline::with_mappings(mappings, plugins, PipelineOptions::default());
    Arc::new(pipeline.unwrap()).worker()
}

/// The OCSF objects that a record becomes.
fn map(worker: &mut Worker, record: &str) -> Vec<Value> {
    process(worker, record).objects
}

/// The events that a record becomes.
fn process(worker: &mut Worker, record: &str) -> Mapped {
    let (mut mapped, origin) = (Mapped::default(), Origin::default());
    let json = record.as_bytes();
    let received_at = parse_iso_fast("2026-01-02T03:04:05Z").unwrap();
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    worker.process(envelope, &mut mapped);
    mapped
}

/// Milliseconds of a time with a zone.
fn millis(time: &str) -> i64 {
    parse_iso_fast(time).expect(time).as_micros().div_euclid(1_000)
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// The files of an archive of the outside test data; `None` where the data is absent.
fn archive(path: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let bytes = gunzip(&std::fs::read(test_data(path)?).unwrap());
    let mut archive = tar::Archive::new(bytes.as_slice());
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    });
    Some(files.collect())
}
