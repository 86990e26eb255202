//! Kill -9 at random moments: the table ends with every event exactly once, and the index of
//! observables agrees with it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use headwater_testkit::Headwater;

use crate::{headwater, numbered_events};

/// Kills per run of the test.
const KILLS: usize = 50;

/// A number from 0 up to 1.
fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1_u64 << 53) as f64
}

/// Runs a command and kills it after a share of the time that it took when it last ended by
/// itself; tells whether it was alive then.
fn run_and_kill(
    lake: &Headwater,
    arguments: &[&str],
    share: f64,
    whole_run: &mut Duration,
) -> bool {
    let started = Instant::now();
    let mut command = lake.command(arguments);
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("a process");
    let moment = whole_run.mul_f64(share);
    // Wait for the moment or for the end, whichever is first, without sleeping blindly.
    while started.elapsed() < moment {
        if child.try_wait().unwrap().is_some() {
            *whole_run = started.elapsed().max(Duration::from_millis(50));
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

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
        killed += usize::from(run_and_kill(&lake, &arguments, random(&mut seed), &mut whole_run));
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

#[test]
fn kills_of_ingest_optimize_and_index_leave_an_index_that_agrees() {
    let lake = headwater();
    lake.file("headwater.yaml", "ingest:\n  buffer_bytes_max: 64KiB\n");
    let mut inputs = Vec::new();
    for number in 0..KILLS / 4 {
        let lines = numbered_events(500 * (number + 1));
        let part: String = lines.split_inclusive('\n').skip(500 * number).collect();
        inputs.push(lake.file(&format!("{number}.jsonl"), part));
    }
    lake.ingest(&[inputs.first().unwrap().as_str()]);
    let (mut seed, mut killed) = (0xF00D_u64, 0);
    let mut times = [Duration::from_millis(1_500); 4];
    for round in 0..KILLS {
        let input = &inputs[round * inputs.len() / KILLS];
        let commands: [&[&str]; 4] = [
            &["ingest", input],
            &[
                "optimize",
                "--take-over",
                "--hidden-columns",
                if round % 2 == 0 { "8" } else { "0" },
            ],
            &["index", "--merge"],
            &["index", "--rebuild"],
        ];
        let number = (random(&mut seed) * 4.0) as usize;
        let share = random(&mut seed);
        killed += usize::from(run_and_kill(&lake, commands[number], share, &mut times[number]));
        // In the middle of everything, what the index has agrees, and a search is complete.
        if round % 10 == 9 {
            let _ = lake.run(&["doctor"]).expect_code(0);
        }
    }
    println!("{killed} of {KILLS} runs were killed");
    assert!(killed > KILLS / 4, "only {killed} runs were alive at their moment");
    let all: Vec<&str> = inputs.iter().map(String::as_str).collect();
    lake.ingest(&all);
    let events = (500 * inputs.len()) as i64;
    assert_eq!(lake.number("SELECT count(*) FROM events"), events);
    let report = lake.run(&["doctor", "--json"]).expect_code(0).json();
    assert_eq!(report["index"]["differences"], 0);
    assert_eq!(report["index"]["files_behind"], 0);
    // Each event has one address.
    let counted = "SELECT sum(events) FROM observables WHERE type_id = 2 AND part = 'whole'";
    assert_eq!(lake.number(counted), events);
}
