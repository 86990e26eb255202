//! Netskope: admin audit, alerts and application events: API Activity, Authentication and
//! Detection Finding. Contract: the event types of the Netskope REST API, version 2.

use headwater_pipeline::mapping::{Mapper, Mapping};

use super::required::complete;
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("_id", "metadata.uid"),
    ("type", "metadata.log_name"),
    ("_insertion_epoch_timestamp", "metadata.logged_time"),
    ("count", "count"),
    ("user", "actor.user.name"),
    ("userip", "src_endpoint.ip"),
    ("srcip", "src_endpoint.ip"),
    ("dstip", "dst_endpoint.ip"),
    ("app", "api.service.name"),
    ("object", "resources[0].name"),
    ("object_id", "resources[0].uid"),
    ("policy", "policy.name"),
    ("useragent", "http_request.user_agent"),
];

/// Attributes of an object that is there only with one of some others.
type Description = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const DESCRIPTIONS: [Description; 3] = [
    (
        "src_endpoint",
        &["ip"],
        &[
            ("src_country", "src_endpoint.location.country"),
            ("src_location", "src_endpoint.location.city"),
        ],
    ),
    ("dst_endpoint", &["ip"], &[("dst_country", "dst_endpoint.location.country")]),
    ("resources[0]", &["name", "uid"], &[("object_type", "resources[0].type")]),
];

const ALERT_FIELDS: &[(&str, &str)] = &[
    ("_id", "finding_info.uid"),
    ("alert_name", "finding_info.title"),
    ("alert_type", "finding_info.types"),
    ("srcip", "evidences[0].src_endpoint.ip"),
    ("userip", "evidences[0].src_endpoint.ip"),
    ("dstip", "evidences[0].dst_endpoint.ip"),
    ("url", "evidences[0].url.url_string"),
    ("app", "evidences[0].api.service.name"),
    ("activity", "evidences[0].api.operation"),
];

/// Words of operations, with the activity of API Activity.
const VERBS: [(&str, i64); 12] = [
    ("create", 1),
    ("add", 1),
    ("upload", 1),
    ("view", 2),
    ("download", 2),
    ("get", 2),
    ("edit", 3),
    ("update", 3),
    ("set", 3),
    ("delete", 4),
    ("remove", 4),
    ("revoke", 4),
];

#[derive(Debug)]
pub(super) struct Netskope;

impl Mapping for Netskope {
    fn name(&self) -> &'static str {
        "netskope"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["audit_log_event", "user"],
            &["_insertion_epoch_timestamp", "type"],
            &["ur_normalized", "type", "timestamp"],
        ]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let class = if source.text("alert_name").is_some() {
            mapper.class(2004, 1);
            // Not every alert has an id of its own.
            mapper.copy_first(&["_id", "alert_id", "alert_name"], "finding_info.uid");
            mapper.table(ALERT_FIELDS);
            2004
        } else {
            operation(mapper)
        };
        product(mapper, "Netskope", "Netskope");
        mapper.set("cloud.provider", "Netskope");
        mapper.time(&["timestamp"]);
        let severity = match mapper.source().text("severity").as_deref() {
            Some("low") => 2_i64,
            Some("medium") => 3,
            Some("high") => 4,
            Some("critical") => 5,
            _ => 1,
        };
        mapper.set("severity_id", severity);
        mapper.table(FIELDS);
        // What describes something that has no name stays as it is.
        for (object, names, pairs) in DESCRIPTIONS {
            if mapper.has_any(object, names) {
                mapper.table(pairs);
            }
        }
        complete(mapper, class);
    }
}

fn operation(mapper: &mut Mapper<'_>) -> i64 {
    let source = mapper.source();
    let name = source.text("audit_log_event").or(source.text("activity")).unwrap_or_default();
    let name = name.into_owned();
    let lower = name.to_ascii_lowercase();
    let word = lower.split([' ', '-']).next().unwrap_or_default();
    let is_logon = matches!(word, "login" | "logout");
    if is_logon {
        mapper.class(3002, if word == "login" { 1 } else { 2 });
        mapper.copy("user", "user.name");
        mapper.set("service.name", "Netskope");
        if let Some(is_success) = outcome(&lower) {
            super::well_known::status(mapper, is_success);
        }
    } else {
        let verb = VERBS.iter().find(|(verb, _)| word.starts_with(verb));
        mapper.class(6003, verb.map_or(99, |(_, activity)| *activity));
        if verb.is_none() {
            mapper.other_activity(if name.is_empty() { "Unknown" } else { &name });
        }
    }
    mapper.copy_first(&["audit_log_event", "activity"], "api.operation");
    if is_logon { 3002 } else { 6003 }
}

fn outcome(text: &str) -> Option<bool> {
    if text.contains("success") {
        Some(true)
    } else if text.contains("fail") {
        Some(false)
    } else {
        None
    }
}
