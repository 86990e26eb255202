//! Queries by JSON path on a lake with hidden columns and on one without, against ClickHouse's type
//! JSON (chDB) and DuckDB; what the columns cost in storage, at ingest and in compaction.
//!
//! All engines hold the same rows: the rivals read them from the files of the lake without hidden
//! columns. Their answers are compared row by row.

mod compared;
mod paths;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use headwater_benches::generate::Dataset;
use headwater_benches::measure::{self, Usage, mebibytes, median};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::rivals::{ClickhouseJson, DuckdbColumns, DuckdbQueries};
use headwater_benches::{answers, headwater, settings};
use headwater_event::Timestamp;
use headwater_query::{AskedPaths, Session, SessionOptions};
use serde::Deserialize;

use compared::{
    Answered, CLICKHOUSE, CLICKHOUSE_DECLARED, COLUMNS, DUCKDB_COLUMNS, DUCKDB_TEXT, Engine,
    MEMORY_BYTES_MAX, Measured, RUNS, TEXT,
};
use paths::{Dialect, PathQuery};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of ingest and of compaction, in turns.
const ROUNDS: usize = 3;

/// Of a larger input neither what the columns cost is measured, nor the text, which takes hours,
/// nor ClickHouse, which runs out of open files while it loads.
const WHOLE_BYTES_MAX: u64 = 2_000_000_000;

fn main() -> Result<()> {
    measure::keep_freed_memory();
    let threads = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let bench = Bench { folder: settings::data_folder()?, threads };
    let dataset = settings::dataset()?.open_or_generate(&bench.folder)?;
    let mut report = Report::new("json", "JSON");
    runtime.block_on(bench.measure(&dataset, &mut report))?;
    report.finish()
}

struct Bench {
    /// Where lakes and tables are made.
    folder: PathBuf,
    threads: usize,
}

impl Bench {
    async fn measure(&self, dataset: &Dataset, report: &mut Report) -> Result<()> {
        match dataset.bytes <= WHOLE_BYTES_MAX {
            true => self.measure_whole(dataset, report).await,
            false => self.measure_columns(dataset, report).await,
        }
    }

    /// Queries on hidden columns alone.
    async fn measure_columns(&self, dataset: &Dataset, report: &mut Report) -> Result<()> {
        let lake = self.folder.join("json-lake-shredded");
        let config = self.config("with", "{}")?;
        progress("ingest");
        headwater::ingest(dataset, &lake, &options_of(&config)?)?;
        let queries = paths::all(&self.ask(&[&lake]).await?);
        progress("optimize");
        optimize(&lake, &[])?;
        let mut engines = vec![self.headwater(COLUMNS, &lake, &queries).await?];
        let (_, table) = headwater::events_table(&lake)?;
        let files = headwater::data_files(&lake, &table).await?;
        let all = queries.iter().map(|query| query.sql(Dialect::DuckdbColumns)).collect();
        engines.push(self.duckdb_columns(&files, all)?);
        headwater::remove_folder(&lake)?;
        Measured { engines, files: files.len() }.describe(&queries, dataset, self.threads, report)
    }

    async fn measure_whole(&self, dataset: &Dataset, report: &mut Report) -> Result<()> {
        let shredded = self.folder.join("json-lake-shredded");
        let plain = self.folder.join("json-lake-plain");
        let bare = self.folder.join("json-lake-bare");
        let ingest = self.ingest(dataset, &shredded, &plain)?;
        let queries = paths::all(&self.ask(&[&shredded, &plain]).await?);
        let compaction = self.compact(&plain)?;
        optimize(&shredded, &[])?;
        optimize(&plain, &["--hidden-columns", "0"])?;
        let bare_options = self.config("bare", "{keep_raw: false, ocsf: false}")?;
        headwater::ingest(dataset, &bare, &options_of(&bare_options)?)?;
        self.ask(&[&bare]).await?;
        optimize(&bare, &[])?;
        let bare_bytes = table_bytes(&bare).await?;
        headwater::remove_folder(&bare)?;
        let sizes = [table_bytes(&shredded).await?, table_bytes(&plain).await?];
        let measured = self.run_all(&queries, &shredded, &plain).await?;
        headwater::remove_folder(&shredded)?;
        headwater::remove_folder(&plain)?;
        measured.describe(&queries, dataset, self.threads, report)?;
        describe_storage(sizes, bare_bytes, &measured, report);
        describe_costs(&ingest, &compaction, report);
        Ok(())
    }

    /// Ingests with hidden columns and without, in turns.
    fn ingest(&self, dataset: &Dataset, with: &Path, without: &Path) -> Result<[Usage; 2]> {
        let configs = [self.config("with", "{}")?, self.config("without", "{hidden_columns: 0}")?];
        let mut usages = [Vec::new(), Vec::new()];
        for round in 1..=ROUNDS {
            let lakes = [with, without].into_iter().zip(&configs).zip(&mut usages);
            for (number, ((lake, config), usages)) in lakes.enumerate() {
                let columns = if number == 0 { "with" } else { "without" };
                progress(format_args!("ingest {columns} columns, {round} of {ROUNDS}"));
                let options = options_of(config)?;
                usages.push(headwater::ingest_on_one_core(dataset, lake, &options)?);
            }
        }
        Ok(usages.map(|usages| Usage::median(&usages)))
    }

    /// A file of settings with a section `ingest`.
    fn config(&self, name: &str, ingest: &str) -> Result<PathBuf> {
        let file = self.folder.join(format!("headwater-json-{name}.yaml"));
        fs::write(&file, format!("ingest: {ingest}\n"))?;
        Ok(file)
    }

    /// Runs all queries once, so that lakes know what is asked for. Returns the address that one of
    /// the queries looks for.
    async fn ask(&self, lakes: &[&Path]) -> Result<String> {
        let mut address = String::new();
        for folder in lakes {
            progress(format_args!("asking {}", folder.display()));
            let (lake, _) = headwater::events_table(folder)?;
            let asked = Arc::new(AskedPaths::default());
            let session = self.session(folder, Some(Arc::clone(&asked))).await?;
            let found = rows(&session, headwater::RARE_ADDRESS)
                .await
                .context("failed to find an address")?;
            address = found.into_iter().next().context("no login failed")?;
            for query in paths::all(&address) {
                rows(&session, &query.sql(Dialect::Headwater)).await.context(query.name)?;
            }
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
            let now = Timestamp::from_micros(i64::try_from(now.as_micros())?);
            asked.save(&lake, now).await?;
        }
        Ok(address)
    }

    async fn session(&self, lake: &Path, asked: Option<Arc<AskedPaths>>) -> Result<Session> {
        let (lake, _) = headwater::events_table(lake)?;
        let options = SessionOptions {
            threads: Some(self.threads),
            memory_bytes_max: MEMORY_BYTES_MAX,
            asked,
            ..SessionOptions::default()
        };
        Ok(Session::open(&lake, options).await?)
    }

    /// Compacts copies of a lake, with hidden columns and without, in turns.
    fn compact(&self, lake: &Path) -> Result<[Compaction; 2]> {
        let copy = self.folder.join("json-lake-copy");
        let mut runs = [Vec::new(), Vec::new()];
        for round in 1..=ROUNDS {
            for (options, runs) in [&[][..], &["--hidden-columns", "0"]].into_iter().zip(&mut runs)
            {
                progress(format_args!("optimize {}, {round} of {ROUNDS}", options.join(" ")));
                headwater::remove_folder(&copy)?;
                copy_folder(lake, &copy)?;
                runs.push(optimize(&copy, options)?);
            }
        }
        headwater::remove_folder(&copy)?;
        Ok(runs.map(|runs| Compaction {
            bytes: runs.first().map_or(0, |run| run.bytes),
            usage: Usage::median(&runs.iter().map(|run| run.usage).collect::<Vec<_>>()),
        }))
    }

    /// All engines, all queries. The rivals read the files without hidden columns.
    async fn run_all(
        &self,
        queries: &[PathQuery],
        shredded: &Path,
        plain: &Path,
    ) -> Result<Measured> {
        let columns = self.headwater(COLUMNS, shredded, queries).await?;
        let text = self.headwater(TEXT, plain, queries).await?;
        let (_, table) = headwater::events_table(plain)?;
        let files = headwater::data_files(plain, &table).await?;
        let all = |dialect| queries.iter().map(|query| query.sql(dialect)).collect::<Vec<_>>();
        let mut engines = vec![columns, text];
        engines.extend(self.clickhouse(queries, &files)?);
        engines.push(self.duckdb_columns(&files, all(Dialect::DuckdbColumns))?);
        engines.push(self.duckdb_text(
            &files,
            &all(Dialect::DuckdbText),
            &all(Dialect::DuckdbTextAtOnce),
        )?);
        Ok(Measured { engines, files: files.len() })
    }

    /// ClickHouse as it comes, and at its best.
    fn clickhouse(&self, queries: &[PathQuery], files: &[PathBuf]) -> Result<Vec<Engine>> {
        let all = |dialect| queries.iter().map(|query| query.sql(dialect)).collect::<Vec<_>>();
        let mut engines = Vec::new();
        for (name, create, dialect) in [
            (CLICKHOUSE, paths::clickhouse_default(), Dialect::Clickhouse),
            (CLICKHOUSE_DECLARED, paths::clickhouse_typed(), Dialect::ClickhouseTyped),
        ] {
            progress(name);
            let folder = self.folder.join("json-clickhouse");
            headwater::remove_folder(&folder)?;
            let (threads, queries) = (self.threads, all(dialect));
            let job =
                ClickhouseJson { files, folder: &folder, threads, runs: RUNS, create, queries };
            engines.push(Engine::of(name, job.run()?));
            headwater::remove_folder(&folder)?;
        }
        Ok(engines)
    }

    async fn headwater(&self, name: &str, lake: &Path, queries: &[PathQuery]) -> Result<Engine> {
        let session = self.session(lake, None).await?;
        let mut answered = Vec::new();
        for query in queries {
            progress(format_args!("{name}: {}", query.name));
            let sql = query.sql(Dialect::Headwater);
            let rows = rows(&session, &sql).await.context(query.name)?;
            let mut times = Vec::new();
            for _ in 0..RUNS {
                let start = Instant::now();
                session.query(&sql, &[]).await?.collect().await?;
                times.push(start.elapsed());
            }
            answered.push(Answered { time: median(times), rows });
        }
        Ok(Engine { name: name.to_owned(), version: String::new(), bytes: 0, answered })
    }

    fn duckdb_columns(&self, files: &[PathBuf], queries: Vec<String>) -> Result<Engine> {
        progress(DUCKDB_COLUMNS);
        let database = self.folder.join("json-duckdb.db");
        let _ = fs::remove_file(&database);
        let columns = &paths::duckdb_columns();
        let threads = self.threads;
        let job =
            DuckdbColumns { files, database: &database, threads, runs: RUNS, columns, queries };
        let answers = job.run()?;
        fs::remove_file(&database)?;
        Ok(Engine::of(DUCKDB_COLUMNS, answers))
    }

    /// DuckDB on the text: of the two ways to write a statement the faster one counts.
    fn duckdb_text(&self, files: &[PathBuf], one: &[String], other: &[String]) -> Result<Engine> {
        progress(DUCKDB_TEXT);
        let both = one.iter().chain(other).map(|sql| (sql.as_str(), sql.as_str())).collect();
        let job = DuckdbQueries { files, threads: self.threads, runs: RUNS, queries: both };
        let answers = job.run()?;
        let mut answered: Vec<Answered> = answers.answers.into_iter().map(Answered::of).collect();
        let others = answered.split_off(one.len());
        for (one, other) in answered.iter_mut().zip(others) {
            answers::same("DuckDB's two ways", &one.rows, &other.rows)?;
            one.time = one.time.min(other.time);
        }
        Ok(Engine { name: DUCKDB_TEXT.to_owned(), version: answers.version, bytes: 0, answered })
    }
}

fn describe_storage(
    [with, without]: [u64; 2],
    bare: u64,
    measured: &Measured,
    report: &mut Report,
) {
    let size = |bytes: u64| format!("{:.1}", mebibytes(bytes));
    let share = |of: u64| bytes_ratio(with, of);
    let ratio = report.ratio(share(without), Target::AtMost(1.15));
    let mut lines = vec![vec![
        "all columns, with hidden ones / without".to_owned(),
        size(with),
        size(without),
        ratio,
    ]];
    for engine in measured.engines.iter().filter(|engine| engine.name.starts_with("ClickHouse")) {
        let ratio = report.ratio(bytes_ratio(bare, engine.bytes), Target::AtMost(1.1));
        let what = format!("without `raw` and OCSF, with hidden columns / {}", engine.name);
        lines.push(vec![what, size(bare), size(engine.bytes), ratio]);
    }
    report.table(&["stored", "MiB", "MiB", "ratio"], &lines);
    report.paragraph(
        "ClickHouse's tables hold the event id, the time, the source and the document, not its \
         text. Headwater's hold the text and all other columns of `events` but those named.",
    );
}

fn describe_costs(ingest: &[Usage; 2], compaction: &[Compaction; 2], report: &mut Report) {
    let cpu = |usage: &Usage| usage.cpu.as_secs_f64();
    let [with, without] = ingest;
    let ratio = report.ratio(cpu(with) / cpu(without), Target::AtMost(1.3));
    let line = |what: &str, one: &Usage, other: &Usage, ratio: String| {
        let times = |usage: &Usage| format!("{:.1} ({:.1})", cpu(usage), usage.wall.as_secs_f64());
        vec![what.to_owned(), times(one), times(other), ratio]
    };
    let mut lines = vec![line("ingest on one processor: time", with, without, ratio)];
    let [with, without] = compaction;
    let speed = |run: &Compaction| mebibytes(run.bytes) / cpu(&run.usage);
    let ratio = report.ratio(speed(with) / speed(without), Target::AtLeast(0.5));
    let [one, other] = [with, without].map(|run| format!("{:.0}", mebibytes(run.bytes)));
    let what = format!("`optimize` of {one} and {other} MiB: speed");
    lines.push(line(&what, &with.usage, &without.usage, ratio));
    report.table(
        &[
            &format!("CPU s (wall s), middle of {ROUNDS} runs"),
            "with hidden columns",
            "without",
            "ratio",
        ],
        &lines,
    );
}

fn bytes_ratio(one: u64, other: u64) -> f64 {
    mebibytes(one) / mebibytes(other)
}

/// One run of `headwater optimize`.
struct Compaction {
    /// Size of the files that were replaced.
    bytes: u64,
    usage: Usage,
}

fn optimize(lake: &Path, options: &[&str]) -> Result<Compaction> {
    #[derive(Deserialize)]
    struct Summary {
        bytes_removed: u64,
        conflicts: u64,
    }
    let mut command = Command::new(settings::headwater()?);
    command.arg("--lake").arg(lake).args(["optimize", "--json"]).args(options);
    let (output, usage) = measure::run(&mut command)?;
    ensure!(output.status.success(), "headwater optimize ended with {}", output.status);
    let summary: Summary =
        serde_json::from_slice(&output.stdout).context("headwater optimize gave no summary")?;
    ensure!(summary.conflicts == 0, "another process changed the table");
    Ok(Compaction { bytes: summary.bytes_removed, usage })
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<String>> {
    answers::rows(&session.query(sql, &[]).await?.collect().await?)
}

async fn table_bytes(lake: &Path) -> Result<u64> {
    let (_, table) = headwater::events_table(lake)?;
    Ok(table.snapshot().await?.bytes())
}

fn options_of(config: &Path) -> Result<Vec<&str>> {
    let config = config.to_str().context("a folder that is not UTF-8")?;
    Ok(vec!["--source", "sysmon", "--config", config])
}

/// Copies a folder; files are links, because a lake's are never changed.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else {
            fs::hard_link(entry.path(), copy)?;
        }
    }
    Ok(())
}
