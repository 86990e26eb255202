//! Flow log lines: which fields a line has.

use headwater_event::ip::parse_address;
use headwater_pipeline::mapping::Mapper;

use super::super::text_line::add_fields;

/// Fields of the default format (version 2), then those of later versions in the guide's order.
const IN_ORDER: &[&str] = &[
    "version",
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log_status",
    "vpc_id",
    "subnet_id",
    "instance_id",
    "tcp_flags",
    "type",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "region",
    "az_id",
    "sublocation_type",
    "sublocation_id",
    "pkt_src_aws_service",
    "pkt_dst_aws_service",
    "flow_direction",
    "traffic_path",
    "ecs_cluster_arn",
    "ecs_cluster_name",
    "ecs_container_instance_arn",
    "ecs_container_instance_id",
    "ecs_container_id",
    "ecs_second_container_id",
    "ecs_service_name",
    "ecs_task_definition_arn",
    "ecs_task_arn",
    "ecs_task_id",
    "reject_reason",
    "resource_id",
    "encryption_status",
];

/// Custom formats of the guide's examples.
const EXAMPLES: [&str; 3] = [
    "version vpc_id subnet_id instance_id interface_id account_id type srcaddr dstaddr srcport \
     dstport pkt_srcaddr pkt_dstaddr protocol bytes packets start end action tcp_flags log_status",
    "version interface_id account_id vpc_id subnet_id instance_id srcaddr dstaddr srcport dstport \
     protocol tcp_flags type pkt_srcaddr pkt_dstaddr action log_status",
    "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account_id \
     vpc_id subnet_id instance_id interface_id region az_id sublocation_type sublocation_id \
     action tcp_flags pkt_srcaddr pkt_dstaddr pkt_src_aws_service pkt_dst_aws_service \
     traffic_path flow_direction log_status",
];

const FIELDS_MIN: usize = 14;

/// The names of a line's fields; `None` when it is no flow.
pub(super) fn layout(line: &str) -> Option<Vec<&'static str>> {
    // Cheap, because every text record is asked.
    let (version, _) = line.split_once(' ')?;
    if version.len() > 2 || !suits("version", version) {
        return None;
    }
    let values: Vec<&str> = line.split_whitespace().collect();
    if values.len() < FIELDS_MIN {
        return None;
    }
    let fits = |names: &[&str]| {
        names.len() == values.len()
            && names.iter().zip(&values).all(|(name, value)| suits(name, value))
    };
    if let Some(names) = IN_ORDER.get(..values.len())
        && fits(names)
    {
        return Some(names.to_vec());
    }
    let examples = EXAMPLES.iter().map(|names| names.split_whitespace().collect::<Vec<_>>());
    examples.into_iter().find(|names| fits(names))
}

/// Adds the fields of a line in `message`.
pub(super) fn read(mapper: &mut Mapper<'_>) -> bool {
    let Some(line) = mapper.source().text("message").map(std::borrow::Cow::into_owned) else {
        return false;
    };
    let Some(names) = layout(&line) else { return false };
    let values: Vec<&str> = line.split_whitespace().collect();
    add_fields(mapper, &names, &values);
    mapper.done("message");
    true
}

/// Whether a value can be that of a field.
fn suits(name: &str, value: &str) -> bool {
    let is_number = || !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if value == "-" {
        return true;
    }
    match name {
        "version" => matches!(value.parse(), Ok(2_u8..=15)),
        "account_id" => is_number() || value == "unknown",
        "interface_id" => value.starts_with("eni-"),
        "vpc_id" => value.starts_with("vpc-"),
        "subnet_id" => value.starts_with("subnet-"),
        "instance_id" => value.starts_with("i-"),
        "srcaddr" | "dstaddr" | "pkt_srcaddr" | "pkt_dstaddr" => parse_address(value).is_some(),
        "srcport" | "dstport" | "protocol" | "packets" | "bytes" | "start" | "end"
        | "tcp_flags" | "traffic_path" => is_number(),
        "type" => matches!(value, "IPv4" | "IPv6" | "EFA"),
        "action" => matches!(value, "ACCEPT" | "REJECT"),
        "log_status" => matches!(value, "OK" | "NODATA" | "SKIPDATA"),
        "flow_direction" => matches!(value, "ingress" | "egress"),
        _ => true,
    }
}
