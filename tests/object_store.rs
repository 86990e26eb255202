//! The lake and its inputs in a bucket, on a real S3 server.

use std::process::Command;

use headwater_testkit::{Headwater, S3Server, python, repository};

use crate::numbered_events;

fn lake_on(server: &S3Server, prefix: &str) -> Headwater {
    let lake = format!("s3://lake/{prefix}");
    Headwater::at(env!("CARGO_BIN_EXE_headwater"), &lake, &server.environment())
}

#[test]
fn two_writers_share_a_table_in_a_bucket() {
    let server = S3Server::start("lake");
    let lake = lake_on(&server, "shared");
    let all = numbered_events(2_000);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    let children: Vec<_> = (0..2)
        .map(|number| {
            let part = lines[number * 1_000..(number + 1) * 1_000].concat();
            let path = lake.file(&format!("{number}.jsonl"), part);
            lake.command(&["ingest", "--json", path.as_str()]).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(lake.number("SELECT count(*) FROM events"), 2_000);
    let distinct = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(distinct), 2_000);
    let pruned =
        lake.run(&["query", "SELECT count(*) FROM events WHERE day = '01' AND hour = '05'"]);
    assert!(pruned.stderr.contains("pruned"), "{}", pruned.stderr);
    let optimized = lake.run(&["optimize", "--json"]).expect_code(0);
    assert!(optimized.stdout.contains("files_removed"), "{}", optimized.stdout);
    assert_eq!(lake.number("SELECT count(*) FROM events"), 2_000);
}

#[test]
fn objects_with_special_keys_are_read_once() {
    let server = S3Server::start("lake");
    let lake = lake_on(&server, "from-bucket");
    let put = repository().join("tests/counterparts/s3_put.py");
    let keys = ["in/a b.json", "in/c+d.json", "in/e%3Df.json", "in/g=h/ü.json", "in/.hidden"];
    let output = Command::new(python())
        .arg(put)
        .arg(&server.endpoint)
        .arg("lake")
        .args(keys)
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let first = lake.ingest(&["s3://lake/in/"]);
    assert_eq!(first["events"].as_u64(), Some(4), "{first}");
    let again = lake.ingest(&["s3://lake/in/"]);
    assert_eq!((again["events"].as_u64(), again["files_skipped"].as_u64()), (Some(0), Some(4)));
    let found =
        lake.query("SELECT json_extract_scalar(details, '$.key') AS key FROM events ORDER BY key");
    let found: Vec<_> = found.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(found, ["in/a b.json", "in/c+d.json", "in/e%3Df.json", "in/g=h/ü.json"]);
}
