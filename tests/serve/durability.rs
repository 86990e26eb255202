//! Acknowledged is durable: `kill -9`, restarts, several commits, each event once.

use headwater_testkit::RunningServer;
use serde_json::json;

use crate::headwater;

fn send(server: &RunningServer, numbers: std::ops::Range<u64>) {
    let body: String =
        numbers.map(|number| format!("{{\"event\":{{\"number\":{number}}}}}\n")).collect();
    let answer = server.hec("/services/collector", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

const DISTINCT: &str =
    "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";

#[test]
fn what_was_acknowledged_survives_kill_9_and_is_there_once() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let mut sent = 0;
    for round in 1..=3 {
        let server = lake.serve(&["hec", "api"], &[]);
        for _ in 0..10 {
            send(&server, sent..sent + 10);
            sent += 10;
        }
        assert_eq!(server.number("SELECT count(*) FROM events"), sent as i64, "round {round}");
        server.kill();
    }
    let server = lake.serve(&["api"], &[]);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM events"), sent as i64);
    assert_eq!(lake.number(DISTINCT), sent as i64);
}

#[test]
fn a_query_sees_each_row_once_across_the_moment_of_commit() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 20ms}");
    let server = lake.serve(&["hec", "api"], &[]);
    for round in 0..60 {
        send(&server, round * 5..round * 5 + 5);
        let sent = (round as i64 + 1) * 5;
        assert_eq!(server.number("SELECT count(*) FROM events"), sent);
        assert_eq!(server.number(DISTINCT), sent);
    }
    let commits = server.number("SELECT count(*) FROM rejects");
    assert_eq!(commits, 0);
    server.stop();
    assert_eq!(lake.number(DISTINCT), 300);
    assert!(lake.run(&["history", "events"]).expect_code(0).stdout.lines().count() > 5);
}

#[test]
fn a_damaged_journal_costs_what_was_hit_and_never_the_start() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let server = lake.serve(&["hec"], &[]);
    for number in 0..20 {
        send(&server, number..number + 1);
    }
    server.kill();
    let folder = std::path::Path::new(lake.lake()).join(".headwater/journal");
    let segment = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "segment"))
        .unwrap_or_else(|| panic!("no segment in {}", folder.display()));
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 10].fill(0xff);
    std::fs::write(&segment, bytes).unwrap();

    let server = lake.serve(&["hec", "api"], &[]);
    send(&server, 100..101);
    let found = server.number("SELECT count(*) FROM events");
    assert!((19..=20).contains(&found), "{found}");
    let metrics = headwater_testkit::http(server.address("api"), "GET", "/metrics", &[], "");
    assert!(metrics.text().contains("headwater_journal_damage_total 1"), "{}", metrics.text());
    server.stop();
    assert_eq!(lake.number(DISTINCT), found);
}

#[test]
fn a_request_with_a_name_is_taken_once() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let token = format!("Bearer {}", headwater_testkit::TOKEN);
    let send = |key: &str, body: &str| {
        let headers = [("Authorization", token.as_str()), ("Idempotency-Key", key)];
        let path = "/api/v1/events?source=app&host=h";
        headwater_testkit::http(server.address("api"), "POST", path, &headers, body)
    };
    let body = "{\"n\":1}\n{\"n\":2}\nbroken\n";
    let first = send("a", body);
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!((&first.json()["events"], &first.json()["rejects"]), (&json!(2), &json!(1)));
    let again = send("a", body);
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert!(again.head.contains("idempotent-replayed: true"), "{}", again.head);
    assert_eq!(server.number("SELECT count(*) FROM events"), 2);
    assert_eq!(send("b", "[{\"n\":3}]").json()["events"], 1);
    assert_eq!(server.number("SELECT count(*) FROM events WHERE source = 'app'"), 3);
}
