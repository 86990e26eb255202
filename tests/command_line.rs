//! The command contract: output, messages and exit codes.

use crate::{headwater, numbered_events};

#[test]
fn the_demo_answers_its_questions() {
    let lake = headwater();
    let demo = lake.run(&["demo"]).expect_code(0);
    for part in
        ["ConsoleLogin", "mallory", "7.1.14.12", "wmiprvse.exe", "powershell.exe", "invalid UTF-8"]
    {
        assert!(demo.stdout.contains(part), "{part} is not in {}", demo.stdout);
    }
}

#[test]
fn the_summary_of_ingest_has_its_fields() {
    let lake = headwater();
    let path = lake.file("a.jsonl", "{\"a\":1}\n");
    let summary = lake.ingest(&[path]);
    for field in ["events", "rejects", "bytes_read", "files", "files_skipped", "seconds"] {
        assert!(summary[field].is_number(), "{field} in {summary}");
    }
}

#[test]
fn errors_say_what_to_do_and_set_the_exit_code() {
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", numbered_events(3))]);
    for (arguments, code, message) in [
        (vec!["query", "SELECT sorce FROM events"], 2, "did you mean `source`?"),
        (vec!["query", "SELECT source FORM events"], 2, "^"),
        (vec!["query", "SELECT * FROM evnts"], 2, "did you mean `events`?"),
        (vec!["query", "SELECT nonsense(1)"], 2, "nonsense"),
        (vec!["ingest", "missing.json"], 5, "missing.json"),
        (vec!["ingest", "ftp://host/x"], 2, "ftp"),
        (vec!["ingest", "--format", "xml", "a.jsonl"], 2, "xml"),
        (vec!["frobnicate"], 2, "frobnicate"),
    ] {
        let finished = lake.run(&arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(message), "{arguments:?}: {}", finished.stderr);
    }
}

#[test]
fn results_come_in_every_format() {
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", numbered_events(3))]);
    let sql = "SELECT count(*) AS n, 'x' AS t FROM events";
    for (format, expected) in [
        ("json", "[{\"n\":3,\"t\":\"x\"}]\n"),
        ("jsonl", "{\"n\":3,\"t\":\"x\"}\n"),
        ("csv", "n,t\n3,x\n"),
        ("table", "+---+---+\n| n | t |\n+---+---+\n| 3 | x |\n+---+---+\n"),
    ] {
        let finished = lake.run(&["query", "--format", format, sql]).expect_code(0);
        assert_eq!(finished.stdout, expected, "{format}");
        assert!(finished.stderr.contains("1 row"), "{}", finished.stderr);
    }
    for (format, magic) in [("parquet", "PAR1"), ("arrow", "\u{FFFD}")] {
        let path = lake.folder().join(format);
        let path = path.to_string_lossy();
        let _ = lake.run(&["query", "--format", format, "--output", &path, sql]).expect_code(0);
        let bytes = std::fs::read(&*path).unwrap();
        assert!(String::from_utf8_lossy(&bytes).starts_with(magic), "{format}");
    }
}

#[test]
fn parameters_aliases_limits_and_pruning() {
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", numbered_events(600))]);
    let by_parameter = lake
        .run(&["query", "-q", "-f", "csv", "--param", "n=42",
            "SELECT count(*) AS c FROM events WHERE json_extract_scalar(details, '$.number') = CAST($n AS varchar)"])
        .expect_code(0);
    assert_eq!(by_parameter.stdout, "c\n1\n");
    assert_eq!(lake.number("SELECT count(*) FROM \"defenda_data_lake\".\"events\""), 600);
    let cut = lake.run(&["query", "--limit", "5", "SELECT eventid FROM events"]).expect_code(0);
    assert!(cut.stderr.contains("cut by the row limit"), "{}", cut.stderr);
    for filter in [
        "hour = '03'",
        "utctimestamp >= '2024-03-01T03:00:00Z' AND utctimestamp < '2024-03-01T04:00:00Z'",
        "utctimestamp BETWEEN timestamp '2024-03-01 03:00:00' AND timestamp '2024-03-01 03:59:59'",
        "utctimestamp = from_iso8601_timestamp('2024-03-01T03:10:00Z')",
    ] {
        let sql = format!("SELECT count(*) FROM events WHERE {filter}");
        let finished = lake.run(&["query", &sql]).expect_code(0);
        assert!(finished.stderr.contains("1 of 10 files read"), "{filter}: {}", finished.stderr);
    }
}

#[test]
fn statements_come_from_standard_input() {
    use std::io::Write as _;
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", numbered_events(3))]);
    let mut child = lake
        .command(&["query", "--format", "csv", "-"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT count(*) AS n\nFROM events").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "n\n3\n");
}

#[test]
fn a_user_s_plugin_runs_and_its_errors_name_file_and_line() {
    let lake = headwater();
    let header = "# ---\n# kind: enrich\n# registration: [srcip]\n# ---\n";
    lake.file("good/zone.vrl", format!("{header}.details.zone = \"lab\"\n"));
    lake.file("bad/zone.vrl", format!("{header}.details.zone = no_such_function(1)\n"));
    let path = lake.file("a.jsonl", numbered_events(3));
    let _ = lake.run(&["ingest", "--plugins", "good", path.as_str()]).expect_code(0);
    let zones = "SELECT count(*) FROM events WHERE json_extract_scalar(details, '$.zone') = 'lab'
        AND array_has(plugins, 'enrichment_zone')";
    assert_eq!(lake.number(zones), 3);
    let bad = lake.run(&["ingest", "--plugins", "bad", path.as_str()]).expect_code(2);
    assert!(bad.stderr.contains("zone.vrl:5"), "{}", bad.stderr);
    lake.file("headwater.yaml", "plugins:\n  folder: bad\n");
    let check = lake.run(&["config", "check"]).expect_code(2);
    assert!(check.stderr.contains("no_such_function"), "{}", check.stderr);
}

#[test]
fn completions_and_help_exist() {
    let lake = headwater();
    assert!(lake.run(&["completions", "bash"]).expect_code(0).stdout.contains("headwater"));
    let help = lake.run(&["--help"]).expect_code(0).stdout;
    for part in ["ingest", "query", "Exit codes", "Examples"] {
        assert!(help.contains(part), "{part}");
    }
    assert!(lake.run(&["ingest", "--help"]).expect_code(0).stdout.contains("Examples"));
}
