//! A bad record, a drop or a strange type never affects the records beside it.

use headwater_event::{Event, Stage};
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

use crate::{Results, at, process, tree, worker};

#[derive(Debug)]
struct DropNoise;

impl Plugin for DropNoise {
    fn name(&self) -> &str {
        "drop_noise"
    }
    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }
    fn registration(&self) -> Vec<String> {
        vec!["noise".to_owned()]
    }
    fn process(&self, _: &mut Event, _: &mut Metadata<'_>) -> Verdict {
        Verdict::Drop
    }
}

#[test]
fn a_mixed_batch_gives_every_record_its_own_result() {
    let mut worker = worker(vec![Box::new(DropNoise)]);
    let mut results = Results::default();
    for record in [
        r#"{"n":1}"#,
        r#"{"Noise":true}"#,
        r#"{"broken":"#,
        r#"[{"n":2},{"n":3}]"#,
        r#""scalar""#,
        r#"{"n":4,"srcip":1234}"#,
        r#"{"n":5,"details":"x"}"#,
        "{}",
        r#"{"n":6,"tags":["NOISE"]}"#,
        r#"{"n":7}"#,
    ] {
        process(&mut worker, record.as_bytes(), &mut results);
    }
    let events: Vec<_> = results.events.iter().map(|event| tree(event)).collect();
    let numbers: Vec<_> = events.iter().filter_map(|event| at(event, "details.n")).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "7"]);
    assert_eq!((events.len(), results.dropped), (7, 2));
    let rejected: Vec<_> = results.rejects.iter().map(|reject| &*reject.bytes).collect();
    assert_eq!(rejected, [&b"{\"broken\":"[..], b"\"scalar\""]);
    assert!(results.rejects.iter().all(|reject| reject.stage == Stage::Parse));
    let mut ids: Vec<_> = events.iter().map(|event| at(event, "eventid").unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}
