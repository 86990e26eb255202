//! Schemas of all forms, and an extension, through `generate`; the crate `ocsf` reads the result.

use std::path::{Path, PathBuf};

use headwater_event::json::{ParseLimits, Tree};
use headwater_ocsf::{Catalogue, Item, Validator};
use headwater_testkit::{repository, test_data};
use serde_json::{Value, json};

use super::*;

/// A file or folder of the samples.
fn sample(name: &str) -> PathBuf {
    repository().join("xtask/samples/ocsf").join(name)
}

/// The text of the catalogue of a schema with extensions, or why there is none.
fn made(schema: &Path, extensions: &[&Path]) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("catalogue.json");
    let arguments = Arguments {
        schemas: vec![schema.to_owned()],
        extensions: extensions.iter().map(|path| path.to_path_buf()).collect(),
        out: Some(out.clone()),
    };
    generate(folder.path(), &arguments)?;
    Ok(std::fs::read_to_string(out)?)
}

fn with_acme(schema: &str) -> Catalogue {
    let text = made(&sample(schema), &[&sample("acme")]).unwrap();
    Catalogue::read(&text).unwrap()
}

/// The attribute as `type requirement profiles`.
fn attribute(catalogue: &Catalogue, item: &Item, name: &str) -> Option<String> {
    let found = catalogue.attributes(item).find(|one| one.name == name)?;
    let kind = catalogue.type_of(found).name.as_str();
    let kind = catalogue.object_of(found).map_or(kind, |object| object.name.as_str());
    let profiles: Vec<&str> = catalogue.profiles_of(found).collect();
    Some(format!("{kind} {} {}", found.requirement.text(), profiles.join(",")).trim().to_owned())
}

/// What validation finds: severity, code and path.
fn issues(catalogue: &Catalogue, event: &Value) -> Vec<String> {
    let mut tree = Tree::new(catalogue.vocabulary().clone());
    tree.parse(event.to_string().as_bytes(), ParseLimits::default()).unwrap();
    let mut validator = Validator::new(catalogue);
    let found = validator.validate(&tree, tree.root()).iter();
    let found = found.map(|one| format!("{} {} {}", one.severity().text(), one.code, one.path));
    found.collect()
}

#[test]
fn an_export_has_the_facts_of_the_resolved_form() {
    let resolved = made(&sample("resolved.json"), &[]).unwrap();
    assert_eq!(made(&sample("export.json"), &[]).unwrap(), resolved);
    let extended = made(&sample("resolved.json"), &[&sample("acme")]).unwrap();
    assert_eq!(made(&sample("export.json"), &[&sample("acme")]).unwrap(), extended);
}

#[test]
fn a_catalogue_is_a_schema_too() {
    for version in ["1.1.0", "1.3.0", "1.8.0"] {
        let path = repository().join(format!("crates/ocsf/data/{version}.json"));
        let made = made(&path, &[]).unwrap();
        assert_eq!(made, std::fs::read_to_string(path).unwrap(), "{version}");
    }
    let path = repository().join("crates/ocsf/data/1.8.0.json");
    let extended = made(&path, &[&sample("acme")]).unwrap();
    let catalogue = Catalogue::read(&extended).unwrap();
    let door = catalogue.class_named("door_activity").unwrap();
    assert_eq!(attribute(&catalogue, door, "api").as_deref(), Some("api optional cloud"));
    // Some objects bind it to the profile, which does not have it.
    assert_eq!(attribute(&catalogue, door, "region"), None);
    let Some(schema) = test_data("ocsf/ocsf-1.8.0.json") else { return };
    assert_eq!(made(&schema, &[&sample("acme")]).unwrap(), extended);
}

#[test]
fn attributes_of_profiles_are_found() {
    for version in ["1.1.0", "1.3.0", "1.8.0"] {
        let Some(schema) = test_data(&format!("ocsf/ocsf-{version}.json")) else { return };
        let schema = json::read(&schema).unwrap();
        for (name, profile) in schema["profiles"].as_object().unwrap() {
            let found = shared::names_of_profile(&schema, name).unwrap();
            assert_eq!(json!(found), profile["attributes"], "{version} {name}");
        }
    }
}

#[test]
fn what_older_exports_leave_out_is_found_elsewhere() {
    let mut schema = json::read(&sample("export.json")).unwrap();
    let base = schema["classes"].as_object_mut().unwrap().remove("base_event").unwrap();
    schema.insert("base_event".to_owned(), base);
    schema.insert(
        "categories".to_owned(),
        json!({"system": {"uid": 1, "caption": "System Activity"}}),
    );
    for class in schema["classes"].as_object_mut().unwrap().values_mut() {
        for key in ["category", "category_uid", "category_name"] {
            class.as_object_mut().unwrap().insert(key.to_owned(), Value::Null);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.json");
    std::fs::write(&path, Value::from(schema).to_string()).unwrap();
    let expected = made(&sample("resolved.json"), &[]).unwrap();
    assert_eq!(made(&path, &[]).unwrap(), expected);
}

#[test]
fn shipped_catalogues_are_those_of_their_schemas() {
    for version in ["1.1.0", "1.3.0", "1.8.0"] {
        let Some(schema) = test_data(&format!("ocsf/ocsf-{version}.json")) else { return };
        let path = repository().join(format!("crates/ocsf/data/{version}.json"));
        let shipped = std::fs::read_to_string(path).unwrap();
        assert_eq!(made(&schema, &[]).unwrap(), shipped, "{version}");
        let folder = tempfile::tempdir().unwrap();
        let about = r#"{"name": "none", "uid": 900, "caption": "None"}"#;
        std::fs::write(folder.path().join("extension.json"), about).unwrap();
        // An extension that says nothing changes nothing: all that follows is there already.
        let extended = made(&schema, &[folder.path()]).unwrap();
        let extended = extended.replace(",\n[900,\"none\",\"None\"]", "");
        assert_eq!(extended, shipped, "{version}");
    }
}

#[test]
fn classes_of_an_extension_are_numbered_and_inherit() {
    let catalogue = with_acme("resolved.json");
    let door = catalogue.class_named("door_activity").unwrap();
    let about = (door.uid, door.category_uid, door.extension.as_deref(), door.extends.as_deref());
    assert_eq!(about, (Some(90_105_007), Some(90_105), Some("acme"), Some("system")));
    // One of them by the badge that a device may have.
    assert_eq!(door.profiles, ["acme/site", "acme/vip", "cloud", "datetime"]);
    let expected = [
        ("badge", Some("badge required")),
        ("door", Some("string_t required")),
        ("door_state", Some("string_t optional")),
        // Of `system`, which most classes derived from it tell.
        ("device", Some("device required")),
        ("time_dt", Some("datetime_t optional datetime")),
        // Of profiles: of the extension, and of the schema.
        ("site", Some("string_t required acme/site")),
        // Of two requirements the stricter one holds.
        ("cloud", Some("cloud required cloud")),
        // Not all classes that are derived from `system` have it.
        ("path", None),
    ];
    for (name, expected) in expected {
        assert_eq!(attribute(&catalogue, door, name).as_deref(), expected, "{name}");
    }
    let gate = catalogue.class_named("gate_activity").unwrap();
    assert_eq!((gate.uid, gate.category_uid), (Some(90_101_008), Some(1)));
    assert_eq!(attribute(&catalogue, gate, "door").as_deref(), Some("string_t optional"));
    let cloud = attribute(&catalogue, gate, "cloud");
    assert_eq!(cloud.as_deref(), Some("cloud required acme/site,cloud"));
    // Without a number it is only there to be derived from.
    assert!(catalogue.class_named("acme_event").is_none());
    let activity = catalogue.attributes(gate).find(|one| one.name == "activity_id").unwrap();
    assert_eq!(catalogue.enum_of(activity).unwrap().caption(2), Some("Close"));
    let badge = catalogue.object("badge").unwrap();
    assert_eq!(
        attribute(&catalogue, badge, "issued_time_dt").as_deref(),
        Some("datetime_t optional datetime")
    );
    assert_eq!(catalogue.observable_type(9_003), Some("Badge Object: uid"));
}

#[test]
fn patches_reach_all_that_was_derived() {
    let catalogue = with_acme("export.json");
    for class in catalogue.classes() {
        let site = attribute(&catalogue, class, "site");
        let requirement = match class.extension.as_deref() {
            Some("acme") => "required",
            _ => "recommended",
        };
        let expected = format!("string_t {requirement} acme/site");
        assert_eq!(site, Some(expected), "{}", class.name);
        let severity = catalogue.attributes(class).find(|one| one.name == "severity_id").unwrap();
        assert_eq!(
            catalogue.enum_of(severity).unwrap().caption(42),
            Some("Acme"),
            "{}",
            class.name
        );
    }
    // What it says of others stays theirs.
    assert_eq!(catalogue.class_named("process_activity").unwrap().constraints.len(), 1);
    for name in ["endpoint", "device"] {
        let object = catalogue.object(name).unwrap();
        assert_eq!(
            attribute(&catalogue, object, "badge").as_deref(),
            Some("badge optional"),
            "{name}"
        );
        // The patch takes the rule away.
        assert!(object.constraints.is_empty(), "{name}");
    }
    assert_eq!(attribute(&catalogue, catalogue.object("cloud").unwrap(), "badge"), None);
}

#[test]
fn events_of_an_extension_are_validated() {
    let catalogue = with_acme("resolved.json");
    let event = json!({
        "class_uid": 90_105_007, "category_uid": 90_105, "activity_id": 1, "type_uid": 9_010_500_701_i64,
        "time": 1_700_000_000_000_i64, "severity_id": 42, "device": {"uid": "d", "type_id": 1},
        "metadata": {"version": "1.3.0", "profiles": ["acme/site"]}, "site": "HQ",
        "door": "north", "door_state_id": 1, "badge": {"badge_code": "AB12"},
    });
    assert_eq!(issues(&catalogue, &event), Vec::<String>::new());
    let mut wrong = event;
    wrong["metadata"]["profiles"] = json!([]);
    wrong["badge"] = json!({"badge_code": "12", "issued_time": 1});
    wrong["door_state_id"] = json!(7);
    wrong.as_object_mut().unwrap().remove("door");
    let mut found = issues(&catalogue, &wrong);
    found.sort();
    let expected = [
        "error attribute_enum_value_unknown door_state_id",
        "error attribute_required_missing door",
        "error attribute_unknown site",
        "warning attribute_value_regex_not_matched badge.badge_code",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_extension_fits_the_whole_schema() {
    let Some(schema) = test_data("ocsf/ocsf-1.8.0.json") else { return };
    let catalogue = Catalogue::read(&made(&schema, &[&sample("acme")]).unwrap()).unwrap();
    let door = catalogue.class_named("door_activity").unwrap();
    // As `system` has them.
    assert_eq!(attribute(&catalogue, door, "actor").as_deref(), Some("actor required"));
    assert_eq!(
        attribute(&catalogue, door, "policy").as_deref(),
        Some("policy optional security_control")
    );
    assert!(door.constraints.is_empty());
    assert_eq!((catalogue.classes().len(), catalogue.objects().len()), (85, 179));
}

/// Writes one more file of the extension and tells the error; `{folder}` stands for its folder.
fn failure_of(file: &str, content: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("extension.json", json!({"name": "acme", "uid": 901})),
        (
            "dictionary.json",
            json!({"attributes": {"door": {"caption": "Door", "type": "string_t"}}}),
        ),
        (file, content.clone()),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.to_string()).unwrap();
    }
    let error = made(&sample("resolved.json"), &[folder.path()]).unwrap_err();
    format!("{error:#}").replace(&folder.path().display().to_string(), "{folder}")
}

#[test]
fn errors_name_the_file_and_the_key() {
    let class = |more: Value| {
        let mut class = json!({"name": "door_activity", "caption": "Door", "extends": "base_event",
            "uid": 7, "category": "system", "attributes": {}});
        class.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("events/door.json", class)
    };
    let event = "{folder}: extension `acme`: {folder}/events/door.json: ";
    let read = "{folder}/events/door.json: ";
    let cases = [
        (("extension.json", json!({"name": "acme"})), "{folder}/extension.json: no number `uid`".to_owned()),
        (("extension.json", json!({"name": "win", "uid": 901})),
            "{folder}: extension `win`: the schema has the extension `win` with the number 2".to_owned()),
        (("dictionary.json", json!({"attributes": {"severity_id": {"type": "string_t"}}})),
            "{folder}: extension `acme`: {folder}/dictionary.json: attribute `severity_id`: `type` differs from the schema's".to_owned()),
        (("categories.json", json!({"attributes": {"system": {"uid": 5, "caption": "S"}}})),
            "{folder}: extension `acme`: `system` is among the categories of the schema".to_owned()),
        (class(json!({"uid": 7_000})), format!("{event}`uid` is 7000, not 1 to 999")),
        (class(json!({"category": "doors"})), format!("{event}`category`: there is no `doors`")),
        (class(json!({"extends": "nothing"})), format!("{event}`extends`: there is no `nothing`")),
        (class(json!({"extends": null, "name": "a", "attributes": {"class_uid": {}}})),
            format!("{event}no attribute `category_uid`: it extends no class")),
        (class(json!({"name": "file_activity"})),
            format!("{event}the schema has another `file_activity`: to patch it, `extends` has to be `file_activity`")),
        (class(json!({"name": "system", "extends": "system"})),
            format!("{event}it patches `system`, which the schema does not list")),
        (class(json!({"attributes": {"window": {}}})), format!("{event}no dictionary has `window`")),
        (class(json!({"attributes": {"$include": "profiles/none.json"}})),
            format!("{read}`$include` of `profiles/none.json`: the extension has no such file, and the schema no such profile")),
        (class(json!({"profiles": ["none"]})),
            format!("{read}`profiles`: neither the extension nor the schema has the profile `none`")),
        (class(json!({"attributes": {"door": {"enum": {"1": {}}}}})),
            format!("{read}attribute `door`: value `1` of `enum`: no text `caption`")),
        (class(json!({"attributes": {"door": {"observable": 47}}})),
            "{folder}: extension `acme`: `observable` 47 of `Door Class: door` is the number of \"Device Object: uid\" too".to_owned()),
        (("dictionary.json", json!({"attributes": {"door": {"type": "gate"}}})), "{folder}: extension `acme`: {folder}/dictionary.json: attribute `door`: there is no `gate` among the `objects`".to_owned()),
    ];
    for ((file, content), expected) in cases {
        assert_eq!(failure_of(file, &content), expected, "{file} {content}");
    }
}

#[test]
fn arguments_name_schemas_folders_and_a_file() {
    let parse = |text: &str| Arguments::parse(text.split_whitespace().map(str::to_owned));
    let parsed = parse("base.json --extension a b --out c.json").unwrap();
    let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(parsed.schemas, paths(&["base.json"]));
    assert_eq!(parsed.extensions, paths(&["a", "b"]));
    assert_eq!(parsed.out, Some("c.json".into()));
    assert_eq!(parse("a.json b.json").unwrap().schemas, paths(&["a.json", "b.json"]));
    for wrong in ["", "--out", "a --out", "a --extension", "a b --extension c", "a --other"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_catalogue_with_extensions_is_named_after_them() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("crates/ocsf/data")).unwrap();
    let arguments = Arguments {
        schemas: vec![sample("resolved.json")],
        extensions: vec![sample("acme")],
        out: None,
    };
    let made = generate(root.path(), &arguments).unwrap();
    assert_eq!(made.files, [root.path().join("crates/ocsf/data/1.3.0-acme.json")]);
    assert_eq!(made.notes.len(), 1, "{:?}", made.notes);
}
