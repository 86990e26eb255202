//! The router as producers and Firehose see it, and what is in the journal afterwards.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_access::Scope;
use headwater_journal::JournalOptions;
use serde_json::{Value, json};

use super::{FirehoseOptions, router};
use crate::intake::IntakeLimits;
use crate::sigv4::tests::{keys, sign};
use crate::test_intake::{Answered, TOKEN, TestIntake, now, send};

fn firehose(test: &TestIntake) -> Router {
    let options = FirehoseOptions { keys: keys(), ..FirehoseOptions::default() };
    router(test.intake.clone(), test.access.clone(), options)
}

async fn post(router: &Router, headers: HeaderMap, body: Vec<u8>) -> Answered {
    let mut request = Request::post("/").body(Body::from(body)).unwrap();
    *request.headers_mut() = headers;
    send(router, request).await
}

/// Calls an operation of the API.
async fn call(test: &TestIntake, operation: &str, input: &Value) -> Answered {
    let body = input.to_string().into_bytes();
    let target = format!("Firehose_20150804.{operation}");
    post(&firehose(test), sign(&target, &body), body).await
}

fn data(text: impl AsRef<[u8]>) -> Value {
    json!({"Data": STANDARD.encode(text)})
}

#[tokio::test]
async fn records_that_are_put_are_stored_in_order() {
    let test = TestIntake::new();
    let input = json!({"DeliveryStreamName": "app", "Record": data("{\"a\":1}\n")});
    let answer = call(&test, "PutRecord", &input).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.1");
    assert!(!answer.header("x-amzn-requestid").is_empty());
    assert_eq!(answer.json()["Encrypted"], false);
    assert!(answer.json()["RecordId"].is_string());

    let records = [data("{\"b\":1}{\"b\":2}"), data("é\n"), data([0, 255]), data("")];
    let input = json!({"DeliveryStreamName": "app", "Records": records});
    let answer = call(&test, "PutRecordBatch", &input).await.json();
    assert_eq!(answer["FailedPutCount"], 0);
    assert_eq!(answer["Encrypted"], false);
    let mut ids: Vec<&str> = answer["RequestResponses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["RecordId"].as_str().unwrap())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let lines = test.lines();
    let expected =
        ["- app {\"a\":1}", "- app {\"b\":1}", "- app {\"b\":2}", "- app {\"message\":\"é\"} < é"];
    assert_eq!(lines[..4], expected);
    assert_eq!(lines.len(), 5);
    assert_eq!(&*test.stored()[0].origin.name, "firehose");
}

#[tokio::test]
async fn streams_are_described() {
    let test = TestIntake::new();
    let answer = call(&test, "DescribeDeliveryStream", &json!({"DeliveryStreamName": "s"})).await;
    let description = &answer.json()["DeliveryStreamDescription"];
    assert_eq!(description["DeliveryStreamStatus"], "ACTIVE");
    let arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
    assert_eq!(description["DeliveryStreamARN"], arn);
    let answer = call(&test, "ListDeliveryStreams", &json!({"Limit": 10})).await;
    assert_eq!(answer.json(), json!({"DeliveryStreamNames": [], "HasMoreDeliveryStreams": false}));
}

#[tokio::test]
async fn calls_outside_the_limits_are_refused_as_a_whole() {
    let test = TestIntake::new();
    let invalid = "InvalidArgumentException";
    let put = |records: Vec<Value>| json!({"DeliveryStreamName": "s", "Records": records});
    let large = || data(vec![b' '; 1_024_000]);
    for (operation, input, kind) in [
        ("PutRecordBatch", put(vec![data("{}"); 501]), invalid),
        ("PutRecordBatch", put(Vec::new()), invalid),
        ("PutRecordBatch", put(vec![data("{}"), data(vec![b' '; 1_024_001])]), invalid),
        (
            "PutRecordBatch",
            put(vec![data("{}"), large(), large(), large(), large(), large()]),
            invalid,
        ),
        ("PutRecordBatch", put(vec![data("{}"), json!({"Data": "?"})]), "SerializationException"),
        ("PutRecordBatch", put(vec![data("{}"), json!({})]), "SerializationException"),
        ("PutRecord", json!({"DeliveryStreamName": "s"}), invalid),
        ("PutRecord", json!({"DeliveryStreamName": "a/b", "Record": data("{}")}), invalid),
        ("PutRecord", json!({"Record": data("{}")}), invalid),
        ("PutRecord", json!(1), "SerializationException"),
        ("Delete", json!({}), "UnknownOperationException"),
    ] {
        let answer = call(&test, operation, &input).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{operation}");
        assert_eq!(answer.json()["__type"], kind, "{operation}: {}", answer.body);
        assert_eq!(answer.header("x-amzn-errortype"), kind);
        assert!(answer.json()["message"].is_string());
    }
    assert!(test.lines().is_empty());
    let full = vec![data("{}"); 500];
    assert_eq!(call(&test, "PutRecordBatch", &put(full)).await.status, StatusCode::OK);
    assert_eq!(test.lines().len(), 500);
}

#[tokio::test]
async fn calls_without_a_right_signature_are_refused() {
    let test = TestIntake::new();
    let router = firehose(&test);
    let body = json!({"DeliveryStreamName": "s", "Record": data("{}")}).to_string();
    let signed = || sign("Firehose_20150804.PutRecord", body.as_bytes());
    let changed = |name: &'static str, value: &str| {
        let mut headers = signed();
        headers.insert(name, value.parse().unwrap());
        headers
    };
    let other_key = signed()["authorization"].to_str().unwrap().replace("AKIA", "AKIB");
    for (headers, kind) in [
        (HeaderMap::new(), "MissingAuthenticationTokenException"),
        (changed("authorization", "AWS4-HMAC-SHA256 x"), "IncompleteSignatureException"),
        (changed("authorization", &other_key), "UnrecognizedClientException"),
        (changed("x-amz-target", "Firehose_20150804.PutRecordBatch"), "InvalidSignatureException"),
        (changed("x-amz-date", "20261122T011317Z"), "InvalidSignatureException"),
    ] {
        let answer = post(&router, headers, body.clone().into_bytes()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["__type"], kind);
    }
    let answer = post(&router, signed(), body.replace('s', "t").into_bytes()).await;
    assert_eq!(answer.json()["__type"], "InvalidSignatureException");
    assert!(test.lines().is_empty());
}

/// Headers of a delivery.
fn delivery(token: &str, request_id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-firehose-protocol-version", "1.0".parse().unwrap());
    headers.insert("x-amz-firehose-request-id", request_id.parse().unwrap());
    headers.insert("x-amz-firehose-access-key", token.parse().unwrap());
    let arn = "arn:aws:firehose:us-east-1:123456789012:deliverystream/app";
    headers.insert("x-amz-firehose-source-arn", arn.parse().unwrap());
    headers
}

fn batch(request_id: &str, texts: &[&str]) -> Vec<u8> {
    let record = |text: &&str| json!({"data": STANDARD.encode(text)});
    let records: Vec<Value> = texts.iter().map(record).collect();
    let body =
        json!({"requestId": request_id, "timestamp": 1_795_310_600_000_i64, "records": records});
    body.to_string().into_bytes()
}

#[tokio::test]
async fn a_delivery_is_stored_once_per_token() {
    let test = TestIntake::new();
    test.add_token("other", |_| {});
    let router = firehose(&test);
    let mut headers = delivery(TOKEN, "r1");
    headers.insert("content-encoding", "gzip".parse().unwrap());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&batch("r1", &["{\"a\":1}\n", "{\"a\":2}{\"a\":3}"])).unwrap();
    let body = encoder.finish().unwrap();
    for _ in 0..2 {
        let answer = post(&router, headers.clone(), body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.header("content-type"), "application/json");
        let millis = now().as_micros() / 1_000;
        assert_eq!(answer.json(), json!({"requestId": "r1", "timestamp": millis}));
    }
    let stored = ["- app {\"a\":1}", "- app {\"a\":2}", "- app {\"a\":3}"];
    assert_eq!(test.lines(), stored);
    post(&router, delivery("other", "r1"), batch("r1", &["{\"a\":4}"])).await;
    post(&router, delivery(TOKEN, "r2"), batch("r2", &["{\"a\":5}"])).await;
    assert_eq!(test.lines()[3..], ["- app {\"a\":4}", "- app {\"a\":5}"]);
    let empty = post(&router, delivery(TOKEN, "r3"), batch("r3", &[])).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert_eq!(test.lines().len(), 5);
}

#[tokio::test]
async fn a_delivery_carries_the_labels_of_its_stream() {
    let test = TestIntake::new();
    test.add_token("main", |record| record.indexes = vec!["main".to_owned()]);
    let router = firehose(&test);
    let labels = "{\"commonAttributes\":{\"index\":\"main\",\"source\":\"vpc\",\"env\":\"t\"}}";
    let mut headers = delivery("main", "r1");
    let answer = post(&router, headers.clone(), batch("r1", &["{}"])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    headers.insert("x-amz-firehose-common-attributes", labels.parse().unwrap());
    let answer = post(&router, headers.clone(), batch("r1", &["{\"a\":1}"])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(test.lines(), ["main vpc {\"a\":1}"]);
    headers.insert("x-amz-firehose-common-attributes", "{".parse().unwrap());
    let answer = post(&router, headers, batch("r1", &["{}"])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_delivery_that_is_refused_says_why_and_may_come_again() {
    let test = TestIntake::new();
    test.add_token("asks", |record| record.scopes = vec![Scope::Query]);
    test.add_token("old", |record| record.revoked = true);
    let router = firehose(&test);
    let good = batch("r1", &["{\"a\":1}"]);
    let bad_base64 = b"{\"requestId\":\"r1\",\"records\":[{\"data\":\"e30=\"},{\"data\":\"?\"}]}";
    for (token, body, status) in [
        ("guess", good.clone(), StatusCode::UNAUTHORIZED),
        ("old", good.clone(), StatusCode::FORBIDDEN),
        ("asks", good.clone(), StatusCode::FORBIDDEN),
        (TOKEN, b"{}".to_vec(), StatusCode::BAD_REQUEST),
        (TOKEN, bad_base64.to_vec(), StatusCode::BAD_REQUEST),
        (TOKEN, batch("r2", &["{}"]), StatusCode::BAD_REQUEST),
    ] {
        let answer = post(&router, delivery(token, "r1"), body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.json()["requestId"], "r1");
        assert!(answer.json()["timestamp"].is_i64());
        assert!(answer.json()["errorMessage"].is_string());
    }
    assert!(test.lines().is_empty());
    assert_eq!(post(&router, delivery(TOKEN, "r1"), good).await.status, StatusCode::OK);
    assert_eq!(test.lines(), ["- app {\"a\":1}"]);
}

#[tokio::test]
async fn what_cannot_be_taken_now_may_be_sent_again() {
    let journal = JournalOptions { bytes_max: 1, ..JournalOptions::default() };
    let full = TestIntake::with_limits(IntakeLimits::default(), journal);
    let limits = IntakeLimits { in_flight_bytes_max: 5 };
    let narrow = TestIntake::with_limits(limits, JournalOptions::default());
    let closed = TestIntake::new();
    closed.intake.close();
    let input = json!({"DeliveryStreamName": "s", "Record": data("{}")});
    for test in [&full, &narrow, &closed] {
        let answer = call(test, "PutRecord", &input).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.json()["__type"], "ServiceUnavailableException");
        let body = batch("r1", &["{}"]);
        for _ in 0..2 {
            let answer = post(&firehose(test), delivery(TOKEN, "r1"), body.clone()).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        }
    }
}
