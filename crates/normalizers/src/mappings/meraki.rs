//! Cisco Meraki: `1700000000.123456789 name flows …`, whose time and name stand in the text.
//! Contract: Meraki's syslog event types and log samples.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_class, http_method, http_target};
use super::network::{
    any_endpoint, direction, firewall, is_address, mentions, name_endpoints, protocol,
    syslog_frame, verdict,
};
use super::text_fields::{self, Pair};
use super::well_known::{product, status};

const KINDS: [&str; 12] = [
    "flows",
    "urls",
    "events",
    "firewall",
    "vpn_firewall",
    "cellular_firewall",
    "ip_flow_start",
    "ip_flow_end",
    "ids-alerts",
    "security_event",
    "airmarshal_events",
    "bridge_anyconnect_client_vpn_firewall",
];

#[derive(Debug)]
pub(super) struct Meraki;

impl Mapping for Meraki {
    fn name(&self) -> &'static str {
        "meraki"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| split(&text).is_some())
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = mapper.source().text("message").unwrap_or_default().into_owned();
        let Some((time, name, kind, rest)) = split(&text) else { return };
        let base = [("epoch", time), ("device_name", name), ("kind", kind)];
        text_fields::add(mapper, base.map(|(name, value)| (name, Cow::Borrowed(value))));
        let (head, request) = match rest.split_once("request: ") {
            Some((head, request)) => (head, Some(request)),
            None => (rest, None),
        };
        text_fields::add(mapper, text_fields::pairs(&head.replace(": ", "=")).0);
        match kind {
            "urls" => urls(mapper, request.unwrap_or_default()),
            "events" => event(mapper, rest),
            "ids-alerts" | "security_event" => finding(mapper, rest),
            "airmarshal_events" => {
                mapper.class(0, 0);
            }
            _ => flow(mapper, kind, rest),
        }
        product(mapper, "Cisco", "Meraki");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["epoch"]);
        mapper.table(&[("kind", "metadata.log_name"), ("device_name", "device.name")]);
        mapper.copy("message", "message");
        syslog_frame(mapper);
        if kind == "events" || kind == "airmarshal_events" {
            // Switches and access points have these too.
            mapper.set("device.type_id", 0_i64);
        }
        firewall(mapper);
    }
}

/// Time, name, kind and rest; a version may stand in front.
fn split(text: &str) -> Option<(&str, &str, &str, &str)> {
    let text = text.trim_start();
    let text = text.strip_prefix("1 ").unwrap_or(text);
    let (time, rest) = text.split_once(' ')?;
    let (seconds, fraction) = time.split_once('.')?;
    let is_time = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.len() != 10 || fraction.is_empty() || !is_time(seconds) || !is_time(fraction) {
        return None;
    }
    let (name, rest) = rest.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ')?;
    KINDS.contains(&kind).then_some((time, name, kind, rest))
}

/// `192.0.2.1:443` or an IPv6 address with a port behind its last colon.
fn address(mapper: &mut Mapper<'_>, from: &str, to: &str) {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return };
    if is_address(&text) && text.matches(':').count() <= 7 {
        mapper.copy(from, (to, "ip"));
        return;
    }
    if let Some((address, port)) = text.rsplit_once(':') {
        let address = address.trim_matches(['[', ']']);
        let port: Option<i64> = port.parse().ok();
        if is_address(address) {
            mapper.set((to, "ip"), address);
            if let Some(port) = port {
                mapper.set((to, "port"), port);
            }
            mapper.done(from);
        }
    }
}

fn connection(mapper: &mut Mapper<'_>, prefix: &str) {
    address(mapper, "src", &format!("{prefix}src_endpoint"));
    address(mapper, "dst", &format!("{prefix}dst_endpoint"));
    let to = |name: &str| format!("{prefix}{name}");
    mapper.table(&[
        ("sport", &to("src_endpoint.port")),
        ("dport", &to("dst_endpoint.port")),
        ("mac", &to("src_endpoint.mac")),
        ("translated_src_ip", &to("src_endpoint.intermediate_ips")),
        ("translated_dst_ip", &to("dst_endpoint.intermediate_ips")),
    ]);
    protocol(mapper, "protocol", prefix);
    direction(mapper, prefix, 0);
}

fn flow(mapper: &mut Mapper<'_>, kind: &str, rest: &str) {
    let pattern = mapper.source().text("pattern").map(Cow::into_owned);
    let is_refused = rest.starts_with("deny")
        || pattern.as_deref().is_some_and(|text| text.starts_with('1') || text.starts_with("deny"));
    let activity = match kind {
        _ if is_refused => 5,
        "ip_flow_start" => 1,
        "ip_flow_end" => 2,
        _ => 6,
    };
    mapper.class(4001, activity);
    if is_refused || rest.starts_with("allow") || pattern.is_some() {
        verdict(mapper, !is_refused, if is_refused { 2 } else { 1 });
    }
    connection(mapper, "");
    any_endpoint(mapper);
}

fn urls(mapper: &mut Mapper<'_>, request: &str) {
    let (method, url) = request.split_once(' ').unwrap_or(("", request));
    let fields: [Pair<'_>; 2] = [("method", Cow::Borrowed(method)), ("url", Cow::Borrowed(url))];
    text_fields::add(mapper, fields);
    http_class(mapper, "method");
    http_method(mapper, "method", "http_request");
    http_target(mapper, "url", "", "http_request.url");
    trim_quotes(mapper, "agent");
    mapper.copy("plain_agent", "http_request.user_agent");
    connection(mapper, "");
}

fn event(mapper: &mut Mapper<'_>, rest: &str) {
    let kind = mapper.source().text("type").unwrap_or_default().into_owned();
    let first = rest.split([' ', '=']).next().unwrap_or_default();
    if rest.starts_with("dhcp ") {
        dhcp(mapper, rest);
    } else if first == "content_filtering_block" || mentions(rest, &["content_filtering_block"]) {
        mapper.class(4002, 0);
        verdict(mapper, false, 2);
        trim_quotes(mapper, "url");
        trim_quotes(mapper, "server");
        trim_quotes(mapper, "client_mac");
        http_target(mapper, "plain_url", "", "http_request.url");
        if mapper.written("http_request.url.url_string").is_none()
            && mapper.written("http_request.url.path").is_none()
        {
            mapper.set("http_request.url.url_string", "Unknown");
        }
        address(mapper, "plain_server", "dst_endpoint");
        mapper.copy("plain_client_mac", "src_endpoint.mac");
        name_endpoints(mapper, "");
    } else if first.starts_with("anyconnect") || first.starts_with("client_vpn") || is_logon(&kind)
    {
        logon(mapper, rest, first);
    } else {
        // Devices and tunnels coming and going.
        mapper.class(0, 0);
        mapper.copy("type", "metadata.event_code");
    }
}

fn is_logon(kind: &str) -> bool {
    kind.starts_with("8021x_") || kind.starts_with("wpa_") || kind.contains("splash_auth")
}

fn logon(mapper: &mut Mapper<'_>, rest: &str, first: &str) {
    let is_end = mentions(rest, &["disconnect", "deauth", "logout"]);
    mapper.class(3002, if is_end { 2 } else { 1 });
    status(mapper, !mentions(rest, &["fail", "reject", "denied"]));
    let user = rest.split_once("user id '").and_then(|(_, rest)| rest.split_once('\''));
    let user = user.map(|(name, _)| name.to_owned());
    let identity = mapper.source().text("identity").map(|text| text.trim_matches('\'').to_owned());
    let user = user.or(identity).filter(|name| !name.is_empty());
    mapper.set("user.name", user.as_deref().unwrap_or("Unknown"));
    mapper.set("metadata.event_code", first);
    mapper.set("service.name", "Meraki");
    let from = rest.split_once("connected from ").map(|(_, rest)| rest.trim().to_owned());
    if let Some(from) = from.filter(|from| is_address(from)) {
        mapper.set("src_endpoint.ip", from.as_str());
    }
}

/// `lease of ip A from mx mac M for client mac C …`, `no offers for mac C …`.
fn dhcp(mapper: &mut Mapper<'_>, rest: &str) {
    let behind = |mark: &str| {
        let (_, rest) = rest.split_once(mark)?;
        rest.split([' ', ',']).next().map(str::to_owned)
    };
    mapper.class(4004, if rest.contains("lease of") { 5 } else { 0 });
    let parts = [
        (behind("lease of ip "), "src_endpoint.ip"),
        (behind("client mac ").or_else(|| behind("for mac ")), "src_endpoint.mac"),
        (behind("mx mac "), "dst_endpoint.mac"),
        (behind("from router "), "dst_endpoint.ip"),
    ];
    for (value, to) in parts {
        let is_ip = value.as_deref().is_some_and(is_address);
        if let Some(value) = value.filter(|_| is_ip || to.ends_with("mac")) {
            mapper.set(to, value.as_str());
        }
    }
    any_endpoint(mapper);
}

/// Values in single quotes, added without them.
fn trim_quotes(mapper: &mut Mapper<'_>, name: &'static str) {
    let value = mapper.source().text(name).map(|text| text.trim_matches('\'').to_owned());
    if let Some(value) = value {
        let plain = format!("plain_{name}");
        text_fields::add(mapper, [(plain.as_str(), Cow::Owned(value))]);
        mapper.done(name);
    }
}

fn finding(mapper: &mut Mapper<'_>, rest: &str) {
    mapper.class(2004, 1);
    let source = mapper.source();
    let signature = source.text("signature").map(Cow::into_owned);
    let time = source.text("epoch").unwrap_or_default();
    let uid = format!("{}/{time}", signature.as_deref().unwrap_or_default());
    let title = rest.split_once("message: ").map(|(_, title)| title.trim().to_owned());
    mapper.set("finding_info.uid", uid.as_str());
    let name = mapper.source().text("name").map(|text| text.trim_matches('\'').to_owned());
    let kind = rest.split(' ').next().unwrap_or_default().to_owned();
    let title = title.or(name).unwrap_or(kind);
    mapper.set("finding_info.title", title.as_str());
    mapper.set("is_alert", true);
    if mapper.copy("signature", "finding_info.analytic.uid") {
        mapper.set("finding_info.analytic.type_id", 1_i64);
    }
    let severity = match mapper.source().text("priority").as_deref() {
        Some("1") => 4_i64,
        Some("2") => 3,
        Some("3") => 2,
        _ => 1,
    };
    mapper.set("severity_id", severity);
    if mapper.source().is("decision", "blocked") || mapper.source().is("action", "block") {
        verdict(mapper, false, 2);
    } else if mapper.source().is("decision", "allowed") || mapper.source().is("action", "allow") {
        verdict(mapper, true, 1);
    }
    connection(mapper, "evidences.");
    if let Some(hash) = mapper.source().text("sha256").map(Cow::into_owned) {
        mapper.set("evidences.file.name", "Unknown");
        mapper.set("evidences.file.type_id", 1_i64);
        mapper.set("evidences.file.hashes.value", hash.as_str());
        mapper.set("evidences.file.hashes.algorithm_id", 3_i64);
        mapper.done("sha256");
    }
}
