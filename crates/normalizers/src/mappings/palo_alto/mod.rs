//! Palo Alto PAN-OS: comma-separated values in syslog. Contract: the syslog field descriptions of
//! PAN-OS 8 to 11. The columns of a kind of log keep their places from version to version; newer
//! ones have more behind them.

mod columns;

use std::borrow::Cow;

use headwater_event::time;
use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use self::columns::{
    AUTHENTICATION, CONFIG, DECRYPTION, GLOBAL_PROTECT, HIP_MATCH, START, SYSTEM, THREAT, TRAFFIC,
    USER_ID,
};
use super::http::{http_class, http_method, http_target};
use super::network::{
    any_endpoint, direction, firewall, mentions, name_endpoints, protocol, syslog_frame, totals,
    verdict,
};
use super::text_fields;
use super::well_known::{last_segment, product, status};

/// Writes one kind of log.
type Write = fn(&mut Mapper<'_>);

/// Kinds of logs, with their columns and how they are written.
const KINDS: [(&str, &[&[&str]], Write); 9] = [
    ("TRAFFIC", TRAFFIC, traffic),
    ("THREAT", THREAT, threat),
    ("DECRYPTION", DECRYPTION, decryption),
    ("SYSTEM", SYSTEM, system),
    ("CONFIG", CONFIG, config),
    ("GLOBALPROTECT", GLOBAL_PROTECT, global_protect),
    ("USERID", USER_ID, logon),
    ("AUTH", AUTHENTICATION, logon),
    ("HIPMATCH", HIP_MATCH, host),
];

#[derive(Debug)]
pub(super) struct PaloAlto;

impl Mapping for PaloAlto {
    fn name(&self) -> &'static str {
        "palo_alto"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| kind(&text).is_some())
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = mapper.source().text("message").unwrap_or_default().into_owned();
        let Some(name) = kind(&text) else { return };
        let Some((_, columns, map)) = KINDS.iter().find(|(one, ..)| *one == name) else { return };
        add_columns(mapper, start(&text), columns);
        mapper.done("message");
        map(mapper);
        common(mapper);
    }
}

/// The line without what some relays put in front of it.
fn start(text: &str) -> &str {
    text.trim_start_matches([':', ' '])
}

/// The kind of log: the fourth column, behind a time and a serial number.
fn kind(text: &str) -> Option<&'static str> {
    let mut columns = start(text).split(',');
    let is_first = columns.next()?.len() <= 2;
    let is_time = columns.next()?.contains('/');
    let is_serial = columns.next()?.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let name = columns.next()?;
    let known = KINDS.iter().find(|(one, ..)| *one == name)?;
    (is_first && is_time && is_serial).then_some(known.0)
}

fn add_columns(mapper: &mut Mapper<'_>, line: &str, columns: &[&[&str]]) {
    let values = text_fields::values(line);
    let names = START.iter().chain(columns.iter().copied().flatten()).copied();
    let names = names.map(Some).chain(std::iter::repeat(None));
    let mut fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    for (place, (name, value)) in names.zip(values).enumerate().skip(1) {
        if value.is_empty() {
            continue;
        }
        let is_precise = place > START.len() && is_precise_time(&value);
        let name = match name.filter(|name| !name.is_empty()) {
            Some(name) => Cow::Borrowed(name),
            None if is_precise => Cow::Borrowed("precise_time"),
            None => Cow::Owned(format!("column_{}", place + 1)),
        };
        fields.push((name, value));
    }
    let fields = fields.iter().map(|(name, value)| (&**name, Cow::Borrowed(&**value)));
    text_fields::add(mapper, fields);
}

/// The time with its zone, of which the place differs from version to version.
fn is_precise_time(text: &str) -> bool {
    text.len() >= 25 && text.as_bytes().get(10) == Some(&b'T') && text.starts_with("20")
}

const ENDPOINTS: &[(&str, &str)] = &[
    ("src_ip", "src_endpoint.ip"),
    ("public_ip", "src_endpoint.ip"),
    ("src_port", "src_endpoint.port"),
    ("nat_src_ip", "src_endpoint.intermediate_ips"),
    ("from_zone", "src_endpoint.zone"),
    ("inbound_if", "src_endpoint.interface_name"),
    ("src_location", "src_endpoint.location.country"),
    ("src_region", "src_endpoint.location.country"),
    ("machine_name", "src_endpoint.hostname"),
    ("dst_ip", "dst_endpoint.ip"),
    ("dst_port", "dst_endpoint.port"),
    ("nat_dst_ip", "dst_endpoint.intermediate_ips"),
    ("to_zone", "dst_endpoint.zone"),
    ("outbound_if", "dst_endpoint.interface_name"),
    ("dst_location", "dst_endpoint.location.country"),
    ("session_id", "connection_info.uid"),
];

const COMMON: &[(&str, &str)] = &[
    ("type", "metadata.log_name"),
    ("subtype", "metadata.event_code"),
    ("event_id", "status_code"),
    ("sequence_number", "metadata.sequence"),
    ("device_name", "device.hostname"),
    ("serial_number", "device.uid"),
    ("app", "app_name"),
    ("bytes_sent", "traffic.bytes_out"),
    ("bytes_received", "traffic.bytes_in"),
    ("packets_sent", "traffic.packets_out"),
    ("packets_received", "traffic.packets_in"),
    ("bytes", "traffic.bytes"),
    ("packets", "traffic.packets"),
    ("rule", "firewall_rule.name"),
    ("policy_name", "policy.name"),
    ("session_end_reason", "status_detail"),
    ("reason", "status_detail"),
    ("error", "status_detail"),
    ("description", "message"),
    ("start_time", "start_time"),
    ("repeat_count", "count"),
];

fn common(mapper: &mut Mapper<'_>) {
    product(mapper, "Palo Alto Networks", "PAN-OS");
    mapper.time(&["precise_time", "generated_time", "receive_time"]);
    session_start(mapper);
    // Zeros say that no address was translated.
    for field in ["nat_src_ip", "nat_dst_ip"] {
        if mapper.source().is(field, "0.0.0.0") {
            mapper.done(field);
        }
    }
    for to in ["user", "actor.user"] {
        user(mapper, "src_user", to);
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
    totals(mapper);
    if let Some(seconds) = mapper.source().integer("elapsed_time")
        && mapper.set("duration", seconds.saturating_mul(1_000))
    {
        mapper.done("elapsed_time");
    }
    let severity = mapper.source().text("threat_severity");
    let severity = severity.or_else(|| mapper.source().text("event_severity"));
    let severity = match severity.as_deref() {
        Some("critical") => 5_i64,
        Some("high") => 4,
        Some("medium") => 3,
        Some("low") => 2,
        _ => 1,
    };
    mapper.set("severity_id", severity);
    syslog_frame(mapper);
    firewall(mapper);
}

/// Only the precise time has the zone, which is that of the others too.
fn session_start(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let zone = source.text("precise_time").and_then(|text| {
        let zone = text.get(text.len().checked_sub(6)?..)?;
        zone.starts_with(['+', '-']).then(|| zone.to_owned())
    });
    let start = source.text("start_time").map(Cow::into_owned);
    if let (Some(zone), Some(start)) = (zone, start) {
        let time = time::parse(&format!("{start} {zone}"), source.received_at());
        if let Some(time) = time
            && mapper.set("start_time", time.as_micros().div_euclid(1_000))
        {
            mapper.done("start_time");
        }
    }
}

/// `domain\user`, once.
fn user(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    match text.split_once('\\') {
        Some((domain, name)) => {
            let name = name.trim_start_matches('\\');
            let written = mapper.set(&format!("{to}.name"), name);
            mapper.set(&format!("{to}.domain"), domain);
            if written {
                mapper.done(from);
            }
            written
        }
        None => mapper.copy(from, &format!("{to}.name")),
    }
}

/// Whether the firewall said no, with the disposition.
fn decide(mapper: &mut Mapper<'_>) -> bool {
    let action = mapper.source().text("action").unwrap_or_default().into_owned();
    let (is_refused, disposition) = match action.as_str() {
        _ if action.starts_with("reset") => (true, 21),
        _ if action.starts_with("drop") => (true, 6),
        _ if action.starts_with("block") || action == "deny" || action == "sinkhole" => (true, 2),
        "alert" => (false, 19),
        _ => (false, 1),
    };
    if !action.is_empty() {
        verdict(mapper, !is_refused, disposition);
    }
    is_refused
}

fn traffic(mapper: &mut Mapper<'_>) {
    let subtype = mapper.source().text("subtype").unwrap_or_default().into_owned();
    let action = mapper.source().text("action").unwrap_or_default().into_owned();
    let is_refused = ["drop", "deny"].contains(&subtype.as_str())
        || mentions(&action, &["deny", "drop", "reset", "block"]);
    let activity = match subtype.as_str() {
        _ if is_refused => 5,
        "start" => 1,
        "end" => 2,
        _ => 6,
    };
    mapper.class(4001, activity);
    decide(mapper);
    mapper.copy("src_ip", "src_endpoint.ip");
    any_endpoint(mapper);
}

fn decryption(mapper: &mut Mapper<'_>) {
    mapper.class(4001, 6);
    decide(mapper);
    if mapper.copy("tls_version", "tls.version") {
        mapper.copy("encryption", "tls.cipher");
    }
    mapper.copy("src_ip", "src_endpoint.ip");
    any_endpoint(mapper);
}

fn threat(mapper: &mut Mapper<'_>) {
    if mapper.source().is("subtype", "url") {
        http_class(mapper, "http_method");
        decide(mapper);
        http_method(mapper, "http_method", "http_request");
        http_target(mapper, "misc", "", "http_request.url");
        mapper.table(&[
            ("user_agent", "http_request.user_agent"),
            ("referer", "http_request.referrer"),
            ("category", "http_request.url.categories"),
        ]);
        if mapper.written("http_request.url.url_string").is_none()
            && mapper.written("http_request.url.path").is_none()
        {
            mapper.set("http_request.url.url_string", "Unknown");
        }
        return;
    }
    mapper.class(2004, 1);
    decide(mapper);
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let uid = format!("{}/{}", part("threat_id"), part("sequence_number"));
    // `LDAP: User Login Brute Force Attempt(40005)`
    let rule = source.text("threat_id").and_then(|text| {
        let (name, number) = text.strip_suffix(')')?.rsplit_once('(')?;
        Some((name.to_owned(), number.to_owned()))
    });
    let file = source.text("misc").map(|path| last_segment(&path).to_owned());
    let is_digest = source.text("file_digest").is_some_and(|text| text.len() == 64);
    mapper.set("finding_info.uid", uid.as_str());
    mapper.set("is_alert", true);
    match rule {
        Some((name, number)) => {
            let name = if name.is_empty() { number.clone() } else { name };
            mapper.set("finding_info.title", name.as_str());
            mapper.set("finding_info.analytic.name", name.as_str());
            mapper.set("finding_info.analytic.uid", number.as_str());
            mapper.set("finding_info.analytic.type_id", 1_i64);
            mapper.done("threat_id");
        }
        None => {
            mapper.copy("threat_id", "finding_info.title");
        }
    }
    mapper.copy("category", "finding_info.types");
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        mapper.set("evidences.file.name", file.as_str());
        mapper.set("evidences.file.type_id", 1_i64);
        mapper.copy("misc", "evidences.file.path");
        if is_digest && mapper.copy("file_digest", "evidences.file.hashes.value") {
            mapper.set("evidences.file.hashes.algorithm_id", 3_i64);
        }
    }
    user(mapper, "src_user", "evidences.user");
}

/// Who logged on, from logs that have it in columns.
fn logon(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let words = format!(
        "{} {} {} {}",
        part("subtype"),
        part("event_id"),
        part("outcome"),
        part("description")
    );
    mapper.class(3002, if mentions(&words, &["logout", "logoff"]) { 2 } else { 1 });
    status(mapper, !mentions(&words, &["fail", "timeout", "invalid", "denied"]));
    if !user(mapper, "src_user", "user") && !user(mapper, "normalized_user", "user") {
        mapper.set("user.name", "Unknown");
    }
    mapper.table(&[
        ("object", "service.name"),
        ("portal", "service.name"),
        ("data_source_name", "service.name"),
        ("auth_method", "auth_protocol_id"),
    ]);
    mapper.set("service.name", "PAN-OS");
}

fn global_protect(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let part = |name: &str| source.text(name).unwrap_or_default();
    let words = format!("{} {}", part("stage"), part("event_id"));
    if mentions(&words, &["login", "logout", "auth"]) {
        logon(mapper);
        return;
    }
    let activity = if mentions(&words, &["disconnect", "release"]) { 2 } else { 1 };
    mapper.class(4014, activity);
    user(mapper, "src_user", "user");
    mapper.table(&[("tunnel_type", "tunnel_type_id"), ("private_ip", "tunnel_interface.ip")]);
    let outcome = mapper.source().text("outcome").map(|text| text == "success");
    if let Some(is_success) = outcome {
        status(mapper, is_success);
    }
}

/// `… user 'alice' … From: 192.0.2.1.`
fn system(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let text = source.text("description").unwrap_or_default().into_owned();
    // Logons to the firewall itself are told under `general`.
    let is_logout = text.starts_with("User ") && text.contains(" logged out");
    let is_logon = text.starts_with("User ") && text.contains(" logged in");
    let is_authentication = source.is("subtype", "auth") || is_logon || is_logout;
    let name = text.split_once("user ").or_else(|| text.split_once("User "));
    let name = name.and_then(|(_, rest)| rest.split([' ', ',']).next());
    let name = name.map(|name| name.trim_matches(['\'', '"', '.'])).filter(|name| !name.is_empty());
    let Some(name) = name.filter(|_| is_authentication) else {
        mapper.class(0, 0);
        return;
    };
    mapper.class(3002, if is_logout { 2 } else { 1 });
    status(mapper, !text.contains("failed"));
    let from = text.split_once("From: ").or_else(|| text.split_once(" from "));
    let from = from.and_then(|(_, rest)| rest.split([' ', ',']).next());
    let from = from.map(|from| from.trim_matches(['\'', '.']));
    mapper.set("user.name", name);
    if let Some(from) = from.filter(|from| super::network::is_address(from)) {
        mapper.set("src_endpoint.ip", from);
    }
    mapper.copy("object", "service.name");
    mapper.set("service.name", "PAN-OS");
    if let Some(reason) = text.split_once("Reason: ").and_then(|(_, rest)| rest.split('.').next()) {
        mapper.set("status_detail", reason);
    }
}

fn config(mapper: &mut Mapper<'_>) {
    let command = mapper.source().text("command").unwrap_or_default().into_owned();
    let result = mapper.source().text("result").unwrap_or_default().into_owned();
    let activity = match command.as_str() {
        "add" | "clone" => 1,
        "delete" => 4,
        "edit" | "set" | "rename" | "move" | "override" | "multi-clone" => 3,
        _ => 99,
    };
    mapper.class(6003, activity);
    if activity == 99 {
        mapper.other_activity(&command);
    }
    status(mapper, result != "Failed");
    mapper.table(&[
        ("command", "api.operation"),
        ("client", "api.service.name"),
        ("admin", "actor.user.name"),
        ("host", "src_endpoint.ip"),
        ("host", "src_endpoint.hostname"),
        ("path", "resources.name"),
    ]);
    mapper.set("api.operation", "Unknown");
    mapper.set("actor.user.name", "Unknown");
    if mapper.written("src_endpoint.ip").is_none() {
        mapper.set("src_endpoint.name", "Unknown");
    }
}

/// The state of a machine that connected.
fn host(mapper: &mut Mapper<'_>) {
    mapper.class(5001, 1);
    mapper.table(&[("machine_name", "device.hostname"), ("src_ip", "device.ip")]);
    mapper.set("device.type_id", 0_i64);
}
