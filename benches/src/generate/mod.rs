//! Realistic nested JSON lines, from a seed: the input of every measurement.
//!
//! A mixture of CloudTrail-like, VPC-flow-like and Sysmon-like events, about 1 KB each, spread over
//! whole hours, nearly in order of time. The same configuration gives the same bytes on every
//! machine; a change of the generator must raise [`VERSION`], because generated files are kept and
//! used again.

mod clock;
mod cloudtrail;
mod line;
mod random;
mod sysmon;
mod vpc_flow;
mod world;

mod dataset;

pub use dataset::{Compression, Dataset, DatasetConfig};
pub use random::Random;

use clock::{Period, Time};
use random::Weighted;
use world::World;

/// Raised with every change of what is generated.
pub const VERSION: u32 = 2;

/// What kind of event a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum EventKind {
    /// A CloudTrail API call.
    ApiCall,
    /// A CloudTrail console login.
    ConsoleLogin,
    /// A VPC flow.
    Flow,
    /// A Sysmon event.
    Sysmon,
}

/// Frequencies of the kinds, in thousandths.
const MIXTURE: [(EventKind, u64); 4] = [
    (EventKind::ApiCall, 390),
    (EventKind::ConsoleLogin, 5),
    (EventKind::Flow, 390),
    (EventKind::Sysmon, 215),
];

/// One event in a hundred comes up to [`LATE_MILLIS_MAX`] late.
const LATE_PER_MILLION: u64 = 10_000;
const LATE_MILLIS_MAX: u64 = 3 * 3_600_000;
/// All others are out of order by less than this.
const JITTER_MILLIS: u64 = 2_000;

/// Writes events one after the other; a stream has its own seed and its own part of the period.
#[derive(Debug)]
struct EventStream<'a> {
    world: &'a World,
    period: Period,
    random: Random,
    mixture: Weighted,
    calls: cloudtrail::Calls,
    sysmon: sysmon::Sysmon,
}

impl<'a> EventStream<'a> {
    fn new(world: &'a World, period: Period, seed: u64) -> Self {
        Self {
            world,
            period,
            random: Random::new(seed),
            mixture: Weighted::new(MIXTURE.iter().map(|(_, weight)| *weight)),
            calls: cloudtrail::Calls::default(),
            sysmon: sysmon::Sysmon::default(),
        }
    }

    /// Appends one line to `out`; `done` of `total` says how much of the period is over.
    fn write_next(&mut self, done: u64, total: u64, out: &mut String) -> EventKind {
        let (kind, _) = *self.mixture.pick(&MIXTURE, &mut self.random);
        let time = self.time(done, total);
        let random = &mut self.random;
        match kind {
            EventKind::ApiCall => {
                cloudtrail::write_call(&self.calls, self.world, time, random, out);
            }
            EventKind::ConsoleLogin => {
                cloudtrail::write_console_login(self.world, time, random, out);
            }
            EventKind::Flow => vpc_flow::write_flow(self.world, time, random, out),
            EventKind::Sysmon => self.sysmon.write_event(self.world, time, random, out),
        }
        kind
    }

    fn time(&mut self, done: u64, total: u64) -> Time {
        let late = self.random.chance(LATE_PER_MILLION);
        let millis = self.random.below(if late { LATE_MILLIS_MAX } else { JITTER_MILLIS });
        self.period.time_at(done, total).minus_millis(millis)
    }
}

/// So many events of a seed, over 24 hours, as one text with a line each: input for measurements
/// that need no files.
#[must_use]
pub fn events(seed: u64, count: u64) -> String {
    let world = World::new(seed);
    let mut stream = EventStream::new(&world, Period::new(24), seed);
    let mut out = String::new();
    for number in 0..count {
        stream.write_next(number, count, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::collections::HashMap;

    use serde_json::Value;

    use super::events;

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        assert_eq!(events(42, 300), events(42, 300));
        assert_ne!(events(42, 100), events(43, 100));
    }

    #[test]
    fn every_line_is_a_json_object_of_its_kind() {
        let text = events(42, 8_000);
        let mut kinds: HashMap<&str, u32> = HashMap::new();
        for line in text.lines() {
            let event: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let kind = if event["eventName"] == "ConsoleLogin" {
                assert!(event["responseElements"]["ConsoleLogin"].is_string());
                "login"
            } else if event["eventName"].is_string() {
                assert!(event["userIdentity"]["accountId"].is_string());
                assert!(event["eventTime"].as_str().unwrap().starts_with("2026-03-01T"));
                "call"
            } else if event["srcaddr"].is_string() {
                assert!(event["start"].as_u64().unwrap() >= 1_772_323_200);
                "flow"
            } else {
                assert!(event["event_data"]["Image"].is_string());
                assert!(event["@timestamp"].is_string());
                "sysmon"
            };
            *kinds.entry(kind).or_default() += 1;
        }
        // Shares of 8,000, with room for chance.
        for (kind, low, high) in [
            ("login", 20, 65),
            ("call", 2_950, 3_290),
            ("flow", 2_950, 3_290),
            ("sysmon", 1_590, 1_850),
        ] {
            let count = kinds[kind];
            assert!((low..=high).contains(&count), "{kind}: {count}");
        }
    }

    #[test]
    fn events_are_about_a_kilobyte() {
        let text = events(42, 8_000);
        let average = text.len() / 8_000;
        assert!((800..=1_300).contains(&average), "{average}");
        let longest = text.lines().map(str::len).max().unwrap();
        assert!((2_000..=8_000).contains(&longest), "{longest}");
    }

    #[test]
    fn most_events_are_in_order_and_some_are_late() {
        let text = events(42, 8_000);
        let times: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once("\"eventTime\":\"")?.1.get(..19))
            .collect();
        let hour = |time: &str| time[11..13].parse::<i32>().unwrap();
        let mut newest = 0;
        let mut late = 0;
        for time in &times {
            newest = newest.max(hour(time));
            late += usize::from(newest - hour(time) >= 1);
        }
        assert_eq!(newest, 23);
        assert!(late * 1_000 > times.len() && late * 50 < times.len(), "{late} of {}", times.len());
    }
}
