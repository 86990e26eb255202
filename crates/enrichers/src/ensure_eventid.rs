//! Every event has an id: one that came without gets a UUID version 7, which sorts by time of
//! arrival.

use headwater_event::Event;
use headwater_event::json::Kind;
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};
use uuid::Uuid;

const EVENTID: &str = "eventid";

#[derive(Debug)]
pub(crate) struct EnsureEventid;

impl Plugin for EnsureEventid {
    fn name(&self) -> &str {
        "ensure_eventid"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Enrich
    }

    fn registration(&self) -> Vec<String> {
        vec!["*".to_owned()]
    }

    fn priority(&self) -> i32 {
        10
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        let json = &mut event.json;
        let root = json.root();
        if json.get(root, EVENTID).is_none_or(|id| json.kind(id) == Kind::Null) {
            let mut buffer = Uuid::encode_buffer();
            json.set(root, EVENTID, &*metadata.next_id().hyphenated().encode_lower(&mut buffer));
        }
        Verdict::Keep
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use headwater_event::json::ParseLimits;
    use headwater_event::{Event, Origin, Timestamp};
    use headwater_pipeline::{IdSource, Metadata, Plugin, Verdict};
    use uuid::Uuid;

    use super::EnsureEventid;

    /// The event's id after the plugin.
    fn eventid_of(json: &str) -> String {
        let mut event = Event::new(Arc::default());
        event.json.parse(json.as_bytes(), ParseLimits::default()).unwrap();
        let (origin, mut ids) = (Origin::default(), IdSource::default());
        let received_at = Timestamp::from_micros(1_600_000_000_123_456);
        let verdict =
            EnsureEventid.process(&mut event, &mut Metadata::new(&origin, received_at, &mut ids));
        assert_eq!(verdict, Verdict::Keep);
        event.shell("eventid").unwrap().into_owned()
    }

    #[test]
    fn fills_a_missing_id_with_a_uuid_that_carries_the_time_of_arrival() {
        for json in ["{}", r#"{"eventid":null}"#, r#"{"details":{"eventid":"x"}}"#] {
            let id = Uuid::parse_str(&eventid_of(json)).unwrap();
            assert_eq!((id.get_version_num(), id.as_u128() >> 80), (7, 1_600_000_000_123));
        }
        assert_ne!(eventid_of("{}"), eventid_of("{}"));
    }

    #[test]
    fn an_id_that_is_there_stays() {
        assert_eq!(eventid_of(r#"{"eventid":"given"}"#), "given");
    }
}
