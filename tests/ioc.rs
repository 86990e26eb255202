//! Indicators in the whole lake: every kind and form, no false ones, the same with and without the
//! index, and what `doctor` proves.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use headwater_testkit::{Headwater, test_data};
use serde_json::{Value, json};

use crate::headwater;

/// Classes and attributes of OCSF, so that the observables are those that are meant.
fn event(minute: u32, attributes: Value) -> String {
    let mut event = json!({
        "class_uid": 4001, "category_uid": 4, "activity_id": 6, "type_uid": 400_106,
        "severity_id": 1, "metadata": {"version": "1.8.0", "product": {"name": "Test"}},
        "time": 1_709_251_200_000_i64 + i64::from(minute) * 60_000,
    });
    let members = event.as_object_mut().unwrap();
    members.extend(attributes.as_object().unwrap().clone());
    format!("{event}\n")
}

/// One event a minute, named after what it has.
fn lake_of(events: &[(&str, Value)]) -> Headwater {
    let lake = headwater();
    let lines = events.iter().zip(0..).map(|((name, attributes), minute)| {
        let mut attributes = attributes.clone();
        attributes["message"] = json!(name);
        event(minute, attributes)
    });
    lake.ingest(&[lake.file("events.jsonl", lines.collect::<String>())]);
    lake
}

/// Names of the events that `ioc --events` finds.
fn found(lake: &Headwater, arguments: &[&str]) -> Vec<String> {
    let columns = "json_extract_scalar(ocsf, '$.message') AS name";
    let command =
        [&["ioc", "--quiet", "--events", "--format", "jsonl", "--columns", columns], arguments];
    let finished = lake.run(&command.concat()).expect_code(0);
    let name = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["name"].as_str().unwrap().to_owned()
    };
    finished.stdout.lines().map(name).collect()
}

/// The matrix: indicator, source, day and hits.
fn matrix(lake: &Headwater, arguments: &[&str]) -> Vec<Value> {
    let command = [&["ioc", "--quiet", "--format", "jsonl"], arguments].concat();
    let finished = lake.run(&command).expect_code(0);
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn lake_of_every_kind() -> Headwater {
    let host = |name: &str| json!({"src_endpoint": {"hostname": name}});
    let address = |ip: &str| json!({"src_endpoint": {"ip": ip}});
    let url = |url: &str| json!({"http_request": {"url": {"url_string": url}}, "class_uid": 4002});
    let file = |path: &str| json!({"file": {"path": path, "type_id": 1}, "class_uid": 1001});
    lake_of(&[
        ("v4", address("203.0.113.7")),
        ("v4 of more digits", address("203.0.113.70")),
        ("v6", address("2001:DB8:0:0::7")),
        ("domain", host("evil.example")),
        ("domain below", host("www.Evil.Example")),
        ("other domain", host("notevil.example")),
        ("other domain above", host("evil.example.org")),
        ("url", url("http://evil.example/Path?q=1")),
        ("url of an address", url("https://203.0.113.7:8443/x")),
        ("email", json!({"actor": {"user": {"email_addr": "Mallory@evil.example"}}})),
        ("user", json!({"actor": {"user": {"name": "CORP\\mallory"}}})),
        ("other user", json!({"actor": {"user": {"name": "mallory2"}}})),
        ("path", file("C:\\Users\\kim\\Evil.exe")),
        ("other path", file("C:\\Users\\kim\\notevil.exe")),
        (
            "hash",
            json!({"file": {"name": "a.bin", "type_id": 1,
                "hashes": [{"algorithm_id": 3, "value": SHA.to_uppercase()}]}, "class_uid": 1001}),
        ),
    ])
}

#[test]
fn every_kind_and_form_finds_its_events_and_no_others() {
    let lake = lake_of_every_kind();
    let domain = ["domain", "domain below", "url", "email"];
    let cases: &[(&str, &[&str])] = &[
        ("203.0.113.7", &["v4", "url of an address"]),
        ("203[.]0[.]113[.]7", &["v4", "url of an address"]),
        ("ip:203.0.113.7", &["v4", "url of an address"]),
        ("203.0.113.0/24", &["v4", "v4 of more digits", "url of an address"]),
        ("203.0.113.64/26", &["v4 of more digits"]),
        ("2001:db8::7", &["v6"]),
        ("2001:db8::/32", &["v6"]),
        ("evil.example", &domain),
        ("evil[.]example", &domain),
        ("EVIL.example.", &domain),
        ("*.evil.example", &["domain below"]),
        ("host:evil.example", &["domain", "url", "email"]),
        ("hxxp://evil[.]example/Path?q=1", &["url"]),
        ("http://evil.example/path?q=1", &[]),
        ("mallory[at]evil.example", &["email"]),
        ("user:mallory", &["user"]),
        ("user:corp\\MALLORY", &["user"]),
        ("file:evil.exe", &["path"]),
        ("c:/users/KIM/evil.exe", &["path"]),
        (SHA, &["hash"]),
        ("198.51.100.1", &[]),
    ];
    for with_index in [true, false] {
        if !with_index {
            std::fs::remove_dir_all(format!("{}/observables", lake.lake())).unwrap();
        }
        for (indicator, expected) in cases {
            assert_eq!(found(&lake, &[indicator]), *expected, "{indicator}, index: {with_index}");
            let hits = matrix(&lake, &[indicator]);
            assert_eq!(hits.is_empty(), expected.is_empty(), "{indicator}: {hits:?}");
        }
    }
}

#[test]
fn lists_of_any_form_are_read_and_what_is_skipped_is_told() {
    let lake = lake_of_every_kind();
    let stix = json!({"type": "bundle", "id": "bundle--1", "objects": [
        {"type": "indicator", "pattern_type": "stix",
         "pattern": format!("[file:hashes.'SHA-256' = '{SHA}'] OR [ipv4-addr:value = '203.0.113.7']")},
        {"type": "indicator", "pattern_type": "stix", "revoked": true,
         "pattern": "[domain-name:value = 'evil.example']"},
    ]});
    let stix = lake.file("stix.json", stix.to_string());
    let csv = lake.file("feed.csv", "type,indicator\nuser,mallory\ncolour,blue\n");
    let finished = lake.run(&["ioc", &stix, &csv, "198.51.100.0/24", "--format", "jsonl"]);
    let finished = finished.expect_code(0);
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let seen: Vec<Value> = finished.stdout.lines().map(line).collect();
    let seen: Vec<_> = seen.iter().map(|row| row["indicator"].as_str().unwrap()).collect();
    assert_eq!(seen, [SHA, "203.0.113.7", "mallory"]);
    for told in ["revoked", "`blue` skipped: type `colour` is not searched", "3 of 4 indicators"] {
        assert!(finished.stderr.contains(told), "{told} in {}", finished.stderr);
    }
    let mut command = lake.command(&["ioc", "-", "--quiet", "--format", "csv"]);
    let input = lake.file("lines", "# a feed\nevil.example # known bad\n\n");
    let piped = command.stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert!(piped.lines().nth(1).unwrap().starts_with("evil.example,"), "{piped}");
}

#[test]
fn wrong_indicators_are_refused_with_advice() {
    let lake = lake_of(&[("one", json!({"src_endpoint": {"ip": "203.0.113.7"}}))]);
    for (arguments, message) in [
        (vec!["ioc", "203.0.113.7/99"], "not a network"),
        (vec!["ioc", "two words here"], "no file, and no indicator"),
        (vec!["query", "SELECT count(*) FROM events WHERE ioc('203.0.113.7/99')"], "no indicator"),
        (vec!["query", "SELECT ioc('203.0.113.7') FROM rejects"], "is a condition on events"),
        (vec!["query", "SELECT 1 FROM events WHERE ioc_in('feed')"], "no list `feed`"),
        (vec!["query", "SELECT 1 FROM events WHERE ioc(summary)"], "ioc takes"),
    ] {
        let finished = lake.run(&arguments).expect_code(2);
        assert!(finished.stderr.contains(message), "{arguments:?}: {}", finished.stderr);
    }
}

#[test]
fn sql_finds_the_same_and_reads_the_hours_that_have_it() {
    let lake = headwater();
    let events = (0..600).map(|minute| {
        let ip = format!("10.0.{}.1", minute / 60);
        event(minute, json!({"src_endpoint": {"ip": ip}, "message": format!("{minute}")}))
    });
    lake.ingest(&[lake.file("events.jsonl", events.collect::<String>())]);
    let count =
        |condition: &str| lake.number(&format!("SELECT count(*) FROM events WHERE {condition}"));
    assert_eq!(count("ioc('10.0.3.1')"), 60);
    assert_eq!(count("ioc('10.0.3.1', '10.0.4.0/24') AND hour = '04'"), 60);
    assert_eq!(count("NOT ioc('10.0.3.1')"), 540);
    assert_eq!(count("ioc_in(ARRAY['10.0.3.1', 'evil.example'])"), 60);
    assert_eq!(count("ioc('10.0.3.1') OR ioc('10.0.5.1')"), 120);
    assert_eq!(lake.number("SELECT count(*) FROM ocsf.network_activity WHERE ioc('10.0.3.1')"), 60);
    let joined = "SELECT count(*) FROM events e JOIN events f ON e.eventid = f.eventid
        WHERE ioc(e.observables, '10.0.3.1')";
    assert_eq!(lake.number(joined), 60);
    let sql = "SELECT count(*) FROM events WHERE ioc('10.0.3.1') OR ioc('10.0.5.1')";
    let finished = lake.run(&["query", sql]).expect_code(0);
    assert!(finished.stderr.contains("2 of 10 files read, 8 pruned"), "{}", finished.stderr);
}

#[test]
fn events_that_match_a_watched_list_are_tagged_while_they_arrive() {
    let lake = headwater();
    lake.file("feed.csv", "type,indicator\ndomain,evil.example\nip,203.0.113.0/24\n");
    lake.file("users.txt", "user:mallory\n");
    lake.file(
        "headwater.yaml",
        "ingest:\n  watch:\n    feed: ./feed.csv\n    users: ./users.txt\n",
    );
    let events = [
        json!({"src_endpoint": {"ip": "203.0.113.7"}, "actor": {"user": {"name": "mallory"}}}),
        json!({"src_endpoint": {"hostname": "www.evil.example"}}),
        json!({"src_endpoint": {"ip": "198.51.100.1"}}),
    ];
    let lines = events.iter().zip(0..).map(|(event_of, minute)| event(minute, event_of.clone()));
    lake.ingest(&[lake.file("events.jsonl", lines.collect::<String>())]);
    let sql = "SELECT array_join(tags, ',') AS tags FROM events ORDER BY utctimestamp";
    let tags: Vec<Value> = lake.query(sql).iter().map(|row| row["tags"].clone()).collect();
    assert_eq!(tags, [json!("ioc:feed,ioc:users"), json!("ioc:feed"), json!("")]);
    // SQL knows the lists by the same names.
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE ioc_in('feed')"), 2);
    assert_eq!(lake.number("SELECT count(*) FROM events WHERE contains(tags, 'ioc:users')"), 1);
    lake.file("headwater.yaml", "ingest: {watch: {feed: ./gone.csv}}\n");
    let finished = lake.run(&["ingest", "events.jsonl"]).expect_code(5);
    assert!(finished.stderr.contains("ingest.watch.feed"), "{}", finished.stderr);
}

#[test]
fn a_hundred_thousand_indicators_in_one_run() {
    let lake = lake_of_every_kind();
    let mut list = String::new();
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        match number % 4 {
            0 => list.push_str(&format!("10.{a}.{b}.{c}\n")),
            1 => list.push_str(&format!("host{number}.invalid\n")),
            2 => list.push_str(&format!("{number:064x}\n")),
            _ => list.push_str(&format!("user:nobody{number}\n")),
        }
    }
    let nothing = lake.file("nothing.txt", &list);
    assert_eq!(matrix(&lake, &[&nothing]), [] as [Value; 0]);
    assert_eq!(found(&lake, &[&nothing]), [""; 0]);
    list.push_str("203.0.113.0/26\nevil.example\n");
    let some = lake.file("some.txt", &list);
    let expected = ["v4", "domain", "domain below", "url", "url of an address", "email"];
    assert_eq!(found(&lake, &[&some]), expected);
    let hits: BTreeMap<String, i64> = matrix(&lake, &[&some])
        .iter()
        .map(|row| (row["indicator"].as_str().unwrap().to_owned(), row["hits"].as_i64().unwrap()))
        .collect();
    let expected = [("203.0.113.0/26".to_owned(), 2), ("evil.example".to_owned(), 4)];
    assert_eq!(hits, BTreeMap::from(expected));
}

/// The values of one type that events have, with the events' ids.
fn values(lake: &Headwater, type_id: u32) -> BTreeMap<String, BTreeSet<String>> {
    let sql = format!("SELECT value, eventid FROM ocsf.observables WHERE type_id = {type_id}");
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in lake.query(&sql) {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        values.entry(text("value")).or_default().insert(text("eventid"));
    }
    values
}

/// Ids of the events that `ioc --events` finds.
fn ids(lake: &Headwater, indicator: &str) -> BTreeSet<String> {
    let command =
        ["ioc", "--quiet", "--events", "--columns", "eventid", "--format", "jsonl", indicator];
    let finished = lake.run(&command).expect_code(0);
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["eventid"].clone();
    finished.stdout.lines().map(|line| id(line).as_str().unwrap().to_owned()).collect()
}

/// Ids of the events with a value for which `is_match` holds.
fn scanned(
    values: &BTreeMap<String, BTreeSet<String>>,
    is_match: impl Fn(&str) -> bool,
) -> BTreeSet<String> {
    let matching = values.iter().filter(|(value, _)| is_match(value));
    matching.flat_map(|(_, ids)| ids.iter().cloned()).collect()
}

/// Fails with some of the events that one side has and the other has not.
#[track_caller]
fn same(found: &BTreeSet<String>, expected: &BTreeSet<String>, indicator: &str) {
    let only: Vec<_> = found.symmetric_difference(expected).take(3).collect();
    assert!(only.is_empty(), "{indicator}: {} and {}: {only:?}", found.len(), expected.len());
}

/// Every so many of the values, at most ten.
fn some<'v>(values: impl Iterator<Item = &'v String>) -> Vec<&'v String> {
    let all: Vec<&String> = values.collect();
    all.iter().copied().step_by((all.len() / 10).max(1)).take(10).collect()
}

/// The rules are said a second time here, in the simplest words, and applied to every observable of
/// the real events.
#[test]
fn real_events_are_found_as_a_full_scan_finds_them() {
    let Some(folder) = test_data("real/linux") else { return };
    let lake = headwater();
    let _ = lake.run(&["ingest", folder.to_str().unwrap()]);
    let (hosts, addresses, urls) = (values(&lake, 1), values(&lake, 2), values(&lake, 6));
    let (users, hashes) = (values(&lake, 4), values(&lake, 8));
    let mut compared = 0;
    for address in some(addresses.keys()) {
        let address_of = |text: &str| text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        let Some(parsed) = address_of(address) else { continue };
        let host_of = |url: &str| {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            rest.split(['/', ':', '?']).next().unwrap_or_default().to_owned()
        };
        let mut expected = scanned(&addresses, |value| address_of(value) == Some(parsed));
        expected.extend(scanned(&hosts, |value| address_of(value) == Some(parsed)));
        expected.extend(scanned(&urls, |value| address_of(&host_of(value)) == Some(parsed)));
        same(&ids(&lake, address), &expected, address);
        if let IpAddr::V4(v4) = parsed {
            let [a, b, c, _] = v4.octets();
            let is_near = |value: &str| match address_of(value) {
                Some(IpAddr::V4(ip)) => ip.octets()[..3] == [a, b, c],
                _ => false,
            };
            let mut expected = scanned(&addresses, is_near);
            expected.extend(scanned(&hosts, is_near));
            expected.extend(scanned(&urls, |value| is_near(&host_of(value))));
            let network = format!("{a}.{b}.{c}.0/24");
            same(&ids(&lake, &network), &expected, &network);
        }
        compared += 1;
    }
    for hash in some(hashes.keys().filter(|value| value.len() == 64)) {
        let is_same = |value: &str| value.eq_ignore_ascii_case(hash);
        same(&ids(&lake, hash), &scanned(&hashes, is_same), hash);
        compared += 1;
    }
    let plain = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric());
    let uids = values(&lake, 31);
    for user in some(users.keys().filter(plain)) {
        let is_user = |value: &str| {
            let lower = value.to_lowercase();
            let bare = lower.rsplit(['\\', '/']).next().unwrap_or_default();
            let bare = bare.split('@').next().unwrap_or_default();
            lower == user.to_lowercase() || bare == user.to_lowercase()
        };
        let mut expected = scanned(&users, is_user);
        expected.extend(scanned(&uids, is_user));
        same(&ids(&lake, &format!("user:{user}")), &expected, user);
        compared += 1;
    }
    assert!(compared >= 15, "{compared}");
    let doctor = lake.run(&["doctor"]).expect_code(0);
    assert!(doctor.stderr.contains("agrees with the events"), "{}", doctor.stderr);
}

#[test]
fn the_doctor_finds_what_is_damaged_and_repairs_the_index() {
    let lake = lake_of_every_kind();
    let healthy = lake.run(&["doctor", "--json"]).expect_code(0).json();
    assert_eq!(
        (&healthy["index"]["exists"], &healthy["index"]["differences"]),
        (&json!(true), &json!(0))
    );
    // An index of other events in place of its own.
    let other = lake_of(&[("one", json!({"src_endpoint": {"ip": "198.51.100.9"}}))]);
    let folder = |lake: &Headwater| format!("{}/observables", lake.lake());
    std::fs::remove_dir_all(folder(&lake)).unwrap();
    let mut copy = std::process::Command::new("cp");
    assert!(copy.arg("-r").args([folder(&other), folder(&lake)]).status().unwrap().success());
    assert_eq!(found(&lake, &["203.0.113.70"]), ["v4 of more digits"]);
    let _ = lake.run(&["index"]).expect_code(0);
    let report = lake.run(&["doctor", "--json"]).expect_code(0).json();
    assert_eq!(report["index"]["differences"], 0);
    assert_eq!(matrix(&lake, &["198.51.100.9"]), [] as [Value; 0]);
    // A data file that is gone.
    let file = lake.query("SELECT 1 FROM events LIMIT 1");
    assert_eq!(file.len(), 1);
    let list = std::process::Command::new("sh")
        .args(["-c", &format!("ls {}/events/*/*/*/*/*.parquet", lake.lake())])
        .output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    std::fs::remove_file(list.lines().next().unwrap()).unwrap();
    let finished = lake.run(&["doctor", "--quick"]).expect_code(8);
    assert!(finished.stderr.contains("is not in storage"), "{}", finished.stderr);
}
