//! The SQL tests of `tests/slt/functions`, and the examples of the reference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use super::{all, register};

/// A session with nothing but the functions.
struct Database {
    context: SessionContext,
}

impl Database {
    fn new() -> Self {
        let mut config = SessionConfig::new();
        // As in a session over a lake.
        config.options_mut().optimizer.skip_failed_rules = true;
        let context = SessionContext::new_with_config(config);
        register(&context).unwrap();
        Self { context }
    }

    async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, DataFusionError> {
        let batches = self.context.sql(sql).await?.collect().await?;
        Ok(batches.iter().flat_map(texts).collect())
    }
}

/// The cells of a batch as text: `NULL`, and `(empty)` for an empty text.
fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
        .collect();
    let cell = |column: &ArrayFormatter<'_>, row: usize| {
        let text = column.value(row).to_string();
        if text.is_empty() { "(empty)".to_owned() } else { text }
    };
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| cell(column, row)).collect())
        .collect()
}

#[async_trait::async_trait]
impl AsyncDB for Database {
    type Error = DataFusionError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, DataFusionError> {
        let frame = self.context.sql(sql).await?;
        let columns = frame.schema().fields().len();
        let batches = frame.collect().await?;
        let rows: Vec<Vec<String>> = batches.iter().flat_map(texts).collect();
        if columns == 0 || (rows.is_empty() && sql.to_uppercase().starts_with("CREATE")) {
            return Ok(DBOutput::StatementComplete(0));
        }
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "headwater"
    }
}

#[tokio::test]
async fn sql_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt/functions");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "no SQL tests in {}", folder.display());
    let mut failures = Vec::new();
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "slt")) {
        let mut runner = Runner::new(|| async { Ok(Database::new()) });
        if let Err(failure) = runner.run_file_async(&file).await {
            failures.push(failure.display(false).to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[tokio::test]
async fn every_example_of_the_reference_is_true() {
    let database = Database::new();
    let mut wrong = Vec::new();
    for reference in all() {
        let (call, expected) = reference.example;
        let found = match database.rows(&format!("SELECT {call}")).await {
            Ok(rows) => rows.concat().join(" | "),
            Err(error) => error.strip_backtrace(),
        };
        if found != expected {
            wrong.push(format!("{call}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_function_of_the_reference_is_registered() {
    let database = Database::new();
    let state = database.context.state();
    for reference in all() {
        for name in reference.aliases.iter().chain([&reference.name]) {
            let known = state.scalar_functions().contains_key(*name)
                || state.aggregate_functions().contains_key(*name)
                || state.higher_order_functions().contains_key(*name)
                || *name == "try_cast";
            assert!(known, "{name}");
        }
        assert!(!reference.syntax.is_empty() && !reference.description.is_empty());
    }
}

#[tokio::test]
async fn all_text_encodings_are_accepted() {
    let database = Database::new();
    let document = r#"{"a":{"b":"x"}}"#;
    for encoding in ["Utf8", "LargeUtf8", "Utf8View", "Dictionary(Int32, Utf8)"] {
        let sql = format!(
            "SELECT json_extract_scalar(d, '$.a.b'), json_extract(d, p), json_value(d, 'lax \
                $.a.b') FROM (SELECT arrow_cast(d, '{encoding}') AS d, arrow_cast(p, \
                '{encoding}') AS p FROM (VALUES ('{document}', '$.a'), (NULL, '$'), ('[]', NULL)) \
                AS t(d, p))"
        );
        let rows = database.rows(&sql).await.unwrap();
        let expected = [["x", r#"{"b":"x"}"#, "x"], ["NULL"; 3], ["NULL"; 3]];
        assert_eq!(rows, expected, "{encoding}");
    }
}
