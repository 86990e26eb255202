//! `headwater renormalize`: the OCSF side of rows changes, once; the shell and everybody's rows
//! stay, whatever happens meanwhile.

use std::collections::BTreeSet;
use std::time::Instant;

use headwater_testkit::{Headwater, repository};
use serde_json::Value;

use crate::{headwater, numbered_events};

/// Settings under which rows get no OCSF side.
const WITHOUT_OCSF: &str = "ingest:\n  ocsf: false\n";

/// Columns that are the same in two lakes only when they are copied.
const OF_ONE_LAKE: [&str; 4] = ["eventid", "ingested_at", "details", "plugins"];

/// Kills per run of the test.
const KILLS: usize = 6;

/// Puts samples of many formats into the folder of a lake.
fn samples(lake: &Headwater) -> String {
    let shipped = repository().join("crates/cli/samples");
    for entry in std::fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with("broken.jsonl") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            lake.file(&format!("in/{name}"), std::fs::read(&path).unwrap());
        }
    }
    lake.file(
        "in/sshd.log",
        "<38>Mar  1 10:00:00 web sshd[7]: Accepted password for root from 192.0.2.1 port 22 ssh2\n\
         <38>Mar  1 10:00:01 web sshd[7]: Failed password for bob from 192.0.2.1 port 23 ssh2\n",
    );
    lake.file(
        "in/firewall.log",
        "<13>Mar  1 10:00:00 fw CEF:0|Fortinet|Fortigate|v7|00013|traffic:forward|3|src=192.0.2.1 dst=192.0.2.2 spt=1 dpt=2\n",
    );
    // Rows without a time of their own are of another time in every lake.
    lake.file(
        "in/own.jsonl",
        "{\"time\":\"2024-03-01T00:00:01Z\",\"source\":\"own\",\"Value\":1}\n\
         [{\"time\":\"2024-03-01T00:00:02Z\",\"In\":\"a list\"},{\"time\":1709251203,\"b\":2}]\n",
    );
    lake.folder().join("in").to_string_lossy().into_owned()
}

/// A lake whose rows have no OCSF side.
fn lake_without_ocsf() -> Headwater {
    let lake = headwater();
    let settings = lake.file("off.yaml", WITHOUT_OCSF);
    let folder = samples(&lake);
    lake.ingest(&["--config", settings.as_str(), folder.as_str()]);
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE ocsf IS NOT NULL"), 0);
    lake
}

/// All rows without what differs between two lakes, in an order that is the same in both.
fn comparable(lake: &Headwater) -> Vec<String> {
    let mut rows: Vec<String> = lake
        .query("SELECT * FROM events")
        .into_iter()
        .map(|mut row| {
            let columns = row.as_object_mut().unwrap();
            OF_ONE_LAKE.iter().for_each(|column| {
                columns.remove(*column);
            });
            row.to_string()
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// The shell of all rows.
fn shell(lake: &Headwater) -> Vec<Value> {
    lake.query(
        "SELECT eventid, utctimestamp, severity, summary, category, source, tags, plugins, details, \
         host, sourcetype, index, ingested_at, raw, year, month, day, hour FROM events ORDER BY eventid",
    )
}

fn renormalize(lake: &Headwater, arguments: &[&str]) -> Value {
    lake.run(&[&["renormalize", "--json"], arguments].concat()).expect_code(0).json()
}

fn version(lake: &Headwater) -> u64 {
    let history = lake.run(&["history", "--json"]).expect_code(0);
    history.stdout.matches("\"version\"").count() as u64
}

#[test]
fn rows_become_what_they_would_have_been_and_their_shell_stays() {
    let lake = lake_without_ocsf();
    let before = shell(&lake);
    let dry = renormalize(&lake, &["--from", "raw", "--dry-run"]);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(shell(&lake), before);
    let report = renormalize(&lake, &["--from", "raw"]);
    assert_eq!(report["rows"], dry["rows"]);
    assert_eq!(report["classes"], dry["classes"]);
    assert_eq!(report["files_rewritten"], dry["files_rewritten"]);
    assert_eq!(report["rows"]["changed"], before.len(), "{report}");
    assert_eq!(report["rows"]["other_time"], 0, "{report}");
    assert_eq!(shell(&lake), before);

    let ingested = headwater();
    ingested.ingest(&[samples(&ingested)]);
    assert_eq!(comparable(&lake), comparable(&ingested));
    let classes = "SELECT count(DISTINCT class_uid) FROM events";
    assert!(lake.number(classes) >= 6, "{report}");

    let versions = version(&lake);
    let again = renormalize(&lake, &["--from", "raw"]);
    assert_eq!((&again["rows"]["changed"], &again["files_rewritten"]), (&0.into(), &0.into()));
    assert_eq!(again["rows"]["same"], before.len());
    assert_eq!(version(&lake), versions);
    assert_eq!(renormalize(&ingested, &["--from", "raw"])["rows"]["changed"], 0);
}

#[test]
fn only_the_chosen_rows_change_and_only_their_files_are_written() {
    let lake = lake_without_ocsf();
    let chosen = "json_extract_scalar(details, '$.eventsource') IS NOT NULL AND year = '2020'";
    let count = lake.number(&format!("SELECT count(*) FROM events WHERE {chosen}"));
    assert!(count > 0);
    let report = renormalize(&lake, &["--from", "raw", "--where", chosen]);
    assert_eq!(
        (report["rows"]["matched"].as_i64(), report["rows"]["changed"].as_i64()),
        (Some(count), Some(count))
    );
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE ocsf IS NOT NULL"), count);
    assert_eq!(
        lake.number(&format!("SELECT count(*) FROM events WHERE ocsf IS NOT NULL AND {chosen}")),
        count
    );
    let all = renormalize(&lake, &["--from", "raw", "--dry-run"]);
    assert!(report["files"].as_u64() < all["files"].as_u64(), "{report} {all}");
    let nobody = renormalize(&lake, &["--from", "raw", "--where", "source = 'nobody'"]);
    assert_eq!((&nobody["rows"]["matched"], &nobody["files_rewritten"]), (&0.into(), &0.into()));
    let wrong = lake.run(&["renormalize", "--from", "raw", "--where", "nothing = 1"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn without_the_text_details_are_mapped_and_no_row_gets_worse() {
    let lake = headwater();
    let settings = lake.file("off.yaml", WITHOUT_OCSF);
    let folder = samples(&lake);
    lake.ingest(&["--config", settings.as_str(), "--no-raw", folder.as_str()]);
    let rows = lake.number("SELECT count(*) FROM events");
    let report = renormalize(&lake, &["--from", "raw"]);
    assert_eq!(report["rows"]["kept"]["no_record"], rows, "{report}");
    let report = renormalize(&lake, &["--from", "details"]);
    assert_eq!(report["rows"]["changed"], rows, "{report}");
    // What has names in lower case is mapped as if it arrived now.
    let ingested = headwater();
    ingested.ingest(&["--no-raw", samples(&ingested).as_str()]);
    let zeek = "SELECT ocsf FROM events WHERE metadata_product_name = 'Zeek' ORDER BY ocsf";
    assert_eq!(lake.query(zeek).len(), 2);
    assert_eq!(lake.query(zeek), ingested.query(zeek));

    // Classified rows whose keys were lower-cased stay as they are; unrecognised ones as well.
    let before = comparable(&ingested);
    let report = renormalize(&ingested, &["--from", "details"]);
    let kept = |name: &str| report["rows"]["kept"][name].as_u64().unwrap();
    assert!(kept("unrecognised") > 0, "{report}");
    assert_eq!(comparable(&ingested), before, "{report}");
    assert_eq!(report["rows"]["changed"], 0, "{report}");
}

#[test]
fn a_time_that_the_protocol_told_stays() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let event = r#"{"time":1700000000,"event":{"eventVersion":"1.08","eventSource":"s3.amazonaws.com",
        "eventName":"GetObject","eventTime":"2024-03-01T00:00:00Z","awsRegion":"eu-west-1",
        "userIdentity":{"type":"Root"},"sourceIPAddress":"192.0.2.1","eventID":"7"},
        "fields":{"Site":"x"}}"#;
    assert_eq!(server.hec("/services/collector/event", event).status, 200);
    server.wait_for("SELECT count(*) FROM events", 1);
    server.stop();
    let before = comparable(&lake);
    assert_eq!(lake.number("SELECT class_uid FROM events"), 6003, "{before:?}");
    let report = renormalize(&lake, &["--from", "raw"]);
    assert_eq!(report["rows"]["other_time"], 1, "{report}");
    assert_eq!(comparable(&lake), before, "{report}");
    assert_eq!(report["rows"]["same"], 1, "{report}");
}

#[test]
fn a_time_that_only_the_mapping_finds_is_told_and_the_row_keeps_its_own() {
    let lake = headwater();
    let settings = lake.file("off.yaml", WITHOUT_OCSF);
    let path = lake.file(
        "access.log",
        "192.0.2.7 - alice [01/Mar/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl/8\"\n",
    );
    lake.ingest(&["--config", settings.as_str(), path.as_str()]);
    let before = shell(&lake);
    let report = renormalize(&lake, &["--from", "raw"]);
    assert_eq!((&report["rows"]["changed"], &report["rows"]["other_time"]), (&1.into(), &1.into()));
    assert_eq!(shell(&lake), before);
    let same = "SELECT count(*) FROM events WHERE class_uid = 4002 AND year <> '2024' AND \
        CAST(json_extract_scalar(ocsf, '$.time') AS BIGINT) = \
        CAST(floor(to_unixtime(utctimestamp) * 1000) AS BIGINT)";
    assert_eq!(lake.number(same), 1, "{before:?}");
}

#[test]
fn kills_leave_every_row_once_and_the_next_run_goes_on() {
    let lake = headwater();
    let settings = lake.file("off.yaml", WITHOUT_OCSF);
    // More hours, and so files, than one commit takes.
    let rows = 7_800;
    let events = lake.file("in.jsonl", numbered_events(rows));
    lake.ingest(&["--config", settings.as_str(), events.as_str()]);
    let ids = || -> BTreeSet<String> {
        let found = lake.query("SELECT eventid FROM events");
        assert_eq!(found.len(), rows);
        found.iter().map(|row| row["eventid"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids();
    let started = Instant::now();
    renormalize(&lake, &["--from", "raw", "--dry-run"]);
    let whole_run = started.elapsed();
    let mut seed = 0x5EED_u64;
    let (mut killed, mut partial) = (0, 0);
    for kill in 0..KILLS {
        let entries = log_entries(&lake);
        let started = Instant::now();
        let arguments = ["renormalize", "--from", "raw", "--take-over", "--json"];
        let mut child = lake.command(&arguments).spawn().unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        // At a random moment, or as soon as the lease is taken or a group of files is committed.
        let is_due = || match kill % 3 {
            0 => started.elapsed() > whole_run.mul_f64(share),
            entry => log_entries(&lake) >= entries + entry,
        };
        while child.try_wait().unwrap().is_none() && !is_due() {
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
        assert_eq!(ids(), before);
        let mapped = lake.number("SELECT count(*) FROM events WHERE class_uid = 0");
        partial += usize::from(mapped > 0 && mapped < rows as i64);
    }
    println!("{killed} of {KILLS} runs were killed, {partial} left some of the rows mapped");
    assert!(killed >= 3 && partial > 0, "{killed} killed, {partial} in between");
    let last = renormalize(&lake, &["--from", "raw", "--take-over"]);
    assert_eq!(last["rows"]["matched"], rows, "{last}");
    assert_eq!(ids(), before);
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE class_uid = 0"), rows as i64);
    let numbers = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(numbers), rows as i64);
    assert_eq!(renormalize(&lake, &["--from", "raw"])["rows"]["changed"], 0);
}

/// Entries in the log of `events`.
fn log_entries(lake: &Headwater) -> usize {
    let folder = std::path::Path::new(lake.lake()).join("events/_delta_log");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count()
}

#[test]
fn ingest_and_optimize_go_on_beside_it() {
    let lake = headwater();
    let settings = lake.file("off.yaml", WITHOUT_OCSF);
    let all = numbered_events(1_200);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    let parts: Vec<String> = (0..6)
        .map(|part| {
            // Every part touches the same hours.
            let own = lines.iter().skip(part).step_by(6).copied().collect::<String>();
            lake.file(&format!("{part}.jsonl"), own)
        })
        .collect();
    let config = ["--config", settings.as_str()];
    lake.ingest(&[&config[..], &[parts[0].as_str(), parts[1].as_str()]].concat());
    let mut running = lake.command(&["renormalize", "--from", "raw", "--json"]).spawn().unwrap();
    for part in &parts[2..] {
        lake.ingest(&[&config[..], &[part.as_str()]].concat());
        // Refused while the other one holds the lease, else it merges what was rewritten.
        let optimize = lake.run(&["optimize"]);
        assert!(
            [Some(0), Some(7)].contains(&optimize.code),
            "{:?} {}",
            optimize.code,
            optimize.stderr
        );
    }
    let status = running.wait().unwrap();
    assert!([Some(0), Some(7)].contains(&status.code()), "{status}");
    renormalize(&lake, &["--from", "raw"]);
    assert_eq!(lake.number("SELECT count(*) FROM events"), 1_200);
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE class_uid = 0"), 1_200);
    let numbers = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(numbers), 1_200);
    let optimized = lake.run(&["optimize"]).expect_code(0);
    assert_eq!(lake.number("SELECT count(*) FROM events"), 1_200, "{}", optimized.stderr);
}
