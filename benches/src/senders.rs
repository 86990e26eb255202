//! Senders to an HTTP Event Collector: prepared requests over few connections, as fast as they are
//! answered or at a given rate.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::served::TOKEN;

/// Connections that send at a time.
const CONNECTIONS: usize = 4;

/// Bytes of events in one request.
const REQUEST_BYTES: usize = 512 << 10;

/// The channel of requests that ask for an acknowledgement.
const CHANNEL: &str = "0b5cf5a0-5c0e-4d0a-9d5e-6f2d1c3b4a59";

/// Pause between two questions for acknowledgements.
const ACK_PAUSE: Duration = Duration::from_millis(500);

/// Requests that hold the lines of some files, ready to be sent.
#[derive(Debug)]
pub struct Requests {
    bodies: Vec<Vec<u8>>,
    /// Bytes of the lines.
    pub bytes: u64,
    /// Number of lines.
    pub events: u64,
}

impl Requests {
    /// Reads the files: each line becomes the `event` of an envelope.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(files: &[PathBuf]) -> Result<Self> {
        let (mut bodies, mut body) = (Vec::new(), Vec::new());
        let (mut bytes, mut events) = (0, 0);
        for file in files {
            let reader = BufReader::new(fs::File::open(file)?);
            for line in reader.split(b'\n') {
                let line = line?;
                bytes += line.len() as u64 + 1;
                events += 1;
                body.extend_from_slice(b"{\"event\":");
                body.extend_from_slice(&line);
                body.extend_from_slice(b"}\n");
                if body.len() >= REQUEST_BYTES {
                    bodies.push(std::mem::take(&mut body));
                }
            }
        }
        if !body.is_empty() {
            bodies.push(body);
        }
        Ok(Self { bodies, bytes, events })
    }

    /// Sends everything once, each request until it is taken; returns the ids of acknowledgements.
    ///
    /// # Errors
    /// The server does not answer, or refuses for good.
    pub fn send(&self, address: &str, pace: Pace, with_acks: bool) -> Result<Vec<u64>> {
        let (next, acks) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let started = Instant::now();
        std::thread::scope(|scope| {
            let senders: Vec<_> = (0..CONNECTIONS)
                .map(|_| scope.spawn(|| self.work(address, pace, with_acks, &next, &acks, started)))
                .collect();
            senders.into_iter().try_for_each(joined)
        })?;
        Ok(acks.into_inner().unwrap_or_default())
    }

    fn work(
        &self,
        address: &str,
        pace: Pace,
        with_acks: bool,
        next: &AtomicUsize,
        acks: &Mutex<Vec<u64>>,
        started: Instant,
    ) -> Result<()> {
        let mut connection = Connection::open(address)?;
        let channel = if with_acks { Some(CHANNEL) } else { None };
        while let Some(body) = self.bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Pace::BytesPerSecond(rate) = pace {
                let number = next.load(Ordering::Relaxed) as f64 * REQUEST_BYTES as f64;
                let due = started + Duration::from_secs_f64(number / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            loop {
                let (status, answer) =
                    connection.post("/services/collector/event", channel, body)?;
                if status == 503 {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                ensure!(status == 200, "status {status}: {}", String::from_utf8_lossy(&answer));
                let answer: Value = serde_json::from_slice(&answer)?;
                if let (Some(id), Ok(mut acks)) = (answer["ackId"].as_u64(), acks.lock()) {
                    acks.push(id);
                }
                break;
            }
        }
        Ok(())
    }
}

/// What a thread came to.
///
/// # Errors
/// Its own; it panicked.
pub fn joined<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}

/// How fast to send.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As fast as the server takes it.
    Full,
    /// So many bytes each second.
    BytesPerSecond(f64),
}

/// Asks until all acknowledgements are true.
///
/// # Errors
/// The server does not answer.
pub fn wait_for_acks(address: &str, mut acks: Vec<u64>) -> Result<()> {
    let mut connection = Connection::open(address)?;
    while !acks.is_empty() {
        let body = json!({"acks": acks}).to_string();
        let (status, answer) =
            connection.post("/services/collector/ack", Some(CHANNEL), body.as_bytes())?;
        ensure!(status == 200, "status {status}");
        let answer: Value = serde_json::from_slice(&answer)?;
        acks.retain(|id| answer["acks"][id.to_string()] != true);
        if !acks.is_empty() {
            std::thread::sleep(ACK_PAUSE);
        }
    }
    Ok(())
}

/// A connection that is kept as long as the server keeps it.
#[derive(Debug)]
pub struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
    /// Whether the server said that it closes.
    is_over: bool,
}

fn connect(address: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).context("failed to connect")?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn open(address: &str) -> Result<Self> {
        Ok(Self { address: address.to_owned(), stream: connect(address)?, is_over: false })
    }

    /// Sends a request and reads the answer: status and body.
    ///
    /// # Errors
    /// The connection ends.
    pub fn post(
        &mut self,
        path: &str,
        channel: Option<&str>,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>)> {
        let channel =
            channel.map_or_else(String::new, |id| format!("X-Splunk-Request-Channel: {id}\r\n"));
        let scheme = if path.starts_with("/services") { "Splunk" } else { "Bearer" };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme} {TOKEN}\r\n{channel}\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        if std::mem::take(&mut self.is_over) {
            self.stream = connect(&self.address)?;
        }
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let (mut status, mut length, mut is_chunked) = (None, 0, false);
        loop {
            let mut line = String::new();
            ensure!(self.stream.read_line(&mut line)? > 0, "the connection ended");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if status.is_none() {
                status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            } else if line == "connection: close" {
                self.is_over = true;
            } else if line.starts_with("transfer-encoding:") {
                is_chunked = line.contains("chunked");
            }
        }
        let mut body = Vec::new();
        loop {
            if is_chunked {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                length = usize::from_str_radix(line.trim(), 16)?;
            }
            let start = body.len();
            body.resize(start + length, 0);
            self.stream.read_exact(&mut body[start..])?;
            if !is_chunked {
                break;
            }
            self.stream.read_line(&mut String::new())?;
            if length == 0 {
                break;
            }
        }
        Ok((status.context("no status")?, body))
    }
}
