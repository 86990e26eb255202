//! Servers that are measured: started on the first processor, loaded from the second, stopped, and
//! what they cost.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::measure::{Usage, cpu_of, peak_memory};
use crate::settings;

/// The token of the servers.
pub const TOKEN: &str = "token-of-the-bench";

/// Processor of the server; all others' is [`LOAD_PROCESSOR`].
const SERVER_PROCESSOR: &str = "0";

/// Processor of everything else.
const LOAD_PROCESSOR: &str = "1";

/// Longest wait for a server to listen.
const START_TIME_MAX: Duration = Duration::from_secs(30);

/// Keeps this process, with all threads it will start, away from the server's processor.
///
/// # Errors
/// There is no program `taskset`.
pub fn keep_away() -> Result<()> {
    let id = std::process::id().to_string();
    let status = Command::new("taskset")
        .args(["--all-tasks", "--pid", "--cpu-list", LOAD_PROCESSOR, &id])
        .stdout(Stdio::null())
        .status();
    ensure!(status.context("failed to run taskset")?.success(), "taskset failed");
    Ok(())
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Served {
    process: Child,
    started: Instant,
    /// `HOST:PORT` of the HTTP Event Collector.
    pub hec: String,
    /// `HOST:PORT` of the query API, where there is one.
    pub api: Option<String>,
}

impl Served {
    /// `headwater serve` on a new lake, with one thread that normalises, and with or without the
    /// mapping to OCSF.
    ///
    /// # Errors
    /// It does not start.
    pub fn headwater(folder: &Path, with_ocsf: bool) -> Result<Self> {
        crate::headwater::remove_folder(folder)?;
        fs::create_dir_all(folder)?;
        let file = folder.join("headwater.yaml");
        let ingest =
            format!("ingest: {{workers: 1, ocsf: {with_ocsf}}}\nserve: {{drain_time_max: 10m}}");
        fs::write(&file, format!("lake: {{url: ./lake}}\n{ingest}\n"))?;
        let mut command = pinned();
        command
            .arg(settings::headwater()?)
            .arg("--config")
            .arg(&file)
            .args(["serve", "--only", "--hec", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .env("HEADWATER_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("serve.log"))?);
        let started = Instant::now();
        let mut process = command.spawn().context("failed to start headwater serve")?;
        let output = process.stdout.take().context("no output")?;
        let (mut hec, mut api) = (None, None);
        for line in BufReader::new(output).lines().take(2) {
            let line = line?;
            let (name, url) = line.split_once(' ').context("no address")?;
            let address = url.split_once("://").map(|(_, address)| address.to_owned());
            match name {
                "hec" => hec = address,
                _ => api = address,
            }
        }
        let hec = hec.context("headwater serve did not start")?;
        Ok(Self { process, started, hec, api })
    }

    /// The OpenTelemetry Collector with its receiver for the HTTP Event Collector and its exporter
    /// to a file. `None` where there is no such program.
    ///
    /// # Errors
    /// It does not start.
    pub fn collector(folder: &Path) -> Result<Option<Self>> {
        let Some(program) = settings::collector() else { return Ok(None) };
        crate::headwater::remove_folder(folder)?;
        fs::create_dir_all(folder)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let hec = format!("127.0.0.1:{port}");
        let output = folder.join("events.json");
        let settings = format!(
            "receivers: {{splunk_hec: {{endpoint: '{hec}'}}}}\n\
             exporters: {{file: {{path: '{}'}}}}\n\
             service:\n  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}\n  \
             pipelines: {{logs: {{receivers: [splunk_hec], exporters: [file]}}}}\n",
            output.display()
        );
        let file = folder.join("collector.yaml");
        fs::write(&file, settings)?;
        let mut command = pinned();
        let log = fs::File::create(folder.join("collector.log"))?;
        command.arg(program).arg("--config").arg(&file).env("GOMAXPROCS", "1").stderr(log);
        let started = Instant::now();
        let mut process = command.spawn().context("failed to start the collector")?;
        while TcpStream::connect(&hec).is_err() {
            if process.try_wait()?.is_some() || started.elapsed() > START_TIME_MAX {
                bail!("the collector did not start: see {}", folder.display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(Self { process, started, hec, api: None }))
    }

    /// CPU time so far.
    ///
    /// # Errors
    /// The process is gone.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.process.id())
    }

    /// Largest resident memory so far, in bytes.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        peak_memory(self.process.id())
    }

    /// Asks it to end when everything is written, and waits for that. The costs are those from
    /// the start, `idle` (what starting cost) taken off.
    ///
    /// # Errors
    /// It fails.
    pub fn finish(mut self, idle: Duration) -> Result<Usage> {
        let id = self.process.id();
        ensure!(Command::new("kill").arg(id.to_string()).status()?.success(), "kill failed");
        let (mut cpu, mut peak_bytes) = (Duration::ZERO, 0);
        // The kernel forgets the costs with the process: the last look counts.
        let status = loop {
            cpu = cpu_of(id).unwrap_or_default().max(cpu);
            peak_bytes = peak_memory(id).max(peak_bytes);
            if let Some(status) = self.process.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        ensure!(status.success(), "the server ended with {status}");
        Ok(Usage { wall: self.started.elapsed(), cpu: cpu.saturating_sub(idle), peak_bytes })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command on the server's processor.
fn pinned() -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", SERVER_PROCESSOR]).stdin(Stdio::null());
    command
}
