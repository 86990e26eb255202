//! One record after the other, from both encodings to its object.
#![allow(clippy::unwrap_used)]

use prost::Message as _;

use super::super::messages::{ArrayValue, KeyValueList};
use super::*;

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text(text: &str) -> AnyValue {
    any(Value::String(text.to_owned()))
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value) }
}

fn list(values: Vec<KeyValue>) -> AnyValue {
    any(Value::Kvlist(KeyValueList { values }))
}

fn array(values: Vec<AnyValue>) -> AnyValue {
    any(Value::Array(ArrayValue { values }))
}

fn object(record: &LogRecord) -> Result<String, TooDeep> {
    let mut json = Vec::new();
    push_record(record, b"", b"", &mut json)?;
    Ok(String::from_utf8(json).unwrap())
}

/// The record is the same after both encodings, and becomes this object.
fn check(sent: &str, record: &LogRecord, expected: &str) {
    let read: LogRecord = serde_json::from_str(sent).unwrap();
    assert_eq!(object(&read).unwrap(), expected, "{sent}");
    let encoded = record.encode_to_vec();
    let decoded = LogRecord::decode(encoded.as_slice()).unwrap();
    assert_eq!(object(&decoded).unwrap(), expected, "{sent}");
    serde_json::from_str::<serde_json::Value>(expected).unwrap();
}

#[test]
fn every_field_is_kept_under_its_name() {
    let record = LogRecord {
        time_unix_nano: 1_795_310_801_075_161_600,
        observed_time_unix_nano: u64::MAX,
        severity_number: 13,
        severity_text: "WARN".to_owned(),
        body: Some(text("say \"hi\"")),
        attributes: vec![pair("n", any(Value::Int(3)))],
        dropped_attributes_count: 2,
        flags: 1,
        trace_id: vec![0xab; 16],
        span_id: vec![0, 1, 2, 3, 4, 5, 6, 0xff],
        event_name: "e".to_owned(),
    };
    check(
        r#"{"timeUnixNano":"1795310801075161600","observedTimeUnixNano":18446744073709551615,
            "severityNumber":13,"severityText":"WARN","body":{"stringValue":"say \"hi\""},
            "attributes":[{"key":"n","value":{"intValue":"3"}}],"droppedAttributesCount":2,
            "flags":1,"traceId":"ABababababababababababababababab","spanId":"00010203040506ff",
            "eventName":"e","unknown":[{}]}"#,
        &record,
        concat!(
            r#"{"time_unix_nano":"1795310801075161600","#,
            r#""observed_time_unix_nano":"18446744073709551615","severity_number":13,"#,
            r#""severity_text":"WARN","message":"say \"hi\"","attributes":{"n":3},"#,
            r#""dropped_attributes_count":2,"flags":1,"#,
            r#""trace_id":"abababababababababababababababab","span_id":"00010203040506ff","#,
            r#""event_name":"e"}"#
        ),
    );
    check("{}", &LogRecord::default(), "{}");
    let nulls = r#"{"timeUnixNano":null,"severityText":null,"attributes":null,"traceId":null,
        "flags":null,"body":null}"#;
    check(nulls, &LogRecord::default(), "{}");
}

#[test]
fn bodies_of_every_type_are_kept() {
    for (sent, body, expected) in [
        (r#"{"stringValue":""}"#, text(""), r#""message":"""#),
        (r#"{"stringValue":"{\"a\":1}"}"#, text("{\"a\":1}"), r#""message":"{\"a\":1}""#),
        (r#"{"boolValue":false}"#, any(Value::Bool(false)), r#""body":false"#),
        (r#"{"boolValue":true}"#, any(Value::Bool(true)), r#""body":true"#),
        (r#"{"intValue":-7}"#, any(Value::Int(-7)), r#""body":-7"#),
        (r#"{"intValue":1e3}"#, any(Value::Int(1_000)), r#""body":1000"#),
        (
            r#"{"intValue":"-9223372036854775808"}"#,
            any(Value::Int(i64::MIN)),
            r#""body":-9223372036854775808"#,
        ),
        (r#"{"doubleValue":1}"#, any(Value::Double(1.0)), r#""body":1.0"#),
        (r#"{"doubleValue":0.1}"#, any(Value::Double(0.1)), r#""body":0.1"#),
        (r#"{"doubleValue":"1e300"}"#, any(Value::Double(1e300)), r#""body":1e+300"#),
        (r#"{"doubleValue":"NaN"}"#, any(Value::Double(f64::NAN)), r#""body":"NaN""#),
        (
            r#"{"doubleValue":"-Infinity"}"#,
            any(Value::Double(f64::NEG_INFINITY)),
            r#""body":"-Infinity""#,
        ),
        (
            r#"{"doubleValue":"Infinity"}"#,
            any(Value::Double(f64::INFINITY)),
            r#""body":"Infinity""#,
        ),
        (r#"{"bytesValue":"-_8"}"#, any(Value::Bytes(vec![0xfb, 0xff])), r#""body":"+/8=""#),
        (r#"{"bytesValue":"+/8="}"#, any(Value::Bytes(vec![0xfb, 0xff])), r#""body":"+/8=""#),
        (r#"{"arrayValue":{}}"#, array(vec![]), r#""body":[]"#),
        (
            r#"{"arrayValue":{"values":[{"intValue":"1"},{},{"stringValue":"x"}]}}"#,
            array(vec![any(Value::Int(1)), AnyValue::default(), text("x")]),
            r#""body":[1,null,"x"]"#,
        ),
        (r#"{"kvlistValue":{"values":[]}}"#, list(vec![]), r#""body":{}"#),
        (
            r#"{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}},{"key":"b"}]}}"#,
            list(vec![
                pair("a", any(Value::Bool(true))),
                KeyValue { key: "b".to_owned(), value: None },
            ]),
            r#""body":{"a":true,"b":null}"#,
        ),
        (r#"{"newValue":{}}"#, AnyValue::default(), r#""body":null"#),
        (r#"{"stringValue":null,"intValue":"1"}"#, any(Value::Int(1)), r#""body":1"#),
    ] {
        let record = LogRecord { body: Some(body), ..LogRecord::default() };
        check(&format!("{{\"body\":{sent}}}"), &record, &format!("{{{expected}}}"));
    }
}

#[test]
fn attributes_of_the_same_name_are_numbered() {
    let attributes = ["a", "a_2", "a", ""].map(|name| pair(name, text(name))).to_vec();
    let record = LogRecord { attributes, ..LogRecord::default() };
    let expected = r#"{"attributes":{"a":"a","a_2":"a_2","a_3":"a","":""}}"#;
    assert_eq!(object(&record).unwrap(), expected);
}

#[test]
fn wrong_json_is_refused() {
    for (sent, reason) in [
        (r#"{"traceId":"abc"}"#, "expected hexadecimal digits"),
        (r#"{"traceId":"zz"}"#, "expected hexadecimal digits"),
        (r#"{"flags":-1}"#, "expected a whole number in the range of its field"),
        (r#"{"flags":1.5}"#, "expected a whole number in the range of its field"),
        (r#"{"timeUnixNano":"18446744073709551616"}"#, "expected a whole number in the range"),
        (r#"{"body":{"bytesValue":"?"}}"#, "expected base64"),
        (r#"{"body":{"stringValue":"a","intValue":1}}"#, "a value of two types"),
        (r#"{"body":{"stringValue":1}}"#, "expected a string"),
        (r#"{"body":"text"}"#, "expected an object with one value, such as `stringValue`"),
        (r#"{"body":{"doubleValue":"x"}}"#, "expected a number"),
    ] {
        let error = serde_json::from_str::<LogRecord>(sent).unwrap_err().to_string();
        assert!(error.contains(reason), "{sent}: {error}");
    }
}

/// An object with so many others inside.
fn nested(depth: usize) -> LogRecord {
    let body = (1..depth).fold(list(vec![]), |inner, _| list(vec![pair("a", inner)]));
    LogRecord { body: Some(body), ..LogRecord::default() }
}

#[test]
fn depth_is_limited_alike_in_both_encodings() {
    let json_of = |depth: usize| {
        let (open, close) = (r#"{"kvlistValue":{"values":[{"key":"a","value":"#, "}]}}");
        let inner = r#"{"kvlistValue":{}}"#;
        format!("{{\"body\":{}{inner}{}}}", open.repeat(depth - 1), close.repeat(depth - 1))
    };
    let deepest = nested(VALUE_DEPTH_MAX);
    let expected = format!("{{\"body\":{}{{}}{}}}", r#"{"a":"#.repeat(29), "}".repeat(29));
    check(&json_of(VALUE_DEPTH_MAX), &deepest, &expected);
    assert_eq!(object(&nested(VALUE_DEPTH_MAX + 1)), Err(TooDeep));

    let attribute = |record: LogRecord| LogRecord {
        attributes: vec![pair("b", record.body.unwrap())],
        ..LogRecord::default()
    };
    let deepest = attribute(deepest).encode_to_vec();
    assert!(object(&LogRecord::decode(deepest.as_slice()).unwrap()).is_ok());
}

#[test]
fn resource_and_scope_say_all_or_nothing() {
    assert_eq!(resource_object(None, "").unwrap(), b"");
    assert_eq!(scope_object(Some(&InstrumentationScope::default()), "").unwrap(), b"");
    let resource = Resource {
        attributes: vec![pair("host.name", text("h"))],
        dropped_attributes_count: 1,
        entity_refs: vec![EntityRef {
            kind: "host".to_owned(),
            id_keys: vec!["host.id".to_owned(), "b".to_owned()],
            ..EntityRef::default()
        }],
    };
    let expected = concat!(
        r#"{"attributes":{"host.name":"h"},"dropped_attributes_count":1,"#,
        r#""entity_refs":[{"type":"host","id_keys":["host.id","b"],"description_keys":[]}],"#,
        r#""schema_url":"u"}"#
    );
    let text_of = |json: Vec<u8>| String::from_utf8(json).unwrap();
    assert_eq!(text_of(resource_object(Some(&resource), "u").unwrap()), expected);
    let scope = InstrumentationScope {
        name: "s".to_owned(),
        version: "1".to_owned(),
        attributes: vec![pair("a", text("b"))],
        dropped_attributes_count: 0,
    };
    let expected = r#"{"name":"s","version":"1","attributes":{"a":"b"}}"#;
    assert_eq!(text_of(scope_object(Some(&scope), "").unwrap()), expected);

    let mut json = Vec::new();
    push_record(&LogRecord::default(), b"{\"r\":1}", b"{\"s\":1}", &mut json).unwrap();
    assert_eq!(text_of(json), r#"{"resource":{"r":1},"scope":{"s":1}}"#);
}

#[test]
fn the_time_is_that_of_the_event_before_that_of_its_arrival() {
    for (made, observed, expected) in [
        (0, 0, None),
        (1_999, 5_000, Some(1)),
        (0, 5_000, Some(5)),
        (u64::MAX, 0, Some(18_446_744_073_709_551)),
    ] {
        let record = LogRecord {
            time_unix_nano: made,
            observed_time_unix_nano: observed,
            ..LogRecord::default()
        };
        assert_eq!(time(&record).map(Timestamp::as_micros), expected);
    }
}
