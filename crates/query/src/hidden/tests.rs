//! The same questions to lakes whose files have hidden columns, have none, and are of both kinds:
//! the answers are the same.

#![allow(clippy::unwrap_used)]

mod fresh;
mod generate;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use headwater_lake::hidden::{HiddenOptions, HiddenPath, Wanted};
use headwater_lake::{Commit, Lake, LakeOptions, Table, TableWriter, WriterOptions};
use object_store::memory::InMemory;
use url::Url;

use self::generate::Generator;
use crate::{ScanReport, Session, SessionOptions};

const ROWS: usize = 240;

/// Class of all rows.
const DNS_ACTIVITY: i64 = 4003;

/// Files of each lake.
const FILES: usize = 4;

/// Statements for each seed; each asks several questions.
const STATEMENTS: usize = 500;

/// Least questions that these are.
const QUESTIONS_MIN: usize = 2_300;

/// Rows of `events` with these documents; sources take turns.
fn rows(first: usize, details: &[Option<String>], ocsf: &[Option<String>]) -> RecordBatch {
    let schema = headwater_lake::schema::stored_schema(
        headwater_lake::schema::stored_columns("events").unwrap(),
    );
    let texts = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let count = details.len();
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "details" => texts(details.to_vec()),
        "ocsf" => texts(ocsf.to_vec()),
        "eventid" => texts((0..count).map(|row| Some(format!("{:04}", first + row))).collect()),
        "source" => {
            let names = ["even", "odd", "third"];
            texts((0..count).map(|row| names.get(row % 3).map(|name| (*name).to_owned())).collect())
        }
        "class_uid" => {
            cast(&Int64Array::from(vec![DNS_ACTIVITY; count]), field.data_type()).unwrap()
        }
        _ => match field.data_type() {
            DataType::Timestamp(..) => {
                let times = (0..count).map(|row| (first + row) as i64 * 1_000_000);
                let times: TimestampMicrosecondArray = times.map(Some).collect();
                Arc::new(times.with_timezone("UTC"))
            }
            other => new_null_array(other, count),
        },
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

/// The rows as those of one source: their file has them in order of time.
fn of_one_source(rows: &RecordBatch) -> RecordBatch {
    let (schema, mut columns, _) = rows.clone().into_parts();
    let place = schema.index_of("source").unwrap();
    columns[place] = Arc::new(StringArray::from(vec!["one"; rows.num_rows()]));
    RecordBatch::try_new(schema, columns).unwrap()
}

/// Appends rows as one file.
async fn append(table: &Table, rows: RecordBatch, hidden: HiddenOptions) {
    let options =
        WriterOptions { threads: 1, row_group_rows: 20, hidden, ..WriterOptions::default() };
    let writer = TableWriter::new(table.clone(), options).unwrap();
    let files = writer.write(vec![rows]).await.unwrap();
    table.commit(Commit::append(files, Vec::new())).await.unwrap();
}

fn shredded() -> HiddenOptions {
    HiddenOptions { bytes_percent_max: 100_000, rows_min: 1, ..HiddenOptions::at_compaction() }
}

/// A lake of some files; `is_shredded` says which of them have hidden columns.
async fn lake(files: &[RecordBatch], is_shredded: impl Fn(usize) -> bool) -> (Lake, Session) {
    let url = Url::parse("memory:///lake").unwrap();
    let lake = Lake::with_store(url, Arc::new(InMemory::new()), LakeOptions::default()).unwrap();
    let table = lake.table("events").unwrap();
    table.ensure_created().await.unwrap();
    for (number, rows) in files.iter().enumerate() {
        let hidden = if is_shredded(number) { shredded() } else { HiddenOptions::none() };
        append(&table, rows.clone(), hidden).await;
    }
    let options = SessionOptions { threads: Some(2), ..SessionOptions::default() };
    let session = Session::open(&lake, options).await.unwrap();
    (lake, session)
}

async fn answer(session: &Session, sql: &str) -> (String, ScanReport) {
    let mut answer = session.query(sql, &[]).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let batches = answer.collect().await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    (pretty_format_batches(&batches).unwrap().to_string(), answer.scan_report())
}

/// The statement as it is written.
fn as_written(sql: &str) -> String {
    sql.replace('@', "")
}

/// The statement about documents that are no columns of the table: each function reads each of
/// them on its own.
fn plainly(sql: &str) -> String {
    let parts = sql.split('@').enumerate();
    parts
        .map(|(number, part)| match number % 2 {
            0 => part.to_owned(),
            _ => format!("({part} || '')"),
        })
        .collect()
}

async fn compare_answers(seed: u8) {
    let mut generator = Generator::new(seed);
    let per_file = ROWS / FILES;
    let files: Vec<RecordBatch> = (0..FILES)
        .map(|file| {
            let mut documents = || (0..per_file).map(|_| generator.document()).collect::<Vec<_>>();
            let (details, ocsf) = (documents(), documents());
            rows(file * per_file, &details, &ocsf)
        })
        .collect();
    let (_none, plain) = lake(&files, |_| false).await;
    let (_all, shredded) = lake(&files, |_| true).await;
    let (_half, half) = lake(&files, |file| file % 2 == 0).await;
    let (mut from_columns, mut parsed) = (0, 0);
    for _ in 0..STATEMENTS {
        let generated = generator.query();
        let (expected, report) = answer(&plain, &plainly(&generated)).await;
        assert_eq!((report.files_from_columns, report.files_parsed), (0, 0), "{generated}");
        let sql = as_written(&generated);
        for session in [&plain, &shredded, &half] {
            let (found, report) = answer(session, &sql).await;
            assert_eq!(found, expected, "{sql}");
            from_columns += report.files_from_columns;
            parsed += report.files_parsed;
        }
    }
    assert!(from_columns > STATEMENTS as u64, "{from_columns}");
    assert!(parsed > STATEMENTS as u64, "{parsed}");
    assert!(generator.questions > QUESTIONS_MIN, "{}", generator.questions);
}

/// Thousands of questions, answered from columns and by each way of parsing.
#[tokio::test]
async fn answers_do_not_depend_on_where_values_are() {
    compare_answers(1).await;
}

#[tokio::test]
async fn answers_do_not_depend_on_where_values_are_2() {
    compare_answers(2).await;
}

#[tokio::test]
async fn answers_do_not_depend_on_where_values_are_3() {
    compare_answers(3).await;
}

#[tokio::test]
async fn answers_do_not_depend_on_where_values_are_4() {
    compare_answers(4).await;
}

/// A lake of one file without hidden columns, its documents being these.
async fn lake_of(details: &[&str]) -> (Lake, Session) {
    let details: Vec<_> = details.iter().map(|text| Some((*text).to_owned())).collect();
    let none = vec![None; details.len()];
    lake(&[rows(0, &details, &none)], |_| false).await
}

#[tokio::test]
async fn rows_are_found_however_the_text_is_spelled() {
    let (_lake, session) = lake_of(&[
        r#"{"a":"ConsoleLogin"}"#,
        r#"{"a":"Console\u004cogin"}"#,
        r#"{"a":"\u0043onsoleLogin"}"#,
        r#"{"b":"ConsoleLogin"}"#,
        r#"{"a":"consolelogin"}"#,
        r#"{"a":["ConsoleLogin"]}"#,
        r#"{"a":"C:\\Windows\\cmd.exe"}"#,
        r#"{"a":"http:\/\/host\/path"}"#,
        r#"{"a":443}"#,
    ])
    .await;
    for (condition, count) in [
        ("details->>'a' = 'ConsoleLogin'", 3),
        ("'ConsoleLogin' = json_extract_scalar(details, '$.a')", 3),
        ("details->>'a' IN ('ConsoleLogin', '443')", 4),
        ("details->>'a' LIKE 'Console%'", 3),
        ("details->>'a' LIKE '%eLog%' OR details->>'b' = 'ConsoleLogin'", 4),
        ("NOT (details->>'a' = 'ConsoleLogin')", 4),
        ("(details->>'a' = 'ConsoleLogin') IS NULL", 2),
        ("json_array_contains(details->'a', 'ConsoleLogin')", 1),
        (r"details->>'a' = 'C:\Windows\cmd.exe'", 1),
        ("details->>'a' = 'http://host/path'", 1),
        ("details->>'a' = ''", 0),
    ] {
        let sql = format!("SELECT count(*) AS n FROM events WHERE {condition}");
        let (found, _) = answer(&session, &sql).await;
        assert!(found.contains(&format!("| {count} |")), "{sql}: {found}");
    }
}

/// `json_extract` gives text without blanks: what it is compared with need not stand in the
/// document.
#[tokio::test]
async fn rows_are_found_whatever_blanks_the_text_has() {
    let (_lake, session) = lake_of(&[
        r#"{"a": {"b": 11, "c": 22}, "l": [ "x y", 33 ]}"#,
        r#"{"a":{"b":11,"c":22},"l":["x y",33]}"#,
        r#"{"a": 1}"#,
    ])
    .await;
    for (condition, count) in [
        (r#"json_extract(details, '$.a') = '{"b":11,"c":22}'"#, 2),
        (r#"details->'a' IN ('{"b":11,"c":22}', '[0]')"#, 2),
        (r#"details->'l' LIKE '%",33]'"#, 2),
        ("json_array_contains(details->'l', 'x y')", 2),
    ] {
        let sql = format!("SELECT count(*) AS n FROM events WHERE {condition}");
        let (found, _) = answer(&session, &sql).await;
        assert!(found.contains(&format!("| {count} |")), "{sql}: {found}");
    }
}

/// Answers as Trino documents them for its functions, and PostgreSQL for the operators.
#[tokio::test]
async fn answers_are_those_that_are_documented() {
    let (_lake, session) = lake_of(&[concat!(
        r#"{"s":"x","n":1.10,"i":7,"t":true,"z":null,"o":{"k":"v"},"#,
        r#""l":[1,"two",null],"e":"\u00e9"}"#
    )])
    .await;
    for (question, expected) in [
        ("json_extract_scalar(details, '$.s')", "x"),
        ("json_extract_scalar(details, '$.n')", "1.10"),
        ("json_extract_scalar(details, '$.t')", "true"),
        ("json_extract_scalar(details, '$.e')", "é"),
        ("json_extract_scalar(details, '$.z')", "NULL"),
        ("json_extract_scalar(details, '$.o')", "NULL"),
        ("json_extract_scalar(details, '$.l[1]')", "two"),
        ("json_extract_scalar(details, '$.missing')", "NULL"),
        ("json_extract(details, '$.s')", r#""x""#),
        ("json_extract(details, '$.z')", "null"),
        ("json_extract(details, '$.o')", r#"{"k":"v"}"#),
        ("json_extract(details, '$.missing')", "NULL"),
        ("json_size(details, '$.l')", "3"),
        ("json_array_length(json_extract(details, '$.l'))", "3"),
        ("CAST(json_extract(details, '$.s') AS VARCHAR)", "x"),
        ("CAST(json_extract(details, '$.i') AS BIGINT)", "7"),
        ("CAST(json_extract(details, '$.z') AS BIGINT)", "NULL"),
        ("CAST(json_extract_scalar(details, '$.i') AS BIGINT) + 1", "8"),
        ("json_value(details, 'lax $.o.k')", "v"),
        ("json_query(details, 'lax $.l')", r#"[1,"two",null]"#),
        ("json_exists(details, 'lax $.z')", "true"),
        ("details->'o'->>'k'", "v"),
        ("details->'o'->'k'", r#""v""#),
        ("details->'l'->>0", "1"),
        ("details->'l'->>-2", "two"),
        ("details->'z'", "null"),
        ("details->>'z'", "NULL"),
        ("details->>'i'::bigint + 1", "8"),
        ("details->>'s' = 'x' AND details->>'i' <> '8'", "true"),
    ] {
        // With and without a condition: a scan's plan for a file differs.
        for filter in ["", "WHERE details IS NOT NULL"] {
            let sql = format!("SELECT {question} AS x FROM events {filter}");
            let (found, _) = answer(&session, &sql).await;
            let found = found.lines().nth(3).unwrap().trim_matches(['|', ' ']).to_owned();
            let found = if found.is_empty() { "NULL".to_owned() } else { found };
            assert_eq!(found, expected, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_column_that_does_not_fit_to_the_end_is_not_used() {
    let document = |value: &str| Some(format!("{{\"port\":{value},\"name\":\"x\"}}"));
    // No row that is sampled has the value that is no integer.
    let mut details = vec![document("443"); 3_000];
    details[1_501] = document("\"https\"");
    let rows = of_one_source(&rows(0, &details, &vec![None; details.len()]));
    let (lake, session) = lake(&[rows], |_| true).await;
    let port = "json_extract_scalar(details, '$.port')";
    let (found, report) = answer(
        &session,
        &format!("SELECT {port} AS port, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"),
    )
    .await;
    assert!(found.contains("| 443   | 2999 |") && found.contains("| https | 1    |"), "{found}");
    // Each thread reads a part of the file.
    assert_eq!((report.files_from_columns, report.files_parsed), (0, 2));
    let (_, report) =
        answer(&session, "SELECT json_extract_scalar(details, '$.name') FROM events").await;
    assert_eq!((report.files_from_columns, report.files_parsed), (2, 0));
    drop(lake);
}

#[tokio::test]
async fn row_groups_without_the_value_are_not_read() {
    let document =
        |row: usize| Some(format!("{{\"n\":{row},\"id\":\"user{:04}\"}}", row * 7 % 1_000));
    let details: Vec<_> = (0..1_000).map(document).collect();
    let rows = of_one_source(&rows(0, &details, &vec![None; details.len()]));
    let (_lake, session) = lake(&[rows], |_| true).await;
    for (condition, pruned_min) in [
        ("CAST(json_extract_scalar(details, '$.n') AS BIGINT) > 990", 48),
        ("details->>'n'::bigint < 10", 48),
        ("details->>'id' = 'user0777'", 40),
        ("TRY_CAST(json_extract_scalar(details, '$.n') AS BIGINT) BETWEEN 500 AND 510", 47),
        ("json_extract_scalar(details, '$.n') = '77'", 49),
        ("json_extract_scalar(details, '$.id') = 'user0777'", 40),
        ("json_extract_scalar(details, '$.id') = 'nobody'", 50),
    ] {
        let sql = format!("SELECT eventid FROM events WHERE {condition}");
        let (_, report) = answer(&session, &sql).await;
        assert!(report.row_groups_pruned >= pruned_min, "{}: {sql}", report.row_groups_pruned);
    }
}

#[tokio::test]
async fn operators_decide_what_becomes_a_column() {
    let details: Vec<_> =
        (0..100).map(|row| Some(format!("{{\"a\":{row},\"b\":{row},\"c\":{row}}}"))).collect();
    let rows = rows(0, &details, &vec![None; details.len()]);
    let path = |name: &str| HiddenPath::parse(name).unwrap();
    let wanted = Wanted {
        asked: [(path("details/c"), 3)].into(),
        pinned: [path("details/b")].into(),
        banned: [path("details/a")].into(),
    };
    let url = Url::parse("memory:///lake").unwrap();
    let lake = Lake::with_store(url, Arc::new(InMemory::new()), LakeOptions::default()).unwrap();
    let table = lake.table("events").unwrap();
    table.ensure_created().await.unwrap();
    let hidden = HiddenOptions { columns_max: 1, wanted, ..shredded() };
    append(&table, rows.clone(), hidden.clone()).await;
    append(&table, rows, HiddenOptions { columns_max: 3, ..hidden }).await;
    let session = Session::open(&lake, SessionOptions::default()).await.unwrap();
    for (name, files) in [("a", 0), ("b", 2), ("c", 1)] {
        let sql = format!("SELECT json_extract_scalar(details, '$.{name}') FROM events");
        let (_, report) = answer(&session, &sql).await;
        assert_eq!(report.files_from_columns, files, "{name}");
    }
}

#[tokio::test]
async fn columns_of_views_are_columns_of_files() {
    let object = |row: usize| {
        let kind = ["A", "AAAA", "TXT"].get(row % 3).copied().unwrap_or_default();
        Some(format!(
            r#"{{"class_uid":4003,"query":{{"type":"{kind}"}},"rcode_id":{},"unmapped":{{"x":1}}}}"#,
            row % 5
        ))
    };
    let objects: Vec<_> = (0..100).map(object).collect();
    let none = vec![None; objects.len()];
    let (_lake, session) = lake(&[rows(0, &none, &objects)], |_| true).await;
    for (sql, is_found) in [
        ("SELECT count(*) AS n FROM ocsf.dns_activity WHERE query_type = 'TXT'", "| 33 |"),
        ("SELECT count(*) AS n FROM ocsf.dns_activity WHERE rcode_id > 3", "| 20 |"),
        ("SELECT sum(rcode_id) AS n FROM ocsf.dns_activity GROUP BY query_type", "| 68 |"),
        ("SELECT query_type FROM ocsf.dns_activity ORDER BY rcode_id, query_type LIMIT 1", "| A "),
        (
            "SELECT count(*) AS n FROM ocsf.dns_activity l JOIN ocsf.dns_activity r \
             ON l.query_type = r.query_type AND l.rcode_id = r.rcode_id WHERE l.rcode_id = 0",
            "| 134 |",
        ),
    ] {
        let (found, report) = answer(&session, sql).await;
        assert!(found.contains(is_found), "{sql}: {found}");
        assert_eq!(report.files_parsed, 0, "{sql}");
        assert!(report.files_from_columns > 0, "{sql}");
    }
}

#[tokio::test]
async fn explain_tells_which_places_are_columns() {
    let details: Vec<_> =
        (0..60).map(|row| Some(format!(r#"{{"a":"x{row}","b":{row},"c":[{row}]}}"#))).collect();
    let files = [0, 60].map(|first| rows(first, &details, &vec![None; details.len()]));
    let (_lake, session) = lake(&files, |file| file == 0).await;
    let asked = "SELECT details->>'b' AS b FROM events WHERE details->>'a' = 'x7'";
    let (plan, report) = answer(&session, &format!("EXPLAIN {asked}")).await;
    assert!(plan.contains("details/a: a column in 1 of 2 files"), "{plan}");
    assert!(plan.contains("details/b: a column in 1 of 2 files"), "{plan}");
    assert_eq!(report.files_total, 2);
    let (plan, _) = answer(&session, &format!("EXPLAIN ANALYZE {asked}")).await;
    assert!(plan.contains("reads of files: 1 from columns, 1 parsed"), "{plan}");
    let (plan, _) = answer(&session, "EXPLAIN SELECT eventid FROM events").await;
    assert!(!plan.contains("hidden_columns"), "{plan}");
}
