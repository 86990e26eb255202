//! Kill -9 at random moments: the table ends with every event exactly once.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::{headwater, numbered_events};

/// Kills per run of the test.
const KILLS: usize = 50;

#[test]
fn fifty_kills_at_random_moments_lose_and_repeat_nothing() {
    let lake = headwater();
    // Small generations, so that one run makes many commits; some lines are rejects.
    lake.file("headwater.yaml", "ingest:\n  buffer_bytes_max: 64KiB\n");
    let files = 5;
    let lines_per_file = 2_000;
    for number in 0..files {
        let mut text = String::new();
        for (index, line) in numbered_events(lines_per_file * files)
            .split_inclusive('\n')
            .skip(number * lines_per_file)
            .take(lines_per_file)
            .enumerate()
        {
            text.push_str(line);
            if index % 100 == 0 {
                text.push_str(&format!("{{\"broken\":{number}.{index}.\n"));
            }
        }
        lake.file(&format!("in/{number}.jsonl"), text);
    }
    let inputs = lake.folder().join("in").to_string_lossy().into_owned();
    let arguments = ["ingest", "--json", inputs.as_str()];
    let mut seed = 0x5EED_u64;
    let mut killed = 0;
    let mut whole_run = Duration::from_millis(1_500);
    for _ in 0..KILLS {
        let started = Instant::now();
        let mut child = lake.command(&arguments).spawn().expect("a process");
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = whole_run.mul_f64((seed >> 11) as f64 / (1_u64 << 53) as f64);
        // Wait for the moment or for the end, whichever is first, without sleeping blindly.
        while started.elapsed() < moment {
            if child.try_wait().unwrap().is_some() {
                whole_run = started.elapsed().max(Duration::from_millis(50));
                break;
            }
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    let last = lake.ingest(&[inputs.as_str()]);
    println!("{killed} of {KILLS} runs were killed; the last run added {}", last["events"]);
    assert!(killed > KILLS / 4, "only {killed} runs were alive at their moment");
    let events = (lines_per_file * files) as i64;
    assert_eq!(lake.number("SELECT count(*) FROM events"), events);
    let distinct = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(distinct), events);
    let rejects = (lines_per_file / 100 * files) as i64;
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), rejects);
    assert_eq!(lake.number("SELECT count(DISTINCT raw) FROM rejects"), rejects);
    // No half-written object is part of the table, and another engine agrees.
    let script = headwater_testkit::repository().join("tests/counterparts/count_rows.py");
    let output = Command::new(headwater_testkit::python())
        .arg(script)
        .arg(lake.lake())
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{events} {rejects}"));
}
