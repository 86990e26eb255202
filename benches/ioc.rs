//! Indicators in the whole lake: 10,000 at once beside DuckDB, which joins them with the values in
//! the text; and one in simulated lakes of up to 100,000 files, cold, in an object store that
//! counts requests and answers late.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use headwater_benches::counted::CountedStore;
use headwater_benches::generate::Random;
use headwater_benches::measure::{mebibytes, median};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::rivals::DuckdbQueries;
use headwater_benches::{answers, headwater, settings};
use headwater_event::Timestamp;
use headwater_event::schema::{EVENTS, OBSERVABLES};
use headwater_indicators::{Indicator, Keys};
use headwater_lake::index::{self, IndexRow, IndexRows};
use headwater_lake::{Commit, HourPartition, Lake, LakeOptions, Table};
use headwater_query::{Indicators, Session, SessionOptions, SightingFilter, Sightings};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use serde_json::json;
use url::Url;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs that count.
const RUNS: usize = 5;

/// Indicators that are looked for at once.
const INDICATORS: usize = 10_000;

/// How many of them occur.
const PRESENT: usize = 500;

/// Files of the simulated lakes: one per hour.
const FILES: [u64; 3] = [1_000, 10_000, 100_000];

/// Values of one simulated file.
const VALUES: u32 = 64;

/// Files of one simulated update of the index.
const FILES_PER_UPDATE: u64 = 50;

/// When a request to the object store is answered.
const LATENCY: Duration = Duration::from_millis(15);

const HOUR_MICROS: i64 = 3_600_000_000;

/// 2015-01-01T00:00:00Z.
const FIRST_TIME: i64 = 1_420_070_400_000_000;

fn main() -> Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let mut report = Report::new("ioc", "Indicators");
        many(threads, &mut report).await?;
        one(&mut report).await?;
        report.finish()
    })
}

/// Many indicators in a lake of real size.
async fn many(threads: usize, report: &mut Report) -> Result<()> {
    let folder = settings::data_folder()?;
    let dataset = settings::dataset()?.open_or_generate(&folder)?;
    let lake_folder = folder.join("ioc-lake");
    progress("making a lake");
    let (_, usage) = headwater::ingest(&dataset, &lake_folder, &["--source", "sysmon"])?;
    let (lake, table) = headwater::events_table(&lake_folder)?;
    let index_table = lake.table(OBSERVABLES)?;
    let (events_bytes, index_bytes) =
        (table.snapshot().await?.bytes(), index_table.snapshot().await?.bytes());
    let started = Instant::now();
    let options = index::IndexOptions { rebuild: true, ..index::IndexOptions::default() };
    index::update(&lake, &options).await?;
    let rebuilt = started.elapsed();
    let list = addresses(&lake).await?;
    let (ours, found) = search(&lake, &list).await?;
    let files = headwater::data_files(&lake_folder, &table).await?;
    let (text, column) = statements(&list);
    let compared = |statement: &str| {
        format!("SELECT DISTINCT value, source, day_of FROM ({statement}) ORDER BY ALL")
    };
    let (text_rows, column_rows) = (compared(&text), compared(&column));
    let queries =
        vec![(text.as_str(), text_rows.as_str()), (column.as_str(), column_rows.as_str())];
    progress("DuckDB");
    let theirs = DuckdbQueries { files: &files, threads, runs: RUNS, queries }.run()?;
    report.paragraph(format_args!(
        "{INDICATORS} addresses, {PRESENT} of which occur, in {} events in {} files; warm, {threads} \
         threads, middle of {RUNS} runs. DuckDB {} joins them with the values of the observables, \
         which it takes from the JSON text, and from the column of lists. The answers are equal: \
         {} rows of indicator, source and day. Ingest, with the index, took {:.1} s; making the \
         index anew {:.1} s. The table has {:.1} MiB, the index {:.1}.",
        dataset.events,
        files.len(),
        theirs.version,
        found.len(),
        usage.wall.as_secs_f64(),
        rebuilt.as_secs_f64(),
        mebibytes(events_bytes),
        mebibytes(index_bytes),
    ));
    let mut lines = Vec::new();
    for (name, answer, target) in [
        ("DuckDB, unnested text", theirs.answers.first(), Some(20.0)),
        ("DuckDB, column `observables`", theirs.answers.get(1), None),
    ] {
        let answer = answer.context("DuckDB answered less")?;
        answers::same(name, &found, &answer.rows)?;
        let seconds = answer.seconds.iter().copied().map(Duration::from_secs_f64);
        let time = median(seconds);
        let ratio = time.as_secs_f64() / ours.as_secs_f64();
        let ratio = match target {
            Some(bound) => report.ratio(ratio, Target::AtLeast(bound)),
            None => format!("{ratio:.1}"),
        };
        lines.push(vec![name.to_owned(), milliseconds(time), ratio]);
    }
    lines.insert(0, vec!["**Headwater**".to_owned(), milliseconds(ours), String::new()]);
    report.table(&["10,000 indicators", "ms", "to Headwater"], &lines);
    headwater::remove_folder(&lake_folder)
}

/// Time and answer of a search for all of a list.
async fn search(lake: &Lake, list: &[String]) -> Result<(Duration, Vec<String>)> {
    let parsed = list.iter().map(|text| Indicator::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let indicators = Indicators::new(parsed);
    let (mut times, mut found) = (Vec::new(), BTreeSet::new());
    for run in 0..=RUNS {
        let started = Instant::now();
        let seen = Sightings::find(lake, &indicators, &SightingFilter::default()).await?;
        if run > 0 {
            times.push(started.elapsed());
        }
        ensure!(seen.files_read == 0, "the index is not up to date");
        found = seen.all.iter().map(|one| row(&indicators, one)).collect::<Result<_>>()?;
    }
    Ok((median(times), found.into_iter().collect()))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

/// Indicator, source and day of a sighting, as DuckDB's rows are written.
fn row(indicators: &Indicators, seen: &headwater_query::Sighting) -> Result<String> {
    let indicator = indicators.all().get(seen.indicator).context("no such indicator")?;
    let hour = HourPartition::of(Timestamp::from_micros(i64::from(seen.date) * 24 * HOUR_MICROS));
    let [year, month, day, _] = hour.values();
    let source = seen.source.as_deref().unwrap_or("\\N");
    Ok(format!("{}\u{1f}{source}\u{1f}{year}-{month}-{day}", indicator.text()))
}

/// Addresses that occur, and others.
async fn addresses(lake: &Lake) -> Result<Vec<String>> {
    let session = Session::open(lake, SessionOptions::default()).await?;
    let sql = format!(
        "SELECT DISTINCT value FROM observables WHERE type_id = 2 AND part = 'whole'
           AND value LIKE '%.%.%.%' ORDER BY md5(value) LIMIT {PRESENT}"
    );
    let mut list = answers::rows(&session.query(&sql, &[]).await?.collect().await?)?;
    ensure!(list.len() == PRESENT, "only {} addresses occur", list.len());
    for number in list.len()..INDICATORS {
        // Addresses for documentation do not occur.
        list.push(format!("198.18.{}.{}", number / 256, number % 256));
    }
    Ok(list)
}

/// The join of DuckDB: with the text, and with the column.
fn statements(list: &[String]) -> (String, String) {
    let mut values = String::new();
    for (number, value) in list.iter().enumerate() {
        let comma = if number > 0 { ", " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(values, "{comma}('{value}')");
    }
    let join = |unnested: &str| {
        format!(
            "SELECT value, source, year || '-' || month || '-' || day AS day_of, count(*) AS hits
             FROM (SELECT source, year, month, day, {unnested} AS value FROM events)
             JOIN (VALUES {values}) AS indicators(value) USING (value) GROUP BY ALL"
        )
    };
    (
        join("unnest(json_extract_string(ocsf, '$.observables[*].value'))"),
        join("unnest(list_transform(observables, lambda one: one.value))"),
    )
}

/// One indicator in simulated lakes.
async fn one(report: &mut Report) -> Result<()> {
    report.paragraph(format_args!(
        "One address in simulated lakes of one file per hour with {VALUES} values each, three of \
         four of which are seen in one hour only; the index brought up to date every \
         {FILES_PER_UPDATE} files. Object store in memory, every request answered after {} ms. \
         Cold: a new handle, no cache; middle of {RUNS} runs. \"Requests\" are all that read or list: log, checkpoints and \
         files of both tables.",
        LATENCY.as_millis()
    ));
    let mut lines = Vec::new();
    for files in FILES {
        let store = CountedStore::default();
        let (rows, runs) = simulate(&store, files).await?;
        let (time, (requests, log)) = look(&store, files).await?;
        let within = requests <= 300;
        let requests = report.judge(requests.to_string(), within, Target::AtMost(300.0));
        let is_fast = time < Duration::from_secs(1);
        let time = report.judge(milliseconds(time), is_fast, Target::AtMost(1_000.0));
        let log = log.to_string();
        lines.push(vec![
            files.to_string(),
            rows.to_string(),
            runs.to_string(),
            requests,
            log,
            time,
        ]);
    }
    let header = [
        "files of events",
        "rows of the index",
        "files of the index",
        "requests",
        "of them logs",
        "ms, cold",
    ];
    report.table(&header, &lines);
    Ok(())
}

fn open(store: &CountedStore) -> Result<(Lake, Table, Table)> {
    let url = Url::parse("memory:///lake/")?;
    let lake = Lake::with_store(url, Arc::new(store.clone()), LakeOptions::default())?;
    let (events, index) = (lake.table(EVENTS)?, lake.table(OBSERVABLES)?);
    Ok((lake, events, index))
}

/// Makes the log of `events` with so many files, and the index as if it had followed; tells its
/// rows and files.
async fn simulate(store: &CountedStore, files: u64) -> Result<(u64, usize)> {
    progress(format_args!("simulating a lake of {files} files"));
    let (_, events, index_table) = open(store)?;
    events.ensure_created().await?;
    index_table.ensure_created().await?;
    let mut random = Random::new(files);
    let (mut version, mut entry) = (0, String::new());
    let mut rows = IndexRows::default();
    for file in 0..files {
        entry.push_str(&add(file)?);
        entry.push('\n');
        fill(&mut rows, file, &mut random);
        if (file + 1) % FILES_PER_UPDATE == 0 {
            version += 1;
            // Every hundredth is a commit of ours, which writes a checkpoint.
            if version % 100 == 0 {
                events.commit(Commit::append(Vec::new(), Vec::new())).await?;
                events.settle().await;
                version += 1;
            }
            let path = Path::from(format!("lake/events/_delta_log/{version:020}.json"));
            store.put(&path, std::mem::take(&mut entry).into()).await?;
            index::append(&events, &index_table, &std::mem::take(&mut rows), version).await?;
            index::compact(&index_table, false).await?;
        }
    }
    index_table.settle().await;
    let snapshot = index_table.snapshot().await?;
    Ok((snapshot.rows().unwrap_or(0), snapshot.files().len()))
}

/// The action of a file that is not there.
fn add(file: u64) -> Result<String> {
    let start = Timestamp::from_micros(FIRST_TIME + i64::try_from(file)? * HOUR_MICROS);
    let hour = HourPartition::of(start);
    let [year, month, day, hour_of_day] = hour.values();
    let stats = json!({"numRecords": 10_000, "minValues": {}, "maxValues": {}, "nullCount": {}});
    let add = json!({"add": {
        "path": format!("{}/part-{file}.parquet", hour.folder()),
        "partitionValues": {"year": year, "month": month, "day": day, "hour": hour_of_day},
        "size": 1_000_000, "modificationTime": 0, "dataChange": true, "stats": stats.to_string(),
    }});
    Ok(add.to_string())
}

/// What a file would give the index: addresses, one of four from a few thousand that are common.
fn fill(rows: &mut IndexRows, file: u64, random: &mut Random) {
    let mut keys = Keys::default();
    let time = FIRST_TIME + i64::try_from(file).unwrap_or(0) * HOUR_MICROS;
    let hours = time / HOUR_MICROS;
    for number in 0..VALUES {
        let address = match number % 4 {
            0 => 0x0a00_0000 + u32::try_from(random.below(4_000)).unwrap_or(0),
            _ => 0x2000_0000 + u32::try_from(random.below(1 << 30)).unwrap_or(0),
        };
        let value = std::net::Ipv4Addr::from(address).to_string();
        keys.each(2, &value, |kind, part, key| {
            rows.add(&IndexRow {
                key: &format!("{}:{key}", kind.name()),
                part: part.name(),
                type_id: 2,
                value: &value,
                source: Some("simulated"),
                date: i32::try_from(hours.div_euclid(24)).unwrap_or(0),
                hours: 1 << hours.rem_euclid(24),
                first_time: time,
                last_time: time + HOUR_MICROS - 1,
                events: 7,
            });
        });
    }
}

/// Time and requests of one cold search.
async fn look(store: &CountedStore, files: u64) -> Result<(Duration, (u64, u64))> {
    let indicators = Indicators::new(vec![Indicator::parse("10.0.7.7")?]);
    store.set_latency(LATENCY);
    let (mut times, mut requests) = (Vec::new(), (0, 0));
    for _ in 0..RUNS {
        let (lake, ..) = open(store)?;
        let _before = store.take_reads();
        let started = Instant::now();
        let seen = Sightings::find(&lake, &indicators, &SightingFilter::default()).await?;
        times.push(started.elapsed());
        requests = store.take_reads();
        ensure!(seen.files_read == 0, "the index is not up to date");
        ensure!(files < 10_000 || !seen.all.is_empty(), "the address was not found");
    }
    store.set_latency(Duration::ZERO);
    Ok((median(times), requests))
}
