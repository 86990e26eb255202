//! A bucket that a server follows through its queue, on a real S3 and SQS server.

use std::process::Command;

use headwater_testkit::{Headwater, S3ServerWithQueue, python, repository};

use crate::headwater;

#[test]
fn a_server_reads_what_a_queue_announces() {
    let real = S3ServerWithQueue::start("drop", "told");
    let environment = real.server.environment();
    let place = headwater();
    let lake = Headwater::at(env!("CARGO_BIN_EXE_headwater"), place.lake(), &environment);
    let status = Command::new(python())
        .arg(repository().join("tests/counterparts/bucket_queue.py"))
        .args(["put", &real.server.endpoint, "drop", "20"])
        .envs(environment.iter().copied())
        .status();
    assert!(status.unwrap().success());
    let server = lake.serve(&["api"], &["--sqs", &real.queue_url]);
    server.wait_for("SELECT count(*) FROM events", 200);
    server.stop();

    assert_eq!(lake.number("SELECT count(*) FROM events"), 200);
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
}
