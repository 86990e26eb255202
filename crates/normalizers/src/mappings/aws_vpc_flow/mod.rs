//! Flow logs of Amazon VPC: Network Activity, one event per flow and capture window. Contract: the
//! "Flow log records" chapter of the Amazon VPC user guide, versions 2 to 10, as objects (names
//! with `_`, `-` or in camel case) and as lines.
//!
//! A line does not say which fields it has. Those of the default format, of any beginning of the
//! guide's list of fields, and of the guide's examples are read; others are left alone.

mod line;

use std::borrow::Cow;

use headwater_event::ip::{AddressClass, class_of, parse_address};
use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::plain_verdict;
use super::required::complete;
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("version", "metadata.product.version"),
    ("account_id", "cloud.account.uid"),
    ("region", "cloud.region"),
    ("az_id", "cloud.zone"),
    ("start", "start_time"),
    ("end", "end_time"),
    ("log_status", "status_code"),
    ("srcport", "src_endpoint.port"),
    ("dstport", "dst_endpoint.port"),
    ("pkt_src_aws_service", "src_endpoint.svc_name"),
    ("pkt_dst_aws_service", "dst_endpoint.svc_name"),
    ("protocol", "connection_info.protocol_num"),
    ("tcp_flags", "connection_info.tcp_flags"),
    ("packets", "traffic.packets"),
    ("bytes", "traffic.bytes"),
];

/// Of the interface whose traffic it is, so of one of the two ends.
const INTERFACE_FIELDS: &[(&str, &str)] = &[
    ("interface_id", "interface_uid"),
    ("vpc_id", "vpc_uid"),
    ("subnet_id", "subnet_uid"),
    ("instance_id", "instance_uid"),
];

/// Names in camel case that are not those with `_` run together.
const CAMEL_CASE: &[(&str, &str)] = &[
    ("account", "account_id"),
    ("accountId", "account_id"),
    ("interfaceId", "interface_id"),
    ("srcAddr", "srcaddr"),
    ("dstAddr", "dstaddr"),
    ("srcPort", "srcport"),
    ("dstPort", "dstport"),
    ("status", "log_status"),
    ("logStatus", "log_status"),
    ("vpcId", "vpc_id"),
    ("subNetId", "subnet_id"),
    ("subnetId", "subnet_id"),
    ("instanceId", "instance_id"),
    ("tcpFlags", "tcp_flags"),
    ("pktSrcAddr", "pkt_srcaddr"),
    ("pktDstAddr", "pkt_dstaddr"),
    ("azId", "az_id"),
    ("pktSrcAwsService", "pkt_src_aws_service"),
    ("pktDstAwsService", "pkt_dst_aws_service"),
    ("flowDirection", "flow_direction"),
    ("trafficPath", "traffic_path"),
];

#[derive(Debug)]
pub(super) struct AwsVpcFlow;

impl Mapping for AwsVpcFlow {
    fn name(&self) -> &'static str {
        "aws_vpc_flow"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["srcaddr", "dstaddr"], &["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        if let Some(message) = source.text("message")
            && line::layout(&message).is_some()
        {
            return true;
        }
        ["srcaddr", "srcAddr"].iter().any(|name| source.find(name).is_some())
            && ["interface_id", "interface-id", "interfaceId", "vpcId", "vpc_id", "vpc-id"]
                .iter()
                .chain(&["instanceId", "instance_id", "flow_direction", "flow-direction"])
                .any(|name| source.has(name))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if !line::read(mapper) {
            rename(mapper);
        }
        let has_ends = mapper.source().text("srcaddr").is_some();
        let is_refused = mapper.source().is("action", "REJECT");
        match (has_ends, is_refused) {
            // A window without traffic, or whose records were skipped.
            (false, _) => mapper.class(0, 0),
            (true, true) => mapper.class(4001, 5),
            (true, false) => mapper.class(4001, 6),
        }
        product(mapper, "AWS", "Amazon VPC");
        mapper.set("metadata.product.feature.name", "Flowlogs");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        if has_ends {
            ends(mapper);
        }
        if mapper.source().text("action").is_some() {
            plain_verdict(mapper, !is_refused);
        }
        mapper.table(FIELDS);
        if has_ends {
            complete(mapper, 4001);
        }
        mapper.time(&["start", "end"]);
    }
}

/// Gives the names with `-` and in camel case the spelling with `_`.
fn rename(mapper: &mut Mapper<'_>) {
    if mapper.source().has("interface_id") || mapper.source().has("vpc_id") {
        return;
    }
    let hyphenated = FIELDS.iter().chain(INTERFACE_FIELDS).map(|(name, _)| *name);
    let others = ["pkt_srcaddr", "pkt_dstaddr", "flow_direction", "traffic_path"];
    let hyphenated: Vec<(String, &str)> = hyphenated
        .chain(others)
        .filter(|name| name.contains('_'))
        .map(|name| (name.replace('_', "-"), name))
        .collect();
    let spellings = hyphenated.iter().map(|(other, name)| (other.as_str(), *name));
    for (other, name) in spellings.chain(CAMEL_CASE.iter().copied()) {
        if let Some(value) = mapper.take(other) {
            let extra = mapper.extra();
            let root = extra.root();
            extra.append(root, name, value.as_str());
        }
    }
}

/// Both ends, what is known of the interface, and the connection between them.
fn ends(mapper: &mut Mapper<'_>) {
    for side in ["src", "dst"] {
        let (address, packet) = (format!("{side}addr"), format!("pkt_{side}addr"));
        let ip = format!("{side}_endpoint.ip");
        // The packet knows who it was really from or for; the address is that of a gateway then.
        if mapper.copy(&packet, &ip) && !mapper.copy(&address, &ip) {
            mapper.copy(&address, &format!("{side}_endpoint.intermediate_ips"));
        }
        mapper.copy(&address, &ip);
    }
    let direction = direction(mapper);
    let side = match direction {
        1 => "dst",
        2 => "src",
        _ => "",
    };
    mapper.set("connection_info.direction_id", direction);
    if mapper.source().is("flow_direction", "ingress")
        || mapper.source().is("flow_direction", "egress")
    {
        mapper.done("flow_direction");
    }
    for (from, to) in INTERFACE_FIELDS {
        mapper.copy(from, &format!("{side}_endpoint.{to}"));
    }
    let protocol = match mapper.source().integer("protocol") {
        Some(1) => "icmp",
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(47) => "gre",
        Some(50) => "esp",
        Some(58) => "icmp6",
        _ => "",
    };
    if !protocol.is_empty() {
        mapper.set("connection_info.protocol_name", protocol);
    }
    let version = match mapper.source().text("type").as_deref() {
        Some("IPv4") => 4_i64,
        Some("IPv6") => 6,
        _ => 0,
    };
    if version > 0 {
        mapper.set("connection_info.protocol_ver_id", version);
        mapper.done("type");
    }
    // Paths 1 to 8 are the schema's boundaries 4 to 11.
    if let Some(path @ 1..=8) = mapper.source().integer("traffic_path") {
        mapper.set("connection_info.boundary_id", path + 3);
        mapper.done("traffic_path");
    }
}

/// 1 Inbound, 2 Outbound, as seen by the interface.
fn direction(mapper: &Mapper<'_>) -> i64 {
    let source = mapper.source();
    match source.text("flow_direction").as_deref() {
        Some("ingress") => return 1,
        Some("egress") => return 2,
        _ => {}
    }
    // An interface is logged with its private address, so beside another one it is known which of
    // the two it is.
    let is_private = |text: Option<Cow<'_, str>>| {
        text.and_then(|text| parse_address(&text))
            .map(|address| class_of(address).class == AddressClass::Private)
    };
    match (is_private(source.text("srcaddr")), is_private(source.text("dstaddr"))) {
        (Some(false), Some(true)) => 1,
        (Some(true), Some(false)) => 2,
        _ => 0,
    }
}
