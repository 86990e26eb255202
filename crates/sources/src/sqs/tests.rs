//! Requests as a small server sees them, and what becomes of its answers. A real server is in the
//! tests of crate `headwater-ingest`.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;

use super::*;
use crate::sigv4::{SecretKey, Signature, Signed};
use crate::test_intake::now;

/// What the server answers, and what it was asked for.
#[derive(Debug, Clone)]
struct Server {
    status: StatusCode,
    answer: Arc<str>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    fn new(status: u16, answer: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        Self { status, answer: answer.into(), requests: Arc::default() }
    }

    /// Starts the server; returns a queue on it.
    async fn queue(&self) -> SqsQueue {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", post(answer)).with_state(self.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        queue_at(&format!("http://{address}/123456789012/logs")).unwrap()
    }

    /// Operations and parameters so far.
    fn requests(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

async fn answer(
    State(server): State<Server>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let keys = HashMap::from([("ID".to_owned(), SecretKey::from_text("SECRET".to_owned()))]);
    let signature = Signature::of(SERVICE, &headers, &keys, now()).unwrap();
    signature.verify(Signed { method: "POST", uri: &uri, headers: &headers }, &body).unwrap();
    assert_eq!(headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(headers["x-amz-security-token"], "TOKEN");
    let operation = headers[TARGET].to_str().unwrap().to_owned();
    let parameters = serde_json::from_slice(&body).unwrap();
    server.requests.lock().unwrap().push((operation, parameters));
    (server.status, server.answer.to_string())
}

fn options(queue_url: &str) -> SqsOptions {
    let key = AwsKey {
        id: "ID".to_owned(),
        secret: SecretKey::from_text("SECRET".to_owned()),
        session_token: Some(SecretKey::from_text("TOKEN".to_owned())),
    };
    let (queue_url, region) = (queue_url.to_owned(), "eu-central-1".to_owned());
    SqsOptions { queue_url, region, key, visibility_timeout: SqsOptions::VISIBILITY_TIMEOUT }
}

fn queue_at(queue_url: &str) -> Result<SqsQueue, SqsError> {
    SqsQueue::new(options(queue_url), now)
}

#[tokio::test]
async fn messages_are_received() {
    let server = Server::new(
        200,
        r#"{"Messages":[{"MessageId":"1","ReceiptHandle":"r1","MD5OfBody":"x","Body":"{\"a\":1}"},
            {"MessageId":"2","ReceiptHandle":"r2","Body":"b"}]}"#,
    );
    let queue = server.queue().await;
    let received = queue.receive(Duration::from_secs(99)).await.unwrap();
    let received: Vec<_> =
        received.iter().map(|message| (&*message.receipt, &*message.body)).collect();
    assert_eq!(received, [("r1", r#"{"a":1}"#), ("r2", "b")]);
    let parameters = json!({
        "QueueUrl": queue.url(),
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 20,
        "VisibilityTimeout": 300,
    });
    assert_eq!(server.requests(), [("AmazonSQS.ReceiveMessage".to_owned(), parameters)]);

    for empty in ["{}", r#"{"Messages":null}"#, r#"{"Messages":[]}"#] {
        let queue = Server::new(200, empty).queue().await;
        assert_eq!(queue.receive(Duration::ZERO).await.unwrap(), [], "{empty}");
    }
}

#[tokio::test]
async fn many_messages_are_deleted_and_kept_in_requests_of_ten() {
    let server = Server::new(
        200,
        r#"{"Successful":[{"Id":"0"},{"Id":"1"}],"Failed":[{"Id":"2","Code":"x"}]}"#,
    );
    let queue = server.queue().await;
    let receipts: Vec<String> = (0..11).map(|number| format!("r{number}")).collect();
    let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
    assert_eq!(queue.delete(&receipts).await.unwrap(), 4);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].0, "AmazonSQS.DeleteMessageBatch");
    assert_eq!(requests[0].1["Entries"].as_array().unwrap().len(), 10);
    assert_eq!(requests[1].1["Entries"], json!([{"Id": "0", "ReceiptHandle": "r10"}]));

    assert_eq!(queue.keep(&["a"]).await.unwrap(), 2);
    let entries = json!([{"Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": 300}]);
    let parameters = json!({"QueueUrl": queue.url(), "Entries": entries});
    let expected = [("AmazonSQS.ChangeMessageVisibilityBatch".to_owned(), parameters)];
    assert_eq!(server.requests(), expected);
    assert_eq!(queue.delete(&[]).await.unwrap(), 0);
    assert_eq!(server.requests(), []);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let check = async |status: u16, answer: &str, kind: ErrorKind, text: &str| {
        let queue = Server::new(status, answer).queue().await;
        let error = queue.receive(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {answer}");
        let error = error.to_string();
        assert!(error.starts_with("failed to receive from queue `http://"), "{error}");
        assert!(error.ends_with(text), "{error}");
    };
    let gone = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No such queue."}"#;
    let text = "/logs`: status 400, QueueDoesNotExist: No such queue.";
    check(400, gone, ErrorKind::NotFound, text).await;
    for (status, code, kind) in [
        (400, "AWS.SimpleQueueService.NonExistentQueue", ErrorKind::NotFound),
        (403, "AccessDeniedException", ErrorKind::Denied),
        (400, "com.amazon.coral.service#UnrecognizedClientException", ErrorKind::Denied),
        (403, "InvalidSignatureException", ErrorKind::Denied),
        (400, "ExpiredTokenException", ErrorKind::Denied),
        (400, "com.amazonaws.sqs#RequestThrottled", ErrorKind::Unavailable),
        (400, "ThrottlingException", ErrorKind::Unavailable),
        (403, "OverLimit", ErrorKind::Unavailable),
        (400, "InvalidParameterValueException", ErrorKind::Invalid),
        (500, "InternalFailure", ErrorKind::Unavailable),
    ] {
        let answer = json!({"__type": code, "Message": "because"}).to_string();
        let text = format!("{}: because", code.rsplit('#').next().unwrap());
        check(status, &answer, kind, &text).await;
    }
    let text = "status 503, no code: no reason given";
    check(503, "<html>", ErrorKind::Unavailable, text).await;
    check(404, "", ErrorKind::Invalid, "status 404, no code: no reason given").await;
}

#[tokio::test]
async fn what_is_no_answer_is_unavailable() {
    let queue = Server::new(200, "<html>").queue().await;
    let error = queue.receive(Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, SqsError::Answer { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // Nobody listens on the discard port.
    let queue = queue_at("http://127.0.0.1:9/1/logs").unwrap();
    let error = queue.delete(&["a"]).await.unwrap_err();
    assert!(matches!(error, SqsError::Request { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn settings_are_checked_before_use() {
    let check = |options: SqsOptions, reason: &str| {
        let error = SqsQueue::new(options, now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().ends_with(reason), "{error}");
    };
    let fine = || options("https://sqs.eu-central-1.amazonaws.com/1/logs");
    assert_eq!(SqsQueue::new(fine(), now).unwrap().endpoint.path(), "/");
    check(options("logs"), "it is not a URL");
    check(options("sqs://host/1/logs"), "its URL must begin with https:// and a host");
    let told = "`host/1/logs` is not a queue that can be used: its URL must not hold credentials";
    check(options("https://me:pass@host/1/logs"), told);
    check(options("https://host/"), "its URL has no name of a queue");
    check(SqsOptions { region: String::new(), ..fine() }, "the region is missing");
    let timeout = "the visibility timeout must be from 1 second to 12 hours";
    check(SqsOptions { visibility_timeout: Duration::ZERO, ..fine() }, timeout);
    check(SqsOptions { visibility_timeout: Duration::from_secs(43_201), ..fine() }, timeout);
    check(SqsOptions { region: "a\nb".to_owned(), ..fine() }, "cannot be sent");
}

#[test]
fn secrets_are_never_shown() {
    let queue = queue_at("https://sqs.eu-central-1.amazonaws.com/1/logs").unwrap();
    let shown = format!("{queue:?}");
    assert!(shown.contains("ID") && !shown.contains("SECRET") && !shown.contains("TOKEN"));
    let message = SqsMessage { id: "1".to_owned(), receipt: "r".to_owned(), body: "b!".to_owned() };
    assert_eq!(format!("{message:?}"), r#"SqsMessage { id: "1", body_bytes: 2, .. }"#);
}
