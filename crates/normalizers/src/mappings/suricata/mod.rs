//! Suricata: one event per line of eve.json. Contract: the EVE JSON format of Suricata 5 to 8.

mod finding;
mod protocols;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::{direction, protocol, totals};
use super::well_known::{product, table_into};

/// Writes one kind of event.
type Write = fn(&mut Mapper<'_>);

/// Events by their type. Others are connections of which the rest stays below its own names.
const EVENTS: [(&str, Write); 17] = [
    ("alert", finding::alert),
    ("anomaly", finding::anomaly),
    ("flow", flow),
    ("netflow", flow),
    ("drop", drop),
    ("dns", protocols::dns),
    ("http", protocols::http),
    ("tls", protocols::tls),
    ("ssh", protocols::ssh),
    ("smb", protocols::smb),
    ("smtp", protocols::smtp),
    ("ftp", protocols::ftp),
    ("ftp_data", protocols::ftp),
    ("dhcp", protocols::dhcp),
    ("krb5", protocols::krb5),
    ("rdp", protocols::rdp),
    ("fileinfo", protocols::fileinfo),
];

#[derive(Debug)]
pub(super) struct Suricata;

impl Mapping for Suricata {
    fn name(&self) -> &'static str {
        "suricata"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["flow_id", "event_type", "src_ip"],
            &["flow_id", "alert", "src_ip"],
            &["timestamp", "event_type", "stats"],
            &["timestamp", "event_type", "src_ip", "proto"],
        ]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let kind = event_type(&mapper.source());
        match EVENTS.iter().find(|(name, _)| *name == kind) {
            Some((_, map)) => map(mapper),
            None if mapper.source().has("src_ip") => mapper.class(4001, 6),
            None => mapper.class(0, 0),
        }
        common(mapper);
    }
}

/// Alerts that were exported without their type have what they alert of.
fn event_type(source: &Source<'_>) -> String {
    let kind = source.text("event_type").map(std::borrow::Cow::into_owned);
    kind.unwrap_or_else(|| "alert".to_owned())
}

const ENDPOINTS: &[(&str, &str)] = &[
    ("src_ip", "src_endpoint.ip"),
    ("src_port", "src_endpoint.port"),
    ("dest_ip", "dst_endpoint.ip"),
    ("dest_port", "dst_endpoint.port"),
    ("flow_id", "connection_info.uid"),
    ("community_id", "connection_info.community_uid"),
    ("ether.src_mac", "src_endpoint.mac"),
    ("ether.dest_mac", "dst_endpoint.mac"),
];

const COMMON: &[(&str, &str)] = &[
    ("event_type", "metadata.event_code"),
    ("host", "metadata.loggers.name"),
    ("app_proto", "app_protocol_name"),
    ("flow.pkts_toserver", "traffic.packets_out"),
    ("flow.pkts_toclient", "traffic.packets_in"),
    ("flow.bytes_toserver", "traffic.bytes_out"),
    ("flow.bytes_toclient", "traffic.bytes_in"),
    ("flow.start", "start_time"),
    ("flow.end", "end_time"),
];

fn common(mapper: &mut Mapper<'_>) {
    product(mapper, "OISF", "Suricata");
    mapper.set("metadata.log_name", "eve.json");
    mapper.time(&["timestamp"]);
    mapper.set("severity_id", 1_i64);
    mapper.table(COMMON);
    // In classes without endpoints they are evidence.
    for prefix in ["", "evidences."] {
        table_into(mapper, prefix, ENDPOINTS);
        protocol(mapper, "proto", prefix);
        tcp_flags(mapper, prefix);
        direction(mapper, prefix, 0);
    }
    totals(mapper);
}

/// Written in hexadecimal without a mark.
fn tcp_flags(mapper: &mut Mapper<'_>, prefix: &str) {
    let flags = mapper.source().text("tcp.tcp_flags");
    let flags = flags.and_then(|text| i64::from_str_radix(&text, 16).ok());
    if let Some(flags) = flags
        && mapper.set(&format!("{prefix}connection_info.tcp_flags"), flags)
    {
        mapper.done("tcp.tcp_flags");
    }
}

const FLOW: &[(&str, &str)] = &[
    ("flow.state", "status_code"),
    ("flow.reason", "status_detail"),
    ("netflow.pkts", "traffic.packets"),
    ("netflow.bytes", "traffic.bytes"),
    ("netflow.start", "start_time"),
    ("netflow.end", "end_time"),
];

fn flow(mapper: &mut Mapper<'_>) {
    let activity = match mapper.source().text("flow.state").as_deref() {
        Some("new") => 1,
        Some("closed") => 2,
        _ => 6,
    };
    mapper.class(4001, activity);
    mapper.table(FLOW);
}

fn drop(mapper: &mut Mapper<'_>) {
    mapper.class(4001, 5);
    mapper.set("action_id", 2_i64);
    mapper.set("disposition_id", 6_i64);
    mapper.table(&[("drop.reason", "status_detail"), ("alert.signature", "message")]);
}
