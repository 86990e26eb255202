//! Signatures that botocore 1.44 computed, with the example key of AWS's documentation.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::test_intake::now;

/// Id of the example key.
pub(crate) const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// Its secret.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The service of the signatures.
const SERVICE: &str = "firehose";

/// The body that was signed.
const BODY: &str = r#"{"DeliveryStreamName":"app","Record":{"Data":"eyJhIjoxfQo="}}"#;

/// Signature of the plain request.
const PLAIN: &str = "f44e9820df6d5cbdca342adb862a37dd12c93545401fdb873ec18cf00e06b8a1";

/// Signature of a request with many headers, and which.
const MANY: &str = "e02b04973ee0cd0884adbc5322df351a1c883e2da1ffec809a207b50034024d0";
const MANY_HEADERS: &str = "amz-sdk-request;content-length;content-type;host;x-amz-date;\
                            x-amz-security-token;x-amz-target;x-amz-user-agent";

/// Those that the signer does not add.
const MANY_VALUES: [(&str, &str); 5] = [
    ("x-amz-target", "Firehose_20150804.PutRecord"),
    ("content-type", "application/x-amz-json-1.1"),
    ("x-amz-user-agent", "  two   blanks  "),
    ("content-length", "61"),
    ("amz-sdk-request", "attempt=1; max=3"),
];

pub(crate) fn keys() -> HashMap<String, SecretKey> {
    HashMap::from([(KEY.to_owned(), SecretKey::from_text(SECRET.to_owned()))])
}

/// A request as it was signed; tests change a part of it.
#[derive(Debug, Clone)]
struct Sent {
    uri: &'static str,
    scope: &'static str,
    signed_headers: &'static str,
    signature: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
}

fn plain() -> Sent {
    Sent {
        uri: "/",
        scope: "20261122/us-east-1/firehose/aws4_request",
        signed_headers: "content-type;host;x-amz-date;x-amz-target",
        signature: PLAIN,
        headers: vec![
            ("host", "localhost:9004"),
            ("x-amz-target", "Firehose_20150804.PutRecord"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20261122T012317Z"),
        ],
        body: BODY,
    }
}

fn check_at(sent: &Sent, now: Timestamp) -> Result<(), SignatureFault> {
    let uri: Uri = sent.uri.parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in &sent.headers {
        headers.append(*name, value.parse().unwrap());
    }
    let Sent { scope, signed_headers, signature, .. } = sent;
    let value = format!(
        "{ALGORITHM} Credential={KEY}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    headers.insert(header::AUTHORIZATION, value.parse().unwrap());
    let signed = Signed { method: "POST", uri: &uri, headers: &headers };
    Signature::of(SERVICE, &headers, &keys(), now)?.verify(signed, sent.body.as_bytes())
}

fn check(sent: &Sent) -> Result<(), String> {
    check_at(sent, now()).map_err(|fault| fault.to_string())
}

#[test]
fn signatures_of_clients_are_believed() {
    assert_eq!(check(&plain()), Ok(()));
    let mut many = plain();
    many.scope = "20261122/eu-central-1/firehose/aws4_request";
    many.signed_headers = MANY_HEADERS;
    many.signature = MANY;
    many.headers.extend(&MANY_VALUES[2..]);
    many.headers.extend([("x-amz-security-token", "SESSION"), ("not-signed", "anything")]);
    assert_eq!(check(&many), Ok(()));
    let query = Sent {
        uri: "/?b=2%2F&a=x~%20y&a",
        signature: "8a171fe6585690dfedc633e17329e82d987953d796955b8760f8e0a1e16e5788",
        ..plain()
    };
    assert_eq!(check(&query), Ok(()));
    let mut http2 = Sent { uri: "http://localhost:9004/", ..plain() };
    http2.headers.remove(0);
    assert_eq!(check(&http2), Ok(()));
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let mismatch = "The request signature we calculated does not match";
    let mut changed = vec![
        Sent { body: "{}", ..plain() },
        Sent { uri: "/x", ..plain() },
        Sent { uri: "/?a=1", ..plain() },
        Sent { scope: "20261122/eu-central-1/firehose/aws4_request", ..plain() },
        Sent { signed_headers: "host;x-amz-date;x-amz-target", ..plain() },
        Sent { signature: "00", ..plain() },
        Sent { signature: "", ..plain() },
    ];
    for (number, value) in
        ["localhost:9005", "Firehose_20150804.PutRecordBatch", "text/plain", "20261122T012318Z"]
            .into_iter()
            .enumerate()
    {
        let mut sent = plain();
        sent.headers[number].1 = value;
        changed.push(sent);
    }
    for sent in &changed {
        let error = check(sent).unwrap_err();
        assert!(error.starts_with(mismatch), "{sent:?}: {error}");
    }
}

#[test]
fn scope_and_time_must_fit() {
    let kinesis = Sent {
        scope: "20261122/us-east-1/kinesis/aws4_request",
        signature: "fb0f8eb5e33843e1d4581ed9b289b11273f9082d4abec624298d790dbe385087",
        ..plain()
    };
    let service = "Credential should be scoped to correct service: 'firehose'.";
    assert_eq!(check(&kinesis), Err(service.to_owned()));
    let day = Sent { scope: "20261121/us-east-1/firehose/aws4_request", ..plain() };
    let date = "Date in Credential scope does not match X-Amz-Date";
    assert_eq!(check(&day), Err(date.to_owned()));
    let at = |text: &str| time::parse_iso_fast(text).unwrap();
    for (now, is_believed) in [
        ("2026-11-22T01:28:17Z", true),
        ("2026-11-22T01:28:18Z", false),
        ("2026-11-22T01:18:17Z", true),
        ("2026-11-22T01:18:16Z", false),
    ] {
        assert_eq!(check_at(&plain(), at(now)).is_ok(), is_believed, "{now}");
    }
}

#[test]
fn what_cannot_be_read_has_a_reason() {
    let keys = keys();
    let mut headers = HeaderMap::new();
    headers.insert(DATE_HEADER, "20261122T012317Z".parse().unwrap());
    assert_eq!(
        Signature::of(SERVICE, &headers, &keys, now()).unwrap_err(),
        SignatureFault::Missing
    );
    let scope = "20261122/us-east-1/firehose/aws4_request";
    let names = "host;x-amz-date;x-amz-target";
    for (value, reason) in [
        ("Bearer x".to_owned(), "Authorization is not AWS4-HMAC-SHA256"),
        (
            format!("{ALGORITHM} SignedHeaders={names}"),
            "Authorization header requires 'Credential='",
        ),
        (
            format!("{ALGORITHM} Credential={KEY}/{scope},SignedHeaders={names},Signature=0g"),
            "'Signature' is not hexadecimal",
        ),
        (
            format!("{ALGORITHM} Credential={KEY}/x,SignedHeaders={names},Signature=00"),
            "'Credential' must be KEY/DATE/REGION/SERVICE/aws4_request",
        ),
        (
            format!(
                "{ALGORITHM} Credential={KEY}/{scope},SignedHeaders=host;x-amz-date,Signature=00"
            ),
            "'x-amz-target' must be a signed header",
        ),
        (
            format!("{ALGORITHM} Credential=OTHER/{scope},SignedHeaders={names},Signature=00"),
            "The security token included in the request is invalid.",
        ),
    ] {
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        let fault = Signature::of(SERVICE, &headers, &keys, now()).unwrap_err();
        assert_eq!(fault.to_string(), reason, "{value}");
    }
    for text in ["", "20261122T012317", "2026-11-22T01:23", "20261322T012317Z", "20261122T01231éZ"]
    {
        assert_eq!(read_instant(text), None, "{text}");
    }
}

#[test]
fn secrets_are_never_shown() {
    assert_eq!(format!("{:?}", keys()), format!("{{{KEY:?}: ***}}"));
}

/// Headers of a signed request to the service.
pub(crate) fn sign(target: &str, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("host", "localhost:9004".parse().unwrap());
    headers.insert("x-amz-target", target.parse().unwrap());
    sign_at(&mut headers, body, "us-east-1", None);
    headers
}

fn sign_at(headers: &mut HeaderMap, body: &[u8], region: &str, session_token: Option<&str>) {
    let session_token = session_token.map(|token| SecretKey::from_text(token.to_owned()));
    let secret = SecretKey::from_text(SECRET.to_owned());
    let key = AwsKey { id: KEY.to_owned(), secret, session_token };
    let signer = Signer { key: &key, region, service: SERVICE };
    let uri = Uri::from_static("http://localhost:9004/");
    let now = time::parse_iso_fast("2026-11-22T01:23:17.999Z").unwrap();
    signer.sign(("POST", &uri), headers, body, now).unwrap();
}

#[test]
fn requests_are_signed_as_botocore_signs_them() {
    let check = |count: usize, region: &str, token, signed_headers: &str, signature: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in &MANY_VALUES[..count] {
            headers.insert(*name, value.parse().unwrap());
        }
        sign_at(&mut headers, BODY.as_bytes(), region, token);
        let expected = format!(
            "{ALGORITHM} Credential={KEY}/20261122/{region}/firehose/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        );
        assert_eq!(headers["authorization"], expected.as_str());
        assert_eq!(headers["x-amz-date"], "20261122T012317Z");
        assert!(headers.get("host").is_none(), "the client adds it");
    };
    check(2, "us-east-1", None, "content-type;host;x-amz-date;x-amz-target", PLAIN);
    check(5, "eu-central-1", Some("SESSION"), MANY_HEADERS, MANY);
}

#[test]
fn what_cannot_be_in_a_header_is_not_signed() {
    let secret = SecretKey::from_text(SECRET.to_owned());
    let key = AwsKey { id: "two\nlines".to_owned(), secret, session_token: None };
    let signer = Signer { key: &key, region: "us-east-1", service: SERVICE };
    let uri = Uri::from_static("/");
    assert!(signer.sign(("POST", &uri), &mut HeaderMap::new(), b"", now()).is_err());
}
