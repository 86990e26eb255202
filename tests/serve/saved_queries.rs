//! Queries that are kept under a name: who may change them, how they are run, that they outlive the
//! server.

use headwater_testkit::{HttpAnswer, RunningServer, TOKEN, http};
use serde_json::{Value, json};

use crate::headwater;

fn call(server: &RunningServer, token: &str, method: &str, path: &str, body: &str) -> HttpAnswer {
    let token = format!("Bearer {token}");
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    http(server.address("api"), method, &format!("/api/v1/queries{path}"), &headers, body)
}

#[test]
fn a_query_is_saved_run_with_values_and_outlives_the_server() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let events = r#"{"event":{"user":"eve","n":1}}{"event":{"user":"' OR 1=1 --","n":2}}"#;
    assert_eq!(server.hec("/services/collector", events).status, 200);
    let sql = "SELECT json_extract_scalar(details, '$.n') AS n FROM events \
               WHERE json_extract_scalar(details, '$.user') = $user";
    let body = json!({"sql": sql, "description": "What a user did."}).to_string();
    let saved = call(&server, TOKEN, "PUT", "/by-user", &body);
    assert_eq!(saved.status, 201, "{}", saved.text());
    assert_eq!(saved.json()["owner"]["name"], "environment");
    server.kill();

    let server = lake.serve(&["api"], &[]);
    let shown = call(&server, TOKEN, "GET", "/by-user", "").json();
    assert_eq!(shown, saved.json());
    assert_eq!(call(&server, TOKEN, "GET", "", "").json(), json!({"queries": [shown]}));
    let run = |body: Value| call(&server, TOKEN, "POST", "/by-user/run", &body.to_string());
    let eve = run(json!({"parameters": {"user": "eve"}}));
    assert_eq!(eve.text(), "{\"n\":\"1\"}\n");
    assert!(eve.head.to_ascii_lowercase().contains("x-query-id: "), "{}", eve.head);
    // A value is never a part of the statement.
    let other = run(json!({"parameters": {"user": "' OR 1=1 --"}, "format": "csv"}));
    assert_eq!(other.text(), "n\n2\n");
    assert_eq!(run(json!({})).status, 400);
    assert_eq!(run(json!({"parameter": {}})).status, 400);
    assert_eq!(call(&server, TOKEN, "DELETE", "/by-user", "").status, 204);
    assert_eq!(run(json!({})).status, 404);
}

#[test]
fn values_are_given_by_place_too() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let body = json!({"sql": "SELECT $1 AS a, $2 AS b, $3 AS c"}).to_string();
    assert_eq!(call(&server, TOKEN, "PUT", "/three", &body).status, 201);
    let run = json!({"parameters": [7, "7", true]}).to_string();
    let rows = call(&server, TOKEN, "POST", "/three/run", &run).lines();
    assert_eq!(rows, [json!({"a": 7, "b": "7", "c": true})]);
}

#[test]
fn changing_is_for_the_owner_and_administrators() {
    let lake = headwater();
    let make = |name: &str, scope: &str| {
        let made = lake.run(&["token", "create", name, "--scope", scope]).expect_code(0);
        made.stdout.trim().to_owned()
    };
    let (eve, bob, sender) = (make("eve", "query"), make("bob", "query"), make("app", "ingest"));
    let server = lake.serve(&["api"], &[]);
    let body = |number: u32| json!({"sql": format!("SELECT {number} AS n")}).to_string();
    let status =
        |token: &str, method, path, body: &str| call(&server, token, method, path, body).status;
    assert_eq!(status(&sender, "PUT", "/mine", &body(1)), 403);
    assert_eq!(status(&sender, "GET", "", ""), 403);
    assert_eq!(status("wrong", "GET", "", ""), 401);
    assert_eq!(status(&eve, "PUT", "/mine", &body(1)), 201);
    assert_eq!(status(&bob, "PUT", "/mine", &body(2)), 403);
    assert_eq!(status(&bob, "DELETE", "/mine", ""), 403);
    assert_eq!(call(&server, &bob, "POST", "/mine/run", "").text(), "{\"n\":1}\n");
    let replaced = call(&server, TOKEN, "PUT", "/mine", &body(3));
    assert_eq!((replaced.status, replaced.json()["owner"]["name"].as_str()), (200, Some("eve")));
    assert_eq!(status(&eve, "DELETE", "/mine", ""), 204);
    // Nobody keeps what could not be run: not for lack of a table, nor for lack of a scope.
    for sql in ["SELECT * FROM nonsense", "SELEC 1", "", "CREATE VIEW v AS SELECT 1"] {
        let body = json!({"sql": sql}).to_string();
        assert_eq!(status(&eve, "PUT", "/bad", &body), 400, "{sql}");
    }
    let audit = json!({"sql": "SELECT count(*) AS n FROM audit"}).to_string();
    assert_eq!(status(&eve, "PUT", "/audited", &audit), 400);
    assert_eq!(status(TOKEN, "PUT", "/audited", &audit), 201);
    assert_eq!(status(&eve, "POST", "/audited/run", ""), 400);
    server.stop();
    let server = lake.serve(&["api"], &[]);
    let changes = server.query(
        "SELECT action, token, outcome, count(*) AS n FROM audit \
         WHERE action LIKE 'query.%' AND statement LIKE 'mine%' \
         GROUP BY action, token, outcome ORDER BY action, token, outcome",
    );
    let row = |action: &str, token: &str, outcome: &str| json!({"action": action, "token": token, "outcome": outcome, "n": 1});
    assert_eq!(
        changes,
        [
            row("query.delete", "bob", "error"),
            row("query.delete", "eve", "ok"),
            row("query.save", "bob", "error"),
            row("query.save", "environment", "ok"),
            row("query.save", "eve", "ok"),
        ]
    );
}
