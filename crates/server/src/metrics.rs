//! What is measured, and how it is named: `headwater_<what>_<unit>`.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::error::ServerError;

/// Upper bounds for durations of commits, in seconds.
const COMMIT_SECONDS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Starts measuring. One server per process can.
pub(crate) fn install() -> Result<PrometheusHandle, ServerError> {
    let failed =
        |error: BuildError| ServerError::Start { part: "metrics", reason: error.to_string() };
    let commit_seconds = Matcher::Full("headwater_commit_seconds".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(commit_seconds, &COMMIT_SECONDS)
        .map_err(failed)?
        .install_recorder()
        .map_err(failed)?;
    describe();
    Ok(handle)
}

fn describe() {
    for (name, text) in [
        ("headwater_received_records_total", "Records taken from senders, by source"),
        ("headwater_refused_requests_total", "Requests that could not be taken, by source"),
        ("headwater_events_total", "Events that the pipeline made"),
        ("headwater_rejects_total", "Records that went to the table rejects"),
        ("headwater_dropped_total", "Events that a plugin dropped on purpose"),
        ("headwater_commits_total", "Commits to tables"),
        ("headwater_commit_failures_total", "Commits that failed and were tried again"),
        ("headwater_udp_dropped_total", "Datagrams dropped because nothing took them in time"),
        ("headwater_failed_handshakes_total", "Connections that did not get to speak TLS"),
        ("headwater_kafka_missed_total", "Messages that Kafka deleted before they were read"),
        ("headwater_kafka_partitions_refused_total", "Partitions that end before their position"),
        ("headwater_journal_damage_total", "Damaged places of the journal, copied aside"),
    ] {
        describe_counter!(name, text);
    }
    describe_counter!(
        "headwater_received_bytes_total",
        Unit::Bytes,
        "Bytes of requests, decompressed, by source"
    );
    describe_histogram!(
        "headwater_commit_seconds",
        Unit::Seconds,
        "Time from the start of a commit to its end, failures included"
    );
    for (name, text) in [
        ("headwater_journal_bytes", "Bytes on disk of the journal"),
        ("headwater_request_memory_bytes", "Memory of requests that are being taken"),
        ("headwater_uncommitted_rows", "Rows that can be queried and are not in a table"),
        ("headwater_running_queries", "Queries that run now"),
        ("headwater_kafka_lag_records", "Messages of Kafka that are not read yet, by partition"),
    ] {
        describe_gauge!(name, text);
    }
}
