//! Splunk HTTP Event Collector: every code of its table, every framing, metadata as columns.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use headwater_testkit::{RunningServer, TOKEN, http};
use serde_json::{Value, json};

use crate::headwater;

const CHANNEL: &str = "5e6cd2a2-5a5c-4ac7-8f04-6f44b0e1a3c6";

/// Sends and checks status, code and, where it is told, the number of the event.
fn check(
    server: &RunningServer,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    expected: (u16, u64, Option<u64>),
) {
    let answer = http(server.address("hec"), method, path, headers, body);
    let value = answer.json();
    let found = (
        answer.status,
        value["code"].as_u64().unwrap(),
        value.get("invalid-event-number").and_then(Value::as_u64),
    );
    assert_eq!(found, expected, "{method} {path} {headers:?} {body}: {value}");
}

#[test]
fn every_code_of_the_table_is_answered() {
    let lake = headwater();
    let limited = lake.run(&["token", "create", "limited", "--scope", "ingest", "--index", "main"]);
    let limited = format!("Splunk {}", limited.expect_code(0).stdout.trim());
    let revoked = lake.run(&["token", "create", "gone", "--scope", "ingest"]).expect_code(0);
    let revoked = revoked.stdout.trim().to_owned();
    let _ = lake.run(&["token", "revoke", "gone"]).expect_code(0);
    let server = lake.serve(&["hec"], &[]);
    let good = format!("Splunk {TOKEN}");
    let good = ("Authorization", good.as_str());
    let event = "/services/collector/event";
    let one = r#"{"event":{"a":1}}"#;
    for (path, headers, body, expected) in [
        (event, vec![good], one, (200, 0, None)),
        (event, vec![("Authorization", &*format!("Splunk {revoked}"))], one, (403, 1, None)),
        (event, vec![], one, (401, 2, None)),
        (event, vec![("Authorization", "Bearer x")], one, (401, 3, None)),
        (event, vec![("Authorization", "Splunk")], one, (401, 3, None)),
        (event, vec![("Authorization", "Splunk guess")], one, (403, 4, None)),
        (event, vec![good], "", (400, 5, None)),
        ("/services/collector/raw", vec![good], " \n\n", (400, 5, None)),
        (event, vec![good], "{\"event\":", (400, 6, Some(0))),
        (event, vec![good], &format!("{one}{one}nonsense"), (400, 6, Some(2))),
        (
            event,
            vec![("Authorization", &limited)],
            r#"{"event":{},"index":"other"}"#,
            (400, 7, Some(0)),
        ),
        ("/services/collector/ack", vec![good], r#"{"acks":[0]}"#, (400, 10, None)),
        (event, vec![good, ("X-Splunk-Request-Channel", "x")], one, (400, 11, None)),
        (event, vec![good], r#"{"host":"h"}"#, (400, 12, Some(0))),
        (event, vec![good], r#"{"event":""}"#, (400, 13, Some(0))),
        (event, vec![good], r#"{"event":1,"fields":{"a":{}}}"#, (400, 15, Some(0))),
        (&*format!("{event}?token={TOKEN}"), vec![], one, (400, 16, None)),
        (&*format!("{event}?token=guess"), vec![], one, (403, 4, None)),
        ("/services/nowhere", vec![good], one, (404, 404, None)),
    ] {
        check(&server, "POST", path, &headers, body, expected);
    }
    let health = "/services/collector/health";
    check(&server, "GET", health, &[], "", (200, 17, None));
    check(&server, "GET", &format!("{health}/1.0?token={TOKEN}"), &[], "", (200, 17, None));
    check(&server, "GET", &format!("{health}?token=guess"), &[], "", (400, 21, None));
    check(&server, "GET", &format!("{health}?token={revoked}"), &[], "", (400, 22, None));
    check(&server, "GET", event, &[good], "", (405, 405, None));
}

#[test]
fn acknowledgements_can_be_off_or_required_and_tokens_in_the_query_allowed() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {hec: {acknowledge: off, query_string_token: true}}");
    let server = lake.serve(&["hec"], &[]);
    let path = |path: &str| format!("/services/collector{path}?token={TOKEN}&channel={CHANNEL}");
    let one = r#"{"event":1}"#;
    check(&server, "POST", &path(""), &[], one, (200, 0, None));
    check(&server, "POST", &path("/ack"), &[], r#"{"acks":[0]}"#, (400, 14, None));
    drop(server);

    lake.file("headwater.yaml", "serve: {hec: {acknowledge: required}}");
    let server = lake.serve(&["hec"], &[]);
    let answer = server.hec("/services/collector/raw", "text");
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(10)));
}

#[test]
fn a_full_journal_and_a_stopping_server_say_so() {
    let lake = headwater();
    // Nothing is committed during the test, so the journal only grows.
    lake.file(
        "headwater.yaml",
        "serve: {journal_bytes_max: 1MiB, commit_age: 1h, drain_time_max: 5s}",
    );
    let server = lake.serve(&["hec"], &[]);
    let body = format!("{{\"event\":{{\"text\":\"{}\"}}}}", "x".repeat(300_000));
    let codes: Vec<u64> = (0..5)
        .map(|_| server.hec("/services/collector", &body).json()["code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [0, 0, 0, 9, 9]);
    let health = http(server.address("hec"), "GET", "/services/collector/health", &[], "");
    assert_eq!((health.status, health.json()["code"].as_u64()), (503, Some(18)));
    assert!(health.head.to_ascii_lowercase().contains("retry-after"), "{}", health.head);
}

#[test]
fn a_disk_that_fails_is_an_internal_error() {
    let lake = headwater();
    let server = lake.serve(&["hec"], &[]);
    // The journal makes its first file with the first request.
    std::fs::remove_dir_all(Path::new(lake.lake()).join(".headwater/journal")).unwrap();
    let good = format!("Splunk {TOKEN}");
    let headers = [("Authorization", good.as_str())];
    check(&server, "POST", "/services/collector", &headers, r#"{"event":1}"#, (500, 8, None));
}

#[test]
fn a_request_that_outlasts_the_server_is_told_that_it_is_shutting_down() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h, drain_time_max: 3s}");
    let server = lake.serve(&["hec"], &[]);
    assert_eq!(server.hec("/services/collector", r#"{"event":1}"#).status, 200);
    // The lake takes no commit any more, so that the server has something to do until its time to
    // drain is over.
    let events = Path::new(lake.lake()).join("events");
    std::fs::rename(&events, events.with_extension("gone")).unwrap();
    std::fs::write(&events, "").unwrap();
    let rest = r#"{"event":2}"#;
    let open = || {
        let mut stream = TcpStream::connect(server.address("hec")).unwrap();
        let head = format!(
            "POST /services/collector HTTP/1.1\r\nHost: x\r\nAuthorization: Splunk {TOKEN}\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            rest.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The server says so when it reads the body.
        let mut told = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut told).unwrap();
        stream.write_all(&rest.as_bytes()[..1]).unwrap();
        stream
    };
    let streams: Vec<TcpStream> = (0..20).map(|_| open()).collect();
    let terminated = Command::new("kill").arg(server.id().to_string()).status();
    assert!(terminated.unwrap().success());
    let log = lake.folder().join("serve.log");
    while !std::fs::read_to_string(&log).unwrap().contains("did not end in time") {
        std::thread::yield_now();
    }
    let answers = streams.into_iter().map(|mut stream| {
        stream.write_all(&rest.as_bytes()[1..]).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    // The moment between the end of the listeners and that of the intake is short.
    let told: Vec<String> = answers.skip_while(|answer| answer.contains(" 200 OK")).collect();
    assert!(!told.is_empty());
    for answer in told {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains(r#""code":23"#), "{answer}");
    }
}

#[test]
fn events_are_found_at_once_with_their_columns_and_acknowledged_once_committed() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 300ms}");
    let server = lake.serve(&["hec", "api"], &[]);
    let token = format!("Splunk {TOKEN}");
    let headers = [("Authorization", token.as_str()), ("X-Splunk-Request-Channel", CHANNEL)];
    let body = r#"{"time":1600000000.25,"host":"h","source":"s","sourcetype":"st","index":"main",
        "event":{"user":"eve","n":12345678901234567890},"fields":{"env":"prod"}}
        {"event":"hello \"world\""}"#;
    let post = |path: &str, body: &str| http(server.address("hec"), "POST", path, &headers, body);
    let answer = post("/services/collector/event/1.0", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let ack = answer.json()["ackId"].as_u64().unwrap();

    let rows = server.query(
        "SELECT utctimestamp, host, source, sourcetype, \"index\", year, raw, \
         json_extract_scalar(details, '$.user') AS user, \
         json_extract_scalar(details, '$.n') AS n, \
         json_extract_scalar(details, '$.fields.env') AS env, \
         json_extract_scalar(details, '$.message') AS message FROM events ORDER BY utctimestamp",
    );
    assert_eq!(
        rows[0],
        json!({"utctimestamp": "2020-09-13T12:26:40.250Z", "host": "h", "source": "s",
            "sourcetype": "st", "index": "main", "year": "2020", "user": "eve",
            "raw": r#"{"user":"eve","n":12345678901234567890}"#,
            "n": "12345678901234567890", "env": "prod", "message": null})
    );
    assert_eq!(rows[1]["message"], "hello \"world\"");
    assert_eq!(rows[1]["raw"], "hello \"world\"");
    assert_eq!(rows.len(), 2);

    let ask = |id: u64| {
        let body = json!({"acks": [id, id + 1, 0]}).to_string();
        post("/services/collector/ack", &body).json()["acks"].clone()
    };
    while ask(ack)[ack.to_string()] != json!(true) {
        std::thread::yield_now();
    }
    assert_eq!(ask(ack)[(ack + 1).to_string()], json!(false));
    assert_eq!(ask(ack)["0"], json!(false));
    // Committed now: another process finds the same rows.
    assert_eq!(lake.number("SELECT count(*) FROM events"), 2);
    assert_eq!(server.number("SELECT count(*) FROM events"), 2);
}

#[test]
fn lines_of_any_kind_are_events_and_bad_ones_are_rejects() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let raw = "/services/collector/raw?host=edge&sourcetype=mixed&time=1600000000";
    let lines =
        "{\"a\":1}\r\n\n<34>Oct 11 22:14:15 web su: 'su root' failed\nplain text\n{broken\n";
    let answer = server.hec(raw, lines);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = server.query(
        "SELECT raw, host, sourcetype, json_extract_scalar(details, '$.program') AS program \
         FROM events WHERE year = '2020' ORDER BY raw",
    );
    let raws: Vec<&str> = rows.iter().map(|row| row["raw"].as_str().unwrap()).collect();
    assert_eq!(
        raws,
        ["<34>Oct 11 22:14:15 web su: 'su root' failed", "plain text", "{\"a\":1}", "{broken"]
    );
    assert_eq!(rows[0]["program"], "su");
    assert!(rows.iter().all(|row| row["host"] == "edge" && row["sourcetype"] == "mixed"));

    let bad = "{\"event\":{\"good\":1}}{\"event\":null,\"host\":\"h\"}{\"event\":{\"lost\":2}}";
    let answer = server.hec("/services/collector", bad);
    assert_eq!(answer.json()["invalid-event-number"].as_u64(), Some(1));
    server.stop();
    let good = "SELECT count(*) FROM events WHERE json_extract_scalar(details, '$.good') = '1'";
    assert_eq!(lake.number(good), 1);
    let rejects = lake.query("SELECT CAST(raw AS VARCHAR) AS raw, reason, stage FROM rejects");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0]["stage"], "read");
    assert_eq!(rejects[0]["raw"], "{\"event\":null,\"host\":\"h\"}");
}

#[test]
fn receivers_simple_takes_the_body_as_one_event() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let bearer = format!("Bearer {TOKEN}");
    let path = "/services/receivers/simple?index=main&source=upload&host=ws&sourcetype=csv";
    let headers = [("Authorization", bearer.as_str())];
    let answer = http(server.address("hec"), "POST", path, &headers, "two\nlines");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("<field k='bytes'><value><text>9</text>"), "{}", answer.text());
    let rows = server.query("SELECT raw, \"index\", source, host, sourcetype FROM events");
    assert_eq!(
        rows,
        [json!({"raw": "two\nlines", "index": "main", "source": "upload", "host": "ws",
            "sourcetype": "csv"})]
    );
}
