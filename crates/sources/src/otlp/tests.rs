//! Whole requests over a journal, read back from it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use headwater_access::{Token, TokenFile, TokenRecord};
use headwater_event::Timestamp;
use headwater_journal::{Journal, JournalOptions, Next};
use http_body_util::BodyExt as _;
use prost::Message as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::answer::RETRY_AFTER_SECONDS;
use super::messages::{
    AnyValue, ExportLogsServiceRequest, ExportLogsServiceResponse, KeyValue, LogRecord, Resource,
    ResourceLogs, ScopeLogs, Status, Value,
};
use super::*;
use crate::envelope_batch::EnvelopeBatch;
use crate::intake::IntakeLimits;

const PROTOBUF: &str = "application/x-protobuf";
const GRPC_PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// A source over a journal of its own; the token `all` may send anything, `svc` for one source.
struct Fixture {
    _folder: TempDir,
    journal: Journal,
    intake: Intake,
    access: Access,
    options: OtlpOptions,
    limited: String,
}

impl Fixture {
    fn new(journal: JournalOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(&folder.path().join("journal"), journal, |_| 0).unwrap();
        let (_, committed) = tokio::sync::watch::channel(0);
        let now = || Timestamp::from_micros(7);
        let intake = Intake::new(journal.clone(), committed, IntakeLimits::default(), now);
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let limited = Token::generate().unwrap();
        let mut record = TokenRecord::new(&limited, "limited", now());
        record.sources = vec!["svc".to_owned()];
        file.add(record).unwrap();
        let all = Token::from_text("all".to_owned());
        let access = Access::open(file, Some(("all", &all))).unwrap();
        let limited = limited.expose().to_owned();
        let options = OtlpOptions::default();
        Self { _folder: folder, journal, intake, access, options, limited }
    }

    fn router(&self) -> Router {
        let parts = || (self.intake.clone(), self.access.clone(), self.options);
        let (http, grpc) = (parts(), parts());
        router(http.0, http.1, http.2).merge(grpc_router(grpc.0, grpc.1, grpc.2))
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let (parts, body) = self.router().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Answer {
            status: parts.status,
            headers: parts.headers,
            trailers,
            body: body.to_bytes().to_vec(),
        }
    }

    async fn post(&self, content_type: &str, body: Vec<u8>) -> Answer {
        let headers = [("content-type", content_type), ("authorization", "Bearer all")];
        self.send("/v1/logs", &headers, body).await
    }

    async fn call(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let fixed = [("content-type", "application/grpc"), ("te", "trailers")];
        self.send(GRPC_PATH, &[&fixed, headers].concat(), body).await
    }

    /// What is in the journal: `source|host|origin|time|JSON` or `!reason original`.
    fn stored(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let mut reader = self.journal.reader(0);
        while let Some(Next::Entry(entry)) = reader.read_ready().unwrap() {
            let batch = EnvelopeBatch::decode(entry.payload.to_vec(), entry.sequence).unwrap();
            for record in batch.freeze().records() {
                let (origin, text) = (record.origin, String::from_utf8_lossy(record.original));
                let label = |label: &Option<Arc<str>>| label.as_deref().unwrap_or("-").to_owned();
                rows.push(match record.fault {
                    Some(fault) => format!("!{} {text}", fault.reason),
                    None => format!(
                        "{}|{}|{}|{}|{}|{text}",
                        label(&origin.source),
                        label(&origin.host),
                        label(&origin.sourcetype),
                        origin.name,
                        record.time.map_or(-1, Timestamp::as_micros),
                    ),
                });
            }
        }
        rows
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    trailers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> String {
        assert_eq!(self.header("content-type"), "application/json");
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn rejected(&self) -> Option<(i64, String)> {
        assert_eq!((self.status, self.header("content-type")), (StatusCode::OK, PROTOBUF));
        let answer = ExportLogsServiceResponse::decode(self.body.as_slice()).unwrap();
        answer.partial_success.map(|part| (part.rejected_log_records, part.error_message))
    }
}

fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::String(text.to_owned())) })
}

fn record(message: &str) -> LogRecord {
    LogRecord { time_unix_nano: 5_000, body: text(message), ..LogRecord::default() }
}

fn resource(source: &str, records: Vec<Vec<u8>>) -> Vec<u8> {
    let pair = |key: &str, value: &str| KeyValue { key: key.to_owned(), value: text(value) };
    let attributes = vec![pair("service.name", source), pair("host.name", "h")];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let log_records = records.into_iter().map(Into::into).collect();
    let scope = ScopeLogs { log_records, ..ScopeLogs::default() }.encode_to_vec();
    ResourceLogs { resource, scope_logs: vec![scope.into()], ..ResourceLogs::default() }
        .encode_to_vec()
}

fn request(resources: Vec<Vec<u8>>) -> Vec<u8> {
    let resource_logs = resources.into_iter().map(Into::into).collect();
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn request_of(message: &str) -> Vec<u8> {
    request(vec![resource("svc", vec![record(message).encode_to_vec()])])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], length.as_slice(), message].concat()
}

/// What is stored of `request_of`.
fn stored(message: &str) -> String {
    format!(
        "svc|h|otlp|otlp|5|{{\"time_unix_nano\":\"5000\",\"message\":\"{message}\",\
         \"resource\":{{\"attributes\":{{\"service.name\":\"svc\",\"host.name\":\"h\"}}}}}}"
    )
}

#[tokio::test]
async fn records_are_stored_in_every_encoding() {
    let fixture = Fixture::new(JournalOptions::default());
    assert_eq!(fixture.post(PROTOBUF, request_of("one")).await.rejected(), None);

    let headers = [
        ("content-type", "application/x-protobuf"),
        ("content-encoding", "gzip"),
        ("authorization", "Basic dTphbGw="),
    ];
    let answer = fixture.send("/v1/logs", &headers, gzip(&request_of("two"))).await;
    assert_eq!(answer.rejected(), None);

    let json = br#"{"resourceLogs":[{"resource":{"attributes":[
        {"key":"service.name","value":{"stringValue":"svc"}},
        {"key":"host.name","value":{"stringValue":"h"}}]},"scopeLogs":[{"scope":null,
        "logRecords":[{"timeUnixNano":"5000","body":{"stringValue":"three"}}]}]}],"more":1}"#;
    let answer = fixture.post("application/json; charset=utf-8", json.to_vec()).await;
    assert_eq!((answer.status, answer.json().as_str()), (StatusCode::OK, "{}"));

    for empty in [Vec::new(), request(vec![resource("svc", vec![])])] {
        assert_eq!(fixture.post(PROTOBUF, empty).await.rejected(), None);
    }
    assert_eq!(fixture.stored(), ["one", "two", "three"].map(stored));
}

#[tokio::test]
async fn a_large_body_is_read_like_a_small_one() {
    let fixture = Fixture::new(JournalOptions::default());
    let long = "x".repeat(100_000);
    assert_eq!(fixture.post(PROTOBUF, request_of(&long)).await.rejected(), None);
    assert_eq!(fixture.stored(), [stored(&long)]);
}

#[tokio::test]
async fn refused_records_are_counted_and_kept_as_rejects() {
    let fixture = Fixture::new(JournalOptions::default());
    let good = || record("good").encode_to_vec();
    let body = request(vec![
        resource("other", vec![good(), good()]),
        resource("svc", vec![good(), b"\xff".to_vec()]),
    ]);
    let limited = format!("Bearer {}", fixture.limited);
    let headers = [("content-type", PROTOBUF), ("authorization", &limited)];
    let (refused, reasons) = fixture.send("/v1/logs", &headers, body).await.rejected().unwrap();
    assert_eq!(refused, 3);
    let denied = "source other is not for this token";
    assert!(reasons.starts_with(&format!("{denied}; failed to decode Protobuf")), "{reasons}");

    let rows = fixture.stored();
    let other = stored("good").replace("svc", "other");
    let other = format!("!{denied} {}", other.rsplit_once('|').unwrap().1);
    assert_eq!(rows[..3], [other.clone(), other, stored("good")]);
    assert!(rows[3].ends_with(" \u{fffd}"), "{}", rows[3]);
}

#[tokio::test]
async fn refused_records_are_counted_in_json() {
    let fixture = Fixture::new(JournalOptions::default());
    let (open, close) = (r#"{"arrayValue":{"values":["#, "]}}");
    let deep = format!("{{\"body\":{}{}}}", open.repeat(100_000), close.repeat(100_000));
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{deep},{{}}]}}]}}]}}"#);
    let answer = fixture.post("application/json", body.into_bytes()).await;
    let refused: serde_json::Value = serde_json::from_str(&answer.json()).unwrap();
    let reason = "values are nested deeper than 30 levels";
    let expected = serde_json::json!({"rejectedLogRecords": "1", "errorMessage": reason});
    assert_eq!(refused["partialSuccess"], expected);
    let rows = fixture.stored();
    assert!(rows[0] == format!("!{reason} {deep}"));
    assert_eq!(rows[1], "-|-|otlp|otlp|-1|{}");
}

#[tokio::test]
async fn deep_protobuf_is_a_reject() {
    let fixture = Fixture::new(JournalOptions::default());
    let push = |field: u8, inner: &[u8]| {
        let mut message = vec![field << 3 | 2];
        prost::encode_length_delimiter(inner.len(), &mut message).unwrap();
        [&message, inner].concat()
    };
    let value = (0..2_000).fold(Vec::new(), |inner, _| push(5, &push(1, &inner)));
    let body = request(vec![resource("svc", vec![push(5, &value)])]);
    let deep = "values are nested deeper than 30 levels";
    assert_eq!(fixture.post(PROTOBUF, body).await.rejected(), Some((1, deep.to_owned())));
}

#[tokio::test]
async fn requests_that_are_none_are_refused_in_their_encoding() {
    let fixture = Fixture::new(JournalOptions::default());
    let answer = fixture.post(PROTOBUF, b"\xff".to_vec()).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::BAD_REQUEST, PROTOBUF));
    let status = Status::decode(answer.body.as_slice()).unwrap();
    assert_eq!((status.code, status.details.len()), (3, 0));
    assert!(status.message.starts_with("failed to decode Protobuf message"));

    for body in ["", "[", "[{}]", "{\"resourceLogs\":7}"] {
        let answer = fixture.post("application/json", body.into()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.json().starts_with(r#"{"code":3,"message":""#), "{body}");
    }
    for (headers, status, code) in [
        (vec![("content-type", "application/json")], 401, 16),
        (vec![("content-type", "application/json"), ("authorization", "Bearer no")], 401, 16),
        (vec![("content-type", "text/plain"), ("authorization", "Bearer all")], 415, 12),
        (vec![("authorization", "Bearer all")], 415, 12),
        (
            vec![
                ("content-type", "application/json"),
                ("authorization", "Bearer all"),
                ("content-encoding", "br"),
            ],
            415,
            12,
        ),
    ] {
        let answer = fixture.send("/v1/logs", &headers, b"{}".to_vec()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        assert!(answer.json().starts_with(&format!("{{\"code\":{code},")), "{headers:?}");
    }
    assert_eq!(fixture.stored(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_or_closing_server_says_when_to_come_back() {
    let full = JournalOptions { bytes_max: 1, ..JournalOptions::default() };
    let fixture = Fixture::new(full);
    for _ in ["full", "closing"] {
        let answer = fixture.post(PROTOBUF, request_of("x")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), RETRY_AFTER_SECONDS.to_string());
        assert_eq!(Status::decode(answer.body.as_slice()).unwrap().code, 14);

        let answer =
            fixture.call(&[("authorization", "Bearer all")], frame(0, &request_of("x"))).await;
        assert_eq!((answer.status, answer.header("grpc-status")), (StatusCode::OK, "14"));
        assert_eq!(answer.header("google.rpc.retryinfo-bin"), "CgIIBQ");
        assert!(!answer.header("grpc-status-details-bin").is_empty());
        fixture.intake.close();
    }
    assert_eq!(fixture.intake.memory().used(), 0);
}

#[tokio::test]
async fn limits_hold() {
    let mut fixture = Fixture::new(JournalOptions::default());
    fixture.options.body.stored_bytes_max = 1_000;
    let long = request_of(&"x".repeat(1_000));
    assert_eq!(fixture.post(PROTOBUF, long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let authorization = ("authorization", "Bearer all");
    let answer = fixture.call(&[authorization], frame(0, &long)).await;
    assert_eq!((answer.status, answer.header("grpc-status")), (StatusCode::OK, "8"));

    fixture.options.body.decoded_bytes_max = 1_000;
    let bomb = frame(1, &gzip(&long));
    let answer = fixture.call(&[authorization, ("grpc-encoding", "gzip")], bomb).await;
    assert_eq!(answer.header("grpc-status"), "8");

    fixture.options.made_bytes_max = 100;
    let answer = fixture.post(PROTOBUF, request_of("x")).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(fixture.stored(), Vec::<String>::new());
    assert_eq!(fixture.intake.memory().used(), 0);
}

#[tokio::test]
async fn grpc_messages_are_unframed() {
    let fixture = Fixture::new(JournalOptions::default());
    let authorization = ("authorization", "Bearer all");
    let (gzip_name, plain) = (("grpc-encoding", "gzip"), request_of("x"));
    for (headers, body) in [
        (vec![authorization], frame(0, &plain)),
        (vec![authorization, gzip_name], frame(0, &plain)),
        (vec![authorization, gzip_name], frame(1, &gzip(&plain))),
    ] {
        let answer = fixture.call(&headers, body).await;
        assert_eq!(answer.header("content-type"), "application/grpc");
        assert_eq!(answer.trailers.get("grpc-status").unwrap(), "0");
        assert_eq!(answer.body, [0; 5]);
    }
    assert_eq!(fixture.stored(), [stored("x"), stored("x"), stored("x")]);

    for (headers, body, code) in [
        (vec![], frame(0, &plain), "16"),
        (vec![authorization], Vec::new(), "3"),
        (vec![authorization], frame(2, &plain), "3"),
        (vec![authorization], frame(1, &plain), "3"),
        (vec![authorization], frame(0, b"\xff"), "3"),
        (vec![authorization], [frame(0, &plain), frame(0, &plain)].concat(), "3"),
        (vec![authorization, ("grpc-encoding", "br")], frame(1, &plain), "12"),
    ] {
        let answer = fixture.call(&headers, body).await;
        assert_eq!((answer.status, answer.header("grpc-status")), (StatusCode::OK, code));
        assert!(answer.body.is_empty());
    }
    let headers = [("content-type", "application/json"), authorization];
    let answer = fixture.send(GRPC_PATH, &headers, plain).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
