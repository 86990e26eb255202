//! `headwater serve`: HTTP Event Collector to committed table against `headwater ingest` on the
//! same events from files, acknowledgements against none, the OpenTelemetry Collector beside it,
//! time until an event can be queried, memory, and many connections.
//!
//! The server runs on the first processor, everything that loads it on the second.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use headwater_benches::generate::{Dataset, DatasetConfig};
use headwater_benches::headwater::{self, events_table, remove_folder};
use headwater_benches::measure::{Usage, mebibytes};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::senders::{Connection, Pace, Requests, joined, wait_for_acks};
use headwater_benches::served::{Served, keep_away};
use headwater_benches::settings;
use serde_json::{Value, json};

/// Runs of each, in turns.
const ROUNDS: usize = 3;

/// Part of the shared input's size that is sent: requests are kept in memory.
const PART: u64 = 4;

/// Events whose time until they can be queried is taken.
const PROBES: usize = 200;

/// Pause between two of them.
const PROBE_PAUSE: Duration = Duration::from_millis(100);

/// Connections that do nothing, and such that send small requests all the time.
const CONNECTIONS: (usize, usize) = (1_000, 100);

/// How long the latter send.
const BUSY_TIME: Duration = Duration::from_secs(10);

/// Peak memory that a server may reach.
const MEMORY_MEBIBYTES_MAX: f64 = 1_024.0;

fn main() -> Result<()> {
    // Before this process is kept to one processor, so that it tells of the machine.
    let mut report = Report::new("serve", "Serve");
    keep_away()?;
    let config = settings::dataset()?;
    let config = DatasetConfig { bytes: config.bytes / PART, ..config };
    let folder = settings::data_folder()?;
    let dataset = config.open_or_generate(&folder)?;
    let requests = Requests::read(&dataset.files)?;
    ensure!(requests.events == dataset.events, "the files hold {} lines", requests.events);
    let measured = Measured::take(&dataset, &requests, &folder)?;
    measured.describe(&requests, &mut report);
    let rate = measured.plain.speed(requests.bytes) * f64::from(1 << 20) / 2.0;
    until_visible(&requests, &folder, rate, &mut report)?;
    connections(&folder, &mut report)?;
    report.finish()
}

/// The middle of several runs of each.
struct Measured {
    files: Usage,
    plain: Usage,
    acknowledged: Usage,
    /// Without the mapping to OCSF, which the collector has not either.
    without_ocsf: Usage,
    collector: Option<Usage>,
}

impl Measured {
    fn take(dataset: &Dataset, requests: &Requests, folder: &Path) -> Result<Self> {
        let place = folder.join("serve");
        let [mut files, mut plain, mut acknowledged, mut without_ocsf, mut collector] =
            [const { Vec::new() }; 5];
        for round in 1..=ROUNDS {
            progress(format_args!("round {round} of {ROUNDS}: headwater ingest, one core"));
            files.push(headwater::ingest_on_one_core(dataset, &place, &[])?);
            progress("headwater serve");
            plain.push(send(requests, &place, false, true)?);
            progress("headwater serve with acknowledgements");
            acknowledged.push(send(requests, &place, true, true)?);
            progress("headwater serve without OCSF");
            without_ocsf.push(send(requests, &place, false, false)?);
            progress("the OpenTelemetry Collector");
            collector.extend(send_to_collector(requests, &place)?);
        }
        remove_folder(&place)?;
        Ok(Self {
            files: Usage::median(&files),
            plain: Usage::median(&plain),
            acknowledged: Usage::median(&acknowledged),
            without_ocsf: Usage::median(&without_ocsf),
            collector: (!collector.is_empty()).then(|| Usage::median(&collector)),
        })
    }

    fn describe(&self, requests: &Requests, report: &mut Report) {
        report.paragraph(format_args!(
            "{} events, {:.0} MiB of JSON lines spread over 24 hours, each the `event` of an \
             envelope, 512 KiB a request over four connections; middle of {ROUNDS} runs. The \
             server is pinned to the first core with one normalising thread, the load to the \
             second. Costs are those from the first request until the process has ended after \
             SIGTERM, when everything is committed. Headwater's answers mean that the events are \
             synced to disk; the collector (receiver `splunk_hec`, exporter `file`, no \
             batching, GOMAXPROCS=1) answers when its exporter has taken them, and syncs nothing.",
            requests.events,
            mebibytes(requests.bytes),
        ));
        let row = |name: &str, usage: &Usage| {
            vec![
                name.to_owned(),
                format!("{:.1}", usage.wall.as_secs_f64()),
                format!("{:.1}", usage.cpu.as_secs_f64()),
                format!("{:.0}", usage.speed(requests.bytes)),
                format!("{:.0}", usage.speed_per_core(requests.bytes)),
                format!("{:.0}", mebibytes(usage.peak_bytes)),
            ]
        };
        let mut rows = vec![
            row("`headwater ingest`, files, one core", &self.files),
            row("**`headwater serve`**, HEC", &self.plain),
            row("**`headwater serve`**, HEC with acknowledgements", &self.acknowledged),
            row("**`headwater serve`**, HEC, `ingest.ocsf: false`", &self.without_ocsf),
        ];
        rows.extend(self.collector.iter().map(|usage| row("OpenTelemetry Collector", usage)));
        let header = ["", "wall s", "CPU s", "MiB/s", "MiB/s per core", "peak MiB"];
        report.table(&header, &rows);
        let per_core = |usage: &Usage| usage.speed_per_core(requests.bytes);
        let plain = per_core(&self.plain);
        let acknowledged = per_core(&self.acknowledged);
        let mut rows = vec![
            ("to `headwater ingest`, per core", plain / per_core(&self.files), 0.7),
            ("with acknowledgements to without", acknowledged / plain, 0.9),
        ];
        // The collector passes events on as they are.
        if let Some(collector) = &self.collector {
            let value = per_core(&self.without_ocsf) / per_core(collector);
            rows.push(("to the OpenTelemetry Collector, per core, both without OCSF", value, 2.0));
        }
        let judged = rows.into_iter().map(|(name, value, target)| {
            let ratio = report.ratio(value, Target::AtLeast(target));
            vec![name.to_owned(), ratio, format!("≥ {target}")]
        });
        let mut judged: Vec<_> = judged.collect();
        if let Some(collector) = &self.collector {
            let value = format!("{:.2}", plain / per_core(collector));
            let name = "to the OpenTelemetry Collector, per core, with OCSF".to_owned();
            judged.push(vec![name, value, "—".to_owned()]);
        }
        let peak = mebibytes(self.plain.peak_bytes.max(self.acknowledged.peak_bytes));
        let target = Target::AtMost(MEMORY_MEBIBYTES_MAX);
        let peak = report.judge(format!("{peak:.0}"), peak <= MEMORY_MEBIBYTES_MAX, target);
        judged.push(vec!["peak memory, MiB".to_owned(), peak, "≤ 1024".to_owned()]);
        report.table(&["ratio of `headwater serve`", "", "target"], &judged);
        if self.collector.is_none() {
            report.paragraph("The OpenTelemetry Collector was not there, so it was not measured.");
        }
    }
}

/// Everything through the HTTP Event Collector into a new table.
fn send(requests: &Requests, place: &Path, with_acks: bool, with_ocsf: bool) -> Result<Usage> {
    let server = Served::headwater(place, with_ocsf)?;
    let idle = server.cpu()?;
    let acks = requests.send(&server.hec, Pace::Full, with_acks)?;
    wait_for_acks(&server.hec, acks)?;
    let usage = server.finish(idle)?;
    let rows = committed_rows(&place.join("lake"))?;
    ensure!(rows == requests.events, "{rows} of {} events are committed", requests.events);
    Ok(usage)
}

fn send_to_collector(requests: &Requests, place: &Path) -> Result<Option<Usage>> {
    let Some(server) = Served::collector(place)? else { return Ok(None) };
    let idle = server.cpu()?;
    requests.send(&server.hec, Pace::Full, false)?;
    let usage = server.finish(idle)?;
    let written = fs::metadata(place.join("events.json"))?.len();
    ensure!(written > requests.bytes, "the collector wrote {written} bytes");
    Ok(Some(usage))
}

fn committed_rows(lake: &Path) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (_lake, table) = events_table(lake)?;
        table.snapshot().await?.rows().context("the log does not count its rows")
    })
}

/// Time from the answer to an event until a query finds it, while others send at half of the
/// greatest rate.
fn until_visible(requests: &Requests, folder: &Path, rate: f64, report: &mut Report) -> Result<()> {
    progress(format_args!("time until visible, at {:.0} MiB/s", rate / f64::from(1 << 20)));
    let place = folder.join("serve");
    let server = Served::headwater(&place, true)?;
    let api = server.api.clone().context("no API")?;
    let mut times = std::thread::scope(|scope| -> Result<Vec<Duration>> {
        let load = scope.spawn(|| requests.send(&server.hec, Pace::BytesPerSecond(rate), false));
        let mut times = Vec::new();
        let (mut sender, mut asker) = (Connection::open(&server.hec)?, Connection::open(&api)?);
        while times.len() < PROBES && !load.is_finished() {
            times.push(probe(&mut sender, &mut asker, times.len())?);
            std::thread::sleep(PROBE_PAUSE);
        }
        joined(load)?;
        Ok(times)
    })?;
    times.sort_unstable();
    let at = |part: f64| {
        let place = (times.len() as f64 * part) as usize;
        times.get(place.min(times.len() - 1)).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let peak = mebibytes(server.peak_bytes());
    let p99 = report.judge(format!("{:.0} ms", at(0.99)), at(0.99) < 1e3, Target::AtMost(1_000.0));
    report.paragraph(format_args!(
        "From the answer to an event until `POST /api/v1/query` finds it, at half of the greatest \
         rate ({:.0} MiB/s), {} events: median {:.0} ms, p99 {p99}, longest {:.0} ms; peak memory \
         {peak:.0} MiB. The query counts the events of the last minutes from one source.",
        rate / f64::from(1 << 20),
        times.len(),
        at(0.5),
        at(1.0),
    ));
    drop(server);
    remove_folder(&place)
}

fn probe(sender: &mut Connection, asker: &mut Connection, number: usize) -> Result<Duration> {
    let source = format!("probe-{number}");
    let event = json!({"source": source, "event": {"probe": number}}).to_string();
    let (status, _) = sender.post("/services/collector/event", None, event.as_bytes())?;
    ensure!(status == 200, "status {status}");
    let answered = Instant::now();
    let sql = format!(
        "SELECT count(*) AS n FROM events WHERE source = '{source}' \
         AND utctimestamp > now() - INTERVAL '5' MINUTE"
    );
    loop {
        let (status, answer) = asker.post("/api/v1/query", None, sql.as_bytes())?;
        ensure!(status == 200, "status {status}: {}", String::from_utf8_lossy(&answer));
        let rows: Value = serde_json::from_slice(answer.trim_ascii())?;
        if rows["n"] == 1 {
            return Ok(answered.elapsed());
        }
    }
}

/// Many connections at a time.
fn connections(folder: &Path, report: &mut Report) -> Result<()> {
    let (idle, busy) = CONNECTIONS;
    progress(format_args!("{idle} idle and {busy} busy connections"));
    let place = folder.join("serve");
    let server = Served::headwater(&place, true)?;
    let mut waiting: Vec<Connection> =
        (0..idle).map(|_| Connection::open(&server.hec)).collect::<Result<_>>()?;
    let until = Instant::now() + BUSY_TIME;
    let work = || -> Result<Vec<Duration>> {
        let mut connection = Connection::open(&server.hec)?;
        let mut times = Vec::new();
        while Instant::now() < until {
            let sent = Instant::now();
            let event = b"{\"event\":{\"user\":\"eve\",\"action\":\"login\"}}";
            let (status, _) = connection.post("/services/collector/event", None, event)?;
            ensure!(status == 200, "status {status}");
            times.push(sent.elapsed());
        }
        Ok(times)
    };
    let mut times = std::thread::scope(|scope| -> Result<Vec<Duration>> {
        let senders: Vec<_> = (0..busy).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for sender in senders {
            all.extend(joined(sender)?);
        }
        Ok(all)
    })?;
    for connection in &mut waiting {
        let (status, _) = connection.post("/services/collector/event", None, b"{\"event\":1}")?;
        ensure!(status == 200, "an idle connection got {status}");
    }
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    let peak = mebibytes(server.peak_bytes());
    report.paragraph(format_args!(
        "{idle} idle and {busy} busy connections: {:.0} requests of one event each second, every \
         one synced to disk before its answer, p99 {:.0} ms; then every idle connection sends one \
         event and gets its answer. Peak memory {peak:.0} MiB.",
        times.len() as f64 / BUSY_TIME.as_secs_f64(),
        p99.as_secs_f64() * 1e3,
    ));
    drop(server);
    remove_folder(&place)
}
