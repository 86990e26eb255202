//! Protocols with a class of their own: dhcp, ntp, and syslog as it was seen on the wire.

use headwater_pipeline::mapping::Mapper;

use super::connection::seconds;
use super::{duration, millis, table};

/// Kinds of messages with the activity.
const MESSAGES: [(&str, i64); 8] = [
    ("DISCOVER", 1),
    ("OFFER", 2),
    ("REQUEST", 3),
    ("DECLINE", 4),
    ("ACK", 5),
    ("NAK", 6),
    ("RELEASE", 7),
    ("INFORM", 8),
];

const DHCP: &[(&str, &str)] = &[
    ("client_addr", "src_endpoint.ip"),
    ("assigned_addr", "src_endpoint.ip"),
    ("mac", "src_endpoint.mac"),
    ("host_name", "src_endpoint.hostname"),
    ("client_fqdn", "src_endpoint.hostname"),
    ("domain", "src_endpoint.domain"),
    ("server_addr", "dst_endpoint.ip"),
    ("uids.0", "connection_info.uid"),
    ("client_message", "message"),
    ("server_message", "message"),
];

/// A conversation; its last message says how it ended.
pub(super) fn dhcp(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let last = source.find("msg_types").and_then(|list| source.elements(list).pop());
    let last = last.and_then(|field| source.text_of(field)).unwrap_or_default().into_owned();
    let activity = MESSAGES.iter().find(|(name, _)| *name == last).map(|(_, number)| *number);
    mapper.class(4004, activity.unwrap_or(0));
    if activity.is_none() && !last.is_empty() {
        mapper.other_activity(&last);
    }
    table(mapper, DHCP);
    if ["ip", "hostname", "domain"]
        .iter()
        .all(|part| mapper.written(&format!("src_endpoint.{part}")).is_none())
    {
        mapper.copy("mac", "src_endpoint.uid");
        mapper.set("src_endpoint.name", "Unknown");
    }
    seconds(mapper, "lease_time", "lease_dur");
    duration(mapper, "duration");
}

/// An exchange of times. Seconds become milliseconds, so the exact ones stay unmapped.
pub(super) fn ntp(mapper: &mut Mapper<'_>, _: &str) {
    let mode = mapper.source().integer("mode").unwrap_or_default();
    let activity = if (1..=7).contains(&mode) { mode } else { 0 };
    mapper.class(4013, activity);
    if !mapper.copy("version", "version") {
        mapper.set("version", "Unknown");
    }
    mapper.done("mode");
    for (from, to) in [("root_delay", "delay"), ("root_disp", "dispersion")] {
        let value = mapper.source().text(from).and_then(|text| millis(&text));
        if let Some(value) = value {
            mapper.set(to, value);
        }
    }
    let stratum = match mapper.source().integer("stratum") {
        Some(1) => Some(1_i64),
        Some(2..=15) => Some(2),
        Some(16) => Some(16),
        Some(17..) => Some(17),
        _ => None,
    };
    if let Some(stratum) = stratum {
        mapper.set("stratum_id", stratum);
    }
    mapper.set("app_protocol_name", "ntp");
}

/// Names of severities with the schema's number.
const SEVERITIES: [(&str, i64); 8] = [
    ("EMERG", 6),
    ("ALERT", 5),
    ("CRIT", 5),
    ("ERR", 4),
    ("WARNING", 3),
    ("NOTICE", 2),
    ("INFO", 1),
    ("DEBUG", 1),
];

/// A message of somebody else that Zeek saw passing.
pub(super) fn syslog(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(4001, 6);
    let severity = mapper.source().text("severity").unwrap_or_default().into_owned();
    if let Some((_, number)) = SEVERITIES.iter().find(|(name, _)| *name == severity) {
        mapper.set("severity_id", *number);
    }
    table(mapper, &[("message", "message"), ("severity", "metadata.log_level")]);
    mapper.set("app_protocol_name", "syslog");
}
