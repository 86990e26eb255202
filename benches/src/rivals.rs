//! Running the rivals: Python programs in `benches/rivals` that get a job as JSON on standard input
//! and answer with JSON on standard output.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::measure::Usage;
use crate::settings;

/// DuckDB turns files of JSON lines into Parquet files with the columns of `events`.
#[derive(Debug, Serialize)]
pub struct DuckdbIngest<'a> {
    /// Files with a JSON object on each line.
    pub files: &'a [PathBuf],
    /// Folder for the Parquet files; must not exist.
    pub folder: &'a Path,
    /// Threads DuckDB may use.
    pub threads: usize,
}

/// What [`DuckdbIngest`] did. Start-up of Python and loading DuckDB are not counted.
#[derive(Debug, Deserialize)]
pub struct DuckdbIngested {
    /// DuckDB's version.
    pub version: String,
    /// Rows written.
    pub rows: u64,
    /// Size of the files written.
    pub bytes: u64,
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

impl DuckdbIngest<'_> {
    /// Runs DuckDB.
    ///
    /// # Errors
    /// It fails, or there is no Python with DuckDB.
    pub fn run(&self) -> Result<(DuckdbIngested, Usage)> {
        let answer: DuckdbIngested = ask("duckdb_ingest.py", self)?;
        let usage = Usage {
            wall: Duration::from_secs_f64(answer.seconds),
            cpu: Duration::from_secs_f64(answer.cpu_seconds),
            peak_bytes: answer.peak_bytes,
        };
        Ok((answer, usage))
    }
}

/// DuckDB answers queries over Parquet files, several times each, in one session.
#[derive(Debug, Serialize)]
pub struct DuckdbQueries<'a> {
    /// The files of the table `events`, in folders `name=value`.
    pub files: &'a [PathBuf],
    /// Threads DuckDB may use.
    pub threads: usize,
    /// Runs that count, after one that does not.
    pub runs: usize,
    /// Pairs of a statement whose time is taken and one whose rows are compared.
    pub queries: Vec<(&'a str, &'a str)>,
}

/// What [`DuckdbQueries`] did.
#[derive(Debug, Deserialize)]
pub struct DuckdbAnswers {
    /// DuckDB's version.
    pub version: String,
    /// For each query, in their order.
    pub answers: Vec<DuckdbAnswer>,
}

/// Times and rows of one query.
#[derive(Debug, Deserialize)]
pub struct DuckdbAnswer {
    /// Seconds of each run.
    pub seconds: Vec<f64>,
    /// The rows to compare, each as text with its values separated by `\u{1f}`, sorted.
    pub rows: Vec<String>,
}

impl DuckdbQueries<'_> {
    /// Runs DuckDB.
    ///
    /// # Errors
    /// It fails, or there is no Python with DuckDB.
    pub fn run(&self) -> Result<DuckdbAnswers> {
        ask("duckdb_query.py", self)
    }
}

/// DuckDB answers queries on a table whose columns were taken out of JSON text by hand.
#[derive(Debug, Serialize)]
pub struct DuckdbColumns<'a> {
    /// The files with the text.
    pub files: &'a [PathBuf],
    /// DuckDB's own file; must not exist.
    pub database: &'a Path,
    /// Threads DuckDB may use.
    pub threads: usize,
    /// Runs that count, after one that does not.
    pub runs: usize,
    /// Selects the columns from `events`, the files' rows.
    pub columns: &'a str,
    /// The statements.
    pub queries: Vec<String>,
}

/// What an engine did with statements whose rows are compared as they are.
#[derive(Debug, Deserialize)]
pub struct TableAnswers {
    /// The engine's version.
    pub version: String,
    /// Size of the engine's table.
    pub bytes: u64,
    /// For each query, in their order.
    pub answers: Vec<DuckdbAnswer>,
}

impl DuckdbColumns<'_> {
    /// Runs DuckDB.
    ///
    /// # Errors
    /// It fails, or there is no Python with DuckDB.
    pub fn run(&self) -> Result<TableAnswers> {
        ask("duckdb_columns.py", self)
    }
}

/// ClickHouse, in chDB, answers queries on a table with a column of type `JSON`.
#[derive(Debug, Serialize)]
pub struct ClickhouseJson<'a> {
    /// The files with the text.
    pub files: &'a [PathBuf],
    /// Folder for ClickHouse's files; must not exist.
    pub folder: &'a Path,
    /// Threads ClickHouse may use.
    pub threads: usize,
    /// Runs that count, after one that does not.
    pub runs: usize,
    /// Makes the table `events`.
    pub create: String,
    /// The statements.
    pub queries: Vec<String>,
}

impl ClickhouseJson<'_> {
    /// Runs ClickHouse.
    ///
    /// # Errors
    /// It fails, or there is no Python with ClickHouse.
    pub fn run(&self) -> Result<TableAnswers> {
        ask("clickhouse_json.py", self)
    }
}

/// Runs one of the rivals' programs.
fn ask<T: DeserializeOwned>(program: &str, job: &impl Serialize) -> Result<T> {
    let python = settings::python()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals").join(program);
    let failed = || format!("failed to run {program} with {}", python.display());
    let mut child = Command::new(&python)
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(failed)?;
    let job = serde_json::to_vec(job)?;
    // Dropped at the end of the statement, which ends the program's input.
    child.stdin.take().context("no standard input")?.write_all(&job).with_context(failed)?;
    let output = child.wait_with_output().with_context(failed)?;
    ensure!(output.status.success(), "{program} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{program} gave no answer"))
}
