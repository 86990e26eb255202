//! Names of the columns of each kind of log; those without a meaning to us have none.

/// Columns that all kinds of logs begin with.
pub(super) const START: [&str; 7] =
    ["", "receive_time", "serial_number", "type", "subtype", "config_version", "generated_time"];

/// Columns of a session, behind those.
const SESSION: [&str; 24] = [
    "src_ip",
    "dst_ip",
    "nat_src_ip",
    "nat_dst_ip",
    "rule",
    "src_user",
    "dst_user",
    "app",
    "vsys",
    "from_zone",
    "to_zone",
    "inbound_if",
    "outbound_if",
    "log_action",
    "time_logged",
    "session_id",
    "repeat_count",
    "src_port",
    "dst_port",
    "nat_src_port",
    "nat_dst_port",
    "flags",
    "protocol",
    "action",
];

/// Where an event stands among all of a firewall.
const SEQUENCE: [&str; 2] = ["sequence_number", "action_flags"];

const LOCATIONS: [&str; 3] = ["src_location", "dst_location", ""];

/// The groups of devices that the firewall is in, and its own names.
const HIERARCHY: [&str; 6] = ["", "", "", "", "vsys_name", "device_name"];

pub(super) const TRAFFIC: &[&[&str]] = &[
    &SESSION,
    &[
        "bytes",
        "bytes_sent",
        "bytes_received",
        "packets",
        "start_time",
        "elapsed_time",
        "category",
        "",
    ],
    &SEQUENCE,
    &LOCATIONS,
    &["packets_sent", "packets_received", "session_end_reason"],
    &HIERARCHY,
    &["action_source"],
];

pub(super) const THREAT: &[&[&str]] = &[
    &SESSION,
    &["misc", "threat_id", "category", "threat_severity", "threat_direction"],
    &SEQUENCE,
    &LOCATIONS,
    &[
        "content_type",
        "pcap_id",
        "file_digest",
        "cloud",
        "url_index",
        "user_agent",
        "file_type",
        "x_forwarded_for",
        "referer",
        "sender",
        "subject",
        "recipient",
        "report_id",
    ],
    &HIERARCHY,
    &["", "src_vm_uuid", "dst_vm_uuid", "http_method"],
];

pub(super) const DECRYPTION: &[&[&str]] = &[
    &SESSION,
    &[
        "tunnel",
        "",
        "",
        "src_vm_uuid",
        "dst_vm_uuid",
        "rule_uuid",
        "client_stage",
        "server_stage",
        "tls_version",
        "key_exchange",
        "encryption",
        "hash",
        "policy_name",
    ],
];

pub(super) const SYSTEM: &[&[&str]] = &[
    &["vsys", "event_id", "object", "", "", "module", "event_severity", "description"],
    &SEQUENCE,
    &HIERARCHY,
];

pub(super) const CONFIG: &[&[&str]] =
    &[&["host", "vsys", "command", "admin", "client", "result", "path"]];

pub(super) const GLOBAL_PROTECT: &[&[&str]] = &[
    &[
        "vsys",
        "event_id",
        "stage",
        "auth_method",
        "tunnel_type",
        "src_user",
        "src_region",
        "machine_name",
        "public_ip",
        "public_ipv6",
        "private_ip",
        "private_ipv6",
        "host_id",
        "endpoint_serial_number",
        "client_version",
        "client_os",
        "client_os_version",
        "repeat_count",
        "reason",
        "error",
        "description",
        "outcome",
        "gateway_location",
        "login_duration",
        "connect_method",
        "error_code",
        "portal",
    ],
    &SEQUENCE,
];

pub(super) const USER_ID: &[&[&str]] = &[
    &[
        "vsys",
        "src_ip",
        "src_user",
        "data_source_name",
        "event_id",
        "repeat_count",
        "timeout",
        "src_port",
        "",
        "data_source",
        "data_source_type",
    ],
    &SEQUENCE,
    &HIERARCHY,
];

pub(super) const AUTHENTICATION: &[&[&str]] = &[
    &[
        "vsys",
        "src_ip",
        "src_user",
        "normalized_user",
        "object",
        "policy_name",
        "repeat_count",
        "authentication_id",
        "mfa_vendor",
        "log_action",
        "server_profile",
        "description",
        "client_type",
        "outcome",
        "factor_number",
    ],
    &SEQUENCE,
    &HIERARCHY,
];

pub(super) const HIP_MATCH: &[&[&str]] = &[&[
    "src_user",
    "vsys",
    "machine_name",
    "client_os",
    "src_ip",
    "match_name",
    "repeat_count",
    "match_type",
]];
