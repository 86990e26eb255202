//! Behaviour of the binary, seen from outside: one test binary, one module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod broken_input;
mod command_line;
mod coverage;
mod crash;
mod documentation;
mod exactly_once;
mod export;
mod hidden_columns;
mod hunts;
mod hunts_ocsf;
mod ioc;
mod lambda;
mod maintenance;
mod object_store;
mod renormalize;
mod serve;
mod views;

use headwater_testkit::Headwater;

/// A fresh lake for the binary under test.
fn headwater() -> Headwater {
    Headwater::new(env!("CARGO_BIN_EXE_headwater"))
}

/// `count` small events as JSON lines, one per minute from 2024-03-01 00:00, numbered from 0.
fn numbered_events(count: usize) -> String {
    (0..count)
        .map(|number| {
            let (day, hour, minute) = (1 + number / 1_440 % 28, number / 60 % 24, number % 60);
            let time = format!("2024-03-{day:02}T{hour:02}:{minute:02}:00Z");
            format!(
                "{{\"time\":\"{time}\",\"number\":{number},\"srcIp\":\"10.0.0.{}\"}}\n",
                number % 250
            )
        })
        .collect()
}
