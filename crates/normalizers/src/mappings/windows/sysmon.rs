//! Sysmon of Windows and of Linux, events 1 to 29 and 255. Contract: Sysmon's manifest,
//! schema 4.90.

use super::record::Record;
use super::values;
use crate::mappings::well_known::status;

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (1, 1007, 1, ""),
    (2, 1001, 6, ""),
    (3, 4001, 1, ""),
    (4, 201_004, 3, ""),
    (5, 1007, 2, ""),
    (6, 1002, 1, ""),
    (7, 1005, 1, ""),
    (8, 1007, 4, ""),
    (9, 1001, 2, ""),
    (10, 1007, 3, ""),
    (11, 1001, 1, ""),
    (12, 201_001, 1, ""),
    (13, 201_002, 2, ""),
    (14, 201_001, 5, ""),
    (15, 1001, 1, ""),
    (16, 5019, 1, ""),
    (17, 201_003, 1, ""),
    (18, 201_003, 1, ""),
    (19, 0, 99, "WMI Filter"),
    (20, 0, 99, "WMI Consumer"),
    (21, 0, 99, "WMI Binding"),
    (22, 4003, 1, ""),
    (23, 1001, 4, ""),
    (24, 0, 99, "Change Clipboard"),
    (25, 1007, 4, ""),
    (26, 1001, 4, ""),
    (27, 1001, 1, ""),
    (28, 1001, 4, ""),
    (29, 1001, 1, ""),
];

/// The process that did it, in most events.
const ACTOR: &[(&str, &str)] = &[
    ("ProcessGuid", "actor.process.uid"),
    ("ProcessId", "actor.process.pid"),
    ("Image", "actor.process.file"),
    ("User", "actor.user"),
];

const LAUNCH: &[(&str, &str)] = &[
    ("ProcessGuid", "process.uid"),
    ("ProcessId", "process.pid"),
    ("Image", "process.file"),
    ("CommandLine", "process.cmd_line"),
    ("CurrentDirectory", "process.working_directory"),
    ("IntegrityLevel", "process.integrity_id"),
    ("User", "process.user"),
    ("LogonId", "process.session.uid"),
    ("LogonGuid", "process.session.uid_alt"),
    ("Hashes", "process.file.hashes"),
    ("ParentProcessGuid", "process.parent_process.uid"),
    ("ParentProcessId", "process.parent_process.pid"),
    ("ParentImage", "process.parent_process.file"),
    ("ParentCommandLine", "process.parent_process.cmd_line"),
    ("ParentUser", "process.parent_process.user"),
    ("ParentProcessGuid", "actor.process.uid"),
    ("ParentProcessId", "actor.process.pid"),
    ("ParentImage", "actor.process.file"),
    ("ParentCommandLine", "actor.process.cmd_line"),
    ("ParentUser", "actor.process.user"),
    ("User", "actor.user"),
    ("LogonId", "actor.session.uid"),
    ("LogonGuid", "actor.session.uid_alt"),
];

/// One process that does something to another.
const SOURCE_AND_TARGET: &[(&str, &str)] = &[
    ("SourceProcessGUID", "actor.process.uid"),
    ("SourceProcessGuid", "actor.process.uid"),
    ("SourceProcessId", "actor.process.pid"),
    ("SourceThreadId", "actor.process.ptid"),
    ("SourceImage", "actor.process.file"),
    ("SourceUser", "actor.user"),
    ("TargetProcessGUID", "process.uid"),
    ("TargetProcessGuid", "process.uid"),
    ("TargetProcessId", "process.pid"),
    ("TargetImage", "process.file"),
    ("TargetUser", "process.user"),
    ("NewThreadId", "process.ptid"),
    ("StartAddress", "module.start_address"),
    ("StartModule", "module.file"),
    ("StartFunction", "module.function_name"),
];

const CONNECTION: &[(&str, &str)] = &[
    ("Protocol", "connection_info.protocol_name"),
    ("SourceIp", "src_endpoint.ip"),
    ("SourcePort", "src_endpoint.port"),
    ("SourceHostname", "src_endpoint.hostname"),
    ("DestinationIp", "dst_endpoint.ip"),
    ("DestinationPort", "dst_endpoint.port"),
    ("DestinationHostname", "dst_endpoint.hostname"),
];

const FILE: &[(&str, &str)] = &[
    ("TargetFilename", "file"),
    ("CreationUtcTime", "file.created_time"),
    ("Hashes", "file.hashes"),
    ("Hash", "file.hashes"),
    ("Device", "file"),
];

/// Types of DNS records in answers that are not addresses.
const RECORD_TYPES: &[(&str, &str)] = &[
    ("1", "A"),
    ("2", "NS"),
    ("5", "CNAME"),
    ("6", "SOA"),
    ("12", "PTR"),
    ("15", "MX"),
    ("16", "TXT"),
    ("28", "AAAA"),
    ("33", "SRV"),
    ("65", "HTTPS"),
];

/// Most answers that one event may have.
const ANSWERS_MAX: usize = 64;

/// Writes an event of Sysmon.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    let is_sysmon = |name: &str| {
        let name = name.strip_suffix("/Operational").unwrap_or(name);
        matches!(name, "Microsoft-Windows-Sysmon" | "Linux-Sysmon")
    };
    let named = if record.provider.is_empty() { &record.channel } else { &record.provider };
    if !is_sysmon(named) {
        return None;
    }
    event_type(record);
    let found = EVENTS.iter().find(|(id, ..)| *id == record.id);
    let (_, class, activity, name) = *found.unwrap_or(&(0, 0, 99, "Error"));
    record.class(class, activity, name);
    match record.id {
        1 => record.table(LAUNCH),
        3 => connection(record),
        4 => state(record),
        6 => driver(record),
        7 => module(record),
        8 | 10 => access(record),
        12..=14 => registry(record),
        17 | 18 => {
            record.put("PipeName", "win_resource.name");
            record.mapper.set("win_resource.type_id", 99_i64);
            record.mapper.set("win_resource.type", "Named Pipe");
        }
        5 | 25 => {
            target_is_actor(record);
        }
        22 => query(record),
        _ => file(record),
    }
    if record.id == 1 {
        launch(record);
    } else {
        record.table(ACTOR);
    }
    let parts = ["process.pid", "process.uid", "user.name", "app_name"];
    if parts.iter().all(|part| record.mapper.written(&format!("actor.{part}")).is_none()) {
        record.mapper.set("actor.app_name", "Unknown");
    }
    Some("Sysmon")
}

/// Some shippers write the kind of the log over the kind of the event; the text has it still.
fn event_type(record: &mut Record<'_, '_>) {
    if !matches!(record.id, 12..=14 | 17..=21) {
        return;
    }
    let kind = record.text("EventType").unwrap_or_default();
    if kind.chars().any(char::is_lowercase) {
        return;
    }
    let message = record.message().unwrap_or_default();
    let kind = message.lines().find_map(|line| line.trim().strip_prefix("EventType: "));
    if let Some(kind) = kind {
        record.add(&[("EventType".to_owned(), kind.trim().to_owned())]);
    }
}

/// Program files tell what they are.
fn program(record: &mut Record<'_, '_>, to: &str) {
    for (name, part) in [
        ("FileVersion", "version"),
        ("Description", "desc"),
        ("Product", "product.name"),
        ("Company", "company_name"),
        ("OriginalFileName", "internal_name"),
    ] {
        record.put(name, &format!("{to}.{part}"));
    }
    signature(record, to);
}

fn signature(record: &mut Record<'_, '_>, to: &str) {
    let status = record.put("SignatureStatus", &format!("{to}.signatures[0].state_id"));
    let signer = record.put("Signature", &format!("{to}.signatures[0].developer_uid"));
    if status || signer {
        record.mapper.set((to, "signatures[0].algorithm_id"), 4_i64);
    }
}

fn launch(record: &mut Record<'_, '_>) {
    if record.mapper.written("process.file.path").is_some() {
        program(record, "process.file");
    }
}

fn target_is_actor(record: &mut Record<'_, '_>) {
    record.table(&[
        ("ProcessGuid", "process.uid"),
        ("ProcessId", "process.pid"),
        ("Image", "process.file"),
        ("User", "process.user"),
    ]);
    if record.id == 25 {
        record.mapper.set("injection_type_id", 99_i64);
        record.put("Type", "injection_type");
    }
}

fn connection(record: &mut Record<'_, '_>) {
    record.table(CONNECTION);
    let direction = match record.text("Initiated").map(|text| text.to_ascii_lowercase()).as_deref()
    {
        Some("true") => 2,
        Some("false") => 1_i64,
        _ => 0,
    };
    record.mapper.set("connection_info.direction_id", direction);
    if direction != 0 {
        record.done("Initiated");
    }
    let version = match record.text("SourceIsIpv6").map(|text| text.to_ascii_lowercase()).as_deref()
    {
        Some("true") => 6,
        Some("false") => 4_i64,
        _ => return,
    };
    record.mapper.set("connection_info.protocol_ver_id", version);
    record.done("SourceIsIpv6");
    if record.text("DestinationIsIpv6") == record.text("SourceIsIpv6") {
        record.done("DestinationIsIpv6");
    }
}

/// The service of Sysmon itself started or stopped.
fn state(record: &mut Record<'_, '_>) {
    if record.is("State", "Stopped") {
        record.class(201_004, 4, "");
    }
    record.mapper.set("win_service.name", "Sysmon");
    record.put("Version", "win_service.version");
    record.mapper.set("win_service.service_type_id", 3_i64);
    record.mapper.set("actor.app_name", "Sysmon");
}

/// Drivers are loaded by the kernel, which shows as the process System.
fn driver(record: &mut Record<'_, '_>) {
    record.put("ImageLoaded", "driver.file");
    record.put("Hashes", "driver.file.hashes");
    signature(record, "driver.file");
    record.mapper.set("actor.process.pid", 4_i64);
    record.mapper.set("actor.process.name", "System");
}

fn module(record: &mut Record<'_, '_>) {
    record.put("ImageLoaded", "module.file");
    record.put("Hashes", "module.file.hashes");
    program(record, "module.file");
    record.mapper.set("module.load_type_id", 1_i64);
}

fn access(record: &mut Record<'_, '_>) {
    record.table(SOURCE_AND_TARGET);
    if record.id == 8 {
        record.mapper.set("injection_type_id", 1_i64);
        record.mapper.set("module.load_type_id", 0_i64);
    }
    // Hunts look for the mask in hexadecimal as well: the field stays.
    if let Ok(mask) = i64::try_from(record.number("GrantedAccess"))
        && mask != 0
    {
        record.mapper.set("actual_permissions", mask);
    }
}

fn registry(record: &mut Record<'_, '_>) {
    let kind = record.text("EventType").unwrap_or_default();
    match (record.id, kind.as_str()) {
        (13, _) | (_, "DeleteValue" | "CreateValue" | "SetValue" | "RenameValue") => {
            let activity = if kind == "DeleteValue" { 4 } else { 2 };
            record.class(201_002, activity, "");
            value(record, "TargetObject", "reg_value");
            record.put("Details", "reg_value.data");
            value(record, "NewName", "reg_value");
        }
        (14, _) => {
            record.put("NewName", "reg_key.path");
            record.put("TargetObject", "prev_reg_key.path");
        }
        _ => {
            let activity = match kind.as_str() {
                "DeleteKey" => 4,
                "CreateKey" => 1,
                // The event is about both, and the shipper lost which.
                _ => 0,
            };
            record.class(201_001, activity, "");
            record.put("TargetObject", "reg_key.path");
        }
    }
    if !kind.is_empty() {
        record.done("EventType");
    }
}

/// A registry value is written as key and name in one path.
fn value(record: &mut Record<'_, '_>, name: &str, to: &str) {
    let Some(text) = record.text(name) else { return };
    let (path, value) = text.rsplit_once('\\').unwrap_or((&text, "(Default)"));
    if record.mapper.set((to, "path"), path) {
        record.mapper.set((to, "name"), value);
        record.done(name);
    }
}

fn file(record: &mut Record<'_, '_>) {
    if matches!(record.id, 19..=21 | 24 | 16) {
        if record.id == 16 {
            record.mapper.set("actor.app_name", "Sysmon");
        }
        return;
    }
    if record.is("IsExecutable", "true") || record.id == 29 {
        record.mapper.set("file.type_id", 8_i64);
        record.done("IsExecutable");
    }
    if record.id == 9 {
        record.mapper.set("file.type_id", 4_i64);
    }
    record.table(FILE);
    if matches!(record.id, 27 | 28) {
        record.mapper.set("action_id", 2_i64);
        record.mapper.set("disposition_id", 2_i64);
    }
}

fn query(record: &mut Record<'_, '_>) {
    record.put("QueryName", "query.hostname");
    record.computer_as("src_endpoint");
    if let Some(code) = record.text("QueryStatus") {
        record.put("QueryStatus", "status_code");
        status(record.mapper, code == "0");
        match code.as_str() {
            "0" => record.mapper.set("rcode_id", 0_i64),
            "9003" => record.mapper.set("rcode_id", 3_i64),
            _ => false,
        };
    }
    answers(record, "QueryResults");
}

/// Answers as Windows lists them: `type:  5 name.example;::ffff:192.0.2.1;`.
pub(super) fn answers(record: &mut Record<'_, '_>, name: &str) {
    let Some(list) = record.text(name) else { return };
    let answers = list.split(';').map(str::trim).filter(|answer| !answer.is_empty());
    let answers: Vec<&str> = answers.collect();
    if answers.len() > ANSWERS_MAX {
        return;
    }
    for (place, answer) in answers.iter().enumerate() {
        let typed = answer.strip_prefix("type:").and_then(|rest| rest.trim().split_once(' '));
        let (kind, data) = match typed {
            Some((number, data)) => {
                let found = RECORD_TYPES.iter().find(|(known, _)| *known == number);
                (found.map_or(number, |(_, kind)| kind), data.trim())
            }
            None => {
                let address = values::address(answer);
                (if address.contains(':') { "AAAA" } else { "A" }, address)
            }
        };
        record.mapper.set(&format!("answers[{place}].type"), kind);
        record.mapper.set(&format!("answers[{place}].rdata"), data);
    }
    record.done(name);
}
