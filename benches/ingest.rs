//! Ingest, from JSON lines to a committed table: `headwater ingest` against the ceiling (parser and
//! Parquet columns without a pipeline), against DuckDB (the same files into the same Parquet
//! columns) and beside Vector's published figure. Then the memory of a larger input, and what
//! keeping `raw` costs.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use headwater_benches::generate::{Dataset, DatasetConfig};
use headwater_benches::headwater::{self, remove_folder};
use headwater_benches::measure::{self, Usage, mebibytes};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::rivals::DuckdbIngest;
use headwater_benches::{ceiling, settings};

/// Runs of each, in turns.
const ROUNDS: usize = 3;

/// How much larger the input is whose memory is compared.
const GROWTH: u64 = 3;

/// Peak memory that ingest may reach, whatever the input's size.
const MEMORY_MEBIBYTES_MAX: f64 = 1_024.0;

/// MiB per second and virtual CPU that Vector's sizing guide gives for structured logs.
const VECTOR_SPEED: f64 = 25.0;

fn main() -> Result<()> {
    let config = settings::dataset()?;
    let folder = settings::data_folder()?;
    progress(format_args!("{} MB of events in {}", config.bytes / 1_000_000, folder.display()));
    let dataset = config.open_or_generate(&folder)?;
    let mut report = Report::new("ingest", "Ingest");
    let measured = Measured::take(&dataset, &folder)?;
    measured.describe(&dataset, &mut report);
    memory(&config, &folder, &measured, &mut report)?;
    storage(&dataset, &folder, &mut report)?;
    report.finish()
}

/// The middle of several runs of each.
struct Measured {
    ours: Usage,
    ours_alone: Usage,
    ceiling: Usage,
    duckdb: Usage,
    duckdb_alone: Usage,
    duckdb_version: String,
    /// Sizes of what each wrote.
    ours_bytes: u64,
    ceiling_bytes: u64,
    duckdb_bytes: u64,
}

impl Measured {
    fn take(dataset: &Dataset, folder: &Path) -> Result<Self> {
        let (lake, other) = (folder.join("ingest-lake"), folder.join("ingest-rival"));
        let threads = std::thread::available_parallelism()?.get();
        read_once(&dataset.files)?;
        let [mut ours, mut ours_alone, mut ceilings, mut duckdb, mut duckdb_alone] =
            [const { Vec::new() }; 5];
        let (mut version, mut duckdb_bytes, mut ceiling_bytes) = (String::new(), 0, 0);
        for round in 1..=ROUNDS {
            progress(format_args!("ingest, round {round} of {ROUNDS}: Headwater"));
            ours.push(headwater::ingest(dataset, &lake, &[])?.1);
            progress("Headwater on one core");
            ours_alone.push(headwater::ingest_on_one_core(dataset, &lake, &[])?);
            progress("the ceiling");
            remove_folder(&other)?;
            let (written, usage) = measure::work(|| ceiling::write(&dataset.files, &other))?;
            ensure!(written.rows == dataset.events, "the ceiling wrote {} rows", written.rows);
            ceilings.push(usage);
            ceiling_bytes = written.bytes;
            for (runs, threads) in [(&mut duckdb, threads), (&mut duckdb_alone, 1)] {
                progress(format_args!("DuckDB, threads: {threads}"));
                remove_folder(&other)?;
                let job = DuckdbIngest { files: &dataset.files, folder: &other, threads };
                let (written, usage) = job.run()?;
                ensure!(written.rows == dataset.events, "DuckDB wrote {} rows", written.rows);
                runs.push(usage);
                (version, duckdb_bytes) = (written.version, written.bytes);
            }
        }
        let ours_bytes = table_bytes(&lake)?;
        remove_folder(&other)?;
        remove_folder(&lake)?;
        Ok(Self {
            ours: Usage::median(&ours),
            ours_alone: Usage::median(&ours_alone),
            ceiling: Usage::median(&ceilings),
            duckdb: Usage::median(&duckdb),
            duckdb_alone: Usage::median(&duckdb_alone),
            duckdb_version: version,
            ours_bytes,
            ceiling_bytes,
            duckdb_bytes,
        })
    }

    fn describe(&self, dataset: &Dataset, report: &mut Report) {
        report.paragraph(format_args!(
            "{} events in {} files, {:.0} MiB of JSON lines, spread over 24 hours; files in the \
             page cache; middle of {ROUNDS} runs. Headwater runs as a process, with its whole \
             pipeline, sorted files, fsync and commits. DuckDB {} copies each line into `details` \
             and `raw` and fills the same columns: no normalisation, no order, no fsync; its \
             start-up is not counted. \"Per core\" is per second of CPU time; the ratios per core are \
             those of one core.",
            dataset.events,
            dataset.files.len(),
            mebibytes(dataset.bytes),
            self.duckdb_version,
        ));
        let row = |name: &str, usage: &Usage, written: u64| {
            vec![
                name.to_owned(),
                format!("{:.1}", usage.wall.as_secs_f64()),
                format!("{:.1}", usage.cpu.as_secs_f64()),
                format!("{:.0}", usage.speed(dataset.bytes)),
                format!("{:.0}", usage.speed_per_core(dataset.bytes)),
                match usage.peak_bytes {
                    0 => "—".to_owned(),
                    peak => format!("{:.0}", mebibytes(peak)),
                },
                format!("{:.0}", mebibytes(written)),
            ]
        };
        let mut published = vec!["—".to_owned(); 7];
        published[0] = "Vector, published sizing for structured logs".to_owned();
        published[4] = format!("{VECTOR_SPEED}");
        report.table(
            &["", "wall s", "CPU s", "MiB/s", "MiB/s per core", "peak MiB", "written MiB"],
            &[
                row("**Headwater**, all cores", &self.ours, self.ours_bytes),
                row("**Headwater**, one core", &self.ours_alone, self.ours_bytes),
                row("ceiling, one thread", &self.ceiling, self.ceiling_bytes),
                row("DuckDB, all threads", &self.duckdb, self.duckdb_bytes),
                row("DuckDB, one thread", &self.duckdb_alone, self.duckdb_bytes),
                published,
            ],
        );
        let per_core = |usage: &Usage| usage.speed_per_core(dataset.bytes);
        // Cores that work side by side slow each other down, so one is measured alone, as the
        // ceiling is.
        let ours = per_core(&self.ours_alone);
        // DuckDB may choose the number of threads with which it does better.
        let duckdb = per_core(&self.duckdb).max(per_core(&self.duckdb_alone));
        let wall = self.ours.speed(dataset.bytes) / self.duckdb.speed(dataset.bytes);
        let rows = [
            ("to the ceiling, per core", ours / per_core(&self.ceiling), 0.5),
            ("to DuckDB, per core", ours / duckdb, 1.0),
            ("to DuckDB, wall time", wall, 1.0),
            ("to Vector's published figure, per core", ours / VECTOR_SPEED, 1.0),
        ];
        let rows = rows.map(|(name, value, target)| {
            let ratio = report.ratio(value, Target::AtLeast(target));
            vec![name.to_owned(), ratio, format!("≥ {target}")]
        });
        report.table(&["ratio of Headwater", "", "target"], &rows);
    }
}

/// Peak memory of the shared input and of a larger one.
fn memory(
    config: &DatasetConfig,
    folder: &Path,
    measured: &Measured,
    report: &mut Report,
) -> Result<()> {
    let larger = DatasetConfig { bytes: config.bytes * GROWTH, ..*config };
    progress(format_args!("memory, with {} MB of events", larger.bytes / 1_000_000));
    let dataset = larger.open_or_generate(folder)?;
    let lake = folder.join("ingest-lake");
    let (_, usage) = headwater::ingest(&dataset, &lake, &[])?;
    remove_folder(&lake)?;
    let mut rows = Vec::new();
    for (bytes, usage) in [(config.bytes, measured.ours), (larger.bytes, usage)] {
        let peak = mebibytes(usage.peak_bytes);
        let target = Target::AtMost(MEMORY_MEBIBYTES_MAX);
        let judged = report.judge(format!("{peak:.0}"), peak <= MEMORY_MEBIBYTES_MAX, target);
        let speed = format!("{:.0}", usage.speed_per_core(bytes));
        rows.push(vec![format!("{:.0} MB", bytes as f64 / 1e6), judged, speed]);
    }
    report.table(&["input", "peak MiB", "MiB/s per core"], &rows);
    Ok(())
}

/// What keeping the original text costs.
fn storage(dataset: &Dataset, folder: &Path, report: &mut Report) -> Result<()> {
    let lake = folder.join("ingest-lake");
    let mut rows = Vec::new();
    for (name, options) in [("kept", &[][..]), ("not kept", &["--no-raw"][..])] {
        progress(format_args!("`raw` {name}"));
        let (_, usage) = headwater::ingest(dataset, &lake, options)?;
        let bytes = table_bytes(&lake)?;
        rows.push(vec![
            name.to_owned(),
            format!("{:.0}", mebibytes(bytes)),
            format!("{:.1} %", bytes as f64 / dataset.bytes as f64 * 100.0),
            format!("{:.0}", bytes as f64 / dataset.events as f64),
            format!("{:.1}", usage.cpu.as_secs_f64()),
        ]);
    }
    remove_folder(&lake)?;
    report.table(&["`raw`", "table MiB", "share of the input", "bytes per event", "CPU s"], &rows);
    Ok(())
}

/// Size of a lake's table `events`.
fn table_bytes(lake: &Path) -> Result<u64> {
    let (_, table) = headwater::events_table(lake)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(table.snapshot())?.bytes())
}

/// Brings files into the page cache, so that the first to read them has no disadvantage.
fn read_once(files: &[PathBuf]) -> Result<()> {
    for file in files {
        std::io::copy(&mut std::fs::File::open(file)?, &mut std::io::sink())?;
    }
    Ok(())
}
