//! Hidden columns: what queries get from them, what other readers see of them, and what an operator
//! decides about them.

use std::collections::BTreeMap;
use std::process::Command;

use headwater_event::schema::{EVENT_COLUMNS, PARTITION_COLUMNS};
use headwater_testkit::{Headwater, jars, python, repository};
use serde_json::Value;

use crate::{headwater, numbered_events};

/// A lake that was compacted: every file has hidden columns.
fn compacted() -> Headwater {
    let lake = headwater();
    let events = lake.file("events.jsonl", numbered_events(600));
    lake.ingest(&[events]);
    let _ = lake.run(&["optimize"]).expect_code(0);
    lake
}

/// The data files that the table consists of.
fn data_files(lake: &Headwater) -> Vec<String> {
    let _ = lake.run(&["vacuum", "--older-than", "0s", "--force"]).expect_code(0);
    let pattern = format!("ls {}/events/*/*/*/*/*.parquet", lake.lake());
    let list = Command::new("sh").arg("-c").arg(pattern).output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    list.lines().map(str::to_owned).collect()
}

fn path<'l>(lines: &'l [Value], name: &str) -> Option<&'l Value> {
    lines.iter().find(|line| line["path"] == name)
}

fn paths(lake: &Headwater) -> Vec<Value> {
    let listed = lake.run(&["paths", "list", "--json"]).expect_code(0);
    listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn readers_of_parquet_see_the_columns_of_the_table_alone() {
    let lake = compacted();
    let files = data_files(&lake);
    assert_eq!(files.len(), 10);
    let script = repository().join("tests/counterparts/columns.py");
    let output = Command::new(python()).arg(script).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let columns = EVENT_COLUMNS.map(|column| column.name);
    for file in &found {
        assert_eq!(file["pyarrow"], serde_json::json!(columns.to_vec()));
        assert_eq!(file["duckdb"], file["pyarrow"]);
        assert_eq!(file["rows"]["duckdb"], file["rows"]["pyarrow"]);
        // The way to the other columns is not only in the log.
        assert!(file["keys"].as_array().unwrap().contains(&"headwater.hidden_end".into()));
    }
    let listed = paths(&lake);
    let number = path(&listed, "details/number").unwrap();
    assert_eq!((number["files"].as_u64(), number["rows"].as_u64()), (Some(10), Some(600)));
}

/// What other programs see of a lake whose every file has hidden columns: the columns of the table,
/// and the same rows. Only Spark reads the Delta log with code of its own: the other readers use
/// delta-rs or Delta's kernel in Rust.
///
/// Plain Parquet has the stored columns only: those that stand in the paths are left out.
#[test]
fn all_readers_see_the_public_schema_and_the_same_rows() {
    let lake = compacted();
    // What a compacted table leaves behind would be read twice as plain files.
    assert_eq!(data_files(&lake).len(), 10);
    assert_eq!(path(&paths(&lake), "details/number").unwrap()["files"], 10);
    let script = repository().join("tests/counterparts/readers.py");
    let output =
        Command::new(python()).arg(script).arg(lake.lake()).arg(jars("spark")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    let readers: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        readers,
        [
            "clickhouse delta",
            "clickhouse parquet",
            "deltalake",
            "duckdb delta",
            "duckdb parquet",
            "polars delta",
            "polars parquet",
            "spark delta",
            "spark parquet",
        ]
    );
    let stored = EVENT_COLUMNS.map(|column| column.name).to_vec();
    let all = [stored.as_slice(), &PARTITION_COLUMNS].concat();
    let facts = &found["spark delta"]["facts"];
    assert_eq!((&facts["rows"], &facts["ids"]), (&600.into(), &600.into()));
    for (reader, saw) in &found {
        let columns = if reader.ends_with("parquet") { &stored } else { &all };
        assert_eq!(saw["columns"], serde_json::json!(columns), "{reader}");
        assert_eq!(&saw["facts"], facts, "{reader}");
    }
}

#[test]
fn queries_tell_whether_they_parsed() {
    let lake = headwater();
    let events = lake.file("events.jsonl", numbered_events(120));
    lake.ingest(&[events]);
    let number = "json_extract_scalar(details, '$.number')";
    let sql = format!("SELECT sum(CAST({number} AS BIGINT)) AS s FROM events WHERE {number} > '5'");
    let parsed = lake.run(&["query", "--format", "json", &sql]).expect_code(0);
    assert!(
        parsed.stderr.contains("JSON from columns in 0 file reads, parsed in 2"),
        "{}",
        parsed.stderr
    );
    let _ = lake.run(&["optimize"]).expect_code(0);
    let read = lake.run(&["query", "--format", "json", &sql]).expect_code(0);
    assert!(
        read.stderr.contains("JSON from columns in 2 file reads, parsed in 0"),
        "{}",
        read.stderr
    );
    assert_eq!(read.stdout, parsed.stdout);
    // Whoever asked is remembered, once a day.
    assert_eq!(path(&paths(&lake), "details/number").unwrap()["asked_days"], 1);
}

#[test]
fn operators_pin_and_ban_paths() {
    let lake = headwater();
    let events = lake.file("events.jsonl", numbered_events(60));
    lake.ingest(&[events]);
    let _ = lake.run(&["paths", "ban", "$.number"]).expect_code(0);
    let _ = lake.run(&["paths", "pin", "details/time", "details/nowhere"]).expect_code(0);
    let _ = lake.run(&["optimize"]).expect_code(0);
    let listed = paths(&lake);
    let files = |name: &str| path(&listed, name).unwrap()["files"].as_u64().unwrap();
    assert_eq!((files("details/number"), files("details/nowhere")), (0, 0));
    assert_eq!(files("details/time"), 1);
    let _ = lake.run(&["paths", "unset", "details/nowhere"]).expect_code(0);
    assert!(path(&paths(&lake), "details/nowhere").is_none());
    let shown = lake.run(&["paths"]).expect_code(0);
    assert!(shown.stdout.contains("pinned") && shown.stdout.contains("banned"), "{}", shown.stdout);
    let wrong = lake.run(&["paths", "pin", "number"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("details, ocsf"), "{}", wrong.stderr);
}

#[test]
fn words_are_looked_for_where_they_may_be() {
    let lake = headwater();
    let line = |number: usize| {
        let time = format!("2024-03-01T00:{:02}:{:02}Z", number / 200, number % 60);
        let tool = if number == 8_900 { "MimiKatz" } else { "notepad" };
        format!("{{\"time\":\"{time}\",\"image\":\"C:\\\\new\\\\{tool}.exe\",\"n\":{number}}}\n")
    };
    let events = lake.file("events.jsonl", (0..9_000).map(line).collect::<String>());
    lake.ingest(&[events]);
    let ask = |condition: &str| {
        let sql = format!("SELECT details->>'n' AS n FROM events WHERE {condition} LIMIT 5");
        lake.run(&["query", "--format", "jsonl", &sql]).expect_code(0)
    };
    let has = |word: &str| format!("contains_token(details, '{word}')");
    let parsed = ask(&has("mimikatz"));
    assert_eq!(parsed.stdout.trim(), r#"{"n":"8900"}"#);
    assert!(!parsed.stderr.contains("left out"), "{}", parsed.stderr);
    let _ = lake.run(&["optimize"]).expect_code(0);
    for (condition, left_out, rows) in [
        (has("mimikatz"), "8,192 rows left out", 1),
        (format!("{} AND {}", has("MIMIKATZ"), has("exe")), "8,192 rows left out", 1),
        (format!("{} OR {}", has("mimikatz"), has("psexec")), "8,192 rows left out", 1),
        (format!("{} AND {}", has("mimikatz"), has("psexec")), "9,000 rows left out", 0),
        (has("psexec"), "0 of 1 files read, 1 pruned", 0),
        // In every row, not in every row, and not known to the filters.
        (has("notepad"), "1 of 1 files read", 5),
        (format!("NOT {}", has("notepad")), "1 of 1 files read", 1),
        (has("8900"), "1 of 1 files read", 1),
    ] {
        let found = ask(&condition);
        assert!(found.stderr.contains(left_out), "{condition}: {}", found.stderr);
        assert_eq!(found.stdout.lines().count(), rows, "{condition}: {}", found.stdout);
    }
    let wrong = lake.run(&["query", "SELECT 1 FROM events WHERE contains_token(details, 'a.b')"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("not one word"), "{}", wrong.stderr);
}
