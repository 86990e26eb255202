//! A request that is sent again under its name is stored once, whenever the server is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use headwater_testkit::{Headwater, HttpAnswer, RunningServer, TOKEN, exchange, http};
use serde_json::json;

use crate::headwater;

/// Kills per run of the test.
const KILLS: u64 = 8;

/// Longest life of a server.
const LIFE_MAX: Duration = Duration::from_millis(700);

fn send(server: &RunningServer, key: &str, body: &str) -> HttpAnswer {
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str()), ("Idempotency-Key", key)];
    http(server.address("api"), "POST", "/api/v1/events", &headers, body)
}

fn is_replayed(answer: &HttpAnswer) -> bool {
    answer.head.to_ascii_lowercase().contains("idempotent-replayed: true")
}

#[test]
fn a_key_is_known_after_kill_9_before_and_after_the_commit() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let server = lake.serve(&["api"], &[]);
    let first = send(&server, "batch-1", "[{\"n\":1},{\"n\":2}]");
    assert_eq!((first.status, is_replayed(&first)), (200, false));
    let refused = send(&server, "batch-2", "{broken");
    assert_eq!(refused.status, 400);
    server.kill();

    // Nothing is committed yet.
    assert_eq!(lake.number("SELECT count(*) FROM events"), 0);
    lake.file("headwater.yaml", "serve: {commit_age: 10ms}");
    let server = lake.serve(&["api"], &[]);
    let again = send(&server, "batch-1", "[{\"n\":1},{\"n\":2}]");
    assert_eq!((again.status, again.json(), is_replayed(&again)), (200, first.json(), true));
    let again = send(&server, "batch-2", "{broken");
    assert_eq!((again.status, again.json(), is_replayed(&again)), (400, refused.json(), true));
    while lake.number("SELECT count(*) FROM events") == 0 {
        std::thread::yield_now();
    }
    server.kill();

    let server = lake.serve(&["api"], &[]);
    assert!(is_replayed(&send(&server, "batch-1", "[{\"n\":1},{\"n\":2}]")));
    assert!(!is_replayed(&send(&server, "batch-3", "{\"n\":3}")));
    assert_eq!(server.number("SELECT count(*) FROM events"), 3);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM events"), 3);
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 1);
}

#[test]
fn a_delivery_of_firehose_is_known_after_kill_9() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let deliver = |server: &RunningServer| {
        let headers = [
            ("X-Amz-Firehose-Protocol-Version", "1.0"),
            ("X-Amz-Firehose-Request-Id", "ed1d787c-b9e2-4631-92dc-8e7c9d26d804"),
            ("X-Amz-Firehose-Access-Key", TOKEN),
        ];
        // {"n":1}
        let body = json!({"requestId": headers[1].1, "timestamp": 1_600_000_000_000_u64,
            "records": [{"data": "eyJuIjoxfQ=="}]});
        http(server.address("firehose"), "POST", "/", &headers, body.to_string())
    };
    let server = lake.serve(&["firehose"], &[]);
    let first = deliver(&server);
    assert_eq!(first.status, 200, "{}", first.text());
    server.kill();
    let server = lake.serve(&["firehose", "api"], &[]);
    assert_eq!(deliver(&server).json(), first.json());
    assert_eq!(server.number("SELECT count(*) FROM events"), 1);
}

/// Sends batches of ten one after the other, each until it is acknowledged.
fn work(address: &str, next: &AtomicU64) {
    loop {
        let batch = next.load(Ordering::Relaxed);
        let numbers = batch * 10..batch * 10 + 10;
        let body: String = numbers.map(|number| format!("{{\"number\":{number}}}\n")).collect();
        let request = format!(
            "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
             Idempotency-Key: batch-{batch}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        // Whoever gets no answer sends it again, to the next server.
        let Ok(answer) = exchange(address, request.as_bytes()) else { return };
        assert_eq!(answer.status, 200, "{}", answer.text());
        next.fetch_add(1, Ordering::Relaxed);
    }
}

fn live_and_die(lake: &Headwater, next: &Arc<AtomicU64>, life: Duration) {
    let server = lake.serve(&["api"], &[]);
    let (address, sent) = (server.address("api").to_owned(), Arc::clone(next));
    let sender = std::thread::spawn(move || work(&address, &sent));
    let born = Instant::now();
    while born.elapsed() < life {
        std::thread::yield_now();
    }
    server.kill();
    sender.join().unwrap();
}

#[test]
fn whoever_sends_again_until_it_is_acknowledged_is_stored_once() {
    let lake = headwater();
    // Small commits, often, so that a kill hits every step.
    lake.file("headwater.yaml", "serve: {commit_age: 30ms, commit_bytes: 64KiB}");
    let next = Arc::new(AtomicU64::new(0));
    let mut seed = 0xCAFE_u64;
    for _ in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let life = LIFE_MAX.mul_f64((seed >> 11) as f64 / (1_u64 << 53) as f64);
        live_and_die(&lake, &next, life);
    }
    // The last request may have arrived without its answer.
    let batch = next.load(Ordering::Relaxed);
    assert!(batch > 0);
    let server = lake.serve(&["api"], &[]);
    let body: String =
        (batch * 10..batch * 10 + 10).map(|number| format!("{{\"number\":{number}}}\n")).collect();
    assert_eq!(send(&server, &format!("batch-{batch}"), &body).status, 200);
    server.stop();
    let number = "json_extract_scalar(details, '$.number')";
    let sums = lake.query(&format!(
        "SELECT count(*) AS n, count(DISTINCT {number}) AS different, \
         max(CAST({number} AS bigint)) AS last FROM events"
    ));
    let sent = batch * 10 + 10;
    assert_eq!(sums, [json!({"n": sent, "different": sent, "last": sent - 1})]);
}
