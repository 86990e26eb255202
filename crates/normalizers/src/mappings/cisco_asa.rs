//! Cisco ASA and Firepower: `%ASA-6-302013: …`. Contract: the system log messages guide of ASA 9.
//!
//! What is told by number is read from the text; the text stays the event's message.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::{
    any_endpoint, direction, firewall, is_address, mentions, protocol, syslog_frame, totals,
    verdict,
};
use super::text_fields::{self, Pair};
use super::well_known::{product, status};

#[derive(Debug)]
pub(super) struct CiscoAsa;

impl Mapping for CiscoAsa {
    fn name(&self) -> &'static str {
        "cisco_asa"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        Header::of(source).is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let Some(header) = Header::of(&mapper.source()) else { return };
        let Header { product: name, level, number, text } = header;
        if text.contains("SrcIP: ") {
            text_fields::add(mapper, colon_pairs(&text));
        } else {
            text_fields::add(mapper, parts(&text));
        }
        event(mapper, &number, &text);
        product(mapper, "Cisco", &name);
        let severity = severity(&mapper.source(), &number, level);
        mapper.set("severity_id", severity);
        mapper.set("metadata.event_code", number.as_str());
        if mapper.source().is("program", &format!("%{name}-{level}-{number}")) {
            mapper.done("program");
        }
        mapper.copy("message", "message");
        mapper.time(&["FirstPacketSecond"]);
        syslog_frame(mapper);
        firewall(mapper);
    }
}

/// The mark in front of a message. Senders without a name of a program leave it as that.
struct Header {
    product: String,
    level: i64,
    number: String,
    text: String,
}

impl Header {
    fn of(source: &Source<'_>) -> Option<Self> {
        let message = source.text("message")?;
        let program = source.text("program").filter(|program| program.starts_with('%'));
        let (mark, text) = match program {
            Some(program) => (program, message),
            None => {
                let start = message.find('%')?;
                let before = message.get(..start)?.trim();
                let (mark, text) = message.get(start..)?.split_once(':')?;
                if !before.is_empty() && !before.ends_with(':') {
                    return None;
                }
                (Cow::Owned(mark.to_owned()), Cow::Owned(text.to_owned()))
            }
        };
        let mut parts = mark.strip_prefix('%')?.split('-');
        let product = parts.next().filter(|name| ["ASA", "FTD", "PIX", "FWSM"].contains(name))?;
        let rest: Vec<&str> = parts.collect();
        let (Some(level), Some(number)) = (rest.iter().rev().nth(1), rest.last()) else {
            return None;
        };
        let is_number = number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit());
        let text = text.trim().to_owned();
        let level = level.parse().ok()?;
        let (product, number) = (product.to_owned(), (*number).to_owned());
        is_number.then_some(Self { product, level, number, text })
    }
}

/// The level of syslog. Firepower sends its events as alerts, with a priority of their own.
fn severity(source: &Source<'_>, number: &str, level: i64) -> i64 {
    match (source.text("EventPriority").as_deref(), level) {
        (Some("High"), _) => 4,
        (Some("Medium"), _) => 3,
        (Some("Low"), _) => 2,
        _ if matches!(number, "430002" | "430003") => 1,
        (_, 0) => 6,
        (_, 1) => 5,
        (_, 2 | 3) => 4,
        (_, 4) => 3,
        (_, 5) => 2,
        _ => 1,
    }
}

/// Numbers of messages about connections and translations, with the activity.
const CONNECTIONS: [(&str, i64); 32] = [
    ("302013", 1),
    ("302015", 1),
    ("302017", 1),
    ("302020", 1),
    ("302303", 1),
    ("302014", 2),
    ("302016", 2),
    ("302018", 2),
    ("302021", 2),
    ("302304", 2),
    ("106001", 5),
    ("106002", 5),
    ("106006", 5),
    ("106007", 5),
    ("106010", 5),
    ("106011", 5),
    ("106012", 5),
    ("106014", 5),
    ("106015", 5),
    ("106016", 5),
    ("106017", 5),
    ("106018", 5),
    ("106020", 5),
    ("106021", 5),
    ("106022", 5),
    ("106023", 5),
    ("106100", 6),
    ("305011", 1),
    ("305012", 2),
    ("305006", 4),
    ("430002", 1),
    ("430003", 2),
];

/// Beginnings of numbers of messages about people.
const LOGONS: [&str; 9] = ["109", "113", "605", "606", "611", "716", "722", "734", "735"];

fn event(mapper: &mut Mapper<'_>, number: &str, text: &str) {
    let connection = CONNECTIONS.iter().find(|(one, _)| *one == number);
    let source = mapper.source();
    let has = |names: &[&str]| names.iter().any(|name| source.has(name));
    if let Some((_, activity)) = connection {
        let is_allowed = mentions(text, &["permitted", "built", "teardown"])
            || source.is("AccessControlRuleAction", "Allow");
        connection_event(mapper, *activity, text, is_allowed);
    } else if matches!(number, "430001" | "430004" | "430005") {
        finding(mapper, number);
    } else if matches!(number, "111008" | "111009" | "111010" | "502103") && has(&["user"]) {
        command(mapper);
    } else if LOGONS.iter().any(|start| number.starts_with(start)) && has(&["user"]) {
        logon(mapper, text);
    } else if has(&["src", "dst"]) {
        let is_allowed = !mentions(text, &["den", "drop", "fail", "abort"]);
        connection_event(mapper, if is_allowed { 6 } else { 5 }, text, is_allowed);
    } else {
        mapper.class(0, 0);
    }
}

const ENDPOINTS: &[(&str, &str)] = &[
    ("src", "src_endpoint.ip"),
    ("src", "src_endpoint.hostname"),
    ("src_port", "src_endpoint.port"),
    ("src_interface", "src_endpoint.interface_name"),
    ("dst", "dst_endpoint.ip"),
    ("dst", "dst_endpoint.hostname"),
    ("dst_port", "dst_endpoint.port"),
    ("dst_interface", "dst_endpoint.interface_name"),
    ("connection", "connection_info.uid"),
    ("user", "actor.user.name"),
    ("SrcIP", "src_endpoint.ip"),
    ("SrcPort", "src_endpoint.port"),
    ("DstIP", "dst_endpoint.ip"),
    ("DstPort", "dst_endpoint.port"),
    ("IngressInterface", "src_endpoint.interface_name"),
    ("EgressInterface", "dst_endpoint.interface_name"),
    ("IngressZone", "src_endpoint.zone"),
    ("EgressZone", "dst_endpoint.zone"),
    ("ConnectionID", "connection_info.uid"),
    ("DeviceUUID", "device.uid"),
    ("User", "actor.user.name"),
    ("ApplicationProtocol", "app_protocol_name"),
    ("WebApplication", "app_name"),
    ("InitiatorBytes", "traffic.bytes_out"),
    ("ResponderBytes", "traffic.bytes_in"),
    ("InitiatorPackets", "traffic.packets_out"),
    ("ResponderPackets", "traffic.packets_in"),
    ("AccessControlRuleName", "firewall_rule.name"),
    ("ACPolicy", "policy.name"),
    ("group", "firewall_rule.name"),
    ("bytes", "traffic.bytes"),
];

fn connection_event(mapper: &mut Mapper<'_>, activity: i64, text: &str, is_allowed: bool) {
    // 106100 has permissions and refusals.
    let activity = if activity == 6 && !is_allowed { 5 } else { activity };
    mapper.class(4001, activity);
    // A translation follows a decision and is none.
    let is_decision = activity != 6 && !text.contains(" translation ");
    if is_decision || !is_allowed || text.contains("permitted") {
        verdict(mapper, is_allowed, if is_allowed { 1 } else { 2 });
    }
    if text.starts_with("Teardown") {
        // The order is that of the interfaces, whoever began.
        mapper.set("is_src_dst_assignment_known", false);
    }
    mapper.table(ENDPOINTS);
    let _ = ["protocol", "Protocol"].iter().any(|field| {
        protocol(mapper, field, "");
        mapper.source().has(field)
    });
    let way = match text.to_ascii_lowercase() {
        text if text.contains("inbound") => 1,
        text if text.contains("outbound") => 2,
        _ => 0,
    };
    direction(mapper, "", way);
    totals(mapper);
    let seconds = mapper.source().text("duration").and_then(|text| clock_seconds(&text));
    let seconds = seconds.or_else(|| mapper.source().integer("ConnectionDuration"));
    if let Some(seconds) = seconds {
        mapper.set("duration", seconds.saturating_mul(1_000));
        mapper.done("duration");
        mapper.done("ConnectionDuration");
    }
    any_endpoint(mapper);
}

/// `0:10:06` as seconds.
fn clock_seconds(text: &str) -> Option<i64> {
    text.split(':').try_fold(0_i64, |total, part| {
        total.checked_mul(60)?.checked_add(part.trim_end_matches('s').parse().ok()?)
    })
}

fn logon(mapper: &mut Mapper<'_>, text: &str) {
    let is_end = mentions(text, &["logout", "logged out", "disconnected", "terminated"]);
    mapper.class(3002, if is_end { 2 } else { 1 });
    if mentions(text, &["fail", "reject", "denied", "invalid", "unsuccessful"]) {
        status(mapper, false);
    } else if mentions(text, &["success", "succeeded", "started", "permitted", "accept"]) {
        status(mapper, true);
    }
    mapper.table(&[
        ("user", "user.name"),
        ("group", "user.groups.name"),
        ("ip", "src_endpoint.ip"),
        ("server", "service.name"),
        ("reason", "status_detail"),
    ]);
    // Other addresses are those of servers.
    if text.contains(" from ") && text.contains(" to ") {
        mapper.table(&[
            ("src", "src_endpoint.ip"),
            ("src_port", "src_endpoint.port"),
            ("dst", "dst_endpoint.ip"),
            ("dst_port", "dst_endpoint.port"),
        ]);
    }
    for part in ["src", "dst", "src_port", "dst_port", "protocol"] {
        mapper.done(part);
    }
    if mapper.written("dst_endpoint.ip").is_none() {
        mapper.copy("hostname", "dst_endpoint.hostname");
    }
    mapper.set("service.name", "Cisco ASA");
}

fn command(mapper: &mut Mapper<'_>) {
    mapper.class(6003, 99);
    let command = mapper.source().text("command").unwrap_or_default().into_owned();
    mapper.other_activity("Execute Command");
    mapper.set("api.operation", if command.is_empty() { "Execute Command" } else { &command });
    mapper.done("command");
    mapper.table(&[
        ("user", "actor.user.name"),
        ("ip", "src_endpoint.ip"),
        ("src", "src_endpoint.ip"),
    ]);
    if mapper.written("src_endpoint.ip").is_none() {
        mapper.set("src_endpoint.name", "Unknown");
    }
}

/// Intrusions, files and malware of Firepower.
fn finding(mapper: &mut Mapper<'_>, number: &str) {
    mapper.class(2004, 1);
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let uid = format!("{number}/{}/{}", part("SID"), part("ConnectionID"));
    let name = source.text("FileName").map(Cow::into_owned);
    mapper.set("finding_info.uid", uid.as_str());
    mapper.copy_first(&["ThreatName", "Message", "FileName"], "finding_info.title");
    mapper.set("is_alert", true);
    let fields: Vec<(&str, String)> =
        ENDPOINTS.iter().map(|(from, to)| (*from, format!("evidences.{to}"))).collect();
    for (from, to) in &fields {
        mapper.table(&[(from, to)]);
    }
    protocol(mapper, "Protocol", "evidences.");
    direction(mapper, "evidences.", 0);
    if let Some(name) = name {
        mapper.set("evidences.file.name", name.as_str());
        mapper.done("FileName");
        mapper.set("evidences.file.type_id", 1_i64);
        mapper.copy("FileSize", "evidences.file.size");
        if mapper.copy("FileSHA256", "evidences.file.hashes.value") {
            mapper.set("evidences.file.hashes.algorithm_id", 3_i64);
        }
    }
    mapper.copy("URI", "evidences.http_request.url.url_string");
}

/// Words for a user whom nobody knows.
const NOBODY: [&str; 3] = ["Not Found", "No Authentication Required", "Unknown"];

/// `Name: value, Name: value` of Firepower.
fn colon_pairs(text: &str) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for piece in text.split(", ") {
        match piece.split_once(": ") {
            Some(("User", value)) if NOBODY.contains(&value) => {}
            Some((name, value)) => pairs.push((name.trim(), Cow::Borrowed(value))),
            None => {
                if let Some((_, value)) = pairs.last_mut() {
                    value.to_mut().push_str(", ");
                    value.to_mut().push_str(piece);
                }
            }
        }
    }
    pairs
}

/// The forms in which messages name things.
fn parts(text: &str) -> Vec<Pair<'_>> {
    let mut parts = endpoints(text);
    let mut add = |name: &'static str, value: Option<&'_ str>| {
        if let Some(value) = value.map(|value| value.trim().trim_matches(['\'', '"', '<', '>'])) {
            parts.push((name, Cow::Owned(value.to_owned())));
        }
    };
    add("connection", behind(text, " connection ").filter(|word| is_digits(word)));
    add("bytes", behind(text, " bytes ").filter(|word| is_digits(word)));
    add("duration", behind(text, " duration "));
    add("group", between(text, "access-group \"", "\""));
    add("group", behind(text, "access-list "));
    add("group", between(text, "Group <", ">"));
    add("user", between(text, "User <", ">"));
    add("user", between(text, "User '", "'"));
    add("user", between(text, "user '", "'"));
    add("user", behind(text, "user = "));
    add("user", behind(text, "Uname: "));
    add("user", behind(text, "Username:"));
    add("user", between(text, "user \"", "\""));
    add("ip", between(text, "IP <", ">"));
    add("ip", behind(text, "user IP = "));
    add("ip", behind(text, "IP address: "));
    add("ip", between(text, "from IP ", ","));
    add("server", behind(text, "server =  ").or_else(|| behind(text, "server = ")));
    add("reason", between(text, "reason = ", ":"));
    add("command", text.split_once("executed cmd: ").map(|(_, rest)| rest));
    add("command", between(text, "executed the '", "' command"));
    let words = text.split([' ', '(', ')']).map(|word| word.trim_end_matches([',', ';']));
    let mut protocols = words.filter(|word| {
        ["tcp", "udp", "icmp", "gre", "esp"].iter().any(|one| word.eq_ignore_ascii_case(one))
    });
    add("protocol", protocols.next());
    parts
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The word behind a mark.
fn behind<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(mark)?;
    let word = rest.split([' ', ',']).next()?.trim_end_matches(':');
    (!word.is_empty()).then_some(word)
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// `interface:address/port` (in brackets: the translated one), `interface/address(port)` and
/// `address/port`: the first two are source and destination. Connections that came from outside
/// are written with the inside behind `to`, and so are those that went out: the initiator is the
/// second there.
fn endpoints(text: &str) -> Vec<Pair<'_>> {
    let found: Vec<(Option<&str>, &str, Option<&str>)> = text
        .split_whitespace()
        .filter(|word| !word.starts_with('('))
        .filter_map(endpoint)
        .collect();
    let mut order = found.into_iter();
    let (first, second) = (order.next(), order.next());
    let is_turned = text.contains("outbound") && text.starts_with("Built");
    let (source, target) = if is_turned { (second, first) } else { (first, second) };
    let mut pairs = Vec::new();
    let names = [("src", "src_port", "src_interface"), ("dst", "dst_port", "dst_interface")];
    for ((address_name, port_name, interface_name), one) in names.into_iter().zip([source, target])
    {
        let Some((interface, address, port)) = one else { continue };
        pairs.push((address_name, Cow::Borrowed(address)));
        pairs.extend(port.map(|port| (port_name, Cow::Borrowed(port))));
        pairs.extend(interface.map(|interface| (interface_name, Cow::Borrowed(interface))));
    }
    pairs
}

/// One word as interface, address and port.
fn endpoint(word: &str) -> Option<(Option<&str>, &str, Option<&str>)> {
    let word = word.split_once("->").map_or(word, |(word, _)| word);
    let word = word.trim_end_matches(['.', ',', ';']);
    // LAN/192.0.2.1(42592)
    if let Some((rest, port)) = word.strip_suffix(')').and_then(|word| word.rsplit_once('(')) {
        let (interface, address) = match rest.split_once('/') {
            Some((interface, address)) => (Some(interface), address),
            None => (None, rest),
        };
        return (is_address(address)).then_some((interface, address, Some(port)));
    }
    let (rest, port) = match word.rsplit_once('/') {
        Some((rest, port)) if is_digits(port) => (rest, Some(port)),
        _ => (word, None),
    };
    if is_address(rest) {
        return Some((None, rest, port));
    }
    let (interface, address) = rest.split_once(':')?;
    match address.rsplit_once(':') {
        _ if is_address(address) => Some((Some(interface), address, port)),
        Some((address, port)) if is_address(address) => {
            Some((Some(interface), address, Some(port)))
        }
        _ => None,
    }
}
