//! What older releases do not know is kept, and samples of all mappings lose nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use headwater_event::json::{ParseLimits, Tree};
use headwater_testkit::repository;
use serde_json::{Value, json};

use super::walk::DEPTH_MAX;
use super::{ConvertError, Converter};
use crate::{Severity, Version};

/// The event in 1.1.0, what was moved, and the issues.
fn convert(event: &Value) -> Result<(Value, Vec<String>, Vec<String>), ConvertError> {
    let (from, to) = (Version::NATIVE.catalogue(), Version::V1_1.catalogue());
    let mut source = Tree::new(from.vocabulary().clone());
    source.parse(event.to_string().as_bytes(), ParseLimits::default()).unwrap();
    let mut target = Tree::new(to.vocabulary().clone());
    let mut converter = Converter::new(from, to);
    let conversion = converter.convert(&source, source.root(), &mut target)?;
    let mut moved = conversion.moved.to_vec();
    moved.sort();
    let errors = conversion.issues.iter().filter(|one| one.severity() == Severity::Error);
    let errors = errors.map(ToString::to_string).collect();
    let converted = serde_json::from_str(&target.to_json(target.root())).unwrap();
    Ok((converted, moved, errors))
}

fn authentication(more: Value) -> Value {
    let mut event = json!({
        "class_uid": 3002, "activity_id": 1, "time": 1_709_251_200_000_i64, "severity_id": 1,
        "class_name": "Authentication", "type_uid": 300_201, "type_name": "Authentication: Logon",
        "metadata": {"product": {"name": "a", "vendor_name": "b"}, "version": "1.8.0"},
        "user": {"name": "kim"}, "dst_endpoint": {"name": "server"},
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn what_the_older_release_does_not_know_is_set_aside() {
    let (event, moved, errors) = convert(&authentication(json!({
        "nothing": {"a": 1, "b": [1, {"c": true}]},
        "user": {"name": "kim", "phone_number": "1",
            "groups": [{"name": "g", "zzz": null, "yyy": "y"}]},
        "count": 3_000_000_000_i64, "is_mfa": "yes",
        "unmapped": {"Own": {"x": "1"}, "Own.x": 2, "is_mfa": false},
    })))
    .unwrap();
    assert_eq!(errors, [""; 0]);
    assert_eq!(
        event["unmapped"],
        json!({"nothing.a": "1", "nothing.b": "[1,{\"c\":true}]", "user.phone_number": "1",
            "user.groups[0].yyy": "y", "count": "3000000000", "is_mfa": "yes", "Own.x": "1",
            "Own.x_2": "2", "is_mfa_2": "false"})
    );
    let expected = ["count", "is_mfa", "nothing", "user.groups[0].yyy", "user.phone_number"];
    assert_eq!(moved, expected);
    assert_eq!(event["user"], json!({"name": "kim", "groups": [{"name": "g"}]}));
    assert_eq!(event["metadata"]["version"], "1.1.0");
}

#[test]
fn numbers_that_it_does_not_know_become_other_with_their_caption() {
    let more = json!({"activity_id": 7, "type_uid": 300_207,
        "type_name": "Authentication: Account Switch",
        "logon_type_id": 0, "user": {"name": "kim", "risk_level_id": 99}});
    let (event, moved, errors) = convert(&authentication(more)).unwrap();
    assert_eq!(errors, [""; 0]);
    assert_eq!((&event["activity_id"], &event["type_uid"]), (&99.into(), &300_299.into()));
    assert_eq!(event["activity_name"], "Account Switch");
    assert_eq!(event["type_name"], "Authentication: Other");
    // 0 is System there.
    assert_eq!((&event["logon_type_id"], &event["logon_type"]), (&99.into(), &"Unknown".into()));
    // There is no number for others.
    assert_eq!(event["unmapped"], json!({"user.risk_level_id": "99"}));
    assert_eq!(moved, ["user.risk_level_id"]);
}

#[test]
fn observables_are_those_of_the_older_release() {
    let one =
        |kind: i64, name: &str, value: &str| json!({"type_id": kind, "name": name, "value": value});
    let more = json!({
        "user": {"name": "kim", "uid": "7", "forward_addr": "k@a.example"},
        "observables": [one(4, "user.name", "kim"), one(31, "user.uid", "7"),
            one(5, "user.forward_addr", "k@a.example"), one(2, "no.where", "192.0.2.9"),
            one(1, "unmapped[a.b]", "x")],
    });
    let (event, _, errors) = convert(&authentication(more)).unwrap();
    assert_eq!(errors, [""; 0]);
    let list = event["observables"].as_array().unwrap();
    let list: Vec<_> =
        list.iter().map(|one| (one["type_id"].as_i64(), one["name"].as_str())).collect();
    let expected = [
        (Some(4), Some("user.name")),
        (Some(99), Some("user.uid")),
        (Some(1), Some("unmapped[a.b]")),
    ];
    assert_eq!(list, expected);
    assert_eq!(event["observables"][1]["type"], "User Object: uid");
    let unmapped = &event["unmapped"];
    assert_eq!(unmapped["observables[3].value"], "192.0.2.9");
    assert_eq!(unmapped["user.forward_addr"], "k@a.example");
}

#[test]
fn instants_keep_their_text_where_columns_do_not_hold_it() {
    let more = json!({"time_dt": "2024-03-01T02:00:00.5+02:00",
        "start_time_dt": "2024-03-01T00:00:00Z", "end_time_dt": "yesterday"});
    let (event, moved, errors) = convert(&authentication(more)).unwrap();
    assert_eq!(errors, [""; 0]);
    assert!(event["time_dt"].as_str().unwrap().starts_with("2024-03-01T00:00:00.5"), "{event}");
    assert_eq!(moved, ["end_time_dt", "time_dt"]);
    assert_eq!(event["metadata"]["profiles"], json!(["datetime"]));
}

#[test]
fn a_class_that_it_does_not_have_is_refused() {
    let error = convert(&json!({"class_uid": 1010})).unwrap_err();
    assert_eq!(error.to_string(), "OCSF 1.1.0 has no class 1010");
    assert_eq!(convert(&json!({})).unwrap_err().to_string(), "OCSF 1.1.0 has no class at all");
}

#[test]
fn what_is_nested_deeper_than_tables_like_it_is_set_aside() {
    let mut process = json!({"name": "deepest"});
    for _ in 0..40 {
        process = json!({"name": "p", "parent_process": process});
    }
    let (event, moved, _) =
        convert(&authentication(json!({"actor": {"process": process}}))).unwrap();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].matches("parent_process").count(), DEPTH_MAX - 1);
    assert!(event["unmapped"].to_string().contains("deepest"));
}

/// All texts and numbers of an event but those that are made again.
fn scalars(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| scalars(value, &format!("{path}.{key}"), found))
        }
        Value::Array(list) => list.iter().for_each(|value| scalars(value, path, found)),
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Number(number) => found.push((path.to_owned(), number.to_string())),
        Value::Bool(_) | Value::Null => {}
    }
}

fn is_remade(path: &str) -> bool {
    let of_class = ["class_name", "type_name", "type_uid", "category_name"];
    let of_metadata = [".metadata.version", ".metadata.profiles"];
    of_class.iter().any(|name| path == format!(".{name}"))
        || of_metadata.contains(&path)
        || path.starts_with(".observables")
        // The caption says the number.
        || path.ends_with("_id")
}

#[test]
fn samples_of_all_mappings_lose_nothing_and_lack_only_what_the_older_release_requires() {
    let folder = repository().join("crates/normalizers/samples_ocsf");
    let (mut converted, mut refused) = (0, BTreeMap::new());
    let (mut wrong, mut all_errors) = (Vec::new(), BTreeMap::<String, usize>::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let lines = std::fs::read_to_string(entry.unwrap().path().join("expected")).unwrap();
        for line in lines.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let Ok((result, _, errors)) = convert(&event) else {
                *refused.entry(event["class_uid"].as_i64().unwrap()).or_insert(0) += 1;
                continue;
            };
            converted += 1;
            errors.into_iter().for_each(|error| *all_errors.entry(error).or_default() += 1);
            let text = result.to_string();
            let mut found = Vec::new();
            scalars(&event, "", &mut found);
            for (path, value) in found.into_iter().filter(|(path, _)| !is_remade(path)) {
                let escaped = Value::String(value.clone()).to_string();
                let inner = escaped.trim_matches('"');
                // Inside a list that was set aside texts are escaped twice.
                let twice = Value::String(inner.to_owned()).to_string();
                if !text.contains(inner) && !text.contains(twice.trim_matches('"')) {
                    wrong.push(format!("{path}: {value} in {text}"));
                }
            }
        }
    }
    println!("{converted} converted; of classes that 1.1.0 lacks: {refused:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What a record does not tell cannot be made up; all else is of the older release's form.
    let is_missing = |error: &&String| {
        let kinds = ["error: attribute_required_missing", "error: constraint_failed"];
        kinds.iter().any(|kind| error.starts_with(kind))
    };
    let others: Vec<&String> = all_errors.keys().filter(|error| !is_missing(error)).collect();
    assert!(others.is_empty(), "{others:#?}");
    println!("missing: {all_errors:#?}");
    let with_errors: usize = all_errors.values().sum();
    assert!(converted > 350 && with_errors * 6 < converted, "{converted} {all_errors:#?}");
}
