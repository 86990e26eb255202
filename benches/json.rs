//! Queries by JSON path on a lake with hidden columns and on one without, against ClickHouse's type
//! JSON (chDB) and DuckDB; what the columns cost in storage, at ingest and in compaction.
//!
//! All engines hold the same rows: the rivals read them from the files of the lake without hidden
//! columns. Their answers are compared row by row.

mod paths;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use headwater_benches::generate::Dataset;
use headwater_benches::measure::{self, Usage, mebibytes, median};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::rivals::{
    ClickhouseJson, DuckdbAnswer, DuckdbColumns, DuckdbQueries, TableAnswers,
};
use headwater_benches::{answers, headwater, settings};
use headwater_event::Timestamp;
use headwater_query::{AskedPaths, Session, SessionOptions};
use serde::Deserialize;

use paths::{Dialect, PathQuery};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of a query that count.
const RUNS: usize = 5;

/// Runs of ingest and of compaction, in turns.
const ROUNDS: usize = 3;

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
        let options =
            SessionOptions { threads: Some(self.threads), asked, ..SessionOptions::default() };
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
        let columns = self.headwater("Headwater, hidden columns", shredded, queries).await?;
        let text = self.headwater("Headwater, text", plain, queries).await?;
        let (_, table) = headwater::events_table(plain)?;
        let files = headwater::data_files(plain, &table).await?;
        let all = |dialect| queries.iter().map(|query| query.sql(dialect)).collect::<Vec<_>>();
        let mut engines = vec![columns, text];
        for (name, create, dialect) in [
            ("ClickHouse, as it comes", paths::clickhouse_default(), Dialect::Clickhouse),
            (
                "ClickHouse, declared and ordered",
                paths::clickhouse_typed(),
                Dialect::ClickhouseTyped,
            ),
        ] {
            progress(name);
            let folder = self.folder.join("json-clickhouse");
            headwater::remove_folder(&folder)?;
            let queries = all(dialect);
            let (files, threads) = (&files, self.threads);
            let job =
                ClickhouseJson { files, folder: &folder, threads, runs: RUNS, create, queries };
            engines.push(Engine::of(name, job.run()?));
            headwater::remove_folder(&folder)?;
        }
        engines.push(self.duckdb_columns(&files, all(Dialect::DuckdbColumns))?);
        engines.push(self.duckdb_text(
            &files,
            &all(Dialect::DuckdbText),
            &all(Dialect::DuckdbTextAtOnce),
        )?);
        Ok(Measured { engines, files: files.len() })
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
        progress("DuckDB, columns by hand");
        let database = self.folder.join("json-duckdb.db");
        let _ = fs::remove_file(&database);
        let columns = &paths::duckdb_columns();
        let threads = self.threads;
        let job =
            DuckdbColumns { files, database: &database, threads, runs: RUNS, columns, queries };
        let answers = job.run()?;
        fs::remove_file(&database)?;
        Ok(Engine::of("DuckDB, columns by hand", answers))
    }

    /// DuckDB on the text: of the two ways to write a statement the faster one counts.
    fn duckdb_text(&self, files: &[PathBuf], one: &[String], other: &[String]) -> Result<Engine> {
        progress("DuckDB, text");
        let both = one.iter().chain(other).map(|sql| (sql.as_str(), sql.as_str())).collect();
        let job = DuckdbQueries { files, threads: self.threads, runs: RUNS, queries: both };
        let answers = job.run()?;
        let mut answered: Vec<Answered> = answers.answers.into_iter().map(Answered::of).collect();
        let others = answered.split_off(one.len());
        for (one, other) in answered.iter_mut().zip(others) {
            answers::same("DuckDB's two ways", &one.rows, &other.rows)?;
            one.time = one.time.min(other.time);
        }
        Ok(Engine { name: "DuckDB, text".to_owned(), version: answers.version, bytes: 0, answered })
    }
}

/// Time and rows of one query.
struct Answered {
    time: Duration,
    rows: Vec<String>,
}

impl Answered {
    fn of(answer: DuckdbAnswer) -> Self {
        let seconds = answer.seconds.into_iter();
        Self { time: median(seconds.map(Duration::from_secs_f64)), rows: answer.rows }
    }
}

/// What one engine did with all queries.
struct Engine {
    name: String,
    version: String,
    /// Size of its table, where it has one of its own.
    bytes: u64,
    answered: Vec<Answered>,
}

impl Engine {
    fn of(name: &str, answers: TableAnswers) -> Self {
        let answered = answers.answers.into_iter().map(Answered::of).collect();
        Self { name: name.to_owned(), version: answers.version, bytes: answers.bytes, answered }
    }

    /// How many times the other's time this one's is: the geometric mean over the queries.
    fn against(&self, other: &Self) -> f64 {
        let both = self.answered.iter().zip(&other.answered);
        let logarithms: Vec<f64> = both
            .map(|(ours, theirs)| (theirs.time.as_secs_f64() / ours.time.as_secs_f64()).ln())
            .collect();
        (logarithms.iter().sum::<f64>() / logarithms.len().max(1) as f64).exp()
    }
}

/// What all engines did: Headwater with hidden columns and without, ClickHouse as it comes and at
/// its best, DuckDB on columns and on text.
struct Measured {
    engines: Vec<Engine>,
    files: usize,
}

impl Measured {
    fn describe(
        &self,
        queries: &[PathQuery],
        dataset: &Dataset,
        threads: usize,
        report: &mut Report,
    ) -> Result<()> {
        let [columns, text, clickhouse, typed, by_hand, duckdb] = self.engines.as_slice() else {
            anyhow::bail!("not all engines were measured");
        };
        for engine in &self.engines {
            for ((query, ours), theirs) in
                queries.iter().zip(&columns.answered).zip(&engine.answered)
            {
                answers::same(
                    &format!("{}, {}", query.name, engine.name),
                    &ours.rows,
                    &theirs.rows,
                )?;
            }
        }
        report.paragraph(format_args!(
            "{} events, compacted to {} files; page cache warm, {threads} threads, middle of \
             {RUNS} runs after one that warms up, times in milliseconds. The queries had been \
             asked once before `optimize`, so it knew their places. ClickHouse {} (chDB) and \
             DuckDB {} hold the same rows. ClickHouse's table is MergeTree with a column \
             `JSON`, merged to one part, with ClickHouse's own settings (its cache of query \
             conditions is on): once as it comes, `ORDER BY utctimestamp`, and once with a type \
             for each place, ZSTD and `ORDER BY (source, details.eventname, details.action, \
             utctimestamp)`. DuckDB has a table of its own with a typed column for each place, \
             without the text, sorted by source and time; and the text in Headwater's files, \
             asked with a call for each place and with one call for all, of which the faster \
             counts. The answers of all are equal, row by row. Bold: faster than Headwater with \
             hidden columns.",
            dataset.events, self.files, clickhouse.version, duckdb.version,
        ));
        self.table(queries, columns, report);
        let mut lines = Vec::new();
        for (what, ratio, target) in [
            ("hidden columns: ClickHouse, as it comes", columns.against(clickhouse), 1.0),
            ("hidden columns: ClickHouse, declared and ordered", columns.against(typed), 1.0),
            ("hidden columns: DuckDB, columns by hand", columns.against(by_hand), 1.0),
            ("hidden columns: DuckDB, text", columns.against(duckdb), 10.0),
            ("text: DuckDB, text", text.against(duckdb), 1.5),
        ] {
            let ratio = report.ratio(ratio, Target::AtLeast(target));
            lines.push(vec![what.to_owned(), ratio, format!("≥ {target}")]);
        }
        report.table(&["time of the rival / Headwater's, geometric mean", "", "target"], &lines);
        Ok(())
    }

    fn table(&self, queries: &[PathQuery], columns: &Engine, report: &mut Report) {
        let mut lines = Vec::new();
        for (number, (query, ours)) in queries.iter().zip(&columns.answered).enumerate() {
            let mut line = vec![query.name.to_owned(), ours.rows.len().to_string()];
            for engine in &self.engines {
                let time = engine.answered.get(number).map_or(Duration::ZERO, |other| other.time);
                let written = format!("{:.1}", time.as_secs_f64() * 1e3);
                let is_faster = time < ours.time;
                line.push(if is_faster { format!("**{written}**") } else { written });
            }
            lines.push(line);
        }
        let mut header = vec!["query", "rows compared"];
        header.extend(self.engines.iter().map(|engine| engine.name.as_str()));
        report.table(&header, &lines);
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
