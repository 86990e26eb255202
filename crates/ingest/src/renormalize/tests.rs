//! What records are made of rows; what becomes of them is tested from outside.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use super::record::{Record, Records};
use super::row::Rows;

/// A row of `events` with these texts.
fn row(texts: &[(&str, &str)], class_uid: Option<i32>) -> RecordBatch {
    let names = ["raw", "details", "ocsf", "severity", "summary", "category", "source", "host"];
    let text = |name: &str| {
        let found = texts.iter().find(|(given, _)| *given == name).map(|(_, text)| *text);
        Arc::new(StringArray::from(vec![found])) as ArrayRef
    };
    let time =
        || Arc::new(TimestampMicrosecondArray::from(vec![1]).with_timezone("UTC")) as ArrayRef;
    let columns = names.into_iter().map(|name| (name, text(name)));
    let others = [
        ("class_uid", Arc::new(Int32Array::from(vec![class_uid])) as ArrayRef),
        ("metadata_product_name", text("metadata_product_name")),
        ("utctimestamp", time()),
        ("ingested_at", time()),
    ];
    let columns = columns.chain(others).map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn text(record: &Record) -> String {
    String::from_utf8(record.json.clone()).unwrap()
}

#[test]
fn a_record_is_its_own_text_with_what_its_sender_added() {
    let check = |raw: &str, details: &str, expected: Option<&str>| {
        let batch = row(&[("raw", raw), ("details", details)], None);
        let rows = Rows::new(&batch).unwrap();
        let record = Records::default().of_raw(&rows.row(0));
        assert_eq!(record.as_ref().map(text).as_deref(), expected, "{raw} {details}");
    };
    check(r#"{"A": 1.0}"#, r#"{"a":1.0}"#, Some(r#"{"A": 1.0}"#));
    // A line of text, whatever it looks like, is what its framing made of it.
    check("plain text", r#"{"message":"plain text"}"#, Some(r#"{"message":"plain text"}"#));
    check(r#"{"a":1}"#, r#"{"message":"{\"a\":1}"}"#, Some(r#"{"message":"{\"a\":1}"}"#));
    check("7", r#"{"message":7}"#, Some(r#"{"message":7}"#));
    check(
        "Mar  1 00:00:01 web sshd[7]: closed",
        r#"{"message":"closed","program":"sshd"}"#,
        Some(
            r#"{"message":"closed","timestamp":"Mar  1 00:00:01","hostname":"web","program":"sshd","processid":"7"}"#,
        ),
    );
    check(
        "Mar  1 00:00:01 web sshd[7]: closed",
        r#"{"message":"Mar  1 00:00:01 web sshd[7]: closed"}"#,
        Some(r#"{"message":"Mar  1 00:00:01 web sshd[7]: closed"}"#),
    );
    // HEC's fields and the ids of bulk requests stand beside the text.
    check(r#"{"a":1}"#, r#"{"a":1,"fields":{"b":2}}"#, Some(r#"{"a":1,"fields":{"b":2}}"#));
    check(r#"{"a":1}"#, r#"{"a":1,"_id":"x"}"#, Some(r#"{"a":1,"_id":"x"}"#));
    check(r#"{"Fields":1}"#, r#"{"fields":1}"#, Some(r#"{"Fields":1}"#));
    check(
        "text",
        r#"{"message":"text","fields":{"b":2}}"#,
        Some(r#"{"message":"text","fields":{"b":2}}"#),
    );
    // The row of a table does not tell the names of its columns.
    check("1,2,3", r#"{"a":1,"b":2,"c":3}"#, None);
    check("1,2,3", r#"{"message":"2"}"#, None);
    let batch = row(&[("details", "{}")], None);
    assert_eq!(Records::default().of_raw(&Rows::new(&batch).unwrap().row(0)), None);
}

#[test]
fn a_record_of_details_has_the_keys_that_unmapped_spells_and_the_shell_of_its_own() {
    let check = |texts: &[(&str, &str)], expected: &[&str]| {
        let batch = row(texts, None);
        let rows = Rows::new(&batch).unwrap();
        let records = Records::default().of_details(&rows.row(0));
        assert_eq!(records.iter().map(text).collect::<Vec<_>>(), expected, "{texts:?}");
    };
    check(
        &[
            (
                "details",
                r#"{"eventname":"x","user":{"accountid":1,"n":[{"id":2}]},"_utcprocessedtimestamp":"t"}"#,
            ),
            (
                "ocsf",
                r#"{"class_uid":0,"unmapped":{"eventName":"x","user":{"accountId":1,"N":[{"ID":2}]}}}"#,
            ),
            ("severity", "INFO"),
            ("summary", "UNKNOWN"),
            ("source", "UNKNOWN"),
        ],
        &[r#"{"eventName":"x","user":{"accountId":1,"N":[{"ID":2}]}}"#],
    );
    check(
        &[
            ("details", r#"{"a":1,"summary":{"x":1}}"#),
            ("severity", "ERR"),
            ("summary", "own"),
            ("category", "audit"),
            ("source", "falco"),
        ],
        &[
            r#"{"a":1,"summary":{"x":1},"severity":"ERR","category":"audit"}"#,
            r#"{"a":1,"summary":{"x":1},"severity":"ERR","category":"audit","source":"falco"}"#,
        ],
    );
    // Copies that normalizers made are not of the record.
    let copies =
        r#"{"id.orig_h":"1.1.1.1","sourceipaddress":"1.1.1.1","_ipaddresses":["1.1.1.1"]}"#;
    check(&[("details", copies)], &[r#"{"id.orig_h":"1.1.1.1"}"#]);
    let own = r#"{"sourceipaddress":"1.1.1.1","_ipaddresses":["1.1.1.1"]}"#;
    check(&[("details", own)], &[r#"{"sourceipaddress":"1.1.1.1"}"#]);
    check(&[("details", "no json")], &[]);
    check(&[("details", "{}"), ("ocsf", "no json")], &[]);
}

#[test]
fn the_operators_name_of_a_source_is_known_unless_the_record_has_its_own() {
    let check = |texts: &[(&str, &str)], class, names_source, expected: Option<&str>| {
        let batch = row(texts, class);
        let origin = Rows::new(&batch).unwrap().row(0).origin(names_source);
        assert_eq!(origin.source.as_deref(), expected, "{texts:?}");
    };
    check(&[("source", "web")], None, false, Some("web"));
    check(&[("source", "UNKNOWN")], None, false, None);
    check(&[("source", "own")], None, true, None);
    let product = [("source", "own"), ("metadata_product_name", "web")];
    check(&product, Some(0), true, Some("web"));
    check(&product, Some(3002), true, None);
    check(&[("metadata_product_name", "Unknown")], Some(0), true, None);
}
