//! Upkeep commands: the rows stay, the files change.

use crate::{headwater, numbered_events};

/// A lake whose hours have several small files each.
fn lake_with_small_files() -> headwater_testkit::Headwater {
    let lake = headwater();
    let all = numbered_events(600);
    for (number, part) in all.split_inclusive('\n').collect::<Vec<_>>().chunks(150).enumerate() {
        // Every part touches the same hours again: late data.
        let path = lake.file(&format!("{number}.jsonl"), part.concat());
        lake.ingest(&[path]);
        let late = lake
            .file(&format!("late-{number}.jsonl"), numbered_events(60).replace("number", "late"));
        lake.ingest(&[late]);
    }
    lake
}

#[test]
fn optimize_merges_small_files_and_changes_no_row() {
    let lake = lake_with_small_files();
    let before = lake.query("SELECT * FROM events ORDER BY eventid");
    let files = |lake: &headwater_testkit::Headwater| {
        let tables = lake.run(&["tables", "--json"]).expect_code(0);
        let line =
            tables.stdout.lines().find(|line| line.contains("\"events\"")).unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["files"].as_u64().unwrap()
    };
    let many = files(&lake);
    let dry = lake.run(&["optimize", "--dry-run", "--json"]).expect_code(0);
    assert_eq!(files(&lake), many, "{}", dry.stdout);
    let _ = lake.run(&["optimize", "--json"]).expect_code(0);
    assert!(files(&lake) < many);
    assert_eq!(lake.query("SELECT * FROM events ORDER BY eventid"), before);
    let twice = lake.run(&["optimize", "--json"]).expect_code(0);
    assert!(twice.stdout.contains("\"files_removed\":0"), "{}", twice.stdout);
    let history = lake.run(&["history", "--json"]).expect_code(0);
    assert!(history.stdout.contains("OPTIMIZE") && history.stdout.contains("WRITE"));
}

#[test]
fn vacuum_refuses_to_be_hasty_and_keeps_what_is_needed() {
    let lake = lake_with_small_files();
    let _ = lake.run(&["optimize"]).expect_code(0);
    let before = lake.number("SELECT count(*) FROM events");
    let hasty = lake.run(&["vacuum", "--older-than", "0s"]);
    assert_eq!(hasty.code, Some(2), "{}", hasty.stderr);
    assert!(hasty.stderr.contains("--force"), "{}", hasty.stderr);
    let forced = lake.run(&["vacuum", "--older-than", "0s", "--force", "--json"]).expect_code(0);
    let deleted = forced.stdout.matches(".parquet").count();
    assert!(deleted > 0, "{}", forced.stdout);
    assert_eq!(lake.number("SELECT count(*) FROM events"), before);
}

#[test]
fn retention_removes_old_hours_only() {
    let lake = headwater();
    let old = lake.file("old.jsonl", numbered_events(60));
    let now = lake.file("now.jsonl", "{\"fresh\":1}\n");
    lake.ingest(&[old, now]);
    let dry = lake.run(&["retention", "--older-than", "30d", "--dry-run"]).expect_code(0);
    assert_eq!(lake.number("SELECT count(*) FROM events"), 61, "{}", dry.stderr);
    let _ = lake.run(&["retention", "--older-than", "30d"]).expect_code(0);
    assert_eq!(lake.number("SELECT count(*) FROM events"), 1);
}

#[test]
fn replay_turns_rejects_into_events_once_the_plugin_is_mended() {
    let lake = headwater();
    let strict = "# ---\n# kind: normalize\n# registration: [\"*\"]\n# priority: 90\n# ---\n\
        if exists(.details.bad) { abort \"bad field\" }\n";
    lake.file("plugins/strict.vrl", strict);
    let path = lake.file("in.jsonl", "{\"good\":1}\n{\"bad\":2}\n{\"broken\":\n");
    let summary = lake.ingest(&["--plugins", "plugins", path.as_str()]);
    assert_eq!((summary["events"].as_u64(), summary["rejects"].as_u64()), (Some(1), Some(2)));
    for (replayed, left) in [(1, 1), (0, 1)] {
        let replay = lake.run(&["replay", "--json"]);
        let report = replay.json();
        assert_eq!(
            (report["events"].as_u64(), report["rejects"].as_u64()),
            (Some(replayed), Some(left)),
            "{report} {}",
            replay.stderr
        );
    }
    assert_eq!(lake.number("SELECT count(*) FROM events"), 2);
    assert_eq!(lake.number("SELECT count(*) FROM rejects WHERE replayed_at IS NULL"), 1);
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 2);
}
