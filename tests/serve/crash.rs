//! `kill -9` at seeded random moments while senders of several protocols are at work: with a disk
//! that is well, one that is full, and an object store that fails. What was acknowledged is
//! there, and nothing is there twice. `make crash` kills more often.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[cfg(feature = "kafka")]
use headwater_testkit::KafkaBroker;
use headwater_testkit::{FailingProxy, Headwater, RunningServer, S3Server, TOKEN, exchange, http};
use serde_json::json;

use crate::headwater;

/// Kills per run of the test, unless `HEADWATER_CRASH_KILLS` says otherwise.
const KILLS: u64 = 12;

/// Longest life of a server.
const LIFE_MAX: Duration = Duration::from_millis(900);

/// As `KILLS`, while the object store fails.
const FAILING_KILLS: u64 = 6;

/// As `LIFE_MAX`, while the object store fails and is slow.
const FAILING_LIFE_MAX: Duration = Duration::from_millis(2_500);

const CHANNEL: &str = "7c9a1c5e-3d6f-4f0b-9d5b-0f4b6a1f2e3d";

/// What the senders know.
#[derive(Debug, Default)]
struct Sent {
    next: AtomicU64,
    /// How many of the acknowledged ones are in Kafka.
    produced: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    /// Ids of acknowledgements that were given.
    acks: Mutex<BTreeSet<u64>>,
}

#[cfg(feature = "kafka")]
type Broker = Option<Arc<Mutex<KafkaBroker>>>;
#[cfg(not(feature = "kafka"))]
type Broker = Option<()>;

/// How one sender speaks.
#[derive(Debug, Clone, Copy)]
enum Sender {
    Hec,
    HecWithChannel,
    Bulk,
}

impl Sender {
    fn address(self, server: &RunningServer) -> String {
        match self {
            Self::Hec | Self::HecWithChannel => server.address("hec").to_owned(),
            Self::Bulk => server.address("elastic").to_owned(),
        }
    }

    fn request(self, numbers: std::ops::Range<u64>) -> String {
        let (path, more, body) = match self {
            Self::Hec | Self::HecWithChannel => {
                let event = |number| format!("{{\"event\":{{\"number\":{number}}}}}");
                let channel = match self {
                    Self::HecWithChannel => format!("X-Splunk-Request-Channel: {CHANNEL}\r\n"),
                    _ => String::new(),
                };
                let more = format!("Authorization: Splunk {TOKEN}\r\n{channel}");
                ("/services/collector", more, numbers.map(event).collect::<String>())
            }
            Self::Bulk => {
                let action = |number| format!("{{\"create\":{{}}}}\n{{\"number\":{number}}}\n");
                let more = format!("Authorization: ApiKey {TOKEN}\r\n");
                ("/logs/_bulk", more, numbers.map(action).collect::<String>())
            }
        };
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
    }

    /// Sends until told to stop; a request that was not answered is never sent again.
    fn work(self, address: &str, sent: &Sent, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let first = sent.next.fetch_add(10, Ordering::Relaxed);
            let numbers = first..first + 10;
            let request = self.request(numbers.clone());
            let Ok(answer) = exchange(address, request.as_bytes()) else { continue };
            if answer.status != 200 {
                continue;
            }
            sent.acknowledged.lock().unwrap().extend(numbers);
            if let Some(ack) = answer.json()["ackId"].as_u64() {
                sent.acks.lock().unwrap().insert(ack);
            }
        }
    }
}

/// Sends messages to Kafka until told to stop: what the broker has is acknowledged.
#[cfg(feature = "kafka")]
fn produce(broker: &Mutex<KafkaBroker>, sent: &Sent, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let first = sent.next.fetch_add(50, Ordering::Relaxed);
        let message = |number| format!("{{\"number\":{number}}}\n");
        let messages: String = (first..first + 50).map(message).collect();
        broker.lock().unwrap().send("numbers", &messages);
        sent.acknowledged.lock().unwrap().extend(first..first + 50);
        sent.produced.fetch_add(50, Ordering::Relaxed);
    }
}

/// One life of a server, from start to kill, under load.
fn live_and_die(lake: &Headwater, sent: &Arc<Sent>, broker: &Broker, life: Duration) {
    let server = lake.serve(&["hec", "elastic"], &[]);
    let stop = Arc::new(AtomicBool::new(false));
    #[cfg(feature = "kafka")]
    let producer = broker.clone().map(|broker| {
        let (sent, stop) = (sent.clone(), stop.clone());
        std::thread::spawn(move || produce(&broker, &sent, &stop))
    });
    let senders: Vec<_> = [Sender::Hec, Sender::HecWithChannel, Sender::Bulk]
        .into_iter()
        .map(|sender| {
            let (address, sent, stop) = (sender.address(&server), sent.clone(), stop.clone());
            std::thread::spawn(move || sender.work(&address, &sent, &stop))
        })
        .collect();
    let born = Instant::now();
    while born.elapsed() < life {
        std::thread::yield_now();
    }
    server.kill();
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.join().unwrap();
    }
    #[cfg(feature = "kafka")]
    producer.into_iter().for_each(|producer| producer.join().unwrap());
}

/// Checks the table, and tells how many events were acknowledged and how many are there.
fn assert_each_once(lake: &Headwater, sent: &Sent) -> (usize, usize) {
    let number = "json_extract_scalar(details, '$.number')";
    let rows =
        lake.query(&format!("SELECT {number} AS number, count(*) AS n FROM events GROUP BY 1"));
    let twice: Vec<_> = rows.iter().filter(|row| row["n"] != 1).collect();
    let shown: Vec<_> = twice.iter().take(20).collect();
    assert!(twice.is_empty(), "{} are there twice: {shown:?} …", twice.len());
    let there: BTreeSet<u64> =
        rows.iter().map(|row| row["number"].as_str().unwrap().parse().unwrap()).collect();
    let acknowledged = sent.acknowledged.lock().unwrap();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    let shown: Vec<_> = lost.iter().take(20).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {shown:?} …", lost.len(), acknowledged.len());
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
    (acknowledged.len(), there.len())
}

/// A generator of moments: the same ones in every run.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How often to kill: `HEADWATER_CRASH_KILLS`, else so often.
fn kills(otherwise: u64) -> u64 {
    let set = std::env::var("HEADWATER_CRASH_KILLS").ok().and_then(|text| text.parse().ok());
    set.unwrap_or(otherwise)
}

#[test]
fn kills_at_random_moments_lose_and_repeat_nothing() {
    let lake = headwater();
    // Small commits, often, so that a kill hits every step.
    let settings = "serve: {commit_age: 30ms, commit_bytes: 64KiB";
    #[cfg(feature = "kafka")]
    let (broker, settings) = {
        let broker = KafkaBroker::start(&[("numbers", 3)]);
        let cluster = format!("{{brokers: ['{}'], topics: [numbers]}}", broker.plain);
        (Some(Arc::new(Mutex::new(broker))), format!("{settings}, kafka: {{main: {cluster}}}"))
    };
    #[cfg(not(feature = "kafka"))]
    let broker = None;
    lake.file("headwater.yaml", format!("{settings}}}"));
    let sent = Arc::new(Sent::default());
    let mut chance = Chance(0x5EED);
    for _ in 0..kills(KILLS) {
        live_and_die(&lake, &sent, &broker, LIFE_MAX.mul_f64(chance.next()));
    }
    let server = lake.serve(&["hec", "api"], &[]);
    let acks: Vec<u64> = sent.acks.lock().unwrap().iter().copied().collect();
    assert!(!acks.is_empty());
    let token = format!("Splunk {TOKEN}");
    let headers = [("Authorization", token.as_str()), ("X-Splunk-Request-Channel", CHANNEL)];
    let ask = || {
        let body = json!({"acks": acks}).to_string();
        http(server.address("hec"), "POST", "/services/collector/ack", &headers, body).json()
    };
    // Acknowledgements outlive the process that gave them.
    while !ask()["acks"].as_object().unwrap().values().all(|is_committed| is_committed == true) {
        std::thread::yield_now();
    }
    // The rest of what is in Kafka.
    let produced = sent.produced.load(Ordering::Relaxed).cast_signed();
    server.wait_for("SELECT count(*) FROM events WHERE \"index\" = 'numbers'", produced);
    server.stop();
    let (acknowledged, there) = assert_each_once(&lake, &sent);
    println!("{acknowledged} acknowledged, {produced} of them by Kafka; {there} in the table");
}

#[test]
fn kills_while_the_object_store_fails_lose_and_repeat_nothing() {
    let s3 = S3Server::start("lake");
    let proxy = FailingProxy::start(&s3.endpoint);
    let mut environment = s3.environment();
    environment.retain(|(name, _)| *name != "AWS_ENDPOINT");
    environment.push(("AWS_ENDPOINT", &proxy.endpoint));
    let lake = Headwater::at(env!("CARGO_BIN_EXE_headwater"), "s3://lake/crash", &environment);
    lake.file("headwater.yaml", "serve: {commit_age: 30ms, drain_time_max: 15m}");
    let sent = Arc::new(Sent::default());
    let mut chance = Chance(0x5EED);
    // The tables are made while the store is well: a server that cannot make them does not start.
    lake.serve(&["hec"], &[]).stop();
    proxy.fail(100, Duration::from_millis(2));
    for _ in 0..kills(FAILING_KILLS) {
        live_and_die(&lake, &sent, &None, FAILING_LIFE_MAX.mul_f64(chance.next()));
    }
    assert!(proxy.failed() > 0);
    lake.serve(&["hec"], &[]).stop();
    proxy.fail(0, Duration::ZERO);
    let (acknowledged, there) = assert_each_once(&lake, &sent);
    println!("{acknowledged} acknowledged, {there} in the table, {} calls failed", proxy.failed());
    assert!(acknowledged > 0);
}

/// A lake whose server may write no file beyond a limit: a write that crosses it is cut off in the
/// middle and the next one fails, as on a disk that is full. The signal that comes with it is for
/// programs that do not look at errors.
#[cfg(target_os = "linux")]
fn lake_on_a_full_disk(file_bytes_max: u64) -> Headwater {
    let limit = format!("--fsize={file_bytes_max}:unlimited");
    headwater().through(&["env", "--ignore-signal=XFSZ", "prlimit", &limit])
}

/// Gives the server's disk its space back.
#[cfg(target_os = "linux")]
fn free_space(server: &RunningServer) {
    let id = server.id().to_string();
    let mut prlimit = std::process::Command::new("prlimit");
    let status = prlimit.args(["--pid", &id, "--fsize=unlimited"]).status();
    assert!(status.expect("prlimit runs").success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_ends_by_itself() {
    let lake = lake_on_a_full_disk(50_000);
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let server = lake.serve(&["hec", "elastic"], &[]);
    let sent = Sent::default();
    let mut refused = None;
    for sender in [Sender::Hec, Sender::Bulk] {
        let address = sender.address(&server);
        refused = loop {
            let first = sent.next.fetch_add(10, Ordering::Relaxed);
            let numbers = first..first + 10;
            let answer = exchange(&address, sender.request(numbers.clone()).as_bytes()).unwrap();
            if answer.status == 200 {
                sent.acknowledged.lock().unwrap().extend(numbers);
                continue;
            }
            match sender {
                Sender::Bulk => {
                    assert_eq!(answer.status, 429, "{}", answer.text());
                    let kind = answer.json()["error"]["type"].clone();
                    assert_eq!(kind, "es_rejected_execution_exception");
                }
                _ => {
                    let code = answer.json()["code"].as_u64();
                    assert_eq!((answer.status, code), (503, Some(9)), "{}", answer.text());
                }
            }
            break Some(sender.request(numbers));
        };
    }
    assert!(!sent.acknowledged.lock().unwrap().is_empty());
    free_space(&server);
    // The same request is taken now.
    let address = Sender::Bulk.address(&server);
    let answer = exchange(&address, refused.unwrap().as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.stop();
    let (acknowledged, there) = assert_each_once(&lake, &sent);
    assert_eq!(there, acknowledged + 10);
}

#[cfg(target_os = "linux")]
#[test]
fn kills_on_a_full_disk_with_torn_writes_lose_and_repeat_nothing() {
    let sent = Arc::new(Sent::default());
    let mut chance = Chance(0x5EED);
    let mut lake = lake_on_a_full_disk(0);
    lake.file(
        "headwater.yaml",
        "serve: {commit_age: 30ms, commit_bytes: 64KiB, drain_time_max: 15m}",
    );
    for _ in 0..kills(KILLS) {
        // Some limits are reached at once, some hardly.
        let limit = format!("--fsize={}:unlimited", 20_000 + (60_000.0 * chance.next()) as u64);
        lake = lake.through(&["env", "--ignore-signal=XFSZ", "prlimit", &limit]);
        live_and_die(&lake, &sent, &None, LIFE_MAX.mul_f64(chance.next()));
    }
    let lake = lake.through(&[]);
    lake.serve(&["hec"], &[]).stop();
    let (acknowledged, there) = assert_each_once(&lake, &sent);
    println!("{acknowledged} acknowledged, {there} in the table");
    assert!(acknowledged > 0);
}
