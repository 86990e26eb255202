//! CEF and LEEF of any sender: what happened is told from the fields that are there. Contract: the
//! dictionaries of ArcSight's "Common Event Format" and QRadar's "Log Event Extended Format".

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_class, http_method, http_target};
use super::network::{direction, mentions, protocol, syslog_frame, totals, verdict};
use super::well_known::{last_segment, status};

#[derive(Debug)]
pub(super) struct Cef;

#[derive(Debug)]
pub(super) struct Leef;

impl Mapping for Cef {
    fn name(&self) -> &'static str {
        "cef"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["cef"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("cef.device_product") && source.has("cef.signature_id")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let name = mapper.source().text("cef.name").unwrap_or_default().into_owned();
        event(mapper, "cef.extension.", &name);
        mapper.set("metadata.log_format", "CEF");
        mapper.table(&[
            ("cef.version", "metadata.log_version"),
            ("cef.device_vendor", "metadata.product.vendor_name"),
            ("cef.device_product", "metadata.product.name"),
            ("cef.device_version", "metadata.product.version"),
            ("cef.signature_id", "metadata.event_code"),
            ("cef.name", "finding_info.title"),
            ("cef.name", "message"),
        ]);
        severity(mapper, "cef.severity");
        mapper.flatten("cef");
        mapper.flatten("cef.extension");
    }
}

impl Mapping for Leef {
    fn name(&self) -> &'static str {
        "leef"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["leef"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("leef.product") && source.has("leef.event_id")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let part = |path: &str| source.text(path).unwrap_or_default();
        let name = format!("{} {}", part("leef.event_id"), part("leef.attributes.cat"));
        event(mapper, "leef.attributes.", &name);
        mapper.set("metadata.log_format", "LEEF");
        mapper.copy("leef.event_id", "metadata.event_code");
        mapper.table(&[
            ("leef.version", "metadata.log_version"),
            ("leef.vendor", "metadata.product.vendor_name"),
            ("leef.product", "metadata.product.name"),
            ("leef.product_version", "metadata.product.version"),
            ("leef.event_id", "finding_info.title"),
            ("leef.event_id", "message"),
        ]);
        severity(mapper, "leef.attributes.sev");
        mapper.flatten("leef");
        mapper.flatten("leef.attributes");
    }
}

/// Words of events that are findings.
const THREATS: [&str; 14] = [
    "threat",
    "malware",
    "virus",
    "intrusion",
    "attack",
    "exploit",
    "phish",
    "ransom",
    "trojan",
    "malop",
    "anomaly",
    "botnet",
    "spyware",
    "vulnerability",
];

const LOGONS: [&str; 7] =
    ["login", "logon", "logged in", "log in", "authentication", "logout", "logoff"];

/// Words of an action or outcome that say no.
const REFUSALS: [&str; 8] =
    ["deny", "denied", "drop", "block", "reject", "fail", "refuse", "reset"];

/// Class by what is there.
fn classify(source: &Source<'_>, from: &str, name: &str) -> i64 {
    let has = |names: &[&str]| names.iter().any(|name| source.has(&format!("{from}{name}")));
    let text = |name: &str| source.text(&format!("{from}{name}")).unwrap_or_default();
    let subject = format!("{name} {}", text("cat"));
    let is_web = has(&["requestMethod"])
        || ["request", "url"].iter().any(|name| text(name).starts_with("http"));
    if mentions(&subject, &THREATS) {
        2004
    } else if mentions(&subject, &LOGONS) && has(&["duser", "suser", "usrName", "duid"]) {
        3002
    } else if is_web {
        4002
    } else if has(&["dst", "dpt", "spt", "proto", "destinationAddress", "dstPort", "dhost"])
        && has(&["src", "sourceAddress", "shost", "dst", "destinationAddress", "dhost"])
    {
        4001
    } else if has(&["src", "shost", "sourceAddress"]) || has(&["suser", "duser", "usrName"]) {
        6003
    } else {
        0
    }
}

const FIELDS: &[(&str, &str)] = &[
    ("src", "src_endpoint.ip"),
    ("sourceAddress", "src_endpoint.ip"),
    ("c6a2", "src_endpoint.ip"),
    ("shost", "src_endpoint.hostname"),
    ("sourceHostName", "src_endpoint.hostname"),
    ("spt", "src_endpoint.port"),
    ("srcPort", "src_endpoint.port"),
    ("smac", "src_endpoint.mac"),
    ("srcMAC", "src_endpoint.mac"),
    ("deviceInboundInterface", "src_endpoint.interface_name"),
    ("sourceZone", "src_endpoint.zone"),
    ("sourceTranslatedAddress", "src_endpoint.intermediate_ips"),
    ("srcPostNAT", "src_endpoint.intermediate_ips"),
    ("dst", "dst_endpoint.ip"),
    ("destinationAddress", "dst_endpoint.ip"),
    ("c6a3", "dst_endpoint.ip"),
    ("dhost", "dst_endpoint.hostname"),
    ("dst", "dst_endpoint.hostname"),
    ("dpt", "dst_endpoint.port"),
    ("dstPort", "dst_endpoint.port"),
    ("dmac", "dst_endpoint.mac"),
    ("dstMAC", "dst_endpoint.mac"),
    ("deviceOutboundInterface", "dst_endpoint.interface_name"),
    ("destinationZone", "dst_endpoint.zone"),
    ("destinationTranslatedAddress", "dst_endpoint.intermediate_ips"),
    ("dstPostNAT", "dst_endpoint.intermediate_ips"),
];

const COMMON: &[(&str, &str)] = &[
    ("duser", "user.name"),
    ("usrName", "user.name"),
    ("suser", "actor.user.name"),
    ("suser", "user.name"),
    ("duid", "user.uid"),
    ("suid", "actor.user.uid"),
    ("usrName", "actor.user.name"),
    ("duser", "actor.user.name"),
    ("app", "app_protocol_name"),
    ("in", "traffic.bytes_in"),
    ("dstBytes", "traffic.bytes_in"),
    ("out", "traffic.bytes_out"),
    ("srcBytes", "traffic.bytes_out"),
    ("srcPackets", "traffic.packets_out"),
    ("dstPackets", "traffic.packets_in"),
    ("cnt", "count"),
    ("msg", "message"),
    ("reason", "status_detail"),
    ("requestClientApplication", "http_request.user_agent"),
    ("requestContext", "http_request.referrer"),
    ("externalId", "metadata.original_event_uid"),
    ("start", "start_time"),
    ("startTime", "start_time"),
    ("end", "end_time"),
    ("endTime", "end_time"),
    ("dvc", "device.ip"),
    ("dvchost", "device.hostname"),
    ("deviceExternalId", "device.uid"),
    ("identHostName", "device.hostname"),
    ("cat", "finding_info.types"),
    ("cat", "metadata.log_name"),
    ("policy", "policy.name"),
];

fn event(mapper: &mut Mapper<'_>, from: &str, name: &str) {
    let source = mapper.source();
    let class = classify(&source, from, name);
    let text = |name: &str| source.text(&format!("{from}{name}"));
    let action = text("act").or_else(|| text("action")).unwrap_or_default().into_owned();
    let outcome = text("outcome").unwrap_or_default().into_owned();
    let is_refused = mentions(&action, &REFUSALS) || mentions(&outcome, &REFUSALS);
    match class {
        3002 => logon(mapper, name, is_refused || mentions(name, &REFUSALS)),
        4001 => mapper.class(4001, if is_refused { 5 } else { 6 }),
        4002 => http_class(mapper, &format!("{from}requestMethod")),
        6003 => {
            mapper.class(6003, 99);
            let name = if name.is_empty() { "Event" } else { name };
            mapper.other_activity(name);
            mapper.set("api.operation", name);
        }
        _ => mapper.class(class, i64::from(class != 0)),
    }
    let times = ["rt", "deviceReceiptTime", "devTime", "end", "endTime", "start", "startTime"];
    let times = times.map(|name| format!("{from}{name}"));
    let _ = times.iter().any(|time| mapper.time(&[time]));
    if !action.is_empty() && class != 3002 {
        verdict(mapper, !is_refused, if is_refused { 2 } else { 1 });
    }
    if !outcome.is_empty() {
        status(mapper, !is_refused);
    }
    web(mapper, from);
    for prefix in ["", "evidences."] {
        fields(mapper, from, prefix, FIELDS);
        protocol(mapper, &format!("{from}proto"), prefix);
        let way = match mapper.source().text(&format!("{from}deviceDirection")).as_deref() {
            Some("0") => 1,
            Some("1") => 2,
            _ => 0,
        };
        direction(mapper, prefix, way);
    }
    fields(mapper, from, "", COMMON);
    totals(mapper);
    syslog_frame(mapper);
    if class == 2004 {
        finding(mapper, from);
    }
    complete(mapper, class);
    mapper.copy("message", "raw_data");
}

fn fields(mapper: &mut Mapper<'_>, from: &str, to: &str, pairs: &[(&str, &str)]) {
    for (name, target) in pairs {
        mapper.table(&[(&format!("{from}{name}"), &format!("{to}{target}"))]);
    }
}

fn logon(mapper: &mut Mapper<'_>, name: &str, is_refused: bool) {
    mapper.class(3002, if mentions(name, &["logout", "logoff", "logged out"]) { 2 } else { 1 });
    status(mapper, !is_refused);
}

fn web(mapper: &mut Mapper<'_>, from: &str) {
    let request = [format!("{from}request"), format!("{from}url")];
    let Some(request) = request.iter().find(|path| mapper.source().has(path)) else { return };
    let host = format!("{from}dhost");
    for prefix in ["", "evidences."] {
        http_target(mapper, request, &host, &format!("{prefix}http_request.url"));
        http_method(mapper, &format!("{from}requestMethod"), &format!("{prefix}http_request"));
    }
}

/// Hashes by their length.
const HASHES: [(usize, i64); 4] = [(32, 1), (40, 2), (64, 3), (128, 4)];

fn finding(mapper: &mut Mapper<'_>, from: &str) {
    let source = mapper.source();
    let text = |path: &str| source.text(path).unwrap_or_default().into_owned();
    let id = [format!("{from}externalId"), format!("{from}rt"), format!("{from}devTime")];
    let id = id.iter().find_map(|path| source.text(path)).unwrap_or_default().into_owned();
    let rule = match source.text("cef.signature_id") {
        Some(rule) => rule.into_owned(),
        None => text("leef.event_id"),
    };
    let file = format!("{from}fname");
    let path = format!("{from}filePath");
    let name = source.text(&file).or_else(|| source.text(&path));
    let name = name.map(|name| last_segment(&name).to_owned());
    let hash = format!("{from}fileHash");
    let length = source.text(&hash).map_or(0, |hash| hash.len());
    mapper.set("finding_info.uid", format!("{rule}/{id}").as_str());
    mapper.set("is_alert", true);
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        mapper.set("evidences.file.name", name.as_str());
        mapper.set("evidences.file.type_id", 1_i64);
        fields(mapper, from, "", &[("filePath", "evidences.file.path")]);
        fields(mapper, from, "", &[("fname", "evidences.file.path")]);
        fields(mapper, from, "", &[("fsize", "evidences.file.size")]);
        if let Some((_, algorithm)) = HASHES.iter().find(|(one, _)| *one == length) {
            mapper.copy(&hash, "evidences.file.hashes.value");
            mapper.set("evidences.file.hashes.algorithm_id", *algorithm);
        }
    }
}

/// What the class requires and the sender may have left out.
fn complete(mapper: &mut Mapper<'_>, class: i64) {
    let lacks = |mapper: &Mapper<'_>, object: &str, parts: &[&str]| {
        parts.iter().all(|part| mapper.written((object, part)).is_none())
    };
    let has_device = !lacks(mapper, "device", &["hostname", "ip", "uid", "name"]);
    if has_device {
        mapper.set("device.type_id", 0_i64);
    }
    match class {
        3002 => {
            if lacks(mapper, "dst_endpoint", &["ip", "hostname"]) {
                product_as_service(mapper);
            }
            if lacks(mapper, "user", &["name", "uid"]) {
                mapper.set("user.name", "Unknown");
            }
        }
        4002 if lacks(mapper, "http_request", &["url.path", "url.url_string", "user_agent"]) => {
            mapper.set("http_request.url.url_string", "Unknown");
        }
        4001 => {
            for endpoint in ["src_endpoint", "dst_endpoint"] {
                let parts = ["ip", "hostname", "interface_name"];
                let others = ["port", "mac", "zone"];
                if lacks(mapper, endpoint, &parts) && !lacks(mapper, endpoint, &others) {
                    mapper.set((endpoint, "name"), "Unknown");
                }
            }
        }
        6003 => {
            if lacks(mapper, "actor.user", &["name", "uid"]) {
                mapper.set("actor.user.name", "Unknown");
            }
            if lacks(mapper, "src_endpoint", &["ip", "hostname", "interface_name"]) {
                mapper.set("src_endpoint.name", "Unknown");
            }
        }
        _ => {}
    }
}

fn product_as_service(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let name = source.text("cef.device_product").or_else(|| source.text("leef.product"));
    let name = name.unwrap_or_default().into_owned();
    mapper.set("service.name", name.as_str());
}

/// A number from 0 to 10, or a word.
fn severity(mapper: &mut Mapper<'_>, from: &str) {
    let text = mapper.source().text(from).unwrap_or_default().to_ascii_lowercase();
    let number = match text.as_str() {
        "0" | "info" | "informational" => 1_i64,
        "1" | "2" | "3" | "low" => 2,
        "4" | "5" | "6" | "medium" => 3,
        "7" | "8" | "high" => 4,
        "9" | "10" | "very-high" | "critical" => 5,
        _ => 0,
    };
    mapper.set("severity_id", number);
    if number != 0 {
        mapper.done(from);
    }
    mapper.set("metadata.product.name", "Unknown");
}
