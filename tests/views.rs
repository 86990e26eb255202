//! The views that are always there: `ocsf.<class>` and `ocsf.observables`.

use headwater_testkit::Headwater;
use serde_json::{Value, json};

use crate::headwater;

/// An event of a class, as it is sent.
fn event(class: i64, minute: u32, more: Value) -> String {
    let minutes = i64::from(minute) * 60_000;
    let mut event = json!({
        "class_uid": class, "category_uid": class / 1_000, "activity_id": 1,
        "type_uid": class * 100 + 1, "severity_id": 1, "time": 1_709_251_200_000_i64 + minutes,
        "metadata": {"version": "1.8.0", "product": {"name": "Test"}},
    });
    let members = event.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    format!("{event}\n")
}

fn names(lake: &Headwater, sql: &str) -> Vec<String> {
    let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
    lake.query(sql).iter().map(name).collect()
}

const VIEWS: &str = "SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'ocsf' AND table_type = 'VIEW' ORDER BY 1";

#[test]
fn there_is_a_view_for_each_class_that_occurs() {
    let lake = headwater();
    let three = event(3002, 0, json!({})) + &event(3003, 1, json!({})) + &event(4001, 2, json!({}));
    lake.ingest(&[lake.file("a.jsonl", three)]);
    assert_eq!(
        names(&lake, VIEWS),
        ["authentication", "authorize_session", "network_activity", "observables"]
    );
    lake.ingest(&[lake.file("b.jsonl", event(4003, 3, json!({})))]);
    let four =
        ["authentication", "authorize_session", "dns_activity", "network_activity", "observables"];
    assert_eq!(names(&lake, VIEWS), four);
    let tables = lake.run(&["query", "--format", "csv", "SHOW TABLES"]).expect_code(0);
    for line in ["lake,ocsf,dns_activity,VIEW", "lake,ocsf,observables,VIEW"] {
        assert!(tables.stdout.contains(line), "{}", tables.stdout);
    }
    // A class that does not occur has a view too, so that a hunt finds nothing and does not fail.
    assert_eq!(
        lake.number("SELECT count(*) FROM ocsf.ssh_activity WHERE src_endpoint_ip = 'x'"),
        0
    );
}

#[test]
fn the_shell_lists_views_and_their_columns() {
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", event(4003, 0, json!({"rcode_id": 3})))]);
    let lines = lake.file("lines", "\\d\n\\d ocsf.dns_activity\n");
    let mut shell = lake.command(&["query"]);
    let shell = shell.stdin(std::fs::File::open(lines).unwrap()).output().unwrap();
    let printed = String::from_utf8(shell.stdout).unwrap();
    let first: Vec<&str> =
        printed.lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
    for name in ["events", "ocsf.observables", "ocsf.dns_activity", "time", "rcode_id"] {
        assert!(first.contains(&name), "{name} in {printed}");
    }
    // Each once, not under the aliases of the schema too.
    assert_eq!(printed.matches("ocsf.").count(), 2, "{printed}");
}

#[test]
fn columns_are_the_envelope_then_the_attributes_that_occur_by_path() {
    let lake = headwater();
    let user = json!({
        "user": {"name": "kim", "groups": [{"name": "a"}]}, "is_mfa": true, "count": 3,
        "session": {"uid": "7", "expiration_time": 1_709_251_200_123_i64},
        "start_time_dt": "2024-03-01T01:00:00+01:00", "unmapped": {"Own": "x"},
        "src_endpoint": {"location": {"lat": 1.5}},
    });
    lake.ingest(&[lake.file("a.jsonl", event(3002, 0, user))]);
    lake.ingest(&[lake.file("b.jsonl", event(3002, 61, json!({"logon_type_id": 3})))]);
    lake.ingest(&[
        lake.file("c.jsonl", event(4001, 61, json!({"is_src_dst_assignment_known": true})))
    ]);
    let columns = names(
        &lake,
        "SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'ocsf' AND table_name = 'authentication' ORDER BY ordinal_position",
    );
    let envelope = "time eventid utctimestamp source index host sourcetype summary category tags \
        plugins details ocsf unmapped observables ocsf_issues ingested_at raw year month day hour";
    let envelope: Vec<&str> = envelope.split_whitespace().collect();
    assert_eq!(columns[..envelope.len()], envelope);
    // Attributes that are columns of `events` and those that are in the object only, in one order.
    let some = "activity_id actor_user_name class_uid is_mfa logon_type_id session_expiration_time \
        session_uid severity severity_id src_endpoint_ip src_endpoint_location_lat start_time_dt \
        user_groups user_name";
    let some: Vec<&str> = some.split_whitespace().collect();
    let mut attributes = columns[envelope.len()..].iter().map(String::as_str).collect::<Vec<_>>();
    attributes.retain(|name| some.contains(name));
    assert_eq!(attributes, some, "{columns:?}");
    for name in ["is_src_dst_assignment_known", "user_type", "query_hostname"] {
        assert!(!columns.iter().any(|column| column == name), "{name} in {columns:?}");
    }
    let row = lake.query(
        "SELECT time, is_mfa AND true AS mfa, count + 1 AS more, severity, user_groups, unmapped,
           session_expiration_time - time AS rest, start_time_dt = time AS same,
           src_endpoint_location_lat * 2 AS lat, class_uid
         FROM ocsf.authentication WHERE is_mfa",
    );
    let expected = json!([{
        "time": "2024-03-01T00:00:00Z", "mfa": true, "more": 4, "severity": "Informational",
        "user_groups": "[{\"name\":\"a\"}]", "unmapped": "{\"Own\":\"x\"}", "rest": "PT0.123S",
        "same": true, "lat": 3.0, "class_uid": 3002,
    }]);
    assert_eq!(Value::from(row), expected);
}

#[test]
fn conditions_on_a_view_leave_out_files_as_those_on_events() {
    let lake = headwater();
    for hour in 0..4 {
        let class = if hour == 3 { 4001 } else { 3002 };
        let more = json!({"user": {"name": format!("u{hour}")}});
        lake.ingest(&[lake.file(&format!("{hour}.jsonl"), event(class, hour * 60, more))]);
    }
    for (condition, rows, read) in [
        ("true", 3, "3 of 4 files read, 1 pruned"),
        ("time >= '2024-03-01T02:00:00Z'", 1, "1 of 4 files read, 3 pruned"),
        ("user_name = 'u1'", 1, "1 of 4 files read, 3 pruned"),
        ("hour = '00'", 1, "1 of 4 files read, 3 pruned"),
    ] {
        let sql = format!("SELECT eventid FROM ocsf.authentication WHERE {condition}");
        let finished = lake.run(&["query", "--format", "jsonl", &sql]).expect_code(0);
        assert_eq!(finished.stdout.lines().count(), rows, "{condition}");
        assert!(finished.stderr.contains(read), "{condition}: {}", finished.stderr);
    }
    let of_class =
        "SELECT value FROM ocsf.observables WHERE class_uid = 4001 AND type = 'User Name'";
    let finished = lake.run(&["query", "--format", "csv", of_class]).expect_code(0);
    assert_eq!(finished.stdout, "value\n");
    assert!(finished.stderr.contains("1 of 4 files read, 3 pruned"), "{}", finished.stderr);
    let late = "SELECT value FROM ocsf.observables WHERE time >= '2024-03-01T02:00:00Z'
        AND type_id = 4";
    let finished = lake.run(&["query", "--format", "csv", late]).expect_code(0);
    assert_eq!(finished.stdout, "value\nu2\n");
    assert!(finished.stderr.contains("2 of 4 files read, 2 pruned"), "{}", finished.stderr);
}

#[test]
fn observables_are_rows() {
    let lake = headwater();
    let both = json!({"user": {"name": "kim"}, "src_endpoint": {"ip": "192.0.2.7"}});
    let lines = event(3002, 0, both) + &event(3002, 1, json!({}));
    lake.ingest(&[lake.file("a.jsonl", lines)]);
    let rows = lake.query(
        "SELECT time, class_uid, type_id, type, name, value FROM ocsf.observables ORDER BY type_id",
    );
    let row = |number: i64, kind: &str, name: &str, value: &str| {
        json!({"time": "2024-03-01T00:00:00Z", "class_uid": 3002, "type_id": number, "type": kind,
            "name": name, "value": value})
    };
    let expected = [
        row(2, "IP Address", "src_endpoint.ip", "192.0.2.7"),
        row(4, "User Name", "user.name", "kim"),
    ];
    assert_eq!(rows, expected);
    let joined = "SELECT count(*) FROM events e JOIN ocsf.observables o ON o.eventid = e.eventid";
    assert_eq!(lake.number(joined), 2);
}

#[test]
fn a_class_may_be_rare_and_a_file_may_hold_many_rows_before_it() {
    let lake = headwater();
    let many: String = (0..3_000).map(|n| event(4001, n % 60, json!({"count": n}))).collect();
    let rare = event(3002, 59, json!({"is_remote": true}));
    lake.ingest(&[lake.file("a.jsonl", many + &rare + &event(6003, 59, json!({})))]);
    assert_eq!(
        names(&lake, VIEWS),
        ["api_activity", "authentication", "network_activity", "observables"]
    );
    assert_eq!(lake.number("SELECT count(*) FROM ocsf.authentication WHERE is_remote"), 1);
}

#[test]
fn wrong_names_are_answered_with_the_right_ones() {
    let lake = headwater();
    lake.ingest(&[lake.file("a.jsonl", event(3002, 0, json!({})))]);
    for (sql, message) in [
        ("SELECT 1 FROM ocsf.authentcation", "did you mean `ocsf.authentication`?"),
        ("SELECT 1 FROM ocsf.xyz", "no view `ocsf.xyz`: views are called as the classes of OCSF"),
        ("SELECT usr_name FROM ocsf.authentication", "did you mean `user_name`?"),
        ("SELECT nowhere_at_all FROM ocsf.authentication", "json_extract_scalar(ocsf, '$.field')"),
        ("SELECT 1 FROM observable", "did you mean `observables`?"),
        ("CREATE VIEW ocsf.mine AS SELECT 1", "make `mine` elsewhere"),
        ("CREATE VIEW observables AS SELECT 1", "already exists"),
    ] {
        let finished = lake.run(&["query", sql]).expect_code(2);
        assert!(finished.stderr.contains(message), "{sql}: {}", finished.stderr);
    }
    let empty = headwater();
    let finished = empty.run(&["query", "SELECT 1 FROM ocsf.authentication"]).expect_code(2);
    assert!(finished.stderr.contains("no events with OCSF yet"), "{}", finished.stderr);
}
