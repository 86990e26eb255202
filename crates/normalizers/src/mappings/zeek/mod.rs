//! Zeek's logs, one module per family. Contract: the log reference of Zeek 3 to 7.
//!
//! Accepts JSON with `id.orig_h`, JSON with `id_orig_h`, and the tab-separated form as an object of
//! texts. The log is named by `_path` or `@stream`; without one its fields name it.

mod access;
mod applications;
mod connection;
mod files;
mod findings;
mod inventory;
mod mail;
mod protocols;
mod shares;
mod tab_separated;
mod web;

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::well_known::product;

/// A log: its name, sets of fields of which one tells it (nothing when only its name does), and
/// how it is written.
struct Log {
    name: &'static str,
    marks: &'static [&'static [&'static str]],
    map: fn(&mut Mapper<'_>, &str),
}

const fn log(
    name: &'static str,
    marks: &'static [&'static [&'static str]],
    map: fn(&mut Mapper<'_>, &str),
) -> Log {
    Log { name, marks, map }
}

/// Particular sets of fields before general ones.
const LOGS: &[Log] = &[
    log("conn", &[&["conn_state"]], connection::conn),
    log("dns", &[&["trans_id", "AA"]], connection::dns),
    log("http", &[&["trans_depth", "request_body_len"]], web::http),
    log("ssl", &[&["resumed", "established"]], web::ssl),
    log("x509", &[&["certificate.serial"], &["certificate.version"]], web::x509),
    log("files", &[&["fuid", "seen_bytes"]], files::files),
    log("smtp", &[&["trans_depth", "tls"], &["trans_depth", "last_reply"]], mail::smtp),
    log("notice", &[&["note", "actions"], &["note", "msg"]], findings::notice),
    log("signatures", &[&["sig_id", "event_msg"]], findings::signature),
    log("intel", &[&["seen.indicator"]], findings::intel),
    log("weird", &[&["name", "notice"]], connection::weird),
    log("dpd", &[&["analyzer", "failure_reason"]], connection::violation),
    log("analyzer", &[&["analyzer_kind", "analyzer_name"]], connection::violation),
    log("tunnel", &[&["tunnel_type", "action"]], connection::tunnel),
    log("ssh", &[&["auth_attempts"]], access::ssh),
    log("rdp", &[&["cert_count", "result"], &["cookie", "result"]], access::rdp),
    log("kerberos", &[&["request_type"], &["forwardable"]], access::kerberos),
    log("ntlm", &[&["domainname"], &["server_nb_computer_name"]], access::ntlm),
    log("radius", &[&["username", "result"]], access::radius),
    log("smb_files", &[&["action", "times.modified"], &["action", "name", "size"]], shares::files),
    log("smb_mapping", &[&["share_type"]], shares::mapping),
    log("dce_rpc", &[&["endpoint", "operation"]], shares::dce_rpc),
    log("ftp", &[&["command", "reply_code"], &["data_channel.passive"]], shares::ftp),
    log("dhcp", &[&["msg_types"]], protocols::dhcp),
    log("ntp", &[&["stratum", "poll"]], protocols::ntp),
    log("syslog", &[&["facility", "severity", "message"]], protocols::syslog),
    log("known_hosts", &[], inventory::known_host),
    log("known_services", &[&["port_num", "port_proto"]], inventory::known_host),
    log("known_certs", &[&["port_num", "issuer_subject"]], inventory::known_host),
    log("software", &[&["software_type", "unparsed_version"]], inventory::software),
    log("pe", &[&["machine", "compile_ts"]], inventory::no_class),
    log("ocsp", &[&["certStatus"]], inventory::no_class),
    log("packet_filter", &[&["node", "filter", "init"]], inventory::no_class),
    log("capture_loss", &[&["percent_lost"]], inventory::no_class),
    log("stats", &[&["pkts_proc"]], inventory::no_class),
    log("reporter", &[&["level", "message", "location"]], inventory::no_class),
    log("mysql", &[&["cmd", "arg"]], applications::application),
    log("modbus", &[&["func"]], applications::application),
    log("dnp3", &[&["iin"], &["fc_request"]], applications::application),
    log("mqtt_connect", &[&["proto_name", "proto_version"]], applications::application),
    log("mqtt_publish", &[&["topic", "payload"]], applications::application),
    log("mqtt_subscribe", &[&["topics", "action"]], applications::application),
    log("snmp", &[&["get_requests"]], applications::application),
    log("socks", &[&["request_p"], &["bound_p"]], applications::application),
    log("rfb", &[&["client_major_version"], &["share_flag"]], applications::application),
    log("sip", &[&["trans_depth", "request_path"]], applications::application),
    log("irc", &[&["nick", "command"]], applications::application),
    log("ldap_search", &[&["deref_aliases"]], applications::application),
    log("ldap", &[&["message_id", "opcode"]], applications::application),
    log("quic", &[&["client_initial_dcid"]], applications::application),
];

/// A log that is not among them but has a connection.
const OTHER_WITH_CONNECTION: Log = log("", &[], applications::application);
const OTHER: Log = log("", &[], inventory::no_class);

#[derive(Debug)]
pub(super) struct Zeek;

impl Mapping for Zeek {
    fn name(&self) -> &'static str {
        "zeek"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["_path", "ts"],
            &["@stream", "ts"],
            &["ts", "id.orig_h"],
            &["ts", "id_orig_h"],
            &["ts", "uid", "id"],
            &["ts", "fuid", "source"],
            &["ts", "uids", "msg_types"],
            &["ts", "fingerprint", "certificate.serial"],
            &["ts", "id", "certificate.serial"],
            &["ts", "id", "certificate_serial"],
            &["ts", "fingerprint", "certificate"],
            &["ts", "id", "compile_ts"],
            &["ts", "id", "certStatus"],
            &["ts", "node", "filter", "init"],
            &["ts", "name", "notice", "peer"],
            &["ts", "note", "actions"],
            &["ts", "host", "port_num", "port_proto"],
            &["ts", "host", "port_num", "issuer_subject"],
            &["ts", "host", "software_type"],
            &["ts", "peer", "percent_lost"],
            &["ts", "peer", "pkts_proc"],
            &["ts", "level", "message", "location"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let is_named = source.has("_path") || source.has("@stream");
        is_named || source.has("id.orig_h") || find_log(source).is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let log = find_log(&source).unwrap_or_else(|| match text(&source, "id.orig_h") {
            Some(_) => &OTHER_WITH_CONNECTION,
            None => &OTHER,
        });
        let name = match log.name {
            "" => log_name(&source).unwrap_or_default(),
            name => name.to_owned(),
        };
        tab_separated::decode(mapper, &name);
        (log.map)(mapper, &name);
        common(mapper, &name);
    }
}

/// The name that the record gives its log. Corelight's sensors add suffixes such as `_red`.
fn log_name(source: &Source<'_>) -> Option<String> {
    let name = source.text("_path").or_else(|| source.text("@stream"))?;
    Some(name.strip_suffix("_red").unwrap_or(&name).to_owned())
}

fn find_log(source: &Source<'_>) -> Option<&'static Log> {
    if let Some(name) = log_name(source) {
        return LOGS.iter().find(|log| log.name == name);
    }
    let has = |field: &&str| source.has(&styled(source, field));
    LOGS.iter().find(|log| log.marks.iter().any(|fields| fields.iter().all(&has)))
}

/// The name of a field of a nested record in the record's own style.
fn styled<'n>(source: &Source<'_>, name: &'n str) -> Cow<'n, str> {
    if name.contains('.') && !source.has(name) {
        return Cow::Owned(name.replace('.', "_"));
    }
    Cow::Borrowed(name)
}

/// The text of a field in either style.
fn text<'a>(source: &Source<'a>, name: &str) -> Option<Cow<'a, str>> {
    source.text(&styled(source, name))
}

/// [`Mapper::table`] for either style.
fn table(mapper: &mut Mapper<'_>, pairs: &[(&str, &str)]) {
    for (from, to) in pairs {
        let from = styled(&mapper.source(), from);
        mapper.table(&[(&from, to)]);
    }
}

/// [`Mapper::copy`] for either style.
fn copy(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let from = styled(&mapper.source(), from);
    mapper.copy(&from, to)
}

/// What all logs have: in classes without endpoints they are evidence.
const COMMON: &[(&str, &str)] = &[
    ("_path", "metadata.log_name"),
    ("@stream", "metadata.log_name"),
    ("_write_ts", "metadata.logged_time"),
    ("@proc", "metadata.log_provider"),
    ("@system", "metadata.loggers.name"),
    ("_system_name", "metadata.loggers.name"),
    ("_node", "metadata.loggers.name"),
    ("peer", "metadata.loggers.name"),
    ("id.orig_h", "src_endpoint.ip"),
    ("id.orig_h", "evidences.src_endpoint.ip"),
    ("id.orig_p", "src_endpoint.port"),
    ("id.orig_p", "evidences.src_endpoint.port"),
    ("id.resp_h", "dst_endpoint.ip"),
    ("id.resp_h", "evidences.dst_endpoint.ip"),
    ("id.resp_p", "dst_endpoint.port"),
    ("id.resp_p", "evidences.dst_endpoint.port"),
    ("community_id", "connection_info.community_uid"),
    ("community_id", "evidences.connection_info.community_uid"),
    ("proto", "connection_info.protocol_name"),
    ("proto", "evidences.connection_info.protocol_name"),
];

fn common(mapper: &mut Mapper<'_>, name: &str) {
    product(mapper, "Zeek", "Zeek");
    mapper.time(&["ts"]);
    table(mapper, COMMON);
    mapper.set("metadata.log_name", name);
    let _ = mapper.copy("uid", "connection_info.uid")
        || mapper.copy("uid", "evidences.connection_info.uid");
    // A connection has many records: it correlates them and identifies none.
    mapper.copy("uid", "metadata.correlation_uid");
    mapper.set("severity_id", 1_i64);
    for prefix in ["", "evidences."] {
        connection_info(mapper, prefix);
    }
}

/// Direction and protocol numbers, where the object is there.
fn connection_info(mapper: &mut Mapper<'_>, prefix: &str) {
    let to = |part: &str| format!("{prefix}connection_info.{part}");
    let parts = ["uid", "community_uid", "protocol_name"];
    if parts.iter().all(|part| mapper.written(&to(part)).is_none()) {
        return;
    }
    let is_six = text(&mapper.source(), "id.orig_h").map(|address| address.contains(':'));
    if let Some(is_six) = is_six {
        mapper.set(&to("protocol_ver_id"), if is_six { 6_i64 } else { 4 });
    }
    let number = match mapper.written(&to("protocol_name")).as_deref() {
        Some("tcp") => Some(6_i64),
        Some("udp") => Some(17),
        Some("icmp") => Some(if is_six == Some(true) { 58 } else { 1 }),
        _ => None,
    };
    if let Some(number) = number {
        mapper.set(&to("protocol_num"), number);
    }
    let source = mapper.source();
    let direction = match (source.text("local_orig").as_deref(), source.text("local_resp")) {
        (Some("true"), Some(responder)) if responder == "false" => 2,
        (Some("false"), Some(responder)) if responder == "true" => 1,
        (Some("true"), Some(responder)) if responder == "true" => 3,
        _ => match source.text("direction").as_deref() {
            Some("INBOUND") => 1,
            Some("OUTBOUND") => 2,
            _ => 0_i64,
        },
    };
    mapper.set(&to("direction_id"), direction);
    if direction != 0 {
        ["local_orig", "local_resp", "direction"].iter().for_each(|field| mapper.done(field));
    }
}

/// A duration: Zeek writes seconds, the schema has milliseconds. The exact one stays unmapped.
fn duration(mapper: &mut Mapper<'_>, from: &str) {
    let millis = mapper.source().text(from).and_then(|text| millis(&text));
    if let Some(millis) = millis {
        mapper.set("duration", millis);
    }
}

/// Whole milliseconds of seconds. By way of microseconds, which is what the tab-separated form has.
fn millis(seconds: &str) -> Option<i64> {
    let seconds: f64 = seconds.parse().ok()?;
    let text = format!("{seconds:.6}");
    let (whole, fraction) = text.split_once('.')?;
    let whole: i64 = whole.parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(fraction.get(..3)?.parse().ok()?)
}

/// `true` and `false` as status.
fn status_from(mapper: &mut Mapper<'_>, from: &str) {
    let is_success = match mapper.source().text(from).as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return,
    };
    super::well_known::status(mapper, is_success);
    mapper.done(from);
}
