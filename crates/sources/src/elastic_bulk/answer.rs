//! Answers in the form of Elasticsearch: its product header and content type on every one of them
//! (its clients refuse a server without), its errors, and the results of a bulk request.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::actions::Verb;

/// Header by which clients know what they speak to.
const PRODUCT: HeaderName = HeaderName::from_static("x-elastic-product");

/// An answer without the headers that all have.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    json: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// An answer with this body.
    pub(super) fn new(status: StatusCode, body: &Value) -> Self {
        Self::of_json(status, body.to_string().into_bytes())
    }

    /// An answer with a body that is written already.
    pub(super) const fn of_json(status: StatusCode, json: Vec<u8>) -> Self {
        Self { status, json, headers: Vec::new() }
    }

    /// An error about the whole request.
    pub(super) fn error(status: StatusCode, kind: &str, reason: &str) -> Self {
        let cause = json!({"type": kind, "reason": reason});
        let error = json!({"root_cause": [&cause], "type": kind, "reason": reason});
        Self::new(status, &json!({"error": error, "status": status.as_u16()}))
    }

    /// The answer with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to a request with these headers.
    pub(super) fn into_response(self, request: &HeaderMap) -> Response {
        let mut response = Response::new(Body::from(self.json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(PRODUCT, HeaderValue::from_static("Elasticsearch"));
        headers.insert(header::CONTENT_TYPE, content_type(request));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

/// The compatible type that a client asks for; otherwise plain JSON.
fn content_type(request: &HeaderMap) -> HeaderValue {
    let accept = request.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let version = accept.and_then(|accept| {
        let (_, parameters) = accept.split_once("application/vnd.elasticsearch+json")?;
        let (_, version) = parameters.split_once("compatible-with=")?;
        let digits = version.bytes().take(3).take_while(u8::is_ascii_digit).count();
        version.get(..digits).filter(|version| !version.is_empty())
    });
    let compatible = version.and_then(|version| {
        let text = format!("application/vnd.elasticsearch+json; compatible-with={version}");
        HeaderValue::from_str(&text).ok()
    });
    compatible.unwrap_or(HeaderValue::from_static("application/json"))
}

/// Why one document is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) reason: String,
}

/// The document of a result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) index: &'a str,
    pub(super) id: &'a str,
    /// Which document of the request, from 0.
    pub(super) number: usize,
}

#[derive(Serialize)]
struct Created<'a> {
    _index: &'a str,
    _id: &'a str,
    _version: u8,
    result: &'static str,
    _shards: Shards,
    _seq_no: usize,
    _primary_term: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

#[derive(Serialize)]
struct Shards {
    total: u8,
    successful: u8,
    failed: u8,
}

#[derive(Serialize)]
struct Failed<'a> {
    _index: &'a str,
    _id: &'a str,
    status: u16,
    error: Reason<'a>,
}

#[derive(Serialize)]
struct Reason<'a> {
    r#type: &'a str,
    reason: &'a str,
}

impl<'a> Created<'a> {
    const fn new(target: Target<'a>, status: Option<u16>) -> Self {
        Self {
            _index: target.index,
            _id: target.id,
            _version: 1,
            result: "created",
            _shards: Shards { total: 1, successful: 1, failed: 0 },
            _seq_no: target.number,
            _primary_term: 1,
            status,
        }
    }
}

/// The answer to one document that was taken.
pub(super) fn created(target: Target<'_>) -> Answer {
    let mut json = Vec::new();
    push_json(&Created::new(target, None), &mut json);
    Answer::of_json(StatusCode::CREATED, json)
}

/// The results of a bulk request, in the order of its actions.
#[derive(Debug, Default)]
pub(super) struct Items {
    json: Vec<u8>,
    has_errors: bool,
}

impl Items {
    /// Adds the result of an action.
    pub(super) fn push(&mut self, verb: Verb, target: Target<'_>, result: Result<(), &Refused>) {
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        self.json.extend_from_slice(b"{\"");
        self.json.extend_from_slice(verb.name().as_bytes());
        self.json.extend_from_slice(b"\":");
        match result {
            Ok(()) => {
                let status = Some(StatusCode::CREATED.as_u16());
                push_json(&Created::new(target, status), &mut self.json);
            }
            Err(refused) => {
                self.has_errors = true;
                let error = Reason { r#type: refused.kind, reason: &refused.reason };
                let status = refused.status.as_u16();
                let failed = Failed { _index: target.index, _id: target.id, status, error };
                push_json(&failed, &mut self.json);
            }
        }
        self.json.push(b'}');
    }

    /// Memory of the results, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.json.len()
    }

    /// The answer. `took` is in milliseconds.
    pub(super) fn answer(self, took: i64) -> Answer {
        let start = format!("{{\"took\":{took},\"errors\":{},\"items\":[", self.has_errors);
        let mut json = self.json;
        json.splice(0..0, start.into_bytes());
        json.extend_from_slice(b"]}");
        Answer::of_json(StatusCode::OK, json)
    }
}

fn push_json(value: &impl Serialize, json: &mut Vec<u8>) {
    // Writing numbers and text to memory does not fail.
    let _ = serde_json::to_writer(json, value);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn content_type_is_what_the_client_asks_for() {
        let compatible = "application/vnd.elasticsearch+json; compatible-with=";
        for (accept, expected) in [
            ("*/*", "application/json".to_owned()),
            ("application/json", "application/json".to_owned()),
            ("application/vnd.elasticsearch+json; compatible-with=9", format!("{compatible}9")),
            ("application/vnd.elasticsearch+json;compatible-with=8", format!("{compatible}8")),
            ("application/vnd.elasticsearch+json; compatible-with=x", "application/json".into()),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(content_type(&headers), expected, "{accept}");
        }
        assert_eq!(content_type(&HeaderMap::new()), "application/json");
    }

    #[test]
    fn results_keep_their_order_and_name_their_errors() {
        let target = |number| Target { index: "i", id: "\"", number };
        let mut items = Items::default();
        items.push(Verb::Index, target(0), Ok(()));
        let reason = "r".to_owned();
        let refused = Refused { status: StatusCode::BAD_REQUEST, kind: "k", reason };
        items.push(Verb::Delete, target(1), Err(&refused));
        let answer: Value = serde_json::from_slice(&items.answer(5).json).unwrap();
        let expected = json!({"took": 5, "errors": true, "items": [
            {"index": {
                "_index": "i", "_id": "\"", "_version": 1, "result": "created",
                "_shards": {"total": 1, "successful": 1, "failed": 0},
                "_seq_no": 0, "_primary_term": 1, "status": 201,
            }},
            {"delete": {
                "_index": "i", "_id": "\"", "status": 400, "error": {"type": "k", "reason": "r"},
            }},
        ]});
        assert_eq!(answer, expected);
        let answer: Value = serde_json::from_slice(&Items::default().answer(0).json).unwrap();
        assert_eq!(answer, json!({"took": 0, "errors": false, "items": []}));
    }
}
