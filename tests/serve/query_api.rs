//! The query API: formats, parameters, errors, health, metrics, following.

use std::io::{BufRead as _, BufReader};

use headwater_testkit::{RunningServer, TOKEN, http};
use serde_json::json;

use crate::headwater;

fn ask(server: &RunningServer, accept: &str, body: &str) -> headwater_testkit::HttpAnswer {
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str()), ("Accept", accept)];
    http(server.address("api"), "POST", "/api/v1/query", &headers, body)
}

#[test]
fn answers_come_in_the_format_that_is_asked_for() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    assert_eq!(server.hec("/services/collector", "{\"event\":{\"n\":1}}").status, 200);
    let sql = "SELECT json_extract_scalar(details, '$.n') AS n FROM events";
    assert_eq!(ask(&server, "*/*", sql).text(), "{\"n\":\"1\"}\n");
    assert_eq!(ask(&server, "text/csv", sql).text(), "n\n1\n");
    assert_eq!(ask(&server, "application/json", sql).json(), json!([{"n": "1"}]));
    let arrow = ask(&server, "application/vnd.apache.arrow.stream", sql);
    assert!(arrow.body.starts_with(&[0xff; 4]), "{:?}", arrow.body);
    let question = json!({"sql": format!("{sql} WHERE json_extract_scalar(details, '$.n') = $n"),
        "parameters": {"n": "2"}, "format": "csv"});
    assert_eq!(ask(&server, "*/*", &question.to_string()).text(), "n\n");
}

#[test]
fn errors_say_what_is_wrong() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    for (body, status, kind, text) in [
        ("SELECT sumary FROM events", 400, "invalid", "summary"),
        ("SELEC 1", 400, "invalid", "SELEC"),
        ("", 400, "invalid", "no SQL statement"),
        ("{\"sql\":\"SELECT 1\",\"format\":\"xml\"}", 400, "invalid", "jsonl"),
        ("{\"sq\":\"SELECT 1\"}", 400, "invalid", "sq"),
        ("CREATE VIEW v AS SELECT 1", 400, "invalid", "only statements that read"),
        ("COPY (SELECT 1) TO '/tmp/x.csv'", 400, "invalid", "only statements that read"),
    ] {
        let answer = ask(&server, "*/*", body);
        let error = &answer.json()["error"];
        assert_eq!((answer.status, error["kind"].as_str()), (status, Some(kind)), "{body}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(text), "{body}: {message}");
    }
    let anonymous = http(server.address("api"), "POST", "/api/v1/query", &[], "SELECT 1");
    assert_eq!(anonymous.status, 401);
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str())];
    let path = "/api/v1/query/6f9b3a2e-0000-0000-0000-000000000000";
    let unknown = http(server.address("api"), "DELETE", path, &headers, "");
    assert_eq!(unknown.status, 404);
}

#[test]
fn health_tables_and_metrics_are_served() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    assert_eq!(server.hec("/services/collector", "{\"event\":1}{\"event\":2}").status, 200);
    assert_eq!(server.number("SELECT count(*) FROM events"), 2);
    let get = |path: &str| {
        let token = format!("Bearer {TOKEN}");
        http(server.address("api"), "GET", path, &[("Authorization", token.as_str())], "")
    };
    assert_eq!(get("/health").json()["status"], "ok");
    assert_eq!(get("/ready").json()["status"], "ready");
    let tables = get("/api/v1/tables").json();
    let names: Vec<&str> =
        tables["tables"].as_array().unwrap().iter().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names, ["audit", "events", "observables", "rejects"]);
    let metrics = get("/metrics").text();
    for line in [
        "headwater_received_records_total{source=\"hec\"} 2",
        "headwater_events_total 2",
        "# TYPE headwater_journal_bytes gauge",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[test]
fn tail_shows_what_arrives_and_meets_the_condition() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let url = format!("http://{}", server.address("api"));
    let condition = "json_extract_scalar(details, '$.n') > '1'";
    let arguments = ["tail", "--server", &url, "--where", condition, "--json", "-n", "2"];
    let mut command = lake.command(&arguments);
    let mut tail = command.env("HEADWATER_TOKEN", TOKEN).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // It follows from the moment it is connected, which only its first event shows.
    let first = std::thread::spawn(move || (lines.next(), lines.next()));
    while !first.is_finished() {
        let answer =
            server.hec("/services/collector", "{\"event\":{\"n\":1}}{\"event\":{\"n\":2}}");
        assert_eq!(answer.status, 200);
    }
    let (one, two) = first.join().unwrap();
    for line in [one, two] {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap().unwrap()).unwrap();
        assert!(event["details"].as_str().unwrap().starts_with("{\"n\":2"), "{event}");
    }
    assert!(tail.wait().unwrap().success());

    let wrong = ["tail", "--server", &url, "--where", "nonsense = 1"];
    let output = lake.command(&wrong).env("HEADWATER_TOKEN", TOKEN).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nonsense"), "{output:?}");
}

#[test]
fn every_query_and_every_change_of_tokens_is_in_the_audit_table() {
    let lake = headwater();
    let created = lake.run(&["token", "create", "analyst", "--scope", "query"]).expect_code(0);
    let analyst = format!("Bearer {}", created.stdout.trim());
    let server = lake.serve(&["api"], &[]);
    let ask = |sql: &str| {
        let headers = [("Authorization", analyst.as_str())];
        http(server.address("api"), "POST", "/api/v1/query", &headers, sql)
    };
    assert_eq!(ask("SELECT 1 AS one UNION ALL SELECT 2").status, 200);
    assert_eq!(ask("SELECT nonsense").status, 400);
    // Only administrators see who asked what.
    let hidden = ask("SELECT * FROM audit");
    assert_eq!(hidden.status, 400, "{}", hidden.text());
    server.stop();
    let _ = lake.run(&["token", "revoke", "analyst"]).expect_code(0);
    let server = lake.serve(&["api"], &[]);
    let rows = server.query(
        "SELECT action, token, address, outcome, rows, \
         CASE WHEN action = 'query' THEN statement END AS sql FROM audit ORDER BY auditid",
    );
    let query = |outcome: &str, rows: u64, sql: &str| {
        json!({"action": "query", "token": "analyst", "address": "127.0.0.1",
            "outcome": outcome, "rows": rows, "sql": sql})
    };
    let change = |action: &str| {
        json!({"action": action, "token": null, "address": null, "outcome": "ok", "rows": null,
            "sql": null})
    };
    assert_eq!(
        rows,
        [
            change("token.create"),
            query("ok", 2, "SELECT 1 AS one UNION ALL SELECT 2"),
            query("error", 0, "SELECT nonsense"),
            query("error", 0, "SELECT * FROM audit"),
            change("token.revoke"),
        ]
    );
}
