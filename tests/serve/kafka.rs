//! Apache Kafka, from a real producer through a real broker into the lake.

use std::time::Duration;

use headwater_testkit::{FailingProxy, Headwater, KafkaBroker, S3Server};
use serde_json::json;

use crate::headwater;

/// Where a message of a test says which one it is.
const NUMBER: &str = "json_extract_scalar(details, '$.number')";

fn numbered(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|number| format!("{{\"number\":{number}}}\n")).collect()
}

/// Settings of a server that reads a broker without TLS.
fn settings(broker: &KafkaBroker, topics: &str, more: &str) -> String {
    let plain = &broker.plain;
    format!(
        "serve:\n  {more}\n  kafka:\n    main:\n      brokers: ['{plain}']\n      topics: {topics}\n      \
         group: hunters\n      properties:\n        session.timeout.ms: '2000'\n        \
         heartbeat.interval.ms: '500'\n"
    )
}

#[test]
fn winlogbeat_messages_become_events_with_tls_and_a_password() {
    let mut broker =
        KafkaBroker::start(&[("winlogbeat", 3), ("logs-dns", 1), ("logs-web", 1), ("other", 1)]);
    let winlogbeat = json!({
        "@timestamp": "2019-05-18T20:33:16.104Z",
        "beat": {"hostname": "HR001", "name": "HR001", "version": "6.7.0"},
        "computer_name": "HR001.shire.com",
        "event_data": {"Image": "C:\\Windows\\System32\\cmd.exe", "ProcessId": "5216"},
        "event_id": 1,
        "log_name": "Microsoft-Windows-Sysmon/Operational",
        "record_number": "5138",
        "source_name": "Microsoft-Windows-Sysmon",
        "type": "wineventlog"
    });
    broker.send("winlogbeat", &format!("{winlogbeat}\n{{\"broken\": \n"));
    broker.send("logs-dns", "{\"query\":\"example.com\"}\n");
    broker.send("logs-web", "a line of text\n");
    broker.send("other", "{\"not\":\"asked for\"}\n");

    let lake = headwater();
    let authority = broker.authority.display().to_string();
    lake.file("password", KafkaBroker::PASSWORD);
    lake.file(
        "headwater.yaml",
        format!(
            "serve:\n  commit_age: 1h\n  kafka:\n    main:\n      brokers: ['{}']\n      \
             topics: [winlogbeat, logs-*]\n      group: hunters\n      properties:\n        \
             security.protocol: SASL_SSL\n        ssl.ca.location: {authority}\n        \
             sasl.mechanism: SCRAM-SHA-512\n        sasl.username: headwater\n        \
             sasl.password: file:password\n",
            broker.secure
        ),
    );
    let server = lake.serve(&["api"], &[]);
    // Nothing is committed yet, and everything can be queried.
    server.wait_for("SELECT count(*) FROM events", 3);
    let rows = server.query(
        "SELECT cast(utctimestamp AS varchar) AS time, source, summary, raw FROM events \
         WHERE \"index\" = 'winlogbeat'",
    );
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0]["time"].as_str().unwrap().starts_with("2019-05-18"), "{rows:?}");
    assert_eq!(rows[0]["source"], "windows");
    let summary = "Sysmon 1: processcreate (host hr001.shire.com, process cmd.exe)";
    assert_eq!(rows[0]["summary"], summary);
    assert_eq!(rows[0]["raw"], winlogbeat.to_string());
    let text = server.query("SELECT raw FROM events WHERE \"index\" = 'logs-web'");
    assert_eq!(text[0]["raw"], "a line of text");
    server.stop();

    assert_eq!(lake.number("SELECT count(*) FROM events"), 3);
    let rejects = lake.query("SELECT stage, origin FROM rejects");
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    // The group's offsets are what is in the lake.
    let told = broker.offsets("hunters");
    let told = told.as_object().unwrap();
    let sum: i64 = told
        .iter()
        .filter(|(partition, _)| partition.starts_with("winlogbeat/"))
        .map(|(_, offset)| offset.as_i64().unwrap())
        .sum();
    assert_eq!(sum, 2, "{told:?}");
    assert!(!told.keys().any(|partition| partition.starts_with("other/")), "{told:?}");
}

#[test]
fn partitions_move_between_servers_and_each_message_is_there_once() {
    let mut broker = KafkaBroker::start(&[("numbers", 4)]);
    let first = headwater();
    first.file("headwater.yaml", settings(&broker, "[numbers]", "commit_age: 50ms"));
    // The same lake, another data folder.
    let second = Headwater::at(env!("CARGO_BIN_EXE_headwater"), first.lake(), &[]);
    let more = "commit_age: 50ms\n  data_folder: ./data";
    second.file("headwater.yaml", settings(&broker, "[numbers]", more));

    let a = first.serve(&["api"], &[]);
    broker.send("numbers", &numbered(0..500));
    a.wait_for("SELECT count(*) FROM events", 500);
    let b = second.serve(&["api"], &[]);
    for part in 1..10 {
        broker.send("numbers", &numbered(part * 500..(part + 1) * 500));
    }
    b.wait_for("SELECT count(*) FROM events WHERE \"index\" = 'numbers'", 5_000);
    a.kill();
    b.stop();
    // Whoever comes next reads on where the lake is, as the member that was killed.
    broker.send("numbers", &numbered(5_000..6_000));
    let a = first.serve(&["api"], &[]);
    a.wait_for("SELECT count(*) FROM events", 6_000);
    a.stop();
    assert_each_once(&first, 6_000);
}

#[test]
fn partitions_move_while_a_slow_lake_keeps_a_member_waiting() {
    let mut broker = KafkaBroker::start(&[("numbers", 4)]);
    let s3 = S3Server::start("lake");
    let proxy = FailingProxy::start(&s3.endpoint);
    let binary = env!("CARGO_BIN_EXE_headwater");
    let mut slow = s3.environment();
    slow.retain(|(name, _)| *name != "AWS_ENDPOINT");
    slow.push(("AWS_ENDPOINT", &proxy.endpoint));
    let first = Headwater::at(binary, "s3://lake/kafka", &slow);
    let second = Headwater::at(binary, "s3://lake/kafka", &s3.environment());
    let settings = settings(&broker, "[numbers]", "commit_age: 50ms\n  commit_bytes: 64KiB");
    let settings = format!("ingest: {{workers: 1}}\nlog: {{level: debug}}\n{settings}");
    first.file("headwater.yaml", &settings);
    second.file("headwater.yaml", &settings);

    let a = first.serve(&["api"], &[]);
    let log = first.folder().join("serve.log");
    let times = |text: &str| std::fs::read_to_string(&log).unwrap().matches(text).count();
    let given = "Kafka gave partitions";
    while times(given) < 1 {}
    let b = second.serve(&["api"], &[]);
    while times(given) < 2 {}
    // What the first one has now, it shall have no more to read beside it.
    let text = std::fs::read_to_string(&log).unwrap();
    let own = text.rsplit(given).next().unwrap();
    let own: Vec<u32> =
        (0..4).filter(|number| own.contains(&format!("numbers/{number}"))).collect();
    assert_eq!(own.len(), 2, "{text}");
    proxy.fail(0, Duration::from_secs(2));
    // More than fits into its memory, so that it waits for commits, each of which takes a while.
    let pad = "x".repeat(8_000);
    let large = |number| format!("{{\"number\":{number},\"pad\":\"{pad}\"}}\n");
    for (partition, numbers) in own.into_iter().zip([0..600, 600..1_200]) {
        broker.send_to("numbers", partition, &numbers.map(large).collect::<String>());
    }
    while times("Kafka waits until more can be handed on") == 0 {}
    b.kill();
    while times("Kafka takes partitions back") < 2 {}
    proxy.fail(0, Duration::ZERO);
    a.wait_for("SELECT count(*) FROM events", 1_200);
    a.stop();
    assert_each_once(&second, 1_200);
}

#[test]
fn what_kafka_deleted_is_told_and_the_rest_is_read() {
    let mut broker = KafkaBroker::start(&[("numbers", 1)]);
    broker.send("numbers", &numbered(0..10));
    let lake = headwater();
    lake.file("headwater.yaml", settings(&broker, "[numbers]", "commit_age: 50ms"));
    let server = lake.serve(&["api"], &[]);
    server.wait_for("SELECT count(*) FROM events", 10);
    server.stop();
    broker.send("numbers", &numbered(10..30));
    broker.truncate("numbers", 0, 15);
    let server = lake.serve(&["api"], &[]);
    server.wait_for("SELECT count(*) FROM events", 25);
    let metrics = server.metrics();
    assert!(metrics.contains("headwater_kafka_missed_total 5"), "{metrics}");
    server.stop();
    let least =
        format!("SELECT count(*) FROM events WHERE cast({NUMBER} AS bigint) BETWEEN 10 AND 14");
    assert_eq!(lake.number(&least), 0);
}

fn assert_each_once(lake: &Headwater, count: i64) {
    assert_eq!(lake.number("SELECT count(*) FROM events"), count);
    assert_eq!(lake.number(&format!("SELECT count(DISTINCT {NUMBER}) FROM events")), count);
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
}
