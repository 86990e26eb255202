//! The same questions to lakes whose files have hidden columns, have none, and are of both kinds:
//! the answers are the same.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array};
use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use headwater_lake::hidden::{HiddenOptions, HiddenPath, Wanted};
use headwater_lake::{Commit, Lake, LakeOptions, Table, TableWriter, WriterOptions};
use object_store::memory::InMemory;
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use url::Url;

use crate::{ScanReport, Session, SessionOptions};

const ROWS: usize = 600;

/// Files of each lake.
const FILES: usize = 4;

const QUERIES: usize = 250;

/// Names of members; some mean elements too, some need quotes or escapes.
const KEYS: [&str; 9] = ["a", "b", "number", "flag", "0", "mixed", "te xt", "é", "q\"/~"];

/// Values; of each key mostly those of one kind.
const VALUES: [&[&str]; 6] = [
    &["1", "2", "10", "-3", "443", "9007199254740993", "0"],
    &["\"x\"", "\"y\"", "\"\"", "\"kim\"", "\"CN=é, 😀\"", "\"a\\\"b\\\\c\"", "\"\\u0041\\ud83d\""],
    &["\"1\"", "\"22\"", "\"443\"", "\"-7\""],
    &["true", "false"],
    &["1.50", "1e3", "-0", "0.1", "12345678901234567890", "1E400"],
    &["null", "{}", "[]", "[1,\"x\"]", "\"2026-03-01T09:00:00Z\"", "\"01\"", "\" 1\""],
];

struct Generator(TestRunner);

impl Generator {
    /// The same sequence in every run.
    fn new() -> Self {
        let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        Self(TestRunner::new_with_rng(Config::default(), seed))
    }

    fn below(&mut self, end: usize) -> usize {
        (0..end).new_tree(&mut self.0).unwrap().current()
    }

    fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> &'t T {
        from[self.below(from.len())]
    }

    fn value(&mut self, key: usize) -> &'static str {
        // One value in eight is of another kind.
        let kind = if self.below(8) == 0 { self.below(VALUES.len()) } else { key % VALUES.len() };
        self.pick(VALUES[kind])
    }

    fn object(&mut self, depth: usize) -> String {
        let mut members = Vec::new();
        for _ in 0..=self.below(6) {
            let key = self.below(KEYS.len());
            let value = match (depth, self.below(5)) {
                (1.., 0) => self.object(depth - 1),
                (1.., 1) => format!("[{},{}]", self.value(key), self.object(depth - 1)),
                _ => self.value(key).to_owned(),
            };
            members.push(format!("{}: {value}", serde_json::to_string(KEYS[key]).unwrap()));
        }
        format!("{{{}}}", members.join(","))
    }

    /// A document; a few are no JSON, or only half of it.
    fn document(&mut self) -> Option<String> {
        let object = self.object(2);
        match self.below(40) {
            0 => None,
            1 => object.get(..object.len() / 2).map(str::to_owned),
            2 => Some("[1,{\"a\":2}]".to_owned()),
            _ => Some(object),
        }
    }

    fn path(&mut self) -> String {
        let mut path = String::from("$");
        for _ in 0..=self.below(3).min(self.below(3)) {
            let key = self.pick(&KEYS).replace('\\', "\\\\").replace('"', "\\\"");
            let _infallible = write!(path, "[\"{key}\"]");
        }
        path
    }

    fn scalar(&mut self) -> String {
        let document = self.pick(&["details", "details", "details", "ocsf"]);
        format!("json_extract_scalar({document}, '{}')", self.path())
    }

    /// The text of a scalar, quoted for SQL.
    fn literal(&mut self) -> String {
        let key = self.below(KEYS.len());
        let json = self.value(key);
        let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
        format!("'{}'", text.replace('\'', "''"))
    }

    fn typed(&mut self) -> String {
        let scalar = self.scalar();
        let target = self.pick(&["BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "TIMESTAMP", "VARCHAR"]);
        format!("TRY_CAST({scalar} AS {target})")
    }

    fn condition(&mut self) -> String {
        let (scalar, literal) = (self.scalar(), self.literal());
        match self.below(14) {
            0 | 1 => format!("{scalar} = {literal}"),
            2 => format!("{scalar} <> {literal}"),
            3 => format!("{literal} = {scalar}"),
            4 => format!("{scalar} IN ({literal}, {}, '443')", self.literal()),
            5 => format!("{scalar} NOT IN ('1', '2', '10')"),
            6 => format!("{scalar} IS NULL"),
            7 => format!("{scalar} IS NOT NULL"),
            8 => format!("{scalar} > {literal}"),
            9 => format!("{scalar} BETWEEN '1' AND {literal}"),
            10 => format!("{scalar} LIKE '%{}%'", self.pick(&["1", "x", "e", "4"])),
            11 => format!("TRY_CAST({scalar} AS BIGINT) > {}", self.below(12)),
            12 => format!("TRY_CAST({scalar} AS DOUBLE) <= {}.5", self.below(12)),
            _ => format!("TRY_CAST({scalar} AS INTEGER) = {}", self.pick(&["1", "443", "22"])),
        }
    }

    fn conditions(&mut self) -> String {
        match self.below(4) {
            0 => format!("{} AND {}", self.condition(), self.condition()),
            1 => format!("({} OR {})", self.condition(), self.condition()),
            2 => format!("NOT ({})", self.condition()),
            _ => self.condition(),
        }
    }

    fn query(&mut self) -> String {
        let (first, second) = (self.scalar(), self.scalar());
        let filter = self.conditions();
        match self.below(8) {
            0 => {
                format!("SELECT eventid, {first} AS x FROM events WHERE {filter} ORDER BY eventid")
            }
            1 => format!(
                "SELECT count(*) AS n, count({first}) AS m, min({first}) AS least, \
                 max({}) AS most, count(DISTINCT {second}) AS d FROM events WHERE {filter}",
                self.typed()
            ),
            2 => format!(
                "SELECT {first} AS x, {second} AS y, count(*) AS n FROM events \
                 WHERE {filter} GROUP BY 1, 2 ORDER BY 1, 2, 3"
            ),
            3 => format!(
                "SELECT eventid, {first} AS x FROM events \
                 ORDER BY {first} DESC NULLS LAST, eventid LIMIT 9"
            ),
            4 => format!(
                "SELECT count(*) AS n, min(l.eventid) AS first FROM events l JOIN events r \
                 ON json_extract_scalar(l.details, '{0}') = json_extract_scalar(r.details, '{0}') \
                 WHERE l.{filter_of}",
                self.path(),
                filter_of = "source = 'even'"
            ),
            5 => format!(
                "SELECT eventid, coalesce({first}, {second}) AS x, \
                 CASE WHEN {filter} THEN {} ELSE NULL END AS y FROM events ORDER BY eventid",
                self.typed()
            ),
            6 => format!(
                "SELECT {} AS x, {} AS y, details FROM events WHERE {filter} \
                 ORDER BY eventid LIMIT 20",
                self.typed(),
                self.typed()
            ),
            _ => format!(
                "SELECT source, sum(TRY_CAST({first} AS BIGINT)) AS s FROM events \
                 WHERE {filter} GROUP BY 1 HAVING count(*) > 3 ORDER BY 1"
            ),
        }
    }
}

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

/// Appends rows as one file.
async fn append(table: &Table, rows: RecordBatch, hidden: HiddenOptions) {
    let options =
        WriterOptions { threads: 1, row_group_rows: 40, hidden, ..WriterOptions::default() };
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
    let options = SessionOptions { threads: Some(1), ..SessionOptions::default() };
    let session = Session::open(&lake, options).await.unwrap();
    (lake, session)
}

async fn answer(session: &Session, sql: &str) -> (String, ScanReport) {
    let mut answer = session.query(sql, &[]).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let batches = answer.collect().await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    (pretty_format_batches(&batches).unwrap().to_string(), answer.scan_report())
}

#[tokio::test]
async fn answers_are_those_of_files_without_hidden_columns() {
    let mut generator = Generator::new();
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
    let mut from_columns = 0;
    for _ in 0..QUERIES {
        let sql = generator.query();
        let (expected, report) = answer(&plain, &sql).await;
        assert_eq!(report.files_from_columns, 0, "{sql}");
        for session in [&shredded, &half] {
            let (found, report) = answer(session, &sql).await;
            assert_eq!(found, expected, "{sql}");
            from_columns += report.files_from_columns;
        }
    }
    assert!(from_columns > QUERIES as u64, "{from_columns}");
}

#[tokio::test]
async fn a_column_that_does_not_fit_to_the_end_is_not_used() {
    let document = |value: &str| Some(format!("{{\"port\":{value},\"name\":\"x\"}}"));
    // No row that is sampled has the value that is no integer.
    let mut details = vec![document("443"); 3_000];
    details[1_501] = document("\"https\"");
    let none = vec![None; details.len()];
    let (lake, session) = lake(&[rows(0, &details, &none)], |_| true).await;
    let port = "json_extract_scalar(details, '$.port')";
    let (found, report) = answer(
        &session,
        &format!("SELECT {port} AS port, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"),
    )
    .await;
    assert!(found.contains("| 443   | 2999 |") && found.contains("| https | 1    |"), "{found}");
    assert_eq!((report.files_from_columns, report.files_parsed), (0, 1));
    let (_, report) =
        answer(&session, "SELECT json_extract_scalar(details, '$.name') FROM events").await;
    assert_eq!((report.files_from_columns, report.files_parsed), (1, 0));
    drop(lake);
}

#[tokio::test]
async fn row_groups_without_the_value_are_not_read() {
    let document =
        |row: usize| Some(format!("{{\"n\":{row},\"id\":\"user{:04}\"}}", row * 7 % 1_000));
    let details: Vec<_> = (0..1_000).map(document).collect();
    let none = vec![None; details.len()];
    let (_lake, session) = lake(&[rows(0, &details, &none)], |_| true).await;
    for (condition, pruned_min) in [
        ("TRY_CAST(json_extract_scalar(details, '$.n') AS BIGINT) BETWEEN 500 AND 510", 23),
        ("json_extract_scalar(details, '$.n') = '77'", 24),
        ("json_extract_scalar(details, '$.id') = 'user0777'", 20),
        ("json_extract_scalar(details, '$.id') = 'nobody'", 25),
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
