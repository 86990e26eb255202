//! Every event once, however often and from however many processes it is ingested.

use std::process::Child;

use headwater_testkit::Headwater;

use crate::{headwater, numbered_events};

fn assert_each_once(lake: &Headwater, count: i64) {
    let sql = "SELECT count(*) FROM events";
    assert_eq!(lake.number(sql), count);
    let sql = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(sql), count);
}

#[test]
fn the_same_ingest_twice_adds_nothing() {
    let lake = headwater();
    let path = lake.file("events.jsonl", numbered_events(1_000));
    assert_eq!(lake.ingest(&[path.as_str()])["events"].as_u64(), Some(1_000));
    let again = lake.ingest(&[path.as_str()]);
    assert_eq!(
        (again["events"].as_u64(), again["files_skipped"].as_u64()),
        (Some(0), Some(1)),
        "{again}"
    );
    assert_each_once(&lake, 1_000);
}

#[test]
fn equal_files_at_two_places_are_two_inputs_unless_asked_otherwise() {
    for (flag, expected) in [(None, 20), (Some("--same-content"), 10)] {
        let lake = headwater();
        let first = lake.file("a.jsonl", numbered_events(10));
        let second = lake.file("b.jsonl", numbered_events(10));
        let mut arguments = vec![first.as_str(), second.as_str()];
        arguments.extend(flag);
        lake.ingest(&arguments);
        assert_eq!(lake.number("SELECT count(*) FROM events"), expected);
    }
}

#[test]
fn a_file_that_grew_is_read_from_where_it_ended() {
    let lake = headwater();
    let all = numbered_events(300);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    for (lines_now, new) in [(100, 100), (100, 0), (250, 150), (300, 50)] {
        let path = lake.file("app.log.jsonl", lines[..lines_now].concat());
        assert_eq!(lake.ingest(&[path.as_str()])["events"].as_u64(), Some(new), "{lines_now}");
    }
    assert_each_once(&lake, 300);
}

#[test]
fn a_rotated_file_is_read_from_its_start() {
    let lake = headwater();
    let path = lake.file("app.jsonl", numbered_events(100));
    lake.ingest(&[path.as_str()]);
    let all = numbered_events(400);
    let lines: Vec<&str> = all.split_inclusive('\n').skip(100).collect();
    for (end, new) in [(20, 20), (60, 40), (300, 240)] {
        lake.file("app.jsonl", lines[..end].concat());
        assert_eq!(lake.ingest(&[path.as_str()])["events"].as_u64(), Some(new), "{end}");
    }
    assert_each_once(&lake, 400);
}

#[test]
fn four_processes_at_once_on_the_same_files_add_each_event_once() {
    let lake = headwater();
    for number in 0..8 {
        let all = numbered_events(4_000);
        let lines: Vec<&str> = all.split_inclusive('\n').collect();
        lake.file(&format!("in/{number}.jsonl"), lines[number * 500..(number + 1) * 500].concat());
    }
    let inputs = lake.folder().join("in").to_string_lossy().into_owned();
    let children: Vec<Child> = (0..4)
        .map(|_| lake.command(&["ingest", "--json", inputs.as_str()]).spawn().expect("a process"))
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_each_once(&lake, 4_000);
}

#[test]
fn four_processes_at_once_on_their_own_files_lose_nothing() {
    let lake = headwater();
    let all = numbered_events(4_000);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    let children: Vec<Child> = (0..4)
        .map(|number| {
            let part = lines[number * 1_000..(number + 1) * 1_000].concat();
            let path = lake.file(&format!("{number}.jsonl"), part);
            lake.command(&["ingest", "--json", path.as_str()]).spawn().expect("a process")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_each_once(&lake, 4_000);
}
