//! Files and rows that are in no file yet, together.

use std::sync::Arc;

use arrow::array::RecordBatch;
use headwater_lake::Lake;

use super::{ROWS, answer, lake, rows};
use crate::{FreshBatch, FreshRows, Session, SessionOptions};

/// Rows that are in no file.
#[derive(Debug)]
struct Fresh(RecordBatch);

impl FreshRows for Fresh {
    fn batches(&self) -> Vec<FreshBatch> {
        vec![FreshBatch { partition: Arc::from("fresh"), position: 1, rows: self.0.clone() }]
    }
}

/// Three files of documents with few names and ports.
fn of_file(file: usize) -> RecordBatch {
    let document = |row: usize| Some(format!(r#"{{"name":"n{}","port":"{}"}}"#, row % 7, row % 3));
    let documents: Vec<_> = (0..ROWS).map(|row| document(file + row)).collect();
    rows(file * ROWS, &documents, &vec![None; ROWS])
}

/// Two files, of which one has hidden columns, and rows of which no file has been made yet.
async fn growing() -> (Lake, Session, Session) {
    let (lake, committed) = lake(&[0, 1].map(of_file), |file| file == 0).await;
    let fresh: Arc<dyn FreshRows> = Arc::new(Fresh(of_file(2)));
    let options =
        SessionOptions { threads: Some(2), fresh: Some(fresh), ..SessionOptions::default() };
    let growing = Session::open(&lake, options).await.unwrap();
    (lake, committed, growing)
}

#[tokio::test]
async fn files_are_answered_from_columns_beside_rows_that_are_in_none() {
    let (_growing, _, session) = growing().await;
    let (_lake, whole) = lake(&[0, 1, 2].map(of_file), |file| file == 0).await;
    let [name, port] =
        ["name", "port"].map(|key| format!("json_extract_scalar(details, '$.{key}')"));
    for sql in [
        format!("SELECT eventid, {name} AS name FROM events ORDER BY eventid"),
        // Rows that are left out cannot be cast.
        format!(
            "SELECT source, CAST(substr(source || {name} || coalesce(ocsf, ''), 7) AS BIGINT) AS x
             FROM events WHERE source = 'third' ORDER BY 1, 2"
        ),
        format!("SELECT eventid FROM events WHERE {name} = 'n1' ORDER BY eventid"),
        format!("SELECT eventid FROM events WHERE {name} = 'n1' AND {port} <> '2' ORDER BY 1"),
        format!("SELECT {name} AS name, eventid FROM events ORDER BY {port}, eventid LIMIT 9"),
        format!("SELECT count(DISTINCT {name}) AS n, max({port}) AS most FROM events"),
        format!("SELECT {port} AS port, min({name}) AS least FROM events GROUP BY 1 ORDER BY 1"),
        format!(
            "SELECT {name} AS name, count(*) AS n FROM events WHERE {port} = '1' GROUP BY 1 ORDER BY 1"
        ),
    ] {
        let ((found, report), (expected, of_whole)) =
            (answer(&session, &sql).await, answer(&whole, &sql).await);
        assert_eq!(found, expected, "{sql}");
        assert_eq!((report.files_from_columns, report.files_parsed), (1, 1), "{sql}");
        assert_eq!((of_whole.files_from_columns, of_whole.files_parsed), (1, 2), "{sql}");
    }
}

#[tokio::test]
async fn rows_that_are_in_no_file_are_limited() {
    let (lake, _) = lake(&[], |_| false).await;
    let fresh: Arc<dyn FreshRows> = Arc::new(Fresh(of_file(0)));
    let options = SessionOptions { fresh: Some(fresh), ..SessionOptions::default() };
    let session = Session::open(&lake, options).await.unwrap();
    let sql = "SELECT source, json_extract_scalar(details, '$.name') || coalesce(ocsf, '') AS x
        FROM events WHERE source = 'third' LIMIT 5";
    let found = session.query(sql, &[]).await.unwrap().collect().await.unwrap();
    assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
}

#[tokio::test]
async fn groups_are_counted_by_number_where_texts_are_only_grouped_by() {
    let (_lake, committed, growing) = growing().await;
    let [name, port] =
        ["name", "port"].map(|key| format!("json_extract_scalar(details, '$.{key}')"));
    let groups =
        |keys: &str, what: &str| format!("SELECT {keys} AS k, {what} FROM events GROUP BY 1");
    let guarded = format!("CASE WHEN {port} <> '1' THEN CAST({port} AS BIGINT) END");
    for (sql, is_by_number) in [
        (groups(&name, "count(*)"), true),
        (groups("source", "count(*)"), true),
        (groups(&name, &format!("sum(CAST({port} AS BIGINT))")), true),
        (groups(&format!("CAST({port} AS BIGINT)"), "count(*)"), true),
        // Computed, also read as a text, cast for some rows only.
        (groups(&format!("lower({name})"), "count(*)"), false),
        (groups(&name, &format!("max({name})")), false),
        (groups(&format!("year || {name}"), &format!("sum({guarded})")), false),
    ] {
        for (session, rows) in [(&committed, 2 * ROWS), (&growing, 3 * ROWS)] {
            let plan = session.query(&sql, &[]).await.unwrap().plan_text();
            let by_number = plan.contains("DictionaryAggregateExec");
            assert_eq!(by_number, is_by_number, "{sql}: {plan}");
            let checked = sql.replace("AS k,", "AS k, count(*) AS n,");
            let checked = format!("SELECT count(*) AS groups, sum(n) AS rows FROM ({checked})");
            let (found, report) = answer(session, &checked).await;
            let is_asked = u64::from(sql.contains("details"));
            let reads = (report.files_from_columns, report.files_parsed);
            assert_eq!(reads, (is_asked, is_asked), "{sql}");
            let is_found = |groups| found.contains(&format!("| {groups}      | {rows}  |"));
            assert!(is_found(3) || is_found(7), "{sql}: {found}");
        }
    }
}
