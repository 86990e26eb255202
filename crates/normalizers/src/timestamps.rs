//! When it happened: the time that the protocol told, else the first listed key that holds a time,
//! becomes `utctimestamp`; when we handled it becomes `details._utcprocessedtimestamp`.
//!
//! Keys at the top of the event come before keys of deeper objects, whatever their names.
//! An event without such a key keeps what the event shell gave it: the producer's own
//! `utctimestamp` or the time of arrival. The values that were read stay where they are.

use std::sync::Arc;

use headwater_event::Event;
use headwater_event::json::{Kind, NodeId, Tree, Vocabulary};
use headwater_event::time::{self, Timestamp};
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

use crate::known_key::KnownKey;
use crate::ranked_keys::RankedKeys;

/// Keys that hold the time of an event, best first. `ts` is Zeek's; the replaced lake did not know
/// it.
const KEYS: [&str; 6] = ["timestamp", "@timestamp", "time", "eventtime", "start", "ts"];

/// The key in [`KEYS`] that may hold a time of day whose day is in the sibling [`DATE`].
const TIME: &str = "time";
const DATE: &str = "date";

#[derive(Debug)]
pub(crate) struct Timestamps {
    keys: RankedKeys,
    processed: KnownKey,
}

impl Default for Timestamps {
    fn default() -> Self {
        let processed = KnownKey::new("_utcprocessedtimestamp");
        Self { keys: RankedKeys::default(), processed }
    }
}

impl Plugin for Timestamps {
    fn name(&self) -> &str {
        "timestamps"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    fn registration(&self) -> Vec<String> {
        vec!["*".to_owned()]
    }

    fn priority(&self) -> i32 {
        20
    }

    fn words(&self) -> Vec<String> {
        KEYS.into_iter().chain([self.processed.name]).map(str::to_owned).collect()
    }

    fn bind(&mut self, vocabulary: &Arc<Vocabulary>) {
        self.keys = RankedKeys::new(vocabulary, KEYS);
        self.processed.bind(vocabulary);
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        let now = metadata.received_at;
        let details = event.details();
        let read = metadata.time.or_else(|| {
            let mut members = self.keys.members(&event.json, details);
            // A key deep inside, such as a parameter of the request that is logged, may be about
            // anything.
            members.sort_by_key(|member| member.is_deep);
            members.iter().find_map(|member| read_time(&event.json, member.id, now))
        });
        if let Some(time) = read {
            event.set_shell("utctimestamp", &*time.to_iso());
        }
        self.set_processed(&mut event.json, details, now);
        Verdict::Keep
    }
}

impl Timestamps {
    /// Text that is there already comes from an earlier run and is replaced; anything else is not
    /// ours.
    fn set_processed(&self, json: &mut Tree, details: NodeId, now: Timestamp) {
        let there = self.processed.find(json, details);
        match there.map(|id| (id, json.kind(id))) {
            Some((id, Kind::String)) => return json.replace(id, &*now.to_iso()),
            Some(_) => json.set_aside(details, self.processed.name),
            None => {}
        }
        self.processed.append(json, details, &*now.to_iso());
    }
}

fn read_time(json: &Tree, id: NodeId, now: Timestamp) -> Option<Timestamp> {
    if let Some(number) = json.as_number(id) {
        return time::from_number(number);
    }
    let text = json.as_str(id)?;
    let with_date = || {
        let date = json.get(json.parent(id)?, DATE).filter(|_| json.key(id) == TIME)?;
        time::parse(&[&*json.as_str(date)?, " ", &*text].concat(), now)
    };
    with_date().or_else(|| time::parse(&text, now))
}

#[cfg(test)]
mod tests {
    use crate::tests::{RECEIVED_AT, check};

    fn check_time(event: &str, iso: &str) {
        let quoted = |text: &str| format!("\"{text}\"");
        check(
            event,
            &[
                ("utctimestamp", Some(&quoted(iso))),
                ("details._utcprocessedtimestamp", Some(&quoted(RECEIVED_AT))),
            ],
        );
    }

    /// A value, as JSON, and what the event's time becomes.
    fn check_value(value: &str, iso: &str) {
        check_time(&format!(r#"{{"timestamp":{value}}}"#), &format!("{iso}+00:00"));
    }

    #[test]
    fn reads_what_the_replaced_lake_read() {
        for (value, iso) in [
            ("0", "1970-01-01T00:00:00"),
            ("1600000000", "2020-09-13T12:26:40"),
            ("1600000000.123", "2020-09-13T12:26:40.123000"),
            ("1600000000123", "2020-09-13T12:26:40.123000"),
            ("1600000000123456", "2020-09-13T12:26:40.123456"),
            ("1600000000123456789", "2020-09-13T12:26:40.123457"),
            (r#""2020-01-01""#, "2020-01-01T00:00:00"),
            (r#""2020-01-01T00:00:00+02:00""#, "2019-12-31T22:00:00"),
            (r#""Jan 1 12am 2020 UTC""#, "2020-01-01T00:00:00"),
            (r#""Apr 17 06:10:54""#, "2020-04-17T06:10:54"),
            (r#""01/02/2020""#, "2020-01-02T00:00:00"),
            (r#""12:00""#, "2020-06-19T12:00:00"),
        ] {
            check_value(value, iso);
        }
    }

    #[test]
    fn reads_what_the_replaced_lake_got_wrong() {
        for (value, iso) in [
            (r#""1600000000""#, "2020-09-13T12:26:40"),
            (r#""20200101""#, "2020-01-01T00:00:00"),
            (r#""1600000000.5""#, "2020-09-13T12:26:40.500000"),
            ("160000000", "1975-01-26T20:26:40"),
            ("10000000000", "2286-11-20T17:46:40"),
            ("12345", "1970-01-01T03:25:45"),
            ("-1", "1969-12-31T23:59:59"),
            ("-3.0", "1969-12-31T23:59:57"),
            (r#""-3""#, "1969-12-31T23:59:57"),
            (r#""2020-03-02 17:54:33 EST""#, "2020-03-02T22:54:33"),
            (r#""Dec 31 23:59:59""#, "2019-12-31T23:59:59"),
        ] {
            check_value(value, iso);
        }
    }

    #[test]
    fn what_is_no_time_leaves_the_time_of_arrival() {
        for value in [
            "null",
            "true",
            "[1600000000]",
            r#"{"at":1600000000}"#,
            r#""seen on 2020-01-01 by someone""#,
            r#""""#,
            "1e400",
        ] {
            check_time(&format!(r#"{{"timestamp":{value}}}"#), RECEIVED_AT);
        }
        check_time("{}", RECEIVED_AT);
    }

    #[test]
    fn keys_are_tried_in_order_until_one_parses() {
        let event = |skip: usize| {
            let keys = ["timestamp", "@timestamp", "time", "eventtime", "start", "ts"];
            let members = keys.iter().enumerate().map(|(index, key)| {
                let value = if index < skip { "?".to_owned() } else { format!("200{index}-01-01") };
                format!("\"{key}\":\"{value}\"")
            });
            format!("{{{}}}", members.rev().collect::<Vec<_>>().join(","))
        };
        for skip in 0..6 {
            check_time(&event(skip), &format!("200{skip}-01-01T00:00:00+00:00"));
        }
        check_time(&event(6), RECEIVED_AT);
    }

    #[test]
    fn members_at_the_top_come_before_accidental_ones_below() {
        let wanted = "2020-01-01T00:00:00+00:00";
        check_time(r#"{"x":{"time":"2001-01-01"},"time":"2020-01-01"}"#, wanted);
        check_time(r#"{"details":{"x":[{"start":1}],"start":"2020-01-01"}}"#, wanted);
        check_time(r#"{"x":{"y":{"time":"2020-01-01"}}}"#, wanted);
    }

    #[test]
    fn date_and_time_are_read_together_when_they_are_siblings() {
        let wanted = "2020-09-01T17:48:18+00:00";
        check_time(r#"{"date":"2020-09-01","time":"17:48:18"}"#, wanted);
        check_time(r#"{"x":{"Time":"17:48:18","Date":"2020-09-01"}}"#, wanted);
        check_time(r#"{"date":"n/a","time":"2020-09-01T17:48:18Z"}"#, wanted);
        check_time(r#"{"x":{"date":"2020-09-01"},"time":"17:48:18"}"#, "2020-06-19T17:48:18+00:00");
    }

    #[test]
    fn an_earlier_processing_time_is_replaced_and_nothing_else() {
        check_time(r#"{"_utcprocessedtimestamp":"2001-01-01T00:00:00+00:00"}"#, RECEIVED_AT);
        let event = r#"{"_utcProcessedTimestamp":{"x":1}}"#;
        check_time(event, RECEIVED_AT);
        check(event, &[("details._utcprocessedtimestamp_2.x", Some("1"))]);
    }

    #[test]
    fn a_key_wins_over_the_shell_and_the_shell_over_arrival() {
        let shell = r#""utctimestamp":"2014-04-17T06:10:54Z""#;
        check_time(&format!(r#"{{{shell},"details":{{}}}}"#), "2014-04-17T06:10:54+00:00");
        check_time(&format!(r#"{{{shell},"time":"no"}}"#), "2014-04-17T06:10:54+00:00");
        check_time(&format!(r#"{{{shell},"time":"2020-01-01"}}"#), "2020-01-01T00:00:00+00:00");
    }
}
