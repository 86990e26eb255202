//! What every mapping can rely on: types by the schema, nothing lost.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use headwater_event::{Envelope, Event, Origin, Reject, Timestamp};

use super::{Mapper, Mapping, Source};
use crate::{Output, Pipeline, PipelineOptions, Worker};

#[derive(Debug)]
struct Logon;

impl Mapping for Logon {
    fn name(&self) -> &'static str {
        "logon"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["who", "kind"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("kind", "logon")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(3002, 1);
        mapper.time(&["when"]);
        mapper.flatten("more");
        mapper.table(&[
            ("who", "user.name"),
            ("id.orig_h", "src_endpoint.ip"),
            ("port", "src_endpoint.port"),
            ("groups", "user.groups[0].name"),
            ("more.pid", "actor.process.pid"),
            ("nothing", "actor.user.uid"),
            ("kind", "actor.no_such_attribute"),
            ("severity", "severity_id"),
            ("again", "user.name"),
        ]);
        mapper.set("metadata.product.name", "Test");
        mapper.set("metadata.product.vendor_name", "Test");
    }
}

#[derive(Default)]
struct Kept(Vec<(String, String, String)>);

impl Output for Kept {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        let text = |tree: &headwater_event::json::Tree| tree.to_json(tree.root());
        self.0.push((text(&event.json), text(&event.ocsf), text(&event.issues)));
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        panic!("{reject:?}");
    }

    fn dropped(&mut self) {}
}

fn worker() -> Worker {
    let mappings: Vec<Box<dyn Mapping>> = vec![Box::new(Logon)];
    let pipeline = Pipeline::with_mappings(mappings, Vec::new(), PipelineOptions::default());
    Arc::new(pipeline.unwrap()).worker()
}

fn run(json: &str) -> (String, String, String) {
    let mut worker = worker();
    let mut kept = Kept::default();
    let origin = Origin::default();
    let (original, json) = (json.as_bytes(), json.as_bytes());
    let received_at = Timestamp::from_micros(1_700_000_000_000_000);
    let envelope = Envelope { original, json, origin: &origin, time: None, received_at };
    worker.process(envelope, &mut kept);
    kept.0.remove(0)
}

#[test]
fn values_get_the_type_of_their_attribute_and_the_rest_is_unmapped() {
    let (json, ocsf, issues) = run(
        r#"{"kind":"logon","who":"Ann","when":"2024-01-02T03:04:05.678901Z","id.orig_h":"10.0.0.1",
        "port":"0x50","groups":"wheel","more":{"pid":77,"x":[1,{"y":null}],"z":"-"},"nothing":"",
        "severity":"odd","again":"Ann","deep":{"a":{"b":1.0},"c":null}}"#,
    );
    assert!(json.contains(r#""utctimestamp":"2024-01-02T03:04:05.678901"#), "{json}");
    let ocsf: serde_json::Value = serde_json::from_str(&ocsf).unwrap();
    assert_eq!(ocsf["time"], 1_704_164_645_678_i64);
    assert_eq!(ocsf["metadata"]["original_time"], "2024-01-02T03:04:05.678901Z");
    assert_eq!(ocsf["user"]["name"], "Ann");
    assert_eq!(ocsf["user"]["groups"][0]["name"], "wheel");
    assert_eq!(ocsf["src_endpoint"]["port"], 80);
    assert_eq!(ocsf["actor"]["process"]["pid"], 77);
    assert_eq!(ocsf["severity_id"], 99);
    assert_eq!(ocsf["severity"], "odd");
    assert_eq!(ocsf["type_uid"], 300_201);
    assert_eq!(ocsf["type_name"], "Authentication: Logon");
    assert_eq!(
        ocsf["unmapped"],
        serde_json::json!({"kind": "logon", "x": [1, {"y": null}], "deep": {"a": {"b": 1.0}}})
    );
    let observed: Vec<&str> = ocsf["observables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["value"].as_str().unwrap())
        .collect();
    assert_eq!(observed, ["Ann", "10.0.0.1"]);
    // Nothing but what this mapping leaves out: a service or destination.
    let issues: serde_json::Value = serde_json::from_str(&issues).unwrap();
    assert_eq!(issues.as_array().unwrap().len(), 1, "{issues}");
    assert_eq!(issues[0]["code"], "constraint_failed");
}

#[test]
fn what_nobody_recognises_is_a_base_event_with_everything_unmapped() {
    let (_, ocsf, _) = run(r#"{"kind":"other","who":"x","utctimestamp":"2024-01-02T03:04:05Z"}"#);
    let ocsf: serde_json::Value = serde_json::from_str(&ocsf).unwrap();
    assert_eq!(ocsf["class_uid"], 0);
    assert_eq!(ocsf["time"], 1_704_164_645_000_i64);
    assert_eq!(ocsf["unmapped"]["kind"], "other");
}

/// However many members have one name, and wherever they come from.
#[test]
fn equal_keys_all_stay() {
    for count in [2, 60, 500] {
        let members: Vec<String> = (0..count).map(|place| format!(r#""x":"v{place}""#)).collect();
        let members = members.join(",");
        let json = format!(
            r#"{{"kind":"logon","who":"Ann","x_2":"own",{members},"deep":{{{members}}},"more":{{{members}}}}}"#
        );
        let (_, ocsf, _) = run(&json);
        let ocsf: serde_json::Value = serde_json::from_str(&ocsf).unwrap();
        let texts = |value: &serde_json::Value| {
            let members = value.as_object().unwrap().values();
            let mut texts: Vec<_> =
                members.filter_map(|one| one.as_str()).map(String::from).collect();
            texts.sort();
            texts
        };
        let mut deep: Vec<String> = (0..count).map(|place| format!("v{place}")).collect();
        deep.sort();
        assert_eq!(texts(&ocsf["unmapped"]["deep"]), deep);
        let mut top = [deep.clone(), deep, vec!["logon".to_owned(), "own".to_owned()]].concat();
        top.sort();
        assert_eq!(texts(&ocsf["unmapped"]), top, "{count}");
    }
}

#[test]
fn an_explanation_has_every_fields_way() {
    let json = br#"{"kind":"logon","who":"Ann","more":{"pid":77,"x":1},"deep":{"a":2,"b":"-"}}"#;
    let origin = Origin::default();
    let received_at = Timestamp::from_micros(1_700_000_000_000_000);
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    let explanation = worker().explain(envelope);
    assert_eq!(explanation.mapping, Some("logon"));
    let steps = explanation.steps.iter().map(|step| (step.from.as_str(), step.to.as_str()));
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            ("who", "user.name"),
            ("more.pid", "actor.process.pid"),
            ("kind", "unmapped.kind"),
            ("x", "unmapped.x"),
            ("deep", "unmapped.deep"),
        ]
    );
}

#[test]
fn a_line_that_nobody_recognises_has_the_time_that_it_begins_with() {
    for (line, time) in [
        ("2024-01-02 03:04:05,678 WARN [x] no", Some(1_704_164_645_678_i64)),
        ("[2024-01-02T03:04:05Z] no", Some(1_704_164_645_000)),
        ("2024/01/02 03:04:05 [error] no", Some(1_704_164_645_000)),
        ("2024-01-02T04:04:05+01:00,no", Some(1_704_164_645_000)),
        // The arrival's, which a normalizer tells.
        ("2024-01-02 no", None),
        ("at 2024-01-02 03:04:05 no", None),
        ("2024-01-02", None),
    ] {
        let (json, ocsf, _) = run(&serde_json::json!({ "message": line }).to_string());
        let ocsf: serde_json::Value = serde_json::from_str(&ocsf).unwrap();
        assert_eq!(ocsf["time"].as_i64(), time, "{line}");
        assert_eq!(json.contains(r#""utctimestamp":"2024-01-02T03:04:05"#), time.is_some());
    }
}

#[derive(Debug)]
struct Adopted;

impl Mapping for Adopted {
    fn name(&self) -> &'static str {
        "adopted"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["class_uid"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.adopt();
    }
}

/// Microseconds where milliseconds belong lead beyond every calendar: the row needs a time that can
/// be read.
#[test]
fn a_time_in_another_unit_is_no_time() {
    let mappings: Vec<Box<dyn Mapping>> = vec![Box::new(Adopted)];
    let pipeline = Pipeline::with_mappings(mappings, Vec::new(), PipelineOptions::default());
    let mut worker = Arc::new(pipeline.unwrap()).worker();
    let mut kept = Kept::default();
    let json = br#"{"class_uid":3002,"activity_id":1,"time":1631092242854000}"#;
    let origin = Origin::default();
    let received_at = Timestamp::from_micros(1_700_000_000_000_000);
    let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
    worker.process(envelope, &mut kept);
    let (json, ocsf, _) = kept.0.remove(0);
    assert!(!json.contains("utctimestamp"), "{json}");
    assert!(ocsf.contains("\"time\":1631092242854000"), "{ocsf}");
}
