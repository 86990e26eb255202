//! All built-in plugins of both shelves together, as the product runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod goldens;
mod isolation;
mod properties;

use std::sync::Arc;

use headwater_event::json::{NodeId, ParseLimits, Tree};
use headwater_event::time::parse_iso_fast;
use headwater_event::{Envelope, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, PipelineOptions, Plugin, Worker};

/// When every record of the tests arrives.
const RECEIVED_AT: &str = "2020-06-19T01:02:03.000004+00:00";

/// What became of the records.
#[derive(Debug, Default)]
struct Results {
    events: Vec<String>,
    rejects: Vec<Reject>,
    dropped: usize,
}

impl Output for Results {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        self.events.push(event.json.to_json(event.json.root()));
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        self.rejects.push(reject);
    }

    fn dropped(&mut self) {
        self.dropped += 1;
    }
}

/// A worker with all built-in plugins and `more`.
fn worker(more: Vec<Box<dyn Plugin>>) -> Worker {
    let mut plugins = headwater_normalizers::all();
    plugins.extend(headwater_enrichers::all());
    plugins.extend(more);
    Arc::new(Pipeline::new(plugins, PipelineOptions::default()).unwrap()).worker()
}

fn process(worker: &mut Worker, json: &[u8], results: &mut Results) {
    let origin = Origin::default();
    let received_at = parse_iso_fast(RECEIVED_AT).unwrap();
    worker.process(
        Envelope { original: json, json, origin: &origin, time: None, received_at },
        results,
    );
}

/// The one event that a record becomes.
fn event_of(worker: &mut Worker, json: &str) -> Tree {
    let mut results = Results::default();
    process(worker, json.as_bytes(), &mut results);
    assert!(results.rejects.is_empty(), "{:?} from {json}", results.rejects);
    assert_eq!(results.events.len(), 1, "events from {json}");
    tree(&results.events[0])
}

fn tree(json: &str) -> Tree {
    let mut tree = Tree::new(Arc::default());
    tree.parse(json.as_bytes(), ParseLimits::default()).expect(json);
    tree
}

/// A value as JSON text.
fn at(tree: &Tree, path: &str) -> Option<String> {
    tree.lookup(path).map(|id: NodeId| tree.to_json(id))
}
