//! The router as clients see it, and what is in the journal afterwards.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use headwater_access::Scope;
use headwater_journal::JournalOptions;
use serde_json::{Value, json};

use super::{ElasticOptions, router};
use crate::http::BodyLimits;
use crate::intake::IntakeLimits;
use crate::test_intake::{Answered, TOKEN, TestIntake, send};

fn elastic(test: &TestIntake) -> Router {
    router(test.intake.clone(), test.access.clone(), ElasticOptions::default())
}

/// Sends `METHOD PATH` with a token.
async fn call(router: &Router, line: &str, token: &str, body: impl Into<Body>) -> Answered {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(body.into())
        .unwrap();
    send(router, request).await
}

/// Results as `verb index status error-type`.
fn results(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap();
    let line = |item: &Value| {
        let (verb, result) = item.as_object().unwrap().iter().next().unwrap();
        let kind = result["error"]["type"].as_str().unwrap_or("-");
        format!("{verb} {} {} {kind}", result["_index"].as_str().unwrap(), result["status"])
    };
    items.iter().map(line).collect()
}

#[tokio::test]
async fn documents_are_stored_with_their_index_and_id() {
    let test = TestIntake::new();
    let body = "{\"index\":{\"_index\":\"logs\"}}\n{\"m\":\"é\"}\n\
                {\"create\":{\"_id\":\"7\",\"_index\":\"ds\"}}\n{\"a\":1}\n\
                {\"index\":{}}\n{\"b\":2}";
    let answer = call(&elastic(&test), "PUT /path/_bulk", TOKEN, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let json = answer.json();
    assert_eq!(json["errors"], false);
    assert_eq!(results(&json), ["index logs 201 -", "create ds 201 -", "index path 201 -"]);
    assert_eq!(json["items"][1]["create"]["_id"], "7");
    let ids = [&json["items"][0]["index"]["_id"], &json["items"][2]["index"]["_id"]];
    assert_ne!(ids[0], ids[1]);
    let stored =
        ["logs - {\"m\":\"é\"}", "ds - {\"a\":1,\"_id\":\"7\"} < {\"a\":1}", "path - {\"b\":2}"];
    assert_eq!(test.lines(), stored);
    assert_eq!(&*test.stored()[0].origin.name, "elastic");
}

#[tokio::test]
async fn what_cannot_be_stored_has_its_own_error_and_is_rejected() {
    let test = TestIntake::new();
    let body = "{\"index\":{}}\n{\"a\":1}\n{\"index\":{}}\n[1]\n\
                {\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n{\"delete\":{\"_id\":\"1\"}}\n\
                {\"create\":{}}\n{broken\n{\"index\":{}}\n{\"b\":2}\n";
    let answer = call(&elastic(&test), "POST /l/_bulk", TOKEN, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["errors"], true);
    let expected = [
        "index l 201 -",
        "index l 400 document_parsing_exception",
        "update l 400 illegal_argument_exception",
        "delete l 400 illegal_argument_exception",
        "create l 400 document_parsing_exception",
        "index l 201 -",
    ];
    assert_eq!(results(&answer.json()), expected);
    let lines = test.lines();
    let starts = [
        "l - {\"a\":1}",
        "!l - [1] (document is no JSON object: ",
        "!l - {\"doc\":{}} (update is not supported: events stay)",
        "!l - {broken (document is no JSON object: ",
        "l - {\"b\":2}",
    ];
    assert_eq!(lines.len(), starts.len());
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[tokio::test]
async fn a_malformed_request_leaves_nothing() {
    let test = TestIntake::new();
    let router = elastic(&test);
    for (path, body, kind) in [
        ("/l/_bulk", "{\"index\":{}}\n{}\nnonsense\n{}\n", "illegal_argument_exception"),
        ("/l/_bulk", "{\"index\":{}}\n", "illegal_argument_exception"),
        ("/_bulk", "{\"index\":{}}\n{}\n", "action_request_validation_exception"),
        ("/_bulk", "\n", "action_request_validation_exception"),
    ] {
        let answer = call(&router, &format!("POST {path}"), TOKEN, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["error"]["type"], kind, "{body}");
        assert_eq!(answer.json()["status"], 400);
    }
    let only_deletes = "{\"delete\":{\"_id\":\"1\"}}\n";
    let answer = call(&router, "POST /l/_bulk", TOKEN, only_deletes).await;
    assert_eq!(results(&answer.json()), ["delete l 400 illegal_argument_exception"]);
    assert!(test.lines().is_empty());
}

#[tokio::test]
async fn single_documents_are_stored() {
    let test = TestIntake::new();
    let router = elastic(&test);
    for (line, id) in [
        ("POST /logs-2026.11.22/_doc", None),
        ("PUT /l/_doc/a%2Fb", Some("a/b")),
        ("PUT /l/_create/7", Some("7")),
    ] {
        let answer = call(&router, line, TOKEN, " {\"a\":1}\n").await;
        assert_eq!(answer.status, StatusCode::CREATED, "{line}");
        let json = answer.json();
        assert_eq!(json["result"], "created");
        assert_eq!(json.get("status"), None);
        assert!(id.is_none_or(|id| json["_id"] == id), "{json}");
        assert_ne!(json["_id"], "");
    }
    let answer = call(&router, "POST /l/_doc", TOKEN, " \n").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error"]["type"], "document_parsing_exception");
    let lines = test.lines();
    let stored = [
        "logs-2026.11.22 - {\"a\":1}",
        "l - {\"a\":1,\"_id\":\"a/b\"} < {\"a\":1}",
        "l - {\"a\":1,\"_id\":\"7\"} < {\"a\":1}",
    ];
    assert_eq!(lines[..3], stored);
    assert!(lines[3].starts_with("!l -  (document is no JSON object"), "{}", lines[3]);
}

#[tokio::test]
async fn credentials_of_every_kind_are_checked() {
    let test = TestIntake::new();
    test.add_token("asks", |record| record.scopes = vec![Scope::Query]);
    test.add_token("old", |record| record.revoked = true);
    let router = elastic(&test);
    for (value, status) in [
        ("Basic dTphbGw=", StatusCode::OK),
        ("ApiKey aWQ6YWxs", StatusCode::OK),
        ("ApiKey all", StatusCode::OK),
        ("Bearer all", StatusCode::OK),
        ("Splunk all", StatusCode::UNAUTHORIZED),
        ("Basic dTpndWVzcw==", StatusCode::UNAUTHORIZED),
        ("Bearer old", StatusCode::UNAUTHORIZED),
        ("Bearer asks", StatusCode::FORBIDDEN),
        ("", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::get("/").header(header::AUTHORIZATION, value);
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{value}");
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch", "{value}");
        let challenges = answer.headers.get_all(header::WWW_AUTHENTICATE).iter().count();
        assert_eq!(challenges, if status == StatusCode::UNAUTHORIZED { 3 } else { 0 }, "{value}");
        if status != StatusCode::OK {
            assert_eq!(answer.json()["error"]["type"], "security_exception", "{value}");
        }
    }
    let answer = send(&router, Request::post("/l/_bulk").body(Body::from("x")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_for_some_indexes_sends_to_no_other() {
    let test = TestIntake::new();
    test.add_token("a", |record| record.indexes = vec!["a".to_owned()]);
    test.add_token("s", |record| record.sources = vec!["s".to_owned()]);
    let router = elastic(&test);
    let body = "{\"index\":{\"_index\":\"b\"}}\nbroken\n{\"index\":{\"_index\":\"a\"}}\n{}\n\
                {\"index\":{\"_index\":\"b\"}}\n{}\n";
    let answer = call(&router, "POST /_bulk", "a", body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected =
        ["index b 403 security_exception", "index a 201 -", "index b 403 security_exception"];
    assert_eq!(results(&answer.json()), expected);
    assert_eq!(call(&router, "POST /b/_doc", "a", "{}").await.status, StatusCode::FORBIDDEN);
    assert_eq!(call(&router, "POST /b/_doc", "s", "{}").await.status, StatusCode::FORBIDDEN);
    assert_eq!(test.lines(), ["a - {}"]);
}

#[tokio::test]
async fn handshakes_are_answered_in_the_type_that_was_asked_for() {
    let test = TestIntake::new();
    let router = elastic(&test);
    let info = call(&router, "GET /", TOKEN, "").await.json();
    assert_eq!(info["tagline"], "You Know, for Search");
    assert_eq!(info["version"]["number"], "8.19.0");
    for (line, status, part) in [
        ("HEAD /", 200, ""),
        ("GET /_cluster/health", 200, "\"status\":\"green\""),
        ("GET /_license?human=false", 200, "\"status\":\"active\""),
        ("GET /_xpack", 200, "\"features\":{}"),
        ("GET /_nodes/http", 200, "\"publish_address\":\"localhost:9200\""),
        ("PUT /_index_template/t", 200, "{\"acknowledged\":true}"),
        ("PUT /_ilm/policy/p", 200, "{\"acknowledged\":true}"),
        ("GET /_ilm/policy/p", 404, "resource_not_found_exception"),
        ("HEAD /_index_template/t", 404, ""),
        ("PUT /logs", 200, "\"index\":\"logs\""),
        ("HEAD /logs", 200, ""),
        ("GET /logs", 200, "{\"logs\":{"),
        ("POST /l/_refresh", 200, "\"_shards\""),
        ("GET /l/_doc/1", 404, ""),
        ("POST /_search", 404, "no handler found"),
        ("DELETE /l", 404, "no handler found"),
    ] {
        let answer = call(&router, line, TOKEN, "").await;
        assert_eq!(answer.status, status, "{line}");
        assert!(answer.body.contains(part), "{line}: {}", answer.body);
        assert_eq!(answer.body.is_empty(), line.starts_with("HEAD"), "{line}");
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch", "{line}");
        assert_eq!(answer.header("content-type"), "application/json", "{line}");
    }
    let accept = "application/vnd.elasticsearch+json; compatible-with=9";
    let request = Request::get("/nothing/here").header(header::ACCEPT, accept);
    let answer = send(&router, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("content-type"), accept);
    assert!(test.lines().is_empty());
}

#[tokio::test]
async fn what_cannot_be_taken_now_is_refused_in_words_that_clients_know() {
    let journal = JournalOptions { bytes_max: 1, ..JournalOptions::default() };
    let full = TestIntake::with_limits(IntakeLimits::default(), journal);
    let narrow =
        TestIntake::with_limits(IntakeLimits { in_flight_bytes_max: 5 }, JournalOptions::default());
    let closed = TestIntake::new();
    closed.intake.close();
    for (test, status, kind) in [
        (&full, 429, "es_rejected_execution_exception"),
        (&narrow, 429, "es_rejected_execution_exception"),
        (&closed, 503, "node_closed_exception"),
    ] {
        for (line, body) in
            [("POST /_bulk", "{\"index\":{\"_index\":\"l\"}}\n{}\n"), ("POST /l/_doc", "{\"a\":1}")]
        {
            let answer = call(&elastic(test), line, TOKEN, body).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.json()["error"]["type"], kind);
            assert_eq!(answer.json()["status"], status);
        }
    }
}

#[tokio::test]
async fn compressed_bodies_and_limits() {
    let test = TestIntake::new();
    let body = BodyLimits {
        stored_bytes_max: 100,
        decoded_bytes_max: 200,
        time_max: Duration::from_secs(9),
    };
    let options = ElasticOptions { body, actions_max: 2, ..ElasticOptions::default() };
    let router = router(test.intake.clone(), test.access.clone(), options);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let one = "{\"index\":{\"_index\":\"l\"}}\n{\"a\":1}\n";
    let spaces = " ".repeat(300);
    for (body, status) in [
        (gzip(one), 200),
        (gzip(one).split_at(12).0.to_vec(), 400),
        (one.into(), 400),
        (gzip(&spaces), 413),
        (vec![0; 101], 413),
        (gzip(&one.repeat(3)), 413),
    ] {
        let request = Request::post("/_bulk")
            .header(header::AUTHORIZATION, "Bearer all")
            .header(header::CONTENT_ENCODING, "gzip");
        let answer = send(&router, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(test.lines(), ["l - {\"a\":1}"]);
    let item = json!({"type": "content_too_long_exception"});
    let answer =
        call(&router, "POST /_bulk", TOKEN, "{\"delete\":{\"_index\":\"l\"}}\n".repeat(3)).await;
    assert_eq!(answer.json()["error"]["type"], item["type"]);
}
