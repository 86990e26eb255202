//! `headwater export security-lake`: what other programs read in the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use headwater_testkit::{Headwater, S3Server, python, repository};
use serde_json::{Value, json};

use crate::headwater;

const ELSEWHERE: [&str; 4] = ["--region", "eu-west-1", "--account", "external"];

/// An event of a class in OCSF 1.8.0.
fn event(class: i64, minute: i64, more: &Value) -> String {
    let mut event = json!({
        "class_uid": class, "category_uid": class / 1_000, "activity_id": 1,
        "type_uid": class * 100 + 1, "severity_id": 1,
        "time": 1_709_251_200_000_i64 + minute * 60_000,
        "metadata": {"version": "1.8.0", "product": {"name": "Test", "vendor_name": "Test"}},
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{event}\n")
}

fn cloud(region: &str, account: &str) -> Value {
    json!({"provider": "AWS", "region": region, "account": {"uid": account}})
}

/// A lake with events of two classes, of three days, two regions and four accounts.
fn lake() -> Headwater {
    let lake = headwater();
    fill(&lake);
    lake
}

fn fill(lake: &Headwater) {
    let mut lines = String::new();
    for minute in (0..40).rev() {
        let account = if minute % 2 == 0 { "111122223333" } else { "my/project" };
        let more = json!({
            "user": {"name": format!("u{minute}"), "uid": "7", "phone_number": "555"},
            "dst_endpoint": {"hostname": "web"}, "is_mfa": true, "logon_type_id": 0,
            "cloud": cloud(if minute % 3 == 0 { "eu-central-1" } else { "us-east-1" }, account),
            "time_dt": "2024-03-01T00:00:00.25Z", "api": {"operation": "x", "request":
                {"uid": "1", "data": {"deep": [1, {"a": "b"}]}}},
            "unmapped": {"Own": {"Field": "tab\there \u{1f600}", "list": [1, 2]}},
        });
        lines += &event(3002, minute * 72, &more);
    }
    for number in 0..2_500 {
        let more = json!({"src_endpoint": {"ip": "192.0.2.7", "port": 443},
            "dst_endpoint": {"ip": "192.0.2.8"}, "traffic": {"bytes": 5_000_000_000_i64}});
        lines += &event(4001, number / 4, &more);
    }
    lines += &event(4014, 0, &json!({}));
    let path = lake.file("events.jsonl", lines);
    lake.ingest(&[path]);
}

fn export(lake: &Headwater, arguments: &[&str]) -> Vec<Value> {
    let finished = lake.run(&[&["export", "security-lake", "--json"], arguments].concat());
    let finished = finished.expect_code(0);
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What other programs find below a folder.
fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let script = repository().join("tests/counterparts/security_lake.py");
    let mut command = Command::new(python());
    command.arg(script).args(arguments).envs(environment.iter().copied());
    let output = command.output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Paths below a folder with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}

#[test]
fn other_programs_read_the_layout_of_security_lake() {
    let lake = lake();
    let out = lake.folder().join("out");
    let out = out.to_str().unwrap();
    let two = ["--class", "authentication", "--class", "4001", "--out", out];
    let reports = export(&lake, &[&two[..], &ELSEWHERE[..]].concat());
    assert_eq!((&reports[0]["events"], &reports[1]["events"]), (&40.into(), &2_500.into()));
    assert_eq!(reports[0]["events_with_errors"], 0, "{reports:?}");
    let moved: Vec<_> = reports[0]["moved"].as_array().unwrap().iter().collect();
    assert_eq!(moved, [&json!({"path": "user.phone_number", "count": 40})]);

    let found = read(&[out], &[]);
    let logons = &found["headwater_authentication"];
    assert_eq!(logons["version"], "2.0");
    // Two days, two regions, two accounts; all of their files have the same columns.
    assert_eq!(logons["duckdb"], json!([40, 1, true, 4]));
    assert_eq!((&logons["schemas"], &logons["sorted"]), (&1.into(), &true.into()));
    let place = "region=us-east-1/accountId=external_my_project/eventDay=20240302";
    let places: Vec<_> = logons["places"].as_array().unwrap().iter().collect();
    assert!(places.contains(&&Value::from(place)), "{places:?}");
    assert_eq!(reports[0]["files"], places.len());
    assert!(logons["codecs"].as_array().unwrap().iter().all(|codec| codec == "ZSTD"));
    for (column, kind) in [
        ("time", "int64"),
        ("time_dt", "timestamp[us, tz=UTC]"),
        ("class_uid", "int32"),
        ("type_uid", "int64"),
        ("is_mfa", "bool"),
        ("unmapped", "map<string, string ('unmapped')>"),
    ] {
        assert_eq!(logons["types"][column], kind, "{column}");
    }

    let rows = logons["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["user"]["name"] == "u7").unwrap();
    assert_eq!(row["place"], "region=us-east-1/accountId=external_my_project/eventDay=20240301");
    assert_eq!(row["time"], 1_709_251_200_000_i64 + 7 * 72 * 60_000);
    assert_eq!(row["cloud"]["account"]["uid"], "my/project");
    assert_eq!(row["metadata"]["version"], "1.1.0");
    assert_eq!((&row["logon_type_id"], &row["logon_type"]), (&99.into(), &"Unknown".into()));
    assert_eq!(row["api"]["request"]["data"], r#"{"deep":[1,{"a":"b"}]}"#);
    let unmapped = json!({"user.phone_number": "555", "Own.Field": "tab\there \u{1f600}",
        "Own.list": "[1,2]"});
    assert_eq!(row["unmapped"], unmapped);
    let observables = row["observables"].as_array().unwrap();
    let name = json!({"name": "user.name", "type": "User Name", "type_id": 4, "value": "u7"});
    assert!(observables.contains(&name), "{observables:?}");

    let flows = &found["headwater_network_activity"];
    assert_eq!(flows["places"], json!(["region=eu-west-1/accountId=external/eventDay=20240301"]));
    assert_eq!(flows["duckdb"][0], 2_500);
    assert_eq!(flows["rows"][2_499]["traffic"]["bytes"], 5_000_000_000_i64);
}

#[test]
fn a_second_run_writes_the_same_files() {
    let lake = lake();
    let folder = lake.folder().join("out");
    let arguments = ["--class", "authentication", "--out", folder.to_str().unwrap()];
    export(&lake, &arguments);
    let first = files(&folder);
    // As if an earlier run had one file more; files of others stay.
    let one = first.keys().next().unwrap();
    let name = one.file_name().unwrap().to_str().unwrap().replace("-00000.", "-00001.");
    std::fs::write(one.with_file_name(name), "old").unwrap();
    let other = one.with_file_name("0123456789abcdef-00001.parquet");
    std::fs::write(&other, "theirs").unwrap();
    let again = export(&lake, &arguments);
    assert_eq!(again[0]["files_removed"], 1);
    let mut second = files(&folder);
    assert_eq!(second.remove(&other), Some(b"theirs".to_vec()));
    assert!(second == first, "{:?}", second.keys());
    // More events of the same selection: one set of files, not two.
    let more = json!({"cloud": cloud("eu-central-1", "111122223333"), "user": {"name": "late"},
        "dst_endpoint": {"hostname": "web"}});
    lake.ingest(&[lake.file("late.jsonl", event(3002, 1, &more))]);
    export(&lake, &arguments);
    std::fs::remove_file(other).unwrap();
    assert!(files(&folder).keys().eq(first.keys()));
    let found = read(&[folder.to_str().unwrap()], &[]);
    assert_eq!(found["headwater_authentication"]["duckdb"][0], 41);
}

#[test]
fn a_condition_and_times_select_events() {
    let lake = lake();
    for (arguments, events) in [
        (&["--since", "2024-03-02"][..], 20),
        (&["--until", "2024-03-02T00:00:00Z"], 20),
        (&["--since", "2024-03-01T12:00:00Z", "--until", "2024-03-02"], 10),
        (&["--where", "user_name = 'u7' OR user_name = 'u8' -- two"], 2),
        (&["--where", "user_name = 'nobody'"], 0),
    ] {
        let all = ["--class", "authentication", "--source", "logons", "--out", "out"];
        let report = &export(&lake, &[&all[..], arguments].concat())[0];
        assert_eq!(report["events"], events, "{arguments:?}");
        assert_eq!(report["source"], "logons");
    }
}

#[test]
fn what_cannot_be_exported_is_told_and_nothing_is_written() {
    let lake = lake();
    for (arguments, message) in [
        (&["--class", "4001"][..], "of 2500 events 2500 have no cloud.region and 2500 no"),
        (&["--class", "4001", "--region", "x"], "0 have no cloud.region and 2500 no"),
        (&["--class", "tunnel_activity"], "has no class `tunnel_activity`"),
        (&["--class", "nothing"], "headwater ocsf classes lists them"),
        (&["--class", "3002", "--class", "4001", "--source", "s"], "a source holds one class"),
        (&["--class", "3002", "--source", "a/b"], "source `a/b` cannot be used"),
        (&["--class", "3002", "--where", "nothing = 1"], "nothing"),
        (&["--class", "3002", "--since", "soon"], "a time such as"),
    ] {
        let fixed = ["export", "security-lake", "--out", "out"];
        let finished = lake.run(&[&fixed[..], arguments].concat()).expect_code(2);
        assert!(finished.stderr.contains(message), "{arguments:?}: {}", finished.stderr);
        assert!(!lake.folder().join("out").exists(), "{arguments:?}");
    }
}

#[test]
fn files_go_to_a_bucket() {
    let server = S3Server::start("lake");
    let lake =
        Headwater::at(env!("CARGO_BIN_EXE_headwater"), "s3://lake/tables", &server.environment());
    fill(&lake);
    let arguments = ["--class", "authentication", "--out", "s3://lake/security"];
    for _ in 0..2 {
        export(&lake, &arguments);
    }
    let fetched = lake.folder().join("fetched");
    let arguments = [fetched.to_str().unwrap(), &server.endpoint, "lake", "security/"];
    let found = read(&arguments, &server.environment());
    assert_eq!(found["headwater_authentication"]["duckdb"], json!([40, 1, true, 4]));
}
