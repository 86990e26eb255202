//! Packets that pf logs on pfSense and OPNsense: Network Activity. Contract: pfSense's "Raw Filter
//! Log Format", comma-separated values behind the header that syslog gives them.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::{
    any_endpoint, direction, firewall, plain_verdict, protocol, syslog_frame, tcp_flags,
};
use super::text_line::add_fields;
use super::well_known::product;

const COMMON: [&str; 9] = [
    "rule",
    "sub_rule",
    "anchor",
    "tracker",
    "interface",
    "reason",
    "action",
    "direction",
    "version",
];

const IPV4: [&str; 11] = [
    "tos",
    "ecn",
    "ttl",
    "id",
    "offset",
    "flags",
    "protocol_id",
    "protocol",
    "length",
    "src",
    "dst",
];

const IPV6: [&str; 8] =
    ["class", "flow_label", "hop_limit", "protocol", "protocol_id", "length", "src", "dst"];

const PORTS: [&str; 9] = [
    "src_port",
    "dst_port",
    "data_length",
    "tcp_flags",
    "sequence",
    "acknowledged",
    "window",
    "urgent",
    "options",
];

const FIELDS: &[(&str, &str)] = &[
    ("tracker", "firewall_rule.uid"),
    ("anchor", "firewall_rule.name"),
    ("reason", "status_detail"),
    ("length", "traffic.bytes"),
    ("src", "src_endpoint.ip"),
    ("dst", "dst_endpoint.ip"),
    ("src_port", "src_endpoint.port"),
    ("dst_port", "dst_endpoint.port"),
    ("version", "connection_info.protocol_ver_id"),
];

#[derive(Debug)]
pub(super) struct PfFilterlog;

impl Mapping for PfFilterlog {
    fn name(&self) -> &'static str {
        "pf_filterlog"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message", "program"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("program", "filterlog")
            && source.text("message").is_some_and(|text| names(&text).is_some())
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = mapper.source().text("message").unwrap_or_default().into_owned();
        let Some(names) = names(&text) else { return };
        let values: Vec<&str> = text.split(',').collect();
        let action = values.get(6).copied().unwrap_or_default();
        let activity = match action {
            "pass" => 1,
            "block" | "reject" => 5,
            _ => 6,
        };
        mapper.class(4001, activity);
        product(mapper, "FreeBSD", "pf");
        mapper.set("severity_id", 1_i64);
        add_fields(mapper, &names, &values);
        mapper.done("message");
        if activity != 6 {
            plain_verdict(mapper, activity == 1);
            mapper.done("action");
        }
        mapper.table(FIELDS);
        let is_inbound = mapper.source().is("direction", "in");
        let end = if is_inbound { "src_endpoint" } else { "dst_endpoint" };
        mapper.copy("interface", &format!("{end}.interface_name"));
        protocol(mapper, "protocol", "");
        mapper.copy("protocol_id", "connection_info.protocol_num");
        tcp_flags(mapper, "tcp_flags");
        let way = if is_inbound { 1 } else { 2 };
        direction(mapper, "", way);
        mapper.done("direction");
        syslog_frame(mapper);
        firewall(mapper);
        any_endpoint(mapper);
    }
}

/// The names of a line's columns: they follow from the version of IP and the protocol.
fn names(text: &str) -> Option<Vec<&'static str>> {
    let values: Vec<&str> = text.split(',').collect();
    let packet: &[&str] = match values.get(8) {
        Some(&"4") => &IPV4,
        Some(&"6") => &IPV6,
        _ => return None,
    };
    let mut names = [&COMMON, packet].concat();
    let protocol = names.iter().position(|name| *name == "protocol");
    let protocol = protocol.and_then(|place| values.get(place))?.to_ascii_lowercase();
    if values.len() < names.len() {
        return None;
    }
    if ["tcp", "udp"].contains(&protocol.as_str()) {
        names.extend(PORTS);
    }
    Some(names)
}
