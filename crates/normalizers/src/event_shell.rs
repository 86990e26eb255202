//! Gives every event the same outside: the shell of [`headwater_event::event::SHELL`], everything
//! else in `details`. What has the wrong type is repaired, never refused, and nothing is lost:
//!
//! | given | becomes |
//! |---|---|
//! | a key that is not of the shell | `details.<key>` |
//! | `details` that is no object | `details.details` |
//! | `severity`, `summary`, `category`, `source` as number or boolean | its text |
//! | … as object or array | `details.<name>`, and the default |
//! | `tags`, `plugins` as scalar | a list of its text |
//! | … as object | `details.<name>`, and an empty list |
//! | an element of `tags`, `plugins` that is no string | its text, or its JSON text; null goes |
//! | `utctimestamp` as number or in another form | ISO 8601, UTC |
//! | … that is no time | `details.utctimestamp`, and the time of arrival |
//! | `eventid` that is a UUID, outside an event in shell form | kept, and also `details.eventid` |
//! | `eventid` that is none | `details.eventid`; the event gets an id of its own later |
//! | null for anything of the shell | the default |
//!
//! Where `details` has the key already, that member keeps it and the newcomer becomes `key_2`. Only
//! the top level decides; a nested key that happens to be called `summary` means nothing.

use std::sync::Arc;

use headwater_event::Event;
use headwater_event::event::SHELL;
use headwater_event::json::{Kind, NodeId, Scalar, Tree, Vocabulary};
use headwater_event::time::{self, Timestamp};
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};
use uuid::Uuid;

use crate::known_key::KnownKey;

const SEVERITY: &str = "INFO";
const UNKNOWN: &str = "UNKNOWN";

/// Length of a UUID in its usual form; the others (`urn:uuid:`, braces) are somebody's own text.
const UUID_BYTES: usize = 36;

#[derive(Debug)]
pub(crate) struct EventShell {
    keys: Keys,
}

#[derive(Debug)]
struct Keys {
    utctimestamp: KnownKey,
    severity: KnownKey,
    summary: KnownKey,
    category: KnownKey,
    source: KnownKey,
    tags: KnownKey,
    plugins: KnownKey,
    details: KnownKey,
}

impl Default for EventShell {
    fn default() -> Self {
        let keys = Keys {
            utctimestamp: KnownKey::new("utctimestamp"),
            severity: KnownKey::new("severity"),
            summary: KnownKey::new("summary"),
            category: KnownKey::new("category"),
            source: KnownKey::new("source"),
            tags: KnownKey::new("tags"),
            plugins: KnownKey::new("plugins"),
            details: KnownKey::new("details"),
        };
        Self { keys }
    }
}

impl Keys {
    fn bind(&mut self, vocabulary: &Vocabulary) {
        let Self { utctimestamp, severity, summary, category, source, tags, plugins, details } =
            self;
        let texts = [severity, summary, category, source];
        let others = [utctimestamp, tags, plugins, details];
        texts.into_iter().chain(others).for_each(|key| key.bind(vocabulary));
    }
}

impl Plugin for EventShell {
    fn name(&self) -> &str {
        "event_shell"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    fn registration(&self) -> Vec<String> {
        vec!["*".to_owned()]
    }

    fn priority(&self) -> i32 {
        2
    }

    fn words(&self) -> Vec<String> {
        SHELL.map(str::to_owned).into()
    }

    fn bind(&mut self, vocabulary: &Arc<Vocabulary>) {
        self.keys.bind(vocabulary);
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        let origin = metadata.origin.source.as_deref().unwrap_or(UNKNOWN);
        let keys = &self.keys;
        let mut shell = Shell::of(&mut event.json, keys);
        shell.repair_eventid();
        shell.repair_utctimestamp(metadata.received_at);
        let Members { severity, summary, category, source, tags, plugins, .. } = shell.members;
        shell.repair_text(severity, &keys.severity, SEVERITY);
        shell.repair_text(summary, &keys.summary, UNKNOWN);
        shell.repair_text(category, &keys.category, UNKNOWN);
        shell.repair_text(source, &keys.source, origin);
        shell.repair_list(tags, &keys.tags);
        shell.repair_list(plugins, &keys.plugins);
        shell.separate_details();
        Verdict::Keep
    }
}

/// The members of the top level that stay there, but for `details`.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    eventid: Option<NodeId>,
    utctimestamp: Option<NodeId>,
    severity: Option<NodeId>,
    summary: Option<NodeId>,
    category: Option<NodeId>,
    source: Option<NodeId>,
    tags: Option<NodeId>,
    plugins: Option<NodeId>,
}

impl Members {
    fn slot(&mut self, key: &str) -> Option<&mut Option<NodeId>> {
        match key {
            "eventid" => Some(&mut self.eventid),
            "utctimestamp" => Some(&mut self.utctimestamp),
            "severity" => Some(&mut self.severity),
            "summary" => Some(&mut self.summary),
            "category" => Some(&mut self.category),
            "source" => Some(&mut self.source),
            "tags" => Some(&mut self.tags),
            "plugins" => Some(&mut self.plugins),
            _ => None,
        }
    }
}

/// An event whose top level holds nothing but shell members, of whatever type.
struct Shell<'a> {
    json: &'a mut Tree,
    keys: &'a Keys,
    details: NodeId,
    members: Members,
    /// The producer knows the shell: it sent `details` and nothing beside the shell.
    was_in_shell_form: bool,
    /// Members have joined others in `details`.
    may_clash: bool,
}

impl<'a> Shell<'a> {
    fn of(json: &'a mut Tree, keys: &'a Keys) -> Self {
        let root = json.root();
        let given = keys.details.find(json, root);
        let (details, was_object) = match given.map(|id| (id, json.kind(id))) {
            Some((id, Kind::Object)) => (id, true),
            Some((id, Kind::Null)) => {
                json.replace(id, Scalar::Object);
                (id, false)
            }
            _ => (keys.details.append(json, root, Scalar::Object), false),
        };
        let had_members = json.children(details).next().is_some();
        let mut members = Members::default();
        let mut moved = false;
        json.move_children(root, details, |json, id| {
            let stays = id == details
                || members.slot(&json.key(id)).is_some_and(|slot| slot.replace(id).is_none());
            moved |= !stays;
            !stays
        });
        Self {
            json,
            keys,
            details,
            members,
            was_in_shell_form: was_object && !moved,
            may_clash: had_members && moved,
        }
    }

    fn append<'v>(&mut self, key: &KnownKey, value: impl Into<Scalar<'v>>) {
        key.append(self.json, self.json.root(), value);
    }

    fn move_to_details(&mut self, id: NodeId) {
        self.json.move_to(id, self.details);
        self.may_clash = true;
    }

    fn separate_details(&mut self) {
        if self.may_clash {
            self.json.separate_keys(self.details);
        }
    }

    fn repair_eventid(&mut self) {
        let Some(id) = self.members.eventid else { return };
        if self.json.as_str(id).is_some_and(|text| is_uuid(&text)) {
            if !self.was_in_shell_form && self.json.get(self.details, "eventid").is_none() {
                self.json.copy_to(id, self.details, "eventid");
            }
        } else if self.json.kind(id) == Kind::Null {
            self.json.remove(id);
        } else {
            self.move_to_details(id);
        }
    }

    fn repair_utctimestamp(&mut self, received_at: Timestamp) {
        let Some(id) = self.members.utctimestamp else {
            return self.append(&self.keys.utctimestamp, &*received_at.to_iso());
        };
        let read = match self.json.as_number(id) {
            Some(number) => time::from_number(number),
            None => self.json.as_str(id).and_then(|text| time::parse(&text, received_at)),
        };
        match read.map(Timestamp::to_iso) {
            Some(iso) if self.json.as_str(id).is_some_and(|text| *text == *iso) => {}
            Some(iso) => self.json.replace(id, &*iso),
            None if self.json.kind(id) == Kind::Null => {
                self.json.replace(id, &*received_at.to_iso());
            }
            None => {
                self.move_to_details(id);
                self.append(&self.keys.utctimestamp, &*received_at.to_iso());
            }
        }
    }

    fn repair_text(&mut self, member: Option<NodeId>, key: &KnownKey, default: &str) {
        let Some(id) = member else { return self.append(key, default) };
        match self.json.kind(id) {
            Kind::String => {}
            Kind::Null => self.json.replace(id, default),
            Kind::Number | Kind::Bool => self.replace_by_text(id),
            Kind::Object | Kind::Array => {
                self.move_to_details(id);
                self.append(key, default);
            }
        }
    }

    fn repair_list(&mut self, member: Option<NodeId>, key: &KnownKey) {
        let Some(id) = member else { return self.append(key, Scalar::Array) };
        match self.json.kind(id) {
            Kind::Array => self.repair_elements(id),
            Kind::Null => self.json.replace(id, Scalar::Array),
            Kind::String | Kind::Number | Kind::Bool => {
                let text = self.json.owned_text(id).unwrap_or_default();
                self.json.replace(id, Scalar::Array);
                self.json.push(id, text.as_str());
            }
            Kind::Object => {
                self.move_to_details(id);
                self.append(key, Scalar::Array);
            }
        }
    }

    fn repair_elements(&mut self, list: NodeId) {
        let is_wrong = |id: &NodeId| self.json.kind(*id) != Kind::String;
        let wrong: Vec<NodeId> = self.json.children(list).filter(is_wrong).collect();
        if wrong.iter().any(|id| self.json.kind(*id) == Kind::Null) {
            // All at once: removing them one by one would walk the list for each.
            let kept: Vec<NodeId> = self.json.children(list).collect();
            self.json.replace(list, Scalar::Array);
            for id in kept {
                if self.json.kind(id) != Kind::Null {
                    self.json.move_to(id, list);
                }
            }
        }
        for id in wrong {
            self.replace_by_text(id);
        }
    }

    fn replace_by_text(&mut self, id: NodeId) {
        let text = self.json.owned_text(id).unwrap_or_else(|| self.json.to_json(id));
        self.json.replace(id, text.as_str());
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_BYTES && Uuid::try_parse(text).is_ok_and(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use crate::tests::{RECEIVED_AT, check, check_from};

    const ID: &str = r#""2163d086-baa4-4203-a267-97b3a872c651""#;

    #[test]
    fn an_empty_event_gets_every_default() {
        check(
            "{}",
            &[
                ("eventid", None),
                ("utctimestamp", Some(&format!("\"{RECEIVED_AT}\""))),
                ("severity", Some(r#""INFO""#)),
                ("summary", Some(r#""UNKNOWN""#)),
                ("category", Some(r#""UNKNOWN""#)),
                ("source", Some(r#""UNKNOWN""#)),
                ("tags", Some("[]")),
            ],
        );
    }

    #[test]
    fn the_origin_names_the_source_unless_the_event_does() {
        check_from(Some("dmz"), "{}", &[("source", Some(r#""dmz""#))]);
        check_from(Some("dmz"), r#"{"source":null}"#, &[("source", Some(r#""dmz""#))]);
        check_from(Some("dmz"), r#"{"source":"own"}"#, &[("source", Some(r#""own""#))]);
    }

    #[test]
    fn what_is_not_of_the_shell_moves_into_details() {
        check(
            r#"{"details":{"x":1},"extra":2,"summary":"given"}"#,
            &[
                ("details.x", Some("1")),
                ("details.extra", Some("2")),
                ("extra", None),
                ("summary", Some(r#""given""#)),
            ],
        );
        check(
            r#"{"nested":{"summary":"s","details":{"a":1}},"list":[{"source":"t"}]}"#,
            &[
                ("details.nested", Some(r#"{"summary":"s","details":{"a":1}}"#)),
                ("details.list", Some(r#"[{"source":"t"}]"#)),
                ("summary", Some(r#""UNKNOWN""#)),
            ],
        );
    }

    #[test]
    fn clashing_members_both_stay_in_details() {
        check(
            r#"{"a":"top","details":{"a":"inner","summary":"inner"},"summary":["top"]}"#,
            &[
                ("details.a", Some(r#""inner""#)),
                ("details.a_2", Some(r#""top""#)),
                ("details.summary", Some(r#""inner""#)),
                ("details.summary_2", Some(r#"["top"]"#)),
                ("summary", Some(r#""UNKNOWN""#)),
            ],
        );
    }

    #[test]
    fn details_of_any_type_are_kept() {
        for value in [r#""text""#, "[1,2]", "7", "true"] {
            let event = format!(r#"{{"details":{value},"b":1}}"#);
            check(&event, &[("details.details", Some(value)), ("details.b", Some("1"))]);
        }
        check(r#"{"details":null,"b":1}"#, &[("details.details", None), ("details.b", Some("1"))]);
    }

    #[test]
    fn texts_of_the_wrong_type_are_repaired() {
        for name in ["severity", "summary", "category", "source"] {
            let default = if name == "severity" { r#""INFO""# } else { r#""UNKNOWN""# };
            for (value, text, moved) in [
                (r#""""#, r#""""#, None),
                ("1.50", r#""1.50""#, None),
                ("false", r#""false""#, None),
                ("null", default, None),
                (r#"{"a":1}"#, default, Some(r#"{"a":1}"#)),
                ("[1]", default, Some("[1]")),
            ] {
                let event = format!(r#"{{"{name}":{value}}}"#);
                check(&event, &[(name, Some(text)), (&format!("details.{name}"), moved)]);
            }
        }
    }

    #[test]
    fn tags_become_a_list_of_text() {
        for (value, tags, moved) in [
            ("[]", "[]", None),
            (r#"["a","b"]"#, r#"["a","b"]"#, None),
            (r#""a""#, r#"["a"]"#, None),
            ("7", r#"["7"]"#, None),
            ("null", "[]", None),
            (
                r#"[1,null,"a",true,{"k":"v"},null,[2]]"#,
                r#"["1","a","true","{\"k\":\"v\"}","[2]"]"#,
                None,
            ),
            (r#"{"k":"v"}"#, "[]", Some(r#"{"k":"v"}"#)),
        ] {
            let event = format!(r#"{{"tags":{value}}}"#);
            check(&event, &[("tags", Some(tags)), ("details.tags", moved)]);
        }
        check(r#"{"plugins":"mine"}"#, &[("plugins.0", Some(r#""mine""#))]);
        check(r#"{"plugins":{"a":1}}"#, &[("details.plugins", Some(r#"{"a":1}"#))]);
    }

    #[test]
    fn utctimestamp_is_read_or_kept_aside() {
        let arrival = format!("\"{RECEIVED_AT}\"");
        for (value, time, moved) in [
            (r#""2014-04-17T06:10:54+00:00""#, r#""2014-04-17T06:10:54+00:00""#, None),
            (r#""2014-04-17T08:10:54.5+02:00""#, r#""2014-04-17T06:10:54.500000+00:00""#, None),
            ("1600000000123", r#""2020-09-13T12:26:40.123000+00:00""#, None),
            ("null", &*arrival, None),
            (r#""soon""#, &*arrival, Some(r#""soon""#)),
            (r#"{"a":1}"#, &*arrival, Some(r#"{"a":1}"#)),
            ("1e400", &*arrival, Some("1e400")),
        ] {
            let event = format!(r#"{{"utctimestamp":{value}}}"#);
            check(&event, &[("utctimestamp", Some(time)), ("details.utctimestamp", moved)]);
        }
    }

    #[test]
    fn only_a_uuid_is_an_event_id() {
        for value in [
            r#""42""#,
            "42",
            r#""00000000-0000-0000-0000-000000000000""#,
            r#"["x"]"#,
            r#""{2163d086-baa4-4203-a267-97b3a872c651}""#,
            r#""2163d086baa44203a26797b3a872c651""#,
        ] {
            let event = format!(r#"{{"eventid":{value}}}"#);
            check(&event, &[("eventid", None), ("details.eventid", Some(value))]);
        }
        check(r#"{"eventid":null}"#, &[("eventid", None), ("details.eventid", None)]);
    }

    #[test]
    fn the_producers_uuid_stays_and_is_found_where_queries_look_for_it() {
        let raw = format!(r#"{{"eventID":{ID},"eventName":"x"}}"#);
        check(&raw, &[("eventid", Some(ID)), ("details.eventid", Some(ID))]);
        let in_shell_form = format!(r#"{{"eventid":{ID},"details":{{"a":1}}}}"#);
        check(&in_shell_form, &[("eventid", Some(ID)), ("details.eventid", None)]);
        let both = format!(r#"{{"eventid":{ID},"details":{{"eventid":4624}},"b":1}}"#);
        check(&both, &[("eventid", Some(ID)), ("details.eventid", Some("4624"))]);
        let inner = format!(r#"{{"source":"cloudtrail","details":{{"eventid":{ID}}}}}"#);
        check(&inner, &[("eventid", None), ("details.eventid", Some(ID))]);
    }
}
