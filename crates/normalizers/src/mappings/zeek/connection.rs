//! What every connection has: conn, dns, weird, dpd, analyzer, tunnel.

use headwater_pipeline::mapping::Mapper;

use super::super::well_known::status;
use super::{duration, table};

const CONN: &[(&str, &str)] = &[
    ("conn_state", "status_code"),
    ("history", "connection_info.flag_history"),
    ("service", "app_protocol_name"),
    ("orig_bytes", "traffic.bytes_out"),
    ("resp_bytes", "traffic.bytes_in"),
    ("orig_pkts", "traffic.packets_out"),
    ("resp_pkts", "traffic.packets_in"),
    ("missed_bytes", "traffic.bytes_missed"),
    ("orig_l2_addr", "src_endpoint.mac"),
    ("resp_l2_addr", "dst_endpoint.mac"),
    ("vlan", "src_endpoint.vlan_uid"),
    ("orig_cc", "src_endpoint.location.country"),
    ("resp_cc", "dst_endpoint.location.country"),
];

/// States of a connection: activity, and whether there was an answer.
const STATES: [(&str, i64, Option<bool>); 13] = [
    ("S0", 1, Some(false)),
    ("S1", 1, Some(true)),
    ("SF", 2, Some(true)),
    ("RSTO", 3, Some(true)),
    ("RSTR", 3, Some(true)),
    ("RSTOS0", 3, Some(false)),
    ("RSTRH", 3, Some(false)),
    ("S2", 4, Some(true)),
    ("S3", 4, Some(true)),
    ("SH", 4, Some(false)),
    ("SHR", 4, Some(false)),
    ("REJ", 5, Some(false)),
    ("OTH", 6, None),
];

pub(super) fn conn(mapper: &mut Mapper<'_>, _: &str) {
    let state = mapper.source().text("conn_state").unwrap_or_default().into_owned();
    let state = STATES.iter().find(|(name, ..)| *name == state);
    mapper.class(4001, state.map_or(6, |(_, activity, _)| *activity));
    if let Some((.., Some(is_answered))) = state {
        status(mapper, *is_answered);
    }
    for (one, other, total) in
        [("orig_bytes", "resp_bytes", "bytes"), ("orig_pkts", "resp_pkts", "packets")]
    {
        let source = mapper.source();
        if let (Some(one), Some(other)) = (source.integer(one), source.integer(other)) {
            mapper.set(&format!("traffic.{total}"), one.saturating_add(other));
        }
    }
    duration(mapper, "duration");
    table(mapper, CONN);
    mapper.copy("ts", "start_time");
    // There is one record for a connection.
    mapper.copy("uid", "metadata.uid");
}

const DNS: &[(&str, &str)] = &[("query", "query.hostname"), ("rcode", "rcode_id")];

const DNS_QUERY: &[(&str, &str)] = &[
    ("qtype_name", "query.type"),
    ("qclass_name", "query.class"),
    ("trans_id", "query.packet_uid"),
];

pub(super) fn dns(mapper: &mut Mapper<'_>, _: &str) {
    let code = mapper.source().text("rcode").map(|text| text == "0");
    mapper.class(4003, if code.is_some() { 2 } else { 1 });
    table(mapper, DNS);
    if mapper.written("query.hostname").is_some() {
        table(mapper, DNS_QUERY);
    }
    let is_rejected = mapper.source().is("rejected", "true");
    if let Some(is_success) = code.or_else(|| is_rejected.then_some(false)) {
        status(mapper, is_success && !is_rejected);
    }
    let count = match mapper.source().find("answers") {
        Some(list) => mapper.source().elements(list).len(),
        None => 0,
    };
    for place in 0..count {
        mapper.copy(&format!("answers.{place}"), &format!("answers[{place}].rdata"));
        seconds(mapper, &format!("TTLs.{place}"), &format!("answers[{place}].ttl"));
    }
    duration(mapper, "rtt");
}

/// Whole seconds, which Zeek writes with a point.
pub(super) fn seconds(mapper: &mut Mapper<'_>, from: &str, to: &str) {
    let seconds = mapper.source().text(from).and_then(|text| {
        let seconds: f64 = text.parse().ok()?;
        let text = format!("{seconds:.6}");
        text.strip_suffix(".000000")?.parse::<i64>().ok()
    });
    if let Some(seconds) = seconds
        && mapper.set(to, seconds)
    {
        mapper.done(from);
    }
}

/// Something odd in a connection, or in the traffic as a whole.
pub(super) fn weird(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let name = source.text("name").unwrap_or_default().into_owned();
    let has_connection = super::text(&source, "id.orig_h").is_some();
    mapper.class(if has_connection { 4001 } else { 0 }, 99);
    mapper.other_activity(&name);
    table(
        mapper,
        &[("name", "message"), ("addl", "status_detail"), ("source", "app_protocol_name")],
    );
}

/// An analyzer that gave up on a connection.
pub(super) fn violation(mapper: &mut Mapper<'_>, _: &str) {
    let has_connection = super::text(&mapper.source(), "id.orig_h").is_some();
    mapper.class(if has_connection { 4001 } else { 0 }, if has_connection { 6 } else { 0 });
    status(mapper, false);
    let fields = [
        ("analyzer", "app_protocol_name"),
        ("analyzer_name", "app_protocol_name"),
        ("failure_reason", "status_detail"),
        ("cause", "status_code"),
    ];
    table(mapper, &fields);
}

pub(super) fn tunnel(mapper: &mut Mapper<'_>, _: &str) {
    let action = mapper.source().text("action").unwrap_or_default().into_owned();
    let activity = match action.as_str() {
        "Tunnel::DISCOVER" => 1,
        "Tunnel::CLOSE" | "Tunnel::EXPIRE" => 2,
        _ => 99,
    };
    mapper.class(4014, activity);
    if activity == 99 {
        mapper.other_activity(&action);
    }
    table(mapper, &[("tunnel_type", "tunnel_type_id")]);
}
