//! Tokens: made, scoped, revoked while the server runs, never shown again.

use headwater_testkit::{Headwater, RunningServer, http};

use crate::headwater;

fn make(lake: &Headwater, arguments: &[&str]) -> String {
    let all = [&["token", "create"], arguments].concat();
    lake.run(&all).expect_code(0).stdout.trim().to_owned()
}

/// Status of sending with a token, and of asking with it.
fn statuses(server: &RunningServer, token: &str) -> (u16, u16) {
    let splunk = format!("Splunk {token}");
    let headers = [("Authorization", splunk.as_str())];
    let body = "{\"event\":1,\"index\":\"main\"}";
    let sent = http(server.address("hec"), "POST", "/services/collector", &headers, body);
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let asked = http(server.address("api"), "POST", "/api/v1/query", &headers, "SELECT 1");
    (sent.status, asked.status)
}

#[test]
fn tokens_do_what_their_scopes_say_until_they_are_revoked() {
    let lake = headwater();
    let sender = make(&lake, &["sender", "--scope", "ingest"]);
    let analyst = make(&lake, &["analyst", "--scope", "query"]);
    let server = lake.serve(&["hec", "api"], &[]);
    assert_eq!(statuses(&server, &sender), (200, 403));
    assert_eq!(statuses(&server, &analyst), (403, 200));
    assert_eq!(statuses(&server, "guess"), (403, 401));

    let late = make(&lake, &["late", "--scope", "ingest", "--index", "main"]);
    while statuses(&server, &late).0 != 200 {}
    let _ = lake.run(&["token", "revoke", "sender"]).expect_code(0);
    while statuses(&server, &sender).0 == 200 {}

    let list = lake.run(&["token", "list", "--json"]).expect_code(0).stdout;
    assert_eq!(list.lines().count(), 3);
    assert!(list.contains("\"state\":\"revoked\""), "{list}");
    for token in [sender, analyst, late] {
        assert!(!list.contains(&token));
    }
    let unknown = lake.run(&["token", "revoke", "nobody"]).expect_code(5);
    assert!(unknown.stderr.contains("headwater token list"), "{}", unknown.stderr);
}

#[test]
fn init_writes_settings_and_tokens_once_and_serve_starts_with_them() {
    let lake = headwater();
    let first = lake.run(&["init"]).expect_code(0);
    let tokens: Vec<&str> =
        first.stdout.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(tokens.len(), 2, "{}", first.stdout);
    let again = lake.run(&["init"]).expect_code(0);
    assert_eq!(again.stdout, "");
    let _ = lake.run(&["config", "check"]).expect_code(0);
    let server = lake.serve(&["hec", "api"], &[]);
    assert_eq!(statuses(&server, tokens[0]), (200, 403));
    assert_eq!(statuses(&server, tokens[1]), (200, 200));
}

#[test]
fn wrong_listeners_are_told_before_anything_starts() {
    let lake = headwater();
    for (arguments, text) in [
        (&["serve", "--hec", "8088"][..], "--hec: `8088` has no port: write HOST:PORT, or off"),
        (&["serve", "--only"], "every listener is off"),
        (
            &["serve", "--only", "--api", "203.0.113.1:1"],
            "failed to listen for api on 203.0.113.1:1",
        ),
    ] {
        let ended = lake.run(arguments);
        assert_ne!(ended.code, Some(0));
        assert!(ended.stderr.contains(text), "{arguments:?}: {}", ended.stderr);
    }
    lake.file("headwater.yaml", "serve:\n  listen:\n    hec: nowhere\n  commit_age: 0s\n");
    let ended = lake.run(&["config", "check"]).expect_code(2);
    for text in ["serve.listen.hec: `nowhere` has no port", "serve.commit_age: is zero"] {
        assert!(ended.stderr.contains(text), "{}", ended.stderr);
    }
}
