//! `kill -9` at seeded random moments while senders of several protocols are at work: what was
//! acknowledged is there, and nothing is there twice. `make crash` kills more often.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[cfg(feature = "kafka")]
use headwater_testkit::KafkaBroker;
use headwater_testkit::{Headwater, RunningServer, TOKEN, exchange, http};
use serde_json::json;

use crate::headwater;

/// Kills per run of the test, unless `HEADWATER_CRASH_KILLS` says otherwise.
const KILLS: u64 = 12;

/// Longest life of a server.
const LIFE_MAX: Duration = Duration::from_millis(900);

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
type Broker = Arc<Mutex<KafkaBroker>>;
#[cfg(not(feature = "kafka"))]
type Broker = ();

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
    let producer = {
        let (broker, sent, stop) = (broker.clone(), sent.clone(), stop.clone());
        std::thread::spawn(move || produce(&broker, &sent, &stop))
    };
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
    producer.join().unwrap();
}

/// Checks the table, and tells how many events were acknowledged and how many are there.
fn assert_each_once(lake: &Headwater, sent: &Sent) -> (usize, usize) {
    let number = "json_extract_scalar(details, '$.number')";
    let rows =
        lake.query(&format!("SELECT {number} AS number, count(*) AS n FROM events GROUP BY 1"));
    let twice: Vec<_> = rows.iter().filter(|row| row["n"] != 1).collect();
    assert!(twice.is_empty(), "there twice: {twice:?}");
    let there: BTreeSet<u64> =
        rows.iter().map(|row| row["number"].as_str().unwrap().parse().unwrap()).collect();
    let acknowledged = sent.acknowledged.lock().unwrap();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
    (acknowledged.len(), there.len())
}

#[test]
fn kills_at_random_moments_lose_and_repeat_nothing() {
    let kills = std::env::var("HEADWATER_CRASH_KILLS").ok().and_then(|text| text.parse().ok());
    let lake = headwater();
    // Small commits, often, so that a kill hits every step.
    let settings = "serve: {commit_age: 30ms, commit_bytes: 64KiB";
    #[cfg(feature = "kafka")]
    let (broker, settings) = {
        let broker = KafkaBroker::start(&[("numbers", 3)]);
        let cluster = format!("{{brokers: ['{}'], topics: [numbers]}}", broker.plain);
        (Arc::new(Mutex::new(broker)), format!("{settings}, kafka: {{main: {cluster}}}"))
    };
    #[cfg(not(feature = "kafka"))]
    let broker = ();
    lake.file("headwater.yaml", format!("{settings}}}"));
    let sent = Arc::new(Sent::default());
    let mut seed = 0x5EED_u64;
    for _ in 0..kills.unwrap_or(KILLS) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let life = LIFE_MAX.mul_f64((seed >> 11) as f64 / (1_u64 << 53) as f64);
        live_and_die(&lake, &sent, &broker, life);
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
    while server.number("SELECT count(*) FROM events WHERE \"index\" = 'numbers'") < produced {}
    server.stop();
    let (acknowledged, there) = assert_each_once(&lake, &sent);
    println!("{acknowledged} acknowledged, {produced} of them by Kafka; {there} in the table");
}
