//! Commits to a table's log: whether they get slower as the table grows, and what happens when
//! several processes commit to one table at once.
//!
//! A commit makes one small data file and one source position visible. The files are written before
//! the clock starts, so only the commit itself is measured. Writers are processes: this program
//! starts itself with the argument `writer`, tells all of them to go at the same moment, and counts
//! afterwards that no commit was lost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::{headwater, settings};
use headwater_event::json::ParseLimits;
use headwater_event::{Envelope, Event, Origin, Timestamp};
use headwater_lake::{
    Commit, DataFile, EventBatchBuilder, PositionAdvance, Table, TableWriter, WriterOptions,
};

/// Commits whose times are compared.
const COMMITS: usize = 2_000;
const WINDOW: usize = 100;

/// Processes that compete, and commits of each.
const WRITERS: usize = 8;
const COMMITS_OF_WRITER: usize = 250;

/// Runs of each measurement.
const ROUNDS: usize = 3;

/// Rows of each commit.
const ROWS: usize = 10;

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["writer", lake, name] => runtime.block_on(write(Path::new(lake), name)),
        _ => runtime.block_on(measure()),
    }
}

async fn measure() -> Result<()> {
    let folder = settings::data_folder()?.join("commits-lake");
    let mut report = Report::new("commits", "Commits");
    growth(&folder, &mut report).await?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(compete(&folder, 1).await?);
        together.push(compete(&folder, WRITERS).await?);
    }
    let middle = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates.get(ROUNDS / 2).copied().context("no round")
    };
    let (alone, together) = (middle(&mut alone)?, middle(&mut together)?);
    headwater::remove_folder(&folder)?;
    report.paragraph(format_args!(
        "Processes that commit to one table at once, {COMMITS_OF_WRITER} commits each, \
         middle of {ROUNDS} rounds; afterwards every row and every position was there."
    ));
    let row =
        |name: &str, rate: f64, judged: String| vec![name.to_owned(), format!("{rate:.0}"), judged];
    let ratio = report.ratio(together / alone, Target::AtLeast(0.5));
    report.table(
        &["processes", "commits/s, together", "ratio to one"],
        &[row("1", alone, String::new()), row(&WRITERS.to_string(), together, ratio)],
    );
    report.finish()
}

/// Whether commits get slower with the table's size.
async fn growth(folder: &Path, report: &mut Report) -> Result<()> {
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        progress(format_args!("{COMMITS} commits by one writer, round {round} of {ROUNDS}"));
        rounds.push(Growth::take(folder).await?);
    }
    // Syncing a disk takes what it takes: the middle one counts.
    rounds.sort_by(|left, right| left.ratio().total_cmp(&right.ratio()));
    let middle = rounds.get(ROUNDS / 2).context("no round")?;
    report.paragraph(format_args!(
        "{COMMITS} commits of one file with {ROWS} rows each, one after the other, with fsync and \
         checkpoints; middle of {ROUNDS} rounds."
    ));
    let millis = |seconds: f64| format!("{:.2}", seconds * 1e3);
    let ratio = report.ratio(middle.ratio(), Target::AtMost(1.5));
    report.table(
        &["first 100, ms each", "all, ms each", "last 100, ms each", "slowest, ms", "last / first"],
        &[vec![
            millis(middle.first),
            millis(middle.all),
            millis(middle.last),
            millis(middle.slowest),
            ratio,
        ]],
    );
    Ok(())
}

/// Seconds per commit of one round.
struct Growth {
    first: f64,
    all: f64,
    last: f64,
    slowest: f64,
}

impl Growth {
    async fn take(folder: &Path) -> Result<Self> {
        headwater::remove_folder(folder)?;
        let (_, table) = headwater::events_table(folder)?;
        table.ensure_created().await?;
        let files = prepare(&table, COMMITS).await?;
        let mut times = Vec::with_capacity(COMMITS);
        for (number, file) in files.into_iter().enumerate() {
            let commit = commit("bench/0", number, file)?;
            let start = Instant::now();
            table.commit(commit).await?;
            times.push(start.elapsed());
        }
        table.settle().await;
        check(&table, COMMITS, &[("bench/0", COMMITS)]).await?;
        let mean =
            |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64() / times.len() as f64;
        Ok(Self {
            first: mean(&times[..WINDOW]),
            all: mean(&times),
            last: mean(&times[COMMITS - WINDOW..]),
            slowest: times.iter().max().copied().unwrap_or_default().as_secs_f64(),
        })
    }

    fn ratio(&self) -> f64 {
        self.last / self.first
    }
}

/// Starts so many writers on a new table and returns how many commits per second they make
/// together.
async fn compete(folder: &Path, writers: usize) -> Result<f64> {
    progress(format_args!("writer processes: {writers}"));
    headwater::remove_folder(folder)?;
    let (_, table) = headwater::events_table(folder)?;
    table.ensure_created().await?;
    let names: Vec<String> = (0..writers).map(|number| format!("writer/{number}")).collect();
    let mut children =
        names.iter().map(|name| start(folder, name)).collect::<Result<Vec<Child>>>()?;
    for child in &mut children {
        let mut ready = String::new();
        let output = child.stdout.as_mut().context("a writer has no output")?;
        BufReader::new(output).read_line(&mut ready)?;
        ensure!(ready == "ready\n", "a writer did not get ready");
    }
    let start = Instant::now();
    for child in &mut children {
        // Dropping its standard input tells a writer to go.
        drop(child.stdin.take());
    }
    for child in &mut children {
        let status = child.wait()?;
        ensure!(status.success(), "a writer ended with {status}");
    }
    let time = start.elapsed();
    let positions: Vec<(&str, usize)> =
        names.iter().map(|name| (name.as_str(), COMMITS_OF_WRITER)).collect();
    check(&table, writers * COMMITS_OF_WRITER, &positions).await?;
    Ok((writers * COMMITS_OF_WRITER) as f64 / time.as_secs_f64())
}

fn start(folder: &Path, name: &str) -> Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("writer")
        .arg(folder)
        .arg(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("failed to start a writer")
}

/// One writer: prepares its files, waits for the signal, commits.
async fn write(folder: &Path, name: &str) -> Result<()> {
    let (_, table) = headwater::events_table(folder)?;
    let files = prepare(&table, COMMITS_OF_WRITER).await?;
    // Reads the log once, as a writer that has been running for a while has.
    table.version().await?;
    let mut output = std::io::stdout();
    output.write_all(b"ready\n")?;
    output.flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    for (number, file) in files.into_iter().enumerate() {
        table.commit(commit(name, number, file)?).await?;
    }
    table.settle().await;
    Ok(())
}

fn commit(partition: &str, number: usize, file: DataFile) -> Result<Commit> {
    let offset = i64::try_from(number)? + 1;
    let position = PositionAdvance {
        partition: Arc::from(partition),
        expected: (number > 0).then_some(offset - 1),
        offset,
    };
    Ok(Commit::append(vec![file], vec![position]))
}

/// Writes data files that no commit names yet.
async fn prepare(table: &Table, files: usize) -> Result<Vec<DataFile>> {
    let writer = TableWriter::new(table.clone(), WriterOptions::default())?;
    let mut builder = EventBatchBuilder::new(true);
    let mut event = Event::new(Arc::default());
    let (origin, received_at) = (Origin::default(), Timestamp::from_micros(1_772_323_200_000_000));
    let mut written = Vec::with_capacity(files);
    for file in 0..files {
        for row in 0..ROWS {
            let text = format!(
                r#"{{"eventid":"{file}-{row}","utctimestamp":"2026-03-01T05:00:00Z","details":{{}}}}"#
            );
            event.json.parse(text.as_bytes(), ParseLimits::default())?;
            let (original, origin) = (text.as_bytes(), &origin);
            let envelope = Envelope { original, json: original, origin, time: None, received_at };
            builder.append(&event, envelope)?;
        }
        written.extend(writer.write(vec![builder.finish()?]).await?);
    }
    ensure!(written.len() == files, "{} files for {files} batches", written.len());
    Ok(written)
}

/// No commit may be lost: all rows and all positions are in the table.
async fn check(table: &Table, commits: usize, positions: &[(&str, usize)]) -> Result<()> {
    let snapshot = table.snapshot().await?;
    let rows = snapshot.rows().context("the log does not know the number of rows")?;
    ensure!(rows == (commits * ROWS) as u64, "{rows} rows after {commits} commits");
    let names: Vec<&str> = positions.iter().map(|(name, _)| *name).collect();
    let found = table.positions(&names).await?;
    for (name, offset) in positions {
        let offset = i64::try_from(*offset)?;
        ensure!(found.get(*name) == Some(&offset), "position of {name} is {:?}", found.get(*name));
    }
    Ok(())
}
