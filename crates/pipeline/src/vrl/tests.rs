//! Plugins through the pipeline's own runtime: what programs do to events, and what users are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faults;

mod lossless;

mod ocsf;

mod published;

mod semantics;

use std::sync::Arc;

use headwater_event::{Envelope, Event, Origin, Reject, Timestamp};

use super::{VrlPlugin, compile};
use crate::{Output, Pipeline, PipelineOptions};

/// 2020-09-13T12:26:40.123456Z
const ARRIVAL: Timestamp = Timestamp::from_micros(1_600_000_000_123_456);

/// A plugin that runs on every event.
fn with_header(program: &str) -> String {
    format!("# ---\n# kind: enrich\n# registration: [\"*\"]\n# ---\n{program}")
}

fn plugin(program: &str) -> VrlPlugin {
    compile("tested", &with_header(program)).unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// What becomes of records: events as JSON without the audit trail, `dropped`, `reject: <reason>`.
#[derive(Default)]
struct Outcome(Vec<String>);

impl Output for Outcome {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        self.0.push(event.json.to_json(event.json.root()));
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        assert!(reject.plugin.is_some(), "{}", reject.reason);
        self.0.push(format!("reject: {}", reject.reason));
    }

    fn dropped(&mut self) {
        self.0.push("dropped".to_owned());
    }
}

fn origin() -> Origin {
    Origin {
        source: Some("firewall".into()),
        host: Some("fw1".into()),
        name: "fw.log".into(),
        ..Origin::default()
    }
}

/// Sends records through one plugin.
fn send(plugin: VrlPlugin, records: &[&str]) -> Vec<String> {
    let pipeline = Pipeline::new(vec![Box::new(plugin)], PipelineOptions::default()).unwrap();
    let mut worker = Arc::new(pipeline).worker();
    let mut outcome = Outcome::default();
    let origin = origin();
    for record in records {
        let json = record.as_bytes();
        let envelope =
            Envelope { original: json, json, origin: &origin, time: None, received_at: ARRIVAL };
        worker.process(envelope, &mut outcome);
    }
    outcome.0
}

/// What one program makes of one record, without the audit trail that the runtime appends.
fn run(program: &str, record: &str) -> String {
    let mut outcome = send(plugin(program), &[record]);
    assert_eq!(outcome.len(), 1, "{program}");
    let outcome = outcome.remove(0);
    let audit = r#""plugins":["enrichment_tested"]}"#;
    match outcome.strip_suffix(audit) {
        Some(event) => format!("{}}}", event.trim_end_matches(',')),
        None => outcome,
    }
}

/// Runs each program on its record, twice: on the paths that it mentions, and on the whole event.
/// Both have to give the wanted result.
fn check(cases: &[(&str, &str, &str)]) {
    for (program, record, wanted) in cases {
        assert_eq!(run(program, record), *wanted, "{program}\non {record}");
        let reads_all = format!("_all = .\n{program}");
        let line_shifted = wanted.replace("line 5", "line 6");
        assert_eq!(run(&reads_all, record), line_shifted, "whole event: {program}\non {record}");
    }
}
