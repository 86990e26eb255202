//! Order, registration, audit trail, and the isolation of bad records.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use headwater_event::{Envelope, Event, Origin, Reject, Stage, Timestamp};

use super::{Output, Pipeline, PipelineOptions};
use crate::{Metadata, PipelineError, Plugin, PluginKind, Verdict};

#[derive(Debug)]
struct Scripted {
    name: &'static str,
    kind: PluginKind,
    words: &'static [&'static str],
    priority: i32,
    act: fn(&mut Event) -> Verdict,
}

impl Plugin for Scripted {
    fn name(&self) -> &str {
        self.name
    }
    fn kind(&self) -> PluginKind {
        self.kind
    }
    fn registration(&self) -> Vec<String> {
        self.words.iter().map(ToString::to_string).collect()
    }
    fn priority(&self) -> i32 {
        self.priority
    }
    fn process(&self, event: &mut Event, _: &mut Metadata<'_>) -> Verdict {
        (self.act)(event)
    }
}

fn plugin(
    name: &'static str,
    kind: PluginKind,
    words: &'static [&'static str],
    priority: i32,
    act: fn(&mut Event) -> Verdict,
) -> Box<dyn Plugin> {
    Box::new(Scripted { name, kind, words, priority, act })
}

fn keep(_: &mut Event) -> Verdict {
    Verdict::Keep
}

#[derive(Default)]
struct Seen {
    events: Vec<String>,
    rejects: Vec<Reject>,
    dropped: usize,
}

impl Output for Seen {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        if event.json.lookup("unwritable").is_some() {
            return Err("cannot be written".to_owned());
        }
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

fn run(plugins: Vec<Box<dyn Plugin>>, records: &[&str]) -> Seen {
    let pipeline = Arc::new(Pipeline::new(plugins, PipelineOptions::default()).unwrap());
    let mut worker = pipeline.worker();
    let mut seen = Seen::default();
    let origin = Origin::default();
    for record in records {
        let received_at = Timestamp::from_micros(0);
        let json = record.as_bytes();
        let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
        worker.process(envelope, &mut seen);
    }
    seen
}

#[test]
fn orders_by_kind_priority_and_name() {
    use PluginKind::{Enrich, Normalize};
    let pipeline = Pipeline::new(
        vec![
            plugin("z", Enrich, &["*"], 1, keep),
            plugin("b", Normalize, &["*"], 20, keep),
            plugin("a", Normalize, &["*"], 20, keep),
            plugin("c", Normalize, &["*"], 2, keep),
        ],
        PipelineOptions::default(),
    )
    .unwrap();
    let names: Vec<_> = pipeline.plugin_names().collect();
    assert_eq!(names, ["normalization_c", "normalization_a", "normalization_b", "enrichment_z"]);
}

#[test]
fn two_plugins_of_one_name_are_refused() {
    let twice = || plugin("same", PluginKind::Enrich, &["*"], 1, keep);
    let error = Pipeline::new(vec![twice(), twice()], PipelineOptions::default()).unwrap_err();
    assert!(matches!(error, PipelineError::DuplicateName { .. }));
}

#[test]
fn runs_on_keys_at_any_depth_tags_and_category_in_any_case() {
    use PluginKind::Normalize;
    let plugins = || vec![plugin("p", Normalize, &["SrcIP", "mytag", "Mail"], 1, keep)];
    for (record, ran) in [
        (r#"{"a":[{"srcip":1}]}"#, true),
        (r#"{"SRCIP":1}"#, true),
        (r#"{"tags":["MyTag"]}"#, true),
        (r#"{"tags":"mytag"}"#, false),
        (r#"{"category":"mail"}"#, true),
        (r#"{"a":"srcip"}"#, false),
    ] {
        let seen = run(plugins(), &[record]);
        assert_eq!(seen.events[0].contains("normalization_p"), ran, "{record}");
    }
}

#[test]
fn a_plugin_can_trigger_a_later_one() {
    use PluginKind::Normalize;
    let add_key = |event: &mut Event| {
        event.set_shell("found", true);
        Verdict::Keep
    };
    let seen = run(
        vec![
            plugin("first", Normalize, &["start"], 1, add_key),
            plugin("second", Normalize, &["found"], 2, keep),
        ],
        &[r#"{"start":1,"plugins":["sender"]}"#],
    );
    assert_eq!(
        seen.events,
        [
            r#"{"start":1,"plugins":["sender","normalization_first","normalization_second"],"found":true}"#
        ]
    );
}

#[test]
fn one_bad_record_never_affects_the_others() {
    use PluginKind::{Enrich, Normalize};
    let plugins = vec![
        plugin("drops", Normalize, &["drop"], 1, |_| Verdict::Drop),
        plugin("refuses", Enrich, &["refuse"], 1, |_| Verdict::Reject("not wanted".into())),
        plugin("panics", Normalize, &["panic"], 2, |_| panic!("on purpose")),
    ];
    let seen = run(
        plugins,
        &[
            r#"{"ok":1}"#,
            r#"{"drop":1}"#,
            r#"{"broken":"#,
            r#"[{"ok":2},7,{"refuse":1}]"#,
            "null",
            "[]",
            r#"{"panic":1}"#,
            r#"{"unwritable":1}"#,
            r#"{"ok":3}"#,
        ],
    );
    assert_eq!(seen.events.len(), 3);
    assert_eq!(seen.dropped, 1);
    let rejects: Vec<_> = seen
        .rejects
        .iter()
        .map(|reject| {
            let text = String::from_utf8_lossy(&reject.bytes).into_owned();
            (text, reject.stage, reject.plugin.as_deref(), reject.reason.as_str())
        })
        .collect();
    let expected = [
        (r#"{"broken":"#, Stage::Parse, None, "JSON ends early at byte 10"),
        ("7", Stage::Parse, None, "document is a number, not an object"),
        (r#"{"refuse":1}"#, Stage::Enrich, Some("refuses"), "not wanted"),
        ("null", Stage::Parse, None, "document is null, not an object"),
        ("[]", Stage::Parse, None, "empty array"),
        (r#"{"panic":1}"#, Stage::Normalize, Some("panics"), "plugin panicked"),
        (r#"{"unwritable":1}"#, Stage::Write, None, "cannot be written"),
    ];
    assert_eq!(rejects.len(), expected.len());
    for (found, wanted) in rejects.iter().zip(expected) {
        assert_eq!((found.0.as_str(), found.1, found.2, found.3), wanted);
    }
}
