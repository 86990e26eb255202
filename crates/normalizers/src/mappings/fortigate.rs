//! FortiGate: `key=value` in syslog. Contract: the log reference of FortiOS 6 and 7.

use headwater_event::time;
use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_class, http_method, http_target};
use super::network::{
    any_endpoint, direction, firewall, is_address, mentions, name_endpoints, protocol,
    syslog_frame, totals, verdict,
};
use super::text_fields;
use super::well_known::{last_segment, product, status};

#[derive(Debug)]
pub(super) struct Fortigate;

impl Mapping for Fortigate {
    fn name(&self) -> &'static str {
        "fortigate"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let start = text.trim_start();
            let starts = ["date=", "time=", "logver=", "timestamp=", "devname=", "logid="];
            let has = |mark: &str| text.contains(mark);
            starts.iter().any(|mark| start.starts_with(mark))
                && has("logid=")
                && has(" type=")
                && has(" subtype=")
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        text_fields::add_pairs(mapper, "message");
        let source = mapper.source();
        let kind = source.text("type").unwrap_or_default().into_owned();
        let subtype = source.text("subtype").unwrap_or_default().into_owned();
        match (kind.as_str(), subtype.as_str()) {
            ("utm", "webfilter" | "waf" | "app-ctrl" | "web") => web(mapper),
            ("utm", "dns") => dns(mapper),
            ("utm", "ips" | "virus" | "anomaly") | ("anomaly", _) => finding(mapper),
            ("traffic" | "utm", _) => traffic(mapper),
            ("event", "vpn") => vpn(mapper),
            ("event", _) => event(mapper),
            _ => mapper.class(0, 0),
        }
        common(mapper);
    }
}

const ENDPOINTS: &[(&str, &str)] = &[
    ("srcip", "src_endpoint.ip"),
    ("remip", "src_endpoint.ip"),
    ("userip", "src_endpoint.ip"),
    ("srcport", "src_endpoint.port"),
    ("srcmac", "src_endpoint.mac"),
    ("srcname", "src_endpoint.hostname"),
    ("srcintf", "src_endpoint.interface_name"),
    ("srcintfrole", "src_endpoint.zone"),
    ("srccountry", "src_endpoint.location.country"),
    ("srcregion", "src_endpoint.location.region"),
    ("srccity", "src_endpoint.location.city"),
    ("transip", "src_endpoint.intermediate_ips"),
    ("dstip", "dst_endpoint.ip"),
    ("dstip", "dst_endpoint.hostname"),
    ("dstport", "dst_endpoint.port"),
    ("dstmac", "dst_endpoint.mac"),
    ("dstname", "dst_endpoint.hostname"),
    ("event_hostname", "dst_endpoint.hostname"),
    ("dstintf", "dst_endpoint.interface_name"),
    ("dstintfrole", "dst_endpoint.zone"),
    ("dstcountry", "dst_endpoint.location.country"),
    ("dstregion", "dst_endpoint.location.region"),
    ("dstcity", "dst_endpoint.location.city"),
    ("sessionid", "connection_info.uid"),
];

const COMMON: &[(&str, &str)] = &[
    ("logid", "metadata.event_code"),
    ("type", "metadata.log_name"),
    ("subtype", "metadata.log_provider"),
    ("level", "metadata.log_level"),
    ("devname", "device.hostname"),
    ("devid", "device.uid"),
    ("user", "user.name"),
    ("user", "actor.user.name"),
    ("unauthuser", "actor.user.name"),
    ("group", "user.groups.name"),
    ("group", "actor.user.groups.name"),
    ("msg", "message"),
    ("logdesc", "message"),
    ("reason", "status_detail"),
    ("app", "app_name"),
    ("service", "app_protocol_name"),
    ("sentbyte", "traffic.bytes_out"),
    ("rcvdbyte", "traffic.bytes_in"),
    ("sentpkt", "traffic.packets_out"),
    ("rcvdpkt", "traffic.packets_in"),
    ("policyid", "firewall_rule.uid"),
    ("policyname", "firewall_rule.name"),
    ("policytype", "firewall_rule.type"),
    ("count", "count"),
];

/// Levels with the schema's number.
const LEVELS: [(&str, i64); 9] = [
    ("emergency", 6),
    ("alert", 5),
    ("critical", 5),
    ("error", 4),
    ("warning", 3),
    ("notice", 2),
    ("information", 1),
    ("info", 1),
    ("debug", 1),
];

fn common(mapper: &mut Mapper<'_>) {
    product(mapper, "Fortinet", "FortiGate");
    event_time(mapper);
    for prefix in ["", "evidences."] {
        for (from, to) in ENDPOINTS {
            mapper.table(&[(from, &format!("{prefix}{to}"))]);
        }
        protocol(mapper, "proto", prefix);
        let way = match mapper.source().text("direction").as_deref() {
            Some("incoming" | "inbound") => 1,
            Some("outgoing" | "outbound") => 2,
            _ => 0,
        };
        direction(mapper, prefix, way);
        name_endpoints(mapper, prefix);
    }
    mapper.table(COMMON);
    totals(mapper);
    let seconds = mapper.source().integer("duration");
    if let Some(seconds) = seconds
        && mapper.set("duration", seconds.saturating_mul(1_000))
    {
        mapper.done("duration");
    }
    let level = mapper.source().text("level").unwrap_or_default().into_owned();
    let level = LEVELS.iter().find(|(name, _)| *name == level).map_or(0, |(_, number)| *number);
    mapper.set("severity_id", level);
    syslog_frame(mapper);
    firewall(mapper);
}

/// Newer versions have the instant; older ones date, time and perhaps a zone.
fn event_time(mapper: &mut Mapper<'_>) {
    if mapper.time(&["eventtime"]) {
        return;
    }
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let text = format!("{} {} {}", part("date"), part("time"), part("tz"));
    match time::parse(text.trim(), source.received_at()) {
        Some(time) if source.has("date") => {
            mapper.set_time(time);
            mapper.set("metadata.original_time", text.trim());
        }
        _ => {
            mapper.time(&["itime", "event_timestamp"]);
        }
    }
}

/// Words of actions that say no, with the disposition.
const REFUSALS: [(&str, i64); 8] = [
    ("deny", 2),
    ("block", 2),
    ("drop", 6),
    ("reset", 21),
    ("clear_session", 21),
    ("quarantine", 3),
    ("server-rst", 1),
    ("client-rst", 1),
];

fn decide(mapper: &mut Mapper<'_>) {
    let action = mapper.source().text("action").unwrap_or_default().into_owned();
    if !action.is_empty() {
        let refusal = REFUSALS.iter().find(|(word, _)| mentions(&action, &[word]));
        let disposition = refusal.map_or(1, |(_, number)| *number);
        verdict(mapper, disposition == 1, disposition);
    }
}

fn traffic(mapper: &mut Mapper<'_>) {
    let activity = match mapper.source().text("action").as_deref() {
        Some("start") => 1,
        Some("close" | "timeout") => 2,
        Some("server-rst" | "client-rst") => 3,
        Some("ip-conn" | "dns") => 4,
        Some("deny" | "block" | "blocked") => 5,
        _ => 6,
    };
    mapper.class(4001, activity);
    decide(mapper);
    mapper.copy("action", "status_code");
    for (from, to) in ENDPOINTS {
        mapper.table(&[(from, to)]);
    }
    any_endpoint(mapper);
}

fn web(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    if !source.has("url") && !source.has("event_hostname") {
        traffic(mapper);
        return;
    }
    http_class(mapper, "httpmethod");
    decide(mapper);
    http_method(mapper, "httpmethod", "http_request");
    http_target(mapper, "url", "event_hostname", "http_request.url");
    mapper.table(&[
        ("agent", "http_request.user_agent"),
        ("referralurl", "http_request.referrer"),
        ("catdesc", "http_request.url.categories"),
    ]);
}

fn dns(mapper: &mut Mapper<'_>) {
    let is_answer = mapper.source().is("eventtype", "dns-response");
    mapper.class(4003, if is_answer { 2 } else { 1 });
    decide(mapper);
    mapper.table(&[
        ("qname", "query.hostname"),
        ("qtype", "query.type"),
        ("qclass", "query.class"),
        ("xid", "query.packet_uid"),
        ("ipaddr", "answers.rdata"),
    ]);
}

fn finding(mapper: &mut Mapper<'_>) {
    mapper.class(2004, 1);
    decide(mapper);
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let rule = [part("attackid"), part("virusid"), part("attack"), part("virus"), part("logid")];
    let rule = rule.iter().find(|text| !text.is_empty()).map(|text| text.to_string());
    let uid = format!("{}/{}", rule.unwrap_or_default(), part("sessionid"));
    let severity = source.text("event_severity").or_else(|| source.text("crlevel"));
    let severity = match severity.as_deref() {
        Some("critical") => Some(5_i64),
        Some("high") => Some(4),
        Some("medium") => Some(3),
        Some("low") => Some(2),
        Some("info") => Some(1),
        _ => None,
    };
    let file = source.text("filename").map(|path| last_segment(&path).to_owned());
    mapper.set("finding_info.uid", uid.as_str());
    if let Some(severity) = severity {
        mapper.set("severity_id", severity);
    }
    mapper.set("is_alert", true);
    mapper.copy_first(&["attack", "virus", "msg"], "finding_info.title");
    if mapper.copy_first(&["attack", "virus"], "finding_info.analytic.name") {
        mapper.set("finding_info.analytic.type_id", 1_i64);
        mapper.copy_first(&["attackid", "virusid"], "finding_info.analytic.uid");
    }
    mapper.table(&[("ref", "finding_info.src_url"), ("eventtype", "finding_info.types")]);
    if mapper.source().has("url") {
        http_target(mapper, "url", "event_hostname", "evidences.http_request.url");
        http_method(mapper, "httpmethod", "evidences.http_request");
        mapper.copy("agent", "evidences.http_request.user_agent");
    }
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        mapper.set("evidences.file.name", file.as_str());
        mapper.set("evidences.file.type_id", 1_i64);
        mapper.done("filename");
    }
}

fn vpn(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let action = source.text("action").unwrap_or_default().into_owned();
    if mentions(&action, &["login", "auth"]) {
        logon(mapper, &action);
        return;
    }
    let activity = match action.as_str() {
        "tunnel-up" | "ssl-new-con" => 1,
        "tunnel-down" | "ssl-exit-error" => 2,
        _ => 99,
    };
    mapper.class(4014, activity);
    if activity == 99 {
        mapper.other_activity(if action.is_empty() { "Event" } else { &action });
    }
    mapper.table(&[
        ("tunnelip", "tunnel_interface.ip"),
        ("tunnelid", "session.uid"),
        ("tunneltype", "tunnel_type_id"),
    ]);
}

/// Logons of administrators and users, changes of the configuration, and the rest.
fn event(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let description = source.text("logdesc").unwrap_or_default();
    let action = source.text("action").unwrap_or_default().into_owned();
    let subject = format!("{action} {description}");
    let has_user = source.has("user");
    let has_configuration = source.has("cfgpath");
    if has_user && mentions(&subject, &["login", "logout", "auth"]) {
        logon(mapper, &subject);
    } else if has_configuration || has_user {
        change(mapper, &action);
    } else {
        mapper.class(0, 0);
    }
}

fn logon(mapper: &mut Mapper<'_>, subject: &str) {
    mapper.class(3002, if mentions(subject, &["logout", "logoff"]) { 2 } else { 1 });
    let outcome = mapper.source().text("status").unwrap_or_default().into_owned();
    status(
        mapper,
        !mentions(&format!("{subject} {outcome}"), &["fail", "deny", "denied", "error"]),
    );
    if !mapper.source().has("user") {
        mapper.set("user.name", "Unknown");
    }
    address_of_interface(mapper);
    mapper.copy("devname", "dst_endpoint.hostname");
    mapper.copy("dstip", "dst_endpoint.ip");
    mapper.set("service.name", "FortiGate");
}

fn change(mapper: &mut Mapper<'_>, action: &str) {
    let activity = match action {
        "Add" => 1,
        "Edit" => 3,
        "Delete" => 4,
        _ => 99,
    };
    mapper.class(6003, activity);
    let operation = mapper.source().text("cfgpath").or_else(|| mapper.source().text("logdesc"));
    let operation = format!("{action} {}", operation.unwrap_or_default());
    if activity == 99 {
        mapper.other_activity(operation.trim());
    }
    mapper.set("api.operation", operation.trim());
    address_of_interface(mapper);
    mapper.copy("srcip", "src_endpoint.ip");
    if mapper.written("src_endpoint.ip").is_none() {
        mapper.copy("devname", "src_endpoint.hostname");
        mapper.set("src_endpoint.name", "Unknown");
    }
    if !mapper.source().has("user") {
        mapper.set("actor.user.name", "Unknown");
    }
}

/// `https(192.0.2.1)`: whence somebody administers the device.
fn address_of_interface(mapper: &mut Mapper<'_>) {
    let address = mapper.source().text("ui").and_then(|text| {
        let (_, rest) = text.split_once('(')?;
        rest.split_once(')').map(|(inside, _)| inside.to_owned())
    });
    if let Some(address) = address.filter(|address| is_address(address)) {
        mapper.set("src_endpoint.ip", address.as_str());
    }
}
