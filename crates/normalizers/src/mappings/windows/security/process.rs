//! Processes, services, scheduled tasks and connections that the filtering platform saw.

use super::super::record::Record;
use super::super::{task_scheduler, values};
use super::{SUBJECT, actor_or_provider, of, subject};
use crate::mappings::well_known::last_segment;

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (4688, 1007, 1, ""),
    (4689, 1007, 2, ""),
    (4696, 1007, 5, ""),
    (4697, 201_004, 1, ""),
    (4698, 1006, 1, ""),
    (4699, 1006, 3, ""),
    (4700, 1006, 4, ""),
    (4701, 1006, 5, ""),
    (4702, 1006, 2, ""),
    (5031, 4001, 5, ""),
    (5150, 4001, 5, ""),
    (5151, 4001, 5, ""),
    (5152, 4001, 5, ""),
    (5153, 4001, 5, ""),
    (5154, 4001, 7, ""),
    (5155, 4001, 5, ""),
    (5156, 4001, 1, ""),
    (5157, 4001, 5, ""),
    (5158, 4001, 7, ""),
    (5159, 4001, 5, ""),
    (5140, 4006, 99, "Access Share"),
    (5142, 4006, 99, "Add Share"),
    (5143, 4006, 99, "Modify Share"),
    (5144, 4006, 99, "Delete Share"),
    (5145, 4006, 2, ""),
];

const LAUNCH: &[(&str, &str)] = &[
    ("NewProcessId", "process.pid"),
    ("NewProcessName", "process.file"),
    ("CommandLine", "process.cmd_line"),
    ("ProcessId", "actor.process.pid"),
    ("ParentProcessName", "actor.process.file"),
    ("ProcessId", "process.parent_process.pid"),
    ("ParentProcessName", "process.parent_process.file"),
    ("TargetUserSid", "process.user.uid"),
    ("TargetUserName", "process.user.name"),
    ("TargetDomainName", "process.user.domain"),
    ("TargetLogonId", "process.session.uid"),
];

/// Without an account of its own a process runs as who started it.
const AS_SUBJECT: &[(&str, &str)] = &[
    ("SubjectUserSid", "process.user.uid"),
    ("SubjectUserName", "process.user.name"),
    ("SubjectDomainName", "process.user.domain"),
    ("SubjectLogonId", "process.session.uid"),
];

const CONNECTION: &[(&str, &str)] = &[
    ("ProcessId", "actor.process.pid"),
    ("ProcessID", "actor.process.pid"),
    ("Application", "actor.process.file"),
    ("SourceAddress", "src_endpoint.ip"),
    ("SourcePort", "src_endpoint.port"),
    ("DestAddress", "dst_endpoint.ip"),
    ("DestPort", "dst_endpoint.port"),
    ("Protocol", "connection_info.protocol_num"),
];

const SHARE: &[(&str, &str)] =
    &[("IpAddress", "src_endpoint.ip"), ("IpPort", "src_endpoint.port"), ("ShareName", "share")];

const SERVICE: &[(&str, &str)] = &[
    ("ServiceName", "win_service.name"),
    ("ServiceFileName", "win_service.cmd_line"),
    ("ServiceAccount", "win_service.service_start_name"),
    ("ClientProcessId", "actor.process.pid"),
];

pub(super) fn map(record: &mut Record<'_, '_>) -> bool {
    let Some((class, activity, name)) = of(EVENTS, record.id) else { return false };
    record.class(class, activity, name);
    match class {
        1007 => process(record),
        1006 => task(record),
        4001 => connection(record),
        4006 => share(record),
        _ => service(record),
    }
    true
}

fn process(record: &mut Record<'_, '_>) {
    match record.id {
        4688 => {
            record.table(LAUNCH);
            if record.mapper.written("process.user.name").is_none() {
                record.table(AS_SUBJECT);
            }
            integrity(record);
        }
        4689 => {
            record.table(&[
                ("ProcessId", "process.pid"),
                ("ProcessName", "process.file"),
                ("Status", "exit_code"),
            ]);
            record.table(AS_SUBJECT);
        }
        _ => {
            record.table(&[
                ("TargetProcessId", "process.pid"),
                ("TargetProcessName", "process.file"),
                ("ProcessId", "actor.process.pid"),
                ("ProcessName", "actor.process.file"),
                ("TargetUserName", "process.user.name"),
                ("TargetDomainName", "process.user.domain"),
                ("TargetUserSid", "process.user.uid"),
                ("TargetLogonId", "process.session.uid"),
            ]);
        }
    }
    record.table(SUBJECT);
    actor_or_provider(record);
}

/// The mandatory label is a SID that ends in the integrity level.
fn integrity(record: &mut Record<'_, '_>) {
    let level = match record.text("MandatoryLabel").as_deref() {
        Some("S-1-16-0") => 1,
        Some("S-1-16-4096") => 2,
        Some("S-1-16-8192" | "S-1-16-8448") => 3,
        Some("S-1-16-12288") => 4,
        Some("S-1-16-16384") => 5,
        Some("S-1-16-20480") => 6_i64,
        _ => return,
    };
    record.mapper.set("process.integrity_id", level);
    record.done("MandatoryLabel");
}

fn task(record: &mut Record<'_, '_>) {
    record.put("TaskName", "job.name");
    for name in ["TaskContent", "TaskContentNew"] {
        if let Some(content) = record.text(name) {
            task_scheduler::content(record, &content);
        }
    }
    subject(record);
}

fn service(record: &mut Record<'_, '_>) {
    record.table(SERVICE);
    let start = match record.text("ServiceStartType").and_then(|text| values::number(&text)) {
        Some(0) => 1,
        Some(1) => 2,
        Some(2) => 3,
        Some(3) => 4,
        Some(4) => 5_i64,
        _ => 0,
    };
    record.mapper.set("win_service.service_start_type_id", start);
    if start != 0 {
        record.done("ServiceStartType");
    }
    // The type is a set of bits: what it means stays below `unmapped`, with all of them.
    let kind = match record.number("ServiceType") & 0x33 {
        0x1 => 1,
        0x2 => 2,
        0x10 => 3,
        0x20 => 4_i64,
        _ => 0,
    };
    record.mapper.set("win_service.service_type_id", kind);
    subject(record);
}

/// Decisions of the filtering platform: 5154, 5156 and 5158 allow, the others block.
fn connection(record: &mut Record<'_, '_>) {
    record.table(CONNECTION);
    let direction = match record.text("Direction").as_deref() {
        Some("%%14592" | "Inbound") => 1,
        Some("%%14593" | "Outbound") => 2_i64,
        _ => 0,
    };
    record.mapper.set("connection_info.direction_id", direction);
    if direction != 0 {
        record.done("Direction");
    }
    let name = match record.number("Protocol") {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        58 => "ipv6-icmp",
        _ => "",
    };
    if !name.is_empty() {
        record.mapper.set("connection_info.protocol_name", name);
    }
    let address = record.mapper.written("src_endpoint.ip").map(|address| address.contains(':'));
    if let Some(is_v6) = address {
        record.mapper.set("connection_info.protocol_ver_id", if is_v6 { 6_i64 } else { 4 });
    } else {
        record.computer_as("src_endpoint");
    }
    let is_allowed = matches!(record.id, 5154 | 5156 | 5158);
    let verdict = if is_allowed { 1_i64 } else { 2 };
    record.mapper.set("action_id", verdict);
    record.mapper.set("disposition_id", verdict);
    record.table(SUBJECT);
    actor_or_provider(record);
}

/// Shares are reached over SMB, on this computer.
fn share(record: &mut Record<'_, '_>) {
    record.table(SHARE);
    if let Some(path) = record.text("RelativeTargetName") {
        record.put("RelativeTargetName", "file.path");
        let name = last_segment(&path);
        record.mapper.set("file.name", if name.is_empty() { path.as_str() } else { name });
        record.mapper.set("file.type_id", 0_i64);
    }
    record.computer_as("dst_endpoint");
    record.table(SUBJECT);
    actor_or_provider(record);
}
