//! A lake that fails some calls, is slow, or does not answer at all for a while: nothing
//! acknowledged is lost, nothing is there twice, senders are told to wait, and it recovers by
//! itself.

use std::collections::BTreeSet;
use std::time::Duration;

use headwater_testkit::{FailingProxy, Headwater, RunningServer, S3Server};

/// Sends numbered events until `count` are acknowledged, and tells which.
fn send(server: &RunningServer, first: u64, count: usize) -> BTreeSet<u64> {
    let mut acknowledged = BTreeSet::new();
    let mut next = first;
    while acknowledged.len() < count {
        let numbers = next..next + 20;
        next += 20;
        let body: String = numbers
            .clone()
            .map(|number| format!("{{\"event\":{{\"number\":{number}}}}}"))
            .collect();
        if server.hec("/services/collector", body).status == 200 {
            acknowledged.extend(numbers);
        }
    }
    acknowledged
}

/// Every number of the table, which must be there once.
fn numbers(lake: &Headwater) -> BTreeSet<u64> {
    let rows = lake.query(
        "SELECT json_extract_scalar(details, '$.number') AS number, count(*) AS n \
         FROM events GROUP BY 1",
    );
    let numbers = rows.iter().map(|row| {
        assert_eq!(row["n"], 1, "{row}");
        row["number"].as_str().unwrap().parse().unwrap()
    });
    numbers.collect()
}

/// A lake on an S3 server behind a proxy, with small and frequent commits.
fn lake_behind_proxy() -> (S3Server, FailingProxy, Headwater) {
    let s3 = S3Server::start("lake");
    let proxy = FailingProxy::start(&s3.endpoint);
    let mut environment = s3.environment();
    environment.retain(|(name, _)| *name != "AWS_ENDPOINT");
    environment.push(("AWS_ENDPOINT", &proxy.endpoint));
    let binary = env!("CARGO_BIN_EXE_headwater");
    let lake = Headwater::at(binary, "s3://lake/serve", &environment);
    (s3, proxy, lake)
}

#[test]
fn failing_and_slow_calls_lose_and_repeat_nothing() {
    let (_s3, proxy, lake) = lake_behind_proxy();
    lake.file("headwater.yaml", "serve: {commit_age: 50ms, drain_time_max: 60s}");
    let server = lake.serve(&["hec", "api"], &[]);
    proxy.fail(100, Duration::from_millis(5));
    let mut acknowledged = send(&server, 0, 4_000);
    // Some calls have to fail meanwhile, and how many there are depends on the machine.
    while proxy.failed() < 3 {
        acknowledged.extend(send(&server, acknowledged.last().unwrap() + 1, 1_000));
    }
    server.stop();
    proxy.fail(0, Duration::ZERO);
    assert_eq!(numbers(&lake), acknowledged);
}

#[test]
fn an_outage_fills_the_journal_and_ends_by_itself() {
    let (_s3, proxy, lake) = lake_behind_proxy();
    lake.file(
        "headwater.yaml",
        "serve: {commit_age: 50ms, journal_bytes_max: 1MiB, drain_time_max: 60s}",
    );
    let server = lake.serve(&["hec", "api"], &[]);
    let mut acknowledged = send(&server, 0, 100);
    proxy.fail(1_000, Duration::ZERO);
    let mut next = 1_000;
    let refusal = loop {
        let text = "x".repeat(50_000);
        let body = format!("{{\"event\":{{\"number\":{next},\"text\":\"{text}\"}}}}");
        let answer = server.hec("/services/collector", body);
        if answer.status != 200 {
            break answer;
        }
        acknowledged.insert(next);
        next += 1;
    };
    assert_eq!((refusal.status, refusal.json()["code"].as_u64()), (503, Some(9)));
    assert!(acknowledged.len() > 110, "{}", acknowledged.len());

    proxy.fail(0, Duration::ZERO);
    // It takes events again as soon as what waited is in the lake.
    acknowledged.extend(send(&server, 10_000, 100));
    server.stop();
    assert_eq!(numbers(&lake), acknowledged);
}
