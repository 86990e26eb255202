//! Queries on a lake as ingest left it, against DuckDB on the same Parquet files: the two sample
//! queries of the lake that Headwater replaces, hunting aggregates, and queries that partitions
//! answer.
//!
//! Both engines run in one long-lived session with the same number of threads; one run warms up,
//! the middle of the following ones counts. The answers are compared row by row.

mod hunts;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use headwater_benches::measure::{keep_freed_memory, median};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::rivals::{DuckdbAnswers, DuckdbQueries};
use headwater_benches::{answers, headwater, settings};
use headwater_query::{Session, SessionOptions};

use hunts::Query;

/// That of the program: queries allocate large buffers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs that count.
const RUNS: usize = 5;

/// Longest time of a query that needs only few partitions.
const PRUNED_MILLIS_MAX: f64 = 50.0;

fn main() -> Result<()> {
    keep_freed_memory();
    let threads = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(measure(threads))
}

async fn measure(threads: usize) -> Result<()> {
    let folder = settings::data_folder()?;
    progress(format_args!("making a lake in {}", folder.display()));
    let dataset = settings::dataset()?.open_or_generate(&folder)?;
    let lake_folder = folder.join("query-lake");
    headwater::ingest(&dataset, &lake_folder, &["--source", "sysmon"])?;
    let (lake, table) = headwater::events_table(&lake_folder)?;
    let files = headwater::data_files(&lake_folder, &table).await?;
    let options = SessionOptions { threads: Some(threads), ..SessionOptions::default() };
    let session = Session::open(&lake, options).await?;
    let address = rare_address(&session).await?;
    let queries = hunts::all(&address);
    let ours = ours(&session, &queries).await?;
    let theirs = theirs(&queries, &files, threads)?;
    let mut report = Report::new("query", "Queries");
    report.paragraph(format_args!(
        "{} events in {} Parquet files as ingest left them, page cache warm, {threads} threads, \
         middle of {RUNS} runs after one that warms up, times in milliseconds. DuckDB {} reads the \
         same files. The answers of both are equal, row by row. \"pruned\": partitions or file \
         statistics leave few files to read; target below {PRUNED_MILLIS_MAX} ms.",
        dataset.events,
        files.len(),
        theirs.version,
    ));
    compare(&queries, &ours, &theirs, &mut report)?;
    headwater::remove_folder(&lake_folder)?;
    report.finish()
}

/// Time and rows of one query.
struct Answered {
    time: Duration,
    rows: Vec<String>,
}

async fn ours(session: &Session, queries: &[Query]) -> Result<Vec<Answered>> {
    let mut answered = Vec::new();
    for query in queries {
        progress(format_args!("Headwater: {}", query.name));
        let failed = || format!("query failed: {}", query.name);
        let rows = rows(session, query.compared()).await.with_context(failed)?;
        let mut times = Vec::new();
        for run in 0..=RUNS {
            let start = Instant::now();
            session.query(&query.sql, &[]).await.with_context(failed)?.collect().await?;
            if run > 0 {
                times.push(start.elapsed());
            }
        }
        answered.push(Answered { time: median(times), rows });
    }
    Ok(answered)
}

fn theirs(queries: &[Query], files: &[PathBuf], threads: usize) -> Result<DuckdbAnswers> {
    progress("DuckDB");
    let translated: Vec<(String, String)> = queries.iter().map(Query::for_duckdb).collect();
    let queries = translated.iter().map(|(timed, compared)| (timed.as_str(), compared.as_str()));
    DuckdbQueries { files, threads, runs: RUNS, queries: queries.collect() }.run()
}

fn compare(
    queries: &[Query],
    ours: &[Answered],
    theirs: &DuckdbAnswers,
    report: &mut Report,
) -> Result<()> {
    let mut lines = Vec::new();
    for ((query, ours), theirs) in queries.iter().zip(ours).zip(&theirs.answers) {
        answers::same(query.name, &ours.rows, &theirs.rows)?;
        let seconds = theirs.seconds.iter().copied();
        let duckdb = median(seconds.map(Duration::from_secs_f64)).as_secs_f64() * 1e3;
        let headwater = ours.time.as_secs_f64() * 1e3;
        let mut written = format!("{headwater:.1}");
        if query.pruned {
            let target = Target::AtMost(PRUNED_MILLIS_MAX);
            written = report.judge(written, headwater <= PRUNED_MILLIS_MAX, target);
        }
        lines.push(vec![
            query.name.to_owned(),
            ours.rows.len().to_string(),
            if query.pruned { "pruned" } else { "" }.to_owned(),
            written,
            format!("{duckdb:.1}"),
            report.ratio(duckdb / headwater, Target::AtLeast(query.ratio_min)),
        ]);
    }
    report.table(
        &["query", "rows compared", "", "Headwater ms", "DuckDB ms", "DuckDB / Headwater"],
        &lines,
    );
    Ok(())
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<String>> {
    answers::rows(&session.query(sql, &[]).await?.collect().await?)
}

/// An address that occurs in some events: the smallest one from which a login failed.
async fn rare_address(session: &Session) -> Result<String> {
    let found =
        rows(session, headwater::RARE_ADDRESS).await.context("failed to find an address")?;
    found.into_iter().next().context("no login failed")
}
