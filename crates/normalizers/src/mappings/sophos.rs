//! Sophos: firewalls (SFOS, `key=value` in syslog) and Central (events and alerts of its SIEM
//! interface, in JSON). Contract: the SFOS syslog guide, Central's SIEM integration interface 1.

use headwater_event::time;
use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_class, http_method, http_target};
use super::network::{
    any_endpoint, direction, firewall, mentions, name_endpoints, protocol, syslog_frame, totals,
    verdict,
};
use super::text_fields;
use super::well_known::{product, status};

#[derive(Debug)]
pub(super) struct Firewall;

#[derive(Debug)]
pub(super) struct Central;

impl Mapping for Firewall {
    fn name(&self) -> &'static str {
        "sophos_firewall"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let has = |mark: &str| text.contains(mark);
            has("log_type=") && has("log_component=") && has("log_id=")
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        text_fields::add_pairs(mapper, "message");
        let source = mapper.source();
        let kind = source.text("log_type").unwrap_or_default().into_owned();
        let component = source.text("log_component").unwrap_or_default().into_owned();
        let has_url = source.has("url");
        match kind.as_str() {
            "Content Filtering" | "WAF" if has_url => web(mapper),
            "IDP" | "ATP" | "Anti-Virus" | "Anti Virus" | "Sandbox" | "IPS" => finding(mapper),
            "Event" if source.has("user_name") && mentions(&component, AUTHENTICATION) => {
                logon(mapper);
            }
            "Event" | "Admin" | "System Health" | "Heartbeat" => event(mapper),
            _ => connection(mapper),
        }
        firewall_common(mapper);
    }
}

/// Components that let people in.
const AUTHENTICATION: &[&str] = &["authentication", "vpn", "gui", "cli", "portal"];

const ENDPOINTS: &[(&str, &str)] = &[
    ("src_ip", "src_endpoint.ip"),
    ("src_port", "src_endpoint.port"),
    ("src_mac", "src_endpoint.mac"),
    ("in_interface", "src_endpoint.interface_name"),
    ("src_zone", "src_endpoint.zone"),
    ("src_country", "src_endpoint.location.country"),
    ("src_trans_ip", "src_endpoint.intermediate_ips"),
    ("dst_ip", "dst_endpoint.ip"),
    ("dst_port", "dst_endpoint.port"),
    ("dst_mac", "dst_endpoint.mac"),
    ("out_interface", "dst_endpoint.interface_name"),
    ("dst_zone", "dst_endpoint.zone"),
    ("dst_country", "dst_endpoint.location.country"),
    ("dst_trans_ip", "dst_endpoint.intermediate_ips"),
    ("domain", "dst_endpoint.hostname"),
    ("con_id", "connection_info.uid"),
];

const COMMON: &[(&str, &str)] = &[
    ("log_id", "metadata.event_code"),
    ("log_type", "metadata.log_name"),
    ("log_component", "metadata.log_provider"),
    ("device_name", "device.hostname"),
    ("device_id", "device.uid"),
    ("device_serial_id", "device.uid"),
    ("device_model", "device.model"),
    ("user_name", "user.name"),
    ("user_name", "actor.user.name"),
    ("user", "actor.user.name"),
    ("user_gp", "actor.user.groups.name"),
    ("user_group", "actor.user.groups.name"),
    ("event_message", "message"),
    ("application", "app_name"),
    ("app_name", "app_name"),
    ("sent_bytes", "traffic.bytes_out"),
    ("recv_bytes", "traffic.bytes_in"),
    ("bytes_sent", "traffic.bytes_out"),
    ("bytes_received", "traffic.bytes_in"),
    ("sent_pkts", "traffic.packets_out"),
    ("recv_pkts", "traffic.packets_in"),
    ("packets_sent", "traffic.packets_out"),
    ("packets_received", "traffic.packets_in"),
    ("fw_rule_id", "firewall_rule.uid"),
    ("fw_rule_name", "firewall_rule.name"),
    ("rule_id", "firewall_rule.uid"),
    ("rule_name", "firewall_rule.name"),
    ("reason", "status_detail"),
    ("cipher_suite", "tls.cipher"),
    ("sni", "tls.sni"),
    ("tls_version", "tls.version"),
];

fn firewall_common(mapper: &mut Mapper<'_>) {
    product(mapper, "Sophos", "Firewall");
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let text = format!("{} {} {}", part("date"), part("time"), part("timezone"));
    let parsed = time::parse(text.trim(), source.received_at());
    let has_date = source.has("date");
    match parsed {
        Some(time) if has_date => {
            mapper.set_time(time);
            mapper.set("metadata.original_time", text.trim());
        }
        _ => {
            mapper.time(&["event_timestamp"]);
        }
    }
    for prefix in ["", "evidences."] {
        for (from, to) in ENDPOINTS {
            mapper.table(&[(from, &format!("{prefix}{to}"))]);
        }
        protocol(mapper, "protocol", prefix);
        direction(mapper, prefix, 0);
        name_endpoints(mapper, prefix);
    }
    mapper.table(COMMON);
    if mapper.written("tls.cipher").is_some() || mapper.written("tls.sni").is_some() {
        mapper.set("tls.version", "Unknown");
    }
    totals(mapper);
    let seconds = mapper.source().integer("duration");
    if let Some(seconds) = seconds
        && mapper.set("duration", seconds.saturating_mul(1_000))
    {
        mapper.done("duration");
    }
    let level = mapper.source().text("priority").or_else(|| mapper.source().text("event_severity"));
    let severity = match level.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("emergency") => 6_i64,
        Some("alert" | "critical") => 5,
        Some("error") => 4,
        Some("warning") => 3,
        Some("notice") => 2,
        _ => 1,
    };
    mapper.set("severity_id", severity);
    syslog_frame(mapper);
    firewall(mapper);
}

fn decide(mapper: &mut Mapper<'_>) -> bool {
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let words = format!("{} {} {}", part("status"), part("log_subtype"), part("action"));
    let is_refused = mentions(&words, &["deny", "denied", "drop", "block", "reject"]);
    if is_refused || mentions(&words, &["allow", "accept", "permit"]) {
        verdict(mapper, !is_refused, if is_refused { 2 } else { 1 });
    }
    is_refused
}

fn connection(mapper: &mut Mapper<'_>) {
    mapper.class(4001, 6);
    let is_refused = decide(mapper);
    if is_refused {
        mapper.class(4001, 5);
    }
    for (from, to) in ENDPOINTS {
        mapper.table(&[(from, to)]);
    }
    any_endpoint(mapper);
}

fn web(mapper: &mut Mapper<'_>) {
    http_class(mapper, "http_method");
    decide(mapper);
    http_method(mapper, "http_method", "http_request");
    http_target(mapper, "url", "domain", "http_request.url");
    mapper.table(&[
        ("user_agent", "http_request.user_agent"),
        ("referer", "http_request.referrer"),
        ("category", "http_request.url.categories"),
        ("status_code", "http_response.code"),
        ("http_status", "http_response.code"),
    ]);
    if mapper.written("http_response.code").is_some() {
        mapper.copy("content_type", "http_response.content_type");
    }
}

fn finding(mapper: &mut Mapper<'_>) {
    mapper.class(2004, 1);
    decide(mapper);
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let rule = source.text("signature_id").or_else(|| source.text("virus"));
    let rule = rule.or_else(|| source.text("threatname")).unwrap_or_default();
    let uid = format!("{}/{rule}/{}", part("log_id"), part("con_id"));
    mapper.set("finding_info.uid", uid.as_str());
    mapper.set("is_alert", true);
    let titles = ["signature_msg", "threatname", "virus", "log_subtype"];
    mapper.copy_first(&titles, "finding_info.title");
    if mapper.copy("signature_id", "finding_info.analytic.uid") {
        mapper.copy("signature_msg", "finding_info.analytic.name");
        mapper.set("finding_info.analytic.type_id", 1_i64);
    }
    mapper.copy_first(&["category", "classification"], "finding_info.types");
    if mapper.source().has("url") {
        http_target(mapper, "url", "domain", "evidences.http_request.url");
    }
}

fn logon(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let words = format!("{} {} {}", part("status"), part("log_subtype"), part("event_message"));
    let is_end = mentions(&words, &["logged out", "logout", "terminated", "disconnected"]);
    mapper.class(3002, if is_end { 2 } else { 1 });
    status(mapper, !mentions(&words, &["fail", "denied", "deny"]));
    mapper.copy("device_name", "dst_endpoint.hostname");
    mapper.set("service.name", "Sophos Firewall");
    mapper.copy("auth_mechanism", "auth_protocol_id");
}

fn event(mapper: &mut Mapper<'_>) {
    if !mapper.source().has("user_name") {
        mapper.class(0, 0);
        return;
    }
    mapper.class(6003, 99);
    let source = mapper.source();
    let operation = source.text("log_subtype").or_else(|| source.text("log_component"));
    let operation = operation.unwrap_or_default().into_owned();
    mapper.other_activity(&operation);
    mapper.set("api.operation", operation.as_str());
    if !mapper.copy("src_ip", "src_endpoint.ip") {
        mapper.set("src_endpoint.name", "Unknown");
    }
}

impl Mapping for Central {
    fn name(&self) -> &'static str {
        "sophos_central"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["customer_id", "type", "severity", "id"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("type").is_some_and(|text| text.starts_with("Event::"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let kind = mapper.source().text("type").unwrap_or_default().into_owned();
        central_class(mapper, &kind);
        product(mapper, "Sophos", "Central");
        mapper.time(&["when", "end", "created_at", "rt"]);
        let severity = match mapper.source().text("severity").as_deref() {
            Some("critical") => Some(5_i64),
            Some("high") => Some(4),
            Some("medium") => Some(3),
            Some("low") => Some(2),
            Some("none" | "informational") => Some(1),
            _ => None,
        };
        mapper.set("severity_id", severity.unwrap_or(0));
        if severity.is_some() {
            mapper.done("severity");
        }
        mapper.copy("id", "metadata.uid");
        user(mapper);
        mapper.table(CENTRAL);
        mapper.set("device.type_id", 0_i64);
    }
}

const CENTRAL: &[(&str, &str)] = &[
    ("type", "metadata.event_code"),
    ("group", "finding_info.types"),
    ("group", "metadata.log_name"),
    ("customer_id", "metadata.tenant_uid"),
    ("name", "message"),
    ("endpoint_id", "device.uid"),
    ("location", "device.hostname"),
    ("dhost", "device.hostname"),
    ("source_info.ip", "device.ip"),
    ("created_at", "metadata.logged_time"),
    ("rt", "metadata.logged_time"),
];

/// `DOMAIN\user`; the column has the device's address for events of nobody.
fn user(mapper: &mut Mapper<'_>) {
    let name = ["suser", "source"]
        .into_iter()
        .find(|path| mapper.source().text(path).is_some_and(|text| text != "n/a" && text != "N/A"));
    let Some(path) = name else {
        mapper.set("user.name", "Unknown");
        return;
    };
    let text = mapper.source().text(path).unwrap_or_default().into_owned();
    for to in ["user", "actor.user"] {
        let written = match text.split_once('\\') {
            Some((domain, name)) => {
                let written = mapper.set((to, "name"), name);
                mapper.set((to, "domain"), domain);
                written
            }
            None => mapper.set((to, "name"), text.as_str()),
        };
        if written {
            mapper.done(path);
            mapper.copy("user_id", (to, "uid"));
            return;
        }
    }
}

fn central_class(mapper: &mut Mapper<'_>, kind: &str) {
    if mentions(kind, &["userautocreated", "useradded"]) {
        mapper.class(3001, 1);
    } else if mentions(kind, &["registered", "updatesuccess", "enc::", "denc::", "savscancomplete"])
    {
        mapper.class(5001, 1);
    } else if mentions(kind, &["webfilteringblocked", "webcontrolviolation"]) {
        mapper.class(4002, 0);
        verdict(mapper, false, 2);
        mapper.copy("source_info.ip", "src_endpoint.ip");
        let url = mapper.source().text("name").and_then(|text| {
            let word = text.split(['\'', '"', ' ']).find(|word| word.contains("://"))?;
            Some(word.to_owned())
        });
        mapper.set("http_request.url.url_string", url.as_deref().unwrap_or("Unknown"));
    } else {
        let words = [
            "detection",
            "prevented",
            "blocked",
            "threat",
            "malware",
            "dlp",
            "clean",
            "isolation",
            "exploit",
            "hmpa",
            "virus",
            "violation",
            "noncompliant",
            "attack",
            "coredetection",
        ];
        if mentions(kind, &words) {
            mapper.class(2004, 1);
            mapper.copy("id", "finding_info.uid");
            mapper.copy_first(&["threat", "name"], "finding_info.title");
            mapper.copy("name", "message");
            mapper.set("is_alert", true);
            if mentions(kind, &["prevented", "blocked", "clean"]) {
                verdict(mapper, false, 2);
            }
        } else {
            mapper.class(5001, 1);
        }
    }
}
